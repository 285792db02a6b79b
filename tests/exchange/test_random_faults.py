"""Two thousand random plans of faults: when they are over, both sides hold the same books."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.exchange.fault_runs import OurRun, a_market
from tests.exchange.random_faults import ORDER_SIDE, SECONDS, a_plan, may_be_found, some_terms
from tools.live.core.money import SCALE
from tools.live.sim.faults.plan import MARKET, FaultKind, FaultPlan, plan_of

PLANS = 2_000
PARTS = 4
LIMIT = 3 * SCALE


def play(seed: int) -> OurRun:
    """One plan in one market, some of them with depth, at once or with delays."""
    plan = a_plan(seed)
    books = any(one.kind is FaultKind.PARTIAL_SNAPSHOT for one in plan.faults)
    events = a_market(seed, SECONDS, depth=books or seed % 4 == 0)
    return OurRun(
        plan, events, terms=some_terms(seed), limit=LIMIT, reconciles=needs_a_look(plan, seed)
    )


def needs_a_look(plan: FaultPlan, seed: int) -> bool:
    """A lost execution is found only by a comparison of both sides; others have to do without."""
    kinds = [one.kind for one in plan.faults]
    return seed % 3 == 0 or FaultKind.LOSE_FILL in kinds or FaultKind.AMNESIA in kinds


@pytest.mark.parametrize("part", range(PARTS))
def test_no_plan_breaks_a_law_or_leaves_anything_behind(part: int) -> None:
    """No duplicate, no ghost, nothing in doubt, never more than the limit, one position."""
    struck: Counter[FaultKind] = Counter()
    fills = 0
    for seed in range(part * PLANS // PARTS, (part + 1) * PLANS // PARTS):
        try:
            run = play(seed)
            broken = [one for one in run.broken() if one not in may_be_found(a_plan(seed))]
        except Exception as error:
            raise AssertionError(f"seed {seed}: {error!r}: {a_plan(seed).describe()}") from error
        assert not broken, f"seed {seed}: {broken}: {a_plan(seed).describe()}"
        assert not run.monitor.frozen, f"seed {seed} froze: {run.monitor.first_freeze}"
        struck.update(one.kind for one in run.struck + run.judge.heard_struck())
        fills += len(run.judge.exchange.get_fills())
    assert set(struck) == {*ORDER_SIDE, *MARKET}, "something never happened"
    assert min(struck.values()) >= 20
    assert fills > 15 * PLANS // PARTS


@pytest.mark.parametrize("seed", range(200))
def test_a_random_plan_can_be_told_and_read_again(seed: int) -> None:
    plan = a_plan(seed)
    assert plan_of(plan.describe()) == plan
    assert plan.ends_ns is not None
