"""An order as the projection keeps it: what was recorded about it, and nothing from a live store.

Its states are the words of `OrderState`, and it moves along the one table of the lifecycle.
"""

from __future__ import annotations

from typing import Any

from ..core.money import text
from ..core.order import PENDING, TERMINAL, TRANSITIONS, OrderState
from .projection_exact import exact_e9, money_e18, money_text


class OrderRow:
    """One row of the table of orders; quantities at 10^9, its cost at 10^18."""

    __slots__ = (
        "placed_seq", "placed_ns", "corr", "cause", "client_order_id", "order_id", "symbol",
        "side", "qty", "price", "standing", "filled", "late", "cost", "message", "accepted_ns",
        "updated_seq", "updated_ns", "end_number", "adopted",
    )  # fmt: skip

    def __init__(
        self, *, placed_seq: int, placed_ns: int, corr: int, cause: int, client_order_id: str,
        symbol: str, side: str, qty: int, price: int,
    ) -> None:  # fmt: skip
        self.placed_seq = self.updated_seq = placed_seq
        self.placed_ns = self.updated_ns = placed_ns
        self.corr = corr
        self.cause = cause
        self.client_order_id = client_order_id
        self.order_id: str | None = None
        self.symbol = symbol
        self.side = side
        self.qty = qty
        self.price = price
        self.standing = PENDING
        self.filled = self.late = self.cost = self.adopted = 0
        self.message: str | None = None
        self.accepted_ns: int | None = None
        self.end_number: int | None = None

    @property
    def has_ended(self) -> bool:
        return self.standing in TERMINAL

    @property
    def booked(self) -> int:
        """How much of it was booked by its executions."""
        return self.filled + self.late - self.adopted

    def may_become(self, standing: OrderState) -> bool:
        return standing in TRANSITIONS[self.standing]

    def touch(self, seq: int, ns: int) -> None:
        """Note the event that changed it last."""
        self.updated_seq, self.updated_ns = seq, ns

    def row(self) -> tuple[Any, ...]:
        """As the table holds it."""
        return (
            self.placed_seq, self.placed_ns, self.corr, self.cause, self.client_order_id,
            self.order_id, self.symbol, self.side, text(self.qty), text(self.price),
            self.standing.value, text(self.filled), text(self.late), money_text(self.cost),
            self.message, self.accepted_ns, self.updated_seq, self.updated_ns, self.end_number,
            text(self.adopted),
        )  # fmt: skip

    @classmethod
    def of_row(cls, row: tuple[Any, ...]) -> OrderRow:
        """The order of a row."""
        order = cls(
            placed_seq=row[0], placed_ns=row[1], corr=row[2], cause=row[3],
            client_order_id=row[4], symbol=row[6], side=row[7], qty=exact_e9(row[8]),
            price=exact_e9(row[9]),
        )  # fmt: skip
        order.order_id = row[5]
        order.standing = OrderState(row[10])
        order.filled, order.late = exact_e9(row[11]), exact_e9(row[12])
        order.cost = money_e18(row[13])
        order.message, order.accepted_ns = row[14], row[15]
        order.touch(row[16], row[17])
        order.end_number = row[18]
        order.adopted = exact_e9(row[19])
        return order
