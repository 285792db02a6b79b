"""A value over time in bounded memory: the same as from a list of everything, and never more."""

from __future__ import annotations

import pytest

from tests.unit.prop import chance
from tools.live.core.money import divide_half_even
from tools.live.market.slices import Slice, Slices

T0 = 1_700_000_000_000_000_000


def test_values_of_one_slice_are_one() -> None:
    slices = Slices(4, 10)
    for ts_ns, value in ((T0, 5), (T0 + 9, 2), (T0 + 3, 9)):
        slices.add(ts_ns, value)
    assert slices.slices() == (Slice(T0, T0 + 10, 2, 5, 9),)
    slices.add(T0 + 10, 1)
    assert slices.slices()[1] == Slice(T0 + 10, T0 + 20, 1, 1, 1)


def test_nothing_gives_no_slice() -> None:
    assert Slices().slices() == ()


def test_a_slice_without_a_value_is_left_out() -> None:
    slices = Slices(4, 10)
    slices.add(T0, 0)
    slices.add(T0 + 25, 3)
    assert [one.from_ns - T0 for one in slices.slices()] == [0, 20]


def test_two_become_one_of_twice_the_width_when_there_is_no_room() -> None:
    slices = Slices(4, 10)
    for place, value in ((0, 1), (1, 5), (2, 7), (4, 9)):
        slices.add(T0 + 10 * place, value)
    assert slices.slices() == (
        Slice(T0, T0 + 20, 1, 3, 5), Slice(T0 + 20, T0 + 40, 7, 7, 7),
        Slice(T0 + 40, T0 + 60, 9, 9, 9),
    )  # fmt: skip
    slices.add(T0 + 10 * 31, 4)
    assert [(one.from_ns - T0, one.until_ns - T0) for one in slices.slices()] == [
        (0, 80), (240, 320)
    ]  # fmt: skip


def test_what_is_older_than_the_first_belongs_to_the_first() -> None:
    slices = Slices(2, 10)
    slices.add(T0, 1)
    slices.add(T0 - 500, 3)
    assert slices.slices() == (Slice(T0, T0 + 10, 1, 2, 3),)


def test_one_slice_cannot_be_joined() -> None:
    with pytest.raises(AssertionError):
        Slices(1, 10)


def test_a_value_that_comes_late_goes_where_it_belongs() -> None:
    slices = Slices(4, 10)
    for place, value in ((0, 1), (3, 2), (1, 3), (3, 4)):
        slices.add(T0 + 10 * place, value)
    assert [(one.from_ns - T0, one.low, one.high) for one in slices.slices()] == [
        (0, 1, 1), (10, 3, 3), (30, 2, 4)
    ]  # fmt: skip


@pytest.mark.parametrize("seed", range(30))
def test_it_agrees_with_a_list_of_everything(seed: int) -> None:
    rng = chance(seed)
    most = rng.choice((2, 3, 4, 10))
    slices, told, now = Slices(most, 3), list[tuple[int, int]](), 0
    for _ in range(rng.randint(1, 200)):
        now += rng.choice((0, 1, 5, 40))
        told.append((now, rng.randint(-9, 99)))
        slices.add(T0 + now, told[-1][1])
    width = 3
    while told[-1][0] - told[0][0] >= width * most:
        width *= 2
    groups: dict[int, list[int]] = {}
    for ns, value in told:
        groups.setdefault((ns - told[0][0]) // width, []).append(value)
    first = T0 + told[0][0]
    assert slices.slices() == tuple(
        Slice(
            first + place * width, first + (place + 1) * width, min(group),
            divide_half_even(sum(group), len(group)), max(group),
        )
        for place, group in groups.items()
    )  # fmt: skip
    assert len(slices._held) <= most
