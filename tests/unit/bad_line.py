"""A bad line on a still clock, and an exchange behind it that can be asked for everything."""

from __future__ import annotations

from tests.unit.builders import BTC, T0_MS, T0_NS, PlainExchange
from tests.unit.late_exchange import LateExchange
from tools.live.core.clock import EventClock
from tools.live.core.contracts_v1 import BUY
from tools.live.core.outputs_v1 import PlaceOrderRequest
from tools.live.exchange import FillEvent
from tools.live.exchange_answers import Answer
from tools.live.exchange_query import Found, OrderAnswer
from tools.live.sim.faults.plan import Fault, FaultPlan
from tools.live.sim.faults.wire import FaultyExchange

MS = 10**6


class Asked(PlainExchange):
    """An exchange that answers at once and can be asked for everything."""

    def get_order(self, client_order_id: str) -> OrderAnswer:
        return OrderAnswer(Found.OPEN, None, (), client_order_id)

    def cancel_client_order(self, client_order_id: str) -> bool:
        return client_order_id == "C1"

    def get_fills(self) -> list[FillEvent] | None:
        return []

    def get_balances(self) -> dict[str, int] | None:
        return {"USD": 1}


def behind(
    exchange: PlainExchange | LateExchange, *faults: Fault
) -> tuple[FaultyExchange, EventClock]:
    faulty, line = FaultyExchange(exchange, FaultPlan(faults)), EventClock()
    faulty.join(line, lambda: T0_MS)
    line.advance_to(T0_NS)
    return faulty, line


def a_request(number: int = 1) -> PlaceOrderRequest:
    return PlaceOrderRequest(f"CLI{number:08d}", BTC, BUY, 0.01, 50_000)


def heard(faulty: FaultyExchange) -> list[Answer]:
    return list(faulty.stream_answers())
