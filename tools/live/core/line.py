"""The line: every input and output of a run, in order, with what led to what.

Here it is kept in memory; `journal/line.py` puts the same entries on a disk.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from .contracts_v1 import (
    INPUTS, CancelAllOrdered, EdgeUpdate, Entry, FreezeOrdered, Input, Output, ParamsSet,
    QuoteUpdate, RunResumed, TimerFired, UnfreezeOrdered,
)  # fmt: skip

_SOURCES: dict[type, str] = {  # what a reconciliation adopts are the exchange's own words, too
    **dict.fromkeys(INPUTS, "exchange"),
    ParamsSet: "operator",
    CancelAllOrdered: "operator",
    FreezeOrdered: "operator",
    UnfreezeOrdered: "operator",
    RunResumed: "operator",
    QuoteUpdate: "feed",
    EdgeUpdate: "feed",
    TimerFired: "clock",
}


def source_of(kind: type[Any]) -> str:
    """Who says an event of this contract; what no input says, the loop has decided."""
    return _SOURCES.get(kind, "loop")


class Recorder(Protocol):
    """What a loop puts its line on: an entry is there before anything reacts to it."""

    @property
    def entries(self) -> Sequence[Entry] | None:
        """All entries, where they are kept in memory."""
        ...

    def input(self, seq: int, corr: int, cause: int, event: Input) -> None:
        """Record what the world said."""
        ...

    def output(self, seq: int, corr: int, cause: int, event: Output) -> None:
        """Record what a step decided, before it is carried out."""
        ...

    def quiet(self) -> None:
        """Learn that a step is over and nothing is in flight."""
        ...

    def clear(self) -> None:
        """Begin anew, if that can be."""
        ...

    def interrupt(self) -> None:
        """Whoever drives the loop is being ended."""
        ...

    def anchor(self) -> tuple[str, str] | None:
        """The id of the log and `seq:hash` of its newest entry; None for a line of no log."""
        ...


class Line:
    """Append-only and in memory; an entry's `seq` is its place, counted from 1."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []

    @property
    def entries(self) -> list[Entry]:
        return self._entries

    def input(self, seq: int, corr: int, cause: int, event: Input) -> None:
        self._entries.append(Entry(seq, _SOURCES[event.__class__], corr, cause, event))

    def output(self, seq: int, corr: int, cause: int, event: Output) -> None:
        self._entries.append(Entry(seq, "loop", corr, cause, event))

    def quiet(self) -> None:
        """In memory there is nothing to do then."""

    def clear(self) -> None:
        self._entries = []

    def interrupt(self) -> None:
        """In memory it goes on: a notebook outlives its Ctrl-C."""

    def anchor(self) -> tuple[str, str] | None:
        return None
