"""How often the bound of a watched edge is wrong: false alarms over runs of a thousand fills."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from tests.unit.prop import chance
from tools.live.core.clock import NS_PER_S
from tools.live.core.contracts_v1 import EdgeVerdict
from tools.live.portfolio.edge_decision import POLICY, Decision

SEEDS = 1000
MOST_FALSE_ALARMS = SEEDS // 100  # where the edge is the threshold exactly


def frozen_at(draw: Callable[[Random], int], seed: int) -> int | None:
    """At which fill a run freezes whose threshold is 0, if it does within a thousand."""
    rng, decision = chance(seed), Decision(POLICY, NS_PER_S)
    for place in range(1000):
        decision.add(2 * place * NS_PER_S, draw(rng), 10**18)
        judged = decision.judge(0, 0)
        if judged is not None and judged[0] is EdgeVerdict.FREEZE:
            return place + 1
    return None


def walked(rng: Random) -> int:
    """What a fill earns of six basis points either way: nothing on average."""
    return int(rng.gauss(0, 6) * 10**14)


def test_an_edge_that_is_the_threshold_exactly_is_a_false_alarm_in_few_runs() -> None:
    """The worst that is still good, a look with every fill, and a thousand fills a run."""
    alarms = sum(frozen_at(walked, seed) is not None for seed in range(SEEDS))
    assert alarms <= MOST_FALSE_ALARMS


def doubly(rng: Random) -> int:
    """Mostly little, and now and then much of either."""
    return rng.choice((-1, 1)) * int(rng.expovariate(1) * 10**14)


def losing_much(rng: Random) -> int:
    """What a market maker sees: a small gain each time, and now and then the whole of it lost."""
    return 10**14 if rng.random() < 0.95 else -19 * 10**14


def gaining_much(rng: Random) -> int:
    """A lottery, which the bound does not understand."""
    return -losing_much(rng)


@pytest.mark.parametrize(("draw", "least", "most"), [
    (doubly, 0, 1), (losing_much, 0, 1), (gaining_much, 10, 40),
])  # fmt: skip
def test_of_what_kind_of_edge_that_is_true(
    draw: Callable[[Random], int], least: int, most: int
) -> None:
    """Each earns the threshold on average, over forty runs."""
    alarms = sum(frozen_at(draw, seed) is not None for seed in range(40))
    assert least <= alarms <= most
