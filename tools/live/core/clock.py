"""Time as data: the clock Protocol, its three forms, and the one reader of MM_FREEZE_UTC_ISO.

The fold never asks for the time; every input carries it. Only the doors hold a clock.
"""

from __future__ import annotations

import os
import re
import time
from typing import Protocol

from .errors import ContractError

FREEZE_VARIABLE = "MM_FREEZE_UTC_ISO"
NS_PER_MS = 10**6
NS_PER_S = 10**9
_LATEST_YEAR = 2261  # the last whole year that 64-bit nanoseconds can hold

_UTC = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,6}))?Z",
    re.ASCII,
)


class Clock(Protocol):
    """Anything that can say what time it is, in nanoseconds since 1970 UTC."""

    def now_ns(self) -> int: ...


class FrozenClock:
    """Always the same instant."""

    def __init__(self, ns: int) -> None:
        self._ns = ns

    def now_ns(self) -> int:
        return self._ns


class SystemClock:
    """The machine's clock: for doors only."""

    def now_ns(self) -> int:
        return time.time_ns()


class EventClock:
    """Driven by the line: it stands at the time of the newest input and never goes back."""

    def __init__(self, ns: int = 0) -> None:
        self.ns = ns

    def now_ns(self) -> int:
        return self.ns

    def advance_to(self, ns: int) -> int:
        """Move forward to `ns`, or stay where a later input has already brought us."""
        if ns > self.ns:
            self.ns = ns
        return self.ns


def parse_utc(text: str, field: str = FREEZE_VARIABLE) -> int:
    """Nanoseconds of `YYYY-MM-DDTHH:MM:SS[.ffffff]Z`; every other form is a ContractError."""
    match = _UTC.fullmatch(text)
    if match is None:
        raise ContractError(f"{field} {text[:60]!r} is not of the form 2025-01-01T00:00:00Z")
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    if not 1970 <= year <= _LATEST_YEAR:
        raise ContractError(f"{field} {text!r} is outside the years 1970 to {_LATEST_YEAR}")
    if not 1 <= month <= 12 or not 1 <= day <= _days_in_month(year, month):
        raise ContractError(f"{field} {text!r} is not a day of the calendar")
    if hour > 23 or minute > 59 or second > 59:
        raise ContractError(f"{field} {text!r} is not a time of day (00:00:00 to 23:59:59)")
    seconds = _days_before(year, month, day) * 86400 + hour * 3600 + minute * 60 + second
    return seconds * NS_PER_S + int((match[7] or "0").ljust(6, "0")) * 1000


def render_utc(ns: int) -> str:
    """The instant as `YYYY-MM-DDTHH:MM:SSZ`, with as many decimals as it needs, at most nine."""
    seconds, fraction = divmod(ns, NS_PER_S)
    year, month, day = _civil_from_days(seconds // 86400)
    clock = seconds % 86400
    shown = f"{year:04d}-{month:02d}-{day:02d}T"
    shown += f"{clock // 3600:02d}:{clock // 60 % 60:02d}:{clock % 60:02d}"
    if fraction:
        shown += f".{fraction:09d}".rstrip("0")
    return shown + "Z"


def environment_clock() -> Clock:
    """Frozen when MM_FREEZE_UTC_ISO is set (an empty value is an error), else the system's."""
    frozen = os.environ.get(FREEZE_VARIABLE)
    return SystemClock() if frozen is None else FrozenClock(parse_utc(frozen))


def environment_now_ms() -> int:
    """Milliseconds since 1970 by the clock that the environment asks for at this moment."""
    return environment_clock().now_ns() // NS_PER_MS


def _days_in_month(year: int, month: int) -> int:
    if month == 2:
        leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        return 29 if leap else 28
    return 30 if month in (4, 6, 9, 11) else 31


def _days_before(year: int, month: int, day: int) -> int:
    """Days since 1970-01-01 in the proleptic Gregorian calendar, counted in March-first years."""
    shifted = year - (month <= 2)
    era, of_era = divmod(shifted, 400)
    of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468


def _civil_from_days(days: int) -> tuple[int, int, int]:
    era, of_era = divmod(days + 719468, 146097)
    year_of_era = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
    of_year = of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted_month = (5 * of_year + 2) // 153
    day = of_year - (153 * shifted_month + 2) // 5 + 1
    month = shifted_month + 3 if shifted_month < 10 else shifted_month - 9
    return era * 400 + year_of_era + (month <= 2), month, day
