"""W1 on the simulated exchange: the same quotes with quantities, and a queue at every price."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from random import Random
from typing import Any

from tests.bench.instant_fill import run_instant_fill
from tests.bench.workload import LIMIT_USD, START_MS, START_NS, SYMBOLS
from tools.live.core.clock import NS_PER_S, EventClock
from tools.live.core.contracts_v1 import BUY, SELL
from tools.live.core.market_v1 import Bbo
from tools.live.core.money import SCALE
from tools.live.core.outputs_v1 import Approved
from tools.live.core.record import builder
from tools.live.execution_loop import ExecutionLoop, ExecutionParams
from tools.live.market.synthetic import base_price
from tools.live.order_store import InMemoryOrderStore
from tools.live.portfolio.ledger import Ledger
from tools.live.risk_monitor import RuntimeRiskMonitor
from tools.live.sim.exchange import SimulatedExchange
from tools.live.sim.queue import PowerQueue
from tools.live.sim.terms import Terms
from tools.live.sim.world import SimulatedWorld

_bbo = builder(Bbo)
CENT_E9 = SCALE // 100


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
    market: SizedQuotes, terms: Terms, retain: int | None = None
) -> tuple[ExecutionLoop, SimulatedWorld]:
    """The wiring of W1 around a simulated exchange."""
    exchange = SimulatedExchange(terms)
    world = SimulatedWorld(market, exchange)
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
    market = SizedQuotes(quotes // len(SYMBOLS))
    loop, world = a_run(market, Terms() if terms is None else terms, retain)
    params = ExecutionParams(SYMBOLS, world.steps, LIMIT_USD, LIMIT_USD, 0, requote=True)
    gc.collect()
    began = time.perf_counter()
    loop.run_shadow(params, world)
    return time.perf_counter() - began


def seconds_alone(quotes: int) -> float:
    """Time of the exchange by itself: two orders a quote, what rests is canceled before the next.

    It is what an instant-fill simulator does in `instant_fill`, with no loop around either. Both
    are given their numbers as they keep them: here whole ones in an approved request, as a loop
    sends it, there decimals.
    """
    exchange, line = SimulatedExchange(Terms(queue=PowerQueue(2))), EventClock()
    exchange.join(line, lambda: START_MS)
    resting: dict[str, list[str | None]] = {symbol: [] for symbol in SYMBOLS}
    quotes_told = list(SizedQuotes(quotes // len(SYMBOLS)))
    gc.collect()
    began = time.perf_counter()
    placed = 0
    for quote in quotes_told:
        line.ns = quote.ts_ns
        exchange.run_to(quote.ts_ns)
        exchange.desk.hear(quote)
        for _ in exchange.stream_answers():
            pass
        for order_id in resting[quote.symbol]:
            if order_id is not None:
                exchange.cancel(order_id)
        mid = (quote.bid + quote.ask) // 2
        placing = []
        for side, price in ((BUY, mid * 99975 // 100_000), (SELL, mid * 100_025 // 100_000 + 1)):
            placed += 1
            request = Approved(
                f"CLI{placed:08d}", quote.symbol, side, CENT_E9, price, quote.ts_ns
            )
            placing.append(exchange.place_limit(request).order_id)
        resting[quote.symbol] = placing
    return time.perf_counter() - began


def seconds_instant(quotes: int, *, drawn: bool) -> float:
    """Time of an instant-fill simulator with as many orders."""
    gc.collect()
    began = time.perf_counter()
    run_instant_fill(quotes, drawn=drawn)
    return time.perf_counter() - began


class WanderingQuotes(SizedQuotes):
    """A walk with as much up as down, so that what is held does not grow with the run."""

    def __iter__(self) -> Iterator[Bbo]:
        draw = Random(1).random
        mids = dict.fromkeys(SYMBOLS, 50_000)
        for step in range(self._steps):
            ts_ns = START_NS + step * NS_PER_S
            for symbol in SYMBOLS:
                back = (mids[symbol] - 50_000) / 1_000  # what leads it home again
                mid = mids[symbol] = mids[symbol] + (30 if draw() > 0.5 + back else -30)
                yield _bbo(
                    symbol, "sized", (mid - 1) * SCALE, SCALE, (mid + 1) * SCALE, SCALE, None, None,
                    ts_ns,
                )  # fmt: skip


def run_retained(quotes: int) -> None:
    """A run that keeps few finished orders anywhere, for its peak of memory."""
    market = WanderingQuotes(quotes // len(SYMBOLS))
    loop, world = a_run(market, Terms(retain=1000), retain=1000)
    params = ExecutionParams(SYMBOLS, world.steps, LIMIT_USD, LIMIT_USD, 0, requote=True)
    loop.run_shadow(params, world)
