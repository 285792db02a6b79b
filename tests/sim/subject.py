"""What the harness asks of a log under test; one adapter of this shape plugs a log in.

An adapter turns its log's own words into these: a storage fault, and every answer after one, is an
`OSError`; a refusal because acknowledged data may be damaged is `Corrupt`. What the log writes for
itself is no record.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, Protocol

from tests.sim.sim_disk import SimDisk


class Corrupt(Exception):
    """The log refuses to open: damage that no crash explains."""


class Record(NamedTuple):
    """What a publisher hands over; `sseq` counts from 1 within its source."""

    source: str
    sseq: int
    payload: str


class Log(Protocol):
    """An open log."""

    @property
    def hooks(self) -> Mapping[str, Callable[[], None]]:
        """Upkeep that this log knows, by name: checkpoint, retain, compress."""
        ...

    def append(self, record: Record) -> bool:
        """Take a record into the open batch; False when the log has it already."""
        ...

    def push(self) -> None:
        """Give the disk what was appended, if the log likes, and wait for nothing."""
        ...

    def commit(self, *, strict: bool) -> None:
        """Returns when all that was appended is durable; `strict` makes the watermark so too."""
        ...

    def close(self) -> None: ...

    def records(self) -> list[Record]:
        """What can be read; the oldest may be gone after a `retain`."""
        ...

    def digest(self) -> str:
        """`digest_of` all records ever kept, those that `retain` took away included; or ''."""
        ...


class Subject(NamedTuple):
    """A kind of log, by name."""

    name: str
    open: Callable[[SimDisk], Log]


def fold(digest: str, record: Record) -> str:
    """The digest after one more record: a state that every record before it has changed."""
    text = "|".join((digest, record.source, str(record.sseq), record.payload))
    return hashlib.sha256(text.encode()).hexdigest()


def digest_of(records: Iterable[Record]) -> str:
    """The digest of records in their order."""
    digest = "start"
    for record in records:
        digest = fold(digest, record)
    return digest
