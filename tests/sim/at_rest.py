"""Logs lying still: made the same way for any log under test, to be torn or damaged by a test."""

from __future__ import annotations

from tests.sim.choice import NOTHING
from tests.sim.sim_disk import SimDisk
from tests.sim.subject import Subject
from tests.sim.workloads import Step
from tests.sim.world import CRASHED, DONE, KILL, World

SMALL = (0, 7, 40, 0, 7)
CALLS = 200


def unsynced_batch(subject: Subject) -> tuple[World, str, int]:
    """A log that died before it could sync a batch, which is all in the page cache.

    Also the path of its segment, and how much of that had been synced before. Of all the calls at
    which it can die, the one that leaves the most records: logs differ in how they batch.
    """
    script = [Step("append", "a", SMALL), Step("commit"), Step("append", "b", SMALL * 4),
              Step("commit")]  # fmt: skip
    found = []
    for call in range(1, CALLS):
        world = World(subject, SimDisk(0))
        world.disk.crash_at = call
        if world.live(script) != CRASHED:
            break
        world.end(KILL)
        if paths := segments(world):
            file = world.disk.files[world.disk.live[paths[-1]]]
            known = len(file.stored)
            data = bytes(file.cache[known:])
            if data.endswith(b"\n"):
                found.append((data.count(b"\n"), -call, world, paths[-1], known))
    lines, _, world, path, known = max(found)
    assert lines > 3
    return world, path, known


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
