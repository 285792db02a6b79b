"""`.idx`: where every 64th record of a segment stands. A cache: wrong ones are made again.

It is text of fixed width, so that a place is found by bisection without reading it all: a first
line `size last_seq last_hash`, then `seq ts offset` rows. Nothing is ever cut or refused because
of an index, and whoever uses a row checks that the line it points at has the seq it promises.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from .disk import Disk, NotAFile
from .segments import FOLDER, INDEX, MAX_SEGMENT_BYTES, Segment, segment_path
from .walk import Row
from .whole import put_whole

EVERY = 64
_HEAD_BYTES = 20 + 1 + 20 + 1 + 64 + 1
_ROW_BYTES = 20 + 1 + 20 + 1 + 20 + 1
_HASH_PLACE = slice(6, 70)

_END_START = b',"ts":'
_end = re.compile(rb',"ts":([0-9]{1,19}),"v":[0-9]+\}\}\n').fullmatch
_row = re.compile(rb"([0-9]{20}) ([0-9]{20}) ([0-9]{20})\n").fullmatch
_head = re.compile(rb"([0-9]{20}) ([0-9]{20}) ([0-9a-f]{64})\n").fullmatch


class Place(NamedTuple):
    """Where the line of this seq begins."""

    seq: int
    ts: int
    offset: int


class Index:
    """The places of one segment, collected while it is written or scanned."""

    def __init__(self) -> None:
        self.places: list[Place] = []
        self.last_hash = ""

    def add_rows(self, rows: list[Row]) -> None:
        """Note what is due among rows that follow each other."""
        if not rows:
            return
        for offset, _, line, _, behind in rows[-int(rows[0][4][1]) % EVERY :: EVERY]:
            self.places.append(Place(int(behind[1]), int(behind[4]), offset))
            self.last_hash = line[_HASH_PLACE].decode("ascii")

    def add_lines(self, first_seq: int, lines: list[bytes], offset: int) -> None:
        """Note what is due among lines that were written at `offset`, newlines included."""
        number = -first_seq % EVERY
        offset += sum(map(len, lines[:number]))
        while number < len(lines):
            line = lines[number]
            end = _end(line, max(0, line.rfind(_END_START)))
            if end is not None:
                self.places.append(Place(first_seq + number, int(end[1]), offset))
                self.last_hash = line[_HASH_PLACE].decode("ascii")
            offset += sum(map(len, lines[number : number + EVERY]))
            number += EVERY

    def spell(self, size: int) -> bytes:
        """The content of the file for a segment of this size."""
        last_seq = self.places[-1].seq if self.places else 0
        rows = [f"{size:020d} {last_seq:020d} {self.last_hash or '0' * 64}"]
        rows += [f"{place.seq:020d} {place.ts:020d} {place.offset:020d}" for place in self.places]
        return ("\n".join(rows) + "\n").encode("ascii")


def save_index(disk: Disk, first_seq: int, content: bytes) -> None:
    """Write an index unless it is there already, just so."""
    path = segment_path(first_seq, INDEX)
    if not _is_there(disk, path) or disk.read(path) != content:
        put_whole(disk, path, [content])


def find_place(disk: Disk, segment: Segment, seq: int) -> Place | None:
    """The last indexed place at or before `seq`; None when there is none or the index is off."""
    path = segment_path(segment.first_seq, INDEX)
    if not _is_there(disk, path):
        return None
    try:
        low, high = 0, _trusted_rows(disk, segment, path)
        while low < high:
            middle = (low + high) // 2
            if _place(disk, path, middle).seq <= seq:
                low = middle + 1
            else:
                high = middle
        return _place(disk, path, low - 1) if low else None
    except (_Off, NotAFile):
        return None


class _Off(Exception):
    """This index is not the index of this segment."""


def _is_there(disk: Disk, path: str) -> bool:
    return path.rpartition("/")[2] in disk.names(FOLDER)


def _trusted_rows(disk: Disk, segment: Segment, path: str) -> int:
    """How many rows the index has, once it is known to speak of these very bytes."""
    told = _head(disk.read(path, 0, _HEAD_BYTES))
    count, surplus = divmod(disk.size(path) - _HEAD_BYTES, _ROW_BYTES)
    if told is None or surplus or count < 1:
        raise _Off
    last = _place(disk, path, count - 1)
    if last.seq != int(told[2]):
        raise _Off
    if not segment.packed:
        line_hash = disk.read(segment.path, last.offset + _HASH_PLACE.start, 64)
        if int(told[1]) != disk.size(segment.path) or line_hash != told[3]:
            raise _Off
    return count


def _place(disk: Disk, path: str, number: int) -> Place:
    row = _row(disk.read(path, _HEAD_BYTES + number * _ROW_BYTES, _ROW_BYTES))
    if row is None or int(row[3]) > MAX_SEGMENT_BYTES:
        raise _Off
    return Place(int(row[1]), int(row[2]), int(row[3]))
