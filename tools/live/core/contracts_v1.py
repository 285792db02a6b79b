"""The frozen vocabulary of the line: what may come in, and what a step may answer.

This file and those behind it (`words_v1`, `outputs_v1`, `market_v1`) are append-only; a change
of meaning is a `contracts_v2.py`. Prices and quantities are integers at 10^9, times are
nanoseconds since 1970 UTC, money (`_e18`) is at 10^18. Inputs are what the world told us; their
`ts_ns` is when they entered the line and never goes back. Outputs are what the fold decided.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from .market_v1 import FeedLost, FeedStale, GapDetected, ResyncFinished, ResyncStarted
from .outputs_v1 import (
    Approved, CancelOrder, CancelUnknown, DoubtAlert, EdgeJudged, FillRefused, Frozen, Intent,
    IntentRefused, LateFill, ListOpenOrders, OrderAbandoned, PlaceOrderRequest, QueryOrder,
    Reapproved, Unfrozen,
)  # fmt: skip
from .record import record
from .words_v1 import (
    BUY, REQUEST_LIFE_NS, SELL, EdgeVerdict, FillFault, RefusalReason, Side, parse_side,
)  # fmt: skip

__all__ = [
    "BUY", "INPUTS", "OUTPUTS", "REQUEST_LIFE_NS", "SELL", "Approved", "CancelAllOrdered",
    "CancelFailed", "CancelOrder", "CancelUnknown", "DoubtAlert", "EdgeJudged", "EdgeUpdate",
    "EdgeVerdict", "Entry", "Executed", "FeedLost", "FeedStale", "Fill", "FillAdopted",
    "FillFault", "FillRefused", "FreezeOrdered", "Frozen", "FundingPaid", "GapDetected", "Input",
    "Intent", "IntentRefused", "LateFill", "ListOpenOrders", "OpenOrdersListed",
    "OpenOrdersUnknown", "OrderAbandoned", "OrderAbsent", "OrderAccepted", "OrderAdopted",
    "OrderCanceled", "OrderRejected", "OrderUnknown", "Output", "ParamsSet", "PlaceOrderRequest",
    "PositionAdopted", "QueryFailed", "QueryOrder", "QuoteUpdate", "Reapproved", "Reconciled",
    "RefusalReason", "ResyncFinished", "ResyncStarted", "RulesSet", "RunResumed", "Side",
    "TimerFired", "UnfreezeOrdered", "Unfrozen", "parse_side",
]  # fmt: skip

# Inputs: facts from the world, in the order in which they entered the line.


@record
class ParamsSet:
    """From here on quotes are answered with these sizes and widths."""

    kind = "run.params"
    base_qty: int
    spread_bps: int
    ts_ns: int


@record
class QuoteUpdate:
    """The best bid and ask of a symbol."""

    kind = "md.quote"
    symbol: str
    bid: int
    ask: int
    ts_ns: int


@record
class EdgeUpdate:
    """Net edge of a symbol in basis points at 10^9; None when it was not a finite number."""

    kind = "edge.update"
    symbol: str
    net_bps: int | None
    ts_ns: int


@record
class OrderAccepted:
    """The exchange took the order and gave it an id."""

    kind = "order.accepted"
    client_order_id: str
    order_id: str
    ts_ns: int


@record
class OrderRejected:
    """The exchange, or the last check before sending, said no; nothing is open."""

    kind = "order.rejected"
    client_order_id: str
    message: str
    ts_ns: int


@record
class Fill:
    """One execution, incremental; `liquidity` is maker, taker or empty when the venue is silent."""

    kind = "order.fill"
    fill_id: str
    order_id: str
    symbol: str
    side: Side
    qty: int
    price: int
    liquidity: str
    ts_ns: int


@record
class OrderCanceled:
    """The exchange confirmed that nothing of the order is open any more."""

    kind = "order.canceled"
    order_id: str
    ts_ns: int


@record
class CancelFailed:
    """The exchange did not confirm a cancel; the order may still be open there."""

    kind = "order.cancel_failed"
    order_id: str
    message: str
    ts_ns: int


@record
class OpenOrdersListed:
    """The exchange's own list of open orders, asked for after a freeze to verify the cancels."""

    kind = "order.open_listed"
    order_ids: tuple[str, ...]
    ts_ns: int


@record
class OpenOrdersUnknown:
    """The exchange could not list its open orders, so the cancels are not verified yet."""

    kind = "order.open_unknown"
    message: str
    ts_ns: int


@record
class CancelAllOrdered:
    """Take resting orders off the market: of one symbol, or of all when it is None."""

    kind = "order.cancel_all"
    symbol: str | None
    reason: str
    ts_ns: int


@record
class FreezeOrdered:
    """An operator, or a guard outside the fold, stops trading."""

    kind = "risk.freeze_ordered"
    reason: str
    symbol: str | None
    actor: str
    ts_ns: int


@record
class UnfreezeOrdered:
    """An operator lets trading go on; who and why are part of the record."""

    kind = "risk.unfreeze_ordered"
    reason: str
    actor: str
    ts_ns: int


@record
class OrderUnknown:
    """Sending had no definite end: the order may be at the exchange, or may never get there."""

    kind = "order.unknown"
    client_order_id: str
    message: str
    ts_ns: int


@record
class OrderAbsent:
    """The exchange was asked for an order and answered that it has none of this name."""

    kind = "order.absent"
    client_order_id: str
    ts_ns: int


@record
class QueryFailed:
    """The exchange could not say what became of an order; that is no news about the order."""

    kind = "order.query_failed"
    client_order_id: str
    message: str
    ts_ns: int


@record
class TimerFired:
    """Time has passed, and something was waiting for it."""

    kind = "run.timer"
    ts_ns: int


@record
class RunResumed:
    """A run goes on after its process ended, with an exchange that lived on meanwhile."""

    kind = "run.resumed"
    ts_ns: int


@record
class Reconciled:
    """Our books were held against the exchange's; `outcome` is a word of the reconciliation."""

    kind = "run.reconciled"
    outcome: str
    detail: str
    ts_ns: int


@record
class OrderAdopted:
    """An order is kept as the exchange has it; its executions so far move no position of ours."""

    kind = "order.adopted"
    client_order_id: str
    order_id: str
    symbol: str
    side: Side
    qty: int
    price: int
    filled: int
    state: str
    ts_ns: int


@record
class FillAdopted:
    """An execution is known as the exchange tells it; it moves no position of ours."""

    kind = "order.fill_adopted"
    fill_id: str
    order_id: str
    symbol: str
    side: Side
    qty: int
    price: int
    liquidity: str
    ts_ns: int


@record
class PositionAdopted:
    """We hold what the exchange says, less what it held before the run: `qty`, signed."""

    kind = "risk.position_adopted"
    symbol: str
    qty: int
    ts_ns: int


@record
class Executed:
    """An execution of which the exchange tells more: what it charged, and why it came about.

    `fee_e18` is money in the quote currency, a rebate below zero; None: our own schedule says it.
    """

    kind = "order.executed"
    fill_id: str
    order_id: str
    symbol: str
    side: Side
    qty: int
    price: int
    liquidity: str
    fee_e18: int | None
    why: str
    ts_ns: int


@record
class FundingPaid:
    """Money for holding a perpetual: `amount_e18` is what came in, below zero what went out."""

    kind = "funding.paid"
    symbol: str
    amount_e18: int
    why: str
    ts_ns: int


@record
class RulesSet:
    """From here on our orders of a symbol keep to these rules of its exchange; 0 is no rule."""

    kind = "run.rules"
    symbol: str
    tick: int
    lot: int
    min_qty: int
    min_notional_e18: int
    ts_ns: int


Input: TypeAlias = (
    ParamsSet | QuoteUpdate | EdgeUpdate | OrderAccepted | OrderRejected | Fill | OrderCanceled
    | CancelFailed | OpenOrdersListed | OpenOrdersUnknown | CancelAllOrdered | FreezeOrdered
    | UnfreezeOrdered | OrderUnknown | OrderAbsent | QueryFailed | TimerFired | RunResumed
    | Reconciled | OrderAdopted | FillAdopted | PositionAdopted | GapDetected | ResyncStarted
    | ResyncFinished | FeedLost | FeedStale | Executed | FundingPaid | RulesSet
)  # fmt: skip
Output: TypeAlias = (
    Approved | CancelOrder | ListOpenOrders | IntentRefused | Frozen | Unfrozen | FillRefused
    | LateFill | Reapproved | QueryOrder | CancelUnknown | OrderAbandoned | DoubtAlert
    | EdgeJudged
)  # fmt: skip

INPUTS: tuple[type[Any], ...] = (
    ParamsSet, QuoteUpdate, EdgeUpdate, OrderAccepted, OrderRejected, Fill, OrderCanceled,
    CancelFailed, OpenOrdersListed, OpenOrdersUnknown, CancelAllOrdered, FreezeOrdered,
    UnfreezeOrdered, OrderUnknown, OrderAbsent, QueryFailed, TimerFired, RunResumed, Reconciled,
    OrderAdopted, FillAdopted, PositionAdopted, GapDetected, ResyncStarted, ResyncFinished,
    FeedLost, FeedStale, Executed, FundingPaid, RulesSet,
)  # fmt: skip
OUTPUTS: tuple[type[Any], ...] = (
    Approved, CancelOrder, ListOpenOrders, IntentRefused, Frozen, Unfrozen, FillRefused,
    LateFill, Reapproved, QueryOrder, CancelUnknown, OrderAbandoned, DoubtAlert, EdgeJudged,
)  # fmt: skip


@record
class Entry:
    """One line of the record: an event with its place, its author and its causes.

    `cause` is the seq of what led to it (0 for an input from outside), `corr` the seq of the
    input that began the chain, so everything that one quote led to shares one `corr`.
    """

    seq: int
    src: str
    corr: int
    cause: int
    event: Input | Output
