"""One run in one journal: opened with all that decides it, taken up again after a crash.

Start-up is recovery, there is no other: a folder without a log begins one, a folder with a run
that was interrupted goes on with it. The exchange of a shadow run lives in our process and dies
with it, so going on means to live the recorded part again, with every entry held against the
journal, and to record from there on.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from .. import __version__
from ..core import codec
from ..core.errors import ContractError, LineFailed
from ..core.line import Line
from ..core.record import record
from .disk import Disk
from .frame import SYSTEM, VERSION
from .halt import drop_halt, is_halted, refuse_halted
from .line import BATCH, JournalLine
from .market_facts import OPENED as MARKET_OPENED
from .outcome import Limits, Profile
from .reader import Reader, Record
from .run_facts import OPENED, REPORTED, SOURCE, RunOpened, read_opened
from .scan import own_id
from .segments import list_segments
from .writer import Journal

_OWN_TO_A_START = ("start_ns", "first_event_ns", "code_version", "held_before")


@record
class Opened:
    """What a run is made of: enough to build its fold again, and to refuse another one."""

    about: dict[str, Any]
    edge: str
    start_ns: int
    first_event_ns: int
    max_symbol_e9: int
    max_total_e9: int
    threshold_bps_e9: int
    maker_bps_e9: int
    taker_bps_e9: int
    retain: int | None

    def payload(self) -> dict[str, Any]:
        """As it is recorded: exact integers as text."""
        return {
            "about": self.about,
            "edge": self.edge,
            "start_ns": str(self.start_ns),
            "first_event_ns": str(self.first_event_ns),
            "limits": {
                "max_symbol_e9": str(self.max_symbol_e9),
                "max_total_e9": str(self.max_total_e9),
                "threshold_bps_e9": str(self.threshold_bps_e9),
            },
            "fees": {
                "maker_bps_e9": str(self.maker_bps_e9),
                "taker_bps_e9": str(self.taker_bps_e9),
            },
            "retain": self.retain,
            "held_before": {},
            "config_sha256": codec.sha256(self.about),
            "code_version": __version__,
            "parent": None,
        }


class Found:
    """What a folder holds before anybody writes to it."""

    def __init__(self, log_id: str | None, opened: dict[str, Any] | None, finished: bool) -> None:
        self.log_id = log_id
        self.opened = opened
        self.finished = finished

    @property
    def start_ns(self) -> int | None:
        """When the interrupted run started; it goes on at that time."""
        return None if self.opened is None else int(self.opened["start_ns"])


def look(disk: Disk) -> Found:
    """Read a folder's log, if there is one, without its lock and without changing anything.

    ContractError when a run was interrupted and its beginning is gone: it cannot go on without.
    """
    segments = list_segments(disk)
    log_id = own_id(disk, segments, "") or None
    opened, finished = None, False
    for one in Reader(disk).poll():
        if one.topic == MARKET_OPENED:
            raise ContractError("the journal holds market data; name another folder for the run")
        if one.topic == OPENED:
            opened = one.payload()
        finished = finished or one.topic == REPORTED
    if segments and segments[0].first_seq and not finished:
        raise ContractError(
            f"the journal begins with seq {segments[0].first_seq}, what was before is dropped; a"
            " run that goes on lives from its beginning again, so begin one in a new folder"
        )
    return Found(log_id, opened, finished)


class JournaledRun:
    """A run and its journal, from opening to the report."""

    def __init__(
        self, disk: Disk, journal: Journal, line: JournalLine, opened: RunOpened, *, resumed: bool
    ) -> None:
        self.journal = journal
        self.line = line
        self.opened = opened
        self.resumed = resumed
        self._disk = disk

    @classmethod
    def begin(
        cls,
        disk: Disk,
        opened: Opened,
        *,
        holder: str,
        time_ns: int,
        commit_each_send: bool = False,
        keep: Line | None = None,
        limits: Limits | None = None,
        batch: int = BATCH,
    ) -> JournaledRun:
        """Begin a run in an empty folder, or go on with the same one where it was interrupted."""
        refuse_halted(disk)
        found = look(disk)
        if found.finished:
            raise ContractError(
                "the journal holds a finished run; replay it, or name another folder"
            )
        payload = opened.payload()
        if found.opened is not None:
            refuse_another(found.opened, payload)
        log_id = found.log_id or f"run-{codec.sha256(payload)[:24]}"
        profile = Profile.STRICT if commit_each_send else Profile.BULK
        journal = Journal.open(
            disk, log_id=log_id, holder=holder, time_ns=time_ns, profile=profile, limits=limits
        )
        try:
            if found.opened is None:
                journal.append(OPENED, opened.start_ns, SOURCE, 1, payload)
                journal.commit_all(Profile.STRICT)
            recorded = None if found.opened is None else RecordedEntries(disk)
            line = JournalLine(
                journal, recorded=recorded, commit_each_send=commit_each_send, keep=keep,
                batch=batch, is_halted=partial(is_halted, disk),
            )  # fmt: skip
        except BaseException:
            journal.let_go()
            raise
        how = read_opened(found.opened or payload)
        return cls(disk, journal, line, how, resumed=found.opened is not None)

    def finish(
        self, report: dict[str, Any], exchange_moved: dict[str, int], time_ns: int
    ) -> None:
        """Record what the run came to, and close the log: this end is meant.

        Whatever the clock says now, that is not before the run was opened.
        """
        time_ns = max(time_ns, self.opened.start_ns)
        integrity = report["integrity"]
        told = {
            "exchange_moved": {name: str(qty) for name, qty in sorted(exchange_moved.items())},
            "events": str(integrity["events"]),
            "state_sha256": integrity["state_sha256"],
            "report_sha256": codec.sha256(report),
        }
        self.line.commit()
        self.journal.append(REPORTED, time_ns, SOURCE, 2, told)
        self.journal.close(time_ns)

    def halt(self, failed: LineFailed, time_ns: int) -> None:
        """The line has failed: nobody may go on here before somebody has looked."""
        why = str(failed).partition(";")[0]
        drop_halt(self._disk, why=why, seq=self.line.seq, time_ns=time_ns)

    def let_go(self) -> None:
        """Leave a run that did not finish; it can be taken up again."""
        self.journal.let_go()


class RecordedEntries:
    """The entries that a journal holds, one after the other, as their encoders spell them."""

    def __init__(self, disk: Disk) -> None:
        self._records: Iterator[Record] = Reader(disk).poll()
        self._next: bytes | None = None

    def take(self) -> bytes | None:
        """The next entry's text; None behind the last."""
        following, self._next = self.peek(), None
        return following

    def peek(self) -> bytes | None:
        """The same, and it stays the next."""
        while self._next is None:
            one = next(self._records, None)
            if one is None:
                return None
            if one.src not in (SYSTEM, SOURCE):
                self._next = entry_text(one)
        return self._next


def entry_text(one: Record) -> bytes:
    """An entry's record without the numbers that the log gave it."""
    before = f'"cause":{one.cause},"corr":{one.corr},"id":"{one.sseq}","p":'
    after = f',"src":"{one.src}","topic":"{one.topic}","ts":{one.ts},"v":{VERSION}}}'
    return before.encode() + one.raw + after.encode()


def refuse_another(recorded: dict[str, Any], wanted: dict[str, Any]) -> None:
    """ContractError at the first thing in which this run is not the one of the journal."""
    for name in wanted:
        if name in _OWN_TO_A_START or recorded.get(name) == wanted[name]:
            continue
        was, now = recorded.get(name), wanted[name]
        while isinstance(was, dict) and isinstance(now, dict):
            name = next(part for part in sorted({*was, *now}) if was.get(part) != now.get(part))
            was, now = was.get(name), now.get(name)
        raise ContractError(
            f"the journal holds a run with {name} {was!r:.80}, not {now!r:.80}; give the same, or"
            " name another folder"
        )
