"""Scaled integers: the one place where human numbers become exact and exact ones human.

Prices, quantities, limits and rates in basis points are integers at 10^9 (`_e9`); a product of a
price and a quantity keeps 10^18 (`_e18`), so sums never round. A number is converted once, at a
door. What must divide goes through a rounding function that is named here.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Self, TypeAlias, Union, overload

from .errors import ContractError

if TYPE_CHECKING:
    from decimal import Decimal

SCALE = 10**9
CASH_SCALE = 10**18
BPS = 10**4
LARGEST_E9 = 10**24  # a quadrillion units: beyond every real price, far from every overflow
LARGEST_E18 = LARGEST_E9 * SCALE

Number: TypeAlias = Union[int, float, str, "Decimal"]

_PLAIN = re.compile(r"([+-]?)([0-9]{1,40})(?:\.([0-9]{1,40}))?", re.ASCII)
_EXPONENT = re.compile(r"([+-]?)([0-9]{1,40})(?:\.([0-9]{1,40}))?[eE]([+-]?[0-9]{1,4})", re.ASCII)
_DUST_ULPS = 4
_FEE_SCALE = BPS * SCALE
_FEE_HALF = _FEE_SCALE // 2


def to_e9(value: Number, field: str) -> int:
    """Return the value times 10^9, exactly; what does not fit nine decimals is a ContractError.

    A float may be a few units in its last place away from nine decimals (50000 * 1.0005 is):
    that is dust of binary arithmetic and is dropped. More than that is a digit we would lose.
    """
    if type(value) is int:
        return _bounded(value * SCALE, value, field)
    if isinstance(value, float):
        return _float_to_e9(value, field)
    if isinstance(value, bool):
        raise ContractError(f"{field} {value!r} is not a number; give digits such as 0.01")
    return _text_to_e9(str(value), field)


def measured_e9(value: float, field: str) -> int:
    """Round a measurement (an edge, a mark) to 10^9; it was never exact, so rounding is honest."""
    if not math.isfinite(value):
        raise ContractError(f"{field} {value!r} is not a finite number")
    numerator, denominator = float(value).as_integer_ratio()
    return _bounded(divide_half_even(numerator * SCALE, denominator), value, field)


def finite_e9(value: object) -> int | None:
    """A measurement at 10^9, or None when it is no number, not finite or beyond every scale."""
    if not isinstance(value, (int, float)):
        return None
    try:
        return measured_e9(float(value), "measurement")
    except (ContractError, OverflowError):
        return None


def positive_e9(value: Number, field: str) -> int:
    """The same as `to_e9`, and above zero."""
    scaled = to_e9(value, field)
    if scaled <= 0:
        raise ContractError(f"{field} {value!r} must be above 0")
    return scaled


def positive_or_zero_e9(value: Number) -> int:
    """Zero stands for everything that is no positive number: the gate refuses it by its rule."""
    try:
        return positive_e9(value, "value")
    except ContractError:
        return 0


def not_negative_e9(value: Number, field: str) -> int:
    """The same as `to_e9`, and not below zero."""
    scaled = to_e9(value, field)
    if scaled < 0:
        raise ContractError(f"{field} {value!r} must be 0 or more")
    return scaled


def view(scaled: int) -> float:
    """The correctly rounded double of a 10^9 integer; never -0.0."""
    return scaled / SCALE


def view_cash(scaled: int) -> float:
    """The correctly rounded double of a 10^18 integer; never -0.0."""
    return scaled / CASH_SCALE


def text(scaled: int) -> str:
    """The exact decimal digits of a 10^9 integer, without exponent or trailing zeros."""
    sign = "-" if scaled < 0 else ""
    whole, fraction = divmod(abs(scaled), SCALE)
    if not fraction:
        return f"{sign}{whole}"
    return f"{sign}{whole}.{fraction:09d}".rstrip("0")


def cash_text(scaled: int) -> str:
    """The exact decimal digits of money at 10^18, without trailing zeros."""
    whole, fraction = divmod(abs(scaled), CASH_SCALE)
    digits = f"{whole}.{fraction:018d}".rstrip("0").rstrip(".")
    return f"-{digits}" if scaled < 0 else digits


def to_e18(digits: str, field: str) -> int:
    """Money at 10^18 from its plain decimal text, exactly; anything else is a ContractError."""
    match = _PLAIN.fullmatch(digits)
    fraction = "" if match is None else match[3] or ""
    if match is None or len(fraction) > 18:
        rule = "plain digits with at most 18 decimals, such as -0.75"
        raise ContractError(f"{field} {digits[:60]!r} is not {rule}")
    scaled = int(match[2]) * CASH_SCALE + int(fraction.ljust(18, "0"))
    if scaled > LARGEST_E18:
        raise ContractError(f"{field} {digits[:60]!r} is beyond {LARGEST_E18 // CASH_SCALE} units")
    return -scaled if match[1] == "-" else scaled


def divide_half_even(numerator: int, denominator: int) -> int:
    """Divide and round to nearest, ties to even: for averages and measurements."""
    if denominator < 0:
        numerator, denominator = -numerator, -denominator
    quotient, remainder = divmod(numerator, denominator)
    twice = 2 * remainder
    if twice > denominator or (twice == denominator and quotient & 1):
        quotient += 1
    return quotient


def fee_e18(notional_e18: int, rate_bps_e9: int) -> int:
    """The fee on a notional at a rate; a rebate is a negative rate. Ties round to even."""
    fee, remainder = divmod(notional_e18 * rate_bps_e9, _FEE_SCALE)
    if remainder >= _FEE_HALF and (remainder > _FEE_HALF or fee & 1):
        fee += 1
    return fee


def bps_e9(part: int, whole: int) -> int:
    """A ratio of two amounts of one scale in basis points at 10^9, ties to even."""
    return divide_half_even(part * BPS * SCALE, whole)


class Scaled:
    """A door attribute: reads as a float, is kept as a 10^9 integer in the slot it names."""

    def __init__(self, slot: str, *, signed: bool = False) -> None:
        self._slot = slot
        self._signed = signed

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...

    @overload
    def __get__(self, instance: object, owner: type) -> float: ...

    def __get__(self, instance: object | None, owner: type) -> float | Self:
        if instance is None:
            return self
        return view(getattr(instance, self._slot))

    def __set__(self, instance: object, value: Number) -> None:
        convert = to_e9 if self._signed else not_negative_e9
        setattr(instance, self._slot, convert(value, self._name))


def _float_to_e9(value: float, field: str) -> int:
    if not math.isfinite(value):
        raise ContractError(f"{field} {value!r} is not a finite number")
    scaled = measured_e9(value, field)
    lost = abs(value - scaled / SCALE) > _DUST_ULPS * math.ulp(value)
    if lost or (not scaled and value):
        raise ContractError(f"{field} {value!r} has more than 9 decimals; round it first")
    return scaled


def _text_to_e9(digits: str, field: str) -> int:
    match = _PLAIN.fullmatch(digits)
    exponent = 0
    if match is None:
        match = _EXPONENT.fullmatch(digits)
        if match is None:
            raise ContractError(f"{field} {digits[:60]!r} is not a number; give digits like 0.01")
        exponent = int(match[4])
    fraction = match[3] or ""
    shift = 9 + exponent - len(fraction)
    scaled = int(match[2] + fraction)
    if shift >= 0:
        scaled *= 10 ** min(shift, 40)
    else:
        scaled, lost = divmod(scaled, 10 ** min(-shift, 100))
        if lost:
            raise ContractError(f"{field} {digits[:60]!r} has more than 9 decimals; round it first")
    return _bounded(-scaled if match[1] == "-" else scaled, digits, field)


def _bounded(scaled: int, value: object, field: str) -> int:
    if abs(scaled) > LARGEST_E9:
        huge = isinstance(value, int) and value.bit_length() > 4096  # too long to print
        shown = "of over a thousand digits" if huge else repr(value)[:60]
        raise ContractError(f"{field} {shown} is beyond {LARGEST_E9 // SCALE} units")
    return scaled
