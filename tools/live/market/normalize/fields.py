"""What several venues spell alike beyond `wire`: times in text, ids, tickers, and lists of parts.

A list of parts gives one item for each of them, so that what goes in and what comes out add up and
no part is lost by its neighbour's fault. An empty list is one refusal: no message leaves no trace.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, TypeAlias

from ...core.clock import parse_utc
from ...core.errors import ContractError
from ...core.market_v1 import Levels, MarketData
from ...core.words_v1 import Side
from . import wire
from .wire import Item, Unusable, WireFault

# Bid, its quantity, ask, its quantity: as names of fields, and as numbers.
TopNames: TypeAlias = tuple[str, str, str, str]
Top: TypeAlias = tuple[int, int, int, int]
Read: TypeAlias = Callable[[object, str], int]

_UTC = re.compile(r"([0-9-]{10}T[0-9:]{8})(?:\.([0-9]{1,9}))?Z", re.ASCII)
_VISIBLE = re.compile(r"[!-~]{1,64}", re.ASCII)


def each(told: object, name: str, read: Callable[[Any], MarketData]) -> tuple[Item, ...]:
    """What each part of a list says, in its order."""
    return tuple(_one(part, read) for part in parts(told, name))


def each_within(
    told: object, name: str, inner: str, read: Callable[[Any], MarketData]
) -> tuple[Item, ...]:
    """The same for a list of objects that each hold a list named `inner`."""
    items: list[Item] = []
    for part in parts(told, name):
        try:
            within = parts(wire.field(table(part, name), inner), inner)
        except Unusable as error:
            items.append(error.refused)
        else:
            items.extend(_one(one, read) for one in within)
    return tuple(items)


def parts(told: object, name: str) -> list[Any]:
    """The parts of a list that has some."""
    if not isinstance(told, list):
        raise Unusable(WireFault.UNKNOWN_TYPE, name, told)
    if not told:
        raise Unusable(WireFault.NOT_DATA, name, told)
    return told


def table(told: object, name: str) -> dict[str, Any]:
    """An object with fields."""
    if not isinstance(told, dict):
        raise Unusable(WireFault.UNKNOWN_TYPE, name, told)
    return told


def word(told: dict[str, Any], name: str) -> str:
    """The word that says what a message is."""
    value = told.get(name)
    if type(value) is not str:
        raise Unusable(WireFault.UNKNOWN_TYPE, name, value)
    return value


def side(value: object, name: str, words: Mapping[str, Side]) -> Side:
    """A side by the venue's own words for the aggressor's."""
    if type(value) is not str or value not in words:
        raise Unusable(WireFault.BAD_SIDE, name, value)
    return words[value]


def identity(value: object, name: str) -> str:
    """The id of a trade: a whole number, or up to 64 visible characters of ASCII."""
    if type(value) is str and _VISIBLE.fullmatch(value):
        return value
    return str(wire.sequence(value, name))


def number_if_told(told: dict[str, Any], name: str) -> int | None:
    """The venue's own number, where it sends one."""
    return wire.sequence(told[name], name) if name in told else None


def instant(value: object, name: str) -> int:
    """`YYYY-MM-DDTHH:MM:SSZ` with up to nine decimals, as nanoseconds, exactly."""
    match = _UTC.fullmatch(value) if type(value) is str else None
    if match is None:
        raise Unusable(WireFault.BAD_TIME, name, value)
    try:
        whole = _second(match[1])
    except ContractError:
        raise Unusable(WireFault.BAD_TIME, name, value) from None
    told = whole + int((match[2] or "0").ljust(9, "0"))
    if not 0 < told <= wire.LATEST_NS:
        raise Unusable(WireFault.BAD_TIME, name, value)
    return told


def tells_top(told: dict[str, Any], names: TopNames) -> None:
    """Refuse as no data what tells nothing of the top of the book; many tickers do not."""
    if not any(name in told for name in names):
        raise Unusable(WireFault.NOT_DATA, names[0], None)


def top(told: dict[str, Any], names: TopNames, read: Read) -> Top:
    """Both sides of a quote; 0 and 0 is an empty side, a quantity without a price is an error."""
    bid, bid_qty, ask, ask_qty = (read(wire.field(told, name), name) for name in names)
    for price, qty, name in ((bid, bid_qty, names[0]), (ask, ask_qty, names[2])):
        if qty and not price:
            raise Unusable(WireFault.BAD_NUMBER, name, told[name])
    return bid, bid_qty, ask, ask_qty


def there(levels: Levels) -> Levels:
    """The levels of a snapshot: what has no quantity is not in the book."""
    return tuple(one for one in levels if one[1])


def _one(part: Any, read: Callable[[Any], MarketData]) -> Item:
    try:
        return read(part)
    except Unusable as error:
        return error.refused


@lru_cache(maxsize=256)
def _second(text: str) -> int:
    """Nanoseconds of a whole second; a feed tells the same one again and again."""
    return parse_utc(text + "Z")
