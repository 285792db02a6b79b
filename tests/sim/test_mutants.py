"""The harness can fail: a log with any one rule broken is found out."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.sim import harness
from tests.sim.subjects import mutants

MOST_SEEDS = 500


@pytest.mark.parametrize("name", mutants())
def test_a_mutant_is_killed(name: str, figures: Counter[str]) -> None:
    figures["mutants"] += 1
    killed = harness.killed_at(mutants()[name], MOST_SEEDS, Counter())
    assert killed is not None, f"{name} survived {MOST_SEEDS} seeds"
    figures["mutants killed"] += 1
    seed, found = killed
    assert found.endswith(f"--seed {seed} --workload {harness.workload_of(seed)} --log {name!r}")
