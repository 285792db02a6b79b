"""A run on the recorded spot market, with two orders a quote and without any."""

from __future__ import annotations

import gc
import time
from typing import Any

from tests.market import captures
from tools.live.core.contracts_v1 import QuoteUpdate
from tools.live.core.quiet_gc import quiet_gc
from tools.live.exchange import FakeExchangeClient
from tools.live.execution_loop import ExecutionLoop, wire_shadow
from tools.live.market.feed import MarketFeed
from tools.live.market_source import open_market
from tools.live.params import ExecutionParams

SYMBOL = "BTCUSDT"
NO_LIMIT = 10**9


def seconds_run(*, orders: bool) -> float:
    """The run with two orders a quote, or with a strategy that is never asked."""
    feed = MarketFeed(open_market(str(captures.recording(captures.SPOT))))
    loop = a_loop()
    params = ExecutionParams([SYMBOL], 1, NO_LIMIT, NO_LIMIT, -9_999, requote=orders)
    gc.collect()
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
        fee_taker_bps=7, edge="computed", clock=lambda: 1,
    )  # fmt: skip


def _listen(loop: ExecutionLoop, feed: Any) -> None:
    """Every quote and fact through the same fold, which has no parameters to answer them with."""
    step = loop.fold.step
    with quiet_gc():
        for said in feed:
            for event in said:
                outputs = step(event)
                assert not outputs or not isinstance(event, QuoteUpdate)
