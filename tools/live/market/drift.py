"""How far the quotes of a venue stand from its own book: measured, never judged.

A venue's depth and its best quote are sampled and merged differently, so they differ in good
health. Each quote is compared with the top of the same book that was received nearest to it, no
further than the window away. Only tops that were heard before the quote are looked at, as live
nobody knows a later one: the same stream gives the same figures live and replayed. A top from
before a gap is never used.

Everything is an integer: prices and their differences at 10^9, times in nanoseconds.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from enum import Enum

from ..core.errors import ContractError
from ..core.market_v1 import Bbo
from ..core.money import divide_half_even, text
from ..core.record import record

PERMILLES = {"p50": 500, "p90": 900, "p99": 990, "p999": 999}


@record
class Terms:
    """What a comparison goes by: the tick, how far away a top may be, and how much is kept.

    The ring holds the latest tops of a book; `keep` is for how many comparisons the percentiles
    are taken, after which the oldest tenth makes room.
    """

    tick: int
    window_ns: int
    ring: int
    keep: int

    def checked(self) -> Terms:
        """The same terms, or a ContractError naming the one that cannot be kept."""
        if self.tick <= 0:
            raise ContractError(f"tick {text(self.tick)} must be above 0")
        for name, value, lowest in (
            ("window_ns", self.window_ns, 0), ("ring", self.ring, 1), ("keep", self.keep, 1),
        ):  # fmt: skip
            if value < lowest:
                raise ContractError(f"{name} {value} must be {lowest} or more")
        return self


class Skipped(str, Enum):
    """Why a quote was compared with nothing."""

    ONE_SIDED = "one_sided"  # the quote lacks its bid or its ask
    NO_BOOK = "no_book"  # no usable top since the beginning, or since the last gap
    OUT_OF_WINDOW = "out_of_window"  # the nearest top is too far away in time


@record
class Drift:
    """One comparison: both tops, their absolute differences, and the time between them."""

    quote: Bbo
    book_bid: int
    book_ask: int
    bid: int
    ask: int
    mid: int
    spread: int
    dt_ns: int

    @property
    def worst(self) -> int:
        """The larger of the differences of bid and ask: what is counted in ticks."""
        return max(self.bid, self.ask)


@record
class Measure:
    """One measured thing: lowest, sum and highest of all, percentiles of what is kept."""

    count: int
    low: int
    total: int
    high: int
    percentiles: tuple[int, ...]  # by the names of PERMILLES

    @property
    def mean(self) -> int:
        """The average, ties to even; 0 of nothing."""
        return divide_half_even(self.total, self.count) if self.count else 0


@record
class DriftFigures:
    """All that a meter found; the histogram counts the worst differences by their edge in ticks.

    An edge is the last number of ticks that still belongs to its bar: 0, 1, 2, 5, 10 and so on.
    """

    quotes: int
    compared: int
    kept: int
    skipped: dict[Skipped, int]
    bid: Measure
    ask: Measure
    mid: Measure
    spread: Measure
    worst: Measure
    dt_ns: Measure
    histogram: tuple[tuple[int, int], ...]


def percentile(ordered: Sequence[int], permille: int) -> int:
    """The value at round((n - 1) * p), half away from zero; 0 of nothing."""
    if not ordered:
        return 0
    return ordered[(2 * (len(ordered) - 1) * permille + 1000) // 2000]


def edge_of(difference: int, tick: int) -> int:
    """The first of 0, 1, 2, 5, 10, 20 ... ticks that is not below a difference."""
    if not difference:
        return 0
    power = 1
    while True:
        for digit in (1, 2, 5):
            if difference <= digit * power * tick:
                return digit * power
        power *= 10


class Tops:
    """The latest tops of one book by the time of their receipt: at most so many, found by time.

    A stamp that goes back is put where it belongs, behind its equals.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._times: list[int] = []
        self._tops: list[tuple[int, int]] = []
        self._first = 0  # what stands before it has left the ring, and is cleared away in bulk

    def add(self, ts_ns: int, bid: int, ask: int) -> None:
        """Take one more top; the earliest leaves when there is no room."""
        times = self._times
        if len(times) == self._first or ts_ns >= times[-1]:
            times.append(ts_ns)
            self._tops.append((bid, ask))
        else:
            place = bisect_right(times, ts_ns, self._first)
            times.insert(place, ts_ns)
            self._tops.insert(place, (bid, ask))
        if len(times) - self._first > self._size:
            self._first += 1
            if self._first > self._size:
                del times[: self._first], self._tops[: self._first]
                self._first = 0

    def clear(self) -> None:
        """Forget all."""
        self._times.clear()
        self._tops.clear()
        self._first = 0

    def nearest(self, ts_ns: int) -> tuple[int, int, int] | None:
        """Time, bid and ask of the top nearest in time; of equally near ones the earliest."""
        times, first = self._times, self._first
        if len(times) == first:
            return None
        place = bisect_left(times, ts_ns, first)
        if place > first:
            before = times[place - 1]
            if place == len(times) or ts_ns - before <= times[place] - ts_ns:
                place = bisect_left(times, before, first)
        bid, ask = self._tops[place]
        return times[place], bid, ask


class DriftMeter:
    """Compares the quotes of one symbol of one source with its book; O(log ring) a quote."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms.checked()
        self._tops = Tops(terms.ring)
        self._skipped = dict.fromkeys(Skipped, 0)
        self._compared = 0
        self._bid, self._ask, self._mid = _Kept(), _Kept(), _Kept()
        self._spread, self._worst, self._dt = _Kept(), _Kept(), _Kept()
        self._histogram: Counter[int] = Counter()

    def book(self, ts_ns: int, bid: int, ask: int) -> None:
        """The top of the book after one of its messages, both sides being there."""
        self._tops.add(ts_ns, bid, ask)

    def forget(self) -> None:
        """What was known of the book holds no longer: a gap, a lost connection, a new beginning."""
        self._tops.clear()

    def compare(self, quote: Bbo) -> Drift | Skipped:
        """Measure one quote against the nearest top, or say why there is none for it."""
        if not quote.bid or not quote.ask:
            return self._skip(Skipped.ONE_SIDED)
        found = self._tops.nearest(quote.ts_ns)
        if found is None:
            return self._skip(Skipped.NO_BOOK)
        if abs(quote.ts_ns - found[0]) > self._terms.window_ns:
            return self._skip(Skipped.OUT_OF_WINDOW)
        return self._measured(quote, *found)

    def _skip(self, why: Skipped) -> Skipped:
        self._skipped[why] += 1
        return why

    def _measured(self, quote: Bbo, ts_ns: int, bid: int, ask: int) -> Drift:
        more, higher = quote.bid - bid, quote.ask - ask
        drift = Drift(
            quote, bid, ask, abs(more), abs(higher), divide_half_even(abs(more + higher), 2),
            abs(higher - more), abs(quote.ts_ns - ts_ns),
        )  # fmt: skip
        if len(self._worst.values) >= self._terms.keep:
            self._make_room()
        self._compared += 1
        self._bid.values.append(drift.bid)
        self._ask.values.append(drift.ask)
        self._mid.values.append(drift.mid)
        self._spread.values.append(drift.spread)
        self._worst.values.append(drift.worst)
        self._dt.values.append(drift.dt_ns)
        return drift

    def _make_room(self) -> None:
        """The oldest go, a tenth and one; of them only the range and the histogram stay."""
        count = self._terms.keep // 10 + 1
        self._histogram.update(self._bars(self._worst.values[:count]))
        for kept in (self._bid, self._ask, self._mid, self._spread, self._worst, self._dt):
            kept.drop(count)

    def _bars(self, worst: Sequence[int]) -> Counter[int]:
        bars: Counter[int] = Counter()
        for difference, count in Counter(worst).items():
            bars[edge_of(difference, self._terms.tick)] += count
        return bars

    def figures(self) -> DriftFigures:
        """What was found until now; asking changes nothing."""
        skipped: int = sum(self._skipped.values())
        bars = self._histogram + self._bars(self._worst.values)
        return DriftFigures(
            quotes=self._compared + skipped,
            compared=self._compared,
            kept=len(self._worst.values),
            skipped=dict(self._skipped),
            bid=self._bid.measure(),
            ask=self._ask.measure(),
            mid=self._mid.measure(),
            spread=self._spread.measure(),
            worst=self._worst.measure(),
            dt_ns=self._dt.measure(),
            histogram=tuple(sorted(bars.items())),
        )


class _Kept:
    """The kept values of one measured thing, and the range of those that had to go."""

    def __init__(self) -> None:
        self.values: list[int] = []
        self._gone = 0
        self._low = 0
        self._high = 0
        self._total = 0

    def drop(self, count: int) -> None:
        """Let the oldest go."""
        oldest = self.values[:count]
        self._low, self._total, self._high = self._range(oldest)
        self._gone += len(oldest)
        del self.values[:count]

    def measure(self) -> Measure:
        """Everything ever taken in, and percentiles of what is kept."""
        low, total, high = self._range(self.values)
        ordered = sorted(self.values)
        places = tuple(percentile(ordered, permille) for permille in PERMILLES.values())
        return Measure(self._gone + len(ordered), low, total, high, places)

    def _range(self, values: Sequence[int]) -> tuple[int, int, int]:
        """Lowest, sum and highest of these and of what is gone."""
        if not values:
            return self._low, self._total, self._high
        low, high = min(values), max(values)
        total: int = sum(values)
        if self._gone:
            low, high = min(self._low, low), max(self._high, high)
        return low, self._total + total, high
