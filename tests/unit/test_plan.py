"""The plan of a generated market: its defaults, and one clear line per wrong field."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.generated_world import a_plan
from tools.live.core.errors import ContractError
from tools.live.core.money import LARGEST_E9, SCALE
from tools.live.market.disturb import Delay, Drop, Duplicate, Lose
from tools.live.market.normalize.wire import LATEST_NS
from tools.live.market.plan import MarketPlan, checked, described, lowest_mid, tick_of
from tools.live.market.regimes import Regime

CALM = Regime.CALM


def test_the_defaults_are_a_calm_minute() -> None:
    plan = checked(MarketPlan(("AUSD",)))
    assert described(plan) == {
        "symbols": ["AUSD"], "seed": 42, "start_ns": 0, "schedule": [["calm", 60]], "tick": 0,
        "lot": 1_000_000, "spread_ticks": 10, "levels": 10, "correlation_e9": 0, "toxic_e9": 0,
        "snapshot_seconds": 10, "disturbances": [],
    }  # fmt: skip


def test_a_plan_as_plain_data_tells_everything() -> None:
    script = (Drop(1, 2), Duplicate(3, 3), Delay(4, 5), Lose(6, 7))
    plan = a_plan("AUSD", "BUSD", schedule=((CALM, 1), (Regime.HALTED, 2)), disturbances=script)
    shown = described(plan)
    assert shown["schedule"] == [["calm", 1], ["halted", 2]]
    assert shown["disturbances"] == [
        {"kind": "drop", "first": 1, "last": 2}, {"kind": "duplicate", "first": 3, "last": 3},
        {"kind": "delay", "at": 4, "by": 5}, {"kind": "lose", "from_ns": 6, "until_ns": 7},
    ]  # fmt: skip


def test_seconds_are_those_of_all_regimes() -> None:
    assert a_plan(schedule=((CALM, 3), (Regime.THIN, 4))).seconds == 7


def test_a_tick_is_a_basis_point_of_the_first_price_unless_it_is_said() -> None:
    assert tick_of(a_plan(), "BTCUSDT") == 5 * SCALE
    assert tick_of(a_plan(), "AUSD") == SCALE * 3 // 10
    assert tick_of(a_plan(tick=7), "AUSD") == 7


def test_the_lowest_mid_has_room_for_the_widest_spread_and_all_levels() -> None:
    assert lowest_mid(a_plan(spread_ticks=6, levels=20)) == 44


WHOLE = [
    ("seed", 0, 2**63 - 1), ("start_ns", 0, LATEST_NS), ("tick", 0, LARGEST_E9),
    ("lot", 1, 10**6 * SCALE), ("spread_ticks", 1, 100_000), ("levels", 1, 1000),
    ("correlation_e9", 0, SCALE), ("toxic_e9", 0, SCALE), ("snapshot_seconds", 0, 604_800),
]  # fmt: skip


@pytest.mark.parametrize(("field", "lowest", "highest"), WHOLE)
@pytest.mark.parametrize("wrong", [None, True, 1.0, "1", -1, "over"])
def test_each_number_is_whole_and_in_its_range(
    field: str, lowest: int, highest: int, wrong: Any
) -> None:
    value = {"over": highest + 1, -1: lowest - 1}.get(wrong, wrong)
    with pytest.raises(ContractError) as refused:
        checked(a_plan(**{field: value}))
    assert str(refused.value) == (
        f"{field} {value!r} is not a whole number from {lowest} to {highest}; correct it"
    )


@pytest.mark.parametrize(("field", "lowest", "highest"), WHOLE)
def test_the_ends_of_a_range_are_in_it(field: str, lowest: int, highest: int) -> None:
    for value in (lowest, highest):
        fine = {"tick": 1} if field in ("spread_ticks", "levels") else {}
        plan = a_plan(**{**fine, field: value})
        if (field, value) == ("tick", highest):
            with pytest.raises(ContractError, match="too coarse"):
                checked(plan)
        else:
            assert checked(plan) is plan


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"schedule": ()}, "schedule: at least one regime and its seconds are required"),
        ({"schedule": (("calm", 5),)},
         "regime 'calm' is no Regime; take one of CALM, TREND, BURST, THIN, HALTED"),
        ({"schedule": ((CALM, 5), (Regime.THIN, 0))},
         "seconds of thin 0 is not a whole number from 1 to 604800; correct it"),
        ({"schedule": ((CALM, 604_800), (CALM, 1))},
         "seconds of the schedule 604801 is not a whole number from 1 to 604800; correct it"),
        ({"disturbances": (Drop(0, 1),)},
         "drop first 0 is not a whole number from 1 to 1000000000000; correct it"),
        ({"tick": 15 * SCALE + 1},
         "tick 15.000000001 is too coarse for AUSD: with this spread and these levels its first"
         " price must be at least 200 ticks; make a tick, the spread or the levels smaller"),
        ({"spread_ticks": 623},
         "spread_ticks 623 is too coarse for AUSD: with this spread and these levels its first"
         " price must be at least 10008 ticks; make a tick, the spread or the levels smaller"),
    ],
)  # fmt: skip
def test_a_wrong_plan_is_refused_in_one_line(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ContractError) as refused:
        checked(a_plan(**changes))
    assert str(refused.value) == message


@pytest.mark.parametrize("changes", [{"tick": 15 * SCALE}, {"spread_ticks": 622}])
def test_the_coarsest_that_leaves_room_is_allowed(changes: dict[str, Any]) -> None:
    assert checked(a_plan(**changes)).symbols == ("AUSD",)


def test_symbols_are_checked_as_everywhere() -> None:
    with pytest.raises(ContractError, match="^symbols: at least one is required$"):
        checked(MarketPlan(()))
    with pytest.raises(ContractError, match="^symbol 'A' is given twice$"):
        checked(a_plan("A", "A"))
    alone: Any = "AB"
    with pytest.raises(ContractError, match=r"^symbols 'AB' is no tuple; write \('BTCUSDT',\)$"):
        checked(MarketPlan(alone))


def test_the_finest_of_several_prices_decides() -> None:
    with pytest.raises(ContractError, match="^tick 100 is too coarse for AUSD"):
        checked(a_plan("BTCUSDT", "AUSD", tick=100 * SCALE))
    assert checked(a_plan("BTCUSDT", tick=100 * SCALE))
