"""One market, one plan of faults, and either loop on it; judged by the exchange's own books.

`NaiveRun` and `OurRun` trade on a simulated exchange of their own behind the same bad line and
hear the same bad feed. What a judge finds is a set of words: see `Judge`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from random import Random
from typing import Any

from tests.exchange.fault_judge import MS, SECOND, START_NS, Judge, Step
from tests.exchange.naive_loop import NaiveLoop
from tests.unit.test_properties import replayed
from tools.live.audit import laws
from tools.live.audit.reconcile_findings import Cancel
from tools.live.audit.reconcile_loop import ReconcileLoop
from tools.live.core.contracts_v1 import BUY, SELL, QuoteUpdate
from tools.live.core.line import Line
from tools.live.core.market_v1 import Bbo, DepthDiff, DepthSnapshot, MarketEvent, Trade
from tools.live.core.money import SCALE
from tools.live.core.order import TERMINAL
from tools.live.durable_run import adopt_into
from tools.live.execution_loop import ExecutionLoop, ExecutionParams
from tools.live.order_store import InMemoryOrderStore
from tools.live.portfolio.ledger import Ledger
from tools.live.reports.snapshot import state_sha256
from tools.live.risk_monitor import RuntimeRiskMonitor
from tools.live.sim.delays import Constant, Delays
from tools.live.sim.faults.plan import FaultKind, FaultPlan
from tools.live.sim.orders import WorkingOrder
from tools.live.sim.terms import Terms

CENT = SCALE // 100
QTY = SCALE
SPREAD_BPS = 5
LIMIT_QTY = 6 * SCALE
HALF = 10 * CENT  # the market's half spread, of a price around 100
QUICK = Terms(delays=Delays(*[Constant(20 * MS)] * 5))
QUIET_S = 15
SETTLE_S = 60


def a_market(seed: int = 1, seconds: int = 40, depth: bool = False) -> list[MarketEvent]:
    """A quote every second, and trades between that reach orders inside the spread.

    With `depth` the same prices as a book of three levels, which begins anew every ten seconds.
    """
    rng = Random(seed)
    mid, number, made = 10_000, 0, list[MarketEvent]()
    before: tuple[dict[int, int], dict[int, int]] = {}, {}
    for second in range(seconds):
        ns = START_NS + second * SECOND
        mid += rng.choice((-30, -12, -5, 0, 5, 12, 30))
        bid, ask = mid * CENT - HALF, mid * CENT + HALF
        if depth:
            now = tuple(
                {touch + sign * k * 5 * CENT: (k + 1) * SCALE for k in range(3)}
                for touch, sign in ((bid, -1), (ask, 1))
            )
            made.append(_book(before, now, second, ns))
            before = now[0], now[1]
        else:
            made.append(Bbo("AAA", "told", bid, 9 * SCALE, ask, 9 * SCALE, None, None, ns))
        for after_ms in (400, 700):
            if rng.random() < 0.55:
                number += 1
                side = rng.choice((BUY, SELL))
                price, qty = ask if side is BUY else bid, rng.choice((4, 7, 10, 15)) * SCALE // 10
                at_ns = ns + after_ms * MS
                made.append(Trade("AAA", "told", str(number), side, price, qty, None, None, at_ns))
    return made


def _book(before: Any, now: Any, second: int, ns: int) -> MarketEvent:
    levels = [tuple(side.items()) for side in now]
    if second % 10 == 0:
        return DepthSnapshot("AAA", "told", levels[0], levels[1], second, None, ns)
    gone = [tuple((p, 0) for p in old if p not in new) for old, new in zip(before, now)]
    return DepthDiff(
        "AAA", "told", gone[0] + levels[0], gone[1] + levels[1], second, second, None, None, ns
    )


class NaiveRun:
    """The loop that everybody writes first; `found` is what went wrong."""

    def __init__(
        self,
        plan: FaultPlan,
        events: Sequence[MarketEvent],
        *,
        terms: Terms = QUICK,
        stop_s: int | None = None,
        restart_s: int | None = None,
        looks: bool = False,
        limit: int = LIMIT_QTY,
    ) -> None:
        judge = Judge(plan, events, terms, limit, naive=True)
        self.loop = loop = NaiveLoop(judge.line, QTY, SPREAD_BPS * SCALE, limit, looks)
        judge.watch(loop.counted)
        for step in judge.world:
            now_ns = judge.exchange.here_ns
            if stop_s is not None and now_ns >= START_NS + stop_s * SECOND and not loop.stopped:
                loop.stop()
            if restart_s is not None and now_ns >= START_NS + restart_s * SECOND:
                loop.restart()
                restart_s = None
            for said in step:
                if isinstance(said, QuoteUpdate):
                    loop.on_quote(said.symbol, said.bid, said.ask, now_ns)
            loop.on_answers(now_ns)
            judge.look(step, loop.knows)
        loop.stop()
        for now_ns in judge.pass_time(SETTLE_S):
            loop.on_answers(now_ns)
        accepted = Counter(loop.intent_of[name] for name in judge.accepted)
        self.fills = len(judge.exchange.get_fills())
        self.struck = judge.line.strikes.struck
        self.found = judge.close(loop.positions.get("AAA", 0), accepted)


class OurRun:
    """The product's loop with its reconciliation, as a durable run wires them, or without it."""

    def __init__(
        self,
        plan: FaultPlan,
        events: Sequence[MarketEvent],
        *,
        terms: Terms = QUICK,
        stop_s: int | None = None,
        limit: int = LIMIT_QTY,
        reconciles: bool = True,
    ) -> None:
        self.judge = judge = Judge(plan, events, terms, limit)
        self.lines = Line()
        self.limit = limit
        self.monitor = a_monitor(limit)
        self.loop = ExecutionLoop(
            judge.line, InMemoryOrderStore(), self.monitor, self._now_ms, edge="computed",
            line=self.lines,
        )  # fmt: skip
        judge.watch(self.loop.order_store.fills)
        desk = self._reconciling()
        self._compare: Callable[[], object] = desk.on_time if reconciles else lambda: None
        self._stop_s = stop_s
        self.symbols, self.steps = judge.world.symbols, judge.world.steps
        self.start_ns = judge.world.start_ns
        params = ExecutionParams(["AAA"], 1, 10**6, 10**6, -9_999, 1, SPREAD_BPS, requote=True)
        self.report = self.loop.run_shadow(params, self)
        self._settle()
        self.struck = judge.line.strikes.struck
        self.found = judge.close(self.monitor.ledger.qty("AAA"))

    # A feed: the world, with a look at both sides behind every step.

    def describe(self) -> dict[str, Any]:
        return self.judge.world.describe()

    def __iter__(self) -> Iterator[Step]:
        for step in self.judge.world:
            stop_ns = START_NS + (self._stop_s or 10**6) * SECOND
            if self.judge.exchange.here_ns >= stop_ns and not self.monitor.frozen:
                self.loop.freeze("the kill switch", "a test")
            yield step
            self._compare()
            self.judge.look(step, self._knows)
        for _ in self.judge.pass_time(QUIET_S):  # what was lost last is found before the report
            self.loop.on_timer()
            yield ()
            self._compare()

    def _knows(self, order: WorkingOrder) -> bool:
        ours = self.loop.order_store.orders.get(order.request.client_order_id)
        return ours is not None and ours.state not in TERMINAL

    def _now_ms(self) -> int:
        return max(self.judge.exchange.here_ns, START_NS) // MS

    def _reconciling(self) -> ReconcileLoop:
        loop = self.loop

        def cancel(one: Cancel) -> None:
            assert one.order_id is not None
            loop.cancel_foreign(one.order_id)

        return ReconcileLoop(
            loop.exchange, loop.order_store, self.monitor.ledger, take=loop.take, cancel=cancel,
            drain=loop.on_fill, halted=self.monitor.is_frozen,
            now_ns=lambda: max(loop.event_clock.ns, START_NS),
            in_doubt=loop.fold.outbox.doubts, adopt=partial(adopt_into, loop, {}),
            adopted=loop.fold.adoptions.fills, interval_ns=5 * SECOND,
        )  # fmt: skip

    def _settle(self) -> None:
        """No more market, and no more faults: time passes, and everything finds its end."""
        self.judge.exchange.here_ns = max(
            self.judge.exchange.here_ns, self.loop.event_clock.ns
        )
        self.loop.cancel_all("the end")
        for _ in self.judge.pass_time(SETTLE_S):
            self.loop.on_timer()
            self.loop.on_fill()
            self._compare()

    # What is held against the exchange.

    def broken(self) -> list[str]:
        """Everything that is not as it should be at the end."""
        loop, fold, exchange = self.loop, self.loop.fold, self.judge.exchange
        store, register = loop.order_store, exchange.desk.register
        found = sorted(self.found)
        for order in store.get_all():
            known = register.find(order.client_order_id)
            theirs = getattr(known, "filled", 0)
            if order.state not in TERMINAL:
                found.append(f"{order.client_order_id} is {order.state.value}")
            elif order.filled_e9 + order.late_e9 != theirs:
                found.append(f"{order.client_order_id} filled {order.filled_e9} and {theirs}")
        ours = {order.client_order_id for order in store.get_all()}
        found += [f"{name} is none of ours" for name in self.judge.accepted if name not in ours]
        if store.fill_count() != len(exchange.get_fills()):
            found.append(f"fills: {store.fill_count()} and {len(exchange.get_fills())}")
        if fold.outbox.doubts or fold.unresolved:
            found.append(f"open questions: {list(fold.outbox.doubts)}, {fold.unresolved}")
        twice = sum(1 for one in self.struck if one.kind is FaultKind.TWICE)
        if exchange.unanswered > twice:
            found.append(f"{exchange.unanswered} copies, {twice} of them by the line")
        return found + self._laws() + self._replayed()

    def _laws(self) -> list[str]:
        fold = self.loop.fold
        moved = {p.symbol: p.qty_e9 for p in self.judge.exchange.get_positions()}
        violations = laws.check(
            store=fold.store, monitor=fold.monitor, stats=fold.stats, unresolved=fold.unresolved,
            refused_fills=fold.refused_fills, duplicate_fills=fold.duplicate_fills,
            exchange_moved=moved, held_before={}, entries=self.lines.entries,
            in_doubt=[doubt.order for doubt in fold.outbox.doubts.values()],
            adoptions=fold.adoptions, feed=fold.connectivity,
        )  # fmt: skip
        return [f"{one.law}: {one.detail}" for one in violations]

    def _replayed(self) -> list[str]:
        """The inputs of the line once more: the same decisions, and the same state."""
        entries, fold = self.lines.entries, self.loop.fold
        again = replayed(entries, a_monitor(self.limit), measure_edge=True)
        same = state_sha256(again, 0, 0) == state_sha256(fold, 0, 0)
        return [] if same else ["the replay ends elsewhere"]


def a_monitor(limit: int) -> RuntimeRiskMonitor:
    """Its limit is one of money: in this market it never allows more than the one of quantity."""
    return RuntimeRiskMonitor(
        max_inventory_usd_per_symbol=limit // SCALE * 95,
        max_total_notional_usd=10**6,
        edge_freeze_threshold_bps=-9_999,
        ledger=Ledger(fee_maker_bps=0, fee_taker_bps=0),
    )
