"""The line on disk: what `core.line.Line` keeps in memory, recorded before anything reacts to it.

The log numbers and chains records in its own way, and says more about itself after a crash. So
the entries have a digest of their own: it depends on nothing but what happened, and a run that was
interrupted and taken up again ends with the digest of the run that was not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any, Protocol

from ..core.contracts_v1 import Approved, CancelOrder, Entry, FreezeOrdered
from ..core.errors import ContractError, LineFailed
from ..core.line import Line, source_of
from .encode import encoders
from .errors import Diverged, StorageFailed
from .outcome import Outcome
from .writer import Journal

BATCH = 256
_ENDED = -2
_TAIL_BYTES = 256  # what follows the payload of an entry is never longer
_FREEZE = f',"topic":"{FreezeOrdered.kind}",'.encode()


def line_digest(log_id: str) -> Any:
    """The running SHA-256 of a line: over its log's id, then the text of entry after entry."""
    return sha256(b"line-v1\0" + log_id.encode() + b"\0")


def _never() -> bool:
    return False


class Recorded(Protocol):
    """What an earlier life of this run has recorded, entry by entry."""

    def take(self) -> bytes | None:
        """The text of the next entry; None behind the last."""
        ...

    def peek(self) -> bytes | None:
        """The same, and it stays the next."""
        ...


class JournalLine:
    """Puts entries into a journal; `commit_each_send` makes a command durable before it leaves.

    An exchange in our own process dies with it, so what it was sent needs no longer life than the
    process; for any other, only a durable command may be sent.
    """

    def __init__(
        self,
        journal: Journal,
        *,
        recorded: Recorded | None = None,
        commit_each_send: bool = False,
        keep: Line | None = None,
        batch: int = BATCH,
        is_halted: Callable[[], bool] = _never,
    ) -> None:
        self.journal = journal
        self.seq = 0
        self._digest = line_digest(journal.log_id)
        self._queue = journal.queue
        self._spellings = {
            kind: (spell, source_of(kind), kind in (Approved, CancelOrder))
            for kind, spell in encoders(source_of).items()
        }
        self._recorded = recorded
        self._commit_each_send = commit_each_send
        self._keep = keep
        self._batch = batch
        self._is_halted = is_halted
        self._halted = False
        self._taken: list[tuple[str, str]] = []
        self._last: dict[str, int] = {}
        self._covered = 0  # how many entries are in the digest

    @property
    def entries(self) -> Sequence[Entry] | None:
        return None if self._keep is None else self._keep.entries

    def record(self, seq: int, corr: int, cause: int, event: Any) -> None:
        """Take an entry; every `batch` entries, and before a send if asked for, all is durable."""
        if seq != self.seq + 1:
            raise LineFailed(f"seq {seq} cannot follow {self.seq}: the line was interrupted there")
        spell, source, sends = self._spellings[event.__class__]
        parts = spell(event, seq, corr, cause)
        if self._recorded is None or not self._is_recorded(parts):
            self._taken.append(parts)
            self._last[source] = seq
        self.seq = seq
        if self._keep is not None:
            (self._keep.output if source == "loop" else self._keep.input)(seq, corr, cause, event)
        if len(self._taken) >= self._batch or (sends and self._commit_each_send):
            self.commit()

    input = output = record

    def clear(self) -> None:
        raise ContractError("a journal holds one run; begin the next in a new folder")

    def interrupt(self) -> None:
        """Take nothing more: no seq follows this one."""
        self.seq = _ENDED

    def anchor(self) -> tuple[str, str] | None:
        self._queue_taken()
        return self.journal.log_id, f"{self._covered}:{self._digest.hexdigest()}"

    def commit(self) -> None:
        """Make everything up to here durable, and look whether somebody halts the log."""
        self._queue_taken()
        self.journal.commit_all()
        self._halted = self._halted or self._is_halted()

    def is_freeze_due(self) -> bool:
        """Whether the loop must be frozen here: the log is halted, or an earlier life froze here.

        What the demo's loop is told to freeze for is nothing but a halt.
        """
        if self._recorded is None:
            return self._halted
        following = self._recorded.peek()
        return following is not None and _FREEZE in following[-_TAIL_BYTES:]

    def _queue_taken(self) -> None:
        """Give the journal what was taken: many at once cost half as much."""
        taken, self._taken = self._taken, []
        if not taken:
            return
        self._digest.update("".join(map("".join, taken)).encode())
        self._covered += len(taken)
        outcome = self._queue.extend(taken, self._last)
        self._last.clear()
        if outcome is not Outcome.WAITING:
            raise StorageFailed(f"the line up to seq {self._covered} is {outcome.value}")

    def _is_recorded(self, parts: tuple[str, str]) -> bool:
        """Whether an earlier life has recorded this entry; `Diverged` when it was another."""
        assert self._recorded is not None
        known = self._recorded.take()
        if known is None:
            self._recorded = None
            return False
        text = "".join(parts).encode()
        if known != text:
            raise Diverged(self.seq + 1, known.decode(), text.decode())
        self._digest.update(text)
        self._covered += 1
        return True
