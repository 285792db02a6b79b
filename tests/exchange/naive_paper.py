"""The paper exchange that everybody writes first: it fills what the market touches.

It says yes to everything, walks what is displayed without taking any of it away, fills a resting
order whole as soon as its price trades, calls every fill a taker's, books a position when its order
is done, fills a stop at its stop, and lets a replacement work all of its quantity.
"""

from __future__ import annotations

from tools.live.core.market_v1 import Bbo, DepthSnapshot, MarketEvent, Trade
from tools.live.core.words_v1 import BUY, SELL, Side
from tools.live.sim.orders import OrderKind, OrderRequest

Levels = tuple[tuple[int, int], ...]
TOO_FAR = 101  # percent of the touch: a limit beyond that is meant as a market order


class Standing:
    """One order."""

    def __init__(self, request: OrderRequest) -> None:
        self.request = request
        self.leaves = request.qty
        self.filled = 0


class NaivePaper:
    """Fills as (client's id, price, quantity, liquidity), and positions."""

    def __init__(self) -> None:
        self.fills: list[tuple[str, int, int, str]] = []
        self.position = 0
        self._orders: dict[str, Standing] = {}
        self._shown: dict[Side, Levels] = {BUY: (), SELL: ()}

    def hear(self, event: MarketEvent) -> None:
        if isinstance(event, Bbo):
            bid, ask = (event.bid, event.bid_qty), (event.ask, event.ask_qty)
            self._shown = {BUY: (ask,), SELL: (bid,)}
        elif isinstance(event, DepthSnapshot):
            self._shown = {BUY: event.asks, SELL: event.bids}
        elif isinstance(event, Trade):
            for order in self._orders.values():
                self._touched(order, event.price)

    def submit(self, request: OrderRequest) -> bool:
        order = self._orders[request.client_order_id] = Standing(request)
        if request.kind is OrderKind.LIMIT:
            self._take(order)
        return True

    def amend(self, name: str, qty: int) -> bool:
        self._orders[name].leaves = qty
        return True

    def cancel(self, name: str) -> bool:
        self._orders[name].leaves = 0
        return True

    def _take(self, order: Standing) -> None:
        limit, side = order.request.price or 0, order.request.side
        levels = self._shown[side]
        if not levels:
            return
        is_buy, touch = side is BUY, levels[0][0]
        far = limit * 100 > touch * TOO_FAR if is_buy else limit * TOO_FAR < touch * 100
        for price, qty in levels:
            if far or (price <= limit if is_buy else price >= limit):
                self._fill(order, price, min(qty, order.leaves))

    def _touched(self, order: Standing, price: int) -> None:
        request, is_buy = order.request, order.request.side is BUY
        level = request.stop if request.kind is OrderKind.STOP else request.price
        falls = is_buy is (request.kind is OrderKind.LIMIT)
        if level is not None and (price <= level if falls else price >= level):
            self._fill(order, level, order.leaves)

    def _fill(self, order: Standing, price: int, qty: int) -> None:
        if not qty:
            return
        order.leaves -= qty
        order.filled += qty
        self.fills.append((order.request.client_order_id, price, qty, "taker"))
        if not order.leaves:
            self.position += order.filled if order.request.side is BUY else -order.filled
