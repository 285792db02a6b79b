"""What is due and when: the one heap of the simulated exchange.

At one instant the rank decides, then the order in which things were put down. Nothing leaves the
heap in another order, and nothing can be put down before what has left it already.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heapify, heappop, heappush
from typing import Any, TypeAlias

from ..core.errors import InvariantBroken

# Who goes first at one instant.
MARKET, COMMAND, TIMER, QUOTE, ANSWER = range(5)

# When, rank, place in line, and what: the last is None once it was called off.
Entry: TypeAlias = list[Any]

_FEW = 64  # so many that were called off may lie about, whatever else there is


class Due:
    """Actions by (time, rank, seq); one that was called off costs nothing and is never seen.

    `heap` is there to be asked whether there is anything at all; it may hold what was called off.
    """

    def __init__(self) -> None:
        self.heap: list[Entry] = []
        self._seq = 0
        self._dead = 0
        self._past = (0, MARKET)

    def __len__(self) -> int:
        return len(self.heap) - self._dead

    def is_open(self, time_ns: int, rank: int) -> bool:
        """Whether this place is still to come; at an instant whose timers ran it may not be."""
        return (time_ns, rank) >= self._past

    def put(self, time_ns: int, rank: int, action: object) -> Entry:
        """Put an action down for `time_ns`; what comes back calls it off again."""
        if (time_ns, rank) < self._past:
            raise InvariantBroken(f"{action!r} is due at {time_ns}, before {self._past[0]}")
        self._seq += 1
        entry: Entry = [time_ns, rank, self._seq, action]
        heappush(self.heap, entry)
        return entry

    def call_off(self, entry: Entry) -> None:
        """Take an action back that has not left the heap; a second time it changes nothing."""
        if entry[3] is None:
            return
        entry[3] = None
        self._dead += 1
        if self._dead > _FEW and 2 * self._dead > len(self.heap):
            self.heap[:] = [kept for kept in self.heap if kept[3] is not None]
            heapify(self.heap)
            self._dead = 0

    def first(self) -> Entry | None:
        """The next entry, which stays."""
        heap = self.heap
        while heap and heap[0][3] is None:
            heappop(heap)
            self._dead -= 1
        return heap[0] if heap else None

    def take(self) -> Entry:
        """The next entry, which leaves; there must be one."""
        heap = self.heap
        while heap:
            entry = heappop(heap)
            if entry[3] is not None:
                self._past = (entry[0], entry[1])
                taken = [*entry]
                entry[3] = None  # whoever still holds it finds nothing to call off
                return taken
            self._dead -= 1
        raise InvariantBroken("nothing is due")

    def waiting(self) -> Iterator[Entry]:
        """All entries in the order in which they are due."""
        return iter(sorted(entry for entry in self.heap if entry[3] is not None))
