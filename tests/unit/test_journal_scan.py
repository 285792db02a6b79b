"""What a whole log holds: `tools.live.journal.scan`, with `sealing` for what is no longer there."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sim.sim_disk import SimDisk
from tests.unit.journal_builders import (
    FIRST, LOG_ID, NOON_NS, a_log, add, by_a_newer_version, by_hand, drop_mark, edit, lines_of,
    opened, told, without_locks,
)  # fmt: skip
from tools.live.core.codec import canonical
from tools.live.journal.errors import IntegrityRefused, NotOurs
from tools.live.journal.frame import (
    CREATED, TRIMMED, frame_lines, genesis, record_text, system_record,
)  # fmt: skip
from tools.live.journal.outcome import Limits
from tools.live.journal.reader import verify
from tools.live.journal.scan import scan_log
from tools.live.journal.sealing import remove_segment
from tools.live.journal.segments import list_segments, segment_path
from tools.live.journal.walk import Fault

SMALL = Limits(rotate_bytes=900)


def trimmed() -> SimDisk:
    disk = SimDisk()
    journal = opened(disk, limits=SMALL)
    add(journal, 7, src="exchange")
    for sseq in range(1, 16):
        add(journal, sseq)
        journal.commit()
    journal.trim(8, NOON_NS)
    disk.kill9()
    return disk


def test_a_scan_knows_the_segments_the_end_and_the_sources() -> None:
    disk = a_log((1,) * 8, limits=SMALL)
    scan = scan_log(disk, log_id=LOG_ID, marked_seq=3)
    records = told(disk)
    assert (scan.first_seq, scan.next_seq, scan.log_id) == (0, 9, LOG_ID)
    assert scan.head == records[-1].hash and scan.marked_hash == records[3].hash.hex()
    assert scan.sources == {"feed": 8}
    assert [one.segment for one in scan.segments] == list_segments(disk)
    for one in scan.segments:
        before = one.segment.first_seq - 1
        assert one.head == (records[before].hash if before >= 0 else genesis(LOG_ID))
        assert one.size == disk.size(one.segment.path)
        assert one.ts == NOON_NS
    assert not scan.ends_closed and scan.bad is None


def test_nothing_is_an_empty_log() -> None:
    scan = scan_log(SimDisk(), log_id=LOG_ID)
    assert (scan.next_seq, scan.head, scan.segments) == (0, genesis(LOG_ID), [])


def test_the_sources_of_trimmed_segments_are_known() -> None:
    disk = trimmed()
    assert list_segments(disk)[0].first_seq > 0
    scan = scan_log(disk)
    assert scan.sources == {"exchange": 7, "feed": 15}
    assert (scan.log_id, scan.bad) == (LOG_ID, None)


def test_the_first_kept_record_is_proven_by_the_record_of_trimming() -> None:
    disk = drop_mark(trimmed())
    first = list_segments(disk)[0]
    lines = lines_of(disk, first.path)
    forged = lines[0].replace(b'"bid":"', b'"bid":"9')
    edit(disk, b"".join([forged, *lines[1:]]), first.path)
    with pytest.raises(IntegrityRefused, match="and does not say why, which no crash can do"):
        opened(disk)


def test_a_damaged_trimmed_log_is_never_taken_for_torn() -> None:
    disk = drop_mark(trimmed())
    first = list_segments(disk)[0]
    for one in list_segments(disk)[1:]:
        disk.put(one.path, None)
    edit(disk, b"noise", first.path)
    with pytest.raises(IntegrityRefused, match="does not say why") as refused:
        opened(disk)
    assert (refused.value.offset, refused.value.seq) == (0, first.first_seq)


def test_a_foreign_trimmed_log_is_refused() -> None:
    with pytest.raises(NotOurs, match="the log 'desk-1' where 'desk-2' is wanted"):
        scan_log(trimmed(), log_id="desk-2")


def with_first(topic: str, payload: Any) -> SimDisk:
    disk = SimDisk()
    disk.make_folder("segments")
    record = system_record(topic=topic, payload=canonical(payload), base=0, seq=0, ts=1)
    disk.put(FIRST, frame_lines(genesis(LOG_ID), [record])[0])
    return disk


@pytest.mark.parametrize("payload", [{}, [], 5, {"log_id": 7}, {"log_id": "other"}, "desk-1"])
def test_a_first_record_is_believed_only_when_it_proves_itself(payload: Any) -> None:
    disk = with_first(CREATED, payload)
    assert scan_log(disk, log_id=LOG_ID).next_seq == 1
    assert scan_log(disk).bad is not None


def test_a_first_record_that_is_no_json_names_no_log() -> None:
    disk = with_first(CREATED, {"log_id": LOG_ID})
    edit(disk, disk.image()[FIRST].replace(b'{"log_id"', b'{_log_id"'))
    scan = scan_log(disk)
    assert scan.bad is not None and scan.log_id == ""


def test_without_a_first_record_of_its_own_a_log_has_no_name() -> None:
    disk = SimDisk()
    disk.make_folder("segments")
    disk.put(FIRST, by_hand(3))
    assert scan_log(disk, log_id=LOG_ID).next_seq == 3
    assert scan_log(disk).next_seq == 0


@pytest.mark.parametrize(
    "payload",
    [{}, [], {"log_id": LOG_ID},
     {"log_id": LOG_ID, "last_seq": 0, "last_hash": "xy", "sources": {}},
     {"log_id": LOG_ID, "last_seq": 0, "last_hash": "", "sources": []},
     {"log_id": LOG_ID, "last_seq": [], "last_hash": "", "sources": {}},
     {"log_id": LOG_ID, "last_seq": 0, "last_hash": "", "sources": {"a": "b"}}],
)  # fmt: skip
def test_a_record_of_trimming_that_makes_no_sense_is_refused(payload: Any) -> None:
    with pytest.raises(NotOurs, match="a record of trimming that cannot be understood"):
        scan_log(with_first(TRIMMED, payload), log_id=LOG_ID)


def test_all_forms_of_a_segment_go_together() -> None:
    disk = SimDisk()
    disk.make_folder("segments")
    for suffix in (".jsonl", ".jsonl.gz", ".idx"):
        disk.put(segment_path(0, suffix), b"x")
        disk.put(segment_path(9, suffix), b"x")
    disk.sync_folder()
    remove_segment(disk, 0)
    remove_segment(disk, 5)
    disk.power_loss(0)
    left = [segment_path(9, suffix) for suffix in (".idx", ".jsonl", ".jsonl.gz")]
    assert sorted(disk.image()) == left


@pytest.mark.parametrize("log_id", ["", LOG_ID])
@pytest.mark.parametrize("mark", [True, False])
def test_a_log_that_begins_with_a_newer_version_is_newer_and_not_damaged(
    log_id: str, mark: bool
) -> None:
    disk = by_a_newer_version(a_log((2, 2)))
    if not mark:
        drop_mark(disk)
    scan = scan_log(disk, log_id=log_id)
    assert scan.log_id == LOG_ID and scan.next_seq == 0
    assert scan.bad is not None and (scan.bad.fault, scan.bad.seq) == (Fault.NEWER, 0)


def test_a_newer_beginning_is_believed_only_as_far_as_its_chain_proves_it() -> None:
    disk = a_log((2, 2))
    newer = by_a_newer_version(a_log((2, 2)))
    lines, others = lines_of(disk), lines_of(newer)
    flipped = lines[0].replace(b'"v":1}', b'"v":3}')
    unnamed = others[0].replace(b'"log_id"', b'"log_ie"')
    for first in (flipped, unnamed, lines[0].replace(b"desk-1", b"desk-2")):
        bad = scan_log(edit(disk, b"".join([first, *lines[1:]]))).bad
        assert bad is not None and (bad.fault, bad.seq) == (Fault.DAMAGED, 0)


@pytest.mark.parametrize("payload", ['{"log_id":7}', '"desk-1"', "[]", "{}", '{"log_id":null}'])
def test_a_first_record_without_a_name_names_nothing(payload: str) -> None:
    record = system_record(topic=CREATED, payload=payload, base=0, seq=0, ts=NOON_NS)
    disk = SimDisk()
    disk.make_folder("segments")
    block, _ = frame_lines(genesis(LOG_ID), [record])
    disk.put(FIRST, block)
    assert scan_log(disk).log_id == ""
    disk.put(FIRST, frame_lines(genesis(LOG_ID), [record.replace(b'"topic"', b'"topics"')])[0])
    assert scan_log(disk).log_id == ""


def test_only_the_record_that_begins_a_log_names_it() -> None:
    record = record_text(
        base=0, cause=0, corr=0, sseq=0, payload=canonical({"log_id": LOG_ID}), seq=0, src="feed",
        topic="md.quote", ts=NOON_NS,
    )  # fmt: skip
    disk = SimDisk()
    disk.make_folder("segments")
    disk.put(FIRST, frame_lines(genesis(LOG_ID), [record.encode()])[0])
    assert scan_log(disk).log_id == ""


def test_a_trimmed_log_that_a_newer_version_wrote_is_newer_too() -> None:
    disk = by_a_newer_version(trimmed())
    before = without_locks(disk)
    first = list_segments(disk)[0]
    bad = scan_log(disk).bad
    assert bad is not None
    assert (bad.fault, bad.path, bad.seq) == (Fault.NEWER, first.path, first.first_seq)
    for attempt in (verify, told, lambda disk: opened(disk)):
        with pytest.raises(NotOurs, match="version 2, newer than this program .* use the program"):
            attempt(disk)
    assert without_locks(disk) == before


def test_a_newer_record_before_the_record_of_trimming_hides_it() -> None:
    disk = trimmed()
    first = list_segments(disk)[0]
    line = lines_of(disk, first.path)[0]
    newer = line[76:-2].replace(b'"v":1}', b'"v":2}').replace(
        b'"q":%d' % first.first_seq, b'"q":%d' % (first.first_seq + 1)
    )
    more, _ = frame_lines(bytes.fromhex(line[6:70].decode()), [newer])
    bad = scan_log(edit(disk, line + more, first.path)).bad
    assert bad is not None and (bad.fault, bad.seq) == (Fault.NEWER, first.first_seq + 1)
