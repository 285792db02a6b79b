"""The obvious twin of `sim/venue.py`: lists, scanned from the first to the last, each time anew.

It keeps no order, no caches and no best prices; whatever it needs, it looks for among everything
that there is. Depth comes to it whole, as snapshots.
"""

from __future__ import annotations

from typing import Any

from tools.live.core.market_v1 import Bbo, DepthSnapshot, MarketEvent, Trade
from tools.live.core.words_v1 import BUY, SELL, Side
from tools.live.sim.orders import WorkingOrder
from tools.live.sim.queue import QueueModel

Done = tuple[str, int, int, str]  # order, quantity, price, reason
NOBODY_KNOWS = 10**24


class NaiveLevel:
    """What we know of a price at which an order of ours rests."""

    def __init__(self, side: Side, price: int, shown: int | None) -> None:
        self.side, self.price, self.shown = side, price, shown
        self.traded = 0
        self.shrinks: list[dict[str, Any]] = []


class NaiveVenue:
    def __init__(self, queue: QueueModel, partial: bool) -> None:
        self.queue, self.partial = queue, partial
        self.quote = (0, 0, 0, 0)
        self.heard = self.quoted = False
        self.depth: DepthSnapshot | None = None
        self.taken: list[list[object]] = []  # side of the level, price, quantity
        self.orders: list[WorkingOrder] = []  # in order of joining
        self.levels: list[NaiveLevel] = []

    # What is displayed.

    def best(self, side: Side) -> tuple[int, int]:
        return self.quote[:2] if side is BUY else self.quote[2:]

    def crossed(self) -> bool:
        return self.quote[0] > self.quote[2] > 0

    def displayed(self, side: Side) -> list[tuple[int, int]]:
        """The levels of a side, the best first; an unknown quantity is told as `NOBODY_KNOWS`."""
        touch, qty = self.best(side)
        levels = [(touch, qty or NOBODY_KNOWS)] if touch else []
        if self.depth is not None and touch:
            told = self.depth.bids if side is BUY else self.depth.asks
            levels += [(p, q) for p, q in told if worse(side, p, touch)]
        return sorted(levels, reverse=side is BUY)

    def shown_at(self, side: Side, price: int) -> int | None:
        touch, _ = self.best(side)
        if not self.heard:
            return None
        for level, qty in self.displayed(side):
            if level == price:
                return None if qty == NOBODY_KNOWS else qty
        if not touch or worse(side, touch, price) or self.depth is not None:
            return 0
        return None

    def free(self, side: Side, price: int, qty: int) -> int:
        took: int = sum([q for s, p, q in self.taken if s is side and p == price])
        return max(0, qty - took)

    def offers(self, side: Side, limit: int | None) -> list[tuple[int, int]]:
        facing = SELL if side is BUY else BUY
        if self.crossed():
            return []
        found = [(p, self.free(facing, p, q)) for p, q in self.displayed(facing)]
        return [(p, q) for p, q in found if q and (limit is None or not worse(facing, p, limit))]

    def use(self, side: Side, limit: int | None, wanted: int) -> list[tuple[int, int]]:
        facing = SELL if side is BUY else BUY
        used = []
        for price, free in self.offers(side, limit):
            if wanted:
                qty = min(free, wanted)
                wanted -= qty
                used.append((price, qty))
                known = (price, NOBODY_KNOWS) not in self.displayed(facing)
                if known:
                    self.taken.append([facing, price, qty])
        return used

    # What the market does.

    def hear(self, event: MarketEvent) -> list[Done]:
        if isinstance(event, Trade):
            return self.trade(event)
        if isinstance(event, Bbo):
            self.quote = (event.bid, event.bid_qty, event.ask, event.ask_qty)
            self.heard = self.quoted = True
        if isinstance(event, DepthSnapshot):
            self.depth = event
            if not self.quoted:
                self.heard = True
                bids, asks = sorted(event.bids), sorted(event.asks)
                self.quote = (bids[-1] if bids else (0, 0)) + (asks[0] if asks else (0, 0))
        if self.crossed():
            return []
        for side in (BUY, SELL):
            self.forget_taken(side, isinstance(event, DepthSnapshot))
            self.move_queues(side, isinstance(event, DepthSnapshot), event)
        return self.meet(BUY) + self.meet(SELL)

    def forget_taken(self, side: Side, depth: bool) -> None:
        """What was taken of a level that is gone is forgotten, and no more than is shown.

        A level is gone when neither the quote nor the depth shows it any more.
        """
        touch, _ = self.best(side)
        totals: dict[int, int] = {}
        for s, price, qty in self.taken:
            if s is side:
                totals[price] = totals.get(price, 0) + qty
        self.taken = [one for one in self.taken if one[0] is not side]
        for price, total in totals.items():
            shown = self.shown_at(side, price)
            in_depth = price != touch and self.in_depth(side, price)
            is_behind = touch and worse(side, price, touch)
            if shown is None or (in_depth and not is_behind) or (is_behind and not depth):
                self.taken.append([side, price, total])
            elif shown:
                self.taken.append([side, price, min(total, shown)])

    def in_depth(self, side: Side, price: int) -> int:
        """What the last depth showed, even where a quote says that it is gone."""
        if self.depth is None:
            return 0
        return dict(self.depth.bids if side is BUY else self.depth.asks).get(price, 0)

    def move_queues(self, side: Side, depth: bool, event: MarketEvent) -> None:
        touch, _ = self.best(side)
        for level in self.levels:
            if level.side is not side:
                continue
            is_behind = touch and worse(side, level.price, touch)
            if is_behind and not depth:
                continue
            before, now = level.shown, self.shown_at(side, level.price)
            if before == now:
                continue
            level.shown = now
            mine = [one for one in self.orders if one.side is side and one.price == level.price]
            if now is None or before is None or now > before:
                level.traded = 0
                if now is not None:
                    for order in mine:
                        order.ahead = min(order.ahead, now)
                continue
            explained = min(level.traded, before - now)
            canceled = before - now - explained
            level.traded = min(level.traded - explained, now)
            old = {order.number: order.ahead for order in mine}
            for place, order in enumerate(mine):
                if canceled and 0 < order.ahead <= before - explained:
                    behind = before - explained - order.ahead
                    order.ahead -= self.queue.gone_ahead(order.ahead, behind, canceled)
                order.ahead = min(order.ahead, now)
                if place:
                    order.ahead = max(order.ahead, mine[place - 1].ahead)
            if canceled:
                cuts = {order.number: old[order.number] - order.ahead for order in mine}
                level.shrinks.append({"at": event.ts_ns, "gone": canceled, "cuts": cuts})

    def meet(self, side: Side) -> list[Done]:
        """The other side shows prices that our orders would have met."""
        facing, _ = self.best(SELL if side is BUY else BUY)
        own, _ = self.best(side)
        done: list[Done] = []
        for order in self.resting(side):
            assert order.price is not None
            meets = facing and not worse(side, order.price, facing) and order.price != own
            if meets:
                used = self.use(side, order.price, order.leaves)
                if used:
                    qty = sum([q for _, q in used]) if self.partial else order.leaves
                    done.append(self.fill(order, qty, order.price, "market_crossed"))
        return done

    def trade(self, trade: Trade) -> list[Done]:
        done: list[Done] = []
        left = trade.qty
        for side in (BUY, SELL):
            if trade.side is side:
                continue
            given = 0  # at the price of the trade
            back: dict[int, int] = {}
            for level in self.levels:
                if level.side is side and level.price == trade.price:
                    level.traded += trade.qty - self.taken_back(level, trade, back)
            oldest = 0
            for order in self.resting(side):
                assert order.price is not None
                if worse(side, order.price, trade.price):
                    continue
                if order.price != trade.price:
                    order.ahead = 0
                    if left:
                        qty = min(order.leaves, left) if self.partial else order.leaves
                        left = max(0, left - qty)
                        done.append(self.fill(order, qty, order.price, "trade_through"))
                    continue
                reach = left - given
                ahead = oldest = max(oldest, order.ahead + back.get(order.number, 0))
                qty = min(order.shown, max(0, reach - ahead))
                order.ahead = min(order.ahead, max(0, ahead - reach))
                given += qty
                if qty:
                    done.append(self.fill(order, qty, order.price, "trade_at_price"))
            left -= given
        return done

    def taken_back(self, level: NaiveLevel, trade: Trade, back: dict[int, int]) -> int:
        """What a trade explains of the last 100 ms: it goes back before our orders."""
        explained = 0
        for shrink in level.shrinks:
            if trade.ts_ns - shrink["at"] <= 100_000_000 and shrink["gone"]:
                part = min(trade.qty - explained, shrink["gone"])
                for number, cut in shrink["cuts"].items():
                    returned = -(-cut * part // shrink["gone"])
                    shrink["cuts"][number] -= returned
                    back[number] = back.get(number, 0) + returned
                shrink["gone"] -= part
                explained += part
        return explained

    # What our orders do.

    def resting(self, side: Side) -> list[WorkingOrder]:
        """The best price first, then the one that joined first (sorting is stable)."""
        mine = [order for order in self.orders if order.side is side]
        return sorted(mine, key=lambda order: (order.price or 0) * (-1 if side is BUY else 1))

    def fillable(self, side: Side, limit: int | None) -> int:
        return min(NOBODY_KNOWS, sum([qty for _, qty in self.offers(side, limit)]))

    def take(self, order: WorkingOrder) -> list[Done]:
        facing = SELL if order.side is BUY else BUY
        touch, _ = self.best(facing)
        done = []
        for price, qty in self.use(order.side, order.price, order.leaves):
            reason = "took_touch" if price == touch else "took_level"
            order.leaves -= qty
            done.append((order.order_id, qty, price, reason))
        order.shown = min(order.shown, order.leaves)
        return done

    def rest(self, order: WorkingOrder) -> None:
        assert order.price is not None
        shown = self.shown_at(order.side, order.price)
        mine = [one for one in self.orders if (one.side, one.price) == (order.side, order.price)]
        order.ahead = max([NOBODY_KNOWS if shown is None else shown] + [o.ahead for o in mine])
        for level in self.levels:
            if (level.side, level.price) == (order.side, order.price):
                level.shown = shown
        if not mine:
            self.levels.append(NaiveLevel(order.side, order.price, shown))
        self.orders.append(order)

    def leave(self, order: WorkingOrder) -> None:
        self.orders.remove(order)
        self.levels = [
            level for level in self.levels
            if any((o.side, o.price) == (level.side, level.price) for o in self.orders)
        ]  # fmt: skip

    def fill(self, order: WorkingOrder, qty: int, price: int, reason: str) -> Done:
        order.leaves -= qty
        order.shown = max(0, order.shown - qty)
        if not order.leaves:
            self.leave(order)
        return order.order_id, qty, price, reason


def worse(side: Side, price: int, than: int) -> bool:
    """Whether a price is further from trading than another, on its side of the book."""
    return price < than if side is BUY else price > than
