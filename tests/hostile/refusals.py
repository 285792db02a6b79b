"""The shape of a refusal, and the hash that shows that nothing was touched."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from tools.live import exec_demo


class Refuse(Protocol):
    """Run a command that must refuse; the one line it says."""

    def __call__(
        self, *argv: str, code: int = 2, main: Callable[[list[str]], int] = exec_demo.main
    ) -> str: ...


def digest(folder: Path) -> str:
    """A hash of names, kinds and contents of everything in a folder."""
    seen = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        mode = path.lstat().st_mode
        seen.update(f"{path.relative_to(folder)} {mode}\n".encode())
        if stat.S_ISREG(mode):
            seen.update(path.read_bytes())
        elif stat.S_ISLNK(mode):
            seen.update(os.readlink(path).encode())
    return seen.hexdigest()
