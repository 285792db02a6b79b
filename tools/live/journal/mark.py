"""`durable.mark`: how far the log was on storage, told outside the log.

A chain cannot miss its own last records: a log cut at the end of a line is a valid shorter log. The
mark can. It has two slots of 128 bytes, `seq head_hash sha16`, written in turn, so that a write
that fails half way leaves the other slot.
"""

from __future__ import annotations

import errno
from hashlib import sha256
from typing import NamedTuple

from .disk import Disk

MARK = "durable.mark"
SLOT_BYTES = 128


class Mark(NamedTuple):
    """This record and all before it were on storage."""

    seq: int
    head_hash: str


def spell_slot(mark: Mark) -> bytes:
    """The 128 bytes of a slot."""
    told = f"{mark.seq:020d} {mark.head_hash}"
    return f"{told} {_sha16(told)}".ljust(SLOT_BYTES - 1).encode("ascii") + b"\n"


def read_mark(disk: Disk) -> tuple[Mark | None, int]:
    """The newest valid mark, if there is any, and the slot to write next."""
    try:
        raw = disk.read(MARK, 0, 2 * SLOT_BYTES)
    except FileNotFoundError:
        return None, 0
    slots = [_parse(raw[:SLOT_BYTES]), _parse(raw[SLOT_BYTES:])]
    newest, place = None, 1
    for number, mark in enumerate(slots):
        if mark is not None and (newest is None or mark.seq > newest.seq):
            newest, place = mark, number
    return newest, 1 - place


class MarkFile:
    """The mark of a log that is open for writing; `slot` is the next to be filled."""

    def __init__(self, disk: Disk, slot: int) -> None:
        self._disk = disk
        self.slot = slot
        self._handle = disk.open_update(MARK)

    def write(self, slot: bytes, *, sync: bool) -> None:
        """Fill the next slot; without `sync` the kernel may take its time."""
        offset = self.slot * SLOT_BYTES
        while slot:
            taken = self._disk.write_at(self._handle, slot, offset)
            if taken <= 0:
                raise OSError(errno.EIO, "the disk took no byte of the mark")
            slot = slot[taken:]
            offset += taken
        if sync:
            self._disk.sync(self._handle)
        self.slot = 1 - self.slot

    def close(self) -> None:
        self._disk.close(self._handle)


def _parse(raw: bytes) -> Mark | None:
    """The mark in a slot; None when one bit of the slot is not as it was written."""
    try:
        seq, head_hash, _ = raw.decode("ascii").split()
        mark = Mark(int(seq), head_hash)
        return mark if spell_slot(mark) == raw else None
    except ValueError:
        return None


def _sha16(told: str) -> str:
    return sha256(told.encode("ascii")).hexdigest()[:16]
