"""The loop: the doors through which people, notebooks and whole feeds drive the shell."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any

from .core.clock import NS_PER_MS, environment_now_ms
from .core.contracts_v1 import (
    CancelFailed, CancelOrder, EdgeUpdate, FreezeOrdered, Input, ParamsSet, QuoteUpdate,
    RulesSet, RunResumed, UnfreezeOrdered,
)  # fmt: skip
from .core.errors import ContractError, LineFailed
from .core.line import Line, Recorder
from .core.market_v1 import MarketFact
from .core.money import Number, finite_e9, not_negative_e9, positive_e9, to_e9
from .core.order_rules import NO_RULES, OrderRules
from .core.quiet_gc import quiet_gc
from .core.record import fields_of
from .edge_modes import COMPUTED, MARKOUTS, RECORDED, SCRIPTED, begun_as, either
from .exchange import FakeExchangeClient, IExchangeClient, InProcess
from .exchange_rules import told_rules
from .fold import Fold
from .market.synthetic import SyntheticMarket, scripted_edge
from .order_store import InMemoryOrderStore
from .params import ExecutionParams, Feed, Quote, describe_run
from .patient_shell import PatientShell
from .portfolio.ledger import Ledger
from .reports.report import RunFacts, build_report
from .reports.shadow_report import ShadowReport
from .risk_monitor import RuntimeRiskMonitor

__all__ = [
    "ExecutionLoop", "ExecutionParams", "Feed", "Quote", "run_shadow_demo", "wire_shadow",
]  # fmt: skip


class ExecutionLoop(PatientShell):
    """Exchange, store and risk monitor, tied together by one line of events.

    `edge` is a recorded word of `edge_modes`: `markouts` measures what our fills earn.
    """

    def __init__(
        self,
        exchange: IExchangeClient,
        order_store: InMemoryOrderStore,
        risk_monitor: RuntimeRiskMonitor,
        clock: Callable[[], int] | None = None,
        *,
        edge: str = SCRIPTED,
        line: Recorder | None = None,
    ) -> None:
        if edge not in RECORDED:
            raise ContractError(f"edge {edge!r} is not {either(RECORDED)}")
        _refuse_strangers(order_store, risk_monitor)
        fold = Fold(
            order_store, risk_monitor, measure_edge=edge == COMPUTED, markouts=edge == MARKOUTS
        )
        super().__init__(exchange, fold, clock or environment_now_ms, line)
        self.edge = edge
        if isinstance(exchange, InProcess):
            exchange.join(self.event_clock, self._clock)

    def _start_over(self) -> None:
        super()._start_over()
        self._params: tuple[Number, Number] | None = None
        self._rules: dict[str, OrderRules] = {}

    def reset(self) -> None:
        """As new: store, monitor, counters and line. The exchange is reset by its own `reset`."""
        self.order_store.reset()
        self.risk_monitor.reset()
        self.fold.clear()
        if self.line is not None:
            self.line.clear()
        self._start_over()

    # The doors.

    def on_quote(self, quote: Quote, params: ExecutionParams) -> None:
        """Answer a quote with a buy and a sell order, as far as the gate lets them pass."""
        ts_ns = self.event_clock.advance_to(quote.timestamp_ms * NS_PER_MS)
        self.set_params(params)
        if quote.symbol not in self._rules:
            self.set_rules((quote.symbol,))
        if params.requote:
            self.cancel_all("requote", quote.symbol)
        self._take(QuoteUpdate(quote.symbol, quote.bid_e9, quote.ask_e9, ts_ns))

    def on_edge_update(self, symbol: str, net_bps: float) -> None:
        """Tell the monitor the net edge; below the threshold, or no number, it freezes."""
        self._take(EdgeUpdate(symbol, finite_e9(net_bps), self._now_ns()))

    def freeze(self, reason: str, actor: str, symbol: str | None = None) -> None:
        """Stop trading now and cancel everything on the exchange. Repeating it changes nothing."""
        self._take(FreezeOrdered(reason, symbol, actor, self._now_ns()))

    def unfreeze(self, reason: str, actor: str) -> None:
        """Let trading go on; who and why are recorded."""
        self._take(UnfreezeOrdered(reason, actor, self._now_ns()))

    def cancel_all(self, reason: str, symbol: str | None = None) -> None:
        """Cancel resting orders, of one symbol or of all."""
        if self.order_store.has_live(symbol):
            self._cancel_all(reason, symbol, self._now_ns())

    def on_timer(self) -> None:
        """Time has passed: ask again about what is in doubt, and retry cancels, where it is due."""
        self.event_clock.advance_to(self._clock() * NS_PER_MS)
        self._ask_due()

    def take(self, event: Input) -> None:
        """Give an input of somebody else its place on the line; it must not be of the past."""
        self.event_clock.advance_to(event.ts_ns)
        self._take(event)

    def cancel_foreign(self, order_id: str) -> None:
        """Cancel an order whose end we have booked, or that is not ours; record what came of it."""
        self._cancel(CancelOrder("", order_id, self._now_ns()), 0, 0)

    def take_over(self, fold: Fold, seq: int, ts_ns: int) -> None:
        """Stand where an earlier life of the run stood: its fold, behind this seq of its line."""
        self.fold = fold
        self.order_store, self.risk_monitor = fold.store, fold.monitor
        self.stats, self.step = fold.stats, fold.step
        self.seq = seq
        self._unnamed_fills = fold.store.fill_count()  # so that no name comes twice
        self.event_clock.advance_to(ts_ns)

    def resume(self, unanswered: Sequence[CancelOrder] = ()) -> None:
        """Find out what became of all that was on its way when the process ended.

        Nothing is traded before the books were reconciled with the exchange.
        """
        ts_ns = self.event_clock.advance_to(self._clock() * NS_PER_MS)
        self._take(RunResumed(ts_ns))
        for cancel in unanswered:
            ended = "the process ended before an answer"
            self._take(CancelFailed(cancel.order_id, ended, self.event_clock.ns))
        self.on_fill()

    def set_params(self, params: ExecutionParams) -> None:
        """Put the size and the width of our quotes in force; what is in force stays unsaid."""
        key = (params.base_qty, params.spread_bps)
        if key != self._params:
            base_qty = positive_e9(params.base_qty, "base_qty")
            spread_bps = not_negative_e9(params.spread_bps, "spread_bps")
            self._take(ParamsSet(base_qty, spread_bps, self._now_ns()))
            self._params = key

    def set_rules(self, symbols: Sequence[str]) -> None:
        """Put the exchange's rules for these symbols in force; what is in force stays unsaid."""
        for symbol, rules in self.rules_of(symbols).items():
            if rules != self.fold.rules.get(symbol, NO_RULES):
                self._take(RulesSet(
                    symbol, rules.tick, rules.lot, rules.min_qty, rules.min_notional_e18,
                    self._now_ns(),
                ))  # fmt: skip

    def rules_of(self, symbols: Sequence[str]) -> dict[str, OrderRules]:
        """What the exchange takes of these symbols; it is asked once for each."""
        new = [symbol for symbol in symbols if symbol not in self._rules]
        if new:
            self._rules |= told_rules(self.exchange, new)
        return {symbol: self._rules[symbol] for symbol in symbols}

    def run_shadow(
        self,
        params: ExecutionParams,
        feed: Feed | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> dict[str, Any]:
        """Trade through a whole feed, by default the synthetic one, and report."""
        going = self.trade(params, feed, progress)
        with quiet_gc():
            try:
                while True:
                    next(going)
            except StopIteration as end:
                report: dict[str, Any] = end.value
                return report
            except BaseException as ended:
                going.throw(ended)  # it may have come between two steps
                raise

    def trade(
        self,
        params: ExecutionParams,
        feed: Feed | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> Generator[int, None, dict[str, Any]]:
        """The same a step at a time: it yields how many are done, and returns the report."""
        try:
            return (yield from self._trade_and_report(params, feed, progress))
        except GeneratorExit:  # it is given up, and may be begun anew
            raise
        except BaseException as ended:
            if isinstance(ended, LineFailed) or self._last_cancels is not None:
                self.abandon()
            elif not isinstance(ended, Exception):
                self.leave("interrupted")
            self.tell_left(ended)
            raise

    def _trade_and_report(
        self,
        params: ExecutionParams,
        feed: Feed | None,
        progress: Callable[[int, int], None] | None,
    ) -> Generator[int, None, dict[str, Any]]:
        start_ns = self._clock() * NS_PER_MS
        if feed is None:
            feed = SyntheticMarket(params.symbols, params.iterations, start_ns)
        first_ns = self.event_clock.advance_to(feed.start_ns)
        self.on_fill()  # what filled before the run belongs to before the run
        before = self._exchange_positions()
        held = {s: h.qty for s, h in self.risk_monitor.ledger.holdings.items()}
        self.set_params(params)
        self.set_rules(feed.symbols)
        yield from self._pass(feed, params.requote, progress)
        self._wait_for_answers()
        after = self._exchange_positions()
        moved = {s: after.get(s, 0) - before.get(s, 0) for s in sorted({*before, *after})}
        rules = self.rules_of(feed.symbols)
        about = describe_run(params, feed, self.exchange, self.risk_monitor, self.edge, rules)
        return build_report(
            RunFacts(
                self.fold, self.line, self.seq, about, self.edge, start_ns, first_ns, moved, held,
            )  # fmt: skip
        )

    def _pass(
        self, feed: Feed, requote: bool, progress: Callable[[int, int], None] | None
    ) -> Generator[int, None, None]:
        """The whole feed; however that ends, nothing drives the exchange afterwards."""
        passing = iter(feed)
        self._in_feed = True
        try:
            yield from self._run(passing, feed.steps, requote, progress)
        finally:
            self._in_feed = False
            if isinstance(passing, Generator):
                passing.close()

    def _run(
        self, passing: Iterator[Sequence[QuoteUpdate | MarketFact]], steps: int, requote: bool,
        progress: Callable[[int, int], None] | None,
    ) -> Generator[int, None, None]:  # fmt: skip
        clock, line, hearing = self.event_clock, self.line, self._hearing
        answer, live = self.fold.quote, self.order_store.live
        scripted, watched = self.edge == SCRIPTED, self.fold.watch is not None
        outbox, asked, canceling = self.fold.outbox, self._asked, self._canceling
        step = 0
        for quotes in passing:
            for quote in quotes:
                if not isinstance(quote, QuoteUpdate):
                    self._on_fact(quote)
                    continue
                symbol = quote.symbol
                if requote and symbol in live and live[symbol]:
                    self._cancel_all("requote", symbol, clock.ns)
                ts_ns = quote.ts_ns
                if ts_ns > clock.ns:
                    clock.ns = ts_ns
                else:
                    ts_ns = clock.ns
                self.seq = seq = self.seq + 1
                if hearing is not None:
                    hearing.quote(seq, seq, 0, symbol, quote.bid, quote.ask, ts_ns)
                outputs = answer(symbol, quote.bid, quote.ask, ts_ns)
                if outputs:
                    self._carry_out(outputs, seq, seq)
            self.on_fill()
            if quotes and not watched:
                self._update_edges(quotes, scripted_edge(step, steps) if scripted else None)
            if asked or canceling or outbox.doubts or outbox.cancels_due_ns is not None:
                self._ask_due()
            if line is not None:
                line.quiet()
            if quotes:  # else the exchange alone had something to say
                step += 1
                if progress is not None:
                    progress(step, steps)
                yield step

    def _on_fact(self, fact: MarketFact) -> None:
        """What happened to the feed enters the line now, whenever it was said."""
        ts_ns = self.event_clock.advance_to(fact.ts_ns)
        said = [getattr(fact, name) for name in fields_of(fact) if name != "ts_ns"]
        kind: Any = fact.__class__
        self._take(kind(*said, ts_ns))

    def _update_edges(
        self, quotes: Sequence[QuoteUpdate | MarketFact], scripted: int | None
    ) -> None:
        """The edge after a step: as scripted, else as measured where enough fills are."""
        hearing, ts_ns = self._hearing, self.event_clock.ns
        for quote in quotes:
            symbol = quote.symbol
            net_bps = self.fold.edge.net_bps(symbol) if scripted is None else scripted
            if net_bps is None or not isinstance(quote, QuoteUpdate):
                continue
            self.seq = seq = self.seq + 1
            if hearing is not None:
                hearing.edge(seq, seq, 0, symbol, net_bps, ts_ns)
            outputs = self.fold.edge_update(symbol, net_bps, ts_ns)
            if outputs:
                self._carry_out(outputs, seq, seq)

    def _exchange_positions(self) -> dict[str, int]:
        return {position.symbol: position.qty_e9 for position in self.exchange.get_positions()}


def _refuse_strangers(store: InMemoryOrderStore, monitor: RuntimeRiskMonitor) -> None:
    """ContractError for orders of an earlier life: the gate would count none of them."""
    live = any(orders and symbol not in monitor.exposures for symbol, orders in store.live.items())
    traded = any(held.traded for held in monitor.ledger.holdings.values())
    if live or (store.fill_count() and not traded):
        raise ContractError(
            "the order store holds orders whose positions and exposure the risk monitor does not"
            " know; take a run up with DurableRun, or begin with an empty store"
        )


def wire_shadow(
    *,
    max_inventory_usd_per_symbol: Number,
    max_total_notional_usd: Number,
    edge_freeze_threshold_bps: Number,
    exchange: IExchangeClient,
    fee_maker_bps: Number,
    fee_taker_bps: Number,
    edge: str = SCRIPTED,
    retain: int | None = None,
    line: Recorder | None = None,
    clock: Callable[[], int] | None = None,
) -> ExecutionLoop:
    """Tie a fake exchange to a new store, ledger and risk monitor: the whole wiring of a demo."""
    maker = to_e9(fee_maker_bps, "fee_maker_bps")
    taker = to_e9(fee_taker_bps, "fee_taker_bps")
    ledger = Ledger(fee_maker_bps=maker, fee_taker_bps=taker)
    monitor = RuntimeRiskMonitor(
        max_inventory_usd_per_symbol=max_inventory_usd_per_symbol,
        max_total_notional_usd=max_total_notional_usd,
        edge_freeze_threshold_bps=edge_freeze_threshold_bps,
        ledger=ledger,
    )
    store = InMemoryOrderStore(retain)
    return ExecutionLoop(exchange, store, monitor, clock, edge=edge, line=line)


def run_shadow_demo(
    symbols: list[str] | None = None,
    iterations: int = 50,
    max_inventory_usd_per_symbol: Number = 10_000,
    max_total_notional_usd: Number = 50_000,
    edge_freeze_threshold_bps: Number = 1.5,
    fill_rate: float = 0.7,
    reject_rate: float = 0.05,
    latency_ms: int = 100,
    clock: Callable[[], int] | None = None,
    *,
    seed: int = 42,
    partial_fill_rate: float = 0.1,
    base_qty: Number = 0.01,
    spread_bps: Number = 5.0,
    fee_maker_bps: Number = 1.0,
    fee_taker_bps: Number = 7.0,
    edge: str = SCRIPTED,
    requote: bool = False,
) -> ShadowReport:
    """Run the demo on the seeded fake exchange; the JSON line that comes back shows itself."""
    line = Line()
    loop = wire_shadow(
        max_inventory_usd_per_symbol=max_inventory_usd_per_symbol,
        max_total_notional_usd=max_total_notional_usd,
        edge_freeze_threshold_bps=edge_freeze_threshold_bps,
        exchange=FakeExchangeClient(fill_rate, reject_rate, latency_ms, partial_fill_rate, seed),
        fee_maker_bps=fee_maker_bps,
        fee_taker_bps=fee_taker_bps,
        edge=begun_as(edge),
        line=line,
        clock=clock,
    )
    params = ExecutionParams(
        ["BTCUSDT", "ETHUSDT"] if symbols is None else symbols,
        iterations,
        max_inventory_usd_per_symbol,
        max_total_notional_usd,
        edge_freeze_threshold_bps,
        base_qty,
        spread_bps,
        requote,
    )
    return ShadowReport(loop.run_shadow(params), line.entries)
