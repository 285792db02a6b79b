"""What a power loss leaves behind: which of the unsynced things had reached storage by then.

Four choices are the corners (nothing, everything, sizes and names without bytes, bytes without
names); every further number is a seeded mixture with rates of its own.
"""

from __future__ import annotations

from random import Random

from tools.live.core.rng import stream

NOTHING, EVERYTHING, GROWN, NAMELESS = range(4)
CORNERS = {NOTHING: (0.0, 0.0, 0.0), EVERYTHING: (1.0, 1.0, 1.0), GROWN: (0.0, 1.0, 1.0),
           NAMELESS: (1.0, 1.0, 0.0)}  # fmt: skip
RATES = (0.1, 0.5, 0.9)


def below(rng: Random, count: int) -> int:
    """A whole number below `count`, by the one method whose sequence never changes."""
    return int(rng.random() * count)


class Choice:
    """Draws for every sector, size and name whether, and how far, it reached storage."""

    def __init__(self, seed: int, number: int) -> None:
        self._rng = stream(seed, f"persist {number}")
        if number in CORNERS:
            self._bytes, self._grow, self._names = CORNERS[number]
        else:
            self._bytes, self._grow, self._names = (
                RATES[below(self._rng, len(RATES))] for _ in range(3)
            )

    def versions(self, count: int) -> int:
        """How many of the writes that touched a sector are in what storage has of it."""
        if self._bytes in (0.0, 1.0):
            return count if self._bytes else 0
        if self._rng.random() < self._bytes:
            return count
        return below(self._rng, count)

    def size(self, stored: int, live: int, grain: int) -> int:
        """A file's size: the stored one, the live one, or a boundary of sectors between them."""
        if self._grow in (0.0, 1.0):
            return live if self._grow else stored
        if self._rng.random() < self._grow:
            return live
        low, high = min(stored, live), max(stored, live)
        steps = high // grain - low // grain
        return max(low, (low // grain + below(self._rng, steps + 1)) * grain)

    def name(self) -> bool:
        """Whether one change of a folder reached storage."""
        if self._names in (0.0, 1.0):
            return bool(self._names)
        return self._rng.random() < self._names
