"""How a market order, a limit and a stop meet a price: pure rules of the simulator's fills."""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol

from ..core.errors import ContractError
from ..core.record import fields_of
from ..core.rng import stream
from .simulator_account import Account
from .simulator_contracts import LatencyConfig, Order, OrderSide
from .simulator_numbers import NS_PER_US, span_us


class Sessions(Protocol):
    """When a symbol trades."""

    def is_open(self, symbol: str, ns: int) -> bool: ...


def touched(order: Order, price: int) -> bool:
    """Whether a price sets an order off; of orders without a stop, every price does."""
    trigger = order.trigger_e9
    if trigger is None or order.triggered:
        return True
    return price >= trigger if order.side is OrderSide.BUY else price <= trigger


def allowed(order: Order, price: int) -> bool:
    """Whether the market is at the order's limit or better."""
    cap = order.cap_e9
    if cap is None:
        return True
    return price <= cap if order.side is OrderSide.BUY else price >= cap


def fill_price(order: Order, price: int, account: Account) -> int:
    """The market's price with slippage, never past the limit and never below the smallest step."""
    slipped = account.slipped(order.side, price)
    cap = order.cap_e9
    if cap is not None:
        slipped = min(slipped, cap) if order.side is OrderSide.BUY else max(slipped, cap)
    return max(slipped, 1)


def fill_delay_ns(latency: LatencyConfig, *, seed: int, order_id: str, now_ns: int) -> int:
    """How long a fill takes: drawn for this order at this instant, so no other order shifts it."""
    least = span_us(latency.fill_latency_min, "fill_latency_min")
    most = span_us(latency.fill_latency_max, "fill_latency_max")
    if least == most:
        return least * NS_PER_US
    drawn = stream(seed, f"fill:{order_id}:{now_ns}").random()
    return (least + int(drawn * (most - least + 1))) * NS_PER_US


def check_latency(latency: LatencyConfig) -> LatencyConfig:
    """The latencies themselves; a ContractError when one of them is none."""
    if not isinstance(latency, LatencyConfig):
        raise ContractError(f"latency_config {latency!r:.60} is none; give a LatencyConfig")
    for name in fields_of(latency):
        span_us(getattr(latency, name), name)
    if latency.fill_latency_min > latency.fill_latency_max:
        raise ContractError("fill_latency_min is above fill_latency_max; swap them")
    return latency


def span_ns(span: timedelta) -> int:
    """Nanoseconds of a latency that was checked."""
    return span_us(span, "latency") * NS_PER_US
