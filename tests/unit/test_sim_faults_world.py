"""A bad line in a world: what it holds up arrives at its time, to the nanosecond."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.builders import a_monitor
from tests.unit.sim_builders import MS, SYMBOL, T0, Told, a_quote, a_request, a_trade
from tools.live.core.contracts_v1 import (
    BUY, OrderAccepted, QuoteUpdate,
)  # fmt: skip
from tools.live.core.errors import ContractError
from tools.live.core.line import Line
from tools.live.core.market_v1 import Bbo
from tools.live.core.outputs_v1 import PlaceOrderRequest
from tools.live.execution_loop import ExecutionLoop
from tools.live.order_store import InMemoryOrderStore
from tools.live.params import ExecutionParams
from tools.live.sim.delays import Constant, Delays
from tools.live.sim.exchange import SimulatedExchange
from tools.live.sim.faults.feed import FaultyMarket
from tools.live.sim.faults.plan import Fault, FaultKind, FaultPlan
from tools.live.sim.faults.wire import FaultyExchange
from tools.live.sim.orders import TimeInForce
from tools.live.sim.terms import Terms
from tools.live.sim.world import SimulatedWorld

Kind = FaultKind
DELAYS = Delays(submit=Constant(10 * MS), acknowledge=Constant(10 * MS))


class Run:
    """A loop on a simulated exchange behind a bad line, with a quote every second."""

    def __init__(self, *faults: Fault, terms: Terms | None = None, quotes: int = 4) -> None:
        events = [a_quote(99, 101 + at, ns=T0 + at * 1000 * MS) for at in range(quotes)]
        self.exchange = SimulatedExchange(terms or Terms(delays=DELAYS))
        self.faulty = FaultyExchange(self.exchange, FaultPlan(faults))
        self.world = SimulatedWorld(Told(*events), self.exchange, line=self.faulty)
        self.line = Line()
        self.loop = ExecutionLoop(
            self.faulty, InMemoryOrderStore(), a_monitor(threshold=-10**4), lambda: T0 // MS,
            line=self.line,
        )  # fmt: skip
        params = ExecutionParams([SYMBOL], 1, 10**6, 10**6, -10**4, 0.01, 5.0)
        self.report = self.loop.run_shadow(params, self.world)

    def heard(self, kind: type[Any]) -> list[int]:
        """When events of a kind are on the line, in nanoseconds since the first quote."""
        events = [entry.event for entry in self.line.entries]
        return [event.ts_ns - T0 for event in events if isinstance(event, kind)]


def test_without_faults_answers_come_when_the_exchange_sends_them() -> None:
    assert Run(quotes=1).heard(OrderAccepted) == [20 * MS, 20 * MS]


def test_a_late_answer_is_heard_at_its_time_and_no_sooner() -> None:
    run = Run(Fault(Kind.LATE_ANSWER, nth=(2,), by_ns=333 * MS), quotes=1)
    assert run.heard(OrderAccepted) == [20 * MS, 353 * MS]


def test_it_is_heard_between_two_quotes_too() -> None:
    run = Run(Fault(Kind.LATE_ANSWER, nth=(1,), by_ns=1234 * MS), quotes=3)
    late = 1254 * MS
    assert late in run.heard(OrderAccepted)
    kinds = [
        (entry.event.__class__, entry.event.ts_ns - T0)
        for entry in run.line.entries
        if isinstance(entry.event, (QuoteUpdate, OrderAccepted))
    ]
    assert kinds == sorted(kinds, key=lambda one: one[1])


def test_a_late_request_reaches_the_exchange_at_its_time() -> None:
    run = Run(Fault(Kind.LATE_REQUEST, nth=(1,), by_ns=250 * MS), quotes=1)
    assert run.heard(OrderAccepted) == [20 * MS, 270 * MS]
    orders = run.exchange.desk.register.live.values()
    assert sorted(order.created_ns - T0 for order in orders) == [10 * MS, 260 * MS]


def test_where_nothing_takes_time_a_late_request_is_answered_on_its_arrival() -> None:
    run = Run(Fault(Kind.LATE_REQUEST, nth=(1,), by_ns=250 * MS), terms=Terms(), quotes=2)
    assert 250 * MS in run.heard(OrderAccepted)
    assert run.report["orders"]["placed"] == 4


def test_what_was_said_while_the_line_was_down_is_heard_when_it_is_back() -> None:
    down = Fault(Kind.DISCONNECT, from_ns=15 * MS, for_ns=700 * MS)
    run = Run(down, quotes=1)
    assert run.heard(OrderAccepted) == [715 * MS, 715 * MS]
    assert run.faulty.next_due_ns() is None


def test_a_line_that_never_comes_back_keeps_nobody_waiting() -> None:
    exchange = SimulatedExchange(Terms(delays=DELAYS))
    faulty = FaultyExchange(exchange, FaultPlan((Fault(Kind.DISCONNECT, from_ns=15 * MS),)))
    world = SimulatedWorld(Told(a_quote()), exchange, line=faulty)
    steps = []
    for step in world:
        steps.append(len(step))
        if step:
            faulty.place_limit(PlaceOrderRequest("C1", SYMBOL, BUY, 1, 99))
        assert list(faulty.stream_answers()) == []
    assert steps == [1, 0]


def test_who_does_not_listen_is_called_once() -> None:
    exchange = SimulatedExchange()
    plan = FaultPlan((Fault(Kind.LATE_ANSWER, by_ns=30 * MS),))
    faulty = FaultyExchange(exchange, plan)
    market = Told(a_quote(), a_quote(98, 101, ns=T0 + 90 * MS))
    world = SimulatedWorld(market, exchange, line=faulty)
    steps = iter(world)
    next(steps)
    faulty.place_limit(PlaceOrderRequest("C1", SYMBOL, BUY, 1, 90))
    seen = []
    for step in steps:
        seen.append(((exchange.here_ns - T0) // MS, len(step)))
    assert seen == [(30, 0), (90, 1)]


def test_a_timer_of_the_exchange_fires_while_the_line_holds_something_up() -> None:
    exchange = SimulatedExchange()
    faulty = FaultyExchange(exchange, FaultPlan((Fault(Kind.LATE_ANSWER, by_ns=100 * MS),)))
    world = SimulatedWorld(Told(a_quote()), exchange, line=faulty)
    for step in world:
        if step:
            faulty.place_limit(PlaceOrderRequest("C1", SYMBOL, BUY, 1, 90))
            ends = a_request("C2", price=90, time_in_force=TimeInForce.GTD, expires_ns=T0 + 15 * MS)
            exchange.submit(ends)
    assert [one.client_order_id for one in exchange.get_open_orders()] == ["C1"]
    assert exchange.here_ns == T0 + 100 * MS


def test_at_the_end_it_is_as_late_as_the_market_says_whoever_heard_of_it() -> None:
    """A line that is down until then is back, although nothing was heard for so long."""
    events = [a_quote(ns=T0), *(a_quote(99, 101 + at, ns=T0 + at * 1000 * MS) for at in (1, 2, 9))]
    silent = Fault(Kind.SILENT_STREAM, from_ns=500 * MS)
    plan = FaultPlan((silent, Fault(Kind.OUTAGE, from_ns=500 * MS, for_ns=8000 * MS)))
    exchange = SimulatedExchange()
    faulty = FaultyExchange(exchange, plan)
    faulty.come_to(T0)
    assert faulty.get_positions() == []
    world = SimulatedWorld(FaultyMarket(Told(*events), plan), exchange, line=faulty)
    heard = [(exchange.here_ns - T0) // MS for _ in world]
    assert heard == [0, 5000, 5000]
    assert exchange.here_ns == T0 + 9000 * MS
    assert faulty.get_positions() == []


# The market that we hear, and the one that is.


def test_the_exchange_goes_on_with_the_market_that_we_do_not_hear() -> None:
    market = Told(*(a_quote(99, 101 + at, ns=T0 + at * 1000 * MS) for at in range(12)))
    silent = Fault(Kind.SILENT_STREAM, from_ns=2500 * MS, for_ns=7000 * MS)
    exchange = SimulatedExchange()
    world = SimulatedWorld(FaultyMarket(market, FaultPlan((silent,))), exchange)
    asks, heard = [], []
    for step in world:
        heard += [(one.__class__.__name__, (exchange.here_ns - T0) / MS) for one in step]
        asks.append(exchange.desk.pit.venue(SYMBOL).ask // 10**9)
    assert heard[:5] == [
        ("QuoteUpdate", 0), ("QuoteUpdate", 1000), ("QuoteUpdate", 2000),
        ("FeedStale", 7000.000001), ("ResyncStarted", 7000.000001),
    ]  # fmt: skip
    assert heard[5:7] == [("ResyncFinished", 10_000), ("QuoteUpdate", 10_000)]
    assert asks[3] == 108, "it knows what happened meanwhile"
    assert world.steps == len(heard)


def test_a_stale_book_fills_us_at_prices_that_are_gone() -> None:
    market = Told(a_quote(99, 101), *(a_quote(89, 91, ns=T0 + at * MS) for at in (10, 20, 30)))
    stale = Fault(Kind.STALE_BOOK, from_ns=5 * MS, for_ns=20 * MS)
    world = SimulatedWorld(FaultyMarket(market, FaultPlan((stale,))), SimulatedExchange())
    bids = [one.bid // 10**9 for step in world for one in step if isinstance(one, QuoteUpdate)]
    assert bids == [99, 89]


def test_of_a_source_with_faults_only_what_is_wanted_is_heard() -> None:
    other = Bbo("BBB", "told", 5, 1, 6, 1, None, None, T0)
    elsewhere = Bbo(SYMBOL, "other", 5, 1, 6, 1, None, None, T0)
    market = FaultyMarket(Told(a_quote(), other, elsewhere, a_trade(99, 1)), FaultPlan())
    exchange = SimulatedExchange()
    world = SimulatedWorld(market, exchange, symbols=[SYMBOL], source="told")
    assert [len(step) for step in world] == [1]
    assert list(exchange.desk.pit.venues) == [SYMBOL]


def test_a_source_that_changes_during_the_run_is_noticed_there_too() -> None:
    told = Told(a_quote())
    world = SimulatedWorld(FaultyMarket(told, FaultPlan()), SimulatedExchange(), field="--this")
    told.events = (*told.events, a_quote(98, 101, ns=T0 + MS))
    with pytest.raises(ContractError, match="--this changed during the run"):
        list(world)
