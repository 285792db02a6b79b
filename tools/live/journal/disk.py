"""The port to a disk: what a journal needs of storage, and what it may be told.

Everything durable goes through this port, so that a simulated disk can lose, tear and refuse what
a real one may. It has exactly two implementations: `OsDisk` of `os_disk.py` and the simulated one
of the tests. Paths are relative to one folder, with `/` between their names; every call may raise
an `OSError`, and after one on a write or an `fsync` nothing is known about what is stored.
"""

from __future__ import annotations

import errno
from typing import Protocol

from ..core.errors import ContractError


class Held(Exception):
    """Somebody else holds the lock; `holder` is what they wrote into it."""

    def __init__(self, holder: str) -> None:
        self.holder = holder
        super().__init__(f"the lock is held by {holder}")


class NotAFile(OSError):
    """A link, a pipe, a folder or a device stands where a file must be; nothing was opened."""

    def __init__(self, path: str, found: str) -> None:
        super().__init__(errno.EINVAL, f"a regular file is needed, found a {found}", path)


def parts(path: str) -> list[str]:
    """The names in a path; ContractError when it could lead out of the disk's folder."""
    names = path.split("/") if path else []
    if "\0" in path or any(name in ("", ".", "..") for name in names):
        raise ContractError(f"path {path!r} must be names with single slashes between them")
    return names


def place(path: str) -> tuple[list[str], str]:
    """The folders on the way to a file, and its name; ContractError as of `parts`."""
    names = parts(path)
    if not names:
        raise ContractError("a file needs a name")
    return names[:-1], names[-1]


class Disk(Protocol):
    """One folder of a file system: what a journal needs of it, and nothing more."""

    def names(self, folder: str = "") -> list[str]:
        """Names in a folder but for folders, sorted; none when there is no such folder.

        What is no regular file is named as well: it is refused when it is opened, not overlooked.
        """
        ...

    def has(self, path: str) -> bool:
        """Whether the name is given to anything: a file, a folder, a link that leads nowhere.

        It opens nothing, so it is cheap enough to be asked again and again.
        """
        ...

    def size(self, path: str) -> int: ...

    def read(self, path: str, offset: int = 0, length: int = -1) -> bytes:
        """Bytes from `offset`, all of them when `length` is below zero; fewer at the end."""
        ...

    def make_folder(self, path: str) -> None:
        """Create a folder, mode 0700, with its parents; nothing happens when it is there.

        Like a file's name, a folder's is durable only after `sync_folder` of the folder it is in.
        """
        ...

    def create(self, path: str) -> int:
        """A new file, mode 0600, for appending; FileExistsError when the name is taken."""
        ...

    def open_append(self, path: str) -> int:
        """An existing file, for appending."""
        ...

    def open_update(self, path: str) -> int:
        """A file for `write_at`, created empty when it is missing."""
        ...

    def write(self, handle: int, data: bytes) -> int:
        """Append; returns how many bytes were taken, which may be fewer than were given."""
        ...

    def write_at(self, handle: int, data: bytes, offset: int) -> int:
        """Write at a place of a file opened for update; may be short as well."""
        ...

    def begin_sync(self, handle: int) -> None:
        """Start on what `sync` will have to wait for; until then nothing is written to the file.

        It says nothing about what is stored, and a disk may leave all of it to `sync`.
        """
        ...

    def sync(self, handle: int) -> None:
        """Put a file's bytes on storage. A failure is final: trying again proves nothing."""
        ...

    def close(self, handle: int) -> None: ...

    def rename(self, old: str, new: str) -> None:
        """Atomic, replacing `new`; durable only after `sync_folder`."""
        ...

    def remove(self, path: str) -> None: ...

    def sync_folder(self, path: str = "") -> None:
        """Put the names in a folder on storage: creations, renames and removals."""
        ...

    def lock(self, path: str, holder: str) -> int:
        """Hold an exclusive lock until `close` or the end of the process; `Held` when taken.

        ContractError where the disk is of a kind that cannot keep others out.
        """
        ...
