"""A value over time in bounded memory: equal slices of time, each with its lowest and highest.

When the time grows beyond what the slices hold, two neighbours become one of twice the width. So
an hour costs as much as a second, and the same values always give the same slices.
"""

from __future__ import annotations

from ..core.clock import NS_PER_MS
from ..core.money import divide_half_even
from ..core.record import record

MOST = 400


@record
class Slice:
    """What a value was between two instants, the second not included."""

    from_ns: int
    until_ns: int
    low: int
    mean: int
    high: int


class _Held:
    """What is held of one slice."""

    __slots__ = ("count", "high", "low", "total")

    def __init__(self, value: int) -> None:
        self.low = self.high = self.total = value
        self.count = 1

    def add(self, value: int) -> None:
        """One more value."""
        self.total += value
        self.count += 1
        if value < self.low:
            self.low = value
        elif value > self.high:
            self.high = value

    def join(self, other: _Held) -> None:
        """All that the next slice has."""
        self.low = min(self.low, other.low)
        self.high = max(self.high, other.high)
        self.total += other.total
        self.count += other.count


class Slices:
    """At most `most` slices, of which those without a value are left out."""

    def __init__(self, most: int = MOST, width_ns: int = NS_PER_MS) -> None:
        assert most > 1, "one slice cannot be joined with another"
        self._most = most
        self._width_ns = width_ns
        self._first_ns: int | None = None
        self._held: dict[int, _Held] = {}  # by place, in the order in which they began

    def add(self, ts_ns: int, value: int) -> None:
        """Take a value in; one that is older than the first belongs to the first slice."""
        if self._first_ns is None:
            self._first_ns = ts_ns
        place = (ts_ns - self._first_ns) // self._width_ns if ts_ns > self._first_ns else 0
        while place >= self._most:
            self._halve()
            place //= 2
        held = self._held.get(place)
        if held is None:
            self._held[place] = _Held(value)
        else:
            held.add(value)

    def slices(self) -> tuple[Slice, ...]:
        """What is held, in the order of time."""
        begin, width = self._first_ns or 0, self._width_ns
        return tuple(
            Slice(
                begin + place * width, begin + (place + 1) * width,
                one.low, divide_half_even(one.total, one.count), one.high,
            )
            for place, one in sorted(self._held.items())
        )  # fmt: skip

    def _halve(self) -> None:
        """Two neighbours become one slice."""
        joined: dict[int, _Held] = {}
        for place, one in sorted(self._held.items()):
            before = joined.setdefault(place // 2, one)
            if before is not one:
                before.join(one)
        self._held = joined
        self._width_ns *= 2
