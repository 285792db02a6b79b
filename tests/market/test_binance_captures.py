"""Both recordings of Binance, whole: every line one event, none refused, and the same each time."""

from __future__ import annotations

import hashlib
from collections import Counter

import pytest

from tests.market import captures
from tests.market.captures import SPOT, USDM, Line
from tools.live.core import codec
from tools.live.core.market_v1 import Bbo, DepthDiff, DepthSnapshot, MarketData, Trade
from tools.live.market.normalize import binance
from tools.live.market.normalize.wire import WireRefused

SYMBOL = "BTCUSDT"
NORMALIZERS = {SPOT: binance.spot, USDM: binance.usdm}
COUNTS = {
    SPOT: {"Bbo": 28_040, "Trade": 9_757, "DepthDiff": 3_451, "DepthSnapshot": 1},
    USDM: {"Bbo": 66_089, "Trade": 21_313, "DepthDiff": 6_551, "DepthSnapshot": 1},
}
EVERY = 40  # one line in so many goes the careful way too, which costs forty times as much


def said(market: str, line: Line) -> MarketData:
    items = NORMALIZERS[market](line[1], line[0], SYMBOL)
    assert len(items) == 1
    item = items[0]
    assert not isinstance(item, WireRefused), item
    return item


def spelled(event: MarketData) -> str:
    """An event as one text: its fields are numbers, texts and tuples of numbers."""
    return repr(tuple(getattr(event, name) for name in type(event).__match_args__))


@pytest.mark.parametrize("market", NORMALIZERS)
def test_every_line_gives_one_event_and_each_run_the_same(market: str) -> None:
    lines = captures.lines(captures.recording(market))
    counts: Counter[str] = Counter()
    hashes = [hashlib.sha256(), hashlib.sha256()]
    for line in lines:
        event = said(market, line)
        counts[type(event).__name__] += 1
        hashes[0].update(spelled(event).encode())
    assert counts == COUNTS[market]
    assert counts.total() == len(lines)
    for line in lines:
        hashes[1].update(spelled(said(market, line)).encode())
    assert hashes[0].digest() == hashes[1].digest()


@pytest.mark.parametrize("market", NORMALIZERS)
def test_the_careful_way_says_the_same_of_real_lines(market: str) -> None:
    for received, message in captures.lines(captures.recording(market))[::EVERY]:
        short = NORMALIZERS[market](message, received, SYMBOL)
        assert short == NORMALIZERS[market](message + b" ", received, SYMBOL)


@pytest.mark.parametrize("market", NORMALIZERS)
def test_events_of_the_extract_travel_and_come_back(market: str) -> None:
    for line in captures.lines(captures.extract(market)):
        event = said(market, line)
        assert codec.market_event(event.kind, event.ts_ns, codec.payload_of(event)) == event


@pytest.mark.parametrize("market", NORMALIZERS)
def test_what_the_venue_numbers_goes_up(market: str) -> None:
    last = {Bbo: 0, Trade: 0, DepthDiff: 0, DepthSnapshot: 0}
    for line in captures.lines(captures.extract(market)):
        event = said(market, line)
        assert event.sequence is not None
        assert event.sequence > last[type(event)]
        last[type(event)] = event.sequence
