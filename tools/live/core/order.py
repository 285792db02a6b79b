"""The order and the only table of its lifecycle.

What `TRANSITIONS` does not hold cannot happen: `order_store` moves orders along it and nobody else
sets a state. Quantities and prices are integers at 10^9; the attributes that people know (`qty`,
`price`, `filled_qty`, ...) are correctly rounded views of them.
"""

from __future__ import annotations

from enum import Enum
from typing import Any

from .clock import NS_PER_MS
from .contracts_v1 import Side, parse_side
from .errors import ContractError
from .money import SCALE, Number, not_negative_e9, positive_e9, view


class OrderState(str, Enum):
    """Where an order stands."""

    PENDING = "pending"
    OPEN = "open"
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    CANCELED = "canceled"
    REJECTED = "rejected"


PENDING = OrderState.PENDING
OPEN = OrderState.OPEN
PARTIALLY_FILLED = OrderState.PARTIALLY_FILLED
FILLED = OrderState.FILLED
CANCELED = OrderState.CANCELED
REJECTED = OrderState.REJECTED

# The only order lifecycle. A fill may overtake its acknowledgement, so PENDING can fill.
TRANSITIONS: dict[OrderState, frozenset[OrderState]] = {
    PENDING: frozenset({OPEN, PARTIALLY_FILLED, FILLED, CANCELED, REJECTED}),
    OPEN: frozenset({PARTIALLY_FILLED, FILLED, CANCELED, REJECTED}),
    PARTIALLY_FILLED: frozenset({PARTIALLY_FILLED, FILLED, CANCELED}),
    FILLED: frozenset(),
    CANCELED: frozenset(),
    REJECTED: frozenset(),
}
_MOST_DIGITS = 15  # nobody counts further, so a longer number is a name that somebody made up
TERMINAL = frozenset(state for state, following in TRANSITIONS.items() if not following)


class Order:
    """One order. Read it freely; only the store changes it."""

    __slots__ = (
        "client_order_id", "symbol", "side_of", "qty_e9", "price_e9", "state", "order_id",
        "filled_e9", "cost_e18", "late_e9", "adopted_e9", "created_ns", "updated_ns", "message",
    )  # fmt: skip

    def __init__(
        self,
        client_order_id: str,
        symbol: str,
        side: str,
        qty: Number,
        price: Number,
        state: OrderState,
        order_id: str | None = None,
        filled_qty: Number = 0,
        avg_fill_price: Number = 0,
        created_at_ms: int = 0,
        updated_at_ms: int = 0,
        message: str | None = None,
    ) -> None:
        self.client_order_id = client_order_id
        self.symbol = symbol
        self.side_of = read_side(side)
        self.qty_e9 = positive_e9(qty, "qty")
        self.price_e9 = positive_e9(price, "price")
        self.state = OrderState(state)
        self.order_id = order_id
        self.filled_e9 = not_negative_e9(filled_qty, "filled_qty")
        self.cost_e18 = self.filled_e9 * not_negative_e9(avg_fill_price, "avg_fill_price")
        self.late_e9 = 0
        self.adopted_e9 = 0  # of what it filled: what was adopted with it, and not booked as fills
        self.created_ns = created_at_ms * NS_PER_MS
        self.updated_ns = updated_at_ms * NS_PER_MS
        self.message = message

    @property
    def side(self) -> str:
        return self.side_of.value

    @property
    def qty(self) -> float:
        return view(self.qty_e9)

    @property
    def price(self) -> float:
        return view(self.price_e9)

    @property
    def filled_qty(self) -> float:
        return view(self.filled_e9)

    @property
    def leaves_e9(self) -> int:
        """What is still to be filled."""
        return self.qty_e9 - self.filled_e9

    @property
    def avg_fill_price(self) -> float:
        """Cost over quantity, divided only here, when somebody looks."""
        booked = self.filled_e9 - self.adopted_e9
        return self.cost_e18 / (booked * SCALE) if booked > 0 else 0.0

    @property
    def created_at_ms(self) -> int:
        return self.created_ns // NS_PER_MS

    @property
    def updated_at_ms(self) -> int:
        return self.updated_ns // NS_PER_MS

    @property
    def is_open(self) -> bool:
        return self.state is OPEN or self.state is PARTIALLY_FILLED

    def to_dict(self) -> dict[str, Any]:
        """The twelve published keys, human numbers."""
        return {
            "client_order_id": self.client_order_id,
            "symbol": self.symbol,
            "side": self.side,
            "qty": self.qty,
            "price": self.price,
            "state": self.state.value,
            "order_id": self.order_id,
            "filled_qty": self.filled_qty,
            "avg_fill_price": self.avg_fill_price,
            "created_at_ms": self.created_at_ms,
            "updated_at_ms": self.updated_at_ms,
            "message": self.message,
        }

    def __repr__(self) -> str:
        shown = ", ".join(f"{key}={value!r}" for key, value in self.to_dict().items())
        return f"Order({shown})"


def own_number(client_order_id: str) -> int | None:
    """The number in a name of our own sequence, CLI00000001 and so on; None for any other name."""
    digits = client_order_id[3:]
    if not (digits.isascii() and digits.isdigit()) or len(digits) > _MOST_DIGITS:
        return None
    number = int(digits)
    return number if number and client_order_id == own_name(number) else None


def own_name(number: int) -> str:
    """The name with this number in our own sequence."""
    return "CLI%08d" % number


def by_age(order: Order) -> tuple[bool, int, str]:
    """What puts orders in order: ours by their numbers, behind them those with foreign names."""
    name = order.client_order_id
    return name[:3] != "CLI", len(name), name


def read_side(side: str) -> Side:
    """The side that a text means; a ContractError when it means none."""
    parsed = parse_side(side)
    if parsed is None:
        raise ContractError(f"side {side!r} is neither Buy nor Sell")
    return parsed
