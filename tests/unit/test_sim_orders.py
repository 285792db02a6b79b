"""Orders as asked for, and as they stand."""

from __future__ import annotations

from tests.unit.sim_builders import a_request
from tools.live.core.money import SCALE
from tools.live.core.outputs_v1 import PlaceOrderRequest
from tools.live.core.words_v1 import SELL
from tools.live.sim.orders import OrderKind, WorkingOrder, plain_order, plain_request


def test_an_order_shows_all_of_it_or_its_slice() -> None:
    assert WorkingOrder(a_request(qty=9), "O1", 1).shown == 9 * SCALE
    assert WorkingOrder(a_request(qty=9, display=2), "O1", 1).shown == 2 * SCALE


def test_what_it_says_of_itself() -> None:
    order = WorkingOrder(a_request(side=SELL, qty=9), "O1", 1, 77)
    order.leaves -= 4 * SCALE
    assert order.filled == 4 * SCALE and not order.is_buy
    assert repr(order) == "WorkingOrder(O1 AAA Sell 4000000000/9000000000 at 100000000000)"
    market = WorkingOrder(a_request(kind=OrderKind.MARKET), "O2", 2)
    assert repr(market).endswith("at market)")
    assert order.state() != market.state() and 77 in order.state()


def test_a_plain_order_says_what_was_asked_for_when_it_is_asked() -> None:
    asked = PlaceOrderRequest("C1", "AAA", SELL, 9, 100)
    request = plain_request("C1", "AAA", SELL, 9 * SCALE, 100 * SCALE)
    order, same = plain_order(asked, "O1", 1, 77), WorkingOrder(request, "O1", 1, 77)
    assert order.state() == same.state() and order.is_plain and not same.is_plain
    order.leaves -= 4 * SCALE  # what has filled is none of the request's business
    assert order.request == request and order.request is order.request
    order.request = amended = plain_request("C1", "AAA", SELL, SCALE, 100 * SCALE)
    assert order.request is amended
