"""`tools.live.journal.durable_store` passes every test of the store in memory.

The tests are those of the other files, with the durable form in the place of the class they name.
"""

from __future__ import annotations

from random import Random

import pytest

from tests.sim.sim_disk import SimDisk
from tests.unit import prop, test_order_store, test_order_store_fills
from tests.unit.durable_builders import a_durable, ended, whole
from tests.unit.durable_builders import in_memory_or_durable as made
from tests.unit.test_order_store_model import Operation, operations, run
from tools.live.order_store import InMemoryOrderStore

NOT_ALIKE = ("test_reset_equals_a_new_store",)
MODULES = (test_order_store, test_order_store_fills)
TAKEN = [
    (name, test)
    for module in MODULES
    for name, test in vars(module).items()
    if name.startswith("test_") and callable(test) and name not in NOT_ALIKE
]
globals().update(TAKEN)


@pytest.fixture(autouse=True)
def durable(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in MODULES:
        monkeypatch.setattr(module, "InMemoryOrderStore", made)


def test_no_test_hides_another() -> None:
    assert len(dict(TAKEN)) == len(TAKEN) > 40


class Restarts:
    """Closes, kills or cuts the power before some of the steps, and opens the store again."""

    def __init__(self, seed: int, retain: int | None) -> None:
        self.disk = SimDisk(seed)
        self.retain = retain
        self.count = 0
        self._rng = Random(seed)
        self._often = self._rng.choice((2, 5, 20))

    def __call__(self, store: InMemoryOrderStore | None, step: int) -> InMemoryOrderStore:
        if store is None:
            return self._opened()
        if self._rng.randrange(self._often):
            return store
        self.count += 1
        before = whole(store)
        end = self._rng.randrange(4)
        if end == 3:
            store.close()  # type: ignore[attr-defined]
        else:
            ended(self.disk, end * step)
        again = self._opened()
        assert whole(again) == before
        return again

    def _opened(self) -> InMemoryOrderStore:
        opened: InMemoryOrderStore = a_durable(self.disk, self.retain)
        return opened


@pytest.mark.usefixtures("untraced")
@pytest.mark.parametrize("retain", [None, 0, 1, 3])
@pytest.mark.parametrize("seed", range(12))
def test_every_answer_is_the_naive_models_through_any_restart(
    seed: int, retain: int | None
) -> None:
    stream = operations(prop.chance(seed), 60)

    def play(prefix: list[Operation]) -> None:
        run(prefix, retain, Restarts(seed, retain))

    prop.hold(play, stream)  # type: ignore[arg-type]


@pytest.mark.usefixtures("untraced")
def test_the_restarts_happen() -> None:
    counts = []
    for seed in range(12):
        restarts = Restarts(seed, None)
        run(operations(prop.chance(seed), 60), None, restarts)
        counts.append(restarts.count)
    assert sum(counts) > 100
