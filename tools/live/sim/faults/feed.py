"""A market whose feed goes wrong on its way to us, while the exchange goes on with the true one.

    market = FaultyMarket(source, read_plan(text))

It is a source like any other: whoever iterates over it hears what a client of the bad feed hears.
`pairs` tells beside each event of the market what is heard because of it, so that a world can give
the one to its exchange and the other to us.

- A silent stream says nothing; when it has been silent for too long, our own watch notices.
- A stale book is told with new times and numbers and the prices of its beginning; when that is
  over, the next update brings all that was missed.
- A crossed book is a quote whose sides have changed places, or an update with a bid above the best
  offer, which stays in the book of whoever takes it in.
- A partial snapshot lacks every other level, the best one first. Nothing in it shows that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

from ...core.market_v1 import (
    MARKET_FACTS, Bbo, DepthDiff, DepthSnapshot, FeedStale, Levels, MarketEvent, Trade,
)  # fmt: skip
from ...core.money import SCALE
from ...market.feed import Source
from ...market.gaps import STALE_NS
from ...market.normalize.wire import WireRefused
from ...market.recorded import RecordedMarket
from ...market.synthetic import SyntheticMarket
from ...market.whole_bars import bars_of
from ..bar import Happens
from .plan import MARKET, FaultKind, FaultPlan
from .strikes import Strikes

Told: TypeAlias = MarketEvent | WireRefused
Quotes: TypeAlias = SyntheticMarket | RecordedMarket  # steps of prices without quantities


class FaultyMarket:
    """A source of market data behind a bad feed; `strikes` is the account of the newest reading.

    Of a market that itself tells something else than what happens, what it tells goes wrong.
    """

    def __init__(self, market: Source | Quotes, plan: FaultPlan) -> None:
        self._market = market
        self._plan = plan
        self.strikes = Strikes(plan)

    @property
    def tells_all(self) -> bool:
        """Whether the market behind the feed says itself what happens and what is heard of it."""
        return hasattr(self._market, "pairs")

    @property
    def hides_bars(self) -> bool:
        """Whether it is one of bars, of which an exchange behind this hears closes alone."""
        return bars_of(self._market) is not None

    def __iter__(self) -> Iterator[Told]:
        for _, heard in self.pairs():
            yield from heard

    def describe(self) -> dict[str, Any]:
        """The market, and what is to go wrong with its feed."""
        plan = self._plan
        struck = tuple(one for one in plan.faults if one.kind in MARKET)
        return {**self._market.describe(), "faults": FaultPlan(struck, plan.seed).describe()}

    def pairs(self) -> Iterator[tuple[Happens | WireRefused | None, Sequence[Told]]]:
        """Each event with what is heard of it; None for a moment at which we notice a silence."""
        self.strikes = Strikes(self._plan)
        feed = _Feed(self.strikes)
        for event, told in _pairs(self._market):
            heard: list[Told] = []
            for one in told:
                if isinstance(one, WireRefused):
                    heard.append(one)
                    continue
                for noticed in feed.noticed(one.ts_ns):
                    yield None, (noticed,)
                heard += feed.heard(one)
            yield event, heard


def _pairs(
    market: Source | Quotes,
) -> Iterator[tuple[Happens | WireRefused | None, Sequence[Told]]]:
    """What happens, with what would be heard of it on a good feed."""
    if hasattr(market, "pairs"):
        yield from market.pairs()
        return
    for event in _events(market):
        yield event, (event,)


def _events(market: Source | Quotes) -> Iterator[Told]:
    if not isinstance(market, Quotes):
        yield from market
        return
    source = str(market.describe()["kind"])
    for quotes in market:
        for q in quotes:
            yield Bbo(q.symbol, source, q.bid, 0, q.ask, 0, None, None, q.ts_ns)


class _Feed:
    """All streams of a market on the same bad feed."""

    def __init__(self, strikes: Strikes) -> None:
        self._strikes = strikes
        self._streams: dict[tuple[str, str], _Stream] = {}

    def noticed(self, ts_ns: int) -> list[FeedStale]:
        """The moments before this time at which a silence has lasted too long, in their order."""
        found = []
        for stream in self._streams.values():
            if stream.is_silent and stream.heard_ns + STALE_NS < ts_ns:
                found.append(stream.notice(stream.heard_ns + STALE_NS + 1))
        return sorted(found, key=_time)

    def heard(self, event: MarketEvent) -> Sequence[MarketEvent]:
        """What comes over the feed of an event; facts are no part of it, they are our own."""
        if isinstance(event, MARKET_FACTS):
            return (event,)
        strikes, symbol, ts_ns = self._strikes, event.symbol, event.ts_ns
        strikes.start(ts_ns)
        stream = self._streams.get((event.source, symbol))
        if stream is None:
            stream = self._streams[event.source, symbol] = _Stream(symbol, event.source)
        if strikes.lasts(FaultKind.SILENT_STREAM, ts_ns, symbol) is not None:
            return stream.fall_silent(event)
        if isinstance(event, Trade):
            return (event,)
        stream.hear_again(ts_ns)
        if strikes.lasts(FaultKind.STALE_BOOK, ts_ns, symbol) is not None:
            return (stream.frozen(event),)
        stream.take(event)
        return (self._bent(event, stream),)

    def _bent(self, event: MarketEvent, stream: _Stream) -> MarketEvent:
        """The event, crossed or with a part missing where that strikes."""
        strike, about = self._strikes.strike, stream.symbol
        told = stream.caught_up(event)
        if isinstance(told, DepthSnapshot) and strike(
            FaultKind.PARTIAL_SNAPSHOT, event.ts_ns, about, about
        ):
            told = _snapshot(told, _partial(told.bids, -1), _partial(told.asks, 1))
        if strike(FaultKind.CROSSED_BOOK, event.ts_ns, about, about):
            told = stream.crossed(told)
        return told


class _Stream:
    """One symbol of one source: what is true of it, and what was heard instead."""

    def __init__(self, symbol: str, source: str) -> None:
        self.symbol = symbol
        self.source = source
        self.heard_ns = 0  # when something of its quotes or book was heard last
        self.is_silent = False  # and nobody has noticed yet
        self._is_noticed = False
        self._quote: Bbo | None = None
        self._bids: dict[int, int] = {}
        self._asks: dict[int, int] = {}
        self._missed: tuple[dict[int, int], dict[int, int]] | None = None  # what is shown instead

    def fall_silent(self, event: MarketEvent) -> Sequence[FeedStale]:
        """It happens and is not heard; a silence may have been too long when this one begins."""
        self.take(event)
        if not self.heard_ns or self._is_noticed:
            return ()
        if event.ts_ns > self.heard_ns + STALE_NS:
            return (self.notice(event.ts_ns),)
        self.is_silent = True
        return ()

    def notice(self, ts_ns: int) -> FeedStale:
        """Nothing was heard for too long."""
        self.is_silent, self._is_noticed = False, True
        return FeedStale(self.symbol, self.source, ts_ns - self.heard_ns, ts_ns)

    def hear_again(self, ts_ns: int) -> None:
        """Something of it is heard."""
        self.heard_ns = ts_ns
        self.is_silent = self._is_noticed = False

    def take(self, event: MarketEvent) -> None:
        """Keep what is true by now."""
        if isinstance(event, Bbo):
            self._quote = event
        elif isinstance(event, DepthSnapshot):
            self._bids, self._asks = dict(event.bids), dict(event.asks)
        elif isinstance(event, DepthDiff):
            _apply(self._bids, event.bids)
            _apply(self._asks, event.asks)

    def frozen(self, event: MarketEvent) -> MarketEvent:
        """The event with the prices of before, as far as there were any."""
        if isinstance(event, Bbo):
            old = self._quote
            if old is None:
                self._quote = old = event
            return _quote(event, old.bid, old.bid_qty, old.ask, old.ask_qty)
        if self._missed is None:
            if not self._bids and not self._asks:
                self.take(event)
                return event
            self._missed = dict(self._bids), dict(self._asks)
        self.take(event)
        bids, asks = self._missed
        if isinstance(event, DepthSnapshot):
            return _snapshot(event, tuple(bids.items()), tuple(asks.items()))
        assert isinstance(event, DepthDiff)
        return _diff(event, (), ())

    def caught_up(self, event: MarketEvent) -> MarketEvent:
        """Behind a stale stretch the first update brings all that was missed."""
        missed = self._missed
        if missed is None or isinstance(event, Bbo):
            return event
        self._missed = None
        if not isinstance(event, DepthDiff):
            return event
        bids, asks = missed
        return _diff(event, _changes(bids, self._bids), _changes(asks, self._asks))

    def crossed(self, event: MarketEvent) -> MarketEvent:
        """The event with a bid above the best offer; one without an offer stays as it is."""
        if isinstance(event, Bbo):
            return _quote(event, event.ask, event.ask_qty, event.bid, event.bid_qty)
        if not self._asks:
            return event
        best = min(self._asks)
        above = best + (best - max(self._bids) if self._bids else 0), SCALE
        if isinstance(event, DepthSnapshot):
            return _snapshot(event, (above, *event.bids), event.asks)
        assert isinstance(event, DepthDiff)
        return _diff(event, (*event.bids, above), event.asks)


def _apply(side: dict[int, int], levels: Levels) -> None:
    for price, qty in levels:
        if qty:
            side[price] = qty
        else:
            side.pop(price, None)


def _changes(shown: dict[int, int], true: dict[int, int]) -> Levels:
    """What leads from the levels that are shown to the true ones."""
    gone = [(price, 0) for price in shown if price not in true]
    return (*gone, *[(price, qty) for price, qty in true.items() if shown.get(price) != qty])


def _partial(levels: Levels, sign: int) -> Levels:
    """Every other level from the best one on is missing."""
    return tuple(sorted(levels, key=lambda level: level[0] * sign)[1::2])


def _time(noticed: FeedStale) -> int:
    return noticed.ts_ns


def _quote(like: Bbo, bid: int, bid_qty: int, ask: int, ask_qty: int) -> Bbo:
    return Bbo(
        like.symbol, like.source, bid, bid_qty, ask, ask_qty, like.sequence, like.exchange_ns,
        like.ts_ns,
    )  # fmt: skip


def _snapshot(like: DepthSnapshot, bids: Levels, asks: Levels) -> DepthSnapshot:
    return DepthSnapshot(
        like.symbol, like.source, bids, asks, like.sequence, like.exchange_ns, like.ts_ns
    )


def _diff(like: DepthDiff, bids: Levels, asks: Levels) -> DepthDiff:
    return DepthDiff(
        like.symbol, like.source, bids, asks, like.first, like.sequence, like.previous,
        like.exchange_ns, like.ts_ns,
    )  # fmt: skip
