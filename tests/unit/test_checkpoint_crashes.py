"""A crash or a fault anywhere in a save leaves the old checkpoint or the new one, never less:
`tools.live.journal.checkpoint`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sim.choice import CORNERS
from tests.sim.sim_disk import Crash, Faults, SimDisk
from tests.unit.checkpoint_builders import LAST, a_checkpoint, a_disk, kept, newest, saved
from tests.unit.journal_builders import NOON_NS, opened
from tests.unit.prop import chance
from tools.live.journal.checkpoint import Checkpoint, save
from tools.live.journal.errors import StorageFailed

KILL = -1
ENDS = (KILL, *CORNERS, *range(len(CORNERS), 16))
LARGE = {"text": "0123456789abcdef" * 200}  # of several sectors
HISTORIES = ((), (4,), (4, 9, 12))  # nothing yet; one; as many as are kept


def prepared(history: tuple[int, ...]) -> tuple[SimDisk, Checkpoint, Checkpoint | None]:
    """A disk at rest, the checkpoint to be saved, and the newest of those that are there."""
    disk = a_disk()
    for seq in history:
        save(disk, a_checkpoint(disk, seq, state=LARGE), durable_seq=LAST)
    disk.kill9()
    old = a_checkpoint(disk, history[-1], state=LARGE) if history else None
    return disk, a_checkpoint(disk, 20, state=LARGE), old


def calls_of_a_save(disk: SimDisk, new: Checkpoint) -> int:
    trial = disk.clone()
    before = trial.ops
    save(trial, new, durable_seq=LAST)
    return trial.ops - before


def crashes(history: tuple[int, ...]) -> Iterator[tuple[SimDisk, str, bool]]:
    """Every disk that a crash at a call of a save may leave; whether the save had returned."""
    disk, new, _ = prepared(history)
    calls = calls_of_a_save(disk, new)
    assert calls >= 9
    for call in range(1, calls + 2):
        for end in ENDS:
            left = disk.clone()
            left.crash_at = left.ops + call
            done = call > calls
            try:
                save(left, new, durable_seq=LAST)
                assert done
            except Crash:
                assert not done
            if end == KILL:
                left.kill9()
            else:
                left.power_loss(end)
            yield left, f"call {call} of {calls}, end {end}", done


@pytest.mark.usefixtures("untraced")
@pytest.mark.parametrize("history", HISTORIES)
def test_P01_a_crash_anywhere_leaves_the_old_one_or_the_new(history: tuple[int, ...]) -> None:
    _, new, old = prepared(history)
    seen = {"old": 0, "new": 0}
    for disk, where, done in crashes(history):
        assert not done or len(kept(disk)) <= 3, where
        opened(disk).close(NOON_NS)
        found = newest(disk)
        assert found.skipped == (), where
        assert found.checkpoint in ([new] if done else [old, new]), where
        seen["new" if found.checkpoint == new else "old"] += 1
        assert not [path for path in disk.image() if path.endswith(".tmp")], where
        assert save(disk, new, durable_seq=LAST), "and the next save goes on"
        assert len(kept(disk)) <= 3, where
        assert newest(disk).checkpoint == new, where
    assert all(seen.values()), seen


@pytest.mark.parametrize("history", HISTORIES)
def test_P01_even_before_recovery_nothing_half_made_counts(history: tuple[int, ...]) -> None:
    _, new, old = prepared(history)
    for disk, where, _ in crashes(history):
        found = newest(disk)
        assert found.checkpoint in (old, new), where
        assert found.skipped == (), where


@pytest.mark.usefixtures("untraced")
@pytest.mark.parametrize("history", HISTORIES)
def test_P04_a_fault_at_any_call_takes_nothing_away(history: tuple[int, ...]) -> None:
    disk, new, old = prepared(history)
    failed = 0
    for call in range(1, calls_of_a_save(disk, new) + 1):
        for end in ENDS:
            left = disk.clone()
            left.faults = Faults(planted=left.ops + call)
            try:
                save(left, new, durable_seq=LAST)
            except StorageFailed as fault:
                assert "the checkpoint cannot be stored" in str(fault)
                failed += 1
            left.faults = Faults()
            assert newest(left).checkpoint in (old, new)
            left.kill9() if end == KILL else left.power_loss(end)
            opened(left).close(NOON_NS)
            found = newest(left)
            assert found.checkpoint in (old, new), (call, end)
            assert found.skipped == (), (call, end)
    assert failed > 5 * len(ENDS)


def test_a_save_that_failed_is_simply_done_again() -> None:
    disk, new, _ = prepared((4,))
    for call in range(1, calls_of_a_save(disk, new) + 1):
        left = disk.clone()
        left.faults = Faults(planted=left.ops + call)
        try:
            save(left, new, durable_seq=LAST)
        except StorageFailed:
            left.faults = Faults()
            save(left, new, durable_seq=LAST)
        assert newest(left).checkpoint == new, call
        assert kept(left) == [4, 20]


@pytest.mark.parametrize("seed", range(10))
def test_short_writes_are_gone_on_with(seed: int) -> None:
    disk = saved(a_disk(), 4)
    disk._rng = chance(seed)
    disk.faults = Faults(short=1.0)
    new = a_checkpoint(disk, 20, state=LARGE)
    save(disk, new, durable_seq=LAST)
    disk.faults = Faults()
    disk.power_loss(0)
    assert newest(disk).checkpoint == new
    assert disk.figures["short writes"] > 0


def test_a_save_in_place_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The harness can fail: without the temporary file a crash leaves a damaged checkpoint."""

    def in_place(disk: SimDisk, path: str, chunks: list[bytes]) -> None:
        handle = disk.create(path)
        for chunk in chunks:
            disk.write(handle, chunk)
        disk.sync(handle)
        disk.close(handle)
        disk.sync_folder("checkpoints")

    monkeypatch.setattr("tools.live.journal.checkpoint.put_whole", in_place)
    assert any(newest(disk).skipped for disk, _, _ in crashes((4,)))
