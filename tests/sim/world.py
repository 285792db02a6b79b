"""One disk through the lives of a log: the publisher in front of it and the judge beside it."""

from __future__ import annotations

from collections.abc import Sequence

from tests.sim.judge import Judge, Violation
from tests.sim.sim_disk import Crash, SimDisk
from tests.sim.subject import Corrupt, Log, Record, Subject
from tests.sim.workloads import Step

DONE, CRASHED, FAULTED, REFUSED = "done", "crashed", "faulted", "refused"
KILL = -1
ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789 \"\\\n\u00e9\u2028"

# After an error here nothing may be acknowledged; an index or a checkpoint is only a cache.
BINDING = ("segments", "durable.mark")
CACHES = (".idx", ".idx.tmp", ".gz", ".gz.tmp")


class World:
    """Plays scripts; every method that lets the log run returns how that ended."""

    def __init__(self, subject: Subject, disk: SimDisk, judge: Judge | None = None) -> None:
        self.subject, self.disk = subject, disk
        self.judge = judge or Judge()
        self._log: Log | None = None
        self._sent = {"a": 0, "b": 0}
        self._outbox: list[Record] = []

    @property
    def is_open(self) -> bool:
        """Whether the log has recovered, and has not been closed since."""
        return self._log is not None

    def clone(self) -> World:
        """The same world again, but for the process: only what outlives it is copied."""
        other = World(self.subject, self.disk.clone(), self.judge.clone())
        other._sent, other._outbox = dict(self._sent), self._outbox[:]
        return other

    def live(self, steps: Sequence[Step]) -> str:
        """Open, send again what nobody acknowledged, then follow the script."""
        try:
            ended = self._open()
            if ended == DONE:
                self._resend()
                for step in steps:
                    self._do(step)
                self._tell_errors()
                if self.judge.broken:
                    raise Violation("nobody noticed an error of a write or a sync")
        except Crash:
            ended = CRASHED
        except OSError:
            ended = self._faulted()
        self.disk.events.append(f"-- the life is over: {ended}")
        return ended

    def end(self, how: int) -> None:
        """The process ends, in a way that asks nobody: KILL, or a power loss with that choice."""
        self._log = None
        self.judge.ended()
        if how == KILL:
            self.disk.kill9()
        else:
            self.disk.power_loss(how)

    def _open(self) -> str:
        before = self.disk.image()
        try:
            self._log = self.subject.open(self.disk)
        except Corrupt as refusal:
            self._unchanged(before)
            self.judge.refused(str(refusal))
            return REFUSED
        self._tell_errors()
        self.judge.opened(self._log.records(), self._log.digest())
        return DONE

    def _unchanged(self, before: dict[str, bytes]) -> None:
        """A refusal leaves everything for the operator to look at; leftovers may go."""
        after = self.disk.image()
        for path in sorted({**before, **after}):
            leftover = path.endswith(".tmp") and path not in after
            if path != "LOCK" and not leftover and after.get(path) != before.get(path):
                raise Violation(f"refused to open, but changed {path}")
        self.disk.figures["refusals"] += 1

    def _resend(self) -> None:
        for record in self._outbox:
            self._offer(record)
        if self._outbox:
            self._do(Step("commit"))

    def _do(self, step: Step) -> None:
        assert self._log is not None
        if step.do == "append":
            for size in step.sizes:
                self._sent[step.name] += 1
                number = self._sent[step.name]
                record = Record(step.name, number, _text(step.name, number, size))
                self._outbox.append(record)
                self._offer(record)
        elif step.do == "commit":
            self._log.commit(strict=step.strict)
            self._acknowledge(strict=step.strict)
        elif step.do == "reopen":
            self._close()
            self._open()
        elif step.do == "hook" and (hook := self._log.hooks.get(step.name)):
            if step.name == "checkpoint":
                self.judge.checkpointing()
            elif step.name == "retain":
                self.judge.retaining()
            hook()
            self._tell_errors()

    def _close(self) -> None:
        """A clean close promises everything, the watermark too."""
        assert self._log is not None
        self._log.close()
        self._log = None
        self._acknowledge(strict=True)

    def _offer(self, record: Record) -> None:
        assert self._log is not None
        if self._log.append(record):
            self.judge.appended(record)
        else:
            self.judge.known(record)
        self._log.push()

    def _acknowledge(self, *, strict: bool) -> None:
        self._tell_errors()
        self.judge.acknowledged(strict=strict)
        self._outbox = []

    def _tell_errors(self) -> None:
        for path in self.disk.errors:
            if path.startswith(BINDING) and not path.endswith(CACHES):
                self.judge.broke()

    def _faulted(self) -> str:
        """After a fault the log must answer no to everything, and leave the disk alone."""
        self._tell_errors()
        if self._log is None or not self.judge.broken:
            return FAULTED
        changed = self.disk.changed
        try:
            self._offer(Record("a", self._sent["a"] + 1, "after the fault"))
            self._log.commit(strict=True)
            self._acknowledge(strict=True)
        except OSError:
            pass
        try:
            self._log.close()
        except OSError:
            pass
        except Crash:
            return CRASHED
        if self.disk.changed != changed:
            raise Violation("changed something on the disk after an error of a write or a sync")
        return FAULTED


def _text(source: str, number: int, size: int) -> str:
    turn = number % len(ALPHABET)
    body = (ALPHABET[turn:] + ALPHABET[:turn]) * (size // len(ALPHABET) + 1)
    return f"{source}{number}:{body[:size]}"
