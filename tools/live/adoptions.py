"""What was taken over from the exchange: orders, executions and positions that we did not make.

They stand in our books, and nothing in our record explains them but the adoption itself. So what
came that way is counted here as well, apart from what we traded: the books add up only with it.
"""

from __future__ import annotations

from typing import TypeAlias

from .core.contracts_v1 import Side
from .core.order import Order
from .order_store import InMemoryOrderStore

# Order id, symbol, side, quantity and price of an execution.
Execution: TypeAlias = tuple[str, str, Side, int, int]

# How the names begin that we give executions which the exchange does not name. Its stream calls
# them otherwise, so a repeat of one could not be told.
MADE_UP = "recon-"


class Adoptions:
    """All that was adopted, and what the counters of our own doing do not hold because of it."""

    def __init__(self) -> None:
        self.orders = 0
        self.unplaced = 0  # those of them that we have no acknowledgement of
        self.canceled = 0  # those that had been canceled when they came
        self.names: dict[str, None] = {}  # under which orders came that are not of our sequence
        self.fills: dict[str, Execution] = {}
        self.positions: dict[str, int] = {}  # by symbol: what came or went without a trade

    @property
    def any(self) -> bool:
        return bool(self.orders or self.fills or self.positions)

    def told(self, order_id: str, store: InMemoryOrderStore) -> int:
        """How much of an order is known by its executions that are not booked."""
        return sum(
            execution[3]
            for fill_id, execution in self.fills.items()
            if execution[0] == order_id
            and fill_id not in store.fills
            and not fill_id.startswith(MADE_UP)
        )


def booked_e9(order: Order) -> int:
    """How much of an order was booked by its executions, and moved the position."""
    return order.filled_e9 + order.late_e9 - order.adopted_e9
