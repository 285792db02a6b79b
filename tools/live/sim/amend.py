"""Changing an order that is open: in place, or by another one that takes its place.

A quantity always means the total of the order: what has filled counts. So an order can never fill
more than the total that it was told last, and one that replaces another works what remains of the
new total, not all of it again. Less quantity keeps the place in the queue; more of it, or another
price, is a new arrival. An order that was cut or is sent in parts is in force for less than was
asked for; what it is in force for is what an amendment changes. The quantity of an order behind an
entry is that entry's fill, so nobody amends it.
"""

from __future__ import annotations

from typing import Any

from ..core.money import text
from ..core.record import fields_of, record
from .order_checks import fault
from .orders import OrderKind, OrderRequest, WorkingOrder


@record
class Amendment:
    """What an order becomes: its new terms, what is left to fill, whether it keeps its place."""

    request: OrderRequest
    leaves: int
    keeps_place: bool


def amended(
    order: WorkingOrder,
    *,
    qty: int | None = None,
    price: int | None = None,
    stop: int | None = None,
    waiting: bool = False,
) -> Amendment | str:
    """What an open order becomes, or one line about why it cannot.

    `waiting` says that the order still waits for its trigger; behind it a stop means nothing.
    """
    request = order.request
    changes: dict[str, Any] = {}
    for field, value in (("qty", qty), ("price", price), ("stop", stop)):
        if value is not None and value != getattr(order if field == "qty" else request, field):
            changes[field] = value
    if not changes:
        return "nothing is changed; name another qty, price or stop"
    if "qty" in changes and request.after is not None:
        return f"the quantity of order {order.order_id} follows the fill of {request.after!r}"
    if "stop" in changes and (not waiting or request.kind is OrderKind.TRAILING_STOP):
        moved = "has triggered already" if not waiting else "moves by itself"
        return f"the stop of order {order.order_id} {moved}"
    total = changes.get("qty", order.qty)
    if total <= order.filled:
        done = text(order.filled)
        return f"qty {text(total)} is the new total and {done} has filled; cancel the order instead"
    made = _with(request, **changes)
    found = fault(made)
    if found is not None:
        return found
    keeps = "price" not in changes and total <= order.qty
    return Amendment(made, total - order.filled, keeps)


def replacement(order: WorkingOrder, request: OrderRequest) -> OrderRequest | str:
    """The order that takes the place of another one, for what remains of its total; or why not."""
    old = order.request
    if old.after is not None or old.one_cancels_other is not None:
        return f"order {order.order_id} is linked, and its end would end others; amend it instead"
    for field in ("symbol", "side"):
        if getattr(request, field) != getattr(order, field):
            return f"a replacement has the {field} of the order; cancel it and send a new one"
    if request.client_order_id == old.client_order_id:
        return f"client_order_id {request.client_order_id!r} is that of the order; take a new one"
    found = fault(request)
    if found is not None:
        return found
    remains = request.qty - order.filled
    if remains <= 0:
        done = text(order.filled)
        return f"qty {text(request.qty)} is the new total and {done} has filled; nothing remains"
    display = request.display
    return _with(
        request, qty=remains, display=None if display is None else min(display, remains)
    )


def _with(request: OrderRequest, **changes: Any) -> OrderRequest:
    terms = {field: getattr(request, field) for field in fields_of(request)}
    return OrderRequest(**(terms | changes))
