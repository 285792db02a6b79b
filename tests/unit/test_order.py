"""The order shows human numbers, keeps exact ones, and its lifecycle is one literal table."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import pytest

from tests.unit import prop
from tools.live.core import order as orders
from tools.live.core.contracts_v1 import BUY, SELL
from tools.live.core.errors import ContractError
from tools.live.core.money import SCALE
from tools.live.core.order import TERMINAL, TRANSITIONS, Order, OrderState, read_side

# The lifecycle as README draws it: from, to.
LIFECYCLE = {
    "pending": "open partially_filled filled canceled rejected",
    "open": "partially_filled filled canceled rejected",
    "partially_filled": "partially_filled filled canceled",
    "filled": "",
    "canceled": "",
    "rejected": "",
}


def an_order(**changes: Any) -> Order:
    values: dict[str, Any] = {
        "client_order_id": "CLI00000001", "symbol": "BTCUSDT", "side": "Buy", "qty": 0.01,
        "price": 50_000, "state": OrderState.OPEN,
    }  # fmt: skip
    return Order(**{**values, **changes})


def test_the_table_is_the_published_lifecycle() -> None:
    shown = {state.value: {to.value for to in TRANSITIONS[state]} for state in TRANSITIONS}
    assert shown == {state: set(following.split()) for state, following in LIFECYCLE.items()}


def test_the_table_knows_every_state() -> None:
    assert list(TRANSITIONS) == list(OrderState)


def test_terminal_states_lead_nowhere() -> None:
    assert TERMINAL == {OrderState.FILLED, OrderState.CANCELED, OrderState.REJECTED}


def test_states_are_their_published_words() -> None:
    assert [state.value for state in OrderState] == list(LIFECYCLE)
    assert OrderState("open") is OrderState.OPEN
    assert OrderState.OPEN == "open"


@pytest.mark.parametrize("name", [state.name for state in OrderState])
def test_every_state_has_a_short_name(name: str) -> None:
    assert getattr(orders, name) is OrderState[name]


def test_an_order_is_built_by_position() -> None:
    order = Order(
        "CLI00000001", "BTCUSDT", "Sell", 2, 3, OrderState.PARTIALLY_FILLED, "ORD000001", 1, 2.5,
        1000, 2000, "why",
    )  # fmt: skip
    assert order.to_dict() == {
        "client_order_id": "CLI00000001", "symbol": "BTCUSDT", "side": "Sell", "qty": 2.0,
        "price": 3.0, "state": "partially_filled", "order_id": "ORD000001", "filled_qty": 1.0,
        "avg_fill_price": 2.5, "created_at_ms": 1000, "updated_at_ms": 2000, "message": "why",
    }  # fmt: skip


def test_the_last_six_have_defaults() -> None:
    order = an_order()
    assert (order.order_id, order.message) == (None, None)
    assert (order.filled_qty, order.avg_fill_price) == (0.0, 0.0)
    assert (order.created_at_ms, order.updated_at_ms) == (0, 0)
    assert order.late_e9 == 0
    assert an_order(filled_qty=0.005).avg_fill_price == 0.0


def test_to_dict_has_the_twelve_published_keys_in_order() -> None:
    assert list(an_order().to_dict()) == [
        "client_order_id", "symbol", "side", "qty", "price", "state", "order_id", "filled_qty",
        "avg_fill_price", "created_at_ms", "updated_at_ms", "message",
    ]  # fmt: skip


def test_to_dict_holds_plain_values() -> None:
    shown = an_order().to_dict()
    assert type(shown["side"]) is str
    assert type(shown["state"]) is str
    assert all(type(shown[name]) is float for name in ("qty", "price", "filled_qty"))


def test_numbers_are_exact_inside_and_rounded_outside() -> None:
    order = an_order(qty="0.01", price="50000.000000001", filled_qty="0.004", avg_fill_price=2)
    assert (order.qty_e9, order.price_e9) == (10_000_000, 50_000 * SCALE + 1)
    assert (order.qty, order.price) == (0.01, 50_000.000000001)
    assert (order.filled_e9, order.leaves_e9) == (4_000_000, 6_000_000)
    assert order.cost_e18 == 4_000_000 * 2 * SCALE
    assert order.filled_qty == 0.004


def test_times_are_kept_in_nanoseconds_and_shown_in_milliseconds() -> None:
    order = an_order(created_at_ms=5, updated_at_ms=6)
    assert (order.created_ns, order.updated_ns) == (5_000_000, 6_000_000)
    order.updated_ns = 7_999_999
    assert (order.created_at_ms, order.updated_at_ms) == (5, 7)


@pytest.mark.parametrize("seed", range(20))
def test_the_average_is_correctly_rounded(seed: int) -> None:
    rng = prop.chance(seed)
    order = an_order(qty=10**6)
    for _ in range(20):
        qty, price = prop.a_qty(rng), prop.a_price(rng)
        order.filled_e9 += qty
        order.cost_e18 += qty * price
        exact = Fraction(order.cost_e18, order.filled_e9 * SCALE)
        assert order.avg_fill_price == float(exact)


@pytest.mark.parametrize("state", OrderState)
def test_open_means_that_it_rests_at_the_exchange(state: OrderState) -> None:
    expected = state.value in ("open", "partially_filled")
    assert an_order(state=state).is_open is expected


def test_a_state_may_be_given_by_its_word() -> None:
    assert an_order(state="canceled").state is OrderState.CANCELED


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"qty": 0}, "qty 0 must be above 0"),
        ({"qty": -1}, "qty -1 must be above 0"),
        ({"qty": math.nan}, "qty nan is not a finite number"),
        ({"price": 0.0}, "price 0.0 must be above 0"),
        ({"filled_qty": -1}, "filled_qty -1 must be 0 or more"),
        ({"avg_fill_price": -1}, "avg_fill_price -1 must be 0 or more"),
        ({"side": "Hold"}, "side 'Hold' is neither Buy nor Sell"),
        ({"side": ""}, "side '' is neither Buy nor Sell"),
    ],
)
def test_what_cannot_be_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ContractError) as refused:
        an_order(**changes)
    assert str(refused.value) == message


@pytest.mark.parametrize("name", ["qty", "price", "filled_qty", "side", "avg_fill_price"])
def test_nobody_sets_what_is_derived(name: str) -> None:
    with pytest.raises(AttributeError):
        setattr(an_order(), name, 1)


def test_there_is_no_room_for_other_attributes() -> None:
    with pytest.raises(AttributeError):
        an_order().note = "x"  # type: ignore[attr-defined]


def test_repr_shows_the_twelve() -> None:
    shown = repr(an_order())
    assert shown.startswith("Order(client_order_id='CLI00000001', symbol='BTCUSDT', side='Buy', ")
    assert shown.endswith("created_at_ms=0, updated_at_ms=0, message=None)")


def test_sides_are_read_in_any_case() -> None:
    assert read_side("bUy") is BUY
    assert read_side("SELL") is SELL
