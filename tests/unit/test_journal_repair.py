"""Giving up damaged records: `tools.live.journal.repair`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sim.sim_disk import Crash, SimDisk
from tests.unit.journal_builders import (
    FIRST, LOG_ID, NOON_NS, a_log, add, by_a_newer_version, drop_mark, edit, events, lines_of,
    opened, told, without_locks,
)  # fmt: skip
from tools.live.core.errors import ContractError
from tools.live.journal.errors import IntegrityRefused, LogHeld, NotOurs
from tools.live.journal.frame import frame_lines
from tools.live.journal.mark import MARK, Mark, read_mark, spell_slot
from tools.live.journal.outcome import Limits, Outcome
from tools.live.journal.reader import verify
from tools.live.journal.repair import Repaired, repair
from tools.live.journal.segments import PACKED, list_segments, segment_path

SMALL = Limits(rotate_bytes=900)


def repaired(disk: SimDisk, seq: int, **options: Any) -> Repaired:
    given = {"log_id": LOG_ID, "holder": "an operator", "time_ns": NOON_NS, **options}
    return repair(disk, accept_loss_from=seq, **given)


def damaged(seq: int, *, packed: bool = False) -> tuple[SimDisk, dict[str, bytes]]:
    """A log of several segments with a turned bit in the line of this seq."""
    disk = SimDisk()
    journal = opened(disk, limits=SMALL)
    for sseq in range(1, 16):
        add(journal, sseq)
        journal.commit()
    disk.kill9()
    segment = [one for one in list_segments(disk) if one.first_seq <= seq][-1]
    lines = lines_of(disk, segment.path)
    place = len(b"".join(lines[: seq - segment.first_seq])) + 90
    data = disk.image()[segment.path]
    edit(disk, data[:place] + b"?" + data[place + 1 :], segment.path)
    return disk, disk.image()


@pytest.mark.parametrize("seq", [1, 2, 4, 5, 7, 15])
def test_the_log_is_cut_before_the_damage_and_says_so(seq: int) -> None:
    disk, _ = damaged(seq)
    mark, _ = read_mark(disk)
    assert mark is not None
    with pytest.raises(IntegrityRefused) as refused:
        opened(disk)
    done = repaired(disk, refused.value.seq)
    assert done.lost_from == seq == refused.value.seq
    disk.power_loss(0)
    last = told(disk)[-1]
    assert (last.seq, last.topic) == (seq, "system.log.repaired")
    assert last.payload() == {
        "found": refused.value.what,
        "kept": list(done.kept),
        "lost_from": seq,
        "mark": [15, mark.head_hash],
        "place": f"{refused.value.path} byte {refused.value.offset}",
    }
    assert events(disk) == list(range(1, seq))
    assert verify(disk).bad is None
    journal = opened(disk)
    assert add(journal, seq) is Outcome.WAITING
    journal.close(NOON_NS)
    assert events(disk) == list(range(1, seq + 1))


def test_every_changed_file_is_kept() -> None:
    disk, before = damaged(4)
    done = repaired(disk, 4)
    after = disk.image()
    changed = [path for path in before if after.get(path) != before[path] and path != "LOCK"]
    kept = {name.rpartition("-")[0]: after[f"torn/{name}"] for name in done.kept}
    for path in [path for path in changed if not path.endswith(".idx")]:
        assert kept[path.rpartition("/")[2]] == before[path]


def test_only_the_first_loss_can_be_accepted() -> None:
    disk, _ = damaged(4)
    before = without_locks(disk)
    for seq in (0, 3, 5):
        with pytest.raises(ContractError, match=f"^the first loss is seq 4, not {seq}: "):
            repaired(disk, seq)
    assert without_locks(disk) == before


def test_what_is_whole_or_merely_torn_is_not_repaired() -> None:
    disk = a_log((3,))
    edit(disk, disk.image()[FIRST] + b"torn")
    before = without_locks(disk)
    with pytest.raises(ContractError, match="^nothing that was durable is damaged"):
        repaired(disk, 4)
    with pytest.raises(NotOurs):
        repaired(disk, 4, log_id="desk-2")
    assert without_locks(disk) == before


def test_a_newer_log_is_not_repaired() -> None:
    disk = a_log((3,))
    data = disk.image()[FIRST].replace(b'"v":1}', b'"v":2}')
    edit(disk, data)
    with pytest.raises(ContractError, match="^the first loss is seq 0"):
        repaired(disk, 3)


def test_a_log_that_a_newer_version_wrote_is_refused_as_it_is() -> None:
    disk = by_a_newer_version(a_log((3,)))
    before = without_locks(disk)
    for log_id in (LOG_ID, "desk-2"):
        with pytest.raises(NotOurs):
            repaired(disk, 0, log_id=log_id)
    assert without_locks(disk) == before


def test_a_newer_record_behind_the_damage_is_refused_as_it_is() -> None:
    disk = drop_mark(a_log((2,)))
    last = lines_of(disk)[-1]
    newer = last[76:-2].replace(b'"v":1}', b'"v":2}').replace(b'"q":2', b'"q":3')
    line, _ = frame_lines(bytes.fromhex(last[6:70].decode()), [newer])
    edit(disk, disk.image()[FIRST] + line)
    with pytest.raises(NotOurs, match="version 2, newer"):
        repaired(disk, 3)


def test_a_log_in_use_is_not_repaired() -> None:
    disk = SimDisk()
    opened(disk)
    with pytest.raises(LogHeld):
        repaired(disk, 0)


def test_damage_to_the_first_record_begins_the_log_anew() -> None:
    disk, _ = damaged(0)
    repaired(disk, 0)
    assert [record.topic for record in told(disk)] == [
        "system.log.created", "system.log.repaired",
    ]  # fmt: skip
    opened(disk)


def test_a_log_without_segments_begins_anew() -> None:
    disk = a_log((3,))
    disk.put(FIRST, None)
    assert repaired(disk, 0).found == "the end of the log, but seq 3 was durable,"
    assert told(disk)[-1].seq == 1
    opened(disk)


def test_a_lost_end_is_given_up() -> None:
    disk = a_log((3,))
    edit(disk, b"".join(lines_of(disk)[:2]))
    repaired(disk, 2)
    assert events(disk) == [1]
    opened(disk)


def test_a_mark_of_another_record_gives_up_that_record() -> None:
    disk = a_log((3,))
    disk.put(MARK, spell_slot(Mark(2, "ab" * 32)))
    repaired(disk, 2)
    assert events(disk) == [1]
    opened(disk)


def test_without_a_mark_there_is_none_to_keep() -> None:
    disk, _ = damaged(4)
    done = repaired(drop_mark(disk), 4)
    assert told(disk)[-1].payload()["mark"] is None
    assert not [name for name in done.kept if MARK in name]


def test_a_missing_segment_gives_up_all_behind_it() -> None:
    disk = SimDisk()
    journal = opened(disk, limits=SMALL)
    for sseq in range(1, 16):
        add(journal, sseq)
        journal.commit()
    firsts = [one.first_seq for one in list_segments(disk)]
    disk.kill9()
    disk.put(segment_path(firsts[1]), None)
    repaired(disk, firsts[1])
    assert [one.first_seq for one in list_segments(disk)] == [0]
    assert told(disk)[-1].seq == firsts[1]
    opened(disk)


def test_a_damaged_packed_segment_becomes_a_plain_one() -> None:
    disk = SimDisk()
    journal = opened(disk, limits=SMALL)
    for sseq in range(1, 16):
        add(journal, sseq)
        journal.commit()
    second = list_segments(disk)[1].first_seq
    assert journal.pack_oldest() and journal.pack_oldest()
    disk.kill9()
    path = segment_path(second, PACKED)
    disk.put(path, disk.image()[path][:-30])
    with pytest.raises(IntegrityRefused) as refused:
        opened(disk)
    seq = refused.value.seq
    repaired(disk, seq)
    assert [(one.first_seq, one.packed) for one in list_segments(disk)] == [
        (0, True), (second, False),
    ]  # fmt: skip
    assert events(disk) == list(range(1, seq))
    opened(disk)


def test_a_beginning_that_cannot_be_proven_stays_refused() -> None:
    disk = SimDisk()
    journal = opened(disk, limits=SMALL)
    for sseq in range(1, 16):
        add(journal, sseq)
        journal.commit()
    first, second = (one.first_seq for one in list_segments(disk)[:2])
    disk.kill9()
    disk.put(segment_path(first), None)
    before = without_locks(disk)
    with pytest.raises(IntegrityRefused, match=f"begins with seq {second} and does not say why"):
        repaired(disk, second)
    assert without_locks(disk) == before


@pytest.mark.usefixtures("untraced")
def test_a_crash_at_any_call_leaves_a_log_that_opens_or_can_be_repaired() -> None:
    disk, before = damaged(4)
    for call in range(1, 200):
        for power in (None, 0, 1, 3):
            copy = disk.clone()
            copy.crash_at = copy.ops + call
            try:
                repaired(copy, 4)
                return
            except Crash:
                copy.kill9() if power is None else copy.power_loss(power)
            try:
                opened(copy)
            except IntegrityRefused as refused:
                repaired(copy, refused.seq)
                opened(copy)
            assert events(copy) == [1, 2, 3]
            if told(copy)[4].topic != "system.log.repaired":
                assert told(copy)[4].topic == "system.log.recovered"
            kept = [data for path, data in copy.image().items() if path.startswith("torn/")]
            assert any(before[FIRST].endswith(data[-40:]) for data in kept)


def test_a_repair_is_not_older_than_what_the_log_says_of_itself() -> None:
    disk, _ = damaged(4)
    repaired(disk, 4, time_ns=5)
    assert told(disk)[-1].ts == NOON_NS
    disk, _ = damaged(4)
    repaired(disk, 4, time_ns=NOON_NS + 5)
    assert told(disk)[-1].ts == NOON_NS + 5
