"""What the reports look like, as JSON Schema 2020-12: `python -m tools.live schema NAME`.

Every object is closed, so a key that nobody documented fails. A `$id` ends in the version of its
report; a change that breaks a reader raises it. Nothing here is needed to make a report.
"""

from __future__ import annotations

from typing import Any

from ..audit.laws import LAWS
from ..audit.laws_edge import LAWS_OF_THE_WATCH
from ..connectivity import Connectivity
from ..core import codec
from ..core.contracts_v1 import RefusalReason
from ..edge_modes import RECORDED
from ..portfolio.edge import HORIZONS_S
from ..portfolio.edge_markouts import HORIZON_NAMES
from .report import SCHEMA_VERSION
from .schema_backtest import backtest, order
from .schema_certificate import certificate
from .schema_exchange import exchange
from .schema_market import market
from .schema_parts import Schema, closed
from .schema_sweep import sweep, sweep_run

DIALECT = "https://json-schema.org/draft/2020-12/schema"
RISK_VERSION = 1

_NUMBER: Schema = {"type": "number"}
_AMOUNT: Schema = {"type": "number", "minimum": 0}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_POSITIVE: Schema = {"type": "integer", "minimum": 1}
_RATE: Schema = {"type": "number", "minimum": 0, "maximum": 1}
_TEXT: Schema = {"type": "string"}
_FLAG: Schema = {"type": "boolean"}
_MAYBE_TEXT: Schema = {"type": ["string", "null"]}
_MAYBE_NUMBER: Schema = {"type": ["number", "null"]}
_MAYBE_COUNT: Schema = {"type": ["integer", "null"], "minimum": 0}
_SYMBOL: Schema = {"type": "string", "pattern": "^[A-Z0-9._/:-]{1,32}$"}
_SHA256: Schema = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_EDGE_MODE: Schema = {"enum": list(RECORDED)}
_LAWS: Schema = {"enum": [list(LAWS), [*LAWS, *LAWS_OF_THE_WATCH]]}
_SECOND = "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}"
_INSTANT = f"{_SECOND}(\\.[0-9]{{1,9}})?"
_UTC: Schema = {"type": "string", "pattern": f"^{_SECOND}\\+00:00$"}
_MAYBE_UTC: Schema = {"type": ["string", "null"], "pattern": f"^{_INSTANT}\\+00:00$"}


def text(name: str) -> str:
    """A schema as indented JSON."""
    return codec.pretty(SCHEMAS[name]) + "\n"


def _map(value: Schema, about: str = "") -> Schema:
    """An open object: its keys are symbols or order ids, its values all alike."""
    described = {"description": about} if about else {}
    return {**described, "type": "object", "additionalProperties": value}


def _list(item: Schema) -> Schema:
    return {"type": "array", "items": item, "uniqueItems": True}


def _edge() -> Schema:
    computed = {f"{seconds}s": _horizon() for seconds in HORIZONS_S}
    edge = closed(
        "the net edge that the freeze looks at",
        mode=_EDGE_MODE,
        threshold_bps=_NUMBER,
        last_bps=_map(_MAYBE_NUMBER, "null: it was no finite number"),
    )
    measured = {"oneOf": [closed(**computed), _markouts()]}
    edge["properties"].update(
        measured=_map(measured, "not where the mode is scripted: edge of our fills by horizon"),
        decision=_map(
            closed(
                "null: too few samples to say anything",
                samples=_COUNT,
                mean_bps=_MAYBE_NUMBER,
                upper_bps=_MAYBE_NUMBER,
                armed=_FLAG,
                fired=_FLAG,
            ),
            "only where the mode is markouts: how sure the newest fills make us",
        ),
        counterfactual=_counterfactual(),
    )
    return edge


def _horizon(**also: Schema) -> Schema:
    """The edge at one horizon, whether anything was measured there or not."""
    unmeasured = closed("no fill is old enough", fills={"const": 0}, **also)
    measured = closed(
        "in basis points; net is capture less fee less adverse selection",
        fills=_POSITIVE,
        capture_bps=_NUMBER,
        fee_bps=_NUMBER,
        adverse_bps=_NUMBER,
        net_bps=_NUMBER,
        **also,
    )
    return {"oneOf": [unmeasured, measured]}


def _markouts() -> Schema:
    horizons = {name: _horizon(unmeasured=_COUNT, net_usd=_NUMBER) for name in HORIZON_NAMES}
    return closed("of the whole run", **horizons)


def _counterfactual() -> Schema:
    would_be = closed(
        "what the strategy would have traded",
        fills=_COUNT,
        volume_usd=_AMOUNT,
        fees_usd=_NUMBER,
        position=_NUMBER,
        pnl_usd=_NUMBER,
        saved_usd=_NUMBER,
        markouts=_markouts(),
    )
    return closed(
        "only where the mode is markouts: the trading that a freeze prevented",
        fills=_COUNT,
        saved_usd=_NUMBER,
        by_symbol=_map(would_be),
    )


def _orders() -> Schema:
    reasons = {reason.value: _COUNT for reason in RefusalReason}
    refusals: Schema = {
        "description": "refused intents by reason; their sum is risk.blocks_total",
        "type": "object",
        "properties": reasons,
        "additionalProperties": False,
    }
    return closed(
        "placed = filled_full + canceled + open; filled counts fill events",
        **{
            name: _COUNT
            for name in (
                "placed", "filled", "rejected", "canceled", "risk_blocks", "filled_full", "open",
                "open_partially_filled", "late_fills", "duplicate_fills", "refused_fills",
            )
        },
        refusals=refusals,
        in_doubt=_list(_TEXT),
    )  # fmt: skip


def _params() -> Schema:
    return closed(
        "everything that decides a run; config_sha256 covers it",
        symbols=_list(_SYMBOL),
        iterations=_POSITIVE,
        market=market(),
        exchange=exchange(),
        base_qty={"type": "number", "exclusiveMinimum": 0},
        spread_bps=_AMOUNT,
        requote=_FLAG,
        edge=_EDGE_MODE,
        max_inventory_usd_per_symbol=_AMOUNT,
        max_total_notional_usd=_AMOUNT,
        edge_freeze_threshold_bps=_NUMBER,
        fee_maker_bps=_NUMBER,
        fee_taker_bps=_NUMBER,
        maybe={"rules": _map(_rules(), "only where the exchange tells them: by symbol")},
    )


def _rules() -> Schema:
    return closed(
        "what orders keep to; 0.0 is no rule",
        tick=_AMOUNT,
        lot=_AMOUNT,
        min_qty=_AMOUNT,
        min_notional=_AMOUNT,
    )


def _pnl() -> Schema:
    sums = {
        "realised_usd": _NUMBER, "unrealised_usd": _NUMBER, "fees_usd": _NUMBER,
        "net_usd": _NUMBER, "cash_usd": _NUMBER, "volume_usd": _AMOUNT,
    }  # fmt: skip
    each = closed(avg_entry_price=_AMOUNT, bought_qty=_AMOUNT, sold_qty=_AMOUNT, **sums)
    pnl = closed("net = realised + unrealised - fees + funding", by_symbol=_map(each), **sums)
    funding = {"description": "only where any was paid; below zero: it went out", **_NUMBER}
    each["properties"]["funding_usd"] = pnl["properties"]["funding_usd"] = funding
    return pnl


def _fees() -> Schema:
    return closed(
        "a negative fee is a rebate",
        maker_bps=_NUMBER,
        taker_bps=_NUMBER,
        maker_fills=_COUNT,
        taker_fills=_COUNT,
        maker_usd=_NUMBER,
        taker_usd=_NUMBER,
        total_usd=_NUMBER,
    )


def _positions() -> Schema:
    return closed(
        "of every symbol that ever traded; net_pos_usd is the absolute notional at the mark",
        by_symbol=_map(_NUMBER),
        net_pos_usd=_map(_AMOUNT),
        total_notional_usd=_AMOUNT,
        marks=_map(_AMOUNT),
    )


def _risk() -> Schema:
    cause = {
        f"{which}_freeze_{part}": schema
        for which in ("first", "last")
        for part, schema in (("reason", _MAYBE_TEXT), ("symbol", _MAYBE_TEXT), ("utc", _MAYBE_UTC))
    }
    return closed(
        "null where there was no freeze",
        frozen=_FLAG,
        freeze_events=_COUNT,
        freezes_total=_COUNT,
        blocks_total=_COUNT,
        risk_ratio_p95=_RATE,
        worst_case_usd=_map(_AMOUNT, "by symbol: position and open orders at their worst"),
        unresolved_cancels=_map(_TEXT, "orders that a freeze could not cancel, and why"),
        foreign_open_orders=_list(_TEXT),
        **cause,
    )


def _report() -> Schema:
    ack_ms = closed(
        "from decision to acknowledgement, nearest rank; null without an order",
        count=_COUNT, p50=_MAYBE_COUNT, p95=_MAYBE_COUNT, max=_MAYBE_COUNT,
    )  # fmt: skip
    integrity = closed(
        "equal config_sha256 and state_sha256: the same run",
        schema_version={"const": SCHEMA_VERSION},
        code_version=_TEXT,
        config_sha256=_SHA256,
        state_sha256=_SHA256,
        events=_COUNT,
        laws={"description": "the laws that were held against the books", **_LAWS},
        journal_id={"description": "null: the line was not recorded on disk", **_MAYBE_TEXT},
        journal_head={"description": "seq:hash of the line's last entry", **_MAYBE_TEXT},
    )
    report = closed(
        execution=closed(iterations=_POSITIVE, symbols=_list(_SYMBOL)),
        orders=_orders(),
        positions=_positions(),
        risk=_risk(),
        runtime=closed(utc=_UTC),
        edge=_edge(),
        fees=_fees(),
        integrity=integrity,
        latency=closed(ack_ms=ack_ms),
        params=_params(),
        pnl=_pnl(),
    )
    report["properties"]["adopted"] = closed(
        "only where something was: what was taken over from the exchange, and never traded",
        orders=_COUNT,
        executions=_COUNT,
        positions=_map(_NUMBER, "by symbol: what came or went without a trade"),
    )
    report["properties"]["feed"] = closed(
        "only where anything was heard of the feed itself: gaps, silences, new beginnings",
        **dict.fromkeys(Connectivity().counts(), _COUNT),
        stale=_map(_TEXT, "by symbol: why its market could not be used at the end"),
    )
    return {
        "$schema": DIALECT,
        "$id": f"urn:shadow-trading-toolkit:report:{SCHEMA_VERSION}",
        "title": "Shadow run report",
        **report,
    }


def _risk_demo() -> Schema:
    metrics = closed(
        blocks_total=_COUNT,
        freezes_total=_COUNT,
        last_freeze_reason=_MAYBE_TEXT,
        last_freeze_symbol=_MAYBE_TEXT,
    )
    utc: Schema = {"type": "string", "pattern": f"^{_INSTANT}Z$"}
    return {
        "$schema": DIALECT,
        "$id": f"urn:shadow-trading-toolkit:risk:{RISK_VERSION}",
        "title": "Risk monitor demo report",
        **closed(
            frozen=_FLAG,
            metrics=metrics,
            positions=_map(_NUMBER),
            runtime=closed(utc=utc, version=_TEXT),
            status={"const": "OK"},
        ),
    }


_REPORT = _report()
SCHEMAS = {
    "report": _REPORT,
    "risk": _risk_demo(),
    "certificate": certificate(DIALECT),
    "backtest": backtest(DIALECT, {key: _REPORT[key] for key in _REPORT if key[0] != "$"}),
    "backtest-order": order(DIALECT),
    "sweep": sweep(DIALECT),
    "sweep-run": sweep_run(DIALECT),
}
