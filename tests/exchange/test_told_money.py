"""Random runs on an exchange that names its fees, and funding between the quotes.

A run must keep all laws, come out of its journal as it was, and add up in the database; its cash is
summed once more here from nothing but what was recorded.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.sim.sim_disk import SimDisk
from tests.unit.builders import BTC, ETH, T0_MS, T0_NS
from tests.unit.moody_world import MoodyExchange
from tests.unit.projection_builders import assert_agrees, project, query
from tests.unit.run_journals import a_moody_run, terms_of
from tools.live.core import codec
from tools.live.core.contracts_v1 import (
    BUY, Entry, Executed, Fill, FundingPaid, QuoteUpdate,
)  # fmt: skip
from tools.live.core.line import Line
from tools.live.core.money import fee_e18
from tools.live.edge_modes import COMPUTED, MARKOUTS, SCRIPTED
from tools.live.exchange import FakeExchangeClient, FillEvent
from tools.live.execution_loop import ExecutionLoop, wire_shadow
from tools.live.fold_state import restore, state_of
from tools.live.journal.projection_exact import money_e18
from tools.live.journal.rederive import rederive
from tools.live.journal.replay import rebuild
from tools.live.journal.run import JournaledRun, Opened
from tools.live.journal.run_facts import new_fold
from tools.live.market.synthetic import SyntheticMarket
from tools.live.params import ExecutionParams, describe_run
from tools.live.reports.snapshot import state_sha256

RUNS = 500
BATCH = 25
FEES = (1, 7)


class TellingExchange(FakeExchangeClient):
    """A fake that names its fee, or a reason, or both, or neither."""

    def __init__(self, rng: Random) -> None:
        super().__init__(rng.choice((0.3, 0.7, 1.0)), 0.05, 100, 0.4, rng.randrange(10**6))
        self.rng = rng

    def stream_fills(self) -> Iterator[FillEvent]:
        rng = self.rng
        for fill in super().stream_fills():
            fill.fee_e18 = rng.choice((None, 0, rng.randint(-(10**18), 10**19)))
            fill.why = rng.choice(("", "queue", 'said "so" \\ \u00e9', "x" * 300))
            fill.liquidity = rng.choice(("maker", "taker", ""))
            yield fill


class PayingMarket(SyntheticMarket):
    """A market with payments for holding between its quotes."""

    def __init__(self, steps: int, rng: Random) -> None:
        super().__init__([BTC, ETH], steps, T0_NS)
        self.rng = rng
        self.loop: ExecutionLoop | None = None

    def __iter__(self) -> Iterator[list[QuoteUpdate]]:
        assert self.loop is not None
        for quotes in super().__iter__():
            if self.rng.random() < 0.3:
                symbol = self.rng.choice((BTC, ETH, "NEWUSDT"))
                amount = self.rng.choice((0, self.rng.randint(-(10**20), 10**20)))
                now_ns = self.loop.event_clock.ns
                self.loop.take(FundingPaid(symbol, amount, "1 bps", now_ns))
            yield quotes


def cash_of(entries: list[Entry]) -> dict[str, int]:
    """Cash by symbol from the record alone; this fake never fills late, twice or too much."""
    cash: dict[str, int] = {}
    touch: dict[str, QuoteUpdate] = {}
    for entry in entries:
        event = entry.event
        if isinstance(event, QuoteUpdate):
            touch[event.symbol] = event
        elif isinstance(event, FundingPaid):
            cash[event.symbol] = cash.get(event.symbol, 0) + event.amount_e18
        elif isinstance(event, (Fill, Executed)):
            notional, quote = event.qty * event.price, touch[event.symbol]
            crossed = event.price >= quote.ask if event.side is BUY else event.price <= quote.bid
            took = event.liquidity == "taker" if event.liquidity else crossed
            told = event.fee_e18 if isinstance(event, Executed) else None
            fee = fee_e18(notional, FEES[took] * 10**9) if told is None else told
            moved = -notional if event.side is BUY else notional
            cash[event.symbol] = cash.get(event.symbol, 0) + moved - fee
    return cash


def a_run(seed: int) -> tuple[SimDisk, ExecutionLoop, list[Entry], str]:
    """A journaled run; its report has passed all laws."""
    rng = Random(seed)
    disk, line, exchange = SimDisk(), Line(), TellingExchange(rng)
    edge = rng.choice((SCRIPTED, COMPUTED, MARKOUTS))
    loop = wire_shadow(
        max_inventory_usd_per_symbol=10_000, max_total_notional_usd=50_000,
        edge_freeze_threshold_bps=rng.choice((-9_999, 1.5, 9.5)), exchange=exchange,
        fee_maker_bps=FEES[0], fee_taker_bps=FEES[1], edge=edge,
        retain=rng.choice((None, 3)), clock=lambda: T0_MS,
    )  # fmt: skip
    feed = PayingMarket(rng.randint(1, 12), rng)
    feed.loop = loop
    params = ExecutionParams(
        [BTC, ETH], feed.steps, 10_000, 50_000, 1.5, 0.01, 5.0, rng.random() < 0.5
    )
    about = describe_run(params, feed, exchange, loop.risk_monitor, edge)
    terms = terms_of(loop.risk_monitor)
    run = JournaledRun.begin(
        disk,
        Opened(about, edge, T0_NS, T0_NS, terms.max_symbol_e9, terms.max_total_e9,
               terms.threshold_bps_e9, terms.maker_bps_e9, terms.taker_bps_e9,
               loop.order_store.retain),
        holder="a test", time_ns=T0_NS, keep=line,
    )  # fmt: skip
    loop.line = run.line
    report = loop.run_shadow(params, feed)
    moved = {one.symbol: one.qty_e9 for one in exchange.get_positions()}
    run.finish(report, moved, loop.event_clock.ns)
    return disk, loop, line.entries, codec.canonical(report)


@pytest.mark.parametrize("batch", range(RUNS // BATCH))
def test_whatever_is_told_adds_up_everywhere(batch: int, tmp_path: Path) -> None:
    for seed in range(batch * BATCH, (batch + 1) * BATCH):
        disk, loop, entries, report = a_run(seed)
        fold, ledger = loop.fold, loop.risk_monitor.ledger
        held = {name: one.cash_e18 for name, one in ledger.holdings.items() if one.traded}
        assert cash_of(entries) == held, seed
        again = rebuild(disk, digest=True)
        assert codec.canonical(again.report()) == report, seed
        other = new_fold(again.opened)
        restore(other, state_of(fold))
        same = [state_sha256(one, loop.seq, T0_NS) for one in (fold, other, again.fold)]
        assert same[0] == same[1] == same[2], seed
        if seed % 4:  # the file costs more than all before
            continue
        assert rederive(disk).difference is None, seed
        path = tmp_path / f"{seed}.db"
        project(path, disk)
        assert_agrees(path, fold, entries)
        paid: dict[str, int] = {}
        for symbol, amount in query(path, "SELECT symbol, amount FROM funding ORDER BY seq"):
            paid[symbol] = paid.get(symbol, 0) + money_e18(amount)
        funded = {name: one.funding_e18 for name, one in ledger.holdings.items() if one.fundings}
        assert paid == funded, seed


@pytest.mark.parametrize("seed", range(16))
def test_reasons_change_nothing_on_a_moody_exchange(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Late, repeated and refused executions come out of the journal as they went in."""
    plain = a_moody_run(seed)
    trade = MoodyExchange.trade

    def tell(self: MoodyExchange, order_id: str, qty: int) -> None:
        trade(self, order_id, qty)
        self.reports[-1].why = "queue"

    monkeypatch.setattr(MoodyExchange, "trade", tell)
    told = a_moody_run(seed)
    kinds = [one.event.kind.replace("executed", "fill") for one in told.entries]
    assert kinds == [one.event.kind for one in plain.entries]
    assert rederive(told.disk).difference is None
    hashes = [state_sha256(one.loop.fold, one.loop.seq, T0_NS) for one in (plain, told)]
    assert hashes[0] == hashes[1] == rebuild(told.disk).state_sha256
    project(tmp_path / "told.db", told.disk)
    assert_agrees(tmp_path / "told.db", told.loop.fold, told.entries)


def test_the_runs_reach_every_corner() -> None:
    kinds: dict[str, int] = {}
    for seed in range(40):
        for entry in a_run(seed)[2]:
            event = entry.event
            told = isinstance(event, Executed) and event.fee_e18 is not None
            name = event.kind + (" told" if told else "")
            kinds[name] = kinds.get(name, 0) + 1
    for name in ("order.fill", "order.executed", "order.executed told", "funding.paid"):
        assert kinds[name] > 20, name
    assert kinds["risk.frozen"] > 3
