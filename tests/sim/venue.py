"""An exchange that lives outside of the process under test, and an unreliable line to it.

`Venue` is the truth: its own books, its own clock, no knowledge of the product but the published
types. `Wire` is the adapter that a run holds: it loses requests and replies, delivers late and
twice, and can end the process before or after a request was taken. A new process gets a new wire
to the same venue.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import NamedTuple, TypeAlias

from tools.live.core.contracts_v1 import BUY, REQUEST_LIFE_NS, Approved, Side
from tools.live.core.errors import LiveError, NotSent
from tools.live.exchange import (
    FillEvent, OpenOrder, OrderStatus, PlaceOrderRequest, PlaceOrderResponse, Position,
)  # fmt: skip
from tools.live.exchange_query import Found, OrderAnswer

MS = 10**6
SECOND = 10**9

# What can happen to a request, and to the reply.
PLACING = (
    "lost_request", "lost_reply", "late_request", "twice", "garbled_reply", "refused", "kept_back",
    "ends_before", "ends_after",
)  # fmt: skip
CANCELING = ("lost_cancel", "lost_cancel_reply", "ends_before_cancel", "ends_after_cancel")
ASKING = ("silent", "no_cancel_by_id")
STREAMING = ("fill_twice", "fill_late", "fill_reordered")
FAULTS = (*PLACING, *CANCELING, *ASKING, *STREAMING)


class Ended(BaseException):
    """The process is gone; nothing may catch it."""


class VenueOrder:
    """One order as the venue keeps it."""

    def __init__(self, order_id: str, name: str, request: PlaceOrderRequest) -> None:
        self.order_id = order_id
        self.name = name
        self.symbol = request.symbol
        self.side = request.side
        self.qty = request.qty_e9
        self.price = request.price_e9
        self.filled = 0
        self.found = Found.OPEN

    def shown(self) -> OpenOrder:
        status = OrderStatus.PARTIALLY_FILLED if self.filled else OrderStatus.OPEN
        row = OpenOrder(self.order_id, self.name, self.symbol, self.side, 1, 0, 1, status)
        row.qty_e9, row.filled_e9, row.price_e9 = self.qty, self.filled, self.price
        return row


class InFlight(NamedTuple):
    """A request that the network delivers later."""

    due_ns: int
    request: Approved


class Venue:
    """The truth about orders, executions and positions."""

    def __init__(self) -> None:
        self.now_ns = 0
        self.orders: dict[str, VenueOrder] = {}
        self.executions: list[FillEvent] = []
        self.held: dict[str, int] = {}
        self.accepted: list[str] = []
        self.late: list[InFlight] = []

    def tick(self, now_ns: int) -> None:
        """Time passes, and what was under way arrives."""
        self.now_ns = max(self.now_ns, now_ns)
        due = [one for one in self.late if one.due_ns <= self.now_ns]
        self.late = [one for one in self.late if one.due_ns > self.now_ns]
        for one in due:
            self.take(one.request, one.due_ns)

    def take(self, request: Approved, at_ns: int) -> VenueOrder | None:
        """Accept a request; None when it is too old. It does not know which ids it has seen."""
        if at_ns > request.expires_ns:
            return None
        name = request.client_order_id
        self.accepted.append(name)
        order = VenueOrder(f"V{len(self.accepted)}", name, request)
        self.orders[name] = order
        return order

    def trade(self, name: str, qty: int) -> None:
        """Execute a part of an order at its price."""
        order = self.orders[name]
        assert order.found is Found.OPEN and 0 < qty <= order.qty - order.filled
        order.filled += qty
        if order.filled == order.qty:
            order.found = Found.FILLED
        fill = FillEvent(
            order.order_id, order.symbol, order.side, 1, 1, self.now_ns // MS,
            f"E{len(self.executions) + 1}", "maker",
        )  # fmt: skip
        fill.qty_e9, fill.price_e9 = qty, order.price
        self.executions.append(fill)
        signed = qty if order.side is BUY else -qty
        self.held[order.symbol] = self.held.get(order.symbol, 0) + signed

    def resting(self) -> list[VenueOrder]:
        return [order for order in self.orders.values() if order.found is Found.OPEN]


Dice: TypeAlias = Callable[[str], bool]
Strike: TypeAlias = str | tuple[str, int]


def never(fault: str) -> bool:
    return False


class Script:
    """Dice that strike as told, in order: each fault once, or ("fault", 2) the second time."""

    def __init__(self, *faults: Strike) -> None:
        self.faults = [(one, 1) if isinstance(one, str) else one for one in faults]

    def __call__(self, fault: str) -> bool:
        if not self.faults or self.faults[0][0] != fault:
            return False
        left = self.faults[0][1] - 1
        self.faults[0] = (fault, left)
        if left:
            return False
        del self.faults[0]
        return True


class Wire:
    """One process's line to the venue; `dice` says which fault strikes."""

    def __init__(self, venue: Venue, rng: Random | None = None, dice: Dice = never) -> None:
        self.venue = venue
        self.rng = rng or Random(0)
        self.dice = dice
        self.clock: Callable[[], int] = lambda: 0  # when it is, for whoever holds this line
        self.cut = False  # the process is gone, whatever of its code may still be running
        self.sent: list[str] = []  # every request that left, by our id
        self.asked: list[str] = []
        self._heard = 0
        self.held_back: list[FillEvent] = []

    # IExchangeClient.

    def place_limit(self, req: PlaceOrderRequest) -> PlaceOrderResponse:
        assert isinstance(req, Approved)
        now_ns = self._tick()
        if self.dice("kept_back"):
            raise NotSent("no connection")
        if self.dice("ends_before"):
            self._end()
        self.sent.append(req.client_order_id)
        if self.dice("refused"):
            return PlaceOrderResponse(False, None, OrderStatus.REJECTED, "no")
        if self.dice("lost_request"):
            raise TimeoutError("no answer")
        if self.dice("late_request"):
            due_ns = now_ns + self.rng.randrange(2 * REQUEST_LIFE_NS)
            self.venue.late.append(InFlight(due_ns, req))
            raise TimeoutError("no answer")
        order = self.venue.take(req, now_ns)
        if self.dice("ends_after"):
            self._end()
        if order is None:
            raise TimeoutError("no answer")
        if self.dice("twice"):
            raise LiveError("this id exists already")
        if self.dice("lost_reply"):
            raise ConnectionResetError("reset")
        if self.dice("garbled_reply"):
            raise LiveError("the reply is no JSON")
        return PlaceOrderResponse(True, order.order_id, OrderStatus.OPEN)

    def cancel(self, order_id: str) -> bool:
        self._tick()
        if self.dice("ends_before_cancel"):
            self._end()
        if self.dice("lost_cancel"):
            raise TimeoutError("no answer")
        canceled = self._cancel([o for o in self.venue.resting() if o.order_id == order_id])
        if self.dice("ends_after_cancel"):
            self._end()
        if self.dice("lost_cancel_reply"):
            raise TimeoutError("no answer")
        return canceled

    def get_open_orders(self, symbol: str | None = None) -> list[OpenOrder]:
        self._be_silent()
        return [o.shown() for o in self.venue.resting() if symbol in (None, o.symbol)]

    def get_positions(self) -> list[Position]:
        self._be_silent()
        found = []
        for symbol, qty in sorted(self.venue.held.items()):
            position = Position(symbol, 0, 0.0)
            position.qty_e9 = qty
            found.append(position)
        return found

    def stream_fills(self) -> Iterator[FillEvent]:
        """New executions; some twice, some later, some in another order."""
        self._tick()
        fresh = self.held_back + self.venue.executions[self._heard :]
        self._heard = len(self.venue.executions)
        self.held_back = []
        if self.dice("fill_reordered"):
            self.rng.shuffle(fresh)
        for fill in fresh:
            if self.dice("fill_late"):
                self.held_back.append(fill)
                continue
            yield fill
            if self.dice("fill_twice"):
                yield fill

    # QueryableExchange.

    def get_order(self, client_order_id: str) -> OrderAnswer:
        self.asked.append(client_order_id)
        self._be_silent()
        order = self.venue.orders.get(client_order_id)
        if order is None:
            return OrderAnswer(Found.UNKNOWN, None)
        fills = tuple(f for f in self.venue.executions if f.order_id == order.order_id)
        return OrderAnswer(order.found, order.shown(), fills)

    def cancel_client_order(self, client_order_id: str) -> bool:
        self._be_silent()
        if self.dice("no_cancel_by_id"):
            raise TimeoutError("no answer")
        return self._cancel([o for o in self.venue.resting() if o.name == client_order_id])

    def get_fills(self) -> list[FillEvent] | None:
        self._be_silent()
        return list(self.venue.executions)

    def get_balances(self) -> dict[str, int] | None:
        return None

    def _end(self) -> None:
        self.cut = True
        raise Ended

    def _tick(self) -> int:
        if self.cut:
            raise Ended
        now_ns = self.clock()
        self.venue.tick(now_ns)
        return now_ns

    def _be_silent(self) -> None:
        self._tick()
        if self.dice("silent"):
            raise TimeoutError("no answer")

    def _cancel(self, orders: list[VenueOrder]) -> bool:
        for order in orders:
            order.found = Found.CANCELED
        return bool(orders)


def signed(side: Side, qty: int) -> int:
    return qty if side is BUY else -qty
