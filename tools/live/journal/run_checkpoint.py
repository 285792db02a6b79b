"""Checkpoints of a run: what is kept of one, and how a replay begins with it.

The state of a checkpoint is the fold's, and the seq of the line behind which it was so. It must be
taken between two steps of a run: what a step decided and nobody has recorded yet is in no fold.
"""

from __future__ import annotations

from typing import Any

from ..core import codec
from ..core.errors import ContractError
from ..core.quiet_gc import quiet_gc
from ..fold import Fold
from ..fold_state import restore, state_of
from ..fold_state.plain import count, keys, wrong
from ..reports.snapshot import state_sha256
from .checkpoint import Checkpoint, Skipped, hash_in, load_newest
from .disk import Disk
from .folding import Replay, Start
from .replay import Restore
from .run_facts import RunOpened, new_fold

_STATE = ("fold", "line_seq")


def run_checkpoint(
    fold: Fold,
    *,
    log_id: str,
    about: dict[str, Any],
    first_event_ns: int,
    seq: int,
    journal_seq: int,
    head_hash: str,
) -> Checkpoint:
    """A run behind `seq` of its line, which is recorded up to `journal_seq` of its log."""
    with quiet_gc():
        state = {"fold": state_of(fold), "line_seq": seq}
    state_hash = state_sha256(fold, seq, first_event_ns)
    return Checkpoint(log_id, journal_seq, head_hash, state_hash, codec.sha256(about), state)


def replay_checkpoint(replay: Replay) -> Checkpoint:
    """The same of a run that was folded from its journal."""
    opened = replay.opened
    return run_checkpoint(
        replay.fold,
        log_id=replay.log_id,
        about=opened.about,
        first_event_ns=opened.first_event_ns,
        seq=replay.seq,
        journal_seq=replay.journal_seq,
        head_hash=replay.head.hex(),
    )


def restore_from(disk: Disk, log_id: str, skipped: list[Skipped] | None = None) -> Restore:
    """What `rebuild` asks for a start: the newest good checkpoint that is not behind the wish.

    What was passed over on the way is added to `skipped`.
    """

    def nearest(opened: RunOpened, until: int | None) -> Start | None:
        starts: list[Start] = []

        def accept(checkpoint: Checkpoint) -> None:
            starts.append(_start_of(checkpoint, opened, until))

        config_hash = codec.sha256(opened.about)
        with quiet_gc():
            found = load_newest(disk, log_id, hash_in(disk), config_hash, accept=accept)
        if skipped is not None:
            skipped.extend(found.skipped)
        return starts[0] if starts else None

    return nearest


def _start_of(checkpoint: Checkpoint, opened: RunOpened, until: int | None) -> Start:
    """A fold in the state of a checkpoint; ContractError when that is not what its hash says."""
    state = keys(checkpoint.state, _STATE, "state")
    seq = count(state["line_seq"], "line_seq")
    if until is not None and seq > until:
        raise ContractError(f"it is behind seq {until} of the line")
    fold = new_fold(opened)
    restore(fold, state["fold"])
    found = state_sha256(fold, seq, opened.first_event_ns)
    if found != checkpoint.state_hash:
        raise wrong("state_hash", checkpoint.state_hash, f"that of the state, {found}")
    return Start(seq, checkpoint.seq, checkpoint.head_hash, fold)
