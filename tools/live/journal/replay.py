"""Replay: a run's state out of its journal, by folding the inputs that were recorded.

Nothing is taken from the record but what the world said. What the run decided is decided again;
`rederive.py` compares the two. The chain is checked over every line that is read, and reading
never changes anything.

    replayed = rebuild(disk)                  # all of it
    replayed = rebuild(disk, until=1200)      # the state behind seq 1200 of the line
"""

from __future__ import annotations

from binascii import hexlify
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any

from ..core import codec
from ..core.errors import ContractError
from ..core.quiet_gc import quiet_gc
from ..core.record import record
from ..fold import Fold
from ..reports.report import RunFacts, build_report
from ..reports.snapshot import state_sha256
from .disk import Disk
from .errors import IntegrityRefused, JournalError
from .fast_fold import MATCH_FROM, usual_lines
from .frame import MAX_LINE_BYTES, RECORD_START, SYSTEM, VERSION, genesis
from .guard import disk_errors
from .index import find_place
from .line import line_genesis
from .reader import Reader, Record
from .run_facts import (
    OPENED, REPORTED, SOURCE, RunOpened, RunReported, changes_of, new_fold, read_opened,
    read_reported, set_terms,
)  # fmt: skip
from .scan import own_id
from .segments import PackDamaged, list_segments, read_blocks
from .strict import parse_payload

LOOP = "loop"
_RECORD_KEYS = ("b", "cause", "corr", "id", "p", "q", "src", "topic", "ts", "v")
_BEFORE_HASH, _BEHIND_HASH = b'{"h":"', b'","r":'
_TOPIC = b'"topic":"'
_BEHIND_TOPIC = len('","ts":1735689600000000000,"v":1}}')  # other times take the careful way
_NEVER = 1 << 63


class NotARun(ContractError):
    """An intact log, but not the journal of a run."""


class ReplayFailed(JournalError):
    """The journal is intact, but the run in it cannot be, or does not, what is asked."""


@record
class Start:
    """A fold as it was behind an entry: where a replay may begin instead of at the beginning."""

    seq: int
    journal_seq: int
    head: str
    fold: Fold


# Given a run and the seq that is wanted (None: its end), the nearest start at or before it.
Restore = Callable[[RunOpened, int | None], Start | None]


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
        self.journal_seq = -1
        self.head = b""
        self.line_head: bytes | None = None
        self.reported: RunReported | None = None
        self._changes = changes_of(opened)
        self._usual = usual_lines(fold)
        self.bound = _NEVER

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
        if self.line_head is not None:
            anchor = (self.log_id, f"{self.seq}:{self.line_head.hex()}")
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

    # One record after the other, the careful way.

    def take(self, told: Told) -> None:
        """Fold one record, if it is an input; the caller answers for its place in the log."""
        if told.src == SYSTEM:
            return
        if told.src == SOURCE:
            self._about_the_run(told)
            return
        if self.reported is not None:
            raise ReplayFailed(f"seq {told.seq} of the line stands behind the report of its run")
        if told.seq != self.seq + 1:
            raise ReplayFailed(f"the line has seq {told.seq} where {self.seq + 1} must be")
        if told.src != LOOP:
            self.fold_input(told)
        self.seq = told.seq

    def fold_input(self, told: Told) -> Any:
        """What the fold answers to an input, under the terms that are in force there."""
        self.change_terms(told.seq)
        try:
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

    # Many lines at a time.

    def fold_block(self, lines: list[bytes]) -> bool:
        """Fold lines that follow each other; False at the first that somebody else must judge."""
        usual, head, number, seq = self._usual.get, self.head, self.journal_seq + 1, self.seq
        change = self._changes[0][0] if self._changes else _NEVER
        stop = min(self.bound, change - 1)
        known_base = b""
        try:
            for line in lines:
                digest = sha256(head + line[RECORD_START:-1]).digest()
                if line[6:MATCH_FROM] != hexlify(digest) or not line.startswith(_BEFORE_HASH):
                    return False
                expected = usual(line[line.rfind(_TOPIC) + len(_TOPIC) : -_BEHIND_TOPIC])
                match = None if expected is None else expected[0](line, MATCH_FROM)
                if match is None or expected is None or seq >= stop or self.reported is not None:
                    self.seq, self.journal_seq, self.head = seq, number - 1, head
                    if seq >= self.bound or not self._fold_unusual(line, number):
                        return False
                    seq = self.seq
                    stop = min(self.bound, self._changes[0][0] - 1 if self._changes else _NEVER)
                else:
                    groups = match.groups()
                    if int(groups[1]) != seq + 1 or int(groups[-2]) != number:
                        return False
                    if groups[0] != known_base:
                        if int(groups[0]) > number:
                            return False
                        known_base = groups[0]
                    expected[1](groups)
                    seq += 1
                    if self.line_head is not None:
                        self.line_head = sha256(self.line_head + _entry_text(line)).digest()
                head = digest
                number += 1
        except ContractError as error:
            raise ReplayFailed(f"seq {seq + 1} of the line does not fold: {error}") from None
        finally:
            self.seq, self.journal_seq, self.head = seq, number - 1, head
        return True
