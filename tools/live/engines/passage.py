"""The way between another engine and a simulated exchange: orders there, answers back.

Whoever hears the market first tells it here: the exchange lives up to each event, then hears it.
Answers come as the exchange's port has them, whether it answers on the spot or takes its time.

    passage = Passage(SimulatedExchange())
    passage.hear(quote)                    # the market moves
    passage.send(request)                  # an order goes out
    for answer in passage.answers(): ...   # OrderAccepted, FillEvent, ...
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from ..core.clock import EventClock
from ..core.contracts_v1 import CancelFailed, OrderAccepted, OrderCanceled, OrderRejected
from ..core.errors import ContractError
from ..core.market_v1 import MarketEvent
from ..exchange import OrderStatus
from ..exchange_answers import Answer
from ..sim.exchange import SimulatedExchange
from ..sim.orders import OrderRequest


def package(name: str, version: str) -> Any:
    """A package that we do not need ourselves; one line says what to install where it is not."""
    try:
        return import_module(name)
    except ImportError:
        install = name.partition(".")[0]
        raise ContractError(
            f"the package {install} is not installed; run: pip install {install}=={version}"
        ) from None


class Passage:
    """The way to one simulated exchange, which nobody else drives."""

    def __init__(self, exchange: SimulatedExchange) -> None:
        self.exchange = exchange
        self._line = EventClock()
        self._heard: deque[Answer] = deque()
        exchange.join(self._line, lambda: 0)

    @property
    def now_ns(self) -> int:
        """The time at our end: that of the last event or answer."""
        return self._line.ns

    def hear(self, event: MarketEvent) -> None:
        """The market moves, behind everything that was due before; its time never goes back."""
        if event.ts_ns < self._line.ns:
            raise ContractError(
                f"market data of {event.symbol} is of {event.ts_ns}, before the present"
                f" {self._line.ns}; tell it in the order of its time"
            )
        self.exchange.run_to(event.ts_ns)
        self._line.advance_to(event.ts_ns)
        self.exchange.desk.hear(event)

    def send(self, request: OrderRequest) -> None:
        """An order goes out; what becomes of it is among the answers."""
        self._heard.extend(self.exchange.stream_answers())
        said = self.exchange.submit(request)
        name, now_ns = request.client_order_id, self._line.ns
        if said.status is OrderStatus.PENDING:
            return
        if said.success and said.order_id is not None:
            self._heard.append(OrderAccepted(name, said.order_id, now_ns))
        else:
            self._heard.append(OrderRejected(name, said.message or "", now_ns))

    def cancel(self, order_id: str) -> None:
        """An order is to be taken back; whether it was is among the answers."""
        self._heard.extend(self.exchange.stream_answers())
        done = self.exchange.cancel(order_id)
        if done is None:
            return
        if done:
            self._heard.append(OrderCanceled(order_id, self._line.ns))
        else:
            self._heard.append(CancelFailed(order_id, "not open", self._line.ns))

    def answers(self) -> Iterator[Answer]:
        """All that has reached us by now, each once."""
        while self._heard:
            yield self._heard.popleft()
        yield from self.exchange.stream_answers()
