"""The pit of an exchange that hears whole bars: what it does otherwise than that of a book.

It makes the markets, keeps in them who waits for a level, as a bar alone tells whether that was
reached, and ends what a bar leaves over: orders for one bar, and reduce-only ones without a
position. All that follows from fills and ends is the pit's.
"""

from __future__ import annotations

from collections import deque
from typing import Protocol, cast

from ..core.clock import EventClock
from ..core.market_v1 import MarketEvent
from ..core.words_v1 import BUY, SELL
from .accounts import Accounts
from .bar import Bar, Happens
from .bar_venue import BarVenue, stays
from .bars import BarRules
from .iceberg import slice_of
from .orders import TimeInForce, WorkingOrder
from .reducing import Reducing
from .self_trade import crossing, resolve
from .terms import Terms


class Floor(Protocol):
    """What is needed of the pit."""

    @property
    def held(self) -> dict[str, WorkingOrder]: ...

    @property
    def reducing(self) -> Reducing: ...

    def hear(self, event: MarketEvent) -> None: ...

    def work(self) -> None: ...

    def withdraw(self, order: WorkingOrder) -> None: ...


class BarPit:
    """The markets of bars of one exchange; it stands where `Triggers` stands elsewhere."""

    def __init__(
        self, terms: Terms, rules: BarRules, clock: EventClock, accounts: Accounts, floor: Floor
    ) -> None:
        self._self_trade = terms.self_trade
        self._rules = rules
        self._clock = clock
        self._accounts = accounts
        self._floor = floor
        self._lot_of = terms.lot_of
        self._venues: dict[str, BarVenue] = {}
        self._under_way: deque[int] = deque()  # when each request was sent; none overtakes another
        self._sent_ns: int | None = None  # that of the request that has just come

    def venue(self, symbol: str) -> BarVenue:
        """The market of a symbol, which begins empty."""
        found = self._venues.get(symbol)
        if found is None:
            found = self._venues[symbol] = BarVenue(
                symbol, self._rules, self._now, self._accounts.position, self._triggered,
                self._lot_of(symbol),
            )  # fmt: skip
        return found

    def hear(self, event: Happens) -> None:
        """A bar is over; nothing else is heard here."""
        if event.__class__ is not Bar:
            return
        floor, venue = self._floor, self.venue(event.symbol)
        floor.hear(cast(MarketEvent, event))  # which hands it on to the venue, and no other
        for order in venue.spent():
            if venue.holds(order):
                floor.withdraw(order)
        self._hold_to_positions(venue)
        floor.work()

    def trade(self, order: WorkingOrder) -> None:
        """Let an order wait for the next bar, or end where it may not."""
        request, venue, floor = order.request, self.venue(order.symbol), self._floor
        is_whole = request.time_in_force is TimeInForce.FOK
        prevention = resolve(self._self_trade, crossing(venue, order))
        meets = prevention.take_at_most is not None  # before anything else: nothing is on offer
        if request.reduce_only:
            reduces, whole = floor.reducing.may_take(order), order.qty == request.qty
            if not reduces or (is_whole and not whole):
                floor.withdraw(order)
                return
        if not (is_whole and meets):
            for other in prevention.cancel:
                floor.withdraw(other)
        if meets:
            floor.withdraw(order)
            return
        order.shown = slice_of(order)
        venue.rest(order)
        if request.reduce_only and stays(order):
            floor.reducing.resting[order.order_id] = order
        floor.reducing.trim(order.symbol, order.side)

    # Requests on their way.

    def request_leaves(self, sent_ns: int) -> None:
        """A client sends a request."""
        self._under_way.append(sent_ns)

    def request_comes(self) -> None:
        """It is there; what is done now is done because of it."""
        self._sent_ns = self._under_way.popleft()

    def request_is_done(self) -> None:
        """What is done from now on is not."""
        self._sent_ns = None

    # What the pit asks of `Triggers`.

    def add(self, order: WorkingOrder, *, bid: int = 0, ask: int = 0, last: int = 0) -> None:
        """Wait for the order's level."""
        self.venue(order.symbol).wait(order)

    def remove(self, order: WorkingOrder) -> None:
        """Wait no more; an order that does not wait is no matter."""
        self.venue(order.symbol).wait_no_more(order)

    def on_price(self, symbol: str, *, bid: int, ask: int, last: int) -> list[WorkingOrder]:
        """No price triggers anything: a bar has done that, and the order is in its market."""
        return []

    def state(self) -> tuple[object, ...]:
        """When what is under way was sent; who waits stands in the markets."""
        return tuple(self._under_way)

    def _hold_to_positions(self, venue: BarVenue) -> None:
        """Cut reduce-only orders to what the bar left of the position, or end them."""
        floor = self._floor
        reducing = floor.reducing
        for order in [*venue.passing(), *venue.reached]:
            if not order.request.reduce_only or not venue.holds(order):
                continue
            if not reducing.may_take(order):
                floor.withdraw(order)
                continue
            order.shown = slice_of(order)
            if stays(order):
                reducing.resting[order.order_id] = order
        for side in (BUY, SELL):
            reducing.trim(venue.symbol, side)

    def _now(self) -> tuple[int, int | None]:
        """The time here, and at the client's end when it sent what is being done."""
        return self._clock.ns, self._sent_ns

    def _triggered(self, order: WorkingOrder) -> None:
        del self._floor.held[order.order_id]
