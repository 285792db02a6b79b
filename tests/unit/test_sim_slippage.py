"""Slippage: the published vectors, and rounding against the one who trades."""

from __future__ import annotations

from fractions import Fraction

import pytest

from tests.unit import prop
from tests.unit.sim_venue_builders import e9
from tools.live.core.errors import ContractError
from tools.live.core.words_v1 import BUY, SELL, Side
from tools.live.sim.slippage import FixedBps, Slippage, SpreadBased, VolumeImpact


def slipped(model: Slippage, side: Side, price: object, qty: object = 1, **quote: object) -> int:
    bid, ask = e9(quote.get("bid", 0)), e9(quote.get("ask", 0))  # type: ignore[arg-type]
    return model.price(side, e9(price), e9(qty), bid=bid, ask=ask)  # type: ignore[arg-type]


def test_the_published_vectors() -> None:
    assert slipped(VolumeImpact(), BUY, 100, 10_000) == e9("101")
    assert slipped(VolumeImpact(), SELL, 100, 10_000) == e9("99")
    assert slipped(FixedBps(), BUY, 100) == e9("100.05")
    assert slipped(FixedBps(10), SELL, 100) == e9("99.9")
    assert slipped(SpreadBased(), BUY, 100, bid="99.9", ask="100.1") == e9("100.05")
    assert slipped(SpreadBased(), SELL, 100, bid="99.9", ask="100.1") == e9("99.95")


def test_a_share_of_two_goes_as_far_beyond_the_touch_as_the_middle_is_before_it() -> None:
    assert slipped(SpreadBased(2), BUY, 100, bid="99.9", ask="100.1") == e9("100.2")
    assert slipped(SpreadBased(2), SELL, 100, bid="99.9", ask="100.1") == e9("99.8")


@pytest.mark.parametrize("quote", ((0, 0), (0, 100), (101, 100), (100, 0)))
def test_without_a_sound_quote_the_spread_is_no_measure(quote: tuple[int, int]) -> None:
    assert slipped(SpreadBased(), BUY, 100, bid=quote[0], ask=quote[1]) == e9(100)


def test_a_locked_quote_has_no_spread() -> None:
    assert slipped(SpreadBased(3), BUY, 90, bid=100, ask=100) == e9(100)


def test_rounding_goes_against_the_one_who_trades() -> None:
    assert FixedBps("0.1").price(BUY, 3, 1, bid=0, ask=0) == 4
    assert FixedBps("0.1").price(SELL, 3, 1, bid=0, ask=0) == 2
    assert SpreadBased().price(BUY, 4, 1, bid=1, ask=4) == 4
    assert SpreadBased().price(SELL, 4, 1, bid=1, ask=4) == 1
    assert VolumeImpact(1, "0.000000001").price(BUY, 10, 1, bid=0, ask=0) == 11
    tick = e9("0.01")
    assert slipped(FixedBps(5, tick), BUY, "100.03") == e9("100.09")
    assert slipped(FixedBps(5, tick), SELL, "100.03") == e9("99.97")
    assert slipped(SpreadBased("0.3", tick), BUY, 1, bid="99.95", ask="100.08") == e9("100.04")
    assert slipped(VolumeImpact(tick=tick), BUY, "33.33", 77) == e9("33.36")


def test_no_price_falls_to_nothing() -> None:
    assert slipped(FixedBps(20_000), SELL, 1) == 1
    assert slipped(FixedBps(20_000, e9("0.5")), SELL, 1) == e9("0.5")


@pytest.mark.parametrize("seed", range(5))
def test_the_square_root_is_the_exact_one_rounded_up(seed: int) -> None:
    """The shift is the least whole number whose square is not below the exact square."""
    rng = prop.chance(seed)
    for _ in range(100):
        price, qty = rng.randint(1, 10**15), rng.randint(1, 10**15)
        volume, factor = rng.randint(1, 10**6), rng.randint(1, 10**9)
        model = VolumeImpact(volume, nine_places(factor))
        shift = model.price(BUY, price, qty, bid=0, ask=0) - price
        exact = Fraction(price * factor, 10**9) ** 2 * Fraction(qty, volume * 10**9)
        assert shift * shift >= exact > (shift - 1) * (shift - 1)


def nine_places(e9_value: int) -> str:
    return f"{e9_value // 10**9}.{e9_value % 10**9:09d}"


def test_models_describe_themselves() -> None:
    assert FixedBps().describe() == {"slippage": "fixed_bps", "bps": "5", "tick": "0"}
    assert SpreadBased(tick=10**7).describe() == {
        "slippage": "spread", "share": "0.5", "tick": "0.01",
    }  # fmt: skip
    assert VolumeImpact().describe() == {
        "slippage": "volume_impact", "volume": "1000000", "factor": "0.1", "tick": "0",
    }  # fmt: skip


@pytest.mark.parametrize("bad", (-1, "nan", "1e999", "-0.1", "five"))
def test_bad_numbers_are_refused(bad: object) -> None:
    with pytest.raises(ContractError, match="slippage bps"):
        FixedBps(bad)  # type: ignore[arg-type]
    with pytest.raises(ContractError, match="slippage share"):
        SpreadBased(bad)  # type: ignore[arg-type]
    with pytest.raises(ContractError, match="slippage factor"):
        VolumeImpact(factor=bad)  # type: ignore[arg-type]
    with pytest.raises(ContractError, match="average daily volume"):
        VolumeImpact(bad)  # type: ignore[arg-type]


@pytest.mark.parametrize("bad", (-1, 0.01, True, "1"))
def test_a_tick_is_a_whole_number(bad: object) -> None:
    with pytest.raises(ContractError, match="tick"):
        FixedBps(5, bad)  # type: ignore[arg-type]


def test_a_volume_of_nothing_is_refused() -> None:
    with pytest.raises(ContractError, match="average daily volume"):
        VolumeImpact(0)
