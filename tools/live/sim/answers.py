"""Answers on their way back to us: each takes its time, and none overtakes another."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import TypeAlias

from ..core.contracts_v1 import (
    CancelFailed, FundingPaid, OrderAccepted, OrderCanceled, OrderRejected,
)  # fmt: skip
from ..core.record import fields_of, record
from ..exchange import FillEvent
from ..exchange_answers import Answer
from .delays import DrawnDelays


@record
class Amended:
    """What became of an amendment; `refusal` None means that it is in force."""

    order_id: str
    refusal: str | None
    ts_ns: int


UnderWay: TypeAlias = tuple[int, Answer | Amended]


class Answers:
    """Everything that the exchange has said and that was not handed out yet, by arrival."""

    def __init__(self, delays: DrawnDelays) -> None:
        self._delays = delays
        self._newest_ns = 0
        self.under_way: deque[UnderWay] = deque()

    def accepted(self, client_order_id: str, order_id: str, now_ns: int) -> None:
        arrives_ns = self._arrives(now_ns + self._delays.acknowledge_ns())
        self._put(arrives_ns, OrderAccepted(client_order_id, order_id, arrives_ns))

    def rejected(self, client_order_id: str, message: str, now_ns: int) -> None:
        arrives_ns = self._arrives(now_ns + self._delays.acknowledge_ns())
        self._put(arrives_ns, OrderRejected(client_order_id, message, arrives_ns))

    def filled(self, fill: FillEvent, now_ns: int) -> None:
        """Told by the exchange's own time, whenever it reaches us."""
        self.under_way.append((self._arrives(now_ns + self._delays.fill_ns()), fill))

    def canceled(self, order_id: str, now_ns: int) -> None:
        arrives_ns = self._arrives(now_ns + self._delays.cancel_answer_ns())
        self._put(arrives_ns, OrderCanceled(order_id, arrives_ns))

    def cancel_failed(self, order_id: str, message: str, now_ns: int) -> None:
        arrives_ns = self._arrives(now_ns + self._delays.cancel_answer_ns())
        self._put(arrives_ns, CancelFailed(order_id, message, arrives_ns))

    def funded(self, paid: FundingPaid, now_ns: int) -> None:
        """A payment is told the way a fill is."""
        arrives_ns = self._arrives(now_ns + self._delays.fill_ns())
        self._put(arrives_ns, FundingPaid(paid.symbol, paid.amount_e18, paid.why, arrives_ns))

    def amended(self, order_id: str, refusal: str | None, now_ns: int) -> None:
        arrives_ns = self._arrives(now_ns + self._delays.acknowledge_ns())
        self._put(arrives_ns, Amended(order_id, refusal, arrives_ns))

    def next_ns(self) -> int | None:
        """When the next one arrives; None when none is on its way."""
        return self.under_way[0][0] if self.under_way else None

    def arrived_fills(self, now_ns: int) -> Iterator[tuple[int, FillEvent]]:
        """Fills that have arrived, each once; what else has arrived stays where it is."""
        waiting, kept = self.under_way, list[UnderWay]()
        try:
            while waiting and waiting[0][0] <= now_ns:
                arrived_ns, said = waiting.popleft()
                if isinstance(said, FillEvent):
                    yield arrived_ns, said
                else:
                    kept.append((arrived_ns, said))
        finally:
            waiting.extendleft(reversed(kept))

    def state(self) -> tuple[object, ...]:
        """All of it, for a hash."""
        return self._newest_ns, tuple(
            (arrives_ns, said.__class__.__name__, *_values(said))
            for arrives_ns, said in self.under_way
        )

    def _arrives(self, ns: int) -> int:
        if ns < self._newest_ns:
            return self._newest_ns
        self._newest_ns = ns
        return ns

    def _put(self, arrives_ns: int, answer: Answer | Amended) -> None:
        self.under_way.append((arrives_ns, answer))


def _values(answer: Answer | Amended) -> Iterator[object]:
    names = FillEvent.__slots__ if isinstance(answer, FillEvent) else fields_of(answer)
    for name in names:
        value = getattr(answer, "why" if name == "told" else name)
        yield value.value if name == "side" else value
