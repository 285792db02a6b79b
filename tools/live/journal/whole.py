"""Files that are written completely or not at all."""

from __future__ import annotations

import errno
from collections.abc import Iterable

from .disk import Disk

TEMPORARY = ".tmp"


def write_all(disk: Disk, handle: int, data: bytes) -> None:
    """Append every byte; a disk may take fewer than it was given, and then wants the rest."""
    taken = disk.write(handle, data)
    while taken < len(data):
        if taken <= 0:
            raise OSError(errno.EIO, "the disk took no byte and gave no reason")
        data = data[taken:]
        taken = disk.write(handle, data)


def write_temporary(disk: Disk, path: str, chunks: Iterable[bytes]) -> str:
    """A new durable file beside `path`, which is not touched; returns its name."""
    temporary = path + TEMPORARY
    handle = disk.create(temporary)
    try:
        for chunk in chunks:
            write_all(disk, handle, chunk)
        disk.sync(handle)
    finally:
        disk.close(handle)
    return temporary


def put_whole(disk: Disk, path: str, chunks: Iterable[bytes]) -> None:
    """A file on a new inode, durable under its name when this returns."""
    temporary = write_temporary(disk, path, chunks)
    disk.rename(temporary, path)
    disk.sync_folder(folder_of(path))


def remove_temporaries(disk: Disk, folders: Iterable[str]) -> None:
    """Delete what a crash left half made."""
    for folder in folders:
        for name in disk.names(folder):
            if name.endswith(TEMPORARY):
                disk.remove(f"{folder}/{name}" if folder else name)


def folder_of(path: str) -> str:
    """The folder of a path; empty for the log's own folder."""
    return path.rpartition("/")[0]
