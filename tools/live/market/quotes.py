"""From market data to what a run hears: quotes whose price moved, and what happened to the feed.

The venue's own best bid and ask is the quote where there is one, else the top of the book; of data
that holds nothing but trades it is the last price, on both sides. Nothing is said of a price that
stands, and nothing of a market that may not be used.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from ..core.contracts_v1 import QuoteUpdate
from ..core.errors import ContractError
from ..core.market_v1 import (
    Bbo, DepthDiff, DepthSnapshot, FeedLost, MarketEvent, MarketFact, ResyncFinished,
    Trade,
)  # fmt: skip
from ..core.record import builder
from .watch import MarketWatch

Said: TypeAlias = QuoteUpdate | MarketFact

_quote = builder(QuoteUpdate)
_NOTHING: tuple[Said, ...] = ()
# What a quote may be made of, the better the higher.
_PRICES, _BOOK, _BEST = 1, 2, 3


class QuoteStream:
    """Hears market events in their order; what it says goes on the line as it is.

    `symbols` picks some, None takes all. With `trades` the last price of a trade is a quote, too.
    """

    def __init__(
        self, symbols: Sequence[str] | None = None, source: str | None = None, *,
        trades: bool = False,
    ) -> None:  # fmt: skip
        self.watch = MarketWatch()
        self.trades_heard = 0
        self._only = None if symbols is None else dict.fromkeys(symbols)
        self._source = source
        self._trades = trades
        self._told: dict[str, _Told] = {}

    def hear(self, event: MarketEvent) -> Sequence[Said]:
        """What an event makes of the market of a run; mostly nothing."""
        symbol = event.symbol
        told = self._told.get(symbol)
        if told is None:
            if not self._is_wanted(event):
                return _NOTHING
            told = self._told[symbol] = _Told(event.source)
        if event.source != told.source:
            if not self._is_wanted(event):
                return _NOTHING
            raise ContractError(
                f"{symbol} is told by {told.source} and by {event.source}; pick one with --source"
            )
        facts = self.watch.hear(event)
        for fact in facts:
            if fact.__class__ is not ResyncFinished:
                self._told[fact.symbol].last = None  # its next quote is news, even if it is equal
        now = self._now(told, event)
        if now is not None and now != told.last and self._is_usable(told, symbol):
            told.last = now
            quote = _quote(symbol, *now, event.ts_ns)
            return [*facts, quote] if facts else (quote,)
        return [event, *facts] if event.__class__ is FeedLost else facts

    def _is_wanted(self, event: MarketEvent) -> bool:
        named = self._only is None or event.symbol in self._only
        return named and (self._source is None or event.source == self._source)

    def _is_usable(self, told: _Told, symbol: str) -> bool:
        """Prices of trades are what they are; of anything else the watch has to know."""
        return told.made_of == _PRICES or self.watch.is_usable(told.source, symbol)

    def _now(self, told: _Told, event: MarketEvent) -> tuple[int, int] | None:
        """Bid and ask by the best that is told of the symbol; None where one of them is missing."""
        kind = event.__class__
        if kind is Bbo:
            told.made_of = _BEST
            bid, ask = event.bid, event.ask  # type: ignore[union-attr]
        elif kind is DepthDiff or kind is DepthSnapshot:
            if told.made_of > _BOOK:
                return None
            told.made_of = _BOOK
            book = self.watch.book(told.source, event.symbol)
            if book is None:
                return None
            bid, _, ask, _ = book.best()
        elif kind is Trade:
            self.trades_heard += 1
            if not self._trades or told.made_of > _PRICES:
                return None
            told.made_of = _PRICES
            bid = ask = event.price  # type: ignore[union-attr]
        else:
            return None
        return (bid, ask) if bid and ask else None


class _Told:
    """One symbol: whose it is, what its quotes are made of, and the last that was said."""

    __slots__ = ("source", "made_of", "last")

    def __init__(self, source: str) -> None:
        self.source = source
        self.made_of = 0
        self.last: tuple[int, int] | None = None
