"""An instant-fill simulator of ADR-006's kind, written the plain way: what its users have today.

Decimal money and datetime, an order of many fields changed in place, a validator that answers with
an object, latencies asked for at each step (they are all zero), slippage and commission at each
fill, and each price is one pass over the pending orders: what it touches fills whole and at once.
No queue, no real latency, no limits, no books beyond cash and positions. `drawn` gives orders and
executions random ids and asks the system when an order was made, as that kind does; without, ids
are counted and times given, which is a leaner floor. It runs W1 with as many orders as the product:
two a quote; the price then touches one of the two, by a fair coin, and what still rests is canceled
before the next quote of the symbol.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from uuid import uuid4

SYMBOLS = ("BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT")
START = datetime(2025, 1, 1)


class Side(Enum):
    """Which way an order trades."""

    BUY = "buy"
    SELL = "sell"


class Status(Enum):
    """Where an order stands."""

    NEW = "new"
    SUBMITTED = "submitted"
    FILLED = "filled"
    REJECTED = "rejected"
    CANCELED = "canceled"


@dataclass(frozen=True, slots=True)
class Execution:
    """One fill."""

    execution_id: str
    order_id: str
    timestamp: datetime
    quantity: Decimal
    price: Decimal
    commission: Decimal
    is_partial: bool


@dataclass(slots=True)
class Order:
    """One order, changed in place."""

    order_id: str
    symbol: str
    side: Side
    quantity: Decimal
    created_at: datetime
    limit_price: Decimal | None = None
    status: Status = Status.NEW
    submitted_at: datetime | None = None
    filled_quantity: Decimal = Decimal(0)
    avg_fill_price: Decimal = Decimal(0)
    total_commission: Decimal = Decimal(0)
    executions: list[Execution] = field(default_factory=list)
    rejected_at: datetime | None = None
    rejection_message: str | None = None
    canceled_at: datetime | None = None

    def is_complete(self) -> bool:
        return self.status in (Status.FILLED, Status.REJECTED, Status.CANCELED)

    def remaining_quantity(self) -> Decimal:
        return self.quantity - self.filled_quantity

    def add_execution(self, execution: Execution) -> None:
        """Append, sum up, average."""
        self.executions.append(execution)
        cost = self.filled_quantity * self.avg_fill_price + execution.quantity * execution.price
        self.filled_quantity += execution.quantity
        self.avg_fill_price = cost / self.filled_quantity
        self.total_commission += execution.commission
        if self.filled_quantity >= self.quantity:
            self.status = Status.FILLED


@dataclass(frozen=True, slots=True)
class Validation:
    """What the validator answers."""

    is_valid: bool
    message: str | None = None


class InstantFill:
    """Cash, positions, and every order that was ever placed."""

    def __init__(
        self, cash: Decimal, positions: dict[str, Decimal], drawn: bool = False
    ) -> None:
        self.drawn = drawn
        self.cash = cash
        self.positions = positions
        self.slippage_bps = Decimal(0)
        self.commission_per_share = Decimal("0.0001")
        self.smallest, self.largest = Decimal("0.001"), Decimal(1_000_000)
        self.submission_latency = self.fill_latency = self.cancel_latency = timedelta()
        self.pending: dict[str, Order] = {}
        self.completed: dict[str, Order] = {}
        self.actions: list[tuple[datetime, str]] = []
        self.current_time = START
        self.executions = 0

    def submit_order(self, order: Order, timestamp: datetime) -> Order:
        """Check it, and let it rest."""
        self.current_time = timestamp
        validation = self._validate(order)
        if not validation.is_valid:
            order.status = Status.REJECTED
            order.rejected_at = timestamp
            order.rejection_message = validation.message
            self.completed[order.order_id] = order
            return order
        due = timestamp + self.submission_latency
        if self.submission_latency.total_seconds() == 0:
            order.status = Status.SUBMITTED
            order.submitted_at = timestamp
            self.pending[order.order_id] = order
        else:
            self.actions.append((due, order.order_id))
        return order

    def process_market_data(
        self, symbol: str, price: Decimal, timestamp: datetime
    ) -> list[Execution]:
        """One pass over the pending orders: what the price touches fills whole."""
        self.current_time = timestamp
        while self.actions and self.actions[0][0] <= timestamp:
            self.actions.pop(0)
        made: list[Execution] = []
        waiting = [o for o in self.pending.values() if o.symbol == symbol and not o.is_complete()]
        for order in waiting:
            if not self._can_fill(order, price):
                continue
            due = timestamp + self.fill_latency
            if self.fill_latency.total_seconds() == 0:
                made.append(self._execute(order, price, timestamp))
                if order.is_complete():
                    del self.pending[order.order_id]
                    self.completed[order.order_id] = order
            else:
                self.actions.append((due, order.order_id))
        return made

    def cancel_order(self, order_id: str, timestamp: datetime) -> Order | None:
        """Take a pending order back."""
        self.current_time = timestamp
        order = self.pending.get(order_id)
        if order is None:
            return None
        self.actions = [action for action in self.actions if action[1] != order_id]
        if self.cancel_latency.total_seconds() == 0:
            order.status = Status.CANCELED
            order.canceled_at = timestamp
            del self.pending[order_id]
            self.completed[order_id] = order
        return order

    def _validate(self, order: Order) -> Validation:
        if order.quantity <= 0 or order.quantity < self.smallest or order.quantity > self.largest:
            return Validation(False, f"quantity {order.quantity} is out of range")
        if order.side is Side.SELL:
            held = self.positions.get(order.symbol, Decimal(0))
            if order.quantity > held:
                return Validation(False, f"sell of {order.quantity}, {held} are held")
        elif order.limit_price is not None and order.quantity * order.limit_price > self.cash:
            return Validation(False, f"need {order.quantity * order.limit_price}")
        return Validation(True)

    def _can_fill(self, order: Order, price: Decimal) -> bool:
        if order.limit_price is None:
            return True
        if order.side is Side.BUY:
            return price <= order.limit_price
        return price >= order.limit_price

    def _execute(self, order: Order, price: Decimal, timestamp: datetime) -> Execution:
        slippage = self.slippage_bps / Decimal(10_000)
        if order.side is Side.BUY:
            fill_price = price * (Decimal(1) + slippage)
        else:
            fill_price = price * (Decimal(1) - slippage)
        quantity = order.remaining_quantity()
        commission = quantity * self.commission_per_share
        self.executions += 1
        name = str(uuid4()) if self.drawn else f"exec-{self.executions:08d}"
        execution = Execution(
            name, order.order_id, timestamp, quantity, fill_price, commission, False
        )
        order.add_execution(execution)
        held = self.positions.get(order.symbol, Decimal(0))
        if order.side is Side.BUY:
            self.cash -= quantity * fill_price + commission
            self.positions[order.symbol] = held + quantity
        else:
            self.cash += quantity * fill_price - commission
            self.positions[order.symbol] = held - quantity
        return execution


def run_instant_fill(quotes: int, *, seed: int = 42, drawn: bool = False) -> dict[str, int]:
    """W1; returns how many orders were placed, filled, rejected, canceled and are still open."""
    draw = random.Random(seed).random
    simulator = InstantFill(Decimal(10**12), dict.fromkeys(SYMBOLS, Decimal(10**6)), drawn)
    quantity, half = Decimal("0.01"), Decimal("0.00025")
    below, above = 1 - half, 1 + half
    resting: dict[str, list[str]] = {symbol: [] for symbol in SYMBOLS}
    bases = [(name, Decimal(50_000 if "BTC" in name else 3_000)) for name in SYMBOLS]
    placed = 0
    for step in range(quotes // len(SYMBOLS)):
        now = START + timedelta(seconds=step)
        for symbol, base in bases:
            for order_id in resting[symbol]:
                simulator.cancel_order(order_id, now)
            resting[symbol].clear()
            mid = base * (1000 + step % 10) / 1000
            prices = mid * below, mid * above
            for side, price in zip((Side.BUY, Side.SELL), prices, strict=True):
                placed += 1
                name = str(uuid4()) if drawn else f"order-{placed:08d}"
                made_at = datetime.now() if drawn else now
                order = Order(name, symbol, side, quantity, made_at, price)
                simulator.submit_order(order, now)
                resting[symbol].append(order.order_id)
            simulator.process_market_data(symbol, prices[draw() < 0.5], now)
    statuses = [order.status for order in simulator.completed.values()]
    return {
        "placed": placed,
        "filled": statuses.count(Status.FILLED),
        "rejected": statuses.count(Status.REJECTED),
        "canceled": statuses.count(Status.CANCELED),
        "open": len(simulator.pending),
    }
