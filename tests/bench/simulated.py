"""W1 on the simulated exchange: the same quotes with quantities, and a queue at every price."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from typing import Any

from tests.bench.workload import LIMIT_USD, START_MS, START_NS, SYMBOLS
from tools.live.core.clock import NS_PER_S
from tools.live.core.market_v1 import Bbo
from tools.live.core.money import SCALE
from tools.live.core.record import builder
from tools.live.execution_loop import ExecutionLoop, ExecutionParams
from tools.live.market.synthetic import base_price
from tools.live.order_store import InMemoryOrderStore
from tools.live.portfolio.ledger import Ledger
from tools.live.risk_monitor import RuntimeRiskMonitor
from tools.live.sim.exchange import SimulatedExchange
from tools.live.sim.terms import Terms
from tools.live.sim.world import SimulatedWorld

_bbo = builder(Bbo)


class SizedQuotes:
    """The saw-tooth of the synthetic market with a quantity at every price, as a source."""

    def __init__(self, steps: int) -> None:
        self._steps = steps

    def __iter__(self) -> Iterator[Bbo]:
        bases = [(symbol, base_price(symbol)) for symbol in SYMBOLS]
        for step in range(self._steps):
            ts_ns = START_NS + step * NS_PER_S
            qty = (1 + step % 7) * SCALE
            for symbol, base in bases:
                mid = base * (1000 + step % 10) // 1000
                bid, ask = mid * 9995 // 10_000, mid * 10_005 // 10_000
                yield _bbo(symbol, "sized", bid, qty, ask, qty, None, None, ts_ns)

    def describe(self) -> dict[str, Any]:
        return {"kind": "sized"}


def a_run(
    quotes: int, terms: Terms, retain: int | None = None
) -> tuple[ExecutionLoop, SimulatedWorld]:
    """The wiring of W1 around a simulated exchange."""
    exchange = SimulatedExchange(terms)
    world = SimulatedWorld(SizedQuotes(quotes // len(SYMBOLS)), exchange)
    monitor = RuntimeRiskMonitor(
        max_inventory_usd_per_symbol=LIMIT_USD,
        max_total_notional_usd=LIMIT_USD,
        edge_freeze_threshold_bps=0,
        ledger=Ledger(fee_maker_bps=SCALE, fee_taker_bps=7 * SCALE),
    )
    loop = ExecutionLoop(exchange, InMemoryOrderStore(retain), monitor, lambda: START_MS)
    return loop, world


def seconds_simulated(quotes: int, terms: Terms | None = None, retain: int | None = None) -> float:
    """Time of a run with its report, without the survey of the market before it."""
    loop, world = a_run(quotes, Terms() if terms is None else terms, retain)
    params = ExecutionParams(SYMBOLS, world.steps, LIMIT_USD, LIMIT_USD, 0, requote=True)
    gc.collect()
    began = time.perf_counter()
    loop.run_shadow(params, world)
    return time.perf_counter() - began
