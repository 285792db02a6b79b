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
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, TypeAlias, TypeVar, runtime_checkable

from ..core.errors import ContractError
from ..core.market_v1 import Bbo, MarketEvent
from ..core.record import builder
from ..market.feed import MarketFeed, Source
from ..market.normalize.wire import WireRefused
from ..market.quotes import QuoteStream, Said
from ..market.recorded import RecordedMarket
from ..market.synthetic import SyntheticMarket
from .bar import Happens
from .bar_feed import hear_bars
from .exchange import SimulatedExchange

Step: TypeAlias = Sequence[Said]
Pair: TypeAlias = tuple[Happens | WireRefused | None, Sequence[MarketEvent | WireRefused]]
Hear: TypeAlias = Callable[[MarketEvent], Sequence[Said]]
Moment: TypeAlias = tuple[int, Sequence[Happens], Sequence[Step]]

Told = TypeVar("Told", bound=Happens)

_NEVER = 1 << 200
_bbo = builder(Bbo)
_NOTHING: Step = ()
_PAUSE: Step = []  # told apart by identity: nothing happens before the time that was asked for
_DUE, _QUOTES, _ANSWERS, _LINE = 1, 2, 3, 4


@runtime_checkable
class Misheard(Protocol):
    """A source of which something else is heard than what happens in its market.

    `pairs` tells each event of the market with what we hear because of it; None is no event of the
    market, but a time at which we notice something.
    """

    def pairs(self) -> Iterator[Pair]: ...


class HeldUp(Protocol):
    """What stands between us and the exchange, and keeps back what is on its way."""

    def next_due_ns(self) -> int | None:
        """When something of it comes to either end; None when nothing does."""
        ...

    def come_to(self, ns: int) -> bool:
        """It is this time at our end; whether something held up is to be heard by now."""
        ...


class SimulatedWorld:
    """A market and an exchange, merged in time; iterate over it, or hand it to a loop as its feed.

    `market` is any source of market events, or one of quotes alone. `symbols` picks some of a
    source, `source` one of several that tell the same symbol. `line` is a client of ours that
    holds up what passes between us and the exchange.
    """

    def __init__(
        self,
        market: Source | SyntheticMarket | RecordedMarket,
        exchange: SimulatedExchange,
        *,
        symbols: Sequence[str] | None = None,
        source: str | None = None,
        field: str = "--market",
        line: HeldUp | None = None,
    ) -> None:
        market = hear_bars(exchange, market)
        self.exchange = exchange
        self._line = line
        self._survey: SyntheticMarket | RecordedMarket | MarketFeed
        self._moments: _Quoted | _Recorded
        if isinstance(market, (SyntheticMarket, RecordedMarket)):
            self._survey = market
            self._moments = _Quoted(market)
        else:
            self._survey = MarketFeed(market, symbols, source, field)
            self._moments = _Recorded(market, self._survey, source, field)
        self.symbols = self._survey.symbols
        self.steps = self._survey.steps
        self.start_ns = self._survey.start_ns
        self._quotes: deque[tuple[int, Step]] = deque()
        self._offered: object = None  # the answer for which an empty step was made last
        self._passing: Iterator[Step] | None = None
        self._stop_ns = _NEVER

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
        return next(self._passing, None)

    def run(self, until_ns: int = _NEVER) -> int:
        """Let the world go on with nobody acting, up to this time; how many steps passed."""
        passed, self._stop_ns = 0, until_ns
        while (step := self.advance()) is not None and step is not _PAUSE:
            passed += 1
        self._stop_ns = _NEVER
        if until_ns < _NEVER:
            self.exchange.here_ns = max(self.exchange.here_ns, until_ns)
        return passed

    def _pass(self) -> Iterator[Step]:
        """The whole market, and then whatever is still on its way."""
        exchange, quotes = self.exchange, self._quotes
        clock, hear = exchange.desk.clock, exchange.desk.hear
        feed_ns, due = exchange.delays.feed_ns, exchange.due
        under_way = exchange.answers.under_way
        quotes.clear()
        self._offered = None
        there_ns = ts_ns = 0
        for ts_ns, events, steps in self._moments:
            left_ns = ts_ns - feed_ns()
            if left_ns > there_ns:
                there_ns = left_ns
            if quotes or under_way or due.heap or self._line is not None:
                yield from self._until(there_ns)
            while there_ns > self._stop_ns:
                yield _PAUSE
            if there_ns > clock.ns:
                clock.ns = there_ns
            for event in events:
                hear(event)
            for step in steps:
                quotes.append((ts_ns, step))
        yield from self._until(_NEVER)
        if self._line is not None and ts_ns > exchange.here_ns:  # so long did we hear nothing
            exchange.here_ns = ts_ns
            self._line.come_to(ts_ns)

    def _until(self, limit_ns: int) -> Iterator[Step]:
        """All that happens before the market moves at this time."""
        exchange, quotes, due, line = self.exchange, self._quotes, self.exchange.due, self._line
        under_way = exchange.answers.under_way
        while True:
            next_ns, what = limit_ns, 0
            if due.heap and (entry := due.first()) is not None and entry[0] < next_ns:
                next_ns, what = entry[0], _DUE
            if quotes and quotes[0][0] < next_ns:
                next_ns, what = quotes[0][0], _QUOTES
            if under_way and under_way[0][0] < next_ns and under_way[0] is not self._offered:
                next_ns, what = under_way[0][0], _ANSWERS
            if line is not None and (at_ns := line.next_due_ns()) is not None and at_ns < next_ns:
                next_ns, what = at_ns, _LINE
            if not what or (what == _DUE and limit_ns == _NEVER and self._all_is_over()):
                return
            if next_ns > self._stop_ns:
                yield _PAUSE
            elif what == _DUE:
                exchange.handle(due.take())
            else:
                if next_ns > exchange.here_ns:
                    exchange.here_ns = next_ns
                if line is not None and not line.come_to(next_ns) and what == _LINE:
                    continue
                if what == _ANSWERS:
                    self._offered = under_way[0]
                yield quotes.popleft()[1] if what == _QUOTES else _NOTHING

    def _all_is_over(self) -> bool:
        """Whether nobody waits for anything but the exchange's own timers."""
        answers = self.exchange.answers.under_way
        waits = bool(answers) and answers[0] is not self._offered
        if self._line is not None and self._line.next_due_ns() is not None:
            return False
        return not (self._quotes or self.exchange.requests_under_way or waits)


class _Quoted:
    """A market of quotes alone: a step of them stays one, and no price has a known quantity."""

    def __init__(self, market: SyntheticMarket | RecordedMarket) -> None:
        self._market = market

    def __iter__(self) -> Iterator[Moment]:
        for quotes in self._market:
            events = [
                _bbo(q.symbol, "quotes", q.bid, 0, q.ask, 0, None, None, q.ts_ns) for q in quotes
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
        self._symbols: dict[str, None] = {}

    def __iter__(self) -> Iterator[Moment]:
        market = self._market
        symbols = self._survey.symbols
        from_trades = self._survey.describe()["quoted_from"] == "trades"
        hear = QuoteStream(symbols, self._source, trades=from_trades).hear
        self._symbols = dict.fromkeys(symbols)
        if isinstance(market, Misheard):
            return self._misheard(market, hear)
        return self._heard(market, hear)

    def _heard(self, market: Source, hear: Hear) -> Iterator[Moment]:
        wanted, source, steps = self._symbols, self._source, 0
        for event in market:
            if isinstance(event, WireRefused) or event.symbol not in wanted:
                continue
            if source is not None and event.source != source:
                continue
            said = hear(event)
            count = len(said)
            steps += count
            heard = (said,) if count == 1 else [(one,) for one in said]
            yield event.ts_ns, (event,), heard
        self._check(steps)

    def _misheard(self, market: Misheard, hear: Hear) -> Iterator[Moment]:
        """The exchange gets what happens, and we get what is heard of it."""
        steps = 0
        for event, heard in market.pairs():
            happens = self._wanted(() if event is None else (event,))
            noticed: list[MarketEvent] = self._wanted(heard)
            said = [one for each in noticed for one in hear(each)]
            steps += len(said)
            for first in (*happens, *noticed)[:1]:
                yield first.ts_ns, happens, [[one] for one in said]
        self._check(steps)

    def _wanted(self, told: Sequence[Told | WireRefused]) -> list[Told]:
        return [
            event
            for event in told
            if not isinstance(event, WireRefused)
            and event.symbol in self._symbols
            and self._source in (None, event.source)
        ]

    def _check(self, steps: int) -> None:
        if steps != self._survey.steps:
            raise ContractError(f"{self._field} changed during the run; run again")
