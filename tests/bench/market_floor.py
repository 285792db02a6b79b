"""Market data against its floors: parsing alone, and the same run without orders.

The recordings stand beside the project; where they are missing, so are these rows.
"""

from __future__ import annotations

import gzip
import json
import time
from pathlib import Path
from typing import Any

from tools.live.core.contracts_v1 import QuoteUpdate
from tools.live.core.quiet_gc import quiet_gc
from tools.live.exchange import FakeExchangeClient
from tools.live.execution_loop import COMPUTED, ExecutionLoop, wire_shadow
from tools.live.market.feed import MarketFeed
from tools.live.market.normalize import binance
from tools.live.market.watch import MarketWatch
from tools.live.market_source import open_market
from tools.live.params import ExecutionParams

RECORDINGS = Path(__file__).resolve().parents[3] / "shared/data"
SPOT = RECORDINGS / "binance-spot-btcusdt-20240808.jsonl.gz"
USDM = RECORDINGS / "binance-usdm-btcusdt-20240808.jsonl.gz"
SYMBOL = "BTCUSDT"
NO_LIMIT = 10**9

Message = tuple[int, bytes]


def messages(path: Path) -> list[Message]:
    """When each message of a capture was received, and its bytes."""
    parted = (line.partition(b" ") for line in gzip.decompress(path.read_bytes()).splitlines())
    return [(int(stamp), message) for stamp, _, message in parted]


def floor_json(told: list[Message]) -> float:
    """The parser of the standard library alone."""
    started = time.perf_counter()
    for _, message in told:
        json.loads(message)
    return time.perf_counter() - started


def product_books(told: list[Message]) -> float:
    """Canonical events, and every book kept and judged; of a market of futures."""
    watch = MarketWatch()
    hear, read = watch.hear, binance.usdm
    started = time.perf_counter()
    for ts_ns, message in told:
        for event in read(message, ts_ns, SYMBOL):
            hear(event)  # type: ignore[arg-type]
    seconds = time.perf_counter() - started
    assert watch.is_usable("binance-usdm", SYMBOL)
    return seconds


def seconds_run(path: Path, *, orders: bool) -> float:
    """A run on a recording, with two orders a quote or with a strategy that is never asked."""
    feed = MarketFeed(open_market(str(path)))
    loop = a_loop()
    params = ExecutionParams([SYMBOL], 1, NO_LIMIT, NO_LIMIT, -9_999, requote=orders)
    started = time.perf_counter()
    if orders:
        loop.run_shadow(params, feed)
        assert loop.stats["orders_placed"] > feed.steps
    else:
        _listen(loop, feed)
    return time.perf_counter() - started


def a_loop() -> ExecutionLoop:
    """The whole wiring of a run, with limits that refuse nothing."""
    return wire_shadow(
        max_inventory_usd_per_symbol=NO_LIMIT, max_total_notional_usd=NO_LIMIT,
        edge_freeze_threshold_bps=-9_999, exchange=FakeExchangeClient(), fee_maker_bps=1,
        fee_taker_bps=7, edge=COMPUTED, clock=lambda: 1,
    )  # fmt: skip


def _listen(loop: ExecutionLoop, feed: Any) -> None:
    """Every quote and fact through the same fold, which has no parameters to answer them with."""
    step = loop.fold.step
    with quiet_gc():
        for said in feed:
            for event in said:
                outputs = step(event)
                assert not outputs or not isinstance(event, QuoteUpdate)
