"""The doors of the paper-trading simulator for numbers and times."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal, localcontext

import pytest

from tools.live.core.errors import ContractError
from tools.live.sim import simulator_numbers as numbers
from tools.live.sim.simulator_names import check_name, check_seed


def test_times_go_in_and_out_exactly() -> None:
    when = datetime(2026, 1, 5, 12, 0, 0, 123456)
    ns = numbers.time_ns(when, "when")
    assert ns % 10**9 == 123_456_000
    assert numbers.moment(ns) == when
    assert numbers.moment_from("2026-01-05T12:00:00.123456", "when") == when
    assert numbers.moment_from("2026-01-05T14:00:00.123456+02:00", "when") == when


@pytest.mark.parametrize("told", ["yesterday", "", None, 5])
def test_what_is_no_time_is_refused(told: object) -> None:
    with pytest.raises(ContractError, match="when .* is no time"):
        numbers.moment_from(told, "when")


@pytest.mark.parametrize("span", [timedelta(microseconds=-1), timedelta(days=367), 5])
def test_what_is_no_latency_is_refused(span: object) -> None:
    with pytest.raises(ContractError, match="latency .* is no timedelta from 0 to 366 days"):
        numbers.span_us(span, "latency")


def test_spans() -> None:
    assert numbers.span_us(timedelta(milliseconds=3), "x") == 3_000
    assert numbers.span(3_000) == timedelta(milliseconds=3)


def test_decimals_are_exact_whatever_the_context() -> None:
    with localcontext(prec=3):
        assert str(numbers.exact(123_456_789_123_456_789)) == "123456789.123456789"
        assert str(numbers.exact_cash(-5 * 10**17)) == "-0.5"


@pytest.mark.parametrize(
    ("value", "scaled"),
    [(1, 10**18), ("0.000000000000000001", 1), (Decimal("-2.5"), -25 * 10**17), ("1E+2", 10**20)],
)
def test_cash(value: object, scaled: int) -> None:
    assert numbers.cash_e18(value, "cash") == scaled


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("1e-19", "more than 18 decimals"), ("nan", "not a number"), (True, "not a number"),
        ("1_0", "not a number"), ("", "not a number"), ("1e25", "beyond"), (None, "not a number"),
        ("1" * 41, "not a number"),
    ],
)  # fmt: skip
def test_what_is_no_cash_is_refused(value: object, why: str) -> None:
    with pytest.raises(ContractError, match=why):
        numbers.cash_e18(value, "cash")


def test_rounding_is_to_the_nearest_and_ties_to_even() -> None:
    assert numbers.rounded_e9("0.0000000005", "x") == 0
    assert numbers.rounded_e9("0.0000000015", "x") == 2
    assert numbers.rounded_e9("0.00000000051", "x") == 1
    assert numbers.rounded_cash_e18("1e-19", "x") == 0
    assert numbers.cash_e18("1e24", "x") == 10**42


@pytest.mark.parametrize("name", ["a", "sim-00000001", "A_b.c", "x" * 120])
def test_names_that_can_be_files(name: str) -> None:
    assert check_name(name, "id") == name


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a/b", "a\\b", "a b", "x" * 121, "\u00e9", 5, "a\n"]
)
def test_names_that_cannot(name: object) -> None:
    with pytest.raises(ContractError, match="id .* is no name of 1 to 120"):
        check_name(name, "id")


@pytest.mark.parametrize("seed", [-1, 10**15 + 1, True, 1.0, "1"])
def test_what_is_no_seed_is_refused(seed: object) -> None:
    with pytest.raises(ContractError, match="seed .* is no whole number"):
        check_seed(seed)
    assert check_seed(0) == 0
