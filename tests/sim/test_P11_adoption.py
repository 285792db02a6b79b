"""P11 with others on our account: under `adopt` both sides' books end equal, whatever happens.

Foreign orders, executions and positions appear at the venue, our own orders are amended there, the
line is bad, and the process is ended anywhere. The books are held against the laws all the way.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.sim.adopting_mutants import MUTANTS
from tests.sim.adopting_world import interrupted, play
from tests.unit.projection_builders import (
    ledger_facts, order_facts, project, stored_orders, stored_positions,
)  # fmt: skip

SEEDS = 36
BLOCKS = 4
MOST_SEEDS = 60
CALLS = 200


@pytest.mark.parametrize("block", range(BLOCKS))
def test_P11_what_others_do_is_taken_over(
    block: int, figures: Counter[str], tmp_path: Path
) -> None:
    for seed in range(block, SEEDS, BLOCKS):
        world = play(seed)
        for name in ("adopted orders", "adopted executions", "adopted positions",
                     "replaced orders"):  # fmt: skip
            figures[name] += world.figures[name]
        figures["adopting lives"] += world.figures["lives"]
        assert world.run is not None
        fold, path = world.run.loop.fold, tmp_path / f"{seed}.db"
        project(path, world.disk)
        ours = {order.client_order_id: order_facts(order) for order in fold.store.get_all()}
        assert stored_orders(path) == ours
        assert stored_positions(path) == ledger_facts(fold.monitor.ledger)


def test_P11_an_adoption_that_is_interrupted_anywhere_ends_with_the_same_books() -> None:
    """At every call of the disk; repeating what was recorded changes nothing."""
    ended = 0
    for call in range(1, CALLS):
        if not interrupted(call):
            break
        ended += 1
    assert 20 < ended < CALLS - 1


@pytest.mark.parametrize("name", MUTANTS)
def test_P11_a_broken_rule_of_adoption_is_noticed(name: str, figures: Counter[str]) -> None:
    with MUTANTS[name]():
        for seed in range(MOST_SEEDS):
            try:
                play(seed)
            except AssertionError:
                figures["mutants of adoption killed"] += 1
                return
    raise AssertionError(f"{name} was not noticed by {MOST_SEEDS} seeds")
