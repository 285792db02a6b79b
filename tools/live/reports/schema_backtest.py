"""What a backtest prints, and a line of its orders, as JSON Schema 2020-12."""

from __future__ import annotations

from ..audit.laws_performance import LAWS_OF_PERFORMANCE
from ..portfolio.edge_markouts import HORIZON_NAMES
from .schema_parts import Schema, closed

VERSION = 1

_TEXT: Schema = {"type": "string"}
_NUMBER: Schema = {"type": "number"}
_MAYBE: Schema = {"type": ["number", "null"]}
_AMOUNT: Schema = {"type": "number", "minimum": 0}
_SHARE: Schema = {"type": ["number", "null"], "minimum": 0, "maximum": 1}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_NS: Schema = {"type": "integer", "minimum": 0}
_MAYBE_NS: Schema = {"type": ["integer", "null"], "minimum": 0}
_INSTANT = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,9})?Z$"
_UTC: Schema = {"type": "string", "pattern": _INSTANT}
_MAYBE_UTC: Schema = {"type": ["string", "null"], "pattern": _INSTANT}
_SHA256: Schema = {"type": "string", "pattern": "^[0-9a-f]{64}$"}


def backtest(dialect: str, report: Schema) -> Schema:
    """The schema of a result; `report` is that of the run inside it."""
    alike = _alike()
    symbol = closed(pnl_usd=_NUMBER, exposure=_exposure(), **alike)
    return {
        "$schema": dialect,
        "$id": f"urn:shadow-trading-toolkit:backtest:{VERSION}",
        "title": "Backtest",
        **closed(
            "what is not defined is null",
            v={"const": VERSION},
            kind={"const": "backtest"},
            config=settings(),
            config_sha256=_SHA256,
            span=closed(
                start_ns=_NS, end_ns=_NS, start_utc=_UTC, end_utc=_UTC, seconds=_AMOUNT
            ),
            returns=_returns(),
            drawdown=_drawdown(),
            risk_ratios=_risk_ratios(),
            exposure=_exposure(),
            **alike,
            by_symbol={"type": "object", "additionalProperties": symbol},
            laws={"const": list(LAWS_OF_PERFORMANCE)},
            report=report,
        ),
    }


def order(dialect: str) -> Schema:
    """The schema of a line of `--orders`."""
    return {
        "$schema": dialect,
        "$id": f"urn:shadow-trading-toolkit:backtest-order:{VERSION}",
        "title": "Order of a backtest",
        **closed(
            client_order_id=_TEXT,
            order_id={"type": ["string", "null"]},
            symbol=_TEXT,
            side={"enum": ["Buy", "Sell"]},
            qty=_AMOUNT,
            price=_AMOUNT,
            end={"enum": ["filled", "canceled", "rejected", "open"]},
            decided_ns=_NS,
            accepted_ns=_MAYBE_NS,
            first_fill_ns=_MAYBE_NS,
            ended_ns=_NS,
            fills=_COUNT,
            filled_qty=_AMOUNT,
            avg_price={"description": "null: nothing filled", **_MAYBE},
            fees_usd=_NUMBER,
            spread_usd=_NUMBER,
            mid_at_decision={"type": ["number", "null"], "exclusiveMinimum": 0},
            arrival_slippage_usd=_NUMBER,
            arrival_slippage_bps=_MAYBE,
        ),
    }


def settings() -> Schema:
    """Every setting by its name, as it was in force; null: not set."""
    value: Schema = {"type": ["string", "number", "boolean", "array", "null"]}
    about = "every setting by its name; null: not set"
    return {"type": "object", "additionalProperties": value, "description": about}


def _returns() -> Schema:
    names = ("final_equity_usd", "pnl_usd", "return", "highest_pnl_usd", "lowest_pnl_usd")
    return closed(
        "of the capital", capital_usd=_AMOUNT, initial_equity_usd=_AMOUNT,
        **dict.fromkeys(names, _NUMBER),
    )  # fmt: skip


def _drawdown() -> Schema:
    return closed(
        "the deepest fall from a peak, and the longest time below one",
        depth_usd=_AMOUNT,
        depth=_MAYBE,
        from_utc=_MAYBE_UTC,
        trough_utc=_MAYBE_UTC,
        regained_utc={"description": "null: not regained", **_MAYBE_UTC},
        to_trough_s=_AMOUNT,
        longest_s=_AMOUNT,
    )


def _risk_ratios() -> Schema:
    return closed(
        "of the changes of equity over a grid of time",
        grid_s=_AMOUNT,
        samples=_COUNT,
        periods_per_year=_AMOUNT,
        mean_usd=_MAYBE,
        deviation_usd=_MAYBE,
        sharpe=_MAYBE,
        sortino=_MAYBE,
    )


def _exposure() -> Schema:
    return closed(
        "means over the time of the whole run",
        mean_gross_usd=_MAYBE,
        mean_net_usd=_MAYBE,
        time_held=_SHARE,
        most_gross_usd=_AMOUNT,
    )


def _alike() -> dict[str, Schema]:
    """What is said alike of one symbol and of all."""
    costs = (
        "spread_earned_usd", "spread_paid_usd", "slippage_usd", "market_usd", "fees_usd",
        "rebates_usd", "funding_usd", "pnl_usd",
    )  # fmt: skip
    return {
        "trading": _trading(),
        "costs": closed("pnl is the sum of the others", **dict.fromkeys(costs, _NUMBER)),
        "execution": _execution(),
        "markouts": closed(**dict.fromkeys(HORIZON_NAMES, _horizon())),
    }


def _trading() -> Schema:
    counts = ("fills", "maker_fills", "taker_fills", "closing_fills", "winning_fills")
    return closed(
        volume_usd=_AMOUNT,
        turnover=_AMOUNT,
        hit_rate=_SHARE,
        won_usd=_AMOUNT,
        lost_usd=_AMOUNT,
        **dict.fromkeys(counts, _COUNT),
    )


def _execution() -> Schema:
    ends = ("sent", "accepted", "touched", "filled", "canceled", "rejected", "open")
    times = closed("nearest rank", orders=_COUNT, p50=_MAYBE, p90=_MAYBE, p99=_MAYBE)
    return closed(
        "a spread is a cost: below zero it was earned",
        orders=closed(**dict.fromkeys(ends, _COUNT)),
        fill_ratio=_SHARE,
        arrival_slippage_usd=_NUMBER,
        arrival_slippage_bps=_MAYBE,
        delay_usd=_NUMBER,
        effective_spread_bps=_MAYBE,
        time_to_first_fill_s=times,
        time_to_fill_s=times,
    )


def _horizon() -> Schema:
    rates = ("markout_bps", "adverse_bps", "net_of_fees_bps", "realised_spread_bps")
    return closed(
        fills=_COUNT, unmeasured=_COUNT, markout_usd=_NUMBER, **dict.fromkeys(rates, _MAYBE)
    )
