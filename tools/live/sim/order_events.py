"""What a market tells that names single orders (level 3): each as it rests, changes and ends.

The market data of the house knows levels and no orders, so these events live here. Prices and
quantities are integers at 10^9, `order_id` is the venue's own, times are as everywhere: `ts_ns` is
when we received it, `exchange_ns` when the venue says that it happened.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from ..core.record import record
from ..core.words_v1 import Side


@record
class RestingAdded:
    """An order has come to rest, as the youngest at its price."""

    kind = "l3.added"
    symbol: str
    source: str
    order_id: str
    side: Side
    price: int
    qty: int
    exchange_ns: int | None
    ts_ns: int


@record
class RestingReduced:
    """So much of an order was taken back; it keeps its place."""

    kind = "l3.reduced"
    symbol: str
    source: str
    order_id: str
    qty: int
    exchange_ns: int | None
    ts_ns: int


@record
class RestingCanceled:
    """An order is gone, without a trade."""

    kind = "l3.canceled"
    symbol: str
    source: str
    order_id: str
    exchange_ns: int | None
    ts_ns: int


@record
class RestingReplaced:
    """An order has this price and this quantity now, and goes on under `new_id`.

    Less at the same price under the same id keeps its place; anything else is the youngest.
    """

    kind = "l3.replaced"
    symbol: str
    source: str
    order_id: str
    new_id: str
    price: int
    qty: int
    exchange_ns: int | None
    ts_ns: int


@record
class RestingTraded:
    """Somebody took so much of an order, at its price."""

    kind = "l3.traded"
    symbol: str
    source: str
    order_id: str
    qty: int
    exchange_ns: int | None
    ts_ns: int


@record
class BookCleared:
    """No order rests any more; those that do are told anew."""

    kind = "l3.cleared"
    symbol: str
    source: str
    exchange_ns: int | None
    ts_ns: int


OrderEvent: TypeAlias = (
    RestingAdded | RestingReduced | RestingCanceled | RestingReplaced | RestingTraded | BookCleared
)
ORDER_EVENTS: tuple[type[Any], ...] = (
    RestingAdded, RestingReduced, RestingCanceled, RestingReplaced, RestingTraded, BookCleared,
)  # fmt: skip
