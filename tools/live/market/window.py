"""A part of a market, from one instant to another, that begins as the market stood.

The book and the quote of each symbol are told once where the part begins, so that the updates
behind it join. A symbol whose book could not be used then is told again by its next snapshot.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..core.market_v1 import Bbo, DepthDiff, DepthSnapshot, MarketEvent
from .feed import Source
from .gaps import begins_anew
from .normalize.wire import WireRefused
from .watch import Key, MarketWatch
from .whole_bars import WholeBar, bars_of


class MarketWindow:
    """The events received from `from_ns` on, and before `until_ns`; None is no bound."""

    def __init__(self, market: Source, from_ns: int | None, until_ns: int | None) -> None:
        self._market = market
        self._from_ns = from_ns
        self._until_ns = until_ns

    def describe(self) -> dict[str, Any]:
        """Which market, and which part of it."""
        return {**self._market.describe(), "from_ns": self._from_ns, "until_ns": self._until_ns}

    @property
    def tells_bars(self) -> bool:
        """Whether it is a part of a market of bars."""
        return bars_of(self._market) is not None

    def whole_bars(self) -> Iterator[WholeBar]:
        """The bars that end in it."""
        bars = bars_of(self._market)
        for whole in () if bars is None else bars.whole_bars():
            if self._until_ns is not None and whole.trade.ts_ns >= self._until_ns:
                return
            if self._from_ns is None or whole.trade.ts_ns >= self._from_ns:
                yield whole

    def __iter__(self) -> Iterator[MarketEvent | WireRefused]:
        before = None if self._from_ns is None else _Before()
        for item in self._market:
            if isinstance(item, WireRefused):
                if before is None:
                    yield item
                continue
            if self._until_ns is not None and item.ts_ns >= self._until_ns:
                return
            if before is not None and self._from_ns is not None:
                if item.ts_ns < self._from_ns:
                    before.hear(item)
                    continue
                yield from before.told(self._from_ns)
                before = None
            yield item


class _Before:
    """What was heard before the part, as far as it still says something."""

    def __init__(self) -> None:
        self._watch = MarketWatch()
        self._quotes: dict[Key, Bbo] = {}
        self._sequences: dict[Key, int | None] = {}

    def hear(self, event: MarketEvent) -> None:
        self._watch.hear(event)
        key = event.source, event.symbol
        if isinstance(event, Bbo):
            self._quotes[key] = event
        elif isinstance(event, DepthSnapshot) and begins_anew(event.source, event.sequence):
            self._sequences[key] = event.sequence
        elif isinstance(event, (DepthSnapshot, DepthDiff)) and event.sequence is not None:
            known = self._sequences.get(key)
            self._sequences[key] = max(event.sequence, event.sequence if known is None else known)

    def told(self, ts_ns: int) -> Iterator[MarketEvent]:
        """The books and quotes of now, by source and symbol."""
        for key in self._watch.keys():
            source, symbol = key
            if not self._watch.is_usable(source, symbol):
                continue
            book = self._watch.book(source, symbol)
            if book is not None:
                bids, asks = book.top(max(book.size()))
                sequence = self._sequences.get(key)
                yield DepthSnapshot(symbol, source, bids, asks, sequence, None, ts_ns)
            quote = self._quotes.get(key)
            if quote is not None:
                yield Bbo(
                    symbol, source, quote.bid, quote.bid_qty, quote.ask, quote.ask_qty,
                    quote.sequence, None, ts_ns,
                )  # fmt: skip
