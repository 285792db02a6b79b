"""P19: time never goes back, whatever the wall clock does, and no core code reads it.

The second half is a rule of the sources: `.ci/determinism.py` bans clocks, chance and walks through
sets below the edges, and `tests/unit/test_tidy.py` holds the tree against it. Here the wall clock
jumps and steps back, within a life and between lives, and nothing but the log's own times may show
it: the line, the report and the state are those of a clock that ran as clocks should.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count, cycle

import pytest

from tests.sim.journaled_runs import SMALL, START_NS, begun, finished, run_on
from tests.sim.sim_disk import Crash, SimDisk
from tests.unit.prop import chance
from tools.live.core import codec
from tools.live.journal.checkpoint import Skipped, save
from tools.live.journal.halt import drop_halt, resume
from tools.live.journal.reader import Reader, Record, verify
from tools.live.journal.rederive import rederive
from tools.live.journal.repair import repair
from tools.live.journal.replay import rebuild
from tools.live.journal.run_checkpoint import replay_checkpoint, restore_from
from tools.live.journal.upkeep import drop_before, oldest_checkpoint, pack_closed
from tools.live.journal.writer import Journal

HOUR_NS = 3_600 * 10**9
DAY_NS = 24 * HOUR_NS
STEPS = 14


def jumping() -> Iterator[int]:
    """An hour forth, an hour back, as long as anybody asks."""
    return (START_NS + shift for shift in cycle((0, HOUR_NS, -HOUR_NS)))


def stepping_back() -> Iterator[int]:
    return count(START_NS, -HOUR_NS)


def standing() -> Iterator[int]:
    return cycle((START_NS,))


def wild() -> Iterator[int]:
    """Days and years apart, before 1970 as well."""
    rng = chance(19)
    return (rng.randrange(-DAY_NS, 2 * START_NS) for _ in count())


CLOCKS: dict[str, Callable[[], Iterator[int]]] = {
    "jumping": jumping, "stepping back": stepping_back, "standing": standing, "wild": wild,
}
every_clock = pytest.mark.parametrize("clock", CLOCKS)


def records(disk: SimDisk) -> list[Record]:
    return list(Reader(disk).poll())


def goes_on(disk: SimDisk) -> dict[str, int]:
    """The newest time of each source; within none it ever goes back, nor does it over days."""
    newest: dict[str, int] = {}
    for one in records(disk):
        assert one.ts >= newest.get(one.src, 0), (one.seq, one.src, one.ts)
        newest[one.src] = one.ts
    return newest


def the_line(disk: SimDisk) -> list[tuple[str, int, int, bytes]]:
    """The entries of the run, without the numbers that the log gave them."""
    own = ("system.log", "run")
    return [(one.topic, one.ts, one.sseq, one.raw) for one in records(disk) if one.src not in own]


@every_clock
def test_P19_a_run_is_the_same_under_any_clock(clock: str, figures: Counter[str]) -> None:
    expected, whole = run_on(SimDisk(1), STEPS)
    wall = CLOCKS[clock]()
    disk = SimDisk(1)
    life = begun(disk, STEPS, time_ns=next(wall))
    assert finished(life, next(wall)) == expected
    goes_on(disk)
    assert whole is not None
    reference = SimDisk(1)
    run_on(reference, STEPS)
    assert the_line(disk) == the_line(reference)
    replay = rebuild(disk, digest=True)
    assert codec.canonical(replay.report()) == expected
    assert replay.state_sha256 == json.loads(expected)["integrity"]["state_sha256"]
    assert rederive(disk).difference is None
    figures["clocks"] += 1


@every_clock
def test_P19_a_crash_between_two_times_changes_nothing(clock: str) -> None:
    expected, _ = run_on(SimDisk(1), STEPS)
    calls = SimDisk(1)
    run_on(calls, STEPS)
    wall = CLOCKS[clock]()
    for at in range(3, calls.ops, 5):
        disk = SimDisk(1)
        for crash_at in (at, at // 2 + 3, 0):
            disk.crash_at = disk.ops + crash_at if crash_at else 0
            try:
                text = finished(begun(disk, STEPS, time_ns=next(wall)), next(wall))
            except Crash:
                disk.power_loss(at) if at % 2 else disk.kill9()
                if any(one.topic == "run.reported" for one in records(disk)):
                    break  # it died behind the last word
            else:
                assert text == expected, at
                break
        disk.crash_at = 0
        goes_on(disk)


@every_clock
def test_P19_upkeep_and_operators_leave_no_time_that_goes_back(clock: str) -> None:
    wall = CLOCKS[clock]()
    disk = SimDisk(1)
    expected = finished(begun(disk, STEPS, time_ns=next(wall)), next(wall))
    log_id = verify(disk).log_id
    for _ in range(3):
        drop_halt(disk, why="a test", seq=1, time_ns=max(next(wall), 0))
        resume(disk, actor="a", reason="b", holder="a test", time_ns=next(wall))
        goes_on(disk)
    pack_closed(disk, "a test")
    assert codec.canonical(rebuild(disk, digest=True).report()) == expected
    seq = records(disk)[-1].seq
    journal = Journal.open(
        disk, log_id=log_id, holder="a test", time_ns=next(wall), limits=SMALL
    )
    assert journal.trim(seq, next(wall)) > 0
    journal.close(next(wall))
    assert drop_before(disk, 0, holder="a test", time_ns=next(wall)) == 0
    goes_on(disk)
    assert verify(disk).log_id == log_id


@every_clock
def test_P19_a_repair_is_not_older_than_what_it_follows(clock: str) -> None:
    wall = CLOCKS[clock]()
    disk = SimDisk(1)
    for _ in range(3):
        Journal.open(disk, log_id="x", holder="a test", time_ns=next(wall)).close(next(wall))
    damaged = records(disk)[-1].seq
    path = sorted(path for path in disk.image() if path.endswith(".jsonl"))[-1]
    disk.put(path, disk.image()[path][:-30] + b"?" * 29 + b"\n")
    repair(disk, accept_loss_from=damaged, log_id="x", holder="h", time_ns=next(wall))
    goes_on(disk)


@every_clock
def test_P19_checkpoints_are_in_the_order_of_the_line_and_not_of_the_clock(clock: str) -> None:
    wall = CLOCKS[clock]()
    disk = SimDisk(1)
    expected = finished(begun(disk, STEPS, time_ns=next(wall)), next(wall))
    log_id = verify(disk).log_id
    places = [one.sseq - 1 for one in records(disk) if one.topic == "md.quote"][3:]
    chosen = [places[number] for number in (9, 2, 6)]
    saved = {}
    for place in chosen:
        checkpoint = replay_checkpoint(rebuild(disk, until=place, digest=True))
        save(disk, checkpoint, durable_seq=verify(disk).next_seq - 1)
        saved[place] = checkpoint.seq
    skipped: list[Skipped] = []
    replay = rebuild(disk, restore=restore_from(disk, log_id, skipped, digest=True), digest=True)
    assert codec.canonical(replay.report()) == expected and skipped == []
    start = restore_from(disk, log_id)(replay.opened, None)
    assert start is not None and start.seq == chosen[0]
    assert oldest_checkpoint(disk) == saved[chosen[1]]


def test_P19_a_segment_of_an_earlier_day_is_not_begun_again() -> None:
    """A day that comes twice makes no segments to and fro."""
    disk = SimDisk(1)
    journal = Journal.open(disk, log_id="x", holder="a test", time_ns=START_NS)
    for number, day in enumerate((0, 1, 0, 1, 0, 2, 1), 1):
        journal.append("md.quote", START_NS + day * DAY_NS, "feed", number, {})
        journal.commit()
    journal.close(START_NS)
    assert len([path for path in disk.image() if path.endswith(".jsonl")]) == 3
    assert [one.sseq for one in records(disk) if one.src == "feed"] == [1, 2, 3, 4, 5, 6, 7]
