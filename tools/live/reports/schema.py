"""What the reports look like, as JSON Schema 2020-12: `python -m tools.live schema NAME`.

Every object is closed, so a key that nobody documented fails. A `$id` ends in the version of its
report; a change that breaks a reader raises it. Nothing here is needed to make a report.
"""

from __future__ import annotations

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
from .schema_parts import (
    AMOUNT, COUNT, FLAG, MAYBE_COUNT, MAYBE_NUMBER, NUMBER, POSITIVE, RATE, SHA256, TEXT, Schema,
    closed, published,
)  # fmt: skip
from .schema_sweep import sweep, sweep_run

RISK_VERSION = 1

_MAYBE_TEXT: Schema = {"type": ["string", "null"]}
_SYMBOL: Schema = {"type": "string", "pattern": "^[A-Z0-9._/:-]{1,32}$"}
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
        threshold_bps=NUMBER,
        last_bps=_map(MAYBE_NUMBER, "null: it was no finite number"),
    )
    measured = {"oneOf": [closed(**computed), _markouts()]}
    edge["properties"].update(
        measured=_map(measured, "not where the mode is scripted: edge of our fills by horizon"),
        decision=_map(
            closed(
                "null: too few samples to say anything",
                samples=COUNT,
                mean_bps=MAYBE_NUMBER,
                upper_bps=MAYBE_NUMBER,
                armed=FLAG,
                fired=FLAG,
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
        fills=POSITIVE,
        capture_bps=NUMBER,
        fee_bps=NUMBER,
        adverse_bps=NUMBER,
        net_bps=NUMBER,
        **also,
    )
    return {"oneOf": [unmeasured, measured]}


def _markouts() -> Schema:
    horizons = {name: _horizon(unmeasured=COUNT, net_usd=NUMBER) for name in HORIZON_NAMES}
    return closed("of the whole run", **horizons)


def _counterfactual() -> Schema:
    would_be = closed(
        "what the strategy would have traded",
        fills=COUNT,
        volume_usd=AMOUNT,
        fees_usd=NUMBER,
        position=NUMBER,
        pnl_usd=NUMBER,
        saved_usd=NUMBER,
        markouts=_markouts(),
    )
    return closed(
        "only where the mode is markouts: the trading that a freeze prevented",
        fills=COUNT,
        saved_usd=NUMBER,
        by_symbol=_map(would_be),
    )


def _orders() -> Schema:
    reasons = {reason.value: COUNT for reason in RefusalReason}
    refusals: Schema = {
        "description": "refused intents by reason; their sum is risk.blocks_total",
        "type": "object",
        "properties": reasons,
        "additionalProperties": False,
    }
    return closed(
        "placed = filled_full + canceled + open; filled counts fill events",
        **{
            name: COUNT
            for name in (
                "placed", "filled", "rejected", "canceled", "risk_blocks", "filled_full", "open",
                "open_partially_filled", "late_fills", "duplicate_fills", "refused_fills",
            )
        },
        refusals=refusals,
        in_doubt=_list(TEXT),
    )  # fmt: skip


def _params() -> Schema:
    return closed(
        "everything that decides a run; config_sha256 covers it",
        symbols=_list(_SYMBOL),
        iterations=POSITIVE,
        market=market(),
        exchange=exchange(),
        base_qty={"type": "number", "exclusiveMinimum": 0},
        spread_bps=AMOUNT,
        requote=FLAG,
        edge=_EDGE_MODE,
        max_inventory_usd_per_symbol=AMOUNT,
        max_total_notional_usd=AMOUNT,
        edge_freeze_threshold_bps=NUMBER,
        fee_maker_bps=NUMBER,
        fee_taker_bps=NUMBER,
        maybe={"rules": _map(_rules(), "only where the exchange tells them: by symbol")},
    )


def _rules() -> Schema:
    return closed(
        "what orders keep to; 0.0 is no rule",
        tick=AMOUNT,
        lot=AMOUNT,
        min_qty=AMOUNT,
        min_notional=AMOUNT,
    )


def _pnl() -> Schema:
    sums = {
        "realised_usd": NUMBER, "unrealised_usd": NUMBER, "fees_usd": NUMBER,
        "net_usd": NUMBER, "cash_usd": NUMBER, "volume_usd": AMOUNT,
    }  # fmt: skip
    each = closed(avg_entry_price=AMOUNT, bought_qty=AMOUNT, sold_qty=AMOUNT, **sums)
    pnl = closed("net = realised + unrealised - fees + funding", by_symbol=_map(each), **sums)
    funding = {"description": "only where any was paid; below zero: it went out", **NUMBER}
    each["properties"]["funding_usd"] = pnl["properties"]["funding_usd"] = funding
    return pnl


def _fees() -> Schema:
    return closed(
        "a negative fee is a rebate",
        maker_bps=NUMBER,
        taker_bps=NUMBER,
        maker_fills=COUNT,
        taker_fills=COUNT,
        maker_usd=NUMBER,
        taker_usd=NUMBER,
        total_usd=NUMBER,
    )


def _positions() -> Schema:
    return closed(
        "of every symbol that ever traded; net_pos_usd is the absolute notional at the mark",
        by_symbol=_map(NUMBER),
        net_pos_usd=_map(AMOUNT),
        total_notional_usd=AMOUNT,
        marks=_map(AMOUNT),
    )


def _risk() -> Schema:
    cause = {
        f"{which}_freeze_{part}": schema
        for which in ("first", "last")
        for part, schema in (("reason", _MAYBE_TEXT), ("symbol", _MAYBE_TEXT), ("utc", _MAYBE_UTC))
    }
    return closed(
        "null where there was no freeze",
        frozen=FLAG,
        freeze_events=COUNT,
        freezes_total=COUNT,
        blocks_total=COUNT,
        risk_ratio_p95=RATE,
        worst_case_usd=_map(AMOUNT, "by symbol: position and open orders at their worst"),
        unresolved_cancels=_map(TEXT, "orders that a freeze could not cancel, and why"),
        foreign_open_orders=_list(TEXT),
        **cause,
    )


def _report() -> Schema:
    ack_ms = closed(
        "from decision to acknowledgement, nearest rank; null without an order",
        count=COUNT, p50=MAYBE_COUNT, p95=MAYBE_COUNT, max=MAYBE_COUNT,
    )  # fmt: skip
    integrity = closed(
        "equal config_sha256 and state_sha256: the same run",
        schema_version={"const": SCHEMA_VERSION},
        code_version=TEXT,
        config_sha256=SHA256,
        state_sha256=SHA256,
        events=COUNT,
        laws={"description": "the laws that were held against the books", **_LAWS},
        journal_id={"description": "null: the line was not recorded on disk", **_MAYBE_TEXT},
        journal_head={"description": "seq:hash of the line's last entry", **_MAYBE_TEXT},
    )
    report = closed(
        execution=closed(iterations=POSITIVE, symbols=_list(_SYMBOL)),
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
        orders=COUNT,
        executions=COUNT,
        positions=_map(NUMBER, "by symbol: what came or went without a trade"),
    )
    report["properties"]["feed"] = closed(
        "only where anything was heard of the feed itself: gaps, silences, new beginnings",
        **dict.fromkeys(Connectivity().counts(), COUNT),
        stale=_map(TEXT, "by symbol: why its market could not be used at the end"),
    )
    return published("report", SCHEMA_VERSION, "Shadow run report", report)


def _risk_demo() -> Schema:
    metrics = closed(
        blocks_total=COUNT,
        freezes_total=COUNT,
        last_freeze_reason=_MAYBE_TEXT,
        last_freeze_symbol=_MAYBE_TEXT,
    )
    utc: Schema = {"type": "string", "pattern": f"^{_INSTANT}Z$"}
    body = closed(
        frozen=FLAG,
        metrics=metrics,
        positions=_map(NUMBER),
        runtime=closed(utc=utc, version=TEXT),
        status={"const": "OK"},
    )
    return published("risk", RISK_VERSION, "Risk monitor demo report", body)


_REPORT = _report()
SCHEMAS = {
    "report": _REPORT,
    "risk": _risk_demo(),
    "certificate": certificate(),
    "backtest": backtest({key: _REPORT[key] for key in _REPORT if key[0] != "$"}),
    "backtest-order": order(),
    "sweep": sweep(),
    "sweep-run": sweep_run(),
}
