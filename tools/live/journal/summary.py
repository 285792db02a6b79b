"""What a verified log holds, in a few lines or as JSON."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..core.clock import render_utc
from ..core.codec import canonical
from .disk import Disk
from .guard import disk_errors
from .halt import read_halt
from .mark import read_mark
from .reader import Reader, verify
from .scan import Scan


class Torn(NamedTuple):
    """Bytes behind the last valid record: a writer is in the midst of them, or a crash was."""

    path: str
    offset: int
    size: int
    what: str


class Summary(NamedTuple):
    """Every record of this log follows from the one before."""

    log_id: str
    first_seq: int
    records: int
    plain: int
    packed: int
    size: int  # of the lines, unpacked
    stored: int  # of the files
    first_ts: int | None
    last_ts: int | None
    head_hash: str
    mark_seq: int | None
    closed: bool
    torn: Torn | None
    halt: str | None

    @property
    def last_seq(self) -> int:
        return self.first_seq + self.records - 1

    def spell(self) -> str:
        """One canonical line of JSON; a count is a number, a hash and a time are text."""
        told: dict[str, Any] = {
            "bytes": self.size,
            "closed": self.closed,
            "first_seq": self.first_seq if self.records else None,
            "first_utc": _utc(self.first_ts),
            "halt": self.halt,
            "head_hash": self.head_hash,
            "last_seq": self.last_seq if self.records else None,
            "last_utc": _utc(self.last_ts),
            "log_id": self.log_id,
            "mark_seq": self.mark_seq,
            "packed_segments": self.packed,
            "plain_segments": self.plain,
            "records": self.records,
            "stored_bytes": self.stored,
            "torn": None if self.torn is None else self.torn._asdict(),
        }
        return canonical(told) + "\n"

    def show(self) -> str:
        """The same for reading."""
        lines = [f"journal   {self.log_id or 'without a name'}"]
        if not self.records:
            lines.append("records   none yet")
        else:
            trimmed = "; all before was trimmed" if self.first_seq else ""
            lines += [
                f"records   {self.records:,} (seq {self.first_seq} to {self.last_seq}{trimmed})",
                f"time      {_utc(self.first_ts)} to {_utc(self.last_ts)}",
                f"head      {self.last_seq}:{self.head_hash}",
            ]
        lines += [f"segments  {self._segments()}", f"mark      {self._mark()}"]
        lines.append(f"end       {self._end()}")
        if self.halt is not None:
            lines.append(f"HALT      {self.halt}; no run goes on before `journal resume`")
        return "\n".join(lines) + "\n"

    def _segments(self) -> str:
        packed = f", {self.stored:,} as stored" if self.packed else ""
        return f"{self.plain} plain, {self.packed} packed; {self.size:,} bytes{packed}"

    def _mark(self) -> str:
        if self.mark_seq is None:
            return "none: nothing outside the log says how far it was durable"
        behind = self.last_seq - self.mark_seq
        return f"durable to seq {self.mark_seq}" + (f", {behind} behind the end" if behind else "")

    def _end(self) -> str:
        if self.torn is not None:
            path, offset, size, what = self.torn
            return f"{what} at {path} byte {offset} ({size:,} bytes); the next start puts it aside"
        return "closed" if self.closed else "open: a process is writing, or one was cut off"


def summarize(disk: Disk) -> Summary:
    """Verify a log from its first byte to its last; IntegrityRefused when it is damaged."""
    scan = verify(disk)
    with disk_errors("the log cannot be read"):
        mark, _ = read_mark(disk)
        stored: int = sum(disk.size(one.segment.path) for one in scan.segments)
        torn = _torn(disk, scan)
    packed: int = sum(int(one.segment.packed) for one in scan.segments)
    size: int = sum(one.size for one in scan.segments)
    records = scan.next_seq - scan.first_seq
    return Summary(
        log_id=scan.log_id,
        first_seq=scan.first_seq,
        records=records,
        plain=len(scan.segments) + len(scan.empty) - packed,
        packed=packed,
        size=size,
        stored=stored,
        first_ts=scan.segments[0].ts if records else None,
        last_ts=_last_ts(disk, scan) if records else None,
        head_hash=scan.head.hex(),
        mark_seq=None if mark is None else min(mark.seq, scan.next_seq - 1),
        closed=scan.bad is None and scan.ends_closed,
        torn=torn,
        halt=read_halt(disk),
    )


def _torn(disk: Disk, scan: Scan) -> Torn | None:
    bad = scan.bad
    if bad is None:
        return None
    return Torn(bad.path, bad.offset, disk.size(bad.path) - bad.offset, bad.what)


def _last_ts(disk: Disk, scan: Scan) -> int:
    """The time of the record that was the last when the log was verified."""
    return next(Reader(disk, from_seq=scan.next_seq - 1).poll()).ts


def _utc(ts: int | None) -> str | None:
    return None if ts is None else render_utc(ts)
