"""The loop: the thin shell around the fold.

It gives each input its place on the line, steps, and carries the answers out: a command goes to
the exchange, and what the exchange says is the next input. `on_quote`, `on_fill`,
`on_edge_update` and the rest are doors to that for people and notebooks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from .core.clock import NS_PER_MS, EventClock, environment_now_ms
from .core.contracts_v1 import (
    Approved, CancelAllOrdered, CancelFailed, CancelOrder, EdgeUpdate, Fill, FreezeOrdered, Input,
    ListOpenOrders, OpenOrdersListed, OpenOrdersUnknown, OrderAccepted, OrderCanceled,
    OrderRejected, Output, ParamsSet, QuoteUpdate, UnfreezeOrdered,
)  # fmt: skip
from .core.errors import ContractError, LiveError
from .core.line import Line
from .core.money import Number, finite_e9, not_negative_e9, positive_e9, to_e9
from .core.quiet_gc import quiet_gc
from .exchange import FakeExchangeClient, IExchangeClient
from .fold import Fold
from .market.synthetic import SyntheticMarket, scripted_edge
from .order_store import InMemoryOrderStore
from .params import ExecutionParams, Feed, Quote, describe_run
from .portfolio.ledger import Ledger
from .reports.report import RunFacts, build_report
from .reports.shadow_report import ShadowReport
from .risk_monitor import RuntimeRiskMonitor

__all__ = [
    "ExecutionLoop", "ExecutionParams", "Feed", "Quote", "run_shadow_demo", "wire_shadow",
]  # fmt: skip

WORLD_FAILED = (OSError, LiveError)
_BROKE = "the exchange client broke"
SCRIPTED = "scripted"
COMPUTED = "computed"


class ExecutionLoop:
    """Exchange, store and risk monitor, tied together by one line of events."""

    def __init__(
        self,
        exchange: IExchangeClient,
        order_store: InMemoryOrderStore,
        risk_monitor: RuntimeRiskMonitor,
        clock: Callable[[], int] | None = None,
        *,
        edge: str = SCRIPTED,
        line: Line | None = None,
    ) -> None:
        if edge not in (SCRIPTED, COMPUTED):
            raise ContractError(f"edge {edge!r} is neither scripted nor computed")
        self.exchange = exchange
        self.order_store = order_store
        self.risk_monitor = risk_monitor
        self.edge = edge
        self.fold = Fold(order_store, risk_monitor, measure_edge=edge == COMPUTED)
        self.stats = self.fold.stats
        self.step = self.fold.step
        self.line = line
        self.event_clock = EventClock()
        self._clock = clock or environment_now_ms
        self._start_over()
        if isinstance(exchange, FakeExchangeClient):
            exchange.join(self.event_clock, self._clock)

    def _start_over(self) -> None:
        self.seq = 0
        self.event_clock.ns = 0
        self._params: tuple[Number, Number] | None = None
        self._origins: dict[str, tuple[int, int]] = {}
        self._unnamed_fills = 0

    def reset(self) -> None:
        """As new: store, monitor, counters and line. The exchange is reset by its own `reset`."""
        self.order_store.reset()
        self.risk_monitor.reset()
        self.fold.clear()
        if self.line is not None:
            self.line.entries = []
        self._start_over()

    # The doors.

    def on_quote(self, quote: Quote, params: ExecutionParams) -> None:
        """Answer a quote with a buy and a sell order, as far as the gate lets them pass."""
        ts_ns = self.event_clock.advance_to(quote.timestamp_ms * NS_PER_MS)
        self._set_params(params)
        if params.requote:
            self.cancel_all("requote", quote.symbol)
        self._take(QuoteUpdate(quote.symbol, quote.bid_e9, quote.ask_e9, ts_ns))

    def on_fill(self) -> None:
        """Book every fill that the exchange has to report."""
        line, clock, book = self.line, self.event_clock, self.fold.fill
        for fill in self.exchange.stream_fills():
            fill_id, order_id = fill.fill_id, fill.order_id
            if fill_id is None:
                self._unnamed_fills += 1
                fill_id = f"{order_id}/{self._unnamed_fills}"
            ts_ns = fill.timestamp_ms * NS_PER_MS
            if ts_ns > clock.ns:
                clock.ns = ts_ns
            else:
                ts_ns = clock.ns
            self.seq = corr = seq = self.seq + 1
            if line is not None:
                cause, corr = self._origins.get(order_id, (0, seq))
                event = Fill(
                    fill_id, order_id, fill.symbol, fill.side, fill.qty_e9, fill.price_e9,
                    fill.liquidity, ts_ns,
                )  # fmt: skip
                line.input(seq, corr, cause, event)
            outputs = book(
                fill_id, order_id, fill.symbol, fill.side, fill.qty_e9, fill.price_e9,
                fill.liquidity, ts_ns,
            )  # fmt: skip
            if outputs:
                self._carry_out(outputs, seq, corr)

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
        if not self.order_store.has_live(symbol):
            return
        ts_ns = self._now_ns()
        self.seq = seq = self.seq + 1
        if self.line is not None:
            self.line.input(seq, seq, 0, CancelAllOrdered(symbol, reason, ts_ns))
        self._carry_out(self.fold.cancel_all(symbol, reason, ts_ns), seq, seq)

    def run_shadow(
        self,
        params: ExecutionParams,
        feed: Feed | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> dict[str, Any]:
        """Trade through a whole feed, by default the synthetic one, and report."""
        start_ns = self._clock() * NS_PER_MS
        if feed is None:
            feed = SyntheticMarket(params.symbols, params.iterations, start_ns)
        first_ns = self.event_clock.advance_to(feed.start_ns)
        self.on_fill()  # what filled before the run belongs to before the run
        before = self._exchange_positions()
        held = {s: h.qty for s, h in self.risk_monitor.ledger.holdings.items()}
        with quiet_gc():
            self._set_params(params)
            self._run(feed, params.requote, progress)
        after = self._exchange_positions()
        moved = {s: after.get(s, 0) - before.get(s, 0) for s in sorted({*before, *after})}
        about = describe_run(params, feed, self.exchange, self.risk_monitor, self.edge)
        return build_report(
            RunFacts(
                self.fold, self.line, self.seq, about, self.edge, start_ns, first_ns, moved, held,
            )  # fmt: skip
        )

    def _run(
        self, feed: Feed, requote: bool, progress: Callable[[int, int], None] | None
    ) -> None:
        steps, clock, line = feed.steps, self.event_clock, self.line
        answer, live = self.fold.quote, self.order_store.live
        scripted = self.edge == SCRIPTED
        for step, quotes in enumerate(feed):
            for quote in quotes:
                symbol = quote.symbol
                if requote and symbol in live and live[symbol]:
                    self.cancel_all("requote", symbol)
                ts_ns = quote.ts_ns
                if ts_ns > clock.ns:
                    clock.ns = ts_ns
                else:
                    ts_ns = clock.ns
                self.seq = seq = self.seq + 1
                if line is not None:
                    line.input(seq, seq, 0, QuoteUpdate(symbol, quote.bid, quote.ask, ts_ns))
                outputs = answer(symbol, quote.bid, quote.ask, ts_ns)
                if outputs:
                    self._carry_out(outputs, seq, seq)
            self.on_fill()
            self._update_edges(quotes, scripted_edge(step, steps) if scripted else None)
            if progress is not None:
                progress(step + 1, steps)

    def _update_edges(self, quotes: list[QuoteUpdate], scripted: int | None) -> None:
        """The edge after a step: as scripted, else as measured where enough fills are."""
        line, ts_ns = self.line, self.event_clock.ns
        for quote in quotes:
            symbol = quote.symbol
            net_bps = self.fold.edge.net_bps(symbol) if scripted is None else scripted
            if net_bps is None:
                continue
            self.seq = seq = self.seq + 1
            if line is not None:
                line.input(seq, seq, 0, EdgeUpdate(symbol, net_bps, ts_ns))
            outputs = self.fold.edge_update(symbol, net_bps, ts_ns)
            if outputs:
                self._carry_out(outputs, seq, seq)

    # The shell.

    def _take(self, event: Input, cause: int = 0, corr: int = 0) -> None:
        """Give an input its place on the line, step, and carry out what the step decided."""
        self.seq = seq = self.seq + 1
        if self.line is not None:
            self.line.input(seq, corr or seq, cause, event)
        outputs = self.step(event)
        if outputs:
            self._carry_out(outputs, seq, corr or seq)

    def _carry_out(self, outputs: Sequence[Output], cause: int, corr: int) -> None:
        """Send what a step decided. An order without an answer stays pending, and counted."""
        line, clock = self.line, self.event_clock
        unsent = iter(outputs)
        try:
            for output in unsent:
                self.seq = seq = self.seq + 1
                if line is not None:
                    line.output(seq, corr, cause, output)
                if type(output) is Approved:
                    client_order_id = output.client_order_id
                    if self.risk_monitor.frozen:  # since the approval
                        self._rejected(client_order_id, "withheld: frozen", seq, corr)
                        continue
                    response = self.exchange.place_limit(output)
                    order_id, ts_ns = response.order_id, clock.ns
                    if response.timestamp_ms is not None:
                        answered_ns = response.timestamp_ms * NS_PER_MS
                        if answered_ns > ts_ns:
                            clock.ns = ts_ns = answered_ns
                    if order_id is None or not response.success:
                        self._rejected(client_order_id, response.message or "", seq, corr)
                        continue
                    self.seq = answer = self.seq + 1
                    if line is not None:
                        self._origins[order_id] = (seq, corr)
                        accepted = OrderAccepted(client_order_id, order_id, ts_ns)
                        line.input(answer, corr, seq, accepted)
                    following = self.fold.accepted(client_order_id, order_id, ts_ns)
                    if following:
                        self._carry_out(following, answer, corr)
                elif type(output) is CancelOrder:
                    self._cancel(output, seq, corr)
                elif type(output) is ListOpenOrders:
                    self._list_open_orders(seq, corr)
        except BaseException:
            self._withhold(unsent, cause, corr)
            raise

    def _withhold(self, outputs: Iterator[Output], cause: int, corr: int) -> None:
        """The client broke in the middle of a step: what was not sent yet never will be."""
        for output in outputs:
            self.seq = seq = self.seq + 1
            if self.line is not None:
                self.line.output(seq, corr, cause, output)
            if isinstance(output, Approved):
                self._rejected(output.client_order_id, f"withheld: {_BROKE}", seq, corr)
            elif isinstance(output, CancelOrder):
                self._cancel_failed(output.order_id, _BROKE, seq, corr)

    def _rejected(self, client_order_id: str, message: str, cause: int, corr: int) -> None:
        self.seq = seq = self.seq + 1
        ts_ns = self.event_clock.ns
        if self.line is not None:
            self.line.input(seq, corr, cause, OrderRejected(client_order_id, message, ts_ns))
        self.fold.rejected(client_order_id, message, ts_ns)

    def _cancel(self, cancel: CancelOrder, cause: int, corr: int) -> None:
        order_id = cancel.order_id
        try:
            confirmed = self.exchange.cancel(order_id)
        except WORLD_FAILED as error:  # one failed cancel must not keep the others from being sent
            return self._cancel_failed(order_id, str(error), cause, corr)
        except BaseException:
            self._cancel_failed(order_id, _BROKE, cause, corr)
            raise
        if not confirmed:
            return self._cancel_failed(order_id, "the exchange said no", cause, corr)
        ts_ns = self.event_clock.ns
        self.seq = seq = self.seq + 1
        if self.line is not None:
            self.line.input(seq, corr, cause, OrderCanceled(order_id, ts_ns))
        self.fold.canceled(order_id, ts_ns)

    def _cancel_failed(self, order_id: str, message: str, cause: int, corr: int) -> None:
        self._take(CancelFailed(order_id, message, self.event_clock.ns), cause, corr)

    def _list_open_orders(self, cause: int, corr: int) -> None:
        """Book what filled meanwhile, then hear the exchange's own list of open orders."""
        if self.fold.unresolved:
            self.on_fill()
        try:
            listed = tuple(order.order_id for order in self.exchange.get_open_orders())
        except WORLD_FAILED as error:
            return self._take(OpenOrdersUnknown(str(error), self.event_clock.ns), cause, corr)
        self._take(OpenOrdersListed(listed, self.event_clock.ns), cause, corr)

    def _set_params(self, params: ExecutionParams) -> None:
        key = (params.base_qty, params.spread_bps)
        if key != self._params:
            base_qty = positive_e9(params.base_qty, "base_qty")
            spread_bps = not_negative_e9(params.spread_bps, "spread_bps")
            self._take(ParamsSet(base_qty, spread_bps, self._now_ns()))
            self._params = key

    def _now_ns(self) -> int:
        return self.event_clock.ns or self.event_clock.advance_to(self._clock() * NS_PER_MS)

    def _exchange_positions(self) -> dict[str, int]:
        return {position.symbol: position.qty_e9 for position in self.exchange.get_positions()}


def wire_shadow(
    *,
    max_inventory_usd_per_symbol: Number,
    max_total_notional_usd: Number,
    edge_freeze_threshold_bps: Number,
    exchange: FakeExchangeClient,
    fee_maker_bps: Number,
    fee_taker_bps: Number,
    edge: str = SCRIPTED,
    retain: int | None = None,
    line: Line | None = None,
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
        edge=edge,
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
