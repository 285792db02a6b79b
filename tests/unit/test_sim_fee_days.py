"""The calendar of New York: `tools.live.sim.fee_days`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo, available_timezones

import pytest

from tests.conftest import MustHave
from tests.unit.fee_builders import at
from tools.live.core.errors import ContractError
from tools.live.sim.fee_days import day_of, new_york_day, told_day


@pytest.mark.parametrize("digits", ["", "2026-1-1", "20260101", "2026-02-30", "x", "2026-W01-1"])
def test_a_day_is_written_in_one_way(digits: str) -> None:
    with pytest.raises(ContractError) as caught:
        day_of(digits, "T since")
    assert str(caught.value) == f"T since {digits!r} is not a day; write it as 2026-01-01"


def test_days_are_counted_from_1970() -> None:
    assert [day_of(day, "day") for day in ("1970-01-01", "1970-01-02", "2000-01-01")] == [
        0, 1, 10_957,
    ]  # fmt: skip
    assert told_day(10_957) == "2000-01-01"


@pytest.mark.parametrize(
    ("utc", "day"),
    [
        ("2026-01-05T04:59:59", "2026-01-04"),
        ("2026-01-05T05:00:00", "2026-01-05"),
        ("2026-06-01T03:59:59", "2026-05-31"),
        ("2026-06-01T04:00:00", "2026-06-01"),
        ("2026-03-08T04:59:59", "2026-03-07"),  # the clocks go forward on this day, at two
        ("2026-03-09T04:00:00", "2026-03-09"),
        ("2026-11-01T03:59:59", "2026-10-31"),  # and back
        ("2026-11-02T04:59:59", "2026-11-01"),
        ("2026-01-01T04:59:59", "2025-12-31"),
    ],
)
def test_a_day_is_new_yorks(utc: str, day: str) -> None:
    assert told_day(new_york_day(at(utc))) == day


def test_the_days_of_many_years_are_those_of_the_time_zone_tables(must_have: MustHave) -> None:
    must_have("a time zone table", "America/New_York" in available_timezones())
    zone = ZoneInfo("America/New_York")
    rng = Random(5)
    begin = datetime(2007, 1, 1, tzinfo=UTC)
    for _ in range(2_000):
        when = begin + timedelta(minutes=rng.randint(0, 60 * 24 * 365 * 28))
        ns = int(when.timestamp()) * 10**9
        assert told_day(new_york_day(ns)) == when.astimezone(zone).date().isoformat()
