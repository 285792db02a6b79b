"""What the page of a backtest draws, in bounded memory: slices of time, and a part of the fills.

Half of the fills kept are dropped, every other one, whenever they have become too many: so the
same run always keeps the same ones, spread over the whole of it.
"""

from __future__ import annotations

from typing import TypeAlias

from .core.record import record
from .market.slices import Slices
from .portfolio.performance import Booked, Performance

Freeze: TypeAlias = tuple[int, int | None]  # from when to when; None: to the end
MOST_FILLS = 800  # even, so that the next fill belongs to those that are kept
MOST_FREEZES = 50
MOST_SYMBOLS = 8


@record
class FillPoint:
    """One fill that is drawn, and the middle of the market then."""

    fill: Booked
    mark: int


class SymbolHistory:
    """One symbol over time."""

    def __init__(self) -> None:
        self.price = Slices()
        self.position = Slices()
        self.fills: list[FillPoint] = []
        self.seen = 0
        self._every = 1

    def keep(self, point: FillPoint) -> None:
        """Keep every so many-th of the fills."""
        if self.seen % self._every == 0:
            if len(self.fills) == MOST_FILLS:
                self.fills = self.fills[::2]
                self._every *= 2
            self.fills.append(point)
        self.seen += 1


class History:
    """The series of a run; it is told what moved when the performance has heard it."""

    def __init__(self, performance: Performance) -> None:
        self._performance = performance
        self.equity = Slices()
        self.drawdown = Slices()
        self.symbols: dict[str, SymbolHistory] = {}
        self.freezes: list[Freeze] = []

    def quote(self, symbol: str, ts_ns: int) -> None:
        """A new market of a symbol."""
        track = self._performance.tracks[symbol]
        history = self._of(symbol)
        if history is not None:
            history.price.add(ts_ns, track.mark)
            history.position.add(ts_ns, track.qty)
        self._put(ts_ns)

    def fill(self, fill: Booked) -> None:
        """A fill of ours."""
        track = self._performance.tracks[fill.symbol]
        history = self._of(fill.symbol)
        if history is not None:
            history.position.add(fill.ts_ns, track.qty)
            history.keep(FillPoint(fill, track.mark))
        self._put(fill.ts_ns)

    def frozen(self, is_frozen: bool, ts_ns: int) -> None:
        """Trading stops, or goes on."""
        if is_frozen and len(self.freezes) < MOST_FREEZES:
            self.freezes.append((ts_ns, None))
        elif not is_frozen and self.freezes and self.freezes[-1][1] is None:
            self.freezes[-1] = (self.freezes[-1][0], ts_ns)

    def _put(self, ts_ns: int) -> None:
        curve = self._performance.curve
        self.equity.add(ts_ns, curve.equity)
        self.drawdown.add(ts_ns, curve.equity - curve.high)

    def _of(self, symbol: str) -> SymbolHistory | None:
        """The first symbols that are heard of are drawn; more would be a page nobody reads."""
        found = self.symbols.get(symbol)
        if found is None and len(self.symbols) < MOST_SYMBOLS:
            found = self.symbols[symbol] = SymbolHistory()
        return found
