"""The line on disk: what `core.line.Line` keeps in memory, recorded before anything reacts to it.

The log numbers and chains records in its own way, and says more about itself after a crash. So
the entries have a chain of their own: its head depends on nothing but what happened, and a run
that was interrupted and taken up again ends with the head of the run that was not.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Protocol

from ..core.contracts_v1 import Approved, CancelOrder, Entry, Input, Output
from ..core.errors import ContractError
from ..core.line import Line, source_of
from .encode import encoders
from .errors import Diverged, StorageFailed
from .outcome import Outcome
from .writer import Journal

BATCH = 256
_WAITING = Outcome.WAITING


def line_genesis(log_id: str) -> bytes:
    """What the first entry of a line is chained to."""
    return sha256(b"line-v1\0" + log_id.encode()).digest()


def next_head(head: bytes, text: str) -> bytes:
    """The head behind an entry, of which `text` is the record without the log's own numbers."""
    return sha256(head + text.encode("ascii")).digest()


class Recorded(Protocol):
    """What an earlier life of this run has recorded, entry by entry."""

    def take(self) -> str | None:
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
    ) -> None:
        self.journal = journal
        self.seq = 0
        self._head = line_genesis(journal.log_id)
        self._queue = journal.queue
        self._encoders = encoders(source_of)
        self._recorded = recorded
        self._commit_each_send = commit_each_send
        self._keep = keep
        self._waiting = 0

    @property
    def entries(self) -> Sequence[Entry] | None:
        return None if self._keep is None else self._keep.entries

    def input(self, seq: int, corr: int, cause: int, event: Input) -> None:
        head, tail = self._encoders[event.__class__](event, seq, corr, cause)
        self._put(source_of(event.__class__), seq, head, tail)
        if self._keep is not None:
            self._keep.input(seq, corr, cause, event)

    def output(self, seq: int, corr: int, cause: int, event: Output) -> None:
        kind = event.__class__
        head, tail = self._encoders[kind](event, seq, corr, cause)
        self._put("loop", seq, head, tail)
        if self._keep is not None:
            self._keep.output(seq, corr, cause, event)
        if self._commit_each_send and (kind is Approved or kind is CancelOrder):
            self.commit()

    def clear(self) -> None:
        raise ContractError("a journal holds one run; begin the next in a new folder")

    def anchor(self) -> tuple[str, str] | None:
        return self.journal.log_id, f"{self.seq}:{self._head.hex()}"

    def commit(self) -> None:
        """Make everything up to here durable."""
        self.journal.commit_all()
        self._waiting = 0

    def _put(self, source: str, seq: int, head: str, tail: str) -> None:
        text = head + tail
        self._head = sha256(self._head + text.encode()).digest()
        self.seq = seq
        if self._recorded is not None:
            known = self._recorded.take()
            if known is not None:
                if known != text:
                    raise Diverged(seq, known, text)
                return
            self._recorded = None
        queue = self._queue
        record = f'{{"b":{queue.base},{head}"q":{queue.next_seq},{tail}'.encode()
        outcome = queue.put(record, source, seq)
        if outcome is not _WAITING:
            raise StorageFailed(f"seq {seq} of the line is {outcome.value} in the journal")
        self._waiting += 1
        if self._waiting >= BATCH:
            self.commit()
