"""Broken on purpose: adapters that make up what a bad line to the simulated exchange kept back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tools.live.conformance.candidate import Candidate
from tools.live.conformance.stages_faulty import behind
from tools.live.core.contracts_v1 import OrderAccepted, OrderRejected, PlaceOrderRequest
from tools.live.core.errors import LiveError, NotSent
from tools.live.exchange import OpenOrder, OrderStatus, PlaceOrderResponse
from tools.live.exchange_answers import Answer
from tools.live.exchange_query import Found, OrderAnswer
from tools.live.sim.faults.wire import FaultyExchange

PATIENCE_NS = 10**9


def on(line: type[FaultyExchange]) -> Callable[[], Candidate]:
    """The factory of an adapter on a bad line."""
    return lambda: behind(line)


class GivesUpOnSilence(FaultyExchange):
    """Says that an order was refused when it has heard nothing of it for a second."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.unheard: dict[str, int] = {}

    def place_limit(self, req: PlaceOrderRequest) -> PlaceOrderResponse:
        response = super().place_limit(req)
        if response.status is OrderStatus.PENDING:
            self.unheard[req.client_order_id] = self._now_ns()
        return response

    def stream_answers(self) -> Iterator[Answer]:
        for answer in super().stream_answers():
            if isinstance(answer, (OrderAccepted, OrderRejected)):
                self.unheard.pop(answer.client_order_id, None)
            yield answer
        now_ns = self._now_ns()
        for name in [one for one, ns in self.unheard.items() if now_ns >= ns + PATIENCE_NS]:
            del self.unheard[name]
            yield OrderRejected(name, "no answer within a second", now_ns)


    def next_answer_ns(self) -> int | None:
        times = [ns + PATIENCE_NS for ns in self.unheard.values()]
        theirs = super().next_answer_ns()
        return min(times if theirs is None else [*times, theirs], default=None)


class TakesSilenceForAbsence(FaultyExchange):
    """Answers for an order from what it has heard, and of this one it has heard nothing."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.known: set[str] = set()

    def stream_answers(self) -> Iterator[Answer]:
        for answer in super().stream_answers():
            if isinstance(answer, (OrderAccepted, OrderRejected)):
                self.known.add(answer.client_order_id)
            yield answer

    def get_order(self, client_order_id: str) -> OrderAnswer:
        if client_order_id not in self.known:
            return OrderAnswer(Found.UNKNOWN, None)
        return super().get_order(client_order_id)


class ListsNothingWhenCut(FaultyExchange):
    """A list that cannot be had is an empty one."""

    def get_open_orders(self, symbol: str | None = None) -> list[OpenOrder]:
        try:
            return super().get_open_orders(symbol)
        except LiveError:
            return []


class SendsBehindItsBack(FaultyExchange):
    """Says that nothing was sent, and sends it when the line is whole again."""

    def place_limit(self, req: PlaceOrderRequest) -> PlaceOrderResponse:
        try:
            return super().place_limit(req)
        except NotSent:
            self._later(self._now_ns(), lambda: self._arrive(req))
            raise
