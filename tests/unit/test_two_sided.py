"""Both sides of the middle are quoted, and rounding never narrows the spread."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest

from tests.unit import prop
from tools.live.core.contracts_v1 import BUY, SELL
from tools.live.core.errors import ContractError
from tools.live.core.money import SCALE
from tools.live.strategy.two_sided import TwoSided


def test_intents_by_hand() -> None:
    """The middle is 50,000 and half of five basis points of it is 12.50."""
    strategy = TwoSided(base_qty=SCALE // 100, spread_bps=5 * SCALE)
    buy, sell = strategy.intents("BTCUSDT", 49_975 * SCALE, 50_025 * SCALE)
    assert buy == (BUY, SCALE // 100, 49_987_500_000_000)
    assert sell == (SELL, SCALE // 100, 50_012_500_000_000)
    assert (strategy.base_qty, strategy.spread_bps) == (SCALE // 100, 5 * SCALE)


def test_the_buy_rounds_down_and_the_sell_up() -> None:
    buy, sell = TwoSided(base_qty=1, spread_bps=0).intents("A", 1, 2)
    assert (buy[2], sell[2]) == (1, 2)
    buy, sell = TwoSided(base_qty=1, spread_bps=1).intents("A", 10, 10)
    assert (buy[2], sell[2]) == (9, 11)


def test_no_spread_is_the_middle() -> None:
    buy, sell = TwoSided(base_qty=1, spread_bps=0).intents("A", 99, 101)
    assert (buy[2], sell[2]) == (100, 100)


@pytest.mark.parametrize("seed", range(30))
def test_prices_are_the_nearest_that_do_not_narrow_the_spread(seed: int) -> None:
    rng = prop.chance(seed)
    for _ in range(100):
        bid, ask = prop.a_price(rng), prop.a_price(rng)
        spread = rng.randint(0, 10 ** rng.randint(1, 13))
        buy, sell = TwoSided(base_qty=7, spread_bps=spread).intents("A", bid, ask)
        mid = Fraction(bid + ask, 2)
        half = mid * spread / SCALE / 20_000
        assert (buy[2], sell[2]) == (math.floor(mid - half), math.ceil(mid + half))
        assert (buy[:2], sell[:2]) == ((BUY, 7), (SELL, 7))


@pytest.mark.parametrize(("qty", "shown"), [(0, "0.0"), (-1, "-1e-09")])
def test_a_size_is_above_zero(qty: int, shown: str) -> None:
    with pytest.raises(ContractError) as refused:
        TwoSided(base_qty=qty, spread_bps=0)
    assert str(refused.value) == f"base_qty {shown} must be above 0"


@pytest.mark.parametrize(
    ("spread", "shown"), [(-1, "-1e-09"), (20_000 * SCALE, "20000.0"), (10**15, "1000000.0")]
)
def test_a_spread_is_less_than_the_whole_price(spread: int, shown: str) -> None:
    with pytest.raises(ContractError) as refused:
        TwoSided(base_qty=1, spread_bps=spread)
    assert str(refused.value) == f"spread_bps {shown} is not from 0 to below 20000"


def test_the_widest_spread_leaves_a_price() -> None:
    widest = TwoSided(base_qty=1, spread_bps=20_000 * SCALE - 1)
    buy, sell = widest.intents("A", 50_000 * SCALE, 50_000 * SCALE)
    assert buy[2] == 2
    assert sell[2] == 100_000 * SCALE - 2
