"""Torn or damaged: the table of `tools.live.journal.verdict`, one test a row."""

from __future__ import annotations

import pytest

from tests.sim.sim_disk import SimDisk
from tests.unit.journal_builders import (
    FIRST, LOG_ID, NOON_NS, a_log, by_hand, drop_mark, edit, events, lines_of, opened,
    without_locks,
)  # fmt: skip
from tools.live.journal.errors import IntegrityRefused, NotOurs
from tools.live.journal.frame import MAX_LINE_BYTES, frame_lines, genesis
from tools.live.journal.mark import MARK, Mark, spell_slot
from tools.live.journal.outcome import Limits
from tools.live.journal.segments import Segment, segment_path
from tools.live.journal.verdict import has_later_pair

SMALL = Limits(rotate_bytes=1)
REPAIR = "`python -m tools.live journal repair DIR --accept-loss-from {}`"


def refusal(disk: SimDisk) -> IntegrityRefused:
    before = without_locks(disk)
    with pytest.raises(IntegrityRefused) as refused:
        opened(disk)
    assert without_locks(disk) == before
    assert refused.value.exit_code == 3
    return refused.value


def test_bytes_before_the_mark_were_promised() -> None:
    disk = a_log((3,))
    data = disk.image()[FIRST]
    edit(disk, data[:-20])
    error = refusal(disk)
    place = len(b"".join(lines_of(disk)[:3]))
    assert str(error) == (
        f"a line without an end, but seq 3 was durable, at {FIRST} byte {place} (seq 3); nothing"
        f" was changed; restore a copy, or give up what follows with {REPAIR.format(3)}"
    )


def test_whole_lines_before_the_mark_were_promised() -> None:
    disk = a_log((3,))
    edit(disk, b"".join(lines_of(disk)[:2]))
    assert refusal(disk).what == "the end of the log, but seq 3 was durable,"
    disk.put(FIRST, None)
    error = refusal(disk)
    assert (error.path, error.offset, error.seq) == (MARK, 0, 0)


@pytest.mark.parametrize("seq", [0, 2, 3])
def test_a_mark_of_another_record_is_refused(seq: int) -> None:
    disk = a_log((3,))
    disk.put(MARK, spell_slot(Mark(seq, "ab" * 32)))
    error = refusal(disk)
    assert error.what == f"a mark of another record {seq} than the log has"
    assert (error.path, error.seq) == (MARK, seq)


def test_an_older_mark_is_right() -> None:
    disk = a_log((3,))
    line = lines_of(disk)[2]
    disk.put(MARK, spell_slot(Mark(2, line[6:70].decode())))
    opened(disk)


def test_a_later_pair_of_a_later_batch_proves_damage() -> None:
    disk = drop_mark(a_log((2, 2)))
    lines = lines_of(disk)
    assert [line.split(b'"b":')[1][:1] for line in lines] == [b"0", b"1", b"1", b"3", b"3"]
    edit(disk, b"".join([lines[0], b"?" + lines[1][1:], *lines[2:]]))
    assert refusal(disk).what.endswith("and later records say that it was durable,")


def test_a_later_pair_of_the_same_batch_proves_nothing() -> None:
    disk = drop_mark(a_log((5,)))
    lines = lines_of(disk)
    edit(disk, b"".join([*lines[:2], b"?" + lines[2][1:], *lines[3:]]))
    opened(disk)
    assert events(disk) == [1]


def test_a_single_later_line_proves_nothing() -> None:
    disk = drop_mark(a_log((2, 1)))
    lines = lines_of(disk)
    edit(disk, b"".join([lines[0], b"?" + lines[1][1:], b"?" + lines[2][1:], lines[3]]))
    opened(disk)
    assert events(disk) == []


def test_later_pairs_are_found_in_any_noise() -> None:
    disk = SimDisk()
    disk.make_folder("segments")
    lines = by_hand(12).splitlines(keepends=True)
    noise = b"\0" * (3 * MAX_LINE_BYTES) + b"\n\n{}\n"
    disk.put(FIRST, lines[0] + noise + lines[8] + lines[9])
    segment = Segment(0, False)
    assert has_later_pair(disk, segment, len(lines[0]), 7)
    assert not has_later_pair(disk, segment, len(lines[0]), 8)
    disk.put(FIRST, lines[0] + noise + lines[8] + b"x\n" + lines[9])
    assert not has_later_pair(disk, segment, len(lines[0]), 1)


def test_a_later_segment_with_bytes_proves_damage() -> None:
    disk = drop_mark(a_log((1, 1), limits=SMALL))
    assert [path for path in disk.image() if path.endswith("jsonl")] == [
        segment_path(0), segment_path(1), segment_path(2),
    ]  # fmt: skip
    edit(disk, b"?" + disk.image()[segment_path(1)][1:], segment_path(1))
    disk.put(segment_path(2), b"?")
    error = refusal(disk)
    assert error.what.endswith("and later segments hold records,")
    assert (error.path, error.offset, error.seq) == (segment_path(1), 0, 1)


@pytest.mark.parametrize("marked", [True, False])
def test_a_missing_segment_is_a_gap(marked: bool) -> None:
    disk = a_log((1, 1, 1), limits=SMALL)
    if not marked:
        drop_mark(disk)
    disk.put(segment_path(2), None)
    error = refusal(disk)
    assert "a gap where the segment of seq 2 must be" in error.what
    assert (error.path, error.seq) == (segment_path(3), 2)


def test_a_copied_and_a_renamed_segment_are_found() -> None:
    disk = a_log((1, 1), limits=SMALL)
    disk.put(segment_path(9), disk.image()[segment_path(2)])
    assert "a gap where the segment of seq 3 must be" in refusal(disk).what
    disk.put(segment_path(3), disk.image()[segment_path(2)])
    assert refusal(disk).what.endswith("and later segments hold records,")
    disk.put(segment_path(9), None)
    opened(disk)  # Behind the durable end nothing was promised: it is put aside.
    assert events(disk) == [1, 2]


def test_swapped_segments_are_found() -> None:
    disk = a_log((1, 1), limits=SMALL)
    one, two = disk.image()[segment_path(1)], disk.image()[segment_path(2)]
    edit(edit(disk, two, segment_path(1)), one, segment_path(2))
    assert refusal(disk).seq == 1


def test_bytes_behind_a_clean_close_are_damage() -> None:
    disk = drop_mark(a_log((2,), close=True))
    edit(disk, disk.image()[FIRST] + b"x")
    error = refusal(disk)
    assert error.what == "a line without an end, behind the record of a clean close,"
    assert error.seq == 4


def test_a_torn_segment_behind_a_clean_close_is_torn() -> None:
    disk = a_log((2,), close=True)
    disk.put(segment_path(4), b'{"h":"12')
    opened(disk)
    assert events(disk) == [1, 2]


def test_damage_in_a_sealed_segment_is_never_torn() -> None:
    disk = drop_mark(a_log((2,), close=True))
    journal = opened(disk)
    assert journal.pack_oldest()
    disk.kill9()
    packed = segment_path(0, ".jsonl.gz")
    for path in sorted(disk.image()):
        if path.startswith("segments/") and path != packed:
            disk.put(path, None)
    drop_mark(disk)
    disk.put(packed, disk.image()[packed][:-4])
    assert refusal(disk).what == "packed data that ends early, in a segment that was sealed,"


def test_an_intact_line_with_a_wrong_seq_is_never_torn() -> None:
    disk = SimDisk()
    disk.make_folder("segments")
    records = [line[76:-1] for line in by_hand(2).splitlines()]
    block, _ = frame_lines(genesis(LOG_ID), [records[0], records[0]])
    disk.put(FIRST, block)
    error = refusal(disk)
    assert error.what.endswith("which no crash can do,") and error.seq == 1


def test_a_newer_version_is_refused_and_not_to_be_repaired() -> None:
    disk = SimDisk()
    disk.make_folder("segments")
    record = by_hand(1)[76:-2].replace(b'"v":1}', b'"v":7}')
    disk.put(FIRST, frame_lines(genesis(LOG_ID), [record])[0])
    error = refusal(disk)
    assert isinstance(error, NotOurs)
    assert str(error) == (
        f"a record of version 7, newer than this program at {FIRST} byte 0 (seq 0);"
        " nothing was changed; use the program and the version that wrote it"
    )


def test_a_foreign_log_is_refused_by_name() -> None:
    disk = a_log((2,))
    before = without_locks(disk)
    with pytest.raises(NotOurs, match="^the log 'desk-1' where 'desk-2' is wanted"):
        opened(disk, log_id="desk-2")
    assert without_locks(disk) == before


def test_garbage_to_the_end_is_torn_when_nobody_was_told() -> None:
    for noise in (b"\0" * 700, b"\xff\n" * 3, b"half a line", b"\n", by_hand(3)):
        disk = a_log((2,))
        edit(disk, disk.image()[FIRST] + noise)
        journal = opened(disk)
        assert events(disk) == [1, 2]
        assert [data for path, data in disk.image().items() if "torn/" in path] == [noise]
        journal.close(NOON_NS)
