"""Exact numbers as text and back: quantities and prices at 10^9, money at 10^18."""

from __future__ import annotations

import re

from ..core.errors import ContractError
from ..core.money import CASH_SCALE, SCALE, text, to_e9

_MOST_KEPT = 1 << 16
_is_money = re.compile(r"(-?)([0-9]{1,60})(?:\.([0-9]{1,18}))?", re.ASCII).fullmatch


class Numbers(dict[str, int]):
    """Scaled integers by their exact decimal text, kept because prices and sizes come again.

    A number has one spelling; another spelling of it is a ContractError.
    """

    def __missing__(self, digits: str) -> int:
        if len(self) >= _MOST_KEPT:
            self.clear()
        number = to_e9(digits, "number")
        if text(number) != digits:
            raise ContractError(f"number {digits!r:.60} must be spelled {text(number)!r}")
        self[digits] = number
        return number


def money_text(amount_e18: int) -> str:
    """The exact decimal digits of money at 10^18, without exponent or trailing zeros."""
    sign = "-" if amount_e18 < 0 else ""
    whole, fraction = divmod(abs(amount_e18), CASH_SCALE)
    return f"{sign}{whole}.{fraction:018d}".rstrip("0").rstrip(".")


def money_e18(digits: str) -> int:
    """The inverse; ContractError for anything that is no plain decimal."""
    match = _is_money(digits)
    if match is None:
        raise ContractError(f"amount {digits!r:.60} is not a decimal of at most 18 places")
    amount = int(match[2]) * CASH_SCALE + int((match[3] or "").ljust(18, "0"))
    return -amount if match[1] else amount


def told_money(digits: str) -> int:
    """The same of a record, where an amount has one spelling."""
    amount = money_e18(digits)
    if money_text(amount) != digits:
        raise ContractError(f"amount {digits!r:.60} must be spelled {money_text(amount)!r}")
    return amount


def exact_e9(digits: str) -> int:
    """A sum at 10^9, which may be larger than any single quantity; as strict as `money_e18`."""
    amount, lost = divmod(money_e18(digits), SCALE)
    if lost:
        raise ContractError(f"quantity {digits!r:.60} has more than 9 decimals")
    return amount
