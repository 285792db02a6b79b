"""`MarketWatch`: the books of every (source, symbol), and whether they may be used.

It hears market events in their order, live or from a journal, and says what the fold has to know:
gaps with their exact range, resyncs, silences. It holds no clock; the time is that of the newest
event, or of `tick`. What it says is derived from the data and the time alone, so of a journal's
facts it takes `FeedLost`; of all others only their time, and finds them again.

A book is usable when all that was heard of its stream is in it. When a gap opens, the book stands
still and later updates wait; it goes on when what is missing arrives late, or at a snapshot that
reaches behind the gap. A symbol of which only quotes are heard is usable from the first one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from ..core import codec
from ..core.market_v1 import (
    Bbo, DepthDiff, DepthSnapshot, FeedLost, FeedStale, GapDetected, MarketEvent, MarketFact,
    ResyncFinished, ResyncStarted,
)  # fmt: skip
from .book import Book
from .gaps import (
    MOST_LEVELS, STALE_NS, Fit, Heard, Missing, Waiting, begins_anew, fit, follows, is_silent,
)  # fmt: skip

Key: TypeAlias = tuple[str, str]  # source and symbol
Facts: TypeAlias = list[MarketFact]

# Why what is held of a symbol is not to be used.
START = "start"  # updates are heard, but the state that they change is not known yet
GAP = "gap"
CROSSED_BOOK = "crossed_book"
STALE = "stale"
LOST = "lost"
OVERFLOW = "overflow"  # more levels waited for a snapshot, or stood in a book, than are kept

_NEVER_NS = 1 << 63


class MarketWatch:
    """Keeps the books; `hear` each event, or `tick` when there is none for a while."""

    def __init__(self, stale_ns: int = STALE_NS, most_levels: int = MOST_LEVELS) -> None:
        self._stale_ns = stale_ns
        self._most_levels = most_levels
        self._feeds: dict[Key, _Feed] = {}
        self._all_fresh_until_ns = _NEVER_NS  # no feed can be stale before; it may be too early

    def hear(self, event: MarketEvent) -> Sequence[MarketFact]:
        """Take one event in; the facts that it shows, in their order."""
        said: Facts = []
        if event.ts_ns > self._all_fresh_until_ns:
            self._tick(event.ts_ns, said)
        listen = _LISTEN.get(type(event))
        if listen is None:
            return said
        feed = self._feeds.get((event.source, event.symbol))
        if feed is None:
            feed = self._feeds[event.source, event.symbol] = _Feed(event, self._most_levels)
        listen(feed, event, said)
        if feed.usable:
            fresh_until_ns = feed.fresh_ns + self._stale_ns
            if fresh_until_ns < self._all_fresh_until_ns:
                self._all_fresh_until_ns = fresh_until_ns
        return said

    def tick(self, ts_ns: int) -> Sequence[MarketFact]:
        """Look for silence at a time at which nothing was heard."""
        said: Facts = []
        self._tick(ts_ns, said)
        return said

    def is_usable(self, source: str, symbol: str) -> bool:
        """Whether what is held of the symbol is the venue's, as far as can be known."""
        feed = self._feeds.get((source, symbol))
        return feed is not None and feed.usable

    def book(self, source: str, symbol: str) -> Book | None:
        """The book, to be read only, and only while it is usable; None when there is none."""
        feed = self._feeds.get((source, symbol))
        return None if feed is None else feed.book

    def keys(self) -> tuple[Key, ...]:
        """Source and symbol of all that was heard of, sorted."""
        return tuple(sorted(self._feeds))

    def copy(self) -> MarketWatch:
        """The same state, going on apart from this one."""
        made = MarketWatch(self._stale_ns, self._most_levels)
        made._feeds = {key: feed.copy() for key, feed in self._feeds.items()}
        made._all_fresh_until_ns = self._all_fresh_until_ns
        return made

    def state_sha256(self) -> str:
        """The hex SHA-256 of all books and of where each stream stands."""
        states = [self._feeds[key].plain() for key in self.keys()]
        return codec.sha256({"kind": "market-watch-v1", "feeds": states})

    def _tick(self, ts_ns: int, said: Facts) -> None:
        usable = [feed for feed in self._feeds.values() if feed.usable]
        for feed in usable:
            if is_silent(feed.fresh_ns, ts_ns, self._stale_ns):
                feed.fall_silent(ts_ns, said)
        fresh_ns = [feed.fresh_ns for feed in usable if feed.usable]
        self._all_fresh_until_ns = min(fresh_ns) + self._stale_ns if fresh_ns else _NEVER_NS


class _Feed:
    """One symbol of one source: its book, what of its stream is in it, and what waits."""

    __slots__ = (
        "book", "fresh_ns", "has_depth", "heard", "last", "most_levels", "source", "symbol",
        "usable", "waiting", "why",
    )  # fmt: skip

    def __init__(self, event: MarketEvent, most_levels: int) -> None:
        self.source = event.source
        self.symbol = event.symbol
        self.book: Book | None = None
        self.last: int | None = None  # the update behind which the book stands
        self.heard: Heard | None = None
        self.most_levels = most_levels
        self.waiting = Waiting(most_levels)
        self.has_depth = False
        self.usable = False
        self.why: str | None = None  # what was said of why it is not usable
        self.fresh_ns = event.ts_ns  # when the newest of what is held was received

    def copy(self) -> _Feed:
        """The same state apart."""
        made: _Feed = object.__new__(_Feed)
        for name in _Feed.__slots__:
            setattr(made, name, getattr(self, name))
        made.book = None if self.book is None else self.book.copy()
        made.heard = None if self.heard is None else self.heard.copy()
        made.waiting = self.waiting.copy()
        return made

    def plain(self) -> dict[str, Any]:
        """All of it as plain data, for a hash."""
        return {
            "source": self.source,
            "symbol": self.symbol,
            "book": None if self.book is None else self.book.state_sha256(),
            "last": self.last,
            "heard": None if self.heard is None else [self.heard.begin, self.heard.end],
            "waiting": self.waiting.plain(),
            "has_depth": self.has_depth,
            "usable": self.usable,
            "why": self.why,
            "fresh_ns": self.fresh_ns,
        }

    def on_bbo(self, quote: Bbo, said: Facts) -> None:
        """A quote counts only where no depth is heard; with depth, the book is what is held."""
        if self.has_depth:
            return
        self.fresh_ns = quote.ts_ns
        if not self.usable:
            self._finish(quote.sequence, quote.ts_ns, said)

    def on_snapshot(self, snapshot: DepthSnapshot, said: Facts) -> None:
        """Begin again from a snapshot, unless it is older than what is held."""
        self._expect_depth(snapshot.ts_ns, said)
        sequence = snapshot.sequence
        if begins_anew(self.source, sequence):
            self._forget()
        elif self.last is not None and sequence is not None and sequence < self.last:
            return
        book = Book()
        book.apply_snapshot(snapshot.bids, snapshot.asks)
        self.book, self.last = book, sequence
        if not self._is_sound(book, snapshot.ts_ns, said):
            return
        self.fresh_ns = snapshot.ts_ns
        if sequence is not None:
            self._say_missing(self._heard_from(sequence).join(sequence), snapshot.ts_ns, said)
        self._go_on(snapshot.ts_ns, said, moved=True)

    def on_diff(self, diff: DepthDiff, said: Facts) -> None:
        """Apply an update that leads on, keep one that is early, pass over one that is old."""
        if not self.usable or not self.has_depth:
            self._expect_depth(diff.ts_ns, said)
            self._wait(diff, said)
            return
        stands = fit(self.last, diff)
        if stands is Fit.NEXT:
            self._apply(diff, said)
        elif stands is Fit.GAP:
            self._wait(diff, said)

    def on_lost(self, lost: FeedLost, said: Facts) -> None:
        """The connection ended: nothing that was held is joined to what comes next."""
        self._forget()
        self._drop(LOST, lost.ts_ns, said)

    def fall_silent(self, ts_ns: int, said: Facts) -> None:
        """Nothing new came for too long; what is held stays, as the next update may join it."""
        said.append(FeedStale(self.symbol, self.source, ts_ns - self.fresh_ns, ts_ns))
        self._stop(STALE, ts_ns, said)

    def _expect_depth(self, ts_ns: int, said: Facts) -> None:
        """From the first depth message on, the book decides; quotes were good enough before."""
        if not self.has_depth:
            self.has_depth = True
            if self.why is None:
                self._stop(START, ts_ns, said)

    def _apply(self, diff: DepthDiff, said: Facts) -> bool:
        assert self.book is not None, "a usable feed with depth has a book"
        self.book.apply(diff.bids, diff.asks)
        if diff.sequence is not None:
            self.last = diff.sequence
            self._heard_from(diff.sequence).join(diff.sequence)
        self.fresh_ns = diff.ts_ns
        return self._is_sound(self.book, diff.ts_ns, said)

    def _is_sound(self, book: Book, ts_ns: int, said: Facts) -> bool:
        """Whether a book may stay; one that may not is dropped."""
        if book.is_crossed:
            self._drop(CROSSED_BOOK, ts_ns, said)
            return False
        if max(book.size()) > self.most_levels:
            self._drop(OVERFLOW, ts_ns, said)
            return False
        return True

    def _wait(self, diff: DepthDiff, said: Facts) -> None:
        """An update while the book is not usable, or the one that shows that it is not."""
        joint = follows(diff)
        if joint is None or diff.sequence is None:
            # Without numbers nothing can be put in order, but a silence can end.
            if self.book is not None and not self.waiting and self._apply(diff, said):
                self._go_on(diff.ts_ns, said, moved=True)
            return
        if fit(self.last, diff) is Fit.OLD:
            return
        missing = self._heard_from(joint).take(joint, diff.sequence)
        self._say_missing(missing, diff.ts_ns, said)
        if self.usable:
            self._stop(GAP, diff.ts_ns, said)
        if self.waiting.add(diff):
            self._go_on(diff.ts_ns, said)
        else:
            self._drop(OVERFLOW, diff.ts_ns, said)

    def _heard_from(self, joint: int) -> Heard:
        """What was heard; of a stream that begins now, nothing behind `joint`."""
        if self.heard is None:
            self.heard = Heard(joint)
        return self.heard

    def _say_missing(self, missing: Missing | None, ts_ns: int, said: Facts) -> None:
        if missing is not None:
            said.append(GapDetected(self.symbol, self.source, *missing, ts_ns))

    def _go_on(self, ts_ns: int, said: Facts, *, moved: bool = False) -> None:
        """Apply what waits as far as it joins; when all that was heard is in, it is usable."""
        if self.book is None:
            return
        for diff in self.waiting.take(self.last):
            if not self._apply(diff, said):
                return
            moved = True
        is_complete = self.heard is None or self.last == self.heard.end
        if moved and is_complete and not self.usable:
            self._finish(self.last, ts_ns, said)

    def _finish(self, sequence: int | None, ts_ns: int, said: Facts) -> None:
        self.usable = True
        if self.why is not None:
            self.why = None
            said.append(ResyncFinished(self.symbol, self.source, sequence, ts_ns))

    def _stop(self, why: str, ts_ns: int, said: Facts) -> None:
        self.usable = False
        self.why = why
        said.append(ResyncStarted(self.symbol, self.source, why, ts_ns))

    def _drop(self, why: str, ts_ns: int, said: Facts) -> None:
        """What is held is no base for anything; only a new snapshot is."""
        self.book = self.last = None
        self.waiting.clear()
        self._stop(why, ts_ns, said)

    def _forget(self) -> None:
        """Numbers heard so far mean nothing for what comes."""
        self.book = self.last = self.heard = None
        self.waiting.clear()


_LISTEN: dict[type[Any], Callable[[_Feed, Any, Facts], None]] = {
    Bbo: _Feed.on_bbo,
    DepthSnapshot: _Feed.on_snapshot,
    DepthDiff: _Feed.on_diff,
    FeedLost: _Feed.on_lost,
}
