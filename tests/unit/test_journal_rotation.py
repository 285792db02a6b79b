"""Segments come and go: rotation, packing and retention of `tools.live.journal.writer`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sim.sim_disk import Crash, SimDisk
from tests.unit.journal_builders import (
    DAY_NS, FIRST, LOG_ID, NOON_NS, a_log, add, events, lines_of, opened, told,
)  # fmt: skip
from tools.live.journal.errors import IntegrityRefused
from tools.live.journal.mark import MARK
from tools.live.journal.outcome import Limits, Outcome, Status
from tools.live.journal.segments import FOLDER, INDEX, list_segments, segment_path
from tools.live.journal.writer import Journal


def calls(disk: SimDisk, since: int) -> list[str]:
    """What was asked of the disk from that call on, without the numbers."""
    numbered = (event.partition(": ") for event in disk.events)
    return [what for number, _, what in numbered if number.isdigit() and int(number) > since]


def test_segments_are_cut_by_size_at_the_end_of_a_batch() -> None:
    disk = a_log((2, 2, 2, 2), limits=Limits(rotate_bytes=600), close=True)
    assert [one.first_seq for one in list_segments(disk)] == [0, 3, 7]
    assert events(disk) == list(range(1, 9))
    assert all(disk.size(segment_path(n)) >= 600 for n in (0, 3))


def test_a_new_segment_is_named_durably_before_it_is_written() -> None:
    disk = SimDisk()
    journal = opened(disk, limits=Limits(rotate_bytes=1))
    add(journal, 1)
    before = disk.ops
    journal.commit()
    path, idx = segment_path(1), segment_path(0, INDEX)
    made = [what for what in calls(disk, before) if not what.startswith("names")]
    assert made == [
        f"close {FIRST}", f"create {idx}.tmp", f"write {idx}.tmp", f"sync {idx}.tmp",
        f"close {idx}.tmp", f"rename {idx}.tmp -> {idx}", f"sync_folder {FOLDER}",
        f"create {path}", f"sync_folder {FOLDER}", f"write {path}", f"sync {path}",
        f"write_at {MARK}", f"sync {MARK}",
    ]  # fmt: skip


def test_a_new_day_begins_a_new_segment_and_an_old_time_does_not() -> None:
    disk = SimDisk()
    journal = opened(disk)
    firsts = []
    for sseq, days in enumerate((0, 1, 0, 1, 3, 2, 3), 1):
        add(journal, sseq, ts=NOON_NS + days * DAY_NS)
        journal.commit()
        firsts.append(list_segments(disk)[-1].first_seq)
    assert firsts == [0, 2, 2, 2, 5, 5, 5]
    disk.kill9()
    journal = opened(disk, time_ns=NOON_NS + 3 * DAY_NS)
    assert list_segments(disk)[-1].first_seq == 5


def packed_log() -> tuple[SimDisk, Journal]:
    disk = SimDisk()
    journal = opened(disk, limits=Limits(rotate_bytes=600))
    for sseq in range(1, 13):
        add(journal, sseq)
        journal.commit()
    return disk, journal


def test_sealed_segments_are_packed_one_by_one_and_read_alike() -> None:
    disk, journal = packed_log()
    before = told(disk)
    count = len(list_segments(disk)) - 1
    assert [journal.pack_oldest() for _ in range(count + 1)] == [True] * count + [False]
    assert [one.packed for one in list_segments(disk)] == [True] * count + [False]
    assert told(disk) == before
    add(journal, 13)
    journal.close(NOON_NS)
    disk.power_loss(0)
    assert events(disk) == list(range(1, 14))
    opened(disk)
    assert events(disk) == list(range(1, 14))


@pytest.mark.usefixtures("untraced")
def test_a_crash_at_any_call_of_packing_loses_nothing() -> None:
    call = 0
    while True:
        call += 1
        for choice in range(40):
            disk, journal = packed_log()
            disk.crash_at = disk.ops + call
            try:
                journal.pack_oldest()
            except Crash:
                disk.power_loss(choice)
                opened(disk)
                assert events(disk) == list(range(1, 13))
            else:
                assert call > 8
                return


def test_packing_a_segment_that_has_rotted_ends_the_log() -> None:
    disk, journal = packed_log()
    disk.flip(FIRST, 8 * 200)
    with pytest.raises(IntegrityRefused, match="^a sealed segment that reads back with a line"):
        journal.pack_oldest()
    assert journal.status is Status.FAILED
    assert not [path for path in disk.image() if path.endswith((".gz", ".tmp"))]
    disk, journal = packed_log()
    disk.put(FIRST, b"".join(lines_of(disk)[:-1]))
    with pytest.raises(IntegrityRefused, match="no longer holds what was written at"):
        journal.pack_oldest()


def trims(disk: SimDisk) -> list[Any]:
    return [r.payload() for r in told(disk) if r.topic == "system.log.trimmed"]


def test_trimming_names_each_segment_before_it_goes() -> None:
    disk, journal = packed_log()
    journal.pack_oldest()
    firsts = [one.first_seq for one in list_segments(disk)]
    hashes = {record.seq: record.hash.hex() for record in told(disk)}
    add(journal, 13)
    assert journal.trim(firsts[2] - 1, NOON_NS) == 1
    assert journal.trim(firsts[2], NOON_NS) == 1
    assert journal.trim(firsts[2], NOON_NS) == 0
    assert list_segments(disk)[0].first_seq == firsts[2]
    assert not [path for path in disk.image() if f"{0:020d}" in path]
    assert trims(disk) == [
        {"last_hash": hashes[seq - 1], "last_seq": seq - 1, "log_id": LOG_ID,
         "sources": {"feed": "13"}}
        for seq in firsts[1:3]
    ]  # fmt: skip


def test_a_trimmed_log_still_proves_itself_and_knows_its_sources() -> None:
    disk, journal = packed_log()
    add(journal, 3, src="exchange")
    journal.commit()
    for sseq in range(13, 30):
        add(journal, sseq)
        journal.commit()
    last = list_segments(disk)[-1].first_seq
    journal.trim(last, NOON_NS)
    assert list_segments(disk)[0].first_seq == last
    disk.power_loss(0)
    journal = opened(disk, limits=Limits(rotate_bytes=600))
    assert add(journal, 3, src="exchange") is Outcome.STORED
    assert add(journal, 29) is Outcome.STORED
    for sseq in range(30, 40):
        add(journal, sseq)
        journal.commit()
    assert journal.pack_oldest()
    journal.close(NOON_NS)
    opened(disk)


def test_retention_never_takes_the_segment_that_is_written() -> None:
    disk, journal = packed_log()
    journal.trim(10**9, NOON_NS)
    add(journal, 13)
    journal.commit()
    assert events(disk)[-1] == 13
    disk.kill9()
    opened(disk)
