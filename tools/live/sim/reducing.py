"""Reduce-only: an order that may only make a position smaller, and never turns it.

At the market it takes no more than the position. To rest, it must fit beside all that rests on its
side already, because any of that may fill first; what does not fit is cut off. When another order
of its side comes to rest, the newest reduce-only ones are cut to what is left. So nothing that
fills in one event can turn a position by means of them. An order that was cut ends as canceled.
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
        self._cut: dict[str, None] = {}
        self.resting: dict[str, WorkingOrder] = {}

    def closable(self, symbol: str, side: Side) -> int:
        """How much an order of this side can close."""
        position = self._accounts.position(symbol)
        return max(0, position if side is Side.SELL else -position)

    def may_take(self, order: WorkingOrder) -> bool:
        """Cut an order to the position; False when there is none to reduce."""
        return self._fits(order, self.closable(order.symbol, order.side))

    def may_rest(self, order: WorkingOrder) -> bool:
        """Cut an order to what no other order of its side may close; False when nothing is left."""
        beside = sum(other.leaves for other in self._venue(order.symbol).resting(order.side))
        if not self._fits(order, self.closable(order.symbol, order.side) - beside):
            return False
        self.resting[order.order_id] = order
        return True

    def trim(self, symbol: str, side: Side) -> None:
        """Cut what rests to the position, the newest first."""
        mine = [o for o in self.resting.values() if o.side is side and o.symbol == symbol]
        if not mine:
            return
        venue = self._venue(symbol)
        over = sum(other.leaves for other in venue.resting(side)) - self.closable(symbol, side)
        for order in reversed(mine):
            if over <= 0:
                return
            if order.leaves <= over:
                over -= order.leaves
                self._withdraw(order)
            else:
                left = order.leaves - over
                order.qty -= over
                self._cut[order.order_id] = None
                venue.reduce(order, left)
                return

    def was_cut(self, order_id: str) -> bool:
        """Whether less of an order is in force than its client wants."""
        return order_id in self._cut

    def forget(self, order_id: str) -> None:
        """An order has ended."""
        if self.resting:
            self.resting.pop(order_id, None)
        if self._cut:
            self._cut.pop(order_id, None)

    def state(self) -> tuple[object, ...]:
        """All of it, for a hash."""
        return tuple(self.resting), tuple(self._cut)

    def _fits(self, order: WorkingOrder, room: int) -> bool:
        if room <= 0:
            return False
        if room < order.leaves:
            order.qty -= order.leaves - room
            order.leaves = room
            self._cut[order.order_id] = None
        return True
