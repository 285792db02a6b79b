"""Logarithms and powers of two in whole numbers."""

from __future__ import annotations

import math

import pytest

from tests.unit import prop
from tools.live.sim.powers import FRACTION, ONE, UNIT, exp2, log2


@pytest.mark.parametrize("whole", (0, 1, 5, 40, 120))
def test_powers_of_two_are_exact(whole: int) -> None:
    assert log2(2**whole, 1) == whole * ONE
    assert log2(1, 2**whole) == -whole * ONE
    assert log2(3 * 2**whole, 3) == whole * ONE
    assert exp2(whole * ONE) == UNIT << whole


def test_a_ratio_beyond_the_places_in_between_is_measured_as_well() -> None:
    assert log2(10**60, 1) / ONE == pytest.approx(60 * math.log2(10))


@pytest.mark.parametrize("seed", range(5))
def test_random_ratios_agree_with_the_library(seed: int) -> None:
    rng = prop.chance(seed)
    for _ in range(100):
        above, below = (rng.randint(1, 10 ** rng.randint(1, 30)) for _ in range(2))
        assert log2(above, below) / ONE == pytest.approx(
            math.log2(above) - math.log2(below), abs=1e-9
        )
        exponent = rng.randint(0, 40 * ONE)
        assert exp2(exponent) / UNIT == pytest.approx(2 ** (exponent / ONE), rel=1e-12)


def test_neither_goes_back_where_its_argument_grows() -> None:
    logs = [log2(10**15 + step, 10**15) for step in range(200)]
    assert logs == sorted(logs)
    powers = [exp2(ONE // 3 + step) for step in range(200)]
    assert powers == sorted(powers)


def test_the_bits_are_these() -> None:
    """The same on every machine; computed apart with 60 decimal places."""
    assert FRACTION == 48
    assert log2(3, 1) == 446127282977750
    assert exp2(ONE // 2) == 7343016637207168931428032607349397
