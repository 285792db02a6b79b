"""Asking an exchange what became of one order, and judging the answer before it is believed."""

from __future__ import annotations

from .core.errors import LiveError
from .core.order import Order
from .exchange import IExchangeClient
from .exchange_query import Found, OrderAnswer, QueryableExchange


class CannotTell(LiveError):
    """The exchange has answered, but that is no answer to what became of the order."""


def ask(exchange: IExchangeClient, order: Order) -> OrderAnswer:
    """What the exchange knows of an order of ours; raises when it cannot tell."""
    if isinstance(exchange, QueryableExchange):
        return exchange.get_order(order.client_order_id)
    for listed in exchange.get_open_orders():
        if listed.client_order_id == order.client_order_id:
            return OrderAnswer(Found.OPEN, listed)
    raise CannotTell("not among its open orders, and it cannot be asked for one order")


def cancel_and_ask(exchange: IExchangeClient, order: Order) -> OrderAnswer:
    """The same after a cancel by our own id: whatever the cancel said, the answer is the fact."""
    if isinstance(exchange, QueryableExchange):
        exchange.cancel_client_order(order.client_order_id)
    return ask(exchange, order)


def contradiction(order: Order, answer: OrderAnswer) -> str | None:
    """Why an answer cannot be about this order; None when it can be."""
    shown = answer.order
    if answer.found is Found.UNKNOWN or answer.found is Found.REJECTED:
        return None
    if shown is None:
        return f"says {answer.found.value} of {order.client_order_id} and does not show it"
    ours = (order.symbol, order.side_of, order.qty_e9, order.price_e9)
    theirs = (shown.symbol, shown.side, shown.qty_e9, shown.price_e9)
    if ours != theirs:
        return f"holds another order as {order.client_order_id}: {shown!r:.200}"
    if order.order_id is not None and order.order_id != shown.order_id:
        return f"names {order.client_order_id} {shown.order_id!r:.60}, not {order.order_id!r:.60}"
    return None


def said(error: BaseException) -> str:
    """What an error says, or at least its name."""
    return str(error) or error.__class__.__name__
