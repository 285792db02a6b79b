"""What a run hears of market data: `tools.live.market.quotes`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from tools.live.core.clock import NS_PER_S
from tools.live.core.contracts_v1 import BUY, QuoteUpdate
from tools.live.core.errors import ContractError
from tools.live.core.market_v1 import (
    Bbo, DepthDiff, DepthSnapshot, FeedLost, FeedStale, GapDetected, MarketEvent, ResyncFinished,
    ResyncStarted, Trade,
)  # fmt: skip
from tools.live.market.quotes import QuoteStream

SPOT = "binance-spot"


def bbo(bid: int, ask: int, ts_ns: int = 1, symbol: str = "A", source: str = SPOT) -> Bbo:
    return Bbo(symbol, source, bid, 5, ask, 5, None, None, ts_ns)


def trade(price: int, ts_ns: int = 1, symbol: str = "A") -> Trade:
    return Trade(symbol, SPOT, "t", BUY, price, 1, None, None, ts_ns)


def snapshot(bid: int, ask: int, sequence: int, ts_ns: int = 1) -> DepthSnapshot:
    return DepthSnapshot("A", SPOT, ((bid, 1),), ((ask, 1),), sequence, None, ts_ns)


def diff(
    first: int, last: int, ts_ns: int = 1, bids: Any = (), asks: Any = (), symbol: str = "A"
) -> DepthDiff:
    return DepthDiff(symbol, SPOT, bids, asks, first, last, None, None, ts_ns)


def said(events: Iterable[MarketEvent], **options: Any) -> list[Any]:
    stream = QuoteStream(options.pop("symbols", None), options.pop("source", None), **options)
    return [one for event in events for one in stream.hear(event)]


def quotes(events: Iterable[MarketEvent], **options: Any) -> list[tuple[int, int, int]]:
    return [
        (one.bid, one.ask, one.ts_ns)
        for one in said(events, **options)
        if isinstance(one, QuoteUpdate)
    ]


def kinds(events: Iterable[MarketEvent], **options: Any) -> list[str]:
    return [one.kind for one in said(events, **options)]


def test_a_price_that_stands_is_said_once() -> None:
    stream = [bbo(9, 11, 1), bbo(9, 11, 2), bbo(9, 12, 3), bbo(8, 12, 4), bbo(8, 12, 5)]
    assert quotes(stream) == [(9, 11, 1), (9, 12, 3), (8, 12, 4)]


def test_an_empty_side_is_no_quote() -> None:
    assert quotes([bbo(0, 11, 1), bbo(9, 0, 2), bbo(9, 11, 3)]) == [(9, 11, 3)]


def test_without_quotes_of_the_venue_the_top_of_the_book_is_one() -> None:
    stream = [
        snapshot(9, 11, 5, 1), diff(6, 6, 2, bids=((8, 1),)), diff(7, 7, 3, bids=((10, 1),)),
        diff(8, 8, 4, asks=((11, 0),)),
    ]  # fmt: skip
    assert quotes(stream) == [(9, 11, 1), (10, 11, 3)]


def test_the_venues_own_quotes_take_the_place_of_the_book() -> None:
    stream = [
        snapshot(9, 11, 5, 1), bbo(8, 12, 2), diff(6, 6, 3, bids=((10, 1),)), bbo(10, 11, 4),
    ]  # fmt: skip
    assert quotes(stream) == [(9, 11, 1), (8, 12, 2), (10, 11, 4)]


def test_before_the_book_is_known_nothing_is_quoted() -> None:
    stream = [diff(4, 5, 1), bbo(9, 11, 2), snapshot(9, 11, 5, 3), bbo(9, 11, 4)]
    assert kinds(stream) == ["md.resync_started", "md.resync_finished", "md.quote"]
    assert quotes(stream) == [(9, 11, 4)]


def test_from_a_gap_to_its_end_nothing_is_quoted_and_then_the_same_price_again() -> None:
    stream = [
        snapshot(9, 11, 5, 1), bbo(9, 11, 2), diff(8, 9, 3), bbo(9, 12, 4), snapshot(9, 11, 9, 5),
        bbo(9, 11, 6),
    ]  # fmt: skip
    heard = said(stream)
    assert [one.kind for one in heard] == [
        "md.resync_started", "md.resync_finished", "md.quote", "md.gap_detected",
        "md.resync_started", "md.resync_finished", "md.quote",
    ]  # fmt: skip
    assert heard[3] == GapDetected("A", SPOT, 6, 7, 3)
    assert heard[-1] == QuoteUpdate("A", 9, 11, 6)


def test_a_quote_stands_behind_the_end_of_the_resync_that_allows_it() -> None:
    stream = [snapshot(9, 11, 5, 1), diff(8, 9, 3), snapshot(9, 11, 9, 5)]
    assert kinds(stream)[-2:] == ["md.resync_finished", "md.quote"]
    assert quotes(stream) == [(9, 11, 1), (9, 11, 5)]


def test_a_silence_of_one_symbol_is_found_by_another() -> None:
    stream = [
        bbo(9, 11, 1), bbo(90, 99, 1, "B"), bbo(91, 99, 4 * NS_PER_S, "B"),
        bbo(92, 99, 6 * NS_PER_S, "B"), bbo(9, 11, 7 * NS_PER_S),
    ]  # fmt: skip
    heard = said(stream)
    assert [one.kind for one in heard] == [
        "md.quote", "md.quote", "md.quote", "md.stale", "md.resync_started", "md.quote",
        "md.resync_finished", "md.quote",
    ]  # fmt: skip
    assert isinstance(heard[3], FeedStale) and heard[3].symbol == "A"
    assert heard[-1] == QuoteUpdate("A", 9, 11, 7 * NS_PER_S)


def test_a_lost_connection_is_said_with_what_follows_from_it() -> None:
    lost = FeedLost("A", SPOT, "closed", 2)
    heard = said([bbo(9, 11, 1), lost, bbo(9, 11, 3)])
    assert heard == [
        QuoteUpdate("A", 9, 11, 1), lost, ResyncStarted("A", SPOT, "lost", 2),
        ResyncFinished("A", SPOT, None, 3), QuoteUpdate("A", 9, 11, 3),
    ]  # fmt: skip


def test_what_a_recording_says_of_gaps_is_found_again_and_not_taken() -> None:
    gap = GapDetected("A", SPOT, 6, 7, 2)
    assert kinds([bbo(9, 11, 1), gap, bbo(9, 12, 3)]) == ["md.quote", "md.quote"]


def test_prices_of_trades_are_quotes_only_where_they_are_asked_for() -> None:
    stream = [trade(10, 1), trade(10, 2), trade(12, 3)]
    assert quotes(stream) == []
    assert quotes(stream, trades=True) == [(10, 10, 1), (12, 12, 3)]
    assert quotes([*stream, bbo(9, 11, 4), trade(15, 5)], trades=True) == [
        (10, 10, 1), (12, 12, 3), (9, 11, 4),
    ]  # fmt: skip


def test_trades_are_counted() -> None:
    stream = QuoteStream()
    for event in (trade(10), trade(11), bbo(9, 11)):
        stream.hear(event)
    assert stream.trades_heard == 2


def test_symbols_and_sources_are_picked() -> None:
    stream = [bbo(9, 11, 1), bbo(90, 99, 2, "B"), bbo(8, 11, 3, source="bybit-spot")]
    assert quotes(stream[:2], symbols=["B"]) == [(90, 99, 2)]
    assert quotes(stream, source=SPOT) == [(9, 11, 1), (90, 99, 2)]
    assert quotes(stream, source="bybit-spot") == [(8, 11, 3)]
    assert quotes(stream, symbols=["B"], source=SPOT) == [(90, 99, 2)]


def test_one_symbol_of_two_sources_is_refused() -> None:
    stream = QuoteStream()
    stream.hear(bbo(9, 11))
    with pytest.raises(ContractError) as refused:
        stream.hear(bbo(8, 11, 2, source="bybit-spot"))
    assert str(refused.value) == (
        "A is told by binance-spot and by bybit-spot; pick one with --source"
    )
