"""The line in memory: every input and output of a run, in order, with what led to what."""

from __future__ import annotations

from .contracts_v1 import (
    CancelAllOrdered, EdgeUpdate, Entry, FreezeOrdered, Input, Output, ParamsSet, QuoteUpdate,
    UnfreezeOrdered,
)  # fmt: skip

_SOURCES: dict[type, str] = {
    ParamsSet: "operator",
    CancelAllOrdered: "operator",
    FreezeOrdered: "operator",
    UnfreezeOrdered: "operator",
    QuoteUpdate: "feed",
    EdgeUpdate: "feed",
}


class Line:
    """Append-only; an entry's `seq` is its place, counted from 1."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def input(self, seq: int, corr: int, cause: int, event: Input) -> None:
        """Record what the world said."""
        source = _SOURCES.get(event.__class__, "exchange")
        self.entries.append(Entry(seq, source, corr, cause, event))

    def output(self, seq: int, corr: int, cause: int, event: Output) -> None:
        """Record what a step decided."""
        self.entries.append(Entry(seq, "loop", corr, cause, event))
