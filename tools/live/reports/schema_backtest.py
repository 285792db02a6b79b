"""What a backtest prints, and a line of its orders, as JSON Schema 2020-12."""

from __future__ import annotations

from ..audit.laws_performance import LAWS_OF_PERFORMANCE
from ..portfolio.edge_markouts import HORIZON_NAMES
from .schema_parts import (
    AMOUNT, COUNT, MAYBE_COUNT, MAYBE_NUMBER, NUMBER, SHA256, TEXT, Schema, closed, published,
)  # fmt: skip

VERSION = 1

_SHARE: Schema = {"type": ["number", "null"], "minimum": 0, "maximum": 1}
_INSTANT = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,9})?Z$"
_UTC: Schema = {"type": "string", "pattern": _INSTANT}
_MAYBE_UTC: Schema = {"type": ["string", "null"], "pattern": _INSTANT}


def backtest(report: Schema) -> Schema:
    """The schema of a result; `report` is that of the run inside it."""
    alike = _alike()
    symbol = closed(pnl_usd=NUMBER, exposure=_exposure(), **alike)
    body = closed(
        "what is not defined is null",
        v={"const": VERSION},
        kind={"const": "backtest"},
        config=settings(),
        config_sha256=SHA256,
        span=closed(
            start_ns=COUNT, end_ns=COUNT, start_utc=_UTC, end_utc=_UTC, seconds=AMOUNT
        ),
        returns=_returns(),
        drawdown=_drawdown(),
        risk_ratios=_risk_ratios(),
        exposure=_exposure(),
        **alike,
        by_symbol={"type": "object", "additionalProperties": symbol},
        laws={"const": list(LAWS_OF_PERFORMANCE)},
        report=report,
    )
    return published("backtest", VERSION, "Backtest", body)


def order() -> Schema:
    """The schema of a line of `--orders`."""
    body = closed(
        client_order_id=TEXT,
        order_id={"type": ["string", "null"]},
        symbol=TEXT,
        side={"enum": ["Buy", "Sell"]},
        qty=AMOUNT,
        price=AMOUNT,
        end={"enum": ["filled", "canceled", "rejected", "open"]},
        decided_ns=COUNT,
        accepted_ns=MAYBE_COUNT,
        first_fill_ns=MAYBE_COUNT,
        ended_ns=COUNT,
        fills=COUNT,
        filled_qty=AMOUNT,
        avg_price={"description": "null: nothing filled", **MAYBE_NUMBER},
        fees_usd=NUMBER,
        spread_usd=NUMBER,
        mid_at_decision={"type": ["number", "null"], "exclusiveMinimum": 0},
        arrival_slippage_usd=NUMBER,
        arrival_slippage_bps=MAYBE_NUMBER,
    )
    return published("backtest-order", VERSION, "Order of a backtest", body)


def settings() -> Schema:
    """Every setting by its name, as it was in force; null: not set."""
    value: Schema = {"type": ["string", "number", "boolean", "array", "null"]}
    about = "every setting by its name; null: not set"
    return {"type": "object", "additionalProperties": value, "description": about}


def _returns() -> Schema:
    names = ("final_equity_usd", "pnl_usd", "return", "highest_pnl_usd", "lowest_pnl_usd")
    return closed(
        "of the capital", capital_usd=AMOUNT, initial_equity_usd=AMOUNT,
        **dict.fromkeys(names, NUMBER),
    )  # fmt: skip


def _drawdown() -> Schema:
    return closed(
        "the deepest fall from a peak, and the longest time below one",
        depth_usd=AMOUNT,
        depth=MAYBE_NUMBER,
        from_utc=_MAYBE_UTC,
        trough_utc=_MAYBE_UTC,
        regained_utc={"description": "null: not regained", **_MAYBE_UTC},
        to_trough_s=AMOUNT,
        longest_s=AMOUNT,
    )


def _risk_ratios() -> Schema:
    return closed(
        "of the changes of equity over a grid of time",
        grid_s=AMOUNT,
        samples=COUNT,
        periods_per_year=AMOUNT,
        mean_usd=MAYBE_NUMBER,
        deviation_usd=MAYBE_NUMBER,
        sharpe=MAYBE_NUMBER,
        sortino=MAYBE_NUMBER,
    )


def _exposure() -> Schema:
    return closed(
        "means over the time of the whole run",
        mean_gross_usd=MAYBE_NUMBER,
        mean_net_usd=MAYBE_NUMBER,
        time_held=_SHARE,
        most_gross_usd=AMOUNT,
    )


def _alike() -> dict[str, Schema]:
    """What is said alike of one symbol and of all."""
    costs = (
        "spread_earned_usd", "spread_paid_usd", "slippage_usd", "market_usd", "fees_usd",
        "rebates_usd", "funding_usd", "pnl_usd",
    )  # fmt: skip
    return {
        "trading": _trading(),
        "costs": closed("pnl is the sum of the others", **dict.fromkeys(costs, NUMBER)),
        "execution": _execution(),
        "markouts": closed(**dict.fromkeys(HORIZON_NAMES, _horizon())),
    }


def _trading() -> Schema:
    counts = ("fills", "maker_fills", "taker_fills", "closing_fills", "winning_fills")
    return closed(
        volume_usd=AMOUNT,
        turnover=AMOUNT,
        hit_rate=_SHARE,
        won_usd=AMOUNT,
        lost_usd=AMOUNT,
        **dict.fromkeys(counts, COUNT),
    )


def _execution() -> Schema:
    ends = ("sent", "accepted", "touched", "filled", "canceled", "rejected", "open")
    ranks = dict.fromkeys(("p50", "p90", "p99"), MAYBE_NUMBER)
    times = closed("nearest rank", orders=COUNT, **ranks)
    return closed(
        "a spread is a cost: below zero it was earned",
        orders=closed(**dict.fromkeys(ends, COUNT)),
        fill_ratio=_SHARE,
        arrival_slippage_usd=NUMBER,
        arrival_slippage_bps=MAYBE_NUMBER,
        delay_usd=NUMBER,
        effective_spread_bps=MAYBE_NUMBER,
        time_to_first_fill_s=times,
        time_to_fill_s=times,
    )


def _horizon() -> Schema:
    rates = ("markout_bps", "adverse_bps", "net_of_fees_bps", "realised_spread_bps")
    measured = dict.fromkeys(rates, MAYBE_NUMBER)
    return closed(fills=COUNT, unmeasured=COUNT, markout_usd=NUMBER, **measured)
