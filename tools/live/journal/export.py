"""A copy of a log in files by topic and date: `<topic>/<YYYY-MM-DD>.jsonl`.

The lines are those of the log, byte for byte and in its order, so that all files together, sorted
by `q`, are the chain again. `export.json` names the log, its end, and every file with its hash.
"""

from __future__ import annotations

from hashlib import sha256
from typing import NamedTuple

from ..core.clock import render_utc
from ..core.codec import pretty
from .disk import Disk
from .guard import disk_errors
from .reader import Reader, Record, verify
from .show import stored_line
from .whole import put_whole, write_all

MANIFEST = "export.json"
FORMAT = "journal-export"
VERSION = 1
_MOST_OPEN = 64
_BUFFER_BYTES = 64 * 1024
_DATE_CHARACTERS = len("2025-01-01")


class Exported(NamedTuple):
    """What was written: of which log, up to where, and how much."""

    log_id: str
    first_seq: int
    last_seq: int
    head_hash: str
    files: int
    records: int


class _Sheet:
    """One file while it grows; it may be closed and opened again in between."""

    def __init__(self, disk: Disk, path: str) -> None:
        self.path = path
        self.records = 0
        self.size = 0
        self._digest = sha256()
        self._disk = disk
        self._buffer: list[bytes] = []
        self._buffered = 0
        self._handle: int | None = disk.create(path)

    def add(self, line: bytes) -> None:
        self.records += 1
        self.size += len(line)
        self._digest.update(line)
        self._buffer.append(line)
        self._buffered += len(line)
        if self._buffered >= _BUFFER_BYTES:
            self._write()

    def close(self) -> None:
        """Make durable what was added."""
        handle = self._write()
        self._disk.sync(handle)
        self._disk.close(handle)
        self._handle = None

    def about(self) -> dict[str, int | str]:
        """What the manifest says of it."""
        return {"bytes": self.size, "records": self.records, "sha256": self._digest.hexdigest()}

    def _write(self) -> int:
        if self._handle is None:
            self._handle = self._disk.open_append(self.path)
        write_all(self._disk, self._handle, b"".join(self._buffer))
        self._buffer, self._buffered = [], 0
        return self._handle


class _Sheets:
    """All files of an export, of which only so many are open at a time."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._made: dict[str, _Sheet] = {}
        self._open: dict[str, _Sheet] = {}

    def add(self, one: Record) -> None:
        """Put a record into the file of its topic and day."""
        path = f"{one.topic}/{render_utc(one.ts)[:_DATE_CHARACTERS]}.jsonl"
        sheet = self._open.get(path)
        if sheet is None:
            sheet = self._opened(one.topic, path)
        sheet.add(stored_line(one))

    def close(self) -> dict[str, dict[str, int | str]]:
        """Make all of it durable; returns what the manifest says of each file."""
        for sheet in self._open.values():
            sheet.close()
        folders = dict.fromkeys(path.partition("/")[0] for path in self._made)
        for folder in ("", *folders):
            self._disk.sync_folder(folder)
        return {path: sheet.about() for path, sheet in self._made.items()}

    def _opened(self, topic: str, path: str) -> _Sheet:
        if len(self._open) >= _MOST_OPEN:
            self._open.pop(next(iter(self._open))).close()
        sheet = self._made.get(path)
        if sheet is None:
            self._disk.make_folder(topic)
            sheet = self._made[path] = _Sheet(self._disk, path)
        self._open[path] = sheet
        return sheet


def export(disk: Disk, target: Disk) -> Exported:
    """Verify a log, then copy what it held at that moment into an empty folder.

    The caller gives the folder its name only when this returns: until then it is not whole.
    """
    scan = verify(disk)
    with disk_errors("the export cannot be written"):
        sheets = _Sheets(target)
        for one in Reader(disk).poll():
            if one.seq >= scan.next_seq:
                break
            sheets.add(one)
        files = sheets.close()
        done = Exported(
            scan.log_id, scan.first_seq, scan.next_seq - 1, scan.head.hex(), len(files),
            scan.next_seq - scan.first_seq,
        )  # fmt: skip
        told = {
            "files": files, "first_seq": done.first_seq, "format": FORMAT,
            "head_hash": done.head_hash, "last_seq": done.last_seq, "log_id": done.log_id,
            "records": done.records, "version": VERSION,
        }  # fmt: skip
        put_whole(target, MANIFEST, [f"{pretty(told)}\n".encode("ascii")])
    return done
