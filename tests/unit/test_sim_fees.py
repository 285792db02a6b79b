"""What an execution costs: `tools.live.sim.fees`."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from tests.unit.fee_builders import AnExecution, AnOrder, bought, fee, sold
from tools.live.core.contracts_v1 import BUY
from tools.live.core.errors import ContractError
from tools.live.core.money import CASH_SCALE, SCALE, divide_half_even
from tools.live.sim import fees as fees_module
from tools.live.sim.fees import (
    NS_PER_DAY, FlatFees, PerUnitFees, SumOfFees, Tier, TieredFees, checked_size, money_e18,
)  # fmt: skip

TIERS = (Tier(0, 2, 5), Tier(1_000, 1, 4), Tier(10_000, "-0.5", 3))


# Basis points.


def test_makers_and_takers_pay_their_own_rate_and_a_rebate_is_below_zero() -> None:
    fees = FlatFees(maker_bps=-1, taker_bps="7.5")
    assert fee(fees, bought(2, 100)) == 0.15
    assert fee(fees, bought(2, 100, liquidity="maker")) == -0.02
    assert fee(fees, sold(2, 100)) == 0.15
    assert fees.state() == ()
    assert fees.describe() == {"model": "flat", "maker_bps": "-1", "taker_bps": "7.5"}


def test_nothing_is_charged_that_nobody_asked_for() -> None:
    assert fee(FlatFees(), bought(2, 100)) == 0


def test_half_a_step_of_money_is_rounded_to_even() -> None:
    # One step of quantity at one step of price is one step of money; 5,000 bps are half of it.
    tiny = AnExecution(AnOrder("O1", BUY), 1, 1, "taker")
    three = AnExecution(AnOrder("O1", BUY), 3, 1, "taker")
    fees = FlatFees(taker_bps=5_000)
    assert fees.fee_e18(tiny, ts_ns=0) == 0
    assert fees.fee_e18(three, ts_ns=0) == 2


# Tiers.


def test_what_was_traded_counts_from_the_next_day_on() -> None:
    fees = TieredFees(TIERS)
    assert fee(fees, bought(10, 100), 0) == 0.5  # 1,000 at 5 bps
    assert fee(fees, bought(10, 100), 0) == 0.5
    assert fee(fees, bought(10, 100), 1) == 0.4  # 2,000 before: the second tier
    assert fees.volume_e18 == 2_000 * CASH_SCALE
    assert fee(fees, bought(10, 100, liquidity="maker"), 1) == 0.1


def test_a_floor_that_is_reached_exactly_is_reached() -> None:
    fees = TieredFees(TIERS)
    fee(fees, bought(10, 100), 0)
    assert fee(fees, bought(1, 1_000), 1) == 0.4
    below = TieredFees(TIERS)
    fee(below, bought(10, "99.99"), 0)
    assert fee(below, bought(1, 1_000), 1) == 0.5


def test_a_day_counts_for_thirty_days_and_then_no_more() -> None:
    for day, expected in ((30, 0.4), (31, 0.5)):
        fees = TieredFees(TIERS)
        fee(fees, bought(10, 100), 0)
        assert fee(fees, bought(1, 1_000), day) == expected


def test_days_without_a_trade_leave_nothing_behind() -> None:
    fees = TieredFees(TIERS)
    fee(fees, bought(10, 100), 0)
    fee(fees, bought(0, 100), 5)
    fee(fees, bought(0, 100), 6)
    assert fees.state() == (6, 0, ((0, 1_000 * CASH_SCALE),))


def test_what_was_traded_before_the_run_is_of_the_day_before() -> None:
    fees = TieredFees(TIERS, volume=10_000)
    assert fee(fees, bought(1, 1_000, liquidity="maker"), 40) == -0.05
    assert fee(fees, bought(0, 1), 69) == 0
    assert fees.volume_e18 == 11_000 * CASH_SCALE
    fee(fees, bought(0, 1), 70)
    assert fees.volume_e18 == 1_000 * CASH_SCALE


def test_time_that_goes_back_changes_no_day() -> None:
    fees = TieredFees(TIERS)
    fee(fees, bought(10, 100), 5)
    fee(fees, bought(10, 100), 4)
    assert fees.state()[:2] == (5, 2_000 * CASH_SCALE)


def test_tiers_describe_themselves() -> None:
    assert TieredFees(TIERS, volume="7.5").describe() == {
        "model": "tiers", "volume": "7.5",
        "tiers": [["0", "2", "5"], ["1000", "1", "4"], ["10000", "-0.5", "3"]],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("tiers", "said"),
    [
        ((), "tiers is empty; give at least one that begins at volume 0"),
        ((Tier(1, 1, 1),), "tier volumes 1 must begin at 0 and rise from tier to tier"),
        ((Tier(0, 1, 1), Tier(5, 1, 1), Tier(5, 1, 1)),
         "tier volumes 0, 5, 5 must begin at 0 and rise from tier to tier"),
        ((Tier(0, 1, 1), Tier(-1, 1, 1)), "tier volume -1 must be 0 or more"),
        ((Tier(0, "1e400", 1),), "maker_bps '1e400' is beyond 1000000000000000 units"),
        ((Tier(0, 1, float("nan")),), "taker_bps nan is not a finite number"),
    ],
)  # fmt: skip
def test_tiers_that_cannot_be_are_refused(tiers: tuple[Tier, ...], said: str) -> None:
    with pytest.raises(ContractError) as caught:
        TieredFees(tiers)
    assert str(caught.value) == said


@pytest.mark.parametrize("seed", range(20))
def test_tiers_are_what_a_list_of_all_trades_says(seed: int) -> None:
    rng, fees, day = Random(seed), TieredFees(TIERS), 100
    trades: list[tuple[int, int]] = []
    for _ in range(200):
        day += rng.choice((0, 0, 0, 1, 1, 9, 33))
        execution = bought(rng.randint(1, 9), rng.randint(1, 200))
        got = fees.fee_e18(execution, ts_ns=day * NS_PER_DAY + rng.randint(0, NS_PER_DAY - 1))
        notional = execution.qty * execution.price
        past = sum(paid for when, paid in trades if day - 30 <= when < day)
        tier = [one for one in TIERS if int(one.volume) * CASH_SCALE <= past][-1]
        assert got == divide_half_even(notional * int(tier.taker_bps), 10_000)
        trades.append((day, notional))


# By the share, by the contract.


def test_so_much_a_share_with_a_minimum_and_a_most() -> None:
    # The widely known schedule: half a cent a share, at least a dollar, at most 1 % of the value.
    def fees() -> PerUnitFees:
        return PerUnitFees("0.005", minimum=1, most_bps=100)

    assert fee(fees(), bought(100, 25)) == 1.0
    assert fee(fees(), bought(1_000, 25)) == 5.0
    assert fee(fees(), bought(1_000, "0.25")) == 2.5
    assert fee(fees(), sold(10, "0.2")) == 0.02


def test_a_minimum_is_paid_once_however_an_order_fills() -> None:
    fees = PerUnitFees("0.005", minimum=1)
    assert [fee(fees, bought(100, 25)) for _ in range(4)] == [1.0, 0.0, 0.5, 0.5]
    assert fee(fees, bought(100, 25, "O2")) == 1.0
    assert fees.state() == (
        ("O1", 400 * SCALE, 10_000 * CASH_SCALE, 2 * CASH_SCALE),
        ("O2", 100 * SCALE, 2_500 * CASH_SCALE, CASH_SCALE),
    )


def test_a_contract_is_worth_more_than_its_price() -> None:
    assert fee(PerUnitFees("0.65", most_bps=10), bought(1, 2)) == 0.002
    assert fee(PerUnitFees("0.65", most_bps=10, unit_size=100), bought(1, 2)) == 0.2
    assert fee(PerUnitFees("0.65"), bought(3, 2)) == 1.95


def test_only_so_many_orders_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fees_module, "_MOST_ORDERS", 2)
    fees = PerUnitFees("0.005", minimum=1)
    assert [fee(fees, bought(1, 1, name)) for name in ("O1", "O2", "O1", "O3", "O1", "O2")] == [
        1.0, 1.0, 0.0, 1.0, 0.0, 1.0,
    ]  # fmt: skip


def test_units_describe_themselves() -> None:
    assert PerUnitFees("0.000000000000000001").describe() == {
        "model": "per_unit", "rate": "0.000000000000000001", "most_bps": None, "minimum": "0",
        "unit_size": 1,
    }  # fmt: skip
    assert PerUnitFees(1, most_bps="0.5", minimum=0.25, unit_size=100).describe() == {
        "model": "per_unit", "rate": "1", "most_bps": "0.5", "minimum": "0.25", "unit_size": 100,
    }  # fmt: skip


@pytest.mark.parametrize("seed", range(20))
def test_executions_of_an_order_pay_what_it_would_have_paid_whole(seed: int) -> None:
    rng = Random(seed)
    fees = PerUnitFees("0.0035", minimum="0.35", most_bps=rng.choice((None, 100)))
    parts = [rng.randint(1, 10**12) for _ in range(rng.randint(1, 9))]
    price = rng.randint(1, 10**11)
    order = AnOrder("O1", BUY)
    paid = [fees.fee_e18(AnExecution(order, part, price, ""), ts_ns=0) for part in parts]
    assert min(paid) >= 0
    total: int = sum(parts)
    whole = fees.fee_e18(AnExecution(AnOrder("O2", BUY), total, price, ""), ts_ns=0)
    assert sum(paid) == whole


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: PerUnitFees(-1), "rate -1 and minimum 0 must be 0 or more"),
        (lambda: PerUnitFees(1, minimum="-0.5"), "rate 1 and minimum '-0.5' must be 0 or more"),
        (lambda: PerUnitFees(1, most_bps=-1), "most_bps -1 must be 0 or more"),
        (lambda: PerUnitFees("1_0"),
         "rate '1_0' is not plain digits with at most 18 decimals, such as -0.75"),
        (lambda: PerUnitFees(True), "rate True is not a number; give digits such as 0.01"),
        (lambda: checked_size(0), "unit_size 0 must be a whole number of 1 or more"),
        (lambda: checked_size(True), "unit_size True must be a whole number of 1 or more"),
    ],
)  # fmt: skip
def test_schedules_that_cannot_be_are_refused(make: Callable[[], Any], said: str) -> None:
    with pytest.raises(ContractError) as caught:
        make()
    assert str(caught.value) == said


# Several at once.


def test_schedules_add_up() -> None:
    broker, venue = PerUnitFees("0.005", minimum=1), FlatFees(maker_bps=-1)
    both = SumOfFees(broker, venue)
    assert fee(both, bought(100, 25, liquidity="maker")) == 0.75
    assert both.state() == (broker.state(), ())
    assert both.describe() == {"model": "sum", "parts": [broker.describe(), venue.describe()]}


def test_nothing_added_up_is_nothing() -> None:
    assert fee(SumOfFees(), bought(100, 25)) == 0


def test_money_may_be_written_as_people_do() -> None:
    assert money_e18("0.000000000000000001", "x") == 1
    assert money_e18(0.1, "x") == CASH_SCALE // 10
    assert money_e18(2, "x") == 2 * CASH_SCALE
