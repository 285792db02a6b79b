"""From the wire to a book, beside what `json.loads` alone needs for the same lines."""

from __future__ import annotations

import gc
import json
import time

from tests.market import captures
from tools.live.core.quiet_gc import quiet_gc
from tools.live.market.normalize import binance
from tools.live.market.normalize.wire import WireRefused
from tools.live.market.watch import MarketWatch

READERS = {captures.SPOT: binance.spot, captures.USDM: binance.usdm}


def some_lines(market: str) -> list[captures.Line]:
    """All lines of a recording, in memory."""
    return captures.lines(captures.recording(market))


def floor_loads(lines: list[captures.Line]) -> float:
    """Seconds of `json.loads` over the lines."""
    gc.collect()
    start = time.perf_counter()
    for _, raw in lines:
        json.loads(raw)
    return time.perf_counter() - start


def product_books(market: str, lines: list[captures.Line]) -> float:
    """Seconds of normalising every line and hearing what it says, the collector as in a run."""
    gc.collect()
    read, watch = READERS[market], MarketWatch()
    start = time.perf_counter()
    with quiet_gc():
        for ts_ns, raw in lines:
            for item in read(raw, ts_ns, "BTCUSDT"):
                if not isinstance(item, WireRefused):
                    watch.hear(item)
    return time.perf_counter() - start
