"""The walk of a mid: single draws made into integers, regimes, the shared factor, the floor."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from math import exp
from statistics import fmean, pstdev

import pytest

from tools.live.core.money import SCALE
from tools.live.core.rng import stream
from tools.live.market.regimes import (
    BELL, FINE, LEAP, LEG, STEP_NS, STEPS_PER_S, TRAITS, WIDEST, Regime, arrivals, below, bell,
    mids, regime_steps,
)  # fmt: skip

TRADES_A_STEP = {Regime.CALM: 0.5, Regime.TREND: 0.8, Regime.BURST: 3.0, Regime.THIN: 0.05,
                 Regime.HALTED: 0.0}  # fmt: skip


def of(*draws: float) -> Callable[[], float]:
    """A source of exactly these draws."""
    return iter(draws).__next__


def walk(
    *regimes: tuple[Regime, int], seed: int = 1, symbol: str = "A", first: int = 10_000,
    floor: int = 100, rho: int = 0,
) -> list[int]:  # fmt: skip
    steps = (regime for regime, count in regimes for _ in range(count))
    return list(
        mids(seed=seed, symbol=symbol, regimes=steps, first=first, floor=floor,
             correlation_e9=rho)
    )  # fmt: skip


def test_a_step_is_a_tenth_of_a_second() -> None:
    assert (STEPS_PER_S, STEP_NS, LEG) == (10, 100_000_000, 600)


def test_a_schedule_is_walked_step_by_step() -> None:
    steps = list(regime_steps(((Regime.CALM, 1), (Regime.HALTED, 2), (Regime.CALM, 1))))
    assert steps == [Regime.CALM] * 10 + [Regime.HALTED] * 20 + [Regime.CALM] * 10


@pytest.mark.parametrize("regime", Regime)
def test_the_chance_of_a_quiet_step_is_the_stated_rate(regime: Regime) -> None:
    assert TRAITS[regime].quiet_e9 == round(exp(-TRADES_A_STEP[regime]) * SCALE)


def test_the_widest_spread_is_that_of_a_thin_market() -> None:
    assert WIDEST == TRAITS[Regime.THIN].spread_times == 4


@pytest.mark.parametrize(("drawn", "found"), [(0.0, 0), (0.199, 0), (0.2, 1), (0.999, 4)])
def test_a_number_below_a_limit(drawn: float, found: int) -> None:
    assert below(of(drawn), 5) == found


def test_a_bell_is_made_of_the_quarters_of_a_draw() -> None:
    most = 4 * 8191
    assert bell(of(0.0)) == -most // 2
    assert bell(of(1 - 2**-53)) == most // 2
    for quarter in range(4):
        drawn = (5 << 13 * quarter) / 2**52
        assert bell(of(drawn)) == 5 - most // 2
    assert bell(of(0.5)) == 4096 - most // 2


def test_bells_have_the_stated_deviation_and_no_mean() -> None:
    draw = stream(1, "bells").random
    bells = [bell(draw) for _ in range(40_000)]
    assert abs(fmean(bells)) < 4 * BELL / 200
    assert abs(pstdev(bells) / BELL - 1) < 0.015


def test_arrivals_multiply_draws_until_none_is_left() -> None:
    quiet = SCALE // 4
    assert arrivals(of(0.2), quiet) == 0
    assert arrivals(of(0.25, 0.9), quiet) == 1  # an even chance of a quarter is an arrival
    assert arrivals(of(0.9, 0.9, 0.9, 0.9, 0.9, 0.1), quiet) == 5
    assert arrivals(of(0.6, 0.6, 0.6), quiet) == 2
    assert arrivals(of(1 - 2**-53), SCALE) == 0


def test_a_walk_begins_at_the_first_mid_and_has_a_value_for_each_step() -> None:
    found = walk((Regime.CALM, 50))
    assert len(found) == 50 and found[0] == 10_000 and len(set(found)) > 10


def test_a_move_by_hand() -> None:
    names = ("shared", "X:own", "trend")
    shared, own, way = (stream(3, f"generator:{name}").random for name in names)
    up = 1 if way() < 0.5 else -1
    place, expected = 5_000 * FINE, []
    for step in range(400):
        expected.append((place + 500) // 1000)
        regime = Regime.BURST if step < 200 else Regime.TREND
        pushes = []
        for draw in (shared, own):
            push, leap = bell(draw), draw()
            pushes.append(push * (LEAP if regime is Regime.BURST and leap < 0.03 else 1))
        exact = (0.6 * pushes[0] + 0.8 * pushes[1]) / BELL * TRAITS[regime].wander
        place += round(exact) + (500 * up if regime is Regime.TREND else 0)
    found = walk((Regime.BURST, 200), (Regime.TREND, 200), seed=3, symbol="X", first=5_000,
                 rho=SCALE * 36 // 100)  # fmt: skip
    assert found == expected


def test_a_trend_turns_at_the_end_of_a_leg() -> None:
    for seed in range(4):
        legs = walk((Regime.TREND, 2 * LEG + 1), seed=seed)
        drift = legs[LEG] - legs[0], legs[2 * LEG] - legs[LEG]
        assert drift[0] * drift[1] < 0


def test_a_leg_counts_from_the_beginning_of_the_market() -> None:
    calm, trend = walk((Regime.CALM, LEG + 100)), walk((Regime.CALM, LEG), (Regime.TREND, 100))
    other = walk((Regime.TREND, 100))
    way = trend[-1] - calm[-1]
    assert abs(way) == pytest.approx(50, abs=1)
    assert (other[-1] - walk((Regime.CALM, 100))[-1]) * way < 0


def test_one_symbol_moves_as_if_it_were_alone() -> None:
    assert walk((Regime.CALM, 50), symbol="A") != walk((Regime.CALM, 50), symbol="B")
    assert walk((Regime.CALM, 50), symbol="A", rho=SCALE) == (
        walk((Regime.CALM, 50), symbol="B", rho=SCALE)
    )


def test_a_mid_that_would_fall_below_the_floor_turns_back() -> None:
    found = walk((Regime.BURST, 5_000), first=120, floor=100)
    assert min(found) == 100
    free = walk((Regime.BURST, 5_000), first=100_120, floor=100)
    for step, (one, other) in enumerate(zip(found, free, strict=True)):
        if one != other - 100_000:
            assert found[step] - 100 == pytest.approx(100 - (other - 100_000), abs=1)
            return
    raise AssertionError("the floor was never reached")


def test_draws_do_not_depend_on_the_regime() -> None:
    """Burst or calm, the walk behind it goes on with the same draws."""
    calm = walk((Regime.CALM, 10), (Regime.CALM, 40))
    burst = walk((Regime.BURST, 10), (Regime.CALM, 40))
    moves = [[later - one for one, later in zip(mid[10:], mid[11:])] for mid in (calm, burst)]
    assert max(abs(one - other) for one, other in zip(*moves)) <= 1  # ticks round differently


def test_it_is_drawn_as_it_is_asked_for() -> None:
    def endless() -> Iterator[Regime]:
        while True:
            yield Regime.CALM

    found = mids(seed=1, symbol="A", regimes=endless(), first=50, floor=1, correlation_e9=0)
    assert len(list(islice(found, 7))) == 7
