"""Books of real recordings: the truth at any instant, the venue's own best, and one hash a run."""

from __future__ import annotations

from bisect import bisect_right
from heapq import nlargest, nsmallest

import pytest

from tests.market import captures, recordings, slow_wire
from tests.market.recordings import SOURCES, SYMBOL
from tests.unit import prop
from tools.live.core import codec
from tools.live.core.market_v1 import (
    DepthDiff, DepthSnapshot, MarketEvent, MarketFact, ResyncFinished, ResyncStarted,
)  # fmt: skip
from tools.live.market.book import Book
from tools.live.market.watch import MarketWatch

MARKETS = (captures.SPOT, captures.USDM)
INSTANTS = 1_000
TOP = 40


def book_of(watch: MarketWatch, market: str) -> Book:
    book = watch.book(SOURCES[market], SYMBOL)
    assert book is not None
    return book


@pytest.mark.parametrize("market", MARKETS)
def test_a_book_is_the_brute_force_rebuild_at_random_instants(market: str) -> None:
    events = recordings.events(market)
    told = recordings.told(market)
    begin, truth = slow_wire.begun(told)
    following = begin + 1
    instants = prop.chance(20_240_808).sample(range(len(events)), INSTANTS)
    watch = MarketWatch()
    heard = 0
    for instant in sorted(instants):
        for event in events[heard : instant + 1]:
            watch.hear(event)
        heard = instant + 1
        assert watch.is_usable(SOURCES[market], SYMBOL) == (instant >= told[begin].place)
        while following < len(told) and told[following].place <= instant:
            truth.take(told[following])
            following += 1
        if instant >= told[begin].place:
            book = book_of(watch, market)
            held, (bids, asks) = truth.levels(), book.top(TOP)
            assert book.sides() == held, f"at line {instant + 1}"
            assert bids == tuple(nlargest(TOP, held[0].items()))
            assert asks == tuple(nsmallest(TOP, held[1].items()))


@pytest.mark.parametrize("market", MARKETS)
def test_nothing_is_missing_in_a_recording_and_its_books_never_cross(market: str) -> None:
    watch = MarketWatch()
    facts: list[MarketFact] = []
    for event in recordings.events(market):
        facts += watch.hear(event)
    snapshot = next(e for e in recordings.events(market) if isinstance(e, DepthSnapshot))
    assert [(type(fact), fact.ts_ns) for fact in facts] == [
        (ResyncStarted, recordings.events(market)[0].ts_ns),
        (ResyncFinished, snapshot.ts_ns),
    ]
    again = MarketWatch()
    for event in recordings.events(market):
        again.hear(event)
    assert again.state_sha256() == watch.state_sha256()


@pytest.mark.parametrize("market, compared", [(captures.SPOT, 3_448), (captures.USDM, 6_545)])
def test_the_best_is_that_of_the_newest_ticker_not_beyond_the_update(
    market: str, compared: int
) -> None:
    """Behind an update the best is what the last ticker up to it said, to the last digit."""
    tickers = list(slow_wire.tickers(captures.lines(captures.recording(market))))
    numbers = [ticker.final for ticker in tickers]
    watch = MarketWatch()
    same = 0
    for event in recordings.events(market):
        watch.hear(event)
        if not isinstance(event, DepthDiff) or not watch.is_usable(SOURCES[market], SYMBOL):
            continue
        assert event.sequence is not None
        newest = bisect_right(numbers, event.sequence) - 1
        assert book_of(watch, market).best() == tickers[newest].best, event.sequence
        same += 1
    assert same == compared


@pytest.mark.parametrize("market", MARKETS)
def test_books_are_made_of_depth_alone(market: str) -> None:
    every, depth = MarketWatch(), MarketWatch()
    for event in recordings.events(market):
        every.hear(event)
        if isinstance(event, (DepthDiff, DepthSnapshot)):
            depth.hear(event)
    assert depth.state_sha256() == every.state_sha256()


@pytest.mark.parametrize("market", MARKETS)
def test_a_journal_tells_the_same_states_at_every_event(market: str) -> None:
    """Read back from their payloads, with the recorded facts among them."""
    live, replayed = MarketWatch(), MarketWatch()
    for event in recordings.read(market, captures.lines(captures.extract(market))):
        facts = live.hear(event)
        assert replayed.hear(_recorded(event)) == facts
        for fact in facts:
            assert replayed.hear(_recorded(fact)) == []
        assert replayed.state_sha256() == live.state_sha256()


def _recorded(event: MarketEvent) -> MarketEvent:
    return codec.market_event(event.kind, event.ts_ns, codec.payload_of(event))
