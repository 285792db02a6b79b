"""How well a feed lives: latency, rate, silence and gaps of one symbol of one source.

The receiver's clock is not the venue's, so receive time less exchange time is a latency plus an
offset of clocks that nobody knows. The smallest difference of the last minute is taken for the
offset, as if the fastest message had taken no time at all; what is told as latency is the delay
beyond it. A minute is long enough to hold a fast message, and too short for two clocks that drift
apart to look slow (50 millionths make 3 ms). A delay that is the same for a whole minute cannot
be told from an offset, and is told as one.

It lives by the times of its events alone. The last minute is counted in slices of a second.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from enum import Enum

from ..core.clock import NS_PER_MS, NS_PER_S
from ..core.market_v1 import DepthDiff, MarketData
from ..core.record import record

WINDOW_S = 60
SAMPLES = 1000
STALE_NS = 5 * NS_PER_S
HIGH_LATENCY_NS = 100 * NS_PER_MS
LOW_RATE = 1  # messages a second
GAP_RATE_PERCENT = 10


class Issue(str, Enum):
    """What is wrong with a feed, in the order in which it is told."""

    FEED_STALE = "feed_stale"
    HIGH_LATENCY = "high_latency"
    LOW_MESSAGE_RATE = "low_message_rate"
    EXCESSIVE_GAPS = "excessive_gaps"


_TENTHS = {
    Issue.FEED_STALE: 4, Issue.HIGH_LATENCY: 2, Issue.LOW_MESSAGE_RATE: 2, Issue.EXCESSIVE_GAPS: 2,
}  # fmt: skip


@record
class Latency:
    """The offset of the clocks, and delays beyond it at three percentiles of the samples."""

    samples: int
    offset_ns: int
    p50_ns: int
    p95_ns: int
    p99_ns: int


@record
class HealthFigures:
    """A feed at one instant; `latency` is None when its venue does not say when things happened.

    `messages` were heard within `span_ns`, at most a minute; `gaps` of its `diffs` came after
    updates that are missing.
    """

    messages: int
    span_ns: int
    silent_ns: int
    diffs: int
    gaps: int
    latency: Latency | None
    issues: tuple[Issue, ...]

    @property
    def is_healthy(self) -> bool:
        """Whether nothing is wrong."""
        return not self.issues

    @property
    def score_tenths(self) -> int:
        """10 for a healthy feed; silence costs 4, every other issue 2."""
        cost: int = sum(int(_TENTHS[issue]) for issue in self.issues)
        return 10 - cost


class _Slice:
    """What was heard within one second."""

    __slots__ = ("diffs", "gaps", "messages", "second")

    def __init__(self, second: int) -> None:
        self.second = second
        self.messages = 0
        self.diffs = 0
        self.gaps = 0


class Health:
    """Follows one symbol of one source: O(1) amortised a message, O(SAMPLES) a question."""

    def __init__(self) -> None:
        self._first_ns: int | None = None
        self._now_ns = 0
        self._slices: deque[_Slice] = deque()
        self._samples: deque[tuple[int, int]] = deque(maxlen=SAMPLES)
        # The least difference from a second on: each is less than those behind it.
        self._least: deque[tuple[int, int]] = deque()

    def hear(self, event: MarketData) -> None:
        """A message of the feed; a stamp that goes back counts as the latest one before it."""
        now = self._slice(event.ts_ns)
        now.messages += 1
        if isinstance(event, DepthDiff):
            now.diffs += 1
        if event.exchange_ns is not None:
            self._sample(now.second, event.ts_ns - event.exchange_ns)

    def gap(self, ts_ns: int) -> None:
        """Updates are missing before the message of this time."""
        self._slice(ts_ns).gaps += 1

    def at(self, now_ns: int) -> HealthFigures:
        """The feed at an instant, which is not before its last message; asking changes nothing."""
        now_ns = max(now_ns, self._now_ns)
        oldest = _oldest(now_ns // NS_PER_S)
        slices = [one for one in self._slices if one.second >= oldest]
        messages: int = sum(one.messages for one in slices)
        diffs: int = sum(one.diffs for one in slices)
        gaps: int = sum(one.gaps for one in slices)
        begin = max(oldest * NS_PER_S, now_ns if self._first_ns is None else self._first_ns)
        span = max(now_ns - begin, NS_PER_S)  # a single message has none
        silent = now_ns - self._now_ns
        latency = self._latency(oldest)
        issues = _issues(silent, latency, messages * NS_PER_S < LOW_RATE * span, diffs, gaps)
        return HealthFigures(messages, span, silent, diffs, gaps, latency, issues)

    def _slice(self, ts_ns: int) -> _Slice:
        """The slice of now; when it is a new one, what is older than a minute leaves."""
        if self._first_ns is None:
            self._first_ns = self._now_ns = ts_ns
        elif ts_ns > self._now_ns:
            self._now_ns = ts_ns
        second = self._now_ns // NS_PER_S
        slices = self._slices
        if not slices or slices[-1].second != second:
            slices.append(_Slice(second))
            while slices[0].second < _oldest(second):
                slices.popleft()
            while self._least and self._least[0][0] < _oldest(second):
                self._least.popleft()
        return slices[-1]

    def _sample(self, second: int, difference: int) -> None:
        self._samples.append((second, difference))
        least = self._least
        while least and least[-1][1] >= difference:
            least.pop()
        if not least or least[-1][0] != second:
            least.append((second, difference))

    def _latency(self, oldest: int) -> Latency | None:
        ordered = sorted(difference for second, difference in self._samples if second >= oldest)
        if not ordered:
            return None
        offset = next(difference for second, difference in self._least if second >= oldest)
        p50, p95, p99 = (nearest_rank(ordered, percent) - offset for percent in (50, 95, 99))
        return Latency(len(ordered), offset, p50, p95, p99)


def _oldest(second: int) -> int:
    """The first second of the minute that ends with this one."""
    return second - WINDOW_S + 1


def nearest_rank(ordered: Sequence[int], percent: int) -> int:
    """The value at rank ceil(n * p) of what is not empty."""
    return ordered[-(-len(ordered) * percent // 100) - 1]


def _issues(
    silent_ns: int, latency: Latency | None, is_slow: bool, diffs: int, gaps: int
) -> tuple[Issue, ...]:
    is_stale = silent_ns > STALE_NS
    found = {
        Issue.FEED_STALE: is_stale,
        Issue.HIGH_LATENCY: latency is not None and latency.p99_ns > HIGH_LATENCY_NS,
        Issue.LOW_MESSAGE_RATE: is_slow and not is_stale,
        Issue.EXCESSIVE_GAPS: gaps * 100 > GAP_RATE_PERCENT * diffs,
    }
    return tuple(issue for issue, is_there in found.items() if is_there)
