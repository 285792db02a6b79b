"""Syncs behind the caller's back: `tools.live.journal.syncer`, and the disk that uses it."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.sim.sim_disk import SimDisk
from tools.live.core.errors import InvariantBroken
from tools.live.journal import os_disk
from tools.live.journal.disk import Disk
from tools.live.journal.os_disk import OsDisk
from tools.live.journal.syncer import Syncer

SECONDS = 30


class Gate:
    """Stands in for a sync: it lasts until somebody opens the gate."""

    def __init__(self) -> None:
        self.entered, self.open = threading.Event(), threading.Event()
        self.handles: list[int] = []
        self.error: OSError | None = None

    def __call__(self, handle: int) -> None:
        self.handles.append(handle)
        self.entered.set()
        assert self.open.wait(SECONDS)
        if self.error is not None:
            raise self.error


@pytest.fixture
def gate() -> Iterator[Gate]:
    made = Gate()
    yield made
    made.open.set()


@pytest.fixture
def disk(tmp_path: Path, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> OsDisk:
    monkeypatch.setattr(os_disk, "_sync", gate)
    made = OsDisk(tmp_path / "root")
    made._make_root = lambda: (tmp_path / "root").mkdir()  # type: ignore[method-assign]
    made.make_folder("")
    return made


def workers() -> list[threading.Thread]:
    return [one for one in threading.enumerate() if one.name == "journal sync"]


def test_a_sync_is_under_way_when_it_was_begun_and_over_when_it_was_waited_for(gate: Gate) -> None:
    syncer = Syncer(gate)
    syncing = syncer.begin(7)
    assert gate.entered.wait(SECONDS) and gate.handles == [7]
    assert syncing.done.locked()
    gate.open.set()
    syncing.wait()
    syncing.wait()  # whoever asks again hears the same
    syncer.begin(8).wait()
    assert gate.handles == [7, 8]
    syncer.end()


def test_what_a_sync_ends_with_is_told_to_who_waits(gate: Gate) -> None:
    gate.error = OSError(errno.EIO, "planted")
    gate.open.set()
    syncer = Syncer(gate)
    syncing = syncer.begin(7)
    for _ in range(2):
        with pytest.raises(OSError, match="planted"):
            syncing.wait()
    gate.error = None
    syncer.begin(7).wait()  # the thread goes on; whether its log does is another question
    syncer.end()


def test_the_thread_ends_when_it_is_let_go(gate: Gate) -> None:
    before = workers()
    gate.open.set()
    syncer = Syncer(gate)
    (mine,) = [one for one in workers() if one not in before]
    assert mine.daemon
    syncing = syncer.begin(1)
    syncer.end()
    syncing.wait()
    mine.join(SECONDS)
    assert not mine.is_alive()


def test_a_disk_waits_for_the_sync_that_it_began(disk: OsDisk, gate: Gate) -> None:
    handle = disk.create("a")
    disk.write(handle, b"1")
    disk.begin_sync(handle)
    assert gate.entered.wait(SECONDS)
    gate.open.set()
    disk.sync(handle)
    assert gate.handles == [handle]  # one sync, not two
    disk.write(handle, b"2")
    disk.sync(handle)
    assert gate.handles == [handle, handle]


def test_a_begun_sync_that_fails_is_an_error_once(disk: OsDisk, gate: Gate) -> None:
    handle = disk.create("a")
    gate.error = OSError(errno.EIO, "planted")
    gate.open.set()
    disk.begin_sync(handle)
    with pytest.raises(OSError, match="planted"):
        disk.sync(handle)
    gate.error = None
    disk.sync(handle)
    disk.close(handle)


def test_closing_waits_for_the_disk_and_asks_for_no_answer(disk: OsDisk, gate: Gate) -> None:
    before = workers()
    first, second = disk.create("a"), disk.create("b")
    gate.error = OSError(errno.EIO, "planted")
    disk.begin_sync(first)
    (mine,) = [one for one in workers() if one not in before]
    disk.close(second)  # of no concern to the thread
    assert mine.is_alive()
    gate.open.set()
    disk.close(first)
    mine.join(SECONDS)
    assert not mine.is_alive()
    with pytest.raises(OSError):
        os.fstat(first)


def test_two_files_share_the_thread_and_the_last_one_ends_it(disk: OsDisk, gate: Gate) -> None:
    before = workers()
    gate.open.set()
    first, second = disk.create("a"), disk.create("b")
    disk.begin_sync(first)
    disk.begin_sync(second)
    (mine,) = [one for one in workers() if one not in before]
    disk.close(first)
    disk.sync(second)
    disk.begin_sync(second)
    assert workers()[-1] is mine
    disk.close(second)
    mine.join(SECONDS)
    assert not mine.is_alive()
    assert gate.handles == [first, second, second]


def test_without_threads_the_sync_does_all_of_it(
    disk: OsDisk, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_here(*_: object, **__: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", none_here)
    gate.open.set()
    handle = disk.create("a")
    disk.begin_sync(handle)
    assert gate.handles == []
    disk.sync(handle)
    assert gate.handles == [handle]
    disk.close(handle)


def real(tmp_path: Path) -> Disk:
    return OsDisk(tmp_path / "real")


def simulated(_: Path) -> Disk:
    return SimDisk()


@pytest.mark.parametrize("make", [real, simulated])
def test_nothing_is_written_while_a_file_is_synced(
    tmp_path: Path, make: Callable[[Path], Disk]
) -> None:
    disk = make(tmp_path)
    disk.make_folder("")
    handle = disk.create("a")
    disk.write(handle, b"1")
    disk.begin_sync(handle)
    with pytest.raises(InvariantBroken, match="written to while it is being synced"):
        disk.write(handle, b"2")
    disk.sync(handle)
    disk.write(handle, b"3")
    disk.begin_sync(handle)
    disk.close(handle)
    again = disk.open_append("a")
    disk.write(again, b"4")
    assert disk.read("a") == b"134"
    disk.close(again)
