"""What a step may decide: the commands of the line, and what it says about itself.

Like `contracts_v1` this file is append-only; take the names from there. `ts_ns` is that of the
input which made the fold decide.
"""

from __future__ import annotations

from typing import TypeAlias

from .money import Number, Scaled
from .record import door, record
from .words_v1 import REQUEST_LIFE_NS, EdgeVerdict, FillFault, RefusalReason, Side

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

    @property
    def expires_ns(self) -> int:
        """Behind this time an exchange must refuse the request; an adapter sends it along."""
        return self.ts_ns + REQUEST_LIFE_NS


class Reapproved(Approved):
    """Send an order once more, under its old name, after it proved not to have arrived."""

    __slots__ = ()
    kind = "order.place_again"


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
class QueryOrder:
    """Ask the exchange what became of an order, by our own id."""

    kind = "order.query"
    client_order_id: str
    ts_ns: int


@record
class CancelUnknown:
    """Cancel by our own id what should not be there, before it is given up."""

    kind = "order.cancel_unknown"
    client_order_id: str
    ts_ns: int


@record
class OrderAbandoned:
    """The exchange never had the order, and nobody wants it any more."""

    kind = "order.abandoned"
    client_order_id: str
    reason: str
    ts_ns: int


@record
class DoubtAlert:
    """For too long the exchange could not say what became of an order; somebody should look."""

    kind = "order.doubt_alert"
    client_order_id: str
    detail: str
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


@record
class EdgeJudged:
    """What fills at this horizon earned, in basis points at 10^9, and what was made of that.

    `net_bps` is the mean of so many samples, `upper_bps` what the edge is confidently below.
    """

    kind = "edge.judged"
    symbol: str
    horizon_ms: int
    samples: int
    net_bps: int
    upper_bps: int
    threshold_bps: int
    verdict: EdgeVerdict
    ts_ns: int
