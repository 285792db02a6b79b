"""The bytes of an input file, unpacked as they are read: plain, gzip, or a zip of one member.

What a file is, its first bytes say, never its name. Nothing is unpacked onto a disk, and no more
than a block at a time is held, so a packed file that grows without end costs time and no memory.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Iterator
from typing import IO, Any, BinaryIO

from ...core.errors import ContractError
from ..files import open_input

BLOCK_BYTES = 128 * 1024
_GZIP_MAGIC = b"\x1f\x8b"
_ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
_GZIP = 31  # what zlib calls a gzip header with its checksum behind, and no larger window
_STORED, _DEFLATED = 0, 8
_ENCRYPTED = 1
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@ +()-]{0,199}", re.ASCII)


class Content:
    """One input file; `blocks` reads it anew each time, `name` is that of a zip's member.

    Each whole reading must give the same bytes as the first one did.
    """

    def __init__(self, path: str, field: str) -> None:
        self.path = path
        self.field = field
        self.name = re.split(r"[/\\]", path)[-1]
        self._sha256 = ""
        with open_input(path, field) as file:
            start = file.read(4)
        self._read = _plain
        if start.startswith(_GZIP_MAGIC):
            self._read = _gzip
        elif start in _ZIP_MAGIC:
            self._read = _zip
            with open_input(path, field) as file:
                self.name = self._inside(_member_name, file)

    def blocks(self) -> Iterator[bytes]:
        """The plain bytes, block by block; a ContractError says why they end early."""
        digest = hashlib.sha256()
        with open_input(self.path, self.field) as file:
            blocks = self._read(file)
            while (block := self._inside(next, blocks, b"")) != b"":
                digest.update(block)
                yield block
        found = digest.hexdigest()
        if self._sha256 not in ("", found):
            named = f"{self.field} {self.path!r}"
            raise ContractError(f"{named} has changed since it was read first; start again")
        self._sha256 = found

    def start(self, size: int) -> bytes:
        """The first bytes, as many or as few as there are."""
        found = b""
        for block in self.blocks():
            found += block
            if len(found) >= size:
                break
        return found[:size]

    def sha256(self) -> str:
        """The hash of the plain bytes: packing a file does not change it."""
        if not self._sha256:
            for _ in self.blocks():
                pass
        return self._sha256

    def _inside(self, read: Any, *given: Any) -> Any:
        """What reading gives, or a refusal that names the file."""
        try:
            return read(*given)
        except _Unreadable as error:
            what, _, advice = str(error).partition("; ")
            named = f"{self.field} {self.path!r}"
            raise ContractError(f"{named} is {what}; {advice or 'get it again'}") from None


class _Unreadable(Exception):
    """What is wrong with a file as a whole, and what to do."""


def _plain(file: BinaryIO) -> Iterator[bytes]:
    while block := file.read(BLOCK_BYTES):
        yield block


def _gzip(file: BinaryIO) -> Iterator[bytes]:
    """A recorder that is started again appends a member, so there may be several."""
    packed = file.read(BLOCK_BYTES)
    while packed:
        unpacker = zlib.decompressobj(_GZIP)
        while not unpacker.eof:
            try:
                plain = unpacker.decompress(packed, BLOCK_BYTES)
            except zlib.error as error:
                raise _Unreadable(f"gzip that does not unpack ({error!s:.80})") from None
            packed = unpacker.unconsumed_tail
            if plain:
                yield plain
            elif not unpacker.eof and not packed and not (packed := file.read(BLOCK_BYTES)):
                raise _Unreadable("gzip that ends early")
        packed = unpacker.unused_data or file.read(BLOCK_BYTES)


def _member_name(file: IO[bytes]) -> str:
    return str(_member(file)[1].filename)


def _member(file: IO[bytes]) -> tuple[Any, Any]:
    """The archive, and the one member that it may have."""
    from zipfile import BadZipFile, ZipFile

    try:
        archive = ZipFile(file)
    except (BadZipFile, EOFError, NotImplementedError, OSError, ValueError) as error:
        raise _Unreadable(f"a zip that cannot be read ({error!s:.80})") from None
    members = archive.infolist()
    if len(members) != 1:
        raise _Unreadable(f"a zip of {len(members)} members; give one with one file in it")
    member = members[0]
    if not _PLAIN_NAME.fullmatch(member.filename):
        shown = f"{member.filename!a:.60}"
        raise _Unreadable(f"a zip with a member {shown}; give one with a plain name")
    if member.flag_bits & _ENCRYPTED:
        raise _Unreadable("an encrypted zip; unpack it first")
    if member.compress_type not in (_STORED, _DEFLATED):
        raise _Unreadable("a zip packed in an unusual way; unpack it first")
    return archive, member


def _zip(file: IO[bytes]) -> Iterator[bytes]:
    """The reader below stops at the declared size and checks the sum of what it has read."""
    from zipfile import BadZipFile

    archive, member = _member(file)
    size = 0
    try:
        with archive.open(member) as inside:
            while block := inside.read(BLOCK_BYTES):
                size += len(block)
                yield block
    except (BadZipFile, EOFError, NotImplementedError, OSError, ValueError, zlib.error) as error:
        raise _Unreadable(f"a zip that does not unpack ({error!s:.80})") from None
    if size != member.file_size:
        raise _Unreadable(f"a zip of {size} bytes that declares {member.file_size}")
