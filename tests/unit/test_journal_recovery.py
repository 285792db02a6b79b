"""What the last process left becomes a log again: `tools.live.journal.recovery`, P1 and P2."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from tests.sim.sim_disk import Crash, SimDisk
from tests.unit.journal_builders import (
    FIRST, NOON_NS, a_log, add, drop_mark, edit, events, lines_of, opened, told, without_locks,
)  # fmt: skip
from tools.live.journal.errors import IntegrityRefused, StorageFailed
from tools.live.journal.mark import MARK, Mark, read_mark, spell_slot
from tools.live.journal.os_disk import OsDisk
from tools.live.journal.outcome import Limits
from tools.live.journal.recovery import first_bytes, keep_bytes
from tools.live.journal.segments import PACKED, list_segments, segment_path


def recovered(disk: SimDisk) -> Any:
    """What the newest record of a recovery tells."""
    return [r.payload() for r in told(disk) if r.topic == "system.log.recovered"][-1]


def torn_files(disk: SimDisk) -> dict[str, bytes]:
    return {path: data for path, data in disk.image().items() if path.startswith("torn/")}


def test_a_torn_tail_is_cut_kept_and_reported() -> None:
    disk = a_log((3,))
    good, torn = disk.image()[FIRST], b'{"h":"0123'
    edit(disk, good + torn)
    opened(disk)
    sha = hashlib.sha256(torn).hexdigest()
    assert torn_files(disk) == {f"torn/4-{sha}.bin": torn}
    assert disk.image()[FIRST].startswith(good)
    assert recovered(disk) == {
        "last_seq": 3, "torn_bytes": 10, "torn_sha": sha, "torn_before": [],
    }  # fmt: skip
    disk.power_loss(0)
    assert torn_files(disk) == {f"torn/4-{sha}.bin": torn}
    assert events(disk) == [1, 2, 3]


@pytest.mark.usefixtures("untraced")
def test_p02_a_log_whose_end_is_cut_at_any_byte_loses_only_what_was_not_promised() -> None:
    disk = a_log((19,))
    whole, lines = disk.image()[FIRST], lines_of(disk)
    start = len(lines[0])
    mark = spell_slot(Mark(0, lines[0][6:70].decode()))
    for length in range(start, len(whole), 3):
        copy = edit(disk.clone(), whole[:length])
        copy.put(MARK, mark)
        opened(copy)
        assert events(copy) == list(range(1, whole[:length].count(b"\n")))


def test_p02_any_zeroed_sectors_of_the_last_batch_are_mended() -> None:
    disk = a_log((2, 12))
    whole, lines = disk.image()[FIRST], lines_of(disk)
    start = len(b"".join(lines[:3]))
    mark = spell_slot(Mark(2, lines[2][6:70].decode()))
    sectors = range(start // 512, len(whole) // 512 + 1)
    assert len(sectors) >= 5
    for choice in range(1, 2 ** len(sectors)):
        bent = bytearray(whole)
        for place, sector in enumerate(sectors):
            if choice >> place & 1:
                begin, end = max(start, sector * 512), min(len(whole), sector * 512 + 512)
                bent[begin:end] = b"\0" * (end - begin)
        copy = edit(disk.clone(), bytes(bent))
        copy.put(MARK, mark)
        opened(copy)
        kept = events(copy)
        assert kept[:2] == [1, 2] and kept == list(range(1, len(kept) + 1))


def test_a_first_batch_that_is_torn_is_a_new_log() -> None:
    disk = SimDisk()
    disk.make_folder("segments")
    disk.put(FIRST, b'{"h":')
    opened(disk)
    assert [r.topic for r in told(disk)] == ["system.log.created", "system.log.recovered"]
    assert recovered(disk)["torn_bytes"] == 5 and recovered(disk)["last_seq"] == -1
    disk.power_loss(0)
    opened(disk)


def test_what_was_torn_is_reported_although_a_crash_came_first() -> None:
    disk = a_log((3,))
    edit(disk, disk.image()[FIRST] + b"torn")
    sha = hashlib.sha256(b"torn").hexdigest()
    for call in range(1, 99):
        copy = disk.clone()
        copy.crash_at = copy.ops + call
        try:
            opened(copy)
        except Crash:
            copy.kill9()
            opened(copy)
            copy.kill9()
            reports = [r.payload() for r in told(copy) if r.topic == "system.log.recovered"]
            assert reports[0]["last_seq"] == 3
            shas = [reports[0]["torn_sha"], *reports[0]["torn_before"]]
            assert sorted(torn_files(copy)) == sorted(f"torn/4-{one}.bin" for one in shas)
            assert torn_files(copy)[f"torn/4-{sha}.bin"] == b"torn"
        else:
            break
    assert call > 20


def test_bytes_that_are_kept_already_are_kept_once_and_durably() -> None:
    disk = SimDisk()
    disk.put("file", b"0123456789")
    assert keep_bytes(disk, "7", "file", 4) == (6, hashlib.sha256(b"456789").hexdigest())
    before = disk.image()
    disk.kill9()
    assert keep_bytes(disk, "7", "file", 4).size == 6
    disk.power_loss(0)
    assert disk.image() == before


def test_a_copy_whose_name_may_still_be_lost_is_made_sure_of() -> None:
    disk = SimDisk()
    disk.put("file", b"torn")
    disk.make_folder("torn")
    disk.sync_folder()
    path = f"torn/7-{hashlib.sha256(b'torn').hexdigest()}.bin"
    handle = disk.create(path)
    disk.write(handle, b"torn")
    disk.sync(handle)
    keep_bytes(disk, "7", "file")
    disk.power_loss(0)
    assert disk.image()[path] == b"torn"


def test_other_names_in_the_place_of_torn_bytes_are_not_reported() -> None:
    disk = a_log((3,))
    disk.make_folder("torn")
    for name in ("note.txt", "4-abc.bin", f"5-{'a' * 64}.bin", f"14-{'a' * 64}.bin"):
        disk.put(f"torn/{name}", b"x")
    opened(disk)
    assert recovered(disk)["torn_sha"] == ""


def test_an_unclean_end_moves_to_a_new_inode_and_a_clean_one_stays() -> None:
    for close in (False, True):
        disk = a_log((3,), close=close)
        before = disk.live[FIRST]
        opened(disk)
        assert (disk.live[FIRST] == before) is close


def test_a_close_that_nobody_synced_is_no_clean_end() -> None:
    disk = SimDisk()
    journal = opened(disk)
    add(journal, 1)
    disk.crash_at = disk.ops + 6  # the sync of the closing record
    with pytest.raises(Crash):
        journal.close(NOON_NS)
    disk.kill9()
    assert told(disk)[-1].topic == "system.log.closed"
    before = disk.live[FIRST]
    opened(disk)
    assert disk.live[FIRST] != before
    # Nothing stands behind a closing record, or the next crash would look like damage.
    assert [one.first_seq for one in list_segments(disk)] == [0, 3]
    disk.power_loss(0)
    assert events(disk) == [1]


def test_empty_segments_at_the_end_go_away() -> None:
    disk = a_log((3,))
    disk.put(segment_path(4), b"")
    disk.put(segment_path(9), b"")
    opened(disk)
    assert [one.first_seq for one in list_segments(disk)] == [0]


def test_a_segment_without_a_valid_record_goes_away() -> None:
    disk = a_log((3,))
    disk.put(segment_path(4), b"torn")
    opened(disk)
    assert [one.first_seq for one in list_segments(disk)] == [0, 4]
    assert disk.image()[segment_path(4)].startswith(b'{"h":"')
    assert recovered(disk)["torn_bytes"] == 4


def test_a_log_whose_last_segment_is_packed_goes_on_in_a_new_one() -> None:
    disk = a_log((3,), limits=Limits(rotate_bytes=1))
    journal = opened(disk, limits=Limits(rotate_bytes=1))
    assert journal.pack_oldest() and journal.pack_oldest()
    disk.kill9()
    disk.put(segment_path(4), None)
    last = lines_of(disk, segment_path(1)) if segment_path(1) in disk.image() else []
    assert last == [] and [one.packed for one in list_segments(disk)] == [True, True]
    drop_mark(disk)
    opened(disk)
    assert [one.first_seq for one in list_segments(disk)] == [0, 1, 4]
    assert events(disk) == [1, 2, 3]


def test_both_forms_of_a_segment_may_be_there_after_a_crash() -> None:
    disk = a_log((3,), close=True)
    journal = opened(disk)
    plain = disk.image()[FIRST]
    journal.pack_oldest()
    disk.put(FIRST, plain)
    disk.kill9()
    journal = opened(disk)
    assert journal.pack_oldest()
    assert FIRST not in disk.image() and segment_path(0, PACKED) in disk.image()


def test_what_was_half_made_is_deleted_but_not_when_the_log_is_refused() -> None:
    disk = a_log((3,))
    for path in ("durable.mark.tmp", "segments/x.tmp"):
        disk.put(path, b"half")
    good = disk.image()[FIRST]
    disk.put(FIRST, b"x" + good[1:])
    before = without_locks(disk)
    with pytest.raises(IntegrityRefused):
        opened(disk)
    assert without_locks(disk) == before
    disk.put(FIRST, good)
    opened(disk)
    assert not [path for path in disk.image() if path.endswith(".tmp")]


def test_the_mark_is_rewritten_at_the_end_that_was_found() -> None:
    disk = drop_mark(a_log((3,)))
    opened(disk)
    head = told(disk)[-1]
    assert read_mark(disk)[0] == (head.seq, head.hash.hex())
    disk.power_loss(0)
    assert read_mark(disk)[0] == (head.seq, head.hash.hex())


def test_recovery_can_be_done_again_and_again() -> None:
    disk = a_log((3,))
    for life in range(1, 5):
        opened(disk)
        disk.kill9()
        assert events(disk) == [1, 2, 3]
        assert len(told(disk)) == 4 + life


def test_a_read_error_is_a_storage_fault_and_no_damage() -> None:
    disk = a_log((3,))
    disk.faults = disk.faults._replace(read=1.0)
    with pytest.raises(StorageFailed):
        opened(disk)


@pytest.mark.parametrize("what", ["link", "pipe", "folder"])
@pytest.mark.parametrize("name", [FIRST, segment_path(5), MARK, segment_path(5, PACKED)])
def test_what_is_no_regular_file_is_refused(tmp_path: Path, what: str, name: str) -> None:
    disk = OsDisk(tmp_path)
    journal = opened(disk)  # type: ignore[arg-type]
    for sseq in (1, 2, 3):
        add(journal, sseq)
    journal.close(NOON_NS)
    path = tmp_path / name
    kept = path.read_bytes() if path.exists() else b""
    path.unlink(missing_ok=True)
    if what == "link":
        (tmp_path / "elsewhere").write_bytes(kept)
        path.symlink_to(tmp_path / "elsewhere")
    elif what == "pipe":
        os.mkfifo(path)
    else:
        path.mkdir()
    with pytest.raises(IntegrityRefused):
        opened(OsDisk(tmp_path))  # type: ignore[arg-type]


def test_a_copy_has_every_byte_or_there_is_none() -> None:
    assert list(first_bytes(iter([b"abc", b"def", b"ghi"]), 5)) == [b"abc", b"de"]
    assert list(first_bytes(iter([b"abc"]), 0)) == []
    with pytest.raises(OSError, match="became shorter"):
        list(first_bytes(iter([b"abc"]), 5))
