"""A part of a market begins as the market stood."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.generated_world import T0, a_plan
from tests.unit.md_replay_builders import BTC, a_diff, a_quote, a_snapshot, a_trade, at
from tools.live.core.clock import NS_PER_S
from tools.live.core.contracts_v1 import QuoteUpdate
from tools.live.core.errors import ContractError
from tools.live.core.market_v1 import Bbo, DepthSnapshot, MarketEvent
from tools.live.market.feed import MarketFeed, Source
from tools.live.market.generator import GeneratedMarket
from tools.live.market.normalize.wire import WireFault, WireRefused
from tools.live.market.regimes import Regime
from tools.live.market.window import MarketWindow

REFUSED = WireRefused(WireFault.NOT_JSON, "", "?")


class Told:
    """A source of a few events."""

    def __init__(self, *items: MarketEvent | WireRefused) -> None:
        self.items = items

    def __iter__(self) -> Iterator[MarketEvent | WireRefused]:
        return iter(self.items)

    def describe(self) -> dict[str, Any]:
        return {"kind": "told"}


def quotes(market: Source) -> list[QuoteUpdate]:
    return [said for step in MarketFeed(market) for said in step if isinstance(said, QuoteUpdate)]


def test_without_bounds_it_is_the_market() -> None:
    told = Told(REFUSED, a_quote(0), a_trade(1))
    assert list(MarketWindow(told, None, None)) == list(told.items)
    window = MarketWindow(told, None, 5)
    assert window.describe() == {"kind": "told", "from_ns": None, "until_ns": 5}


def test_it_ends_before_its_end() -> None:
    told = Told(a_quote(0), a_quote(5), a_quote(6))
    assert list(MarketWindow(told, None, at(5))) == [a_quote(0)]


def test_a_quote_stands_until_the_next() -> None:
    told = Told(REFUSED, a_quote(0), a_quote(3, 200, 210), a_trade(4), a_trade(9), REFUSED)
    assert list(MarketWindow(told, at(5), None)) == [
        a_quote(5, 200, 210), a_trade(9), REFUSED,
    ]  # fmt: skip
    assert list(MarketWindow(told, at(50), None)) == []


def test_a_book_is_told_as_it_stood_and_what_follows_joins() -> None:
    told = Told(
        a_quote(0), a_snapshot(1, 10), a_diff(2, 11, 12, bids=((101, 5),)), a_trade(3),
        a_diff(6, 13, 13, bids=((101, 0), (99, 7))), a_diff(8, 14, 15),
    )  # fmt: skip
    heard = list(MarketWindow(told, at(6), None))
    book, quote = heard[:2]
    assert isinstance(book, DepthSnapshot) and isinstance(quote, Bbo)
    assert [price for price, _ in book.bids] == [a_quote(0, bid).bid for bid in (101, 100)]
    assert (book.sequence, book.ts_ns, quote.ts_ns) == (12, at(6), at(6))
    assert heard[2:] == list(told.items[4:])
    assert not [f for step in MarketFeed(MarketWindow(told, at(6), None)) for f in step
                if type(f).__name__ == "GapDetected"]  # fmt: skip


def test_an_older_snapshot_leaves_the_number_and_one_of_the_stream_sets_it() -> None:
    def sequence_of(*items: MarketEvent) -> int | None:
        book = next(iter(MarketWindow(Told(*items, a_quote(9)), at(9), None)))
        assert isinstance(book, DepthSnapshot)
        return book.sequence

    assert sequence_of(a_snapshot(1, 10), a_diff(2, 11, 12), a_snapshot(3, 9)) == 12
    bare = DepthSnapshot(BTC, "x", a_snapshot(1).bids, a_snapshot(1).asks, None, None, at(1))
    assert sequence_of(bare) is None


def test_what_could_not_be_used_is_not_told() -> None:
    told = Told(a_diff(1, 5, 6), a_quote(2), a_diff(9, 7, 7), a_snapshot(10, 8))
    assert list(MarketWindow(told, at(5), None)) == list(told.items[2:])


@pytest.mark.parametrize("seed", range(6))
def test_the_quotes_of_a_part_are_those_of_the_whole(seed: int) -> None:
    schedule = ((Regime.CALM, 2), (Regime.BURST, 2))
    market = GeneratedMarket(a_plan("AUSD", "BUSD", seed=seed, schedule=schedule))
    from_ns, until_ns = T0 + NS_PER_S * 7 // 5, T0 + NS_PER_S * 29 // 10
    every = quotes(market)
    inside = [one for one in every if from_ns <= one.ts_ns < until_ns]
    before = {one.symbol: one for one in every if one.ts_ns < from_ns}
    part = quotes(MarketWindow(market, from_ns, until_ns))
    first = [QuoteUpdate(symbol, before[symbol].bid, before[symbol].ask, from_ns)
             for symbol in sorted(before)]  # fmt: skip
    assert part == first + inside and len(inside) > 20


def test_a_book_alone_is_told_alone() -> None:
    told = Told(a_snapshot(1, 10), a_trade(9))
    heard = list(MarketWindow(told, at(5), None))
    assert isinstance(heard[0], DepthSnapshot) and heard[1:] == [a_trade(9)]


def test_a_part_without_a_quote_is_refused() -> None:
    with pytest.raises(ContractError, match="no quote"):
        MarketFeed(MarketWindow(Told(a_quote(0)), at(5), None))
