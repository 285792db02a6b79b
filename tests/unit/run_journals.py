"""Journals of runs for tests, on the simulated disk: what was run, and what it came to."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from tests.sim.sim_disk import SimDisk
from tests.unit.builders import BTC, ETH, T0_MS, T0_NS
from tests.unit.journal_builders import LOG_ID, opened
from tests.unit.moody_world import World, operations
from tools.live.core import codec
from tools.live.core.contracts_v1 import Entry
from tools.live.core.line import Line
from tools.live.exchange import FakeExchangeClient
from tools.live.execution_loop import COMPUTED, SCRIPTED, ExecutionLoop, wire_shadow
from tools.live.journal.checkpointing import Checkpointing
from tools.live.journal.outcome import Limits
from tools.live.journal.run import JournaledRun, Opened
from tools.live.journal.run_facts import RunOpened, Terms, opened_payload
from tools.live.journal.writer import Journal
from tools.live.market.synthetic import SyntheticMarket
from tools.live.params import ExecutionParams, describe_run
from tools.live.risk_monitor import RuntimeRiskMonitor


class Ran(NamedTuple):
    """A journaled run: its disk, its loop, its entries, and its report if it made one."""

    disk: SimDisk
    loop: ExecutionLoop
    entries: list[Entry]
    report: dict[str, Any]


def a_run(
    steps: int = 6, *, edge: str = SCRIPTED, requote: bool = True, threshold: float = 1.5,
    symbols: tuple[str, ...] = (BTC, ETH), limits: Limits | None = None,
    max_inv: float = 10_000, retain: int | None = None, fill_rate: float = 0.6, every: int = 0,
) -> Ran:  # fmt: skip
    """A run of the demo, recorded from its opening to its report by the product's own line."""
    disk = SimDisk()
    exchange = FakeExchangeClient(fill_rate, 0.1, 100, 0.3, 7)
    line = Line()
    loop = wire_shadow(
        max_inventory_usd_per_symbol=max_inv, max_total_notional_usd=50_000,
        edge_freeze_threshold_bps=threshold, exchange=exchange, fee_maker_bps=1.0,
        fee_taker_bps=7.0, edge=edge, retain=retain, clock=lambda: T0_MS,
    )  # fmt: skip
    params = ExecutionParams(list(symbols), steps, max_inv, 50_000, threshold, 0.01, 5.0, requote)
    feed = SyntheticMarket(list(symbols), steps, T0_NS)
    about = describe_run(params, feed, exchange, loop.risk_monitor, edge)
    terms = terms_of(loop.risk_monitor)
    run = JournaledRun.begin(
        disk,
        Opened(about, edge, T0_NS, T0_NS, terms.max_symbol_e9, terms.max_total_e9,
               terms.threshold_bps_e9, terms.maker_bps_e9, terms.taker_bps_e9, retain),
        holder="a test", time_ns=T0_NS, keep=line, limits=limits,
    )  # fmt: skip
    loop.line = run.line
    if every:
        Checkpointing(disk, run.line, loop.fold, run.opened, every)
    report = loop.run_shadow(params, feed)
    moved = {one.symbol: one.qty_e9 for one in exchange.get_positions()}
    run.finish(report, moved, loop.event_clock.ns)
    return Ran(disk, loop, line.entries, report)


def a_moody_run(seed: int, count: int = 120, *, edge: str = COMPUTED) -> Ran:
    """A random run on a moody exchange, written by hand, interrupted behind its last entry."""
    world = World(edge=edge)
    for op in operations(seed, count):
        world.apply(op)
    world.finish()
    disk = SimDisk()
    about = {"symbols": [BTC, ETH], "seed": seed}
    write_run(disk, an_opening(world.monitor, about, edge=edge), world.line.entries)
    return Ran(disk, world.loop, world.line.entries, {})


def an_opening(
    monitor: RuntimeRiskMonitor, about: dict[str, Any], *, edge: str = SCRIPTED
) -> RunOpened:
    return RunOpened(about, edge, T0_NS, T0_NS, terms_of(monitor), None, {}, "0.1.0", None)


def terms_of(monitor: RuntimeRiskMonitor) -> Terms:
    ledger = monitor.ledger
    return Terms(
        monitor.max_symbol_e9, monitor.max_total_e9, monitor.threshold_bps_e9,
        ledger.fee_maker_bps, ledger.fee_taker_bps,
    )  # fmt: skip


def write_run(disk: SimDisk, opening: RunOpened, entries: Iterable[Entry]) -> None:
    """A journal by hand: its opening and its entries, closed cleanly."""
    journal = opened(disk, log_id=LOG_ID)
    journal.append("run.opened", T0_NS, "run", 1, opened_payload(opening))
    for entry in entries:
        put(journal, entry)
    journal.close(T0_NS)


def put(journal: Journal, entry: Entry, **changed: Any) -> None:
    """One entry as it is recorded; `changed` overrides what the entry says."""
    told = {**codec.envelope(entry), **changed}
    journal.append(
        told["kind"], told["ts_ns"], told["src"], told["seq"], told["payload"],
        corr=told["corr"], cause=told["cause"],
    )  # fmt: skip
    if journal.waiting >= 200:
        journal.commit_all()


def to_folder(disk: SimDisk, folder: Path) -> Path:
    """The same journal on the real disk."""
    for path, data in disk.image().items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    return folder
