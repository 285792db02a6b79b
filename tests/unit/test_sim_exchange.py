"""The port, and the wires with their delays."""

from __future__ import annotations

import pytest

from tests.unit.sim_builders import MS, T0, Floor, a_quote, a_request, a_trade
from tools.live.core.clock import EventClock
from tools.live.core.contracts_v1 import (
    CancelFailed, OrderAccepted, OrderCanceled, OrderRejected, PlaceOrderRequest,
)  # fmt: skip
from tools.live.core.errors import LiveError
from tools.live.core.money import SCALE
from tools.live.core.outputs_v1 import Approved
from tools.live.core.words_v1 import BUY, REQUEST_LIFE_NS, SELL
from tools.live.exchange import FillEvent, OrderStatus, PlaceOrderResponse
from tools.live.exchange_answers import AnsweringExchange
from tools.live.exchange_query import Found, QueryableExchange
from tools.live.sim.answers import Amended
from tools.live.sim.delays import Constant, Delays
from tools.live.sim.exchange import SimulatedExchange
from tools.live.sim.orders import OrderKind, TimeInForce
from tools.live.sim.rules import SymbolRules
from tools.live.sim.terms import Terms

FAR = Terms(
    delays=Delays(
        submit=Constant(10 * MS), acknowledge=Constant(10 * MS), fill=Constant(30 * MS),
        cancel=Constant(5 * MS), cancel_answer=Constant(1 * MS),
    )
)  # fmt: skip


def test_it_is_every_port_there_is() -> None:
    exchange = SimulatedExchange()
    assert isinstance(exchange, AnsweringExchange)
    assert isinstance(exchange, QueryableExchange)
    told = exchange.describe()
    assert told["client"] == "SimulatedExchange" and told["seed"] == 42
    assert told["queue"] == {"queue": "pessimistic"} and told["sessions"] == "always open"


def test_the_port_of_the_loop_takes_limit_orders() -> None:
    floor = Floor()
    request = PlaceOrderRequest("C1", "AAA", BUY, 2, 101)
    response = floor.exchange.place_limit(request)
    assert response == PlaceOrderResponse(True, "ORD000001", OrderStatus.FILLED, None, T0 // MS)
    (fill,) = floor.exchange.stream_fills()
    assert (fill.fill_id, fill.order_id, fill.qty, fill.price) == ("FIL000001", "ORD000001", 2, 101)
    assert list(floor.exchange.stream_fills()) == []
    nothing = PlaceOrderRequest("C2", "AAA", BUY, 0, 101)
    assert (floor.exchange.place_limit(nothing).message or "").startswith("impossible")


def test_a_name_that_is_taken_is_no_answer() -> None:
    floor = Floor()
    floor.send("C1")
    with pytest.raises(LiveError, match="duplicate_id: C1"):
        floor.send("C1")
    assert floor.open() == [("C1", 10)]


def test_a_request_and_its_answers_take_their_time() -> None:
    floor = Floor(FAR)
    exchange = floor.exchange
    response = floor.send("C1", qty=2, price=101)
    assert (response.status, response.order_id) == (OrderStatus.PENDING, None)
    assert exchange.next_answer_ns() == T0 + 10 * MS
    assert floor.at(T0 + 9 * MS).open() == []
    assert floor.at(T0 + 10 * MS).said() == []  # it has filled, and nobody knows yet
    assert floor.position() == 2 and exchange.next_answer_ns() == T0 + 20 * MS
    floor.at(T0 + 40 * MS)
    said = list(exchange.stream_answers())
    assert said[0] == OrderAccepted("C1", "ORD000001", T0 + 20 * MS)
    assert isinstance(said[1], FillEvent) and said[1].timestamp_ms == T0 // MS + 10
    assert exchange.next_answer_ns() is None


def test_neither_way_is_overtaken() -> None:
    """A cancel goes faster than an order, and its answer faster than an acknowledgement."""
    floor = Floor(FAR)
    floor.send("C1", price=90)
    floor.send("C2", qty=0)
    assert floor.exchange.cancel("ORD000001") is None
    floor.at(T0 + 100 * MS)
    assert list(floor.exchange.stream_answers()) == [
        OrderAccepted("C1", "ORD000001", T0 + 20 * MS),
        OrderRejected("C2", "impossible: qty 0 must be above 0", T0 + 20 * MS),
        OrderCanceled("ORD000001", T0 + 20 * MS),
    ]


def test_a_cancel_that_comes_behind_the_fill_fails() -> None:
    floor = Floor(FAR)
    floor.send("C1", qty=2, price=100)
    floor.at(T0 + 20 * MS)
    floor.exchange.cancel("ORD000001")
    floor.hear(a_trade(99, 5, SELL))
    floor.at(T0 + 100 * MS)
    assert list(floor.exchange.stream_answers())[-1] == CancelFailed(
        "ORD000001", "filled", T0 + 50 * MS
    )


def test_amendments_and_replacements_on_their_way() -> None:
    floor = Floor(FAR)
    floor.send("C1", price=90)
    floor.at(T0 + 20 * MS)
    assert floor.exchange.amend("ORD000001", qty=4 * SCALE) is None
    assert floor.exchange.replace("ORD000001", a_request("C2", price=80)).order_id is None
    floor.at(T0 + 100 * MS)
    assert floor.said() == [
        "OrderAccepted ORD000001", "OrderCanceled ORD000001", "OrderAccepted ORD000002",
    ]  # fmt: skip
    assert list(floor.exchange.stream_amendments()) == [Amended("ORD000001", None, T0 + 40 * MS)]
    assert list(floor.exchange.stream_amendments()) == []


def test_a_request_that_is_too_old_is_refused() -> None:
    slow = Terms(delays=Delays(submit=Constant(REQUEST_LIFE_NS + 1)))
    floor = Floor(slow)
    floor.exchange.place_limit(Approved("C1", "AAA", BUY, SCALE, SCALE, T0))
    floor.at(T0 + 10 * REQUEST_LIFE_NS)
    (answer,) = floor.exchange.stream_answers()
    assert isinstance(answer, OrderRejected)
    assert answer.message == "too_late: it was to be refused behind 2025-01-01T00:00:05Z"


def test_in_its_last_moment_it_is_not_too_old() -> None:
    slow = Terms(delays=Delays(submit=Constant(REQUEST_LIFE_NS)), rules={"AAA": SymbolRules()})
    for terms in (slow, Terms(delays=slow.delays)):
        floor = Floor(terms)
        floor.exchange.place_limit(Approved("C1", "AAA", BUY, SCALE, SCALE, T0))
        floor.at(T0 + REQUEST_LIFE_NS)
        assert floor.said() == ["OrderAccepted ORD000001"]


def test_a_taken_name_gets_no_answer_over_a_wire() -> None:
    floor = Floor(FAR)
    floor.send("C1", price=90)
    floor.send("C1", price=91)
    floor.at(T0 + 100 * MS)
    assert floor.said() == ["OrderAccepted ORD000001"] and floor.exchange.unanswered == 1


def test_questions_are_answered_as_it_stands() -> None:
    floor = Floor(Terms(cash_e18=0))
    exchange = floor.exchange
    floor.send("C1", qty=7, price=101)
    floor.send("C2", qty=1, price=99.0, symbol="BBB")
    floor.send("C3", qty=0)
    floor.send("C4", kind=OrderKind.STOP, stop=200)
    answer = exchange.get_order("C1")
    assert answer.found is Found.OPEN and answer.order is not None
    assert (answer.order.filled_qty, answer.order.price, len(answer.fills)) == (5, 101, 1)
    assert exchange.get_order("C3").found is Found.REJECTED
    assert exchange.get_order("C9").found is Found.UNKNOWN
    assert [one.client_order_id for one in exchange.get_open_orders("BBB")] == ["C2"]
    assert exchange.get_open_orders("AAA")[1].price == 0
    assert [one.fill_id for one in exchange.get_fills()] == ["FIL000001"]
    assert exchange.get_balances() == {"USD": -505 * SCALE * SCALE}
    assert [(one.symbol, one.qty) for one in exchange.get_positions()] == [("AAA", 5)]
    assert exchange.cancel_client_order("C1") and not exchange.cancel_client_order("C1")
    assert not exchange.cancel_client_order("C3")
    assert exchange.get_order("C1").found is Found.CANCELED


def test_what_was_forgotten_is_not_unknown() -> None:
    floor = Floor(Terms(retain=1))
    for name in ("C1", "C2", "C3"):
        floor.send(name, qty=1, price=101)
    assert floor.exchange.get_order("C3").found is Found.FILLED
    with pytest.raises(LiveError, match="2 were forgotten"):
        floor.exchange.get_order("C1")


def test_it_lives_on_the_clock_of_a_line() -> None:
    exchange, line = SimulatedExchange(FAR), EventClock()
    exchange.join(line, lambda: T0 // MS)
    response = exchange.place_limit(PlaceOrderRequest("C1", "AAA", BUY, 1, 101))
    assert response.timestamp_ms == T0 // MS
    line.ns = T0 + 3 * MS
    exchange.cancel("ORD000009")
    line.ns = T0 + 21 * MS
    assert [answer.__class__.__name__ for answer in exchange.stream_answers()] == [
        "OrderAccepted", "CancelFailed",
    ]  # fmt: skip
    line.ns = T0 + 60 * MS
    exchange.place_limit(PlaceOrderRequest("C2", "AAA", BUY, 1, 101))
    exchange.desk.hear(a_quote(99, 101))
    line.ns = T0 + 200 * MS
    assert [fill.order_id for fill in exchange.stream_fills()] == ["ORD000001", "ORD000002"]
    assert [answer.__class__.__name__ for answer in exchange.stream_answers()] == ["OrderAccepted"]


def test_the_clock_moves_to_what_has_reached_us() -> None:
    floor, line = Floor(FAR), EventClock()
    floor.exchange.join(line, lambda: 0)
    floor.exchange.driven = True
    floor.send("C1", qty=1, price=101)
    floor.exchange.run_to(T0 + 10 * MS)
    floor.exchange.here_ns = T0 + 25 * MS
    assert floor.said() == ["OrderAccepted ORD000001"] and line.ns == T0 + 20 * MS
    assert list(floor.exchange.stream_fills()) == []
    floor.exchange.here_ns = T0 + 40 * MS
    assert [fill.qty for fill in floor.exchange.stream_fills()] == [1]
    assert line.ns == T0 + 40 * MS


def test_an_answer_that_comes_before_the_next_request_arrives() -> None:
    floor = Floor(FAR)
    floor.send("C1", price=90)
    floor.at(T0 + 15 * MS).send("C2", price=90)
    assert floor.exchange.next_answer_ns() == T0 + 20 * MS  # of the first; the other is there at 25
    floor.at(T0 + 20 * MS).said()
    assert floor.exchange.next_answer_ns() == T0 + 25 * MS


def test_time_at_our_end_may_stand_still_or_go_back() -> None:
    floor = Floor()
    floor.exchange.here_ns = T0 - 5
    assert floor.send("C1").timestamp_ms == T0 // MS
    floor.exchange.here_ns = T0 + 7 * MS
    assert floor.send("C2").timestamp_ms == T0 // MS + 7


def test_a_loop_that_has_not_begun_says_what_time_it_is() -> None:
    exchange = SimulatedExchange()
    assert exchange.submit(a_request("C0")).timestamp_ms == 0
    exchange.join(EventClock(), lambda: T0 // MS)
    assert exchange.submit(a_request("C1")).timestamp_ms == T0 // MS
    exchange.join(EventClock(T0 + 3 * MS), lambda: 0)
    assert exchange.submit(a_request("C2")).timestamp_ms == T0 // MS + 3


def test_reset_is_new_and_the_state_is_all_of_it() -> None:
    floor = Floor(FAR)
    hashes = [floor.exchange.state_hash()]
    floor.send("C1", time_in_force=TimeInForce.DAY)
    hashes.append(floor.exchange.state_hash())  # it is on its way
    floor.at(T0 + 10 * MS)
    hashes.append(floor.exchange.state_hash())  # and now its answer
    floor.at(T0 + 20 * MS).said()
    floor.exchange.amend("ORD000001", qty=1)
    hashes.append(floor.exchange.state_hash())
    assert len(set(hashes)) == 4
    floor.exchange.reset()
    assert floor.exchange.state() == SimulatedExchange(FAR).state()


def test_fills_wait_for_whoever_wants_only_fills() -> None:
    floor = Floor()
    floor.send("C1", qty=9, price=101, time_in_force=TimeInForce.IOC)
    floor.send("C2", SELL, 1, price=99)
    assert [fill.order_id for fill in floor.exchange.stream_fills()] == ["ORD000001", "ORD000002"]
    assert floor.said() == ["OrderCanceled ORD000001"]


def test_a_limit_order_that_needs_a_closer_look_gets_it() -> None:
    exchange = Floor(Terms(only_listed=True)).exchange
    response = exchange.place_limit(PlaceOrderRequest("C1", "AAA", BUY, 2, 101))
    assert not response.success and (response.message or "").startswith("unknown_symbol")


def test_a_request_may_come_at_an_instant_whose_timers_have_run() -> None:
    """An order ends at T, we hear of T and answer by one that takes no time to come."""
    floor = Floor(Terms(delays=Delays(fill=Constant(MS))))
    floor.send("C1", time_in_force=TimeInForce.GTD, expires_ns=T0 + MS)
    floor.at(T0 + MS)
    floor.send("C2")
    floor.send("C3")
    floor.at(T0 + 2 * MS)
    assert floor.open() == [("C2", 10), ("C3", 10)]
