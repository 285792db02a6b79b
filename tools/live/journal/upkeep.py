"""What an operator may do to a log that nobody writes: index it again, pack it, let its past go.

None of it changes a record. Only letting the past go adds some, which say what is gone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from ..core.errors import ContractError
from .checkpoint import MAX_BYTES, hash_in, read_content
from .disk import Disk
from .guard import disk_errors, take_lock
from .reader import Reader, verify
from .recovery import CHECKPOINTS
from .run_facts import OPENED
from .scan import Scan, Scanned
from .sealing import pack_segment
from .segments import FOLDER, INDEX, segment_path
from .whole import put_whole, remove_temporaries
from .writer import Journal


class Indexed(NamedTuple):
    """The index of one segment as it was found: right, wrong or missing."""

    path: str
    places: int
    found: str


class Packed(NamedTuple):
    """One segment, and its bytes before and after."""

    path: str
    before: int
    after: int


_ADVICE = "remove it, or restore the journal that it belongs to"
_is_checkpoint = re.compile(r"[0-9]{20}\.json", re.ASCII).fullmatch

RIGHT, WRONG, MISSING = "right", "wrong", "missing"


@contextmanager
def held(disk: Disk, holder: str) -> Iterator[None]:
    """The log's lock for a piece of work, and nothing half made from an earlier one."""
    with disk_errors("the log cannot be worked on"):
        lock = take_lock(disk, holder)
        try:
            remove_temporaries(disk, (FOLDER,))
            yield
        finally:
            disk.close(lock)


def check_indexes(disk: Disk) -> list[Indexed]:
    """Hold every index against its segment, and change nothing."""
    return [found for _, found in _indexes(disk, verify(disk))]


def rebuild_indexes(disk: Disk, holder: str) -> list[Indexed]:
    """The same, and write anew what is wrong or missing."""
    with held(disk, holder):
        scan = verify(disk)
        indexes = list(_indexes(disk, scan))
        for scanned, found in indexes:
            if found.found != RIGHT:
                put_whole(disk, found.path, [_spelled(scanned)])
    return [found for _, found in indexes]


def pack_closed(disk: Disk, holder: str) -> list[Packed]:
    """Pack every plain segment of a log that was closed."""
    done = []
    with held(disk, holder):
        scan = verify(disk)
        _refuse_unclosed(scan)
        heads = [one.head for one in scan.segments[1:]] + [scan.head]
        ends = [one.segment.first_seq for one in scan.segments[1:]] + [scan.next_seq]
        for one, end_seq, head in zip(scan.segments, ends, heads, strict=True):
            if not one.segment.packed:
                packed = pack_segment(disk, one, end_seq=end_seq, end_head=head).segment
                done.append(Packed(packed.path, one.size, disk.size(packed.path)))
    return done


def drop_before(disk: Disk, seq: int, *, holder: str, time_ns: int) -> int:
    """Delete the segments that end before this seq; how many. Without any, nothing is written.

    ContractError when the log was not closed, or when its run could not be replayed any more.
    """
    scan = verify(disk)
    _refuse_unclosed(scan)
    firsts = [one.segment.first_seq for one in scan.segments[1:]]
    if not firsts or firsts[0] > seq:
        return 0
    _refuse_to_forget(disk, [first for first in firsts if first <= seq][-1])
    journal = Journal.open(disk, log_id=scan.log_id, holder=holder, time_ns=time_ns)
    try:
        return journal.trim(seq, time_ns)
    finally:
        journal.close(time_ns)


def oldest_checkpoint(disk: Disk) -> int:
    """The seq of the oldest checkpoint that is kept, which must be whole and of this log.

    ContractError when there is none, or when it does not fit: then what it stands for could not
    be rebuilt without the records before it.
    """
    with disk_errors("the checkpoints cannot be read"):
        names = [name for name in disk.names(CHECKPOINTS) if _is_checkpoint(name)]
        if not names:
            raise ContractError("the journal has no checkpoint, so all of it is needed")
        path = f"{CHECKPOINTS}/{names[0]}"
        raw = disk.read(path, 0, MAX_BYTES + 1)
    seq = int(names[0].partition(".")[0])
    scan = verify(disk)
    try:
        told = read_content(raw)
    except ContractError as error:
        raise ContractError(f"{path} is no checkpoint ({error}); {_ADVICE}") from None
    if not scan.first_seq <= seq < scan.next_seq:
        raise ContractError(f"{path} is of no record that the journal has; {_ADVICE}")
    stated = (told.get("log_id"), told.get("seq"), told.get("head_hash"))
    if stated != (scan.log_id, seq, hash_in(disk)(seq)):
        raise ContractError(f"{path} is not of this journal or of its seq {seq}; {_ADVICE}")
    return seq


def _refuse_to_forget(disk: Disk, seq: int) -> None:
    """ContractError when a run is opened before this seq: without it no replay can begin."""
    for one in Reader(disk).poll():
        if one.seq >= seq:
            return
        if one.topic == OPENED:
            raise ContractError(
                f"seq {one.seq} says how the run was opened, and every replay begins with it;"
                " nothing was dropped"
            )


def _refuse_unclosed(scan: Scan) -> None:
    if scan.bad is not None or not scan.ends_closed:
        raise ContractError(
            "the journal was not closed, so its last segment is not complete; let its run end, or"
            " go on with it, and then come back"
        )


def _indexes(disk: Disk, scan: Scan) -> Iterator[tuple[Scanned, Indexed]]:
    """Of every segment that is complete; a log that was not closed still writes to its last."""
    with disk_errors("the indexes cannot be read"):
        present = disk.names(FOLDER)
        closed = scan.ends_closed and scan.bad is None
        for one in scan.segments if closed else scan.segments[:-1]:
            path = segment_path(one.segment.first_seq, INDEX)
            found = MISSING
            if path.rpartition("/")[2] in present:
                found = RIGHT if disk.read(path) == _spelled(one) else WRONG
            yield one, Indexed(path, len(one.places.places), found)


def _spelled(one: Scanned) -> bytes:
    return one.places.spell(one.size)
