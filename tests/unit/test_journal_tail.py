"""The newest records, and those to come: `tools.live.journal.tail`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sim.sim_disk import SimDisk
from tests.unit.journal_builders import (
    FIRST, LOG_ID, NOON_NS, a_log, add, drop_mark, edit, opened, told,
)  # fmt: skip
from tests.unit.journal_folders import STORY, a_journal, tell
from tools.live.journal.errors import IntegrityRefused
from tools.live.journal.mark import MARK, Mark, spell_slot
from tools.live.journal.outcome import Limits
from tools.live.journal.segments import list_segments, segment_path
from tools.live.journal.show import Bound, Wanted
from tools.live.journal.tail import Tail, kept_seq
from tools.live.journal.writer import Journal

SMALL = Limits(rotate_bytes=900)


def seqs(records: Any) -> list[int]:
    return [one.seq for one in records]


def a_tail(disk: SimDisk, count: int = 10, *, follow: bool = False, **wanted: Any) -> Tail:
    return Tail(disk, Wanted(**wanted), count=count, follow=follow)


def last(disk: SimDisk, count: int, **options: Any) -> list[int]:
    return seqs(a_tail(disk, count, **options).last())


@pytest.mark.parametrize(("count", "expected"), [
    (0, []), (1, [10]), (3, [8, 9, 10]), (11, list(range(11))), (99, list(range(11))),
])  # fmt: skip
def test_the_newest_come_last(count: int, expected: list[int]) -> None:
    disk = SimDisk()
    a_journal(disk)
    assert last(disk, count) == expected
    assert last(drop_mark(disk), count) == expected


def test_only_the_end_is_read() -> None:
    disk = a_log((200, 200), close=True)
    data = disk.image()[FIRST]
    edit(disk, b"?" + data[1:])
    assert last(disk, 3) == [399, 400, 401]
    with pytest.raises(IntegrityRefused):
        last(disk, 3, corr=1)


def test_the_newest_that_are_wanted_may_be_far_back() -> None:
    disk = SimDisk()
    a_journal(disk)
    assert last(disk, 1, kinds=("md.quote",)) == [1]
    assert last(disk, 2, order="ORD000009") == [3, 6]
    assert last(disk, 9, order="ORD000009") == [2, 3, 6]
    assert last(disk, 2, corr=1) == [5, 6]
    assert last(disk, 9, kinds=("system",)) == [0, 10]
    assert last(disk, 2, since=Bound(3, None), until=Bound(8, None)) == [7, 8]


def test_a_mark_behind_the_end_hides_nothing() -> None:
    disk = a_log((3, 3, 3))
    hashes = [one.hash.hex() for one in told(disk)]
    disk.put(MARK, spell_slot(Mark(4, hashes[4])))
    assert last(disk, 2) == [8, 9]
    assert last(disk, 4, follow=True) == [1, 2, 3, 4]


def test_a_mark_beyond_the_end_is_refused() -> None:
    disk = a_log((3,))
    disk.put(MARK, spell_slot(Mark(40, "ab" * 32)))
    with pytest.raises(IntegrityRefused, match="seq 40 was durable"):
        last(disk, 2)


def test_who_follows_sees_what_becomes_durable() -> None:
    disk = SimDisk()
    journal = a_journal(disk, story=STORY[:3], close=False)
    tail = a_tail(disk, 2, follow=True)
    assert seqs(tail.last()) == [2, 3]
    assert seqs(tail.new()) == []
    tell(journal, STORY[3])
    assert seqs(tail.new()) == []
    journal.commit()
    assert seqs(tail.new()) == [4]
    for one in STORY[4:]:
        tell(journal, one)
    journal.close(NOON_NS)
    assert seqs(tail.new()) == [5, 6, 7, 8, 9, 10]


def test_a_record_that_only_a_cache_holds_is_not_followed() -> None:
    disk = a_log((2,))
    hashes = [one.hash.hex() for one in told(disk)]
    disk.put(MARK, spell_slot(Mark(1, hashes[1])))
    tail = a_tail(disk, follow=True)
    assert seqs(tail.last()) == [0, 1]
    opened(disk)
    assert seqs(tail.new()) == [2, 3]


def test_an_order_is_followed_by_the_name_it_is_given_on_the_way() -> None:
    disk = SimDisk()
    journal = a_journal(disk, story=STORY[:2], close=False)
    tail = a_tail(disk, follow=True, order="CLI00000001")
    assert seqs(tail.last()) == [2]
    for one in STORY[2:]:
        tell(journal, one)
    journal.commit_all()
    assert seqs(tail.new()) == [3, 6]


def test_segments_that_are_begun_and_packed_meanwhile_are_followed() -> None:
    disk = SimDisk()
    journal = opened(disk, limits=SMALL)
    tail = a_tail(disk, follow=True)
    seen = seqs(tail.last())
    for sseq in range(1, 30):
        add(journal, sseq)
        journal.commit()
        if sseq % 7 == 0:
            journal.pack_oldest()
        if sseq % 5 == 0:
            seen += seqs(tail.new())
    assert [one.packed for one in list_segments(disk)].count(True) == 4
    seen += seqs(tail.new())
    assert seen == list(range(30))


def test_reading_begins_with_what_is_kept() -> None:
    disk = a_log((1,) * 20, limits=SMALL)
    second = list_segments(disk)[1].first_seq
    assert kept_seq(disk, 0) == 0
    trimmed = Journal.open(disk, log_id=LOG_ID, holder="a test", time_ns=NOON_NS)
    assert trimmed.trim(second, NOON_NS) == 1
    assert kept_seq(disk, 0) == second
    assert kept_seq(disk, second + 3) == second + 3
    assert last(disk, 999)[0] == second
    assert last(disk, 999, kinds=("md",))[0] == second


def test_a_log_whose_segments_are_gone_is_not_one_about_to_begin() -> None:
    disk = a_log((3,))
    disk.put(FIRST, None)
    with pytest.raises(IntegrityRefused, match="seq 3 was durable"):
        kept_seq(disk, 0)
    with pytest.raises(IntegrityRefused, match="seq 3 was durable"):
        last(disk, 3)


def test_a_log_without_records_has_no_newest() -> None:
    disk = SimDisk()
    assert kept_seq(disk, 7) == 7
    assert last(disk, 3) == []
    disk.make_folder("segments")
    disk.put(segment_path(0), b"")
    assert last(disk, 3) == []
