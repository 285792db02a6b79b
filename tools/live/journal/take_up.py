"""A run whose exchange outlives the process: begun in its journal, or taken up from there.

There is one way to start. What is recorded behind the newest good checkpoint is verified, decision
by decision, and folded to the state in which the process ended. What was decided and not recorded
was never sent: it is recorded now, so that the line is whole, and left to the questions that a
resumed run asks.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from ..core import codec
from ..core.contracts_v1 import CancelOrder
from ..core.errors import ContractError
from ..core.record import record
from ..fold import Fold
from .disk import Disk
from .errors import JournalError
from .folding import NotBegun
from .halt import is_halted, refuse_halted
from .line import JournalLine
from .outcome import Limits, Profile
from .rederive import Verified, rederive
from .replay import find_run
from .run import Opened, refuse_another
from .run_checkpoint import restore_from
from .run_facts import OPENED, SOURCE, RunOpened, opened_payload, read_opened
from .scan import own_id
from .segments import list_segments
from .writer import Journal


class RunDiverged(JournalError):
    """Strategy or gate decides otherwise than is recorded: this code cannot go on with the run."""


@record
class TakenUp:
    """A run that is ready to be driven; `fold` is None when it begins here."""

    journal: Journal
    line: JournalLine
    opened: RunOpened
    fold: Fold | None
    seq: int
    last_ns: int
    unanswered: tuple[CancelOrder, ...]


def take_up(
    disk: Disk,
    opened: Opened,
    held: Callable[[], dict[str, int]],
    *,
    holder: str,
    time_ns: int,
    limits: Limits | None = None,
) -> TakenUp:
    """Begin a run in an empty folder, or go on with the one that is there.

    `held` is asked only when a run begins: what the exchange holds for us already.
    """
    refuse_halted(disk)
    log_id, known = _find(disk)
    if known is not None:
        opened = opened.going_on(known.edge)
        refuse_another(opened_payload(known), opened.payload())
    payload = opened.payload()
    journal = Journal.open(
        disk, log_id=log_id or f"run-{codec.sha256(payload)[:24]}", holder=holder,
        time_ns=time_ns, profile=Profile.STRICT, limits=limits,
    )  # fmt: skip
    try:
        if known is None:
            return _begun(journal, disk, payload, opened.start_ns, held())
        return _taken_up(journal, disk)
    except BaseException:
        journal.let_go()
        raise


def _find(disk: Disk) -> tuple[str | None, RunOpened | None]:
    """The id of the log that is there, and how its run was opened, if it was."""
    segments = list_segments(disk)
    if not segments:
        return None, None
    try:
        return find_run(disk)
    except NotBegun:
        return own_id(disk, segments, ""), None


def _begun(
    journal: Journal, disk: Disk, payload: dict[str, Any], time_ns: int, held: dict[str, int]
) -> TakenUp:
    payload["held_before"] = {symbol: str(qty) for symbol, qty in sorted(held.items())}
    opened = read_opened(payload)
    journal.append(OPENED, time_ns, SOURCE, 1, payload)
    journal.commit_all(Profile.STRICT)
    line = _line(journal, disk)
    return TakenUp(journal, line, opened, None, 0, 0, ())


def _taken_up(journal: Journal, disk: Disk) -> TakenUp:
    start = restore_from(disk, journal.log_id, digest=True)
    verified = rederive(disk, start, shortcut=True, digest=True)
    _refuse_diverged(verified)
    replay = verified.replay
    if replay.reported is not None:
        raise ContractError("the journal holds a finished run; name another folder")
    assert replay.line_digest is not None
    line = _line(journal, disk)
    line.go_on(replay.line_digest)
    seq = replay.seq
    for one in verified.unrecorded:
        seq += 1
        line.output(seq, one.corr, one.cause, one.output)
    return TakenUp(
        journal, line, replay.opened, replay.fold, seq, verified.last_ns, verified.unanswered
    )


def _line(journal: Journal, disk: Disk) -> JournalLine:
    return JournalLine(journal, commit_each_send=True, is_halted=partial(is_halted, disk))


def _refuse_diverged(verified: Verified) -> None:
    found = verified.difference
    if found is not None:
        raise RunDiverged(
            f"seq {found.seq} ({found.kind}) comes out otherwise than it is recorded; look at it"
            " with `python -m tools.live replay DIR --verify`, and go on with the code that"
            " wrote it"
        )
