"""Files appear whole or not at all."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable

from ..core.errors import ContractError


def check_target(path: str, field: str = "path") -> None:
    """A ContractError, before any work is done, when `path` cannot become a plain file."""
    if not path or "\0" in path:
        raise ContractError(f"{field} {path!r} is not a file name; name a file")
    folder, name = os.path.split(path)
    if not name:
        raise ContractError(f"{field} {path!r} is a folder; name a file in it")
    if not os.path.isdir(folder or "."):
        raise ContractError(f"{field} {path!r}: there is no folder {folder!r}; create it first")
    if not os.access(folder or ".", os.W_OK | os.X_OK):
        raise ContractError(
            f"{field} {path!r}: the folder {folder or '.'!r} is not writable; name another"
        )
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return
    except OSError as error:
        raise ContractError(f"{field} {path!r}: {error.strerror}; name another file") from None
    if stat.S_ISLNK(mode):
        raise ContractError(f"{field} {path!r} is a link; name the file that it leads to")
    if not stat.S_ISREG(mode):
        raise ContractError(f"{field} {path!r} exists and is no plain file; name another")


def write_whole(path: str, text: str, field: str = "path") -> None:
    """Write beside the target, flush to the disk, then rename over it."""
    write_parts(path, (text,), field)


def write_parts(path: str, parts: Iterable[str], field: str = "path") -> None:
    """The same with a text that comes in parts, so that none is too long for the memory."""
    check_target(path, field)
    try:
        beside, descriptor = _open_beside(path)
        try:
            with open(descriptor, "w", encoding="utf-8", newline="") as file:
                file.writelines(parts)
                file.flush()
                os.fsync(file.fileno())
            os.replace(beside, path)
        except BaseException:
            os.unlink(beside)
            raise
    except OSError as error:
        raise OSError(
            error.errno,
            f"{field} {path!r} was not written: {error.strerror}; free space or name another file",
        ) from None


def _open_beside(path: str) -> tuple[str, int]:
    """A new hidden file in the target's folder, under the first free name."""
    folder = os.path.dirname(path)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    number = 0
    while True:
        beside = os.path.join(folder, f".shadow-report.{number}.tmp")
        try:
            return beside, os.open(beside, flags, 0o644)
        except FileExistsError:
            number += 1
