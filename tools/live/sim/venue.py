"""One symbol on the simulated exchange: what the market shows, and our orders in it.

Data tells what the market did without us. Here our orders stand in it: an aggressive one takes what
is displayed, a resting one waits in the queue at its price until a trade reaches it, or goes
through its price, or the other side comes to show a price that it would have met. What one of our
orders used is gone for all others.

A maker fills at its limit, a taker at the levels that it took, or worse by the slippage; neither
ever beyond its limit. Time, ids, accounts and messages are the exchange's business.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..core.errors import ContractError
from ..core.market_v1 import Bbo, DepthDiff, DepthSnapshot, MarketData, MarketEvent, Trade
from ..core.words_v1 import BUY, SELL, Side
from .evidence import (
    MAKER, TAKER, Execution, FillReason, Why, text, told_book, told_level, told_trade,
)  # fmt: skip
from .levels import Displayed
from .liquidity import UNLIMITED, LiquidityRule
from .orders import WorkingOrder
from .own_orders import OwnLevel, OwnSide
from .queue import QueueModel
from .slippage import Slippage

__all__ = ["Execution", "SymbolVenue"]


class SymbolVenue:
    """One symbol's market with our orders in it.

    With `partial` a market that goes beyond our price fills as much as it traded or showed there;
    without, it fills the whole order, which then gets more than there was. A trade exactly at our
    price never gives more than its quantity.
    """

    __slots__ = (
        "symbol", "last", "last_qty", "_queue", "_liquidity", "_slippage", "_partial", "_shows",
        "_buys", "_sells",
    )  # fmt: skip

    def __init__(
        self,
        symbol: str,
        *,
        queue: QueueModel,
        liquidity: LiquidityRule,
        slippage: Slippage | None = None,
        partial: bool = True,
    ) -> None:
        self.symbol = symbol
        self.last = self.last_qty = 0
        self._queue = queue
        self._liquidity = liquidity.checked()
        self._slippage = slippage
        self._partial = partial
        self._shows = Displayed(liquidity)
        self._buys = OwnSide(1)
        self._sells = OwnSide(-1)

    @property
    def bid(self) -> int:
        """The best bid as the market shows it, without ours; 0 when there is none."""
        return self._shows.bid

    @property
    def bid_qty(self) -> int:
        """Its displayed quantity; 0 when unknown."""
        return self._shows.bid_qty

    @property
    def ask(self) -> int:
        """The best ask as the market shows it, without ours; 0 when there is none."""
        return self._shows.ask

    @property
    def ask_qty(self) -> int:
        """Its displayed quantity; 0 when unknown."""
        return self._shows.ask_qty

    def describe(self) -> dict[str, Any]:
        """The models that decide about fills, for the report."""
        slippage = self._slippage
        return {
            **self._queue.describe(), **self._liquidity.describe(), "partial": self._partial,
            **({"slippage": "none"} if slippage is None else slippage.describe()),
        }  # fmt: skip

    # What the market does.

    def hear(self, event: MarketEvent) -> list[Execution]:
        """Take in what the market did; the fills of our resting orders, in their priority.

        Facts about the connection mean nothing to the exchange.
        """
        if isinstance(event, Bbo):
            self._shows.hear_quote(event)
            return self._on_touch(event) if self._buys.keys or self._sells.keys else []
        if isinstance(event, Trade):
            return self._on_trade(event)
        if isinstance(event, DepthSnapshot | DepthDiff):
            if self._shows.hear_depth(event) and (self._buys.keys or self._sells.keys):
                return self._on_depth(event)
        return []

    def _on_touch(self, event: MarketData) -> list[Execution]:
        shows = self._shows
        bid, ask = shows.bid, shows.ask
        if bid > ask > 0:
            return []
        done: list[Execution] = []
        buys, sells = self._buys, self._sells
        if buys.keys and buys.keys[-1] >= bid:
            buys.on_touch(bid, shows.bid_qty or None, self._queue, event)
            if ask and buys.keys[-1] >= ask:
                self._crossed(buys, BUY, done)
        if sells.keys and (not ask or -sells.keys[-1] <= ask):
            sells.on_touch(ask or UNLIMITED, shows.ask_qty or None, self._queue, event)
            if bid and -sells.keys[-1] <= bid:
                self._crossed(sells, SELL, done)
        return done

    def _on_depth(self, event: MarketData) -> list[Execution]:
        """The touch is what it is, whoever told it; what lies behind is the depth's."""
        shows = self._shows
        done = self._on_touch(event)
        if not shows.is_crossed:
            for level in self._buys.levels_behind(shows.bid):
                level.on_shown(shows.behind(BUY, level.price), self._queue, event)
            for level in self._sells.levels_behind(shows.ask or UNLIMITED):
                level.on_shown(shows.behind(SELL, level.price), self._queue, event)
        return done

    def _crossed(self, own: OwnSide, side: Side, done: list[Execution]) -> None:
        """The other side shows prices that our orders would have met: they share what it shows.

        In a locked market (bid and ask are one price) both sides stand in the queue at that price.
        """
        shows = self._shows
        facing, touch = (shows.ask, shows.bid) if side is BUY else (shows.bid, shows.ask)
        for level in own.levels_to(facing):
            if level.price == touch:
                return
            for order in list(level.orders.values()):
                met = self._use(side, level.price, order.leaves)
                if not met:
                    return
                levels = ", ".join(told_level(price, qty) for price, qty in met)
                shared: int = sum([qty for _, qty in met])
                qty = shared if self._partial else order.leaves
                told = f"market crossed {text(level.price)} with {levels}; {self._book()}"
                why = Why(FillReason.MARKET_CROSSED, told)
                done.append(self._made(own, order, qty, level.price, why))

    def _use(self, side: Side, limit: int | None, wanted: int) -> list[tuple[int, int]]:
        """Take displayed levels within a limit, the best first: prices and quantities taken."""
        used = []
        for price, free in self._shows.offers(side, limit):
            qty = min(free, wanted)
            used.append((price, qty))
            wanted -= qty
            if not wanted:
                break
        for price, qty in used:
            self._shows.use(side, price, qty)
        return used

    def _on_trade(self, trade: Trade) -> list[Execution]:
        """A buyer's trade meets our sells and a seller's our buys; of neither's, buys come first.

        Its quantity is given once, whoever gets it.
        """
        self.last, self.last_qty = price, left = trade.price, trade.qty
        done: list[Execution] = []
        if self._buys.keys and trade.side is not BUY and self._buys.keys[-1] >= price:
            left = self._traded(self._buys, trade, left, done)
        if self._sells.keys and trade.side is not SELL and -self._sells.keys[-1] <= price:
            self._traded(self._sells, trade, left, done)
        return done

    def _traded(self, own: OwnSide, trade: Trade, left: int, done: list[Execution]) -> int:
        """Give the trade to our orders at its price and better ones; what is left of it."""
        for level in own.levels_to(trade.price):
            if level.price == trade.price:
                left = self._traded_at(own, level, trade, left, done)
            else:
                left = self._traded_through(own, level, trade, left, done)
        return left

    def _traded_through(
        self, own: OwnSide, level: OwnLevel, trade: Trade, left: int, done: list[Execution]
    ) -> int:
        for order in list(level.orders.values()):
            before, order.ahead = order.ahead, 0
            qty = min(order.leaves, left) if self._partial else order.leaves
            if not left:
                continue
            left = max(0, left - qty)
            told = f"{told_trade(trade)} through {text(level.price)}; {_queue(before, 0)}"
            why = Why(FillReason.TRADE_THROUGH, f"{told}; {self._book()}")
            done.append(self._made(own, order, qty, level.price, why))
        return left

    def _traded_at(
        self, own: OwnSide, level: OwnLevel, trade: Trade, left: int, done: list[Execution]
    ) -> int:
        for order, share, before in level.on_trade(trade, left):
            left -= share
            told = f"{told_trade(trade)}; {_queue(before, order.ahead)}; {self._book()}"
            why = Why(FillReason.TRADE_AT_PRICE, told)
            done.append(self._made(own, order, share, level.price, why))
        return left

    # What our orders do.

    def fillable(self, side: Side, limit: int | None) -> int:
        """What an order of that side could take now within its limit; UNLIMITED is the most."""
        if self._liquidity.full:
            there = limit or (self._shows.ask if side is BUY else self._shows.bid)
            return UNLIMITED if there else 0
        found: int = sum([qty for _, qty in self._shows.offers(side, limit)])
        return min(found, UNLIMITED)

    def crosses(self, side: Side, price: int) -> bool:
        """Whether an order would meet the other side at once: then it is no maker."""
        if self._liquidity.full:
            return False
        shows = self._shows
        return 0 < shows.ask <= price if side is BUY else shows.bid >= price

    def why_nothing(self, side: Side, limit: int | None) -> str:
        """Why an order of that side finds nothing to take; empty when it does find something."""
        return "" if self.fillable(side, limit) else self._shows.why_nothing(side, limit)

    def take(self, order: WorkingOrder) -> list[Execution]:
        """Let the order take what is displayed within its limit; what it leaves is in `leaves`."""
        if self._liquidity.full:
            return self._take_whole(order)
        side, limit, wanted = order.side, order.price, order.leaves
        touch = self._shows.ask if side is BUY else self._shows.bid
        done = []
        for level, qty in self._use(side, limit, wanted):
            price, slipped = self._slipped(order, level, wanted)
            reason = FillReason.TOOK_TOUCH if level == touch else FillReason.TOOK_LEVEL
            told = f"took {text(qty)} at {text(level)}{slipped}; {self._book()}"
            order.leaves -= qty
            done.append(Execution(order, qty, price, TAKER, Why(reason, told)))
        order.shown = min(order.shown, order.leaves)
        return done

    def rest(self, order: WorkingOrder) -> None:
        """The order joins the end of the queue at its price."""
        if order.price is None:
            raise ContractError(f"order {order.order_id} has no limit; it cannot rest")
        shown = self._shows.qty_at(order.side, order.price)
        self._own(order.side).add(order, order.price, shown, self._liquidity.unknown_ahead)

    def leave(self, order: WorkingOrder) -> None:
        """The order leaves the queue."""
        self._own(order.side).remove(order)

    def reduce(self, order: WorkingOrder, leaves: int) -> None:
        """Less of the order is left to fill; it keeps its place."""
        assert 0 < leaves <= order.leaves, "an order that is reduced becomes smaller, not nothing"
        order.leaves = leaves
        order.shown = min(order.shown, leaves)

    def resting(self, side: Side | None = None) -> Iterator[WorkingOrder]:
        """Our resting orders in priority, buys before sells; they may change meanwhile."""
        if side is not SELL:
            yield from list(self._buys)
        if side is not BUY:
            yield from list(self._sells)

    def state(self) -> tuple[object, ...]:
        """All of it as values, for a hash."""
        return (
            self.symbol, self.last, self.last_qty, self._shows.state(), self._buys.state(),
            self._sells.state(),
        )  # fmt: skip

    def _own(self, side: Side) -> OwnSide:
        return self._buys if side is BUY else self._sells

    def _made(
        self, own: OwnSide, order: WorkingOrder, qty: int, price: int, why: Why
    ) -> Execution:
        """A fill of a resting order, of its visible part first; a finished one leaves."""
        order.leaves -= qty
        order.shown = max(0, order.shown - qty)
        if not order.leaves:
            own.remove(order)
        return Execution(order, qty, price, MAKER, why)

    def _take_whole(self, order: WorkingOrder) -> list[Execution]:
        """Full liquidity: at its limit as a maker, or at the touch as a taker."""
        shows, limit, qty = self._shows, order.price, order.leaves
        price = limit or (shows.ask if order.side is BUY else shows.bid)
        if not price:
            return []
        order.leaves = order.shown = 0
        why = Why(FillReason.FULL_LIQUIDITY, f"whole at {text(price)}; {self._book()}")
        return [Execution(order, qty, price, MAKER if limit else TAKER, why)]

    def _slipped(self, order: WorkingOrder, level: int, wanted: int) -> tuple[int, str]:
        """The price of a taken level behind slippage, and what to say of it.

        Never better than the level, never beyond the limit.
        """
        if self._slippage is None:
            return level, ""
        shows, side, limit = self._shows, order.side, order.price
        price = self._slippage.price(side, level, wanted, bid=shows.bid, ask=shows.ask)
        price = max(price, level) if side is BUY else min(price, level)
        if limit is not None and (price > limit if side is BUY else price < limit):
            return limit, f", slipped to the limit {text(limit)}"
        return price, f", slipped to {text(price)}" if price != level else ""

    def _book(self) -> str:
        shows = self._shows
        return told_book(shows.bid, shows.bid_qty, shows.ask, shows.ask_qty)


def _queue(before: int, after: int) -> str:
    """A queue position in words, before and after."""
    was = "unknown" if before >= UNLIMITED // 2 else text(before)
    return f"ahead {was} before, {'unknown' if after >= UNLIMITED // 2 else text(after)} after"
