"""Days as fee tables count them: a number from 1970 on, by the calendar of New York.

The rule of summer time is here, so that no machine's time zone tables decide what a run costs.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from ..core.clock import NS_PER_S
from ..core.errors import ContractError

_HOUR_NS = 3600 * NS_PER_S
_EPOCH = date(1970, 1, 1).toordinal()


def day_of(digits: str, field: str) -> int:
    """The number of a day such as 2026-01-01, counted from 1970."""
    try:
        day = date.fromisoformat(digits)
    except ValueError:
        day = None
    if day is None or day.isoformat() != digits:
        raise ContractError(f"{field} {digits!r:.60} is not a day; write it as 2026-01-01")
    return day.toordinal() - _EPOCH


def told_day(day: int) -> str:
    """The inverse of `day_of`."""
    return date.fromordinal(day + _EPOCH).isoformat()


def new_york_day(ts_ns: int) -> int:
    """The date in New York, as a number counted from 1970."""
    return _day_of_hour(ts_ns // _HOUR_NS)


@lru_cache(maxsize=64)
def _day_of_hour(hour: int) -> int:
    """By the rule of 2007: summer time from the second Sunday of March to the first of November."""
    year = date.fromordinal((hour - 5) // 24 + _EPOCH).year
    begins = _sunday(year, 3, 8) * 24 + 7  # at two o'clock winter time
    ends = _sunday(year, 11, 1) * 24 + 6  # at two o'clock summer time
    return (hour - (4 if begins <= hour < ends else 5)) // 24


def _sunday(year: int, month: int, day: int) -> int:
    """The first Sunday on or after a date."""
    first = date(year, month, day)
    return first.toordinal() + (6 - first.weekday()) - _EPOCH
