"""Checkpoints of a run: what is kept of one, and how a replay begins with it.

The state of a checkpoint is the fold's, and the seq of the line behind which it was so. It must be
taken between two steps of a run: what a step decided and nobody has recorded yet is in no fold.
With it stand how the run was opened, and the digest of the line as far as its blocks are closed.
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
from .checkpoint import (
    Checkpoint, Skipped, check_hash, checkpoint_path, hash_in, load_newest,
)  # fmt: skip
from .disk import Disk
from .folding import Replay, Start
from .line_block import begun_block
from .line_digest import BLOCK, Closed, LineDigest
from .replay import Restore
from .run import entry_text
from .run_facts import RunOpened, new_fold, opened_payload

_STATE = ("fold", "line_digest", "line_seq", "opened")


class _Behind(ContractError):
    """A checkpoint of a later place than the one that is wanted."""


def run_checkpoint(
    fold: Fold,
    *,
    log_id: str,
    opened: RunOpened,
    closed: Closed | None,
    seq: int,
    journal_seq: int,
    head_hash: str,
) -> Checkpoint:
    """A run behind `seq` of its line, which is recorded up to `journal_seq` of its log.

    `closed` is the last closed block of the line's digest; without it no report can begin there.
    """
    with quiet_gc():
        state = {
            "fold": state_of(fold),
            "line_digest": None if closed is None else closed.digest,
            "line_seq": seq,
            "opened": opened_payload(opened),
        }
    state_hash = state_sha256(fold, seq, opened.first_event_ns)
    return Checkpoint(log_id, journal_seq, head_hash, state_hash, codec.sha256(opened.about), state)


def replay_checkpoint(replay: Replay) -> Checkpoint:
    """The same of a run that was folded from its journal."""
    digest = replay.line_digest
    return run_checkpoint(
        replay.fold,
        log_id=replay.log_id,
        opened=replay.opened,
        closed=None if digest is None else digest.closed,
        seq=replay.seq,
        journal_seq=replay.journal_seq,
        head_hash=replay.head.hex(),
    )


def restore_from(
    disk: Disk,
    log_id: str,
    skipped: list[Skipped] | None = None,
    *,
    digest: bool = False,
    oldest: bool = False,
) -> Restore:
    """What `rebuild` asks for a start: the newest good checkpoint that is not behind the wish.

    What cannot be used is added to `skipped`. With `digest` the start knows the line's digest as
    well; with `oldest` it is the oldest that can be used.
    """

    def nearest(opened: RunOpened, until: int | None) -> Start | None:
        starts: list[Start] = []
        behind: list[str] = []

        def accept(checkpoint: Checkpoint) -> None:
            try:
                starts.append(start_of(disk, checkpoint, opened, until, digest=digest))
            except _Behind:
                behind.append(checkpoint_path(checkpoint.seq))
                raise

        config_hash = codec.sha256(opened.about)
        with quiet_gc():
            found = load_newest(
                disk, log_id, hash_in(disk), config_hash, accept=accept, oldest=oldest
            )
        if skipped is not None:
            skipped.extend(one for one in found.skipped if one.path not in behind)
        return starts[0] if starts else None

    return nearest


def start_of(
    disk: Disk, checkpoint: Checkpoint, opened: RunOpened, until: int | None, *, digest: bool
) -> Start:
    """A fold in the state of a checkpoint; ContractError when that is not what its hash says."""
    state = keys(checkpoint.state, _STATE, "state")
    seq = count(state["line_seq"], "line_seq")
    if until is not None and seq > until:
        raise _Behind(f"it is behind seq {until} of the line")
    if state["opened"] not in (None, opened_payload(opened)):
        raise ContractError("it is of a run that was opened otherwise than this one")
    fold = new_fold(opened)
    restore(fold, state["fold"])
    found = state_sha256(fold, seq, opened.first_event_ns)
    if found != checkpoint.state_hash:
        raise wrong("state_hash", checkpoint.state_hash, f"that of the state, {found}")
    line_digest = None
    if digest:
        line_digest = _digest_at(disk, checkpoint, seq, state["line_digest"])
    return Start(seq, checkpoint.seq, checkpoint.head_hash, fold, line_digest)


def _digest_at(disk: Disk, checkpoint: Checkpoint, seq: int, told: Any) -> LineDigest:
    """The digest of the line behind a checkpoint, with the block that was begun read again."""
    if told is None:
        raise ContractError("it does not hold the digest of the line, which a report states")
    digest = LineDigest(checkpoint.log_id)
    digest.resume(Closed(seq - seq % BLOCK, check_hash(told, "line_digest")))
    block = begun_block(disk, seq, checkpoint.seq)
    digest.extend([(entry_text(one).decode(),) for one in block])
    return digest
