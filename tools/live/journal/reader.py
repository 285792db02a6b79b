"""Reads a log without its lock, while nobody writes it or somebody does.

Everything that is read is held against the chain. An unfinished end is where reading stops, not
damage: a writer may be in the middle of it, or a crash may have been.

    reader = Reader(disk, from_seq=100)
    for record in reader.poll():          # all there is now; call it again for what came since
        ...
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any

from ..core.errors import ContractError
from ..core.record import builder, record
from .disk import Disk
from .errors import IntegrityRefused
from .frame import CLOSED, genesis
from .guard import disk_errors
from .index import find_place
from .mark import MARK, Mark, read_mark
from .scan import Scan, own_id, scan_log
from .segments import Segment, list_segments, read_blocks
from .strict import parse_payload
from .verdict import lost, refuse_damage, refuse_foreign, refuse_promised
from .walk import Bad, Fault, Walk

_CLOSED = CLOSED.encode()


@record
class Record:
    """One record of the log; `raw` is its payload as stored, `hash` proves all up to here.

    What a reader may not want is kept as bytes until it is asked for.
    """

    seq: int
    hash: bytes
    raw: bytes
    before: tuple[bytes, ...]  # base, cause, corr, sseq
    behind: tuple[bytes, ...]  # seq, source, topic, time

    @property
    def base(self) -> int:
        """All before this seq was durable when the record was written."""
        return int(self.before[0])

    @property
    def cause(self) -> int:
        return int(self.before[1])

    @property
    def corr(self) -> int:
        return int(self.before[2])

    @property
    def sseq(self) -> int:
        """The source's own number."""
        return int(self.before[3])

    @property
    def src(self) -> str:
        return self.behind[1].decode()

    @property
    def topic(self) -> str:
        return self.behind[2].decode()

    @property
    def ts(self) -> int:
        return int(self.behind[3])

    def payload(self) -> Any:
        """The content, read strictly; a ContractError says what is wrong with it."""
        return parse_payload(self.raw, f"the payload of seq {self.seq}")


_build_record = builder(Record)


def verify(disk: Disk, *, log_id: str = "") -> Scan:
    """Hold every kept record against the chain and the mark; IntegrityRefused names the first
    that fails. A torn end is left in `Scan.bad` for the next start to repair."""
    with disk_errors("the log cannot be read"):
        mark, _ = read_mark(disk)
        scan = scan_log(disk, log_id=log_id, marked_seq=-1 if mark is None else mark.seq)
        refuse_damage(disk, scan, mark)
        return scan


class Reader:
    """A place in a log that moves forward.

    Reading that starts in the middle takes the hash of the record before for granted, and so does
    reading from the first kept record of a trimmed log; `verify` proves these as well.
    """

    def __init__(
        self, disk: Disk, *, from_seq: int | None = None, log_id: str = "",
        durable_only: bool = False,
    ) -> None:  # fmt: skip
        self._disk = disk
        self._log_id = log_id
        self._durable_only = durable_only
        self._wanted = from_seq
        self._first_seq = -1  # of the segment that is being read
        self._offset = 0
        self._head: bytes | None = None
        self._behind_close = False
        self.next_seq = 0

    def poll(self) -> Iterator[Record]:
        """Every record from here to the end that the log has at this moment.

        With `durable_only` it ends at the mark: nobody sees what a power loss could still take.
        """
        with disk_errors("the log cannot be read"):
            # First the mark, then the names, then the bytes: each promises what comes after it.
            mark, _ = read_mark(self._disk)
            segments = list_segments(self._disk)
            if not segments and mark is not None:
                raise lost(self._end(segments), mark)
            if self._first_seq < 0 and segments:
                self._start(segments)
            whole = self._first_seq >= 0
            while whole:
                segment = self._current(segments)
                try:
                    whole = yield from self._read_segment(segment, segments, mark)
                except FileNotFoundError:
                    segments = list_segments(self._disk)  # It was packed a moment ago.
                    if self._current(segments) == segment:
                        raise
                else:
                    following = [one for one in segments if one.first_seq > self._first_seq]
                    if not whole or not following:
                        break
                    self._next_segment(following[0])
            if whole and mark is not None and mark.seq >= self.next_seq:
                raise lost(self._end(segments), mark)

    def _start(self, segments: list[Segment]) -> None:
        """Find the line from which the first wanted record can be proven."""
        first = segments[0].first_seq
        wanted = first if self._wanted is None else self._wanted
        if wanted < first:
            raise ContractError(f"seq {wanted} is trimmed; the log begins with seq {first}")
        self._wanted = wanted
        before = max(wanted - 1, first)
        segment = [one for one in segments if one.first_seq <= before][-1]
        self._first_seq = self.next_seq = segment.first_seq
        place = find_place(self._disk, segment, before)
        if place is not None:
            walk = Walk(segment.path, read_blocks(self._disk, segment, place.offset), head=None,
                        seq=place.seq, offset=place.offset)  # fmt: skip
            if next(walk.rows(), []):
                self.next_seq, self._offset = place.seq, place.offset
        if self.next_seq == 0:
            self._head = genesis(own_id(self._disk, segments, self._log_id))

    def _current(self, segments: list[Segment]) -> Segment:
        """The segment being read, in the form that it has now."""
        for segment in segments:
            if segment.first_seq == self._first_seq:
                return segment
        first = segments[0].first_seq if segments else 0
        raise ContractError(f"seq {self.next_seq} is trimmed; the log begins with seq {first}")

    def _next_segment(self, segment: Segment) -> None:
        if segment.first_seq != self.next_seq:
            what = f"a gap where the segment of seq {self.next_seq} must be"
            raise IntegrityRefused(what, path=segment.path, offset=0, seq=self.next_seq)
        self._first_seq, self._offset, self._behind_close = segment.first_seq, 0, False

    def _read_segment(
        self, segment: Segment, segments: list[Segment], mark: Mark | None
    ) -> Generator[Record, None, bool]:
        """The rest of a segment; its result is False when the log is not to be read further."""
        disk, wanted, last_seq = self._disk, self._wanted or 0, -1 if mark is None else mark.seq
        walk = Walk(segment.path, read_blocks(disk, segment, self._offset), head=self._head,
                    seq=self.next_seq, offset=self._offset)  # fmt: skip
        for rows in walk.rows():
            for row in rows:
                seq = self.next_seq
                if self._durable_only and seq > last_seq:
                    return False
                self.next_seq = seq + 1
                self._offset = row[0] + len(row[2]) + 1
                self._head = row[1]
                self._behind_close = row[4][3] == _CLOSED
                if seq >= wanted:
                    _, digest, line, first, second = row
                    raw = line[first.end() : second.start()]
                    yield _build_record(seq, digest, raw, first.groups(), second.groups())
        if walk.bad is not None:
            refuse_foreign(walk.bad)
            if mark is not None and mark.seq >= walk.bad.seq:
                raise lost(walk.bad, mark)
            later = [one for one in segments if one.first_seq > segment.first_seq]
            gone_on = any(one.packed or disk.size(one.path) for one in later)
            behind_close = self._behind_close
            refuse_promised(disk, walk.bad, segment, gone_on=gone_on, behind_close=behind_close)
        return walk.bad is None

    def _end(self, segments: list[Segment]) -> Bad:
        path, offset = (self._current(segments).path, self._offset) if segments else (MARK, 0)
        return Bad(Fault.DAMAGED, path, offset, self.next_seq, "the end of the log")

