"""The world of a run: a market that moves, an exchange in it, and us, who hear of both.

It is the feed of a loop. Market data reaches the exchange first and us after the delay of the feed;
what we hear and when stays as it was recorded. In between everything happens in its order: at one
instant the market moves, then our requests arrive, then the exchange's own timers run, then we hear
quotes, then answers. Before any of it is handed out, nothing later has happened, so whatever we
send because of it finds the exchange as it was then. Nothing sleeps.

A step in which the exchange alone has something to say is empty.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

from ..core.errors import ContractError
from ..core.market_v1 import Bbo, MarketEvent
from ..core.record import builder
from ..market.feed import MarketFeed, Source
from ..market.normalize.wire import WireRefused
from ..market.quotes import QuoteStream, Said
from ..market.synthetic import SyntheticMarket
from .exchange import SimulatedExchange

Step: TypeAlias = Sequence[Said]
Moment: TypeAlias = tuple[int, Sequence[MarketEvent], Sequence[Step]]

_NEVER = 1 << 200
_bbo = builder(Bbo)
_NOTHING: Step = ()
_DUE, _QUOTES, _ANSWERS = 1, 2, 3


class SimulatedWorld:
    """A market and an exchange, merged in time; iterate over it, or hand it to a loop as its feed.

    `market` is any source of market events, or the synthetic market. `symbols` picks some of a
    source, `source` one of several that tell the same symbol.
    """

    def __init__(
        self,
        market: Source | SyntheticMarket,
        exchange: SimulatedExchange,
        *,
        symbols: Sequence[str] | None = None,
        source: str | None = None,
        field: str = "--market",
    ) -> None:
        self.exchange = exchange
        self._survey: SyntheticMarket | MarketFeed
        self._moments: _Synthetic | _Recorded
        if isinstance(market, SyntheticMarket):
            self._survey = market
            self._moments = _Synthetic(market)
        else:
            self._survey = MarketFeed(market, symbols, source, field)
            self._moments = _Recorded(market, self._survey, source, field)
        self.symbols = self._survey.symbols
        self.steps = self._survey.steps
        self.start_ns = self._survey.start_ns
        self._quotes: deque[tuple[int, Step]] = deque()
        self._offered: object = None  # the answer for which an empty step was made last
        self._passing: Iterator[Step] | None = None
        self._next: Step | None = None

    def describe(self) -> dict[str, Any]:
        """Which market this is; the exchange describes itself."""
        return self._survey.describe()

    def __iter__(self) -> Iterator[Step]:
        exchange = self.exchange
        exchange.driven = True
        try:
            yield from self._pass()
        finally:
            exchange.driven = False

    def advance(self) -> Step | None:
        """The next step for a client without a loop; None when all is over."""
        if self._passing is None:
            self._passing = iter(self)
        found, self._next = self._next, None
        return found if found is not None else next(self._passing, None)

    def run(self, until_ns: int | None = None) -> int:
        """Let the world go on with nobody acting, at most to this time; how many steps passed."""
        passed = 0
        while (step := self.advance()) is not None:
            if until_ns is not None and self.exchange.here_ns > until_ns:
                self._next = step
                break
            passed += 1
        return passed

    def _pass(self) -> Iterator[Step]:
        """The whole market, and then whatever is still on its way."""
        exchange, quotes = self.exchange, self._quotes
        desk, feed_ns, due = exchange.desk, exchange.delays.feed_ns, exchange.due
        under_way = exchange.answers.under_way
        quotes.clear()
        self._offered = None
        there_ns = 0
        for ts_ns, events, steps in self._moments:
            there_ns = max(there_ns, ts_ns - feed_ns())
            if quotes or under_way or due.heap:
                yield from self._until(there_ns)
            if there_ns > desk.clock.ns:
                desk.clock.ns = there_ns
            for event in events:
                desk.hear(event)
            for step in steps:
                quotes.append((ts_ns, step))
        yield from self._until(_NEVER)

    def _until(self, limit_ns: int) -> Iterator[Step]:
        """All that happens before the market moves at this time."""
        exchange, quotes, due = self.exchange, self._quotes, self.exchange.due
        under_way = exchange.answers.under_way
        while True:
            next_ns, what = limit_ns, 0
            if (entry := due.first()) is not None and entry[0] < next_ns:
                next_ns, what = entry[0], _DUE
            if quotes and quotes[0][0] < next_ns:
                next_ns, what = quotes[0][0], _QUOTES
            if under_way and under_way[0][0] < next_ns and under_way[0] is not self._offered:
                next_ns, what = under_way[0][0], _ANSWERS
            if not what or (what == _DUE and limit_ns == _NEVER and self._all_is_over()):
                return
            if what == _DUE:
                exchange.handle(due.take())
                continue
            if next_ns > exchange.here_ns:
                exchange.here_ns = next_ns
            if what == _QUOTES:
                yield quotes.popleft()[1]
            else:
                self._offered = under_way[0]
                yield _NOTHING

    def _all_is_over(self) -> bool:
        """Whether nobody waits for anything but the exchange's own timers."""
        answers = self.exchange.answers.under_way
        waits = bool(answers) and answers[0] is not self._offered
        return not (self._quotes or self.exchange.requests_under_way or waits)


class _Synthetic:
    """The synthetic market: a step of quotes stays one, and no price has a known quantity."""

    def __init__(self, market: SyntheticMarket) -> None:
        self._market = market

    def __iter__(self) -> Iterator[Moment]:
        for quotes in self._market:
            events = [
                _bbo(q.symbol, "synthetic", q.bid, 0, q.ask, 0, None, None, q.ts_ns) for q in quotes
            ]
            yield quotes[0].ts_ns, events, (quotes,)


class _Recorded:
    """A source: each event by itself, and of it the quotes and facts that a run hears, one a step.

    It was surveyed before, and what comes now must be the same.
    """

    def __init__(
        self, market: Source, survey: MarketFeed, source: str | None, field: str
    ) -> None:
        self._market = market
        self._survey = survey
        self._source = source
        self._field = field

    def __iter__(self) -> Iterator[Moment]:
        symbols, source = self._survey.symbols, self._source
        from_trades = self._survey.describe()["quoted_from"] == "trades"
        hear = QuoteStream(symbols, source, trades=from_trades).hear
        wanted = dict.fromkeys(symbols)
        steps = 0
        for event in self._market:
            if isinstance(event, WireRefused) or event.symbol not in wanted:
                continue
            if source is not None and event.source != source:
                continue
            said = hear(event)
            steps += len(said)
            yield event.ts_ns, (event,), [[one] for one in said]
        if steps != self._survey.steps:
            raise ContractError(f"{self._field} changed during the run; run again")
