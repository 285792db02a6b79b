"""Icebergs: an order of which only a slice shows; the next one joins the back of the queue.

Who takes the visible slice waits no longer for the rest than anybody behind it does: a new slice is
a new arrival at its price. What goes through the price takes hidden quantity as well.
"""

from __future__ import annotations

from .orders import WorkingOrder


def show_next(order: WorkingOrder) -> bool:
    """Show the next slice where the last one is used up; True when it has to join the queue."""
    if order.shown or not order.leaves:
        return False
    order.shown = slice_of(order)
    return True


def slice_of(order: WorkingOrder) -> int:
    """What a slice shows now: all that is left, but for an iceberg."""
    display = order.request.display
    return order.leaves if display is None else min(display, order.leaves)
