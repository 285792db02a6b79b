"""One time for the market, the exchange and us."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.sim_builders import MS, T0, Told, a_quote, a_request, a_trade
from tools.live.core.contracts_v1 import QuoteUpdate
from tools.live.core.errors import ContractError
from tools.live.core.market_v1 import Bbo
from tools.live.core.words_v1 import SELL
from tools.live.market.normalize.wire import WireFault, WireRefused
from tools.live.market.synthetic import SyntheticMarket
from tools.live.sim.delays import Constant, Delays
from tools.live.sim.exchange import SimulatedExchange
from tools.live.sim.orders import TimeInForce
from tools.live.sim.terms import Terms
from tools.live.sim.world import SimulatedWorld

FAR = Terms(
    delays=Delays(submit=Constant(10 * MS), acknowledge=Constant(10 * MS), feed=Constant(5 * MS))
)


def a_world(terms: Terms, *events: Any, **more: Any) -> SimulatedWorld:
    return SimulatedWorld(Told(*events), SimulatedExchange(terms), **more)


def quotes(*times_ms: int) -> list[Bbo]:
    return [a_quote(99, 101 + at, ns=T0 + ms * MS) for at, ms in enumerate(times_ms)]


def heard(world: SimulatedWorld) -> list[tuple[int, int]]:
    """When each step reaches us in milliseconds, and how much is in it."""
    return [((world.exchange.here_ns - T0) // MS, len(step)) for step in world]


def test_what_we_hear_stays_as_recorded_and_the_exchange_knew_it_before() -> None:
    world = a_world(FAR, *quotes(0, 20, 22))
    assert (world.steps, world.symbols, world.start_ns) == (3, ["AAA"], T0)
    seen = []
    for step in world:
        ask = world.exchange.desk.pit.venue("AAA").ask // 10**9
        (quote,) = step
        assert isinstance(quote, QuoteUpdate)
        seen.append(((world.exchange.here_ns - T0) // MS, quote.ask // 10**9, ask))
    assert seen == [(0, 101, 101), (20, 102, 103), (22, 103, 103)]
    assert world.exchange.driven is False


def test_an_order_finds_the_market_of_its_arrival() -> None:
    """Sent at 0, there at 10: behind the quote of 12 (there at 7), before that of 20 (at 15)."""
    world = a_world(FAR, *quotes(0, 12, 20))
    steps = iter(world)
    next(steps)
    world.exchange.submit(a_request("C1", qty=9, price=105))
    for _ in steps:
        pass
    (first, *_) = world.exchange.get_fills()
    assert (first.price, first.timestamp_ms - T0 // MS) == (102, 10)


def test_answers_alone_make_an_empty_step() -> None:
    world = a_world(FAR, *quotes(0, 100))
    steps, seen = iter(world), []
    next(steps)
    world.exchange.submit(a_request("C1", qty=9, price=99))
    for step in steps:
        seen.append(((world.exchange.here_ns - T0) // MS, len(step)))
        list(world.exchange.stream_answers())
    assert seen == [(20, 0), (100, 1)]


def test_at_one_instant_we_hear_the_quote_before_the_answer() -> None:
    world = a_world(FAR, *quotes(0, 20, 100))
    steps, seen = iter(world), []
    next(steps)
    world.exchange.submit(a_request("C1", qty=9, price=99))
    for step in steps:
        seen.append(((world.exchange.here_ns - T0) // MS, len(step)))
    assert seen == [(20, 1), (20, 0), (100, 1)]


def test_who_does_not_listen_is_told_once() -> None:
    world = a_world(FAR, *quotes(0, 100, 200))
    steps = iter(world)
    next(steps)
    world.exchange.submit(a_request("C1", qty=9, price=99))
    assert [len(step) for step in steps] == [0, 1, 1]


def test_what_is_on_its_way_arrives_behind_the_end_of_the_market() -> None:
    world = a_world(FAR, *quotes(0))
    steps = iter(world)
    next(steps)
    request = a_request("C1", price=99, time_in_force=TimeInForce.DAY)
    world.exchange.submit(request)
    assert [len(step) for step in steps] == [0]
    assert world.exchange.here_ns == T0 + 20 * MS
    assert len(world.exchange.due) == 1  # the day does not end for its sake


def test_a_timer_that_comes_before_an_answer_still_fires() -> None:
    world = a_world(FAR, *quotes(0))
    steps = iter(world)
    next(steps)
    ends = a_request("C1", price=99, time_in_force=TimeInForce.GTD, expires_ns=T0 + 15 * MS)
    world.exchange.submit(ends)
    said = []
    for _ in steps:
        said += [answer.__class__.__name__ for answer in world.exchange.stream_answers()]
    assert said == ["OrderAccepted", "OrderCanceled"]


def test_events_of_one_instant_reach_the_exchange_before_us() -> None:
    world = a_world(Terms(), a_quote(99, 101), a_quote(99, 103))
    step = next(iter(world))
    assert step[0].ask == 101 * 10**9  # type: ignore[union-attr]
    assert world.exchange.desk.pit.venue("AAA").ask == 103 * 10**9


def test_without_a_loop_it_goes_on_step_by_step() -> None:
    world = a_world(Terms(), *quotes(0, 10, 20, 30))
    assert world.advance() is not None
    world.exchange.submit(a_request("C1", qty=2, price=98))
    assert world.run(T0 + 15 * MS) == 1
    assert world.exchange.here_ns == T0 + 15 * MS
    assert world.exchange.desk.pit.venue("AAA").ask == 102 * 10**9  # not that of 20 ms yet
    world.exchange.desk.hear(a_trade(97, 9, SELL))
    assert world.run(T0 + 20 * MS) == 2  # the fill, and a quote
    assert world.run(T0 + 20 * MS) == 0
    assert world.run() == 1 and world.advance() is None


def test_it_pauses_between_a_request_and_its_answer() -> None:
    world = a_world(FAR, *quotes(0))
    world.advance()
    world.exchange.submit(a_request("C1", price=99))
    assert world.run(T0 + 15 * MS) == 0
    assert len(world.exchange.get_open_orders()) == 1
    assert world.run(T0 + 19 * MS) == 0 and world.run(T0 + 99 * MS) == 1
    assert world.exchange.here_ns == T0 + 99 * MS


def test_the_synthetic_market_keeps_its_steps() -> None:
    market = SyntheticMarket(["AAA", "BBB"], 3, T0)
    world = SimulatedWorld(market, SimulatedExchange())
    assert (world.steps, world.symbols, world.start_ns) == (3, ["AAA", "BBB"], T0)
    assert world.describe() == {"kind": "synthetic"}
    assert heard(world) == [(0, 2), (1000, 2), (2000, 2)]
    assert [list(step) for step in world] == [list(step) for step in market]
    assert world.exchange.desk.pit.venue("AAA").bid > 0


def test_only_what_is_wanted_reaches_the_exchange() -> None:
    other = Bbo("ZZZ", "told", 1, 1, 2, 1, None, None, T0)
    elsewhere = Bbo("AAA", "else", 1, 1, 2, 1, None, None, T0)
    refused = WireRefused(next(iter(WireFault)), "what", "it was")
    world = a_world(
        Terms(), *quotes(0), other, elsewhere, refused, symbols=["AAA"], source="told"
    )
    assert heard(world) == [(0, 1)]
    assert list(world.exchange.desk.pit.venues) == ["AAA"]
    assert world.exchange.desk.pit.venue("AAA").ask == 101 * 10**9


def test_trades_alone_are_quotes() -> None:
    world = a_world(Terms(), a_trade(100, 1), a_trade(101, 1, ns=T0 + MS))
    said = [step[0] for step in world]
    assert all(isinstance(one, QuoteUpdate) for one in said) and len(said) == 2


def test_a_market_that_changes_meanwhile_is_refused() -> None:
    told = Told(*quotes(0, 10))
    world = SimulatedWorld(told, SimulatedExchange(), field="--this")
    told.events = told.events[:1]
    with pytest.raises(ContractError, match="--this changed during the run"):
        world.run()
