"""What an exchange may be asked again: about one order by our own id, its executions, its money.

Whoever sends an order over a wire must be able to find out what became of it, because an answer
can get lost. An adapter that offers this beside `IExchangeClient` can be recovered and reconciled;
with one that does not, an order whose answer was lost stays in doubt.
"""

from __future__ import annotations

from enum import Enum
from typing import Protocol, runtime_checkable

from .core.record import record
from .exchange import FillEvent, OpenOrder


class Found(str, Enum):
    """The exchange's word on one order. UNKNOWN: it answers that it has no such order."""

    OPEN = "open"
    FILLED = "filled"
    CANCELED = "canceled"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


@record
class OrderAnswer:
    """What an exchange says about one order; `order` is None when it has none to show.

    `fills` are the executions of this order, all of them: what the stream has told already is
    recognised by its id.
    """

    found: Found
    order: OpenOrder | None
    fills: tuple[FillEvent, ...] = ()
    message: str = ""


@runtime_checkable
class QueryableExchange(Protocol):
    """What an exchange may offer beside `IExchangeClient`.

    Every method raises when the exchange cannot tell; silence is never an answer. An order that
    expired counts as canceled. `get_fills` lists executions, all of them or since some time;
    `get_balances` is money by currency at 10^18. Either answers None when it is not offered.
    """

    def get_order(self, client_order_id: str) -> OrderAnswer: ...

    def cancel_client_order(self, client_order_id: str) -> bool:
        """True when the order was open and now is not, False when there is nothing to cancel."""
        ...

    def get_fills(self) -> list[FillEvent] | None: ...

    def get_balances(self) -> dict[str, int] | None: ...
