"""The line on disk: what `core.line.Line` keeps in memory, recorded before anything reacts to it.

The log numbers and chains records in its own way, and says more about itself after a crash. So
the entries have a chain of their own: its head depends on nothing but what happened, and a run
that was interrupted and taken up again ends with the head of the run that was not.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Any, Protocol

from ..core.contracts_v1 import Approved, CancelOrder, Entry
from ..core.errors import ContractError, LineFailed
from ..core.line import Line, source_of
from .encode import encoders
from .errors import Diverged, StorageFailed
from .outcome import Outcome
from .writer import Journal

BATCH = 256
_ENDED = -2
_WAITING = Outcome.WAITING


def line_genesis(log_id: str) -> bytes:
    """What the first entry of a line is chained to."""
    return sha256(b"line-v1\0" + log_id.encode()).digest()


def next_head(head: bytes, text: bytes) -> bytes:
    """The head behind an entry, of which `text` is the record without the log's own numbers."""
    return sha256(head + text).digest()


class Recorded(Protocol):
    """What an earlier life of this run has recorded, entry by entry."""

    def take(self) -> bytes | None:
        """The text of the next entry; None behind the last."""
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
    ) -> None:
        self.journal = journal
        self.seq = 0
        self._head = line_genesis(journal.log_id)
        self._queue = journal.queue
        self._spellings = {
            kind: (spell, source_of(kind), kind in (Approved, CancelOrder))
            for kind, spell in encoders(source_of).items()
        }
        self._recorded = recorded
        self._commit_each_send = commit_each_send
        self._keep = keep
        self._batch = batch
        self._waiting = 0

    @property
    def entries(self) -> Sequence[Entry] | None:
        return None if self._keep is None else self._keep.entries

    def record(self, seq: int, corr: int, cause: int, event: Any) -> None:
        """Queue an entry; every `batch` entries, and before a send if asked for, all is durable."""
        if seq != self.seq + 1:
            raise LineFailed(f"seq {seq} cannot follow {self.seq}: the line was interrupted there")
        spell, source, sends = self._spellings[event.__class__]
        before, after = spell(event, seq, corr, cause)
        text = f"{before}{after}".encode()
        if self._recorded is None or not self._is_recorded(text):
            queue = self._queue
            record = f'{{"b":{queue.base},{before}"q":{queue.next_seq},{after}'.encode()
            outcome = queue.put(record, source, seq)
            if outcome is not _WAITING:
                raise StorageFailed(f"seq {seq} of the line is {outcome.value} in the journal")
            self._waiting += 1
        self._head = sha256(self._head + text).digest()
        self.seq = seq
        if self._keep is not None:
            (self._keep.output if source == "loop" else self._keep.input)(seq, corr, cause, event)
        if self._waiting >= self._batch or (sends and self._commit_each_send):
            self.commit()

    input = output = record

    def clear(self) -> None:
        raise ContractError("a journal holds one run; begin the next in a new folder")

    def interrupt(self) -> None:
        """Take nothing more: no seq follows this one."""
        self.seq = _ENDED

    def anchor(self) -> tuple[str, str] | None:
        return self.journal.log_id, f"{self.seq}:{self._head.hex()}"

    def commit(self) -> None:
        """Make everything up to here durable."""
        self.journal.commit_all()
        self._waiting = 0

    def _is_recorded(self, text: bytes) -> bool:
        """Whether an earlier life has recorded this entry; `Diverged` when it was another."""
        assert self._recorded is not None
        known = self._recorded.take()
        if known is None:
            self._recorded = None
            return False
        if known != text:
            raise Diverged(self.seq + 1, known.decode(), text.decode())
        return True
