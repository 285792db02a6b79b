"""P4: an error of a write or a sync, and nothing is acknowledged or written any more."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.sim import harness
from tests.sim.harness import Case
from tests.sim.sim_disk import Faults, SimDisk
from tests.sim.subjects import SUBJECTS
from tests.sim.workloads import WORKLOADS
from tests.sim.world import DONE, KILL, World

every_log = pytest.mark.parametrize("log", SUBJECTS)
every_workload = pytest.mark.parametrize("workload", WORKLOADS)


@every_log
@every_workload
def test_P04_a_fault_at_every_call(log: str, workload: str, figures: Counter[str]) -> None:
    ended: Counter[str] = Counter()
    for call in range(1, harness.length_of(SUBJECTS[log], workload) + 1):
        ended[harness.fail_at(SUBJECTS[log], Case(log, workload, fail=call), figures)] += 1
    assert ended["faulted"] > ended[DONE], ended


@every_log
@every_workload
def test_P04_a_short_write_is_no_fault(log: str, workload: str, figures: Counter[str]) -> None:
    world = World(SUBJECTS[log], SimDisk(1))
    world.disk.faults = Faults(short=1.0)
    with harness.reported(world, Case(log, workload, 1)):
        assert world.live(WORKLOADS[workload](1)) == DONE
        world.end(0)
        assert world.live(()) == DONE
        world.end(KILL)
    assert world.disk.figures["short writes"] > 20
    figures.update(world.disk.figures)
