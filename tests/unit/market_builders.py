"""Small market events for tests: a spot stream of one symbol unless something else is said."""

from __future__ import annotations

from tools.live.core.market_v1 import Bbo, DepthDiff, DepthSnapshot, Levels

SPOT = "binance-spot"
USDM = "binance-usdm"
SYMBOL = "BTCUSDT"
SECOND_NS = 10**9


def a_diff(
    first: int | None, sequence: int | None, previous: int | None = None, *,
    bids: Levels = (), asks: Levels = (), source: str = SPOT, symbol: str = SYMBOL, ts_ns: int = 1,
) -> DepthDiff:  # fmt: skip
    return DepthDiff(symbol, source, bids, asks, first, sequence, previous, None, ts_ns)


def a_snapshot(
    sequence: int | None, bids: Levels = ((100, 1),), asks: Levels = ((110, 1),), *,
    source: str = SPOT, symbol: str = SYMBOL, ts_ns: int = 1,
) -> DepthSnapshot:  # fmt: skip
    return DepthSnapshot(symbol, source, bids, asks, sequence, None, ts_ns)


def a_bbo(
    *, source: str = SPOT, symbol: str = SYMBOL, sequence: int | None = None, ts_ns: int = 1
) -> Bbo:
    return Bbo(symbol, source, 100, 1, 110, 1, sequence, None, ts_ns)
