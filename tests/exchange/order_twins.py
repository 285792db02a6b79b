"""Naive twins of the order types: lists that are scanned, and rules written out as sentences."""

from __future__ import annotations

from fractions import Fraction

from tools.live.sim.orders import OrderKind, WorkingOrder
from tools.live.sim.triggers import TriggerBy

_BPS = 10_000 * 10**9


class NaiveTriggers:
    """Every price looks at every order."""

    def __init__(self, by: TriggerBy) -> None:
        self._by = by
        self._orders: list[WorkingOrder] = []
        self._levels: dict[int, int | None] = {}

    def add(self, order: WorkingOrder, *, bid: int, ask: int, last: int) -> None:
        self._orders.append(order)
        self._levels[order.number] = order.request.stop
        price = self._price(order, bid, ask, last)
        for other in self._orders:  # who comes in tells all trails of its side the price
            same = (other.symbol, other.side) == (order.symbol, order.side)
            if price and same and order.request.kind is OrderKind.TRAILING_STOP:
                self._trail(other, price)

    def remove(self, order: WorkingOrder) -> None:
        self._orders = [other for other in self._orders if other is not order]
        self._levels.pop(order.number, None)

    def on_price(self, symbol: str, *, bid: int, ask: int, last: int) -> list[WorkingOrder]:
        triggered = []
        for order in sorted(self._orders, key=lambda order: order.number):
            price = self._price(order, bid, ask, last)
            if order.symbol != symbol or not price:
                continue
            if self._reached(order, price):
                triggered.append(order)
            else:
                self._trail(order, price)
        for order in triggered:
            self.remove(order)
        return triggered

    def state(self) -> tuple[tuple[int, int | None], ...]:
        return tuple(sorted(self._levels.items()))

    def _price(self, order: WorkingOrder, bid: int, ask: int, last: int) -> int:
        quote = ask if order.is_buy else bid
        middle = (bid + ask) // 2 if bid and ask else 0
        wanted = {TriggerBy.LAST: last, TriggerBy.QUOTE: quote, TriggerBy.MID: middle}[self._by]
        return wanted or quote or last

    def _reached(self, order: WorkingOrder, price: int) -> bool:
        level = self._levels[order.number]
        rises = order.is_buy is not (order.request.kind is OrderKind.MARKET_IF_TOUCHED)
        return level is not None and (price >= level if rises else price <= level)

    def _trail(self, order: WorkingOrder, price: int) -> None:
        request = order.request
        if request.kind is not OrderKind.TRAILING_STOP:
            return
        distance = request.trail
        if request.trail_bps is not None:
            distance = max(1, int(Fraction(price * request.trail_bps, _BPS)))
        assert distance is not None
        held = self._levels[order.number]
        level = price + distance if order.is_buy else price - distance
        tighter = min if order.is_buy else max
        self._levels[order.number] = level if held is None else tighter(level, held)


class NaiveLinks:
    """All legs in a list; after every event everybody's quantity is computed anew."""

    def __init__(self) -> None:
        self.legs: list[NaiveLeg] = []
        self.entries: dict[str, tuple[int, bool]] = {}  # what filled, and whether it is open

    def add(self, order: WorkingOrder, entry_filled: int, entry_open: bool) -> None:
        after = order.request.after
        if after is not None:
            self.entries.setdefault(after, (entry_filled, entry_open))
        leg = NaiveLeg(order)
        leg.sent = 0 if after is not None else order.request.qty
        self.legs.append(leg)
        self._settle()

    def on_fill(self, order: WorkingOrder, qty: int) -> None:
        for leg in self.legs:
            if leg.order is order:
                leg.filled += qty
                group = order.request.one_cancels_other
                if group is not None and order.request.after is None:
                    self._end([other for other in self._group(group) if other is not leg])
        name = order.request.client_order_id
        if name in self.entries:
            filled, is_open = self.entries[name]
            self.entries[name] = (filled + qty, is_open)
        self._settle()

    def on_end(self, order: WorkingOrder, canceled: bool) -> None:
        for leg in [leg for leg in self.legs if leg.order is order and leg.alive]:
            self._end([leg])
            group = order.request.one_cancels_other
            if group is not None and canceled:
                self._end(self._group(group))
        name = order.request.client_order_id
        if name in self.entries:
            self.entries[name] = (self.entries[name][0], False)
        self._settle()

    def live(self) -> dict[int, int]:
        """What works of every order that has not ended."""
        return {leg.order.number: self._live(leg) for leg in self.legs if leg.alive}

    def unit_of(self, leg: NaiveLeg) -> list[NaiveLeg]:
        """The order, or all orders that ever were of its group behind that entry."""
        group, after = leg.order.request.one_cancels_other, leg.order.request.after
        if group is None:
            return [leg]
        terms = [(one, one.order.request) for one in self.legs]
        return [one for one, r in terms if (r.one_cancels_other, r.after) == (group, after)]

    def _group(self, name: str) -> list[NaiveLeg]:
        return [
            leg for leg in self.legs
            if leg.alive and leg.order.request.one_cancels_other == name
        ]  # fmt: skip

    def _live(self, leg: NaiveLeg) -> int:
        if leg.order.request.after is None:
            return leg.sent - leg.filled
        return max(0, leg.sent - self.filled_by(self.unit_of(leg)))

    def filled_by(self, unit: list[NaiveLeg]) -> int:
        return sum(leg.filled for leg in unit)

    def _end(self, legs: list[NaiveLeg]) -> None:
        for leg in legs:
            leg.alive = False

    def _settle(self) -> None:
        """Give what filled of every entry to the oldest that can take it, and end who is done."""
        for name, (filled, is_open) in self.entries.items():
            behind = [leg for leg in self.legs if leg.order.request.after == name]
            units: list[list[NaiveLeg]] = []
            for leg in behind:
                if not any(leg in unit for unit in units):
                    units.append(self.unit_of(leg))
            spare = filled - sum(map(self._given, units))
            for unit in units:
                alive = [leg for leg in unit if leg.alive]
                given = self._given(unit)
                if alive:
                    most = max(leg.order.request.qty for leg in unit)
                    part = min(spare, most - given)
                    spare, given = spare - part, given + part
                for leg in alive:
                    leg.sent = max(leg.sent, min(leg.order.request.qty, given))
                    leg.unit_given = given
            for leg in behind:
                grows = is_open and leg.sent < leg.order.request.qty
                if leg.alive and not self._live(leg) and not grows:
                    self._end([leg])

    def _given(self, unit: list[NaiveLeg]) -> int:
        given = max(leg.unit_given for leg in unit)
        alive = any(leg.alive for leg in unit)
        return given if alive else min(given, self.filled_by(unit))


class NaiveLeg:
    """One order that hangs."""

    def __init__(self, order: WorkingOrder) -> None:
        self.order = order
        self.sent = self.filled = self.unit_given = 0
        self.alive = True
