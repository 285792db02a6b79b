"""The line on disk: what `core.line.Line` keeps in memory, recorded before anything reacts to it.

The log numbers and chains records in its own way, and says more about itself after a crash. So
the entries have a digest of their own: it depends on nothing but what happened, and a run that was
interrupted and taken up again ends with the digest of the run that was not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from ..core.contracts_v1 import (
    OUTPUTS, Approved, CancelOrder, CancelUnknown, Entry, FreezeOrdered, Input, Output, Reapproved,
)  # fmt: skip
from ..core.errors import ContractError, LineFailed
from ..core.line import Hear, Line, by_event, source_of
from .encode import Writers, encoders
from .errors import Diverged, StorageFailed
from .line_digest import LineDigest
from .outcome import Outcome
from .writer import Journal

BATCH = 256
NEVER = 1 << 63
_ENDED = -2
_CAREFUL = -1  # follows no seq
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
        self.digest = LineDigest(journal.log_id)
        self._queue = journal.queue
        self._encoders = encoders(source_of)
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
        self._follow(0)
        self._writers = Writers(source_of, self, self._taken, self._last, self._commit_batch, batch)
        self._saying = {
            kind: self._writers.of_event(
                kind, self._record, at_once=commit_each_send and kind in _SENT
            )
            for kind in OUTPUTS
        }

    @property
    def entries(self) -> Sequence[Entry] | None:
        return None if self._keep is None else self._keep.entries

    @property
    def seq(self) -> int:
        """The newest entry's; every one must be followed by the next."""
        return self._seq if self.expected == _CAREFUL else self.expected - 1

    def input(self, seq: int, corr: int, cause: int, event: Input) -> None:
        """Take an input; every `batch` entries are written, and durable when the next ones are."""
        self._record(seq, corr, cause, event)

    def output(self, seq: int, corr: int, cause: int, event: Output) -> None:
        """Take an output; what is sent is durable when this returns, if that was asked for."""
        self._saying[event.__class__](seq, corr, cause, event)

    def hearing(self, kind: type[Any]) -> Hear:
        """The way of nearly all inputs, in which no event is made."""
        return self._writers.of_fields(kind, by_event(self, kind))

    def _record(self, seq: int, corr: int, cause: int, event: Any) -> None:
        """Take any entry as it comes: while an earlier life is followed, or a copy is kept."""
        if seq != self.seq + 1:
            raise LineFailed(f"seq {seq} cannot follow {self.seq}: the line was interrupted there")
        kind = event.__class__
        source = source_of(kind)
        parts = self._encoders[kind](event, seq, corr, cause)
        if self._recorded is None or not self._is_recorded(parts):
            self._taken.append(parts)
            self._last[source] = seq
        self._follow(seq)
        if self._keep is not None:
            (self._keep.output if source == "loop" else self._keep.input)(seq, corr, cause, event)
        if len(self._taken) >= self._batch or (self._commit_each_send and kind in _SENT):
            self._commit_batch()

    def _follow(self, seq: int) -> None:
        """What comes next must follow this seq; the writers take it if nobody has to look at it."""
        self._seq = seq
        plain = self._recorded is None and self._keep is None
        self.expected = seq + 1 if plain else _CAREFUL

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
        self.digest = digest
        self._follow(digest.entries)

    def interrupt(self) -> None:
        """Take nothing more: no seq follows this one."""
        self._seq = _ENDED
        self.expected = _CAREFUL

    def anchor(self) -> tuple[str, str] | None:
        self._queue_taken()
        return self.journal.log_id, f"{self.digest.entries}:{self.digest.hexdigest()}"

    def commit(self) -> None:
        """Make everything up to here durable, and look whether somebody halts the log."""
        self._queue_taken()
        self.journal.commit_all()
        self._look_for_a_halt()

    def _commit_batch(self) -> None:
        """A batch is full, or something is about to be sent; only for that we wait for the disk."""
        if self._commit_each_send:
            return self.commit()
        self._queue_taken()
        self.journal.begin_commit()
        self._look_for_a_halt()

    def _look_for_a_halt(self) -> None:
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
        taken = self._taken.copy()
        if not taken:
            return
        self._taken.clear()
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
