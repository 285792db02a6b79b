"""W1 on a simulated exchange: a quote-driven book, a queue model, limit orders each quote.

The market is a walk of ticks in which about half of the orders that rest are crossed before they
are canceled. Every quote tells quantities, so the queue is known.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

from tests.bench.workload import LIMIT_USD, START_MS, START_NS, SYMBOLS, seconds_of
from tools.live.core.clock import NS_PER_S
from tools.live.core.market_v1 import Bbo, MarketEvent
from tools.live.core.money import SCALE
from tools.live.core.record import builder
from tools.live.execution_loop import ExecutionLoop, ExecutionParams, wire_shadow
from tools.live.sim.delays import Delays
from tools.live.sim.exchange import SimulatedExchange
from tools.live.sim.queue import PowerQueue
from tools.live.sim.terms import Terms
from tools.live.sim.world import SimulatedWorld

_bbo = builder(Bbo)
_TICK = SCALE
_START = 50_000 * SCALE


class WalkingQuotes:
    """Best bids and asks of four symbols, in turn, a millisecond apart; never kept in memory."""

    def __init__(self, quotes: int) -> None:
        self._quotes = quotes

    def describe(self) -> dict[str, Any]:
        return {"kind": "bench", "quotes": self._quotes}

    def __iter__(self) -> Iterator[MarketEvent]:
        draw = random.Random(1).random
        bids = dict.fromkeys(SYMBOLS, _START)
        for n in range(self._quotes):
            symbol = SYMBOLS[n % len(SYMBOLS)]
            drawn = draw()
            move = 30 if drawn < 0.25 else -30 if drawn < 0.5 else 1 if drawn < 0.75 else -1
            bid = bids[symbol] = bids[symbol] + move * _TICK
            ts_ns = START_NS + n * NS_PER_S // 1000
            yield _bbo(
                symbol, "bench", bid, 5 * SCALE, bid + 2 * _TICK, 7 * SCALE, None, None, ts_ns
            )


def a_simulated_loop(
    quotes: int, delays: Delays | None = None, retain: int | None = None
) -> tuple[ExecutionLoop, SimulatedWorld]:
    """The demo's wiring on a simulated exchange, limits out of reach."""
    terms = Terms(queue=PowerQueue(2), delays=delays or Delays(), retain=retain)
    exchange = SimulatedExchange(terms, seed=42)
    loop = wire_shadow(
        max_inventory_usd_per_symbol=LIMIT_USD,
        max_total_notional_usd=LIMIT_USD,
        edge_freeze_threshold_bps=0,
        exchange=exchange,
        fee_maker_bps=1,
        fee_taker_bps=7,
        retain=retain,
        clock=lambda: START_MS,
    )
    return loop, SimulatedWorld(WalkingQuotes(quotes), exchange)


def run_simulated(
    quotes: int, delays: Delays | None = None, retain: int | None = None
) -> dict[str, Any]:
    """Two orders a quote; what rests is canceled before the symbol's next quote."""
    loop, world = a_simulated_loop(quotes, delays, retain)
    params = ExecutionParams(SYMBOLS, 1, LIMIT_USD, LIMIT_USD, 0, requote=True)
    return loop.run_shadow(params, world)


def seconds_simulated(quotes: int, delays: Delays | None = None) -> float:
    """Wall time of it, with both readings of the market and the report."""
    run: Callable[[], object] = lambda: run_simulated(quotes, delays)  # noqa: E731
    return seconds_of(run)
