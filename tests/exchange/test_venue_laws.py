"""Laws of one symbol's market with our orders in it, and its obvious twin.

Random markets and orders go through `SymbolVenue` and through a twin made of plain lists: after
each step the same executions, the same orders in the same queues, the same liquidity left. And
whatever the twin says: nothing is used twice, nothing trades through a limit, no queue grows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

import pytest

from tests.exchange.naive_venue import Done, NaiveVenue, worse
from tests.exchange.random_venue import (
    HIGHEST, LOWEST, MODELS, Cancel, Enter, Reduce, Step, an_order, steps,
)  # fmt: skip
from tests.market import captures, recordings
from tests.unit import prop
from tools.live.core.market_v1 import Bbo, DepthDiff, DepthSnapshot, Trade
from tools.live.core.money import to_e9
from tools.live.core.words_v1 import BUY, SELL, Side
from tools.live.sim.evidence import MAKER, TAKER, Execution
from tools.live.sim.liquidity import DISPLAYED, UNLIMITED
from tools.live.sim.orders import WorkingOrder
from tools.live.sim.queue import PROPORTIONAL, QueueModel
from tools.live.sim.slippage import FixedBps
from tools.live.sim.venue import SymbolVenue

STEPS = 150


def a_venue(queue: QueueModel, partial: bool = True) -> SymbolVenue:
    return SymbolVenue("X", queue=queue, liquidity=DISPLAYED, partial=partial)


def told(executions: list[Execution]) -> list[Done]:
    return [(one.order.order_id, one.qty, one.price, one.why.reason.value) for one in executions]


def do(venue: SymbolVenue, step: Step) -> list[Execution]:
    """One step of a random life on the venue."""
    if isinstance(step, Enter):
        order = an_order(*step)
        done = venue.take(order)
        if order.leaves and order.price is not None:
            venue.rest(order)
        return done
    if isinstance(step, (Cancel, Reduce)):
        orders = sorted(venue.resting(), key=lambda order: order.number)
        if orders:
            order = orders[int(step.pick * len(orders))]
            if isinstance(step, Cancel):
                venue.leave(order)
            else:
                venue.reduce(order, max(1, int(order.leaves * step.share)))
        return []
    return venue.hear(step)


def do_naively(twin: NaiveVenue, step: Step) -> list[Done]:
    """The same step on the twin."""
    if isinstance(step, Enter):
        order = an_order(*step)
        done = twin.take(order)
        if order.leaves and order.price is not None:
            twin.rest(order)
        return done
    if isinstance(step, (Cancel, Reduce)):
        orders = sorted(twin.orders, key=lambda order: order.number)
        if orders:
            order = orders[int(step.pick * len(orders))]
            if isinstance(step, Cancel):
                twin.leave(order)
            else:
                order.leaves = max(1, int(order.leaves * step.share))
                order.shown = min(order.shown, order.leaves)
        return []
    return twin.hear(step)


def places(orders: Iterator[WorkingOrder] | list[WorkingOrder]) -> list[tuple[object, ...]]:
    return [order.state() for order in orders]


@pytest.mark.parametrize("seed", range(200))
def test_the_venue_does_what_its_obvious_twin_does(seed: int) -> None:
    rng = prop.chance(seed)
    queue = MODELS[seed % len(MODELS)]
    partial = rng.random() < 0.8

    def check(life: Sequence[Step]) -> None:
        venue, twin = a_venue(queue, partial), NaiveVenue(queue, partial)
        for step in life:
            done, expected = told(do(venue, step)), do_naively(twin, step)
            assert done == expected, step
            resting = twin.resting(BUY) + twin.resting(SELL)
            assert places(venue.resting()) == places(resting), step
            for side in (BUY, SELL):
                for limit in (None, 99, 101):
                    assert venue.fillable(side, limit) == twin.fillable(side, limit), step

    prop.hold(check, steps(rng, STEPS))


@pytest.mark.parametrize("seed", range(200))
def test_whatever_the_market_does_the_laws_hold(seed: int) -> None:
    rng = prop.chance(1000 + seed)
    venue = a_venue(MODELS[seed % len(MODELS)])
    hold_laws(venue, steps(rng, STEPS))


def hold_laws(venue: SymbolVenue, life: Sequence[Step]) -> int:
    """Check every law after every step; how many fills there were."""
    fills = 0
    books = {BUY: Free(BUY), SELL: Free(SELL)}
    for step in life:
        queues = {order.number: (order.ahead, order.price) for order in venue.resting()}
        places_before = [order.number for order in venue.resting()]
        if not isinstance(step, (Enter, Cancel, Reduce, Trade)):
            for book in books.values():
                book.hear(step)
        done = do(venue, step)
        fills += len(done)
        for one in done:
            within_its_limit(one)
        if isinstance(step, Trade):
            got: int = sum([one.qty for one in done])
            assert got <= step.qty, step
            assert all(one.why.reason.value.startswith("trade") for one in done)
        else:
            for book in books.values():
                book.give(done, step)
        for order in venue.resting():
            assert order.ahead >= 0 and 0 <= order.shown <= order.leaves <= order.qty
            if order.number in queues:
                assert order.ahead <= queues[order.number][0], "nobody comes before us"
        keep = [order.number for order in venue.resting()]
        assert [number for number in places_before if number in keep] == [
            number for number in keep if number in places_before
        ], "priority never changes"
    return fills


def within_its_limit(one: Execution) -> None:
    """A maker fills at its limit, a taker never beyond; and the reason is a sentence."""
    limit = one.order.price
    assert one.qty > 0 and one.order.leaves >= 0
    if one.liquidity == MAKER:
        assert one.price == limit
    else:
        assert one.liquidity == TAKER
        facing = SELL if one.order.side is BUY else BUY
        assert limit is None or not worse(facing, one.price, limit)
    assert one.why.sentence().startswith(f"{one.why.reason.value}: ")


class Free:
    """What is displayed of one side to be taken, counted apart from the product.

    A level that somebody took from may give what it showed then, and every growth since; it is a
    new one when it was gone. That is the rule in its own words.
    """

    def __init__(self, side: Side) -> None:
        self.side = side
        self.quote: Bbo | None = None
        self.depth: dict[int, int] | None = None
        self.waiting: list[DepthDiff] = []
        self.given: dict[int, int] = {}
        self.could: dict[int, int] = {}
        self.shown: dict[int, int] = {}

    def hear(self, event: Step) -> None:
        """Levels that somebody took from are what they were, have grown, or are gone."""
        if isinstance(event, Bbo):
            self.quote = event
        elif isinstance(event, DepthSnapshot | DepthDiff) and self._hear_depth(event):
            quote = self.quote
            if quote is not None and (quote.exchange_ns or 0) < (event.exchange_ns or 0):
                self.quote = None  # the depth is newer
        for price in list(self.given):
            qty = self.now(price)
            if qty is not None:
                self.could[price] += max(0, qty - self.shown[price])
                self.shown[price] = qty
                if not qty:
                    del self.given[price], self.could[price], self.shown[price]

    def _hear_depth(self, event: DepthSnapshot | DepthDiff) -> bool:
        levels = event.bids if self.side is BUY else event.asks
        if isinstance(event, DepthSnapshot):
            self.depth = dict(levels)
            for diff in self.waiting:
                if (diff.sequence or 0) > (event.sequence or 0):
                    self.depth.update(diff.bids if self.side is BUY else diff.asks)
        elif self.depth is not None:
            self.depth.update(levels)
        else:
            self.waiting.append(event)
        return self.depth is not None

    def now(self, price: int) -> int | None:
        """What a level shows; None where nobody says."""
        depth = self.depth
        if self.quote is None:
            return (depth or {}).get(price, 0)
        touch, qty = self.quote.ask, self.quote.ask_qty
        if self.side is BUY:
            touch, qty = self.quote.bid, self.quote.bid_qty
        if price == touch:
            return qty or UNLIMITED
        if touch and worse(self.side, price, touch):
            return None if depth is None else depth.get(price, 0)
        return None if (depth or {}).get(price) else 0  # the depth may be late

    def give(self, done: list[Execution], step: Step) -> None:
        """Nobody takes more of a level than it could give."""
        for one in done:
            if one.order.side is self.side:
                continue
            if one.liquidity == TAKER:
                self._give(one.price, one.qty, step)
            else:
                for price, qty in levels_in(one.why.evidence):
                    self._give(price, qty, step)

    def _give(self, price: int, qty: int, step: Step) -> None:
        if price not in self.given:
            self.given[price] = 0
            self.could[price] = self.shown[price] = self.now(price) or 0
        self.given[price] += qty
        assert self.given[price] <= self.could[price], step


def levels_in(evidence: str) -> list[tuple[int, int]]:
    """The levels that a fill by a crossed market names: price and quantity."""
    named = evidence.partition(" with ")[2].partition(";")[0]
    pairs = [level.split(" x ") for level in named.split(", ")]
    return [(to_e9(price, "price"), to_e9(qty, "qty")) for price, qty in pairs]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: str(model.describe()))
def test_who_stands_further_behind_never_fills_more(model: QueueModel) -> None:
    for seed in range(40):
        rng = prop.chance(seed)
        life = [step for step in steps(rng, STEPS) if not isinstance(step, (Enter, Cancel, Reduce))]
        side, price = rng.choice((BUY, SELL)), rng.randint(LOWEST + 3, HIGHEST - 3)
        filled = []
        for ahead in (0, 1, 3, 8, 20):
            venue = a_venue(model)
            order = an_order(1, side, 10, price)
            begins = Bbo("X", "s", price, 20, price + 1, 20, None, None, 0)
            if side is SELL:
                begins = Bbo("X", "s", price - 1, 20, price, 20, None, None, 0)
            venue.hear(begins)
            venue.rest(order)
            order.ahead = ahead
            so_far = [0]
            for step in life:
                venue.hear(step)
                so_far.append(order.filled)
            filled.append(so_far)
        for nearer, further in zip(filled, filled[1:], strict=False):
            assert all(near >= far for near, far in zip(nearer, further, strict=True)), seed


@pytest.mark.parametrize("seed", range(30))
def test_one_life_has_one_state(seed: int) -> None:
    life = steps(prop.chance(seed), STEPS)
    first, second = a_venue(PROPORTIONAL), a_venue(PROPORTIONAL)
    for step in life:
        said = [one.why.sentence() for one in do(first, step)]
        assert said == [one.why.sentence() for one in do(second, step)]
        assert first.state() == second.state()


@pytest.mark.parametrize("seed", range(60))
def test_slippage_changes_prices_alone_and_never_beyond_a_limit(seed: int) -> None:
    life = steps(prop.chance(seed), STEPS)
    plain = a_venue(PROPORTIONAL)
    slipped = SymbolVenue(
        "X", queue=PROPORTIONAL, liquidity=DISPLAYED, slippage=FixedBps(150), partial=True
    )
    for step in life:
        for one, other in zip(do(plain, step), do(slipped, step), strict=True):
            within_its_limit(other)
            facing = SELL if one.order.side is BUY else BUY
            assert one.qty == other.qty and not worse(facing, one.price, other.price)
        assert places(plain.resting()) == places(slipped.resting())


@pytest.mark.parametrize("market", (captures.SPOT, captures.USDM))
@pytest.mark.parametrize("model", MODELS[:5:2], ids=lambda model: str(model.describe()))
def test_orders_at_the_touch_of_a_real_market_keep_the_laws(market: str, model: QueueModel) -> None:
    """A buy and a sell at the touch each second, canceled after five; now and then a taker."""
    rng, life = Random(5), list[Step]()
    next_ns = bid = ask = number = 0
    venue = a_venue(model)
    fills = 0
    for event in recordings.events(market)[:15_000]:
        if isinstance(event, Bbo):
            bid, ask = event.bid, event.ask
        life.append(event)
        if bid and event.ts_ns >= next_ns:
            next_ns = event.ts_ns + 10**9
            for side, price in ((BUY, bid), (SELL, ask)):
                number += 1
                life.append(Enter(number, side, rng.randint(1, 10**9), price, None))
            if number % 10 == 0:
                number += 1
                life.append(Enter(number, rng.choice((BUY, SELL)), 10**9, None, None))
            if number > 15:
                life += [Cancel(0.0), Cancel(0.0)]
    fills = hold_laws(venue, life)
    assert fills > 10
