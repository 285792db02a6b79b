"""What happens to segments that are complete: they are packed, and one day they go.

Each step leaves a log that can be opened. The plain form goes only when the packed one has been
read back from the disk and held against the chain.
"""

from __future__ import annotations

from .disk import Disk
from .errors import IntegrityRefused
from .scan import Scanned
from .segments import (
    FOLDER, INDEX, PACKED, PLAIN, Segment, pack, read_blocks, segment_path, unpacked_blocks,
)  # fmt: skip
from .walk import Walk
from .whole import write_temporary


def pack_segment(disk: Disk, sealed: Scanned, *, end_seq: int, end_head: bytes) -> Scanned:
    """Replace a plain segment by its packed form; `end_seq` and `end_head` begin the next one."""
    plain = sealed.segment
    packed = Segment(plain.first_seq, True)
    temporary = write_temporary(disk, packed.path, pack(read_blocks(disk, plain)))
    walk = Walk(temporary, unpacked_blocks(disk, temporary), head=sealed.head, seq=plain.first_seq)
    for _ in walk.rows():
        pass
    if walk.bad is not None or (walk.seq, walk.head) != (end_seq, end_head):
        disk.remove(temporary)
        what = "a sealed segment that no longer holds what was written" if walk.bad is None else (
            f"a sealed segment that reads back with {walk.bad.what},"
        )  # fmt: skip
        raise IntegrityRefused(what, path=plain.path, offset=walk.offset, seq=walk.seq)
    disk.rename(temporary, packed.path)
    disk.sync_folder(FOLDER)
    disk.remove(plain.path)
    disk.sync_folder(FOLDER)
    return sealed._replace(segment=packed)


def remove_segment(disk: Disk, first_seq: int) -> None:
    """Delete all forms of a segment, durably before the next one may go: there is never a gap."""
    present = disk.names(FOLDER)
    for suffix in (INDEX, PACKED, PLAIN):
        path = segment_path(first_seq, suffix)
        if path.rpartition("/")[2] in present:
            disk.remove(path)
    disk.sync_folder(FOLDER)
