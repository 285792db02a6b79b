"""Whole runs: the feed, requoting, the measured edge, several runs of one loop, the progress."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.builders import (
    BTC, ETH, T0_MS, T0_NS, PlainExchange, a_fake, a_loop, a_monitor, e9, events_of, recorded,
    some_params,
)  # fmt: skip
from tools.live.core.clock import NS_PER_MS, NS_PER_S
from tools.live.core.contracts_v1 import (
    BUY, INPUTS, EdgeUpdate, Fill, Frozen, OrderAccepted, Approved, QuoteUpdate,
)  # fmt: skip
from tools.live.core.errors import ContractError
from tools.live.exchange import FakeExchangeClient, PlaceOrderRequest, PlaceOrderResponse
from tools.live.execution_loop import COMPUTED, run_shadow_demo


class HandFeed:
    """Middles of BTC by hand, `every_s` apart, without a spread."""

    def __init__(self, middles: list[float], every_s: int) -> None:
        self.middles = middles
        self.every_ns = every_s * NS_PER_S
        self.steps = len(middles)
        self.symbols = [BTC]
        self.start_ns = T0_NS

    def describe(self) -> dict[str, Any]:
        return {"feed": "by hand"}

    def __iter__(self) -> Iterator[list[QuoteUpdate]]:
        for step, middle in enumerate(self.middles):
            yield [QuoteUpdate(BTC, e9(middle), e9(middle), T0_NS + step * self.every_ns)]


# The feed.


def test_each_step_is_quotes_then_fills_then_edges() -> None:
    loop = a_loop(a_fake(fill_rate=1.0))
    loop.run_shadow(some_params((BTC, ETH), 2))
    inputs = [entry.event for entry in recorded(loop) if isinstance(entry.event, INPUTS)]
    step = ["md.quote", "order.accepted", "order.accepted"] * 2
    step += ["order.fill"] * 4 + ["edge.update"] * 2
    assert [event.kind for event in inputs] == ["run.params", *step, *step]


def test_the_synthetic_quotes_are_the_published_ones() -> None:
    loop = a_loop()
    loop.run_shadow(some_params((BTC, "SOLUSDT"), 12))
    quotes = [event for event in events_of(loop, QuoteUpdate)]
    assert len(quotes) == 24
    first, other = quotes[:2]
    assert (first.bid, first.ask) == (e9(49_975), e9(50_025))
    assert (other.bid, other.ask) == (e9("2998.5"), e9("3001.5"))
    assert (quotes[18].bid, quotes[20].bid) == (e9(50_450) * 9995 // 10_000, first.bid)


def test_the_scripted_edge_falls_from_ten_towards_two() -> None:
    loop = a_loop()
    loop.run_shadow(some_params((BTC, ETH), 4))
    edges = [(event.symbol, event.net_bps) for event in events_of(loop, EdgeUpdate)]
    assert edges == [(s, e9(bps)) for bps in (10, 8, 6, 4) for s in (BTC, ETH)]


def test_the_run_goes_on_to_its_end_after_a_freeze() -> None:
    loop = a_loop(monitor=a_monitor(threshold=9))
    report = loop.run_shadow(some_params(iterations=10))
    assert len(events_of(loop, QuoteUpdate)) == len(events_of(loop, EdgeUpdate)) == 10
    assert report["orders"]["placed"] == 6
    assert report["risk"]["last_freeze_reason"] == "Edge degradation: 2.80 BPS < 9.00 BPS"


def test_quotes_older_than_the_answers_before_them_enter_at_the_time_of_the_line() -> None:
    loop = a_loop(FakeExchangeClient(0.0, 0.0, 2_000))
    loop.run_shadow(some_params(iterations=3))
    stamps = [entry.event.ts_ns for entry in recorded(loop) if isinstance(entry.event, INPUTS)]
    assert stamps == sorted(stamps)
    seconds = [(event.ts_ns - T0_NS) // NS_PER_S for event in events_of(loop, QuoteUpdate)]
    assert seconds == [0, 4, 8]


def test_a_feed_of_its_own_brings_its_own_time() -> None:
    loop = a_loop(PlainExchange(), now_ms=0)
    report = loop.run_shadow(some_params(), HandFeed([100, 101, 102], 5))
    assert loop.event_clock.ns // NS_PER_MS == T0_MS + 10_000
    assert report["execution"] == {"iterations": 3, "symbols": [BTC]}
    assert report["params"]["market"] == {"feed": "by hand"}
    assert report["runtime"]["utc"] == "1970-01-01T00:00:00+00:00"


def test_progress_is_told_after_every_step() -> None:
    told: list[tuple[int, int]] = []
    a_loop().run_shadow(some_params(iterations=3), progress=lambda *step: told.append(step))
    assert told == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize("iterations", [0, -1, True, 1.5, 10**9])
def test_a_number_of_steps_that_cannot_be_is_an_error(iterations: int) -> None:
    with pytest.raises(ContractError, match="iterations"):
        a_loop().run_shadow(some_params(iterations=iterations))


@pytest.mark.parametrize("symbols", [(), ("",), ("btc",), (BTC, BTC), ("A B",)])
def test_symbols_that_cannot_be_are_an_error(symbols: tuple[str, ...]) -> None:
    with pytest.raises(ContractError, match="symbol"):
        a_loop().run_shadow(some_params(symbols))


# Requoting.


def test_a_requoting_run_never_leaves_more_than_one_pair_open() -> None:
    loop = a_loop(a_fake(0.3, 0.1, 0.5))
    report = loop.run_shadow(some_params((BTC, ETH), 30, requote=True))
    orders = report["orders"]
    assert orders["open"] <= 4
    assert orders["canceled"] > 10
    assert orders["placed"] == orders["filled_full"] + orders["canceled"] + orders["open"]


def test_without_requoting_nothing_is_canceled_while_trading_goes_on() -> None:
    report = a_loop(a_fake(0.3)).run_shadow(some_params((BTC,), 30))
    assert report["orders"]["canceled"] == 0


# The measured edge.


class TakenOnTheWrongSide(PlainExchange):
    """Fills buys at 100, before the fall, and sells at 90, before the rise."""

    def place_limit(self, req: PlaceOrderRequest) -> PlaceOrderResponse:
        response = super().place_limit(req)
        assert response.order_id is not None
        if (req.side is BUY) is (req.price > 95):
            self.report(response.order_id, side=req.side, price=req.price)
            del self.resting[response.order_id]
        return response


def a_toxic_run(steps: int, threshold: float = 1.5) -> tuple[list[object], dict[str, object]]:
    loop = a_loop(TakenOnTheWrongSide(), a_monitor(threshold=threshold), edge=COMPUTED)
    params = some_params()
    params.spread_bps = 0
    report = loop.run_shadow(params, HandFeed([100, 90] * (steps // 2), 5))
    return [entry.event for entry in recorded(loop)], report


def test_toxic_flow_freezes_when_twenty_fills_are_measured() -> None:
    """Every fill loses 10 within five seconds: 20 of every 190 traded, 1052.63 basis points."""
    events, report = a_toxic_run(30)
    risk = report["risk"]
    assert isinstance(risk, dict)
    assert risk["first_freeze_reason"] == "Edge degradation: -1052.63 BPS < 1.50 BPS"
    frozen = next(place for place, event in enumerate(events) if isinstance(event, Frozen))
    quotes = [event for event in events[:frozen] if isinstance(event, QuoteUpdate)]
    assert len(quotes) == 21
    assert not any(isinstance(event, Approved) for event in events[frozen:])


def test_before_twenty_fills_are_measured_the_edge_is_not_judged() -> None:
    events, report = a_toxic_run(20)
    assert not any(isinstance(event, (EdgeUpdate, Frozen)) for event in events)
    edge = report["edge"]
    assert isinstance(edge, dict)
    assert (edge["mode"], edge["last_bps"]) == ("computed", {})


def test_the_report_shows_what_was_measured_at_each_horizon() -> None:
    _, report = a_toxic_run(24, threshold=-2_000)
    edge = report["edge"]
    assert isinstance(edge, dict)
    measured = edge["measured"][BTC]
    assert list(measured) == ["1s", "5s", "10s"]
    assert measured["5s"]["fills"] == 23
    assert (measured["5s"]["capture_bps"], measured["5s"]["fee_bps"]) == (0.0, 0.0)
    assert measured["5s"]["net_bps"] == -measured["5s"]["adverse_bps"] < -1_000
    assert measured["10s"]["net_bps"] == 0.0


def test_an_unmeasured_symbol_says_so() -> None:
    _, report = a_toxic_run(2)
    edge = report["edge"]
    assert isinstance(edge, dict)
    assert edge["measured"][BTC]["10s"] == {"fills": 0}


def test_the_demo_can_measure_its_own_edge() -> None:
    """Both sides always fill: adverse selection cancels out, and what is left is the spread.

    A capture of 2.5 basis points less a fee of 1, but for the rounding of prices.
    """
    report = run_shadow_demo(
        [BTC], 60, fill_rate=1.0, reject_rate=0.0, partial_fill_rate=0.0, edge=COMPUTED,
        clock=lambda: T0_MS,
    )  # fmt: skip
    assert report.data["edge"]["last_bps"][BTC] == pytest.approx(1.5, abs=0.01)
    edge = report.data["edge"]
    assert (edge["mode"], report.data["params"]["edge"]) == ("markouts", "markouts")
    assert edge["measured"][BTC]["1s"]["capture_bps"] == pytest.approx(2.5)


# Several runs, and worlds that lie.


def test_a_run_on_an_exchange_that_keeps_what_it_canceled_says_so_and_balances() -> None:
    exchange = PlainExchange()
    exchange.cancel = lambda order_id: True  # type: ignore[method-assign]
    loop = a_loop(exchange, a_monitor(threshold=9))
    report = loop.run_shadow(some_params(iterations=10))
    assert list(report["risk"]["unresolved_cancels"]) == [f"X{n}" for n in range(1, 7)]
    assert report["orders"]["canceled"] == report["orders"]["placed"] == 6


def test_a_second_run_of_one_loop_goes_on_where_the_first_ended() -> None:
    loop = a_loop(a_fake(0.7, 0.05, 0.1))
    first = loop.run_shadow(some_params(iterations=10))
    second = loop.run_shadow(some_params(iterations=10))
    assert second["orders"]["placed"] > first["orders"]["placed"]
    assert second["integrity"]["events"] == len(recorded(loop)) == loop.seq


def test_latency_counts_from_the_decision_to_the_answer() -> None:
    loop = a_loop(FakeExchangeClient(0.0, 0.0, 30))
    report = loop.run_shadow(some_params(iterations=1))
    accepted = events_of(loop, OrderAccepted)
    assert [event.ts_ns - T0_NS for event in accepted] == [30 * NS_PER_MS, 60 * NS_PER_MS]
    assert report["latency"]["ack_ms"] == {"count": 2, "p50": 30, "p95": 60, "max": 60}
    assert events_of(loop, Fill) == []


def test_a_run_without_an_answer_has_no_latency() -> None:
    report = a_loop(a_fake(reject_rate=1.0)).run_shadow(some_params(iterations=1))
    assert report["latency"]["ack_ms"] == {"count": 0, "p50": None, "p95": None, "max": None}
