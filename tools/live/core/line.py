"""The line: every input and output of a run, in order, with what led to what.

Here it is kept in memory; `journal/line.py` puts the same entries on a disk.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeAlias

from .contracts_v1 import (
    INPUTS, CancelAllOrdered, EdgeUpdate, Entry, Executed, Fill, FreezeOrdered, Input,
    OrderAccepted, OrderCanceled, Output, ParamsSet, QuoteUpdate, RunResumed, TimerFired,
    UnfreezeOrdered,
)  # fmt: skip
from .market_v1 import MARKET_FACTS
from .record import builder

# Takes seq, corr and cause of an input, and behind them its fields in their order.
Hear: TypeAlias = Callable[..., None]

_SOURCES: dict[type, str] = {  # what a reconciliation adopts are the exchange's own words, too
    **dict.fromkeys(INPUTS, "exchange"),
    ParamsSet: "operator",
    CancelAllOrdered: "operator",
    FreezeOrdered: "operator",
    UnfreezeOrdered: "operator",
    RunResumed: "operator",
    QuoteUpdate: "feed",
    EdgeUpdate: "feed",
    **dict.fromkeys(MARKET_FACTS, "feed"),
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

    def hearing(self, kind: type[Any]) -> Hear:
        """`input` for one kind, which takes the fields: the event may never have to be made."""
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


class Hearing:
    """What a loop hears all the time, each kind by a function of its own."""

    __slots__ = (
        "accepted", "cancel_all", "canceled", "edge", "fill", "quote", "_executed", "_line",
    )  # fmt: skip

    def __init__(self, line: Recorder) -> None:
        self.quote = line.hearing(QuoteUpdate)
        self.edge = line.hearing(EdgeUpdate)
        self.accepted = line.hearing(OrderAccepted)
        self.fill = line.hearing(Fill)
        self.canceled = line.hearing(OrderCanceled)
        self.cancel_all = line.hearing(CancelAllOrdered)
        self._executed: Hear | None = None
        self._line = line

    @property
    def executed(self) -> Hear:
        """Only some exchanges tell what an execution cost, so this is made for the first."""
        if self._executed is None:
            self._executed = self._line.hearing(Executed)
        return self._executed


def by_event(line: Recorder, kind: type[Any]) -> Hear:
    """The `hearing` of a line that takes events only."""
    make: Callable[..., Any] = builder(kind)

    def hear(seq: int, corr: int, cause: int, *fields: Any) -> None:
        line.input(seq, corr, cause, make(*fields))

    return hear


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

    def hearing(self, kind: type[Any]) -> Hear:
        return by_event(self, kind)

    def quiet(self) -> None:
        """In memory there is nothing to do then."""

    def clear(self) -> None:
        self._entries = []

    def interrupt(self) -> None:
        """In memory it goes on: a notebook outlives its Ctrl-C."""

    def anchor(self) -> tuple[str, str] | None:
        return None
