"""Durable order stores for tests, on the simulated disk."""

from __future__ import annotations

from typing import Any

from tests.sim.sim_disk import SimDisk
from tools.live.core.contracts_v1 import BUY
from tools.live.core.money import SCALE as E9
from tools.live.fold_state.orders import tell_store
from tools.live.journal.durable_store import DurableOrderStore
from tools.live.journal.frame import frame_lines, genesis, record_text
from tools.live.journal.reader import Reader, Record
from tools.live.journal.segments import segment_path
from tools.live.journal.store_records import LOG_ID
from tools.live.order_store import InMemoryOrderStore, OrderState

NOON_NS = 1_735_732_800 * 10**9


def a_durable(disk: SimDisk | None = None, retain: int | None = None, **how: Any) -> Any:
    """The store of a disk, by default of a new one; it answers as any order store does."""
    given = {"holder": "a test", "time_ns": NOON_NS, "retain": retain, **how}
    return DurableOrderStore(SimDisk() if disk is None else disk, **given)


def in_memory_or_durable(retain: int | None = None) -> Any:
    """Takes the place of the class of the store in memory in its own tests."""
    return a_durable(retain=retain)


def changes_of(disk: SimDisk) -> list[Record]:
    """What the store has recorded, without the log's own records and the first of the store's."""
    return [one for one in Reader(disk).poll() if one.src == "store"][1:]


def busy(store: Any) -> None:
    """Every kind of change, once or more."""
    first = store.create("BTCUSDT", "Buy", 4, 100.5, 1000)
    store.accept(first, "X1", 1_000_000_001)
    store.apply_fill(first, "F1", E9, 99 * E9 + 1, 1_000_000_002)
    store.update_fill(first.client_order_id, 2, 101, 1001)
    second = store.open_pending("ETHUSDT", BUY, 3, 7, 5)
    store.identify(second, "X2")
    store.move(second, OrderState.CANCELED, 6, "by hand \u00e9")
    if store.get(second.client_order_id) is not None:
        store.apply_fill(second, "F2", 2, 7, 8)
    store.generate_client_order_id()
    third = store.create("BTCUSDT", "Sell", 1, 1, 3)
    store.update_state(third.client_order_id, OrderState.OPEN, 4, "X3", "")
    store.update_state(third.client_order_id, OrderState.CANCELED, 5, "X3")


def in_memory(retain: int | None = None) -> InMemoryOrderStore:
    store = InMemoryOrderStore(retain)
    busy(store)
    return store


def whole(store: InMemoryOrderStore) -> dict[str, Any]:
    """Everything in a store, in both forms."""
    return {"state": tell_store(store), "shown": store.to_dict()}


def ended(disk: SimDisk, how: int) -> SimDisk:
    """The process is killed (0), or the power fails with one of the choices that it has."""
    if how:
        disk.power_loss(how)
    else:
        disk.kill9()
    return disk


def by_hand(*records: tuple[str, str, str, int], log_id: str = LOG_ID) -> SimDisk:
    """A disk with a log of (source, topic, payload, time) that no store wrote."""
    disk = SimDisk()
    created = ("system.log", "system.log.created", f'{{"log_id":"{log_id}"}}', NOON_NS)
    texts = [
        record_text(
            base=seq, cause=0, corr=0, sseq=seq, payload=payload, seq=seq, src=src, topic=topic,
            ts=ts,
        ).encode()
        for seq, (src, topic, payload, ts) in enumerate((created, *records))
    ]  # fmt: skip
    disk.make_folder("segments")
    disk.put(segment_path(0), frame_lines(genesis(log_id), texts)[0])
    return disk
