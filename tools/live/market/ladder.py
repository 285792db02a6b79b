"""One side of a generated book: some levels beside each other, and what changed since last told.

Prices are in ticks and quantities in lots here; they become the house's integers when they are
told. The side never crosses the other one, because whoever moves it moves both.
"""

from __future__ import annotations

from ..core.market_v1 import Levels
from .regimes import Draw, below


class Ladder:
    """The levels from `best` away from the other side: downwards for bids, upwards for asks."""

    def __init__(self, draw: Draw, *, bids: bool, tick: int, lot: int) -> None:
        self.best = 0
        self._draw = draw
        self._bids = bids
        self._tick = tick
        self._lot = lot
        self._low, self._high = 0, -1
        self._lots: dict[int, int] = {}
        self._changed: dict[int, int] = {}

    def move(self, best: int, levels: int, fullness: int) -> None:
        """Show so many levels from another best price: who is left outside is gone."""
        low, high = (best - levels + 1, best) if self._bids else (best, best + levels - 1)
        draw, lots, changed = self._draw, self._lots, self._changed
        for price in _outside(self._low, self._high, low, high):
            del lots[price]
            changed[price] = 0
        for price in _outside(low, high, self._low, self._high):
            lots[price] = changed[price] = 1 + int(draw() * fullness)
        self.best, self._low, self._high = best, low, high

    def stir(self, fullness: int) -> None:
        """Change the quantity of a level that chance picks."""
        draw = self._draw
        price = self._low + int(draw() * len(self._lots))
        lots = 1 + int(draw() * fullness)
        if self._lots[price] != lots:
            self._lots[price] = self._changed[price] = lots

    def take(self, draw: Draw) -> int:
        """Trade up to half of what is at the best price; its last lot is an iceberg's and stays."""
        there = self._lots[self.best]
        taken = 1 + below(draw, there // 2)
        if there > taken:
            self._lots[self.best] = self._changed[self.best] = there - taken
        return taken * self._lot

    def top(self) -> tuple[int, int]:
        """Price and quantity of the best level."""
        return self.best * self._tick, self._lots[self.best] * self._lot

    def levels(self) -> Levels:
        """All levels, the best first."""
        return self._told(self._lots)

    def changes(self) -> Levels:
        """The levels that changed since this was last asked, the best first."""
        told = self._told(self._changed)
        self._changed.clear()
        return told

    def _told(self, levels: dict[int, int]) -> Levels:
        tick, lot = self._tick, self._lot
        prices = sorted(levels, reverse=self._bids)
        return tuple([(price * tick, levels[price] * lot) for price in prices])


def _outside(low: int, high: int, other_low: int, other_high: int) -> list[int]:
    """The prices from low to high that are not among the others, which are a range, too."""
    below_them = range(low, min(high + 1, other_low))
    return [*below_them, *range(max(low, other_high + 1), high + 1)]
