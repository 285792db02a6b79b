"""The same accidents with the process killed in the middle of them, and taken up again."""

from __future__ import annotations

import pytest

from tests.exchange.fault_cases import CASES
from tests.exchange.fault_judge import MS, SECOND, START_NS, Judge
from tests.exchange.fault_runs import LIMIT_QTY, QUICK, SETTLE_S, SPREAD_BPS, a_market
from tests.exchange.random_faults import SECONDS, a_plan
from tests.sim.sim_disk import SimDisk
from tools.live.core.contracts_v1 import QuoteUpdate
from tools.live.core.market_v1 import MarketEvent
from tools.live.core.money import SCALE
from tools.live.core.order import TERMINAL
from tools.live.durable_run import DurableRun
from tools.live.execution_loop import ExecutionParams, Quote
from tools.live.sim.faults.corpus import scenario
from tools.live.sim.faults.plan import MARKET, FaultPlan
from tools.live.sim.orders import WorkingOrder

PARAMS = ExecutionParams(["AAA"], 1, 10**6, 10**6, -9_999, 1, SPREAD_BPS, requote=True)
QUIET_S = 60  # a comparison is due every half minute


class DurableFaults:
    """A durable run that is killed at each of these seconds, on one exchange and one disk."""

    def __init__(
        self, plan: FaultPlan, events: list[MarketEvent], kills_s: tuple[int, ...]
    ) -> None:
        self.judge = judge = Judge(plan, events, QUICK, LIMIT_QTY)
        self.disk = SimDisk(plan.seed)
        self.run = self._open()
        kills = [START_NS + second * SECOND for second in kills_s]
        for step in judge.world:
            if kills and judge.exchange.here_ns >= kills[0]:
                kills.pop(0)
                self.disk.kill9()
                self.run = self._open()
            for said in step:
                if isinstance(said, QuoteUpdate):
                    quote = Quote(said.symbol, 1, 1, said.ts_ns // MS)
                    quote.bid_e9, quote.ask_e9 = said.bid, said.ask
                    self.run.on_quote(quote, PARAMS)
            self._go_on()
            judge.look(step, self._knows)
        for _ in judge.pass_time(QUIET_S):
            self._go_on()
        self.run.cancel_all("the end")
        for _ in judge.pass_time(SETTLE_S):
            self._go_on()

    def _open(self) -> DurableRun:
        run = DurableRun.open(
            self.disk, self.judge.line, clock=self._now_ms,
            max_inventory_usd_per_symbol=LIMIT_QTY // SCALE * 95, max_total_notional_usd=10**6,
            edge_freeze_threshold_bps=-9_999,
        )  # fmt: skip
        self.judge.watch(run.loop.order_store.fills)
        return run

    def _go_on(self) -> None:
        self.run.on_fill()
        self.run.on_timer()

    def _now_ms(self) -> int:
        return max(self.judge.exchange.here_ns, START_NS) // MS

    def _knows(self, order: WorkingOrder) -> bool:
        ours = self.run.loop.order_store.orders.get(order.request.client_order_id)
        return ours is not None and ours.state not in TERMINAL

    def broken(self) -> list[str]:
        """What the two sides do not agree about."""
        loop, exchange = self.run.loop, self.judge.exchange
        store = loop.order_store
        found = sorted(self.judge.close(loop.risk_monitor.ledger.qty("AAA")) - {"blind", "crossed"})
        found += [f"{one.client_order_id} lives" for one in store.live_orders()]
        ours = {order.client_order_id for order in store.get_all()}
        found += [f"{name} is none of ours" for name in self.judge.accepted if name not in ours]
        if store.fill_count() != len(exchange.get_fills()):
            found.append(f"fills: {store.fill_count()} and {len(exchange.get_fills())}")
        if self.run.halted:
            found.append(f"halted: {loop.risk_monitor.first_freeze}")
        if loop.fold.outbox.doubts or loop.fold.unresolved or not self.run.ready:
            found.append("open questions")
        return found


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("kills_s", [(13,), (9, 14, 15, 24)], ids=("once", "often"))
def test_a_killed_run_goes_on_with_the_books_of_the_exchange(
    name: str, kills_s: tuple[int, ...]
) -> None:
    case = CASES[name]
    run = DurableFaults(scenario(name).plan(), a_market(case.market, depth=case.depth), kills_s)
    assert run.broken() == []
    assert run.run.recovered
    assert len(run.judge.exchange.get_fills()) > 5


@pytest.mark.parametrize("part", range(2))
def test_no_random_plan_and_no_kill_leaves_anything_behind(part: int) -> None:
    for seed in range(part * 60, part * 60 + 60):
        plan = a_plan(seed)
        line_only = FaultPlan(tuple(one for one in plan.faults if one.kind not in MARKET), seed)
        run = DurableFaults(line_only, a_market(seed, SECONDS), (4 + seed % 13, 18))
        assert run.broken() == [], (seed, line_only.describe())
