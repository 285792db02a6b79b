"""The words in which a log answers, and the bounds it keeps."""

from __future__ import annotations

from enum import Enum

from ..core.record import record
from .segments import ROTATE_BYTES


class Outcome(Enum):
    """What is known of a record; no two of these are ever mixed up."""

    WAITING = "waiting"  # Taken; stored as soon as `durable_seq` has reached it.
    STORED = "stored"  # Durable, from this time or from a time it was sent before.
    REFUSED = "refused"  # Nothing of it is stored; it may be sent again.
    UNKNOWN = "unknown"  # The disk failed under it; only the next start will know.


class Profile(Enum):
    """How soon the mark is on storage: at once for money, when the kernel likes for quotes."""

    STRICT = "strict"
    BULK = "bulk"


class Status(Enum):
    """A log fails once and for good: no later success could say what an earlier write did."""

    OPEN = "open"
    FAILED = "failed"
    CLOSED = "closed"


@record
class Limits:
    """The bounds of a batch, of what may wait for the disk, and of a segment."""

    batch_records: int = 256
    batch_bytes: int = 256 * 1024
    queue_records: int = 10_000
    queue_bytes: int = 16 * 1024 * 1024
    rotate_bytes: int = ROTATE_BYTES
