"""A run while it is being folded: the state so far, and where in the line and in the log it is.

Only what the world said is taken from a record. What the run decided is decided again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from ..core import codec
from ..core.contracts_v1 import Input, Output
from ..core.errors import ContractError
from ..core.record import record
from ..fold import NOTHING, Fold
from ..reports.report import RunFacts, build_report
from ..reports.snapshot import state_sha256
from .direct_calls import UNSURE, direct_calls
from .errors import JournalError
from .frame import SYSTEM
from .line_digest import LineDigest
from .reader import Record
from .run_facts import (
    OPENED, REPORTED, SOURCE, RunOpened, RunReported, changes_of, read_reported, set_terms,
)  # fmt: skip

LOOP = "loop"
_NEVER = 1 << 63


class NotARun(ContractError):
    """An intact log, but not the journal of a run."""


class NotBegun(NotARun):
    """A log that was made for a run, which had no time to begin."""


class ReplayFailed(JournalError):
    """The journal is intact, but the run in it cannot be, or does not, what is asked."""


@record
class Start:
    """A fold as it was behind an entry: where a replay may begin instead of at the beginning."""

    seq: int
    journal_seq: int
    head: str
    fold: Fold
    line_digest: LineDigest | None = None


@record
class Told:
    """One record, whichever way it was read; `seq` is its source's number."""

    src: str
    topic: str
    seq: int
    ts_ns: int
    corr: int
    cause: int
    payload: Any


class Replay:
    """A run as far as it has been folded: up to `seq` of its line, `journal_seq` of its log."""

    def __init__(self, log_id: str, opened: RunOpened, fold: Fold) -> None:
        self.log_id = log_id
        self.opened = opened
        self.fold = fold
        self.seq = 0
        self.begun = 0  # where in the line folding began
        self.journal_seq = -1
        self.head = b""
        self.line_digest: LineDigest | None = None  # only when it is asked for
        self.reported: RunReported | None = None
        self._direct = direct_calls(fold)
        self._changes = changes_of(opened)[1:]  # the first are those of a new fold

    def begin_at(self, start: Start) -> None:
        """Take the place of a start; its fold has been given already."""
        self.seq, self.journal_seq = start.seq, start.journal_seq
        self.head = bytes.fromhex(start.head)
        self.begun = start.seq
        self.line_digest = start.line_digest
        self.change_terms(start.seq)

    @property
    def next_change(self) -> int:
        """The seq from which other terms are in force than behind the last entry."""
        return self._changes[0][0] if self._changes else _NEVER

    @property
    def state_sha256(self) -> str:
        """The hash of the state, as reports and checkpoints state it."""
        return state_sha256(self.fold, self.seq, self.opened.first_event_ns)

    def report(self) -> dict[str, Any]:
        """The report of a run that reached its end; ReplayFailed when it is not the one it made."""
        reported = self.reported
        if reported is None:
            raise ReplayFailed(
                f"the run was interrupted behind seq {self.seq} and made no report; go on with it,"
                " or replay without --report to see its state"
            )
        opened = self.opened
        anchor = None
        if self.line_digest is not None:
            anchor = (self.log_id, f"{self.seq}:{self.line_digest.hexdigest()}")
        report = build_report(
            RunFacts(
                self.fold, None, self.seq, opened.about, opened.edge, opened.start_ns,
                opened.first_event_ns, reported.exchange_moved, opened.held_before, anchor,
            )  # fmt: skip
        )
        report["integrity"]["code_version"] = opened.code_version
        if codec.sha256(report) != reported.report_sha256:
            raise ReplayFailed(
                f"the report comes out with the hash {codec.sha256(report)}, but the run made one"
                f" with {reported.report_sha256}; replay it with version {opened.code_version}"
            )
        return report

    def take(self, told: Told) -> Sequence[Output]:
        """Fold one record, if it is an input; the caller answers for its place in the log."""
        if told.src == SYSTEM:
            return NOTHING
        if told.src == SOURCE:
            self._about_the_run(told)
            return NOTHING
        if self.reported is not None:
            raise ReplayFailed(f"seq {told.seq} of the line stands behind the report of its run")
        if told.seq != self.seq + 1:
            raise ReplayFailed(f"the line has seq {told.seq} where {self.seq + 1} must be")
        outputs = NOTHING if told.src == LOOP else self._fold(told)
        self.seq = told.seq
        return outputs

    def _fold(self, told: Told) -> Sequence[Output]:
        """What the fold answers to an input, under the terms that are in force there."""
        self.change_terms(told.seq)
        call = self._direct.get(told.topic)
        try:
            if call is not None:
                try:
                    arguments = call[0](told.payload)
                except UNSURE:
                    pass  # the careful way accepts it, or says why not
                else:
                    return call[1](*arguments, told.ts_ns)
            return self.fold.step(input_of(told))
        except ContractError as error:
            raise ReplayFailed(f"seq {told.seq} ({told.topic}) does not fold: {error}") from None

    def change_terms(self, seq: int) -> None:
        """Put in force what a fork changed from this seq on."""
        while self._changes and self._changes[0][0] <= seq:
            set_terms(self.fold.monitor, self._changes.pop(0)[1])

    def _about_the_run(self, told: Told) -> None:
        if told.topic == REPORTED and self.reported is None:
            self.reported = read_reported(told.payload)
        elif told.topic != OPENED or self.seq:
            raise ReplayFailed(f"{told.topic} behind seq {self.seq} of the line; one run a journal")


def told_by(one: Record) -> Told:
    """What a record says, read strictly."""
    return Told(one.src, one.topic, one.sseq, one.ts, one.corr, one.cause, one.payload())


def without_payload(one: Record) -> Told:
    """The same of an output, whose content a replay does not take from the record."""
    return Told(one.src, one.topic, one.sseq, one.ts, one.corr, one.cause, None)


def input_of(told: Told) -> Input:
    """The event of a recorded input; a ContractError when it is none."""
    event = codec.from_envelope({
        "v": codec.VERSION, "seq": told.seq, "ts_ns": told.ts_ns, "kind": told.topic,
        "src": told.src, "corr": told.corr, "cause": told.cause, "payload": told.payload,
    }).event  # fmt: skip
    return cast(Input, event)


def is_entry(one: Record) -> bool:
    """Whether a record is one of the run's line, not about the log or the run."""
    return one.src not in (SYSTEM, SOURCE)
