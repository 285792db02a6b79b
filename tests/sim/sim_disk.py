"""A disk that does the worst a real one may do, from a seed.

It is the second implementation of `tools.live.journal.disk.Disk`. Every call is numbered, and the
process can be made to die at any number, or the call to fail. Names are kept as whole paths: `live`
is what processes see, `stored` what survives, `changes` what lies between, each change on its own.
"""

from __future__ import annotations

import errno
import os
from collections import Counter, deque
from collections.abc import Callable
from typing import NamedTuple

from tests.sim.choice import Choice, below
from tests.sim.sim_file import SimFile
from tools.live.core.errors import InvariantBroken
from tools.live.core.rng import stream
from tools.live.journal.disk import Held, NotAFile, parts, place

FOLDER = 0
EVENTS_KEPT = 30
FIRST_HANDLE = 1000


class Crash(BaseException):
    """The process is gone. No log can catch it: it is no `Exception`."""


class Faults(NamedTuple):
    """How often each call misbehaves, and the one call, by number, that fails for certain."""

    short: float = 0.0
    write: float = 0.0
    sync: float = 0.0
    names: float = 0.0
    read: float = 0.0
    planted: int = 0


QUIET = Faults()


class Change(NamedTuple):
    """A change of names: `path` becomes `number` (None: is gone), moved from `old` if it has one;
    `waiting` are the folders that must still be synced before it is sure to be stored."""

    path: str
    number: int | None
    old: str
    waiting: tuple[str, ...]

    def apply(self, names: dict[str, int]) -> None:
        if self.number is None:
            names.pop(self.path, None)
            return
        if self.old:
            for path in [path for path, number in names.items() if number == self.number]:
                del names[path]
        names[self.path] = self.number


class Opened(NamedTuple):
    path: str
    number: int
    mode: str


class SimDisk:
    """What happens on it is a pure function of the seed and of the calls."""

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed
        self.faults = QUIET
        self.crash_at = 0
        self.ops = 0
        self.changed = 0  # Calls that could change anything, so that a checker can see none did.
        self.errors: list[str] = []  # Paths of failed writes and syncs since the process began.
        self.events: deque[str] = deque(maxlen=EVENTS_KEPT)
        self.figures: Counter[str] = Counter()
        self.files: dict[int, SimFile] = {}
        self.live: dict[str, int] = {}
        self.stored: dict[str, int] = {}
        self.changes: list[Change] = []
        self._rng = stream(seed, "disk")
        self._dead = False
        self._serial = FIRST_HANDLE
        self._handles: dict[int, Opened] = {}
        self._begun: set[int] = set()
        self._locks: dict[str, int] = {}

    @property
    def dead(self) -> bool:
        """Whether the process has died at a call, and nobody has said yet how it ended."""
        return self._dead

    def clone(self) -> SimDisk:
        """Another disk in the same state, between two lives of the process."""
        other = SimDisk(self.seed)
        other.ops, other.changed, other._serial = self.ops, self.changed, self._serial
        other.events.extend(self.events)
        other.live, other.stored = dict(self.live), dict(self.stored)
        other.changes = self.changes[:]
        reached = dict.fromkeys([*self.live.values(), *self.stored.values()])
        reached.update(dict.fromkeys(c.number for c in self.changes if c.number is not None))
        other.files = {number: self.files[number].clone() for number in reached if number}
        return other

    # What ends a process, and what happens to a disk at rest.

    def kill9(self) -> None:
        """The process dies: its handles and locks go, what the kernel holds stays."""
        self._end("kill -9")

    def power_loss(self, number: int) -> None:
        """The machine dies; `number` picks what of the unsynced had reached storage."""
        self._end(f"power loss, choice {number}")
        choice = Choice(self.seed, number)
        for change in self.changes:
            if choice.name():
                change.apply(self.stored)
        self.changes = []
        reachable: dict[str, int] = {}
        for path in sorted(self.stored):
            above = path.rpartition("/")[0]
            if not above or reachable.get(above) == FOLDER:
                reachable[path] = self.stored[path]
        self.stored, self.live = reachable, dict(reachable)
        self.files = {number: self.files[number] for number in reachable.values() if number}
        torn: int = sum(int(file.lose_power(choice)) for file in self.files.values())
        self.figures["torn files"] += torn

    def image(self) -> dict[str, bytes]:
        """The bytes of every file as a process would read them."""
        return {path: bytes(self.files[n].cache) for path, n in sorted(self.live.items()) if n}

    def flip(self, path: str, bit: int) -> None:
        """One bit rots."""
        self.figures["bit flips"] += 1
        self.events.append(f"bit {bit} of {path} flips")
        self.files[self.live[path]].flip(bit)

    def put(self, path: str, data: bytes | None) -> None:
        """Give a file other bytes at rest, or none: it is gone, as if it had never been."""
        self.events.append(f"{path} is replaced at rest")
        if data is None:
            for names in (self.live, self.stored):
                names.pop(path, None)
            return
        if path not in self.live:
            self._serial += 1
            self.live[path] = self.stored[path] = self._serial
            self.files[self._serial] = SimFile()
        self.files[self.live[path]].replace(data)

    # The port.

    def names(self, folder: str = "") -> list[str]:
        self._call("names", folder)
        try:
            self._folder(folder)
        except FileNotFoundError:
            return []
        self._maybe_fail("read", folder, self.faults.read)
        start = f"{folder}/" if folder else ""
        size = len(start)
        inside = [path[size:] for path, n in self.live.items() if n and path[:size] == start]
        return sorted(name for name in inside if "/" not in name)

    def has(self, path: str) -> bool:
        self._call("has", path)
        try:
            self._folder("/".join(place(path)[0]))
        except FileNotFoundError:
            return False
        self._maybe_fail("read", path, self.faults.read)
        return path in self.live

    def size(self, path: str) -> int:
        self._call("size", path)
        return len(self._file(path).cache)

    def read(self, path: str, offset: int = 0, length: int = -1) -> bytes:
        self._call("read", path)
        file = self._file(path)
        self._maybe_fail("read", path, self.faults.read)
        end = None if length < 0 else offset + length
        return bytes(file.cache[offset:end])

    def make_folder(self, path: str) -> None:
        self._call("make_folder", path)
        names = parts(path)
        for depth in range(1, len(names) + 1):
            folder = "/".join(names[:depth])
            if folder in self.live:
                self._folder(folder)
            else:
                self._maybe_fail("names", folder, self.faults.names, errno.ENOSPC)
                self._change(folder, FOLDER)

    def create(self, path: str) -> int:
        self._call("create", path)
        if path in self.live:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path)
        return self._open(path, "append", new=True)

    def open_append(self, path: str) -> int:
        self._call("open_append", path)
        return self._open(path, "append")

    def open_update(self, path: str) -> int:
        self._call("open_update", path)
        return self._open(path, "update", new=path not in self.live)

    def write(self, handle: int, data: bytes) -> int:
        opened = self._opened(handle, "append")
        if handle in self._begun:
            raise InvariantBroken(f"{opened.path} is written to while it is being synced")
        file = self.files[opened.number]
        return self._write("write", opened.path, file, len(file.cache), data)

    def write_at(self, handle: int, data: bytes, offset: int) -> int:
        opened = self._opened(handle, "update")
        return self._write("write_at", opened.path, self.files[opened.number], offset, data)

    def begin_sync(self, handle: int) -> None:
        """Nothing is sure of it yet: what a loss of power leaves may hold the bytes or not."""
        opened = self._opened(handle)
        self._call("begin_sync", opened.path)
        self._begun.add(handle)
        self.figures["begun syncs"] += 1

    def sync(self, handle: int) -> None:
        opened = self._opened(handle)
        self._call("sync", opened.path)
        self._begun.discard(handle)
        file = self.files[opened.number]
        try:
            self._maybe_fail("sync", opened.path, self.faults.sync)
        except OSError:
            file.fail_sync(Choice(self.seed, self.ops))
            raise
        file.sync()

    def close(self, handle: int) -> None:
        opened = self._opened(handle)
        self._call("close", opened.path)
        del self._handles[handle]
        self._begun.discard(handle)
        if self._locks.get(opened.path) == handle:
            del self._locks[opened.path]

    def rename(self, old: str, new: str) -> None:
        self._call("rename", f"{old} -> {new}")
        self._file(old)
        self._above(new)
        if self.live.get(new) == FOLDER:
            raise NotAFile(new, "folder")
        self._maybe_fail("names", new, self.faults.names)
        self._change(new, self.live[old], old)

    def remove(self, path: str) -> None:
        self._call("remove", path)
        self._file(path)
        self._maybe_fail("names", path, self.faults.names)
        self._change(path, None)

    def sync_folder(self, path: str = "") -> None:
        """Unlike a file's pages, the names that a failed sync left out stay due: no file system
        goes on after an error in its own structure and calls it clean."""
        self._call("sync_folder", path)
        self._folder(path)
        self._maybe_fail("sync", path, self.faults.sync)
        due: list[Change] = []
        for change in self.changes:
            waiting = tuple(folder for folder in change.waiting if folder != path)
            if waiting:
                due.append(change._replace(waiting=waiting))
            else:
                change.apply(self.stored)
        self.changes = due

    def lock(self, path: str, holder: str) -> int:
        self._call("lock", path)
        if path in self._locks:
            raise Held(bytes(self._file(path).cache).decode())
        handle = self._open(path, "lock", new=path not in self.live)
        self.files[self.live[path]].cache = bytearray(holder.encode())
        self._locks[path] = handle
        return handle

    # What the calls share.

    def _call(self, name: str, path: str, dying: Callable[[], None] | None = None) -> None:
        if self._dead:
            raise Crash
        self.ops += 1
        if name not in _LOOKING:
            self.changed += 1
        self.events.append(f"{self.ops}: {name} {path}")
        if self.ops == self.crash_at:
            self._dead = True
            if dying is not None:
                dying()
            raise Crash

    def _maybe_fail(
        self, kind: str, path: str, rate: float, number: int = errno.EIO
    ) -> None:
        if self.ops == self.faults.planted or (rate and self._rng.random() < rate):
            self.figures[f"{kind} errors"] += 1
            self.events.append(f"{self.ops}: fails with {errno.errorcode[number]}")
            if kind in ("write", "sync"):
                self.errors.append(path)
            raise OSError(number, os.strerror(number), path)

    def _write(self, name: str, path: str, file: SimFile, offset: int, data: bytes) -> int:
        def part() -> None:
            file.write(offset, data[: below(self._rng, len(data) + 1)])

        self._call(name, path, part)
        try:
            self._maybe_fail("write", path, self.faults.write, errno.ENOSPC)
        except OSError:
            part()
            raise
        taken = len(data)
        if taken > 1 and self.faults.short and self._rng.random() < self.faults.short:
            taken = 1 + below(self._rng, taken - 1)
            self.figures["short writes"] += 1
            self.events.append(f"{self.ops}: takes {taken} of {len(data)} bytes")
        file.write(offset, data[:taken])
        return taken

    def _open(self, path: str, mode: str, *, new: bool = False) -> int:
        if new:
            self._above(path)
            self._maybe_fail("names", path, self.faults.names, errno.ENOSPC)
            self._serial += 1
            self.files[self._serial] = SimFile()
            self._change(path, self._serial)
        self._file(path)
        self._serial += 1
        self._handles[self._serial] = Opened(path, self.live[path], mode)
        return self._serial

    def _opened(self, handle: int, mode: str = "") -> Opened:
        if self._dead:
            raise Crash
        opened = self._handles.get(handle)
        if opened is None or mode not in ("", opened.mode):
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        return opened

    def _file(self, path: str) -> SimFile:
        if path not in self.live:
            self._above(path)
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        if self.live[path] == FOLDER:
            raise NotAFile(path, "folder")
        return self.files[self.live[path]]

    def _above(self, path: str) -> str:
        folder = path.rpartition("/")[0]
        if path not in self.live:
            place(path)
            self._folder(folder)
        return folder

    def _folder(self, folder: str) -> None:
        if folder and folder not in self.live:
            parts(folder)
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), folder)
        if folder and self.live[folder] != FOLDER:
            raise NotADirectoryError(errno.ENOTDIR, "not a folder", folder)

    def _change(self, path: str, number: int | None, old: str = "") -> None:
        waiting = dict.fromkeys([self._above(path), *([self._above(old)] if old else [])])
        change = Change(path, number, old, tuple(waiting))
        change.apply(self.live)
        self.changes.append(change)

    def _end(self, how: str) -> None:
        self.figures[how.partition(",")[0]] += 1
        self.events.append(f"-- {how}")
        self._dead = False
        self.crash_at = 0
        self.errors = []
        self._handles, self._locks, self._begun = {}, {}, set()


_LOOKING = ("names", "has", "size", "read", "close", "lock", "open_append")
