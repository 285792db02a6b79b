"""One row of somebody's file, read strictly: what does not fit is refused, and never guessed.

A row is an object of JSON or a line of a table. Its numbers become exact: a JSON number is taken
by its text; dust of binary arithmetic, such as 0.30000000000000004, is dropped, and a digit that
would be lost refuses the row.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from ..core.clock import NS_PER_MS, NS_PER_S
from ..core.codec import Digits
from ..core.contracts_v1 import Side, parse_side
from ..core.errors import ContractError
from ..core.money import LARGEST_E18, SCALE, divide_half_even, to_e9
from ..core.record import record
from .deals import Spelling

LATEST_NS = 9_000_000_000 * NS_PER_S  # the year 2255: later stamps are of another unit by mistake
_EARLIEST_NS = 946_684_800 * NS_PER_S  # the year 2000: earlier ones, too
_SHOWN = 60
_MOST_OF_AN_ID = 128
_FEE_DECIMALS = 18
_AMOUNT = re.compile(
    r"([+-]?)([0-9]{1,40})(?:\.([0-9]{1,40}))?(?:[eE]([+-]?[0-9]{1,3}))?", re.ASCII
)
_THOUSANDS = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]{1,40})?", re.ASCII)
_UTC = re.compile(
    r"([0-9]{2}|[0-9]{4})-([0-9]{2})-([0-9]{2})[ T]([0-9]{2}):([0-9]{2}):([0-9]{2})"
    r"(?:\.([0-9]{1,9}))?(?:Z|\+00:00)?",
    re.ASCII,
)


class RowFault(str, Enum):
    """Why a row is no fill of life."""

    NOT_JSON = "not_json"
    NOT_A_FILL = "not_a_fill"  # a row of another kind: a fee, a dividend, a table's wrong width
    NOT_LIFE = "not_life"  # a dry run of somebody else is no life
    MISSING_FIELD = "missing_field"
    BAD_ID = "bad_id"
    BAD_SYMBOL = "bad_symbol"
    BAD_SIDE = "bad_side"
    BAD_NUMBER = "bad_number"
    BAD_TIME = "bad_time"
    BAD_WORD = "bad_word"
    CONTRADICTION = "contradiction"  # price times quantity is not the cost beside it
    DUPLICATE = "duplicate"  # a fill that the file told before


@record
class RowRefused:
    """A row that is not used: its line, the code, the field, and what stood there."""

    line: int
    fault: RowFault
    field: str
    shown: str


class Unfit(Exception):
    """Ends the reading of one row; it never leaves this room."""

    def __init__(self, fault: RowFault, field: str, value: object) -> None:
        super().__init__(fault.value)
        self.fault, self.field = fault, field
        self.shown = value[:_SHOWN] if isinstance(value, Digits) else f"{value!a:.{_SHOWN}}"


class Row:
    """The fields of one row, and how to read them; `spelling` names symbols as ours."""

    def __init__(
        self, fields: Mapping[str, Any], line: int, spelling: Spelling, prices: Mapping[str, int]
    ) -> None:
        self.fields = fields
        self.line = line
        self.spelling = spelling
        self.prices = prices  # at 10^9 in the quote currency, of what fees may be paid in

    def has(self, name: str) -> bool:
        """Whether something is told under this name."""
        return self.fields.get(name) not in (None, "")

    def told(self, name: str) -> Any:
        """What is told under this name; a row without it is refused."""
        if not self.has(name):
            raise Unfit(RowFault.MISSING_FIELD, name, self.fields.get(name))
        return self.fields[name]

    def inner(self, name: str) -> Row:
        """The object under this name; an empty one when there is none."""
        value = self.fields.get(name)
        fields = value if isinstance(value, dict) else {}
        return Row(fields, self.line, self.spelling, self.prices)

    def text(self, name: str) -> str:
        """An id: a text without blanks or odd characters, or a whole number."""
        value = self.told(name)
        if type(value) is int and value >= 0:
            value = str(value)
        if type(value) is not str or len(value) > _MOST_OF_AN_ID or not value.isprintable():
            raise Unfit(RowFault.BAD_ID, name, value)
        return value

    def text_if_told(self, *names: str) -> str:
        """The first of these that is told, or nothing."""
        for name in names:
            if self.has(name):
                return self.text(name)
        return ""

    def word(self, name: str, words: Mapping[Any, str]) -> str:
        """One of a few words, as ours."""
        value = self.told(name)
        if not isinstance(value, (str, bool)) or value not in words:
            raise Unfit(RowFault.BAD_WORD, name, value)
        return words[value]

    def flag(self, name: str) -> bool:
        """True or false, in JSON or in a word of a table."""
        value = self.told(name)
        word = str(value).lower() if isinstance(value, (bool, str)) else ""
        if word not in _YES and word not in _NO:
            raise Unfit(RowFault.BAD_WORD, name, value)
        return word in _YES

    def symbol(self, name: str) -> str:
        value = self.told(name)
        ours = self.spelling.ours(value) if type(value) is str else None
        if ours is None:
            raise Unfit(RowFault.BAD_SYMBOL, name, value)
        return ours

    def side(self, name: str, also: Mapping[str, Side] | None = None) -> Side:
        """Buy or sell; `also` are other words that a venue has for them."""
        value = self.told(name)
        word = value.lower() if type(value) is str else ""
        side = (also or {}).get(word) or parse_side(word.capitalize())
        if side is None:
            raise Unfit(RowFault.BAD_SIDE, name, value)
        return side

    def above_zero(self, name: str) -> int:
        """A price or a quantity at 10^9."""
        value = self.told(name)
        scaled = exact_e9(value, name)
        if scaled <= 0:
            raise Unfit(RowFault.BAD_NUMBER, name, value)
        return scaled

    def not_below_zero(self, name: str) -> int:
        value = self.told(name)
        scaled = exact_e9(value, name)
        if scaled < 0:
            raise Unfit(RowFault.BAD_NUMBER, name, value)
        return scaled

    def money(self, name: str) -> int:
        """Money at 10^18; what is finer is rounded, ties to even."""
        return money_e18(self.told(name), name)

    def milliseconds(self, name: str) -> int:
        value = self.told(name)
        if type(value) is not int or not _EARLIEST_NS <= value * NS_PER_MS <= LATEST_NS:
            raise Unfit(RowFault.BAD_TIME, name, value)
        return value * NS_PER_MS

    def nanoseconds(self, name: str) -> int:
        value = self.told(name)
        if type(value) is str and value.isascii() and value.isdigit() and len(value) <= 19:
            value = int(value)
        if type(value) is not int or not 0 <= value <= LATEST_NS:
            raise Unfit(RowFault.BAD_TIME, name, value)
        return value

    def instant(self, name: str) -> int:
        """`2026-01-31T12:00:00.5Z`, with a blank for the T or not; always UTC."""
        value = self.told(name)
        ns = instant_ns(value) if type(value) is str else None
        if ns is None:
            raise Unfit(RowFault.BAD_TIME, name, value)
        return ns

    def in_quote(self, fee_e18: int, asset: str, symbol: str, price: int) -> int | None:
        """A fee in the quote currency; None when it was paid in something else without a price."""
        if symbol.endswith(asset):
            return fee_e18
        if symbol.startswith(asset):
            return divide_half_even(fee_e18 * price, SCALE)
        known = self.prices.get(asset)
        return None if known is None else divide_half_even(fee_e18 * known, SCALE)


_YES = ("true", "yes", "y")
_NO = ("false", "no", "n")


def exact_e9(value: object, name: str) -> int:
    """A number at 10^9: an integer, digits in text, or a JSON number by its text."""
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise Unfit(RowFault.BAD_NUMBER, name, value)
    digits: int | str = value
    if isinstance(value, str) and _THOUSANDS.fullmatch(value):
        digits = value.replace(",", "")
    try:
        return to_e9(digits, name)
    except ContractError:
        if not isinstance(value, Digits):
            raise Unfit(RowFault.BAD_NUMBER, name, value) from None
    try:
        return to_e9(float(value), name)
    except ContractError:
        raise Unfit(RowFault.BAD_NUMBER, name, value) from None


def money_e18(value: object, name: str) -> int:
    """Money at 10^18 from an integer, digits in text, or a JSON number."""
    told = str(value) if isinstance(value, (int, str)) and not isinstance(value, bool) else ""
    match = _AMOUNT.fullmatch(told)
    if match is None:
        raise Unfit(RowFault.BAD_NUMBER, name, value)
    sign, whole, decimals, exponent = match.groups()
    shift = _FEE_DECIMALS + int(exponent or 0) - len(decimals or "")
    amount = int(whole + (decimals or ""))
    if shift >= 0:
        amount *= 10 ** min(shift, 100)
    else:
        amount = divide_half_even(amount, 10 ** min(-shift, 100))
    if amount > LARGEST_E18:
        raise Unfit(RowFault.BAD_NUMBER, name, value)
    return -amount if sign == "-" else amount


def instant_ns(value: str) -> int | None:
    """A UTC instant in text as nanoseconds; None when it is none of this century."""
    match = _UTC.fullmatch(value)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    try:
        moment = datetime(year if year > 99 else 2000 + year, month, day, hour, minute, second,
                          tzinfo=UTC)  # fmt: skip
    except ValueError:
        return None
    seconds = (moment - datetime(1970, 1, 1, tzinfo=UTC)).days * 86_400
    seconds += hour * 3600 + minute * 60 + second
    ns = seconds * NS_PER_S + int((match[7] or "").ljust(9, "0"))
    return ns if _EARLIEST_NS <= ns <= LATEST_NS else None
