"""The pit of an exchange that hears whole bars: what it does otherwise than that of a book.

It makes the markets, keeps in them who waits for a level, as a bar alone tells whether that was
reached, and ends what a bar leaves over: orders for one bar, and reduce-only ones without a
position. All that follows from fills and ends is the pit's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from ..core.clock import EventClock
from ..core.words_v1 import BUY, SELL
from .accounts import Accounts
from .bar import Bar, Happens
from .bar_venue import BarVenue, stays
from .bars import BarRules
from .iceberg import slice_of
from .orders import WorkingOrder
from .reducing import Reducing


class Floor(Protocol):
    """What is needed of the pit."""

    @property
    def held(self) -> dict[str, WorkingOrder]: ...

    @property
    def reducing(self) -> Reducing: ...

    def hear(self, event: Happens) -> None: ...

    def work(self) -> None: ...

    def withdraw(self, order: WorkingOrder) -> None: ...


class BarPit:
    """The markets of bars of one exchange; it stands where `Triggers` stands elsewhere."""

    def __init__(
        self,
        rules: BarRules,
        clock: EventClock,
        accounts: Accounts,
        floor: Floor,
        lot_of: Callable[[str], int],
    ) -> None:
        self._rules = rules
        self._clock = clock
        self._accounts = accounts
        self._floor = floor
        self._lot_of = lot_of
        self._venues: dict[str, BarVenue] = {}
        self.sent_ns: int | None = None  # at its client's end: the request that has just come

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
        floor.hear(event)
        for order in venue.spent():
            if venue.holds(order):
                floor.withdraw(order)
        self._hold_to_positions(venue)
        floor.work()

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
        """Nothing of its own: who waits stands in the markets."""
        return ()

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
        return self._clock.ns, self.sent_ns

    def _triggered(self, order: WorkingOrder) -> None:
        del self._floor.held[order.order_id]
