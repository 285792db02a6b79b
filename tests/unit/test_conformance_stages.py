"""The candidates of this package are certified: fake, simulated, recorded, faulty."""

from __future__ import annotations

import pytest

from tools.live.conformance import stages_faulty, stages_recorded, stages_simulated
from tools.live.conformance.candidate import Candidate, Fate
from tools.live.conformance.case import Outcome
from tools.live.conformance.catalogue import CASES
from tools.live.conformance.desk import Desk
from tools.live.conformance.loading import load
from tools.live.conformance.runner import run_cases
from tools.live.core.contracts_v1 import BUY, SELL
from tools.live.sim.orders import OrderKind, TimeInForce

OURS = (
    "tools.live.conformance.stages:fake",
    "tools.live.conformance.stages_simulated:simulated",
    "tools.live.conformance.stages_simulated:simulated_later",
    "tools.live.conformance.stages_recorded:recorded",
    "tools.live.conformance.stages_faulty:faulty",
)


@pytest.mark.parametrize("where", OURS)
def test_ours_fail_no_case_and_earn_no_warning(where: str) -> None:
    results = run_cases(load(where), CASES)
    wrong = (Outcome.FAILED, Outcome.WARNED)
    assert [(one.case.id, one.evidence) for one in results if one.outcome in wrong] == []
    passed = sum(1 for one in results if one.outcome is Outcome.PASSED)
    assert passed >= 50


@pytest.mark.parametrize("make", [stages_simulated.simulated, stages_simulated.simulated_later])
@pytest.mark.parametrize("side", [BUY, SELL])
def test_the_simulated_market_meets_orders_of_any_kind(make: object, side: object) -> None:
    assert callable(make)
    desk = Desk(make)
    order = desk.order(side, kind=OrderKind.MARKET, price=None)  # type: ignore[arg-type]
    placed = desk.submit(order, Fate.FILLS)
    desk.settle()
    assert desk.filled(placed.order_id) == placed.qty


def test_a_day_order_is_taken_where_no_close_is_known() -> None:
    desk = Desk(stages_simulated.simulated)
    placed = desk.submit(desk.order(time_in_force=TimeInForce.DAY), Fate.RESTS)
    assert placed.order_id is not None
    assert [one.order_id for one in desk.open_orders()] == [placed.order_id]


def test_a_trade_of_the_world_finds_only_the_named_order() -> None:
    desk = Desk(stages_simulated.simulated)
    first, second = desk.resting(), desk.resting(SELL)
    assert desk.trade("ORD999999", 1) == []
    assert len(desk.trade(first.order_id or "", 5)) == 1
    assert len(desk.trade(second.order_id or "", 5)) == 1
    assert desk.filled(first.order_id) == desk.filled(second.order_id) == 5


def test_the_recorded_exchange_is_rehearsed_by_a_fake() -> None:
    made = stages_recorded.recorded()
    assert isinstance(made, Candidate)
    desk = Desk(stages_recorded.recorded)
    placed = desk.filling()
    assert desk.filled(placed.order_id) == placed.qty
    assert desk.positions() == {desk.stage.symbols[0]: placed.qty}
    more = [desk.place(desk.request(), Fate.FILLS).order_id for _ in range(3)]
    assert [fill.order_id for fill in desk.settle()] == more


def test_lost_answers_and_cut_lines_are_driven_with_nothing_left_out() -> None:
    results = run_cases(stages_faulty.faulty, CASES, OURS[-1])
    doubts = {one.case.id: one.outcome for one in results if one.case.id.startswith("doubt-")}
    assert len(doubts) == 9 and {*doubts.values()} == {Outcome.PASSED}
    assert all(one.outcome is not Outcome.NOT_DRIVEN for one in results)
