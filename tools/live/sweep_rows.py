"""The rows of a sweep in a file: one line a run, whole or not there, and never two of one run.

A row is named by the hash of what decides it: its config, the content of its market, and the
version of this program. A new start passes over the runs whose rows are there. What a crash may
leave is a last line without its end: that is cut. Anything else that is no row of ours is refused,
and nothing is changed.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Protocol

from . import __version__
from .core import codec
from .core.errors import ContractError, LiveError

VERSION = 1
KIND = "sweep_run"
MOST_BYTES = 1 << 30
_KEYS = ("config", "fold", "key", "kind", "inputs_sha256", "part", "v", "varied", "version")
_OUTCOMES = (("error",), ("frozen", "measures", "state_sha256"))


class RowsRefused(LiveError):
    """A file of rows holds what no sweep wrote."""

    exit_code = 3


class RowsHeld(LiveError):
    """Another sweep writes these rows."""

    exit_code = 4


def key_of(config: Mapping[str, Any], inputs_sha256: str | None) -> str:
    """The name of a run."""
    return codec.sha256([VERSION, __version__, config, inputs_sha256])


def read_rows(raw: bytes, named: str) -> tuple[dict[str, dict[str, Any]], int]:
    """The rows by their keys, and how many bytes they take; behind those is a torn line."""
    whole = raw.rfind(b"\n") + 1
    rows: dict[str, dict[str, Any]] = {}
    for number, line in enumerate(raw[:whole].split(b"\n")[:-1], 1):
        where = f"{named} line {number}"
        row = _row(line, where)
        if row["key"] in rows:
            raise RowsRefused(f"{where} is of a run that has a row already; take the line out")
        rows[row["key"]] = row
    return rows, whole


def _row(line: bytes, where: str) -> dict[str, Any]:
    try:
        row = codec.load_strict(line, where)
    except ContractError as error:
        raise RowsRefused(f"{error}; restore the file, or name another") from None
    advice = "restore the file, or name another"
    if not isinstance(row, dict) or row.get("kind") != KIND:
        raise RowsRefused(f"{where} is no row of a sweep; {advice}")
    if row.get("v") != VERSION:
        raise RowsRefused(f"{where} is of version {row.get('v')!r:.60}, not {VERSION}; {advice}")
    if not any(sorted(row) == sorted((*_KEYS, *outcome)) for outcome in _OUTCOMES):
        raise RowsRefused(f"{where} has other keys than a row; {advice}")
    made = codec.sha256([VERSION, row["version"], row["config"], row["inputs_sha256"]])
    if made != row["key"] or codec.canonical(row).encode() != line:
        raise RowsRefused(f"{where} was changed: its key is not of its config; {advice}")
    return row


class Rows(Protocol):
    """Where the rows of a sweep are kept; `found` is what was there before."""

    found: dict[str, dict[str, Any]]

    def write(self, row: Mapping[str, Any]) -> None: ...


class KeptRows:
    """In memory only."""

    def __init__(self) -> None:
        self.found: dict[str, dict[str, Any]] = {}

    def write(self, row: Mapping[str, Any]) -> None:
        """Nobody reads it again."""


class RowFile:
    """Rows on the disk, each durable before the next is written; for a `with` block."""

    def __init__(self, path: str, field: str = "--rows") -> None:
        self._named = f"{field} {path!r}"
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
        self._handle = os.open(path, flags, 0o644)
        try:
            self._hold()
            size = os.fstat(self._handle).st_size
            if not stat.S_ISREG(os.fstat(self._handle).st_mode) or size > MOST_BYTES:
                raise ContractError(f"{self._named} is no file of rows; name another")
            self.found, whole = read_rows(self._read(size), self._named)
            self.torn = size - whole
            if self.torn:
                os.ftruncate(self._handle, whole)
        except BaseException:
            os.close(self._handle)
            raise

    def __enter__(self) -> RowFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        os.close(self._handle)

    def write(self, row: Mapping[str, Any]) -> None:
        """Put a row behind the others; it is on the disk when this returns."""
        line = (codec.canonical(row) + "\n").encode("ascii")
        while line:
            line = line[os.write(self._handle, line) :]
        os.fsync(self._handle)

    def _read(self, size: int) -> bytes:
        parts = []
        while part := os.read(self._handle, max(size, 1)):
            parts.append(part)
        return b"".join(parts)

    def _hold(self) -> None:
        """Two sweeps must not write one file; where there is no such lock nobody is kept out."""
        with suppress(ImportError):
            import fcntl

            try:
                fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise RowsHeld(
                    f"{self._named} is written by another sweep; wait for it, or name another file"
                ) from None
