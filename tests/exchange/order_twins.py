"""Naive twins of the order types: lists that are scanned, and rules written out as sentences."""

from __future__ import annotations

from fractions import Fraction

from tools.live.sim.orders import OrderKind, WorkingOrder
from tools.live.sim.triggers import TriggerBy

_BPS = 10_000 * 10**9


class NaiveTriggers:
    """Every price looks at every order."""

    def __init__(self, by: TriggerBy) -> None:
        self._by = by
        self._orders: list[WorkingOrder] = []
        self._levels: dict[int, int | None] = {}

    def add(self, order: WorkingOrder, *, bid: int, ask: int, last: int) -> None:
        self._orders.append(order)
        self._levels[order.number] = order.request.stop
        price = self._price(order, bid, ask, last)
        for other in self._orders:  # who comes in tells all trails of its side the price
            same = (other.symbol, other.side) == (order.symbol, order.side)
            if price and same and order.request.kind is OrderKind.TRAILING_STOP:
                self._trail(other, price)

    def remove(self, order: WorkingOrder) -> None:
        self._orders = [other for other in self._orders if other is not order]
        self._levels.pop(order.number, None)

    def on_price(self, symbol: str, *, bid: int, ask: int, last: int) -> list[WorkingOrder]:
        triggered = []
        for order in sorted(self._orders, key=lambda order: order.number):
            price = self._price(order, bid, ask, last)
            if order.symbol != symbol or not price:
                continue
            if self._reached(order, price):
                triggered.append(order)
            else:
                self._trail(order, price)
        for order in triggered:
            self.remove(order)
        return triggered

    def state(self) -> tuple[tuple[int, int | None], ...]:
        return tuple(sorted(self._levels.items()))

    def _price(self, order: WorkingOrder, bid: int, ask: int, last: int) -> int:
        quote = ask if order.is_buy else bid
        middle = (bid + ask) // 2 if bid and ask else 0
        wanted = {TriggerBy.LAST: last, TriggerBy.QUOTE: quote, TriggerBy.MID: middle}[self._by]
        return wanted or quote or last

    def _reached(self, order: WorkingOrder, price: int) -> bool:
        level = self._levels[order.number]
        rises = order.is_buy is not (order.request.kind is OrderKind.MARKET_IF_TOUCHED)
        return level is not None and (price >= level if rises else price <= level)

    def _trail(self, order: WorkingOrder, price: int) -> None:
        request = order.request
        if request.kind is not OrderKind.TRAILING_STOP:
            return
        distance = request.trail
        if request.trail_bps is not None:
            distance = max(1, int(Fraction(price * request.trail_bps, _BPS)))
        assert distance is not None
        held = self._levels[order.number]
        level = price + distance if order.is_buy else price - distance
        tighter = min if order.is_buy else max
        self._levels[order.number] = level if held is None else tighter(level, held)
