"""Quantiles with intervals, and ratios drawn anew."""

from __future__ import annotations

import pytest

from tests.unit.prop import chance
from tools.live.life.intervals import Estimate, blocks_of, nearest_rank, quantile, ratio


@pytest.mark.parametrize(
    ("permille", "value"), [(0, 1), (1, 1), (500, 5), (501, 6), (900, 9), (990, 10), (1000, 10)]
)
def test_the_nearest_rank(permille: int, value: int) -> None:
    assert nearest_rank(list(range(1, 11)), permille) == value


def test_a_quantile_and_the_ranks_around_it() -> None:
    assert quantile(list(range(1, 101)), 500) == Estimate(50, 39, 61)
    assert quantile(list(range(1, 101)), 990) == Estimate(99, 96, None)
    assert quantile([7], 500) == Estimate(7, None, None)
    assert quantile(list(range(1, 11)), 10) == Estimate(1, None, 2)


def test_the_interval_of_a_quantile_covers_it() -> None:
    for permille in (500, 900, 990):
        covered = 0
        for seed in range(200):
            draw = chance(seed)
            one = quantile(sorted(int(draw.random() * 10**6) for _ in range(150)), permille)
            truth = permille * 1000
            covered += (one.low or 0) <= truth <= (one.high or 10**6)
        assert covered >= 186, permille


def test_a_long_sample_is_drawn_in_blocks_that_lose_nothing() -> None:
    sample = [(n, 1) for n in range(1234)]
    blocks = blocks_of(sample)
    assert len(blocks) == 400
    assert sum(one[0] for one in blocks) == sum(range(1234))
    assert sum(one[1] for one in blocks) == 1234


def test_a_ratio_of_sums() -> None:
    assert ratio([], 1, 1, "x") is None and ratio([(5, 0)], 1, 1, "x") is None
    assert ratio([(5, 2)], 10, 1, "x") == Estimate(25, None, None)
    assert ratio([(1, 2)] * 50, 10, 1, "x") == Estimate(5, 5, 5)
    draw = chance(3)
    sample = [(int(draw.random() * 100), 100) for _ in range(300)]
    one = ratio(sample, 1000, 1, "x")
    assert one is not None and one.low is not None and one.high is not None
    assert 450 < one.low < one.value < one.high < 550
    assert 50 < one.high - one.low < 82  # 1.96 standard errors of 16.7 to either side
    assert one == ratio(sample, 1000, 1, "x") != ratio(sample, 1000, 2, "x")


def test_a_draw_of_nothing_divides_by_nothing() -> None:
    one = ratio([(1, 1), *[(0, 0)] * 7], 10, 1, "x")
    assert one is not None and one.low == 0 and one.high == 10
    assert ratio([(1, 1), *[(0, 0)] * 6], 10, 1, "x") == Estimate(10, None, None)
