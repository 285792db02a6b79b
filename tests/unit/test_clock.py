"""Instants are read strictly, shown exactly, and agree with the calendar."""

from __future__ import annotations

import calendar
import time
from datetime import datetime, timedelta, timezone

import pytest

from tests.unit import prop
from tools.live.core import clock
from tools.live.core.clock import NS_PER_S, EventClock, FrozenClock, SystemClock
from tools.live.core.errors import ContractError

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
LAST = datetime(2261, 12, 31, 23, 59, 59, 999_999, tzinfo=timezone.utc)
FORM = "is not of the form 2025-01-01T00:00:00Z"
YEARS = "is outside the years 1970 to 2261"
DAY = "is not a day of the calendar"
TIME = "is not a time of day (00:00:00 to 23:59:59)"

READ = {
    "1970-01-01T00:00:00Z": 0,
    "1970-01-01T00:00:00.000001Z": 1000,
    "1970-01-01T00:00:00.5Z": 500_000_000,
    "1970-01-01T00:00:00.000000Z": 0,
    "1970-01-01T00:00:01Z": NS_PER_S,
    "1970-01-01T00:01:00Z": 60 * NS_PER_S,
    "1970-01-01T01:00:00Z": 3600 * NS_PER_S,
    "1970-01-02T00:00:00Z": 86_400 * NS_PER_S,
    "2000-02-29T23:59:59.123456Z": 951_868_799_123_456_000,
    "2024-02-29T00:00:00Z": 1_709_164_800 * NS_PER_S,
    "2025-01-01T00:00:00Z": 1_735_689_600 * NS_PER_S,
    "2261-12-31T23:59:59Z": 9_214_646_399 * NS_PER_S,
}

REFUSED = {
    "": FORM,
    "2025-01-01T00:00:00": FORM,
    "2025-01-01T00:00:00+02:00": FORM,
    "2025-01-01T00:00:00+00:00": FORM,
    "2025-01-01T00:00:00-00:00": FORM,
    "2025-W01-1": FORM,
    "2025-W01-1T00:00:00Z": FORM,
    "20250101T000000": FORM,
    "20250101T000000Z": FORM,
    "2025-001T00:00:00Z": FORM,
    "2025-01-01": FORM,
    "2025-01-01T00:00Z": FORM,
    "2025-01-01 00:00:00Z": FORM,
    "2025-01-01t00:00:00Z": FORM,
    "2025-01-01T00:00:00z": FORM,
    "2025-01-01T00:00:00.123456789Z": FORM,
    "2025-01-01T00:00:00.1234567Z": FORM,
    "2025-01-01T00:00:00.Z": FORM,
    "2025-01-01T00:00:00,5Z": FORM,
    "0001-01-01T00:00:00+14:00": FORM,
    "2025-01-01T00:00:00Z ": FORM,
    " 2025-01-01T00:00:00Z": FORM,
    "2025-01-01T00:00:00Z\n": FORM,
    "2025-01-01T00:00:00Z\0": FORM,
    "\u0662\u0660\u0662\u0665-01-01T00:00:00Z": FORM,
    "+2025-01-01T00:00:00Z": FORM,
    "-2025-01-01T00:00:00Z": FORM,
    "12025-01-01T00:00:00Z": FORM,
    "2025-1-1T0:0:0Z": FORM,
    "now": FORM,
    "1735689600": FORM,
    "0000-01-01T00:00:00Z": YEARS,
    "0001-01-01T00:00:00Z": YEARS,
    "1969-12-31T23:59:59Z": YEARS,
    "2262-01-01T00:00:00Z": YEARS,
    "9999-12-31T23:59:59Z": YEARS,
    "2025-00-01T00:00:00Z": DAY,
    "2025-13-01T00:00:00Z": DAY,
    "2025-01-00T00:00:00Z": DAY,
    "2025-01-32T00:00:00Z": DAY,
    "2025-04-31T00:00:00Z": DAY,
    "2025-06-31T00:00:00Z": DAY,
    "2025-09-31T00:00:00Z": DAY,
    "2025-11-31T00:00:00Z": DAY,
    "2025-02-29T00:00:00Z": DAY,
    "2024-02-30T00:00:00Z": DAY,
    "2100-02-29T00:00:00Z": DAY,
    "2025-01-01T24:00:00Z": TIME,
    "2025-01-01T23:60:00Z": TIME,
    "2025-01-01T23:59:60Z": TIME,
    "2016-12-31T23:59:60Z": TIME,
}


@pytest.mark.parametrize("text", READ)
def test_what_is_read(text: str) -> None:
    assert clock.parse_utc(text) == READ[text]


@pytest.mark.parametrize("text", REFUSED, ids=ascii)
def test_what_is_refused_and_how(text: str) -> None:
    with pytest.raises(ContractError) as refused:
        clock.parse_utc(text)
    assert str(refused.value) == f"MM_FREEZE_UTC_ISO {text!r} {REFUSED[text]}"


@pytest.mark.parametrize("text", [text for text in REFUSED if "\0" not in text], ids=ascii)
def test_the_environment_is_read_as_strictly(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MM_FREEZE_UTC_ISO", text)
    with pytest.raises(ContractError, match="^MM_FREEZE_UTC_ISO "):
        clock.environment_clock()
    with pytest.raises(ContractError, match="^MM_FREEZE_UTC_ISO "):
        clock.environment_now_ms()


def test_a_refusal_names_the_field_and_cuts_a_long_text() -> None:
    with pytest.raises(ContractError) as refused:
        clock.parse_utc("x" * 99, "--freeze-utc")
    assert str(refused.value) == f"--freeze-utc '{'x' * 60}' {FORM}"


def as_datetime(ns: int) -> datetime:
    return EPOCH + timedelta(microseconds=ns // 1000)


@pytest.mark.parametrize("seed", range(30))
def test_random_instants_agree_with_datetime(seed: int) -> None:
    rng = prop.chance(seed)
    span = (LAST - EPOCH) // timedelta(microseconds=1)
    for _ in range(100):
        instant = EPOCH + timedelta(microseconds=rng.randint(0, span))
        ns = (instant - EPOCH) // timedelta(microseconds=1) * 1000
        written = instant.strftime("%Y-%m-%dT%H:%M:%S")
        fraction = f"{instant.microsecond:06d}"
        assert clock.parse_utc(f"{written}.{fraction}Z") == ns
        shown = clock.render_utc(ns)
        expected = f"{written}.{fraction}".rstrip("0").rstrip(".") if int(fraction) else written
        assert shown == expected + "Z"
        assert clock.parse_utc(shown) == ns


@pytest.mark.usefixtures("untraced")
def test_every_day_of_the_calendar_agrees_with_datetime() -> None:
    day = EPOCH
    for number in range((LAST - EPOCH).days + 1):
        ns = number * 86_400 * NS_PER_S
        written = f"{day.year:04d}-{day.month:02d}-{day.day:02d}T00:00:00Z"
        assert clock.render_utc(ns) == written
        assert clock.parse_utc(written) == ns
        day += timedelta(days=1)


@pytest.mark.parametrize("month_and_day", [(1, 1), (2, 28), (3, 1), (12, 31)], ids=str)
def test_the_turns_of_every_year_are_shown_right(month_and_day: tuple[int, int]) -> None:
    for year in (*range(1, 1600, 99), *range(1600, 2401), *range(2401, 10_000, 99)):
        day = datetime(year, *month_and_day, tzinfo=timezone.utc)
        shown = clock.render_utc((day - EPOCH).days * 86_400 * NS_PER_S)
        assert shown == f"{year:04d}-{day.month:02d}-{day.day:02d}T00:00:00Z"


@pytest.mark.parametrize("year", range(1970, 2262))
def test_no_month_has_a_day_too_many(year: int) -> None:
    for month in range(1, 13):
        days = calendar.monthrange(year, month)[1]
        assert clock.parse_utc(f"{year}-{month:02d}-{days:02d}T00:00:00Z") > 0
        with pytest.raises(ContractError):
            clock.parse_utc(f"{year}-{month:02d}-{days + 1:02d}T00:00:00Z")


@pytest.mark.parametrize(
    ("ns", "shown"),
    [
        (1, "1970-01-01T00:00:00.000000001Z"),
        (120, "1970-01-01T00:00:00.00000012Z"),
        (500_000_000, "1970-01-01T00:00:00.5Z"),
        (-1, "1969-12-31T23:59:59.999999999Z"),
        (-86_400 * NS_PER_S, "1969-12-31T00:00:00Z"),
        (253_402_300_799 * NS_PER_S, "9999-12-31T23:59:59Z"),
        (-62_135_596_800 * NS_PER_S, "0001-01-01T00:00:00Z"),
    ],
)
def test_instants_show_as_many_decimals_as_they_need(ns: int, shown: str) -> None:
    assert clock.render_utc(ns) == shown


def test_the_event_clock_only_goes_forward() -> None:
    line = EventClock()
    assert line.now_ns() == 0
    assert line.advance_to(5) == 5
    assert line.advance_to(3) == 5
    assert line.advance_to(5) == 5
    assert line.now_ns() == line.ns == 5
    assert EventClock(7).now_ns() == 7


def test_a_frozen_clock_stands_still() -> None:
    frozen = FrozenClock(9)
    assert [frozen.now_ns(), frozen.now_ns()] == [9, 9]


def test_the_system_clock_is_the_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time_ns", lambda: 1_234_567_890)
    assert SystemClock().now_ns() == 1_234_567_890


def test_without_the_variable_the_environment_has_the_systems_clock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(time, "time_ns", lambda: 1_234_567_890)
    assert isinstance(clock.environment_clock(), SystemClock)
    assert clock.environment_now_ms() == 1234


def test_with_the_variable_time_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(clock.FREEZE_VARIABLE, "2025-01-01T00:00:00.123456Z")
    assert isinstance(clock.environment_clock(), FrozenClock)
    assert clock.environment_clock().now_ns() == 1_735_689_600_123_456_000
    assert clock.environment_now_ms() == 1_735_689_600_123


def test_the_variable_is_read_at_every_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MM_FREEZE_UTC_ISO", "1970-01-01T00:00:01Z")
    assert clock.environment_now_ms() == 1000
    monkeypatch.setenv("MM_FREEZE_UTC_ISO", "1970-01-01T00:00:02Z")
    assert clock.environment_now_ms() == 2000
