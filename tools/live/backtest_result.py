"""What a backtest came to, as plain data: figures, the report of the run, and one JSON line.

Everything is an exact integer until here, where each figure is divided once and becomes the
correctly rounded double. What is not defined is null. README_EXECUTION.md says what each means.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .audit.laws_performance import LAWS_OF_PERFORMANCE
from .backtest_history import History
from .backtest_settings import year_ns
from .core import codec
from .core.clock import NS_PER_S, render_utc
from .core.money import BPS, CASH_SCALE, to_e9, view, view_cash
from .portfolio.edge_markouts import HORIZON_NAMES, Horizon
from .portfolio.order_tracks import OrderCounts, OrderRow
from .portfolio.performance import Performance
from .portfolio.roots import ratio
from .portfolio.symbol_track import SymbolTrack
from .risk.exposure import nearest_rank

VERSION = 1
KIND = "backtest"
PERCENTS = (50, 90, 99)
_ENDS = ("filled", "canceled", "rejected", "open")


class BacktestResult:
    """The figures of a run, its config, and the report that the run itself made."""

    def __init__(
        self, config: Mapping[str, Any], figures: dict[str, Any], report: dict[str, Any],
        history: History | None = None,
    ) -> None:  # fmt: skip
        self.config = dict(config)
        self.figures = figures
        self.report = report
        self.history = history

    def plain(self) -> dict[str, Any]:
        """All of it as JSON has it."""
        return {
            "v": VERSION,
            "kind": KIND,
            "config": self.config,
            "config_sha256": codec.sha256(self.config),
            **self.figures,
            "report": self.report,
        }

    def __str__(self) -> str:
        """The one canonical line."""
        return codec.canonical(self.plain())

    def html(self) -> str:
        """The tearsheet: one file, no script, no request."""
        from .backtest_page import render_tearsheet

        return render_tearsheet(self)

    def _repr_html_(self) -> str:
        """The same in a notebook."""
        from .backtest_page import render_fragment

        return render_fragment(self)


def figures(performance: Performance, config: Mapping[str, Any]) -> dict[str, Any]:
    """Every figure of a finished run."""
    capital = to_e9(config["capital"], "capital") * (CASH_SCALE // 10**9)
    tracks = sorted(performance.tracks.items())
    counts = [performance.orders.counts.get(symbol, OrderCounts()) for symbol, _ in tracks]
    everything = [track for _, track in tracks]
    return {
        "span": {
            "start_ns": performance.start_ns or 0,
            "end_ns": performance.end_ns,
            "start_utc": render_utc(performance.start_ns or 0),
            "end_utc": render_utc(performance.end_ns),
            "seconds": performance.span_ns / NS_PER_S,
        },
        "returns": _returns(performance, capital),
        "drawdown": _drawdown(performance, capital),
        "risk_ratios": _ratios(performance, year_ns(config)),
        "exposure": {
            **_exposure(everything, performance.span_ns),
            "most_gross_usd": view_cash(performance.most_gross),
        },
        **_of(everything, counts, capital),
        "by_symbol": {
            symbol: {
                "pnl_usd": view_cash(track.equity),
                "exposure": {
                    **_exposure([track], performance.span_ns),
                    "most_gross_usd": view_cash(track.most_gross),
                },
                **_of([track], [count], capital),
            }
            for (symbol, track), count in zip(tracks, counts, strict=True)
        },
        "laws": list(LAWS_OF_PERFORMANCE),
    }


def _of(
    tracks: Sequence[SymbolTrack], counts: Sequence[OrderCounts], capital: int
) -> dict[str, Any]:
    """What is said alike of one symbol and of all."""
    return {
        "trading": _trading(tracks, capital),
        "costs": _costs(tracks),
        "execution": _execution(tracks, counts),
        "markouts": _markouts(tracks),
    }


def _returns(performance: Performance, capital: int) -> dict[str, Any]:
    equity = performance.curve.equity
    return {
        "capital_usd": view_cash(capital),
        "initial_equity_usd": view_cash(capital),
        "final_equity_usd": view_cash(capital + equity),
        "pnl_usd": view_cash(equity),
        "return": ratio(equity, capital),
        "highest_pnl_usd": view_cash(performance.curve.high),
        "lowest_pnl_usd": view_cash(performance.curve.low),
    }


def _drawdown(performance: Performance, capital: int) -> dict[str, Any]:
    """The deepest fall from a peak, and the longest time below one."""
    fall = performance.curve.deepest
    longest = performance.curve.longest_ns / NS_PER_S
    if fall is None:
        return {
            "depth_usd": 0.0, "depth": 0.0, "from_utc": None, "trough_utc": None,
            "regained_utc": None, "to_trough_s": 0.0, "longest_s": longest,
        }  # fmt: skip
    regained = fall.regained_ns
    return {
        "depth_usd": view_cash(fall.depth_e18),
        "depth": ratio(fall.depth_e18, capital + fall.peak_e18),
        "from_utc": render_utc(fall.left_ns),
        "trough_utc": render_utc(fall.trough_ns),
        "regained_utc": None if regained is None else render_utc(regained),
        "to_trough_s": (fall.trough_ns - fall.left_ns) / NS_PER_S,
        "longest_s": longest,
    }


def _ratios(performance: Performance, a_year_ns: int) -> dict[str, Any]:
    curve = performance.curve
    deviation, count = curve.deviation_e18(), curve.samples
    return {
        "grid_s": curve.grid_ns / NS_PER_S,
        "samples": count,
        "periods_per_year": a_year_ns / curve.grid_ns,
        "mean_usd": ratio(curve.total, count * CASH_SCALE),
        "deviation_usd": None if deviation is None else deviation / CASH_SCALE,
        "sharpe": curve.sharpe(a_year_ns),
        "sortino": curve.sortino(a_year_ns),
    }


def _exposure(tracks: Sequence[SymbolTrack], span_ns: int) -> dict[str, Any]:
    """What was held, as a mean over the time of the whole run."""
    whole = span_ns * CASH_SCALE
    return {
        "mean_gross_usd": ratio(_sum(tracks, "gross_ns"), whole),
        "mean_net_usd": ratio(_sum(tracks, "net_ns"), whole),
        "time_held": ratio(_sum(tracks, "held_ns"), span_ns * len(tracks)),
    }


def _trading(tracks: Sequence[SymbolTrack], capital: int) -> dict[str, Any]:
    volume, closing = _sum(tracks, "volume_e18"), _sum(tracks, "closing")
    fills, maker = _sum(tracks, "fills"), _sum(tracks, "maker_fills")
    return {
        "volume_usd": view_cash(volume),
        "turnover": ratio(volume, capital),
        "fills": fills,
        "maker_fills": maker,
        "taker_fills": fills - maker,
        "closing_fills": closing,
        "winning_fills": _sum(tracks, "winning"),
        "hit_rate": ratio(_sum(tracks, "winning"), closing),
        "won_usd": view_cash(_sum(tracks, "won_e18")),
        "lost_usd": view_cash(_sum(tracks, "lost_e18")),
    }


def _costs(tracks: Sequence[SymbolTrack]) -> dict[str, Any]:
    """The profit as the sum of its parts; what was paid is below zero."""
    return {
        "spread_earned_usd": view_cash(_sum(tracks, "earned")),
        "spread_paid_usd": view_cash(-_sum(tracks, "paid")),
        "slippage_usd": view_cash(-_sum(tracks, "slippage")),
        "market_usd": view_cash(_sum(tracks, "market")),
        "fees_usd": view_cash(-_sum(tracks, "fees")),
        "rebates_usd": view_cash(_sum(tracks, "rebates")),
        "funding_usd": view_cash(_sum(tracks, "funding")),
        "pnl_usd": view_cash(_sum(tracks, "equity")),
    }


def _execution(tracks: Sequence[SymbolTrack], counts: Sequence[OrderCounts]) -> dict[str, Any]:
    """How well orders were executed; a spread is a cost, so that below zero it was earned."""
    arrival, delay = _sum(tracks, "arrival_e18"), _sum(tracks, "delay_e18")
    notional = _sum(tracks, "effective_notional")
    asked: int = sum(one.asked_e18 for one in counts)
    filled: int = sum(one.filled_e18 for one in counts)
    return {
        "orders": {
            "sent": sum(one.sent for one in counts),
            "accepted": sum(one.accepted for one in counts),
            "touched": sum(one.touched for one in counts),
            **{end: sum(one.ended[end] for one in counts) for end in _ENDS},
        },
        "fill_ratio": ratio(filled, asked),
        "arrival_slippage_usd": view_cash(arrival),
        "arrival_slippage_bps": ratio(arrival * BPS, _sum(tracks, "arrival_notional")),
        "delay_usd": view_cash(delay),
        "effective_spread_bps": ratio(-2 * _sum(tracks, "capture_e18") * BPS, notional),
        "time_to_first_fill_s": _percentiles(one.first_ns for one in counts),
        "time_to_fill_s": _percentiles(one.whole_ns for one in counts),
    }


def _percentiles(all_times: Iterable[dict[int, int]]) -> dict[str, Any]:
    counts: dict[int, int] = {}
    for times in all_times:
        for ns, count in times.items():
            counts[ns] = counts.get(ns, 0) + count
    samples: int = sum(counts.values())
    shown = {
        f"p{percent}": nearest_rank(counts, percent) / NS_PER_S if samples else None
        for percent in PERCENTS
    }
    return {"orders": samples, **shown}


def _markouts(tracks: Sequence[SymbolTrack]) -> dict[str, Any]:
    """By horizon; the realised spread is what the effective one left when it had passed."""
    return {
        name: _horizon([track.markouts.horizons[place] for track in tracks])
        for place, name in enumerate(HORIZON_NAMES)
    }


def _horizon(horizons: Sequence[Horizon]) -> dict[str, Any]:
    fills, notional, capture, fee, adverse, unmeasured, waiting = (
        sum(of_one) for of_one in zip(
            *((one.fills, one.notional, one.capture, one.fee, one.adverse, one.unmeasured,
               len(one.waiting)) for one in horizons),
            strict=True,
        )
    ) if horizons else (0,) * 7  # fmt: skip
    return {
        "fills": fills,
        "unmeasured": unmeasured + waiting,
        "markout_usd": view_cash(capture - adverse),
        "markout_bps": ratio((capture - adverse) * BPS, notional),
        "adverse_bps": ratio(adverse * BPS, notional),
        "net_of_fees_bps": ratio((capture - adverse - fee) * BPS, notional),
        "realised_spread_bps": ratio(2 * (adverse - capture) * BPS, notional),
    }


def _sum(tracks: Sequence[SymbolTrack], name: str) -> int:
    total: int = sum(getattr(track, name) for track in tracks)
    return total


def order_line(row: OrderRow) -> str:
    """One order as a line of JSON."""
    arrived = row.filled * row.mark_then
    return codec.canonical(
        {
            "client_order_id": row.client_order_id,
            "order_id": row.order_id or None,
            "symbol": row.symbol,
            "side": row.side.value,
            "qty": view(row.qty),
            "price": view(row.price),
            "end": row.end,
            "decided_ns": row.decided_ns,
            "accepted_ns": row.accepted_ns or None,
            "first_fill_ns": row.first_fill_ns or None,
            "ended_ns": row.ended_ns,
            "fills": row.fills,
            "filled_qty": view(row.filled),
            "avg_price": ratio(row.notional_e18, row.filled * 10**9),
            "fees_usd": view_cash(row.fees_e18),
            "spread_usd": view_cash(row.capture_e18),
            "mid_at_decision": view(row.mark_then) if row.mark_then else None,
            "arrival_slippage_usd": view_cash(row.arrival_e18),
            "arrival_slippage_bps": ratio(row.arrival_e18 * BPS, arrived),
        }
    )
