"""`sim/iceberg`: one slice shows at a time, and the last one is what is left."""

from __future__ import annotations

from tools.live.core.contracts_v1 import SELL
from tools.live.sim.iceberg import show_next, slice_of
from tools.live.sim.orders import OrderRequest, WorkingOrder


def an_order(qty: int, display: int | None) -> WorkingOrder:
    return WorkingOrder(OrderRequest("C1", "BTC", SELL, qty, price=100, display=display), "O1", 1)


def fill(order: WorkingOrder, qty: int) -> None:
    order.leaves -= qty
    order.shown = max(0, order.shown - qty)


def test_a_used_up_slice_is_followed_by_the_next_and_the_last_is_what_is_left() -> None:
    order = an_order(10, 4)
    shown = []
    while order.leaves:
        shown.append(order.shown)
        fill(order, 1)
        assert not show_next(order) or order.shown
    assert shown == [4, 3, 2, 1, 4, 3, 2, 1, 2, 1]
    assert not show_next(order)


def test_a_slice_that_is_not_used_up_keeps_its_place() -> None:
    order = an_order(10, 4)
    fill(order, 3)
    assert not show_next(order)
    assert order.shown == 1


def test_a_trade_through_the_price_takes_hidden_quantity_too() -> None:
    order = an_order(10, 4)
    fill(order, 7)
    assert show_next(order)
    assert order.shown == 3


def test_an_order_that_hides_nothing_shows_what_is_left() -> None:
    assert slice_of(an_order(10, None)) == 10
    assert slice_of(an_order(3, 3)) == 3
