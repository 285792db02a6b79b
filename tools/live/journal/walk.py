"""Walks the lines of a log and holds each against the chain: the one place that verifies."""

from __future__ import annotations

import re
from binascii import hexlify
from collections.abc import Iterable, Iterator
from enum import Enum
from hashlib import sha256
from typing import NamedTuple, TypeAlias

from .frame import (
    MAX_LINE_BYTES, RECORD_START, SECOND_HALF_START, first_half, is_chained, newer_version,
    second_half, stored_hash,
)  # fmt: skip
from .segments import PackDamaged

_Match: TypeAlias = re.Match[bytes]

# Offset in the segment, raw hash, line without its newline, and the two halves around its payload:
# (base, cause, corr, sseq) and (seq, source, topic, time). A plain tuple, because a log has many.
Row: TypeAlias = tuple[int, bytes, bytes, _Match, _Match]

_AT_ONCE = 64  # whoever wants but the first line has no more of them checked


class Fault(Enum):
    """What is wrong with the first bytes that are not as they must be."""

    UNFINISHED = "unfinished"  # The bytes end within a line; a writer may be about to go on.
    DAMAGED = "damaged"  # A crash may have done it, or something worse.
    NEWER = "newer"  # The chain proves it intact, but a later program wrote it.
    WRONG = "wrong"  # The chain proves it intact, and yet it says what no record may say.


class Bad(NamedTuple):
    """The first bytes that are not as they must be, and the seq that they stand for."""

    fault: Fault
    path: str
    offset: int
    seq: int
    what: str


def payload_of(row: Row) -> bytes:
    """The payload of a row, as it is stored."""
    return row[2][row[3].end() : row[4].start()]


class Walk:
    """One pass over a segment: `rows` yields what is valid; after it, `bad` says why it ended.

    `head` is the hash before the first line. Without one the first line is believed, and only what
    follows is proven; the caller must have another proof for it.
    """

    def __init__(
        self, path: str, blocks: Iterable[bytes], *, head: bytes | None, seq: int, offset: int = 0
    ) -> None:
        self.head = head
        self.seq = seq
        self.offset = offset
        self.bad: Bad | None = None
        self.refused = b""  # the line at which it ended
        self._path = path
        self._blocks = blocks

    def rows(self) -> Iterator[list[Row]]:
        """The valid rows, many at a time; `seq`, `head` and `offset` stand behind the last."""
        rest = b""
        try:
            for block in self._blocks:
                lines = (rest + block).split(b"\n")
                rest = lines.pop()
                for place in range(0, len(lines) or 1, _AT_ONCE):
                    yield self._check(lines[place : place + _AT_ONCE])
                    if self.bad is not None:
                        return
                if len(rest) >= MAX_LINE_BYTES:
                    self._fault(Fault.DAMAGED, f"a line of more than {MAX_LINE_BYTES} bytes")
                    return
        except PackDamaged as damage:
            self._fault(Fault.DAMAGED, str(damage))
            return
        if rest:
            self._fault(Fault.UNFINISHED, "a line without an end")

    def _check(self, lines: list[bytes]) -> list[Row]:
        rows: list[Row] = []
        head, seq, offset, known_base = self.head, self.seq, self.offset, b""
        for line in lines:
            first = first_half(line)
            second = second_half(line, line.rfind(SECOND_HALF_START))
            if head is None:
                digest = stored_hash(line) or b""
            else:
                digest = sha256(head + line[RECORD_START:-1]).digest()
            if (
                line[6:70] != hexlify(digest)
                or first is None
                or second is None
                or second[1] != b"%d" % seq
                or (first[1] != known_base and int(first[1]) > seq)
                or len(line) >= MAX_LINE_BYTES
            ):
                self.head, self.seq, self.offset = head, seq, offset
                self._explain(line)
                return rows
            rows.append((offset, digest, line, first, second))
            head, known_base = digest, first[1]
            seq += 1
            offset += len(line) + 1
        self.head, self.seq, self.offset = head, seq, offset
        return rows

    def _explain(self, line: bytes) -> None:
        """Only what the chain proves intact can be called anything but damaged.

        Without a head a line is believed when a newer version wrote it: nobody can prove it here.
        """
        self.refused = line
        version = newer_version(line)
        believed = self.head is None and version is not None
        if stored_hash(line) is None:
            self._fault(Fault.DAMAGED, "bytes that are no line of a log")
        elif not believed and (self.head is None or not is_chained(self.head, line)):
            self._fault(Fault.DAMAGED, "a line that does not follow from the one before")
        elif version is not None:
            self._fault(Fault.NEWER, f"a record of version {version}, newer than this program")
        else:
            self._fault(Fault.WRONG, "an intact record with a wrong seq, batch base or form")

    def _fault(self, fault: Fault, what: str) -> None:
        self.bad = Bad(fault, self._path, self.offset, self.seq, what)
