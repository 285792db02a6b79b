"""P6: an ambiguous outcome never causes a second order; P7, P9 and P10 beside it.

Random lives of a durable run on a bad line, each ended anywhere, are followed by rest. Then every
order has had one acceptance at most and one end, the same on both sides; every execution is booked
once, and positions are the venue's. While it lives, no order may leave frozen, unreconciled or
beyond what the limit allows at the venue.
"""

from __future__ import annotations

from collections import Counter

import pytest

from tests.sim.durable_mutants import MUTANTS
from tests.sim.durable_world import DurableWorld, play, scripted
from tests.sim.venue import FAULTS, Ended

SEEDS = 120
BLOCKS = 4
MOST_SEEDS = 150
CALLS = 60


@pytest.mark.parametrize("block", range(BLOCKS))
def test_P06_no_order_is_made_twice_and_all_of_them_end(
    block: int, figures: Counter[str]
) -> None:
    for seed in range(block, SEEDS, BLOCKS):
        counted = play(seed)
        figures["durable seeds"] += 1
        figures["durable lives"] += counted["lives"]
        figures["orders"] += counted["orders"]
        figures["orders checked when sent"] += counted["orders checked"]
        figures["executions"] += counted["fills"]
        figures["faults of the line"] += sum(counted[fault] for fault in FAULTS)


@pytest.mark.parametrize("fault", ["ends_before", "ends_after"])
def test_P06_a_process_that_ends_at_any_send_leaves_one_order(fault: str) -> None:
    """Before the request was taken, and after; at every request of a run."""
    ended = 0
    for call in range(1, CALLS):
        world = scripted((fault, call))
        try:
            world.trade_for_a_while()
        except Ended:
            ended += 1
        else:
            assert call > 20, "the run is too short to mean anything"
            break
        world.end()
        world.come_to_rest()
    assert ended > 20


@pytest.mark.parametrize("fault", ["lost_request", "lost_reply", "garbled_reply", "twice"])
def test_P06_an_answer_that_gets_lost_at_any_send_leaves_one_order(fault: str) -> None:
    for call in range(1, CALLS, 3):
        world = scripted((fault, call))
        world.trade_for_a_while()
        world.end()
        world.come_to_rest()


def test_P06_a_process_that_ends_at_any_call_of_its_disk_can_be_taken_up() -> None:
    whole = scripted()
    whole.trade_for_a_while()
    calls = whole.disk.ops
    assert calls > 300
    for call in range(5, calls, 7):
        world = scripted()
        world.disk.crash_at = call
        world.live_scripted()
        world.come_to_rest()


@pytest.mark.parametrize("name", MUTANTS)
def test_P06_the_harness_can_fail(name: str, figures: Counter[str]) -> None:
    figures["mutants"] += 1
    for seed in range(MOST_SEEDS):
        try:
            with MUTANTS[name]():
                play(seed)
        except AssertionError:
            figures["mutants killed"] += 1
            return
    pytest.fail(f"{name} survived {MOST_SEEDS} seeds")


def test_P06_the_world_is_what_its_seed_says() -> None:
    one, other = DurableWorld(7), DurableWorld(7)
    for world in (one, other):
        for _ in range(3):
            world.live(20)
    assert one.disk.image() == other.disk.image()
    assert one.figures == other.figures
