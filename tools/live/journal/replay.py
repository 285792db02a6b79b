"""Replay: a run's state out of its journal, by folding the inputs that were recorded.

Nothing is taken from the record but what the world said. What the run decided is decided again;
`rederive.py` compares the two. The chain is checked over every line that is read, and reading
never changes anything.

    replayed = rebuild(disk)                  # all of it
    replayed = rebuild(disk, until=1200)      # the state behind seq 1200 of the line
"""

from __future__ import annotations

from collections.abc import Callable

from ..core.errors import ContractError
from ..core.quiet_gc import quiet_gc
from .disk import Disk
from .errors import IntegrityRefused
from .fast_fold import FastFold
from .folding import NotARun, Replay, Start, is_entry, told_by
from .frame import SYSTEM
from .line import line_digest
from .reader import Reader
from .run import entry_text
from .run_facts import OPENED, SOURCE, RunOpened, new_fold, read_opened
from .scan import own_id
from .segments import list_segments

# Given a run and the seq that is wanted (None: its end), the nearest start at or before it.
Restore = Callable[[RunOpened, int | None], Start | None]


def rebuild(
    disk: Disk, *, until: int | None = None, restore: Restore | None = None, digest: bool = False
) -> Replay:
    """The state behind an entry of the line, by default the last; every line read is proven.

    `restore` may offer a start that is nearer than the beginning. With `digest` the line's own
    digest is made as well, which a report states; it begins at the beginning.
    """
    log_id, opened = find_run(disk)
    start = None if restore is None or digest else restore(opened, until)
    replay = Replay(log_id, opened, new_fold(opened) if start is None else start.fold)
    if start is not None:
        replay.begin_at(start)
    if digest:
        replay.line_digest = line_digest(log_id)
    with quiet_gc():
        if until is None or replay.seq < until:
            FastFold(replay, until).run(disk)
        if until is None or replay.seq < until:
            _go_on(replay, disk, until)
    if until is not None and replay.seq < until:
        raise ContractError(f"seq {until} is behind the end of the line, which is {replay.seq}")
    return replay


def find_run(disk: Disk) -> tuple[str, RunOpened]:
    """Which run a log holds; NotARun when it holds none, with nothing read but its beginning."""
    segments = list_segments(disk)
    for one in Reader(disk).poll():
        if one.src == SYSTEM:
            continue
        if one.topic != OPENED or one.src != SOURCE:
            raise NotARun(f"the log begins with {one.topic}, not with {OPENED}; it holds no run")
        return own_id(disk, segments, ""), read_opened(one.payload())
    if not segments:
        raise NotARun("there is no log in this folder; name the folder of a run's journal")
    raise NotARun(f"the log holds no {OPENED}; no run was begun in it")


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
            replay.line_digest.update(entry_text(one))
        replay.journal_seq, replay.head = one.seq, one.hash
