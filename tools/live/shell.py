"""The shell: it gives each input its place on the line, steps, and carries the answers out.

A command goes to the exchange, and what the exchange says is the next input. `ExecutionLoop` is
this with doors for people, notebooks and whole feeds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from .core.clock import NS_PER_MS, EventClock
from .core.contracts_v1 import (
    Approved, CancelFailed, CancelOrder, CancelUnknown, FreezeOrdered, Input, ListOpenOrders,
    OpenOrdersListed, OpenOrdersUnknown, OrderAbandoned, OrderAbsent, OrderAccepted, OrderCanceled,
    OrderRejected, OrderUnknown, Output, QueryFailed, QueryOrder, Reapproved, TimerFired,
)  # fmt: skip
from .core.errors import LineFailed, LiveError, NotSent
from .core.line import Hear, Hearing, Recorder
from .core.order import TERMINAL, Order
from .exchange import FillEvent, IExchangeClient, PlaceOrderResponse
from .exchange_query import Found, OrderAnswer
from .fold import Fold
from .shell_executed import book_executed, may_be_ours, name_of
from .shell_query import ask, cancel_and_ask, contradiction, said

if TYPE_CHECKING:
    from .shell_end import LastCancels

Asked: TypeAlias = tuple[int, int, int]  # its seq, its corr, and when an answer is overdue
WORLD_FAILED = (OSError, LiveError)
_BROKE = "the exchange client broke"
_MOST_WAITS = 32


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

    @property
    def line(self) -> Recorder | None:
        """Where everything is recorded, if it is."""
        return self._line

    @line.setter
    def line(self, line: Recorder | None) -> None:
        self._line = line
        self._hearing = None if line is None else Hearing(line)

    def _start_over(self) -> None:
        self.seq = 0
        self.event_clock.ns = 0
        self._origins: dict[str, tuple[int, int]] = {}
        self._unnamed_fills = 0
        self._kept_fills: list[FillEvent] = []
        self._asked: dict[str, Asked] = {}
        self._unsent: set[str] = set()  # by our ids: the run was left before they were sent
        self._named: dict[str, str] = {}  # by our ids: what the exchange calls them, unrecorded
        self._last_cancels: LastCancels | None = None
        self._in_feed = False  # the exchange may be driven by what feeds us
        self.may_rest: tuple[str, ...] = ()

    def on_fill(self) -> None:
        """Book every fill that the exchange has to report."""
        if self._kept_fills:
            kept, self._kept_fills = self._kept_fills, []
            self._book(kept)
        self._book(self.exchange.stream_fills())

    def _book(self, fills: Iterable[FillEvent]) -> None:
        """Book fills; one of an order that we do not know is kept while it may be one of ours."""
        hearing, clock, book = self._hearing, self.event_clock, self.fold.fill
        known, doubts, asked = self.order_store.by_order_id, self.fold.outbox.doubts, self._asked
        for fill in fills:
            fill_id, order_id = fill.fill_id, fill.order_id
            if (doubts or asked) and order_id not in known and may_be_ours(self, fill):
                self._kept_fills.append(fill)
                continue
            if fill_id is None:
                fill_id = name_of(self, fill)
            ts_ns = fill.timestamp_ms * NS_PER_MS
            if ts_ns > clock.ns:
                clock.ns = ts_ns
            else:
                ts_ns = clock.ns
            self.seq = corr = seq = self.seq + 1
            if fill.told or fill.fee_e18 is not None:
                book_executed(self, fill, fill_id, seq, ts_ns)
                continue
            if hearing is not None:
                cause, corr = self._origins.get(order_id, (0, seq))
                self._hear(hearing.fill, seq, corr, cause, fill_id, order_id, fill.symbol,
                    fill.side, fill.qty_e9, fill.price_e9, fill.liquidity, ts_ns)  # fmt: skip
            outputs = book(fill_id, order_id, fill.symbol, fill.side, fill.qty_e9, fill.price_e9,
                           fill.liquidity, ts_ns)  # fmt: skip
            if outputs:
                self._carry_out(outputs, seq, corr)

    def _cancel_all(self, reason: str, symbol: str | None, ts_ns: int) -> None:
        self.seq = seq = self.seq + 1
        if self._hearing is not None:
            self._hear(self._hearing.cancel_all, seq, seq, 0, symbol, reason, ts_ns)
        self._carry_out(self.fold.cancel_all(symbol, reason, ts_ns), seq, seq)

    def _hear(self, hear: Hear, *said: Any) -> None:
        """Record what the world said; where the line fails, nobody trades on."""
        try:
            hear(*said)
        except LineFailed:
            self.abandon()
            raise

    def _take(self, event: Input, cause: int = 0, corr: int = 0) -> None:
        """Give an input its place on the line, step, and carry out what the step decided."""
        self.seq = seq = self.seq + 1
        if self._line is not None:
            self._hear(self._line.input, seq, corr or seq, cause, event)
        outputs = self.step(event)
        if outputs:
            self._carry_out(outputs, seq, corr or seq)

    def _carry_out(self, outputs: Sequence[Output], cause: int, corr: int) -> None:
        """Send what a step decided. An order without an answer stays pending, and counted."""
        line, hearing, clock = self._line, self._hearing, self.event_clock
        unsent = iter(outputs)
        try:
            for output in unsent:
                self.seq = seq = self.seq + 1
                if line is not None:
                    line.output(seq, corr, cause, output)
                if isinstance(output, Approved):
                    if self.risk_monitor.frozen:  # since the approval
                        self._not_sent(output, "withheld: frozen", seq, corr)
                        continue
                    try:
                        response = self.exchange.place_limit(output)
                    except WORLD_FAILED as error:
                        self._not_answered(output, error, seq, corr)
                        continue
                    order_id, ts_ns = response.order_id, clock.ns
                    if response.timestamp_ms is not None:
                        answered_ns = response.timestamp_ms * NS_PER_MS
                        if answered_ns > ts_ns:
                            clock.ns = ts_ns = answered_ns
                    if order_id is None or not response.success:
                        self._not_taken(output, response, seq, corr)
                        continue
                    client_order_id = output.client_order_id
                    self.seq = answer = self.seq + 1
                    if hearing is not None:
                        self._origins[order_id] = (seq, corr)
                        hearing.accepted(answer, corr, seq, client_order_id, order_id, ts_ns)
                    following = self.fold.accepted(client_order_id, order_id, ts_ns)
                    if following:
                        self._carry_out(following, answer, corr)
                elif isinstance(output, CancelOrder):
                    self._cancel(output, seq, corr)
                else:
                    self._find_out(output, seq, corr)
        except BaseException as error:
            self._stop(error, output, list(unsent), seq, cause, corr)
            raise

    def _stop(
        self, error: BaseException, output: Output, unsent: list[Output],
        seq: int, cause: int, corr: int,
    ) -> None:  # fmt: skip
        """The line or the client broke in the middle of a step: what follows is not sent."""
        failed = isinstance(error, LineFailed)
        if failed and self.seq == seq:  # it is not recorded, so it was not sent, either
            unsent = [output, *unsent]
        self._unsent.update(one.client_order_id for one in unsent if type(one) is Approved)
        if not failed:
            return self._settle_after(error, lambda: self._withhold(unsent, cause, corr))
        if isinstance(output, Approved):  # its acknowledgement may be what was not recorded
            led = [name for name, origin in self._origins.items() if origin == (seq, corr)]
            self._named.update({output.client_order_id: name for name in led})
        self.abandon()

    def _not_answered(
        self, request: Approved, error: Exception, cause: int, corr: int
    ) -> None:
        """Only an adapter that kept the request back knows what became of it."""
        if isinstance(error, NotSent):
            self._not_sent(request, f"not sent: {said(error)}", cause, corr)
        else:
            self._unknown(request.client_order_id, said(error), cause, corr)

    def _not_taken(
        self, request: Approved, response: PlaceOrderResponse, cause: int, corr: int
    ) -> None:
        """A no is definite; a yes without an id is an order that nobody can name."""
        if response.success:
            self._unknown(request.client_order_id, "taken without an id", cause, corr)
        else:
            self._rejected(request.client_order_id, response.message or "", cause, corr)

    def _find_out(self, output: Output, seq: int, corr: int) -> None:
        """Carry out what is rare: questions, and what follows from their answers."""
        if isinstance(output, ListOpenOrders):
            self._list_open_orders(seq, corr)
        elif isinstance(output, QueryOrder):
            self._hear_of(output.client_order_id, ask, seq, corr)
        elif isinstance(output, CancelUnknown):
            self._hear_of(output.client_order_id, cancel_and_ask, seq, corr)
        elif isinstance(output, OrderAbandoned):
            self._rejected(output.client_order_id, f"abandoned: {output.reason}", seq, corr)

    def _not_sent(self, request: Approved, message: str, cause: int, corr: int) -> None:
        """Nothing has left, so nothing is there: unless it was sent before and not heard of."""
        if isinstance(request, Reapproved):
            self._unknown(request.client_order_id, message, cause, corr)
        else:
            self._rejected(request.client_order_id, message, cause, corr)

    def _unknown(self, client_order_id: str, message: str, cause: int, corr: int) -> None:
        self._take(OrderUnknown(client_order_id, message, self.event_clock.ns), cause, corr)

    def _hear_of(
        self,
        client_order_id: str,
        question: Callable[[IExchangeClient, Order], OrderAnswer],
        cause: int,
        corr: int,
    ) -> None:
        """Ask about an order and give what the exchange says its place on the line."""
        order = self.order_store.orders.get(client_order_id)
        if order is None or order.state in TERMINAL:  # it has ended since the question arose
            return
        clock = self.event_clock
        try:
            answer = question(self.exchange, order)
        except WORLD_FAILED as error:
            failed = QueryFailed(client_order_id, said(error), clock.ns)
            return self._take(failed, cause, corr)
        wrong = contradiction(order, answer)
        if wrong is not None:
            reason = f"the exchange {wrong}"
            self._take(FreezeOrdered(reason, order.symbol, "outbox", clock.ns), cause, corr)
            return self._take(QueryFailed(client_order_id, reason, clock.ns), cause, corr)
        if answer.order is None or answer.found is Found.REJECTED:
            return self._hear_that_it_is_not(order, answer, cause, corr)
        order_id = answer.order.order_id
        if order.order_id is None:
            self._origins[order_id] = (cause, corr)
            self._take(OrderAccepted(client_order_id, order_id, clock.ns), cause, corr)
        self._book(answer.fills)
        if answer.found is Found.CANCELED:
            self._take(OrderCanceled(order_id, clock.ns), cause, corr)

    def _hear_that_it_is_not(
        self, order: Order, answer: OrderAnswer, cause: int, corr: int
    ) -> None:
        """The exchange has refused the order, or has none of this name."""
        client_order_id, ts_ns = order.client_order_id, self.event_clock.ns
        if answer.found is Found.UNKNOWN:
            self._take(OrderAbsent(client_order_id, ts_ns), cause, corr)
        else:
            self._rejected(client_order_id, answer.message, cause, corr)

    def _withhold(self, outputs: Sequence[Output], cause: int, corr: int) -> None:
        """The client broke in the middle of a step: what was not sent yet never will be."""
        for output in outputs:
            self.seq = seq = self.seq + 1
            if self._line is not None:
                self._line.output(seq, corr, cause, output)
            if type(output) is Approved:
                self._rejected(output.client_order_id, f"withheld: {_BROKE}", seq, corr)
            elif isinstance(output, CancelOrder):
                self._cancel_failed(output.order_id, _BROKE, seq, corr)

    def _settle_after(self, error: BaseException, settle: Callable[[], None]) -> None:
        """The client broke or we are being ended: settle what is open, if the line still takes it.

        What an end makes of a run is no part of it: a journal takes nothing more, so that the run
        can be taken up again.
        """
        if self._line is not None and not isinstance(error, Exception):
            self._line.interrupt()
        try:
            settle()
        except LineFailed:
            self.abandon()

    def abandon(self) -> None:
        """The line takes nothing more, so nothing may be sent; what rests is canceled, once."""
        if self._last_cancels is None:
            self.risk_monitor.freeze("the line cannot be recorded", None, self.event_clock.ns)
        self._leave_nothing()

    def _leave_nothing(self) -> None:
        """Cancel what rests, and what is on its way, as soon as no feed drives the exchange."""
        if self._last_cancels is None:
            from .shell_end import LastCancels  # nearly no run needs it

            self._last_cancels = LastCancels(self.exchange, self.event_clock)
            live = self.order_store.live_orders()
            sent = [order for order in live if order.client_order_id not in self._unsent]
            self._last_cancels.send(sent, self._named)
        if not self._in_feed:
            self.may_rest = self._last_cancels.settle()

    def _rejected(self, client_order_id: str, message: str, cause: int, corr: int) -> None:
        self.seq = seq = self.seq + 1
        ts_ns = self.event_clock.ns
        if self._line is not None:
            self._line.input(seq, corr, cause, OrderRejected(client_order_id, message, ts_ns))
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
            return self._not_canceled(order_id, confirmed, cause, corr)
        self._hear_last_fills()
        ts_ns = self.event_clock.ns
        self.seq = seq = self.seq + 1
        if self._hearing is not None:
            self._hearing.canceled(seq, corr, cause, order_id, ts_ns)
        self.fold.canceled(order_id, ts_ns)

    def _hear_last_fills(self) -> None:
        """Book what filled before a cancel, which must not be given back with the rest.

        The cancel is a fact, even if the stream breaks now; whoever reads on will hear of that.
        """
        fills = iter(self.exchange.stream_fills())
        while True:
            try:
                fill = next(fills, None)
            except WORLD_FAILED:
                return
            if fill is None:
                return
            self._book((fill,))

    def _not_canceled(
        self, order_id: str, confirmed: bool | None, cause: int, corr: int
    ) -> None:
        """Anything but a yes is a no."""
        self._cancel_failed(order_id, "the exchange said no", cause, corr)

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

    def _ask_due(self) -> None:
        """Time has passed: ask what became of the orders in doubt, if that is due."""
        due_ns = self.fold.outbox.next_due_ns()
        if due_ns is not None and due_ns <= self.event_clock.ns:
            self._take(TimerFired(self.event_clock.ns))

    def _wait_for_answers(self) -> None:
        """Nothing else will happen: let time pass until nothing is in doubt any more.

        Not for ever: what the exchange cannot tell stays in doubt, and the report says so.
        """
        for _ in range(_MOST_WAITS):
            due_ns = self._next_due_ns()
            if due_ns is None:
                return
            self.event_clock.advance_to(due_ns)
            self._ask_due()
            self.on_fill()

    def _next_due_ns(self) -> int | None:
        return self.fold.outbox.next_due_ns()

    def _now_ns(self) -> int:
        return self.event_clock.ns or self.event_clock.advance_to(self._clock() * NS_PER_MS)
