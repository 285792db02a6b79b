"""A log as short as the protocol allows: what the harness is proved against, and mutated.

It is written from the protocol alone and shares no code with the product. One thread, batches made
by the caller, small segments. `flaws` switches single rules off.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from tests.sim.model_lines import (
    SLOT, START, Line, chained, copied, joined, lines_of, newest_mark, put, put_at, put_whole,
    sealed, slot_of, split, unsealed,
)  # fmt: skip
from tests.sim.subject import Corrupt, Record, fold
from tools.live.journal.disk import Disk

SEGMENT_BYTES = 2_000
CHECKPOINTS_KEPT = 2
FLAWS = ("truncate mid-log", "in-place checkpoint", "trust index", "trust the closed record",
         "write behind a close")  # fmt: skip


class Bad(NamedTuple):
    """Where the chain breaks: in which segment, and after how many good bytes."""

    segment: int
    offset: int


class ModelLog:
    """Open, recovered and writable; any OSError in a commit stops it for good."""

    def __init__(self, disk: Disk, flaws: tuple[str, ...] = ()) -> None:
        assert all(flaw in FLAWS for flaw in flaws)
        self.disk, self.flaws = disk, flaws
        self.hooks: Mapping[str, Callable[[], None]] = {
            "checkpoint": lambda: self._guarded(self._checkpoint),
            "retain": lambda: self._guarded(self._retain),
        }
        self._batch: list[Line] = []
        self._kept: list[Record] = []
        self._state: Line = {"digest": "start", "last": {}}
        self._points: list[Line] = []
        self._next, self._head, self._slot = 0, START, 0
        self._hashes = {-1: START}
        self._topic, self._failed = "", False
        for folder in ("segments", "torn", "checkpoints"):
            disk.make_folder(folder)
        disk.sync_folder()
        self._lock = disk.lock("LOCK", "the model")
        self._recover()

    def append(self, record: Record) -> bool:
        waiting = [line["p"][1] for line in self._batch if line["p"][0] == record.source]
        if record.sseq <= max([self._state["last"].get(record.source, 0), *waiting]):
            return False
        self._batch.append({"topic": "user", "p": list(record)})
        return True

    def push(self) -> None:
        """The model writes only when it is asked to commit."""

    def commit(self, *, strict: bool) -> None:
        self._guarded(lambda: self._write(self._batch, strict))
        self._batch = []

    def records(self) -> list[Record]:
        return self._kept[:]

    def digest(self) -> str:
        return str(self._state["digest"])

    def close(self) -> None:
        if not self._failed:
            self._guarded(lambda: self._write([{"topic": "closed", "p": []}], True))
        self.disk.close(self._lock)

    def _guarded(self, work: Callable[[], None]) -> None:
        """Fail-stop: after one error nothing is written, and nothing acknowledged, ever again."""
        if self._failed:
            raise OSError("the log has failed")
        self._failed = True
        work()
        self._failed = False

    def _write(self, batch: list[Line], strict: bool) -> None:
        if not batch:
            return
        if self._size >= SEGMENT_BYTES:
            self.disk.close(self._file)
            fact = {"next": self._next, "head": self._head.hex(), "size": self._size}
            put_whole(self.disk, f"{self._name}.idx", sealed(fact), sync=False)
            self._start_segment()
        head, data, base = self._head, b"", self._next
        lines = [line | {"q": base + place, "b": base} for place, line in enumerate(batch)]
        for line in lines:
            head, raw = joined(head, line)
            self._hashes[line["q"]] = head
            data += raw
        put(self.disk, self._file, data)
        self.disk.sync(self._file)
        self._size += len(data)
        for line in lines:
            self._accept(line)
        self._next, self._head = base + len(lines), head
        self._put_mark(strict)

    def _accept(self, line: Line) -> None:
        self._topic = line["topic"]
        if self._topic == "user":
            record = Record(*line["p"])
            self._kept.append(record)
            self._state["last"][record.source] = record.sseq
            self._state["digest"] = fold(self._state["digest"], record)

    def _put_mark(self, strict: bool) -> None:
        self._slot ^= 1
        put_at(self.disk, self._mark, slot_of(self._next - 1, self._head), self._slot * SLOT)
        if strict:
            self.disk.sync(self._mark)

    def _start_segment(self) -> None:
        self._name, self._size = f"segments/{self._next:020d}.jsonl", 0
        self._file = self.disk.create(self._name)
        self.disk.sync_folder("segments")

    def _recover(self) -> None:
        for folder in ("segments", "torn", "checkpoints"):
            for name in self.disk.names(folder):
                if name.endswith(".tmp"):
                    self.disk.remove(f"{folder}/{name}")
        names = [name for name in self.disk.names("segments") if name.endswith(".jsonl")]
        data = [self.disk.read(f"segments/{name}") for name in names]
        self._begin(names, data)
        bad = self._scan(names, data)
        known = "durable.mark" in self.disk.names()
        mark = newest_mark(self.disk.read("durable.mark")) if known else None
        if "truncate mid-log" not in self.flaws:
            if mark and self._hashes.get(mark.seq) != mark.head:
                raise Corrupt(f"the mark names {mark.seq}, but the chain ends at {self._next}")
            if bad:
                self._refuse_damage(data, bad)
        self._slot = mark.slot if mark else 0
        closed = self._topic == "closed" and not bad
        if "trust the closed record" not in self.flaws:
            # Seen in the page cache it proves nothing; its mark is written after its sync.
            closed = closed and mark is not None and mark.seq == self._next - 1
        self._mend(names, data, bad, closed)
        self._mark = self.disk.open_update("durable.mark")
        self.disk.sync_folder()
        if self._next:
            self._put_mark(True)
        self._write([{"topic": "opened", "p": [self._next]}], True)

    def _begin(self, names: list[str], data: list[bytes]) -> None:
        """Where the chain starts: at genesis, or where retention wrote that it now does."""
        self._next = first = int(names[0][:20]) if names else 0
        found = (self.disk.read(f"checkpoints/{n}") for n in self.disk.names("checkpoints"))
        self._points = sorted((p for p in map(unsealed, found) if p), key=lambda p: int(p["seq"]))
        if first:
            told = b'"p":\\[%d,"([0-9a-f]{64})"\\],"q":[0-9]+,"topic":"retained"' % first
            heads = re.findall(told, b"".join(data))
            if not heads:
                raise Corrupt("the beginning is gone, and nothing says what it was")
            self._head = bytes.fromhex(heads[-1].decode())
            self._hashes = {first - 1: self._head}

    def _scan(self, names: list[str], data: list[bytes]) -> Bad | None:
        """Walk the chain to its end or to the first bad byte, and fold what it holds."""
        lines: list[Line] = []
        bad = None
        for place, (name, text) in enumerate(zip(names, data, strict=True)):
            offset, trusted = 0, "trust index" in self.flaws and self._indexed(name)
            for line in lines_of(text) if int(name[:20]) == self._next else [b""]:
                halves = split(line)
                if not halves or not (trusted or chained(self._head, halves[1]) == halves[0]):
                    bad = Bad(place, offset)
                    break
                self._head = self._hashes[self._next] = halves[0]
                lines.append(json.loads(halves[1].decode()))
                self._next, offset = self._next + 1, offset + len(line)
            if bad:
                break
        self._fold(lines)
        return bad

    def _indexed(self, name: str) -> bool:
        known = f"{name}.idx" in self.disk.names("segments")
        return known and unsealed(self.disk.read(f"segments/{name}.idx")) is not None

    def _fold(self, lines: list[Line]) -> None:
        self._points = [p for p in self._points if p["head"] == self._head_at(p["seq"])]
        if -1 not in self._hashes and not self._points:
            raise Corrupt("the beginning is gone, and no checkpoint has its state")
        since = self._points[-1]["seq"] if self._points else -1
        if self._points:
            self._state = copied(self._points[-1]["state"])
        for line in lines:
            if line["q"] > since:
                self._accept(line)
            elif line["topic"] == "user":
                self._kept.append(Record(*line["p"]))
        self._topic = lines[-1]["topic"] if lines else ""

    def _head_at(self, seq: int) -> str:
        return self._hashes.get(seq, b"").hex()

    def _refuse_damage(self, data: list[bytes], bad: Bad) -> None:
        if any(data[bad.segment + 1 :]):
            raise Corrupt("a later segment has bytes")
        if self._topic == "closed" and bad.offset:
            raise Corrupt("bytes behind a clean close")
        rest = [split(line) for line in lines_of(data[bad.segment][bad.offset :])]
        for one, other in zip(rest, rest[1:], strict=False):
            if one and other and chained(one[0], other[1]) == other[0]:
                if json.loads(other[1])["b"] > self._next:
                    raise Corrupt("a later batch is whole")

    def _mend(self, names: list[str], data: list[bytes], bad: Bad | None, closed: bool) -> None:
        """Quarantine what is torn, drop what is empty, put the last segment on a new inode."""
        if bad:
            if torn := data[bad.segment][bad.offset :]:
                sha = hashlib.sha256(torn).hexdigest()[:16]
                put_whole(self.disk, f"torn/{self._next:020d}-{sha}.bin", torn)
            data[bad.segment] = data[bad.segment][: bad.offset]
        while names and not data[-1]:
            self.disk.remove(f"segments/{names.pop()}")
            data.pop()
        self.disk.sync_folder("segments")
        if names and not closed:
            put_whole(self.disk, f"segments/{names[-1]}", data[-1])
        if names and (self._topic != "closed" or "write behind a close" in self.flaws):
            self._name, self._size = f"segments/{names[-1]}", len(data[-1])
            self._file = self.disk.open_append(self._name)
        else:
            self._start_segment()  # Nothing is ever written behind a clean close.

    def _checkpoint(self) -> None:
        point = {"seq": self._next - 1, "head": self._head.hex(), "state": copied(self._state)}
        if self._points and self._points[-1]["seq"] == point["seq"]:
            return
        if "in-place checkpoint" in self.flaws:
            handle = self.disk.open_update("checkpoints/only.json")
            put_at(self.disk, handle, sealed(point).ljust(2_000), 0)
            self.disk.sync(handle)
            self.disk.close(handle)
            self.disk.sync_folder("checkpoints")
            self._points = [point]
            return
        put_whole(self.disk, f"checkpoints/{point['seq']:020d}.json", sealed(point))
        self._points.append(point)
        for old in self._points[:-CHECKPOINTS_KEPT]:
            self.disk.remove(f"checkpoints/{old['seq']:020d}.json")
        self._points = self._points[-CHECKPOINTS_KEPT:]

    def _retain(self) -> None:
        names = [name for name in self.disk.names("segments") if name.endswith(".jsonl")]
        oldest_kept = self._points[0]["seq"] if self._points else -1
        for name, following in zip(names, names[1:], strict=False):
            start = int(following[:20])
            if start > oldest_kept + 1:
                return
            self._write([{"topic": "retained", "p": [start, self._head_at(start - 1)]}], True)
            # One at a time: a folder keeps no order, and a gap would look like damage.
            self.disk.remove(f"segments/{name}")
            self.disk.sync_folder("segments")
