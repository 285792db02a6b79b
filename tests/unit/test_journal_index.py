"""Where records stand: `tools.live.journal.index` is a cache, and never believed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sim.sim_disk import SimDisk
from tests.unit.journal_builders import FIRST, NOON_NS, a_log, by_hand, opened, told
from tools.live.journal.disk import NotAFile
from tools.live.journal.index import EVERY, Index, Place, find_place, save_index
from tools.live.journal.os_disk import OsDisk
from tools.live.journal.segments import INDEX, Segment, segment_path
from tools.live.journal.walk import Walk

IDX = segment_path(0, INDEX)
PLAIN = Segment(0, False)


def indexed(count: int) -> SimDisk:
    """A cleanly closed log of one segment, with its index."""
    disk = a_log((count,), close=True)
    assert IDX in disk.image()
    return disk


@pytest.mark.parametrize("first_seq", [0, 1, 63, 64, 65])
@pytest.mark.parametrize("count", [1, 2, 64, 65, 200])
def test_every_64th_seq_has_a_place(first_seq: int, count: int) -> None:
    data = by_hand(count, start=first_seq)
    walk = Walk("file", [data[:5000], data[5000:]], head=None, seq=first_seq)
    scanned, written = Index(), Index()
    for rows in walk.rows():
        scanned.add_rows(rows)
    lines = data.splitlines(keepends=True)
    for begin in range(0, count, 30):
        before = sum(map(len, lines[:begin]))
        written.add_lines(first_seq + begin, lines[begin : begin + 30], before)
    due = [n for n in range(first_seq, first_seq + count) if n % EVERY == 0]
    places = [
        Place(n, NOON_NS + n, sum(map(len, lines[: n - first_seq]))) for n in due
    ]  # fmt: skip
    assert written.places == scanned.places == places
    assert written.last_hash == scanned.last_hash
    if due:
        assert lines[due[-1] - first_seq][6:70].decode() == written.last_hash


def test_a_line_that_cannot_be_understood_has_no_place() -> None:
    index = Index()
    index.add_lines(0, [b"noise\n", by_hand(1)], 0)
    assert index.places == []


def test_a_place_is_found_by_bisection_in_few_reads() -> None:
    disk = indexed(2_000)
    offsets = {record.seq: place for place, record in enumerate(told(disk))}
    assert len(offsets) == 2_002
    lines = disk.image()[FIRST].splitlines(keepends=True)
    for seq in (0, 1, 63, 64, 65, 1_000, 1_919, 1_920, 2_001, 9_999):
        place = find_place(disk, PLAIN, seq)
        assert place is not None
        assert place.seq == min(seq, 2_001) // EVERY * EVERY
        assert place.offset == sum(map(len, lines[: place.seq]))
        assert place.ts == NOON_NS
    before = disk.ops
    find_place(disk, PLAIN, 1_000)
    assert disk.ops - before < 14


def test_without_an_index_or_before_its_first_row_there_is_no_place() -> None:
    disk = indexed(100)
    assert find_place(disk, PLAIN, -1) is None
    disk.put(IDX, None)
    assert find_place(disk, PLAIN, 70) is None


def test_an_index_without_rows_is_no_help() -> None:
    disk = SimDisk()
    disk.make_folder("segments")
    save_index(disk, 0, Index().spell(0))
    assert find_place(disk, PLAIN, 0) is None


def test_an_index_of_a_segment_that_grew_is_no_help() -> None:
    disk = indexed(100)
    disk.put(FIRST, disk.image()[FIRST] + b"x")
    assert find_place(disk, PLAIN, 70) is None


def test_an_index_of_other_bytes_is_no_help() -> None:
    disk = indexed(100)
    data = disk.image()[FIRST]
    disk.put(FIRST, data[:13_038] + data[13_038:].upper())
    assert find_place(disk, PLAIN, 70) is None


def test_an_index_whose_first_line_speaks_of_another_end_is_no_help() -> None:
    disk = indexed(100)
    disk.put(IDX, disk.image()[IDX].replace(b"%020d" % 64, b"%020d" % 0, 1))
    assert find_place(disk, Segment(0, True), 70) is None


def test_of_a_packed_segment_the_size_is_not_asked() -> None:
    disk = indexed(100)
    place = find_place(disk, PLAIN, 70)
    assert place is not None
    assert find_place(disk, Segment(0, True), 70) == place


@pytest.mark.parametrize("how", [b"\0", b"9", b"0", b"\n", b""])
def test_whatever_byte_of_an_index_is_wrong_reading_is_the_same(how: bytes) -> None:
    disk = indexed(140)
    expected = told(disk)[100:]
    good = disk.image()[IDX]
    for place in range(0, len(good), 1 if how == b"9" else 5):
        disk.put(IDX, good[:place] + how + good[place + 1 :])
        assert told(disk, from_seq=100) == expected


def test_a_wrong_index_is_made_again_silently_at_the_next_start() -> None:
    disk = indexed(140)
    good = disk.image()[IDX]
    for wrong in (good[:-1], good.replace(b"1", b"2"), b"", None):
        disk.put(IDX, wrong)
        opened(disk).close(NOON_NS)
        disk.kill9()
        assert disk.image()[IDX] == good


def test_an_index_that_is_right_is_not_written_again() -> None:
    disk = indexed(140)
    before = disk.changed
    save_index(disk, 0, disk.image()[IDX])
    assert disk.changed == before


def test_what_is_no_file_is_no_index(tmp_path: Path) -> None:
    disk = OsDisk(tmp_path)
    disk.make_folder("segments")
    (tmp_path / IDX).symlink_to("elsewhere")
    assert find_place(disk, PLAIN, 0) is None
    with pytest.raises(NotAFile):
        save_index(disk, 0, b"content")
