"""Verifying a run: strategy and gate decide everything once more, and the record must agree.

An output stands in the line before it is sent, and its answer follows as an input, so the outputs
of a step may have the steps of their answers between them. What a step decided is a queue; the
next output recorded with its cause must be the head of that queue. Only at the end of an
interrupted journal may a queue be left with something in it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any

from ..core import codec
from ..core.contracts_v1 import (
    Approved, CancelOrder, CancelUnknown, Entry, Executed, Fill, ListOpenOrders, OrderAbandoned,
    Output, QueryOrder, RunResumed,
)  # fmt: skip
from ..core.line import source_of
from ..core.quiet_gc import no_gc
from ..core.record import record
from .disk import Disk
from .encode import encoders
from .folding import LOOP, Replay, Told, is_entry, told_by, without_payload
from .line_digest import LineDigest
from .reader import Reader, Record
from .replay import Restore, begin_replay, find_run
from .run import entry_text
from .segments import list_segments
from .travel import causes_of

# What waits for an answer; that to a question is as many inputs as there are facts to tell.
_SENT = (Approved, CancelOrder, ListOpenOrders, OrderAbandoned)
_ASKED = (QueryOrder, CancelUnknown)
_FILLS = (Fill.kind, Executed.kind)


@record
class Difference:
    """The first thing that came out otherwise, and what led to it, back to the input.

    `recorded` is None for an output that is missing, `derived` for one that nothing decides.
    """

    seq: int
    kind: str
    recorded: dict[str, Any] | None
    derived: dict[str, Any] | None
    causes: tuple[Told, ...]


@record
class Unrecorded:
    """An output that was decided, but the run ended before it was recorded: it was never sent."""

    corr: int
    cause: int
    output: Output


@record
class Verified:
    """What verifying came to; `unanswered` are cancels that may have been sent."""

    replay: Replay
    compared: int
    unrecorded: tuple[Unrecorded, ...]
    unanswered: tuple[CancelOrder, ...]
    last_ns: int
    difference: Difference | None

    @property
    def open_outputs(self) -> int:
        """How many outputs were decided and not recorded."""
        return len(self.unrecorded)

    @property
    def state_as_reported(self) -> bool | None:
        """Whether the run's last state came out; None when it was interrupted before the end."""
        reported = self.replay.reported
        if reported is None:
            return None
        found = (self.replay.seq, self.replay.state_sha256)
        return found == (reported.events, reported.state_sha256)

    @property
    def holds(self) -> bool:
        """Whether nothing came out otherwise than it is recorded."""
        return self.difference is None and self.state_as_reported is not False


def rederive(
    disk: Disk, restore: Restore | None = None, *, shortcut: bool = False, digest: bool = False
) -> Verified:
    """Hold every recorded decision against what the code decides now; stop at the first.

    `restore` says where to begin when the beginning is dropped; else it is asked only for a
    `shortcut`. With `digest` the line's own digest is made as well.
    """
    log_id, opened = find_run(disk)
    whole = list_segments(disk)[0].first_seq == 0
    replay = begin_replay(disk, log_id, opened, None, None if whole and not shortcut else restore)
    if digest and not replay.seq:
        replay.line_digest = LineDigest(log_id)
    decisions = Decisions()
    found = None
    last_ns = 0
    with no_gc():
        for one in Reader(disk, from_seq=max(replay.journal_seq, 0)).poll():
            if one.seq <= replay.journal_seq:  # where the replay begins
                last_ns = one.ts
                continue
            if one.src == LOOP:
                found = decisions.compare(one)
                told = without_payload(one)
            else:
                told = told_by(one)
                found = decisions.miss(told) if is_entry(one) else None
            if found is not None:
                break
            decisions.add(told, replay.take(told))
            replay.journal_seq, replay.head = one.seq, one.hash
            if is_entry(one):
                last_ns = one.ts
                if replay.line_digest is not None:
                    replay.line_digest.extend(((entry_text(one).decode(),),))
    if found is None and replay.reported is not None:
        found = decisions.left(replay.seq + 1)
    if found is not None:
        found = _explained(disk, found)
    return Verified(
        replay, decisions.compared, decisions.unrecorded(), decisions.unanswered(), last_ns, found
    )


class _Step:
    """What one step decided and is not recorded yet; `sent` is the command that is out."""

    __slots__ = ("cause", "corr", "queue", "sent", "out", "asked")

    def __init__(self, told: Told, outputs: Sequence[Output]) -> None:
        self.cause = told.seq
        self.corr = told.corr
        self.queue = deque(outputs)
        self.sent = 0
        self.out: Output | None = None
        self.asked = False


class Decisions:
    """The queues of the steps that are still being carried out, the newest last."""

    def __init__(self) -> None:
        self.compared = 0
        self._spellings = encoders(source_of)
        self._steps: list[_Step] = []

    def unrecorded(self) -> tuple[Unrecorded, ...]:
        """What was decided and is not recorded, in the order in which it would have been."""
        return tuple(
            Unrecorded(step.corr, step.cause, output)
            for step in reversed(self._steps)
            for output in step.queue
        )

    def unanswered(self) -> tuple[CancelOrder, ...]:
        """The cancels without an answer, those that were never recorded included."""
        out = [step.out for step in reversed(self._steps) if step.sent]
        out += [one.output for one in self.unrecorded()]
        return tuple(output for output in out if isinstance(output, CancelOrder))

    def add(self, told: Told, outputs: Sequence[Output]) -> None:
        """A step has decided this."""
        if outputs:
            self._steps.append(_Step(told, outputs))

    def miss(self, told: Told) -> Difference | None:
        """What should have been recorded before this input."""
        if told.topic == RunResumed.kind:  # what was out then is not waited for any more
            found = self.left(told.seq)
            self._steps.clear()
            return found
        while self._steps:
            step = self._steps[-1]
            if step.asked and not told.cause and told.topic not in _FILLS:
                step.sent = 0  # no fact about the order, so there are no more of them
                step.asked = False
            if step.sent:  # this is the answer, or it came in while the command was out
                if told.cause == step.sent and not step.asked:
                    step.sent = 0
                return None
            if step.queue:
                return self.left(told.seq)
            self._steps.pop()
        return None

    def compare(self, one: Record) -> Difference | None:
        """An output that is recorded against the next of its step."""
        seq, cause = one.sseq, one.cause
        while self._steps and self._steps[-1].cause != cause:
            if self._steps[-1].queue:
                return self.left(seq)
            self._steps.pop()
        if not self._steps or not self._steps[-1].queue:
            return Difference(seq, one.topic, _shown(told_by(one)), None, ())
        step = self._steps[-1]
        output = step.queue.popleft()
        spelled = self._spellings[output.__class__](output, seq, step.corr, step.cause)
        if "".join(spelled).encode() != entry_text(one):  # most are equal as they stand
            derived = codec.envelope(Entry(seq, LOOP, step.corr, step.cause, output))
            recorded = _shown(told_by(one))
            if derived != recorded:
                return Difference(seq, one.topic, recorded, derived, ())
        step.out = output
        step.asked = isinstance(output, _ASKED)
        step.sent = seq if step.asked or isinstance(output, _SENT) else 0
        self.compared += 1
        return None

    def left(self, seq: int) -> Difference | None:
        """The next output that is decided and not recorded, where `seq` is the next place."""
        for step in reversed(self._steps):
            if step.queue:
                derived = codec.envelope(Entry(seq, LOOP, step.corr, step.cause, step.queue[0]))
                return Difference(seq, derived["kind"], None, derived, ())
        return None


def _shown(told: Told) -> dict[str, Any]:
    """A record in the form of an envelope."""
    return {
        "v": codec.VERSION, "seq": told.seq, "ts_ns": told.ts_ns, "kind": told.topic,
        "src": told.src, "corr": told.corr, "cause": told.cause, "payload": told.payload,
    }  # fmt: skip


def _explained(disk: Disk, found: Difference) -> Difference:
    """The same with the entries that led to it, the nearest first."""
    told = found.recorded if found.derived is None else found.derived
    assert told is not None
    causes = causes_of(disk, told["cause"])
    return Difference(found.seq, found.kind, found.recorded, found.derived, causes)
