"""Fills in `tools.live.order_store`: once each, never beyond the order, never back in time."""

from __future__ import annotations

import pytest

from tests.unit.store_model import an_order_in, picture
from tools.live.core.errors import (
    ContractError, FillConflict, IllegalTransition, Overfill,
)  # fmt: skip
from tools.live.core.money import SCALE
from tools.live.order_store import FillOutcome, InMemoryOrderStore, OrderState

E9 = SCALE


def test_an_execution_is_booked() -> None:
    store = InMemoryOrderStore()
    order = an_order_in(store, OrderState.OPEN)
    assert store.apply_fill(order, "F1", E9, 99 * E9, 5_000_000) is FillOutcome.APPLIED
    assert order.state is OrderState.PARTIALLY_FILLED
    assert (order.filled_qty, order.avg_fill_price, order.updated_at_ms) == (1.0, 99.0, 5)
    assert store.apply_fill(order, "F2", 3 * E9, 103 * E9, 6_000_000) is FillOutcome.APPLIED
    assert order.state is OrderState.FILLED
    assert (order.filled_qty, order.avg_fill_price, order.updated_at_ms) == (4.0, 102.0, 6)
    assert (order.leaves_e9, order.late_e9) == (0, 0)
    assert store.fill_count() == 2
    assert store.fills == {"F1": (order, E9, 99 * E9), "F2": (order, 3 * E9, 103 * E9)}


def test_a_fill_may_overtake_its_acknowledgement() -> None:
    store = InMemoryOrderStore()
    order = an_order_in(store, OrderState.PENDING)
    assert store.apply_fill(order, "F1", 4 * E9, E9, 1) is FillOutcome.APPLIED
    assert order.state is OrderState.FILLED


def test_a_duplicate_fill_changes_nothing() -> None:
    store = InMemoryOrderStore()
    order = an_order_in(store, OrderState.OPEN)
    store.apply_fill(order, "F1", E9, E9, 1)
    before = picture(store)
    assert store.apply_fill(order, "F1", E9, E9, 9) is FillOutcome.DUPLICATE
    assert picture(store) == before


def test_a_duplicate_of_the_last_fill_is_recognised_too() -> None:
    store = InMemoryOrderStore()
    order = an_order_in(store, OrderState.OPEN)
    store.apply_fill(order, "F1", 4 * E9, E9, 1)
    assert store.apply_fill(order, "F1", 4 * E9, E9, 9) is FillOutcome.DUPLICATE


@pytest.mark.parametrize(("qty", "price"), [(2 * E9, E9), (E9, 2 * E9), (9 * E9, E9)])
def test_the_same_id_with_other_numbers_raises_and_changes_nothing(qty: int, price: int) -> None:
    store = InMemoryOrderStore()
    order = an_order_in(store, OrderState.OPEN)
    store.apply_fill(order, "F1", E9, E9, 1)
    before = picture(store)
    with pytest.raises(FillConflict) as refused:
        store.apply_fill(order, "F1", qty, price, 9)
    assert str(refused.value) == "fill 'F1' is known with other numbers or another order"
    assert not isinstance(refused.value, Overfill)
    assert picture(store) == before


def test_the_same_id_on_another_order_raises_and_changes_nothing() -> None:
    store = InMemoryOrderStore()
    order = an_order_in(store, OrderState.OPEN)
    store.apply_fill(order, "F1", E9, E9, 1)
    other = store.create("BTCUSDT", "Buy", 4, 100, 1000)
    before = picture(store)
    with pytest.raises(FillConflict, match="^fill 'F1' is known with other numbers"):
        store.apply_fill(other, "F1", E9, E9, 1)
    assert picture(store) == before


@pytest.mark.parametrize(
    ("state", "qty", "left"),
    [
        (OrderState.PENDING, 4 * E9 + 1, "4.0"),
        (OrderState.OPEN, 5 * E9, "4.0"),
        (OrderState.PARTIALLY_FILLED, 3 * E9 + 1, "3.0"),
        (OrderState.FILLED, 1, "0.0"),
        (OrderState.CANCELED, 4 * E9 + 1, "4.0"),
        (OrderState.REJECTED, 4 * E9 + 1, "4.0"),
    ],
)
def test_an_overfill_raises_and_changes_nothing(state: OrderState, qty: int, left: str) -> None:
    store = InMemoryOrderStore()
    order = an_order_in(store, state)
    before = picture(store)
    with pytest.raises(Overfill) as refused:
        store.apply_fill(order, "F9", qty, E9, 9)
    assert str(refused.value) == (
        f"fill 'F9' of {qty / E9!r} overfills CLI00000001: {left} of 4.0 is left"
    )
    assert picture(store) == before
    assert store.fill_count() == 0


@pytest.mark.parametrize("state", [OrderState.CANCELED, OrderState.REJECTED])
def test_a_late_fill_is_a_fact_of_its_own_and_the_end_stays_the_end(state: OrderState) -> None:
    store = InMemoryOrderStore()
    order = an_order_in(store, state)
    assert store.apply_fill(order, "F1", 3 * E9, 101 * E9, 7_000_000) is FillOutcome.LATE
    assert order.state is state
    assert (order.late_e9, order.filled_e9) == (3 * E9, 0)
    assert (order.cost_e18, order.updated_at_ms) == (303 * E9 * E9, 7)
    assert (store.count(state), store.fill_count()) == (1, 1)
    assert store.apply_fill(order, "F1", 3 * E9, 101 * E9, 8) is FillOutcome.DUPLICATE


def test_late_fills_cannot_overfill_together() -> None:
    store = InMemoryOrderStore()
    order = an_order_in(store, OrderState.CANCELED)
    store.apply_fill(order, "F1", 3 * E9, E9, 1)
    before = picture(store)
    with pytest.raises(Overfill, match=r"^fill 'F2' of 2.0 overfills CLI00000001: 1.0 of 4.0 is"):
        store.apply_fill(order, "F2", 2 * E9, E9, 1)
    assert picture(store) == before


def test_update_fill_takes_cumulative_numbers() -> None:
    store = InMemoryOrderStore()
    order = an_order_in(store, OrderState.OPEN)
    store.update_fill("CLI00000001", 1, 100, 11)
    assert (order.state, order.filled_qty) == (OrderState.PARTIALLY_FILLED, 1.0)
    store.update_fill("CLI00000001", 3, 98, 12)
    assert (order.filled_qty, order.avg_fill_price, order.updated_at_ms) == (3.0, 98.0, 12)
    store.update_fill("CLI00000001", 4, 99.5, 13)
    assert (order.state, order.avg_fill_price) == (OrderState.FILLED, 99.5)


def test_update_fill_and_executions_go_together() -> None:
    store = InMemoryOrderStore()
    order = an_order_in(store, OrderState.OPEN)
    store.apply_fill(order, "F1", E9, 100 * E9, 1)
    store.update_fill("CLI00000001", 2, 101, 2)
    store.apply_fill(order, "F2", 2 * E9, 103 * E9, 3)
    assert (order.state, order.avg_fill_price) == (OrderState.FILLED, 102.0)


@pytest.mark.parametrize("state", [OrderState.PARTIALLY_FILLED, OrderState.FILLED])
def test_the_same_cumulative_numbers_change_nothing(state: OrderState) -> None:
    store = InMemoryOrderStore()
    order = an_order_in(store, state)
    before = picture(store)
    store.update_fill("CLI00000001", order.filled_qty, 100, 9999)
    assert picture(store) == before


@pytest.mark.parametrize(("filled", "average"), [(0, 0), (0.999999999, 100), (1, 101), (1, 99)])
def test_a_cumulative_quantity_that_does_not_grow_is_a_conflict(
    filled: float, average: int
) -> None:
    store = InMemoryOrderStore()
    an_order_in(store, OrderState.PARTIALLY_FILLED)
    before = picture(store)
    with pytest.raises(FillConflict) as refused:
        store.update_fill("CLI00000001", filled, average, 9999)
    assert str(refused.value) == (
        f"filled_qty {filled!r} at {average!r} of CLI00000001 takes back"
        " a part of the 1.0 at 100.0 booked already"
    )
    assert picture(store) == before


def test_a_cumulative_cost_that_shrinks_would_need_a_negative_price() -> None:
    store = InMemoryOrderStore()
    an_order_in(store, OrderState.PARTIALLY_FILLED)
    before = picture(store)
    with pytest.raises(FillConflict):
        store.update_fill("CLI00000001", 2, 49, 9999)
    assert picture(store) == before


@pytest.mark.parametrize(
    ("filled", "average", "message"),
    [
        (-1, 100, "filled_qty -1 must be 0 or more"),
        (float("nan"), 100, "filled_qty nan is not a finite number"),
        (2, -1, "avg_fill_price -1 must be 0 or more"),
        (2, "1_0", "avg_fill_price '1_0' is not a number; give digits like 0.01"),
    ],
)
def test_a_cumulative_number_that_cannot_be_names_itself(
    filled: float, average: float | str, message: str
) -> None:
    store = InMemoryOrderStore()
    an_order_in(store, OrderState.OPEN)
    before = picture(store)
    with pytest.raises(ContractError) as refused:
        store.update_fill("CLI00000001", filled, average, 9999)
    assert str(refused.value) == message
    assert picture(store) == before


def test_a_cumulative_overfill_raises_and_changes_nothing() -> None:
    store = InMemoryOrderStore()
    an_order_in(store, OrderState.PARTIALLY_FILLED)
    before = picture(store)
    with pytest.raises(Overfill) as refused:
        store.update_fill("CLI00000001", 4.000000001, 100, 9999)
    assert str(refused.value) == "filled_qty 4.000000001 overfills CLI00000001 of 4.0"
    assert picture(store) == before


@pytest.mark.parametrize("state", [OrderState.CANCELED, OrderState.REJECTED])
def test_a_cumulative_fill_after_the_end_is_illegal(state: OrderState) -> None:
    store = InMemoryOrderStore()
    an_order_in(store, state)
    before = picture(store)
    with pytest.raises(IllegalTransition):
        store.update_fill("CLI00000001", 1, 100, 9999)
    assert picture(store) == before


@pytest.mark.parametrize("state", [OrderState.PENDING, OrderState.CANCELED])
def test_no_fill_at_all_changes_nothing(state: OrderState) -> None:
    store = InMemoryOrderStore()
    an_order_in(store, state)
    before = picture(store)
    store.update_fill("CLI00000001", 0, 0, 9999)
    assert picture(store) == before


@pytest.mark.parametrize("retain", [0, 1])
def test_the_last_fill_of_a_retired_order_is_in_the_sums(retain: int) -> None:
    store = InMemoryOrderStore(retain=retain)
    for place in range(3):
        order = store.create("BTCUSDT", "Buy", 4, 100, 0)
        store.apply_fill(order, f"A{place}", E9, 100 * E9, 1)
        store.apply_fill(order, f"B{place}", 3 * E9, 100 * E9, 1)
    retired = 3 - retain
    assert store.retired.orders == store.retired.counts[OrderState.FILLED] == retired
    assert store.retired.fills == 2 * retired
    assert list(store.retired.filled_e9.values()) == [4 * E9 * retired]
    assert list(store.retired.cost_e18.values()) == [400 * E9 * E9 * retired]
    assert store.fill_count() == 6
    assert len(store.get_all()) == retain
