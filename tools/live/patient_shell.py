"""The shell beside an exchange whose answers come later: it waits, and what is overdue is doubted.

What was asked and not answered is kept with the time by which an answer is due. An order without
one is then in doubt and asked for; a cancel without one has failed and is tried again. Answers
about orders that have no name yet wait until the acknowledgement has come.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from .core.clock import NS_PER_MS
from .core.contracts_v1 import (
    REQUEST_LIFE_NS, Approved, CancelFailed, CancelOrder, FreezeOrdered, FundingPaid,
    OrderAccepted, OrderCanceled, OrderRejected,
)  # fmt: skip
from .core.errors import LineFailed
from .core.line import Recorder
from .core.order import PENDING, TERMINAL, Order
from .exchange import FillEvent, IExchangeClient, OrderStatus, PlaceOrderResponse
from .exchange_answers import Answer, AnsweringExchange
from .fold import Fold
from .shell import WORLD_FAILED, Asked, Shell
from .shell_query import ask

ACTOR = "exchange"
LOOP = "loop"
_NO_ANSWER = "the exchange has not answered"
_MANY = 4096  # so many orders may be remembered before it is looked which of them can go


class PatientShell(Shell):
    """A shell that can wait; with an exchange that answers at once it is `Shell`."""

    def __init__(
        self, exchange: IExchangeClient, fold: Fold, clock: Callable[[], int], line: Recorder | None
    ) -> None:
        super().__init__(exchange, fold, clock, line)
        self._answering = exchange if isinstance(exchange, AnsweringExchange) else None

    def _start_over(self) -> None:
        super()._start_over()
        self._canceling: dict[str, Asked] = {}
        self._most_origins = _MANY
        self._kept_ends: list[OrderCanceled | CancelFailed] = []

    def on_fill(self) -> None:
        """Hear everything that the exchange has to say by now."""
        if len(self._origins) > self._most_origins:
            self._forget_origins()
        if self._answering is None:
            return super().on_fill()
        self._hear_answers(self._answering.stream_answers())

    def _forget_origins(self) -> None:
        """Of an order that the store has forgotten nobody has to know which quote led to it."""
        known = self.order_store.by_order_id
        self._origins = {name: led for name, led in self._origins.items() if name in known}
        self._most_origins = max(_MANY, 2 * len(self._origins))

    # What was asked.

    def _not_taken(
        self, request: Approved, response: PlaceOrderResponse, cause: int, corr: int
    ) -> None:
        """Not taken yet, where the answer follows."""
        follows = response.success and response.status is OrderStatus.PENDING
        if self._answering is None or not follows:
            return super()._not_taken(request, response, cause, corr)
        self._asked[request.client_order_id] = cause, corr, self._overdue_ns()

    def _not_canceled(
        self, order_id: str, confirmed: bool | None, cause: int, corr: int
    ) -> None:
        """Not canceled yet, where the answer follows."""
        if self._answering is None or confirmed is not None:
            return super()._not_canceled(order_id, confirmed, cause, corr)
        self._canceling[order_id] = cause, corr, self._overdue_ns()

    def _overdue_ns(self) -> int:
        return self.event_clock.ns + REQUEST_LIFE_NS

    # What is answered.

    def _hear_answers(self, answers: Iterable[Answer]) -> None:
        clock = self.event_clock
        for answer in answers:
            if isinstance(answer, FillEvent):
                if answer.timestamp_ms * NS_PER_MS > clock.ns:
                    answer = self._in_our_time(answer)
                self._book((answer,))
            elif isinstance(answer, OrderAccepted):
                ts_ns = self._our_time(answer.ts_ns)
                self._hear_accepted(answer.client_order_id, answer.order_id, ts_ns)
            elif isinstance(answer, OrderRejected):
                self._hear_rejected(answer)
            elif isinstance(answer, FundingPaid):
                ts_ns = self._our_time(answer.ts_ns)
                self._take(FundingPaid(answer.symbol, answer.amount_e18, answer.why, ts_ns))
            else:
                self._hear_end(answer)
            if self._kept_fills or self._kept_ends:
                self._hear_what_was_kept()

    def _hear_end(self, end: OrderCanceled | CancelFailed) -> None:
        """What became of a cancel, or an end that nobody asked for; one that is told again is none.

        Whoever asked about the order may have been told before the answer to the cancel came.
        """
        order_id = end.order_id
        order = self.order_store.by_order_id.get(order_id)
        if order is None and self._waits():
            self._kept_ends.append(end)
            return
        cause, corr, _ = self._canceling.pop(order_id, (0, 0, 0))
        if order is not None and order.state in TERMINAL and isinstance(end, OrderCanceled):
            return
        if not cause:
            cause, corr = self._origins.get(order_id, (0, 0))
        ts_ns = self._our_time(end.ts_ns)
        if isinstance(end, OrderCanceled):
            self._take(OrderCanceled(order_id, ts_ns), cause, corr)
        else:
            self._take(CancelFailed(order_id, end.message, ts_ns), cause, corr)

    def _hear_accepted(self, client_order_id: str, order_id: str, ts_ns: int) -> None:
        """An acknowledgement; one that cannot be is a reason to stop, and its order to cancel."""
        store = self.order_store
        cause, corr, _ = self._asked.pop(client_order_id, (0, 0, 0))
        order = store.orders.get(client_order_id)
        known = store.by_order_id.get(order_id)
        if order is not None and order is known:
            return  # it is said twice
        if order is None or known is not None or order.state is not PENDING:
            reason = f"order {client_order_id} is accepted as {order_id}, {_wrong(order, known)}"
            self._take(FreezeOrdered(reason, None, ACTOR, ts_ns), cause, corr)
            if known is None:
                self._cancel(CancelOrder(client_order_id, order_id, ts_ns), cause, corr)
            elif order is not None and order.state is PENDING:
                self._unknown(client_order_id, reason, cause, corr)
            return
        self._origins[order_id] = cause, corr
        self._take(OrderAccepted(client_order_id, order_id, ts_ns), cause, corr)

    def _hear_rejected(self, answer: OrderRejected) -> None:
        """A refusal; of an order that has ended, or is none of ours, it says nothing new.

        Of an order that was accepted it may answer a second copy of the request: that is asked.
        """
        name = answer.client_order_id
        cause, corr, _ = self._asked.pop(name, (0, 0, 0))
        order = self.order_store.orders.get(name)
        if order is None or order.state in TERMINAL:
            return
        ts_ns = self._our_time(answer.ts_ns)
        if order.order_id is None:
            self._take(OrderRejected(name, answer.message, ts_ns), cause, corr)
        else:
            self._hear_of(name, ask, *self._origins.get(order.order_id, (0, 0)))

    def _our_time(self, ts_ns: int) -> int:
        """When an answer came: as the exchange says, but never later than our own clock."""
        clock = self.event_clock
        if ts_ns > clock.ns:
            clock.advance_to(min(ts_ns, self._clock() * NS_PER_MS))
        return clock.ns

    def _in_our_time(self, fill: FillEvent) -> FillEvent:
        """The fill as it is, unless the clock of the exchange is ahead of ours."""
        ts_ns = fill.timestamp_ms * NS_PER_MS
        if ts_ns <= self._our_time(ts_ns):
            return fill
        held = FillEvent.__new__(FillEvent)
        for name in FillEvent.__slots__:
            setattr(held, name, getattr(fill, name))
        held.timestamp_ms = self.event_clock.ns // NS_PER_MS
        return held

    def _hear_what_was_kept(self) -> None:
        """What came before the acknowledgement of its order, as soon as that has come."""
        known, waits = self.order_store.by_order_id, self._waits()
        if any(fill.order_id in known for fill in self._kept_fills) or not waits:
            kept, self._kept_fills = self._kept_fills, []
            self._book(kept)
        if any(end.order_id in known for end in self._kept_ends) or not waits:
            ends, self._kept_ends = self._kept_ends, []
            for end in ends:
                self._hear_end(end)

    def _waits(self) -> bool:
        """Whether some order may be named yet."""
        return bool(self._asked or self.fold.outbox.doubts)

    def _hear_last_fills(self) -> None:
        """What filled before a cancel was said before it, also where answers are streamed."""
        if self._answering is None:
            return super()._hear_last_fills()
        answers = self._answering.stream_answers()
        while True:
            try:
                answer = next(answers, None)
            except WORLD_FAILED:
                return
            if answer is None:
                return
            self._hear_answers((answer,))

    # What is overdue.

    def _ask_due(self) -> None:
        """Doubt what got no answer in time, then ask about what is in doubt, where it is due."""
        for name, cause, corr in self._overdue(self._asked):
            self._unknown(name, _NO_ANSWER, cause, corr)
        for name, cause, corr in self._overdue(self._canceling):
            self._cancel_failed(name, _NO_ANSWER, cause, corr)
        super()._ask_due()

    def _overdue(self, waiting: dict[str, Asked]) -> Iterator[tuple[str, int, int]]:
        """What should have been answered by now, taken out; all wait equally long."""
        while waiting:
            name = next(iter(waiting))
            cause, corr, due_ns = waiting[name]
            if due_ns > self.event_clock.ns:
                return
            del waiting[name]
            yield name, cause, corr

    def _wait_for_answers(self) -> None:
        """Hear first all that is on its way."""
        while (due_ns := self._next_answer_ns()) is not None:
            stood = self.event_clock.ns, self.seq
            self.event_clock.advance_to(due_ns)
            self.on_fill()
            self._ask_due()
            if (self.event_clock.ns, self.seq) == stood:  # it promises, and says nothing
                break
        super()._wait_for_answers()

    def leave(self, why: str) -> None:
        """Whoever drives us is being ended: cancel what rests, and what arrives after all.

        That is done as by a freeze, and recorded; where the line takes no end of a run, as when it
        fails. Our ids of what is not known to have ended are in `may_rest`.
        """
        if self._line is not None:
            self._line.interrupt()
        try:
            for order in self.order_store.live_orders():
                name = order.client_order_id
                if order.state is PENDING and name not in (*self._asked, *self.fold.outbox.doubts):
                    self._unknown(name, why, 0, 0)  # it was being sent
            self._take(FreezeOrdered(why, None, LOOP, self.event_clock.ns))
            self._wait_for_answers()
        except LineFailed:
            self.abandon()
        except WORLD_FAILED:  # it says nothing more, but it may hear
            self._leave_nothing()
        if self._last_cancels is None:
            live = self.order_store.live_orders()
            self.may_rest = tuple(order.client_order_id for order in live)

    def tell_left(self, error: BaseException) -> None:
        """Add to what ends a run which of our orders it may have left behind."""
        if self.may_rest:
            from .shell_end import tell_left

            tell_left(error, self.may_rest)

    def _next_due_ns(self) -> int | None:
        """When something is to be heard, doubted or asked; None when nothing waits for time."""
        times = [due for waiting in (self._asked, self._canceling) for *_, due in waiting.values()]
        asked_ns, answer_ns = super()._next_due_ns(), self._next_answer_ns()
        if asked_ns is not None:
            times.append(asked_ns)
        if answer_ns is not None and answer_ns > self.event_clock.ns:  # else it was heard
            times.append(answer_ns)
        return min(times, default=None)

    def _next_answer_ns(self) -> int | None:
        return None if self._answering is None else self._answering.next_answer_ns()


def _wrong(order: Order | None, known: Order | None) -> str:
    """Why an acknowledgement cannot be."""
    if known is not None:
        return f"which is {known.client_order_id}"
    if order is None:
        return "and was never sent"
    named = f" as {order.order_id}" if order.order_id else ""
    return f"but is {order.state.value}{named}"
