"""Our resting orders of one side, in price-time priority, and their places in the queue.

A level knows what others display at its price, and what was traded there since they last said so.
From both it tells what of a reduction no trade explains. Nobody ever comes before us: what joins a
level joins it behind us, and an order never stands before an older one of ours.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator

from .orders import WorkingOrder
from .queue import QueueModel, ahead_after


class OwnLevel:
    """Our orders at one price, the oldest first; `shown` is what others display there, or None."""

    __slots__ = ("price", "shown", "traded", "orders")

    def __init__(self, price: int, shown: int | None) -> None:
        self.price = price
        self.shown = shown
        self.traded = 0
        self.orders: dict[int, WorkingOrder] = {}  # by number: in order of joining

    def on_shown(self, now: int | None, model: QueueModel) -> None:
        """Others display so much now, or nobody knows.

        A reduction is explained first by trades that were heard since the last change. An equal
        quantity says nothing new: the trade may have come before its trace in the book.
        """
        before = self.shown
        if now == before:
            return
        self.shown = now
        if before is None or now is None or now > before:
            self.traded = 0
            before = None
        if now is None:
            return
        gone = level = 0
        if before is not None:
            explained = min(self.traded, before - now)
            self.traded = min(self.traded - explained, now)
            level = before - explained
            gone = level - now
        oldest = 0
        for order in self.orders.values():
            ahead = min(order.ahead, now)
            if gone:
                ahead = ahead_after(model, order.ahead, level, gone)
            order.ahead = oldest = max(ahead, oldest)

    def pass_trade(self, qty: int) -> Iterator[tuple[WorkingOrder, int, int]]:
        """What a trade at our price means to each order: the order, its share, its old queue.

        It takes what is before an order, then the order, then what is between it and the next.
        """
        given = 0
        for order in list(self.orders.values()):
            ahead = order.ahead
            reach = qty - given
            order.ahead = max(0, ahead - reach)
            share = min(order.shown, max(0, reach - ahead))
            given += share
            if share:
                yield order, share, ahead

    def state(self) -> tuple[object, ...]:
        """All of it as values, for a hash."""
        orders = tuple([order.state() for order in self.orders.values()])
        return self.price, self.shown, self.traded, orders


class OwnSide:
    """Our resting orders of one side; `sign` is 1 for buys and -1 for sells.

    `keys` are the prices times `sign` in order, so the last one is the best on either side.
    """

    __slots__ = ("keys", "sign", "_levels")

    def __init__(self, sign: int) -> None:
        self.sign = sign
        self.keys: list[int] = []
        self._levels: dict[int, OwnLevel] = {}

    def add(self, order: WorkingOrder, price: int, shown: int | None, unknown: int) -> None:
        """The order joins the end of the queue at its price, where others display so much."""
        ahead = unknown if shown is None else shown
        level = self._levels.get(price)
        if level is None:
            level = self._levels[price] = OwnLevel(price, shown)
            insort(self.keys, price * self.sign)
        else:
            level.shown = shown
            ahead = max(ahead, next(reversed(level.orders.values())).ahead)
        order.ahead = ahead
        level.orders[order.number] = order

    def remove(self, order: WorkingOrder) -> None:
        """The order leaves the queue; one that is not in it is our mistake."""
        assert order.price is not None, "an order without a limit rests nowhere"
        level = self._levels[order.price]
        del level.orders[order.number]
        if not level.orders:
            del self._levels[order.price]
            key = order.price * self.sign
            del self.keys[bisect_left(self.keys, key)]

    def levels(self) -> list[OwnLevel]:
        """All levels, the best first."""
        return [self._levels[key * self.sign] for key in reversed(self.keys)]

    def levels_to(self, price: int) -> list[OwnLevel]:
        """The levels at that price and better ones, the best first."""
        keys = self.keys
        first = bisect_left(keys, price * self.sign)
        return [self._levels[key * self.sign] for key in reversed(keys[first:])]

    def levels_behind(self, price: int) -> list[OwnLevel]:
        """The levels that are worse than that price, the best first."""
        keys = self.keys
        first = bisect_left(keys, price * self.sign)
        return [self._levels[key * self.sign] for key in reversed(keys[:first])]

    def __iter__(self) -> Iterator[WorkingOrder]:
        """The orders in priority: the best price first, then the oldest."""
        for level in self.levels():
            yield from level.orders.values()

    def state(self) -> tuple[object, ...]:
        """All of it as values, for a hash."""
        return tuple([level.state() for level in self.levels()])
