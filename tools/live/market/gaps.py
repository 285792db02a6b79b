"""Continuity: which update may follow which, what is missing, and what is too old or too silent.

A stream of depth updates is buffered first and joined to a snapshot then. One rule serves every
venue, because the contract holds what they tell: a diff carries all that changed after the update
that it `follows`, up to its `sequence`, and its quantities are absolute. So a diff may be applied
to every state from the one on to the other, an overlap is no gap, and what lies between the last
update that was heard and the one that a diff follows did not reach us.

- Binance spot: `first` (U) counts without holes, so a diff follows first - 1; the documented rule
  U <= last + 1 <= u is this one.
- Binance USD-M: the numbers have holes, so a diff names what it follows as `previous` (pu). After a
  snapshot the documented rule U <= last <= u is the special case that the snapshot stands inside
  the diff; one that stands exactly at pu, or in the hole behind it, fits as well.
- Bybit: the number alone, one more than the one before. Its snapshots come in the stream, and one
  that counts from 1 again is a restart of the service: they always begin anew.
- Feeds without numbers (Coinbase): order of arrival is all there is, so only silence tells.

The seq of our own journal is a matter of the journal.
"""

from __future__ import annotations

from bisect import insort
from enum import Enum

from ..core.clock import NS_PER_MS, NS_PER_S
from ..core.market_v1 import DepthDiff

STALE_NS = 5 * NS_PER_S
MOST_LEVELS = 200_000  # on a side of a book, and among the updates that wait with their messages
TIME_GAP_NS = 100 * NS_PER_MS
_MOST_TIME_GAPS = 3
_FULL_REBUILD = 100
_STREAM_SNAPSHOTS = ("bybit-",)

Missing = tuple[int, int]  # the first and the last update that did not reach us


class Fit(Enum):
    """How a diff stands to what is held."""

    OLD = "old"  # all of it is held already
    NEXT = "next"
    GAP = "gap"


def follows(diff: DepthDiff) -> int | None:
    """The update from which on a diff holds every change; None when the venue does not number."""
    if diff.previous is not None:
        return diff.previous
    if diff.first is not None:
        return diff.first - 1
    return None if diff.sequence is None else diff.sequence - 1


def fit(last: int | None, diff: DepthDiff) -> Fit:
    """How a diff stands to a state behind the update `last`; without numbers it is the next."""
    if last is None or diff.sequence is None:
        return Fit.NEXT
    if diff.sequence <= last:
        return Fit.OLD
    joint = follows(diff)
    return Fit.GAP if joint is not None and joint > last else Fit.NEXT


def begins_anew(source: str, sequence: int | None) -> bool:
    """Whether a snapshot counts whatever its number is: it came in the stream, in its place."""
    return sequence is None or source.startswith(_STREAM_SNAPSHOTS)


def is_silent(heard_ns: int, now_ns: int, limit_ns: int = STALE_NS) -> bool:
    """Whether so much time has passed since something was received that it may be old."""
    return now_ns - heard_ns > limit_ns


class Heard:
    """The span of updates that were heard or are known to be missing: `begin` to `end`."""

    __slots__ = ("begin", "end")

    def __init__(self, joint: int) -> None:
        self.begin = joint
        self.end = joint

    def take(self, joint: int, sequence: int) -> Missing | None:
        """Widen the span by the updates after `joint` to `sequence`; what is missing between."""
        missing = (self.end + 1, joint) if joint > self.end else self.join(sequence)
        self.begin = min(self.begin, joint)
        self.end = max(self.end, sequence)
        return missing

    def join(self, sequence: int) -> Missing | None:
        """Widen the span by a state behind `sequence`: what it lacks, if it ends before the span.

        One that stands beyond the span holds all that was not heard before it.
        """
        missing = (sequence + 1, self.begin) if sequence < self.begin else None
        self.begin = min(self.begin, sequence)
        self.end = max(self.end, sequence)
        return missing

    def copy(self) -> Heard:
        """The same span apart."""
        made = Heard(self.begin)
        made.end = self.end
        return made


class Waiting:
    """Diffs that wait for what comes before them, in the order of their numbers; bounded."""

    __slots__ = ("_diffs", "_limit", "_weight")

    def __init__(self, limit: int = MOST_LEVELS) -> None:
        self._diffs: list[DepthDiff] = []
        self._limit = limit
        self._weight = 0

    def __len__(self) -> int:
        return len(self._diffs)

    def add(self, diff: DepthDiff) -> bool:
        """Keep one more; False, and nothing is kept any more, when it does not fit."""
        self._weight += _weight(diff)
        if self._weight > self._limit:
            self.clear()
            return False
        insort(self._diffs, diff, key=_sequence)
        return True

    def take(self, last: int | None) -> list[DepthDiff]:
        """Those that lead on from a state behind `last`, in order; they and the old ones leave."""
        taken = []
        place = 0
        for diff in self._diffs:
            stands = fit(last, diff)
            if stands is Fit.GAP:
                break
            place += 1
            self._weight -= _weight(diff)
            if stands is Fit.NEXT:
                taken.append(diff)
                last = _sequence(diff)
        del self._diffs[:place]
        return taken

    def clear(self) -> None:
        """Let all go."""
        self._diffs = []
        self._weight = 0

    def copy(self) -> Waiting:
        """The same diffs, waiting apart."""
        made = Waiting(self._limit)
        made._diffs = self._diffs.copy()
        made._weight = self._weight
        return made

    def plain(self) -> list[list[object]]:
        """What waits as plain data, for a hash."""
        return [[d.first, d.sequence, d.previous, d.bids, d.asks] for d in self._diffs]


class Advice(str, Enum):
    """What to do about a feed that loses updates."""

    RECONNECT = "Reconnect"
    FULL_REBUILD = "FullRebuild"
    INCREMENTAL_REFRESH = "IncrementalRefresh"


def time_gaps(before: int, silent_ns: int) -> int:
    """How many pauses in a row were too long, after one more."""
    return before + 1 if silent_ns > TIME_GAP_NS else 0


def advice(missing: int, time_gaps_in_a_row: int) -> Advice | None:
    """What seed 001 does: a line that pauses again and again first, then by what is missing.

    A gap that closed by itself has nothing missing and needs nothing.
    """
    if time_gaps_in_a_row > _MOST_TIME_GAPS:
        return Advice.RECONNECT
    if missing <= 0:
        return None
    return Advice.FULL_REBUILD if missing >= _FULL_REBUILD else Advice.INCREMENTAL_REFRESH


def _sequence(diff: DepthDiff) -> int:
    assert diff.sequence is not None, "only numbered diffs wait"
    return diff.sequence


def _weight(diff: DepthDiff) -> int:
    return 1 + len(diff.bids) + len(diff.asks)
