"""`tools.live.journal.durable_store`: opening is recovering, and a door that returns is durable."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.sim.sim_disk import SimDisk
from tests.unit.durable_builders import (
    NOON_NS, a_durable, busy, changes_of, ended, in_memory, whole,
)  # fmt: skip
from tools.live.core.contracts_v1 import BUY
from tools.live.core.errors import ContractError, IllegalTransition
from tools.live.core.money import SCALE
from tools.live.journal.durable_store import GROUP
from tools.live.journal.errors import LogHeld, NotOurs, StorageFailed
from tools.live.journal.outcome import Profile
from tools.live.journal.reader import Reader
from tools.live.journal.segments import segment_path
from tools.live.journal.store_records import VERSION
from tools.live.journal.writer import Journal
from tools.live.order_store import FillOutcome, InMemoryOrderStore, OrderState

E9 = SCALE
GOLDENS = Path(__file__).parent / "goldens/stores"

@pytest.mark.parametrize("retain", [None, 0, 1])
@pytest.mark.parametrize("how", ["close", "kill", "power"])
def test_a_store_is_there_again(how: str, retain: int | None) -> None:
    disk = SimDisk(3)
    store = a_durable(disk, retain)
    busy(store)
    expected = whole(in_memory(retain))
    assert whole(store) == expected
    if how == "close":
        store.close()
    else:
        ended(disk, int(how == "power"))
    again = a_durable(disk, retain)
    assert whole(again) == expected
    assert again.retain == retain


def test_a_new_store_is_empty_and_says_what_it_is() -> None:
    disk = SimDisk()
    store = a_durable(disk, 5)
    assert whole(store) == whole(InMemoryOrderStore(5))
    assert isinstance(store, InMemoryOrderStore)
    records = list(Reader(disk).poll())
    assert [(one.src, one.topic, one.ts) for one in records] == [
        ("system.log", "system.log.created", NOON_NS), ("store", "store.opened", NOON_NS),
    ]  # fmt: skip
    assert records[0].payload() == {"log_id": "orders-v1"}
    assert records[1].payload() == {"retain": 5, "version": 1}


def test_one_record_a_change_and_none_for_what_changes_nothing() -> None:
    disk = SimDisk()
    store = a_durable(disk)
    busy(store)
    told = [(one.topic, one.ts, one.payload()) for one in changes_of(disk)]
    assert told[:4] == [
        ("store.entered", 1_000_000_000, {
            "client_order_id": "CLI00000001", "price": "100.5", "qty": "4", "side": "Buy",
            "symbol": "BTCUSDT"}),
        ("store.accepted", 1_000_000_001, {"client_order_id": "CLI00000001", "order_id": "X1"}),
        ("store.fill", 1_000_000_002, {
            "client_order_id": "CLI00000001", "fill_id": "F1", "price": "99.000000001",
            "qty": "1"}),
        ("store.filled_to", 1_001_000_000, {
            "client_order_id": "CLI00000001", "price": "101", "qty": "2"}),
    ]  # fmt: skip
    assert told[5:7] == [
        ("store.named", NOON_NS, {"client_order_id": "CLI00000002", "order_id": "X2"}),
        ("store.moved", 6, {
            "client_order_id": "CLI00000002", "message": "by hand \u00e9", "order_id": None,
            "state": "canceled"}),
    ]  # fmt: skip
    assert told[8] == ("store.numbered", NOON_NS, {"client_order_id": "CLI00000003"})
    assert [one[2] for one in told[10:]] == [
        {"client_order_id": "CLI00000004", "message": "", "order_id": "X3", "state": "open"},
        {"client_order_id": "CLI00000004", "message": None, "order_id": None, "state": "canceled"},
    ]
    first = store.get("CLI00000001")
    assert store.apply_fill(first, "F1", E9, 99 * E9 + 1, 9) is FillOutcome.DUPLICATE
    store.update_fill("CLI00000001", 2, 101, 9999)
    with pytest.raises(IllegalTransition):
        store.accept(first, "X9", 1)
    with pytest.raises(KeyError):
        store.update_fill("CLI00000009", 1, 1, 1)
    assert len(changes_of(disk)) == len(told) == 12


def test_the_form_of_the_records_is_frozen(golden: Callable[[Path, str], None]) -> None:
    """When this fails, the form has changed: raise VERSION, go on reading this one, and add a
    golden of the new one."""
    disk = SimDisk()
    with a_durable(disk, 1) as store:
        busy(store)
    golden(GOLDENS / f"v{VERSION}.jsonl", disk.image()[segment_path(0)].decode("ascii"))


@pytest.mark.parametrize("path", sorted(GOLDENS.iterdir()), ids=lambda path: path.stem)
def test_every_store_that_was_ever_kept_can_be_opened(path: Path) -> None:
    disk = SimDisk()
    disk.make_folder("segments")
    disk.put(segment_path(0), path.read_bytes())
    assert whole(a_durable(disk, 1)) == whole(in_memory(1))


def test_what_has_no_time_of_its_own_takes_the_newest() -> None:
    disk = SimDisk()
    store = a_durable(disk, time_ns=100)
    order = store.open_pending("A", BUY, 1, 1, 300)
    store.open_pending("A", BUY, 1, 1, 200)
    store.identify(order, "X1")
    store.generate_client_order_id()
    assert [one.ts for one in changes_of(disk)] == [300, 200, 300, 300]
    store.close()
    assert list(Reader(disk).poll())[-1].ts == 300
    again = a_durable(disk, time_ns=150)
    again.generate_client_order_id()
    assert changes_of(disk)[-1].ts == 300
    again.close(450)
    assert list(Reader(disk).poll())[-1].ts == 450
    a_durable(disk, time_ns=500).generate_client_order_id()
    assert changes_of(disk)[-1].ts == 500


def test_a_log_of_something_else_is_refused() -> None:
    disk = SimDisk()
    Journal.open(disk, log_id="desk-1", holder="a test", time_ns=1).close(2)
    before, changed = disk.image(), disk.changed
    with pytest.raises(NotOurs, match="^the log 'desk-1' where 'orders-v1' is wanted at seg") as no:
        a_durable(disk)
    assert no.value.exit_code == 3
    assert (disk.image(), disk.changed) == (before, changed)


def test_a_store_that_was_begun_otherwise_is_refused() -> None:
    disk = SimDisk()
    a_durable(disk, 3).close()
    before = disk.image()
    with pytest.raises(ContractError) as refused:
        a_durable(disk)
    assert str(refused.value) == (
        "the store was begun with retain 3, not None; give the same, or name another folder"
    )
    assert disk.image() == before
    a_durable(disk, 3)


@pytest.mark.parametrize("retain", [-1, True, 1 << 53])
def test_a_retention_that_cannot_be_kept_begins_nothing(retain: int) -> None:
    disk = SimDisk()
    with pytest.raises(ContractError, match="^retain"):
        a_durable(disk, retain)
    assert disk.image() == {}


def test_a_second_writer_is_refused_and_harms_nothing() -> None:
    disk = SimDisk()
    store = a_durable(disk, holder="the first")
    busy(store)
    with pytest.raises(LogHeld, match="held by the first") as held:
        a_durable(disk)
    assert held.value.exit_code == 4
    store.create("A", "Buy", 1, 1, 1)
    store.close()
    assert whole(a_durable(disk)) == whole(store)


def test_a_log_that_changes_while_it_is_opened_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    disk = SimDisk()
    store = a_durable(disk, profile=Profile.BULK)
    store.generate_client_order_id()
    ended(disk, 0)
    opening = Journal.open

    def cut_and_open(*given: Any, **named: Any) -> Journal:
        path = "segments/00000000000000000000.jsonl"
        disk.put("durable.mark", None)
        disk.put(path, b"".join(disk.image()[path].splitlines(keepends=True)[:-1]))
        return opening(*given, **named)

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "open", cut_and_open)
        with pytest.raises(StorageFailed, match="^the log was changed while it was opened; open"):
            a_durable(disk)
    assert a_durable(disk).next_id == "CLI00000001"


def test_ids_are_never_given_twice() -> None:
    disk = SimDisk()
    given = []
    for life in range(1, 6):
        store = a_durable(disk)
        given.append(store.generate_client_order_id())
        given.append(store.create("A", "Buy", 1, 1, 0).client_order_id)
        ended(disk, life)
    assert given == [f"CLI{number:08d}" for number in range(1, 11)]


def test_a_fill_is_booked_once_across_restarts() -> None:
    disk = SimDisk()
    store = a_durable(disk)
    store.accept(store.create("A", "Buy", 2, 1, 0), "X1", 1)
    store.apply_fill(store.get_by_order_id("X1"), "F1", E9, E9, 2)
    ended(disk, 0)
    again = a_durable(disk)
    order = again.get_by_order_id("X1")
    assert again.apply_fill(order, "F1", E9, E9, 3) is FillOutcome.DUPLICATE
    assert (order.filled_e9, again.fill_count()) == (E9, 1)


def syncs(disk: SimDisk) -> list[str]:
    return [event.rpartition(" ")[2] for event in disk.events if ": sync " in event]


@pytest.mark.parametrize(
    ("profile", "files"),
    [(Profile.STRICT, ["jsonl", "mark"]), (Profile.BULK, ["jsonl"])],
    ids=["strict", "bulk"],
)
def test_a_change_is_one_sync_of_the_log(profile: Profile, files: list[str]) -> None:
    disk = SimDisk()
    store = a_durable(disk, profile=profile)
    disk.events.clear()
    store.create("A", "Buy", 1, 1, 1)
    assert [path.rpartition(".")[2] for path in syncs(disk)] == files
    disk.power_loss(1)
    assert len(a_durable(disk).get_all()) == 1


def test_a_group_is_one_sync_at_its_end() -> None:
    disk = SimDisk()
    store = a_durable(disk)
    disk.events.clear()
    with store.together():
        with store.together():
            busy(store)
        assert not disk.events
        assert whole(store) == whole(in_memory())  # shown to who makes the group
    assert len(syncs(disk)) == 2
    disk.power_loss(1)
    assert whole(a_durable(disk)) == whole(in_memory())


def test_an_empty_group_writes_nothing() -> None:
    disk = SimDisk()
    store = a_durable(disk)
    disk.events.clear()
    with store.together():
        pass
    assert not disk.events


def test_a_large_group_is_stored_in_between() -> None:
    disk = SimDisk()
    store = a_durable(disk)
    disk.events.clear()
    with store.together():
        for _ in range(GROUP - 1):
            store.generate_client_order_id()
        assert not disk.events
        store.generate_client_order_id()
        assert len(syncs(disk)) == 2
        store.generate_client_order_id()
        assert len(syncs(disk)) == 2
    assert len(syncs(disk)) == 4
    assert GROUP == 256


def test_a_group_of_long_texts_does_not_overfill_the_queue() -> None:
    disk = SimDisk()
    store = a_durable(disk)
    with store.together():
        for _ in range(20):
            order = store.create("A", "Buy", 1, 1, 1)
            store.move(order, OrderState.CANCELED, 1, "x" * 1_000_000)
    disk.power_loss(1)
    assert whole(a_durable(disk)) == whole(store)


def test_a_group_with_an_error_of_the_caller_keeps_what_was_done() -> None:
    disk = SimDisk()
    store = a_durable(disk)
    with pytest.raises(IllegalTransition), store.together():
        order = store.create("A", "Buy", 1, 1, 1)
        store.move(order, OrderState.PENDING, 1)
    disk.power_loss(1)
    assert len(a_durable(disk).get_all()) == 1
    store = a_durable(disk := SimDisk())
    with pytest.raises(KeyboardInterrupt), store.together():
        store.create("A", "Buy", 1, 1, 1)
        raise KeyboardInterrupt
    store.create("A", "Buy", 1, 1, 1)
    disk.power_loss(1)
    assert len(a_durable(disk).get_all()) == 2
