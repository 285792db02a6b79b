"""What every queue model keeps, whatever the level: bounds, order, and its own formula.

Everything is a whole number, so the bounds hold exactly. Formulas are compared with exact
fractions, or with floats to ten digits where a model is computed in fixed point.
"""

from __future__ import annotations

from fractions import Fraction
from math import log1p

import pytest

from tests.exchange.random_venue import MODELS
from tests.unit import prop
from tools.live.core.money import SCALE
from tools.live.sim.queue import LogQueue, PowerQueue, Proportional, QueueModel, ahead_after

all_models = pytest.mark.parametrize("model", MODELS, ids=lambda model: str(model.describe()))


@all_models
@pytest.mark.parametrize("unit", (1, 10**7, SCALE))
def test_every_small_level_keeps_bounds_and_order(model: QueueModel, unit: int) -> None:
    """Never negative, never more than is left, never more than before; and nobody overtakes."""
    for level in range(1, 26):
        for gone in range(level + 1):
            before = -1
            for ahead in range(level + 1):
                after = ahead_after(model, ahead * unit, level * unit, gone * unit)
                assert 0 <= after <= min(ahead, level - gone) * unit
                assert after >= before, (level, gone, ahead)
                before = after


@all_models
@pytest.mark.parametrize("seed", range(10))
def test_neighbours_in_large_levels_keep_their_order(model: QueueModel, seed: int) -> None:
    rng = prop.chance(seed)
    for _ in range(150):
        level = rng.randint(2, 10 ** rng.randint(1, 15))
        gone, ahead = rng.randint(0, level), rng.randint(0, level - 1)
        near, far = (ahead_after(model, one, level, gone) for one in (ahead, ahead + 1))
        assert 0 <= near <= far <= level - gone


@all_models
def test_the_rest_of_the_level_is_behind_us_and_never_less_than_nothing(model: QueueModel) -> None:
    rng = prop.chance(7)
    for _ in range(500):
        ahead, behind = rng.randint(0, 10**12), rng.randint(1, 10**12)
        gone = rng.randint(0, ahead + behind)
        cut = model.gone_ahead(ahead, behind, gone)
        assert 0 <= cut <= ahead and gone - cut <= behind


@pytest.mark.parametrize("n", (1, 2, 3, 7))
def test_a_whole_power_is_exact(n: int) -> None:
    """As long as no more than 1/n of the level goes at once: one piece, by the formula."""
    rng, model = prop.chance(n), PowerQueue(n)
    for _ in range(400):
        ahead, behind = rng.randint(1, 10**12), rng.randint(1, 10**12)
        gone = rng.randint(0, (ahead + behind) // n)
        share = Fraction(ahead**n, ahead**n + behind**n) * gone
        expected = min(ahead, max(int(share), gone - behind))
        assert model.gone_ahead(ahead, behind, gone) == expected


def test_the_first_power_is_the_proportional_model() -> None:
    rng, model, plain = prop.chance(1), PowerQueue(1), Proportional()
    for _ in range(400):
        ahead, behind = rng.randint(0, 10**12), rng.randint(1, 10**12)
        gone = rng.randint(0, ahead + behind)
        assert model.gone_ahead(ahead, behind, gone) == plain.gone_ahead(ahead, behind, gone)


@pytest.mark.parametrize("n", ("0.1", "0.5", "0.999999999", "1.5", "2.25", "11.7"))
def test_any_other_power_is_right_to_ten_digits(n: str) -> None:
    rng, model = prop.chance(3), PowerQueue(n)
    for _ in range(200):
        ahead, behind = rng.randint(10**6, 10**12), rng.randint(10**6, 10**12)
        gone = rng.randint(0, (ahead + behind) // 12)
        share = gone / (1 + (behind / ahead) ** float(n))
        expected = min(ahead, max(share, gone - behind))
        assert model.gone_ahead(ahead, behind, gone) == pytest.approx(expected, rel=1e-10, abs=1)


def test_the_logarithm_is_right_to_ten_digits() -> None:
    rng, model = prop.chance(4), LogQueue()
    for _ in range(200):
        ahead, behind = rng.randint(1, 10**13), rng.randint(1, 10**13)
        gone = rng.randint(0, ahead + behind)
        front, back = log1p(ahead / SCALE), log1p(behind / SCALE)
        expected = min(ahead, max(gone * front / (front + back), gone - behind))
        got = model.gone_ahead(ahead, behind, gone)
        assert got == pytest.approx(expected, rel=1e-9, abs=max(2, gone / 10**9))


@all_models
def test_a_level_that_goes_bit_by_bit_takes_us_to_its_front_at_last(model: QueueModel) -> None:
    rng = prop.chance(11)
    for _ in range(30):
        level = rng.randint(2, 10**10)
        ahead = rng.randint(1, level)
        while level:
            gone = rng.randint(1, max(1, level // rng.randint(1, 6)))
            ahead = ahead_after(model, ahead, level, gone)
            level -= gone
        assert ahead == 0
