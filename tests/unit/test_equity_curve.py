"""The equity over time: samples of a grid, ratios, and falls from a peak."""

from __future__ import annotations

from math import isclose, sqrt
from statistics import fmean, stdev

import pytest

from tests.unit.prop import chance
from tools.live.portfolio.equity_curve import EquityCurve, Fall

YEAR = 1000


def curve(*moves: tuple[int, int], grid: int = 10, end: int = 0) -> EquityCurve:
    made = EquityCurve(grid)
    made.begin(0)
    for ns, by in moves:
        made.move(by, ns)
    made.finish(end or moves[-1][0])
    return made


def test_nothing_moved() -> None:
    made = EquityCurve(10)
    made.begin(5)
    made.finish(5)
    assert (made.samples, made.equity, made.deepest, made.longest_ns) == (0, 0, None, 0)
    assert (made.deviation_e18(), made.sharpe(YEAR), made.sortino(YEAR)) == (None, None, None)


def test_an_instant_of_the_grid_has_the_last_value_up_to_it() -> None:
    made = curve((10, 3), (10, 4), (11, 100), (20, -50))
    assert (made.samples, made.total, made.squares, made.down_squares) == (2, 57, 49 + 2500, 0)


def test_periods_in_which_nothing_moved_count() -> None:
    made = curve((5, 6), (35, -2), end=39)
    assert (made.samples, made.total, made.squares) == (3, 6, 36)
    made = curve((5, 6), (35, -2), end=40)
    assert (made.samples, made.total, made.squares, made.down_squares) == (4, 4, 40, 4)


def test_ratios_need_something_that_varies() -> None:
    assert curve((10, 5)).sharpe(YEAR) is None
    steady = curve((10, 5), (20, 5), (30, 5))
    assert (steady.sharpe(YEAR), steady.deviation_e18(), steady.sortino(YEAR)) == (None, 0.0, None)


def test_ratios_of_a_run_that_loses_are_below_zero() -> None:
    made = curve((10, -1), (20, -3))
    assert made.sharpe(10) == -sqrt(2)
    assert made.sortino(10) == -2 / sqrt(5)


@pytest.mark.parametrize("seed", range(20))
def test_ratios_are_those_of_the_textbook(seed: int) -> None:
    draw = chance(seed)
    ns, moves = 0, []
    for _ in range(draw.randrange(2, 60)):
        ns += draw.randrange(0, 25)
        moves.append((ns, draw.randrange(-100, 100)))
    made = curve(*moves, end=ns + 7)
    values = [
        sum(by for at, by in moves if at <= instant) for instant in range(10, ns + 8, 10)
    ]
    values.insert(0, 0)  # a run begins with nothing
    moved = [after - before for before, after in zip(values, values[1:], strict=False)]
    assert (made.samples, made.total) == (len(moved), sum(moved))
    if len(moved) < 2 or not stdev(moved):
        return
    sharpe, sortino = made.sharpe(YEAR), made.sortino(YEAR)
    assert sharpe is not None and isclose(
        sharpe, fmean(moved) / stdev(moved) * sqrt(YEAR / 10), abs_tol=1e-12
    )
    assert made.deviation_e18() is not None and isclose(made.deviation_e18() or 0, stdev(moved))
    down = sqrt(fmean([min(one, 0) ** 2 for one in moved]))
    if down:
        assert sortino is not None
        assert isclose(sortino, fmean(moved) / down * sqrt(YEAR / 10), abs_tol=1e-12)
    else:
        assert sortino is None


def test_the_deepest_fall_and_the_way_back() -> None:
    made = curve((1, 10), (2, -4), (3, -1), (6, 5), (8, -3), (9, 1), (30, 2))
    assert made.deepest == Fall(5, 10, 2, 3, 6)
    assert (made.longest_ns, made.high, made.low) == (22, 10, 0)


def test_the_first_of_equal_falls_counts() -> None:
    assert curve((1, -4), (2, 4), (3, -4), (9, 4)).deepest == Fall(4, 0, 1, 1, 2)


def test_the_first_of_equal_troughs_counts() -> None:
    assert curve((1, -4), (2, 2), (3, -2), (9, 4)).deepest == Fall(4, 0, 1, 1, 9)


def test_a_fall_that_goes_on_at_the_end_is_not_regained() -> None:
    made = curve((1, 10), (2, -4), (5, 1), end=50)
    assert made.deepest == Fall(4, 10, 2, 2, None)
    assert (made.longest_ns, made.low) == (48, 0)


def test_a_run_that_begins_with_a_loss_falls_from_nothing() -> None:
    made = curve((4, -7), (6, -1))
    assert made.deepest == Fall(8, 0, 4, 6, None)
    assert (made.low, made.high) == (-8, 0)


@pytest.mark.parametrize("seed", range(20))
def test_falls_are_those_of_every_pair(seed: int) -> None:
    draw = chance(seed)
    moves = [(at, draw.randrange(-9, 10)) for at in range(1, draw.randrange(2, 80))]
    made, value, values = curve(*moves), 0, [0]
    for _, by in moves:
        value += by
        values.append(value)
    deepest = max(max(values[: at + 1]) - value for at, value in enumerate(values))
    assert (0 if made.deepest is None else made.deepest.depth_e18) == deepest
    assert (made.high, made.low, made.equity) == (max(values), min(values), values[-1])
