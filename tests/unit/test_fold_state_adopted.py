"""What was adopted is part of a fold's state, and is left unsaid where nothing was."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.builders import BTC, T0_NS, a_fill, a_monitor, a_quote_event, e9
from tests.unit.busy_fold import a_busy_fold
from tests.unit.test_fold_adoptions import adopted, execution, resting
from tests.unit.test_fold_state import check_alike, through_text
from tools.live.core.contracts_v1 import OrderAccepted, PositionAdopted
from tools.live.core.errors import ContractError
from tools.live.fold import Fold
from tools.live.fold_state import restore, state_of
from tools.live.fold_state.adopted import read_adoptions, tell_adoptions
from tools.live.order_store import InMemoryOrderStore
from tools.live.reports.snapshot import state_sha256

Damage = Callable[[dict[str, Any]], None]


def new_fold() -> Fold:
    return Fold(InMemoryOrderStore(), a_monitor(max_symbol=2_000))


def an_adopting_fold() -> Fold:
    fold = resting()
    for event in (
        execution(), adopted(filled=e9(0.005), state="partially_filled"),
        a_fill("H1", "F9", qty=0.001, price=49_000), adopted("CLI00000009", "H2"),
        adopted("CLI00000005", "H3", state="canceled"), execution("E2", "gone"),
        PositionAdopted(BTC, e9(0.02), 1),
    ):  # fmt: skip
        fold.step(event)
    return fold


def test_it_comes_back_as_it_was_and_goes_on_alike() -> None:
    fold, other = an_adopting_fold(), new_fold()
    restore(other, through_text(fold))
    check_alike(other, fold)
    events = (
        a_fill("H1", "E1", qty=0.005, price=49_000), a_quote_event(),
        OrderAccepted("CLI00000010", "X9", 5), a_fill("H1", "F10", qty=0.004, price=49_000),
        adopted("CLI00000001", "X1", price=1),
    )  # fmt: skip
    for event in events:
        assert list(fold.step(event)) == list(other.step(event))
        check_alike(other, fold)


def test_orders_out_of_turn_are_written_by_their_names() -> None:
    state = state_of(an_adopting_fold())
    refs = [row[0] for row in state["store"]["orders"]]
    assert refs == [1, 2, "by-hand", 9, "CLI00000005"]
    assert [len(row) for row in state["store"]["orders"]] == [13, 13, 14, 13, 13]
    assert state["store"]["ended"] == ["CLI00000005"]
    assert state["store"]["fills"] == [["F9", "by-hand", "1000000", "49000000000000"]]


def test_without_an_adoption_nothing_is_said() -> None:
    state = state_of(a_busy_fold())
    assert "adopted" not in state["fold"] and "adoptions" not in state["ledger"][0]
    assert not read_adoptions(state["fold"]).any
    assert not read_adoptions(None).any
    assert tell_adoptions(read_adoptions({})) == {}


def test_the_hash_of_the_state_covers_it() -> None:
    fold = an_adopting_fold()
    hashes = [state_sha256(fold, 1, T0_NS)]
    held = fold.monitor.ledger.holdings[BTC]
    for one, name in (
        (fold.store.orders["by-hand"], "adopted_e9"), (held, "adoptions"), (held, "adopted"),
        (held, "adopted_e18"), (fold.adoptions, "orders"), (fold.adoptions, "unplaced"),
        (fold.adoptions, "canceled"),
    ):  # fmt: skip
        setattr(one, name, getattr(one, name) + 1)
        hashes.append(state_sha256(fold, 1, T0_NS))
    fold.adoptions.names["x"] = None
    hashes.append(state_sha256(fold, 1, T0_NS))
    del fold.adoptions.fills["E1"]
    hashes.append(state_sha256(fold, 1, T0_NS))
    fold.adoptions.positions[BTC] += 1
    hashes.append(state_sha256(fold, 1, T0_NS))
    assert len({*hashes}) == len(hashes) == 11


def section(change: Callable[[dict[str, Any]], None]) -> Damage:
    return lambda state: change(state["fold"]["adopted"])


def order_row(place: int, column: int, value: Any) -> Damage:
    def damage(state: dict[str, Any]) -> None:
        state["store"]["orders"][place][column] = value

    return damage


def holding(**values: Any) -> Damage:
    return lambda state: state["ledger"][0].update(values)


DAMAGES: list[tuple[Damage, str]] = [
    (section(lambda one: one.update(orders=0)), "what is said to be adopted does not add up"),
    (section(lambda one: one.update(unplaced=4)), "what is said to be adopted does not add up"),
    (section(lambda one: one.update(canceled=9)), "what is said to be adopted does not add up"),
    (section(lambda one: one.update(unplaced=2)), "orders that were accepted: 5 on one side, 4"),
    (section(lambda one: one.update(canceled=0)), "orders_canceled: 1 on one side, 0"),
    (section(lambda one: one.update(orders=-1)), "adopted orders -1 is not a whole number"),
    (section(lambda one: one.update(more=1)), "adopted has 'more', which nobody knows"),
    (section(lambda one: one["names"].append("by-hand")), "adopted name 'by-hand' is there twice"),
    (section(lambda one: one["fills"][0].pop()), "is not a list of 6 values"),
    (section(lambda one: one["fills"].append(one["fills"][0])), "adopted fill 'E1' is there twice"),
    (section(lambda one: one["fills"][0].__setitem__(4, "0")), "qty '0' is not 1 or more"),
    (section(lambda one: one["positions"][0].__setitem__(1, "1")), "adopted quantity of BTCUSDT"),
    (section(lambda one: one["positions"].append(["XRPUSDT", "1"])), "['XRPUSDT'] on one side"),
    (order_row(2, 0, 3), "order number 'by-hand' is not that of an order"),
    (order_row(2, 0, "by-foot"), "order number 'by-hand' is not that of an order"),
    (order_row(2, 0, "CLI00000003"), "name 'CLI00000003' is not one that no number stands for"),
    (order_row(2, 0, "CLI00000001"), "name 'CLI00000001' is not one that no number stands for"),
    (order_row(4, 0, "CLI00000012"), "name 'CLI00000012' is not one that no number stands for"),
    (order_row(2, 13, "0"), "adopted '0' is not what is left unsaid"),
    (order_row(2, 13, "1"), "the fills of by-hand are"),
    (order_row(2, 0, True), "number True is not a whole number"),
    (holding(adoptions=0), "adoptions 0 is not a whole number from 1"),
    (holding(adopted="1"), "BTCUSDT holds lots of"),
    (holding(adopted_e18="1"), "BTCUSDT has cash"),
    (lambda state: state["fold"].pop("adopted"), "orders that were accepted"),
]


@pytest.mark.parametrize(("damage", "message"), DAMAGES)
def test_a_state_that_does_not_add_up_is_refused(damage: Damage, message: str) -> None:
    state = copy.deepcopy(through_text(an_adopting_fold()))
    damage(state)
    fold = new_fold()
    with pytest.raises(ContractError, match=message.replace("[", r"\[")):
        restore(fold, state)
    assert fold.store.orders == {} and not fold.adoptions.any
