"""Reduce-only: an order that may only make a position smaller, and never turns it.

At the market it takes no more than the position. To rest, it must fit beside all that rests on its
side already, because any of that may fill first; what does not fit is cut off. When another order
of its side comes to rest, the newest reduce-only ones are cut to what is left. So nothing that
fills in one event can turn a position by means of them. An order that was cut is in force for less
than its client asked for, so it ends as canceled.
"""

from __future__ import annotations

from collections.abc import Callable

from ..core.words_v1 import Side
from .accounts import Accounts
from .orders import WorkingOrder
from .terms import Venue


class Reducing:
    """Keeps the reduce-only orders of an exchange within their positions."""

    def __init__(
        self,
        accounts: Accounts,
        venue: Callable[[str], Venue],
        withdraw: Callable[[WorkingOrder], None],
    ) -> None:
        self._accounts = accounts
        self._venue = venue
        self._withdraw = withdraw
        self.resting: dict[str, WorkingOrder] = {}

    def closable(self, symbol: str, side: Side) -> int:
        """How much an order of this side can close."""
        position = self._accounts.position(symbol)
        return max(0, position if side is Side.SELL else -position)

    def may_take(self, order: WorkingOrder) -> bool:
        """Cut an order to the position; False when there is none to reduce."""
        room = self.closable(order.symbol, order.side)
        if room < order.leaves:
            order.qty -= order.leaves - room
            order.leaves = room
        return room > 0

    def trim(self, symbol: str, side: Side) -> None:
        """Cut what rests to the position, the newest first."""
        mine = [o for o in self.resting.values() if o.side is side and o.symbol == symbol]
        if not mine:
            return
        venue = self._venue(symbol)
        rests: int = sum(other.leaves for other in venue.resting(side))
        over = rests - self.closable(symbol, side)
        for order in reversed(mine):
            if over <= 0:
                return
            if order.leaves <= over:
                over -= order.leaves
                self._withdraw(order)
            else:
                left = order.leaves - over
                order.qty -= over
                venue.reduce(order, left)
                return

    def forget(self, order_id: str) -> None:
        """An order has ended."""
        self.resting.pop(order_id, None)

    def state(self) -> tuple[object, ...]:
        """All of it, for a hash."""
        return tuple(self.resting)
