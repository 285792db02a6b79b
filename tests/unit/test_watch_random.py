"""Random streams, lost, doubled, out of order and cut, against a venue that remembers everything.

Whatever arrives: a usable book is the venue's book behind the newest update that was heard, no
range is reported of which anything had arrived, none twice, and a fresh snapshot mends it all.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest

from tests.unit import prop
from tests.unit.market_builders import SECOND_NS, SPOT, SYMBOL, USDM, a_diff, a_snapshot
from tests.unit.naive_book import NaiveBook
from tools.live.core.market_v1 import (
    DepthDiff, DepthSnapshot, FeedLost, GapDetected, Levels, MarketEvent,
)  # fmt: skip
from tools.live.market.gaps import follows
from tools.live.market.watch import MarketWatch

LENGTH = 60


class Venue:
    """Makes a stream, and keeps the book behind every update."""

    def __init__(self, rng: Random, source: str) -> None:
        self.rng = rng
        self.source = source
        self.books: dict[int, NaiveBook] = {}
        self.diffs: list[DepthDiff] = []
        book, last = NaiveBook(), rng.randint(0, 50)
        self.books[last] = book
        for _ in range(LENGTH):
            hole = rng.randint(0, 3) if source == USDM else 0
            first, final = last + 1 + hole, last + 1 + hole + rng.choice((0, 0, 1, 4))
            changed = [(rng.randint(1, 50), rng.randint(60, 99), final)]
            changed += [(rng.randint(1, 50), rng.randint(60, 99), rng.randint(0, 9))]
            bids = tuple({bid: qty for bid, _, qty in changed}.items())
            asks = tuple({ask: qty for _, ask, qty in changed}.items())
            for number in range(last + 1, final):
                self.books[number] = self._between(book, bids, asks, number >= first)
            book = book.copy()
            book.apply(bids, asks)
            self.books[final] = book
            previous = last if source == USDM else None
            self.diffs.append(a_diff(first, final, previous, bids=bids, asks=asks, source=source))
            last = final

    def _between(self, book: NaiveBook, bids: Levels, asks: Levels, inside: bool) -> NaiveBook:
        """Behind an update that no message ends at: in a hole nothing has changed, inside a
        message some of its prices have, and not yet to their last quantity."""
        rng, book = self.rng, book.copy()
        if inside:
            for side, levels in ((book.bids, bids), (book.asks, asks)):
                side |= {price: rng.randint(1, 9) for price, _ in levels if rng.random() < 0.5}
        return book

    def snapshot(self, number: int) -> DepthSnapshot:
        """What a request is answered with."""
        number = min(max(number, min(self.books)), max(self.books))
        bids, asks = self.books[number].top(100)
        return a_snapshot(number, bids, asks, source=self.source)

    def perturbed(self) -> list[MarketEvent]:
        """The stream as it arrives: some parts of what can go wrong happen to it."""
        rng = self.rng
        wrong = prop.some_of(rng, ("drop", "double", "swap", "delay", "lose", "wait"))
        arriving: list[MarketEvent] = list(self.diffs)
        for _ in range(rng.randint(1, 5)):
            self._harm(arriving, rng.choice(wrong))
        for _ in range(rng.randint(1, 4)):
            place = rng.randrange(len(arriving) + 1)
            newest = max([0, *(e.sequence for e in arriving[:place] if isinstance(e, DepthDiff))])
            arriving.insert(place, self.snapshot(newest + rng.randint(-12, 6)))
        return _timed(arriving, rng, "wait" in wrong)

    def _harm(self, arriving: list[MarketEvent], how: str) -> None:
        rng = self.rng
        place = rng.randrange(len(arriving) - 1)
        if how == "drop":
            del arriving[place : place + rng.randint(1, 3)]
        elif how == "double":
            arriving.insert(place + rng.randint(0, 6), arriving[place])
        elif how == "swap":
            arriving[place], arriving[place + 1] = arriving[place + 1], arriving[place]
        elif how == "delay":
            arriving.insert(place + rng.randint(1, 6), arriving.pop(place))
        elif how == "lose":
            arriving.insert(place, FeedLost(SYMBOL, self.source, "", 1))


def _timed(arriving: list[MarketEvent], rng: Random, waits: bool) -> list[MarketEvent]:
    now_ns = 1
    made = []
    for event in arriving:
        now_ns += rng.randint(0, SECOND_NS // 10)
        if waits and rng.random() < 0.05:
            now_ns += 6 * SECOND_NS
        values = {name: getattr(event, name) for name in type(event).__match_args__}
        made.append(type(event)(**{**values, "ts_ns": now_ns}))
    return made


@pytest.mark.parametrize("source", [SPOT, USDM])
@pytest.mark.parametrize("seed", range(100))
def test_a_usable_book_is_the_venues(seed: int, source: str) -> None:
    venue = Venue(prop.chance(seed), source)
    prop.hold(lambda stream: _check(venue, stream), venue.perturbed())


def _check(venue: Venue, stream: Sequence[MarketEvent]) -> None:
    watch = MarketWatch()
    newest, arrived, reported = -1, set(), set()
    for event in stream:
        if isinstance(event, FeedLost):
            newest, arrived, reported = -1, set(), set()
        for fact in watch.hear(event):
            if isinstance(fact, GapDetected):
                missing = set(range(fact.first_missing, fact.last_missing + 1))
                assert missing and not missing & arrived, "it had arrived"
                assert not missing & reported, "reported twice"
                reported |= missing
        if isinstance(event, DepthDiff):
            joint = follows(event)
            assert joint is not None and event.sequence is not None
            arrived |= set(range(joint + 1, event.sequence + 1))
        if not isinstance(event, FeedLost):
            newest = max(newest, event.sequence or 0)
        _is_true_if_usable(venue, watch, newest)
        watch, before = watch.copy(), watch
        assert watch.state_sha256() == before.state_sha256()
    now_ns = stream[-1].ts_ns if stream else 0
    last = max(venue.books)
    watch.hear(a_snapshot(last, *venue.books[last].top(100), source=venue.source, ts_ns=now_ns))
    assert watch.is_usable(venue.source, SYMBOL)
    _is_true_if_usable(venue, watch, last)


def _is_true_if_usable(venue: Venue, watch: MarketWatch, newest: int) -> None:
    if watch.is_usable(venue.source, SYMBOL):
        book = watch.book(venue.source, SYMBOL)
        assert book is not None
        assert book.state_sha256() == venue.books[newest].state_sha256()
