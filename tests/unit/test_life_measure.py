"""What differs between life and a run, and on whose side the difference is."""

from __future__ import annotations

import pytest

from tests.unit.life_files import E9, MS, T0, a_deal
from tests.unit.prop import chance
from tools.live.core.contracts_v1 import BUY, SELL
from tools.live.core.errors import InvariantBroken
from tools.live.life import measure as measured
from tools.live.life.deals import Deal
from tools.live.life.match import match
from tools.live.life.measure import Drift, Sums, measure

E18 = 10**18


def drift(life: list[Deal], run: list[Deal]) -> Drift:
    return measure(match(life, run))


def test_cheaper_earlier_and_for_less_is_kinder() -> None:
    life = [a_deal(1, name="A", price=100 * E9, at_ns=T0 + 5 * MS, fee=E18 // 10)]
    run = [a_deal(1, name="A", price=99 * E9, at_ns=T0, fee=0)]
    found = drift(life, run)
    (one,) = found.differences
    assert (one.price_bps_e9, one.time_ns, one.fee_bps_e9) == (100 * E9, 5 * MS, 10 * E9)
    assert (one.price_gain_e18, one.fee_gain_e18, one.value_e18) == (E18, E18 // 10, 100 * E18)
    assert found.kindness is not None and found.kindness.fee is not None
    assert found.kindness.total.value == 110 * E9 and found.kindness.gain_e18 == 11 * E18 // 10
    assert (found.kindness.price.value, found.kindness.fee.value) == (100 * E9, 10 * E9)
    assert found.kindness.total.low is None  # one order tells no interval


def test_a_sale_at_more_is_kinder_too() -> None:
    life = [a_deal(1, name="A", side=SELL, price=100 * E9)]
    run = [a_deal(1, name="A", side=SELL, price=101 * E9)]
    (one,) = drift(life, run).differences
    assert one.price_bps_e9 == 100 * E9 and one.price_gain_e18 == E18
    (other,) = drift(run, life).differences
    assert other.price_gain_e18 == -E18 and other.price_bps_e9 < 0


def test_what_only_one_side_filled_is_missed_or_a_ghost() -> None:
    life = [a_deal(1, name="A", qty=3 * E9), a_deal(2, name="B"), a_deal(3, name="C", qty=E9)]
    run = [
        a_deal(1, name="A", qty=E9), a_deal(2, name="B", at_ns=None),
        a_deal(3, name="C", qty=4 * E9), a_deal(4, name="D", side=SELL), a_deal(5, at_ns=None),
    ]  # fmt: skip
    found = drift(life, run)
    sums = found.whole.sums
    assert (sums.life, sums.run, sums.matched, sums.missed, sums.ghosts) == (3, 3, 2, 1, 1)
    assert (sums.life_qty, sums.matched_qty, sums.missed_qty) == (5 * E9, 2 * E9, 3 * E9)
    assert (sums.run_qty, sums.ghost_qty) == (6 * E9, 4 * E9)
    assert (sums.missed_value_e18, sums.ghost_value_e18) == (300 * E18, 400 * E18)
    assert found.unfilled == 1
    (symbols, sides, liquidities) = found.parts
    assert [one.name for one in symbols[1]] == ["BTCUSDT"]
    assert [(one.name, one.sums.ghosts) for one in sides[1]] == [("Buy", 0), ("Sell", 1)]
    assert liquidities[0] == "liquidity"


def test_nothing_in_common() -> None:
    found = drift([a_deal(1, liquidity="")], [a_deal(1, symbol="ETHUSDT")])
    assert found.kindness is None and found.whole.price_bps_e9.quantiles == ()
    assert [one.name for one in found.parts[2][1]] == ["maker", "unknown"]


def test_fees_that_only_some_tell() -> None:
    life = [a_deal(1, name="A", fee=E18), a_deal(2, name="B")]
    run = [a_deal(1, name="A", fee=0), a_deal(2, name="B", fee=0)]
    found = drift(life, run)
    assert found.kindness is not None and found.kindness.fee is not None
    assert found.kindness.fee.value == 100 * E9 and found.kindness.total.value == 50 * E9
    assert found.whole.fee_bps_e9.count == 1


def test_sums_that_do_not_add_up_stop_the_process() -> None:
    with pytest.raises(InvariantBroken, match="do not add up"):
        measured._add_up("x", Sums(*([1] * 15)))


@pytest.mark.parametrize("seed", range(40))
def test_everything_adds_up(seed: int) -> None:
    draw = chance(seed)

    def side() -> list[Deal]:
        return [
            a_deal(seq, name=f"N{seq}" if draw.random() < 0.8 else "",
                   symbol=draw.choice(["BTCUSDT", "ETHUSDT"]), side=draw.choice([BUY, SELL]),
                   qty=draw.randrange(1, 5 * E9), price=draw.randrange(99 * E9, 101 * E9),
                   at_ns=None if draw.random() < 0.1 else T0 + draw.randrange(10**10),
                   liquidity=draw.choice(["maker", "taker", ""]),
                   fee=None if draw.random() < 0.5 else draw.randrange(-E18, E18))
            for seq in range(1, 25)
        ]  # fmt: skip

    life = [one for one in side() if one.filled]
    run = side()
    found = drift(life, run)
    sums = found.whole.sums
    assert sums.life == len(life) and sums.run == len([one for one in run if one.filled])
    assert sums.life_value_e18 == sums.matched_value_e18 + sums.missed_value_e18
    run_value = 0
    for difference in found.differences:
        paid = difference.run.cost_e18 * difference.qty / difference.run.filled
        run_value += difference.run.cost_e18
        assert abs(abs(difference.value_e18 - paid) - abs(difference.price_gain_e18)) < 10**6
    assert 0 <= sums.ghost_value_e18 <= sums.run_value_e18
    for _, parts in found.parts[:1]:
        for name in ("life", "run", "matched", "missed", "ghosts", "life_qty", "run_qty",
                     "matched_qty", "missed_qty", "ghost_qty", "life_value_e18",
                     "missed_value_e18", "matched_value_e18", "ghost_value_e18"):  # fmt: skip
            total: int = sum([getattr(part.sums, name) for part in parts])
            assert total == getattr(sums, name), name
