"""Records on their way to the disk: numbered, held against repeats, chained, cut into batches.

The queue decides which `q` and `b` a record carries. Batches are written in their order and one at
a time, so everything before the first record of a batch is durable when that batch is written: the
seq of this record is the `b` of the whole batch.
"""

from __future__ import annotations

from binascii import hexlify
from collections import deque
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from ..core.codec import canonical
from ..core.errors import ContractError, InvariantBroken
from .frame import (
    FRAME_BYTES, MAX_LINE_BYTES, SYSTEM, VERSION, check_name, frame_lines, with_base,
)  # fmt: skip
from .outcome import Limits, Outcome
from .strict import parse_payload

_WAITING = Outcome.WAITING
_NUMBERS_END = 1 << 63
_NEWLINE = "a record holds a newline; nothing of it was queued"


class Batch(NamedTuple):
    """Lines that become durable together: `base` is the seq of the first, `head` the last hash."""

    base: int
    lines: list[bytes]
    size: int
    head: bytes

    @property
    def last_seq(self) -> int:
        return self.base + len(self.lines) - 1


class _Said:
    """What a source said last: its own number, and the seq that it was given."""

    __slots__ = ("seq", "sseq")

    def __init__(self, sseq: int, seq: int) -> None:
        self.sseq = sseq
        self.seq = seq


class Queue:
    """Bounded; knows of every record whether it waits, is stored, or is in doubt."""

    def __init__(
        self, next_seq: int, head: bytes, sources: dict[str, int], limits: Limits
    ) -> None:
        self.next_seq = next_seq  # what the next record must carry as `q`
        self.base = next_seq  # and as `b`
        self.durable_seq = next_seq - 1
        self._doubtful_seq = next_seq - 1
        self._head = head
        self._shut = False
        self._limits = limits
        self._sources = {src: _Said(sseq, next_seq - 1) for src, sseq in sources.items()}
        self._topics: dict[str, None] = {}
        self._sealed: deque[Batch] = deque()
        self._sealed_size = 0
        self._open: list[bytes] = []
        self._open_size = 0
        self._records_max = 0
        self._size_max = 0
        self._set_bounds()

    def append(
        self, topic: str, ts: int, src: str, sseq: int, payload: str | dict[str, Any], *,
        corr: int = 0, cause: int = 0,
    ) -> Outcome:  # fmt: skip
        """Queue one event of a source, whose own numbers must grow; a repeat changes nothing.

        A payload that is text must be canonical JSON already; it is not read again. ContractError
        when the event can never be stored; REFUSED when it may be sent again later.
        """
        if topic not in self._topics:
            self._add_topic(topic)
        text = payload if isinstance(payload, str) else _spelled(payload)
        if not ts.__class__ is sseq.__class__ is corr.__class__ is cause.__class__ is int:
            raise ContractError(f"{topic}: one of {ts!r}, {sseq!r}, {corr!r}, {cause!r} is no int")
        if not -1 < (ts | sseq | corr | cause) < _NUMBERS_END or "\n" in text:
            what = "a number below 0 or beyond 63 bits, or text with a newline"
            raise ContractError(f"{topic}: {what}")
        try:
            record = (
                f'{{"b":{self.base},"cause":{cause},"corr":{corr},"id":"{sseq}","p":{text},"q":'
                f'{self.next_seq},"src":"{src}","topic":"{topic}","ts":{ts},"v":{VERSION}}}'
            ).encode("ascii")
        except UnicodeEncodeError:
            raise ContractError(f"{topic}: text that is not ASCII is not canonical") from None
        return self.put(record, src, sseq)

    def put(self, record: bytes, src: str, sseq: int) -> Outcome:
        """The fast door for encoders that spell `R` themselves, with `next_seq` and `base` in it.

        They answer for every byte; only a record with a newline, or without the right beginning
        and end, is caught before anything of its batch is written.
        """
        said = self._sources.get(src)
        if said is None:
            said = self._add_source(src)
        if sseq <= said.sseq:
            return self._known(said, sseq)
        if b"\n" in record:
            raise InvariantBroken(_NEWLINE)
        size = self._open_size + len(record) + FRAME_BYTES
        if size > self._size_max or len(self._open) >= self._records_max:
            fitted = self._make_room(record)
            if fitted is None:
                return Outcome.REFUSED
            record = fitted
            size = len(record) + FRAME_BYTES
        # The same as frame.frame_lines, spelled out: this is the hot path of every event.
        head = self._head = sha256(self._head + record).digest()
        self._open.append(b'{"h":"%b","r":%b}\n' % (hexlify(head), record))
        self._open_size = size
        said.sseq = sseq
        said.seq = self.next_seq
        self.next_seq += 1
        return _WAITING

    def extend(self, entries: Sequence[tuple[str, str]], last: Mapping[str, int]) -> Outcome:
        """`put` for many entries that are spelled but for `b` and `q`; `last` has the newest
        number of each of their sources. None of them may have been sent before."""
        for src in last:
            said = self._sources.get(src) or self._add_source(src)
            if last[src] <= said.sseq:
                raise InvariantBroken(f"{src} has sent its number {last[src]} before")
        if not self._extend(entries) and not self._extend_slowly(entries):
            return Outcome.REFUSED
        for src in last:
            self._sources[src].sseq, self._sources[src].seq = last[src], self.next_seq - 1
        return _WAITING

    def _extend(self, entries: Sequence[tuple[str, str]]) -> bool:
        """Chain entries that all fit into the open batch; False when they do not, and nothing has
        happened. Each step for all of them costs two thirds of all steps for each of them."""
        lead = f'{{"b":{self.base},'
        numbered = zip(range(self.next_seq, self.next_seq + len(entries)), entries)
        records = [f'{lead}{one[0]}"q":{seq},{one[1]}'.encode() for seq, one in numbered]
        block = b"".join(records)
        if b"\n" in block:
            raise InvariantBroken(_NEWLINE)
        size = self._open_size + len(block) + FRAME_BYTES * len(records)
        if size > self._size_max or len(self._open) + len(records) > self._records_max:
            return False
        head = self._head
        heads = [head := sha256(head + record).digest() for record in records]
        self._open += [b'{"h":"%b","r":%b}\n' % pair for pair in zip(map(hexlify, heads), records)]
        self._open_size = size
        self._head = head
        self.next_seq += len(records)
        return True

    def _extend_slowly(self, entries: Sequence[tuple[str, str]]) -> bool:
        """The same where a batch ends between two of them; False when the queue has no room."""
        lines, head, size, seq = self._open, self._head, self._open_size, self.next_seq
        for before, after in entries:
            record = f'{{"b":{self.base},{before}"q":{seq},{after}'.encode()
            grown = size + len(record) + FRAME_BYTES
            if grown > self._size_max or len(lines) >= self._records_max:
                self._head, self._open_size, self.next_seq = head, size, seq
                fitted = self._make_room(record)
                if fitted is None:
                    return False
                record, lines = fitted, self._open
                grown = len(record) + FRAME_BYTES
            head = sha256(head + record).digest()
            lines.append(b'{"h":"%b","r":%b}\n' % (hexlify(head), record))
            size = grown
            seq += 1
        self._head, self._open_size, self.next_seq = head, size, seq
        return True

    def put_own(self, record: bytes) -> None:
        """A record of the log about itself: a batch of its own, whatever else waits."""
        self._seal()
        line, self._head = frame_lines(self._head, [record])
        self._sealed.append(Batch(self.base, [line], 0, self._head))
        self.next_seq += 1
        self.base = self.next_seq
        self._set_bounds()

    def take(self) -> Batch | None:
        """The oldest batch, to be written next."""
        if not self._sealed:
            self._seal()
        if not self._sealed:
            return None
        batch = self._sealed.popleft()
        self._sealed_size -= batch.size
        return batch

    def doubt(self, batch: Batch) -> None:
        """The first byte of the batch goes out: until it settles nobody knows if it is stored."""
        self._doubtful_seq = batch.last_seq

    def settle(self, batch: Batch) -> None:
        """The batch that was taken is durable."""
        self.durable_seq = batch.last_seq
        self._set_bounds()

    def shut(self) -> None:
        """Take nothing more, ever."""
        self._shut = True
        self._set_bounds()

    def outcome_of(self, seq: int) -> Outcome:
        """What is known of the record that was given this seq."""
        if seq <= self.durable_seq:
            return Outcome.STORED
        if not self._shut:
            return Outcome.WAITING if seq < self.next_seq else Outcome.REFUSED
        return Outcome.UNKNOWN if seq <= self._doubtful_seq else Outcome.REFUSED

    @property
    def waiting(self) -> int:
        """How many records are queued and not yet durable."""
        return self.next_seq - 1 - self.durable_seq

    def last_of_sources(self) -> dict[str, int]:
        """The last number that each source has used."""
        return {src: said.sseq for src, said in self._sources.items() if said.sseq >= 0}

    def _known(self, said: _Said, sseq: int) -> Outcome:
        """The answer to a repeat. Only the last one's seq is known, so the others follow it:
        too careful after a failure, never too bold."""
        outcome = self.outcome_of(said.seq)
        if outcome is Outcome.REFUSED and sseq < said.sseq:
            return Outcome.UNKNOWN
        return outcome

    def _make_room(self, record: bytes) -> bytes | None:
        """The record as it begins a new batch; None when the queue has no place for it."""
        size = len(record) + FRAME_BYTES
        if size > MAX_LINE_BYTES:
            raise ContractError(f"a line of {size} bytes; the limit is {MAX_LINE_BYTES}")
        total = self._sealed_size + self._open_size + size
        full = self.waiting >= self._limits.queue_records or total > self._limits.queue_bytes
        if self._shut or full:
            return None
        self._seal()
        return with_base(record, self.base)

    def _seal(self) -> None:
        """Close the open batch, if there is anything in it."""
        if self._open:
            self._sealed.append(Batch(self.base, self._open, self._open_size, self._head))
            self._sealed_size += self._open_size
            self._open = []
            self._open_size = 0
            self.base = self.next_seq
        self._set_bounds()

    def _set_bounds(self) -> None:
        """How far the open batch may grow before anything has to be looked at."""
        limits = self._limits
        room = limits.queue_records - (self.base - 1 - self.durable_seq)
        self._records_max = 0 if self._shut else min(limits.batch_records, room)
        self._size_max = min(limits.batch_bytes, limits.queue_bytes - self._sealed_size)

    def _add_topic(self, topic: str) -> None:
        check_name(topic, "topic")
        if f"{topic}.".startswith(f"{SYSTEM}."):
            raise ContractError(f"topic {topic!r} is kept for the log's own records")
        self._topics[topic] = None

    def _add_source(self, src: str) -> _Said:
        check_name(src, "source")
        if src == SYSTEM:
            raise ContractError(f"source {src!r} is kept for the log's own records")
        said = self._sources[src] = _Said(-1, -1)
        return said


def _spelled(payload: dict[str, Any]) -> str:
    """The canonical text of a payload, read back once: what cannot be read must not be stored."""
    try:
        text = canonical(payload)
    except (TypeError, ValueError, RecursionError) as error:
        raise ContractError(f"a payload that is no JSON: {error}") from None
    parse_payload(text.encode("ascii"), "payload")
    return text
