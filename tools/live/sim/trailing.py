"""Trailing levels: they follow a rising price at their distance and never fall.

The level of a trailing sell stop is the highest price since it came in (its mark) less its
distance. A new high moves every order whose mark is below it, but all of them to the same mark; so
orders are kept in groups of one mark, and a new high merges groups instead of moving orders. In a
group the shortest distance is touched first. A price therefore costs the groups that it merges and
the orders that it touches, each once, and never looks at an order that only waits.

Trailing buy stops follow a falling price; they are kept here with the sign of prices turned. A
distance in basis points is a part of the mark, rounded down, at least one step.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush

from ..core.money import BPS, LARGEST_E9, SCALE
from .trigger_levels import FallingLevels

_UNSEEN = -10 * LARGEST_E9  # the mark of orders that have not seen a price yet
_WHOLE = BPS * SCALE
_FEW = 16

Width = tuple[bool, int]  # whether in basis points, and how many; else a price distance


class TrailingLevels:
    """The levels of one side of one symbol, by order number."""

    def __init__(self) -> None:
        self._orders: dict[int, tuple[Width, _Group]] = {}
        self._groups: list[_Group] = []  # the highest mark first; the last follows the price
        self._tops: list[tuple[int, int, _Group]] = []  # where a group that lags is touched first
        self._pushed = 0
        self._starts = FallingLevels()  # those that stand where they started ...
        self._wakes: list[tuple[int, int]] = []  # ... till the price reaches this mark
        self._asleep: dict[int, tuple[Width, int]] = {}

    def __len__(self) -> int:
        return len(self._orders) + len(self._asleep)

    def add(self, number: int, width: Width, *, price: int | None, start: int | None) -> None:
        """Follow from a price (None: from the first one that comes), or from a first level."""
        if price is not None:
            self._follow(price)
        mark = _UNSEEN if price is None else price
        if start is not None and _level(mark, width) < start:
            self._starts.add(number, start)
            self._sleep(number, width, _mark_of(start, width))
        else:
            self._join(number, width, mark)

    def remove(self, number: int) -> None:
        """Forget a number; one that is not here is no matter."""
        if self._asleep.pop(number, None) is not None:
            self._starts.remove(number)
        elif number in self._orders:
            _, group = self._orders.pop(number)
            group.shrink(self._orders)

    def level(self, number: int) -> int | None:
        """Where an order stands now; None when it is not here or has not seen a price."""
        if number in self._asleep:
            return self._starts.level(number)
        width, group = self._orders.get(number, ((False, 0), None))
        return None if group is None or group.mark == _UNSEEN else _level(group.mark, width)

    def touched(self, price: int) -> list[int]:
        """Follow a price, and take out the numbers whose level it has reached."""
        found = self._starts.touched(price)
        for number in found:
            del self._asleep[number]
        if not (self._groups or self._asleep):
            return found
        self._follow(price)
        if self._groups:
            found += self._groups[-1].touched(price, self._orders)
        tops = self._tops
        while tops and -tops[0][0] >= price:
            _, _, group = heappop(tops)
            if group.live and group is not self._groups[-1]:
                found += group.touched(price, self._orders)
                self._lag(group)
        return found

    def _follow(self, price: int) -> None:
        """Move every mark below a price up to it."""
        groups = self._groups
        if groups and groups[-1].mark < price:
            merged = groups.pop()
            while groups and groups[-1].mark <= price:
                merged = merged.merge(groups.pop(), self._orders)
            merged.mark = price
            groups.append(merged)
        wakes = self._wakes
        while wakes and wakes[0][0] <= price:
            wake, number = heappop(wakes)
            width, due = self._asleep.get(number, ((False, 0), None))
            if due == wake:
                del self._asleep[number]
                self._starts.remove(number)
                self._join(number, width, price)

    def _sleep(self, number: int, width: Width, wake: int) -> None:
        """Stand at the start till the price reaches the mark `wake`."""
        self._asleep[number] = (width, wake)
        heappush(self._wakes, (wake, number))
        if len(self._wakes) > _FEW + 2 * len(self._asleep):
            self._wakes = [(due, other) for other, (_, due) in self._asleep.items()]
            heapify(self._wakes)

    def _join(self, number: int, width: Width, mark: int) -> None:
        """Into the last group, or a new one below it."""
        groups = self._groups
        if groups and groups[-1].mark != mark:
            self._lag(groups[-1])
        if not groups or groups[-1].mark != mark:
            groups.append(_Group(mark))
        groups[-1].add(number, width)
        self._orders[number] = (width, groups[-1])

    def _lag(self, group: _Group) -> None:
        """Note where a group that does not follow the price is touched first."""
        self._note(group)
        if len(self._tops) + len(self._groups) > _FEW + 4 * len(self._orders):
            # Drop groups without orders, and what was noted of groups that follow again.
            self._groups[:] = [group for group in self._groups if group.size]
            self._tops.clear()
            for kept in self._groups:
                self._note(kept)

    def _note(self, group: _Group) -> None:
        top = group.top(self._orders)
        if top is not None:
            self._pushed += 1
            heappush(self._tops, (-top, self._pushed, group))


class _Group:
    """Orders of one mark: by price distance and by basis points, the shortest first."""

    __slots__ = ("mark", "live", "size", "_heaps")

    def __init__(self, mark: int) -> None:
        self.mark = mark
        self.live = True  # not merged into another one
        self.size = 0
        self._heaps: tuple[list[tuple[int, int]], list[tuple[int, int]]] = ([], [])

    def add(self, number: int, width: Width) -> None:
        in_bps, distance = width
        heappush(self._heaps[in_bps], (distance, number))
        self.size += 1

    def shrink(self, orders: _Orders) -> None:
        """One of its orders was taken out; what is left of it in the heaps goes when it is much."""
        self.size -= 1
        if sum(map(len, self._heaps)) > _FEW + 2 * self.size:
            for in_bps, heap in enumerate(self._heaps):
                heap[:] = sorted({row for row in heap if self._holds(orders, bool(in_bps), row)})

    def merge(self, other: _Group, orders: _Orders) -> _Group:
        """The larger of two groups with the orders of both; the other one is dead then."""
        small, large = (self, other) if self._rows() < other._rows() else (other, self)
        for in_bps, heap in enumerate(small._heaps):
            for row in heap:
                if small._holds(orders, bool(in_bps), row):
                    orders[row[1]] = ((bool(in_bps), row[0]), large)
                    large.add(row[1], (bool(in_bps), row[0]))
        small.live = False
        return large

    def top(self, orders: _Orders) -> int | None:
        """The level that is touched first; None without orders."""
        levels = []
        for in_bps, heap in enumerate(self._heaps):
            while heap and not self._holds(orders, bool(in_bps), heap[0]):
                heappop(heap)
            if heap:
                levels.append(_level(self.mark, (bool(in_bps), heap[0][0])))
        return max(levels, default=None)

    def touched(self, price: int, orders: _Orders) -> list[int]:
        """Take out the orders whose level is not below a price."""
        found = []
        for in_bps, heap in enumerate(self._heaps):
            while heap and _level(self.mark, (bool(in_bps), heap[0][0])) >= price:
                row = heappop(heap)
                if self._holds(orders, bool(in_bps), row):
                    del orders[row[1]]
                    self.size -= 1
                    found.append(row[1])
        return found

    def _rows(self) -> int:
        return len(self._heaps[0]) + len(self._heaps[1])

    def _holds(self, orders: _Orders, in_bps: bool, row: tuple[int, int]) -> bool:
        """Whether a row still stands for an order, which may have left or come again."""
        width, group = orders.get(row[1], (None, None))
        return group is self and width == (in_bps, row[0])


_Orders = dict[int, tuple[Width, _Group]]


def _level(mark: int, width: Width) -> int:
    in_bps, distance = width
    return mark - (max(1, abs(mark) * distance // _WHOLE) if in_bps else distance)


def _mark_of(level: int, width: Width) -> int:
    """The lowest mark whose level is not below this one."""
    in_bps, distance = width
    if not in_bps:
        return level + distance
    low, step = level, 1  # the level of a mark is always below it
    while _level(low + step, width) < level:
        low, step = low + step, step * 2
    high = low + step
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _level(middle, width) < level else (low, middle)
    return high
