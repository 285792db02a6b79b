"""The files of a log: their names, their order, and their bytes whether packed or not.

A segment is named by its first seq and is plain (`.jsonl`) until it is sealed and packed
(`.jsonl.gz`). Both hold the same bytes, so an offset means the same place in either. What is
unpacked is bounded: a packed segment that would grow beyond any segment is refused half way.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from .disk import Disk

FOLDER = "segments"
TORN = "torn"
LOCK = "LOCK"

ROTATE_BYTES = 64 * 1024 * 1024
MAX_SEGMENT_BYTES = 256 * 1024 * 1024
BLOCK_BYTES = 256 * 1024
PLAIN = ".jsonl"
PACKED = ".jsonl.gz"
INDEX = ".idx"

_segment_name = re.compile(r"([0-9]{20})(\.jsonl|\.jsonl\.gz)", re.ASCII).fullmatch
_GZIP = 31  # what zlib calls a gzip header with its checksum behind, and no larger window


class PackDamaged(Exception):
    """A packed segment cannot be unpacked from here on."""


class Segment(NamedTuple):
    """One segment by its first seq; `packed` says which of its two forms is read."""

    first_seq: int
    packed: bool

    @property
    def path(self) -> str:
        return segment_path(self.first_seq, PACKED if self.packed else PLAIN)


def segment_path(first_seq: int, suffix: str = PLAIN) -> str:
    """Where the segment that begins with this seq keeps what has this suffix."""
    return f"{FOLDER}/{first_seq:020d}{suffix}"


def list_segments(disk: Disk) -> list[Segment]:
    """All segments in order of their first seq; the plain form counts when both are there."""
    packed: dict[int, bool] = {}
    for name in disk.names(FOLDER):
        match = _segment_name(name)
        if match:
            first_seq = int(match[1])
            packed[first_seq] = match[2] == PACKED and packed.get(first_seq, True)
    return [Segment(first_seq, packed[first_seq]) for first_seq in sorted(packed)]


def read_blocks(disk: Disk, segment: Segment, offset: int = 0) -> Iterator[bytes]:
    """The plain bytes of a segment from an offset on, block by block; PackDamaged may follow."""
    blocks = unpacked_blocks if segment.packed else stored_blocks
    return blocks(disk, segment.path, offset)


def stored_blocks(disk: Disk, path: str, offset: int = 0) -> Iterator[bytes]:
    """The bytes of any file from an offset on, as they are stored."""
    while block := disk.read(path, offset, BLOCK_BYTES):
        yield block
        offset += len(block)


def unpacked_blocks(disk: Disk, path: str, skipped: int = 0) -> Iterator[bytes]:
    """The plain bytes of a packed file but for the first ones; PackDamaged may follow."""
    unpacker = zlib.decompressobj(_GZIP)
    produced = 0
    for block in stored_blocks(disk, path):
        while block and not unpacker.eof:
            try:
                plain = unpacker.decompress(block, BLOCK_BYTES)
            except zlib.error as error:
                raise PackDamaged(f"packed data that does not unpack ({error})") from None
            block = unpacker.unconsumed_tail
            surplus = max(0, skipped - produced)
            produced += len(plain)
            if produced > MAX_SEGMENT_BYTES:
                raise PackDamaged(f"packed data of more than {MAX_SEGMENT_BYTES} bytes")
            if produced > skipped:
                yield plain[surplus:]
        if block or unpacker.unused_data:
            raise PackDamaged("packed data with something behind its end")
    if not unpacker.eof:
        raise PackDamaged("packed data that ends early")


def pack(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The bytes of a gzip file that states no time and no name, so equal input packs equally."""
    packer = zlib.compressobj(6, zlib.DEFLATED, _GZIP)
    for block in blocks:
        yield packer.compress(block)
    yield packer.flush()
