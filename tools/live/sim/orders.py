"""Orders as a client asks for them, and as the simulated exchange keeps them.

Prices and quantities are integers at 10^9, times nanoseconds since 1970 UTC. `OrderRequest` is what
was asked for and never changes; `WorkingOrder` is where it stands now, and only the exchange and
its parts change it.
"""

from __future__ import annotations

from enum import Enum

from ..core.outputs_v1 import PlaceOrderRequest
from ..core.record import builder, record
from ..core.words_v1 import BUY, Side
from ..exchange import OrderStatus


class OrderKind(str, Enum):
    """What makes an order trade: at once, at a price, or once the market touches a level."""

    MARKET = "market"
    LIMIT = "limit"
    STOP = "stop"
    STOP_LIMIT = "stop_limit"
    TRAILING_STOP = "trailing_stop"
    MARKET_IF_TOUCHED = "market_if_touched"


# Kinds that need nothing but the market to trade.
AT_MARKET = (OrderKind.MARKET, OrderKind.LIMIT)


class TimeInForce(str, Enum):
    """How long an order waits: till canceled, not at all, whole or not at all, a day, a date."""

    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"
    DAY = "DAY"
    GTD = "GTD"


# Bound here because reading a member of an Enum is slow.
_OPEN, _LIMIT, _GTC = OrderStatus.OPEN, OrderKind.LIMIT, TimeInForce.GTC


class SelfTrade(str, Enum):
    """What becomes of two orders of ours that would meet."""

    ALLOW = "allow"
    CANCEL_NEWEST = "cancel_newest"
    CANCEL_OLDEST = "cancel_oldest"
    CANCEL_BOTH = "cancel_both"


@record
class OrderRequest:
    """One order as a client asks for it.

    `price` is the limit of limit and stop-limit orders; `stop` the trigger of stop, stop-limit and
    if-touched orders, and where a trailing one starts if that is not the market. A trailing stop
    keeps its distance by `trail` (a price) or `trail_bps`. `display` is what an iceberg shows.
    Orders that name one group in `one_cancels_other` are OCO; `after` is the client order id whose
    fill sends this one (OTO), and with both it is a bracket.
    """

    client_order_id: str
    symbol: str
    side: Side
    qty: int
    kind: OrderKind = OrderKind.LIMIT
    price: int | None = None
    stop: int | None = None
    trail: int | None = None
    trail_bps: int | None = None
    time_in_force: TimeInForce = TimeInForce.GTC
    expires_ns: int | None = None
    post_only: bool = False
    reduce_only: bool = False
    display: int | None = None
    one_cancels_other: str | None = None
    after: str | None = None


class WorkingOrder:
    """One order inside the exchange, and the exchange's state of it.

    `number` is its age and unique in the exchange; `price` its present limit, None at the market;
    `leaves` what is still to fill; `shown` what of it rests visibly (all of it, but for an
    iceberg); `ahead` the quantity queued before it at its price, never below 0. An order that
    `is_plain` waits at its limit till it is canceled, and nothing else has to be asked of it; its
    `request` is only made when somebody reads it.
    """

    __slots__ = (
        "client_order_id", "order_id", "number", "side", "symbol", "price", "qty", "leaves",
        "shown", "ahead", "created_ns", "status", "is_plain", "_request",
    )  # fmt: skip
    _request: OrderRequest | None

    def __init__(
        self,
        request: OrderRequest,
        order_id: str,
        number: int,
        created_ns: int = 0,
        is_plain: bool = False,
    ) -> None:
        self._request = request
        self.client_order_id = request.client_order_id
        self.order_id = order_id
        self.number = number
        self.side = request.side
        self.symbol = request.symbol
        self.price = request.price
        self.qty = self.leaves = self.shown = qty = request.qty
        if request.display is not None:
            self.shown = min(request.display, qty)
        self.ahead = 0
        self.created_ns = created_ns
        self.status = _OPEN
        self.is_plain = is_plain

    @property
    def request(self) -> OrderRequest:
        """What was asked for, with the amendments that are in force."""
        request = self._request
        if request is None:
            request = self._request = plain_request(
                self.client_order_id, self.symbol, self.side, self.qty, self.price
            )
        return request

    @request.setter
    def request(self, request: OrderRequest) -> None:
        self._request = request

    @property
    def filled(self) -> int:
        """What has filled of the quantity in force."""
        return self.qty - self.leaves

    @property
    def is_buy(self) -> bool:
        return self.side is BUY

    def state(self) -> tuple[object, ...]:
        """All of it, for a hash: values only."""
        return (
            self.order_id, self.number, self.client_order_id, self.symbol, self.side.value,
            self.price, self.qty, self.leaves, self.shown, self.ahead, self.created_ns,
            self.status.value,
        )  # fmt: skip

    def __repr__(self) -> str:
        price = "market" if self.price is None else str(self.price)
        done = f"{self.filled}/{self.qty}"
        return f"WorkingOrder({self.order_id} {self.symbol} {self.side.value} {done} at {price})"


_build_request = builder(OrderRequest)
_new_order = WorkingOrder.__new__


def plain_request(
    client_order_id: str, symbol: str, side: Side, qty: int, price: int | None
) -> OrderRequest:
    """A limit order that waits till it is canceled."""
    return _build_request(
        client_order_id, symbol, side, qty, _LIMIT, price, None, None, None, _GTC, None, False,
        False, None, None, None,
    )  # fmt: skip


def plain_order(
    asked: PlaceOrderRequest, order_id: str, number: int, created_ns: int
) -> WorkingOrder:
    """The working order of a plain request: `WorkingOrder(plain_request(...), ...)`."""
    order = _new_order(WorkingOrder)
    order._request = None
    order.client_order_id = asked.client_order_id
    order.order_id = order_id
    order.number = number
    order.side = asked.side
    order.symbol = asked.symbol
    order.price = asked.price_e9
    order.qty = order.leaves = order.shown = asked.qty_e9
    order.ahead = 0
    order.created_ns = created_ns
    order.status = _OPEN
    order.is_plain = True
    return order
