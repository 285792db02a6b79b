"""The line on disk: what `core.line.Line` keeps in memory, recorded before anything reacts to it.

The log numbers and chains records in its own way, and says more about itself after a crash. So
the entries have a digest of their own: it depends on nothing but what happened, and a run that was
interrupted and taken up again ends with the digest of the run that was not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from ..core.contracts_v1 import (
    Approved, CancelOrder, CancelUnknown, Entry, FreezeOrdered, Reapproved,
)  # fmt: skip
from ..core.errors import ContractError, LineFailed
from ..core.line import Line, source_of
from .encode import encoders
from .errors import Diverged, StorageFailed
from .line_digest import LineDigest
from .outcome import Outcome
from .writer import Journal

BATCH = 256
NEVER = 1 << 63
_ENDED = -2
_SENT = (Approved, CancelOrder, Reapproved, CancelUnknown)  # what must not leave unrecorded
_TAIL_BYTES = 256  # what follows the payload of an entry is never longer
_FREEZE = f',"topic":"{FreezeOrdered.kind}",'.encode()


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
        self.digest = LineDigest(journal.log_id)
        self._queue = journal.queue
        self._spellings = {
            kind: (spell, source_of(kind), kind in _SENT)
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
        self._due = NEVER
        self._take_checkpoint: Callable[[], int] | None = None

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

    @property
    def relives(self) -> bool:
        """Whether what comes is still held against what an earlier life has recorded."""
        return self._recorded is not None

    def when_quiet(self, due: int, take: Callable[[], int]) -> None:
        """From this seq on, call `take` at a quiet moment; it says when it is due again."""
        self._due, self._take_checkpoint = due, take

    def quiet(self) -> None:
        """Nothing is in flight: a checkpoint may be taken."""
        if self.seq >= self._due and self._take_checkpoint is not None:
            self._due = self._take_checkpoint()

    def clear(self) -> None:
        raise ContractError("a journal holds one run; begin the next in a new folder")

    def go_on(self, digest: LineDigest) -> None:
        """Follow what an earlier life has recorded, all of which is in this digest."""
        self.seq = digest.entries
        self.digest = digest

    def interrupt(self) -> None:
        """Take nothing more: no seq follows this one."""
        self.seq = _ENDED

    def anchor(self) -> tuple[str, str] | None:
        self._queue_taken()
        return self.journal.log_id, f"{self.digest.entries}:{self.digest.hexdigest()}"

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
        self.digest.extend(taken)
        outcome = self._queue.extend(taken, self._last)
        self._last.clear()
        if outcome is not Outcome.WAITING:
            raise StorageFailed(f"the line up to seq {self.digest.entries} is {outcome.value}")

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
        self.digest.extend((parts,))
        return True
