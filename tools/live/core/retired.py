"""What stays of finished orders whose every detail need not be kept."""

from __future__ import annotations

from .contracts_v1 import Side
from .order import TERMINAL, Order


class RetiredOrders:
    """What is left of finished orders that the store was told not to keep: their sums."""

    __slots__ = ("counts", "filled_e9", "cost_e18", "orders", "fills")

    def __init__(self) -> None:
        self.orders = self.fills = 0
        self.counts = {state: 0 for state in sorted(TERMINAL)}
        self.filled_e9: dict[tuple[str, Side], int] = {}
        self.cost_e18: dict[tuple[str, Side], int] = {}

    def add(self, order: Order, fills: int) -> None:
        self.orders += 1
        self.fills += fills
        self.counts[order.state] += 1
        filled = order.filled_e9 + order.late_e9 - order.adopted_e9
        if filled:
            key = (order.symbol, order.side_of)
            self.filled_e9[key] = self.filled_e9.get(key, 0) + filled
            self.cost_e18[key] = self.cost_e18.get(key, 0) + order.cost_e18
