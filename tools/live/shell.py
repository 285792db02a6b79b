"""The shell: it gives each input its place on the line, steps, and carries the answers out.

A command goes to the exchange, and what the exchange says is the next input. `ExecutionLoop` is
this with doors for people, notebooks and whole feeds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

from .core.clock import NS_PER_MS, EventClock
from .core.contracts_v1 import (
    Approved, CancelAllOrdered, CancelFailed, CancelOrder, Fill, Input, ListOpenOrders,
    OpenOrdersListed, OpenOrdersUnknown, OrderAccepted, OrderCanceled, OrderRejected, Output,
)  # fmt: skip
from .core.errors import LineFailed, LiveError
from .core.line import Recorder
from .core.record import builder
from .exchange import IExchangeClient
from .fold import Fold

# Recorded inputs of the hot path are made by plain functions; see `core.record.builder`.
_fill = builder(Fill)
_order_accepted = builder(OrderAccepted)
_order_canceled = builder(OrderCanceled)
_cancel_all_ordered = builder(CancelAllOrdered)

WORLD_FAILED = (OSError, LiveError)
_BROKE = "the exchange client broke"


class Shell:
    """The one who talks: to the line, to the fold, to the exchange."""

    def __init__(
        self, exchange: IExchangeClient, fold: Fold, clock: Callable[[], int], line: Recorder | None
    ) -> None:
        self.exchange = exchange
        self.fold = fold
        self.order_store = fold.store
        self.risk_monitor = fold.monitor
        self.stats = fold.stats
        self.step = fold.step
        self.line = line
        self.event_clock = EventClock()
        self._clock = clock
        self._start_over()

    def _start_over(self) -> None:
        self.seq = 0
        self.event_clock.ns = 0
        self._origins: dict[str, tuple[int, int]] = {}
        self._unnamed_fills = 0
        self._abandoned = False

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
                event = _fill(
                    fill_id, order_id, fill.symbol, fill.side, fill.qty_e9, fill.price_e9,
                    fill.liquidity, ts_ns,
                )  # fmt: skip
                self._hear(line, seq, corr, cause, event)
            outputs = book(
                fill_id, order_id, fill.symbol, fill.side, fill.qty_e9, fill.price_e9,
                fill.liquidity, ts_ns,
            )  # fmt: skip
            if outputs:
                self._carry_out(outputs, seq, corr)

    def _cancel_all(self, reason: str, symbol: str | None, ts_ns: int) -> None:
        self.seq = seq = self.seq + 1
        if self.line is not None:
            self._hear(self.line, seq, seq, 0, _cancel_all_ordered(symbol, reason, ts_ns))
        self._carry_out(self.fold.cancel_all(symbol, reason, ts_ns), seq, seq)

    def _hear(self, line: Recorder, seq: int, corr: int, cause: int, event: Input) -> None:
        try:
            line.input(seq, corr, cause, event)
        except LineFailed:
            self.abandon()
            raise

    def _take(self, event: Input, cause: int = 0, corr: int = 0) -> None:
        """Give an input its place on the line, step, and carry out what the step decided."""
        self.seq = seq = self.seq + 1
        if self.line is not None:
            self._hear(self.line, seq, corr or seq, cause, event)
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
                        accepted = _order_accepted(client_order_id, order_id, ts_ns)
                        line.input(answer, corr, seq, accepted)
                    following = self.fold.accepted(client_order_id, order_id, ts_ns)
                    if following:
                        self._carry_out(following, answer, corr)
                elif type(output) is CancelOrder:
                    self._cancel(output, seq, corr)
                elif type(output) is ListOpenOrders:
                    self._list_open_orders(seq, corr)
        except LineFailed:
            self.abandon()
            raise
        except BaseException as error:
            self._settle_after(error, lambda: self._withhold(unsent, cause, corr))
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

    def _settle_after(self, error: BaseException, settle: Callable[[], None]) -> None:
        """The client broke or we are being ended: settle what is open, if the line still takes it.

        What an end makes of a run is no part of it: a journal takes nothing more, so that the run
        can be taken up again.
        """
        if self.line is not None and not isinstance(error, Exception):
            self.line.interrupt()
        try:
            settle()
        except LineFailed:
            self.abandon()

    def abandon(self) -> None:
        """The line has failed, so nothing more may be sent; what rests is canceled, once."""
        if self._abandoned:
            return
        self._abandoned = True
        self.risk_monitor.freeze("the line cannot be recorded", None, self.event_clock.ns)
        for order in self.order_store.live_orders():
            if order.order_id is not None:
                with suppress(*WORLD_FAILED):
                    self.exchange.cancel(order.order_id)
        with suppress(*WORLD_FAILED):
            self._cancel_unheard()

    def _cancel_unheard(self) -> None:
        """Cancel orders of ours whose acknowledgement was what the line did not take."""
        for listed in self.exchange.get_open_orders():
            ours = self.order_store.get(listed.client_order_id)
            if ours is not None and ours.order_id is None:
                with suppress(*WORLD_FAILED):
                    self.exchange.cancel(listed.order_id)

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
        except BaseException as error:
            failed = order_id, _BROKE, cause, corr
            self._settle_after(error, lambda: self._cancel_failed(*failed))
            raise
        if not confirmed:
            return self._cancel_failed(order_id, "the exchange said no", cause, corr)
        ts_ns = self.event_clock.ns
        self.seq = seq = self.seq + 1
        if self.line is not None:
            self.line.input(seq, corr, cause, _order_canceled(order_id, ts_ns))
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

    def _now_ns(self) -> int:
        return self.event_clock.ns or self.event_clock.advance_to(self._clock() * NS_PER_MS)
