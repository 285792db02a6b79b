"""Asking what became of an order, and whether the answer can be about it."""

from __future__ import annotations

import pytest

from tests.sim.venue import Venue, VenueOrder, Wire
from tests.unit.builders import BTC, ETH, T0_NS, PlainExchange, e9
from tools.live.core.contracts_v1 import BUY, SELL, PlaceOrderRequest, Side
from tools.live.core.order import Order
from tools.live.exchange_query import Found, OrderAnswer
from tools.live.order_store import InMemoryOrderStore
from tools.live.shell_query import CannotTell, ask, cancel_and_ask, contradiction, said

NAME = "CLI00000001"


def an_order() -> Order:
    return InMemoryOrderStore().open_pending(BTC, BUY, e9("0.5"), e9(100), T0_NS)


def row(
    side: Side = BUY, qty: str = "0.5", price: int = 100, symbol: str = BTC, order_id: str = "V1"
) -> VenueOrder:
    return VenueOrder(order_id, NAME, PlaceOrderRequest(NAME, symbol, side, qty, price))


def answer(found: Found = Found.OPEN, shown: VenueOrder | None = None) -> OrderAnswer:
    return OrderAnswer(found, (shown or row()).shown())


def test_an_exchange_that_can_is_asked_for_the_order() -> None:
    venue = Venue()
    venue.orders[NAME] = row()
    venue.orders[NAME].found = Found.FILLED
    assert ask(Wire(venue), an_order()).found is Found.FILLED


def test_another_is_asked_for_its_open_orders() -> None:
    exchange = PlainExchange()
    exchange.place_limit(PlaceOrderRequest("CLI00000007", BTC, BUY, 1, 1))
    exchange.place_limit(PlaceOrderRequest(NAME, BTC, BUY, "0.5", 100))
    found = ask(exchange, an_order())
    assert found.found is Found.OPEN
    assert found.order is not None and found.order.order_id == "X2"


def test_not_among_the_open_ones_is_no_answer() -> None:
    with pytest.raises(CannotTell, match="cannot be asked for one order"):
        ask(PlainExchange(), an_order())


def test_a_cancel_by_our_id_goes_before_the_question() -> None:
    venue = Venue()
    venue.orders[NAME] = row()
    assert cancel_and_ask(Wire(venue), an_order()).found is Found.CANCELED


def test_an_exchange_without_such_a_cancel_is_only_asked() -> None:
    exchange = PlainExchange()
    exchange.place_limit(PlaceOrderRequest(NAME, BTC, BUY, "0.5", 100))
    assert cancel_and_ask(exchange, an_order()).found is Found.OPEN
    assert exchange.canceled == []


@pytest.mark.parametrize("found", [Found.OPEN, Found.FILLED, Found.CANCELED])
def test_the_order_as_we_sent_it_is_believed(found: Found) -> None:
    assert contradiction(an_order(), answer(found)) is None


@pytest.mark.parametrize("found", [Found.UNKNOWN, Found.REJECTED])
def test_no_such_order_needs_not_be_shown(found: Found) -> None:
    assert contradiction(an_order(), OrderAnswer(found, None)) is None


def test_an_order_that_is_not_shown_is_not_believed() -> None:
    assert contradiction(an_order(), OrderAnswer(Found.FILLED, None)) == (
        "says filled of CLI00000001 and does not show it"
    )


@pytest.mark.parametrize(
    "other",
    [row(side=SELL), row(qty="0.6"), row(price=101), row(symbol=ETH)],
    ids=["side", "qty", "price", "symbol"],
)
def test_another_order_under_our_id_is_not_believed(other: VenueOrder) -> None:
    wrong = contradiction(an_order(), answer(Found.OPEN, other))
    assert wrong is not None and wrong.startswith("holds another order as CLI00000001: OpenOrder(")


def test_another_id_than_before_is_not_believed() -> None:
    order = an_order()
    order.order_id = "V7"
    assert contradiction(order, answer()) == "names CLI00000001 'V1', not 'V7'"
    order.order_id = "V1"
    assert contradiction(order, answer()) is None


def test_an_error_without_words_is_named() -> None:
    assert said(TimeoutError()) == "TimeoutError"
    assert said(TimeoutError("no answer")) == "no answer"
