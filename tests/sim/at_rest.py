"""Logs lying still: made the same way for any log under test, to be torn or damaged by a test."""

from __future__ import annotations

from tests.sim.choice import NOTHING
from tests.sim.sim_disk import SimDisk
from tests.sim.subject import Subject
from tests.sim.workloads import Step
from tests.sim.world import CRASHED, DONE, KILL, World

SMALL = (0, 7, 40, 0, 7)


def twenty_unacknowledged(subject: Subject) -> tuple[World, str, int]:
    """A log that died before it could sync a batch of twenty records, all of it in the page cache.

    Also the path of its segment, and how much of that had been acknowledged before.
    """
    script = [Step("append", "a", SMALL), Step("commit"), Step("append", "b", SMALL * 4),
              Step("commit")]  # fmt: skip
    world = World(subject, SimDisk(0))
    assert world.live(script[:2]) == DONE
    before = world.disk.image()
    path = last_segment(world)
    for call in range(world.disk.ops + 1, world.disk.ops + 60):
        again = World(subject, SimDisk(0))
        again.disk.crash_at = call
        assert again.live(script) == CRASHED
        again.end(KILL)
        if again.disk.image()[path].count(b"\n") == before[path].count(b"\n") + 20:
            return again, path, len(before[path])
    raise AssertionError("the batch is never in one segment")


def whole_log(subject: Subject, *, batches: int = 3, size: int = 40) -> World:
    """A log of strictly acknowledged batches, and of it only what was synced."""
    world = World(subject, SimDisk(0))
    script = [Step("append", "a", (size, 0)), Step("commit"), Step("hook", "checkpoint")] * batches
    assert world.live(script) == DONE
    world.end(NOTHING)
    return world


def segments(world: World) -> list[str]:
    """The segments, oldest first."""
    paths = world.disk.image()
    return [path for path in paths if path.startswith("segments/") and path.endswith(".jsonl")]


def last_segment(world: World) -> str:
    return segments(world)[-1]
