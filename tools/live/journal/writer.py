"""The log, open for writing: records in, group commits out, and nothing after a failed write.

A driver appends as events come and commits when it wants them durable; only then may anybody act
on them. There is no thread, clock or wait in here.

    journal = Journal.open(disk, log_id="desk-1", holder="pid 7", time_ns=clock.now_ns())
    journal.append("md.quote", quote.ts_ns, "feed", 17, {"bid": "1.5"})
    journal.commit()                      # journal.durable_seq has moved
"""

from __future__ import annotations

from typing import Any

from ..core.codec import canonical
from .disk import Disk
from .errors import StorageFailed
from .frame import (
    CLOSED, CREATED, RECOVERED, RESUMED, TRIMMED, check_name, system_record, time_of,
)  # fmt: skip
from .guard import disk_errors, take_lock
from .index import Index, save_index
from .mark import Mark, MarkFile, spell_slot
from .outcome import Limits, Profile, Status
from .queue import Batch, Queue
from .recovery import Recovered, Torn, recover
from .scan import Scanned
from .sealing import pack_segment, remove_segment
from .segments import FOLDER, Segment
from .whole import write_all

NS_PER_DAY = 86_400 * 10**9
_NO_HANDLE = -1
_NOT_STORED = "a record cannot be stored"


class Journal:
    """One log; `append`, `put` and `outcome_of` are those of its queue."""

    def __init__(
        self, disk: Disk, lock: int, recovered: Recovered, profile: Profile, limits: Limits
    ) -> None:
        scan, tail = recovered.scan, recovered.tail
        self.log_id = scan.log_id
        self.status = Status.OPEN
        self.queue = Queue(scan.next_seq, scan.head, scan.sources, limits)
        self.append = self.queue.append
        self.put = self.queue.put
        self.outcome_of = self.queue.outcome_of
        self._disk = disk
        self._profile = profile
        self._rotate_bytes = limits.rotate_bytes
        self._head = scan.head
        self._own_ts = scan.own_ts
        self._sealed = [one for one in scan.segments if one is not tail]
        self._tail = tail
        self._handles = [lock]
        self._mark = MarkFile(disk, recovered.mark_slot)
        self._handle = _NO_HANDLE if tail is None else disk.open_append(tail.segment.path)
        self._in_flight: tuple[Batch, bytes, Profile] | None = None

    @classmethod
    def open(
        cls, disk: Disk, *, log_id: str, holder: str, time_ns: int,
        profile: Profile = Profile.STRICT, limits: Limits | None = None,
    ) -> Journal:  # fmt: skip
        """Recover the log or begin it; what it says about that is durable when this returns.

        LogHeld, IntegrityRefused and StorageFailed are final and carry the exit code. The log
        itself never asks for the time: `time_ns` stands in the record of the start.
        """
        check_name(log_id, "log id")
        with disk_errors("the log cannot be opened"):
            disk.make_folder("")
            lock = take_lock(disk, holder)
            try:
                recovered = recover(disk, log_id=log_id)
                journal = cls(disk, lock, recovered, profile, limits or Limits())
            except BaseException:
                disk.close(lock)
                raise
        try:
            journal._announce(recovered.torn, time_ns)
        except BaseException:
            journal._release()
            raise
        return journal

    @property
    def next_seq(self) -> int:
        """The `q` of the next record."""
        return self.queue.next_seq

    @property
    def base(self) -> int:
        """The `b` of the next record."""
        return self.queue.base

    @property
    def durable_seq(self) -> int:
        """This record and all before it are on storage, as far as the kernel says."""
        return self.queue.durable_seq

    @property
    def head_hash(self) -> str:
        """The hash of the durable end; with `durable_seq` it proves the whole log."""
        return self._head.hex()

    @property
    def waiting(self) -> int:
        """How many records are taken and not yet durable."""
        return self.queue.waiting

    def commit(self, profile: Profile | None = None) -> int:
        """Make the oldest batch durable and return `durable_seq`; nothing happens without one.

        StorageFailed ends the log: what the batch held is in doubt until the next start, and what
        was queued behind it is not stored (`outcome_of` tells the two apart).
        """
        with self._at_risk(_NOT_STORED):
            self._settle()
            batch = self.queue.take()
            if batch is not None:
                self._write(batch, profile or self._profile)
                self._settle()
        return self.queue.durable_seq

    def begin_commit(self) -> int:
        """Write all that waits, and let the disk go on with the last batch behind our back.

        One batch at most is in flight: it is durable when the next commit of any kind returns.
        """
        with self._at_risk(_NOT_STORED):
            while (batch := self.queue.take()) is not None:
                self._settle()
                self._write(batch, self._profile)
                self._disk.begin_sync(self._handle)
        return self.queue.durable_seq

    def commit_all(self, profile: Profile | None = None) -> int:
        """Commit until nothing waits."""
        while self.queue.waiting:
            self.commit(profile)
        return self.commit(profile)

    def close(self, time_ns: int) -> None:
        """Commit what waits, state that this end is meant, and let the lock go.

        A log that has failed is only let go.
        """
        try:
            if self.status is Status.OPEN:
                self.commit_all()
                self._state(CLOSED, {}, time_ns)
                with self._at_risk("the index cannot be stored"):
                    self._save_index(self._segment_at(len(self._sealed)))
                self.status = Status.CLOSED
                self.queue.shut()
        finally:
            self._release()

    def let_go(self) -> None:
        """Give up the lock without a word: the next start will find an unclean end."""
        self._release()

    def pack_oldest(self) -> bool:
        """Pack one sealed segment; False when all of them are packed."""
        for number, sealed in enumerate(self._sealed):
            if not sealed.segment.packed:
                following = self._segment_at(number + 1)
                end_seq = following.segment.first_seq
                with self._at_risk("a segment cannot be packed"):
                    self._sealed[number] = pack_segment(
                        self._disk, sealed, end_seq=end_seq, end_head=following.head
                    )
                return True
        return False

    def trim(self, oldest_checkpoint_seq: int, time_ns: int, opened: Any = None) -> int:
        """Delete the segments that end before the oldest checkpoint anybody keeps; how many.

        Each is first named by a durable record with its last hash, by which the rest of the log
        stays provable, and with what every source said last. `opened` is how the log's run was
        opened, for the record of that may go as well.
        """
        trimmed = 0
        while self._sealed and self._segment_at(1).segment.first_seq <= oldest_checkpoint_seq:
            following = self._segment_at(1)
            told: dict[str, Any] = {
                "log_id": self.log_id,
                "last_seq": following.segment.first_seq - 1,
                "last_hash": following.head.hex(),
                "sources": {s: str(n) for s, n in self.queue.last_of_sources().items()},
            }
            if opened is not None:
                told["opened"] = opened
            self.commit_all()
            self._state(TRIMMED, told, time_ns)
            with self._at_risk("a segment cannot be deleted"):
                remove_segment(self._disk, self._sealed[0].segment.first_seq)
            del self._sealed[0]
            trimmed += 1
        return trimmed

    def note_resumed(self, told: dict[str, str], time_ns: int) -> int:
        """Record durably that an operator lets a halted log go on; the seq of the record."""
        self.commit_all()
        self._state(RESUMED, told, time_ns)
        return self.durable_seq

    def _announce(self, torn: tuple[Torn, ...], time_ns: int) -> None:
        """The first record of a log names it; the first of a later life tells what was found."""
        last_seq = self.durable_seq
        if last_seq < 0:
            self._state(CREATED, {"log_id": self.log_id}, time_ns)
        if last_seq >= 0 or torn:
            size, sha = torn[0] if torn else (0, "")
            told = {"last_seq": last_seq, "torn_bytes": size, "torn_sha": sha,
                    "torn_before": [one.sha256 for one in torn[1:]]}  # fmt: skip
            self._state(RECOVERED, told, time_ns)

    def _state(self, topic: str, told: dict[str, Any], time_ns: int) -> None:
        """Store a record of the log about itself; nothing else may be waiting.

        A clock that was set back is not followed: then the record is as old as the one before.
        """
        seq = self.queue.next_seq
        self._own_ts = ts = max(time_ns, self._own_ts)
        self.queue.put_own(
            system_record(topic=topic, payload=canonical(told), base=seq, seq=seq, ts=ts)
        )
        self.commit(Profile.STRICT)

    def _at_risk(self, what: str) -> _AtRisk:
        """Whatever interrupts the work inside, be it a signal, ends the log for good."""
        return _AtRisk(self, what)

    def _fail(self) -> None:
        self.status = Status.FAILED
        self.queue.shut()

    def _write(self, batch: Batch, profile: Profile) -> None:
        """The first half of a group commit: the bytes are with the kernel, and in doubt."""
        tail = self._tail_for(batch)
        block = b"".join(batch.lines)
        self.queue.doubt(batch)
        write_all(self._disk, self._handle, block)
        tail.places.add_lines(batch.base, batch.lines, tail.size)
        self._tail = tail._replace(size=tail.size + len(block))
        slot = spell_slot(Mark(batch.last_seq, batch.head.hex()))
        self._in_flight = batch, slot, profile

    def _settle(self) -> None:
        """The second: sync, mark; only then is anything called stored."""
        if self._in_flight is None:
            return
        batch, slot, profile = self._in_flight
        self._disk.sync(self._handle)
        self._mark.write(slot, sync=profile is Profile.STRICT)
        self._in_flight = None
        self._head = batch.head
        self.queue.settle(batch)

    def _tail_for(self, batch: Batch) -> Scanned:
        """The segment that a batch goes to; a full one, or one of an earlier day, is sealed."""
        tail, ts = self._tail, time_of(batch.lines[0])
        if tail is not None:
            if tail.size < self._rotate_bytes and ts // NS_PER_DAY <= tail.ts // NS_PER_DAY:
                return tail
            self._disk.close(self._handle)
            self._handle = _NO_HANDLE
            self._save_index(tail)
            self._sealed.append(tail._replace(places=Index()))  # they are on the disk now
        segment = Segment(batch.base, False)
        self._tail = Scanned(segment, self._head, ts, 0, Index())
        self._handle = self._disk.create(segment.path)
        self._disk.sync_folder(FOLDER)
        return self._tail

    def _save_index(self, one: Scanned) -> None:
        save_index(self._disk, one.segment.first_seq, one.places.spell(one.size))

    def _segment_at(self, number: int) -> Scanned:
        """A segment by its place; behind the sealed ones is the one that the opening wrote to."""
        if number < len(self._sealed):
            return self._sealed[number]
        assert self._tail is not None
        return self._tail

    def _release(self) -> None:
        """Close every handle, once; the lock goes last."""
        handles, self._handles = self._handles, []
        if handles:
            if self._handle != _NO_HANDLE:
                self._disk.close(self._handle)
            self._mark.close()
            self._disk.close(handles[0])


class _AtRisk:
    """Around every commit, which two generators around each other would make a little dearer."""

    __slots__ = ("journal", "what")

    def __init__(self, journal: Journal, what: str) -> None:
        self.journal = journal
        self.what = what

    def __enter__(self) -> None:
        status = self.journal.status
        if status is not Status.OPEN:
            raise StorageFailed(f"the log is {status.value}; open it again, which recovers it")

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is not None:
            self.journal._fail()
            if isinstance(error, OSError):
                with disk_errors(self.what):
                    raise error
