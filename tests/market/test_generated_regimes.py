"""What each regime promises, measured: over seeds, with tolerances that the sizes allow.

A bound is about four standard errors of what is measured, so that it would fail for another market
and not for an unlucky seed; the seeds are fixed, so it either holds or does not.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import pairwise
from math import sqrt
from statistics import correlation, fmean, pstdev

import pytest

from tests.unit.generated_world import T0, events_of
from tools.live.core.clock import NS_PER_MS, NS_PER_S
from tools.live.core.contracts_v1 import BUY
from tools.live.core.market_v1 import Bbo, DepthSnapshot, MarketData, Trade
from tools.live.core.money import SCALE
from tools.live.market.regimes import LEG, STEP_NS, Regime, mids

TICK = SCALE * 3 // 10
SEEDS = range(4)
MINUTES = 4


def walked(seed: int, regime: Regime, symbol: str = "AUSD", rho_e9: int = 0,
           steps: int = 6_000) -> list[int]:  # fmt: skip
    """The moves of a mid, step by step."""
    walk = mids(seed=seed, symbol=symbol, regimes=[regime] * steps, first=100_000, floor=100,
                correlation_e9=rho_e9)  # fmt: skip
    return [later - before for before, later in pairwise(walk)]


def kurtosis(moves: Sequence[int]) -> float:
    """Three for a bell curve."""
    mean = fmean(moves)
    return fmean((move - mean) ** 4 for move in moves) / pstdev(moves) ** 4


def market(seed: int, regime: Regime, toxic_e9: int = 0) -> list[MarketData]:
    return events_of(seed=seed, schedule=((regime, MINUTES * 60),), toxic_e9=toxic_e9)


def spread_in_ticks(events: Sequence[MarketData]) -> float:
    return fmean((e.ask - e.bid) / TICK for e in events if isinstance(e, Bbo))


def trades_a_second(events: Sequence[MarketData]) -> float:
    return sum(isinstance(e, Trade) for e in events) / (MINUTES * 60)


# How the mid moves.


@pytest.mark.parametrize("seed", SEEDS)
def test_a_calm_mid_wanders_two_ticks_a_step_without_direction_or_memory(seed: int) -> None:
    moves = walked(seed, Regime.CALM)
    assert abs(pstdev(moves) - sqrt(4 + 1 / 6)) < 0.08  # a sixth comes from rounding to ticks
    assert abs(fmean(moves)) < 4 * 2 / sqrt(6_000)
    assert abs(correlation(moves[:-1], moves[1:]) + 0.02) < 0.055
    assert abs(kurtosis(moves) - 2.7) < 0.25  # four draws are a little less than a bell curve


@pytest.mark.parametrize("seed", SEEDS)
def test_a_trend_drifts_half_a_tick_a_step_and_turns_each_minute(seed: int) -> None:
    moves = walked(seed, Regime.TREND)
    legs = [fmean(moves[at : at + LEG]) for at in range(0, 6_000, LEG)]
    up = 1 if fmean(legs[0::2]) > 0 else -1
    assert abs(up * fmean(legs[0::2]) - 0.5) < 4 * 2 / sqrt(3_000)
    assert abs(up * fmean(legs[1::2]) + 0.5) < 4 * 2 / sqrt(3_000)
    assert abs(pstdev(moves) - sqrt(4 + 1 / 6 + 1 / 4)) < 0.1


def test_all_symbols_trend_together_and_the_seed_says_where_to() -> None:
    ways = []
    for seed in range(12):
        both = [sum(walked(seed, Regime.TREND, symbol, steps=LEG)) for symbol in ("A", "B")]
        assert (both[0] > 0) is (both[1] > 0)
        ways.append(both[0] > 0)
    assert 2 <= sum(ways) <= 10


@pytest.mark.parametrize("seed", SEEDS)
def test_a_burst_is_wild_and_has_fat_tails(seed: int) -> None:
    moves = walked(seed, Regime.BURST)
    assert abs(pstdev(moves) - sqrt(16 * (1 + 0.03 * 35))) < 0.8
    assert kurtosis(moves) > 10
    assert max(map(abs, moves)) > 40


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("regime", [Regime.CALM, Regime.BURST])
@pytest.mark.parametrize("rho", [0.0, 0.3, 0.8, 1.0])
def test_the_stated_correlation_is_found(rho: float, regime: Regime, seed: int) -> None:
    rho_e9 = int(rho * 10) * SCALE // 10
    first, second, third = (walked(seed, regime, symbol, rho_e9) for symbol in ("A", "B", "C"))
    for one, other in ((first, second), (first, third), (second, third)):
        assert abs(correlation(one, other) - rho) < (0.06 if regime is Regime.CALM else 0.12)


# What is shown of it, and who trades.


@pytest.mark.parametrize("seed", SEEDS)
def test_each_regime_has_its_spread_and_its_trades(seed: int) -> None:
    expected = {Regime.CALM: (10, 5), Regime.TREND: (10, 8), Regime.BURST: (20, 30),
                Regime.THIN: (40, 0.5)}  # fmt: skip
    for regime, (spread, rate) in expected.items():
        events = market(seed, regime)
        assert spread_in_ticks(events) == pytest.approx(spread)
        assert abs(trades_a_second(events) - rate) < 4 * sqrt(rate / (MINUTES * 60))


@pytest.mark.parametrize("seed", SEEDS)
def test_arrivals_are_as_scattered_as_poisson_says(seed: int) -> None:
    counts = [0] * (MINUTES * 600)
    for event in market(seed, Regime.BURST):
        if isinstance(event, Trade) and event.exchange_ns is not None:
            counts[(event.exchange_ns - T0) // STEP_NS] += 1
    assert abs(fmean(counts) - 3) < 0.13
    assert abs(pstdev(counts) ** 2 - 3) < 0.35
    assert abs(sum(count == 0 for count in counts) / len(counts) - 0.0498) < 0.017


@pytest.mark.parametrize("seed", SEEDS)
def test_benign_aggressors_buy_and_sell_alike(seed: int) -> None:
    sides = [e.side is BUY for e in market(seed, Regime.CALM) if isinstance(e, Trade)]
    assert abs(fmean(sides) - 0.5) < 2 / sqrt(len(sides))


def test_a_halted_market_shows_its_first_state_and_nothing_more() -> None:
    events = market(0, Regime.HALTED)
    assert [type(event) for event in events] == [DepthSnapshot, Bbo]


# What a trade tells about the mid behind it.


def markouts(events: Sequence[MarketData], horizon_ns: int) -> tuple[float, float]:
    """The mid's mean move in ticks in the direction of a trade, and its standard error."""
    mid = 0.0
    found: list[float] = []
    waiting: deque[tuple[int, float, int]] = deque()
    for event in events:
        assert event.exchange_ns is not None
        while waiting and waiting[0][0] < event.exchange_ns:  # the last quote prevails
            _, before, way = waiting.popleft()
            found.append(way * (mid - before))
        if isinstance(event, Bbo):
            mid = (event.bid + event.ask) / 2 / TICK
        elif isinstance(event, Trade):
            way = 1 if event.side is BUY else -1
            waiting.append((event.exchange_ns + horizon_ns, mid, way))
    return fmean(found), pstdev(found) / sqrt(len(found))


HORIZONS = (100 * NS_PER_MS, NS_PER_S, 10 * NS_PER_S)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("share", [6, 10])
def test_toxic_flow_shows_in_the_markouts(share: int, seed: int) -> None:
    events = market(seed, Regime.CALM, share * SCALE // 10)
    for horizon_ns in HORIZONS:
        mean, error = markouts(events, horizon_ns)
        assert mean > 3 * error
    mean, error = markouts(events, NS_PER_S)
    assert abs(mean - share / 10 * 2 * sqrt(10) * 0.8) < 4.5 * error  # the mean of |ten steps|


@pytest.mark.parametrize("seed", SEEDS)
def test_benign_flow_does_not(seed: int) -> None:
    events = market(seed, Regime.CALM)
    for horizon_ns in HORIZONS:
        mean, error = markouts(events, horizon_ns)
        assert abs(mean) < 3 * error
