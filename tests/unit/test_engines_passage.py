"""The way to a simulated exchange and back, on the spot and with delays."""

from __future__ import annotations

import pytest

from tools.live.core.contracts_v1 import CancelFailed, OrderAccepted, OrderCanceled, OrderRejected
from tools.live.core.errors import ContractError
from tools.live.core.market_v1 import Bbo
from tools.live.core.words_v1 import BUY
from tools.live.engines.passage import Passage, package
from tools.live.exchange import FillEvent
from tools.live.sim.delays import Constant, Delays
from tools.live.sim.exchange import SimulatedExchange
from tools.live.sim.orders import OrderRequest
from tools.live.sim.terms import Terms

E9 = 10**9


def quote(ns: int, ask: int = 101) -> Bbo:
    return Bbo("X", "test", (ask - 1) * E9, E9, ask * E9, E9, None, None, ns)


def order(name: str, price: int, qty: int = E9) -> OrderRequest:
    return OrderRequest(name, "X", BUY, qty, price=price * E9)


def kinds(passage: Passage) -> list[type[object]]:
    return [answer.__class__ for answer in passage.answers()]


def test_on_the_spot() -> None:
    passage = Passage(SimulatedExchange())
    passage.hear(quote(5))
    assert passage.now_ns == 5
    passage.send(order("a", 101))
    passage.send(order("b", 90))
    passage.cancel("ORD000002")
    passage.cancel("ORD000002")
    passage.send(order("c", 90, 0))
    said = list(passage.answers())
    assert [one.__class__ for one in said] == [
        OrderAccepted, FillEvent, OrderAccepted, OrderCanceled, CancelFailed, OrderRejected,
    ]  # fmt: skip
    assert said[0] == OrderAccepted("a", "ORD000001", 5)
    assert said[4] == CancelFailed("ORD000002", "not open", 5)
    assert isinstance(said[5], OrderRejected) and said[5].message
    assert not list(passage.answers())


def test_a_fill_comes_before_the_cancel_that_followed_it() -> None:
    passage = Passage(SimulatedExchange())
    passage.hear(quote(5))
    passage.send(order("a", 90, 2 * E9))
    passage.hear(quote(6, 90))
    passage.cancel("ORD000001")
    assert kinds(passage) == [OrderAccepted, FillEvent, OrderCanceled]


def test_with_delays_answers_take_their_time() -> None:
    slow = Delays(submit=Constant(10), acknowledge=Constant(10), cancel=Constant(10))
    passage = Passage(SimulatedExchange(Terms(delays=slow)))
    passage.hear(quote(5))
    passage.send(order("a", 90))
    passage.hear(quote(20))
    assert kinds(passage) == []
    passage.hear(quote(30))
    assert kinds(passage) == [OrderAccepted]
    passage.cancel("ORD000001")
    passage.hear(quote(50))
    assert kinds(passage) == [OrderCanceled]


def test_what_is_due_before_the_market_moves_happens_before() -> None:
    passage = Passage(SimulatedExchange(Terms(delays=Delays(submit=Constant(10)))))
    passage.hear(quote(5))
    passage.send(order("a", 150))
    passage.hear(quote(20, 120))
    (fill,) = [one for one in passage.answers() if isinstance(one, FillEvent)]
    assert fill.price == 101


def test_time_never_goes_back() -> None:
    passage = Passage(SimulatedExchange())
    passage.hear(quote(5))
    passage.hear(quote(5))
    with pytest.raises(ContractError, match="of X is of 4, before the present 5; tell it in the"):
        passage.hear(quote(4))


def test_a_missing_package_says_what_to_install() -> None:
    assert package("json.decoder", "1").JSONDecoder
    message = "the package no_such_engine is not installed; run: pip install no_such_engine==1.2"
    with pytest.raises(ContractError) as raised:
        package("no_such_engine.deep.inside", "1.2")
    assert str(raised.value) == message
