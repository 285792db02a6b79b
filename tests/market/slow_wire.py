"""The slow way to read a Binance capture: plain JSON, `Decimal`, no code of the product.

What it says is the truth that books are held against. It asks for nothing to be well-formed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import NamedTuple

from tests.market.captures import Line
from tools.live.core.market_v1 import Levels

Side = dict[int, int]  # price to quantity, both at 10^9; 0 where a level was taken away


class Depth(NamedTuple):
    """One depth message of a capture: at which line it stands, its numbers and its levels."""

    place: int
    is_snapshot: bool
    final: int
    bids: Levels
    asks: Levels


class Ticker(NamedTuple):
    """One bookTicker message: the best bid and ask behind an update."""

    place: int
    final: int
    best: tuple[int, int, int, int]


class Truth:
    """The last word that was said about each price since the snapshot; it never takes one away."""

    def __init__(self) -> None:
        self.final = -1
        self.bids: Side = {}
        self.asks: Side = {}

    def take(self, depth: Depth) -> None:
        """A depth message that is not older than what was said."""
        if depth.final > self.final:
            self.final = depth.final
            self.bids.update(depth.bids)
            self.asks.update(depth.asks)

    def levels(self) -> tuple[Side, Side]:
        """What is left of both sides, in no order."""
        return (
            {price: qty for price, qty in self.bids.items() if qty},
            {price: qty for price, qty in self.asks.items() if qty},
        )


def at_e9(text: str) -> int:
    return int(Decimal(text) * 10**9)


def depths(lines: Iterable[Line]) -> Iterator[Depth]:
    """The depth messages and the snapshots of a capture."""
    for place, (_, raw) in enumerate(lines):
        if b'"lastUpdateId"' in raw:
            told = json.loads(raw)
            yield Depth(
                place, True, told["lastUpdateId"], _levels(told["bids"]), _levels(told["asks"])
            )
        elif b'"depthUpdate"' in raw:
            told = json.loads(raw)["data"]
            yield Depth(place, False, told["u"], _levels(told["b"]), _levels(told["a"]))


def tickers(lines: Iterable[Line]) -> Iterator[Ticker]:
    """The bookTicker messages of a capture."""
    for place, (_, raw) in enumerate(lines):
        if b"@bookTicker" in raw:
            told = json.loads(raw)["data"]
            bid, bid_qty, ask, ask_qty = (at_e9(told[name]) for name in "bBaA")
            yield Ticker(place, told["u"], (bid, bid_qty, ask, ask_qty))


def begun(told: list[Depth]) -> tuple[int, Truth]:
    """Where among the depth messages of a capture its snapshot stands, and the truth behind it.

    What was said before the snapshot is said after it, if it is newer.
    """
    begin = next(place for place, depth in enumerate(told) if depth.is_snapshot)
    truth = Truth()
    for depth in (told[begin], *told[:begin]):
        truth.take(depth)
    return begin, truth


def _levels(told: list[list[str]]) -> Levels:
    return tuple((at_e9(level[0]), at_e9(level[1])) for level in told)
