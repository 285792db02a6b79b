"""Every scenario of the corpus breaks the loop that everybody writes first, and not ours."""

from __future__ import annotations

import pytest

from tests.exchange.fault_cases import CASES, OFTEN, ours
from tests.exchange.fault_runs import QUICK, NaiveRun, OurRun, a_market
from tools.live.sim.faults.corpus import SCENARIOS, scenario
from tools.live.sim.faults.plan import FaultKind, FaultPlan
from tools.live.sim.terms import Terms

every_scenario = pytest.mark.parametrize("name", CASES)


def test_every_scenario_has_a_case() -> None:
    assert list(CASES) == [one.name for one in SCENARIOS]


@every_scenario
def test_it_breaks_the_naive_loop_and_nothing_else_does(name: str) -> None:
    case = CASES[name]
    events = a_market(case.market, depth=case.depth)
    assert NaiveRun(FaultPlan(), events, **case.more).found == set()
    assert case.breaks in NaiveRun(scenario(name).plan(), events, **case.more).found


@every_scenario
@pytest.mark.parametrize("market", (0, 4))
def test_it_needs_no_comparison_where_no_execution_is_lost(name: str, market: int) -> None:
    case, plan = CASES[name], scenario(name).plan()
    kinds = [one.kind for one in plan.faults]
    lost = FaultKind.LOSE_FILL in kinds or FaultKind.AMNESIA in kinds
    events = a_market(market or case.market, depth=case.depth)
    run = OurRun(plan, events, reconciles=lost, **ours(case))
    assert run.broken() == []


@every_scenario
@pytest.mark.parametrize("market", (0, 2, 4))
@pytest.mark.parametrize("terms", (QUICK, Terms()), ids=("delayed", "at once"))
def test_it_does_not_break_ours(name: str, market: int, terms: Terms) -> None:
    """In the same market as the naive loop, or in another one; and the loop goes on trading."""
    case = CASES[name]
    events = a_market(market or case.market, depth=case.depth)
    run = OurRun(scenario(name).plan(), events, terms=terms, **ours(case))
    assert run.broken() == []
    assert run.monitor.frozen is ("stop_s" in case.more)
    assert len(run.judge.exchange.get_fills()) > 8


@every_scenario
def test_all_of_it_happens(name: str) -> None:
    case, plan = CASES[name], scenario(name).plan()
    events = a_market(case.market, depth=case.depth)
    run = OurRun(plan, events, **ours(case))
    struck = run.struck + run.judge.heard_struck()
    assert {one.number for one in struck} == set(range(len(plan.faults)))


# The naive loop is no straw man.


@pytest.mark.parametrize("market", (1, 3, 7, 11))
@pytest.mark.parametrize("depth", (False, True))
def test_on_a_good_line_the_naive_loop_is_right(market: int, depth: bool) -> None:
    events = a_market(market, depth=depth)
    naive, ours = NaiveRun(FaultPlan(), events), OurRun(FaultPlan(), events)
    assert naive.found == set() and ours.broken() == []
    assert naive.loop.positions.get("AAA", 0) == ours.monitor.ledger.qty("AAA")
    assert naive.fills == len(ours.judge.exchange.get_fills()) > 20


def test_two_runs_of_a_scenario_are_one() -> None:
    plan, events = scenario("nt-4958").plan(), a_market(OFTEN)
    first, second = (OurRun(plan, events) for _ in range(2))
    assert first.lines.entries == second.lines.entries
    assert first.report == second.report
    assert first.struck == second.struck
