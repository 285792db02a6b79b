"""Gives up damaged records on an operator's word, and writes down that it was done.

Nothing is lost that could still be looked at: every file that changes is first copied to `torn/`.
The record of the repair appears in the same rename that cuts the log, so no cut goes untold.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from ..core.codec import canonical
from ..core.errors import ContractError
from .disk import Disk
from .errors import IntegrityRefused, NotOurs
from .frame import CREATED, REPAIRED, check_name, frame_lines, system_record
from .guard import disk_errors, take_lock
from .mark import MARK, Mark, read_mark
from .recovery import CHECKPOINTS, first_bytes, keep_bytes, rewrite_mark
from .scan import Scan, Scanned, scan_log
from .sealing import remove_segment
from .segments import (
    FOLDER, PACKED, PLAIN, TORN, Segment, list_segments, read_blocks, segment_path,
)  # fmt: skip
from .verdict import refuse_damage
from .walk import Walk
from .whole import put_whole, remove_temporaries


class Repaired(NamedTuple):
    """What was done: the first seq that was given up, why, and the copies of what was there."""

    lost_from: int
    found: str
    kept: tuple[str, ...]


class _Cut(NamedTuple):
    """Where the valid part ends: in which segment, after how many bytes, with which hash."""

    segment: Segment
    size: int
    head: bytes


def repair(
    disk: Disk, *, accept_loss_from: int, log_id: str, holder: str, time_ns: int
) -> Repaired:
    """Cut a damaged log before its first damaged record, which the operator must name.

    ContractError when nothing is damaged or something else is; then nothing was changed. A log
    whose beginning cannot be proven has nothing to be cut to and stays refused.
    """
    check_name(log_id, "log id")
    with disk_errors("the log cannot be repaired"):
        disk.make_folder("")
        lock = take_lock(disk, holder)
        try:
            return _repair(disk, accept_loss_from, log_id, time_ns)
        finally:
            disk.close(lock)


def _repair(disk: Disk, accepted: int, log_id: str, time_ns: int) -> Repaired:
    mark, _ = read_mark(disk)
    scan = scan_log(disk, log_id=log_id, marked_seq=-1 if mark is None else mark.seq)
    refused = _damage(disk, scan, mark)
    if refused.seq != accepted:
        raise ContractError(f"the first loss is seq {refused.seq}, not {accepted}: {refused.what}")
    if scan.first_seq and refused.seq <= scan.first_seq:
        raise refused
    cut = _cut_at(disk, scan, refused.seq)
    remove_temporaries(disk, ("", FOLDER, TORN, CHECKPOINTS))
    done = Repaired(refused.seq, str(refused.what), tuple(_keep_originals(disk, cut)))
    if mark is not None:
        disk.remove(MARK)
    disk.make_folder(FOLDER)
    disk.sync_folder()
    for segment in reversed(list_segments(disk)):
        if segment.first_seq > cut.segment.first_seq:
            remove_segment(disk, segment.first_seq)
    told = {"lost_from": done.lost_from, "found": done.found, "kept": list(done.kept),
            "place": f"{refused.path} byte {refused.offset}",
            "mark": None if mark is None else [mark.seq, mark.head_hash]}  # fmt: skip
    lines, end = _last_lines(cut.head, refused.seq, log_id, told, max(time_ns, scan.own_ts))
    plain = segment_path(cut.segment.first_seq)
    put_whole(disk, plain, _chained(disk, cut, lines))
    rewrite_mark(disk, 0, end)
    return done


def _damage(disk: Disk, scan: Scan, mark: Mark | None) -> IntegrityRefused:
    """Why the log is refused; what is intact, or somebody else's, is not to be repaired."""
    try:
        refuse_damage(disk, scan, mark)
    except NotOurs:
        raise
    except IntegrityRefused as refused:
        return refused
    raise ContractError("nothing that was durable is damaged, so there is nothing to repair")


def _cut_at(disk: Disk, scan: Scan, seq: int) -> _Cut:
    """The place behind the record before `seq`, in the last segment that has any right to it."""
    inside = [one for one in scan.segments if one.segment.first_seq <= seq]
    if not inside:
        return _Cut(Segment(0, False), 0, scan.head)
    scanned = inside[-1]
    segment = scanned.segment
    blocks = first_bytes(read_blocks(disk, segment), scanned.size)
    walk = Walk(segment.path, blocks, head=scanned.head, seq=segment.first_seq)
    head = scanned.head
    for rows in walk.rows():
        for row in rows:
            if int(row[4][1]) == seq:
                return _Cut(segment, row[0], head)
            head = row[1]
    return _Cut(segment, walk.offset, head)


def _keep_originals(disk: Disk, cut: _Cut) -> Iterator[str]:
    """Copy whatever is about to change; yields the names of the copies."""
    present = disk.names(FOLDER)
    for segment in list_segments(disk):
        if segment.first_seq < cut.segment.first_seq:
            continue
        for suffix in (PLAIN, PACKED):
            path = segment_path(segment.first_seq, suffix)
            name = path.rpartition("/")[2]
            if name in present:
                yield f"{name}-{keep_bytes(disk, name, path).sha256}.bin"
    if MARK in disk.names():
        yield f"{MARK}-{keep_bytes(disk, MARK, MARK).sha256}.bin"


def _last_lines(
    head: bytes, seq: int, log_id: str, told: dict[str, Any], time_ns: int
) -> tuple[bytes, Mark]:
    """The record of the repair, behind a new first record when none is left."""
    records = []
    if seq == 0:
        named = canonical({"log_id": log_id})
        records.append(
            system_record(topic=CREATED, payload=named, base=0, seq=0, ts=time_ns)
        )
    last_seq = seq + len(records)
    records.append(
        system_record(topic=REPAIRED, payload=canonical(told), base=seq, seq=last_seq, ts=time_ns)
    )
    lines, head = frame_lines(head, records)
    return lines, Mark(last_seq, head.hex())


def _chained(disk: Disk, cut: _Cut, lines: bytes) -> Iterator[bytes]:
    if cut.size:
        yield from first_bytes(read_blocks(disk, cut.segment), cut.size)
    yield lines
