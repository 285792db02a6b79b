"""An instant-fill simulator of ADR-006's kind, written the plain way: what its users have today.

Decimal money, an order is an object, each price is one pass over the pending orders, and what it
touches fills whole, at once, at its limit: no queue, no latency, no risk limits, no books beyond
cash and positions. Its ids are counted, not drawn, which is kinder to it than the original. It runs
W1 with as many orders as the product: two a quote; the price then touches one of the two, by a fair
coin, and what still rests is canceled before the next quote of the symbol.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum

SYMBOLS = ("BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT")
START_NS = 1_735_689_600 * 10**9


class Status(Enum):
    """Where an order stands."""

    SUBMITTED = "submitted"
    FILLED = "filled"
    REJECTED = "rejected"
    CANCELED = "canceled"


@dataclass(slots=True)
class Order:
    """One order, changed in place."""

    order_id: str
    symbol: str
    is_buy: bool
    quantity: Decimal
    limit_price: Decimal
    created_ns: int
    status: Status = Status.SUBMITTED
    filled_quantity: Decimal = Decimal(0)
    avg_fill_price: Decimal = Decimal(0)
    executions: list[Execution] = field(default_factory=list)


@dataclass(slots=True)
class Execution:
    """One fill."""

    execution_id: str
    order_id: str
    timestamp_ns: int
    quantity: Decimal
    price: Decimal
    commission: Decimal


class InstantFill:
    """Cash, positions, and every order that was ever placed."""

    def __init__(self, cash: Decimal, positions: dict[str, Decimal]) -> None:
        self.cash = cash
        self.positions = positions
        self.commission_per_share = Decimal("0.0001")
        self.pending: dict[str, Order] = {}
        self.completed: dict[str, Order] = {}
        self.executions = 0

    def submit_order(self, order: Order) -> Order:
        """Check it, and let it rest."""
        if self._is_valid(order):
            self.pending[order.order_id] = order
        else:
            order.status = Status.REJECTED
            self.completed[order.order_id] = order
        return order

    def process_market_data(self, symbol: str, price: Decimal, now_ns: int) -> list[Execution]:
        """One pass over the pending orders: what the price touches fills at its limit."""
        made = []
        for order in list(self.pending.values()):
            if order.symbol != symbol:
                continue
            limit = order.limit_price
            if price <= limit if order.is_buy else price >= limit:
                made.append(self._execute(order, now_ns))
        return made

    def cancel_order(self, order_id: str) -> Order | None:
        """Take a pending order back."""
        order = self.pending.pop(order_id, None)
        if order is not None:
            order.status = Status.CANCELED
            self.completed[order_id] = order
        return order

    def _is_valid(self, order: Order) -> bool:
        if order.quantity <= 0:
            return False
        if order.is_buy:
            return order.quantity * order.limit_price <= self.cash
        return order.quantity <= self.positions.get(order.symbol, Decimal(0))

    def _execute(self, order: Order, now_ns: int) -> Execution:
        quantity, price = order.quantity, order.limit_price
        commission = quantity * self.commission_per_share
        self.executions += 1
        execution = Execution(
            f"exec-{self.executions:08d}", order.order_id, now_ns, quantity, price, commission
        )
        order.executions.append(execution)
        cost = order.filled_quantity * order.avg_fill_price + quantity * price
        order.filled_quantity += quantity
        order.avg_fill_price = cost / order.filled_quantity
        order.status = Status.FILLED
        held = self.positions.get(order.symbol, Decimal(0))
        if order.is_buy:
            self.cash -= quantity * price + commission
            self.positions[order.symbol] = held + quantity
        else:
            self.cash += quantity * price - commission
            self.positions[order.symbol] = held - quantity
        del self.pending[order.order_id]
        self.completed[order.order_id] = order
        return execution


def run_instant_fill(quotes: int, *, seed: int = 42) -> dict[str, int]:
    """W1; returns how many orders were placed, filled, rejected, canceled and are still open."""
    draw = random.Random(seed).random
    simulator = InstantFill(Decimal(10**12), dict.fromkeys(SYMBOLS, Decimal(10**6)))
    quantity, half = Decimal("0.01"), Decimal("0.00025")
    below, above = 1 - half, 1 + half
    resting: dict[str, list[str]] = {symbol: [] for symbol in SYMBOLS}
    bases = [(name, Decimal(50_000 if "BTC" in name else 3_000)) for name in SYMBOLS]
    placed = 0
    for step in range(quotes // len(SYMBOLS)):
        now = START_NS + step * 10**9
        for symbol, base in bases:
            for order_id in resting[symbol]:
                simulator.cancel_order(order_id)
            resting[symbol].clear()
            mid = base * (1000 + step % 10) / 1000
            prices = mid * below, mid * above
            for is_buy, price in zip((True, False), prices, strict=True):
                placed += 1
                order = Order(f"order-{placed:08d}", symbol, is_buy, quantity, price, now)
                simulator.submit_order(order)
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
