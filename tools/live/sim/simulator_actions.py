"""What is on its way: orders, fills and cancels that will happen at a known time.

A heap, so that adding and taking cost O(log n). Actions of one instant happen in the order in which
they were added. What is dropped stays in the heap until its time comes, or until the heap is more
than half of such things.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from ..core.record import record
from .simulator_numbers import time_ns

_NO_DATA: Mapping[str, str] = MappingProxyType({})
_SPARE = 64


class ActionType(StrEnum):
    """What will happen to an order."""

    SUBMIT = "submit"
    FILL = "fill"
    CANCEL = "cancel"


@record
class PendingAction:
    """One thing that will happen to one order; a fill's data says how much."""

    action_type: ActionType
    order_id: str
    scheduled_time: datetime
    data: Mapping[str, str] = _NO_DATA


class PendingActionQueue:
    """Actions in the order of their times, then of their arrival here."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Drop everything."""
        self._next = 0
        self._heap: list[tuple[int, int]] = []
        self._waiting: dict[int, PendingAction] = {}
        self._of_order: dict[str, list[int]] = {}

    @property
    def actions(self) -> list[PendingAction]:
        """What waits, in the order in which it will happen."""
        waiting = self._waiting
        return [waiting[number] for _, number in sorted(self._heap) if number in waiting]

    def add_action(self, action: PendingAction) -> None:
        """Put it behind everything that is due no later."""
        due = time_ns(action.scheduled_time, "scheduled_time")
        heapq.heappush(self._heap, (due, self._next))
        self._waiting[self._next] = action
        self._of_order.setdefault(action.order_id, []).append(self._next)
        self._next += 1

    def get_due_actions(self, current_time: datetime) -> list[PendingAction]:
        """Take out all that is due by now, at this very instant included."""
        return self.process_until(current_time)

    def process_until(
        self, current_time: datetime, handler: Callable[[PendingAction], object] | None = None
    ) -> list[PendingAction]:
        """Take out all that is due and hand each to `handler`, if there is one.

        What the handler adds takes part when it is due as well.
        """
        limit = time_ns(current_time, "current_time")
        done = []
        while (action := self.next_due(limit)) is not None:
            if handler is not None:
                handler(action)
            done.append(action)
        return done

    def next_due(self, limit_ns: int) -> PendingAction | None:
        """Take out the first that is due by this time, or None."""
        heap = self._heap
        while heap and heap[0][0] <= limit_ns:
            _, number = heapq.heappop(heap)
            action = self._waiting.pop(number, None)
            if action is not None:
                numbers = self._of_order[action.order_id]
                numbers.remove(number)
                if not numbers:
                    del self._of_order[action.order_id]
                return action
        return None

    def cancel_order_actions(self, order_id: str) -> int:
        """Drop all that waits for an order; returns how many that were."""
        numbers = self._of_order.pop(order_id, [])
        for number in numbers:
            del self._waiting[number]
        if len(self._heap) > 2 * len(self._waiting) + _SPARE:
            self._heap = [row for row in self._heap if row[1] in self._waiting]
            heapq.heapify(self._heap)
        return len(numbers)

    def get_pending_count(self) -> int:
        """How many actions wait."""
        return len(self._waiting)

    def get_pending_for_order(self, order_id: str) -> list[PendingAction]:
        """What waits for an order, in the order in which it will happen."""
        numbers = self._of_order.get(order_id, ())
        found = [(time_ns(self._waiting[n].scheduled_time, "scheduled_time"), n) for n in numbers]
        return [self._waiting[number] for _, number in sorted(found)]

    def has(self, order_id: str, action_type: ActionType) -> bool:
        """Whether an action of this kind waits for an order."""
        numbers = self._of_order.get(order_id, ())
        return any(self._waiting[number].action_type is action_type for number in numbers)
