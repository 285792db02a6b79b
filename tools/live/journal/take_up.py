"""A run whose exchange outlives the process: begun in its journal, or taken up from there.

There is one way to start. What is recorded is verified, decision by decision, and folded to the
state in which the process ended. What was decided and not recorded was never sent: it is recorded
now, so that the line is whole, and left to the questions that a resumed run asks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..core import codec
from ..core.contracts_v1 import CancelOrder
from ..core.errors import ContractError
from ..core.record import record
from ..fold import Fold
from .disk import Disk
from .errors import JournalError
from .line import JournalLine
from .outcome import Limits, Profile
from .rederive import Verified, rederive
from .run import Opened, look, refuse_another
from .run_facts import OPENED, SOURCE
from .writer import Journal


class RunDiverged(JournalError):
    """Strategy or gate decides otherwise than is recorded: this code cannot go on with the run."""


@record
class TakenUp:
    """A run that is ready to be driven; `fold` is None when it begins here.

    `held_before` is what the exchange held for us when the run began, by symbol.
    """

    journal: Journal
    line: JournalLine
    fold: Fold | None
    seq: int
    last_ns: int
    unanswered: tuple[CancelOrder, ...]
    held_before: Mapping[str, int]


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
    payload = opened.payload()
    found = look(disk)
    if found.finished:
        raise ContractError("the journal holds a finished run; name another folder")
    if found.opened is not None:
        refuse_another(found.opened, payload)
    log_id = found.log_id or f"run-{codec.sha256(payload)[:24]}"
    journal = Journal.open(
        disk, log_id=log_id, holder=holder, time_ns=time_ns, profile=Profile.STRICT, limits=limits
    )
    try:
        if found.opened is None:
            return _begun(journal, payload, opened.start_ns, held())
        return _taken_up(journal, disk)
    except BaseException:
        journal.let_go()
        raise


def _begun(
    journal: Journal, payload: dict[str, Any], time_ns: int, held: dict[str, int]
) -> TakenUp:
    payload["held_before"] = {symbol: str(qty) for symbol, qty in sorted(held.items())}
    journal.append(OPENED, time_ns, SOURCE, 1, payload)
    journal.commit_all(Profile.STRICT)
    line = JournalLine(journal, commit_each_send=True)
    return TakenUp(journal, line, None, 0, 0, (), held)


def _taken_up(journal: Journal, disk: Disk) -> TakenUp:
    verified = rederive(disk, digest=True)
    _refuse_diverged(verified)
    replay = verified.replay
    line = JournalLine(journal, commit_each_send=True)
    line.go_on(replay.seq, replay.line_digest)
    seq = replay.seq
    for one in verified.unrecorded:
        seq += 1
        line.record(seq, one.corr, one.cause, one.output)
    return TakenUp(
        journal, line, replay.fold, seq, verified.last_ns, verified.unanswered,
        replay.opened.held_before,
    )  # fmt: skip


def _refuse_diverged(verified: Verified) -> None:
    found = verified.difference
    if found is not None:
        raise RunDiverged(
            f"seq {found.seq} ({found.kind}) comes out otherwise than it is recorded; look at it"
            " with `python -m tools.live replay DIR --verify`, and go on with the code that"
            " wrote it"
        )
