"""Logs with one rule of the protocol broken, each of which the harness must catch.

What can be said of the disk is a wrapper of the disk, so that it breaks any log in the same way;
the rest is a flaw that the log's own adapter must know how to switch on.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.sim.model_log import FLAWS, ModelLog
from tests.sim.sim_disk import SimDisk
from tests.sim.subject import Log, Subject

MODEL = Subject("model", ModelLog)


class _Wrapped:
    """Hands every call on; a mutant changes one of them."""

    def __init__(self, disk: SimDisk) -> None:
        self._disk = disk

    def __getattr__(self, name: str) -> object:
        return getattr(self._disk, name)


class SkipSync(_Wrapped):
    """Says that bytes are on storage, and never puts them there."""

    def sync(self, handle: int) -> None:
        pass


class SkipFolderSync(_Wrapped):
    """Says that names are on storage."""

    def sync_folder(self, path: str = "") -> None:
        pass


class LateSync(_Wrapped):
    """Acknowledges first: a sync happens only when the next write or sync asks for the disk."""

    def __init__(self, disk: SimDisk) -> None:
        super().__init__(disk)
        self._due: list[int] = []

    def sync(self, handle: int) -> None:
        self._flush()
        self._due.append(handle)

    def write(self, handle: int, data: bytes) -> int:
        self._flush()
        return self._disk.write(handle, data)

    def close(self, handle: int) -> None:
        self._flush()
        self._disk.close(handle)

    def _flush(self) -> None:
        while self._due:
            self._disk.sync(self._due.pop())


class RetrySync(_Wrapped):
    """Takes the second answer for the truth."""

    def sync(self, handle: int) -> None:
        try:
            self._disk.sync(handle)
        except OSError:
            self._disk.sync(handle)


class GoOnAfterSync(_Wrapped):
    """Never hears that a sync failed."""

    def sync(self, handle: int) -> None:
        try:
            self._disk.sync(handle)
        except OSError:
            pass


class BegunIsDone(_Wrapped):
    """Takes a sync that was begun for one that has ended."""

    def __init__(self, disk: SimDisk) -> None:
        super().__init__(disk)
        self._begun: set[int] = set()

    def begin_sync(self, handle: int) -> None:
        self._begun.add(handle)

    def sync(self, handle: int) -> None:
        if handle not in self._begun:
            self._disk.sync(handle)
        self._begun.discard(handle)


class SkipRewrite(_Wrapped):
    """Keeps the old inode: the last segment is cut where it stands, in the page cache."""

    def rename(self, old: str, new: str) -> None:
        if new.endswith(".jsonl") and new in self._disk.live:
            size = self._disk.size(old)
            self._disk.remove(old)
            self._disk.files[self._disk.live[new]].cut(size)
        else:
            self._disk.rename(old, new)


BEGUN = "a begun fsync is done"  # of no meaning for a log that begins none
WRAPPERS: dict[str, Callable[[SimDisk], _Wrapped]] = {
    "ack before fsync": LateSync,
    "skip fsync": SkipSync,
    "retry fsync": RetrySync,
    "ignore fsync errors": GoOnAfterSync,
    BEGUN: BegunIsDone,
    "skip dir fsync": SkipFolderSync,
    "no segment rewrite": SkipRewrite,
}


def wrapped(name: str, whole: Subject) -> Subject:
    """A log on a disk that breaks the rule."""

    def on(disk: SimDisk) -> Log:
        # The wrapper answers to every call of the port; only the checker cannot see it.
        return whole.open(WRAPPERS[name](disk))  # type: ignore[arg-type]

    return Subject(f"{whole.name}, {name}", on)


def flawed(flaw: str) -> Subject:
    """The model with one of its own rules switched off."""
    return Subject(f"model, {flaw}", lambda disk: ModelLog(disk, (flaw,)))


def of_disk(whole: Subject) -> list[Subject]:
    """The mutants that need nothing of the log: they are the same for every one."""
    return [wrapped(name, whole) for name in WRAPPERS]


def of_model() -> list[Subject]:
    """All mutants of the model log."""
    of_its_disk = [wrapped(name, MODEL) for name in WRAPPERS if name != BEGUN]
    return [*of_its_disk, *(flawed(flaw) for flaw in FLAWS)]
