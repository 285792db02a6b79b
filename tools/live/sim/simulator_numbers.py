"""The simulator's doors for numbers and times: Decimal and datetime outside, integers inside.

A time without a zone is UTC; one with a zone is converted. Inside, times are nanoseconds since
1970 in whole microseconds, so that a datetime shows them exactly.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from decimal import Decimal

from ..core.clock import NS_PER_S
from ..core.errors import ContractError
from ..core.money import (
    CASH_SCALE, LARGEST_E9, SCALE, Number, cash_text, divide_half_even, text, to_e9,
)  # fmt: skip

NS_PER_US = 1000
LONGEST_SPAN = timedelta(days=366)

_EPOCH = datetime(1970, 1, 1)
_MICROSECOND = timedelta(microseconds=1)
_YEARS = (1970, 9998)  # one short of the calendar's end, so that no zone leads out of it
_NUMBER = re.compile(r"(-?)([0-9]{1,40})(?:\.([0-9]{1,60}))?(?:[eE]([+-]?[0-9]{1,3}))?", re.ASCII)


def time_ns(when: object, field: str) -> int:
    """Nanoseconds since 1970 UTC; a ContractError for what is no datetime of the years we know."""
    if not isinstance(when, datetime):
        raise ContractError(f"{field} {when!r:.60} is no datetime; give one, in UTC")
    if not _YEARS[0] <= when.year <= _YEARS[1]:
        raise ContractError(f"{field} {when.isoformat()} is outside the years 1970 to {_YEARS[1]}")
    if when.tzinfo is not None:
        when = when.astimezone(timezone.utc).replace(tzinfo=None)
    since = when - _EPOCH
    return (since.days * 86_400 + since.seconds) * NS_PER_S + since.microseconds * NS_PER_US


def moment(ns: int) -> datetime:
    """The datetime of an instant: UTC, without a zone, in whole microseconds."""
    return _EPOCH + timedelta(microseconds=ns // NS_PER_US)


def moment_from(told: object, field: str) -> datetime:
    """The datetime that an ISO text means."""
    try:
        when = datetime.fromisoformat(told if isinstance(told, str) else "")
    except ValueError:
        raise ContractError(f"{field} {told!r:.60} is no time like 2026-01-05T09:30:00") from None
    return moment(time_ns(when, field))


def span_us(span: object, field: str) -> int:
    """Whole microseconds of a timedelta from 0 to 366 days."""
    if not isinstance(span, timedelta) or not timedelta() <= span <= LONGEST_SPAN:
        raise ContractError(f"{field} {span!r:.60} is no timedelta from 0 to 366 days")
    return span // _MICROSECOND


def span(us: int) -> timedelta:
    """The timedelta of so many microseconds."""
    return timedelta(microseconds=us)


def exact(scaled: int) -> Decimal:
    """The Decimal of a 10^9 integer, exact whatever the context's precision."""
    return Decimal(text(scaled))


def exact_cash(scaled: int) -> Decimal:
    """The Decimal of a 10^18 integer, exact whatever the context's precision."""
    return Decimal(cash_text(scaled))


def scaled_e9(value: Number, field: str) -> int:
    """The same as `to_e9`, without a detour over text for a Decimal of usual size."""
    if type(value) is Decimal and value.is_finite() and -40 < value.adjusted() < 15:
        numerator, denominator = value.as_integer_ratio()
        scaled, lost = divmod(numerator * SCALE, denominator)
        if not lost:
            return scaled
    return to_e9(value, field)


def cash_e18(value: object, field: str) -> int:
    """Money at 10^18, exactly; what has more than 18 decimals is a ContractError."""
    if type(value) is int and abs(value) <= LARGEST_E9:
        return value * CASH_SCALE
    numerator, denominator = _fraction(value, field)
    scaled, lost = divmod(numerator * CASH_SCALE, denominator)
    if lost:
        raise ContractError(f"{field} {str(value)[:60]!r} has more than 18 decimals; round it")
    return scaled


def rounded_e9(value: object, field: str) -> int:
    """The nearest 10^9 integer, ties to even: for figures of programs that kept more digits."""
    numerator, denominator = _fraction(value, field)
    return divide_half_even(numerator * SCALE, denominator)


def rounded_cash_e18(value: object, field: str) -> int:
    """The nearest 10^18 integer, ties to even."""
    numerator, denominator = _fraction(value, field)
    return divide_half_even(numerator * CASH_SCALE, denominator)


def _fraction(value: object, field: str) -> tuple[int, int]:
    match = _NUMBER.fullmatch(str(value))
    if match is None or isinstance(value, bool):
        raise ContractError(f"{field} {str(value)[:60]!r} is not a number; give digits like 100.5")
    fraction = match[3] or ""
    places = len(fraction) - int(match[4] or 0)
    numerator = int(f"{match[1]}{match[2]}{fraction}") * 10 ** max(-places, 0)
    denominator = 10 ** max(places, 0)
    if abs(numerator) > LARGEST_E9 * denominator:
        raise ContractError(f"{field} {str(value)[:60]!r} is beyond {LARGEST_E9} units")
    return numerator, denominator
