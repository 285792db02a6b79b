"""A book that is too simple to be wrong: two dicts, searched and sorted whenever it is asked."""

from __future__ import annotations

import hashlib

from tools.live.core.market_v1 import Levels


class NaiveBook:
    """The twin of `Book`, for levels that are right."""

    def __init__(self) -> None:
        self.bids: dict[int, int] = {}
        self.asks: dict[int, int] = {}

    def apply_snapshot(self, bids: Levels, asks: Levels) -> None:
        self.bids.clear()
        self.asks.clear()
        self.apply(bids, asks)

    def apply(self, bids: Levels, asks: Levels) -> None:
        for side, levels in ((self.bids, bids), (self.asks, asks)):
            for price, qty in levels:
                side[price] = qty
                if qty == 0:
                    del side[price]

    @property
    def is_crossed(self) -> bool:
        return any(bid > ask for bid in self.bids for ask in self.asks)

    def best(self) -> tuple[int, int, int, int]:
        bids, asks = self.top(1)
        return (*(bids or ((0, 0),))[0], *(asks or ((0, 0),))[0])

    def top(self, count: int) -> tuple[Levels, Levels]:
        bids = sorted(self.bids.items(), reverse=True)
        return tuple(bids[:count]), tuple(sorted(self.asks.items())[:count])

    def depth(self, count: int) -> tuple[int, int]:
        bids, asks = self.top(count)
        return sum(qty for _, qty in bids), sum(qty for _, qty in asks)

    def size(self) -> tuple[int, int]:
        return len(self.bids), len(self.asks)

    def copy(self) -> NaiveBook:
        made = NaiveBook()
        made.bids, made.asks = dict(self.bids), dict(self.asks)
        return made

    def state_sha256(self) -> str:
        said = "book-v1\0"
        for price in sorted(self.bids, reverse=True):
            said += f"b {price} {self.bids[price]}\n"
        for price in sorted(self.asks):
            said += f"a {price} {self.asks[price]}\n"
        return hashlib.sha256(said.encode()).hexdigest()
