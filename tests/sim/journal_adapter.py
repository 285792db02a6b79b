"""Plugs the journal of the product into the harness."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from tests.sim.sim_disk import SimDisk
from tests.sim.subject import Corrupt, Record, Subject
from tools.live.journal.errors import IntegrityRefused, StorageFailed
from tools.live.journal.outcome import Limits, Outcome, Profile
from tools.live.journal.reader import Reader
from tools.live.journal.writer import Journal

LOG_ID = "sim"
TOPIC = "sim.record"
TIME_NS = 1_735_689_600 * 10**9
LIMITS = Limits(batch_records=4, rotate_bytes=2_000)
IN_FLIGHT = 4  # so many records are worth a batch that nobody waits for


class JournalLog:
    """A journal with small segments; its checkpoints are only a seq that it is told to keep."""

    def __init__(self, disk: SimDisk) -> None:
        self.disk = disk
        self.hooks: Mapping[str, Callable[[], None]] = {
            "checkpoint": self._checkpoint, "retain": self._retain, "compress": self._compress,
        }  # fmt: skip
        self._checkpoint_seq = -1
        with _translated():
            self.journal = Journal.open(
                disk, log_id=LOG_ID, holder="the simulation", time_ns=TIME_NS, limits=LIMITS
            )

    def append(self, record: Record) -> bool:
        before = self.journal.next_seq
        payload = {"text": record.payload}
        outcome = self.journal.append(TOPIC, TIME_NS, record.source, record.sseq, payload)
        if outcome in (Outcome.REFUSED, Outcome.UNKNOWN):
            raise OSError("the journal has failed")
        return self.journal.next_seq > before

    def push(self) -> None:
        if self.journal.waiting % IN_FLIGHT == 0:
            with _translated():
                self.journal.begin_commit()

    def commit(self, *, strict: bool) -> None:
        with _translated():
            self.journal.commit_all(Profile.STRICT if strict else Profile.BULK)

    def close(self) -> None:
        with _translated():
            self.journal.close(TIME_NS)

    def records(self) -> list[Record]:
        with _translated():
            return [
                Record(record.src, record.sseq, record.payload()["text"])
                for record in Reader(self.disk, log_id=LOG_ID).poll()
                if record.topic == TOPIC
            ]

    def digest(self) -> str:
        return ""  # This log folds nothing; its reader does.

    def _checkpoint(self) -> None:
        self._checkpoint_seq = self.journal.durable_seq

    def _retain(self) -> None:
        with _translated():
            self.journal.trim(self._checkpoint_seq, TIME_NS)

    def _compress(self) -> None:
        with _translated():
            self.journal.pack_oldest()


@contextmanager
def _translated() -> Iterator[None]:
    """The journal's words in those of the harness."""
    try:
        yield
    except IntegrityRefused as refused:
        raise Corrupt(str(refused)) from refused
    except StorageFailed as failed:
        raise OSError(str(failed)) from failed


JOURNAL = Subject("journal", JournalLog)
