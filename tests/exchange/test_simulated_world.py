"""Runs in the simulated world: laws, determinism, time, and how it compares with the fake."""

from __future__ import annotations

from random import Random

import pytest

from tests.exchange.random_plans import (
    CENT, MS, START_NS, Client, Told, a_market, some_terms,
)  # fmt: skip
from tests.market import captures
from tests.unit.bar_builders import ToldBars, minute
from tools.live.core.line import Line
from tools.live.core.market_v1 import Bbo, MarketEvent, Trade
from tools.live.core.money import SCALE
from tools.live.core.words_v1 import BUY, SELL
from tools.live.exchange import FakeExchangeClient, IExchangeClient
from tools.live.execution_loop import ExecutionLoop, ExecutionParams
from tools.live.market.feed import MarketFeed, Source
from tools.live.market.synthetic import SyntheticMarket
from tools.live.market_source import open_market
from tools.live.order_store import InMemoryOrderStore
from tools.live.params import Feed
from tools.live.risk_monitor import RuntimeRiskMonitor
from tools.live.sim.delays import FAST, NORMAL, Constant, Delays
from tools.live.sim.exchange import SimulatedExchange
from tools.live.sim.liquidity import FULL, LiquidityRule
from tools.live.sim.orders import OrderRequest
from tools.live.sim.presets import PRESETS
from tools.live.sim.queue import PESSIMISTIC, PROPORTIONAL, PowerQueue, QueueModel
from tools.live.sim.terms import Terms
from tools.live.sim.world import SimulatedWorld

PLANS = 2000
PARTS = 10
NO_LIMIT = 10**9


@pytest.mark.parametrize("part", range(PARTS))
def test_no_random_plan_breaks_a_law(part: int) -> None:
    """Orders of all kinds, amended, replaced and canceled, on terms of all kinds."""
    for seed in range(part * PLANS // PARTS, (part + 1) * PLANS // PARTS):
        rng = Random(seed)
        client = Client(seed, some_terms(rng), a_market(rng, 80)).run()
        assert not client.laws.broken, (seed, client.laws.broken)


@pytest.mark.parametrize("seed", range(40))
def test_two_runs_are_one_sequence_of_bytes_and_reset_is_new(seed: int) -> None:
    rng = Random(seed)
    terms, events = some_terms(rng), a_market(rng, 120)
    first, second = (Client(seed, terms, events).run() for _ in range(2))
    assert first.log == second.log
    assert first.exchange.state_hash() == second.exchange.state_hash()
    first.exchange.reset()
    assert first.exchange.state() == SimulatedExchange(terms, seed=seed).state()
    again = Client(seed, terms, events)
    again.exchange.reset()
    again.world = SimulatedWorld(Told(events), again.exchange)
    again._watch()
    assert again.run().log == second.log


def test_one_seed_differs_from_another() -> None:
    terms, events = Terms(delays=NORMAL), a_market(Random(1), 200)
    hashes = {SimulatedExchangeRun(terms, events, seed).state_hash for seed in range(3)}
    assert len(hashes) == 3


class SimulatedExchangeRun:
    """One plan of plain orders: every 50 ms a buy and a sell near the market."""

    def __init__(self, terms: Terms, events: list[MarketEvent], seed: int) -> None:
        self.exchange = SimulatedExchange(terms, seed=seed)
        world = SimulatedWorld(Told(events), self.exchange)
        number = 0
        while (step := world.advance()) is not None:
            list(self.exchange.stream_answers())
            for said in step:
                number += 1
                side = BUY if number % 2 else SELL
                self.exchange.submit(
                    OrderRequest(f"C{number}", said.symbol, side, 5 * SCALE, price=10_000 * CENT)
                )
        self.state_hash = self.exchange.state_hash()


# Beside the fake.


def a_loop(exchange: IExchangeClient, line: Line | None = None) -> ExecutionLoop:
    """A loop with limits that refuse nothing."""
    monitor = RuntimeRiskMonitor(
        max_inventory_usd_per_symbol=NO_LIMIT,
        max_total_notional_usd=NO_LIMIT,
        edge_freeze_threshold_bps=-9_999,
    )
    return ExecutionLoop(
        exchange, InMemoryOrderStore(), monitor, lambda: START_NS // MS, edge="computed", line=line
    )


def some_params(feed: Feed) -> ExecutionParams:
    return ExecutionParams(feed.symbols, feed.steps, NO_LIMIT, NO_LIMIT, -9_999, requote=True)


def a_run(exchange: IExchangeClient, feed: Feed) -> tuple[str, Line]:
    """A whole run of the loop: the hash of its state, and its line."""
    line = Line()
    report = a_loop(exchange, line).run_shadow(some_params(feed), feed)
    return str(report["integrity"]["state_sha256"]), line


def test_at_once_and_in_full_it_is_the_fake_that_always_fills() -> None:
    """Not only one state: every entry of the line is the same."""
    symbols = ["BTCUSDT", "ETHUSDT", "SOLUSDT"]
    market = SyntheticMarket(symbols, 200, START_NS)
    exchange = SimulatedExchange(Terms(liquidity=FULL))
    fakes_state, fakes_line = a_run(FakeExchangeClient(1.0, 0.0, 0, 0.0), market)
    state, line = a_run(exchange, SimulatedWorld(market, exchange))
    assert line.entries == fakes_line.entries
    assert state == fakes_state
    assert len(line.entries) > 3000


@pytest.mark.parametrize("market", [captures.SPOT, captures.USDM])
def test_on_a_recorded_market_too(market: str) -> None:
    path = str(captures.extract(market))
    feed = MarketFeed(open_market(path))
    exchange = SimulatedExchange(Terms(liquidity=FULL))
    world = SimulatedWorld(open_market(path), exchange)
    assert (world.steps, world.symbols, world.start_ns) == (feed.steps, feed.symbols, feed.start_ns)
    assert world.describe() == feed.describe()
    fakes_state, fakes_line = a_run(FakeExchangeClient(1.0, 0.0, 0, 0.0), feed)
    state, line = a_run(exchange, world)
    assert state == fakes_state
    assert line.entries == fakes_line.entries


# More latency, or a longer queue, never fills more.


def filled(events: list[MarketEvent], terms: Terms, plan: list[OrderRequest]) -> int:
    """What a plan fills in all: one order with each quote that is heard, all left to stand."""
    exchange = SimulatedExchange(terms)
    world = SimulatedWorld(Told(events), exchange)
    waiting = list(plan)
    while (step := world.advance()) is not None:
        list(exchange.stream_answers())
        if step and waiting:
            exchange.submit(waiting.pop(0))
    return sum(one.qty_e9 for one in exchange.get_fills())


def a_queue(rng: Random, first: int, *, cancels: bool) -> list[MarketEvent]:
    """One price at which sellers trade: the level shrinks by trades (and cancels) and grows."""
    ns, shown, made = START_NS, first, list[MarketEvent]()
    ask = 101 * SCALE

    def quote() -> None:
        made.append(Bbo("AAA", "told", 100 * SCALE, shown, ask, SCALE, None, None, ns))

    quote()
    for at in range(60):
        ns += rng.randint(1, 40) * MS
        ask = 101 * SCALE + at % 2  # so that every quote is news to a run
        what = rng.random()
        if what < 0.5:
            qty = rng.randint(1, 6) * SCALE
            trade = Trade("AAA", "told", str(at), SELL, 100 * SCALE, qty, None, None, ns)
            made.append(trade)
            shown = max(SCALE, shown - qty)
        elif what < 0.8 or not cancels:
            shown += rng.randint(1, 5) * SCALE
        else:
            shown = max(SCALE, shown - rng.randint(1, 5) * SCALE)
        quote()
    return made


def a_plan(rng: Random) -> list[OrderRequest]:
    """Buys at one price, so that none of them can take what only another could have had."""
    return [
        OrderRequest(f"C{n}", "AAA", BUY, rng.randint(1, 5) * SCALE, price=100 * SCALE)
        for n in range(rng.randint(1, 6))
    ]


@pytest.mark.parametrize("seed", range(60))
def test_more_latency_never_fills_more(seed: int) -> None:
    """At a price where nobody cancels, so that who comes later stands behind who came earlier."""
    rng = Random(seed)
    events, plan = a_queue(rng, rng.randint(1, 30) * SCALE, cancels=False), a_plan(rng)
    for queue in (PESSIMISTIC, PROPORTIONAL):
        done = [
            filled(events, Terms(queue=queue, delays=Delays(submit=Constant(ms * MS))), plan)
            for ms in (0, 10, 40, 200, 1000)
        ]
        assert done == sorted(done, reverse=True), done


@pytest.mark.parametrize("seed", range(60))
def test_a_longer_queue_never_fills_more(seed: int) -> None:
    """The same market with more displayed at the beginning, for every model of the queue."""
    models: list[QueueModel] = [PESSIMISTIC, PROPORTIONAL, PowerQueue(2)]
    for queue in models:
        done = []
        for more in (0, 5, 20, 100):
            rng = Random(seed)
            events = a_queue(rng, (rng.randint(8, 30) + more) * SCALE, cancels=False)
            done.append(filled(events, Terms(queue=queue), a_plan(Random(seed))))
        assert done == sorted(done, reverse=True), (queue, done)


@pytest.mark.parametrize("seed", range(60))
def test_who_believes_to_stand_further_behind_never_fills_more(seed: int) -> None:
    """Where others cancel, the pessimistic model fills no more than the proportional one."""
    rng = Random(seed)
    events, plan = a_queue(rng, rng.randint(1, 30) * SCALE, cancels=True), a_plan(rng)
    assert filled(events, Terms(queue=PESSIMISTIC), plan) <= filled(
        events, Terms(queue=PROPORTIONAL), plan
    )


@pytest.mark.parametrize("seed", range(30))
def test_prices_alone_fill_no_more_with_more_latency(seed: int) -> None:
    """Trades without a book: who is there later misses what went through the price before."""
    rng = Random(seed)
    price, ns, events = 100 * SCALE, START_NS, list[MarketEvent]()
    for at in range(80):
        ns += rng.randint(1, 30) * MS
        price += rng.choice((-1, 1)) * CENT
        qty = rng.randint(1, 4) * SCALE
        events.append(Trade("AAA", "told", str(at), None, price, qty, None, None, ns))
    terms = [
        Terms(liquidity=LiquidityRule(unknown_qty=0), delays=Delays(submit=Constant(ms * MS)))
        for ms in (0, 15, 100, 600)
    ]
    done = [filled(events, one, a_plan(Random(seed))) for one in terms]
    assert done == sorted(done, reverse=True), done


# Time.


def test_a_fast_run_on_the_loop_is_the_same_twice() -> None:
    """With delays the loop hears later; two runs are still one line."""
    symbols = ["BTCUSDT", "ETHUSDT"]
    market = SyntheticMarket(symbols, 100, START_NS)
    entries = []
    for _ in range(2):
        exchange = SimulatedExchange(Terms(delays=FAST))
        _, line = a_run(exchange, SimulatedWorld(market, exchange))
        entries.append(line.entries)
    assert entries[0] == entries[1]


def market_of(told: str) -> SyntheticMarket | Source:
    """Quotes, a capture, or bars that go up and down."""
    if told == "quotes":
        return SyntheticMarket(["BTCUSDT", "ETHUSDT"], 60, START_NS)
    if told == "capture":
        return open_market(str(captures.extract(captures.SPOT)))
    ways = [(100 + at % 7, 100 + (at + 1) % 7) for at in range(60)]
    return ToldBars(*(minute(at, a, max(a, b) + 1, min(a, b) - 1, b)
                      for at, (a, b) in enumerate(ways)))  # fmt: skip


@pytest.mark.parametrize(("name", "told"), [
    (name, told) for name in PRESETS for told in ("quotes", "capture", "bars")
    if told == "bars" or PRESETS[name].bars is None
])  # fmt: skip
def test_a_run_on_any_terms_ends_with_books_that_agree(name: str, told: str) -> None:
    """The laws of every run hold, and what we believe to be open is what the exchange has."""
    exchange = SimulatedExchange(PRESETS[name])
    world = SimulatedWorld(market_of(told), exchange)
    loop = a_loop(exchange)
    report = loop.run_shadow(some_params(world), world)
    assert report["orders"]["placed"] > 4 and not report["orders"]["in_doubt"]
    ours = sorted(order.client_order_id for order in loop.order_store.live_orders())
    assert ours == sorted(one.client_order_id for one in exchange.get_open_orders())
    held = {s: h.qty for s, h in loop.risk_monitor.ledger.holdings.items() if h.qty}
    assert held == {one.symbol: one.qty_e9 for one in exchange.get_positions()}
    assert len(exchange.get_fills()) == report["orders"]["filled"]
