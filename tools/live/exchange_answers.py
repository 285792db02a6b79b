"""Answers that come later: what an exchange may offer whose word takes its time.

`place_limit` of such an exchange answers with status PENDING and no id: the request is on its way.
`cancel` answers None for the same. What the exchange makes of either is then among its answers,
with the fills, in the order in which they reach us.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, TypeAlias, runtime_checkable

from .core.contracts_v1 import (
    CancelFailed, FundingPaid, OrderAccepted, OrderCanceled, OrderRejected,
)  # fmt: skip
from .exchange import FillEvent

Answer: TypeAlias = (
    OrderAccepted | OrderRejected | OrderCanceled | CancelFailed | FillEvent | FundingPaid
)


@runtime_checkable
class AnsweringExchange(Protocol):
    """What an exchange offers beside `IExchangeClient` when it answers later, or unasked.

    A confirmed order comes before its fills, an end behind them. Whoever reads the answers leaves
    `stream_fills` alone; that one is for clients that want nothing but fills.
    """

    def stream_answers(self) -> Iterator[Answer]:
        """All that has reached us by now and was not handed out yet; each is handed out once."""
        ...

    def next_answer_ns(self) -> int | None:
        """When the next answer that is on its way reaches us; None when none is."""
        ...
