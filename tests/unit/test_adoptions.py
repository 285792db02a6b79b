"""Whatever is adopted in whatever order, the books add up: `tools.live.adoptions`.

The same streams go through a state put away and taken up, and through the projection, which reads
the record alone.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.unit.adopting_answers import ADOPTED, AdoptingAnswers, broken
from tests.unit.moody_world import a_world_monitor
from tests.unit.projection_builders import assert_agrees, project, query
from tests.unit.test_fold_state import Run, check_every_stop, inputs_of
from tools.live.adoptions import Adoptions, booked_e9
from tools.live.core.contracts_v1 import BUY, FillAdopted, OrderAdopted, PositionAdopted
from tools.live.core.order import Order, OrderState
from tools.live.fold import Fold
from tools.live.order_store import InMemoryOrderStore

SEEDS = [*range(30), 56, 63, 77]  # the last three adopt what is filled less than we booked


@pytest.mark.parametrize("retain", [None, 0, 3])
@pytest.mark.parametrize("seed", SEEDS)
def test_the_books_add_up_whatever_is_adopted(
    seed: int, retain: int | None, tmp_path: Path
) -> None:
    answers = AdoptingAnswers(seed, retain)
    for _ in range(150):
        answers.live_on(1)
        assert broken(answers.fold) == [], answers.entries[-3:]
    path = tmp_path / "orders.db"
    project(path, answers.journal())
    assert_agrees(path, answers.fold, answers.entries, answers.contradictions)
    ledger = answers.fold.monitor.ledger
    assert query(path, "SELECT symbol, adopted, adopted_worth FROM positions WHERE adopted <> '0'"
                 ).__len__() == len([one for one in ledger.holdings.values() if one.adopted])


@pytest.mark.parametrize("retain", [None, 0, 3])
@pytest.mark.parametrize("seed", range(10))
def test_a_stop_anywhere_changes_nothing(seed: int, retain: int | None) -> None:
    answers = AdoptingAnswers(seed, retain)
    answers.live_on(80)

    def new_fold() -> Fold:
        return Fold(InMemoryOrderStore(retain), a_world_monitor())

    check_every_stop(Run(inputs_of(answers.entries), new_fold))


def test_the_seeds_reach_every_corner() -> None:
    reached: Counter[str] = Counter()
    for seed in SEEDS:
        answers = AdoptingAnswers(seed)
        for _ in range(150):
            before = len(answers.entries)
            orders = set(answers.fold.store.orders)
            answers.live_on(1)
            for entry in answers.entries[before : before + 1]:
                if isinstance(entry.event, OrderAdopted):
                    why = answers.fold.why_not(entry.event)
                    kept = answers.fold.store.orders.get(entry.event.client_order_id)
                    reached[(why or "adopted").rpartition("X9")[0] or (why or "adopted")[:18]] += 1
                    if kept is not None and not why:
                        is_new = kept.client_order_id not in orders
                        reached[f"{kept.state.value} new {is_new}"] += 1
        reached["duplicates"] += answers.fold.duplicate_fills
        reached["positions"] += len(answers.fold.adoptions.positions)
        reached["late"] += answers.fold.late_fills
        reached["adopted filled"] += any(o.adopted_e9 > 0 for o in answers.fold.store.get_all())
        reached["adopted less"] += any(o.adopted_e9 < 0 for o in answers.fold.store.get_all())
        reached["booked on adopted"] += any(
            o.adopted_e9 and o.cost_e18 for o in answers.fold.store.get_all()
        )
    print(reached)
    for name in ("duplicates", "positions", "late", "adopted filled", "adopted less",
                 "booked on adopted", "open new True", "open new False", "canceled new True",
                 "filled new True"):  # fmt: skip
        assert reached[name] >= 3, (name, reached)


def test_an_order_tells_how_much_of_it_was_booked() -> None:
    order = Order("by-hand", "BTCUSDT", "Buy", 5, 1, OrderState.PARTIALLY_FILLED, "V1", 3)
    order.adopted_e9 = 2 * 10**9
    order.late_e9 = 1
    assert booked_e9(order) == 10**9 + 1


def test_nothing_is_adopted_at_first() -> None:
    adoptions = Adoptions()
    assert not adoptions.any
    adoptions.fills["E1"] = ("V1", "BTCUSDT", BUY, 2, 3)
    adoptions.fills["recon-1"] = ("V1", "BTCUSDT", BUY, 4, 3)
    adoptions.fills["E2"] = ("V2", "BTCUSDT", BUY, 8, 3)
    assert adoptions.any
    assert adoptions.told("V1", InMemoryOrderStore()) == 2
    assert {OrderAdopted, FillAdopted, PositionAdopted} == {*ADOPTED}
