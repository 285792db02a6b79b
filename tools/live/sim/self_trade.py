"""Self-trade prevention: an order of ours must not meet another one of ours.

A venue finds it out where the two would match: the new order takes what others offer at better
prices, and what stands before our own order in its queue, and only if it wants more do they meet.
Then the newest, the oldest or both are canceled, as chosen. With `ALLOW` nobody looks; the
simulated market holds no trade of ours with ourselves, so two such orders pass each other by.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from ..core.record import record
from ..core.words_v1 import BUY, SELL, Side
from .orders import SelfTrade, WorkingOrder


class Market(Protocol):
    """What has to be known of a venue."""

    def fillable(self, side: Side, limit: int | None) -> int: ...

    def resting(self, side: Side | None = None) -> Iterator[WorkingOrder]: ...


@record
class Meeting:
    """Our resting orders that an order would meet, and how much it takes of others before."""

    orders: tuple[WorkingOrder, ...]
    takes_before: int


@record
class Prevention:
    """What to cancel, and how much the new order may take; None: as much as it finds."""

    cancel: tuple[WorkingOrder, ...]
    take_at_most: int | None


def crossing(market: Market, order: WorkingOrder) -> Meeting | None:
    """Whom of ours an order that comes to the market would meet, in priority; None: nobody.

    Those that it meets are canceled, not traded with, so none of them is in the way of the next.
    """
    is_buy, limit = order.is_buy, order.price
    met: list[WorkingOrder] = []
    before = 0
    for other in market.resting(SELL if is_buy else BUY):
        price = other.price
        if price is None or (limit is not None and (price > limit if is_buy else price < limit)):
            break
        better = market.fillable(order.side, price - 1 if is_buy else price + 1)
        reached = better + other.ahead
        if reached >= order.leaves:
            break
        if not met:
            before = reached
        met.append(other)
    return Meeting(tuple(met), before) if met else None


def resolve(policy: SelfTrade, meeting: Meeting | None) -> Prevention:
    """What becomes of the orders that would meet."""
    if meeting is None or policy is SelfTrade.ALLOW:
        return Prevention((), None)
    if policy is SelfTrade.CANCEL_OLDEST:
        return Prevention(meeting.orders, None)
    oldest = () if policy is SelfTrade.CANCEL_NEWEST else meeting.orders[:1]
    return Prevention(oldest, meeting.takes_before)
