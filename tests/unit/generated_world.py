"""Plans for tests of the generated market, and a reader that trusts nothing it is told.

The reader keeps its own book, a plain dict a side, and holds every promise of the stream against
it: numbering without holes, quotes that are the top of the book, trades at the top, time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from tools.live.core.clock import NS_PER_S
from tools.live.core.contracts_v1 import BUY
from tools.live.core.market_v1 import (
    Bbo, DepthDiff, DepthSnapshot, MarketData, MarketEvent, Trade,
)  # fmt: skip
from tools.live.market.generator import GeneratedMarket
from tools.live.market.plan import MarketPlan
from tools.live.market.regimes import Regime

T0 = 1_735_689_600 * NS_PER_S


def a_plan(*symbols: str, **changes: Any) -> MarketPlan:
    """Ten calm seconds of one symbol, but for what is changed."""
    schedule = ((Regime.CALM, 10),)
    return MarketPlan(symbols or ("AUSD",), **{"start_ns": T0, "schedule": schedule, **changes})


def events_of(*symbols: str, **changes: Any) -> list[MarketData]:
    """All events of such a plan."""
    return list(GeneratedMarket(a_plan(*symbols, **changes)).undisturbed())


def shown(event: MarketEvent) -> tuple[int, int, int, int]:
    """A quote's four numbers."""
    assert isinstance(event, Bbo)
    return event.bid, event.bid_qty, event.ask, event.ask_qty


class Reader:
    """One symbol's book as its messages build it, every promise checked on the way."""

    def __init__(self) -> None:
        self.bids: dict[int, int] = {}
        self.asks: dict[int, int] = {}
        self.sequence: int | None = None
        self.exchange_ns = self.ts_ns = 0
        self.trades = 0
        self.counts: dict[str, int] = defaultdict(int)

    def hear(self, event: MarketEvent) -> None:
        assert isinstance(event, (Bbo, DepthDiff, DepthSnapshot, Trade))
        assert event.source == "synthetic"
        assert event.exchange_ns is not None and event.exchange_ns >= self.exchange_ns
        assert event.ts_ns >= max(self.ts_ns, event.exchange_ns + 1_000_000)
        self.exchange_ns, self.ts_ns = event.exchange_ns, event.ts_ns
        self.counts[event.kind] += 1
        match event:
            case DepthSnapshot():
                self._begin(event)
            case DepthDiff():
                self._change(event)
            case Bbo():
                assert event.sequence == self.sequence
                assert shown(event) == self.top()
            case Trade():
                self._trade(event)

    def top(self) -> tuple[int, int, int, int]:
        bid, ask = max(self.bids), min(self.asks)
        return bid, self.bids[bid], ask, self.asks[ask]

    def _begin(self, event: DepthSnapshot) -> None:
        assert event.sequence is not None and event.sequence >= (self.sequence or 0)
        bids, asks = dict(event.bids), dict(event.asks)
        if event.sequence == self.sequence:
            assert (bids, asks) == (self.bids, self.asks)
        self.bids, self.asks, self.sequence = bids, asks, event.sequence
        assert event.bids == tuple(sorted(event.bids, reverse=True))
        assert event.asks == tuple(sorted(event.asks))
        self._sound()

    def _change(self, event: DepthDiff) -> None:
        assert self.sequence is not None and event.first == self.sequence + 1
        count = len(event.bids) + len(event.asks)
        assert count > 0 and event.previous is None
        assert event.sequence == self.sequence + count
        self.sequence = event.sequence
        for book, levels in ((self.bids, event.bids), (self.asks, event.asks)):
            for price, qty in levels:
                if qty:
                    book[price] = qty
                else:
                    del book[price]
        self._sound()

    def _trade(self, event: Trade) -> None:
        self.trades += 1
        assert event.trade_id == str(self.trades) and event.sequence is None
        bid, bid_qty, ask, ask_qty = self.top()
        price, most = (ask, ask_qty) if event.side is BUY else (bid, bid_qty)
        assert event.price == price and 0 < event.qty <= most

    def _sound(self) -> None:
        assert self.bids and self.asks and max(self.bids) < min(self.asks)
        assert min(self.bids) > 0 and len(self.bids) == len(self.asks)
        assert all(qty > 0 for book in (self.bids, self.asks) for qty in book.values())


def read(events: Iterable[MarketEvent]) -> dict[str, Reader]:
    """A reader for each symbol that has heard all its messages; time of receipt never goes back."""
    readers: dict[str, Reader] = defaultdict(Reader)
    latest = 0
    for event in events:
        assert event.ts_ns >= latest
        latest = event.ts_ns
        readers[event.symbol].hear(event)
    return dict(readers)
