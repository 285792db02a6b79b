"""Decides whether a bad end is what a crash leaves behind, or damage to what was promised.

Only bytes of a batch that nobody was told about may be torn. Every other verdict refuses, and
refusing changes nothing: an operator can still look, restore a copy, or give the rest up.
"""

from __future__ import annotations

from .disk import Disk
from .errors import IntegrityRefused, NotOurs
from .frame import MAX_LINE_BYTES, is_chained, stored_base, stored_hash
from .mark import MARK, Mark
from .scan import Scan
from .segments import Segment, read_blocks
from .walk import Bad, Fault


def refuse_damage(disk: Disk, scan: Scan, mark: Mark | None) -> None:
    """IntegrityRefused unless the log is whole or its end is merely torn.

    The mark must have been read before the segments, or a log that grows would seem damaged.
    """
    bad = scan.bad
    if bad is not None:
        refuse_foreign(bad)
    if mark is not None and mark.seq >= scan.next_seq:
        raise lost(bad or _end_of(scan), mark)
    if mark is not None and mark.seq >= scan.first_seq and mark.head_hash != scan.marked_hash:
        what = f"a mark of another record {mark.seq} than the log has"
        raise IntegrityRefused(what, path=MARK, offset=0, seq=mark.seq)
    if bad is None:
        return
    last = scan.segments[-1]
    behind_close = scan.ends_closed and last.size > 0
    refuse_promised(disk, bad, last.segment, gone_on=bool(scan.later), behind_close=behind_close)


def refuse_foreign(bad: Bad) -> None:
    """NotOurs when the bad bytes are merely too new for this program."""
    if bad.fault is Fault.NEWER:
        raise NotOurs(bad.what, path=bad.path, offset=bad.offset, seq=bad.seq)


def refuse_promised(
    disk: Disk, bad: Bad, segment: Segment, *, gone_on: bool, behind_close: bool
) -> None:
    """IntegrityRefused when anything but the mark proves that the bad bytes were durable once.

    `gone_on` says that records stand in later segments, `behind_close` that the valid part of this
    one ends with the record of a clean close.
    """
    why = ""
    if bad.fault is Fault.WRONG:
        why = "which no crash can do"
    elif gone_on:
        why = "and later segments hold records"
    elif segment.packed:
        why = "in a segment that was sealed"
    elif behind_close:
        why = "behind the record of a clean close"
    elif bad.fault is Fault.DAMAGED and has_later_pair(disk, segment, bad.offset, bad.seq):
        why = "and later records say that it was durable"
    if why:
        what = f"{bad.what}, {why},"
        raise IntegrityRefused(what, path=bad.path, offset=bad.offset, seq=bad.seq)


def lost(end: Bad, mark: Mark) -> IntegrityRefused:
    """The log ends before its mark."""
    what = f"{end.what}, but seq {mark.seq} was durable,"
    return IntegrityRefused(what, path=end.path, offset=end.offset, seq=end.seq)


def has_later_pair(disk: Disk, segment: Segment, offset: int, seq: int) -> bool:
    """Whether two lines behind the bad bytes fit together, in a batch begun after `seq`."""
    rest, before = b"", None
    for block in read_blocks(disk, segment, offset):
        lines = (rest + block).split(b"\n")
        rest = lines.pop()[-2 * MAX_LINE_BYTES :]
        for line in lines:
            if before is not None and is_chained(before, line) and stored_base(line) > seq:
                return True
            before = stored_hash(line)
    return False


def _end_of(scan: Scan) -> Bad:
    path, offset = MARK, 0
    if scan.segments:
        path, offset = scan.segments[-1].segment.path, scan.segments[-1].size
    return Bad(Fault.UNFINISHED, path, offset, scan.next_seq, "the end of the log")
