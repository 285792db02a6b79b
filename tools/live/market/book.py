"""A price-level book of one symbol in integers: what the venue shows, price by price.

It knows nothing of sequence numbers; `gaps` says what may be applied. A side is a dict of
quantities, and beside it the prices near the best in order. Most of what a venue changes lies far
from the best; there an order is nobody's need, and keeping it would be half of the cost.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left, insort
from typing import TypeAlias

from ..core.errors import ContractError
from ..core.market_v1 import Levels

Best: TypeAlias = tuple[int, int, int, int]  # bid, its quantity, ask, its quantity

# How many prices are kept in order: at first, and from which to which number.
NEAR = 256
FEWEST = 32
MOST = 1024

_DOMAIN = b"book-v1\0"
_NO_EDGE = -(1 << 256)  # below every price, and below every price negated


class Book:
    """Bids and asks; a ContractError for a price or quantity that no book can hold.

    After such an error the book is not to be used: what came before the bad level is in it.
    """

    __slots__ = ("_asks", "_bids")

    def __init__(self) -> None:
        self._bids = _Side(1)
        self._asks = _Side(-1)

    def apply_snapshot(self, bids: Levels, asks: Levels) -> None:
        """Hold these levels and no others; those of quantity 0 are none."""
        self._bids.replace(bids)
        self._asks.replace(asks)

    def apply(self, bids: Levels, asks: Levels) -> None:
        """Set the quantity of each level; 0 takes it away, and a level that is unknown may go."""
        self._bids.change(bids)
        self._asks.change(asks)

    @property
    def is_crossed(self) -> bool:
        """Whether the best bid is above the best ask; equal is a locked book, which may be."""
        bids, asks = self._bids.near, self._asks.near
        return bool(bids and asks) and bids[-1] > -asks[-1]

    def best(self) -> Best:
        """The best bid and ask with their quantities; an empty side has price and quantity 0."""
        bids, asks = self._bids, self._asks
        bid = bids.near[-1] if bids.near else 0
        ask = -asks.near[-1] if asks.near else 0
        return bid, bids.held.get(bid, 0), ask, asks.held.get(ask, 0)

    def top(self, count: int) -> tuple[Levels, Levels]:
        """The first `count` levels of each side, the best first."""
        return self._bids.top(count), self._asks.top(count)

    def depth(self, count: int) -> tuple[int, int]:
        """The quantities of the first `count` levels of each side, added up."""
        bids, asks = self.top(count)
        bid_qty: int = sum(qty for _, qty in bids)
        ask_qty: int = sum(qty for _, qty in asks)
        return bid_qty, ask_qty

    def size(self) -> tuple[int, int]:
        """How many levels each side has."""
        return len(self._bids.held), len(self._asks.held)

    def sides(self) -> tuple[dict[int, int], dict[int, int]]:
        """Quantity by price, of bids and of asks, in no order: to be read only."""
        return self._bids.held, self._asks.held

    def copy(self) -> Book:
        """A book of the same levels that changes apart from this one."""
        made = Book()
        made._bids, made._asks = self._bids.copy(), self._asks.copy()
        return made

    def state_sha256(self) -> str:
        """The hex SHA-256 of `book-v1`, NUL, and a line a level, the best of each side first.

        A bid is `b PRICE QTY`, an ask `a PRICE QTY`, both as integers at 10^9; bids come first.
        """
        bids, asks = self.top(max(self.size()))
        lines = [f"b {price} {qty}\n" for price, qty in bids]
        lines += [f"a {price} {qty}\n" for price, qty in asks]
        return hashlib.sha256(_DOMAIN + "".join(lines).encode("ascii")).hexdigest()


class _Side:
    """Quantities by price, and in `near`, the best last, every price from `edge` to the best.

    Both are told in keys: a price times `sign`, which is -1 for asks, so that the best is the
    largest on either side.
    """

    __slots__ = ("edge", "held", "near", "sign")

    def __init__(self, sign: int) -> None:
        self.sign = sign
        self.held: dict[int, int] = {}
        self.near: list[int] = []
        self.edge = _NO_EDGE

    def replace(self, levels: Levels) -> None:
        """Hold these levels alone."""
        self.held = {}
        for price, qty in levels:
            if qty < 0 or price <= 0:
                raise _impossible(price, qty)
            if qty:
                self.held[price] = qty
        self._order()

    def change(self, levels: Levels) -> None:
        """Set or take away each level."""
        held, near, edge, sign = self.held, self.near, self.edge, self.sign
        for price, qty in levels:
            if price in held:
                if qty > 0:
                    held[price] = qty
                    continue
                key = price * sign
                del held[price]
                if key >= edge:
                    del near[bisect_left(near, key)]
            elif qty > 0:
                held[price] = qty
                key = price * sign
                if key >= edge:
                    insort(near, key)
                if price > 0:
                    continue
            if qty < 0 or price <= 0:
                raise _impossible(price, qty)
        if len(near) > MOST:
            del near[:-NEAR]
            self.edge = near[0]
        elif len(near) < FEWEST and len(near) < len(held):
            self._order()

    def top(self, count: int) -> Levels:
        """The best levels in order."""
        keys = self.near
        if count > len(keys) < len(self.held):
            keys = self._sorted()
        prices = [key * self.sign for key in keys[: -count - 1 : -1]]
        return tuple(zip(prices, map(self.held.__getitem__, prices), strict=True))

    def copy(self) -> _Side:
        """The same levels apart."""
        made = _Side(self.sign)
        made.held, made.near, made.edge = self.held.copy(), self.near.copy(), self.edge
        return made

    def _order(self) -> None:
        keys = self._sorted()
        self.near = keys[-NEAR:]
        self.edge = _NO_EDGE if len(keys) <= NEAR else self.near[0]

    def _sorted(self) -> list[int]:
        return sorted(self.held) if self.sign > 0 else sorted(-price for price in self.held)


def _impossible(price: int, qty: int) -> ContractError:
    return ContractError(
        f"level {price} x {qty} at 10^9: a price is above zero and a quantity not below"
    )
