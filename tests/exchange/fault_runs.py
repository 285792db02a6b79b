"""One market, one plan of faults, and either loop on it; judged by the exchange's own books.

`NaiveRun` and `OurRun` trade on a simulated exchange of their own behind the same bad line and
hear the same bad feed. What a judge finds is a set of words: see `Judge`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterator, Sequence
from functools import partial
from random import Random
from typing import Any

from tests.exchange.naive_loop import NaiveLoop
from tests.unit.test_properties import replayed
from tools.live.audit import laws
from tools.live.audit.reconcile_findings import Cancel
from tools.live.audit.reconcile_loop import ReconcileLoop
from tools.live.core.contracts_v1 import BUY, SELL, QuoteUpdate
from tools.live.core.line import Line
from tools.live.core.market_v1 import Bbo, DepthDiff, DepthSnapshot, FeedStale, MarketEvent, Trade
from tools.live.core.money import SCALE
from tools.live.core.order import TERMINAL
from tools.live.durable_run import adopt_into
from tools.live.exchange import FillEvent, OrderStatus
from tools.live.execution_loop import ExecutionLoop, ExecutionParams
from tools.live.market.gaps import STALE_NS
from tools.live.order_store import InMemoryOrderStore
from tools.live.portfolio.ledger import Ledger
from tools.live.reports.snapshot import state_sha256
from tools.live.risk_monitor import RuntimeRiskMonitor
from tools.live.sim.delays import Constant, Delays
from tools.live.sim.exchange import SimulatedExchange
from tools.live.sim.faults.feed import FaultyMarket
from tools.live.sim.faults.plan import MARKET, FaultKind, FaultPlan
from tools.live.sim.faults.wire import FaultyExchange
from tools.live.sim.orders import WorkingOrder
from tools.live.sim.terms import Terms
from tools.live.sim.world import SimulatedWorld

MS = 10**6
SECOND = 10**9
START_NS = 1_735_689_600 * SECOND
CENT = SCALE // 100
QTY = SCALE
SPREAD_BPS = 5
LIMIT_QTY = 6 * SCALE
HALF = 10 * CENT  # the market's half spread, of a price around 100
QUICK = Terms(delays=Delays(*[Constant(20 * MS)] * 5))
SETTLE_S = 90
GHOST_NS = 2 * SECOND

Step = Sequence[Any]


class Told:
    """Market events from a list, as a source."""

    def __init__(self, events: Sequence[MarketEvent]) -> None:
        self.events = events

    def __iter__(self) -> Iterator[MarketEvent]:
        return iter(self.events)

    def describe(self) -> dict[str, Any]:
        return {"kind": "told"}


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


class NaiveBooks:
    """A source of depth as everybody reads it first: whatever comes is put into the book."""

    def __init__(self, market: FaultyMarket) -> None:
        self._market = market

    def __iter__(self) -> Iterator[Any]:
        for _, heard in self.pairs():
            yield from heard

    def describe(self) -> dict[str, Any]:
        return self._market.describe()

    def pairs(self) -> Iterator[tuple[Any, Sequence[Any]]]:
        bids, asks = dict[int, int](), dict[int, int]()
        for event, heard in self._market.pairs():
            quotes: list[Any] = []
            for one in heard:
                if isinstance(one, DepthSnapshot):
                    bids, asks = dict(one.bids), dict(one.asks)
                elif isinstance(one, DepthDiff):
                    for side, levels in ((bids, one.bids), (asks, one.asks)):
                        side.update(levels)
                        for price in [price for price in side if not side[price]]:
                            del side[price]
                elif not isinstance(one, FeedStale):
                    quotes.append(one)
                    continue
                if isinstance(one, (DepthSnapshot, DepthDiff)):
                    bid, ask = max(bids), min(asks)
                    quotes.append(
                        Bbo(one.symbol, "told", bid, 1, ask, 1, None, None, one.ts_ns)
                    )
            yield event, quotes


class Judge:
    """The exchange's eyes.

    - position: the loop's own is not what the exchange holds
    - duplicate: one intent stands, or stood, in two orders
    - ghost: an order rests for long of which the loop does not know, or at the very end
    - limit: all that rests could fill beyond the limit; not counted is what nobody could know of,
      executions on their way of orders whose cancel was confirmed
    - blind: an order rests although nothing was heard of its market for long
    - crossed: on a bad feed an order took from the market, of a loop that never wants to
    """

    def __init__(
        self, plan: FaultPlan, events: Sequence[MarketEvent], terms: Terms, limit: int,
        naive: bool = False,
    ) -> None:  # fmt: skip
        self.exchange = SimulatedExchange(terms, seed=plan.seed)
        self.line = FaultyExchange(self.exchange, plan)
        told = Told(events)
        self.bad_feed = any(one.kind in MARKET for one in plan.faults)
        heard = FaultyMarket(told, plan) if self.bad_feed else told
        if naive and self.bad_feed:
            heard = NaiveBooks(heard)
        self.world = SimulatedWorld(heard, self.exchange, line=self.line)
        self.limit = limit
        self.found: set[str] = set()
        self._heard_ns = START_NS
        self._unknown_ns: dict[str, int] = {}
        self._unheard: list[FillEvent] = []
        self._filled = self.exchange.answers.filled
        self.exchange.answers.filled = self._trades  # type: ignore[method-assign]
        self._hear = self.exchange.desk.hear
        self.exchange.desk.hear = self._market_moves  # type: ignore[method-assign]

    def _market_moves(self, event: MarketEvent) -> None:
        if self.exchange.desk.live and event.ts_ns - self._heard_ns > STALE_NS + SECOND:
            self.found.add("blind")
        self._hear(event)

    def _trades(self, fill: FillEvent, now_ns: int) -> None:
        self._unheard.append(fill)
        self._filled(fill, now_ns)

    def _nobody_knows(self, booked: Container[str | None]) -> int:
        """What has traded of canceled orders, as far as the loop has not heard of it."""
        ended, hidden = self.exchange.desk.register.ended, 0
        self._unheard = [fill for fill in self._unheard if fill.fill_id not in booked]
        for fill in self._unheard:
            order = ended(fill.order_id)
            if order is not None and order.status is OrderStatus.CANCELED:
                hidden += fill.qty_e9 if fill.side is BUY else -fill.qty_e9
        return hidden

    def look(
        self, step: Step, knows: Callable[[WorkingOrder], bool], booked: Container[str | None]
    ) -> None:
        """Behind every step: what was heard in it, what the loop takes to be open, and knows."""
        desk, now_ns = self.exchange.desk, self.exchange.here_ns
        if any(isinstance(said, QuoteUpdate) for said in step):
            self._heard_ns = now_ns
        rests = {BUY: 0, SELL: 0}
        for order in desk.live.values():
            rests[order.side] += order.leaves
            if knows(order):
                self._unknown_ns.pop(order.order_id, None)
            elif now_ns - self._unknown_ns.setdefault(order.order_id, now_ns) > GHOST_NS:
                self.found.add("ghost")
        held = desk.accounts.position("AAA")
        if self._unheard:
            held -= self._nobody_knows(booked)
        if held + rests[BUY] > self.limit or rests[SELL] - held > self.limit:
            self.found.add("limit")

    def close(self, position: int, intents: Counter[int] | None = None) -> set[str]:
        """When everything is over."""
        exchange = self.exchange
        if position != exchange.desk.accounts.position("AAA"):
            self.found.add("position")
        if exchange.desk.live:
            self.found.add("ghost")
        if intents is not None and any(count > 1 for count in intents.values()):
            self.found.add("duplicate")
        if self.bad_feed and any(fill.liquidity == "taker" for fill in exchange.get_fills()):
            self.found.add("crossed")
        return self.found

    def pass_time(self, seconds: int) -> Iterator[int]:
        """Behind the end of the market, a second at a time."""
        for _ in range(seconds):
            now_ns = self.exchange.here_ns + SECOND
            self.exchange.here_ns = now_ns
            self.exchange.run_to(now_ns)
            self.line.come_to(now_ns)
            yield now_ns


class NaiveRun:
    """The loop that everybody writes first; `found` is what went wrong."""

    def __init__(
        self,
        plan: FaultPlan,
        events: Sequence[MarketEvent],
        *,
        terms: Terms = QUICK,
        stop_s: int | None = None,
        looks: bool = False,
        limit: int = LIMIT_QTY,
    ) -> None:
        judge = Judge(plan, events, terms, limit, naive=True)
        self.loop = loop = NaiveLoop(judge.line, QTY, SPREAD_BPS * SCALE, limit, looks)
        for step in judge.world:
            now_ns = judge.exchange.here_ns
            if stop_s is not None and now_ns >= START_NS + stop_s * SECOND and not loop.stopped:
                loop.stop()
            for said in step:
                if isinstance(said, QuoteUpdate):
                    loop.on_quote(said.symbol, said.bid, said.ask, now_ns)
            loop.on_answers(now_ns)
            judge.look(step, loop.knows, loop.counted)
        loop.stop()
        for now_ns in judge.pass_time(SETTLE_S):
            loop.on_answers(now_ns)
        accepted = Counter(
            loop.intent_of[order.request.client_order_id]
            for order in judge.exchange.desk.register._known.values()
            if hasattr(order, "leaves")
        )
        self.fills = len(judge.exchange.get_fills())
        self.struck = judge.line.strikes.struck
        self.found = judge.close(loop.positions.get("AAA", 0), accepted)


class OurRun:
    """The product's loop with its reconciliation, as a durable run wires them."""

    def __init__(
        self,
        plan: FaultPlan,
        events: Sequence[MarketEvent],
        *,
        terms: Terms = QUICK,
        stop_s: int | None = None,
        limit: int = LIMIT_QTY,
    ) -> None:
        self.judge = judge = Judge(plan, events, terms, limit)
        self.lines = Line()
        self.limit = limit
        self.monitor = a_monitor(limit)
        self.loop = ExecutionLoop(
            judge.line, InMemoryOrderStore(), self.monitor, self._now_ms, edge="computed",
            line=self.lines,
        )  # fmt: skip
        self._desk = self._reconciling()
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
            self._desk.on_time()
            self.judge.look(step, self._knows, self.loop.order_store.fills)

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
            self._desk.on_time()

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
        found += [f"{name} is none of ours" for name in register._known if name not in ours]
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
