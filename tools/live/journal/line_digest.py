"""The digest of a line: over its log's id, then over entry after entry, in blocks.

A hash that runs on cannot be stored half way. So every `BLOCK` entries it is closed and the next
block begins with what came out; whoever keeps the last closed one needs to read no more than the
entries since in order to go on. Where a block ends depends on nothing but the entries before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple, TypeAlias

BLOCK = 1024

Parts: TypeAlias = tuple[str, ...]  # an entry's text, in as many pieces as its writer has


class Closed(NamedTuple):
    """The digest behind a whole number of blocks."""

    entries: int
    digest: str


class LineDigest:
    """D(k+1) = SHA256(D(k), the texts of a block); the head is that over what there is of one.

    Right behind a block it is the block's own, and of a line without entries it is D(0).
    """

    def __init__(self, log_id: str) -> None:
        self.entries = 0
        self._close(sha256(b"line-v2\0" + log_id.encode() + b"\0").digest())

    @property
    def closed(self) -> Closed:
        """The last closed block, which is all that `resume` asks for."""
        return Closed(self.entries - self.entries % BLOCK, self._closed.hex())

    def resume(self, closed: Closed) -> None:
        """Be as it was right behind a closed block."""
        self.entries = closed.entries
        self._close(bytes.fromhex(closed.digest))

    def extend(self, entries: Sequence[Parts]) -> None:
        """Take the next entries; many at once cost less than one after the other."""
        while entries:
            room = BLOCK - self.entries % BLOCK
            taken, entries = entries[:room], entries[room:]
            self._block.update("".join(map("".join, taken)).encode())
            self.entries += len(taken)
            if len(taken) == room:
                self._close(self._block.digest())

    def hexdigest(self) -> str:
        """The head: with the number of entries it proves every one of them."""
        at_end = self.entries % BLOCK == 0
        return self._closed.hex() if at_end else self._block.hexdigest()

    def _close(self, digest: bytes) -> None:
        self._closed = digest
        self._block = sha256(digest)
