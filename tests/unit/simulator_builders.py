"""Small builders for the paper-trading simulator's tests."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from tools.live.sim.simulator import ExecutionSimulator
from tools.live.sim.simulator_contracts import Order, OrderExecution, OrderSide, OrderType

NOON = datetime(2026, 1, 5, 12, 0)


def after(ms: int) -> datetime:
    """So many milliseconds after noon."""
    return NOON + timedelta(milliseconds=ms)


def an_order(
    order_id: str = "o1",
    side: str = "buy",
    kind: str = "market",
    quantity: object = 10,
    symbol: str = "SPY",
    limit: object = None,
    stop: object = None,
) -> Order:
    return Order(
        order_id, symbol, OrderSide(side), OrderType(kind),
        quantity,  # type: ignore[arg-type]
        NOON, limit_price=limit, stop_price=stop,  # type: ignore[arg-type]
    )  # fmt: skip


def an_execution(quantity: object = 10, price: object = 100, name: str = "e1") -> OrderExecution:
    return OrderExecution(
        name, "o1", NOON, Decimal(str(quantity)), Decimal(str(price)), Decimal(0), False
    )


def a_simulator(cash: object = 10_000, **given: object) -> ExecutionSimulator:
    """Without slippage unless it is asked for, so that the figures are easy."""
    return ExecutionSimulator(cash, **{"slippage_bps": 0, **given})  # type: ignore[arg-type]
