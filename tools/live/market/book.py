"""A price-level book of one symbol in integers: what the venue shows, price by price.

It knows nothing of sequence numbers; `gaps` says what may be applied. Each side is a dict of
quantities beside a sorted list of its prices, those of the asks negated, so that the best of a side
stands at the end of its list: reading it costs nothing, and what changes near it moves little.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left, insort
from typing import TypeAlias

from ..core.errors import ContractError
from ..core.market_v1 import Levels

Best: TypeAlias = tuple[int, int, int, int]  # bid, its quantity, ask, its quantity

_DOMAIN = b"book-v1\0"


class Book:
    """Bids and asks; a ContractError for a price or quantity that no book can hold.

    After such an error the book is not to be used: what came before the bad level is in it.
    """

    __slots__ = ("_asks", "_asks_sorted", "_bids", "_bids_sorted")

    def __init__(self) -> None:
        self._bids: dict[int, int] = {}
        self._asks: dict[int, int] = {}
        self._bids_sorted: list[int] = []
        self._asks_sorted: list[int] = []

    def apply_snapshot(self, bids: Levels, asks: Levels) -> None:
        """Hold these levels and no others; those of quantity 0 are none."""
        for side in (bids, asks):
            for price, qty in side:
                if price <= 0 or qty < 0:
                    raise _impossible(price, qty)
        self._bids = {price: qty for price, qty in bids if qty}
        self._asks = {price: qty for price, qty in asks if qty}
        self._bids_sorted = sorted(self._bids)
        self._asks_sorted = sorted(-price for price in self._asks)

    def apply(self, bids: Levels, asks: Levels) -> None:
        """Set the quantity of each level; 0 takes it away, and a level that is unknown may go."""
        # The two loops differ in a sign. One function for both would call once a level.
        held, ordered = self._bids, self._bids_sorted
        for price, qty in bids:
            if qty < 0:
                raise _impossible(price, qty)
            if price in held:
                if qty:
                    held[price] = qty
                else:
                    del held[price], ordered[bisect_left(ordered, price)]
            elif qty:
                held[price] = qty
                insort(ordered, price)
        if ordered and ordered[0] <= 0:
            raise _impossible(ordered[0], held[ordered[0]])
        held, ordered = self._asks, self._asks_sorted
        for price, qty in asks:
            if qty < 0:
                raise _impossible(price, qty)
            if price in held:
                if qty:
                    held[price] = qty
                else:
                    del held[price], ordered[bisect_left(ordered, -price)]
            elif qty:
                held[price] = qty
                insort(ordered, -price)
        if ordered and ordered[-1] >= 0:
            raise _impossible(-ordered[-1], held[-ordered[-1]])

    @property
    def is_crossed(self) -> bool:
        """Whether the best bid is above the best ask; equal is a locked book, which may be."""
        bids, asks = self._bids_sorted, self._asks_sorted
        return bool(bids and asks) and bids[-1] > -asks[-1]

    def best(self) -> Best:
        """The best bid and ask with their quantities; an empty side has price and quantity 0."""
        bid = self._bids_sorted[-1] if self._bids_sorted else 0
        ask = -self._asks_sorted[-1] if self._asks_sorted else 0
        return bid, self._bids.get(bid, 0), ask, self._asks.get(ask, 0)

    def top(self, count: int) -> tuple[Levels, Levels]:
        """The first `count` levels of each side, the best first."""
        bids = self._bids_sorted[: -count - 1 : -1]
        asks = [-key for key in self._asks_sorted[: -count - 1 : -1]]
        return (
            tuple(zip(bids, map(self._bids.__getitem__, bids), strict=True)),
            tuple(zip(asks, map(self._asks.__getitem__, asks), strict=True)),
        )

    def depth(self, count: int) -> tuple[int, int]:
        """The quantities of the first `count` levels of each side, added up."""
        bids, asks = self.top(count)
        bid_qty: int = sum(qty for _, qty in bids)
        ask_qty: int = sum(qty for _, qty in asks)
        return bid_qty, ask_qty

    def size(self) -> tuple[int, int]:
        """How many levels each side has."""
        return len(self._bids), len(self._asks)

    def copy(self) -> Book:
        """A book of the same levels that changes apart from this one."""
        made = Book()
        made._bids, made._asks = self._bids.copy(), self._asks.copy()
        made._bids_sorted = self._bids_sorted.copy()
        made._asks_sorted = self._asks_sorted.copy()
        return made

    def state_sha256(self) -> str:
        """The hex SHA-256 of `book-v1`, NUL, and a line a level, the best of each side first.

        A bid is `b PRICE QTY`, an ask `a PRICE QTY`, both as integers at 10^9; bids come first.
        """
        bids, asks = self.top(max(self.size()))
        lines = [f"b {price} {qty}\n" for price, qty in bids]
        lines += [f"a {price} {qty}\n" for price, qty in asks]
        return hashlib.sha256(_DOMAIN + "".join(lines).encode("ascii")).hexdigest()


def _impossible(price: int, qty: int) -> ContractError:
    return ContractError(
        f"level {price} x {qty} at 10^9: a price is above zero and a quantity not below"
    )
