"""Turns what a disk raises into what the callers of a log know."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from .disk import Disk, Held, NotAFile
from .errors import IntegrityRefused, LogHeld, StorageFailed
from .segments import LOCK


@contextmanager
def disk_errors(what: str) -> Iterator[None]:
    """An OSError inside is StorageFailed, and what is no regular file is IntegrityRefused."""
    try:
        yield
    except (NotAFile, NotADirectoryError) as error:
        found = f"something else than a file of the log ({error.strerror})"
        raise IntegrityRefused(found, path=str(error.filename), offset=0, seq=0) from error
    except OSError as error:
        advice = "see to the disk, then start again"
        raise StorageFailed(f"{what}: {error}; {advice}") from error


def take_lock(disk: Disk, holder: str) -> int:
    """The lock of a log, held until `disk.close`."""
    try:
        return disk.lock(LOCK, holder)
    except Held as held:
        raise LogHeld(held.holder) from None
