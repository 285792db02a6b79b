"""An exchange tells its rules, and the run keeps to them: `tools.live.exchange_rules`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sim.sim_disk import SimDisk
from tests.unit.builders import (
    BTC, ETH, T0_NS, PlainExchange, a_fake, a_loop, a_monitor, a_quote, e9, events_of, recorded,
    some_params,
)  # fmt: skip
from tests.unit.durable_desk import Desk, quote
from tests.unit.json_schema import errors
from tests.unit.run_journals import an_opening, write_run
from tools.live.core.contracts_v1 import Approved, OrderRejected, ParamsSet, QuoteUpdate, RulesSet
from tools.live.core.errors import ContractError, LiveError
from tools.live.core.order_rules import NO_RULES, OrderRules
from tools.live.durable_run import DurableRun
from tools.live.exchange import FakeExchangeClient, IExchangeClient
from tools.live.exchange_rules import ListsRules, told_rules
from tools.live.execution_loop import ExecutionLoop
from tools.live.journal.recorded_exchange import RecordedExchange, recorded_entries
from tools.live.journal.rederive import rederive
from tools.live.journal.replay import rebuild
from tools.live.market.synthetic import SyntheticMarket
from tools.live.params import describe_run
from tools.live.reports.schema import SCHEMAS
from tools.live.sim.delays import FAST
from tools.live.sim.exchange import SimulatedExchange
from tools.live.sim.faults.corpus import scenario
from tools.live.sim.faults.wire import FaultyExchange
from tools.live.sim.rules import SymbolRules
from tools.live.sim.terms import Terms
from tools.live.sim.world import SimulatedWorld

RULES = OrderRules(e9("0.5"), e9("0.003"), e9("0.003"), e9(5) * 10**9)
VENUE = SymbolRules(tick=RULES.tick, lot=RULES.lot, min_qty=RULES.min_qty,
                    min_notional_e18=RULES.min_notional_e18)  # fmt: skip
SHOWN = {"tick": 0.5, "lot": 0.003, "min_qty": 0.003, "min_notional": 5.0}


class Ruled(PlainExchange):
    """A user's exchange that tells rules; it notes what it is asked for."""

    def __init__(self, **rules: OrderRules | None) -> None:
        super().__init__()
        self.rules: dict[str, Any] = rules
        self.asked: list[str] = []

    def rules_of(self, symbol: str) -> OrderRules | None:
        self.asked.append(symbol)
        rules: OrderRules | None = self.rules.get(symbol)
        return rules


def simulated(**how: Any) -> SimulatedExchange:
    return SimulatedExchange(Terms(rules={BTC: VENUE}, **how))


def test_what_an_exchange_tells_is_known_by_symbol() -> None:
    assert told_rules(PlainExchange(), [BTC]) == {BTC: NO_RULES}
    assert told_rules(Ruled(BTCUSDT=RULES), [BTC, ETH]) == {BTC: RULES, ETH: NO_RULES}
    assert told_rules(simulated(), [BTC, ETH]) == {BTC: RULES, ETH: NO_RULES}
    assert not isinstance(a_fake(), ListsRules)


def test_a_bad_line_lets_rules_through() -> None:
    plan = scenario("ccxt-19717").plan()
    assert FaultyExchange(simulated(), plan).rules_of(BTC) == RULES
    assert FaultyExchange(a_fake(), plan).rules_of(BTC) == NO_RULES
    exchange = FaultyExchange(simulated(), plan)
    before = vars(exchange.strikes).copy()
    exchange.rules_of(BTC)
    assert vars(exchange.strikes) == before  # the plan's time has not begun


def test_what_is_no_rule_is_refused_before_anything_is_sent() -> None:
    exchange = Ruled()
    exchange.rules[BTC] = {"tick": 0.01}
    loop = a_loop(exchange)
    with pytest.raises(ContractError, match="the rules of BTCUSDT are dict, not OrderRules"):
        loop.run_shadow(some_params(), SyntheticMarket([BTC], 1, T0_NS))
    assert events_of(loop, QuoteUpdate) == []


def test_an_exchange_that_cannot_tell_is_not_traded_on() -> None:
    exchange = Ruled()

    def cannot(symbol: str) -> None:
        raise LiveError("no answer")

    exchange.rules_of = cannot  # type: ignore[method-assign]
    loop = a_loop(exchange)
    with pytest.raises(LiveError):
        loop.on_quote(a_quote(), some_params())
    assert events_of(loop, QuoteUpdate) == []


def test_a_run_asks_once_and_records_it_before_the_first_quote() -> None:
    exchange = Ruled(BTCUSDT=RULES)
    loop = a_loop(exchange)
    report = loop.run_shadow(some_params([BTC, ETH]), SyntheticMarket([BTC, ETH], 3, T0_NS))
    assert exchange.asked == [BTC, ETH]
    kinds = [type(entry.event) for entry in recorded(loop)[:3]]
    assert kinds == [ParamsSet, RulesSet, QuoteUpdate]
    assert events_of(loop, RulesSet) == [
        RulesSet(BTC, RULES.tick, RULES.lot, RULES.min_qty, RULES.min_notional_e18, T0_NS)
    ]
    assert report["params"]["rules"] == {BTC: SHOWN}


def test_the_doors_ask_at_the_first_quote_of_a_symbol() -> None:
    exchange = Ruled(ETHUSDT=RULES)
    loop = a_loop(exchange)
    for symbol in (BTC, ETH, BTC, ETH):
        loop.on_quote(a_quote(symbol), some_params())
    assert exchange.asked == [BTC, ETH]
    assert [entry.seq for entry in recorded(loop) if isinstance(entry.event, RulesSet)] == [7]
    loop.reset()
    loop.on_quote(a_quote(ETH), some_params())
    assert exchange.asked == [BTC, ETH, ETH]


def test_no_rules_leave_no_trace() -> None:
    plain, ruled = a_loop(PlainExchange()), a_loop(Ruled(BTCUSDT=None, ETHUSDT=NO_RULES))
    feed = SyntheticMarket([BTC, ETH], 3, T0_NS)
    reports = [loop.run_shadow(some_params([BTC, ETH]), feed) for loop in (plain, ruled)]
    assert recorded(plain) == recorded(ruled)
    assert "rules" not in reports[0]["params"]
    for report in reports:
        del report["params"]["exchange"], report["integrity"]["config_sha256"]
    assert reports[0] == reports[1]


def test_rules_are_part_of_the_config_hash() -> None:
    feed, params, monitor = SyntheticMarket([BTC], 1, T0_NS), some_params(), a_monitor()
    without, with_rules = (
        describe_run(params, feed, exchange, monitor, "scripted")
        for exchange in (Ruled(), Ruled(BTCUSDT=RULES))
    )
    assert with_rules == {**without, "rules": {BTC: SHOWN}}
    known = {BTC: OrderRules(tick=1), ETH: NO_RULES}
    told = describe_run(params, feed, PlainExchange(), monitor, "scripted", known)
    assert list(told["rules"]) == [BTC] and told["rules"][BTC]["tick"] == 1e-9


# Whole runs under the rules of a venue that enforces them.


def a_ruled_run(exchange: IExchangeClient, feed: Any, **how: Any) -> tuple[ExecutionLoop, Any]:
    loop = a_loop(exchange, a_monitor(max_symbol=100_000, max_total=100_000), **how)
    params = some_params(iterations=20, requote=True, qty=0.01)
    params.spread_bps = 0.3
    return loop, loop.run_shadow(params, feed)


@pytest.mark.parametrize("delays", [{}, {"delays": FAST}], ids=["at once", "later"])
def test_a_venue_with_rules_refuses_nothing(delays: dict[str, Any]) -> None:
    exchange = simulated(**delays)
    world = SimulatedWorld(SyntheticMarket([BTC], 20, T0_NS), exchange)
    loop, report = a_ruled_run(exchange, world)
    orders: Any = events_of(loop, Approved)
    assert len(orders) > 20 and events_of(loop, OrderRejected) == []
    assert {one.qty_e9 for one in orders} == {e9("0.009")}
    assert all(one.price_e9 % RULES.tick == 0 for one in orders)
    assert report["orders"]["rejected"] == 0 and report["orders"]["placed"] == len(orders)
    assert errors(report, SCHEMAS["report"]) == []


def test_what_the_venue_would_refuse_is_refused_here_with_its_reason() -> None:
    exchange = SimulatedExchange(Terms(rules={BTC: SymbolRules(min_notional_e18=e9(600) * 10**9)}))
    world = SimulatedWorld(SyntheticMarket([BTC], 20, T0_NS), exchange)
    loop, report = a_ruled_run(exchange, world)
    assert events_of(loop, Approved) == []
    assert report["orders"]["refusals"] == {"notional_too_small": 40}


@pytest.mark.parametrize("every", [0, 2])
def test_a_durable_run_keeps_them_and_says_only_what_changed(every: int) -> None:
    desk = Desk()
    rules = {BTC: RULES}

    def opened() -> DurableRun:
        desk.end()
        run = desk.open(checkpoint_every=every)
        desk.wire.rules_of = lambda symbol: rules[symbol]  # type: ignore[attr-defined]
        return run

    run = opened()
    quote(run, desk)
    assert [one.price_e9 % RULES.tick for one in run.loop.order_store.get_all()] == [0, 0]
    assert desk.topics().count("run.rules") == 1
    run = opened()
    assert run.recovered and run.loop.fold.rules == rules
    quote(run, desk)
    assert desk.topics().count("run.rules") == 1
    rules[BTC] = OrderRules(tick=e9(1))
    run = opened()
    quote(run, desk)
    assert desk.topics().count("run.rules") == 2
    assert rederive(desk.disk).difference is None
    assert rebuild(desk.disk).fold.rules == rules


# The recorded exchange tells them again.


class RuledFake(FakeExchangeClient):
    """The fake, with rules of one symbol that it does not enforce."""

    def rules_of(self, symbol: str) -> OrderRules | None:
        return RULES if symbol == ETH else None


def on_its_record(loop: ExecutionLoop) -> tuple[ExecutionLoop, RecordedExchange]:
    """A new loop on what a loop has recorded."""
    disk = SimDisk()
    write_run(disk, an_opening(a_monitor(), {}), recorded(loop))
    exchange = RecordedExchange(recorded_entries(disk))
    again = a_loop(exchange)
    exchange.follow(lambda: again.seq)
    return again, exchange


def test_a_run_on_its_own_record_keeps_to_the_same_rules() -> None:
    loop = a_loop(RuledFake(0.5, 0.1, 100, 0.3, 7))
    feed = SyntheticMarket([BTC, ETH], 10, T0_NS)
    report = loop.run_shadow(some_params([BTC, ETH], requote=True), feed)
    again, exchange = on_its_record(loop)
    assert exchange.rules_of(BTC) is None
    assert exchange.rules_of(ETH) == RULES  # before the run began, for who describes it
    lived = again.run_shadow(some_params([BTC, ETH], requote=True), feed)
    assert recorded(again) == recorded(loop)
    assert lived["params"]["rules"] == report["params"]["rules"] == {ETH: SHOWN}


def test_and_so_do_its_doors() -> None:
    loop = a_loop(RuledFake(0.5, 0.1, 100, 0.3, 7))
    quotes = [a_quote(symbol) for symbol in (BTC, ETH, BTC, ETH)]
    for one in quotes:
        loop.on_quote(one, some_params())
    again, exchange = on_its_record(loop)
    assert exchange.rules_of(ETH) is None  # that is told behind the first quote
    for one in quotes:
        again.on_quote(one, some_params())
    assert recorded(again) == recorded(loop)
    assert exchange.rules_of(ETH) == RULES  # it is not forgotten behind its place on the line
    assert exchange.rules_of(BTC) is None
