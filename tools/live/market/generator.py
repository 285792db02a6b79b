"""A generated market: depth, quotes and trades of some symbols, all out of one seed.

Ten times a second the book of each symbol moves with its mid and is told as a diff, and as a best
bid and offer where that changed; trades come in between. Every purpose of every symbol draws from
a stream of its own, so neither another symbol nor another trade shifts anything else.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from heapq import merge
from itertools import chain, islice, repeat
from typing import Any

from ..core.contracts_v1 import BUY, SELL
from ..core.market_v1 import (
    Bbo, DepthDiff, DepthSnapshot, Levels, MarketData, MarketEvent, Trade,
)  # fmt: skip
from ..core.money import SCALE
from ..core.record import builder
from ..core.rng import stream
from .disturb import disturbed
from .ladder import Ladder
from .plan import SOURCE, MarketPlan, checked, described, lowest_mid, tick_of
from .regimes import (
    STEP_NS, STEPS_PER_S, TRAITS, Draw, Regime, Traits, arrivals, below, mids, regime_steps,
)  # fmt: skip
from .synthetic import base_price

FORESIGHT = STEPS_PER_S  # who knows what comes knows where the mid will be in a second
MIN_LATENCY_NS = 1_000_000
_TAIL = 256  # the rest of a latency is the cube of a draw below: 4 ms on average, 17 at most
_STIRRED = 2

_bbo, _trade, _diff = builder(Bbo), builder(Trade), builder(DepthDiff)


class GeneratedMarket:
    """The events of a plan as they are received; it can be walked again and again."""

    def __init__(self, plan: MarketPlan) -> None:
        self.plan = checked(plan)

    def describe(self) -> dict[str, Any]:
        """Which market this is, for a report."""
        return {"kind": "generated", **described(self.plan)}

    def __iter__(self) -> Iterator[MarketEvent]:
        events = self.undisturbed()
        return disturbed(events, self.plan.disturbances) if self.plan.disturbances else events

    def undisturbed(self) -> Iterator[MarketData]:
        """The market before anything happens to its messages, by the time of receipt.

        Of messages received in one nanosecond the symbol that the plan names first goes first.
        """
        feeds = [_Feed(self.plan, symbol).events() for symbol in self.plan.symbols]
        return merge(*feeds, key=_received)


def _received(event: MarketData) -> int:
    return event.ts_ns


class _Feed:
    """One symbol: its mid, its book, who trades, and how long messages travel."""

    def __init__(self, plan: MarketPlan, symbol: str) -> None:
        def draw(purpose: str) -> Draw:
            return stream(plan.seed, f"generator:{symbol}:{purpose}").random

        tick = tick_of(plan, symbol)
        self._plan = plan
        self._symbol = symbol
        self._trading, self._travel = draw("trades"), draw("latency")
        self._bids = Ladder(draw("bids"), bids=True, tick=tick, lot=plan.lot)
        self._asks = Ladder(draw("asks"), bids=False, tick=tick, lot=plan.lot)
        self._first_mid = base_price(symbol) // tick
        self._tops: tuple[tuple[int, int], tuple[int, int]] | None = None
        self._sequence = 0
        self._trades = 0
        self._received_ns = 0

    def events(self) -> Iterator[MarketData]:
        """What the venue sends, in its order."""
        mids = self._mids()
        ahead = deque(islice(mids, FORESIGHT))
        at_ns = self._plan.start_ns
        every = self._plan.snapshot_seconds * STEPS_PER_S
        dark = True
        for number, regime in enumerate(regime_steps(self._plan.schedule)):
            mid = ahead.popleft()
            ahead.append(next(mids))
            halted = regime is Regime.HALTED
            if not halted or not number:
                whole = dark or (every > 0 and number % every == 0)
                yield from self._quotes(mid, TRAITS[regime], at_ns, dark=dark, whole=whole)
                yield from self._flow(ahead[-1] - mid, TRAITS[regime], at_ns)
            dark = halted
            at_ns += STEP_NS

    def _mids(self) -> Iterator[int]:
        """The mid at each step, and at those behind the end that somebody may know of."""
        schedule, last = self._plan.schedule, self._plan.schedule[-1][0]
        return mids(
            seed=self._plan.seed, symbol=self._symbol, first=self._first_mid,
            regimes=chain(regime_steps(schedule), repeat(last, FORESIGHT)),
            floor=lowest_mid(self._plan), correlation_e9=self._plan.correlation_e9,
        )  # fmt: skip

    def _quotes(
        self, mid: int, traits: Traits, at_ns: int, *, dark: bool, whole: bool
    ) -> list[MarketData]:
        """The book moves with its mid; out of the dark it is told whole instead of what changed."""
        bids, asks = self._moved(mid, traits)
        first = self._sequence + 1
        self._sequence += len(bids) + len(asks)
        told: list[MarketData] = []
        if not dark and self._sequence >= first:
            told.append(_diff(self._symbol, SOURCE, bids, asks, first, self._sequence, None, at_ns,
                              self._receive(at_ns)))  # fmt: skip
        if whole:
            told.append(DepthSnapshot(self._symbol, SOURCE, self._bids.levels(),
                                      self._asks.levels(), self._sequence, at_ns,
                                      self._receive(at_ns)))  # fmt: skip
        tops = self._bids.top(), self._asks.top()
        if dark or tops != self._tops:
            self._tops = tops
            told.append(_bbo(self._symbol, SOURCE, *tops[0], *tops[1], self._sequence, at_ns,
                             self._receive(at_ns)))  # fmt: skip
        return told

    def _moved(self, mid: int, traits: Traits) -> tuple[Levels, Levels]:
        """The levels of both sides that change when the mid is there."""
        spread = self._plan.spread_ticks * traits.spread_times
        levels = max(1, self._plan.levels // traits.levels_share)
        bid = mid - spread // 2
        for side, best in ((self._bids, bid), (self._asks, bid + spread)):
            side.move(best, levels, traits.fullness)
            for _ in range(_STIRRED):
                side.stir(traits.fullness)
        return self._bids.changes(), self._asks.changes()

    def _flow(self, coming: int, traits: Traits, at_ns: int) -> Iterator[Trade]:
        """The trades until the next step; an informed aggressor goes where the mid will go.

        Each takes the same draws whoever it is: another share of the informed changes the sides
        of trades and what is left of the levels, never their times or the mid.
        """
        draw = self._trading
        count = arrivals(draw, traits.quiet_e9)
        for offset_ns in sorted(1 + below(draw, STEP_NS - 1) for _ in range(count)):
            informed, buys = below(draw, SCALE) < self._plan.toxic_e9, draw() < 0.5
            if informed and coming:
                buys = coming > 0
            ladder = self._asks if buys else self._bids
            price, _ = ladder.top()
            self._trades += 1
            yield _trade(self._symbol, SOURCE, str(self._trades), BUY if buys else SELL, price,
                         ladder.take(draw), None, at_ns + offset_ns,
                         self._receive(at_ns + offset_ns))  # fmt: skip

    def _receive(self, sent_ns: int) -> int:
        """When a message comes in that was sent then: never before the one in front of it."""
        received_ns = sent_ns + MIN_LATENCY_NS + int(self._travel() * _TAIL) ** 3
        if received_ns > self._received_ns:
            self._received_ns = received_ns
        return self._received_ns
