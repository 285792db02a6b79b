"""The operating system behind the port of `disk.py`: one folder of a real file system.

It knows how to open nothing but regular files below its folder: every folder on the way is opened
without following links, so that a name swapped for a link cannot lead a write elsewhere. It does
not loop over short writes and does not repeat anything that failed; both are the caller's to know.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..core.errors import ContractError, InvariantBroken
from .disk import Held, NotAFile, parts, place
from .mounts import NETWORK, type_at
from .syncer import Syncer, Syncing

_FOLDER_MODE = 0o700
_FILE_MODE = 0o600
_HOLDER_BYTES = 200
_MOUNTS = "/proc/self/mountinfo"

# Opening a pipe must not wait for its other end; on a regular file this flag means nothing.
_SAFE = os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC

_KINDS = (
    (stat.S_ISLNK, "link"), (stat.S_ISDIR, "folder"), (stat.S_ISFIFO, "pipe"),
    (stat.S_ISSOCK, "socket"),
)  # fmt: skip


class OsDisk:
    """One folder of a real file system; it need not exist before `make_folder`."""

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self._root = Path(root)
        self._syncer: Syncer | None = None
        self._begun: dict[int, Syncing | None] = {}  # by handle; None behind the end of one

    def names(self, folder: str = "") -> list[str]:
        try:
            with self._folder(parts(folder)) as where, os.scandir(where) as found:
                return sorted(e.name for e in found if not e.is_dir(follow_symlinks=False))
        except FileNotFoundError:
            return []

    def has(self, path: str) -> bool:
        folders, name = place(path)
        try:
            os.lstat(self._root.joinpath(*folders, name))
        except FileNotFoundError:
            return False
        return True

    def size(self, path: str) -> int:
        with self._reading(path) as handle:
            return os.fstat(handle).st_size

    def read(self, path: str, offset: int = 0, length: int = -1) -> bytes:
        with self._reading(path) as handle:
            left = length if length >= 0 else max(0, os.fstat(handle).st_size - offset)
            pieces = []
            while left and (piece := os.pread(handle, left, offset)):
                pieces.append(piece)
                offset += len(piece)
                left -= len(piece)
            return b"".join(pieces)

    def make_folder(self, path: str) -> None:
        names = parts(path)
        self._make_root()
        for depth, name in enumerate(names):
            with self._folder(names[:depth]) as where:
                try:
                    os.mkdir(name, _FOLDER_MODE, dir_fd=where)
                except FileExistsError:
                    with self._folder(names[: depth + 1]):
                        pass  # Refuses a link or a file of that name.

    def create(self, path: str) -> int:
        return self._open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL)

    def open_append(self, path: str) -> int:
        return self._open(path, os.O_WRONLY | os.O_APPEND)

    def open_update(self, path: str) -> int:
        # Not O_APPEND: with it, Linux appends whatever offset a pwrite is given.
        return self._open(path, os.O_RDWR | os.O_CREAT)

    def write(self, handle: int, data: bytes) -> int:
        if self._begun.get(handle) is not None:
            raise InvariantBroken("a file is written to while it is being synced")
        return os.write(handle, data)

    def write_at(self, handle: int, data: bytes, offset: int) -> int:
        return os.pwrite(handle, data, offset)

    def begin_sync(self, handle: int) -> None:
        try:
            if self._syncer is None:
                self._syncer = Syncer(_sync)
        except RuntimeError:  # no threads here: `sync` does all of it
            return
        self._begun[handle] = self._syncer.begin(handle)

    def sync(self, handle: int) -> None:
        begun = self._begun.get(handle)
        if begun is None:
            return _sync(handle)
        self._begun[handle] = None
        begun.wait()

    def close(self, handle: int) -> None:
        if handle in self._begun:
            begun = self._begun.pop(handle)
            if begun is not None:  # nobody asks any more how it ended
                with suppress(OSError):
                    begun.wait()
            if self._syncer is not None and not self._begun:
                self._syncer.end()
                self._syncer = None
        os.close(handle)

    def rename(self, old: str, new: str) -> None:
        with self._place(old) as (source, old_name), self._place(new) as (target, new_name):
            _refuse_other(source, old_name, old)
            _refuse_other(target, new_name, new)
            os.replace(old_name, new_name, src_dir_fd=source, dst_dir_fd=target)

    def remove(self, path: str) -> None:
        with self._place(path) as (where, name):
            _refuse_other(where, name, path)
            os.unlink(name, dir_fd=where)

    def sync_folder(self, path: str = "") -> None:
        with self._folder(parts(path)) as where:
            self.sync(where)

    def lock(self, path: str, holder: str) -> int:
        self._refuse_network()
        handle = self._open(path, os.O_RDWR | os.O_CREAT)
        try:
            # Not lockf: a POSIX lock is gone as soon as any handle of the file is closed.
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(handle, 0)
            os.pwrite(handle, holder.encode()[:_HOLDER_BYTES], 0)
        except BlockingIOError:
            text = os.pread(handle, _HOLDER_BYTES, 0).decode("utf-8", "replace")
            os.close(handle)
            raise Held(text.strip() or "somebody without a name") from None
        except OSError:
            os.close(handle)
            raise
        return handle

    def _refuse_network(self) -> None:
        """ContractError where a lock keeps nobody out; without Linux's table nobody can tell."""
        try:
            with open(_MOUNTS, encoding="utf-8", errors="surrogateescape") as table:
                kind = type_at(table.read(), os.path.realpath(self._root))
        except OSError:
            return
        if kind in NETWORK:
            raise ContractError(
                f"folder {str(self._root)!r} is on a network file system ({kind}), where a lock"
                " may be held twice; name a folder on a local disk"
            )

    def _make_root(self) -> None:
        """Make the disk's own folder durable at once: nobody else can sync what is above it."""
        missing = []
        folder = self._root.absolute()
        while not folder.is_dir():
            missing.append(folder)
            folder = folder.parent
        for folder in reversed(missing):
            folder.mkdir(_FOLDER_MODE, exist_ok=True)
            above = os.open(folder.parent, _FOLDER)
            try:
                self.sync(above)
            finally:
                os.close(above)

    @contextmanager
    def _folder(self, names: list[str]) -> Iterator[int]:
        handle = os.open(self._root, _FOLDER)
        try:
            for depth, name in enumerate(names):
                try:
                    inner = os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=handle)
                except OSError as error:
                    if error.errno in (errno.ELOOP, errno.ENOTDIR):
                        path = "/".join(names[: depth + 1])
                        raise NotADirectoryError(errno.ENOTDIR, "not a folder", path) from None
                    raise
                os.close(handle)
                handle = inner
            yield handle
        finally:
            os.close(handle)

    @contextmanager
    def _place(self, path: str) -> Iterator[tuple[int, str]]:
        """A handle of the folder that a path is in, and the name there."""
        folders, name = place(path)
        with self._folder(folders) as where:
            yield where, name

    @contextmanager
    def _reading(self, path: str) -> Iterator[int]:
        handle = self._open(path, os.O_RDONLY)
        try:
            yield handle
        finally:
            os.close(handle)

    def _open(self, path: str, flags: int) -> int:
        with self._place(path) as (where, name):
            if not flags & os.O_EXCL:
                _refuse_other(where, name, path)
            handle = os.open(name, flags | _SAFE, _FILE_MODE, dir_fd=where)
        # The name may have been given to something else since it was looked at.
        mode = os.fstat(handle).st_mode
        if not stat.S_ISREG(mode):
            os.close(handle)
            raise NotAFile(path, _kind(mode))
        return handle


def _sync(handle: int) -> None:
    # On macOS fsync stops at the drive's own cache; only this call goes through it.
    full: int | None = getattr(fcntl, "F_FULLFSYNC", None)
    if full is None:
        os.fsync(handle)
    else:
        fcntl.fcntl(handle, full)


def _refuse_other(where: int, name: str, path: str) -> None:
    """NotAFile when the name is there and is no regular file's."""
    try:
        mode = os.stat(name, dir_fd=where, follow_symlinks=False).st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISREG(mode):
        raise NotAFile(path, _kind(mode))


def _kind(mode: int) -> str:
    return next((kind for is_kind, kind in _KINDS if is_kind(mode)), "device")
