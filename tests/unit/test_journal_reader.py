"""Reading without the lock: `tools.live.journal.reader`."""

from __future__ import annotations

import pytest

from tests.sim.sim_disk import Faults, SimDisk
from tests.unit.journal_builders import (
    FIRST, LOG_ID, NOON_NS, a_log, add, drop_mark, edit, lines_of, opened, told,
)  # fmt: skip
from tools.live.core.errors import ContractError
from tools.live.journal.errors import IntegrityRefused, NotOurs, StorageFailed
from tools.live.journal.frame import frame_lines
from tools.live.journal.outcome import Limits, Profile
from tools.live.journal.reader import Reader, verify
from tools.live.journal.segments import INDEX, list_segments, segment_path

SMALL = Limits(rotate_bytes=900)


def seqs(reader: Reader) -> list[int]:
    return [record.seq for record in reader.poll()]


def test_a_record_is_read_as_it_was_written() -> None:
    disk = SimDisk()
    journal = opened(disk)
    payload = {"bid": "1.5", "levels": [["1", None]], "text": "\u00e9\n\""}
    journal.append("md.quote", NOON_NS + 5, "feed", 17, payload, corr=3, cause=2)
    journal.commit()
    record = told(disk)[1]
    assert (record.seq, record.base, record.cause, record.corr, record.sseq) == (1, 1, 2, 3, 17)
    assert (record.src, record.topic, record.ts) == ("feed", "md.quote", NOON_NS + 5)
    assert record.payload() == payload
    assert record.hash.hex() == journal.head_hash


def test_a_payload_that_is_no_json_is_named_by_its_seq() -> None:
    disk = SimDisk()
    journal = opened(disk)
    journal.append("md.quote", NOON_NS, "feed", 1, '{"a":NaN}')
    journal.commit()
    with pytest.raises(ContractError, match="^the payload of seq 1 holds NaN"):
        told(disk)[1].payload()


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("indexed", [False, True])
def test_reading_can_begin_anywhere(packed: bool, indexed: bool) -> None:
    disk = SimDisk()
    journal = opened(disk, limits=Limits(rotate_bytes=30_000))
    for sseq in range(1, 500):
        add(journal, sseq)
        if sseq % 3 == 0:
            journal.commit()
    while packed and journal.pack_oldest():
        pass
    journal.close(NOON_NS)
    if not indexed:
        for path in [path for path in disk.image() if path.endswith(INDEX)]:
            disk.put(path, None)
    records = told(disk)
    assert [record.seq for record in records] == list(range(501))
    firsts = [one.first_seq for one in list_segments(disk)]
    assert len(firsts) > 3
    around = [first + step for first in firsts for step in (-1, 0, 1, 2)]
    for start in [*(n for n in around if n >= 0), 63, 64, 65, 100, 500]:
        assert list(Reader(disk, from_seq=start).poll()) == records[start:]
    assert seqs(Reader(disk, from_seq=501)) == []


def test_a_place_by_the_index_saves_the_way_there(monkeypatch: pytest.MonkeyPatch) -> None:
    disk = a_log((3_000,), close=True)
    size, taken, read = disk.size(FIRST), [0], disk.read

    def counted(path: str, offset: int = 0, length: int = -1) -> bytes:
        data = read(path, offset, length)
        taken[0] += len(data)
        return data

    monkeypatch.setattr(disk, "read", counted)
    assert seqs(Reader(disk, from_seq=2_990))[0] == 2_990
    assert taken[0] < 60_000 < size


def test_a_live_log_is_followed_across_segments() -> None:
    disk = SimDisk()
    reader = Reader(disk)
    assert seqs(reader) == []
    journal = opened(disk, limits=SMALL)
    assert seqs(reader) == [0]
    expected = 1
    for sseq in range(1, 60):
        add(journal, sseq)
        if sseq % 3 == 0:
            journal.commit()
            assert seqs(reader) == list(range(expected, sseq + 1))
            expected = sseq + 1
        if sseq % 10 == 0:
            journal.pack_oldest()
    assert len(list_segments(disk)) > 5


def test_a_reader_that_stops_goes_on_at_the_next_record() -> None:
    disk = a_log((9,))
    reader = Reader(disk)
    for record in reader.poll():
        if record.seq == 4:
            break
    assert reader.next_seq == 5
    assert seqs(reader) == [5, 6, 7, 8, 9]


def test_a_segment_may_be_packed_while_it_is_read() -> None:
    disk = SimDisk()
    journal = opened(disk, limits=SMALL)
    for sseq in range(1, 20):
        add(journal, sseq)
        journal.commit()
    reader = Reader(disk)
    found = []
    for record in reader.poll():
        found.append(record.seq)
        while journal.pack_oldest():
            pass
    assert found == list(range(20))


def test_a_torn_end_is_where_a_live_reader_waits() -> None:
    disk = a_log((4,))
    data, lines = disk.image()[FIRST], lines_of(disk)
    journal = opened(disk)
    more = disk.image()[FIRST][len(data) :]
    reader = Reader(disk)
    for length in range(len(more) + 1):
        drop_mark(edit(disk, data + more[:length]))
        assert seqs(reader) == ([0, 1, 2, 3, 4] if length == 0 else [5][: length == len(more)])
    assert len(lines) == 5 and journal.durable_seq == 5


@pytest.mark.parametrize("length", [0, 1, 40, 200])
def test_an_end_before_the_mark_is_damage_even_for_a_reader(length: int) -> None:
    disk = a_log((4,))
    edit(disk, disk.image()[FIRST][: -1 - length])
    with pytest.raises(IntegrityRefused, match="seq 4 was durable"):
        told(disk)
    with pytest.raises(IntegrityRefused, match="seq 4 was durable"):
        verify(disk)
    edit(disk, b"".join(lines_of(disk)[:2]))
    with pytest.raises(IntegrityRefused, match="the end of the log, but seq 4 was durable"):
        told(disk)


def test_damage_is_refused_behind_the_valid_records() -> None:
    disk = drop_mark(a_log((1, 1, 2, 2)))
    lines = lines_of(disk)
    edit(disk, b"".join([*lines[:2], b"?" + lines[2][1:], *lines[3:]]))
    found = []
    with pytest.raises(IntegrityRefused, match="later records say that it was durable"):
        for record in Reader(disk).poll():
            found.append(record.seq)
    assert found == [0, 1]


def test_a_damaged_end_of_an_earlier_segment_is_refused() -> None:
    disk = drop_mark(a_log((1,) * 12, limits=SMALL))
    edit(disk, disk.image()[FIRST][:-7])
    with pytest.raises(IntegrityRefused, match="and later segments hold records"):
        told(disk)
    disk = drop_mark(a_log((1,) * 12, limits=SMALL))
    disk.put(segment_path(list_segments(disk)[1].first_seq), None)
    with pytest.raises(IntegrityRefused, match="a gap where the segment of seq"):
        told(disk)


def test_the_first_record_of_a_segment_is_proven_by_the_last_of_the_one_before() -> None:
    disk = a_log((1,) * 12, limits=SMALL)
    second = list_segments(disk)[1]
    data = disk.image()[second.path]
    edit(disk, data.replace(b'"bid":"', b'"bid":"9', 1), second.path)
    with pytest.raises(IntegrityRefused, match="does not follow from the one before"):
        told(disk, from_seq=second.first_seq)


def test_bytes_behind_a_clean_close_are_refused() -> None:
    disk = drop_mark(a_log((2,), close=True))
    edit(disk, disk.image()[FIRST] + b"{")
    with pytest.raises(IntegrityRefused, match="behind the record of a clean close"):
        told(disk)


def test_a_newer_record_ends_an_older_reader() -> None:
    disk = drop_mark(a_log((2,)))
    last = lines_of(disk)[-1]
    newer = last[76:-2].replace(b'"v":1}', b'"v":2}').replace(b'"q":2', b'"q":3')
    line, _ = frame_lines(bytes.fromhex(last[6:70].decode()), [newer])
    edit(disk, disk.image()[FIRST] + line)
    with pytest.raises(NotOurs, match="version 2, newer than this program"):
        told(disk)


def test_a_foreign_log_is_not_read() -> None:
    with pytest.raises(NotOurs, match="the log 'desk-1' where 'desk-2' is wanted"):
        told(a_log((2,)), log_id="desk-2")
    assert verify(a_log((2,)), log_id=LOG_ID).log_id == LOG_ID
    assert verify(a_log((2,))).log_id == LOG_ID


def test_a_subscriber_may_see_only_what_is_durable() -> None:
    disk = SimDisk()
    journal = opened(disk)
    for sseq in (1, 2, 3):
        add(journal, sseq)
    disk.faults = Faults(planted=disk.ops + 2)
    with pytest.raises(StorageFailed):
        journal.commit()
    assert seqs(Reader(disk)) == [0, 1, 2, 3]
    reader = Reader(disk, durable_only=True)
    assert seqs(reader) == [0] and seqs(reader) == []
    assert seqs(Reader(drop_mark(disk), durable_only=True)) == []


def trimmed() -> SimDisk:
    disk = SimDisk()
    journal = opened(disk, limits=SMALL)
    for sseq in range(1, 30):
        add(journal, sseq)
        journal.commit()
    journal.trim(10, NOON_NS)
    return disk


def test_a_trimmed_log_is_read_from_what_it_has() -> None:
    disk = trimmed()
    first = list_segments(disk)[0].first_seq
    assert first > 0
    assert seqs(Reader(disk))[0] == seqs(Reader(disk, from_seq=first))[0] == first
    assert seqs(Reader(disk, from_seq=20))[0] == 20
    with pytest.raises(ContractError, match=f"^seq 0 is trimmed; the log begins with seq {first}"):
        seqs(Reader(disk, from_seq=0))
    assert verify(disk).first_seq == first


def test_a_reader_that_was_overtaken_by_trimming_is_told() -> None:
    disk = SimDisk()
    journal = opened(disk, limits=SMALL)
    reader = Reader(disk)
    assert seqs(reader) == [0]
    for sseq in range(1, 30):
        add(journal, sseq)
        journal.commit()
    journal.trim(20, NOON_NS)
    with pytest.raises(ContractError, match="^seq 1 is trimmed; the log begins with seq"):
        seqs(reader)
    drop_segments(disk)
    with pytest.raises(IntegrityRefused, match="^the end of the log, but seq 3[0-9] was durable"):
        seqs(reader)
    with pytest.raises(ContractError, match="^seq 1 is trimmed"):
        drop_mark(disk)
        seqs(reader)


def drop_segments(disk: SimDisk) -> SimDisk:
    for path in [path for path in disk.image() if path.startswith("segments/")]:
        disk.put(path, None)
    return disk


@pytest.mark.parametrize("from_seq", [None, 0, 2, 99])
def test_a_mark_without_a_segment_is_a_log_that_is_lost(from_seq: int | None) -> None:
    disk = drop_segments(a_log((3,)))
    with pytest.raises(IntegrityRefused) as proven:
        verify(disk)
    reader = Reader(disk, from_seq=from_seq)
    for _ in range(2):
        with pytest.raises(IntegrityRefused) as refused:
            seqs(reader)
        assert str(refused.value) == str(proven.value)
        assert refused.value.exit_code == 3


def test_a_segment_that_disappears_under_the_reader_is_a_fault() -> None:
    disk = a_log((3,))
    reader = Reader(disk)
    assert seqs(reader) == [0, 1, 2, 3]

    class Vanishing(SimDisk):
        def read(self, path: str, offset: int = 0, length: int = -1) -> bytes:
            if path == FIRST:
                raise FileNotFoundError(2, "gone", path)
            return super().read(path, offset, length)

    disk.__class__ = Vanishing
    with pytest.raises(StorageFailed):
        seqs(reader)
    with pytest.raises(StorageFailed):
        told(disk)


def test_verify_says_what_is_torn_and_leaves_it() -> None:
    disk = a_log((3,), profile=Profile.BULK)
    edit(disk, disk.image()[FIRST] + b"torn")
    before = disk.image()
    scan = verify(disk)
    assert scan.bad is not None and scan.bad.seq == scan.next_seq == 4
    assert scan.sources == {"feed": 3}
    assert disk.image() == before


def test_a_log_that_is_not_there_has_no_records() -> None:
    disk = SimDisk()
    assert told(disk) == []
    assert verify(disk).next_seq == 0
    assert disk.changed == 0
