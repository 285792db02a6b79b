"""Candles as ccxt and freqtrade write them: one JSON array, each of them a list of six numbers.

    [[<ms>, <open>, <high>, <low>, <close>, <volume>], ...]

The time is the bar's beginning; the shortest step between two is how long a bar is. The array is
read as one piece, and what is no candle ends the reading with its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

from ...core import codec
from ...core.clock import NS_PER_MS
from ...core.errors import ContractError
from ...core.money import to_e9
from ..normalize.wire import LATEST_NS, Unusable
from ..whole_bars import BarsHeard
from .binance_dumps import bar

NAMES = ("open", "high", "low", "close", "volume")
SOURCE = "candles"
MOST_BYTES = 64 * 1024 * 1024
_WIDTH = 1 + len(NAMES)

Candle: TypeAlias = tuple[int, tuple[int, int, int, int], int]  # begin, prices, volume


def begins(start: bytes) -> bool:
    """Whether a file that begins so holds an array."""
    return start.lstrip()[:1] == b"["


def read_whole(blocks: Iterable[bytes], *, symbol: str, source: str) -> Iterator[BarsHeard]:
    """The bars of an array; a candle counts as a row."""
    candles = list(candles_of(joined(blocks)))
    length_ns = shortest_step([begin_ns for _, (begin_ns, _, _) in candles])
    if not length_ns:
        raise ContractError("candles of which no two differ in time; give more of them")
    for place, (begin_ns, prices, volume) in candles:
        ident = str(begin_ns // NS_PER_MS)
        try:
            end_ns = begin_ns + length_ns
            made = bar(symbol, source, ident, prices, volume, begin_ns, end_ns, b"high")
            yield place, 1, (made,)
        except Unusable as unusable:
            yield place, 1, (unusable.refused,)


def joined(blocks: Iterable[bytes]) -> bytes:
    """A whole file, within a bound."""
    found = bytearray()
    for block in blocks:
        found += block
        if len(found) > MOST_BYTES:
            raise ContractError(f"bars of more than {MOST_BYTES} bytes; split the file")
    return bytes(found)


def shortest_step(begins_ns: list[int]) -> int:
    """The shortest time from one beginning to a later one; 0 when there is none."""
    steps = [later - earlier for earlier, later in zip(begins_ns, begins_ns[1:])]
    return min([step for step in steps if step > 0], default=0)


def candles_of(data: bytes) -> Iterator[tuple[int, Candle]]:
    """Each candle of an array with its place, from 1."""
    told = codec.load_strict(data, "an array of candles", digits=True, most_bytes=MOST_BYTES)
    for place, candle in enumerate(told, 1):
        try:
            yield place, _candle(candle)
        except ContractError as error:
            what, _, advice = str(error).partition("; ")
            raise ContractError(f"{what} at candle {place}; {advice or 'correct it'}") from None


def _candle(candle: Any) -> Candle:
    if not isinstance(candle, list) or len(candle) != _WIDTH:
        raise ContractError("no list of time, open, high, low, close and volume")
    stamp = candle[0]
    if type(stamp) is not int or not 0 < stamp * NS_PER_MS <= LATEST_NS:
        raise ContractError(f"time {stamp!r:.40} is no whole number of milliseconds since 1970")
    opened, high, low, close, volume = [
        _number(value, name) for value, name in zip(candle[1:], NAMES, strict=True)
    ]
    return stamp * NS_PER_MS, (opened, high, low, close), volume


def _number(value: Any, name: str) -> int:
    """Only a number, no text that looks like one; they are written as doubles, so dust is dropped.
    """
    if type(value) is not int and not isinstance(value, codec.Digits):
        raise ContractError(f"{name} {value!r:.40} is not a number")
    return to_e9(value if isinstance(value, int) else float(value), name)
