"""An exchange whose answers come when a test says so, and the loop beside it."""

from __future__ import annotations

from collections.abc import Iterator

from tests.unit.builders import T0_MS, T0_NS, a_monitor, a_quote, some_params
from tools.live.core.clock import NS_PER_MS
from tools.live.core.contracts_v1 import (
    CancelFailed, OrderAccepted, OrderCanceled, OrderRejected, PlaceOrderRequest, Side,
)  # fmt: skip
from tools.live.core.errors import LiveError
from tools.live.core.line import Line
from tools.live.exchange import (
    FillEvent, OpenOrder, OrderStatus, PlaceOrderResponse, Position,
)  # fmt: skip
from tools.live.exchange_answers import Answer
from tools.live.execution_loop import ExecutionLoop
from tools.live.order_store import InMemoryOrderStore


class LateExchange:
    """It takes note of what it is asked, and says what it was told to say."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.canceled: list[str] = []
        self.queue: list[Answer | LiveError] = []
        self.next_ns: int | None = None
        self.now_ms = T0_MS

    def place_limit(self, req: PlaceOrderRequest) -> PlaceOrderResponse:
        self.asked.append(req.client_order_id)
        return PlaceOrderResponse(True, None, OrderStatus.PENDING)

    def cancel(self, order_id: str) -> bool | None:
        self.canceled.append(order_id)
        return None

    def get_open_orders(self, symbol: str | None = None) -> list[OpenOrder]:
        return []

    def get_positions(self) -> list[Position]:
        return []

    def stream_fills(self) -> Iterator[FillEvent]:
        raise AssertionError("who reads the answers leaves the stream of fills alone")

    def stream_answers(self) -> Iterator[Answer]:
        while self.queue:
            said = self.queue.pop(0)
            if isinstance(said, LiveError):
                raise said
            yield said

    def next_answer_ns(self) -> int | None:
        return self.next_ns


def a_late_loop() -> tuple[ExecutionLoop, LateExchange]:
    """A loop that has answered one quote; nothing was said about its two orders yet."""
    exchange = LateExchange()
    loop = ExecutionLoop(
        exchange, InMemoryOrderStore(), a_monitor(), lambda: exchange.now_ms, line=Line()
    )
    loop.on_quote(a_quote(), some_params())
    exchange.now_ms = T0_MS + 3_600_000
    return loop, exchange


def accepted(number: int, after_ms: int = 1, order_id: str | None = None) -> OrderAccepted:
    name = order_id or f"X{number}"
    return OrderAccepted(f"CLI{number:08d}", name, T0_NS + after_ms * NS_PER_MS)


def rejected(number: int, after_ms: int = 1) -> OrderRejected:
    return OrderRejected(f"CLI{number:08d}", "no", T0_NS + after_ms * NS_PER_MS)


def canceled(order_id: str, after_ms: int = 2) -> OrderCanceled:
    return OrderCanceled(order_id, T0_NS + after_ms * NS_PER_MS)


def not_canceled(order_id: str, after_ms: int = 2) -> CancelFailed:
    return CancelFailed(order_id, "too late", T0_NS + after_ms * NS_PER_MS)


def filled(
    order_id: str, side: Side, qty: float = 0.01, fill_id: str = "F1", after_ms: int = 2
) -> FillEvent:
    return FillEvent(order_id, "BTCUSDT", side, 50_000, qty, T0_MS + after_ms, fill_id, "maker")


def hear(loop: ExecutionLoop, exchange: LateExchange, *said: Answer) -> None:
    """Let these answers reach the loop, and nothing else happen."""
    exchange.queue += said
    loop.on_fill()
