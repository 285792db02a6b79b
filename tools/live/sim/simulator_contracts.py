"""The simulator's words: orders, executions, latencies, limits, as ADR-006 names them.

People see Decimal and datetime; an order keeps integers. Its status moves only along the one table
of `core/order.py`, which has other names for the same states.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from ..core.errors import ContractError, IllegalTransition
from ..core.money import Number, divide_half_even, not_negative_e9, positive_e9
from ..core.order import TRANSITIONS, OrderState
from ..core.record import door, record
from .simulator_numbers import cash_e18, exact, exact_cash, moment, scaled_e9, time_ns


class OrderSide(StrEnum):
    """Which way an order trades."""

    BUY = "buy"
    SELL = "sell"


class OrderType(StrEnum):
    """When an order may fill: at once, at its limit or better, or once its stop is touched."""

    MARKET = "market"
    LIMIT = "limit"
    STOP = "stop"


class OrderStatus(StrEnum):
    """Where an order stands; NEW is on its way to the market."""

    NEW = "new"
    SUBMITTED = "submitted"
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    REJECTED = "rejected"
    CANCELLED = "cancelled"  # spelled as the checkpoints of ADR-006 spell it


class RejectionReason(StrEnum):
    """Why an order was refused."""

    INSUFFICIENT_FUNDS = "insufficient_funds"
    INVALID_QUANTITY = "invalid_quantity"
    INVALID_SYMBOL = "invalid_symbol"
    MARKET_CLOSED = "market_closed"
    DUPLICATE_ORDER = "duplicate_order"
    RISK_LIMIT_EXCEEDED = "risk_limit_exceeded"
    RISK_POSITION_LIMIT = "risk_position_limit"
    RISK_EXPOSURE_LIMIT = "risk_exposure_limit"
    RISK_DRAWDOWN_LIMIT = "risk_drawdown_limit"
    RISK_TRADING_DISABLED = "risk_trading_disabled"
    UNKNOWN = "unknown"


# The names of ADR-006 for the states of the one lifecycle table.
STATES = {
    OrderStatus.NEW: OrderState.PENDING,
    OrderStatus.SUBMITTED: OrderState.OPEN,
    OrderStatus.PARTIALLY_FILLED: OrderState.PARTIALLY_FILLED,
    OrderStatus.FILLED: OrderState.FILLED,
    OrderStatus.REJECTED: OrderState.REJECTED,
    OrderStatus.CANCELLED: OrderState.CANCELED,
}


@record
class OrderExecution:
    """One execution of an order; `is_partial` when it is less than the whole order."""

    execution_id: str
    order_id: str
    timestamp: datetime
    quantity: Decimal
    price: Decimal
    commission: Decimal
    is_partial: bool


class _Exact:
    """A read-only view of a slot of integers at 10^9 as a Decimal."""

    def __init__(self, slot: str) -> None:
        self._slot = slot

    def __get__(self, order: Order, owner: type[Order]) -> Decimal:
        return exact(getattr(order, self._slot))

    def __set__(self, order: Order, value: object) -> None:
        raise AttributeError(f"{self._slot} belongs to the order; place another order instead")


class _ExactOrNone:
    """The same for a price that an order may do without."""

    def __init__(self, slot: str) -> None:
        self._slot = slot

    def __get__(self, order: Order, owner: type[Order]) -> Decimal | None:
        scaled = getattr(order, self._slot)
        return None if scaled is None else exact(scaled)

    def __set__(self, order: Order, value: object) -> None:
        raise AttributeError(f"{self._slot} belongs to the order; place another order instead")


class _Moment:
    """A read-only view of a slot of nanoseconds as a datetime, None as long as it is unknown."""

    def __init__(self, slot: str) -> None:
        self._slot = slot

    def __get__(self, order: Order, owner: type[Order]) -> datetime | None:
        ns = getattr(order, self._slot)
        return None if ns is None else moment(ns)

    def __set__(self, order: Order, value: object) -> None:
        raise AttributeError(f"{self._slot} belongs to the order and is no one's to set")


@door
class Order:
    """One order. Read it freely; once it is submitted, only its simulator changes it."""

    __slots__ = (
        "order_id", "symbol", "side", "order_type", "qty_e9", "created_ns", "_status", "limit_e9",
        "stop_e9", "submitted_ns", "filled_e9", "cost_e18", "commission_e18", "_executions",
        "rejected_ns", "rejection_reason", "rejection_message", "cancelled_ns", "triggered",
        "kept",
    )  # fmt: skip
    __match_args__ = (
        "order_id", "symbol", "side", "order_type", "quantity", "created_at", "status",
        "limit_price", "submitted_at", "filled_quantity", "avg_fill_price", "total_commission",
        "executions", "rejected_at", "rejection_reason", "rejection_message", "cancelled_at",
        "stop_price", "triggered",
    )  # fmt: skip
    qty_e9: int
    quantity = _Exact("qty_e9")
    limit_price = _ExactOrNone("limit_e9")
    stop_price = _ExactOrNone("stop_e9")
    filled_quantity = _Exact("filled_e9")
    submitted_at = _Moment("submitted_ns")
    rejected_at = _Moment("rejected_ns")
    cancelled_at = _Moment("cancelled_ns")

    def __init__(
        self,
        order_id: str,
        symbol: str,
        side: OrderSide,
        order_type: OrderType,
        quantity: Number,
        created_at: datetime,
        status: OrderStatus = OrderStatus.NEW,
        limit_price: Number | None = None,
        submitted_at: datetime | None = None,
        filled_quantity: Number = 0,
        avg_fill_price: Number = 0,
        total_commission: Number = 0,
        executions: Iterable[OrderExecution] = (),
        rejected_at: datetime | None = None,
        rejection_reason: RejectionReason | None = None,
        rejection_message: str | None = None,
        cancelled_at: datetime | None = None,
        stop_price: Number | None = None,
        triggered: bool = False,
    ) -> None:
        self.order_id = _name(order_id, "order_id")
        self.symbol = symbol if symbol == "" else _name(symbol, "symbol")
        self.side = OrderSide(side)
        self.order_type = OrderType(order_type)
        self.qty_e9 = scaled_e9(quantity, "quantity")
        self.created_ns = time_ns(created_at, "created_at")
        self._status = OrderStatus(status)
        self.limit_e9 = _optional_price(limit_price, "limit_price")
        self.stop_e9 = _optional_price(stop_price, "stop_price")
        self.submitted_ns = _optional_ns(submitted_at, "submitted_at")
        self.rejected_ns = _optional_ns(rejected_at, "rejected_at")
        self.rejection_reason = None if rejection_reason is None else RejectionReason(
            rejection_reason
        )
        self.rejection_message = rejection_message
        self.cancelled_ns = _optional_ns(cancelled_at, "cancelled_at")
        self.triggered = triggered
        self.kept = False  # whether a simulator keeps it
        self.filled_e9 = self.cost_e18 = self.commission_e18 = 0
        self._executions: list[OrderExecution] = []
        for execution in executions:
            self._add(execution, *_scaled(execution))
        if not self._executions:  # else the sums are those of the executions themselves
            self.filled_e9 = not_negative_e9(filled_quantity, "filled_quantity")
            self.cost_e18 = self.filled_e9 * not_negative_e9(avg_fill_price, "avg_fill_price")
            self.commission_e18 = cash_e18(total_commission, "total_commission")
        _check_filled(self)

    @property
    def status(self) -> OrderStatus:
        """Where it stands; an order of one's own may be set, a submitted one is its simulator's."""
        return self._status

    @status.setter
    def status(self, status: OrderStatus) -> None:
        if self.kept:
            raise ContractError(
                f"order {self.order_id!r} is in a simulator, which alone moves it; cancel it there"
            )
        self._status = OrderStatus(status)

    @property
    def created_at(self) -> datetime:
        return moment(self.created_ns)

    @property
    def executions(self) -> list[OrderExecution]:
        """What was executed, oldest first, in a list of its own each time."""
        return list(self._executions)

    @property
    def avg_fill_price(self) -> Decimal:
        """Cost over quantity, rounded to nine decimals; 0 before the first fill."""
        return exact(divide_half_even(self.cost_e18, self.filled_e9) if self.filled_e9 else 0)

    @property
    def total_commission(self) -> Decimal:
        return exact_cash(self.commission_e18)

    @property
    def leaves_e9(self) -> int:
        """What is still to be filled."""
        return self.qty_e9 - self.filled_e9

    @property
    def trigger_e9(self) -> int | None:
        """The price that sets a stop order off: its stop, else its limit price; None of others."""
        if self.order_type is not OrderType.STOP:
            return None
        return self.limit_e9 if self.stop_e9 is None else self.stop_e9

    @property
    def cap_e9(self) -> int | None:
        """The price that no fill may pass; a stop order with both prices is a stop-limit."""
        if self.order_type is OrderType.LIMIT:
            return self.limit_e9
        return self.limit_e9 if self.stop_e9 is not None else None

    def is_complete(self) -> bool:
        """Whether nothing can happen to it any more."""
        return not TRANSITIONS[STATES[self._status]]

    def remaining_quantity(self) -> Decimal:
        """What is still to be filled."""
        return exact(self.leaves_e9)

    def add_execution(self, execution: OrderExecution) -> None:
        """Book an execution on an order of one's own; a submitted one is its simulator's."""
        if self.kept:
            raise ContractError(
                f"order {self.order_id!r} is in a simulator, which alone books its executions"
            )
        qty, price, commission = _scaled(execution)
        if qty > self.leaves_e9:
            raise ContractError(
                f"execution {execution.execution_id!r} of {execution.quantity} overfills order"
                f" {self.order_id!r}: {self.remaining_quantity()} is left"
            )
        self.book(execution, qty, price, commission)

    def copy(self) -> Order:
        """An equal order that nothing else knows."""
        twin = Order.__new__(Order)
        for slot in Order.__slots__:
            setattr(twin, slot, getattr(self, slot))
        twin._executions = list(self._executions)
        twin.kept = False
        return twin

    def again(self) -> Order:
        """A NEW order that asks for the same under the same id."""
        return Order(
            self.order_id, self.symbol, self.side, self.order_type, self.quantity, self.created_at,
            limit_price=self.limit_price, stop_price=self.stop_price,
        )  # fmt: skip

    # What only its simulator does.

    def move(self, status: OrderStatus) -> None:
        """Every change of status comes by here and is looked up in the table."""
        if STATES[status] not in TRANSITIONS[STATES[self._status]]:
            raise IllegalTransition(
                f"order {self.order_id!r} is {self._status} and cannot become {status}"
            )
        self._status = status

    def book(self, execution: OrderExecution, qty: int, price: int, commission_e18: int) -> None:
        """Count an execution that is at most what is left, with its numbers as integers."""
        whole = qty == self.leaves_e9
        self.move(OrderStatus.FILLED if whole else OrderStatus.PARTIALLY_FILLED)
        self._add(execution, qty, price, commission_e18)

    def accept(self, ns: int) -> None:
        """It has arrived."""
        self.move(OrderStatus.SUBMITTED)
        self.submitted_ns = ns

    def refuse(self, ns: int, reason: RejectionReason, message: str) -> None:
        """It is refused; what has filled in part is canceled instead, with the same reason."""
        partly = self.filled_e9 > 0
        self.move(OrderStatus.CANCELLED if partly else OrderStatus.REJECTED)
        if partly:
            self.cancelled_ns = ns
        else:
            self.rejected_ns = ns
        self.rejection_reason = reason
        self.rejection_message = message

    def cancel(self, ns: int) -> None:
        """Nothing of it is open any more."""
        self.move(OrderStatus.CANCELLED)
        self.cancelled_ns = ns

    def _add(self, execution: OrderExecution, qty: int, price: int, commission_e18: int) -> None:
        self.filled_e9 += qty
        self.cost_e18 += qty * price
        self.commission_e18 += commission_e18
        self._executions.append(execution)


@record
class LatencyConfig:
    """How long orders, fills and cancels take; a fill takes something between two times."""

    submission_latency: timedelta
    fill_latency_min: timedelta
    fill_latency_max: timedelta
    cancel_latency: timedelta


def _latency(submission: int, fill_min: int, fill_max: int, cancel: int) -> LatencyConfig:
    return LatencyConfig(*(timedelta(milliseconds=n) for n in (
        submission, fill_min, fill_max, cancel)))  # fmt: skip


LATENCY_INSTANT = _latency(0, 0, 0, 0)
LATENCY_FAST = _latency(10, 50, 100, 20)
LATENCY_NORMAL = _latency(50, 100, 200, 50)
LATENCY_SLOW = _latency(100, 500, 1000, 100)


def _scaled(execution: OrderExecution) -> tuple[int, int, int]:
    return (
        positive_e9(execution.quantity, "quantity"), positive_e9(execution.price, "price"),
        cash_e18(execution.commission, "commission"),
    )  # fmt: skip


def _name(told: str, field: str) -> str:
    if not isinstance(told, str) or not told:
        raise ContractError(f"{field} {told!r:.60} is no name; give a text")
    return told


def _optional_price(price: Number | None, field: str) -> int | None:
    return None if price is None else scaled_e9(price, field)


def _optional_ns(when: datetime | None, field: str) -> int | None:
    return None if when is None else time_ns(when, field)


def _check_filled(order: Order) -> None:
    filled, qty, status = order.filled_e9, order.qty_e9, order.status
    if status is OrderStatus.FILLED:
        fits = 0 < filled == qty
    elif status is OrderStatus.PARTIALLY_FILLED:
        fits = 0 < filled < qty
    else:
        fits = not filled or (status is OrderStatus.CANCELLED and filled < qty)
    if not fits:
        raise ContractError(
            f"order {order.order_id!r} is {status} with {order.filled_quantity} of"
            f" {order.quantity} filled; these contradict each other"
        )
