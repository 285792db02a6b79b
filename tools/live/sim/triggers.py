"""Orders that wait for a price: stops, stop-limits, trailing stops and market-if-touched.

A buy stop waits for a rise to its level, a sell stop for a fall; an if-touched order for the
opposite. A trailing stop waits as a stop does, at a level that follows the market and never goes
back. What triggers is told; what becomes of it (a market order, or a limit order for a stop-limit)
is the exchange's matter, under the same id. Orders that trigger at once come in order of age.

Which price counts is chosen: the last trade, the quote (sells look at the bid, buys at the ask:
what they would get) or the middle of it. Where the chosen price is not known the other one counts,
so that data without trades, or without quotes, triggers too. A price of 0 is not known.
"""

from __future__ import annotations

from enum import Enum

from .orders import OrderKind, WorkingOrder
from .trailing import TrailingLevels
from .trigger_levels import FallingLevels


class TriggerBy(str, Enum):
    """The price that triggers."""

    LAST = "last"
    QUOTE = "quote"
    MID = "mid"


class Triggers:
    """All orders of an exchange that wait for a price."""

    def __init__(self, by: TriggerBy = TriggerBy.LAST) -> None:
        self._by = by
        self._orders: dict[int, tuple[WorkingOrder, _Place]] = {}
        self._symbols: dict[str, _Waiting] = {}

    def __len__(self) -> int:
        return len(self._orders)

    def __contains__(self, order: WorkingOrder) -> bool:
        return order.number in self._orders

    def add(self, order: WorkingOrder, *, bid: int = 0, ask: int = 0, last: int = 0) -> None:
        """Wait for the order's level; the prices are those of now, from which a trail begins.

        An order that would trigger at once does so with the next `on_price`.
        """
        waiting = self._symbols.setdefault(order.symbol, _Waiting())
        place = waiting.place(order)
        request = order.request
        sign = 1 if place.falling else -1
        if isinstance(place.levels, TrailingLevels):
            in_bps = request.trail is None
            width = (request.trail_bps if in_bps else request.trail) or 0
            price = self._price(order.is_buy, bid, ask, last)
            start = request.stop
            place.levels.add(
                order.number, (in_bps, width), price=price * sign if price else None,
                start=None if start is None else start * sign,
            )  # fmt: skip
        else:
            place.levels.add(order.number, (request.stop or 0) * sign)
        self._orders[order.number] = (order, place)

    def remove(self, order: WorkingOrder) -> None:
        """Wait no more; an order that does not wait is no matter."""
        found = self._orders.pop(order.number, None)
        if found is not None:
            found[1].levels.remove(order.number)
            self._drop_empty(order.symbol)

    def level(self, order: WorkingOrder) -> int | None:
        """The price at which an order triggers as it stands; None when that is not known yet."""
        found = self._orders.get(order.number)
        level = None if found is None else found[1].levels.level(order.number)
        return level if level is None or (found and found[1].falling) else -level

    def on_price(self, symbol: str, *, bid: int, ask: int, last: int) -> list[WorkingOrder]:
        """Move the trailing levels, and hand out what triggers, in order of age."""
        waiting = self._symbols.get(symbol)
        if waiting is None:
            return []
        sell, buy = self._price(False, bid, ask, last), self._price(True, bid, ask, last)
        numbers = waiting.touched(sell, buy)
        if not numbers:
            return []
        triggered = [self._orders.pop(number)[0] for number in sorted(numbers)]
        self._drop_empty(symbol)
        return triggered

    def state(self) -> tuple[tuple[int, int | None], ...]:
        """Who waits at which level, by age, for a hash."""
        return tuple((n, self.level(self._orders[n][0])) for n in sorted(self._orders))

    def _price(self, is_buy: bool, bid: int, ask: int, last: int) -> int:
        quote = ask if is_buy else bid
        if self._by is TriggerBy.LAST:
            return last or quote
        if self._by is TriggerBy.MID and bid and ask:
            return (bid + ask) // 2
        return quote or last

    def _drop_empty(self, symbol: str) -> None:
        if not self._symbols[symbol].size():
            del self._symbols[symbol]


class _Place:
    """Where an order waits, and whether it is for a fall."""

    __slots__ = ("levels", "falling")

    def __init__(self, levels: FallingLevels | TrailingLevels, falling: bool) -> None:
        self.levels = levels
        self.falling = falling


class _Waiting:
    """What waits in one symbol: for a fall or a rise, of the price of sells or of buys."""

    def __init__(self) -> None:
        self._sell_falls, self._sell_rises = FallingLevels(), FallingLevels()
        self._buy_falls, self._buy_rises = FallingLevels(), FallingLevels()
        self._sell_trails, self._buy_trails = TrailingLevels(), TrailingLevels()

    def place(self, order: WorkingOrder) -> _Place:
        kind, is_buy = order.request.kind, order.is_buy
        if kind is OrderKind.TRAILING_STOP:
            return _Place(self._buy_trails if is_buy else self._sell_trails, not is_buy)
        if kind is OrderKind.MARKET_IF_TOUCHED:
            return _Place(self._buy_falls if is_buy else self._sell_rises, is_buy)
        return _Place(self._buy_rises if is_buy else self._sell_falls, not is_buy)

    def size(self) -> int:
        fixed = (self._sell_falls, self._sell_rises, self._buy_falls, self._buy_rises)
        return sum(map(len, fixed)) + len(self._sell_trails) + len(self._buy_trails)

    def touched(self, sell: int, buy: int) -> list[int]:
        numbers: list[int] = []
        if sell:
            numbers += self._sell_falls.touched(sell)
            numbers += self._sell_rises.touched(-sell)
            numbers += self._sell_trails.touched(sell)
        if buy:
            numbers += self._buy_falls.touched(buy)
            numbers += self._buy_rises.touched(-buy)
            numbers += self._buy_trails.touched(-buy)
        return numbers
