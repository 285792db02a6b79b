"""A price-level book of one symbol in integers: what the venue shows, price by price.

It knows nothing of sequence numbers; `gaps` says what may be applied. A side is two dicts, in no
order: the few levels near the best, and those far from it. What a venue changes is told in hundreds
of levels, and the best is seldom among them: it is kept, and looked for near by when it goes.
"""

from __future__ import annotations

import hashlib
from typing import Protocol, TypeAlias

from ..core.errors import ContractError
from ..core.market_v1 import Levels

Best: TypeAlias = tuple[int, int, int, int]  # bid, its quantity, ask, its quantity

# How many levels are near the best: at first, and from which to which number.
NEAR = 256
FEWEST = 32
MOST = 1024

_DOMAIN = b"book-v1\0"
_LOWEST = 1
_BEYOND = 1 << 256  # above every price


class Held(Protocol):
    """Quantity by price, to be read only."""

    def get(self, price: int, /) -> int | None: ...

    def __getitem__(self, price: int, /) -> int: ...

    def __contains__(self, price: object, /) -> bool: ...


class Book:
    """Bids and asks; a ContractError for a price or quantity that no book can hold.

    After such an error the book is not to be used: what came before the bad level is in it.
    """

    __slots__ = ("_asks", "_bids")

    def __init__(self) -> None:
        self._bids = _Side(bids=True)
        self._asks = _Side(bids=False)

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
        return self._bids.best > self._asks.best

    def best(self) -> Best:
        """The best bid and ask with their quantities; an empty side has price and quantity 0."""
        bids, asks = self._bids, self._asks
        bid = bids.best if bids.near else 0
        ask = asks.best if asks.near else 0
        return bid, bids.near.get(bid, 0), ask, asks.near.get(ask, 0)

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
        return len(self._bids), len(self._asks)

    def held(self) -> tuple[Held, Held]:
        """Bids and asks as they are now and will be: for looking single prices up."""
        return self._bids, self._asks

    def sides(self) -> tuple[dict[int, int], dict[int, int]]:
        """Quantity by price, of bids and of asks, in no order: new dicts of all levels."""
        return self._bids.held(), self._asks.held()

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
    """Quantities by price: those from `best` to `edge`, both included, are `near`, others `far`."""

    __slots__ = ("best", "bids", "edge", "far", "near")

    def __init__(self, *, bids: bool) -> None:
        self.bids = bids
        self._part({}, {})

    def __len__(self) -> int:
        return len(self.near) + len(self.far)

    def __contains__(self, price: object) -> bool:
        return price in self.near or price in self.far

    def __getitem__(self, price: int) -> int:
        return self.near[price] if price in self.near else self.far[price]

    def get(self, price: int) -> int | None:
        """The quantity at a price; None where nothing is."""
        qty = self.near.get(price)
        return self.far.get(price) if qty is None else qty

    def held(self) -> dict[int, int]:
        """All levels."""
        return {**self.near, **self.far}

    def replace(self, levels: Levels) -> None:
        """Hold these levels alone."""
        held = {}
        for price, qty in levels:
            if qty < 0 or price <= 0:
                raise _impossible(price, qty)
            if qty:
                held[price] = qty
        self._part(held, {})

    def change(self, levels: Levels) -> None:
        """Set or take away each level."""
        best = self._changed_bids(levels) if self.bids else self._changed_asks(levels)
        near = self.near
        if len(near) > MOST:
            self._part(near, self.far)
        elif len(near) < FEWEST and self.far:
            self._part(self.held(), {})
        else:
            self.best = best if best in near else self._best()

    def top(self, count: int) -> Levels:
        """The best levels in order."""
        held = self.near if count <= len(self.near) else self.held()
        return tuple([(price, held[price]) for price in self._sorted(held)[:count]])

    def copy(self) -> _Side:
        """The same levels apart."""
        made = _Side(bids=self.bids)
        made.near, made.far = self.near.copy(), self.far.copy()
        made.edge, made.best = self.edge, self.best
        return made

    def _changed_bids(self, levels: Levels) -> int:
        """The best that there was, or came; whoever is better than all bids is near."""
        near, far, edge, best = self.near, self.far, self.edge, self.best
        for price, qty in levels:
            if qty > 0:
                if price >= edge:
                    near[price] = qty
                    if price > best:
                        best = price
                elif price > 0:
                    far[price] = qty
                else:
                    raise _impossible(price, qty)
            elif qty or price <= 0:
                raise _impossible(price, qty)
            elif price >= edge:
                if price in near:
                    del near[price]
            elif price in far:
                del far[price]
        return best

    def _changed_asks(self, levels: Levels) -> int:
        """The same for asks, apart because a loop that serves both is slower."""
        near, far, edge, best = self.near, self.far, self.edge, self.best
        for price, qty in levels:
            if qty > 0:
                if price > edge:
                    far[price] = qty
                elif price > 0:
                    near[price] = qty
                    if price < best:
                        best = price
                else:
                    raise _impossible(price, qty)
            elif qty or price <= 0:
                raise _impossible(price, qty)
            elif price > edge:
                if price in far:
                    del far[price]
            elif price in near:
                del near[price]
        return best

    def _part(self, held: dict[int, int], far: dict[int, int]) -> None:
        """Let the best of `held` be near, and the others join those that are far."""
        prices = self._sorted(held)
        self.near = {price: held[price] for price in prices[:NEAR]}
        far.update([(price, held[price]) for price in prices[NEAR:]])
        self.far = far
        if far:
            self.edge = prices[NEAR - 1]
        else:
            self.edge = _LOWEST if self.bids else _BEYOND
        self.best = self._best()

    def _best(self) -> int:
        """The best price; of an empty side one that crosses none."""
        return max(self.near, default=_LOWEST) if self.bids else min(self.near, default=_BEYOND)

    def _sorted(self, held: dict[int, int]) -> list[int]:
        return sorted(held, reverse=self.bids)


def _impossible(price: int, qty: int) -> ContractError:
    return ContractError(
        f"level {price} x {qty} at 10^9: a price is above zero and a quantity not below"
    )
