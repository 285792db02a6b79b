"""Records for people: one line each, and which of them are asked for.

    time  seq  source  kind  entry  payload

The entry is the place on the run's own line: `#7 <- #3 of #2` is entry 7, caused by entry 3, in
the chain that entry 2 began. Payloads are cut short; the stored line has all of it.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from ..core.clock import NS_PER_MS, NS_PER_S, parse_utc, render_utc
from ..core.codec import canonical
from ..core.errors import ContractError
from ..core.record import record
from .disk import Disk
from .frame import record_text
from .reader import Reader, Record

PAYLOAD_CHARACTERS = 120
HEADING = f"{'time':<24} {'seq':>7}  {'source':<8}  {'kind':<17}  {'entry':<16}  payload"

_LEADING = (
    "symbol", "side", "qty", "price", "bid", "ask", "client_order_id", "order_id", "fill_id",
)  # fmt: skip
_BARE = {
    "symbol": "", "side": "", "qty": "", "price": "@", "client_order_id": "", "order_id": "",
}  # fmt: skip
_ORDER_FIELDS = ("client_order_id", "order_id")
_LINKING = frozenset({"order.accepted", "order.adopted"})
_is_seq = re.compile(r"[0-9]{1,18}", re.ASCII).fullmatch
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
    acknowledgement or the adoption on, or from the start when `learn_names` has read the log
    before.
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
        if self._names and one.topic in _LINKING:
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


def parse_bound(text: str, field: str) -> Bound:
    """A seq in digits, or a UTC instant."""
    if _is_seq(text):
        return Bound(int(text), None)
    try:
        return Bound(None, parse_utc(text, field))
    except ContractError as error:
        raise ContractError(f"{error}; give one, or a seq such as 120") from None


def stored_line(one: Record) -> bytes:
    """The line of a record exactly as it stands in its segment, with its newline."""
    text = record_text(
        base=one.base, cause=one.cause, corr=one.corr, sseq=one.sseq,
        payload=one.raw.decode("latin-1"), seq=one.seq, src=one.src, topic=one.topic, ts=one.ts,
    )  # fmt: skip
    return b'{"h":"%b","r":%b}\n' % (one.hash.hex().encode(), text.encode("latin-1"))


def readable(one: Record, columns: int = 0) -> str:
    """One line of printable characters; no longer than `columns` when these are known."""
    shown = payload_text(one)
    if not columns and len(shown) > PAYLOAD_CHARACTERS:
        shown = shown[: PAYLOAD_CHARACTERS - 3] + "..."
    line = (
        f"{instant(one.ts)} {one.seq:>7}  {one.src:<8}  {one.topic:<17}"
        f"  {_entry(one):<16}  {shown}"
    ).rstrip()
    if columns and len(line) > columns:
        line = line[: columns - 3] + "..."
    return line


def instant(ts: int) -> str:
    """A time to the millisecond, so that all stand below each other; the stored line has more."""
    whole = render_utc(ts - ts % NS_PER_S)[:-1]
    return f"{whole}.{ts % NS_PER_S // NS_PER_MS:03d}Z"


def payload_text(one: Record) -> str:
    """`name=value` for each field; what any trade has stands first and needs no name."""
    try:
        payload = one.payload()
    except ContractError as error:
        return f"unreadable: {canonical(str(error))}"
    if not isinstance(payload, dict):
        return _spelled(payload)
    names = sorted(payload, key=lambda name: (_rank(name), name))
    return " ".join(_field(name, payload[name]) for name in names)


def _rank(name: str) -> int:
    return _LEADING.index(name) if name in _LEADING else len(_LEADING)


def _field(name: str, value: Any) -> str:
    if name in _BARE and isinstance(value, str) and _plain_word(value):
        return _BARE[name] + value
    return f"{_spelled(name)}={_spelled(value)}"


def _spelled(value: Any) -> str:
    """A plain word as it is, everything else as JSON: a terminal has nothing in it to obey."""
    if isinstance(value, str) and _plain_word(value):
        return value
    return canonical(value)


def _entry(one: Record) -> str:
    """The place on the run's line, and why it is there; nothing for records about a log or run."""
    if not one.corr:
        return ""
    cause = f" <- #{one.cause}" if one.cause else ""
    chain = f" of #{one.corr}" if one.corr not in (one.sseq, one.cause) else ""
    return f"#{one.sseq}{cause}{chain}"
