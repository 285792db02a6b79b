"""Checkpoints that a run takes of itself, every so many entries.

A line says when it is quiet: between two steps, when nothing is in flight. What an earlier life has
recorded has its checkpoints already, so a run that lives it again takes none.
"""

from __future__ import annotations

from ..core.errors import ContractError
from ..fold import Fold
from .checkpoint import save
from .disk import Disk
from .errors import IntegrityRefused, StorageFailed
from .line import NEVER, JournalLine
from .run_checkpoint import run_checkpoint
from .run_facts import RunOpened

EVERY = 100_000


class Checkpointing:
    """Takes the checkpoints of one run; `stopped` says why there will be no more of them."""

    def __init__(
        self, disk: Disk, line: JournalLine, fold: Fold, opened: RunOpened, every: int
    ) -> None:
        self.stopped = ""
        self._disk = disk
        self._line = line
        self._fold = fold
        self._opened = opened
        self._every = every
        line.when_quiet(every, self.take)

    def take(self) -> int:
        """Store a checkpoint of all that is recorded; the seq from which the next one is due.

        StorageFailed ends the line: where a checkpoint cannot be stored, soon nothing can be.
        """
        line = self._line
        if not line.relives:
            try:
                self._save()
            except ContractError as error:  # too large; the log is as good without it
                self.stopped = str(error)
                return NEVER
            except IntegrityRefused as error:
                line.interrupt()
                raise StorageFailed(f"the checkpoint cannot be stored: {error}") from error
            except BaseException:
                line.interrupt()
                raise
        return (line.seq // self._every + 1) * self._every

    def _save(self) -> None:
        line, journal = self._line, self._line.journal
        line.commit()
        checkpoint = run_checkpoint(
            self._fold,
            log_id=journal.log_id,
            opened=self._opened,
            closed=line.digest.closed,
            seq=line.seq,
            journal_seq=journal.durable_seq,
            head_hash=journal.head_hash,
        )
        save(self._disk, checkpoint, durable_seq=journal.durable_seq)
