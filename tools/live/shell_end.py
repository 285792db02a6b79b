"""How what we sent comes to an end when nobody will be there any more: canceled, or named.

A run is left when its line fails, or when somebody ends it. What rests is canceled at once. What
is still on its way would come to rest afterwards, so it is waited for, in the time of the run: its
acknowledgement is answered by a cancel. Behind the life of the newest request none can come in any
more; then the exchange is asked about what is left, by our own ids. Nothing of this is recorded,
and the books stay as they are, so that the next start finds in doubt what is in doubt.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from .core.clock import EventClock
from .core.contracts_v1 import OrderAccepted, OrderCanceled, OrderRejected
from .core.errors import LiveError
from .core.order import Order
from .exchange import IExchangeClient, InProcess
from .exchange_answers import Answer, AnsweringExchange
from .exchange_query import Found, QueryableExchange
from .outbox import SETTLE_NS

WORLD_FAILED = (OSError, LiveError)
_MOST_NAMED = 10


class LastCancels:
    """The cancels of a run that is left, and what is not known to have ended."""

    def __init__(self, exchange: IExchangeClient, clock: EventClock) -> None:
        self._exchange = exchange
        self._clock = clock
        self._answering = exchange if isinstance(exchange, AnsweringExchange) else None
        self._queryable = exchange if isinstance(exchange, QueryableExchange) else None
        self._unnamed: dict[str, None] = {}  # by our ids: nobody said what became of them
        self._canceling: dict[str, str] = {}  # by the exchange's id, ours: no cancel was confirmed
        self._none_can_come = False  # every request of ours is too old to be taken by now

    def send(self, live: Iterable[Order], named: Mapping[str, str]) -> None:
        """Cancel what rests, at once; what the exchange has not named is noted.

        `named` are ids of orders, by ours, that the books do not know.
        """
        for order in live:
            name = order.client_order_id
            order_id = order.order_id or named.get(name)
            if order_id is None:
                self._unnamed[name] = None
            else:
                self._cancel(name, order_id)
        self._cancel_listed()

    def settle(self) -> tuple[str, ...]:
        """Let time pass until nothing of it can come to rest; our ids of what still may."""
        if self._waits():
            self._ask()
            self._hear_out()
            self._ask()
        return (*self._unnamed, *self._canceling.values())

    def _waits(self) -> bool:
        return bool(self._unnamed or self._canceling)

    def _cancel(self, name: str, order_id: str) -> None:
        self._unnamed.pop(name, None)
        try:
            confirmed = self._exchange.cancel(order_id)
        except WORLD_FAILED:
            confirmed = None
        if not confirmed:
            self._canceling[order_id] = name

    def _cancel_listed(self) -> None:
        """Of an order whose acknowledgement nobody kept the exchange's own list tells the id."""
        try:
            listed = self._exchange.get_open_orders() if self._unnamed else []
        except WORLD_FAILED:
            return
        for order in listed:
            if order.client_order_id in self._unnamed:
                self._cancel(order.client_order_id, order.order_id)

    # What is on its way.

    def _hear_out(self) -> None:
        """Let everything arrive that is on its way, for as long as a request lives."""
        clock = self._clock
        until_ns = clock.ns + SETTLE_NS
        while self._waits():
            self._hear_answers()
            due_ns = None if self._answering is None else self._answering.next_answer_ns()
            if due_ns is None or not clock.ns < due_ns <= until_ns:
                break
            clock.advance_to(due_ns)
        if self._waits() and isinstance(self._exchange, InProcess):  # else its time is not ours
            clock.advance_to(until_ns)
            self._hear_answers()
            self._none_can_come = True

    def _hear_answers(self) -> None:
        for answer in self._answers():
            if isinstance(answer, OrderAccepted) and answer.client_order_id in self._unnamed:
                self._cancel(answer.client_order_id, answer.order_id)
            elif isinstance(answer, OrderRejected):
                self._unnamed.pop(answer.client_order_id, None)
            elif isinstance(answer, OrderCanceled):
                self._canceling.pop(answer.order_id, None)

    def _answers(self) -> Iterator[Answer]:
        """What can be heard by now; a stream that breaks says nothing more."""
        if self._answering is None:
            return
        try:
            yield from self._answering.stream_answers()
        except WORLD_FAILED:
            return

    # What has to be asked.

    def _ask(self) -> None:
        """Cancel by our own id, and believe what the exchange then says of the order."""
        for name in list(self._unnamed):
            if self._has_ended(name):
                del self._unnamed[name]
        for order_id, name in list(self._canceling.items()):
            if self._has_ended(name, order_id):
                del self._canceling[order_id]

    def _has_ended(self, name: str, order_id: str | None = None) -> bool:
        """Whether nothing of an order can trade any more, as far as the exchange can tell.

        Of one that it has named before, "there is no such order" is no answer.
        """
        try:
            if self._queryable is None:
                listed = self._exchange.get_open_orders()
                return order_id is not None and order_id not in [one.order_id for one in listed]
            if self._queryable.cancel_client_order(name):
                return True
            found = self._queryable.get_order(name).found
        except WORLD_FAILED:
            return False
        if found is Found.UNKNOWN:
            return order_id is None and self._none_can_come
        return found is not Found.OPEN


def tell_left(error: BaseException, names: tuple[str, ...]) -> None:
    """Add to what ends a run which of our orders it may have left behind."""
    if names and not getattr(error, "__notes__", ()):  # once
        some = ", ".join(names[:_MOST_NAMED]) + (", ..." if len(names) > _MOST_NAMED else "")
        error.add_note(
            f"{len(names)} of our orders may still rest at the exchange: {some}; ask it for them"
            " before you trade on"
        )
