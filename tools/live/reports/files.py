"""Files appear whole or not at all."""

from __future__ import annotations

import os
import stat

from ..core.errors import ContractError


def check_target(path: str, field: str = "path") -> None:
    """A ContractError, before any work is done, when `path` cannot become a plain file."""
    if not path or "\0" in path:
        raise ContractError(f"{field} {path!r} is not a file name")
    folder = os.path.dirname(path) or "."
    if not os.path.isdir(folder):
        raise ContractError(f"{field} {path!r}: there is no folder {folder!r}; create it first")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ContractError(f"{field} {path!r}: the folder {folder!r} cannot be written")
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISREG(mode):
        raise ContractError(f"{field} {path!r} exists and is no plain file; name another")


def write_whole(path: str, text: str, field: str = "path") -> None:
    """Write beside the target, flush to the disk, then rename over it."""
    check_target(path, field)
    beside = f"{path}.{os.getpid()}.tmp"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    descriptor = os.open(beside, flags, 0o644)
    try:
        with open(descriptor, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException:
        os.unlink(beside)
        raise
