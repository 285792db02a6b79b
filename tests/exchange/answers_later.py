"""The paper venue behind a line on which every answer takes its time."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.exchange.paper_venue import EVERYTHING, MS, T0_MS, PaperVenue, staged
from tools.live.conformance.candidate import Candidate
from tools.live.conformance.capabilities import Capabilities
from tools.live.core.contracts_v1 import CancelFailed, OrderAccepted, OrderCanceled, OrderRejected
from tools.live.core.order_rules import OrderRules
from tools.live.core.record import fields_of
from tools.live.exchange import FillEvent, OrderStatus, PlaceOrderRequest, PlaceOrderResponse
from tools.live.exchange_answers import Answer
from tools.live.sim.orders import OrderRequest


class AnswersLater:
    """The same venue behind a line on which every answer takes its time, and none overtakes."""

    CAN = Capabilities(**{  # type: ignore[arg-type]
        **{name: getattr(EVERYTHING, name) for name in fields_of(EVERYTHING)},
        "answers_later": True,
    })  # fmt: skip
    DELAY_NS = 25 * MS

    def __init__(self) -> None:
        self.venue = PaperVenue()
        self.now_ns = T0_MS * MS
        self.line: list[tuple[int, Answer]] = []

    def reset(self) -> None:
        self.venue.reset()
        self.now_ns = T0_MS * MS
        self.line = []

    def __getattr__(self, name: str) -> object:
        return getattr(self.venue, name)

    def rules_of(self, symbol: str) -> OrderRules | None:
        return self.venue.rules_of(symbol)

    def capabilities(self) -> Capabilities:
        return self.CAN

    def place_limit(self, req: PlaceOrderRequest) -> PlaceOrderResponse:
        return self.sent(req.client_order_id, lambda: self.venue.place_limit(req))

    def submit(self, order: OrderRequest) -> PlaceOrderResponse:
        return self.sent(order.client_order_id, lambda: self.venue.submit(order))

    def sent(self, name: str, send: Callable[[], PlaceOrderResponse]) -> PlaceOrderResponse:
        try:
            told = send()
        except TimeoutError:
            return PlaceOrderResponse(True, None, OrderStatus.PENDING)
        due_ns = self.due_ns()
        if told.order_id is None:
            self.put(OrderRejected(name, told.message or "", due_ns))
        else:
            self.confirm(OrderAccepted(name, told.order_id, due_ns))
        return PlaceOrderResponse(True, None, OrderStatus.PENDING)

    def confirm(self, accepted: OrderAccepted) -> None:
        self.put(accepted)
        self.put(*self.venue.stream_fills())

    def cancel(self, order_id: str) -> None:
        self.put(*self.venue.stream_fills())
        done = self.venue.cancel(order_id)
        due_ns = self.due_ns()
        self.put(
            OrderCanceled(order_id, due_ns) if done else CancelFailed(order_id, "no", due_ns)
        )

    def cancel_client_order(self, client_order_id: str) -> None:
        row = self.venue.open_row(lambda row: row.name == client_order_id)
        self.cancel("none" if row is None else row.order_id)

    def trade(self, order_id: str, qty: int) -> None:
        self.venue.trade(order_id, qty)
        self.put(*self.venue.stream_fills())

    def reconnect(self) -> None:
        self.venue.reconnect()
        self.put(*self.venue.stream_fills())

    def stream_answers(self) -> Iterator[Answer]:
        while self.line and self.line[0][0] <= self.now_ns:
            yield self.line.pop(0)[1]

    def stream_fills(self) -> Iterator[FillEvent]:
        for one in self.stream_answers():
            if isinstance(one, FillEvent):
                yield one

    def next_answer_ns(self) -> int | None:
        return self.line[0][0] if self.line else None

    def advance(self, ns: int) -> None:
        self.now_ns += ns
        self.venue.advance(ns)

    def due_ns(self) -> int:
        return self.now_ns + self.DELAY_NS

    def put(self, *answers: Answer) -> None:
        self.line += [(self.due_ns(), one) for one in answers]


def later() -> Candidate:
    return staged(AnswersLater())
