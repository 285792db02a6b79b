"""Start-up is recovery: whatever the last process left becomes a log that can be written again.

A log that was not closed cleanly is copied to a new inode, because what is read back may stand in
a cache whose `fsync` failed. Every step can be cut short by a crash and is simply done again.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from typing import NamedTuple

from .disk import Disk
from .index import save_index
from .mark import Mark, MarkFile, read_mark, spell_slot
from .scan import Scan, Scanned, scan_log
from .segments import FOLDER, TORN, stored_blocks
from .verdict import refuse_damage
from .whole import put_whole, remove_temporaries

CHECKPOINTS = "checkpoints"


class Torn(NamedTuple):
    """What was cut off the end and kept in `torn/`."""

    size: int
    sha256: str


class Recovered(NamedTuple):
    """A log ready to be written: what it holds, what was cut, and where its mark goes on.

    `tail` is the segment to append to; None asks for a new one.
    """

    scan: Scan
    torn: tuple[Torn, ...]
    mark_slot: int
    tail: Scanned | None


def recover(disk: Disk, *, log_id: str) -> Recovered:
    """Everything between taking the lock and the first new record."""
    mark, slot = read_mark(disk)
    scan = scan_log(disk, log_id=log_id, marked_seq=-1 if mark is None else mark.seq)
    refuse_damage(disk, scan, mark)
    remove_temporaries(disk, ("", FOLDER, TORN, CHECKPOINTS))
    torn = _keep_torn(disk, scan)
    # The mark follows the fsync of the record it names. Without it, the record of a clean close
    # may be nothing but a page in a cache.
    marked_end = mark is not None and mark.seq == scan.next_seq - 1
    clean = scan.bad is None and scan.ends_closed and marked_end
    tail = None if clean else _renew_last(disk, scan)
    if scan.ends_closed:
        tail = None  # What stands behind a clean close is damage, so nothing is written there.
    for segment in scan.empty:
        disk.remove(segment.path)
    disk.make_folder(FOLDER)
    disk.sync_folder(FOLDER)
    end = Mark(scan.next_seq - 1, scan.head.hex()) if scan.next_seq else None
    slot = rewrite_mark(disk, slot, end)
    for scanned in scan.segments:
        if scanned is not tail:
            save_index(disk, scanned.segment.first_seq, scanned.places.spell(scanned.size))
    return Recovered(scan, torn, slot, tail)


def keep_bytes(disk: Disk, name: str, path: str, offset: int = 0) -> Torn:
    """Copy a file from an offset on to `torn/<name>-<sha>.bin`, durable when this returns."""
    size, digest = 0, sha256()
    for block in stored_blocks(disk, path, offset):
        size += len(block)
        digest.update(block)
    kept = Torn(size, digest.hexdigest())
    copy = f"{TORN}/{name}-{kept.sha256}.bin"
    disk.make_folder(TORN)
    disk.sync_folder()
    if copy.removeprefix(f"{TORN}/") in disk.names(TORN):
        disk.sync_folder(TORN)
    else:
        put_whole(disk, copy, stored_blocks(disk, path, offset))
    return kept


def _keep_torn(disk: Disk, scan: Scan) -> tuple[Torn, ...]:
    """Put the torn bytes aside. Those of a start that crashed before it could report them stand
    behind the same seq, and come after those of this one."""
    seq = scan.next_seq
    torn = []
    if scan.bad is not None:
        torn.append(keep_bytes(disk, str(seq), scan.bad.path, scan.bad.offset))
    kept = re.compile(rf"{seq}-([0-9a-f]{{64}})\.bin").fullmatch
    for name in disk.names(TORN):
        match = kept(name)
        if match and match[1] not in [one.sha256 for one in torn]:
            torn.append(Torn(disk.size(f"{TORN}/{name}"), match[1]))
    return tuple(torn)


def _renew_last(disk: Disk, scan: Scan) -> Scanned | None:
    """The last segment on a new inode, without what was torn; None when nothing is left of it.

    A segment without a valid record goes away: the one before it was sealed, so it is durable.
    """
    if not scan.segments or scan.segments[-1].segment.packed:
        return None
    last = scan.segments[-1]
    path = last.segment.path
    if last.size:
        put_whole(disk, path, first_bytes(stored_blocks(disk, path), last.size))
        return last
    disk.remove(path)
    scan.segments.pop()
    return None


def first_bytes(blocks: Iterator[bytes], size: int) -> Iterator[bytes]:
    """Exactly so many of the bytes, and no read beyond them."""
    while size > 0:
        block = next(blocks, b"")
        if not block:
            raise OSError(errno.EIO, "a segment became shorter while it was copied")
        yield block[:size]
        size -= len(block)


def rewrite_mark(disk: Disk, slot: int, mark: Mark | None) -> int:
    """State the end of the log durably, if it has one; returns the slot for the next mark."""
    with closing(MarkFile(disk, slot)) as mark_file:
        if mark is not None:
            mark_file.write(spell_slot(mark), sync=True)
        disk.sync_folder()
        return mark_file.slot
