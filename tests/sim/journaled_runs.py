"""Small runs of the demo's wiring with their line in a journal, on any disk."""

from __future__ import annotations

from typing import Any, NamedTuple

from tools.live.core import codec
from tools.live.exchange import FakeExchangeClient
from tools.live.execution_loop import ExecutionLoop, wire_shadow
from tools.live.journal.checkpointing import Checkpointing
from tools.live.journal.disk import Disk
from tools.live.journal.outcome import Limits
from tools.live.journal.run import JournaledRun, Opened
from tools.live.market.synthetic import SyntheticMarket
from tools.live.params import ExecutionParams, describe_run

START_MS = 1_735_689_600_000
START_NS = START_MS * 10**6
SMALL = Limits(batch_records=8, rotate_bytes=16 * 1024)


class Life(NamedTuple):
    """One process of a run."""

    loop: ExecutionLoop
    params: ExecutionParams
    feed: SyntheticMarket
    run: JournaledRun


def wired(seed: int = 42, threshold: float = 3.0) -> ExecutionLoop:
    """Partial fills, rejections and a freeze near the end are all in it."""
    return wire_shadow(
        max_inventory_usd_per_symbol=2_000,
        max_total_notional_usd=3_000,
        edge_freeze_threshold_bps=threshold,
        exchange=FakeExchangeClient(0.6, 0.1, 100, 0.3, seed),
        fee_maker_bps=1,
        fee_taker_bps=7,
        clock=lambda: START_MS,
    )


def run_on(
    disk: Disk | None,
    steps: int = 22,
    *,
    seed: int = 42,
    each_send: bool = False,
    threshold: float = 3.0,
    every: int = 0,
) -> tuple[str, JournaledRun | None]:
    """The report's line of one life, from the beginning or from where the last one ended."""
    loop = wired(seed, threshold)
    params = ExecutionParams(["BTCUSDT", "ETHUSDT"], steps, 2_000, 3_000, threshold, requote=True)
    feed = SyntheticMarket(params.symbols, steps, START_NS)
    if disk is None:
        return codec.canonical(loop.run_shadow(params, feed)), None
    life = begun(disk, steps, seed=seed, each_send=each_send, threshold=threshold, every=every)
    return finished(life), life.run


def begun(
    disk: Disk, steps: int = 22, *, seed: int = 42, each_send: bool = False,
    threshold: float = 3.0, every: int = 0, time_ns: int = START_NS,
) -> Life:  # fmt: skip
    """A life whose journal is open, and which has not traded yet."""
    loop = wired(seed, threshold)
    params = ExecutionParams(["BTCUSDT", "ETHUSDT"], steps, 2_000, 3_000, threshold, requote=True)
    feed = SyntheticMarket(params.symbols, steps, START_NS)
    run = JournaledRun.begin(
        disk, opened_of(loop, params, feed), holder="a test", time_ns=time_ns,
        commit_each_send=each_send, limits=SMALL, batch=8,
    )  # fmt: skip
    loop.line = run.line
    if every:
        Checkpointing(disk, run.line, loop.fold, run.opened, every)
    return Life(loop, params, feed, run)


def finished(life: Life, time_ns: int = START_NS) -> str:
    """Trade to the end, and record what it came to; the report's line."""
    loop = life.loop
    report: dict[str, Any] = loop.run_shadow(life.params, life.feed)
    moved = {one.symbol: one.qty_e9 for one in loop.exchange.get_positions()}
    life.run.finish(report, moved, time_ns)
    return codec.canonical(report)


def opened_of(loop: ExecutionLoop, params: ExecutionParams, feed: SyntheticMarket) -> Opened:
    monitor = loop.risk_monitor
    return Opened(
        describe_run(params, feed, loop.exchange, monitor, loop.edge), loop.edge, START_NS,
        feed.start_ns, monitor.max_symbol_e9, monitor.max_total_e9, monitor.threshold_bps_e9,
        monitor.ledger.fee_maker_bps, monitor.ledger.fee_taker_bps, None,
    )  # fmt: skip
