"""One heap for everything that is due."""

from __future__ import annotations

from random import Random

import pytest

from tools.live.core.errors import InvariantBroken
from tools.live.sim.due import ANSWER, COMMAND, MARKET, TIMER, Due


def test_time_then_rank_then_order_of_coming() -> None:
    due = Due()
    for name, ns, rank in (("d", 5, TIMER), ("a", 1, ANSWER), ("c", 5, COMMAND), ("e", 5, TIMER)):
        due.put(ns, rank, name)
    due.put(1, MARKET, "first")
    assert [due.take()[3] for _ in range(5)] == ["first", "a", "c", "d", "e"]


def test_what_is_called_off_is_never_seen() -> None:
    due = Due()
    kept, gone = due.put(1, TIMER, "kept"), due.put(0, TIMER, "gone")
    due.call_off(gone)
    due.call_off(gone)
    assert (len(due), due.first(), list(due.waiting())) == (1, kept, [kept])
    assert due.take()[3] == "kept"
    due.call_off(kept)
    assert len(due) == 0 and due.first() is None


def test_an_instant_whose_timers_ran_takes_no_command_any_more() -> None:
    due = Due()
    due.put(5, TIMER, "x")
    due.take()
    assert not due.is_open(5, COMMAND) and not due.is_open(4, TIMER)
    assert due.is_open(5, TIMER) and due.is_open(6, COMMAND)


def test_nothing_is_due_before_what_has_been() -> None:
    due = Due()
    due.put(5, COMMAND, "now")
    due.take()
    due.put(5, COMMAND, "at the same moment")
    with pytest.raises(InvariantBroken, match="before 5"):
        due.put(5, MARKET, "too late")
    due.take()
    with pytest.raises(InvariantBroken, match="nothing is due"):
        due.take()


@pytest.mark.parametrize("seed", range(20))
def test_it_is_a_sorted_list(seed: int) -> None:
    rng, due, model, past = Random(seed), Due(), list[tuple[int, int, int]](), 0
    entries = {}
    for seq in range(1, 400):
        if model and rng.random() < 0.3:
            model.sort()
            ns, rank, number = model.pop(0)
            past = ns
            assert due.take()[:3] == [ns, rank, number]
        elif model and rng.random() < 0.5:
            row = model.pop(rng.randrange(len(model)))
            due.call_off(entries[row[2]])
        ns, rank = past + rng.randint(1, 9), rng.randint(0, 4)
        entries[seq] = due.put(ns, rank, f"{seq}")
        model.append((ns, rank, seq))
        assert len(due) == len(model)


def test_memory_stays_with_what_waits() -> None:
    due = Due()
    due.put(10**12, TIMER, "far away")
    for at in range(10_000):
        due.call_off(due.put(10**11 + at, TIMER, "an order that ended"))
    assert len(due.heap) < 200
