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


class MarketWindow:
    """The events received from `from_ns` on, and before `until_ns`; None is no bound."""

    def __init__(self, market: Source, from_ns: int | None, until_ns: int | None) -> None:
        self._market = market
        self._from_ns = from_ns
        self._until_ns = until_ns

    def describe(self) -> dict[str, Any]:
        """Which market, and which part of it."""
        return {**self._market.describe(), "from_ns": self._from_ns, "until_ns": self._until_ns}

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
