"""`tools.live.journal.store_records`: what a store writes is read back exactly, or not at all."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.durable_builders import NOON_NS, a_durable, by_hand, whole
from tools.live.core.contracts_v1 import BUY
from tools.live.core.errors import ContractError
from tools.live.core.money import LARGEST_E9, SCALE
from tools.live.fold_state.orders import tell_store
from tools.live.journal.reader import Reader
from tools.live.journal.store_records import (
    ACCEPTED, ENTERED, FILL, FILLED_TO, MOVED, NAMED, NUMBERED, OPENED, NotAStore, Rebuilt, amount,
    opened_payload, read_change, read_opened,
)  # fmt: skip
from tools.live.order_store import FillOutcome, InMemoryOrderStore, OrderState

ID = "CLI00000001"
ENTER = {"client_order_id": ID, "price": "100", "qty": "4", "side": "Buy", "symbol": "BTCUSDT"}
MOVE = {"client_order_id": ID, "message": None, "order_id": None, "state": "open"}
ACCEPT = {"client_order_id": ID, "order_id": "X1"}
EXECUTE = {"client_order_id": ID, "fill_id": "F1", "price": "99.5", "qty": "1.5"}
FILL_TO = {"client_order_id": ID, "price": "99.5", "qty": "1.5"}
MS = 10**6


def a_store() -> InMemoryOrderStore:
    store = InMemoryOrderStore()
    store.open_pending("BTCUSDT", BUY, 4 * SCALE, 100 * SCALE, 7)
    return store


def test_an_order_is_entered() -> None:
    store = InMemoryOrderStore()
    order = read_change(ENTERED, ENTER, 7)(store)
    assert tell_store(store) == tell_store(a_store())
    assert store.get(ID) is order


def test_an_id_is_taken() -> None:
    store = a_store()
    told = {"client_order_id": "CLI00000002"}
    assert read_change(NUMBERED, told, 7)(store) == "CLI00000002"
    assert store.next_id == "CLI00000003"


def test_an_order_is_moved() -> None:
    store = a_store()
    read_change(MOVED, {**MOVE, "message": "why", "order_id": "X1"}, 9)(store)
    order = store.orders[ID]
    assert (order.state, order.updated_ns, order.message) == (OrderState.OPEN, 9, "why")
    assert store.get_by_order_id("X1") is order


def test_a_move_may_name_nothing() -> None:
    store = a_store()
    read_change(MOVED, MOVE, 9)(store)
    assert (store.orders[ID].order_id, store.orders[ID].message) == (None, None)


def test_an_empty_name_is_a_name() -> None:
    store = a_store()
    read_change(MOVED, {**MOVE, "order_id": "", "message": ""}, 9)(store)
    assert (store.orders[ID].order_id, store.orders[ID].message) == ("", "")
    assert store.get_by_order_id("") is store.orders[ID]


def test_an_order_is_accepted_or_only_named() -> None:
    accepted, named = a_store(), a_store()
    read_change(ACCEPTED, ACCEPT, 9)(accepted)
    read_change(NAMED, ACCEPT, 9)(named)
    for store in (accepted, named):
        assert store.orders[ID].order_id == "X1"
    assert (accepted.orders[ID].state, accepted.orders[ID].updated_ns) == (OrderState.OPEN, 9)
    assert (named.orders[ID].state, named.orders[ID].updated_ns) == (OrderState.PENDING, 7)


def test_a_fill_is_booked() -> None:
    store = a_store()
    assert read_change(FILL, EXECUTE, 9)(store) is FillOutcome.APPLIED
    order = store.orders[ID]
    assert (order.filled_e9, order.cost_e18) == (1_500_000_000, 1_500_000_000 * 99_500_000_000)
    assert order.updated_ns == 9
    assert read_change(FILL, EXECUTE, 9)(store) is FillOutcome.DUPLICATE


def test_a_sum_is_booked() -> None:
    store = a_store()
    read_change(FILLED_TO, FILL_TO, 9 * MS)(store)
    order = store.orders[ID]
    assert (order.filled_e9, order.cost_e18) == (1_500_000_000, 1_500_000_000 * 99_500_000_000)
    assert (order.updated_ns, store.fill_count()) == (9 * MS, 0)


@pytest.mark.parametrize(
    ("topic", "told", "ns", "message"),
    [
        ("store.erased", {}, 1, "nobody knows a change of that name"),
        (ENTERED, [], 1, "store.entered [] is not an object"),
        (ENTERED, {}, 1, "store.entered lacks client_order_id"),
        (ENTERED, {**ENTER, "x": "1"}, 1, "store.entered has 'x', which nobody knows"),
        (ENTERED, {**ENTER, "symbol": 1}, 1, "symbol 1 is not text"),
        (ENTERED, {**ENTER, "client_order_id": 1}, 1, "client_order_id 1 is not text"),
        (ENTERED, {**ENTER, "side": "buy"}, 1, "side 'buy' is not one of Buy, Sell"),
        (ENTERED, {**ENTER, "qty": "04"}, 1, "qty '04' is not spelled 4"),
        (ENTERED, {**ENTER, "qty": "4.0"}, 1, "qty '4.0' is not spelled 4"),
        (ENTERED, {**ENTER, "qty": "0"}, 1, "qty '0' must be above 0"),
        (ENTERED, {**ENTER, "qty": 4}, 1, "qty 4 is not text"),
        (ENTERED, {**ENTER, "price": "1e2"}, 1, "price '1e2' is not spelled 100"),
        (ENTERED, {**ENTER, "price": "-1"}, 1, "price '-1' must be above 0"),
        (ENTERED, ENTER, -1, "time -1 is not whole nanoseconds since 1970, below 2^63"),
        (ENTERED, ENTER, 1 << 63, "time 9223372036854775808 is not whole nanoseconds"),
        (ENTERED, ENTER, True, "time True is not whole nanoseconds"),
        (ENTERED, ENTER, 1.0, "time 1.0 is not whole nanoseconds"),
        (NUMBERED, {"client_order_id": None}, 1, "client_order_id None is not text"),
        (MOVED, {**MOVE, "state": "gone"}, 1, "state 'gone' is not one of pending, open,"),
        (MOVED, {**MOVE, "client_order_id": 1}, 1, "client_order_id 1 is not text"),
        (MOVED, {**MOVE, "order_id": 1}, 1, "order_id 1 is not text"),
        (MOVED, {**MOVE, "message": 1}, 1, "message 1 is not text"),
        (ACCEPTED, {**ACCEPT, "order_id": None}, 1, "order_id None is not text"),
        (ACCEPTED, {**ACCEPT, "client_order_id": 1}, 1, "client_order_id 1 is not text"),
        (NAMED, {**ACCEPT, "order_id": None}, 1, "order_id None is not text"),
        (NAMED, {**ACCEPT, "client_order_id": 1}, 1, "client_order_id 1 is not text"),
        (FILL, {**EXECUTE, "client_order_id": 1}, 1, "client_order_id 1 is not text"),
        (FILL, {**EXECUTE, "fill_id": 1}, 1, "fill_id 1 is not text"),
        (FILL, {**EXECUTE, "qty": "1.50"}, 1, "qty '1.50' is not spelled 1.5"),
        (FILL, {**EXECUTE, "price": "+1"}, 1, "price '+1' is not spelled 1"),
        (FILLED_TO, {**FILL_TO, "client_order_id": 1}, 1, "client_order_id 1 is not text"),
        (FILLED_TO, {**FILL_TO, "qty": "1.50"}, MS, "qty '1.50' is not spelled 1.5"),
        (FILLED_TO, {**FILL_TO, "price": "01"}, MS, "price '01' is not spelled 1"),
        (FILLED_TO, FILL_TO, MS + 1, "time 1000001 is not a whole millisecond"),
    ],
)
def test_what_no_store_writes_is_not_read(topic: str, told: Any, ns: Any, message: str) -> None:
    with pytest.raises(ContractError) as refused:
        read_change(topic, told, ns)
    assert str(refused.value).startswith(message)


def test_the_last_nanosecond_is_one() -> None:
    store = InMemoryOrderStore()
    for ns in (0, (1 << 63) - 1):
        own_id = store.next_id
        read_change(ENTERED, {**ENTER, "client_order_id": own_id}, ns)(store)
        assert store.orders[own_id].created_ns == ns


@pytest.mark.parametrize(
    ("topic", "told"),
    [
        (MOVED, MOVE), (ACCEPTED, ACCEPT), (NAMED, ACCEPT), (FILL, EXECUTE), (FILLED_TO, FILL_TO),
    ],
)  # fmt: skip
def test_a_change_of_an_order_that_is_not_kept(topic: str, told: dict[str, Any]) -> None:
    with pytest.raises(ContractError, match="^client_order_id 'CLI00000001' is not that of an or"):
        read_change(topic, told, MS)(InMemoryOrderStore())


@pytest.mark.parametrize(
    ("topic", "told"), [(ENTERED, ENTER), (NUMBERED, {"client_order_id": ID})]
)
def test_an_id_that_is_not_the_next(topic: str, told: dict[str, Any]) -> None:
    store = a_store()
    with pytest.raises(ContractError, match="'CLI00000001' is not the next, CLI00000002$"):
        read_change(topic, told, 1)(store)
    assert tell_store(store) == tell_store(a_store())


@pytest.mark.parametrize("scaled", [1, SCALE, 1_500_000_000, LARGEST_E9])
def test_an_amount_is_read_back(scaled: int) -> None:
    store = InMemoryOrderStore()
    told = {**ENTER, "qty": amount(scaled, "qty"), "price": amount(scaled, "price")}
    order = read_change(ENTERED, told, 1)(store)
    assert (order.qty_e9, order.price_e9) == (scaled, scaled)


@pytest.mark.parametrize("scaled", [0, -1, LARGEST_E9 + 1, 1.0, True, "1"])
def test_an_amount_that_could_not_be_read_back(scaled: Any) -> None:
    with pytest.raises(ContractError, match=f"^qty {scaled!r} is not an integer from 1 to 10"):
        amount(scaled, "qty")


@pytest.mark.parametrize("retain", [None, 0, 7])
def test_the_first_record_is_read_back(retain: int | None) -> None:
    assert read_opened(opened_payload(retain)) == retain


@pytest.mark.parametrize(
    ("told", "message"),
    [
        (None, "store.opened None is not an object"),
        ({"retain": None, "version": 2}, "version 2 is not 1, which this program knows"),
        ({"retain": None}, "version None is not 1, which this program knows"),
        ({"version": 1}, "store.opened lacks retain"),
        ({"retain": -1, "version": 1}, "retain -1 is not a whole number from 0"),
        ({"retain": True, "version": 1}, "retain True is not a whole number from 0"),
        ({"more": 1, "retain": 1, "version": 1}, "store.opened has 'more', which nobody knows"),
    ],
)
def test_a_first_record_of_another_form(told: Any, message: str) -> None:
    with pytest.raises(ContractError) as refused:
        read_opened(told)
    assert str(refused.value).startswith(message)


FIRST = ("store", OPENED, '{"retain":null,"version":1}', NOON_NS)
TAKEN = ("store", NUMBERED, '{"client_order_id":"CLI00000001"}', NOON_NS)


@pytest.mark.parametrize(
    ("records", "seq", "message"),
    [
        ([("feed", "md.quote", "{}", 1)], 1, "(md.quote) is intact, but no order store can be reb"),
        ([("feed", OPENED, '{"retain":null,"version":1}', 1)], 1, "source 'feed' is not 'store'"),
        ([TAKEN], 1, "a store's log begins with store.opened, which comes once"),
        ([FIRST, FIRST], 2, "a store's log begins with store.opened, which comes once"),
        ([FIRST, TAKEN, TAKEN], 3, "is not the next, CLI00000002"),
        ([FIRST, ("store", "store.erased", "{}", 1)], 2, "nobody knows a change of that name"),
        ([FIRST, ("store", NUMBERED, '{"a":1,"a":1}', 1)], 2, "has the key 'a' twice"),
        ([("store", OPENED, '{"retain":null,"version":2}', 1)], 1, "version 2 is not 1, which"),
    ],
)
def test_a_log_that_is_no_stores_is_refused_and_not_touched(
    records: list[tuple[str, str, str, int]], seq: int, message: str
) -> None:
    disk = by_hand(*records)
    before, changed = disk.image(), disk.changed
    with pytest.raises(NotAStore) as refused:
        a_durable(disk)
    assert (refused.value.seq, refused.value.exit_code) == (seq, 3)
    assert refused.value.topic == records[-1][1]
    told = str(refused.value)
    assert message in told
    assert told.startswith(f"seq {seq} ({records[-1][1]}) is intact, but no order store can be")
    assert told.endswith("; nothing was changed; open the log with the program that wrote it")
    assert "\n" not in told
    assert (disk.image(), disk.changed) == (before, changed)


def test_a_log_by_hand_is_a_store() -> None:
    store = a_durable(by_hand(FIRST, TAKEN))
    assert store.next_id == "CLI00000002"


def test_reading_stops_where_it_is_told_to_and_knows_the_newest_time() -> None:
    later = ("store", ENTERED, '{"client_order_id":"CLI00000002","price":"1","qty":"1","side":'
             '"Buy","symbol":"A"}', NOON_NS + 5)  # fmt: skip
    disk = by_hand(FIRST, TAKEN, later)
    part, all_of_it = Rebuilt(), Rebuilt()
    part.take(Reader(disk).poll(), 2)
    all_of_it.take(Reader(disk).poll())
    assert part.store is not None and all_of_it.store is not None
    assert (part.store.next_id, part.newest_ns) == ("CLI00000002", NOON_NS)
    assert (all_of_it.store.next_id, all_of_it.newest_ns) == ("CLI00000003", NOON_NS + 5)
    assert whole(a_durable(disk)) == whole(all_of_it.store)
