"""The exchange itself, without the wires to it: what happens to an order at the moment it is there.

`Desk` lives at the time it is told. It admits orders or refuses them, lets them take and rest,
hears the market, and ends what ends. What a client has to learn goes to `Post`; when that arrives
is none of its business.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Protocol

from ..core.clock import NS_PER_MS
from ..core.market_v1 import MarketEvent
from ..core.words_v1 import BUY
from ..exchange import FillEvent, OrderStatus
from .accounts import Accounts
from .admission import Admission
from .due import TIMER, Due, Entry
from .evidence import Execution
from .orders import OrderKind, OrderRequest, TimeInForce, WorkingOrder
from .reducing import Reducing
from .refusals import Refusal, RejectReason
from .register import Register
from .terms import Terms, Venue
from .triggers import Triggers

FOK = TimeInForce.FOK
AT_ONCE = (TimeInForce.IOC, FOK)
_FILLED, _CANCELED = OrderStatus.FILLED, OrderStatus.CANCELED
_PARTIAL = OrderStatus.PARTIALLY_FILLED
_new_fill = FillEvent.__new__


class Post(Protocol):
    """Takes what a client has to learn unasked."""

    def filled(self, fill: FillEvent, now_ns: int) -> None: ...

    def canceled(self, order_id: str, now_ns: int) -> None: ...


class Desk:
    """Orders, markets and accounts of one exchange, at `now_ns`."""

    def __init__(self, terms: Terms, due: Due, post: Post) -> None:
        self.now_ns = 0
        self.terms = terms
        self.register = Register(terms.retain)
        self.accounts = Accounts(terms.cash_e18, terms.currency)
        self.venues: dict[str, Venue] = {}
        self.live = self.register.live
        self._due = due
        self._post = post
        self._fees = terms.fees
        self._triggers = Triggers(terms.trigger_by)
        self._reducing = Reducing(self.accounts, self.venue, self.withdraw)
        self._orders_made = self._fills_made = 0
        self._held: dict[str, WorkingOrder] = {}  # accepted, and not in the market yet
        self._admission = Admission(
            terms, self.register, self._reducing, self.venue, self._held
        )  # fmt: skip
        self._ends: dict[str, Entry] = {}  # when an order expires
        self._entering: deque[WorkingOrder] = deque()

    # What a client asks for.

    def admit(
        self, request: OrderRequest, expires_ns: int | None = None, checked: bool = False
    ) -> WorkingOrder | Refusal:
        """Take an order in, or say why not; it does nothing before it is let `enter`."""
        refusal = self._admission.refusal(request, self.now_ns, expires_ns, checked)
        if refusal is not None:
            if refusal.reason is not RejectReason.DUPLICATE_ID:
                self.register.refuse(request, refusal)
            return refusal
        self._orders_made = number = self._orders_made + 1
        order = WorkingOrder(request, "ORD%06d" % number, number, self.now_ns)
        self.register.open(order)
        return order

    def enter(self, order: WorkingOrder) -> None:
        """Let an admitted order into the market, or to where it waits for it."""
        request = order.request
        if request.time_in_force is not TimeInForce.GTC:
            self._set_end(order)
        self._entering.append(order)
        self._work()

    def cancel(self, order_id: str) -> str | None:
        """End an order because its client wants it; what comes back is why that cannot be."""
        order = self.live.get(order_id)
        if order is None:
            ended = self.register.ended(order_id)
            return "unknown order" if ended is None else ended.status.value.lower()
        self._take_away(order)
        self._end(order, _CANCELED)
        return None

    # What the world does.

    def hear(self, event: MarketEvent) -> None:
        """The market moves: what rests may fill, what waits for a price may come to it."""
        symbol = event.symbol
        venue = self.venues.get(symbol)
        if venue is None:
            venue = self.venue(symbol)
        executions = venue.hear(event)
        if executions:
            self._settle(executions)
        if self._held:
            self._trigger(symbol, venue)
            self._work()

    def timer(self, order: WorkingOrder) -> None:
        """The time of an order has come: it expires."""
        self._ends.pop(order.order_id, None)
        self.withdraw(order)

    def venue(self, symbol: str) -> Venue:
        """The market of a symbol, which begins empty."""
        found = self.venues.get(symbol)
        if found is None:
            found = self.venues[symbol] = self.terms.venue_of(symbol)
        return found

    def withdraw(self, order: WorkingOrder) -> None:
        """End an order without its client's asking, who has to learn of it."""
        self._take_away(order)
        self._drop(order)

    def state(self) -> tuple[object, ...]:
        """All of it, for a hash: values only."""
        return (
            self.now_ns, self._orders_made, self._fills_made, self.register.state(),
            self.accounts.state(),
            tuple((symbol, self.venues[symbol].state()) for symbol in sorted(self.venues)),
            self._triggers.state(), self._reducing.state(), tuple(self._held),
            tuple((name, entry[0]) for name, entry in self._ends.items()),
        )  # fmt: skip

    # An order comes to the market.

    def _work(self) -> None:
        entering = self._entering
        while entering:
            order = entering.popleft()
            if order.order_id in self.live:
                self._enter(order)

    def _enter(self, order: WorkingOrder) -> None:
        venue = self.venue(order.symbol)
        if order.request.kind not in (OrderKind.MARKET, OrderKind.LIMIT) and (
            order.order_id not in self._held
        ):
            self._wait(order, venue)
            return
        self._held.pop(order.order_id, None)
        self._trade(order, venue)

    def _wait(self, order: WorkingOrder, venue: Venue) -> None:
        """Until the market comes to its level, which may be now."""
        order.price = None
        self._held[order.order_id] = order
        self._triggers.add(order, bid=venue.bid, ask=venue.ask, last=venue.last)
        self._trigger(order.symbol, venue)

    def _trigger(self, symbol: str, venue: Venue) -> None:
        found = self._triggers.on_price(symbol, bid=venue.bid, ask=venue.ask, last=venue.last)
        for order in found:
            order.price = order.request.price
            self._entering.append(order)

    def _trade(self, order: WorkingOrder, venue: Venue) -> None:
        """Take what is there, then rest or end."""
        request = order.request
        if request.reduce_only and not self._reducing.may_take(order):
            self._drop(order)
            return
        if request.time_in_force is FOK and venue.fillable(order.side, order.price) < order.leaves:
            self._drop(order)
            return
        executions = venue.take(order)
        if executions:
            self._settle(executions)
        if order.leaves and order.order_id in self.live:
            self._rest(order, venue)
        if self._reducing.resting:
            self._reducing.trim(order.symbol, order.side)

    def _rest(self, order: WorkingOrder, venue: Venue) -> None:
        request = order.request
        if order.price is None or request.time_in_force in AT_ONCE:
            self._drop(order)
        elif request.reduce_only and not self._reducing.may_rest(order):
            self._drop(order)
        else:
            venue.rest(order)

    # What follows from executions.

    def _settle(self, executions: Iterable[Execution]) -> None:
        """Book executions, then see what they end."""
        for execution in executions:
            self._book(execution)
        for execution in executions:
            order = execution.order
            if not order.leaves and order.order_id in self.live:
                if self._reducing.was_cut(order.order_id):
                    self._drop(order)
                else:
                    self._end(order, _FILLED)

    def _book(self, execution: Execution) -> None:
        order, qty, price = execution.order, execution.qty, execution.price
        symbol, side = order.symbol, order.side
        self._fills_made = number = self._fills_made + 1
        fees = self._fees
        fee = None if fees is None else fees.fee_e18(execution, ts_ns=self.now_ns)
        fill = _new_fill(FillEvent)
        fill.order_id = order.order_id
        fill.symbol = symbol
        fill.side = side
        fill.price_e9 = price
        fill.qty_e9 = qty
        fill.timestamp_ms = self.now_ns // NS_PER_MS
        fill.fill_id = "FIL%06d" % number
        fill.liquidity = execution.liquidity
        fill.cum_e9 = None
        order.status = _PARTIAL
        self.accounts.trade(symbol, qty if side is BUY else -qty, price, fee or 0)
        self.register.book(fill)
        self._post.filled(fill, self.now_ns)

    # An order ends.

    def _take_away(self, order: WorkingOrder) -> None:
        """Take it from wherever it is."""
        if self._held.pop(order.order_id, None) is not None:
            self._triggers.remove(order)
        else:
            self.venues[order.symbol].leave(order)

    def _drop(self, order: WorkingOrder) -> None:
        """End an order that is nowhere in the market; its client has to learn of it."""
        self._end(order, _CANCELED)
        self._post.canceled(order.order_id, self.now_ns)

    def _end(self, order: WorkingOrder, status: OrderStatus) -> None:
        order.status = status
        self.register.end(order)
        self._reducing.forget(order.order_id)
        if self._ends:
            entry = self._ends.pop(order.order_id, None)
            if entry is not None:
                self._due.call_off(entry)

    def _set_end(self, order: WorkingOrder) -> None:
        """A day's order ends when the market closes, a dated one when its time has come."""
        request = order.request
        ends_ns = request.expires_ns
        if request.time_in_force is TimeInForce.DAY:
            ends_ns = self.terms.sessions.closes_ns(order.symbol, self.now_ns)
        if ends_ns is not None:
            self._ends[order.order_id] = self._due.put(ends_ns, TIMER, order)
