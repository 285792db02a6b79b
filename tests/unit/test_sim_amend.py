"""`sim/amend`: a quantity is the total, what filled counts, and only less keeps its place."""

from __future__ import annotations

from typing import Any

import pytest
from tools.live.core.contracts_v1 import BUY, SELL
from tools.live.sim.amend import Amendment, amended, replacement
from tools.live.sim.orders import OrderKind, OrderRequest, WorkingOrder

UNIT = 10**9


def an_order(filled: int = 0, **terms: Any) -> WorkingOrder:
    made: dict[str, Any] = {"qty": 10 * UNIT, "price": 100 * UNIT} | terms
    order = WorkingOrder(OrderRequest("C1", "BTC", BUY, **made), "ORD000001", 1)
    order.leaves -= filled * UNIT
    return order


STOP: dict[str, Any] = {"kind": OrderKind.STOP_LIMIT, "stop": 90 * UNIT}
TRAIL: dict[str, Any] = {"kind": OrderKind.TRAILING_STOP, "price": None, "trail": UNIT}


@pytest.mark.parametrize(("filled", "changes", "leaves", "keeps"), [
    (0, {"qty": 6}, 6, True),
    (0, {"qty": 12}, 12, False),
    (4, {"qty": 6}, 2, True),
    (4, {"qty": 5}, 1, True),
    (4, {"qty": 12}, 8, False),
    (4, {"price": 101}, 6, False),
    (4, {"price": 101, "qty": 5}, 1, False),
    (4, {"price": 100, "qty": 5}, 1, True),
])  # fmt: skip
def test_the_total_less_what_filled_is_left_and_less_keeps_its_place(
    filled: int, changes: dict[str, int], leaves: int, keeps: bool
) -> None:
    order = an_order(filled)
    found = amended(order, **{field: value * UNIT for field, value in changes.items()})
    assert isinstance(found, Amendment)
    assert (found.leaves, found.keeps_place) == (leaves * UNIT, keeps)
    assert found.request.qty == changes.get("qty", 10) * UNIT
    assert found.request.price == changes.get("price", 100) * UNIT
    assert order.leaves == (10 - filled) * UNIT


def test_an_order_that_was_cut_is_amended_from_what_it_is_in_force_for() -> None:
    order = an_order()
    order.qty, order.leaves = 6 * UNIT, 4 * UNIT
    more = amended(order, qty=7 * UNIT)
    assert isinstance(more, Amendment)
    assert (more.leaves, more.keeps_place) == (5 * UNIT, False)
    back = amended(order, qty=10 * UNIT)
    assert isinstance(back, Amendment)
    assert (back.leaves, back.keeps_place) == (8 * UNIT, False)


def test_a_waiting_order_may_get_another_stop() -> None:
    found = amended(an_order(**STOP), stop=91 * UNIT, waiting=True)
    assert isinstance(found, Amendment)
    assert found.request.stop == 91 * UNIT
    assert found.keeps_place


@pytest.mark.parametrize(("order", "changes", "said"), [
    (an_order(), {}, "nothing is changed; name another qty, price or stop"),
    (an_order(), {"qty": 10 * UNIT, "price": 100 * UNIT},
     "nothing is changed; name another qty, price or stop"),
    (an_order(4), {"qty": 4 * UNIT},
     "qty 4 is the new total and 4 has filled; cancel the order instead"),
    (an_order(), {"qty": 0}, "qty 0 is the new total and 0 has filled; cancel the order instead"),
    (an_order(), {"price": 0}, "price 0 must be above 0"),
    (an_order(**STOP), {"stop": 91 * UNIT}, "the stop of order ORD000001 has triggered already"),
    (an_order(**TRAIL), {"stop": 91 * UNIT, "waiting": True},
     "the stop of order ORD000001 moves by itself"),
    (an_order(**TRAIL), {"price": 91 * UNIT, "waiting": True},
     "a trailing_stop order has no price, this one 91; leave the price out"),
    (an_order(after="C0"), {"qty": 4 * UNIT},
     "the quantity of order ORD000001 follows the fill of 'C0'"),
    (an_order(display=5 * UNIT), {"qty": 4 * UNIT}, "display 5 is more than the quantity 4"),
])  # fmt: skip
def test_what_cannot_be_is_told_why(
    order: WorkingOrder, changes: dict[str, Any], said: str
) -> None:
    assert amended(order, **changes) == said


def a_replacement(**terms: Any) -> OrderRequest:
    made: dict[str, Any] = {
        "client_order_id": "C2", "symbol": "BTC", "side": BUY, "qty": 10 * UNIT,
        "price": 99 * UNIT,
    } | terms  # fmt: skip
    return OrderRequest(**made)


def test_a_replacement_works_what_remains_of_its_total() -> None:
    """Not the original quantity again, which would fill more than anybody asked for."""
    found = replacement(an_order(7), a_replacement(display=5 * UNIT))
    assert isinstance(found, OrderRequest)
    assert (found.qty, found.display, found.price) == (3 * UNIT, 3 * UNIT, 99 * UNIT)
    found = replacement(an_order(7), a_replacement(qty=20 * UNIT))
    assert isinstance(found, OrderRequest)
    assert (found.qty, found.display) == (13 * UNIT, None)


@pytest.mark.parametrize(("terms", "said"), [
    ({"side": SELL}, "a replacement has the side of the order; cancel it and send a new one"),
    ({"symbol": "ETH"}, "a replacement has the symbol of the order; cancel it and send a new one"),
    ({"client_order_id": "C1"}, "client_order_id 'C1' is that of the order; take a new one"),
    ({"qty": 7 * UNIT}, "qty 7 is the new total and 7 has filled; nothing remains"),
    ({"price": None}, "a limit order needs a price"),
])  # fmt: skip
def test_what_cannot_take_its_place_is_told_why(terms: dict[str, Any], said: str) -> None:
    assert replacement(an_order(7), a_replacement(**terms)) == said


@pytest.mark.parametrize("link", [{"after": "C0"}, {"one_cancels_other": "pair"}])
def test_a_linked_order_is_amended_not_replaced(link: dict[str, str]) -> None:
    said = "order ORD000001 is linked, and its end would end others; amend it instead"
    assert replacement(an_order(7, **link), a_replacement()) == said
    assert isinstance(amended(an_order(7, **link), price=99 * UNIT), Amendment)
