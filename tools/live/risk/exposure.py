"""What one symbol can still become."""

from __future__ import annotations

from collections.abc import Callable

from ..core.contracts_v1 import RefusalReason
from ..core.order_rules import OrderRules
from ..portfolio.ledger import Holding


class Exposure:
    """What one symbol can still become: its position and every order that may yet fill."""

    __slots__ = (
        "holding", "buys", "sells", "bid", "ask", "mark", "worst_e18", "held_e18", "loose",
        "plain", "doubts", "stale", "rules",
    )  # fmt: skip

    def __init__(self, holding: Holding) -> None:
        self.holding = holding
        self.buys = self.sells = 0
        self.bid = self.ask = 0  # the last quote; 0: none yet
        self.mark = 0  # the last price seen; 0: none yet
        self.worst_e18 = self.held_e18 = 0  # what the monitor's totals hold of this symbol
        self.loose = False  # whether `worst_e18` may be more than what it is by now; never less
        self.plain = False  # an uncrossed quote has marked it, no caller does, nothing is odd
        self.doubts = 0  # how many of its orders the exchange may have or not
        self.stale = ""  # why what we know of its market is not to be used; empty: it is
        self.rules: OrderRules | None = None  # what its exchange takes, where that is told

    def lose(self, why: str) -> bool:
        """Its market is not to be used, for the first reason of them; whether it was until now."""
        if self.stale:
            return False
        self.stale = why
        self.plain = False
        return True

    def keep_to(self, rules: OrderRules | None) -> None:
        """From here on its orders are judged by these rules; None are no rules."""
        self.rules = rules
        if rules is not None:
            self.plain = False

    def too_small(self, qty: int, price: int) -> RefusalReason | None:
        """Why its exchange would not take so small an order, if it would not."""
        return None if self.rules is None else self.rules.too_small(qty, price)

    def unfit(self, mark: int) -> RefusalReason | None:
        """Why the market of the symbol allows no order at all, if it does not."""
        if self.stale:
            return RefusalReason.STALE_MARKET
        if mark <= 0:
            return RefusalReason.BAD_MARK
        return RefusalReason.CROSSED_QUOTE if self.bid > self.ask else None

    def worst_qty(self) -> int:
        """The larger of: every open buy fills and no sell, or the reverse."""
        held = self.holding.qty
        return max(held + self.buys, self.sells - held)


def worst_elsewhere(
    exposures: dict[str, Exposure], symbol: str, mark_of: Callable[[str], int]
) -> int:
    """Worst-case notional of all other symbols at the caller's marks; -1 when one is bad."""
    total = 0
    for other in sorted(exposures):
        worst = exposures[other].worst_qty()
        if other == symbol or not worst:
            continue
        mark = mark_of(other)
        if mark <= 0:
            return -1
        total += worst * mark
    return total


def held_at(exposures: dict[str, Exposure], mark_of: Callable[[str], int]) -> int:
    """Notional of all positions at the caller's marks, or at the last price where one is bad."""
    total = 0
    for symbol in sorted(exposures):
        qty = abs(exposures[symbol].holding.qty)
        if qty:
            total += qty * (mark_of(symbol) or exposures[symbol].mark)
    return total


def nearest_rank(counts: dict[int, int], percent: int) -> int:
    """The percentile of samples that are counted by their value; 0 without any."""
    samples: int = sum(counts.values())
    rank = -(-samples * percent // 100)
    for value in sorted(counts):
        rank -= counts[value]
        if rank <= 0:
            return value
    return 0
