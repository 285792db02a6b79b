"""Reads a whole log from its first kept record to its last valid one, and changes nothing."""

from __future__ import annotations

from typing import NamedTuple

from ..core.errors import ContractError
from .disk import Disk
from .errors import NotOurs
from .frame import CLOSED, CREATED, RECORD_START, SYSTEM, TRIMMED, genesis, is_chained
from .index import Index
from .segments import PACKED, PLAIN, Segment, list_segments, read_blocks, segment_path
from .strict import parse_payload
from .walk import Bad, Fault, Row, Walk, payload_of

_SYSTEM = SYSTEM.encode()
_CLOSED, _TRIMMED = CLOSED.encode(), TRIMMED.encode()


class Scanned(NamedTuple):
    """The valid part of one segment: it follows `head`, begins at `ts` and has `size` bytes."""

    segment: Segment
    head: bytes
    ts: int
    size: int
    places: Index


class Scan:
    """What a log holds: its segments, its end, what its sources said last, and what is wrong.

    `later` are the segments behind the first bad bytes, `empty` those at the end without a byte.
    """

    def __init__(self, segments: list[Segment], empty: list[Segment], log_id: str) -> None:
        self.log_id = log_id
        self.first_seq = self.next_seq = segments[0].first_seq if segments else 0
        self.head = genesis(log_id)
        self.sources: dict[str, int] = {}
        self.segments: list[Scanned] = []
        self.later = segments
        self.empty = empty
        self.bad: Bad | None = None
        self.ends_closed = False
        self.marked_hash = ""
        self.own_ts = 0  # the newest time of the log's own records
        self._trims: dict[int, bytes] = {}
        self._first_line = b""

    def read(self, disk: Disk, marked_seq: int) -> None:
        """Walk through all segments up to the first bad byte."""
        head = None if self.first_seq else self.head
        while self.later and self.bad is None:
            segment = self.later[0]
            if segment.first_seq != self.next_seq:
                what = f"a gap where the segment of seq {self.next_seq} must be"
                self.bad = Bad(Fault.DAMAGED, segment.path, 0, self.next_seq, what)
                break
            self.later = self.later[1:]
            self._read_segment(disk, segment, head, marked_seq)
            head = self.head
        if self.first_seq:
            self._prove_start()

    def _read_segment(
        self, disk: Disk, segment: Segment, head: bytes | None, marked_seq: int
    ) -> None:
        walk = Walk(segment.path, read_blocks(disk, segment), head=head, seq=self.next_seq)
        index, ts = Index(), -1
        last_ids: dict[bytes, bytes] = {}
        for rows in walk.rows():
            if not rows:
                continue
            index.add_rows(rows)
            ts = int(rows[0][4][4]) if ts < 0 else ts
            self._first_line = self._first_line or rows[0][2]
            for row in rows:
                last_ids[row[4][2]] = row[3][4]
            if last_ids.pop(_SYSTEM, None):
                self._read_own(segment, rows)
            if 0 <= (place := marked_seq - (walk.seq - len(rows))) < len(rows):
                self.marked_hash = rows[place][1].hex()
            self.ends_closed = rows[-1][4][3] == _CLOSED
        self.sources.update((src.decode(), int(last)) for src, last in last_ids.items())
        self.segments.append(Scanned(segment, head or b"", ts, walk.offset, index))
        self.next_seq, self.head, self.bad = walk.seq, walk.head or self.head, walk.bad

    def _read_own(self, segment: Segment, rows: list[Row]) -> None:
        """Take over when the log spoke of itself, and what it says about segments that are gone."""
        for row in rows:
            if row[4][2] == _SYSTEM:
                self.own_ts = max(self.own_ts, int(row[4][4]))
            if row[4][3] != _TRIMMED:
                continue
            try:
                told = parse_payload(payload_of(row), "a record of trimming")
                log_id = str(told["log_id"])
                self._trims[int(told["last_seq"])] = bytes.fromhex(told["last_hash"])
                self.sources.update((src, int(last)) for src, last in told["sources"].items())
            except (AttributeError, KeyError, TypeError, ValueError):
                what = "a record of trimming that cannot be understood"
                raise NotOurs(what, path=segment.path, offset=row[0], seq=int(row[4][1])) from None
            if self.log_id and log_id != self.log_id:
                raise _foreign(log_id, self.log_id, segment)
            self.log_id = log_id

    def _prove_start(self) -> None:
        """The first kept record was believed; only a record of trimming can prove it.

        A newer program may have written that one as well, and then it says nothing to us.
        """
        head = self._trims.get(self.first_seq - 1)
        if head is None and self.bad is not None and self.bad.fault is Fault.NEWER:
            return
        if head is None or not is_chained(head, self._first_line):
            path = segment_path(self.first_seq) if self.bad is None else self.bad.path
            offset = 0 if self.bad is None else self.bad.offset
            what = f"a log that begins with seq {self.first_seq} and does not say why"
            seq = min(self.next_seq, self.first_seq)
            self.bad = Bad(Fault.WRONG, path, offset, seq, what)
        else:
            self.segments[0] = self.segments[0]._replace(head=head)


def scan_log(disk: Disk, *, log_id: str = "", marked_seq: int = -1) -> Scan:
    """Verify every record; `log_id` may stay empty when the log itself is to say it.

    `marked_seq` is the seq whose hash is wanted for a comparison with the mark. A foreign log is
    refused with NotOurs before anything else is looked at.
    """
    segments = list_segments(disk)
    kept = len(segments)
    while kept and not segments[kept - 1].packed and not disk.size(segments[kept - 1].path):
        kept -= 1
    segments, empty = segments[:kept], segments[kept:]
    scan = Scan(segments, empty, own_id(disk, segments, log_id))
    scan.read(disk, marked_seq)
    for suffix in (PLAIN, PACKED):
        _refuse_folder(disk, segment_path(scan.next_seq, suffix))
    return scan


def own_id(disk: Disk, segments: list[Segment], log_id: str) -> str:
    """The id that the first record states and proves, else the one that was expected."""
    if not segments or segments[0].first_seq:
        return log_id
    walk = Walk(segments[0].path, read_blocks(disk, segments[0]), head=None, seq=0)
    rows = next(walk.rows(), [])
    line = rows[0][2] if rows else walk.refused
    stated = _stated_id(line)
    if stated is None or not is_chained(genesis(stated), line):
        return log_id
    if log_id and stated != log_id:
        raise _foreign(stated, log_id, segments[0])
    return stated


def _stated_id(line: bytes) -> str | None:
    """The id in a first line that nothing has proven yet; None when there is none.

    It is read by its keys alone, because a newer version may have written it.
    """
    try:
        told = parse_payload(line[RECORD_START:-1], "the first record")
        stated = told["p"]["log_id"] if told["topic"] == CREATED else None
    except (ContractError, LookupError, TypeError):
        return None
    return stated if isinstance(stated, str) else None


def _foreign(stated: str, expected: str, segment: Segment) -> NotOurs:
    what = f"the log {stated!r} where {expected!r} is wanted"
    return NotOurs(what, path=segment.path, offset=0, seq=segment.first_seq)


def _refuse_folder(disk: Disk, path: str) -> None:
    """A folder is in no list of names; asking for it by name raises what asking for a link does."""
    try:
        disk.size(path)
    except FileNotFoundError:
        return
