"""One pass over recorded market data: books, drift, health, gaps, and counts that add up.

Nothing is judged while it runs. What is kept is bounded, however long the recording is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from .core.errors import ContractError
from .core.market_v1 import (
    Bbo, DepthDiff, DepthSnapshot, GapDetected, MarketEvent, MarketFact, ResyncFinished,
    ResyncStarted, Trade,
)  # fmt: skip
from .core.money import SCALE
from .core.record import record
from .market.drift import Drift, DriftMeter, Terms
from .market.gaps import time_gaps
from .market.health import Health
from .market.micro import Micro
from .market.normalize.wire import WireFault, WireRefused
from .market.slices import Slices
from .market.watch import CROSSED_BOOK, MarketWatch
from .reports.html_numbers import counted

DEPTH, BBO, COMPARE = "depth", "bbo", "compare"
MODES = (DEPTH, BBO, COMPARE)
MOST_GAPS = 1000
MOST_STOPS = 1000
MOST_TOLD = 10
MOST_REFUSED = 5

Item: TypeAlias = MarketEvent | WireRefused
Heard: TypeAlias = tuple[int, int, Sequence[Item]]
_UNPARSED = (WireFault.NOT_JSON, WireFault.TOO_LONG)
_TAKEN = {
    DEPTH: (DepthSnapshot, DepthDiff), BBO: (Bbo,), COMPARE: (DepthSnapshot, DepthDiff, Bbo),
}  # fmt: skip


@record
class Plan:
    """What is asked for. A drift is shown when it is `shown_from` or more, in price at 10^9."""

    mode: str
    terms: Terms
    symbol: str | None
    shown_from: int
    most_shown: int


def shown_from(threshold_e18: int, eps_e18: int) -> int:
    """The smallest difference at 10^9 that reaches a threshold when eps is added to it."""
    return -(-max(threshold_e18 - eps_e18, 0) // SCALE)


class Stop:
    """A stretch of time in which a book was not to be used."""

    __slots__ = ("from_ns", "reason", "until_ns")

    def __init__(self, reason: str, from_ns: int) -> None:
        self.reason = reason
        self.from_ns = from_ns
        self.until_ns: int | None = None


class Feed:
    """One symbol of one source: everything that is found out about it."""

    def __init__(self, source: str, symbol: str, terms: Terms) -> None:
        self.source = source
        self.symbol = symbol
        self.counts = {"snapshots": 0, "deltas": 0, "quotes": 0, "trades": 0, "facts": 0}
        self.meter = DriftMeter(terms)
        self.health = Health()
        self.micro = Micro()
        self.book_spread = Slices()
        self.quote_spread = Slices()
        self.drift = Slices()
        self.gaps: list[GapDetected] = []
        self.gap_count = 0
        self.missing = 0
        self.stops: list[Stop] = []
        self.stop_reasons: Counter[str] = Counter()
        self.stopped_ns = 0
        self.is_stopped = False
        self._stopped_at_ns = 0
        self.last_quote: Bbo | None = None
        self.first_ns: int | None = None
        self.last_ns = 0
        self.pauses = 0  # between messages, longer than the rule for time gaps allows
        self.pauses_now = self.pauses_most = 0  # of them in a row
        self.offset_low = self.offset_high = self.offset_total = self.offset_count = 0

    @property
    def messages(self) -> int:
        """All of its events."""
        return sum(self.counts.values())

    def count(self, event: MarketEvent) -> None:
        """Count an event by what it is."""
        self.counts[_NAMES.get(type(event), "facts")] += 1
        if self.first_ns is None:
            self.first_ns = self.last_ns = event.ts_ns
        elif event.ts_ns > self.last_ns:
            self._pause(event.ts_ns - self.last_ns)
            self.last_ns = event.ts_ns

    def _pause(self, silent_ns: int) -> None:
        now = self.pauses_now = time_gaps(self.pauses_now, silent_ns)
        if now:
            self.pauses += 1
            self.pauses_most = max(self.pauses_most, now)

    def follow(self, event: Bbo | Trade | DepthSnapshot | DepthDiff) -> None:
        """Its health, and the offset of the clocks."""
        self.health.hear(event)
        if event.exchange_ns is None:
            return
        raw = event.ts_ns - event.exchange_ns
        if not self.offset_count:
            self.offset_low = self.offset_high = raw
        elif raw < self.offset_low:
            self.offset_low = raw
        elif raw > self.offset_high:
            self.offset_high = raw
        self.offset_total += raw
        self.offset_count += 1

    def take(self, fact: MarketFact) -> None:
        """A gap, the beginning or the end of a stop."""
        if isinstance(fact, GapDetected):
            self.health.gap(fact.ts_ns)
            self.gap_count += 1
            self.missing += fact.last_missing - fact.first_missing + 1
            if len(self.gaps) < MOST_GAPS:
                self.gaps.append(fact)
        elif isinstance(fact, ResyncStarted):
            self.meter.forget()
            self._stop(fact)
        elif isinstance(fact, ResyncFinished):
            self._close(fact.ts_ns)

    def _stop(self, fact: ResyncStarted) -> None:
        self._close(fact.ts_ns)
        self.is_stopped = True
        self._stopped_at_ns = fact.ts_ns
        self.stop_reasons[fact.reason] += 1
        if len(self.stops) < MOST_STOPS:
            self.stops.append(Stop(fact.reason, fact.ts_ns))

    def _close(self, ts_ns: int) -> None:
        if not self.is_stopped:
            return
        self.is_stopped = False
        self.stopped_ns += max(ts_ns - self._stopped_at_ns, 0)
        last = self.stops[-1]
        if last.until_ns is None and last.from_ns == self._stopped_at_ns:
            last.until_ns = ts_ns

    def stopped_until(self, end_ns: int) -> int:
        """For how long its book was not to be used, up to an instant."""
        still = max(end_ns - self._stopped_at_ns, 0) if self.is_stopped else 0
        return self.stopped_ns + still


_NAMES = {DepthSnapshot: "snapshots", DepthDiff: "deltas", Bbo: "quotes", Trade: "trades"}


class Tally:
    """Where every line and every item of the input went."""

    def __init__(self) -> None:
        self.read = 0
        self.silent = 0  # lines that say nothing, or go on in the next
        self.unparsed = 0
        self.refused_lines = 0
        self.other = 0  # of symbols that were not asked for
        self.matched = 0
        self.items = 0
        self.unmatched_events = 0
        self.decoded = 0
        self.refused: Counter[WireFault] = Counter()
        self.first_refused: list[tuple[int, WireRefused]] = []

    @property
    def parsed(self) -> int:
        """Lines that could be read as what they are written in."""
        return self.refused_lines + self.other + self.matched

    def refuse(self, line: int, refused: WireRefused) -> None:
        """An item that is a refusal."""
        self.refused[refused.fault] += 1
        if len(self.first_refused) < MOST_REFUSED:
            self.first_refused.append((line, refused))

    def place(self, took: int, events: int, mine: int, faults: Sequence[WireFault]) -> None:
        """Lines that were read together go where the best of what they said belongs."""
        self.read += took
        if mine:
            self.matched += took
        elif events:
            self.other += took
        elif not faults:
            self.silent += took
        elif all(fault in _UNPARSED for fault in faults):
            self.unparsed += took
        else:
            self.refused_lines += took

    def unbalanced(self, lines: int, events: int) -> list[str]:
        """The counts that do not add up, in words; none when every line is accounted for."""
        refused: int = sum(self.refused.values())
        sums = {
            "lines read, by number": (lines, self.read),
            "lines read": (self.read, self.silent + self.unparsed + self.parsed),
            "items": (self.items, self.decoded + self.unmatched_events + refused),
            "events decoded": (self.decoded, events),
        }
        return [f"{name}: {one} is not {other}" for name, (one, other) in sums.items()
                if one != other]  # fmt: skip


class Replay:
    """Hears the items of a source in their order."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.watch = MarketWatch()
        self.feeds: dict[tuple[str, str], Feed] = {}
        self.tally = Tally()
        self.shown: list[Drift] = []
        self.worth_showing = 0
        self._taken = _TAKEN[plan.mode]

    def run(self, heard: Iterable[Heard], progress: Callable[[int], None]) -> None:
        """Take everything in; `progress` is told the number of the line, again and again."""
        tally, symbol = self.tally, self.plan.symbol
        for line, took, items in heard:
            mine, faults = 0, []
            for item in items:
                if isinstance(item, WireRefused):
                    tally.refuse(line, item)
                    faults.append(item.fault)
                elif symbol is None or item.symbol == symbol:
                    mine += 1
                    self._hear(item, line)
            events = len(items) - len(faults)
            tally.items += len(items)
            tally.decoded += mine
            tally.unmatched_events += events - mine
            tally.place(took, events, mine, faults)
            progress(line)

    def _hear(self, event: MarketEvent, line: int) -> None:
        try:
            self.hear(event)
        except ContractError as error:
            raise ContractError(f"{error} at line {line}; correct the data") from None

    def hear(self, event: MarketEvent) -> None:
        """One event: count it, keep the book, compare."""
        feed = self._feed(event.source, event.symbol)
        feed.count(event)
        if isinstance(event, (Bbo, Trade, DepthSnapshot, DepthDiff)):
            feed.follow(event)
            if isinstance(event, Trade):
                feed.micro.trade(event)
                return
            if not isinstance(event, self._taken):
                return
        for fact in self.watch.hear(event):
            self._feed(fact.source, fact.symbol).take(fact)
        if isinstance(event, Bbo):
            self._quote(feed, event)
        elif isinstance(event, (DepthSnapshot, DepthDiff)):
            self._book(feed, event.ts_ns)

    def end_ns(self) -> int:
        """The time of the newest event."""
        return max((feed.last_ns for feed in self.feeds.values()), default=0)

    def _feed(self, source: str, symbol: str) -> Feed:
        feed = self.feeds.get((source, symbol))
        if feed is None:
            feed = self.feeds[source, symbol] = Feed(source, symbol, self.plan.terms)
        return feed

    def _book(self, feed: Feed, ts_ns: int) -> None:
        if not self.watch.is_usable(feed.source, feed.symbol):
            return
        book = self.watch.book(feed.source, feed.symbol)
        assert book is not None, "a usable feed with depth has a book"
        bid, bid_qty, ask, ask_qty = book.best()
        if feed.last_quote is None:  # else the quotes are the fresher word
            feed.micro.quote(ts_ns, bid, bid_qty, ask, ask_qty)
        if bid and ask:
            feed.meter.book(ts_ns, bid, ask)
            feed.book_spread.add(ts_ns, ask - bid)

    def _quote(self, feed: Feed, quote: Bbo) -> None:
        feed.last_quote = quote
        feed.micro.quote(quote.ts_ns, quote.bid, quote.bid_qty, quote.ask, quote.ask_qty)
        if quote.bid and quote.ask:
            feed.quote_spread.add(quote.ts_ns, quote.ask - quote.bid)
        if self.plan.mode != COMPARE:
            return
        drift = feed.meter.compare(quote)
        if not isinstance(drift, Drift):
            return
        feed.drift.add(quote.ts_ns, drift.worst)
        if drift.worst >= self.plan.shown_from:
            self.worth_showing += 1
            if len(self.shown) < self.plan.most_shown:
                self.shown.append(drift)

    def failures(self, lines: int) -> list[str]:
        """What makes the exit code 1: in words, broken counts first."""
        events: int = sum(feed.messages for feed in self.feeds.values())
        found = [f"count: {one}" for one in self.tally.unbalanced(lines, events)]
        for feed in self.sorted_feeds():
            name = f"{feed.source} {feed.symbol}"
            crossed = feed.stop_reasons[CROSSED_BOOK]
            if crossed:
                found.append(f"invariant: {name} had a crossed book {counted(crossed, 'time')}")
            for gap in feed.gaps[:MOST_TOLD]:
                found.append(f"gap: {name} lacks {gap.first_missing}..{gap.last_missing}")
            if feed.gap_count > MOST_TOLD:
                more = counted(feed.gap_count - MOST_TOLD, "gap")
                found.append(f"gap: {name} has {more} besides")
        return found

    def sorted_feeds(self) -> list[Feed]:
        """By source and symbol."""
        return [self.feeds[key] for key in sorted(self.feeds)]
