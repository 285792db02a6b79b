"""What one symbol can still become, and why trading stopped."""

from __future__ import annotations

from ..portfolio.ledger import Holding


class Exposure:
    """What one symbol can still become: its position and every order that may yet fill."""

    __slots__ = (
        "holding", "buys", "sells", "bid", "ask", "mark", "worst_e18", "held_e18", "stale", "plain",
    )  # fmt: skip

    def __init__(self, holding: Holding) -> None:
        self.holding = holding
        self.buys = self.sells = 0
        self.bid = self.ask = 0  # the last quote; 0: none yet
        self.mark = 0  # the last price seen; 0: none yet
        self.worst_e18 = self.held_e18 = 0  # what the monitor's totals hold of this symbol
        self.stale = False  # whether the two are to be worked out again before they are used
        self.plain = False  # a quote that is not crossed has marked it, and no caller marks it

    def worst_qty(self) -> int:
        """The larger of: every open buy fills and no sell, or the reverse."""
        held = self.holding.qty
        return max(held + self.buys, self.sells - held)


class FreezeCause:
    """Why and when trading stopped, and on which symbol it showed."""

    __slots__ = ("reason", "symbol", "ts_ns")

    def __init__(self, reason: str, symbol: str | None, ts_ns: int | None) -> None:
        self.reason = reason
        self.symbol = symbol
        self.ts_ns = ts_ns
