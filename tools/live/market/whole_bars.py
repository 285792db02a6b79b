"""Bars as files tell them: the trade at the close, which everybody hears, and the rest of the bar.

Who trades inside bars asks a source for its `whole_bars`; iterating over the source itself gives
the trades alone, as ever.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol, TypeAlias, runtime_checkable

from ..core.market_v1 import MarketEvent, Trade
from ..core.record import record
from .normalize.wire import WireRefused


@record
class WholeBar:
    """One bar: `trade` is its whole volume at its close, stamped with its end."""

    trade: Trade
    begin_ns: int
    open: int
    high: int
    low: int


# What was read up to a row: its number, how many rows it took, and what they say.
BarsHeard: TypeAlias = tuple[int, int, Sequence[WholeBar | WireRefused]]


@runtime_checkable
class BarSource(Protocol):
    """A source that may hold bars; `tells_bars` says whether it does."""

    @property
    def tells_bars(self) -> bool: ...

    def __iter__(self) -> Iterator[MarketEvent | WireRefused]: ...

    def describe(self) -> dict[str, Any]: ...

    def whole_bars(self) -> Iterator[WholeBar]: ...


def bars_of(market: object) -> BarSource | None:
    """The market as one of bars; None when it is none."""
    return market if isinstance(market, BarSource) and market.tells_bars else None
