"""`HALT` in a log's folder: `tools.live.journal.halt`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.sim.journaled_runs import run_on
from tests.sim.sim_disk import Crash, Faults, SimDisk
from tests.unit.journal_builders import (
    LOG_ID, NOON_NS, a_log, add, events, opened, told, without_locks,
)  # fmt: skip
from tools.live.core.errors import ContractError
from tools.live.journal.errors import Halted, IntegrityRefused, LogHeld, StorageFailed
from tools.live.journal.frame import RESUMED
from tools.live.journal.halt import (
    HALT, drop_halt, is_halted, read_halt, refuse_halted, resume,
)  # fmt: skip
from tools.live.journal.os_disk import OsDisk
from tools.live.journal.outcome import Limits
from tools.live.journal.summary import summarize

WHY = "2025-01-01T12:00:00Z the line failed behind seq 512: no space left"


def halted(disk: SimDisk, text: bytes = WHY.encode() + b"\n") -> SimDisk:
    disk.put(HALT, text)
    return disk


def let_go_on(disk: SimDisk, **options: Any) -> int:
    given = {"actor": "night desk", "reason": "disk replaced", "holder": "h", "time_ns": NOON_NS}
    return resume(disk, **{**given, **options})


def topics(disk: SimDisk) -> list[str]:
    return [one.topic.rpartition(".")[2] for one in told(disk)]


def test_a_failed_line_says_when_where_and_why() -> None:
    disk = a_log((2,))
    assert not is_halted(disk) and read_halt(disk) is None
    refuse_halted(disk)
    drop_halt(disk, why="no space left", seq=512, time_ns=NOON_NS)
    disk.power_loss(0)
    assert disk.image()[HALT] == WHY.encode() + b"\n"
    assert is_halted(disk) and read_halt(disk) == WHY
    with pytest.raises(Halted) as refused:
        refuse_halted(disk)
    assert refused.value.exit_code == 6 and refused.value.told == WHY
    assert str(refused.value) == (
        f"HALT stands at DIR: {WHY}; see to its cause and to what rests at the exchange, then"
        " `python -m tools.live journal resume DIR --actor NAME --reason TEXT`"
    )


def test_the_first_halt_stays() -> None:
    disk = halted(a_log((2,)), b"stop\n")
    drop_halt(disk, why="later", seq=1, time_ns=NOON_NS)
    assert disk.image()[HALT] == b"stop\n"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (b"", "put there by hand, without a word"), (b" \n\n", "put there by hand, without a word"),
        (b"\n stop now \nmore", "stop now "), (b"a\x00\x1b[2Jb\xff", "a??[2Jb\ufffd"),
        (b"x" * 5_000, "x" * 400),
    ],
)  # fmt: skip
def test_whatever_stands_in_it_halts_and_can_be_shown(text: bytes, shown: str) -> None:
    assert read_halt(halted(SimDisk(), text)) == shown


@pytest.mark.parametrize("make", ["folder", "link"])
def test_whatever_it_is_halts(tmp_path: Path, make: str) -> None:
    disk = OsDisk(tmp_path)
    place = tmp_path / HALT
    place.mkdir() if make == "folder" else place.symlink_to("nowhere")
    assert read_halt(disk) == f"a regular file is needed, found a {make}"
    with pytest.raises(ContractError, match=f"^HALT: .*found a {make}; remove it by hand"):
        resume(disk, actor="a", reason="b", holder="h", time_ns=0)
    assert is_halted(disk)


def test_what_cannot_be_told_is_a_storage_fault_and_what_cannot_be_read_a_halt() -> None:
    disk = halted(SimDisk())
    disk.faults = Faults(planted=disk.ops + 1)
    with pytest.raises(StorageFailed, match="^nobody can tell whether the log is halted"):
        is_halted(disk)
    disk.faults = Faults(planted=disk.ops + 2)
    assert read_halt(disk) == "it cannot be read: Input/output error"


def test_as_much_of_a_halt_as_the_disk_takes_is_dropped() -> None:
    """Its name is enough; only where the disk takes no name there is none."""
    for at, stands in ((1, False), (2, True), (3, True), (4, True), (5, True)):
        disk = a_log((2,))
        disk.faults = Faults(planted=disk.ops + at)
        drop_halt(disk, why="w", seq=1, time_ns=NOON_NS)
        disk.faults = Faults()
        assert is_halted(disk) == stands, at
        assert not disk._handles
    disk = a_log((2,))
    disk.faults = Faults(write=1.0, sync=1.0)
    drop_halt(disk, why="w", seq=1, time_ns=NOON_NS)
    disk.faults = Faults()
    assert is_halted(disk)


def test_a_resumption_is_recorded_and_then_the_halt_goes() -> None:
    disk = halted(a_log((2,)))
    seq = let_go_on(disk)
    disk.power_loss(1)
    assert read_halt(disk) is None
    one = told(disk)[seq]
    assert (one.topic, one.src, one.ts) == (RESUMED, "system.log", NOON_NS)
    assert one.payload() == {"actor": "night desk", "halt": WHY, "reason": "disk replaced"}
    assert topics(disk) == ["created", "quote", "quote", "recovered", "resumed", "closed"]
    journal = opened(disk)
    add(journal, 3)
    journal.close(NOON_NS)
    assert events(disk) == [1, 2, 3]


def test_no_power_loss_brings_the_halt_back() -> None:
    disk = halted(a_log((2,)))
    let_go_on(disk)
    for choice in range(20):
        copy = disk.clone()
        copy.power_loss(choice)
        assert not is_halted(copy), choice


def test_resuming_twice_changes_nothing() -> None:
    disk = halted(a_log((2,)))
    let_go_on(disk)
    before = disk.image()
    with pytest.raises(ContractError, match="^the journal is not halted; there is nothing to"):
        let_go_on(disk)
    assert disk.image() == before


def test_a_trimmed_log_is_resumed_under_its_own_name() -> None:
    disk = SimDisk()
    journal = opened(disk, limits=Limits(rotate_bytes=900))
    for sseq in range(1, 16):
        add(journal, sseq)
        journal.commit()
    journal.trim(8, NOON_NS)
    journal.close(NOON_NS)
    let_go_on(halted(disk))
    assert told(disk)[-2].topic == RESUMED and summarize(disk).log_id == LOG_ID


def test_a_log_in_use_stays_halted() -> None:
    disk = SimDisk()
    opened(disk)
    with pytest.raises(LogHeld):
        let_go_on(halted(disk))
    assert is_halted(disk)


def test_a_damaged_log_stays_halted() -> None:
    disk = halted(a_log((2,)))
    disk.put("segments/00000000000000000000.jsonl", b"")
    before = without_locks(disk)
    with pytest.raises(IntegrityRefused):
        let_go_on(disk)
    assert without_locks(disk) == before


def test_where_there_is_no_record_nothing_can_be_recorded() -> None:
    with pytest.raises(ContractError, match="^there is no record to resume from; remove HALT by"):
        let_go_on(halted(SimDisk()))


def test_reading_goes_on_and_the_summary_says_so() -> None:
    disk = halted(a_log((2,), close=True))
    summary = summarize(disk)
    assert summary.halt == WHY
    assert summary.show().splitlines()[-1] == (
        f"HALT      {WHY}; no run goes on before `journal resume`"
    )
    assert f'"halt":"{WHY}"' in summary.spell()
    assert len(told(disk)) == 4


def crashes(disk: SimDisk) -> Iterable[SimDisk]:
    """What a crash at each call of a resumption leaves, by kill and by power loss."""
    whole = disk.clone()
    begin = whole.ops
    let_go_on(whole)
    for at in range(begin + 1, whole.ops + 1):
        for choice in range(4):
            copy = disk.clone()
            copy.crash_at = at
            with pytest.raises(Crash):
                let_go_on(copy)
            if choice:
                copy.power_loss(choice)
            else:
                copy.kill9()
            yield copy


def test_a_crash_leaves_the_halt_or_the_record_of_its_end() -> None:
    left = {True: 0, False: 0}
    for disk in crashes(halted(a_log((2,)))):
        stands = is_halted(disk)
        left[stands] += 1
        if not stands:
            assert "resumed" in topics(disk)
            continue
        let_go_on(disk)
        assert not is_halted(disk) and "resumed" in topics(disk)
        opened(disk)
        assert events(disk) == [1, 2]
    assert min(left.values()) > 5, left


def test_a_halted_run_does_not_begin_nor_go_on() -> None:
    disk = halted(SimDisk())
    before = disk.image()
    with pytest.raises(Halted):
        run_on(disk)
    assert disk.image() == before
