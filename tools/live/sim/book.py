"""A book of single orders, ours and others', matched by price and then by age.

It knows numbers, owners, sides, prices and quantities, and neither symbols nor clocks. A level is a
queue linked through its orders, so a cancel costs the same wherever the order stands; the prices of
a side are one sorted list with the best at its end, so the best is read at once, and a new level
costs a bisection and the moving of the prices that are better.

    book = Book()
    book.place(1, SELL, 5, 101)
    book.place(2, BUY, 7, 101).matches     # 5 at 101 against order 1; 2 rest
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Iterator
from enum import Enum
from typing import TypeAlias

from ..core.errors import ContractError
from ..core.record import builder, record
from ..core.words_v1 import BUY, SELL, Side
from .orders import SelfTrade, TimeInForce

NOBODY = ""  # the owner who never meets himself
GTC, IOC, FOK = TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK
ALLOW, OLDEST, NEWEST = SelfTrade.ALLOW, SelfTrade.CANCEL_OLDEST, SelfTrade.CANCEL_NEWEST
_ANY_PRICE = -(1 << 128)  # below every key

OrderState: TypeAlias = tuple[int, str, int]  # number, owner, leaves
LevelState: TypeAlias = tuple[int, int, tuple[OrderState, ...]]  # price, total, in order of age
BookState: TypeAlias = tuple[tuple[LevelState, ...], tuple[LevelState, ...]]


class Result(str, Enum):
    """What became of a command.

    `CANCELED`: what was left may not rest, or met an order of its owner. `REFUSED` changes nothing:
    it would have taken, or would have made an order larger. `UNKNOWN`: there is no such order.
    """

    RESTS = "rests"
    FILLED = "filled"
    CANCELED = "canceled"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@record
class Match:
    """One execution: the order that rested, the one that came, at the price of the first."""

    maker: int
    taker: int
    price: int
    qty: int


@record
class Outcome:
    """What a command did: its matches in order, what is left, and own orders it took out."""

    result: Result
    leaves: int
    matches: tuple[Match, ...] = ()
    removed: tuple[int, ...] = ()


class Level:
    """All orders at one price, the oldest first."""

    __slots__ = ("price", "qty", "first", "last")

    def __init__(self, price: int) -> None:
        self.price = price
        self.qty = 0
        self.first: Resting | None = None
        self.last: Resting | None = None

    def __iter__(self) -> Iterator[Resting]:
        order = self.first
        while order is not None:
            yield order
            order = order.behind


class Resting:
    """One order in its queue."""

    __slots__ = ("number", "owner", "side", "leaves", "level", "before", "behind")

    def __init__(self, number: int, owner: str, side: Side, leaves: int, level: Level) -> None:
        self.number = number
        self.owner = owner
        self.side = side
        self.leaves = leaves
        self.level = level
        self.before = level.last
        self.behind: Resting | None = None


class Ladder:
    """The levels of one side. A key is larger the better the price is: the price or its negative.

    `keys` is sorted, so the best is the last; no level in it is empty.
    """

    __slots__ = ("keys", "levels")

    def __init__(self) -> None:
        self.keys: list[int] = []
        self.levels: dict[int, Level] = {}

    def best_first(self) -> Iterator[Level]:
        levels = self.levels
        for key in reversed(self.keys):
            yield levels[key]

    def add(self, key: int, price: int) -> Level:
        """The level of a key, made where there is none."""
        level = self.levels.get(key)
        if level is None:
            level = self.levels[key] = Level(price)
            keys = self.keys
            if not keys or key > keys[-1]:
                keys.append(key)
            else:
                keys.insert(bisect_left(keys, key), key)
        return level

    def drop(self, key: int) -> None:
        """Take away a level that has become empty."""
        del self.levels[key]
        keys = self.keys
        if keys[-1] == key:
            keys.pop()
        else:
            del keys[bisect_left(keys, key)]


_match = builder(Match)
_outcome = builder(Outcome)


class Book:
    """All resting orders by number, and the two sides."""

    def __init__(self) -> None:
        self.orders: dict[int, Resting] = {}
        self.bids = Ladder()
        self.asks = Ladder()

    def place(
        self, number: int, side: Side, qty: int, price: int | None = None, *,
        owner: str = NOBODY, time_in_force: TimeInForce = GTC, post_only: bool = False,
        self_trade: SelfTrade = ALLOW,
    ) -> Outcome:  # fmt: skip
        """Match an order and let the rest of it wait; without a price it takes any and never waits.

        FOK fills whole or not at all; a post-only order that would take is refused.
        """
        self._check(number, qty, price)
        against = self.asks if side is BUY else self.bids
        limit = _limit_key(side, price)
        keys = against.keys
        if keys and keys[-1] >= limit:
            if post_only:
                return _outcome(Result.REFUSED, qty, (), ())
            if time_in_force is FOK and self._short(against, limit, qty, owner, self_trade):
                return _outcome(Result.CANCELED, qty, (), ())
            return self._take(number, side, qty, price, owner, time_in_force, self_trade)
        if price is None or time_in_force is IOC or time_in_force is FOK:
            return _outcome(Result.CANCELED, qty, (), ())
        self.rest(number, side, qty, price, owner)
        return _outcome(Result.RESTS, qty, (), ())

    def rest(self, number: int, side: Side, qty: int, price: int, owner: str = NOBODY) -> None:
        """Put an order behind all others at its price and match nothing, even where it crosses."""
        if side is BUY:
            level = self.bids.add(price, price)
        else:
            level = self.asks.add(-price, price)
        order = Resting(number, owner, side, qty, level)
        last = level.last
        if last is None:
            level.first = order
        else:
            last.behind = order
        level.last = order
        level.qty += qty
        self.orders[number] = order

    def cancel(self, number: int) -> Outcome:
        """Take an order out; `leaves` says how much of it was left."""
        order = self.orders.get(number)
        if order is None:
            return _outcome(Result.UNKNOWN, 0, (), ())
        self._unlink(order)
        return _outcome(Result.CANCELED, order.leaves, (), ())

    def reduce(self, number: int, leaves: int) -> Outcome:
        """Make an order smaller; it keeps its place."""
        order = self.orders.get(number)
        if order is None:
            return _outcome(Result.UNKNOWN, 0, (), ())
        if not 0 < leaves <= order.leaves:
            return _outcome(Result.REFUSED, order.leaves, (), ())
        order.level.qty += leaves - order.leaves
        order.leaves = leaves
        return _outcome(Result.RESTS, leaves, (), ())

    def move(self, number: int, price: int, *, self_trade: SelfTrade = ALLOW) -> Outcome:
        """Take what is left of an order to another price, where it is the youngest."""
        order = self.orders.get(number)
        leaves = order.leaves if order is not None else 1
        return self.replace(number, leaves, price, self_trade=self_trade)

    def replace(
        self, number: int, leaves: int, price: int, *, post_only: bool = False,
        self_trade: SelfTrade = ALLOW,
    ) -> Outcome:  # fmt: skip
        """Give an order a new quantity to fill and a new price under its old number.

        Less at the same price keeps its place. Anything else leaves the queue and comes in anew:
        it may match. A post-only one that would take is refused and stays as it was.
        """
        order = self.orders.get(number)
        if order is None:
            return _outcome(Result.UNKNOWN, 0, (), ())
        if leaves <= 0 or price <= 0:
            raise ContractError(f"replacement of {leaves} at {price} must be above 0 in both")
        if price == order.level.price and leaves <= order.leaves:
            return self.reduce(number, leaves)
        if post_only and self.crosses(order.side, price):
            return _outcome(Result.REFUSED, order.leaves, (), ())
        self._unlink(order)
        return self.place(
            number, order.side, leaves, price, owner=order.owner, self_trade=self_trade
        )

    def crosses(self, side: Side, price: int | None) -> bool:
        """Whether an order would take."""
        keys = self.asks.keys if side is BUY else self.bids.keys
        return bool(keys) and keys[-1] >= _limit_key(side, price)

    def side(self, side: Side) -> Ladder:
        return self.bids if side is BUY else self.asks

    def state(self) -> BookState:
        """All of it in one order: each side from its best price, each queue from its oldest."""
        return _side_state(self.bids), _side_state(self.asks)

    def state_hash(self) -> str:
        """SHA-256 of the full state, queues included."""
        return hash_of(self.state())

    def _take(
        self, number: int, side: Side, qty: int, price: int | None, owner: str,
        time_in_force: TimeInForce, self_trade: SelfTrade,
    ) -> Outcome:  # fmt: skip
        """Match what crosses, best price first and oldest first, and let the rest wait."""
        against = self.asks if side is BUY else self.bids
        limit = _limit_key(side, price)
        keys, levels = against.keys, against.levels
        matches: list[Match] = []
        removed: list[int] = []
        leaves = qty
        while leaves and keys and keys[-1] >= limit:
            level = levels[keys[-1]]
            maker = level.first
            assert maker is not None
            if owner and maker.owner == owner and self_trade is not ALLOW:
                if self_trade is not NEWEST:
                    removed.append(maker.number)
                    self._unlink(maker)
                if self_trade is not OLDEST:
                    return _outcome(Result.CANCELED, leaves, tuple(matches), tuple(removed))
                continue
            traded = min(leaves, maker.leaves)
            matches.append(_match(maker.number, number, level.price, traded))
            leaves -= traded
            if traded == maker.leaves:
                self._unlink(maker)
            else:
                maker.leaves -= traded
                level.qty -= traded
        if not leaves:
            return _outcome(Result.FILLED, 0, tuple(matches), tuple(removed))
        if price is None or time_in_force is IOC:
            return _outcome(Result.CANCELED, leaves, tuple(matches), tuple(removed))
        self.rest(number, side, leaves, price, owner)
        return _outcome(Result.RESTS, leaves, tuple(matches), tuple(removed))

    def _short(
        self, against: Ladder, limit: int, qty: int, owner: str, self_trade: SelfTrade
    ) -> bool:
        """Whether less than the whole quantity would fill. Own orders may be no liquidity."""
        wanted = qty
        for key in reversed(against.keys):
            if key < limit:
                return True
            level = against.levels[key]
            if not owner or self_trade is ALLOW:
                wanted -= level.qty
            else:
                for order in level:
                    if order.owner != owner:
                        wanted -= order.leaves
                    elif self_trade is not OLDEST:
                        return wanted > 0
            if wanted <= 0:
                return False
        return True

    def _unlink(self, order: Resting) -> None:
        """Take an order out of its queue, and an empty level out of its side."""
        del self.orders[order.number]
        level, before, behind = order.level, order.before, order.behind
        if before is None and behind is None:
            if order.side is BUY:
                self.bids.drop(level.price)
            else:
                self.asks.drop(-level.price)
            return
        if before is None:
            level.first = behind
        else:
            before.behind = behind
        if behind is None:
            level.last = before
        else:
            behind.before = before
        level.qty -= order.leaves

    def _check(self, number: int, qty: int, price: int | None) -> None:
        if number in self.orders:
            raise ContractError(f"number {number} rests already; replace it or take another")
        if qty <= 0 or (price is not None and price <= 0):
            raise ContractError(f"order {number} of {qty} at {price} must be above 0 in both")


def hash_of(state: BookState) -> str:
    """SHA-256 of a state: integers and owners only, so its text is the same everywhere."""
    return hashlib.sha256(repr(state).encode("utf-8")).hexdigest()


def opposite(side: Side) -> Side:
    return SELL if side is BUY else BUY


def _limit_key(side: Side, price: int | None) -> int:
    """The smallest key of the other side that an order may take."""
    if price is None:
        return _ANY_PRICE
    return -price if side is BUY else price


def _side_state(ladder: Ladder) -> tuple[LevelState, ...]:
    found = []
    for key in reversed(ladder.keys):
        level = ladder.levels[key]
        queue = []
        order = level.first
        while order is not None:
            queue.append((order.number, order.owner, order.leaves))
            order = order.behind
        found.append((level.price, level.qty, tuple(queue)))
    return tuple(found)
