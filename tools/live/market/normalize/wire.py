"""What every normaliser is made of: strict JSON, exact numbers, and refusals that have a code.

A normaliser takes the bytes of one message and the time at which they were received, and answers
with what they say: canonical events, and a refusal for each part that says nothing we can use. It
never raises, and it never guesses a number.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum
from typing import Any, TypeAlias

from ...core import codec
from ...core.clock import NS_PER_MS
from ...core.codec import Digits
from ...core.errors import ContractError
from ...core.market_v1 import Levels, MarketData
from ...core.money import LARGEST_E9, to_e9
from ...core.record import record
from ..synthetic import SYMBOL

MAX_MESSAGE = 16 * 1024 * 1024  # a full book of Coinbase takes more than five
LATEST_NS = 9_000_000_000 * 10**9  # the year 2255: later stamps are of another unit by mistake
_MOST_OF_AN_ID = 1 << 63
_SHOWN = 60
_DECIMALS = 9
_DIGITS = re.compile(r"([0-9]{1,40})(?:\.([0-9]{1,40}))?", re.ASCII)
_TO_SCALE: tuple[int, ...] = tuple(10 ** (_DECIMALS - kept) for kept in range(_DECIMALS + 1))


class WireFault(str, Enum):
    """Why a message, or a part of one, is no canonical event."""

    TOO_LONG = "too_long"
    NOT_JSON = "not_json"
    NOT_DATA = "not_data"  # a subscription, a heartbeat, an error of the venue: known, and no data
    UNKNOWN_TYPE = "unknown_type"
    MISSING_FIELD = "missing_field"
    BAD_SYMBOL = "bad_symbol"
    BAD_NUMBER = "bad_number"
    BAD_TIME = "bad_time"
    BAD_SEQUENCE = "bad_sequence"
    BAD_LEVELS = "bad_levels"
    BAD_SIDE = "bad_side"


@record
class WireRefused:
    """A part of the wire that is refused: the code, the field, and what stood there."""

    fault: WireFault
    field: str
    shown: str


Item: TypeAlias = MarketData | WireRefused
Normalizer: TypeAlias = Callable[[bytes, int], tuple[Item, ...]]


class Unusable(Exception):
    """Ends the reading of one message; it never leaves a normaliser."""

    def __init__(self, fault: WireFault, field: str, value: object) -> None:
        super().__init__(fault.value)
        self.refused = WireRefused(fault, field, shown(value))


def shown(value: object) -> str:
    """A value as a refusal shows it: short, and the same everywhere."""
    if isinstance(value, int) and value.bit_length() > 4096:
        return "a number of over a thousand digits"
    if isinstance(value, Digits):  # a number, so it must not look like a text
        return f"{value:.{_SHOWN}}"
    return f"{value!a:.{_SHOWN}}"


def loaded(raw: bytes) -> Any:
    """The message as data, its decimal numbers as they are written."""
    if len(raw) > MAX_MESSAGE:
        raise Unusable(WireFault.TOO_LONG, "", len(raw))
    try:
        return codec.load_strict(raw, "message", digits=True, most_bytes=MAX_MESSAGE)
    except ContractError as error:
        raise Unusable(WireFault.NOT_JSON, "", str(error)) from None


def field(message: dict[str, Any], name: str) -> Any:
    """The value of a field that must be there."""
    if name not in message:
        raise Unusable(WireFault.MISSING_FIELD, name, None)
    return message[name]


def symbol(value: object, name: str) -> str:
    """A symbol as the venue spells it; the house takes upper-case letters, digits, . _ / : -"""
    if type(value) is not str or not SYMBOL.fullmatch(value):
        raise Unusable(WireFault.BAD_SYMBOL, name, value)
    return value


def quantity(value: object, name: str) -> int:
    """Digits in text to 10^9, exactly; no sign, no exponent, nothing beyond nine decimals."""
    found = _DIGITS.fullmatch(value) if type(value) is str else None
    if found is None:
        raise Unusable(WireFault.BAD_NUMBER, name, value)
    whole, decimals = found[1], found[2] or ""
    kept, lost = decimals[:_DECIMALS], decimals[_DECIMALS:]
    scaled = int(whole + kept) * _TO_SCALE[len(kept)]
    if scaled > LARGEST_E9 or lost.strip("0"):
        raise Unusable(WireFault.BAD_NUMBER, name, value)
    return scaled


def number(value: object, name: str) -> int:
    """A JSON number to 10^9, exactly, for venues that send numbers; never below zero."""
    if isinstance(value, bool) or not isinstance(value, (int, Digits)):
        raise Unusable(WireFault.BAD_NUMBER, name, value)
    scaled = _scaled(value, name)
    if scaled < 0:
        raise Unusable(WireFault.BAD_NUMBER, name, value)
    return scaled


def price(value: object, name: str, read: Callable[[object, str], int] = quantity) -> int:
    """The same, and above zero."""
    scaled = read(value, name)
    if scaled <= 0:
        raise Unusable(WireFault.BAD_NUMBER, name, value)
    return scaled


def levels(value: object, name: str) -> Levels:
    """Pairs of price and quantity in text; what follows in a level is the venue's own."""
    if not isinstance(value, list):
        raise Unusable(WireFault.BAD_LEVELS, name, value)
    made = []
    for one in value:
        if not isinstance(one, list) or len(one) < 2:
            raise Unusable(WireFault.BAD_LEVELS, name, one)
        made.append((price(one[0], name), quantity(one[1], name)))
    if len({one for one, _ in made}) != len(made):
        raise Unusable(WireFault.BAD_LEVELS, name, "a price twice")
    return tuple(made)


def sequence(value: object, name: str) -> int:
    """A venue's own number: a whole one, not below zero."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < _MOST_OF_AN_ID:
        raise Unusable(WireFault.BAD_SEQUENCE, name, value)
    return value


def milliseconds(value: object, name: str) -> int:
    """Whole milliseconds since 1970, as nanoseconds."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise Unusable(WireFault.BAD_TIME, name, value)
    if not 0 < value <= LATEST_NS // NS_PER_MS:
        raise Unusable(WireFault.BAD_TIME, name, value)
    return value * NS_PER_MS


def _scaled(value: int | str, name: str) -> int:
    try:
        return to_e9(str(value), name)
    except ContractError:
        raise Unusable(WireFault.BAD_NUMBER, name, value) from None
