"""`tools.live.journal.durable_store` on a disk that dies at every call, or fails, or is torn."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from functools import cache
from typing import Any

import pytest

from tests.sim.sim_disk import Crash, Faults, SimDisk
from tests.unit import prop
from tests.unit.durable_builders import a_durable, ended, whole
from tools.live.core.contracts_v1 import BUY, SELL
from tools.live.core.money import SCALE
from tools.live.journal.errors import JournalError, StorageFailed
from tools.live.journal.segments import segment_path
from tools.live.order_store import InMemoryOrderStore, OrderState

E9 = SCALE
DAY_NS = 86_400 * 10**9
RETAIN = 2
# One change each, and every kind of them; the days in it make the log begin new segments.
CHANGES: tuple[Callable[[Any], Any], ...] = (
    lambda s: s.create("A", "Buy", 4, 100, 1),
    lambda s: s.accept(s.get("CLI00000001"), "X1", 2_000_000),
    lambda s: s.open_pending("B", SELL, 3 * E9, 7 * E9, 3_000_000),
    lambda s: s.apply_fill(s.get("CLI00000001"), "F1", E9, 99 * E9, 4_000_000),
    lambda s: s.identify(s.get("CLI00000002"), "X2"),
    lambda s: s.update_fill("CLI00000001", 2, 100, 5),
    lambda s: s.generate_client_order_id(),
    lambda s: s.move(s.get("CLI00000002"), OrderState.CANCELED, DAY_NS, "gone"),
    lambda s: s.apply_fill(s.get("CLI00000002"), "F2", E9, 7 * E9, DAY_NS + 1),
    lambda s: s.apply_fill(s.get("CLI00000001"), "F3", 2 * E9, 98 * E9, DAY_NS + 2),
    lambda s: s.create("A", "Sell", 1, 50, 86_400_001),
    lambda s: s.update_state("CLI00000004", OrderState.OPEN, 2 * 86_400_000, "X4"),
    lambda s: s.update_state("CLI00000004", OrderState.REJECTED, 2 * 86_400_000, None, "no"),
    lambda s: s.open_pending("C", BUY, E9, E9, 2 * DAY_NS),
)


@cache
def states() -> list[dict[str, Any]]:
    """What a store in memory shows after none, one, two, ... of the changes."""
    store = InMemoryOrderStore(RETAIN)
    found = [whole(store)]
    for change in CHANGES:
        change(store)
        found.append(whole(store))
    return found


class Life:
    """One process: how many changes it has made, and how many of them were acknowledged."""

    def __init__(self, disk: SimDisk, group: int) -> None:
        self.disk = disk
        self.group = group
        self.made = self.acknowledged = 0
        self.store: Any = None

    def run(self, done: int = 0) -> None:
        self.made = self.acknowledged = done
        self.store = a_durable(self.disk, RETAIN)
        while self.made < len(CHANGES):
            with self.store.together() if self.group > 1 else nullcontext():
                for change in CHANGES[self.made : self.made + self.group]:
                    self.made += 1  # asked for: from here on it may be there
                    change(self.store)
            self.acknowledged = self.made
        self.store.close()


def found_after(disk: SimDisk, least: int, most: int) -> int:
    """How many changes are there when the store is opened again; between what was acknowledged
    and what was asked for, and never half of one."""
    store = a_durable(disk, RETAIN)
    shown = whole(store)
    assert shown in states()[least : most + 1], (least, most, store.to_dict())
    store.close()
    return states().index(shown)


def calls(group: int) -> int:
    life = Life(SimDisk(1), group)
    life.run()
    assert whole(life.store) == states()[-1]
    return life.disk.ops


@pytest.mark.usefixtures("untraced")
@pytest.mark.parametrize("how", [0, 1, 2, 3], ids=["kill", "power 1", "power 2", "power 3"])
@pytest.mark.parametrize("group", [1, 5])
def test_P01_a_crash_at_every_call_of_the_disk(group: int, how: int) -> None:
    for at in range(1, calls(group) + 1):
        disk = SimDisk(at)
        life = Life(disk, group)
        disk.crash_at = at
        with pytest.raises(Crash):
            life.run()
        ended(disk, how * at)
        done = found_after(disk, life.acknowledged, life.made)
        Life(disk, group).run(done)
        assert found_after(disk, len(CHANGES), len(CHANGES)) == len(CHANGES)


@pytest.mark.usefixtures("untraced")
@pytest.mark.parametrize("group", [1, 5])
def test_P01_crashes_in_crashes(group: int) -> None:
    """The second life dies at every call of its own recovery, and of what follows."""
    for at in range(20, calls(group), 13):
        disk = SimDisk(at)
        life = Life(disk, group)
        disk.crash_at = at
        with pytest.raises(Crash):
            life.run()
        ended(disk, at)
        for more in range(1, 40):
            again = disk.clone()
            again.crash_at = again.ops + more
            with pytest.raises(Crash):
                a_durable(again, RETAIN)
                again.crash_at = again.ops + 1
                again.names()
            ended(again, more)
            found_after(again, life.acknowledged, life.made)


@pytest.mark.parametrize("group", [1, 5])
def test_P04_an_error_at_every_call_of_the_disk(group: int) -> None:
    """Fail-stop: what is shown afterwards was acknowledged, and is there in the next life."""
    failed = 0
    for at in range(1, calls(group) + 1):
        disk = SimDisk(at)
        life = Life(disk, group)
        disk.faults = Faults(planted=at)
        try:
            life.run()
        except StorageFailed:
            failed += 1
        else:
            continue  # this call cannot fail, or nothing was lost by it
        disk.faults = Faults()
        shown = 0
        if life.store is not None:
            shown = states().index(whole(life.store))
            assert shown == life.acknowledged or group > 1
            assert life.acknowledged <= shown <= life.made
            changed = disk.changed
            with pytest.raises(StorageFailed):
                life.store.generate_client_order_id()
            assert disk.changed == changed
            life.store.close()
        ended(disk, at)
        found_after(disk, shown, life.made)
    assert failed > 30


@pytest.mark.usefixtures("untraced")
@pytest.mark.parametrize("seed", range(40))
def test_P01_random_faults_in_many_lives(seed: int) -> None:
    rng = prop.chance(seed)
    disk = SimDisk(seed)
    group, done = rng.choice((1, 3, 8)), 0
    for life_number in range(1, 40):
        life = Life(disk, group)
        life.made = life.acknowledged = done
        disk.faults = Faults(short=rng.choice((0, 0.5)), write=rng.choice((0, 0.05)),
                             sync=rng.choice((0, 0.05)), names=rng.choice((0, 0.05)))  # fmt: skip
        disk.crash_at = disk.ops + rng.randint(1, 120)
        try:
            life.run(done)
        except (Crash, JournalError):
            pass
        ended(disk, rng.choice((0, life_number)))
        disk.faults, disk.crash_at = Faults(), 0
        done = found_after(disk, life.acknowledged, life.made)
        if done == len(CHANGES):
            break
    disk.kill9()
    assert found_after(disk, done, done) == done


def test_P02_a_torn_last_record_is_cut_at_any_byte() -> None:
    disk = SimDisk()
    store = a_durable(disk)
    store.create("A", "Buy", 4, 100, 1)
    mark, one = disk.image()["durable.mark"], whole(store)
    before = len(disk.image()[segment_path(0)])
    store.accept(store.get("CLI00000001"), "X1", 2)
    two = whole(store)
    disk.kill9()
    data = disk.image()[segment_path(0)]
    for size in range(before, len(data) + 1):
        torn = disk.clone()
        torn.put(segment_path(0), data[:size])
        torn.put("durable.mark", mark)
        again = a_durable(torn)
        assert whole(again) == (two if size == len(data) else one), size
        again.generate_client_order_id()
        assert torn.names("torn") if before < size < len(data) else not torn.names("torn")


def test_an_unacknowledged_create_never_shares_its_id() -> None:
    """Whether its record has survived or not, the next id is behind all that are durable."""
    outcomes = []
    for seed in range(1, 30):
        disk = SimDisk(seed)
        store = a_durable(disk)
        store.create("A", "Buy", 1, 1, 1)
        disk.faults = Faults(sync=1.0)
        with pytest.raises(StorageFailed):
            store.create("A", "Buy", 1, 1, 1)
        assert store.next_id == "CLI00000002"
        disk.faults = Faults()
        ended(disk, seed)
        again = a_durable(disk)
        known = [order.client_order_id for order in again.get_all()]
        outcomes.append(len(known))
        assert again.create("A", "Buy", 1, 1, 1).client_order_id not in known
        assert again.next_id == f"CLI{len(known) + 2:08d}"
    assert sorted(dict.fromkeys(outcomes)) == [1, 2]
