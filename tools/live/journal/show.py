"""Records for people: one line each, and which of them are asked for.

    time  seq  source  kind  entry  payload

The entry is the place on the run's own line: `#7 <- #3 of #2` is entry 7, caused by entry 3, in
the chain that entry 2 began. Payloads are cut short; the stored line has all of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ..core.clock import NS_PER_S, render_utc
from ..core.codec import canonical
from ..core.errors import ContractError
from ..core.record import record
from .disk import Disk
from .frame import FRAME_BYTES, record_text
from .reader import Reader, Record

PAYLOAD_CHARACTERS = 120
HEADING = f"{'time':<24}  {'seq':>7}  {'source':<10}  {'kind':<19}  {'entry':<18}  payload"

_LEADING = (
    "symbol", "side", "qty", "price", "bid", "ask", "client_order_id", "order_id", "fill_id",
)  # fmt: skip
_BEHIND_ALL = len(_LEADING)
_ORDER_FIELDS = ("client_order_id", "order_id")
_LINKING = "order.accepted"
_plain_word = re.compile(r"[A-Za-z0-9_.:+-]+", re.ASCII).fullmatch


class Bound(NamedTuple):
    """An end of a range, as a seq of the log or as a time; the other one is None."""

    seq: int | None
    ts: int | None


NO_BOUND = Bound(None, None)


@record
class Wanted:
    """Which records are asked for; what is left out asks for all.

    A kind also stands for all that begin with it and a dot. Both ends of the range are part of it.
    """

    kinds: tuple[str, ...] = ()
    order: str | None = None
    corr: int | None = None
    since: Bound = NO_BOUND
    until: Bound = NO_BOUND

    def is_in_range(self, one: Record) -> bool:
        """Whether a record lies between the two ends."""
        since, until = self.since, self.until
        if since.seq is not None and one.seq < since.seq:
            return False
        if since.ts is not None and one.ts < since.ts:
            return False
        if until.seq is not None and one.seq > until.seq:
            return False
        return until.ts is None or one.ts <= until.ts

    def is_behind(self, one: Record) -> bool:
        """Whether this record and all after it are beyond the end of the range.

        Only a seq can say so: the log's own records may be younger than what follows them.
        """
        return self.until.seq is not None and one.seq > self.until.seq


class Picker:
    """Says of each record, in their order, whether it is wanted.

    An order has two names, ours and the exchange's. They are known to be one from the
    acknowledgement on, or from the start when `learn_names` has read the log before.
    """

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._prefixes = tuple(f"{kind}." for kind in wanted.kinds)
        self._names = [] if wanted.order is None else [wanted.order]

    def learn_names(self, disk: Disk) -> None:
        """Find out the other name of the wanted order."""
        if self._names:
            for one in Reader(disk).poll():
                self._learn(one)

    def picks(self, one: Record) -> bool:
        """Whether the record is wanted; to be asked for every record in turn."""
        wanted = self._wanted
        self._learn(one)
        if not wanted.is_in_range(one):
            return False
        if wanted.kinds and one.topic not in wanted.kinds:
            if not one.topic.startswith(self._prefixes):
                return False
        if wanted.corr is not None and one.corr != wanted.corr:
            return False
        return not self._names or self._is_about(one.payload())

    def _learn(self, one: Record) -> None:
        if self._names and one.topic == _LINKING:
            payload = one.payload()
            if self._is_about(payload):
                named = [payload.get(field) for field in _ORDER_FIELDS]
                self._names += [name for name in named if name and name not in self._names]

    def _is_about(self, payload: Any) -> bool:
        if not isinstance(payload, dict):
            return False
        listed = payload.get("order_ids")
        names = [payload.get(field) for field in _ORDER_FIELDS]
        names += listed if isinstance(listed, list) else []
        return any(name in names for name in self._names)


def parse_bound(text: str, field: str, parse_time: Callable[[str, str], int]) -> Bound:
    """A seq in digits, or a UTC instant."""
    if re.fullmatch(r"[0-9]{1,18}", text, re.ASCII):
        return Bound(int(text), None)
    try:
        return Bound(None, parse_time(text, field))
    except ContractError as error:
        raise ContractError(f"{error}; give one, or a seq such as 120") from None


def stored_line(one: Record) -> bytes:
    """The line of a record exactly as it stands in its segment, with its newline."""
    text = record_text(
        base=one.base, cause=one.cause, corr=one.corr, sseq=one.sseq,
        payload=one.raw.decode("latin-1"), seq=one.seq, src=one.src, topic=one.topic, ts=one.ts,
    )  # fmt: skip
    line = b'{"h":"%b","r":%b}\n' % (one.hash.hex().encode(), text.encode("latin-1"))
    assert len(line) == len(text) + FRAME_BYTES
    return line


def readable(one: Record, columns: int = 0) -> str:
    """One line of printable characters; no longer than `columns` when these are known."""
    shown = payload_text(one)
    if not columns and len(shown) > PAYLOAD_CHARACTERS:
        shown = shown[: PAYLOAD_CHARACTERS - 3] + "..."
    line = (
        f"{instant(one.ts):<24}  {one.seq:>7}  {one.src:<10}  {one.topic:<19}"
        f"  {_entry(one):<18}  {shown}"
    ).rstrip()
    if columns and len(line) > columns:
        line = line[: columns - 3] + "..."
    return line


def instant(ts: int) -> str:
    """A time with at least three decimals, so that most stand below each other."""
    if ts % NS_PER_S:
        whole, _, fraction = render_utc(ts)[:-1].partition(".")
        return f"{whole}.{fraction:0<3}Z"
    return f"{render_utc(ts)[:-1]}.000Z"


def payload_text(one: Record) -> str:
    """`name=value` for each field, what an order is known by first."""
    try:
        payload = one.payload()
    except ContractError as error:
        return f"({_printable(str(error))})"
    if not isinstance(payload, dict):
        return _spelled(payload)
    names = sorted(payload, key=lambda name: (_rank(name), name))
    return " ".join(f"{_spelled(name)}={_spelled(payload[name])}" for name in names)


def _rank(name: str) -> int:
    return _LEADING.index(name) if name in _LEADING else _BEHIND_ALL


def _spelled(value: Any) -> str:
    """A plain word as it is, everything else as JSON."""
    if isinstance(value, str) and _plain_word(value):
        return value
    return _printable(canonical(value))


def _printable(text: str) -> str:
    """Whatever a payload holds, a terminal must not obey it."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii")
        for char in text
    )


def _entry(one: Record) -> str:
    """The place on the run's line, and why it is there; nothing for records about a log or run."""
    if not one.corr:
        return ""
    cause = f" <- #{one.cause}" if one.cause else ""
    chain = f" of #{one.corr}" if one.corr not in (one.sseq, one.cause) else ""
    return f"#{one.sseq}{cause}{chain}"


def headed(lines: Sequence[str], columns: int) -> list[str]:
    """The lines under a heading, when there are any and a terminal shows them."""
    return [HEADING[:columns], *lines] if columns and lines else list(lines)
