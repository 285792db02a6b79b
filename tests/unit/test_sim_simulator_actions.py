"""What is on its way in the paper-trading simulator."""

from __future__ import annotations

import pytest

from tests.unit.prop import chance
from tests.unit.simulator_builders import after
from tools.live.core.errors import ContractError
from tools.live.sim.simulator_actions import ActionType, PendingAction, PendingActionQueue

SUBMIT, FILL, CANCEL = ActionType.SUBMIT, ActionType.FILL, ActionType.CANCEL


def a_queue(*rows: tuple[int, str]) -> PendingActionQueue:
    queue = PendingActionQueue()
    for ms, order_id in rows:
        queue.add_action(PendingAction(SUBMIT, order_id, after(ms)))
    return queue


def test_actions_stand_in_the_order_of_time_then_of_arrival() -> None:
    queue = a_queue((5, "a"), (3, "b"), (5, "c"), (3, "d"))
    assert [one.order_id for one in queue.actions] == ["b", "d", "a", "c"]
    assert queue.get_pending_count() == 4


def test_what_is_due_at_this_very_instant_is_taken() -> None:
    queue = a_queue((5, "a"), (3, "b"), (6, "c"))
    assert [one.order_id for one in queue.get_due_actions(after(5))] == ["b", "a"]
    assert [one.order_id for one in queue.actions] == ["c"]
    assert queue.get_due_actions(after(5)) == []


def test_process_until_runs_what_a_handler_adds() -> None:
    queue = a_queue((1, "a"))
    seen = []

    def handler(action: PendingAction) -> None:
        seen.append(action.order_id)
        if len(seen) < 3:
            queue.add_action(PendingAction(FILL, f"more{len(seen)}", after(2 * len(seen))))

    done = queue.process_until(after(3), handler)
    assert seen == ["a", "more1"] == [one.order_id for one in done]
    assert [one.order_id for one in queue.actions] == ["more2"]
    assert [one.order_id for one in queue.process_until(after(4))] == ["more2"]


def test_what_waits_for_an_order_can_be_seen_and_dropped() -> None:
    queue = a_queue((5, "a"), (3, "b"), (1, "a"))
    queue.add_action(PendingAction(CANCEL, "a", after(3)))
    assert [one.scheduled_time for one in queue.get_pending_for_order("a")] == [
        after(1), after(3), after(5),
    ]  # fmt: skip
    assert queue.has("a", CANCEL) and not queue.has("b", CANCEL) and not queue.has("z", CANCEL)
    assert queue.cancel_order_actions("a") == 3
    assert queue.cancel_order_actions("a") == 0
    assert queue.get_pending_for_order("a") == []
    assert [one.order_id for one in queue.get_due_actions(after(9))] == ["b"]


def test_clear_drops_everything() -> None:
    queue = a_queue((5, "a"))
    queue.clear()
    assert (queue.actions, queue.get_pending_count(), queue.has("a", SUBMIT)) == ([], 0, False)


def test_what_was_dropped_does_not_pile_up() -> None:
    queue = a_queue((1, "kept"))
    for number in range(1_000):
        queue.add_action(PendingAction(FILL, f"o{number}", after(10)))
        queue.cancel_order_actions(f"o{number}")
        assert len(queue._heap) <= 2 * queue.get_pending_count() + 65
    assert [one.order_id for one in queue.get_due_actions(after(99))] == ["kept"]


def test_a_time_must_be_one() -> None:
    with pytest.raises(ContractError, match="scheduled_time"):
        PendingActionQueue().add_action(PendingAction(SUBMIT, "a", 5))  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(50))
def test_it_behaves_as_a_sorted_list_does(seed: int) -> None:
    rng = chance(seed)
    queue, model = PendingActionQueue(), []
    now = 0
    for _ in range(200):
        drawn = rng.random()
        if drawn < 0.5:
            action = PendingAction(
                rng.choice((SUBMIT, FILL)), f"o{rng.randint(1, 5)}", after(now + rng.randint(0, 9))
            )
            queue.add_action(action)
            model.append(action)
            model.sort(key=lambda one: one.scheduled_time)
        elif drawn < 0.7:
            name = f"o{rng.randint(1, 5)}"
            kept = [one for one in model if one.order_id != name]
            assert queue.cancel_order_actions(name) == len(model) - len(kept)
            model = kept
        else:
            now += rng.randint(0, 4)
            due = [one for one in model if one.scheduled_time <= after(now)]
            assert queue.get_due_actions(after(now)) == due
            model = model[len(due) :]
        assert queue.actions == model
        assert queue.get_pending_for_order("o1") == [o for o in model if o.order_id == "o1"]
