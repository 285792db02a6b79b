"""One symbol of an exchange that hears whole bars: our orders wait for the next one.

An order takes part in a bar when it was there as the bar began, or sent by then and there soon
after, and still is when the bar is over. Whatever its kind it waits for that bar: nothing is known
of the market between two bars, so nothing can be taken at once. What a bar fills, `BarMarket`
decides; fills are told at its end.

Why not only who was there: whoever answers a close by an order that takes any time would come too
late for the bar that begins with that close, each time.

IOC and FOK have one bar: the first whole one for which they are there, or, where they wait for a
level, the one that reaches it. FOK fills whole in it, within the part of its volume that is ours,
or not at all. A reduce-only order takes no more than the position as it is behind the fills of the
same bar before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..core.money import BPS
from ..core.words_v1 import BUY, SELL, Side
from .bar import Bar, Happens
from .bars import BarMarket, BarRules
from .evidence import Execution
from .orders import OrderKind, TimeInForce, WorkingOrder
from .own_orders import whole_lots

AT_ONCE = (TimeInForce.IOC, TimeInForce.FOK)
_WITH_LEVEL = (
    OrderKind.STOP, OrderKind.STOP_LIMIT, OrderKind.TRAILING_STOP, OrderKind.MARKET_IF_TOUCHED,
)  # fmt: skip


class BarVenue:
    """A market of bars with our orders in it; it shows no bid and no ask, and its last close.

    `now` tells the time here, and when the client sent what is being done. `position` tells ours
    as it is booked; `triggered` is told who waits for a level no more, before anybody hears of a
    fill. With a `lot` an order fills in whole lots.
    """

    def __init__(
        self,
        symbol: str,
        rules: BarRules,
        now: Callable[[], tuple[int, int | None]],
        position: Callable[[str], int],
        triggered: Callable[[WorkingOrder], None],
        lot: int = 0,
    ) -> None:
        self.symbol = symbol
        self.bid = self.ask = self.last = 0
        self.reached: list[WorkingOrder] = []  # whose level the newest bar came to
        self._waiting: dict[int, WorkingOrder] = {}
        self._orders: dict[int, WorkingOrder] = {}
        self._since: dict[int, tuple[int, int | None]] = {}
        self._late_bps = rules.late_bps
        self._market = BarMarket(rules)
        self._now = now
        self._position = position
        self._triggered = triggered
        self._lot = lot or 1
        self._newest: tuple[int, int, int] = (-1, -1, -1)
        self._bought = 0  # in the bar that is being heard

    def hear(self, event: Happens) -> list[Execution]:
        """The fills of a bar, in their order; anything else means nothing here."""
        if not isinstance(event, Bar):
            return []
        there, late = self._there(event)
        self.last = event.close
        self._bought = 0
        done = self._market.hear(event, there, self._may, late)
        self._see_what_triggered(there)
        for order in there:
            if not order.leaves:
                self.leave(order)
        return done

    def wait(self, order: WorkingOrder) -> None:
        """The order waits for its level, from the bar on that begins now."""
        self._waiting[order.number] = order
        self._since[order.number] = self._now()

    def wait_no_more(self, order: WorkingOrder) -> None:
        """Forget its level; an order that waits for none is no matter."""
        if self._waiting.pop(order.number, None) is not None:
            del self._since[order.number]

    def holds(self, order: WorkingOrder) -> bool:
        """Whether the order is there, and waits for no level."""
        return order.number in self._orders

    def spent(self) -> list[WorkingOrder]:
        """The orders for one bar that have had it."""
        return [
            order for order in self._orders.values()
            if order.request.time_in_force in AT_ONCE and self._was_there(order)
        ]  # fmt: skip

    # What an exchange asks of any market.

    def fillable(self, side: Side, limit: int | None) -> int:
        """Nothing is to be had between two bars."""
        return 0

    def crosses(self, side: Side, price: int) -> bool:
        """Nobody is there to be met."""
        return False

    def take(self, order: WorkingOrder) -> list[Execution]:
        """The order has to wait."""
        return []

    def rest(self, order: WorkingOrder) -> None:
        """The order is there from the bar on that begins now; one with a level has seen it."""
        self._orders[order.number] = order
        self._since[order.number] = self._now()

    def leave(self, order: WorkingOrder) -> None:
        """The order is there no more."""
        self._orders.pop(order.number, None)
        self._since.pop(order.number, None)

    def reduce(self, order: WorkingOrder, leaves: int) -> None:
        """Less of the order is left to fill; it is there as long as it was."""
        assert 0 < leaves <= order.leaves, "an order that is reduced becomes smaller, not nothing"
        order.leaves = leaves
        order.shown = min(order.shown, leaves)

    def resting(self, side: Side | None = None) -> Iterator[WorkingOrder]:
        """Orders with a limit that stay, the better price first, buys before sells."""
        for one in (BUY, SELL):
            if side in (None, one):
                sign = -1 if one is BUY else 1
                mine = [
                    ((order.price or 0) * sign, order.number)
                    for order in self._orders.values() if order.side is one and stays(order)
                ]  # fmt: skip
                yield from [self._orders[number] for _, number in sorted(mine)]

    def passing(self) -> list[WorkingOrder]:
        """The others: at the market, or for one bar."""
        return [order for order in self._orders.values() if not stays(order)]

    def state(self) -> tuple[object, ...]:
        """All of it as values, for a hash."""
        since = self._since
        return (
            self.symbol, self.last, self._market.state(),
            tuple((*order.state(), *since[number]) for number, order in self._orders.items()),
            tuple((number, *since[number]) for number in self._waiting),
        )  # fmt: skip

    def _there(self, bar: Bar) -> tuple[list[WorkingOrder], list[WorkingOrder]]:
        """Who takes part in a bar, and who does not yet.

        The market may be heard here earlier than where it was recorded, and then so was its begin.
        """
        length_ns = bar.end_ns - bar.begin_ns
        began_ns = min(bar.begin_ns, self._now()[0] - length_ns)
        late_ns = began_ns + length_ns * self._late_bps // BPS
        self._newest = began_ns, late_ns, bar.begin_ns
        for order in self._orders.values():
            if order.request.kind in _WITH_LEVEL:
                self._market.trigger(order)
        for order in self._waiting.values():
            order.price = order.request.price
        everybody = [*self._orders.values(), *self._waiting.values()]
        there, late = list[WorkingOrder](), list[WorkingOrder]()
        for order in everybody:
            (there if self._was_there(order) else late).append(order)
        return there, late

    def _was_there(self, order: WorkingOrder) -> bool:
        """Whether the newest bar has the order: it was there, or sent by then and not too late."""
        began_ns, late_ns, began_there_ns = self._newest
        came_ns, sent_ns = self._since[order.number]
        if came_ns <= began_ns:
            return True
        return sent_ns is not None and sent_ns <= began_there_ns and came_ns <= late_ns

    def _may(self, order: WorkingOrder, qty: int) -> int:
        """How much of a quantity the order takes."""
        request = order.request
        if request.reduce_only:
            held = self._position(self.symbol) + self._bought
            qty = min(qty, max(0, held if order.side is SELL else -held))
        qty = whole_lots(order.leaves, qty, self._lot)
        if request.time_in_force is TimeInForce.FOK and qty < order.leaves:
            return 0
        self._bought += qty if order.side is BUY else -qty
        return qty

    def _see_what_triggered(self, there: list[WorkingOrder]) -> None:
        """Who has filled, or whose level was reached, rests from now on as what it became."""
        self.reached = [
            order for order in there
            if order.number in self._waiting
            and (not order.leaves or self._market.has_triggered(order))
        ]  # fmt: skip
        for order in self.reached:
            del self._waiting[order.number]
            self._orders[order.number] = order
            self._triggered(order)


def stays(order: WorkingOrder) -> bool:
    """Whether an order that finds nothing goes on to wait at its limit."""
    return order.price is not None and order.request.time_in_force not in AT_ONCE
