"""What an operator may do to a log that nobody writes: index it again, pack it, let its past go.

None of it changes a record. Only letting the past go adds some, which say what is gone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from ..core import codec
from ..core.errors import ContractError
from .checkpoint import check_fits, hash_in, load, names
from .disk import Disk
from .guard import disk_errors, take_lock
from .folding import NotARun, is_entry
from .line_block import begun_block
from .reader import Reader, verify
from .recovery import CHECKPOINTS
from .replay import find_run
from .run_checkpoint import start_of
from .run_facts import REPORTED, RunOpened, opened_payload
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

    What a replay from a checkpoint at this seq reads of the line's digest stays, and how the run
    was opened is told in what is recorded. ContractError when the log was not closed, unless its
    run has made its report: then only upkeep that was cut short can have left it so.
    """
    scan = verify(disk)
    closed = scan.bad is None and scan.ends_closed
    if not closed and not any(one.topic == REPORTED for one in Reader(disk).poll()):
        _refuse_unclosed(scan)
    with disk_errors("the log cannot be read"):
        opened = _opened(disk)
        seq = seq if opened is None else _needed_from(disk, seq)
    firsts = [one.segment.first_seq for one in scan.segments[1:]]
    if not firsts or firsts[0] > seq:
        return 0
    journal = Journal.open(disk, log_id=scan.log_id, holder=holder, time_ns=time_ns)
    try:
        return journal.trim(seq, time_ns, None if opened is None else opened_payload(opened))
    finally:
        journal.close(time_ns)


def oldest_checkpoint(disk: Disk) -> int:
    """The seq of the oldest checkpoint that is kept, which must be one that a replay can use.

    ContractError when there is none, or when it does not fit: then what it stands for could not
    be rebuilt without the records before it.
    """
    with disk_errors("the checkpoints cannot be read"):
        present = names(disk)
        if not present:
            raise ContractError("the journal has no checkpoint, so all of it is needed")
        scan, opened = verify(disk), _opened(disk)
        try:
            checkpoint = load(disk, present[0])
            config = checkpoint.config_hash if opened is None else codec.sha256(opened.about)
            check_fits(checkpoint, scan.log_id, hash_in(disk), config)
            if opened is not None:
                start_of(disk, checkpoint, opened, None, digest=True)
        except ContractError as error:
            what = f"{CHECKPOINTS}/{present[0]} is no checkpoint that a replay can use"
            raise ContractError(f"{what} ({error}); {_ADVICE}") from None
    return checkpoint.seq


def _opened(disk: Disk) -> RunOpened | None:
    """How the log's run was opened; None when it holds none."""
    try:
        return find_run(disk)[1]
    except NotARun:
        return None


def _needed_from(disk: Disk, seq: int) -> int:
    """The first record that a replay from a checkpoint at this seq reads."""
    one = next(Reader(disk, from_seq=seq).poll())
    block = begun_block(disk, one.sseq, seq) if is_entry(one) else []
    return block[0].seq - 1 if block else seq


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
