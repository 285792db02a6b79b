"""What a verified log holds: `tools.live.journal.summary`."""

from __future__ import annotations

import json

import pytest

from tests.sim.sim_disk import SimDisk
from tests.unit.journal_builders import (
    DAY_NS, FIRST, LOG_ID, NOON_NS, a_log, add, drop_mark, edit, opened, told,
)  # fmt: skip
from tests.unit.journal_folders import a_journal
from tools.live.journal.errors import IntegrityRefused, StorageFailed
from tools.live.journal.mark import MARK, Mark, spell_slot
from tools.live.journal.outcome import Limits
from tools.live.journal.reader import verify
from tools.live.journal.scan import Scan
from tools.live.journal.segments import PACKED, list_segments, segment_path
from tools.live.journal.summary import Torn, summarize
from tools.live.journal.writer import Journal

SMALL = Limits(rotate_bytes=900)


def test_a_closed_log_as_it_is_shown() -> None:
    disk = SimDisk()
    a_journal(disk)
    head = told(disk)[-1].hash.hex()
    size = len(disk.image()[FIRST])
    assert summarize(disk).show() == (
        "journal   desk-1\n"
        "records   11 (seq 0 to 10)\n"
        "time      2025-01-01T12:00:00Z to 2025-01-01T12:00:09Z\n"
        f"head      10:{head}\n"
        f"segments  1 plain, 0 packed; {size:,} bytes\n"
        "mark      durable to seq 10\n"
        "end       closed\n"
    )


def test_the_same_as_one_line_of_json() -> None:
    disk = SimDisk()
    a_journal(disk)
    line = summarize(disk).spell()
    size = len(disk.image()[FIRST])
    assert json.loads(line) == {
        "bytes": size, "closed": True, "first_seq": 0, "first_utc": "2025-01-01T12:00:00Z",
        "halt": None, "head_hash": told(disk)[-1].hash.hex(), "last_seq": 10,
        "last_utc": "2025-01-01T12:00:09Z", "log_id": LOG_ID, "mark_seq": 10,
        "packed_segments": 0, "plain_segments": 1, "records": 11, "stored_bytes": size,
        "torn": None,
    }  # fmt: skip
    data = json.loads(line)
    assert line == json.dumps(data, sort_keys=True, separators=(",", ":")) + "\n"


def test_segments_are_counted_in_both_forms() -> None:
    disk = SimDisk()
    journal = opened(disk, limits=SMALL)
    for sseq in range(1, 21):
        add(journal, sseq, ts=NOON_NS + sseq * DAY_NS // 100)
        journal.commit()
    journal.pack_oldest()
    journal.pack_oldest()
    journal.close(NOON_NS)
    segments = list_segments(disk)
    plain = [one for one in segments if not one.packed]
    image = disk.image()
    summary = summarize(disk)
    assert (summary.plain, summary.packed) == (len(plain), 2)
    assert summary.stored == sum(len(image[one.path]) for one in segments)
    unpacked = sum(len(image[one.path]) for one in plain)
    assert summary.size > summary.stored > unpacked
    shown = f"{len(plain)} plain, 2 packed; {summary.size:,} bytes, {summary.stored:,} as stored"
    assert f"segments  {shown}\n" in summary.show()
    assert (summary.first_ts, summary.last_ts) == (NOON_NS, NOON_NS)


def test_a_log_that_was_not_closed_says_so() -> None:
    summary = summarize(a_log((3,)))
    assert not summary.closed and summary.torn is None
    assert "end       open: a process is writing, or one was cut off\n" in summary.show()


def test_a_torn_end_is_told_and_is_no_damage() -> None:
    disk = a_log((3,))
    whole = disk.image()[FIRST]
    edit(disk, whole + b"half a line")
    summary = summarize(disk)
    assert summary.torn == Torn(FIRST, len(whole), 11, "a line without an end")
    assert not summary.closed and summary.last_seq == 3
    assert (
        f"end       a line without an end at {FIRST} byte {len(whole)} (11 bytes); the next start"
        " puts it aside\n"
    ) in summary.show()
    assert json.loads(summary.spell())["torn"] == {
        "offset": len(whole), "path": FIRST, "size": 11, "what": "a line without an end",
    }  # fmt: skip


def test_a_torn_end_behind_a_close_is_damage() -> None:
    disk = a_log((3,), close=True)
    edit(disk, disk.image()[FIRST] + b"half a line")
    with pytest.raises(IntegrityRefused):
        summarize(disk)


def test_the_mark_is_told_apart_from_the_end() -> None:
    disk = a_log((2, 2))
    hashes = [one.hash.hex() for one in told(disk)]
    disk.put(MARK, spell_slot(Mark(1, hashes[1])))
    summary = summarize(disk)
    assert (summary.mark_seq, summary.last_seq) == (1, 4)
    assert "mark      durable to seq 1, 3 behind the end\n" in summary.show()
    assert "mark      none: nothing outside the log" in summarize(drop_mark(disk)).show()


def test_a_log_without_records_is_summed_up_too() -> None:
    disk = drop_mark(a_log((1,)))
    edit(disk, b"")
    summary = summarize(disk)
    assert (summary.records, summary.plain, summary.first_ts, summary.last_ts) == (0, 1, None, None)
    assert summary.show() == (
        "journal   without a name\n"
        "records   none yet\n"
        "segments  1 plain, 0 packed; 0 bytes\n"
        "mark      none: nothing outside the log says how far it was durable\n"
        "end       open: a process is writing, or one was cut off\n"
    )
    told_json = json.loads(summary.spell())
    assert [told_json[name] for name in ("first_seq", "last_seq", "first_utc")] == [None] * 3


def test_a_trimmed_log_says_what_is_gone() -> None:
    disk = a_log((1,) * 20, limits=SMALL)
    second = list_segments(disk)[1].first_seq
    journal = Journal.open(disk, log_id=LOG_ID, holder="a test", time_ns=NOON_NS)
    journal.trim(second, NOON_NS)
    journal.close(NOON_NS)
    summary = summarize(disk)
    assert (summary.first_seq, summary.log_id) == (second, LOG_ID)
    assert (summary.records, summary.last_seq) == (len(told(disk)), told(disk)[-1].seq)
    assert f"(seq {second} to {summary.last_seq}; all before was trimmed)" in summary.show()


def test_a_log_that_grows_meanwhile_is_summed_up_as_it_was_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    disk = SimDisk()
    journal = opened(disk)
    add(journal, 1)
    journal.commit()

    def verify_and_grow(disk: SimDisk) -> Scan:
        scan = verify(disk)
        add(journal, 2)
        journal.commit()
        return scan

    monkeypatch.setattr("tools.live.journal.summary.verify", verify_and_grow)
    summary = summarize(disk)
    assert (summary.records, summary.last_seq, summary.mark_seq) == (2, 1, 1)
    assert summary.last_ts == NOON_NS


def test_nothing_is_written() -> None:
    disk = a_log((1,) * 12, limits=SMALL)
    disk.put(segment_path(99, PACKED + ".tmp"), b"left over")
    before = disk.image()
    disk.changed = 0
    summarize(disk)
    assert (disk.image(), disk.changed) == (before, 0)


def test_a_disk_that_cannot_be_read_is_a_storage_fault() -> None:
    whole = a_log((3,), close=True)
    right = summarize(whole.clone())
    failed = 0
    for call in range(1, 30):
        disk = whole.clone()
        disk.faults = disk.faults._replace(planted=disk.ops + call)
        try:
            assert summarize(disk) == right
        except StorageFailed:
            failed += 1
    assert failed >= 6
