"""P1: what was acknowledged is replayed, unchanged and in order, after any crash."""

from __future__ import annotations

import os
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.sim import harness
from tests.sim.harness import Case
from tests.sim.subjects import SUBJECTS, UNDER_TEST
from tests.sim.workloads import WORKLOADS

SEEDS, BLOCK = 2_000, 100
RECOVERY_STRIDE = 3  # `python -m tests.sim` does them all.
REGRESSIONS = [
    line.split()[:2]
    for line in (Path(__file__).parent / "regressions.txt").read_text("utf-8").splitlines()
    if not line.startswith("#")
]
every_log = pytest.mark.parametrize("log", SUBJECTS)
every_workload = pytest.mark.parametrize("workload", WORKLOADS)


@every_log
@every_workload
def test_P01_a_crash_at_every_call(log: str, workload: str, figures: Counter[str]) -> None:
    choices = harness.CHOICES if log == UNDER_TEST else 4
    harness.crash_everywhere(SUBJECTS[log], workload, figures, choices)


@every_log
@every_workload
def test_P01_a_crash_at_every_call_of_a_recovery(
    log: str, workload: str, figures: Counter[str]
) -> None:
    harness.crash_recoveries(SUBJECTS[log], workload, figures, RECOVERY_STRIDE)


def run_block(log: str, block: int, figures: Counter[str]) -> None:
    for seed in range(block, block + BLOCK):
        case = Case(log, harness.workload_of(seed), seed)
        harness.run_seed(SUBJECTS[log], case, figures)


@every_log
def test_P01_lives_of_the_first_seeds(log: str, figures: Counter[str]) -> None:
    run_block(log, 0, figures)


@pytest.mark.parametrize("block", range(BLOCK, SEEDS, BLOCK))
def test_P01_lives_of_random_seeds(block: int, figures: Counter[str]) -> None:
    run_block(UNDER_TEST, block, figures)


@every_log
@pytest.mark.parametrize(("seed", "workload"), REGRESSIONS)
def test_P01_seeds_that_once_failed(
    log: str, seed: str, workload: str, figures: Counter[str]
) -> None:
    harness.run_seed(SUBJECTS[log], Case(log, workload, int(seed)), figures)


@every_log
def test_P01_more_seeds_for_as_long_as_is_asked(log: str, figures: Counter[str]) -> None:
    """SIM_SECONDS is read here and nowhere else; without it there are no more seeds."""
    until = time.monotonic() + float(os.environ.get("SIM_SECONDS", "0"))
    seed = SEEDS
    while time.monotonic() < until:
        case = Case(log, harness.workload_of(seed), seed)
        harness.run_seed(SUBJECTS[log], case, figures)
        seed += 1
