"""What a run has earned, over time: falls from a peak, and samples on a fixed grid.

The grid begins with the first event, where nothing is earned yet; the value at a later instant of
it is that of the last event at or before. A difference between two neighbours is a return on a
fixed capital, so that the capital cancels out of both ratios:

    Sharpe  = mean / standard deviation (sample, n - 1) * sqrt(periods in a year)
    Sortino = mean / sqrt(mean of min(difference, 0) squared, over all n) * sqrt(periods in a year)

No interest is taken off and the target is zero. A time shorter than a period at the end is left
out. Everything is summed exactly, in constant memory.
"""

from __future__ import annotations

from ..core.record import record
from .roots import root_of_ratio, signed_root


@record
class Fall:
    """The deepest fall: from which value, when it was left, the trough, the way back."""

    depth_e18: int
    peak_e18: int
    left_ns: int
    trough_ns: int
    regained_ns: int | None


class EquityCurve:
    """Hears every change of the equity, which begins at zero."""

    def __init__(self, grid_ns: int) -> None:
        assert grid_ns > 0, "a grid has steps"
        self.grid_ns = grid_ns
        self.equity = self.high = self.low = 0
        self.samples = 0
        self.total = self.squares = self.down_squares = 0  # sums over the differences
        self._sampled = 0  # the equity at the last instant of the grid
        self._next_ns = 0
        self._left_ns: int | None = None  # since when it is below its peak
        self._depth = self._trough_ns = 0  # of the fall that goes on
        self._deepest: Fall | None = None
        self._longest_ns = 0

    def begin(self, ts_ns: int) -> None:
        """The first event of the run."""
        self._next_ns = ts_ns + self.grid_ns

    def pass_to(self, ts_ns: int) -> None:
        """Sample every instant before this one: what stands now stood there."""
        if ts_ns <= self._next_ns:
            return
        passed = (ts_ns - 1 - self._next_ns) // self.grid_ns + 1
        self._next_ns += passed * self.grid_ns
        moved, self._sampled = self.equity - self._sampled, self.equity
        self.samples += passed
        self.total += moved
        self.squares += moved * moved
        if moved < 0:
            self.down_squares += moved * moved

    def move(self, by_e18: int, ts_ns: int) -> None:
        """The equity changes now."""
        self.pass_to(ts_ns)
        self.equity = equity = self.equity + by_e18
        if equity >= self.high:
            if self._left_ns is not None:
                self._end_fall(ts_ns, ts_ns)
            self.high = equity
            return
        if equity < self.low:
            self.low = equity
        if self._left_ns is None:
            self._left_ns, self._depth = ts_ns, 0
        depth = self.high - equity
        if depth > self._depth:
            self._depth, self._trough_ns = depth, ts_ns

    def finish(self, ts_ns: int) -> None:
        """The last event of the run; instants up to it are sampled, and a fall goes on no more."""
        self.pass_to(ts_ns + 1)
        if self._left_ns is not None:
            self._end_fall(ts_ns, None)

    @property
    def deepest(self) -> Fall | None:
        """The deepest of the falls that have ended, the first of equal ones."""
        return self._deepest

    @property
    def longest_ns(self) -> int:
        """The longest time below a peak without a break, of the falls that have ended."""
        return self._longest_ns

    def _end_fall(self, ts_ns: int, regained_ns: int | None) -> None:
        left_ns = self._left_ns
        assert left_ns is not None, "a fall ends that has begun"
        self._longest_ns = max(self._longest_ns, ts_ns - left_ns)
        if self._deepest is None or self._depth > self._deepest.depth_e18:
            self._deepest = Fall(self._depth, self.high, left_ns, self._trough_ns, regained_ns)
        self._left_ns = None

    # Ratios; None where they are not defined.

    def deviation_e18(self) -> float | None:
        """The standard deviation of the differences, in units of cash at 10^18."""
        if self.samples < 2:
            return None
        return root_of_ratio(self._spread(), self.samples * (self.samples - 1))

    def sharpe(self, year_ns: int) -> float | None:
        """Annualised; undefined for fewer than two samples, and where nothing varies."""
        count, spread = self.samples, self._spread()
        if count < 2 or not spread:
            return None
        part = self.total * abs(self.total) * (count - 1) * year_ns
        return signed_root(part, count * spread * self.grid_ns)

    def sortino(self, year_ns: int) -> float | None:
        """Annualised; undefined where nothing was ever lost between two samples."""
        if not self.down_squares:
            return None
        part = self.total * abs(self.total) * year_ns
        return signed_root(part, self.samples * self.down_squares * self.grid_ns)

    def _spread(self) -> int:
        """n times the sum of squares less the square of the sum: never below zero."""
        return self.samples * self.squares - self.total * self.total
