"""What a drift comparison costs, by the number of tops that it looks back on."""

from __future__ import annotations

import gc
import time

from tools.live.core.market_v1 import Bbo
from tools.live.core.money import SCALE
from tools.live.market.drift import DriftMeter, Terms

SMALL, LARGE = 64, 262_144
TICKS = 50_000
_BID, _ASK = 100 * SCALE, 101 * SCALE
_FAR = 7919  # a prime, so that the quotes look all over the ring


def seconds_compared(ring: int) -> float:
    """Seconds of so many comparisons with a full ring."""
    meter = DriftMeter(Terms(tick=SCALE // 100, window_ns=ring * SCALE, ring=ring, keep=2 * TICKS))
    for place in range(ring):
        meter.book(place * SCALE, _BID, _ASK)
    quotes = [
        Bbo("BTCUSDT", "bench", _BID, SCALE, _ASK, SCALE, None, None, _FAR * n % ring * SCALE + 5)
        for n in range(TICKS)
    ]
    gc.collect()
    start = time.perf_counter()
    for quote in quotes:
        meter.compare(quote)
    return time.perf_counter() - start
