"""What the exchange answers when it is asked: orders, executions, positions, money."""

from __future__ import annotations

from ..core.errors import LiveError
from ..exchange import OpenOrder, OrderStatus
from ..exchange_query import Found, OrderAnswer
from .orders import WorkingOrder
from .refusals import Refusal
from .register import Register

_FOUND = {OrderStatus.FILLED: Found.FILLED, OrderStatus.CANCELED: Found.CANCELED}
_new_open = OpenOrder.__new__


def open_order(order: WorkingOrder) -> OpenOrder:
    """A working order as the port shows it; one without a limit has price 0."""
    shown = _new_open(OpenOrder)
    shown.order_id = order.order_id
    shown.client_order_id = order.client_order_id
    shown.symbol = order.symbol
    shown.side = order.side
    shown.qty_e9 = order.qty
    shown.filled_e9 = order.qty - order.leaves
    shown.price_e9 = order.price or order.request.price or 0
    shown.status = order.status
    return shown


def answer_about(register: Register, client_order_id: str) -> OrderAnswer:
    """What became of an order by its client's name; it raises when that was forgotten."""
    known = register.find(client_order_id)
    if known is None:
        if register.forgotten:
            raise LiveError(
                f"{client_order_id} is not among the orders remembered, and"
                f" {register.forgotten} were forgotten; keep more with retain"
            )
        return OrderAnswer(Found.UNKNOWN, None)
    if isinstance(known, Refusal):
        return OrderAnswer(Found.REJECTED, None, (), known.message)
    found = _FOUND.get(known.status, Found.OPEN)
    return OrderAnswer(found, open_order(known), register.fills_of(known.order_id))
