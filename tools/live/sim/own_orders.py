"""Our resting orders of one side, in price-time priority, and their places in the queue.

A level knows what others display at its price, and what was traded there since they last said so.
From both it tells what of a reduction no trade explains. Nobody ever comes before us: what joins a
level joins it behind us, and an order never stands before an older one of ours.

Often the book is heard before the trade that changed it (two of five trades in a recording of
futures). What then looked like a cancel is taken back when the trade comes: else the same trade
would bring us forward twice, and fill us with what those before us got.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterator

from ..core.clock import NS_PER_MS
from ..core.market_v1 import MarketData, Trade
from .orders import WorkingOrder
from .queue import QueueModel, ahead_after

# How long after a change of the book its trade may still come, where the venue's own times do not
# tell which was first.
LATE_NS = 100 * NS_PER_MS
MOST_SHRINKS = 32  # at a level; in a busy market those before them have had their trades


class _Shrink:
    """A reduction that no trade has explained so far, and what it took from before our orders."""

    __slots__ = ("heard_ns", "exchange_ns", "gone", "cuts")

    def __init__(self, event: MarketData, gone: int, cuts: dict[int, int]) -> None:
        self.heard_ns = event.ts_ns
        self.exchange_ns = event.exchange_ns
        self.gone = gone
        self.cuts = cuts  # by number of the order

    def may_come_from(self, trade: Trade) -> bool:
        """Whether a trade that is heard now may have made it."""
        if trade.ts_ns - self.heard_ns > LATE_NS:
            return False
        seen_ns, traded_ns = self.exchange_ns, trade.exchange_ns
        return seen_ns is None or traded_ns is None or traded_ns <= seen_ns

    def take_back(self, part: int, places: dict[int, int]) -> None:
        """So much of it was traded: give the orders back what it took from before them."""
        for number, cut in self.cuts.items():
            back = -(-cut * part // self.gone)
            self.cuts[number] = cut - back
            places[number] = places.get(number, 0) + back
        self.gone -= part


class OwnLevel:
    """Our orders at one price, the oldest first; `shown` is what others display there, or None."""

    __slots__ = ("price", "shown", "traded", "orders", "_shrinks")

    def __init__(self, price: int, shown: int | None) -> None:
        self.price = price
        self.shown = shown
        self.traded = 0
        self.orders: dict[int, WorkingOrder] = {}  # by number: in order of joining
        self._shrinks: deque[_Shrink] | None = None  # until there is one; few levels see any

    def on_shown(self, now: int | None, model: QueueModel, event: MarketData) -> None:
        """Others display so much now, or nobody knows.

        A reduction is explained first by trades that were heard since the last change. An equal
        quantity says nothing new: the trade may have come before its trace in the book.
        """
        before = self.shown
        if now == before:
            return
        self.shown = now
        if now is None:
            self.traded = 0
            return
        level = now
        if before is None or now > before:
            self.traded = 0
        else:
            explained = min(self.traded, before - now)
            self.traded = min(self.traded - explained, now)
            level = before - explained
        if level > now:
            self._on_cancel(level, now, model, event)
            return
        for order in self.orders.values():
            if order.ahead > now:
                order.ahead = now

    def _on_cancel(self, level: int, now: int, model: QueueModel, event: MarketData) -> None:
        """No trade explains that only so much of a level is left."""
        oldest = 0
        cuts = {}
        for number, order in self.orders.items():
            before = ahead = order.ahead
            if ahead:
                ahead = ahead_after(model, ahead, level, level - now)
            if ahead < oldest:
                ahead = oldest
            if ahead != before:
                cuts[number] = before - ahead
                order.ahead = ahead
            oldest = ahead
        shrinks, young_ns = self._shrinks, event.ts_ns - LATE_NS
        if shrinks is None:
            shrinks = self._shrinks = deque(maxlen=MOST_SHRINKS)
        while shrinks and shrinks[0].heard_ns < young_ns:
            shrinks.popleft()
        shrinks.append(_Shrink(event, level - now, cuts))

    def on_trade(
        self, trade: Trade, qty: int, lot: int = 1
    ) -> Iterator[tuple[WorkingOrder, int, int]]:
        """What a trade at our price means to each order: the order, its share, its old queue.

        It takes what is before an order, then the order, then what is between it and the next.
        `qty` is what our orders at better prices left of it. A share is whole lots, or all that an
        order shows.
        """
        places = self._explained(trade)
        given = oldest = 0
        for number, order in list(self.orders.items()):
            reach = qty - given
            ahead = oldest = max(oldest, order.ahead + places.get(number, 0))
            order.ahead = min(order.ahead, max(0, ahead - reach))
            share = whole_lots(order.shown, max(0, reach - ahead), lot)
            given += share
            if share:
                yield order, share, ahead

    def _explained(self, trade: Trade) -> dict[int, int]:
        """What the trade explains of earlier reductions, as quantity to be put before our orders.

        The rest of it will explain reductions that are still to come.
        """
        places: dict[int, int] = {}
        left, shrinks = trade.qty, self._shrinks or ()
        for shrink in shrinks:
            if left and shrink.may_come_from(trade):
                part = min(left, shrink.gone)
                shrink.take_back(part, places)
                left -= part
        if left < trade.qty:
            unexplained = [shrink for shrink in shrinks if shrink.gone]
            self._shrinks = deque(unexplained, MOST_SHRINKS)
        self.traded += left
        return places

    def state(self) -> tuple[object, ...]:
        """All of it as values, for a hash."""
        orders = tuple([order.state() for order in self.orders.values()])
        shrinks = tuple([
            (one.heard_ns, one.exchange_ns, one.gone, tuple(one.cuts.items()))
            for one in self._shrinks or ()
        ])  # fmt: skip
        return self.price, self.shown, self.traded, orders, shrinks


def whole_lots(wanted: int, there: int, lot: int) -> int:
    """What an order gets of what is there: all that it wants, else whole lots."""
    return wanted if there >= wanted else there - there % lot


class OwnSide:
    """Our resting orders of one side; `sign` is 1 for buys and -1 for sells.

    `keys` are the prices times `sign` in order, so the last one is the best on either side; the
    levels are kept by key.
    """

    __slots__ = ("keys", "sign", "_levels")

    def __init__(self, sign: int) -> None:
        self.sign = sign
        self.keys: list[int] = []
        self._levels: dict[int, OwnLevel] = {}

    def add(self, order: WorkingOrder, price: int, shown: int | None, unknown: int) -> None:
        """The order joins the end of the queue at its price, where others display so much."""
        ahead = unknown if shown is None else shown
        key = price * self.sign
        level = self._levels.get(key)
        if level is None:
            level = self._levels[key] = OwnLevel(price, shown)
            insort(self.keys, key)
        else:
            level.shown = shown
            ahead = max(ahead, next(reversed(level.orders.values())).ahead)
        order.ahead = ahead
        level.orders[order.number] = order

    def remove(self, order: WorkingOrder) -> None:
        """The order leaves the queue; one that is not in it is our mistake."""
        assert order.price is not None, "an order without a limit rests nowhere"
        key = order.price * self.sign
        orders = self._levels[key].orders
        del orders[order.number]
        if not orders:
            del self._levels[key]
            del self.keys[bisect_left(self.keys, key)]

    def on_touch(
        self, touch: int, shown: int | None, model: QueueModel, event: MarketData
    ) -> None:
        """Others display so much at their best price, and nothing at better ones."""
        edge = touch * self.sign
        for key in reversed(self.keys):
            if key < edge:
                return
            level, now = self._levels[key], shown if key == edge else 0
            if level.shown != now:
                level.on_shown(now, model, event)

    def levels(self) -> list[OwnLevel]:
        """All levels, the best first."""
        return [self._levels[key] for key in reversed(self.keys)]

    def levels_to(self, price: int) -> list[OwnLevel]:
        """The levels at that price and better ones, the best first."""
        keys = self.keys
        first = bisect_left(keys, price * self.sign)
        if first == len(keys) - 1:
            return [self._levels[keys[first]]]
        return [self._levels[key] for key in reversed(keys[first:])]

    def levels_behind(self, price: int) -> list[OwnLevel]:
        """The levels that are worse than that price, the best first."""
        keys = self.keys
        first = bisect_left(keys, price * self.sign)
        return [self._levels[key] for key in reversed(keys[:first])]

    def __iter__(self) -> Iterator[WorkingOrder]:
        """The orders in priority: the best price first, then the oldest."""
        for level in self.levels():
            yield from level.orders.values()

    def state(self) -> tuple[object, ...]:
        """All of it as values, for a hash."""
        return tuple([level.state() for level in self.levels()])
