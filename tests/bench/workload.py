"""W1 through the public API, and what both sides of the comparison must agree on."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from tests.bench.floor import run_floor
from tests.bench.lean_floor import run_lean_floor
from tools.live.core.quiet_gc import quiet_gc
from tools.live.exchange import FakeExchangeClient
from tools.live.execution_loop import ExecutionLoop, ExecutionParams, wire_shadow
from tools.live.journal.os_disk import OsDisk
from tools.live.journal.run import JournaledRun, Opened
from tools.live.market.synthetic import SyntheticMarket
from tools.live.params import describe_run

SYMBOLS = ["BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT"]
LIMIT_USD = 10**9
START_MS = 1_735_689_600_000
START_NS = START_MS * 10**6


def a_loop(retain: int | None = None) -> ExecutionLoop:
    """The demo's wiring with about half of the orders filling and limits out of reach."""
    return wire_shadow(
        max_inventory_usd_per_symbol=LIMIT_USD,
        max_total_notional_usd=LIMIT_USD,
        edge_freeze_threshold_bps=0,
        exchange=FakeExchangeClient(0.5, 0.05, 100, 0.1, 42),
        fee_maker_bps=1,
        fee_taker_bps=7,
        retain=retain,
        clock=lambda: START_MS,
    )


def run_ours(quotes: int, retain: int | None = None) -> tuple[ExecutionLoop, dict[str, Any]]:
    """W1: two orders a quote; what rests is canceled before the symbol's next quote."""
    loop = a_loop(retain)
    steps = quotes // len(SYMBOLS)
    params = ExecutionParams(SYMBOLS, steps, LIMIT_USD, LIMIT_USD, 0, requote=True)
    return loop, loop.run_shadow(params)


def seconds_ours(quotes: int, retain: int | None = None) -> float:
    """Wall time of W1 with its report."""
    return _seconds(lambda: run_ours(quotes, retain))


def seconds_journaled(quotes: int, folder: Path) -> float:
    """Wall time of W1 with its line in a journal on the disk of `folder`, from start to close."""
    loop = a_loop()
    params = ExecutionParams(SYMBOLS, quotes // len(SYMBOLS), LIMIT_USD, LIMIT_USD, 0, requote=True)
    feed = SyntheticMarket(SYMBOLS, params.iterations, START_NS)
    monitor, ledger = loop.risk_monitor, loop.risk_monitor.ledger
    opened = Opened(
        describe_run(params, feed, loop.exchange, monitor, loop.edge), loop.edge, START_NS,
        START_NS, monitor.max_symbol_e9, monitor.max_total_e9, monitor.threshold_bps_e9,
        ledger.fee_maker_bps, ledger.fee_taker_bps, None,
    )  # fmt: skip

    def run() -> None:
        recorded = JournaledRun.begin(
            OsDisk(str(folder)), opened, holder="the bench", time_ns=START_NS
        )
        loop.line = recorded.line
        report = loop.run_shadow(params, feed)
        moved = {one.symbol: one.qty_e9 for one in loop.exchange.get_positions()}
        recorded.finish(report, moved, START_NS)

    return _seconds(run)


def seconds_floor(quotes: int, *, quiet: bool = False) -> float:
    """Wall time of the floor; `quiet` gives it the collector settings of our loop."""
    with quiet_gc() if quiet else nullcontext():
        return _seconds(lambda: run_floor(quotes))


def seconds_lean(quotes: int) -> float:
    """Wall time of the lean floor."""
    return _seconds(lambda: run_lean_floor(quotes))


def _seconds(run: Callable[[], object]) -> float:
    """Wall time of one run that starts without the garbage of the one before."""
    gc.collect()
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def differences(quotes: int) -> list[str]:
    """Every number on which the floor and the product do not agree; none may be left."""
    floor: dict[str, Any] = run_floor(quotes)
    loop, report = run_ours(quotes)
    lean = run_lean_floor(quotes)
    found = [name for name in _COUNTS if floor[name] != report["orders"][name]]
    found += [f"lean {name}" for name in _COUNTS if lean[name] != report["orders"][name]]
    for symbol, held in sorted(loop.risk_monitor.ledger.holdings.items()):
        pairs = {
            "position": held.qty,
            "venue": held.qty,
            "cash": held.cash_e18,
            "fees": held.fees_e18,
            "realised": held.realised_e18,
            "cost": held.cost_e18,
            "bought": [held.bought, held.bought_e18],
            "sold": [held.sold, held.sold_e18],
        }
        found += [f"{name} {symbol}" for name in pairs if floor[name][symbol] != pairs[name]]
    if floor["ack_ns"] != loop.fold.ack_ns:
        found.append("ack_ns")
    if floor["risk_ratio_p95"] != report["risk"]["risk_ratio_p95"]:
        found.append("risk_ratio_p95")
    return found


_COUNTS = ("placed", "filled", "rejected", "canceled", "risk_blocks", "filled_full", "open")
