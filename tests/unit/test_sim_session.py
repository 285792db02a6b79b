"""`sim/session`: when a market opens and closes, told by the clock of UTC."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from tools.live.core.errors import ContractError
from tools.live.sim.session import (
    ALWAYS_OPEN, DAY_NS, DailyHours, Hours, Outside, Sessions, SessionsBySymbol, admitted_ns,
)  # fmt: skip

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def ns(text: str) -> int:
    moment = datetime.fromisoformat(text).replace(tzinfo=timezone.utc)
    return (moment - EPOCH) // timedelta(microseconds=1) * 1000


def said(at: int | None) -> str | None:
    if at is None:
        return None
    return (EPOCH + timedelta(microseconds=at // 1000)).strftime("%Y-%m-%d %H:%M:%S")


SUMMER: Hours = ("13:30", "20:00")
STOCKS = DailyHours(
    "14:30", "21:00",
    since={"2026-11-01": ("14:30", "21:00"), "2026-03-08": SUMMER},
    days={"2026-11-26": None, "2026-11-27": ("14:30", "18:00")},
)  # fmt: skip
FUTURES = DailyHours("22:00", "21:00", weekdays=("sun", "mon", "tue", "wed", "thu"))


@pytest.mark.parametrize(("sessions", "at", "opens", "closes"), [
    (STOCKS, "2026-11-25 14:29:59", "2026-11-25 14:30:00", "2026-11-25 21:00:00"),
    (STOCKS, "2026-11-25 14:30", "2026-11-25 14:30:00", "2026-11-25 21:00:00"),
    (STOCKS, "2026-11-25 20:59:59", "2026-11-25 20:59:59", "2026-11-25 21:00:00"),
    # The day after is a holiday, the one behind it a short one.
    (STOCKS, "2026-11-25 21:00", "2026-11-27 14:30:00", "2026-11-27 18:00:00"),
    (STOCKS, "2026-11-26 15:00", "2026-11-27 14:30:00", "2026-11-27 18:00:00"),
    (STOCKS, "2026-11-27 18:00", "2026-11-30 14:30:00", "2026-11-30 21:00:00"),
    # Hours in UTC change with the clock of the city.
    (STOCKS, "2026-03-06 14:00", "2026-03-06 14:30:00", "2026-03-06 21:00:00"),
    (STOCKS, "2026-03-07 12:00", "2026-03-09 13:30:00", "2026-03-09 20:00:00"),
    (STOCKS, "2026-10-30 20:00", "2026-11-02 14:30:00", "2026-11-02 21:00:00"),
    (FUTURES, "2026-11-25 21:30", "2026-11-25 22:00:00", "2026-11-26 21:00:00"),
    (FUTURES, "2026-11-26 03:00", "2026-11-26 03:00:00", "2026-11-26 21:00:00"),
    (FUTURES, "2026-11-27 21:00", "2026-11-29 22:00:00", "2026-11-30 21:00:00"),
    (ALWAYS_OPEN, "2026-11-27 21:00", "2026-11-27 21:00:00", "2026-11-28 00:00:00"),
    (ALWAYS_OPEN, "2026-11-28 00:00", "2026-11-28 00:00:00", "2026-11-29 00:00:00"),
])  # fmt: skip
def test_a_session_opens_and_closes_by_its_day(
    sessions: Sessions, at: str, opens: str, closes: str
) -> None:
    moment = ns(at)
    assert said(sessions.opens_ns("X", moment)) == opens
    assert said(sessions.closes_ns("X", moment)) == closes
    assert sessions.is_open("X", moment) is (ns(opens) == moment)


def test_the_whole_day_and_a_day_to_the_same_hour_never_close() -> None:
    for sessions in (DailyHours("00:00", "24:00", weekdays=ALL), DailyHours("22:00", "22:00",
                                                                           weekdays=ALL)):
        for hour in range(0, 72, 5):
            assert sessions.is_open("X", ns("2026-11-25 00:00") + hour * 3600 * 10**9)


ALL = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def test_hours_change_on_their_very_day() -> None:
    sessions = DailyHours("14:30", "21:00", since={"2026-11-25": SUMMER})
    opens = [sessions.opens_ns("X", ns(f"2026-11-{day} 00:00")) for day in (24, 25)]
    assert [said(at) for at in opens] == ["2026-11-24 14:30:00", "2026-11-25 13:30:00"]


def test_what_was_asked_before_changes_no_answer() -> None:
    sessions = DailyHours("14:30", "21:00")
    assert sessions.is_open("X", ns("2026-11-25 15:00"))
    assert not sessions.is_open("X", ns("2026-11-25 21:00"))
    assert not sessions.is_open("X", ns("2026-11-25 14:29"))
    assert sessions.is_open("X", ns("2026-11-24 15:00"))


def test_a_market_without_a_session_in_sight_says_so() -> None:
    never = DailyHours("14:30", "21:00", weekdays=())
    assert never.opens_ns("X", 0) is None
    assert never.closes_ns("X", 0) is None
    assert admitted_ns(never, Outside.HOLD, "X", 0) is None


def test_outside_the_hours_an_order_is_refused_or_held_till_the_open() -> None:
    early, inside = ns("2026-11-25 12:00"), ns("2026-11-25 16:00")
    assert admitted_ns(STOCKS, Outside.REFUSE, "X", early) is None
    assert admitted_ns(STOCKS, Outside.HOLD, "X", early) == ns("2026-11-25 14:30")
    for outside in Outside:
        assert admitted_ns(STOCKS, outside, "X", inside) == inside


def test_each_symbol_may_have_hours_of_its_own() -> None:
    sessions = SessionsBySymbol({"AAPL": STOCKS})
    night = ns("2026-11-25 03:00")
    assert (sessions.is_open("AAPL", night), sessions.is_open("BTC", night)) == (False, True)
    assert said(sessions.opens_ns("AAPL", night)) == "2026-11-25 14:30:00"
    assert sessions.closes_ns("BTC", night) == (night // DAY_NS + 1) * DAY_NS


def test_sessions_tell_what_they_were_made_of() -> None:
    class Fog:
        def is_open(self, symbol: str, ns: int) -> bool:
            return False

        def opens_ns(self, symbol: str, ns: int) -> int | None:
            return None

        closes_ns = opens_ns

    assert SessionsBySymbol({"AAPL": STOCKS, "FOG": Fog()}).describe() == {
        "named": {
            "AAPL": {
                "opens": "14:30", "closes": "21:00",
                "weekdays": ["mon", "tue", "wed", "thu", "fri"],
                "since": {"2026-03-08": ["13:30", "20:00"], "2026-11-01": ["14:30", "21:00"]},
                "days": {"2026-11-26": [], "2026-11-27": ["14:30", "18:00"]},
            },
            "FOG": "Fog",
        },
        "others": "always open",
    }  # fmt: skip


@pytest.mark.parametrize(("terms", "message"), [
    ({"opens": "9:30"}, "time '9:30' is not one of a day; write it as HH:MM in UTC"),
    ({"closes": "24:01"}, "time '24:01' is not one of a day; write it as HH:MM in UTC"),
    ({"closes": "12:60"}, "time '12:60' is not one of a day; write it as HH:MM in UTC"),
    ({"weekdays": ("Monday",)}, "weekday 'Monday' is none of mon, tue, wed, thu, fri, sat, sun"),
    ({"days": {"2026-02-29": None}}, "date '2026-02-29' is not a day; write it as YYYY-MM-DD"),
    ({"since": {"20260301": SUMMER}}, "date '20260301' is not a day; write it as YYYY-MM-DD"),
])  # fmt: skip
def test_hours_that_are_none_are_refused(terms: dict[str, Any], message: str) -> None:
    with pytest.raises(ContractError) as error:
        DailyHours(**({"opens": "14:30", "closes": "21:00"} | terms))
    assert str(error.value) == message
