"""Levels that wait for a price to fall to them, found without looking at those that still wait.

A heap gives the highest level first. Levels that wait for a rise are kept here with the sign
turned, so there is one direction only. What was removed stays in the heap till it comes to the top,
or till such entries are the greater part of it.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush

_FEW = 16  # a heap this small is not worth tidying


class FallingLevels:
    """One level for each order number; a price touches all levels that are not below it."""

    __slots__ = ("_heap", "_levels")

    def __init__(self) -> None:
        self._heap: list[tuple[int, int]] = []  # level with the sign turned, number
        self._levels: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._levels)

    def add(self, number: int, level: int) -> None:
        self._levels[number] = level
        heappush(self._heap, (-level, number))

    def remove(self, number: int) -> None:
        """Forget a number; one that is not here is no matter."""
        if self._levels.pop(number, None) is None:
            return
        if len(self._heap) > _FEW + 2 * len(self._levels):
            self._heap = [(-level, number) for number, level in self._levels.items()]
            heapify(self._heap)

    def level(self, number: int) -> int | None:
        return self._levels.get(number)

    def touched(self, price: int) -> list[int]:
        """Take out the numbers whose level the price has reached."""
        heap, levels = self._heap, self._levels
        found = []
        while heap and -heap[0][0] >= price:
            level, number = heappop(heap)
            if levels.get(number) == -level:
                del levels[number]
                found.append(number)
        return found
