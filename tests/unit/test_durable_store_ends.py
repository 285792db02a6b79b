"""`tools.live.journal.durable_store`: what it refuses, and what is left of it when it ends."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from tests.sim.journaled_runs import wired
from tests.sim.sim_disk import Faults, SimDisk
from tests.unit.durable_builders import a_durable, busy, changes_of, ended, in_memory, whole
from tools.live.core.contracts_v1 import BUY
from tools.live.core.errors import ContractError, LineFailed
from tools.live.core.money import LARGEST_E9, SCALE
from tools.live.journal import durable_store
from tools.live.journal.durable_store import GROUP, DurableOrderStore
from tools.live.journal.errors import IntegrityRefused, StorageFailed
from tools.live.journal.reader import Reader
from tools.live.journal.writer import Journal
from tools.live.order_store import InMemoryOrderStore, OrderState

E9 = SCALE
LOOK_UPS = (
    "by_symbol", "count", "count_by_state", "fill_count", "get", "get_all", "get_by_order_id",
    "get_by_state", "get_by_symbol", "get_open_orders", "has_live", "live_orders", "to_dict",
)  # fmt: skip
CHANGING = (
    "accept", "apply_fill", "generate_client_order_id", "identify", "move", "open_pending",
    "reset", "update_fill", "update_state",
)  # fmt: skip


def test_every_public_method_is_a_look_up_or_records() -> None:
    """Whoever gives the store in memory a new door must decide what the durable one does."""
    public = [name for name, _ in inspect.getmembers(InMemoryOrderStore, inspect.isfunction)]
    public = [name for name in public if not name.startswith("_")]
    assert public == sorted([*LOOK_UPS, *CHANGING, "create"])
    for name in CHANGING:
        assert name in vars(DurableOrderStore), name


def test_a_reset_is_refused() -> None:
    store = a_durable()
    busy(store)
    with pytest.raises(ContractError) as refused:
        store.reset()
    assert str(refused.value) == (
        "a durable store forgets nothing; begin the next in a new folder"
    )
    assert whole(store) == whole(in_memory())
    loop = wired()
    loop.order_store = store
    with pytest.raises(ContractError, match="forgets nothing"):
        loop.reset()


def test_an_order_of_another_store_is_refused() -> None:
    disk = SimDisk()
    store, other = a_durable(disk), InMemoryOrderStore()
    mine = store.create("A", "Buy", 1, 1, 0)
    order = other.create("A", "Buy", 1, 1, 0)
    before = whole(store)
    calls: list[tuple[str, tuple[Any, ...]]] = [
        ("move", (order, OrderState.OPEN, 1)), ("accept", (order, "X1", 1)),
        ("identify", (order, "X1")), ("apply_fill", (order, "F1", E9, E9, 1)),
    ]  # fmt: skip
    for name, given in calls:
        with pytest.raises(ContractError) as refused:
            getattr(store, name)(*given)
        assert str(refused.value) == (
            "order CLI00000001 is none that this store keeps; look it up again"
        )
    assert whole(store) == before
    assert store.get("CLI00000001") is mine
    assert len(changes_of(disk)) == 1


@pytest.mark.parametrize("taken", ["X1", ""])
def test_an_exchange_id_that_is_taken_is_not_recorded(taken: str) -> None:
    disk = SimDisk()
    store = a_durable(disk)
    store.identify(store.create("A", "Buy", 1, 1, 0), taken)
    order = store.create("A", "Buy", 1, 1, 0)
    before = whole(store)
    calls: list[tuple[str, tuple[Any, ...]]] = [
        ("accept", (order, taken, 1)), ("identify", (order, taken)),
        ("update_state", ("CLI00000002", OrderState.OPEN, 1, taken)),
    ]  # fmt: skip
    for name, given in calls:
        with pytest.raises(ContractError, match="for CLI00000002: already bound to CLI00000001$"):
            getattr(store, name)(*given)
    assert whole(store) == before
    assert len(changes_of(disk)) == 3
    store.accept(order, "X2", 1)


def test_an_order_that_was_retired_is_refused() -> None:
    store = a_durable(retain=0)
    order = store.create("A", "Buy", 1, 1, 0)
    store.move(order, OrderState.CANCELED, 1)
    with pytest.raises(ContractError, match="is none that this store keeps"):
        store.apply_fill(order, "F1", E9, E9, 1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda s, o: s.open_pending("A", BUY, 0, 1, 1), "qty 0 is not an integer from 1 to"),
        (lambda s, o: s.open_pending("A", BUY, 1, LARGEST_E9 + 1, 1), "price 1000000000000000"),
        (lambda s, o: s.open_pending(7, BUY, 1, 1, 1), "symbol 7 is not text"),
        (lambda s, o: s.open_pending("A\ud800", BUY, 1, 1, 1), "payload holds a lone surrogate"),
        (lambda s, o: s.create("A", "Buy", 1, 1, -1), "time -1000000 is not whole nanoseconds"),
        (lambda s, o: s.create("A", "Buy", 1, 1, 0.5), "time 500000.0 is not whole nanoseconds"),
        (lambda s, o: s.accept(o, "X1", -1), "time -1 is not whole nanoseconds"),
        (lambda s, o: s.accept(o, 7, 1), "order_id 7 is not text"),
        (lambda s, o: s.identify(o, None), "order_id None is not text"),
        (lambda s, o: s.move(o, OrderState.OPEN, 1, 7), "message 7 is not text"),
        (lambda s, o: s.apply_fill(o, 7, 1, 1, 1), "fill_id 7 is not text"),
        (lambda s, o: s.apply_fill(o, "F1", 1, 0, 1), "price 0 is not an integer from 1"),
        (lambda s, o: s.update_fill("CLI00000001", 1, 0, 1), "filled_qty 1 at 0 of CLI00000001"),
        (lambda s, o: s.update_state("CLI00000001", OrderState.OPEN, 1, 7), "order_id 7 is not"),
        (lambda s, o: s.move(o, OrderState.OPEN, 1, "x" * (1 << 20)), "a line of 1048"),
    ],
)
def test_what_cannot_be_recorded_changes_nothing(call: Any, message: str) -> None:
    disk = SimDisk()
    store = a_durable(disk)
    with store.together():
        order = store.create("A", "Buy", 4, 1, 1)
        before = whole(store)
        with pytest.raises(ContractError) as refused:
            call(store, order)
        assert str(refused.value).startswith(message)
        assert whole(store) == before
        store.generate_client_order_id()
    ended(disk, 1)
    assert whole(a_durable(disk)) == whole(store)
    assert len(changes_of(disk)) == 2


def refuses(store: Any, message: str) -> None:
    """No door changes anything, and every look-up answers."""
    before = whole(store)
    order = store.get("CLI00000001")
    calls: list[tuple[str, tuple[Any, ...]]] = [
        ("generate_client_order_id", ()), ("create", ("A", "Buy", 1, 1, 1)),
        ("open_pending", ("A", BUY, 1, 1, 1)), ("together", ()),
        ("update_state", ("CLI00000001", OrderState.CANCELED, 1)), ("accept", (order, "X9", 1)),
        ("move", (order, OrderState.CANCELED, 1)), ("identify", (order, "X9")),
        ("update_fill", ("CLI00000001", 4, 1, 1)), ("apply_fill", (order, "F9", 1, 1, 1)),
    ]  # fmt: skip
    for name, given in calls:
        with pytest.raises(StorageFailed) as refused:
            with getattr(store, name)(*given):
                pass
        assert str(refused.value) == f"the order store {message}; open it again", name
    assert whole(store) == before


def test_a_closed_store_only_answers() -> None:
    disk = SimDisk()
    with a_durable(disk) as store:
        busy(store)
    refuses(store, "is closed")
    assert list(Reader(disk).poll())[-1].topic == "system.log.closed"
    records = len(list(Reader(disk).poll()))
    store.close()
    assert len(list(Reader(disk).poll())) == records
    a_durable(disk)


def test_a_store_is_closed_when_its_block_ends_in_an_error() -> None:
    disk = SimDisk()
    with pytest.raises(KeyError), a_durable(disk) as store:
        store.update_fill("CLI00000001", 1, 1, 1)
    assert list(Reader(disk).poll())[-1].topic == "system.log.closed"


def test_closing_within_a_group_stores_it() -> None:
    disk = SimDisk()
    store = a_durable(disk)
    with store.together():
        busy(store)
        store.close()
    assert whole(a_durable(disk)) == whole(in_memory())


def test_an_error_of_the_disk_ends_a_store() -> None:
    disk = SimDisk()
    store = a_durable(disk)
    busy(store)
    held, before = store.get("CLI00000001"), whole(store)
    disk.faults = Faults(sync=1.0)
    with pytest.raises(StorageFailed, match="a record cannot be stored: .* see to the") as failed:
        store.apply_fill(held, "F9", E9, E9, 1)
    assert failed.value.exit_code == 5
    assert isinstance(failed.value, LineFailed)
    assert whole(store) == before
    assert store.get("CLI00000001") is held
    disk.faults = Faults()
    refuses(store, "has failed and takes no change any more")
    store.close()
    assert list(Reader(disk).poll())[-1].topic != "system.log.closed"
    assert whole(a_durable(disk))["shown"] != {}


def test_a_group_that_fails_is_shown_no_more() -> None:
    disk = SimDisk()
    store = a_durable(disk)
    busy(store)
    before = whole(store)
    with pytest.raises(StorageFailed), store.together():
        busy_again(store)
        disk.faults = Faults(sync=1.0)
    disk.faults = Faults()
    assert whole(store) == before
    refuses(store, "has failed and takes no change any more")


def busy_again(store: Any) -> None:
    store.create("A", "Buy", 1, 1, 1)
    store.update_fill("CLI00000001", 4, 100, 2)


def test_what_a_group_has_stored_in_between_stays_shown() -> None:
    disk = SimDisk()
    store = a_durable(disk)
    with pytest.raises(StorageFailed), store.together():
        for _ in range(GROUP + 10):
            store.create("A", "Buy", 1, 1, 1)
        disk.faults = Faults(write=1.0)
    assert len(store.get_all()) == GROUP
    store = a_durable(disk := SimDisk())
    with pytest.raises(StorageFailed), store.together():
        disk.faults = Faults(write=1.0)
        for _ in range(GROUP + 10):
            store.create("A", "Buy", 1, 1, 1)
    assert store.get_all() == []


def test_a_group_that_can_not_even_be_read_again_stays_shown() -> None:
    store = a_durable(disk := SimDisk())
    with pytest.raises(StorageFailed, match="a record cannot be stored"), store.together():
        busy(store)
        disk.faults = Faults(sync=1.0, read=1.0)
    assert whole(store) == whole(in_memory())
    refuses(store, "has failed and takes no change any more")


def test_a_group_that_fails_while_it_is_closed_is_shown_no_more() -> None:
    store = a_durable(disk := SimDisk())
    with pytest.raises(StorageFailed), store.together():
        busy(store)
        disk.faults = Faults(sync=1.0)
        store.close()
    assert store.get_all() == []


def test_a_change_that_is_interrupted_ends_the_store(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its record is durable, so it is shown; nothing may be built on half of its effect."""
    disk = SimDisk()
    store = a_durable(disk)
    busy(store)
    with monkeypatch.context() as patch:
        reading = durable_store.read_change
        patch.setattr(durable_store, "read_change", lambda *told: reading(*told) and interrupted)
        with pytest.raises(KeyboardInterrupt):
            store.create("A", "Buy", 1, 1, 1)
    assert len(store.get_all()) == 4
    refuses(store, "has failed and takes no change any more")
    store.close()
    assert whole(a_durable(disk)) == whole(store)


def test_a_group_that_is_interrupted_in_a_change_is_not_stored_by_closing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    disk = SimDisk()
    store = a_durable(disk)
    busy(store)
    before = whole(store)
    reading = durable_store.read_change
    with pytest.raises(KeyboardInterrupt), store.together():
        store.create("A", "Buy", 1, 1, 1)
        with monkeypatch.context() as patch:
            patch.setattr(durable_store, "read_change", lambda *t: reading(*t) and interrupted)
            store.create("A", "Buy", 1, 1, 1)
    assert whole(store) == before
    store.close()
    assert whole(a_durable(disk)) == before


def interrupted(*_: Any) -> None:
    raise KeyboardInterrupt


def test_an_opening_that_fails_lets_the_lock_go(monkeypatch: pytest.MonkeyPatch) -> None:
    disk = SimDisk()
    with monkeypatch.context() as patch:
        patch.setattr(Journal, "commit_all", interrupted)
        with pytest.raises(KeyboardInterrupt):
            a_durable(disk)
    busy(a_durable(disk))


@pytest.mark.parametrize("line", range(14))
def test_damage_is_refused_and_nothing_is_touched(line: int) -> None:
    disk = SimDisk()
    with a_durable(disk) as store:
        busy(store)
    disk.kill9()
    path = "segments/00000000000000000000.jsonl"
    lines = disk.image()[path].splitlines(keepends=True)
    place = len(b"".join(lines[:line])) + len(lines[line]) // 2
    disk.flip(path, 8 * place + line % 8)
    before, changed = disk.image(), disk.changed
    with pytest.raises(IntegrityRefused) as refused:
        a_durable(disk)
    assert refused.value.exit_code == 3
    assert (disk.image(), disk.changed) == (before, changed)
