"""The state of the outbox: the orders in doubt, and when cancels are tried again."""

from __future__ import annotations

from typing import Any

from ..core.order import PENDING
from ..order_store import InMemoryOrderStore
from ..outbox import Doubt, Outbox
from .plain import count, flag, items, keys, number, optional, row, text, wrong

_OUTBOX = ("cancels_due_ns", "cancels_tried", "doubts")


def tell_outbox(outbox: Outbox) -> dict[str, Any]:
    """Everything in an outbox as plain data."""
    due_ns = outbox.cancels_due_ns
    return {
        "doubts": [_tell_doubt(doubt) for doubt in outbox.doubts.values()],
        "cancels_due_ns": None if due_ns is None else str(due_ns),
        "cancels_tried": outbox.cancels_tried,
    }


def read_outbox(told: Any, store: InMemoryOrderStore) -> Outbox:
    """A new outbox with what was told; only an order that nobody has answered can be in doubt."""
    keys(told, _OUTBOX, "outbox")
    outbox = Outbox()
    outbox.cancels_due_ns = optional(told["cancels_due_ns"], "cancels_due_ns", number)
    outbox.cancels_tried = count(told["cancels_tried"], "cancels_tried")

    def read(one: Any) -> None:
        name, since, sent, due, absent, unheard, alerted, dropping = row(one, 8)
        order = store.orders.get(text(name, "order in doubt"))
        if order is None or order.state is not PENDING or name in outbox.doubts:
            raise wrong("order in doubt", name, "a pending order, named once")
        doubt = outbox.doubts[name] = Doubt(order, number(since, "since_ns"))
        doubt.sent_ns = number(sent, "sent_ns")
        doubt.due_ns = number(due, "due_ns")
        doubt.absent = count(absent, "absent")
        doubt.unheard = count(unheard, "unheard")
        doubt.alerted = flag(alerted, "alerted")
        doubt.dropping = flag(dropping, "dropping")

    items(told["doubts"], "doubts", read)
    return outbox


def _tell_doubt(doubt: Doubt) -> list[Any]:
    return [
        doubt.order.client_order_id, str(doubt.since_ns), str(doubt.sent_ns), str(doubt.due_ns),
        doubt.absent, doubt.unheard, doubt.alerted, doubt.dropping,
    ]  # fmt: skip
