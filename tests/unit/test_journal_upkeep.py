"""Indexing again, packing, letting go: `tools.live.journal.upkeep`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sim.sim_disk import Crash, SimDisk
from tests.unit.checkpoint_builders import respelled
from tests.unit.journal_builders import (
    FIRST, LOG_ID, NOON_NS, a_log, add, edit, events, opened, told, without_locks,
)  # fmt: skip
from tools.live.core.errors import ContractError
from tools.live.journal.checkpoint import Checkpoint, checkpoint_path, spell
from tools.live.journal.disk import NotAFile
from tools.live.journal.errors import IntegrityRefused, LogHeld, NotOurs, StorageFailed
from tools.live.journal.outcome import Limits
from tools.live.journal.reader import verify
from tools.live.journal.segments import INDEX, list_segments, segment_path
from tools.live.journal.summary import summarize
from tools.live.journal.upkeep import (
    MISSING, RIGHT, WRONG, Packed, check_indexes, drop_before, held, oldest_checkpoint,
    pack_closed, rebuild_indexes,
)  # fmt: skip

SMALL = Limits(rotate_bytes=900)


def a_closed_log() -> SimDisk:
    """A log of several small segments, closed."""
    return a_log((1,) * 20, close=True, limits=SMALL)


def firsts(disk: SimDisk) -> list[int]:
    return [one.first_seq for one in list_segments(disk)]


def packed_forms(disk: SimDisk) -> list[bool]:
    return [one.packed for one in list_segments(disk)]


def a_checkpoint(disk: SimDisk, number: int, **changed: Any) -> str:
    """A checkpoint of this seq, or one that states something else under its name."""
    head = changed.get("head_hash") or told(disk)[number].hash.hex()
    stated = {
        "log_id": LOG_ID, "seq": number, "head_hash": head, "state_hash": "ab" * 32,
        "config_hash": "cd" * 32, "state": {}, **changed,
    }  # fmt: skip
    disk.make_folder("checkpoints")
    disk.put(checkpoint_path(number), spell(Checkpoint(**stated)))
    return checkpoint_path(number)


def test_indexes_of_a_closed_log_are_right() -> None:
    disk = a_closed_log()
    found = check_indexes(disk)
    assert [one.path for one in found] == [segment_path(seq, INDEX) for seq in firsts(disk)]
    assert {one.found for one in found} == {RIGHT}
    assert [one.places for one in found] == [1] + [0] * (len(found) - 1)


def test_wrong_and_missing_indexes_are_written_anew() -> None:
    disk = a_closed_log()
    whole = without_locks(disk)
    disk.put(segment_path(firsts(disk)[0], INDEX), None)
    disk.put(segment_path(firsts(disk)[2], INDEX), b"nonsense")
    before = disk.image()
    expected = [MISSING, RIGHT, WRONG] + [RIGHT] * (len(firsts(disk)) - 3)
    assert [one.found for one in check_indexes(disk)] == expected
    assert disk.image() == before
    assert [one.found for one in rebuild_indexes(disk, "an operator")] == expected
    disk.power_loss(0)
    assert without_locks(disk) == whole
    assert {one.found for one in check_indexes(disk)} == {RIGHT}


def test_the_last_segment_of_an_open_log_is_not_complete() -> None:
    disk = a_log((1,) * 20, limits=SMALL)
    found = check_indexes(disk)
    assert [one.path for one in found] == [segment_path(seq, INDEX) for seq in firsts(disk)[:-1]]
    assert {one.found for one in found} == {RIGHT}
    last = list_segments(disk)[-1].path
    edit(disk, disk.image()[last] + b"torn", last)
    assert check_indexes(disk) == found == rebuild_indexes(disk, "an operator")


def test_an_index_left_half_written_is_in_nobodys_way() -> None:
    disk = a_closed_log()
    path = segment_path(0, INDEX)
    disk.put(path, b"wrong")
    disk.put(path + ".tmp", b"half")
    rebuild_indexes(disk, "an operator")
    assert path + ".tmp" not in disk.image()
    assert {one.found for one in check_indexes(disk)} == {RIGHT}


def test_damage_is_refused_before_anything_is_written() -> None:
    disk = a_closed_log()
    edit(disk, disk.image()[FIRST].replace(b'"1.5"', b'"9.5"'))
    before = without_locks(disk)
    for work in (rebuild_indexes, pack_closed):
        with pytest.raises(IntegrityRefused):
            work(disk, "an operator")
    with pytest.raises(IntegrityRefused):
        check_indexes(disk)
    with pytest.raises(IntegrityRefused):
        drop_before(disk, 5, holder="an operator", time_ns=NOON_NS)
    assert without_locks(disk) == before


def test_a_log_in_use_is_left_alone() -> None:
    disk = SimDisk()
    journal = opened(disk, holder="the desk", limits=SMALL)
    for sseq in range(1, 20):
        add(journal, sseq)
        journal.commit()
    before = disk.image()
    for work in (rebuild_indexes, pack_closed):
        with pytest.raises(LogHeld, match="the desk"):
            work(disk, "an operator")
    assert disk.image() == before


def test_the_lock_names_its_holder_and_is_let_go() -> None:
    disk = a_closed_log()
    with held(disk, "an operator"):
        with pytest.raises(LogHeld, match="held by an operator"):
            opened(disk)
    opened(disk)


def test_the_lock_is_let_go_when_the_work_fails() -> None:
    disk = a_closed_log()
    with pytest.raises(StorageFailed, match="cannot be worked on"):
        with held(disk, "an operator"):
            raise OSError(5, "broken")
    opened(disk)


def test_every_segment_of_a_closed_log_is_packed() -> None:
    disk = a_closed_log()
    before = disk.image()
    summary = summarize(disk)
    records = told(disk)
    done = pack_closed(disk, "an operator")
    disk.power_loss(0)
    after = disk.image()
    assert packed_forms(disk) == [True] * len(done)
    assert done == [
        Packed(one.path, len(before[segment_path(one.first_seq)]), len(after[one.path]))
        for one in list_segments(disk)
    ]
    assert not [path for path in after if path.endswith(".jsonl")]
    assert told(disk) == records
    now = summarize(disk)
    assert (now.head_hash, now.records, now.size, now.closed) == (
        summary.head_hash, summary.records, summary.size, True,
    )  # fmt: skip
    assert {one.found for one in check_indexes(disk)} == {RIGHT}
    assert pack_closed(disk, "an operator") == []


def test_a_packed_log_goes_on() -> None:
    disk = a_closed_log()
    pack_closed(disk, "an operator")
    journal = opened(disk)
    add(journal, 21)
    journal.close(NOON_NS)
    assert events(disk) == list(range(1, 22))
    assert verify(disk).ends_closed


@pytest.mark.parametrize("torn", [b"", b"half"])
def test_an_open_log_is_not_packed(torn: bytes) -> None:
    disk = a_log((1,) * 20, limits=SMALL)
    last = list_segments(disk)[-1].path
    edit(disk, disk.image()[last] + torn, last)
    before = without_locks(disk)
    with pytest.raises(ContractError, match="^the journal was not closed.*; let its run end"):
        pack_closed(disk, "an operator")
    with pytest.raises(ContractError, match="^the journal was not closed"):
        drop_before(disk, 10, holder="an operator", time_ns=NOON_NS)
    assert without_locks(disk) == before


def test_a_crash_while_packing_loses_nothing() -> None:
    whole = a_closed_log()
    records = told(whole)
    crashes = 0
    for call in range(1, 400):
        for power in (None, 0, 1):
            disk = whole.clone()
            disk.crash_at = disk.ops + call
            try:
                pack_closed(disk, "an operator")
            except Crash:
                crashes += 1
            disk.kill9() if power is None else disk.power_loss(power)
            assert told(disk) == records
            assert verify(disk).ends_closed
        if packed_forms(disk) == [True] * len(firsts(whole)):
            break
    assert crashes > 100
    pack_closed(disk, "an operator")
    assert told(disk) == records


def test_segments_before_a_seq_go() -> None:
    disk = a_closed_log()
    seqs = firsts(disk)
    assert drop_before(disk, seqs[3] - 1, holder="an operator", time_ns=NOON_NS) == 2
    assert firsts(disk)[0] == seqs[2]
    trimmed = [one for one in told(disk) if one.topic == "system.log.trimmed"]
    assert [one.payload()["last_seq"] for one in trimmed] == [seqs[1] - 1, seqs[2] - 1]
    assert verify(disk).ends_closed and verify(disk).log_id == LOG_ID
    assert drop_before(disk, seqs[3], holder="an operator", time_ns=NOON_NS) == 1


@pytest.mark.parametrize("beyond", [-1, 0])
def test_without_anything_to_drop_nothing_is_written(beyond: int) -> None:
    disk = a_closed_log()
    before = disk.image()
    assert drop_before(disk, firsts(disk)[1] - 1, holder="x", time_ns=NOON_NS) == 0
    assert disk.image() == before
    single = a_log((3,), close=True)
    before = single.image()
    assert drop_before(single, 4 + beyond, holder="x", time_ns=NOON_NS) == 0
    assert single.image() == before


def test_the_lock_is_let_go_when_dropping_fails() -> None:
    whole = a_closed_log()
    failed = 0
    for call in range(1, 120):
        disk = whole.clone()
        disk.faults = disk.faults._replace(planted=disk.ops + call)
        try:
            drop_before(disk, 15, holder="an operator", time_ns=NOON_NS)
        except StorageFailed:
            failed += 1
        disk.faults = disk.faults._replace(planted=0)
        opened(disk)
        assert events(disk)[-1] == 20
    assert failed > 20


def test_the_oldest_checkpoint_is_the_one_that_counts() -> None:
    disk = a_closed_log()
    a_checkpoint(disk, 12)
    a_checkpoint(disk, 7)
    disk.put("checkpoints/00000000000000000003.json.tmp", b"")
    disk.put("checkpoints/3.json", b"")
    assert oldest_checkpoint(disk) == 7
    a_checkpoint(disk, 0)
    assert oldest_checkpoint(disk) == 0


def test_without_a_checkpoint_all_is_needed() -> None:
    disk = a_closed_log()
    with pytest.raises(ContractError, match="^the journal has no checkpoint, so all of it is"):
        oldest_checkpoint(disk)


@pytest.mark.parametrize(("changed", "why"), [
    ({"log_id": "desk-2"}, "log_id 'desk-2' is not that of this log, desk-1"),
    ({"seq": 8}, "seq 8 is not that of its name, 7"),
    ({"head_hash": "ab" * 32}, "head_hash '.*' is not that of seq 7, "),
])  # fmt: skip
def test_a_checkpoint_of_something_else_is_refused(changed: dict[str, Any], why: str) -> None:
    disk = a_closed_log()
    a_checkpoint(disk, 7, **changed)
    a_checkpoint(disk, 9)
    with pytest.raises(ContractError, match=f"07.json is no checkpoint .* use [(]{why}.*; remove"):
        oldest_checkpoint(disk)


@pytest.mark.parametrize("place", range(0, 400, 23))
def test_a_damaged_checkpoint_is_refused(place: int) -> None:
    disk = a_closed_log()
    path = a_checkpoint(disk, 7)
    data = bytearray(disk.image()[path])
    data[place] ^= 1
    disk.put(path, bytes(data))
    with pytest.raises(ContractError, match=f"^{path} is no checkpoint .*; remove it, or restore"):
        oldest_checkpoint(disk)


def test_a_checkpoint_too_large_to_read_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    disk = a_closed_log()
    path = a_checkpoint(disk, 7)
    size = len(disk.image()[path])
    monkeypatch.setattr("tools.live.journal.checkpoint.MAX_BYTES", size)
    assert oldest_checkpoint(disk) == 7
    disk.put(path, disk.image()[path] + b"\n")
    with pytest.raises(ContractError, match=f"it has more than {size} bytes"):
        oldest_checkpoint(disk)


def test_a_checkpoint_beyond_either_end_is_refused() -> None:
    disk = a_closed_log()
    head = told(disk)[0].hash.hex()
    end = verify(disk).next_seq
    path = a_checkpoint(disk, end, head_hash=head)
    why = f"seq {end} is not a record that the log has"
    with pytest.raises(ContractError, match=f"{path} is no checkpoint .* use [(]{why}[)]; remove"):
        oldest_checkpoint(disk)
    disk.put(path, None)
    drop_before(disk, 15, holder="an operator", time_ns=NOON_NS)
    a_checkpoint(disk, 0, head_hash=head)
    with pytest.raises(ContractError, match="[(]seq 0 is not a record that the log has[)]; remove"):
        oldest_checkpoint(disk)


def test_a_checkpoint_of_a_newer_program_is_refused_and_stays() -> None:
    disk = a_closed_log()
    path = a_checkpoint(disk, 7)
    respelled(disk, path, version=9)
    before = without_locks(disk)
    with pytest.raises(NotOurs, match="a checkpoint of version 9 .this program knows"):
        oldest_checkpoint(disk)
    assert without_locks(disk) == before


def test_a_link_is_no_checkpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    disk = a_closed_log()
    a_checkpoint(disk, 7)

    def refuse(path: str, offset: int = 0, length: int = -1) -> bytes:
        raise NotAFile(path, "link")

    monkeypatch.setattr(disk, "read", refuse)
    with pytest.raises(IntegrityRefused, match="found a link"):
        oldest_checkpoint(disk)
