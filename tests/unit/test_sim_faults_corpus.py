"""The corpus: every scenario is named after a thread, and its plan can be read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools.live import sim as simulated
from tools.live.core.errors import ContractError
from tools.live.sim.faults.corpus import SCENARIOS, Scenario, scenario
from tools.live.sim.faults.plan import FaultKind

every = pytest.mark.parametrize("one", SCENARIOS, ids=lambda one: one.name)


@every
def test_it_is_named_after_its_thread(one: Scenario) -> None:
    found = re.fullmatch(r"https://github\.com/[^/]+/[^/]+/(?:issues|pull)/(\d+)", one.thread)
    assert found is not None
    assert re.fullmatch(rf"[a-z]+(-[a-z]+)*-{found[1]}", one.name)


@every
def test_its_plan_comes_to_an_end_or_to_the_end_of_its_strikes(one: Scenario) -> None:
    plan = one.plan()
    assert plan.faults
    assert all(fault.for_ns is not None or fault.nth or fault.most for fault in plan.faults) or (
        one.name == "ccxt-18854"  # what is told twice does no harm for ever
    )


@every
def test_it_is_told_in_a_line(one: Scenario) -> None:
    for said in (one.happened, one.breaks):
        assert said == said.strip() and said[0].islower() and not said.endswith(".")
    assert len(one.happened) < 100


@every
def test_the_table_of_the_room_tells_it(one: Scenario) -> None:
    lines = (Path(simulated.__file__).parent / "README.md").read_text().splitlines()
    row = f"| [`{one.name}`]({one.thread}) | {one.happened} | {one.breaks} | "
    assert len([line for line in lines if line.startswith(row)]) == 1


def test_names_and_threads_are_there_once() -> None:
    assert len(SCENARIOS) >= 16
    assert len({one.name for one in SCENARIOS}) == len(SCENARIOS)
    assert len({one.thread for one in SCENARIOS}) == len(SCENARIOS)


def test_most_of_what_can_go_wrong_has_gone_wrong() -> None:
    kinds = {fault.kind for one in SCENARIOS for fault in one.plan().faults}
    assert {kind.value for kind in FaultKind} - {kind.value for kind in kinds} == {
        "not_sent", "lose_request", "twice", "reject", "rate_limit", "duplicate_answer",
        "late_cancel_answer", "clock_skew", "stale_book", "partial_snapshot",
    }  # fmt: skip


def test_one_is_found_by_its_name() -> None:
    assert scenario("nt-4215") is next(one for one in SCENARIOS if one.name == "nt-4215")
    with pytest.raises(ContractError, match="--faults 'nt-421' is no scenario; did you mean 'nt-"):
        scenario("nt-421", "--faults")
    with pytest.raises(ContractError, match="scenario '!' is no scenario; known are lean-ib-249, "):
        scenario("!")
