"""The log open for writing: `tools.live.journal.writer` and its promises P1 and P4."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sim.sim_disk import Faults, SimDisk
from tests.unit.journal_builders import (
    FIRST, LOG_ID, NOON_NS, a_log, add, events, opened, told,
)  # fmt: skip
from tools.live.core.errors import ContractError, InvariantBroken
from tools.live.journal.errors import IntegrityRefused, LogHeld, StorageFailed
from tools.live.journal.mark import MARK, read_mark
from tools.live.journal.os_disk import OsDisk
from tools.live.journal.outcome import Limits, Outcome, Profile, Status
from tools.live.journal.segments import list_segments
from tools.live.journal.writer import Journal


def calls(disk: SimDisk, since: int) -> list[str]:
    """What was asked of the disk from that call on, without the numbers."""
    numbered = (event.partition(": ") for event in disk.events)
    return [what for number, _, what in numbered if number.isdigit() and int(number) > since]


def test_a_new_log_says_who_it_is() -> None:
    disk = SimDisk()
    journal = opened(disk)
    assert (journal.durable_seq, journal.next_seq, journal.base, journal.waiting) == (0, 1, 1, 0)
    (first,) = told(disk)
    assert (first.topic, first.src, first.payload()) == (
        "system.log.created", "system.log", {"log_id": LOG_ID},
    )  # fmt: skip
    assert journal.head_hash == first.hash.hex()


def test_a_group_commit_is_write_sync_mark_sync_in_this_order() -> None:
    disk = SimDisk()
    journal = opened(disk)
    for sseq in (1, 2, 3):
        assert add(journal, sseq) is Outcome.WAITING
    before = disk.ops
    assert journal.commit() == 3
    assert calls(disk, before) == [
        f"write {FIRST}", f"sync {FIRST}", f"write_at {MARK}", f"sync {MARK}",
    ]  # fmt: skip
    assert read_mark(disk)[0] == (3, journal.head_hash)
    before = disk.ops
    assert journal.commit() == 3
    assert calls(disk, before) == []


def test_in_bulk_the_mark_is_left_to_the_kernel() -> None:
    disk = SimDisk()
    journal = opened(disk, profile=Profile.BULK)
    add(journal, 1)
    before = disk.ops
    journal.commit()
    assert calls(disk, before) == [f"write {FIRST}", f"sync {FIRST}", f"write_at {MARK}"]
    add(journal, 2)
    before = disk.ops
    journal.commit(Profile.STRICT)
    assert calls(disk, before)[-1] == f"sync {MARK}"


def test_p01_what_was_committed_survives_the_power() -> None:
    disk = SimDisk()
    journal = opened(disk)
    for sseq in range(1, 600):
        add(journal, sseq)
    assert journal.commit() == 256
    assert journal.commit_all() == 599
    add(journal, 600)
    disk.power_loss(0)
    assert events(disk) == list(range(1, 600))


def test_short_writes_are_made_whole() -> None:
    disk = SimDisk(3)
    disk.faults = Faults(short=0.8)
    journal = opened(disk)
    for sseq in range(1, 50):
        add(journal, sseq)
        journal.commit()
    disk.faults = Faults()
    disk.power_loss(0)
    assert events(disk) == list(range(1, 50))


def failing(kind: dict[str, float]) -> tuple[SimDisk, Journal]:
    disk = SimDisk(1)
    journal = opened(disk, limits=Limits(batch_records=2))
    for sseq in (1, 2, 3, 4, 5):
        add(journal, sseq)
    journal.commit()
    disk.faults = Faults(**kind)  # type: ignore[arg-type]
    return disk, journal


@pytest.mark.parametrize("kind", [{"write": 1.0}, {"sync": 1.0}])
def test_p04_after_one_error_nothing_is_written_or_acknowledged(kind: dict[str, float]) -> None:
    disk, journal = failing(kind)
    with pytest.raises(StorageFailed, match="^a record cannot be stored: .*; see to the disk"):
        journal.commit()
    disk.faults = Faults()
    changed = disk.changed
    assert journal.status is Status.FAILED
    assert [journal.outcome_of(seq) for seq in range(1, 6)] == [
        Outcome.STORED, Outcome.STORED, Outcome.UNKNOWN, Outcome.UNKNOWN, Outcome.REFUSED,
    ]  # fmt: skip
    assert [add(journal, sseq) for sseq in (2, 5, 6)] == [
        Outcome.UNKNOWN, Outcome.REFUSED, Outcome.REFUSED,
    ]  # fmt: skip
    for again in (journal.commit, journal.commit_all):
        with pytest.raises(StorageFailed, match="the log is failed; open it again"):
            again()
    assert journal.durable_seq == 2
    journal.close(NOON_NS)
    journal.close(NOON_NS)
    assert disk.changed == changed
    assert opened(disk).durable_seq in (3, 4, 5)


def test_a_batch_in_flight_is_durable_when_the_next_commit_returns() -> None:
    disk = SimDisk()
    journal = opened(disk, limits=Limits(batch_records=2))
    for sseq in range(1, 6):
        add(journal, sseq)
    assert journal.begin_commit() == 4  # only one is in flight: the last
    assert [journal.outcome_of(seq) for seq in (4, 5)] == [Outcome.STORED, Outcome.WAITING]
    assert journal.waiting == 1
    head = journal.head_hash
    assert journal.begin_commit() == 4  # nothing else waits, so nobody waits for the disk
    assert journal.commit() == 5 and journal.waiting == 0
    assert journal.head_hash != head
    assert events(disk) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("again", ["begin_commit", "commit", "commit_all", "close"])
def test_p04_a_batch_in_flight_that_fails_ends_the_log(again: str) -> None:
    disk = SimDisk()
    journal = opened(disk)
    add(journal, 1)
    assert journal.begin_commit() == 0
    add(journal, 2)
    disk.faults = Faults(sync=1.0)
    given = (NOON_NS,) if again == "close" else ()
    with pytest.raises(StorageFailed, match="^a record cannot be stored"):
        getattr(journal, again)(*given)
    changed = disk.changed
    assert journal.status is Status.FAILED and journal.durable_seq == 0
    assert [journal.outcome_of(seq) for seq in (1, 2)] == [Outcome.UNKNOWN, Outcome.REFUSED]
    with pytest.raises(StorageFailed, match="the log is failed"):
        journal.begin_commit()
    journal.let_go()
    assert disk.changed == changed


def test_a_log_that_is_let_go_with_a_batch_in_flight_finds_it_again() -> None:
    disk = SimDisk()
    journal = opened(disk)
    add(journal, 1)
    journal.begin_commit()
    journal.let_go()
    assert opened(disk).outcome_of(1) is Outcome.STORED
    assert events(disk) == [1]


def test_upkeep_waits_for_the_batch_in_flight() -> None:
    disk = SimDisk()
    journal = opened(disk, limits=Limits(rotate_bytes=1))
    for sseq in range(1, 5):
        add(journal, sseq)
        journal.begin_commit()
    assert journal.durable_seq == 3
    assert journal.trim(3, NOON_NS) > 0
    assert journal.durable_seq > 4
    add(journal, 5)
    journal.begin_commit()
    journal.note_resumed({"actor": "me"}, NOON_NS)
    add(journal, 6)
    journal.begin_commit()
    journal.close(NOON_NS)
    assert events(disk)[-3:] == [4, 5, 6]


def test_p04_a_failed_mark_leaves_the_batch_in_doubt() -> None:
    disk = SimDisk()
    journal = opened(disk)
    add(journal, 1)
    disk.faults = Faults(planted=disk.ops + 3)
    with pytest.raises(StorageFailed):
        journal.commit()
    assert (journal.durable_seq, journal.outcome_of(1)) == (0, Outcome.UNKNOWN)


def test_p04_a_failed_rotation_stores_nothing_and_says_so() -> None:
    disk = SimDisk()
    journal = opened(disk, limits=Limits(rotate_bytes=1))
    add(journal, 1)
    disk.faults = Faults(names=1.0)
    with pytest.raises(StorageFailed):
        journal.commit()
    assert journal.outcome_of(1) is Outcome.REFUSED
    journal.close(NOON_NS)
    disk.faults = Faults()
    disk.kill9()
    opened(disk)
    assert events(disk) == []


def test_a_signal_in_the_middle_ends_the_log_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    disk = SimDisk()
    journal = opened(disk)
    add(journal, 1)

    def interrupted(handle: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(disk, "sync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        journal.commit()
    assert (journal.status, journal.outcome_of(1)) == (Status.FAILED, Outcome.UNKNOWN)


def test_an_encoder_that_breaks_the_line_is_caught_before_the_disk() -> None:
    disk = SimDisk()
    journal = opened(disk)
    journal.put(b'{"b":1}', "feed", 1)
    size = disk.size(FIRST)
    with pytest.raises(InvariantBroken):
        journal.commit()
    assert disk.size(FIRST) == size
    assert (journal.status, journal.outcome_of(1)) == (Status.FAILED, Outcome.REFUSED)


def test_a_retry_after_a_restart_changes_nothing() -> None:
    disk = a_log((3, 2))
    journal = opened(disk)
    assert [add(journal, sseq) for sseq in (1, 5)] == [Outcome.STORED] * 2
    assert add(journal, 6) is Outcome.WAITING
    journal.close(NOON_NS)
    assert events(disk) == [1, 2, 3, 4, 5, 6]


def test_a_clean_close_is_the_last_word_of_its_segment() -> None:
    disk = a_log((2,), close=True)
    assert told(disk)[-1].topic == "system.log.closed"
    assert read_mark(disk)[0] == (3, told(disk)[-1].hash.hex())
    before = disk.image()[FIRST]
    journal = opened(disk)
    assert disk.image()[FIRST] == before
    assert [one.first_seq for one in list_segments(disk)] == [0, 4]
    recovered = told(disk)[-1]
    assert (recovered.topic, recovered.payload()) == (
        "system.log.recovered",
        {"last_seq": 3, "torn_bytes": 0, "torn_sha": "", "torn_before": []},
    )
    journal.close(NOON_NS)
    assert journal.status is Status.CLOSED
    assert add(journal, 9) is Outcome.REFUSED
    with pytest.raises(StorageFailed, match="the log is closed"):
        journal.commit()


def test_a_bulk_log_marks_its_clean_close_durably() -> None:
    disk = SimDisk()
    journal = opened(disk, profile=Profile.BULK)
    add(journal, 1)
    journal.close(NOON_NS)
    disk.power_loss(0)
    assert read_mark(disk)[0] is not None and read_mark(disk)[0] == (2, told(disk)[-1].hash.hex())


def test_one_writer_at_a_time() -> None:
    disk = SimDisk()
    journal = opened(disk, holder="pid 7")
    with pytest.raises(LogHeld, match="pid 7"):
        opened(disk)
    journal.close(NOON_NS)
    opened(disk)


def test_what_cannot_be_opened_is_let_go() -> None:
    disk = a_log((3,))
    good = disk.image()[FIRST]
    disk.put(FIRST, b"x" + good[1:])
    with pytest.raises(IntegrityRefused):
        opened(disk)
    disk.put(FIRST, good)
    failed = 0
    for fault in range(1, 120):
        copy = disk.clone()
        copy.faults = Faults(planted=copy.ops + fault)
        try:
            opened(copy)
        except StorageFailed:
            failed += 1
            copy.faults = Faults()
            opened(copy)
    assert failed > 20


def test_a_log_id_is_a_plain_word() -> None:
    with pytest.raises(ContractError, match="^log id 'a b' is not of letters"):
        opened(SimDisk(), log_id="a b")


def test_the_same_on_a_real_disk(tmp_path: Path) -> None:
    disk = OsDisk(tmp_path / "log")
    for life in range(3):
        journal = opened(disk, limits=Limits(rotate_bytes=4_000))
        for sseq in range(life * 40 + 1, life * 40 + 41):
            add(journal, sseq)
            if sseq % 7 == 0:
                journal.commit()
        journal.pack_oldest()
        if life == 1:
            journal.trim(20, NOON_NS)
        journal.close(NOON_NS)
    assert events(disk)[-1] == 120  # type: ignore[arg-type]
    mode = (tmp_path / "log" / MARK).stat().st_mode
    assert mode & 0o777 == 0o600


def test_the_logs_own_times_do_not_follow_a_clock_that_was_set_back() -> None:
    disk = SimDisk()
    for time_ns in (5, 3, -7, 9, 8):
        journal = opened(disk, time_ns=time_ns)
        journal.close(time_ns - 1)
    assert [one.ts for one in told(disk)] == [5, 5, 5, 5, 5, 5, 9, 9, 9, 9]
    early = SimDisk()
    opened(early, time_ns=-7).close(-6)
    assert [one.ts for one in told(early)] == [0, 0]


def test_an_operators_word_waits_for_what_waits() -> None:
    disk = SimDisk()
    journal = opened(disk)
    add(journal, 1)
    assert journal.note_resumed({"actor": "a"}, NOON_NS) == 2 == journal.durable_seq
    assert [one.topic for one in told(disk)][1:] == ["md.quote", "system.log.resumed"]
