"""Quotients and roots of exact integers, rounded once."""

from __future__ import annotations

from decimal import Decimal, getcontext

import pytest

from tests.unit.prop import chance
from tools.live.portfolio.roots import ratio, root_of_ratio, signed_root, three_digits


def test_what_has_no_whole_is_not_defined() -> None:
    assert ratio(1, 0) is None
    assert root_of_ratio(1, 0) is None
    assert ratio(1, 3) == 1 / 3


@pytest.mark.parametrize(
    ("part", "whole", "root"),
    [(0, 7, 0.0), (4, 1, 2.0), (1, 4, 0.5), (2, 1, 2**0.5), (10**60, 1, 1e30), (1, 10**40, 1e-20)],
)
def test_roots(part: int, whole: int, root: float) -> None:
    assert root_of_ratio(part, whole) == root
    assert signed_root(part, whole) == root
    assert signed_root(-part, whole) == -root
    assert str(signed_root(-part, whole)) == (f"-{root}" if part else "0.0")


@pytest.mark.parametrize("seed", range(5))
def test_a_root_is_the_nearest_double(seed: int) -> None:
    draw = chance(seed)
    getcontext().prec = 200
    for _ in range(200):
        part, whole = (draw.getrandbits(draw.randrange(1, 300)) + 1 for _ in range(2))
        exact = (Decimal(part) / Decimal(whole)).sqrt()
        assert root_of_ratio(part, whole) == float(exact), (part, whole)


def test_a_tie_between_two_doubles_is_seen_as_no_tie() -> None:
    half = (2**53 + 1) ** 2  # its root lies in the middle of two doubles
    assert root_of_ratio(half, 1) == 2.0**53
    assert root_of_ratio(half * 4**200 + 1, 4**200) == 2.0**53 + 2


@pytest.mark.parametrize(
    ("value", "kept"),
    [(0, 0), (999, 999), (1000, 1000), (1004, 1000), (1005, 1000), (1015, 1020), (1006, 1010),
     (99_949, 99_900), (123_456_789, 123_000_000)],
)  # fmt: skip
def test_three_digits(value: int, kept: int) -> None:
    assert three_digits(value) == kept
