"""The exchange of a recorded run as a candidate: each case is recorded while it is played.

A seeded fake answers first, what it says is written down as the line of a run would have it, and
the recorded exchange has to tell the same from that line.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

from ..core.clock import NS_PER_MS
from ..core.contracts_v1 import PlaceOrderRequest
from ..core.money import text
from ..exchange import FakeExchangeClient, FillEvent, OpenOrder, PlaceOrderResponse, Position
from ..journal.folding import LOOP, Told
from ..journal.recorded_exchange import RecordedExchange
from .candidate import Candidate, Stage
from .capabilities import Capabilities
from .stages import T0_MS, fates_of


def recorded() -> Candidate:
    """What it can is what a line holds: no questions, and averages by the oldest lot."""
    rehearsal = RehearsedExchange()
    can = Capabilities(
        sequential_ids=True, liquidity=True, average_price=False, deterministic=True
    )
    return Candidate(rehearsal, can, Stage(meets=fates_of(rehearsal.fake)))


class _Line:
    """What was written so far and not read yet; there may be more behind its end."""

    def __init__(self) -> None:
        self._written: deque[Told] = deque()
        self.seq = 0

    def write(self, src: str, topic: str, cause: int, ts_ms: int, payload: dict[str, Any]) -> int:
        self.seq += 1
        told = Told(src, topic, self.seq, ts_ms * NS_PER_MS, cause, cause, payload)
        self._written.append(told)
        return self.seq

    def __iter__(self) -> Iterator[Told]:
        return self

    def __next__(self) -> Told:
        if not self._written:
            raise StopIteration
        return self._written.popleft()


class RehearsedExchange:
    """Asks a fake, writes its answer down, and gives what the recorded exchange makes of it."""

    def __init__(self) -> None:
        self.fake = FakeExchangeClient(clock=lambda: T0_MS)
        self._line = _Line()
        self._recorded = RecordedExchange(self._line)
        self._recorded.follow(lambda: self._place)
        self._place = 0
        self._unread: deque[FillEvent] = deque()

    def place_limit(self, req: PlaceOrderRequest) -> PlaceOrderResponse:
        self._command("order.place", {
            "client_order_id": req.client_order_id, "symbol": req.symbol, "side": req.side.value,
            "qty": text(req.qty_e9), "price": text(req.price_e9),
        })  # fmt: skip
        told = self.fake.place_limit(req)
        self._unread.extend(self.fake.stream_fills())
        said = {"client_order_id": req.client_order_id}
        at_ms = told.timestamp_ms or 0
        if told.order_id is not None:
            self._answer("order.accepted", at_ms, {**said, "order_id": told.order_id})
        else:
            self._answer("order.rejected", at_ms, {**said, "message": told.message})
        return self._recorded.place_limit(req)

    def cancel(self, order_id: str) -> bool:
        self._command("order.cancel", {"order_id": order_id})
        done = self.fake.cancel(order_id)
        topic = "order.canceled" if done else "order.cancel_failed"
        self._answer(topic, T0_MS, {"order_id": order_id, "message": ""})
        return self._recorded.cancel(order_id)

    def get_open_orders(self, symbol: str | None = None) -> list[OpenOrder]:
        return self._recorded.get_open_orders(symbol)

    def get_positions(self) -> list[Position]:
        return self._recorded.get_positions()

    def stream_fills(self) -> Iterator[FillEvent]:
        while self._unread:
            fill = self._unread.popleft()
            self._place = self._line.seq
            self._line.write("exchange", "order.fill", 0, fill.timestamp_ms, {
                "fill_id": fill.fill_id, "order_id": fill.order_id, "symbol": fill.symbol,
                "side": fill.side.value, "qty": text(fill.qty_e9), "price": text(fill.price_e9),
                "liquidity": fill.liquidity,
            })  # fmt: skip
            yield next(self._recorded.stream_fills())

    def _command(self, topic: str, payload: dict[str, Any]) -> None:
        self._place = self._line.write(LOOP, topic, 0, T0_MS, payload)

    def _answer(self, topic: str, at_ms: int, payload: dict[str, Any]) -> None:
        self._line.write("exchange", topic, self._place, at_ms, payload)
