"""The pit: how an order comes to the market, what trades there, and how it ends.

An order takes what is there and rests, or waits for its price, its hour, or another order first.
Whatever follows from that happens in the same moment: one order's fill may send or cancel others.
What a client has to learn goes to `Post`; when that arrives is none of its business.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from copy import deepcopy
from typing import Protocol

from ..core.clock import NS_PER_MS, EventClock
from ..core.contracts_v1 import FundingPaid
from ..core.market_v1 import MarketEvent
from ..core.words_v1 import BUY
from ..exchange import FillEvent, OrderStatus
from .accounts import Accounts
from .due import TIMER, Due, Entry
from .evidence import Execution
from .funding import Funding
from .iceberg import show_next, slice_of
from .orders import OrderKind, SelfTrade, TimeInForce, WorkingOrder
from .reducing import Reducing
from .register import Register
from .self_trade import crossing, resolve
from .session import ALWAYS_OPEN
from .terms import Terms, Venue
from .triggers import Triggers

GTC, FOK = TimeInForce.GTC, TimeInForce.FOK
AT_ONCE = (TimeInForce.IOC, FOK)
AT_MARKET = (OrderKind.MARKET, OrderKind.LIMIT)
EXPIRES, OPENS, FUNDS = "expires", "opens", "funds"
_FILLED, _CANCELED = OrderStatus.FILLED, OrderStatus.CANCELED
_PARTIAL = OrderStatus.PARTIALLY_FILLED
_new_fill = FillEvent.__new__


class Post(Protocol):
    """Takes what a client has to learn unasked."""

    def filled(self, fill: FillEvent, now_ns: int) -> None: ...

    def canceled(self, order_id: str, now_ns: int) -> None: ...

    def funded(self, paid: FundingPaid, now_ns: int) -> None: ...


class Pit:
    """Every market of an exchange with the orders in it, or on their way to it, at `clock`."""

    def __init__(
        self,
        terms: Terms,
        clock: EventClock,
        register: Register,
        accounts: Accounts,
        due: Due,
        post: Post,
    ) -> None:
        self.terms = terms
        self.venues: dict[str, Venue] = {}
        self.held: dict[str, WorkingOrder] = {}  # accepted, and not in the market yet
        self.reducing = Reducing(accounts, self.venue, self.withdraw)
        self.triggers = Triggers(terms.trigger_by)
        self._clock = clock
        self._register = register
        self._live = register.live
        self._accounts = accounts
        self._due = due
        self._post = post
        self._fees = deepcopy(terms.fees)  # what they remember is of this life
        self._funding: Funding | None = None  # until the market has said what time it is
        self._full = terms.liquidity.full
        self._prevents = terms.self_trade is not SelfTrade.ALLOW
        self._always_open = terms.sessions is ALWAYS_OPEN
        self._fills_made = 0
        self._ends: dict[str, Entry] = {}  # when an order expires
        self._entering: deque[WorkingOrder] = deque()

    def enter(self, order: WorkingOrder) -> None:
        """Let an admitted order into the market, or to where it waits for it."""
        request = order.request
        if request.time_in_force is not GTC:
            self._set_end(order)
        if not self._always_open and self._waits_for_open(order):
            return
        self._entering.append(order)
        self.work()

    def hear(self, event: MarketEvent) -> None:
        """The market moves: what rests may fill, what waits for a price may come to it."""
        symbol = event.symbol
        venue = self.venues.get(symbol)
        if venue is None:
            venue = self.venue(symbol)
            if self._funding is not self.terms.funding:
                self._funding = self.terms.funding
                self._fund_later()
        executions = venue.hear(event)
        if executions:
            self._settle(executions)
            for execution in executions:
                if show_next(execution.order):
                    venue.leave(execution.order)
                    venue.rest(execution.order)
        if self.held:
            self._trigger(symbol, venue)
            self.work()

    def timer(self, verb: str, order: WorkingOrder | None = None) -> None:
        """The time of an order has come: it expires, or its market opens; or that of funding."""
        if order is None:
            self._fund()
        elif verb == EXPIRES:
            self._ends.pop(order.order_id, None)
            self.withdraw(order)
        elif order.order_id in self.held:
            del self.held[order.order_id]
            self._entering.append(order)
            self.work()

    def venue(self, symbol: str) -> Venue:
        """The market of a symbol, which begins empty."""
        found = self.venues.get(symbol)
        if found is None:
            found = self.venues[symbol] = self.terms.venue_of(symbol)
        return found

    def withdraw(self, order: WorkingOrder) -> None:
        """End an order without its client's asking, who has to learn of it."""
        self.take_away(order)
        self._drop(order)

    def state(self) -> tuple[object, ...]:
        """All of it, for a hash: values only."""
        return (
            self._fills_made, tuple((name, self.venues[name].state()) for name in sorted(self.venues)),
            self.triggers.state(), self.reducing.state(), tuple(self.held),
            tuple((name, entry[0]) for name, entry in self._ends.items()),
        )  # fmt: skip

    # Funding.

    def _fund_later(self) -> None:
        assert self._funding is not None
        self._due.put(self._funding.next_ns(self._clock.ns), TIMER, (FUNDS,))

    def _fund(self) -> None:
        """Let every position pay or be paid, at the middle of its market, or else its last price."""
        funding, now_ns = self._funding, self._clock.ns
        assert funding is not None
        for symbol, venue in self.venues.items():
            mark = (venue.bid + venue.ask) // 2 if venue.bid and venue.ask else venue.last
            paid = funding.payment(symbol, self._accounts.position(symbol), mark, now_ns)
            if paid is not None:
                self._accounts.pay(-paid.amount_e18)
                self._post.funded(paid, now_ns)
        self._fund_later()

    # To the market.

    def work(self) -> None:
        """Let in who stands at the door, and who comes to it because of that."""
        entering = self._entering
        while entering:
            order = entering.popleft()
            if order.order_id in self._live:
                venue = self.venue(order.symbol)
                known = self.held.pop(order.order_id, None)
                if order.request.kind in AT_MARKET or known is not None:
                    self.trade(order, venue)
                else:
                    self.wait(order, venue)

    def _waits_for_open(self, order: WorkingOrder) -> bool:
        """Whether an order is kept till its market opens."""
        opens_ns = self.terms.sessions.opens_ns(order.symbol, self._clock.ns)
        if opens_ns is None or opens_ns <= self._clock.ns:
            return False
        self.held[order.order_id] = order
        self._due.put(opens_ns, TIMER, (OPENS, order))
        return True

    def wait(self, order: WorkingOrder, venue: Venue) -> None:
        """Until the market comes to its level, which may be now."""
        order.price = None
        self.held[order.order_id] = order
        self.triggers.add(order, bid=venue.bid, ask=venue.ask, last=venue.last)
        self._trigger(order.symbol, venue)

    def _trigger(self, symbol: str, venue: Venue) -> None:
        found = self.triggers.on_price(symbol, bid=venue.bid, ask=venue.ask, last=venue.last)
        for order in found:
            order.price = order.request.price
            self._entering.append(order)

    def trade(self, order: WorkingOrder, venue: Venue) -> None:
        """Take what is there, then rest or end."""
        request, price, force = order.request, order.price, order.request.time_in_force
        crosses = price is None or self._full or venue.crosses(order.side, price)
        if (
            (request.post_only and crosses and not self._full)
            or (request.reduce_only and not self.reducing.may_take(order))
            or (force is FOK and venue.fillable(order.side, price) < order.leaves)
        ):
            self._drop(order)
            return
        if crosses:
            self._take(order, venue)
        if order.leaves and order.order_id in self._live:
            if price is None or force in AT_ONCE:
                self._drop(order)
            elif request.reduce_only and not self.reducing.may_rest(order):
                self._drop(order)
            else:
                order.shown = slice_of(order)
                venue.rest(order)
        if self.reducing.resting:
            self.reducing.trim(order.symbol, order.side)

    def _take(self, order: WorkingOrder, venue: Venue) -> None:
        """Take what others offer; what would meet an order of ours does not, unless it may."""
        kept_back = 0
        if self._prevents:
            prevention = resolve(self.terms.self_trade, crossing(venue, order))
            for other in prevention.cancel:
                self.withdraw(other)
            if prevention.take_at_most is not None:
                kept_back = order.leaves - prevention.take_at_most
        order.leaves -= kept_back
        executions = venue.take(order) if order.leaves else []
        order.leaves += kept_back
        if executions:
            self._settle(executions)
        if kept_back and order.order_id in self._live:
            self._drop(order)

    # What follows from executions.

    def _settle(self, executions: Iterable[Execution]) -> None:
        """Book executions, then see what they end."""
        for execution in executions:
            self._book(execution)
        for execution in executions:
            order = execution.order
            if not order.leaves and order.order_id in self._live:
                if self.reducing.was_cut(order.order_id):
                    self._drop(order)
                else:
                    self.end(order, _FILLED)

    def _book(self, execution: Execution) -> None:
        order, qty, price = execution.order, execution.qty, execution.price
        symbol, side = order.symbol, order.side
        self._fills_made = number = self._fills_made + 1
        fees = self._fees
        fee = None if fees is None else fees.fee_e18(execution, ts_ns=self._clock.ns)
        fill = _new_fill(FillEvent)
        fill.order_id = order.order_id
        fill.symbol = symbol
        fill.side = side
        fill.price_e9 = price
        fill.qty_e9 = qty
        fill.timestamp_ms = self._clock.ns // NS_PER_MS
        fill.fill_id = "FIL%06d" % number
        fill.liquidity = execution.liquidity
        fill.cum_e9 = None
        fill.fee_e18 = fee
        fill.why = execution.why.sentence()
        order.status = _PARTIAL
        self._accounts.trade(symbol, qty if side is BUY else -qty, price, fee or 0)
        self._register.book(fill)
        self._post.filled(fill, self._clock.ns)

    # An order ends.

    def take_away(self, order: WorkingOrder) -> None:
        """Take it from wherever it is."""
        if self.held.pop(order.order_id, None) is not None:
            self.triggers.remove(order)
        else:
            self.venues[order.symbol].leave(order)

    def _drop(self, order: WorkingOrder) -> None:
        """End an order that is nowhere in the market; its client has to learn of it."""
        self.end(order, _CANCELED)
        self._post.canceled(order.order_id, self._clock.ns)

    def end(self, order: WorkingOrder, status: OrderStatus) -> None:
        order.status = status
        self._register.end(order)
        self.reducing.forget(order.order_id)
        if self._ends:
            entry = self._ends.pop(order.order_id, None)
            if entry is not None:
                self._due.call_off(entry)

    def _set_end(self, order: WorkingOrder) -> None:
        """A day's order ends when the market closes, a dated one when its time has come."""
        request = order.request
        ends_ns = request.expires_ns
        if request.time_in_force is TimeInForce.DAY:
            ends_ns = self.terms.sessions.closes_ns(order.symbol, self._clock.ns)
        if ends_ns is not None:
            self._ends[order.order_id] = self._due.put(ends_ns, TIMER, (EXPIRES, order))
