"""The frozen clock under attack: one strict form, in the environment and on the command line."""

from __future__ import annotations

import json

import pytest

from tests.hostile.refusals import Refuse
from tools.live import exec_demo, risk_monitor_cli

VARIABLE = "MM_FREEZE_UTC_ISO"
FORM = "as YYYY-MM-DDTHH:MM:SS[.ffffff]Z or leave it out"

SHAPE = "is not of the form 2025-01-01T00:00:00Z"
DAY = "is not a day of the calendar"
TIME = "is not a time of day (00:00:00 to 23:59:59)"
YEARS = "is outside the years 1970 to 2261"

BAD = {
    "empty": ("", SHAPE),
    "space": (" ", SHAPE),
    "naive": ("2025-01-01T00:00:00", SHAPE),
    "offset": ("2025-01-01T00:00:00+02:00", SHAPE),
    "zero offset": ("2025-01-01T00:00:00+00:00", SHAPE),
    "Z and offset": ("2025-01-01T00:00:00Z+00:00", SHAPE),
    "week": ("2025-W01-1", SHAPE),
    "week and time": ("2025-W01-1T00:00:00Z", SHAPE),
    "ordinal": ("2025-001T00:00:00Z", SHAPE),
    "basic": ("20250101T000000", SHAPE),
    "basic Z": ("20250101T000000Z", SHAPE),
    "date only": ("2025-01-01", SHAPE),
    "no seconds": ("2025-01-01T00:00Z", SHAPE),
    "24:00": ("2025-01-01T24:00:00Z", TIME),
    "minute 60": ("2025-01-01T00:60:00Z", TIME),
    "leap second": ("2016-12-31T23:59:60Z", TIME),
    "nine digits": ("2025-01-01T00:00:00.123456789Z", SHAPE),
    "seven digits": ("2025-01-01T00:00:00.1234567Z", SHAPE),
    "no digit": ("2025-01-01T00:00:00.Z", SHAPE),
    "comma": ("2025-01-01T00:00:00,5Z", SHAPE),
    "year 1 far east": ("0001-01-01T00:00:00+14:00", SHAPE),
    "year 1": ("0001-01-01T00:00:00Z", YEARS),
    "year 0": ("0000-01-01T00:00:00Z", YEARS),
    "before 1970": ("1969-12-31T23:59:59Z", YEARS),
    "year 2262": ("2262-01-01T00:00:00Z", YEARS),
    "year 9999": ("9999-12-31T23:59:59Z", YEARS),
    "five digits": ("12025-01-01T00:00:00Z", SHAPE),
    "trailing space": ("2025-01-01T00:00:00Z ", SHAPE),
    "leading space": (" 2025-01-01T00:00:00Z", SHAPE),
    "newline": ("2025-01-01T00:00:00Z\n", SHAPE),
    "lower case": ("2025-01-01t00:00:00z", SHAPE),
    "space for T": ("2025-01-01 00:00:00Z", SHAPE),
    "month 13": ("2025-13-01T00:00:00Z", DAY),
    "month 0": ("2025-00-01T00:00:00Z", DAY),
    "30 February": ("2025-02-30T00:00:00Z", DAY),
    "29 February": ("2025-02-29T00:00:00Z", DAY),
    "29 February 2100": ("2100-02-29T00:00:00Z", DAY),
    "31 April": ("2025-04-31T00:00:00Z", DAY),
    "day 0": ("2025-01-00T00:00:00Z", DAY),
    "arabic": ("\u0662\u0660\u0662\u0665-01-01T00:00:00Z", SHAPE),
    "fullwidth": ("\uff12025-01-01T00:00:00Z", SHAPE),
    "signed": ("+2025-01-01T00:00:00Z", SHAPE),
    "epoch": ("1735689600", SHAPE),
    "now": ("now", SHAPE),
    "long": ("2" * 100_000, SHAPE),
    "escape": ("\x1b[2J", SHAPE),
}


@pytest.mark.parametrize("name", BAD)
def test_the_environment_is_held_to_the_form(
    name: str, refuse: Refuse, monkeypatch: pytest.MonkeyPatch
) -> None:
    value, why = BAD[name]
    monkeypatch.setenv(VARIABLE, value)
    line = refuse()
    assert line.startswith(f"error: input: {VARIABLE} '") and why in line
    assert line.endswith(f"; write {VARIABLE} {FORM}")


@pytest.mark.parametrize("name", BAD)
def test_the_flag_is_held_to_the_form(name: str, refuse: Refuse) -> None:
    value, why = BAD[name]
    line = refuse("--freeze-utc", value)
    assert line.startswith("error: input: --freeze-utc '") and why in line
    assert line.endswith(f"; write --freeze-utc {FORM}")


@pytest.mark.parametrize("name", ["empty", "naive", "offset", "leap second", "year 1"])
def test_a_wrong_environment_is_refused_even_where_the_flag_wins(
    name: str, refuse: Refuse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, BAD[name][0])
    line = refuse("--freeze-utc", "2025-01-01T00:00:00Z")
    assert line.startswith(f"error: input: {VARIABLE} ")


@pytest.mark.parametrize("name", ["empty", "naive", "offset", "24:00", "long"])
def test_the_risk_demo_holds_to_the_form(
    name: str, refuse: Refuse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, BAD[name][0])
    line = refuse("--demo", main=risk_monitor_cli.main)
    assert line.startswith(f"error: input: {VARIABLE} ") and line.endswith(FORM)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("2025-01-01T00:00:00Z", "2025-01-01T00:00:00+00:00"),
        ("2025-01-01T00:00:00.5Z", "2025-01-01T00:00:00+00:00"),
        ("2024-02-29T23:59:59Z", "2024-02-29T23:59:59+00:00"),
        ("2000-02-29T00:00:00Z", "2000-02-29T00:00:00+00:00"),
        ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00+00:00"),
        ("2261-12-31T23:59:59Z", "2261-12-31T23:59:59+00:00"),
    ],
)
def test_the_strict_form_is_taken_by_both(
    given: str, shown: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exec_demo.main(["--shadow", "--freeze-utc", given]) == 0
    by_flag = capsys.readouterr().out
    monkeypatch.setenv(VARIABLE, given)
    assert exec_demo.main(["--shadow"]) == 0
    assert capsys.readouterr().out == by_flag
    assert json.loads(by_flag)["runtime"]["utc"] == shown


def test_the_flag_wins_over_a_good_environment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(VARIABLE, "2025-01-01T00:00:00Z")
    assert exec_demo.main(["--shadow", "--freeze-utc", "2030-01-01T00:00:00Z"]) == 0
    assert json.loads(capsys.readouterr().out)["runtime"]["utc"].startswith("2030")
