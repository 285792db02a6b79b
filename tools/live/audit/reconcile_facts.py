"""What a reconciliation compares: our books, what the exchange says, and how to deal with it.

Plain values without behaviour: prices, quantities and positions at 10^9, money at 10^18, times in
nanoseconds. A question that the exchange did not answer is a value of its own, `Unanswered`, so
that nobody can take it for an empty answer.
"""

from __future__ import annotations

from enum import Enum

from ..core.clock import NS_PER_S
from ..core.contracts_v1 import Side
from ..core.order import OPEN, PARTIALLY_FILLED, TERMINAL, OrderState
from ..core.record import record
from ..exchange_query import Found


@record
class Unanswered:
    """The exchange was asked and did not answer, or not in a way that can be understood."""

    why: str


class OnMismatch(str, Enum):
    """What to do about what nobody ordered: tell and halt, take it away, or take it over."""

    ALERT = "alert"
    CANCEL = "cancel"
    ADOPT = "adopt"


# Ours.


@record
class LocalOrder:
    """An order as our books have it; `filled` counts fills after its end, too."""

    client_order_id: str
    order_id: str | None
    symbol: str
    side: Side
    qty: int
    price: int
    filled: int
    state: OrderState
    changed_ns: int

    @property
    def ended(self) -> bool:
        return self.state in TERMINAL

    @property
    def unacknowledged(self) -> bool:
        """Whether the answer to its sending is not in our books, whatever became of it."""
        return not self.ended and self.state not in (OPEN, PARTIALLY_FILLED)


@record
class KnownFill:
    """An execution that our books hold."""

    fill_id: str
    qty: int
    price: int


@record
class LocalState:
    """Our books, with all in them that the exchange has told by its stream.

    `orders` are all without an end, and those with one that the exchange mentioned. `cash` is what
    we expect in each currency, or None when nobody keeps count of it. `forgets` says that finished
    orders are dropped after a while, so an execution of an order that is not here proves nothing.
    """

    orders: tuple[LocalOrder, ...]
    fills: tuple[KnownFill, ...]
    positions: dict[str, int]
    cash: dict[str, int] | None
    halted: bool
    forgets: bool


# The exchange's.


@record
class VenueOrder:
    """An order as the exchange has it."""

    order_id: str
    client_order_id: str
    symbol: str
    side: Side
    qty: int
    price: int
    filled: int


@record
class VenueFill:
    """An execution as the exchange reports it."""

    fill_id: str
    order_id: str
    symbol: str
    side: Side
    qty: int
    price: int
    liquidity: str
    ts_ns: int


@record
class Answer:
    """What the exchange said when asked about one order by our name for it.

    `fills` are the executions of this order that it told with it; it need not.
    """

    client_order_id: str
    at_ns: int
    found: Found | Unanswered
    order: VenueOrder | None
    fills: tuple[VenueFill, ...] = ()
    message: str = ""


@record
class VenueState:
    """What the exchange says; `fills` and `balances` are None when it does not offer them.

    `answers` are those to questions about single orders, oldest first, earlier rounds included.
    `unanswered_since_ns` is when it began not to answer, None when everything was answered.
    """

    at_ns: int
    orders: tuple[VenueOrder, ...] | Unanswered
    positions: dict[str, int] | Unanswered
    fills: tuple[VenueFill, ...] | Unanswered | None
    balances: dict[str, int] | Unanswered | None
    answers: tuple[Answer, ...]
    can_ask: bool
    unanswered_since_ns: int | None

    @property
    def complete(self) -> bool:
        """Whether every list was given, or is known not to be offered."""
        parts = (self.orders, self.positions, self.fills, self.balances)
        return not any(isinstance(part, Unanswered) for part in parts)


@record
class Policy:
    """How to judge, and what to do about a mismatch.

    An order that changed less than `protection_ns` ago is not judged: its news may be on the way.
    "No such order" is believed when said `denials` times, the last time at least `settle_ns` after
    the order's last change. Silence halts at once, or after `patience_ns`.
    """

    on_mismatch: OnMismatch = OnMismatch.ALERT
    protection_ns: int = 5 * NS_PER_S
    settle_ns: int = 10 * NS_PER_S
    denials: int = 2
    patience_ns: int = 0
    cash_tolerance_e18: int = 0
    own_prefix: str = "CLI"
