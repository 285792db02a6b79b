"""The loop: the thin shell around the fold.

It gives each input its place on the line, steps, and carries the answers out: a command goes to
the exchange, and what the exchange says is the next input. `on_quote`, `on_fill`,
`on_edge_update` and the rest are doors to that for people and notebooks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

from .core.clock import NS_PER_MS, EventClock, environment_now_ms
from .core.contracts_v1 import (
    CancelAllOrdered, CancelFailed, CancelOrder, EdgeUpdate, Fill, FreezeOrdered, Frozen,
    Input, OpenOrdersListed, OrderAccepted, OrderCanceled, OrderRejected, Output,
    ParamsSet, PlaceOrder, QuoteUpdate, UnfreezeOrdered,
)  # fmt: skip
from .core.errors import ContractError, LiveError
from .core.line import Line
from .core.money import Number, Scaled, not_negative_e9, positive_e9, to_e9, view
from .core.quiet_gc import quiet_gc
from .core.record import door
from .exchange import FakeExchangeClient, IExchangeClient, request_of
from .fold import Fold
from .market.synthetic import SyntheticMarket, scripted_edge
from .order_store import InMemoryOrderStore
from .portfolio.ledger import Ledger
from .reports.report import RunFacts, build_report
from .reports.shadow_report import ShadowReport
from .risk_monitor import RuntimeRiskMonitor, edge_e9

WORLD_FAILED = (OSError, LiveError)
SCRIPTED = "scripted"
COMPUTED = "computed"


@door
class Quote:
    """The best bid and ask of a symbol, in human numbers."""

    __slots__ = ("symbol", "bid_e9", "ask_e9", "timestamp_ms")
    __match_args__ = ("symbol", "bid", "ask", "timestamp_ms")
    bid = Scaled("bid_e9")
    ask = Scaled("ask_e9")

    def __init__(self, symbol: str, bid: Number, ask: Number, timestamp_ms: int) -> None:
        self.symbol = symbol
        self.bid = bid
        self.ask = ask
        self.timestamp_ms = timestamp_ms
        if self.bid_e9 <= 0 or self.ask_e9 <= 0:
            raise ContractError(f"quote of {symbol}: bid {bid!r} and ask {ask!r} must be above 0")


@door
class ExecutionParams:
    """What a run is asked to do. The limits in force are those of the risk monitor."""

    __match_args__ = (
        "symbols", "iterations", "max_inventory_usd_per_symbol", "max_total_notional_usd",
        "edge_freeze_threshold_bps", "base_qty", "spread_bps", "requote",
    )  # fmt: skip

    def __init__(
        self,
        symbols: list[str],
        iterations: int,
        max_inventory_usd_per_symbol: Number,
        max_total_notional_usd: Number,
        edge_freeze_threshold_bps: Number,
        base_qty: Number = 0.01,
        spread_bps: Number = 5.0,
        requote: bool = False,
    ) -> None:
        self.symbols = symbols
        self.iterations = iterations
        self.max_inventory_usd_per_symbol = max_inventory_usd_per_symbol
        self.max_total_notional_usd = max_total_notional_usd
        self.edge_freeze_threshold_bps = edge_freeze_threshold_bps
        self.base_qty = base_qty
        self.spread_bps = spread_bps
        self.requote = requote


class Feed(Protocol):
    """Who supplies the quotes: how many steps there are, and the quotes of each."""

    @property
    def steps(self) -> int: ...

    @property
    def symbols(self) -> list[str]: ...

    @property
    def start_ns(self) -> int: ...

    def __iter__(self) -> Iterator[list[QuoteUpdate]]: ...


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
        self._handlers = self.fold.handlers
        self.line = line
        self._clock = clock or environment_now_ms
        self._start_over()
        if isinstance(exchange, FakeExchangeClient) and exchange.clock is None:
            exchange.clock = self.now_ms  # a fake without a clock of its own lives on our line

    def _start_over(self) -> None:
        self.seq = 0
        self.event_clock = EventClock()
        self._params: tuple[Number, Number] | None = None
        self._origins: dict[str, tuple[int, int]] = {}
        self._unnamed_fills = 0

    def reset(self) -> None:
        """As new: store, monitor, counters and line. The exchange is reset by its own `reset`."""
        self.order_store.reset()
        self.risk_monitor.reset()
        self.fold.clear()
        self._start_over()

    def now_ms(self) -> int:
        """The time of the line; before its first event, the clock's."""
        return self.event_clock.ns // NS_PER_MS or self._clock()

    # The doors.

    def on_quote(self, quote: Quote, params: ExecutionParams) -> None:
        """Answer a quote with a buy and a sell order, as far as the gate lets them pass."""
        self._set_params(params)
        if params.requote:
            self.cancel_all("requote", quote.symbol)
        ts_ns = self.event_clock.advance_to(quote.timestamp_ms * NS_PER_MS)
        self._take(QuoteUpdate(quote.symbol, quote.bid_e9, quote.ask_e9, ts_ns))

    def on_fill(self) -> None:
        """Book every fill that the exchange has to report."""
        for fill in self.exchange.stream_fills():
            fill_id = fill.fill_id
            if fill_id is None:
                self._unnamed_fills += 1
                fill_id = f"{fill.order_id}/{self._unnamed_fills}"
            ts_ns = self.event_clock.advance_to(fill.timestamp_ms * NS_PER_MS)
            event = Fill(
                fill_id, fill.order_id, fill.symbol, fill.side, fill.qty_e9, fill.price_e9,
                fill.liquidity, ts_ns,
            )  # fmt: skip
            if self.line is None:
                self._take(event)
            else:
                self._take(event, *self._origins.get(fill.order_id, (0, 0)))

    def on_edge_update(self, symbol: str, net_bps: float) -> None:
        """Tell the monitor the net edge; below the threshold, or no number, it freezes."""
        self._take_edge(symbol, edge_e9(net_bps))

    def freeze(self, reason: str, actor: str, symbol: str | None = None) -> None:
        """Stop trading now and cancel everything on the exchange. Repeating it changes nothing."""
        self._take(FreezeOrdered(reason, symbol, actor, self._now_ns()))

    def unfreeze(self, reason: str, actor: str) -> None:
        """Let trading go on; who and why are recorded."""
        self._take(UnfreezeOrdered(reason, actor, self._now_ns()))

    def cancel_all(self, reason: str, symbol: str | None = None) -> None:
        """Cancel resting orders, of one symbol or of all."""
        if self.order_store.has_live(symbol):
            self._take(CancelAllOrdered(symbol, reason, self._now_ns()))

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
        before = self._exchange_positions()
        held = {s: h.qty for s, h in self.risk_monitor.ledger.holdings.items()}
        with quiet_gc():
            self._set_params(params)
            self._run(feed, params.requote, progress)
        after = self._exchange_positions()
        moved = {s: after.get(s, 0) - before.get(s, 0) for s in sorted({*before, *after})}
        return build_report(
            RunFacts(
                fold=self.fold,
                line=self.line,
                seq=self.seq,
                params=self._describe(params, feed),
                edge_mode=self.edge,
                start_ns=start_ns,
                first_event_ns=first_ns,
                exchange_moved=moved,
                held_before=held,
            )
        )

    def _run(
        self, feed: Feed, requote: bool, progress: Callable[[int, int], None] | None
    ) -> None:
        steps = feed.steps
        for step, quotes in enumerate(feed):
            for quote in quotes:
                if requote:
                    self.cancel_all("requote", quote.symbol)
                ts_ns = self.event_clock.advance_to(quote.ts_ns)
                if ts_ns != quote.ts_ns:
                    quote = QuoteUpdate(quote.symbol, quote.bid, quote.ask, ts_ns)
                self._take(quote)
            self.on_fill()
            if self.edge == SCRIPTED:
                net_bps = scripted_edge(step, steps)
                ts_ns = self.event_clock.ns
                for quote in quotes:
                    self._take(EdgeUpdate(quote.symbol, net_bps, ts_ns))
            else:
                self._measure_edge(quotes)
            if progress is not None:
                progress(step + 1, steps)

    def _measure_edge(self, quotes: list[QuoteUpdate]) -> None:
        for quote in quotes:
            measured = self.fold.edge.net_bps(quote.symbol)
            if measured is not None:
                self._take_edge(quote.symbol, measured)

    # The shell.

    def _take(self, event: Input, cause: int = 0, corr: int = 0) -> None:
        """Give an input its place on the line, step, and carry out what the step decided."""
        self.seq = seq = self.seq + 1
        if self.line is not None:
            self.line.input(seq, corr or seq, cause, event)
        outputs = self._handlers[event.__class__](event)  # `step`, less one call
        if outputs:
            self._carry_out(outputs, seq, corr or seq)

    def _carry_out(self, outputs: Sequence[Output], cause: int, corr: int) -> None:
        froze = False
        for output in outputs:
            self.seq = seq = self.seq + 1
            if self.line is not None:
                self.line.output(seq, corr, cause, output)
            if isinstance(output, PlaceOrder):
                self._send(output, seq, corr)
            elif isinstance(output, CancelOrder):
                self._cancel(output, seq, corr)
            elif isinstance(output, Frozen):
                froze = True
        if froze:
            self._verify_cancels()

    def _send(self, place: PlaceOrder, cause: int, corr: int) -> None:
        """Send an approved order. If the exchange fails to answer, it stays pending and counted."""
        client_order_id = place.client_order_id
        clock = self.event_clock
        if self.risk_monitor.frozen:  # frozen between approval and sending
            self._take(OrderRejected(client_order_id, "withheld: frozen", clock.ns), cause, corr)
            return
        response = self.exchange.place_limit(request_of(place))
        answered_ms = response.timestamp_ms
        if answered_ms is not None:
            clock.advance_to(answered_ms * NS_PER_MS)
        order_id = response.order_id
        if response.success and order_id is not None:
            if self.line is not None:
                self._origins[order_id] = (cause, corr)
            self._take(OrderAccepted(client_order_id, order_id, clock.ns), cause, corr)
        else:
            rejected = OrderRejected(client_order_id, response.message or "", clock.ns)
            self._take(rejected, cause, corr)

    def _cancel(self, cancel: CancelOrder, cause: int, corr: int) -> None:
        order_id = cancel.order_id
        ts_ns = self.event_clock.ns
        try:
            confirmed = self.exchange.cancel(order_id)
        except WORLD_FAILED as error:  # one failed cancel must not keep the others from being sent
            self._take(CancelFailed(order_id, str(error), ts_ns), cause, corr)
            return
        if confirmed:
            self._take(OrderCanceled(order_id, ts_ns), cause, corr)
        else:
            self._take(CancelFailed(order_id, "the exchange said no", ts_ns), cause, corr)

    def _take_edge(self, symbol: str, net_bps: int | None) -> None:
        self._take(EdgeUpdate(symbol, net_bps, self._now_ns()))

    def _verify_cancels(self) -> None:
        """After a freeze: book what filled meanwhile, then compare with the exchange's own list."""
        if self.fold.unresolved:
            self.on_fill()
        try:
            listed = tuple(order.order_id for order in self.exchange.get_open_orders())
        except WORLD_FAILED as error:
            self.fold.unresolved["*"] = f"the exchange could not list its open orders: {error}"
            return
        self._take(OpenOrdersListed(listed, self._now_ns()))

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

    def _describe(self, params: ExecutionParams, feed: Feed) -> dict[str, Any]:
        """What the run was asked to do, in human numbers: the part that the config hash covers."""
        monitor = self.risk_monitor
        return {
            "symbols": sorted(feed.symbols),
            "iterations": feed.steps,
            "base_qty": view(positive_e9(params.base_qty, "base_qty")),
            "spread_bps": view(not_negative_e9(params.spread_bps, "spread_bps")),
            "requote": params.requote,
            "edge": self.edge,
            "max_inventory_usd_per_symbol": view(monitor.max_symbol_e9),
            "max_total_notional_usd": view(monitor.max_total_e9),
            "edge_freeze_threshold_bps": view(monitor.threshold_bps_e9),
            "fee_maker_bps": view(monitor.ledger.fee_maker_bps),
            "fee_taker_bps": view(monitor.ledger.fee_taker_bps),
        }


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
    ledger = Ledger(
        fee_maker_bps=to_e9(fee_maker_bps, "fee_maker_bps"),
        fee_taker_bps=to_e9(fee_taker_bps, "fee_taker_bps"),
    )
    monitor = RuntimeRiskMonitor(
        max_inventory_usd_per_symbol=max_inventory_usd_per_symbol,
        max_total_notional_usd=max_total_notional_usd,
        edge_freeze_threshold_bps=edge_freeze_threshold_bps,
        ledger=ledger,
    )
    exchange = FakeExchangeClient(fill_rate, reject_rate, latency_ms, partial_fill_rate, seed)
    loop = ExecutionLoop(exchange, InMemoryOrderStore(), monitor, clock, edge=edge, line=line)
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
