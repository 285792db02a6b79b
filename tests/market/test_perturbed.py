"""Every depth message of the recordings dropped, doubled, swapped and delayed, one at a time.

What is missing is reported with its exact range, or it is harmless; and no book is ever usable and
different from the truth, which is built from the raw capture by code of its own. A case needs only
the messages around it: a copy of the watch as it was before, and a few messages more. The extract
are the first 5,000 depth messages of futures, and all 3,452 of spot but the last few, which have
nothing behind them. Quotes and trades need no case: that books do not hear them is a test of its
own in `test_books`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pytest

from tests.market import captures, recordings
from tests.market.recordings import SOURCES, SYMBOL
from tests.market.slow_wire import Depth
from tests.unit import prop
from tests.unit.naive_book import NaiveBook
from tools.live.core.market_v1 import (
    DepthSnapshot, GapDetected, MarketData, MarketFact, ResyncFinished, ResyncStarted,
)  # fmt: skip
from tools.live.market.watch import MarketWatch

MARKETS = (captures.SPOT, captures.USDM)
EXTRACT = 5_000
LATEST = 5  # messages by which one is delayed at most
SNAPSHOT_EVERY = 25  # messages; making and sorting one costs more than all the rest of a case
COMPARED_EVERY = 50  # messages; every level then
BEGINNING = 30  # messages; the snapshot is among the first of them


class Stream(NamedTuple):
    """The depth messages of an extract, as the product reads them and as they were told."""

    source: str
    events: list[MarketData]
    told: list[Depth]
    begin: int  # where the snapshot stands


def a_stream(market: str, count: int) -> Stream:
    told = recordings.told(market)[: count + LATEST + 1]
    read = recordings.events(market)
    begin = next(place for place, depth in enumerate(told) if depth.is_snapshot)
    return Stream(SOURCES[market], [read[depth.place] for depth in told], told, begin)


def truth_behind(told: Sequence[Depth], final: int) -> NaiveBook:
    """The snapshot, and every update behind it up to `final`."""
    snapshot = next(depth for depth in told if depth.is_snapshot)
    truth = NaiveBook()
    truth.apply_snapshot(snapshot.bids, snapshot.asks)
    for depth in told:
        if snapshot.final < depth.final <= final:
            truth.apply(depth.bids, depth.asks)
    return truth


def is_true(watch: MarketWatch, source: str, truth: NaiveBook) -> bool:
    """Whether the book may be used and holds the levels of the truth."""
    bids, asks = _sides(watch, source)
    return watch.is_usable(source, SYMBOL) and bids == truth.bids and asks == truth.asks


def leads_on(watch: MarketWatch, source: str, truth: NaiveBook, window: list[Depth]) -> bool:
    """Whether the book is true behind `window` if it was so before, when `truth` was.

    Only the prices that the messages of the window name are compared, and how many there are;
    ten thousand levels a case, a hundred million in all, would take minutes.
    """
    for held, before, side in zip(
        _sides(watch, source), (truth.bids, truth.asks), ("bids", "asks"), strict=True
    ):
        last_word = dict(level for depth in window for level in getattr(depth, side))
        came = sum(qty > 0 and price not in before for price, qty in last_word.items())
        went = sum(qty == 0 and price in before for price, qty in last_word.items())
        if len(held) != len(before) + came - went:
            return False
        if any(held.get(price, 0) != qty for price, qty in last_word.items()):
            return False
    return watch.is_usable(source, SYMBOL)


def _sides(watch: MarketWatch, source: str) -> tuple[dict[int, int], dict[int, int]]:
    book = watch.book(source, SYMBOL)
    assert book is not None
    return book.sides()


@pytest.mark.parametrize("market", MARKETS)
def test_every_message_perturbed_is_reported_or_harmless(market: str) -> None:
    stream = a_stream(market, EXTRACT)
    rng = prop.chance(7)
    watch = MarketWatch()
    start = stream.begin + 2
    for event in stream.events[:start]:
        watch.hear(event)
    truth = truth_behind(stream.told, stream.told[start - 1].final)
    for place in range(start, len(stream.told) - LATEST):
        _delayed(stream, watch, truth, place, 1)  # swapped with the next
        _delayed(stream, watch, truth, place, rng.randint(2, LATEST))
        assert watch.hear(stream.events[place]) == []
        assert watch.hear(stream.events[place]) == [], "doubled at once"
        assert watch.hear(stream.events[place - 1]) == [], "and later"
        told = stream.told[place]
        assert leads_on(watch, stream.source, truth, [told])
        truth.apply(told.bids, told.asks)
        if place % COMPARED_EVERY == 0:
            assert is_true(watch, stream.source, truth)
    assert is_true(watch, stream.source, truth)


def _delayed(
    stream: Stream, watch: MarketWatch, truth: NaiveBook, place: int, by: int
) -> None:
    """A message is dropped, so it is missed; then it comes `by` messages late, or a snapshot."""
    watch = watch.copy()
    events, told, source = stream.events, stream.told, stream.source
    following = events[place + 1]
    assert watch.hear(following) == [
        GapDetected(
            SYMBOL, source, told[place - 1].final + 1, told[place].final, following.ts_ns
        ),
        ResyncStarted(SYMBOL, source, "gap", following.ts_ns),
    ]
    for event in events[place + 2 : place + by + 1]:
        assert watch.hear(event) == []
    assert not watch.is_usable(source, SYMBOL)
    healed = [events[place]]
    if place % SNAPSHOT_EVERY == 0:
        healed.append(_snapshot(stream, place, truth))
    for event in healed:
        other = watch.copy() if len(healed) > 1 else watch
        assert other.hear(event) == [
            ResyncFinished(SYMBOL, source, told[place + by].final, event.ts_ns)
        ]
        assert leads_on(other, source, truth, told[place : place + by + 1])


def _snapshot(stream: Stream, place: int, before: NaiveBook) -> DepthSnapshot:
    """What the venue would have shown behind the message at `place`."""
    told = stream.told[place]
    truth = before.copy()
    truth.apply(told.bids, told.asks)
    bids, asks = tuple(truth.bids.items()), tuple(truth.asks.items())
    ts_ns = stream.events[place].ts_ns
    return DepthSnapshot(SYMBOL, stream.source, bids, asks, told.final, None, ts_ns)


@pytest.mark.parametrize("market", MARKETS)
def test_a_perturbed_beginning_is_reported_or_harmless(market: str) -> None:
    """Around the snapshot, where messages wait and are dropped, in all ways and from the start."""
    stream = a_stream(market, BEGINNING)
    truths = {depth.final: truth_behind(stream.told, depth.final) for depth in stream.told}
    order = list(range(BEGINNING))
    for place in range(stream.begin + 4):
        rest = order[:place] + order[place + 1 :]
        _hold(stream, truths, rest, place)
        for late in range(place, place + LATEST + 1):
            _hold(stream, truths, rest[:late] + [place] + rest[late:], None)
            _hold(stream, truths, order[: late + 1] + [place] + order[late + 1 :], None)


def _hold(
    stream: Stream, truths: dict[int, NaiveBook], order: list[int], dropped: int | None
) -> None:
    """Run the messages in this order; `dropped` is the one that is not among them."""
    watch = MarketWatch()
    facts: list[MarketFact] = []
    newest = -1
    for place in order:
        facts += watch.hear(stream.events[place])
        newest = max(newest, stream.told[place].final)
        if watch.is_usable(stream.source, SYMBOL):
            assert is_true(watch, stream.source, truths[newest]), (order, place)
    if watch.is_usable(stream.source, SYMBOL):
        return
    assert dropped is not None, order
    if dropped == stream.begin:
        assert [fact.kind for fact in facts] == ["md.resync_started"], "no snapshot, no book"
        return
    behind = next(place for place in order if place > dropped and place != stream.begin)
    held = max(stream.told[place].final for place in order[: order.index(behind)])
    missing = [fact for fact in facts if isinstance(fact, GapDetected)]
    assert [(gap.first_missing, gap.last_missing) for gap in missing] == [
        (held + 1, stream.told[dropped].final)
    ]
