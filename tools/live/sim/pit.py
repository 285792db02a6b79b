"""The pit: how an order comes to the market, what trades there, and how it ends.

An order takes what is there and rests, or waits for its price, its hour, or another order first.
Whatever follows from that happens in the same moment: one order's fill may send or cancel others.
What a client has to learn goes to `Post`; when that arrives is none of its business.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Protocol

from ..core.clock import NS_PER_MS, EventClock
from ..core.contracts_v1 import FundingPaid
from ..core.market_v1 import MarketEvent
from ..core.words_v1 import BUY
from ..exchange import FillEvent, OrderStatus
from .accounts import Accounts
from .bar_pit import BarPit
from .bars import BarRules
from .due import TIMER, Due, Entry
from .evidence import Execution
from .funding import Funding
from .iceberg import show_next, slice_of
from .linking import Linking
from .orders import AT_MARKET, OrderKind, SelfTrade, TimeInForce, WorkingOrder
from .reducing import Reducing
from .register import Register
from .self_trade import crossing, resolve
from .session import ALWAYS_OPEN
from .terms import Terms, Venue
from .triggers import Triggers

LIMIT = OrderKind.LIMIT
GTC, FOK = TimeInForce.GTC, TimeInForce.FOK
AT_ONCE = (TimeInForce.IOC, FOK)
EXPIRES, OPENS, FUNDS = "expires", "opens", "funds"
_FILLED, _CANCELED = OrderStatus.FILLED, OrderStatus.CANCELED
_new_fill = FillEvent.__new__
_PARTIAL = OrderStatus.PARTIALLY_FILLED


class Post(Protocol):
    """Takes what a client has to learn unasked."""

    def filled(self, fill: FillEvent, now_ns: int) -> None: ...

    def canceled(self, order_id: str, now_ns: int) -> None: ...

    def funded(self, paid: FundingPaid, now_ns: int) -> None: ...


class Pit:
    """Every market of an exchange with the orders in it, or on their way to it, at `clock`.

    `witness` is shown every execution, with its reason, at the moment at which it is booked.
    """

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
        self.bars: BarPit | None = None
        if isinstance(terms.bars, BarRules):
            self.bars = BarPit(terms, terms.bars, clock, accounts, self)
        self.triggers = Triggers(terms.trigger_by) if self.bars is None else self.bars
        self.linking = Linking(self, register)
        self._clock = clock
        self._register = register
        self._live = register.live
        self._accounts = accounts
        self._due = due
        self._post = post
        self._fees = None if terms.fees is None else terms.fees()
        self._explains = terms.explain and not terms.liquidity.full
        self._funding: Funding | None = None  # until the market has said what time it is
        self._full = terms.liquidity.full
        self._prevents = terms.self_trade is not SelfTrade.ALLOW
        self._always_open = terms.sessions is ALWAYS_OPEN
        self.witness: Callable[[Execution, int], None] | None = None
        self._fills_made = 0
        self._ends: dict[str, Entry] = {}  # when an order expires
        self._entering: deque[tuple[WorkingOrder, bool]] = deque()  # and whether triggered

    def enter(self, order: WorkingOrder) -> None:
        """Let an admitted order into the market, or to where it waits for it."""
        if order.is_plain and self._always_open:
            self.trade(order, self.venues.get(order.symbol) or self.venue(order.symbol))
        else:
            self._enter_by_kind(order)
        if self._entering:
            self.work()

    def _enter_by_kind(self, order: WorkingOrder) -> None:
        """What ends, is linked, or waits for a price or an hour needs more than a market."""
        request = order.request
        if request.time_in_force is not GTC:
            self._set_end(order)
        linked = request.after is not None or request.one_cancels_other is not None
        if request.kind is LIMIT and not linked and self._always_open:
            self.trade(order, self.venue(order.symbol))
        elif not linked or self.linking.hang_up(order):
            self.let_in(order, False)

    def let_in(self, order: WorkingOrder, triggered: bool) -> None:
        """Put an order at the door; one that has triggered waits for no price again."""
        self.held[order.order_id] = order
        self._entering.append((order, triggered))

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
                order = execution.order
                if order.leaves and show_next(order) and order.order_id in self._live:
                    venue.leave(order)
                    venue.rest(order)
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
            self.let_in(order, False)
            self.work()

    def venue(self, symbol: str) -> Venue:
        """The market of a symbol, which begins empty."""
        found = self.venues.get(symbol)
        if found is None:
            bars = self.bars
            found = self.terms.venue_of(symbol) if bars is None else bars.venue(symbol)
            self.venues[symbol] = found
        return found

    def withdraw(self, order: WorkingOrder) -> None:
        """End an order without its client's asking, who has to learn of it."""
        self.take_away(order)
        self._drop(order)

    def state(self) -> tuple[object, ...]:
        """All of it, for a hash: values only."""
        return (
            self._fills_made,
            tuple((name, self.venues[name].state()) for name in sorted(self.venues)),
            () if self._fees is None else self._fees.state(), self.triggers.state(),
            self.reducing.state(), self.linking.state(), tuple(self.held),
            tuple((name, entry[0]) for name, entry in self._ends.items()),
        )  # fmt: skip

    # Funding.

    def _fund_later(self) -> None:
        assert self._funding is not None
        self._due.put(self._funding.next_ns(self._clock.ns), TIMER, (FUNDS,))

    def _fund(self) -> None:
        """Let every position pay or be paid, at the middle of its market, or its last price."""
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
            order, triggered = entering.popleft()
            if not order.leaves or self.held.pop(order.order_id, None) is None:
                continue  # it is sent for nothing again, or has ended at the door
            venue = self.venue(order.symbol)
            if triggered or order.request.kind in AT_MARKET:
                if self._always_open or not self._waits_for_open(order):
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
            self.let_in(order, True)

    def trade(self, order: WorkingOrder, venue: Venue) -> None:
        """Take what is there, then rest or end; where only bars are heard, wait for the next."""
        if self.bars is not None:
            self.bars.trade(order)
            return
        price = order.price
        crosses = price is None or self._full or venue.crosses(order.side, price)
        if self._prevents and not crosses:
            crosses = crossing(venue, order) is not None
        if order.is_plain and not crosses:
            order.shown = order.leaves
            venue.rest(order)
        elif self._may_not_trade(order, venue, crosses):
            self._drop(order)
            return
        else:
            if crosses:
                self._take(order, venue)
            if order.leaves and order.order_id in self._live:
                self._rest_or_end(order, venue)
        if self.reducing.resting:
            self.reducing.trim(order.symbol, order.side)

    def _may_not_trade(self, order: WorkingOrder, venue: Venue, crosses: bool) -> bool:
        """Whether an order ends here because of what its client does not want of it."""
        if order.is_plain:
            return False
        request = order.request
        return (
            (request.post_only and crosses and not self._full)
            or (request.reduce_only and not self.reducing.may_take(order))
            or (request.time_in_force is FOK and not self._fills_whole(order, venue))
        )

    def _rest_or_end(self, order: WorkingOrder, venue: Venue) -> None:
        """What is left of an order that has taken what there was."""
        request = order.request
        if order.price is None or request.time_in_force in AT_ONCE:
            self._drop(order)
            return
        order.shown = slice_of(order)
        venue.rest(order)
        if request.reduce_only:
            self.reducing.resting[order.order_id] = order

    def _fills_whole(self, order: WorkingOrder, venue: Venue) -> bool:
        """Whether all of an order can be had now: cut to a position it is not whole any more."""
        if order.request.reduce_only and order.qty < order.request.qty:
            return False
        if self._prevents:
            prevention = resolve(self.terms.self_trade, crossing(venue, order))
            if prevention.take_at_most is not None and prevention.take_at_most < order.leaves:
                return False
        return venue.fillable(order.side, order.price) >= order.leaves

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
        linking = self.linking
        if linking.any:
            for execution in linking.settled(executions):
                self._book(execution)
                linking.on_fill(execution.order, execution.qty)
                self._finish(execution.order)
            return
        for execution in executions:
            self._book(execution)
        for execution in executions:
            if not execution.order.leaves:
                self._finish(execution.order)

    def _finish(self, order: WorkingOrder) -> None:
        """End an order of which nothing is left; one in force for less than was asked is canceled.

        Its client waits for the rest of it, and must not.
        """
        if order.leaves or order.order_id not in self._live:
            return
        if self.linking.any and self.linking.goes_on(order):
            return
        if order.is_plain or order.qty >= order.request.qty:
            self.end(order, _FILLED)
        else:
            self._drop(order)

    def _book(self, execution: Execution) -> None:
        order, qty, price = execution.order, execution.qty, execution.price
        symbol, side = order.symbol, order.side
        self._fills_made = number = self._fills_made + 1
        fees, now_ns = self._fees, self._clock.ns
        fee = None if fees is None else fees.fee_e18(execution, ts_ns=now_ns)
        fill = _new_fill(FillEvent)
        fill.order_id = order.order_id
        fill.symbol = symbol
        fill.side = side
        fill.price_e9 = price
        fill.qty_e9 = qty
        fill.timestamp_ms = now_ns // NS_PER_MS
        fill.fill_id = "FIL%06d" % number
        fill.liquidity = execution.liquidity
        fill.cum_e9 = None
        fill.fee_e18 = fee
        fill.told = execution.why if self._explains else ""
        order.status = _PARTIAL
        self._accounts.trade(symbol, qty if side is BUY else -qty, price, fee or 0)
        self._register.book(fill)
        if self.witness is not None:
            self.witness(execution, now_ns)
        self._post.filled(fill, now_ns)

    # An order ends.

    def unhook(self, order: WorkingOrder) -> None:
        """It waits for no price any more."""
        self.triggers.remove(order)

    def take_away(self, order: WorkingOrder) -> None:
        """Take it from wherever it is."""
        if self.held and self.held.pop(order.order_id, None) is not None:
            self.triggers.remove(order)
        else:
            self.venues[order.symbol].leave(order)

    def _drop(self, order: WorkingOrder) -> None:
        """End an order that is nowhere in the market; its client has to learn of it."""
        self.end(order, _CANCELED)
        self._post.canceled(order.order_id, self._clock.ns)

    def end(self, order: WorkingOrder, status: OrderStatus, *, asked: bool = False) -> None:
        """Close an order's account; `asked` when its client canceled it."""
        order.status = status
        self._register.end(order)
        if self.reducing.resting:
            self.reducing.forget(order.order_id)
        if self.linking.any:
            self.linking.on_end(order, asked)
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
