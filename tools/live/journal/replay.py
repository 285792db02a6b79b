"""Replay: a run's state out of its journal, by folding the inputs that were recorded.

Nothing is taken from the record but what the world said. What the run decided is decided again;
`rederive.py` compares the two. The chain is checked over every line that is read, and reading
never changes anything.

    replayed = rebuild(disk)                  # all of it
    replayed = rebuild(disk, until=1200)      # the state behind seq 1200 of the line
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core.errors import ContractError
from ..core.quiet_gc import no_gc
from .disk import Disk
from .errors import IntegrityRefused
from .fast_fold import FastFold
from .folding import NotARun, NotBegun, Replay, ReplayFailed, Start, is_entry, told_by
from .frame import SYSTEM, TRIMMED, check_name
from .line_digest import LineDigest
from .market_facts import OPENED as MARKET_OPENED
from .reader import Reader
from .run import entry_text
from .run_facts import OPENED, SOURCE, RunOpened, new_fold, read_opened
from .scan import own_id
from .segments import Segment, list_segments

# Given a run and the seq that is wanted (None: its end), the nearest start at or before it.
Restore = Callable[[RunOpened, int | None], Start | None]


def rebuild(
    disk: Disk, *, until: int | None = None, restore: Restore | None = None, digest: bool = False
) -> Replay:
    """The state behind an entry of the line, by default the last; every line read is proven.

    `restore` may offer a start that is nearer than the beginning. With `digest` the line's own
    digest is made as well, which a report states; then a start must know it up to there.
    """
    log_id, opened = find_run(disk)
    replay = begin_replay(disk, log_id, opened, until, restore)
    if digest and not replay.seq:
        replay.line_digest = LineDigest(log_id)
    with no_gc():
        if until is None or replay.seq < until:
            FastFold(replay, until).run(disk)
        if until is None or replay.seq < until:
            _go_on(replay, disk, until)
    if until is not None and replay.seq < until:
        raise ContractError(f"seq {until} is behind the end of the line, which is {replay.seq}")
    return replay


def begin_replay(
    disk: Disk, log_id: str, opened: RunOpened, until: int | None, restore: Restore | None
) -> Replay:
    """A run at its nearest start; when its beginning is dropped, only a checkpoint is one."""
    start = None if restore is None else restore(opened, until)
    first = list_segments(disk)[0].first_seq
    if start is None and first:
        if until is not None and restore is not None and restore(opened, None) is not None:
            raise ContractError(
                f"seq {until} is before every checkpoint of the line, and the records before seq"
                f" {first} of its log are dropped; name a later one"
            )
        raise ReplayFailed(
            f"the journal begins with seq {first}, what was before is dropped, and no checkpoint"
            " stands for it; restore checkpoints/ from a copy"
        )
    replay = Replay(log_id, opened, new_fold(opened) if start is None else start.fold)
    if start is not None:
        replay.begin_at(start)
    return replay


def find_run(disk: Disk) -> tuple[str, RunOpened]:
    """Which run a log holds; NotARun when it holds none, with nothing read but its beginning.

    Where that is dropped, the record that says so tells how the run was opened.
    """
    segments = list_segments(disk)
    if segments and segments[0].first_seq:
        return _dropped_run(disk, segments)
    for one in Reader(disk).poll():
        if one.src == SYSTEM:
            continue
        if one.topic == MARKET_OPENED:
            raise NotARun("the log holds market data, not a run; look at it with md_replay")
        if one.topic != OPENED or one.src != SOURCE:
            raise NotARun(f"the log begins with {one.topic}, not with {OPENED}; it holds no run")
        return own_id(disk, segments, ""), read_opened(one.payload())
    if not segments:
        raise NotARun("there is no log in this folder; name the folder of a run's journal")
    raise NotBegun(f"the log holds no {OPENED}; no run was begun in it")


def _dropped_run(disk: Disk, segments: list[Segment]) -> tuple[str, RunOpened]:
    """The same from the newest record of what was dropped, which stands near the end."""
    behind: int | None = None
    for segment in reversed(segments):
        found: Any = None
        for one in Reader(disk, from_seq=segment.first_seq).poll():
            if behind is not None and one.seq >= behind:
                break
            if one.topic == TRIMMED and one.src == SYSTEM:
                found = one.payload()
        if isinstance(found, dict) and found.get("opened") is not None:
            return check_name(str(found.get("log_id")), "log_id"), read_opened(found["opened"])
        behind = segment.first_seq
    raise NotARun(
        f"the log begins with seq {segments[0].first_seq}, and no record of what was dropped says"
        " how a run was opened; it holds no run that can be replayed"
    )


def _go_on(replay: Replay, disk: Disk, until: int | None) -> None:
    """The careful way from where the fast one ended: the reader judges what comes there."""
    begin = max(replay.journal_seq, 0)
    records = Reader(disk, from_seq=begin).poll()
    if replay.journal_seq >= 0:
        known = next(records, None)
        if known is None or known.hash != replay.head:
            what = "another record than was read there a moment ago"
            raise IntegrityRefused(what, path="segments", offset=0, seq=begin)
    for one in records:
        if until is not None and replay.seq >= until:
            return
        replay.take(told_by(one))
        if replay.line_digest is not None and is_entry(one):
            replay.line_digest.extend(((entry_text(one).decode(),),))
        replay.journal_seq, replay.head = one.seq, one.hash
