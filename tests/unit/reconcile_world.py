"""A small exchange and books that disagree in every way, for the tests of reconciliation.

The exchange keeps its own orders, executions, positions and money, and can be told to be silent,
to answer emptily, or to forget. The books apply what a reconciliation asks for, strictly: what
cannot be applied raises. `disagreements` compares the two without using the product.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from tools.live.audit.reconcile_facts import KnownFill, LocalOrder, LocalState, VenueState
from tools.live.audit.reconcile_findings import (
    Action, AdoptBalance, AdoptFill, AdoptOrder, AdoptPosition, Cancel, Take,
)  # fmt: skip
from tools.live.core.contracts_v1 import (
    BUY, Fill, FreezeOrdered, OrderAccepted, OrderCanceled, OrderRejected, PlaceOrderRequest,
    Side,
)  # fmt: skip
from tools.live.core.money import SCALE
from tools.live.core.order import (
    CANCELED, FILLED, OPEN, PARTIALLY_FILLED, PENDING, REJECTED, OrderState,
)  # fmt: skip
from tools.live.exchange import FillEvent, OpenOrder, OrderStatus, PlaceOrderResponse, Position
from tools.live.exchange_query import Found, OrderAnswer

T0_NS = 1_735_689_600 * SCALE
USD = "USD"


class VenueRow:
    """An order on the exchange's books."""

    def __init__(
        self, order_id: str, name: str, symbol: str, side: Side, qty: int, price: int
    ) -> None:
        self.order_id = order_id
        self.name = name
        self.symbol = symbol
        self.side = side
        self.qty = qty
        self.price = price
        self.filled = 0
        self.found = Found.OPEN

    def shown(self) -> OpenOrder:
        status = OrderStatus.PARTIALLY_FILLED if self.filled else OrderStatus.OPEN
        order = OpenOrder(self.order_id, self.name, self.symbol, self.side, 1, 0, 1, status)
        for slot, value in (
            ("qty_e9", self.qty), ("filled_e9", self.filled), ("price_e9", self.price)
        ):  # fmt: skip
            setattr(order, slot, value)
        return order


class PlainVenue:
    """What every exchange offers: lists, and nothing about one order or its executions."""

    def __init__(self) -> None:
        self.rows: dict[str, VenueRow] = {}
        self.executions: list[FillEvent] = []
        self.held: dict[str, int] = {}
        self.money = 0
        self.silent: dict[str, int] = {}  # by question: how often it fails from now on
        self.empty: dict[str, int] = {}  # by question: how often it answers emptily
        self.stream: list[FillEvent] = []  # news of executions, each told once
        self.lied = False  # has answered emptily
        self.deaf = False  # to cancels
        self.asked: list[str] = []
        self._named = 0

    def place(
        self, name: str, symbol: str, side: Side, qty: int, price: int, order_id: str | None = None
    ) -> VenueRow:
        self._named += 1
        row = VenueRow(order_id or f"X{self._named}", name, symbol, side, qty, price)
        self.rows[row.order_id] = row
        return row

    def fill(self, row: VenueRow, qty: int, fill_id: str | None = None) -> FillEvent:
        """Execute a part of an order; positions and money move with it."""
        row.filled += qty
        if row.filled == row.qty:
            row.found = Found.FILLED
        self._named += 1
        name = fill_id or f"E{self._named}"
        fill = FillEvent(
            row.order_id, row.symbol, row.side, 0, 0, T0_NS // 10**6 + self._named, name, "maker"
        )
        fill.qty_e9, fill.price_e9 = qty, row.price
        self.executions.append(fill)
        signed = qty if row.side is BUY else -qty
        self.held[row.symbol] = self.held.get(row.symbol, 0) + signed
        self.money -= signed * row.price
        return fill

    def place_limit(self, req: PlaceOrderRequest) -> PlaceOrderResponse:
        row = self.place(req.client_order_id, req.symbol, req.side, req.qty_e9, req.price_e9)
        return PlaceOrderResponse(True, row.order_id, OrderStatus.OPEN)

    def cancel(self, order_id: str) -> bool:
        row = self.rows.get(order_id)
        if self.deaf or row is None or row.found is not Found.OPEN:
            return False
        row.found = Found.CANCELED
        return True

    def get_open_orders(self, symbol: str | None = None) -> list[OpenOrder]:
        rows = [row.shown() for row in self.rows.values() if row.found is Found.OPEN]
        return [] if self._answers_emptily("orders") else rows

    def get_positions(self) -> list[Position]:
        shown = []
        for symbol, qty in self.held.items():
            position = Position(symbol, 0, 0.0)
            position.qty_e9 = qty
            shown.append(position)
        return [] if self._answers_emptily("positions") else shown

    def stream_fills(self) -> Iterator[FillEvent]:
        while self.stream:
            yield self.stream.pop(0)

    def _answers_emptily(self, question: str) -> bool:
        self.asked.append(question)
        if self.silent.get(question, 0):
            self.silent[question] -= 1
            raise TimeoutError(f"{question} timed out")
        if self.empty.get(question, 0):
            self.empty[question] -= 1
            self.lied = True
            return True
        return False


class Venue(PlainVenue):
    """An exchange that can be asked about one order, its executions and its balances."""

    itemises = True
    tells_fills = False  # with the answer about one order

    def get_order(self, client_order_id: str) -> OrderAnswer:
        if self._answers_emptily("order"):
            return OrderAnswer(Found.UNKNOWN, None)
        for row in self.rows.values():
            if row.name == client_order_id:
                fills = [fill for fill in self.executions if fill.order_id == row.order_id]
                return OrderAnswer(
                    row.found, row.shown(), tuple(fills) if self.tells_fills else ()
                )
        return OrderAnswer(Found.UNKNOWN, None)

    def cancel_client_order(self, client_order_id: str) -> bool:
        self.asked.append(f"cancel {client_order_id}")
        named = [row.order_id for row in self.rows.values() if row.name == client_order_id]
        return any([self.cancel(order_id) for order_id in named])

    def get_fills(self) -> list[FillEvent] | None:
        if not self.itemises:
            return None
        return [] if self._answers_emptily("fills") else list(self.executions)

    def get_balances(self) -> dict[str, int] | None:
        return {} if self._answers_emptily("balances") else {USD: self.money}


class Kept(NamedTuple):
    """An order of the books, with everything that may change."""

    order_id: str | None
    symbol: str
    side: Side
    qty: int
    price: int
    filled: int
    state: OrderState
    changed_ns: int


class Books:
    """Our side: it is told what to do by actions, and refuses what makes no sense."""

    def __init__(self, venue: PlainVenue) -> None:
        self.venue = venue
        self.ns = T0_NS
        self.orders: dict[str, Kept] = {}
        self.fills: dict[str, KnownFill] = {}
        self.positions: dict[str, int] = {}
        self.money: int | None = 0
        self.halted = False
        self.changes = 0
        self._reasons: list[str] = []

    # How the world makes them.

    def order(
        self, name: str, symbol: str, side: Side, qty: int, price: int,
        state: OrderState = PENDING, order_id: str | None = None,
    ) -> None:  # fmt: skip
        self.orders[name] = Kept(order_id, symbol, side, qty, price, 0, state, self.ns)

    def both(
        self, name: str, symbol: str, side: Side, qty: int, price: int
    ) -> VenueRow:
        """An order that rests on both sides."""
        assert isinstance(self.venue, PlainVenue)
        row = self.venue.place(name, symbol, side, qty, price)
        self.order(name, symbol, side, qty, price, OPEN, row.order_id)
        return row

    def book(self, fill: FillEvent) -> None:
        self._fill(str(fill.fill_id), fill.order_id, fill.qty_e9, fill.price_e9)

    def drain(self) -> None:
        for fill in self.venue.stream_fills():
            self.book(fill)

    def now(self) -> int:
        return self.ns

    def age(self, ns: int = 60 * SCALE) -> None:
        self.ns += ns

    # How a reconciliation reads and changes them.

    def state(self, venue: VenueState) -> LocalState:
        orders = tuple(LocalOrder(name, *kept) for name, kept in self.orders.items())
        cash = None if self.money is None else {USD: self.money}
        return LocalState(
            orders, tuple(self.fills.values()), dict(self.positions), cash, self.halted,
            False,
        )  # fmt: skip

    def carry_out(self, actions: tuple[Action, ...]) -> None:
        for action in actions:
            before = self._snapshot()
            self._apply(action)
            self.changes += self._snapshot() != before

    def _snapshot(self) -> object:
        money = (self.money, self.halted)
        return dict(self.orders), dict(self.fills), dict(self.positions), money

    def _apply(self, action: Action) -> None:
        match action:
            case Take(event):
                self._take(event)
            case AdoptOrder(_, order, state):
                self.orders[order.client_order_id] = Kept(
                    order.order_id, order.symbol, order.side, order.qty, order.price, order.filled,
                    state, self.ns,
                )  # fmt: skip
            case AdoptFill(fill):
                self.fills[fill.fill_id] = KnownFill(fill.fill_id, fill.qty, fill.price)
            case AdoptPosition(_, symbol, qty, was):
                assert self.positions.get(symbol, 0) == was
                self.positions[symbol] = qty
            case AdoptBalance(_, _, amount_e18, was):
                assert self.money == was
                self.money = amount_e18
            case Cancel(None, name):
                assert isinstance(self.venue, Venue)
                self.venue.cancel_client_order(name)
            case Cancel(str(order_id), _):
                if self.venue.cancel(order_id):
                    self._end(order_id, CANCELED)
            case _:
                raise AssertionError(f"nobody carries out {action!r}")

    def _take(self, event: object) -> None:
        match event:
            case OrderAccepted(name, order_id, _):
                kept = self.orders[name]
                assert kept.order_id in (None, order_id)
                if kept.state is PENDING:
                    self._put(name, order_id=order_id, state=OPEN)
            case Fill(fill_id, order_id, symbol, side, qty, price, _, _):
                name = self._name(order_id)
                assert (self.orders[name].symbol, self.orders[name].side) == (symbol, side)
                self._fill(fill_id, order_id, qty, price)
            case OrderCanceled(order_id, _):
                self._end(order_id, CANCELED)
            case OrderRejected(name, _, _):
                if self.orders[name].state in (PENDING, OPEN, PARTIALLY_FILLED):
                    bound = self.orders[name].order_id
                    self._put(name, state=CANCELED if bound else REJECTED)
            case FreezeOrdered(reason, None, "reconciliation", _):
                assert not self.halted
                self.halted = True
                self._reasons.append(reason)
            case _:
                raise AssertionError(f"unexpected input {event!r}")

    def _fill(self, fill_id: str, order_id: str, qty: int, price: int) -> None:
        known = KnownFill(fill_id, qty, price)
        if fill_id in self.fills:
            assert self.fills[fill_id] == known
            return
        name = self._name(order_id)
        kept = self.orders[name]
        filled = kept.filled + qty
        assert 0 < filled <= kept.qty
        state = kept.state
        if state in (PENDING, OPEN, PARTIALLY_FILLED):
            state = FILLED if filled == kept.qty else PARTIALLY_FILLED
        self.fills[fill_id] = known
        self._put(name, filled=filled, state=state)
        signed = qty if kept.side is BUY else -qty
        self.positions[kept.symbol] = self.positions.get(kept.symbol, 0) + signed
        if self.money is not None:
            self.money -= signed * price

    def _end(self, order_id: str, state: OrderState) -> None:
        for name, kept in self.orders.items():
            if kept.order_id == order_id and kept.state in (OPEN, PARTIALLY_FILLED):
                self._put(name, state=state)
                return

    def _name(self, order_id: str) -> str:
        found = [name for name, kept in self.orders.items() if kept.order_id == order_id]
        assert len(found) == 1, (order_id, found)
        return found[0]

    def _put(self, name: str, **changed: Any) -> None:
        fields = {**self.orders[name]._asdict(), **changed, "changed_ns": self.ns}
        self.orders[name] = Kept(**fields)


def disagreements(books: Books, venue: PlainVenue) -> list[str]:
    """Where the books and the exchange's own books differ: the independent checker."""
    found = []
    ours = {
        kept.order_id: (kept.symbol, kept.side, kept.qty, kept.price, kept.filled)
        for kept in books.orders.values()
        if kept.state in (PENDING, OPEN, PARTIALLY_FILLED)
    }
    theirs = {
        row.order_id: (row.symbol, row.side, row.qty, row.price, row.filled)
        for row in venue.rows.values()
        if row.found is Found.OPEN
    }
    if ours != theirs:
        found.append(f"orders: {ours} against {theirs}")
    for symbol in sorted({*books.positions, *venue.held}):
        held, said = books.positions.get(symbol, 0), venue.held.get(symbol, 0)
        if held != said:
            found.append(f"position {symbol}: {held} against {said}")
    if isinstance(venue, Venue) and books.money not in (None, venue.money):
        found.append(f"money: {books.money} against {venue.money}")
    return found
