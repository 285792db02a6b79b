"""Numbers on the page: rounding, grouping, spans of time, round axis values, harmless text."""

from __future__ import annotations

from random import Random

import pytest

from tools.live.core.clock import NS_PER_S
from tools.live.core.money import SCALE
from tools.live.reports.html_numbers import (
    MINUS, brief, count_ticks, counted, e9, elapsed, exact, fixed, money, nice_step, safe,
    time_ticks, value_ticks,
)  # fmt: skip

MINUTE, HOUR = 60 * NS_PER_S, 3600 * NS_PER_S


@pytest.mark.parametrize(
    ("value", "decimals", "shown"),
    [
        (0, 2, "0.00"),
        (1_234_567_890_000, 2, "1,234.57"),
        (-1_234_567_890_000, 0, f"{MINUS}1,235"),
        (5_000_000, 2, "0.00"),
        (15_000_000, 2, "0.02"),
        (-1, 2, "0.00"),
    ],
)
def test_a_number_has_fixed_decimals_and_ties_go_to_even(
    value: int, decimals: int, shown: str
) -> None:
    assert fixed(value, SCALE, decimals) == shown


def test_a_signed_number_says_plus_but_not_for_nothing() -> None:
    assert fixed(SCALE, SCALE, 2, signed=True) == "+1.00"
    assert fixed(0, SCALE, 2, signed=True) == "0.00"


def test_exact_keeps_every_digit_and_no_zero_behind_them() -> None:
    assert exact(-8_492_472) == f"{MINUS}0.008492472"
    assert exact(50_000 * SCALE) == "50,000"
    assert exact(1500, 1000) == "1.5"


def test_little_money_shows_more_decimals() -> None:
    assert money(3 * SCALE, SCALE) == "3.00"
    assert money(SCALE // 20, SCALE) == "0.0500"
    assert money(0, SCALE) == "0.00"


def test_a_label_beside_a_chart_is_short() -> None:
    assert brief(50_450_123_456_789) == "50,450.12"
    assert brief(1_234_567_890) == "1.2346"
    assert brief(-123_456_789) == f"{MINUS}0.123457"


def test_a_float_of_any_size_becomes_its_nearest_integer() -> None:
    assert e9(0.1) == 100_000_000
    assert e9(1e300) == int(1e300) * SCALE
    assert e9(-0.0) == 0


@pytest.mark.parametrize(
    ("ns", "shown"),
    [
        (0, "0 s"),
        (14_200_000_000, "14.2 s"),
        (200 * NS_PER_S, "3 min 20 s"),
        (2 * HOUR + 5 * MINUTE, "2 h 5 min"),
        (51 * HOUR, "2 d 3 h"),
    ],
)
def test_a_span_of_time_reads_in_its_largest_units(ns: int, shown: str) -> None:
    assert elapsed(ns) == shown


def test_things_are_counted_in_english() -> None:
    assert counted(1, "step") == "1 step"
    assert counted(2000, "step") == "2,000 steps"


@pytest.mark.parametrize(("span", "step"), [(1, 1), (5, 1), (6, 2), (11, 5), (26, 10), (100, 20)])
def test_steps_are_one_two_or_five(span: int, step: int) -> None:
    assert nice_step(span, 5) == step


@pytest.mark.parametrize("seed", range(30))
def test_an_axis_holds_its_values_and_few_labels(seed: int) -> None:
    random = Random(seed)
    low, high = sorted(random.randrange(-(10**15), 10**15) for _ in range(2))
    ticks = value_ticks(low, high, SCALE)
    assert ticks.low <= low <= high <= ticks.high
    assert all(ticks.low <= value <= ticks.high for value in ticks.values)
    assert 2 <= len(ticks.values) <= 8
    assert len(set(ticks.labels)) == len(ticks.labels)


def test_an_axis_of_one_value_has_room_around_it() -> None:
    ticks = value_ticks(50_000 * SCALE, 50_000 * SCALE, SCALE)
    assert ticks.low < 50_000 * SCALE < ticks.high
    assert value_ticks(0, 0, SCALE).labels[0] == f"{MINUS}1.0"


def test_an_axis_that_ends_at_zero_does_not_pass_it() -> None:
    assert value_ticks(0, 12 * SCALE, SCALE).low == 0
    assert value_ticks(-12 * SCALE, 0, SCALE).high == 0


def test_counts_have_whole_labels() -> None:
    assert count_ticks(0).labels == ("0", "1")
    assert count_ticks(193).labels == ("0", "50", "100", "150")


@pytest.mark.parametrize(
    ("span", "labels"),
    [
        (0, ["0.0 s", "0.1 s"]),
        (200_000_000, ["0.00 s", "0.02 s"]),
        (50 * NS_PER_S, ["0 s", "5 s"]),
        (7 * MINUTE, ["0 min", "1 min"]),
        (30 * HOUR, ["0 h", "3 h"]),
        (400 * 24 * HOUR, ["0 d", "50 d"]),
    ],
)
def test_time_is_labelled_in_steps_of_the_clock(span: int, labels: list[str]) -> None:
    ticks = time_ticks(span)
    assert list(ticks.labels[:2]) == labels
    assert ticks.high == (span or NS_PER_S)
    assert len(ticks.values) <= 11


def test_foreign_text_is_harmless() -> None:
    assert safe('<b a="1">&') == "&lt;b a=&quot;1&quot;&gt;&amp;"
    assert safe("a\x00\u202eb\ud800") == "a\\u0000\\u202eb\\ud800"
    assert len(safe("x" * 1000)) == 240
