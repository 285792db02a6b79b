"""When a market trades: always, or at daily hours in UTC with closed and short days.

A session belongs to the day on which it opens, and may reach into the next one. It is open at the
instant at which it opens and closed at the one at which it closes. Orders for the day end at the
close. A market that never closes has days too: they end at midnight UTC.

Exchanges keep the clock of their city; UTC hours change when that clock does. So hours may change
`since` a date, and single `days` may have hours of their own, or none.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from datetime import date
from enum import Enum
from typing import Any, Protocol, TypeAlias

from ..core.clock import NS_PER_S
from ..core.errors import ContractError

DAY_NS = 86_400 * NS_PER_S
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LONGEST_CLOSURE_DAYS = 400

Hours: TypeAlias = tuple[str, str]  # opens and closes, as HH:MM or HH:MM:SS in UTC
_Span: TypeAlias = tuple[int, int]

_THURSDAY = 3  # 1 January 1970
_EPOCH = date(1970, 1, 1).toordinal()
_clock = re.compile(r"([0-2][0-9]):([0-5][0-9])(?::([0-5][0-9]))?", re.ASCII).fullmatch
_date = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII).fullmatch


class Outside(str, Enum):
    """What becomes of an order that arrives while the market is closed."""

    REFUSE = "refuse"
    HOLD = "hold"


class Sessions(Protocol):
    """The hours of every symbol of an exchange."""

    def is_open(self, symbol: str, ns: int) -> bool: ...

    def opens_ns(self, symbol: str, ns: int) -> int | None:
        """When the next session opens, `ns` itself in a session; None when none is known of."""
        ...

    def closes_ns(self, symbol: str, ns: int) -> int | None:
        """When the session of `ns`, or else the next one, closes; None when none is known of."""
        ...


def admitted_ns(sessions: Sessions, outside: Outside, symbol: str, ns: int) -> int | None:
    """When an order that arrives at `ns` gets to the market; None when it is refused."""
    if outside is Outside.HOLD or sessions.is_open(symbol, ns):
        return sessions.opens_ns(symbol, ns)
    return None


class AlwaysOpen:
    """Every hour of every day."""

    def is_open(self, symbol: str, ns: int) -> bool:
        return True

    def opens_ns(self, symbol: str, ns: int) -> int | None:
        return ns

    def closes_ns(self, symbol: str, ns: int) -> int | None:
        return (ns // DAY_NS + 1) * DAY_NS

    def describe(self) -> str:
        return "always open"


ALWAYS_OPEN = AlwaysOpen()


class DailyHours:
    """The same hours on some weekdays, but for days of their own; for every symbol."""

    def __init__(
        self,
        opens: str,
        closes: str,
        *,
        weekdays: Iterable[str] = WEEKDAYS[:5],
        since: Mapping[str, Hours] | None = None,
        days: Mapping[str, Hours | None] | None = None,
    ) -> None:
        since, days = since or {}, days or {}
        self._weekdays = frozenset(map(_weekday, weekdays))
        ordered = sorted(since)
        self._since = [_day(text) for text in ordered]
        self._hours = [_span(opens, closes), *(_span(*since[text]) for text in ordered)]
        self._days = {
            _day(text): None if hours is None else _span(*hours) for text, hours in days.items()
        }
        self._described = {
            "opens": opens, "closes": closes,
            "weekdays": [name for at, name in enumerate(WEEKDAYS) if at in self._weekdays],
            "since": {text: list(since[text]) for text in ordered},
            "days": {text: list(days[text] or ()) for text in sorted(days)},
        }  # fmt: skip
        self._now: _Span = (0, 0)  # the session that was found last

    def is_open(self, symbol: str, ns: int) -> bool:
        opens, closes = self._now
        return opens <= ns < closes or self._running(ns) is not None

    def opens_ns(self, symbol: str, ns: int) -> int | None:
        session = self._running(ns) or self._next(ns)
        return None if session is None else max(ns, session[0])

    def closes_ns(self, symbol: str, ns: int) -> int | None:
        session = self._running(ns) or self._next(ns)
        return None if session is None else session[1]

    def describe(self) -> dict[str, Any]:
        """What it was made of."""
        return dict(self._described)

    def _running(self, ns: int) -> _Span | None:
        today = ns // DAY_NS
        for day in (today, today - 1):
            session = self._session(day)
            if session is not None and session[0] <= ns < session[1]:
                self._now = session
                return session
        return None

    def _next(self, ns: int) -> _Span | None:
        today = ns // DAY_NS
        for day in range(today, today + LONGEST_CLOSURE_DAYS):
            session = self._session(day)
            if session is not None and session[0] > ns:
                return session
        return None

    def _session(self, day: int) -> _Span | None:
        """The session that opens on a day since 1970."""
        if day in self._days:
            span = self._days[day]
        elif (day + _THURSDAY) % 7 in self._weekdays:
            span = self._hours[bisect_right(self._since, day)]
        else:
            span = None
        return None if span is None else (day * DAY_NS + span[0], day * DAY_NS + span[1])


class SessionsBySymbol:
    """Each symbol has sessions of its own; those that are not named have the others'."""

    def __init__(self, named: Mapping[str, Sessions], *, others: Sessions = ALWAYS_OPEN) -> None:
        self._named = dict(named)
        self._others = others

    def is_open(self, symbol: str, ns: int) -> bool:
        return self._named.get(symbol, self._others).is_open(symbol, ns)

    def opens_ns(self, symbol: str, ns: int) -> int | None:
        return self._named.get(symbol, self._others).opens_ns(symbol, ns)

    def closes_ns(self, symbol: str, ns: int) -> int | None:
        return self._named.get(symbol, self._others).closes_ns(symbol, ns)

    def describe(self) -> dict[str, Any]:
        """What each symbol has."""
        named = {name: _described(self._named[name]) for name in sorted(self._named)}
        return {"named": named, "others": _described(self._others)}


def _described(sessions: Sessions) -> Any:
    describe = getattr(sessions, "describe", None)
    return sessions.__class__.__name__ if describe is None else describe()


def _weekday(name: str) -> int:
    if name not in WEEKDAYS:
        raise ContractError(f"weekday {name!r:.20} is none of {', '.join(WEEKDAYS)}")
    return WEEKDAYS.index(name)


def _day(text: str) -> int:
    try:
        if _date(text):
            return date.fromisoformat(text).toordinal() - _EPOCH
    except ValueError:
        pass
    raise ContractError(f"date {text!r:.40} is not a day; write it as YYYY-MM-DD")


def _span(opens: str, closes: str) -> _Span:
    """From midnight; a close that is not behind the open is one of the next day."""
    start, end = _time(opens), _time(closes)
    return (start, end if end > start else end + DAY_NS)


def _time(text: str) -> int:
    found = _clock(text)
    if found is not None:
        hours, minutes, seconds = (int(part or 0) for part in found.groups())
        ns = (hours * 3600 + minutes * 60 + seconds) * NS_PER_S
        if ns <= DAY_NS:
            return ns
    raise ContractError(f"time {text!r:.40} is not one of a day; write it as HH:MM in UTC")
