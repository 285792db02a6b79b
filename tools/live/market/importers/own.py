"""Our own JSON Lines: one canonical event a line, or the lines of a market journal's export.

    {"kind":"md.trade","payload":{...},"ts_ns":1723161254087896568,"v":1}

Whatever is not exactly that ends the reading: nobody but us writes these files, so a line that
cannot be read is damage.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ...core import codec
from ...core.errors import ContractError
from ...core.market_v1 import MarketEvent
from .lines import Heard, Lines, wrong
from .spelled import event_of

EVENTS = "market-jsonl"
EXPORT = "journal-export"
_EVENT_KEYS = ("kind", "payload", "ts_ns", "v")
_RECORD_KEYS = ("b", "cause", "corr", "id", "p", "q", "src", "topic", "ts", "v")
_NOT_EVENTS = ("system.log.", "market.")
_canonical = re.compile(
    rb'\{"kind":"([a-z_.]{1,40})","payload":(\{.*\}),"ts_ns":(0|[1-9][0-9]{0,18}),"v":1\}'
).fullmatch


def find(told: Any) -> str | None:
    """Which of the two a first line is of."""
    if not isinstance(told, dict):
        return None
    if tuple(sorted(told)) == _EVENT_KEYS:
        return EVENTS
    return EXPORT if tuple(sorted(told)) == ("h", "r") and isinstance(told["r"], dict) else None


def line_of(event: MarketEvent) -> bytes:
    """An event as a line of such a file."""
    told = {"kind": event.kind, "payload": codec.payload_of(event), "ts_ns": event.ts_ns,
            "v": codec.VERSION}  # fmt: skip
    return codec.canonical(told).encode("ascii") + b"\n"


def read(lines: Lines, name: str) -> Iterator[Heard]:
    """The events of a file."""
    read_line = _event if name == EVENTS else _exported
    for batch in lines.batches():
        number = lines.number - len(batch)
        for line in batch:
            number += 1
            try:
                event = read_line(line) if line else None
            except ContractError as error:
                raise wrong(str(error), number) from None
            yield number, 1, () if event is None else (event,)


def _event(line: bytes) -> MarketEvent:
    match = _canonical(line)
    if match is not None:
        return event_of(match[1].decode(), _time(int(match[3])), match[2])
    told = codec.load_strict(line, "the line")
    _keys(told, _EVENT_KEYS)
    _version(told["v"])
    return codec.market_event(_word(told["kind"]), _time(told["ts_ns"]), _object(told["payload"]))


def _exported(line: bytes) -> MarketEvent | None:
    """The event in a record; what the journal says of itself is none."""
    told = codec.load_strict(line, "the line")
    _keys(told, ("h", "r"))
    record = _object(told["r"])
    _keys(record, _RECORD_KEYS)
    _version(record["v"])
    topic = _word(record["topic"])
    if topic.startswith(_NOT_EVENTS):
        return None
    return codec.market_event(topic, _time(record["ts"]), _object(record["p"]))


def _keys(told: Any, names: tuple[str, ...]) -> None:
    if not isinstance(told, dict) or tuple(sorted(told)) != names:
        raise ContractError(f"{told!r:.60} is no object of {', '.join(names)}")


def _version(told: Any) -> None:
    if told != codec.VERSION or type(told) is not int:
        raise ContractError(f"version {told!r:.40} is not {codec.VERSION}")


def _word(told: Any) -> str:
    if type(told) is not str:
        raise ContractError(f"kind {told!r:.60} is no text")
    return told


def _time(told: Any) -> int:
    if type(told) is not int or not 0 <= told < 1 << 63:
        raise ContractError(f"time {told!r:.60} is not nanoseconds since 1970")
    return told


def _object(told: Any) -> dict[str, Any]:
    if type(told) is not dict:
        raise ContractError(f"{told!r:.60} is no object")
    return told
