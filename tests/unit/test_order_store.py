"""The store moves orders along the table and nowhere else, and books every fill exactly once."""

from __future__ import annotations

import pytest

from tests.unit.store_model import an_order_in, picture
from tools.live import order_store
from tools.live.core.contracts_v1 import BUY, SELL
from tools.live.core.errors import ContractError, FillConflict, IllegalTransition, Overfill
from tools.live.core.money import SCALE
from tools.live.order_store import (
    TERMINAL, TRANSITIONS, FillOutcome, InMemoryOrderStore, OrderState,
)  # fmt: skip

PAIRS = [(old, new) for old in OrderState for new in OrderState]


@pytest.mark.parametrize(
    ("old", "new"), [pair for pair in PAIRS if pair[1] in TRANSITIONS[pair[0]]], ids=str
)
def test_a_legal_move_moves(old: OrderState, new: OrderState) -> None:
    store = InMemoryOrderStore()
    order = an_order_in(store, old)
    store.update_state(order.client_order_id, new, 2000, message="moved")
    assert order.state is new
    assert (order.updated_at_ms, order.created_at_ms, order.message) == (2000, 1000, "moved")
    assert store.get_by_state(new) == [order]
    assert new is old or store.get_by_state(old) == []
    assert store.count_by_state() == {new.value: 1}
    assert store.get_by_symbol("BTCUSDT") == store.get_all() == [order]
    assert store.live_orders() == ([] if new in TERMINAL else [order])
    assert store.has_live() is store.has_live("BTCUSDT") is (new not in TERMINAL)


@pytest.mark.parametrize(
    ("old", "new"), [pair for pair in PAIRS if pair[1] not in TRANSITIONS[pair[0]]], ids=str
)
def test_an_illegal_move_raises_and_changes_nothing(old: OrderState, new: OrderState) -> None:
    store = InMemoryOrderStore()
    order = an_order_in(store, old)
    before = picture(store)
    with pytest.raises(IllegalTransition) as refused:
        store.update_state(order.client_order_id, new, 2000, "ORD000009", "moved")
    allowed = ", ".join(sorted(state.value for state in TRANSITIONS[old]))
    assert str(refused.value) == (
        f"order CLI00000001 is {old.value} and cannot become {new.value};"
        f" from here it can become {allowed or 'nothing: it is final'}"
    )
    assert picture(store) == before


def test_there_are_36_pairs_and_12_of_them_are_legal() -> None:
    legal = [pair for pair in PAIRS if pair[1] in TRANSITIONS[pair[0]]]
    assert (len(PAIRS), len(legal)) == (36, 12)


def test_ids_count_from_one_and_are_never_used_twice() -> None:
    store = InMemoryOrderStore()
    assert store.generate_client_order_id() == "CLI00000001"
    assert store.create("A", "Buy", 1, 1, 0).client_order_id == "CLI00000002"
    assert store.open_pending("A", BUY, 1, 1, 0).client_order_id == "CLI00000003"
    assert store.generate_client_order_id() == "CLI00000004"


def test_a_created_order_is_pending_with_both_times_set() -> None:
    order = InMemoryOrderStore().create("BTCUSDT", "sell", 0.01, 50_000, 1234)
    assert order.to_dict() == {
        "client_order_id": "CLI00000001", "symbol": "BTCUSDT", "side": "Sell", "qty": 0.01,
        "price": 50_000.0, "state": "pending", "order_id": None, "filled_qty": 0.0,
        "avg_fill_price": 0.0, "created_at_ms": 1234, "updated_at_ms": 1234, "message": None,
    }  # fmt: skip


def test_the_house_opens_orders_in_its_own_numbers() -> None:
    order = InMemoryOrderStore().open_pending("BTCUSDT", SELL, 3, 7, 9)
    assert (order.side_of, order.qty_e9, order.price_e9) == (SELL, 3, 7)
    assert (order.created_ns, order.updated_ns, order.state) == (9, 9, OrderState.PENDING)
    assert (order.filled_e9, order.cost_e18, order.late_e9) == (0, 0, 0)
    assert (order.order_id, order.message) == (None, None)


@pytest.mark.parametrize(
    ("side", "qty", "price", "message"),
    [
        ("Hold", 1, 1, "side 'Hold' is neither Buy nor Sell"),
        ("Buy", 0, 1, "qty 0 must be above 0"),
        ("Buy", 1, -1, "price -1 must be above 0"),
    ],
)
def test_what_cannot_be_is_not_created(side: str, qty: int, price: int, message: str) -> None:
    store = InMemoryOrderStore()
    with pytest.raises(ContractError) as refused:
        store.create("A", side, qty, price, 0)
    assert str(refused.value) == message
    assert store.get_all() == []
    assert store.generate_client_order_id() == "CLI00000001"


@pytest.mark.parametrize("method", ["update_state", "update_fill"])
def test_an_unknown_order_is_a_key_error(method: str) -> None:
    store = InMemoryOrderStore()
    arguments = (OrderState.OPEN, 1) if method == "update_state" else (1, 1, 1)
    with pytest.raises(KeyError) as unknown:
        getattr(store, method)("CLI99999999", *arguments)
    assert unknown.value.args == ("Order not found: CLI99999999",)


def test_what_is_unknown_is_none_or_empty() -> None:
    store = InMemoryOrderStore()
    assert store.get("CLI00000001") is None
    assert store.get_by_order_id("ORD000001") is None
    assert store.get_by_symbol("A") == store.live_orders("A") == store.get_open_orders() == []
    assert not store.has_live()
    assert not store.has_live("A")
    assert store.to_dict() == {"orders": [], "count": 0, "count_by_state": {}}


def test_a_state_may_be_given_by_its_word() -> None:
    store = InMemoryOrderStore()
    order = store.create("A", "Buy", 1, 1, 0)
    store.update_state("CLI00000001", "open", 1)  # type: ignore[arg-type]
    assert order.state is OrderState.OPEN
    assert store.get_by_state("open") == [order]  # type: ignore[arg-type]
    store.update_state("CLI00000001", OrderState.CANCELED, 1)
    assert store.get_by_state("canceled") == [order]  # type: ignore[arg-type]


def test_an_exchange_id_is_found_and_never_changes() -> None:
    store = InMemoryOrderStore()
    order = an_order_in(store, OrderState.OPEN)
    assert store.get_by_order_id("ORD000001") is order
    store.update_state("CLI00000001", OrderState.PARTIALLY_FILLED, 5, "ORD000001")
    before = picture(store)
    with pytest.raises(ContractError) as refused:
        store.update_state("CLI00000001", OrderState.CANCELED, 6, "ORD000002", "x")
    assert str(refused.value) == (
        "exchange id 'ORD000002' for CLI00000001: already bound to ORD000001"
    )
    assert picture(store) == before


def test_accepting_opens_an_order_under_its_exchange_id() -> None:
    store = InMemoryOrderStore()
    order = store.create("BTCUSDT", "Buy", 4, 100, 1000)
    store.accept(order, "ORD000001", 2_000_000_000)
    assert (order.state, order.order_id) == (OrderState.OPEN, "ORD000001")
    assert (order.updated_at_ms, order.created_at_ms) == (2000, 1000)
    assert store.get_by_order_id("ORD000001") is order


@pytest.mark.parametrize("state", [state for state in OrderState if state.value != "pending"])
def test_only_a_pending_order_can_be_accepted(state: OrderState) -> None:
    store = InMemoryOrderStore()
    order = an_order_in(store, state)
    before = picture(store)
    with pytest.raises(IllegalTransition):
        store.accept(order, "ORD000009", 2000)
    assert picture(store) == before


def test_an_exchange_id_is_accepted_once() -> None:
    store = InMemoryOrderStore()
    an_order_in(store, OrderState.OPEN)
    other = store.create("BTCUSDT", "Buy", 4, 100, 1000)
    before = picture(store)
    with pytest.raises(ContractError, match="for CLI00000002: already bound to CLI00000001$"):
        store.accept(other, "ORD000001", 2000)
    assert picture(store) == before


def test_two_orders_never_share_an_exchange_id() -> None:
    store = InMemoryOrderStore()
    an_order_in(store, OrderState.OPEN)
    store.create("BTCUSDT", "Sell", 1, 1, 0)
    before = picture(store)
    with pytest.raises(ContractError) as refused:
        store.update_state("CLI00000002", OrderState.OPEN, 6, "ORD000001")
    assert str(refused.value) == (
        "exchange id 'ORD000001' for CLI00000002: already bound to CLI00000001"
    )
    assert picture(store) == before


def test_a_message_stays_when_none_is_given() -> None:
    store = InMemoryOrderStore()
    order = store.create("A", "Buy", 1, 1, 0)
    store.update_state("CLI00000001", OrderState.OPEN, 1, message="first")
    store.update_state("CLI00000001", OrderState.CANCELED, 2)
    assert order.message == "first"


def test_open_orders_are_those_that_can_trade_oldest_first() -> None:
    store = InMemoryOrderStore()
    for _ in range(4):
        store.create("A", "Buy", 2, 1, 0)
    for key in ("CLI00000004", "CLI00000003", "CLI00000001"):
        store.update_state(key, OrderState.OPEN, 1)
    store.update_fill("CLI00000003", 1, 1, 2)
    shown = [order.client_order_id for order in store.get_open_orders()]
    assert shown == ["CLI00000001", "CLI00000003", "CLI00000004"]
    assert [order.client_order_id for order in store.live_orders()][1] == "CLI00000002"


def test_to_dict_is_the_published_form() -> None:
    store = InMemoryOrderStore()
    order = an_order_in(store, OrderState.FILLED)
    store.create("ETHUSDT", "Sell", 1, 1, 0)
    assert store.to_dict() == {
        "orders": [order.to_dict(), store.get_all()[1].to_dict()],
        "count": 2,
        "count_by_state": {"pending": 1, "filled": 1},
    }


def test_counts_name_only_states_that_occur_in_their_order() -> None:
    store = InMemoryOrderStore()
    an_order_in(store, OrderState.REJECTED)
    store.create("A", "Buy", 1, 1, 0)
    assert list(store.count_by_state()) == ["pending", "rejected"]


def test_reset_equals_a_new_store() -> None:
    store = InMemoryOrderStore(retain=1)
    order = an_order_in(store, OrderState.OPEN)
    store.apply_fill(order, "F1", SCALE, SCALE, 1)
    an_order_in(store, OrderState.REJECTED)
    an_order_in(store, OrderState.REJECTED)
    store.reset()
    assert picture(store) == picture(InMemoryOrderStore())
    assert an_order_in(store, OrderState.OPEN).client_order_id == "CLI00000001"
    assert store.retired.counts[OrderState.REJECTED] == 0


@pytest.mark.parametrize("retain", [-1, -100])
def test_a_negative_retention_is_refused(retain: int) -> None:
    with pytest.raises(ContractError) as refused:
        InMemoryOrderStore(retain=retain)
    assert str(refused.value) == f"retain {retain} must be 0 or more, or None to keep all"


def test_the_module_offers_what_its_all_says() -> None:
    assert all(hasattr(order_store, name) for name in order_store.__all__)
    assert [outcome.value for outcome in FillOutcome] == ["applied", "duplicate", "late"]
    assert issubclass(Overfill, FillConflict)


@pytest.mark.parametrize("state", [OrderState.OPEN, OrderState.FILLED, OrderState.CANCELED])
def test_only_what_may_open_can_be_accepted(state: OrderState) -> None:
    store = InMemoryOrderStore()
    order = store.create("BTCUSDT", "Buy", 1, 100, 5)
    store.update_state(order.client_order_id, state, 6)
    before = store.to_dict()
    with pytest.raises(IllegalTransition, match=f"is {state.value} and cannot become open"):
        store.accept(order, "ORD000009", 7)
    assert store.to_dict() == before
    assert store.get_by_order_id("ORD000009") is None


def test_a_move_that_the_table_does_not_hold_changes_nothing() -> None:
    store = InMemoryOrderStore()
    order = store.create("BTCUSDT", "Buy", 1, 100, 5)
    store.move(order, OrderState.CANCELED, 6)
    before = store.to_dict()
    with pytest.raises(IllegalTransition, match="is canceled and cannot become open; from here"):
        store.move(order, OrderState.OPEN, 7, "late")
    assert store.to_dict() == before
