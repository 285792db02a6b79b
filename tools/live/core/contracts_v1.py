"""The frozen vocabulary of the line: what may come in, and what a step may answer.

This file is append-only; a change of meaning is a `contracts_v2.py`. Prices and quantities are
integers at 10^9, times are nanoseconds since 1970 UTC. Inputs are what the world told us; their
`ts_ns` is when they entered the line and never goes back. Outputs are what the fold decided; their
`ts_ns` is that of the input which made it decide.
"""

from __future__ import annotations

from enum import Enum
from typing import Any, TypeAlias

from .money import Number, Scaled
from .record import door, record


class Side(str, Enum):
    """Which way an order trades; the values are the venue's spelling."""

    BUY = "Buy"
    SELL = "Sell"


BUY = Side.BUY
SELL = Side.SELL


class RefusalReason(str, Enum):
    """Why the gate said no. Listed by precedence: the first that applies is the answer."""

    FROZEN = "frozen"
    UNKNOWN_SIDE = "unknown_side"
    BAD_QUANTITY = "bad_quantity"
    BAD_PRICE = "bad_price"
    BAD_MARK = "bad_mark"
    CROSSED_QUOTE = "crossed_quote"
    SYMBOL_LIMIT = "symbol_limit"
    TOTAL_LIMIT = "total_limit"


class FillFault(str, Enum):
    """Why a reported fill was not booked on an order."""

    UNKNOWN_ORDER = "unknown_order"
    CONFLICT = "conflict"
    OVERFILL = "overfill"
    BAD_NUMBERS = "bad_numbers"


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


# What the strategy wants, and what the gate makes of it.


# A wish of the strategy about the symbol it was asked about: side, quantity and price. It has no
# power until the gate approves it.
Intent: TypeAlias = tuple[Side, int, int]


@door
class PlaceOrderRequest:
    """One limit order on its way to an exchange, as everybody may write one."""

    __slots__ = ("client_order_id", "symbol", "side", "qty_e9", "price_e9")
    client_order_id: str
    symbol: str
    side: Side
    qty_e9: int
    price_e9: int
    __match_args__ = ("client_order_id", "symbol", "side", "qty", "price")
    qty = Scaled("qty_e9")
    price = Scaled("price_e9")

    def __init__(
        self, client_order_id: str, symbol: str, side: Side, qty: Number, price: Number
    ) -> None:
        self.client_order_id = client_order_id
        self.symbol = symbol
        self.side = Side(side)
        self.qty = qty
        self.price = price


# Outputs: what one step decided.


@door
class Approved(PlaceOrderRequest):
    """Send this order: a request that passed the gate, its exposure reserved.

    Only `risk_monitor` makes one, and the loop sends nothing else. It is the request itself, so
    nothing can come between what was approved and what is sent.
    """

    __slots__ = ("ts_ns",)
    kind = "order.place"
    client_order_id: str
    symbol: str
    side: Side
    qty_e9: int
    price_e9: int
    ts_ns: int
    __match_args__ = ("client_order_id", "symbol", "side", "qty_e9", "price_e9", "ts_ns")

    def __init__(
        self, client_order_id: str, symbol: str, side: Side, qty_e9: int, price_e9: int, ts_ns: int
    ) -> None:
        self.client_order_id = client_order_id
        self.symbol = symbol
        self.side = side
        self.qty_e9 = qty_e9
        self.price_e9 = price_e9
        self.ts_ns = ts_ns


@record
class CancelOrder:
    """Ask the exchange to cancel."""

    kind = "order.cancel"
    client_order_id: str
    order_id: str
    ts_ns: int


@record
class ListOpenOrders:
    """Ask the exchange for its open orders, to verify what was canceled."""

    kind = "order.list_open"
    ts_ns: int


@record
class IntentRefused:
    """The gate said no, and why."""

    kind = "risk.refused"
    symbol: str
    side: str
    qty: int
    price: int
    reason: RefusalReason
    ts_ns: int


@record
class Frozen:
    """Trading stopped."""

    kind = "risk.frozen"
    reason: str
    symbol: str | None
    ts_ns: int


@record
class Unfrozen:
    """Trading may go on."""

    kind = "risk.unfrozen"
    reason: str
    actor: str
    ts_ns: int


@record
class FillRefused:
    """A reported fill that contradicts our books; trading freezes with it."""

    kind = "order.fill_refused"
    fill_id: str
    order_id: str
    fault: FillFault
    detail: str
    ts_ns: int


@record
class LateFill:
    """A fill of an order that was already canceled: the position moved, the order did not."""

    kind = "order.late_fill"
    fill_id: str
    client_order_id: str
    qty: int
    price: int
    ts_ns: int


Input: TypeAlias = (
    ParamsSet | QuoteUpdate | EdgeUpdate | OrderAccepted | OrderRejected | Fill | OrderCanceled
    | CancelFailed | OpenOrdersListed | OpenOrdersUnknown | CancelAllOrdered | FreezeOrdered
    | UnfreezeOrdered
)  # fmt: skip
Output: TypeAlias = (
    Approved | CancelOrder | ListOpenOrders | IntentRefused | Frozen | Unfrozen | FillRefused
    | LateFill
)

INPUTS: tuple[type[Any], ...] = (
    ParamsSet, QuoteUpdate, EdgeUpdate, OrderAccepted, OrderRejected, Fill, OrderCanceled,
    CancelFailed, OpenOrdersListed, OpenOrdersUnknown, CancelAllOrdered, FreezeOrdered,
    UnfreezeOrdered,
)  # fmt: skip
OUTPUTS: tuple[type[Any], ...] = (
    Approved, CancelOrder, ListOpenOrders, IntentRefused, Frozen, Unfrozen, FillRefused,
    LateFill,
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


def parse_side(text: str) -> Side | None:
    """Buy or Sell in any case; anything else is None, and the gate refuses it."""
    folded = text.lower() if isinstance(text, str) else ""
    if folded == "buy":
        return BUY
    return SELL if folded == "sell" else None
