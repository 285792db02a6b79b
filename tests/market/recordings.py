"""What a recording says, read once a run: through the product, and the slow way."""

from __future__ import annotations

from functools import cache

from tests.market import captures, slow_wire
from tests.market.slow_wire import Depth
from tools.live.core.market_v1 import Bbo, DepthDiff, DepthSnapshot, MarketData, Trade
from tools.live.market.normalize import binance

SYMBOL = "BTCUSDT"
SOURCES = {captures.SPOT: "binance-spot", captures.USDM: "binance-usdm"}
_READERS = {captures.SPOT: binance.spot, captures.USDM: binance.usdm}


@cache
def events(market: str) -> list[MarketData]:
    """One canonical event a line of the recording."""
    return read(market, captures.lines(captures.recording(market)))


@cache
def told(market: str) -> list[Depth]:
    """The depth messages of the recording, read the slow way."""
    return list(slow_wire.depths(captures.lines(captures.recording(market))))


def read(market: str, lines: list[captures.Line]) -> list[MarketData]:
    """One canonical event a line; anything else fails the test."""
    made: list[MarketData] = []
    for ts_ns, raw in lines:
        (event,) = _READERS[market](raw, ts_ns, SYMBOL)
        assert isinstance(event, (Bbo, DepthDiff, DepthSnapshot, Trade)), event
        made.append(event)
    return made
