"""Market data in a journal: written while it is heard, and read back as the same events.

The topic of a record is the kind of its event, its time is the event's `ts_ns` as it is: a log
does not ask that times grow, so what came out of order stays out of order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from . import __version__
from .core import codec
from .core.errors import ContractError
from .core.market_v1 import MarketEvent
from .journal.disk import Disk
from .journal.encode import encoders
from .journal.errors import StorageFailed
from .journal.frame import MAX_LINE_BYTES, SYSTEM
from .journal.halt import HALT
from .journal.mark import MARK
from .journal.market_facts import (
    EVENT_KINDS, FEED, IMPORT, IMPORTED, OPENED, SOURCE, Counts, MarketOpened, read_opened,
)  # fmt: skip
from .journal.outcome import Limits, Outcome, Profile
from .journal.reader import Reader, verify
from .journal.segments import FOLDER
from .journal.writer import Journal
from .market.importers.lines import Heard, Item
from .market.importers.spelled import event_of
from .market.normalize.wire import WireFault, WireRefused

BATCH = 1024
_BATCH_BYTES = 1024 * 1024
_LIMITS = Limits(batch_records=2 * BATCH, batch_bytes=2 * 1024 * 1024)
_FEED = FEED.encode()
_NO_EVENTS = (SYSTEM.encode(), SOURCE.encode())
_MOST_TEXT = MAX_LINE_BYTES - 1024  # of an event: what its line has besides is shorter


class MarketJournal:
    """A journal of market data while it is written."""

    def __init__(self, journal: Journal, how: str) -> None:
        self.journal = journal
        self.facts = 0
        self._encoders = encoders(lambda _: FEED, EVENT_KINDS)
        self._taken: list[tuple[str, str]] = []
        self._size = 0
        self._number = 0
        self._first_seq = journal.next_seq
        self._passed_over = self._said = self._items = 0
        self._refused: dict[str, int] = {}
        self._events: dict[type[Any], int] = dict.fromkeys(EVENT_KINDS, 0)
        self._how = how

    @classmethod
    def begin(
        cls, disk: Disk, about: dict[str, Any], *, how: str, holder: str, time_ns: int,
        limits: Limits = _LIMITS,
    ) -> MarketJournal:  # fmt: skip
        """Begin in a folder without a journal; ContractError when it has one."""
        refuse_journal(disk)
        opened = MarketOpened(about, __version__, how)
        log_id = f"market-{codec.sha256(opened.payload())[:24]}"
        journal = Journal.open(
            disk, log_id=log_id, holder=holder, time_ns=time_ns, profile=Profile.BULK,
            limits=limits,
        )  # fmt: skip
        try:
            journal.append(OPENED, time_ns, SOURCE, 1, opened.payload())
            journal.commit_all(Profile.STRICT)
        except BaseException:
            journal.let_go()
            raise
        return cls(journal, how)

    def hear(self, rows: int, items: Sequence[Item]) -> list[WireRefused]:
        """Take what some lines say; what was refused of it is counted and returned."""
        if not items:
            self._passed_over += rows
            return []
        self._said += rows
        self._items += len(items)
        refused = self._take(items)
        for one in refused:
            self._refused[one.fault.value] = self._refused.get(one.fault.value, 0) + 1
        return refused

    def add_fact(self, event: MarketEvent) -> None:
        """Take an event that no line says."""
        self.facts += 1
        self._take([event])

    def write(self) -> None:
        """Give the journal what was taken, and let the disk go on behind our back."""
        self._queue_taken()
        self.journal.begin_commit()

    def commit(self) -> None:
        """Make all that was taken durable."""
        self._queue_taken()
        self.journal.commit_all()

    def counts(self, lines: int) -> Counts:
        """What became of so many lines."""
        events = {kind.kind: count for kind, count in self._events.items() if count}
        return Counts(
            lines, self._passed_over, self._said, self._items, events, dict(self._refused),
            self.facts,
        )  # fmt: skip

    def stored(self) -> int:
        """How many events the journal has, by its own count."""
        self._queue_taken()
        return self.journal.next_seq - self._first_seq

    def finish(self, counts: Counts, time_ns: int) -> str:
        """State what came of it and close the journal: this end is meant. The hash of its end."""
        self.commit()
        self.journal.append(IMPORTED, time_ns, SOURCE, 2, counts.payload())
        self.journal.close(time_ns)
        return self.journal.head_hash

    def let_go(self) -> None:
        """Leave the journal unfinished."""
        self.journal.let_go()

    def _take(self, items: Sequence[Item]) -> list[WireRefused]:
        """Spell the events among these; the others are returned."""
        encoders, events, refused = self._encoders, self._events, []
        for item in items:
            if isinstance(item, WireRefused):
                refused.append(item)
                continue
            kind = item.__class__
            parts = encoders[kind](item, self._number + 1, 0, 0)
            size = len(parts[0])
            if size > _MOST_TEXT:
                refused.append(_too_long(item))
                continue
            self._number += 1
            events[kind] += 1
            self._taken.append(parts)
            self._size += size
            if len(self._taken) >= BATCH or self._size >= _BATCH_BYTES:
                self.write()
        return refused

    def _queue_taken(self) -> None:
        taken, self._taken, self._size = self._taken, [], 0
        if taken:
            outcome = self.journal.queue.extend(taken, {FEED: self._number})
            if outcome is not Outcome.WAITING:
                raise StorageFailed(f"the events up to number {self._number} are {outcome.value}")


def _too_long(event: Any) -> WireRefused:
    return WireRefused(WireFault.TOO_LONG, event.kind, "more than a record of the journal holds")


def refuse_journal(disk: Disk) -> None:
    """ContractError when the folder has a journal, whole or not."""
    for name in (FOLDER, MARK, HALT):
        if disk.has(name):
            raise ContractError("the folder has a journal already; name a new one")


class Kept(NamedTuple):
    """What a market journal holds, proven from its first record to its last."""

    opened: MarketOpened
    finished: bool
    last_seq: int
    head_hash: str


def look(disk: Disk) -> Kept:
    """Prove a journal, and say what it is; ContractError when it holds no market data."""
    scan = verify(disk)
    first = next((one for one in Reader(disk).poll() if one.src != SYSTEM), None)
    if first is None or first.topic != OPENED or first.src != SOURCE:
        what = "nothing" if first is None else f"{first.topic} first, not {OPENED}"
        raise ContractError(f"holds a journal with {what}; give one that `import` or `record` made")
    opened = read_opened(first.payload())
    finished = scan.sources.get(SOURCE, 0) >= 2
    if not finished and opened.how == IMPORT:
        raise ContractError("holds an import that was cut short; remove it, and import it again")
    return Kept(opened, finished, scan.next_seq - 1, scan.head.hex())


def read(disk: Disk, last_seq: int) -> Iterator[Heard]:
    """The events of a journal up to a seq, by the number of their record, counted from 1."""
    for number, one in enumerate(Reader(disk).poll(), 1):
        if one.seq > last_seq:
            return
        src = one.behind[1]
        if src == _FEED:
            yield number, 1, (event_of(one.topic, one.ts, one.raw),)
        elif src in _NO_EVENTS:
            yield number, 1, ()
        else:
            raise ContractError(f"a record of {one.src!r} at seq {one.seq}; give a market journal")
