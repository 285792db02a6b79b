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
from ..core.record import builder
from ..core.words_v1 import BUY, SELL, Side
from .evidence import MAKER, TAKER, Execution, FillReason, Touch, Why, text
from .levels import Displayed
from .liquidity import UNLIMITED, LiquidityRule
from .orders import WorkingOrder
from .own_orders import OwnLevel, OwnSide, whole_lots
from .queue import QueueModel
from .slippage import Slippage

__all__ = ["Execution", "SymbolVenue"]

# Bound here because reading a member of an Enum is slow, and most fills have this reason.
_CROSSED = FillReason.MARKET_CROSSED
_why, _execution = builder(Why), builder(Execution)


class SymbolVenue:
    """One symbol's market with our orders in it.

    With `partial` a market that goes beyond our price fills as much as it traded or showed there;
    without, it fills the whole order, which then gets more than there was. A trade exactly at our
    price never gives more than its quantity. With a `lot` an order fills in whole lots.
    """

    __slots__ = (
        "symbol", "last", "last_qty", "_queue", "_liquidity", "_slippage", "_partial", "_shows",
        "_buys", "_sells", "_lot",
    )  # fmt: skip

    def __init__(
        self,
        symbol: str,
        *,
        queue: QueueModel,
        liquidity: LiquidityRule,
        slippage: Slippage | None = None,
        partial: bool = True,
        lot: int = 0,
    ) -> None:
        self.symbol = symbol
        self.last = self.last_qty = 0
        self._queue = queue
        self._liquidity = liquidity.checked()
        self._slippage = slippage
        self._partial = partial
        self._lot = lot or 1
        self._shows = Displayed(liquidity, lot)
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
        if buys.keys and (best := buys.keys[-1]) >= bid:
            buys.on_touch(bid, shows.bid_qty or None, self._queue, event)
            if best >= ask > 0:
                self._crossed(buys, BUY, done)
        if sells.keys and ((best := -sells.keys[-1]) <= ask or not ask):
            sells.on_touch(ask or UNLIMITED, shows.ask_qty or None, self._queue, event)
            if best <= bid:
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
            price = level.price
            if price == touch:
                return
            for order in list(level.orders.values()):
                met, shared = shows.take(side, price, order.leaves)
                if not met:
                    return
                qty = shared if self._partial else order.leaves
                why = _why(_CROSSED, (price, met, self._touch()))
                done.append(self._made(own, order, qty, price, why))

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
            qty = whole_lots(order.leaves, left, self._lot) if self._partial else order.leaves
            if not left or not qty:
                continue
            left = max(0, left - qty)
            seen = trade, level.price, before, self._touch()
            why = Why(FillReason.TRADE_THROUGH, seen)
            done.append(self._made(own, order, qty, level.price, why))
        return left

    def _traded_at(
        self, own: OwnSide, level: OwnLevel, trade: Trade, left: int, done: list[Execution]
    ) -> int:
        for order, share, before in level.on_trade(trade, left, self._lot):
            left -= share
            seen = trade, before, order.ahead, self._touch()
            why = Why(FillReason.TRADE_AT_PRICE, seen)
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
        for level, qty in self._shows.take(side, limit, wanted)[0]:
            price, slipped = self._slipped(order, level, wanted)
            reason = FillReason.TOOK_TOUCH if level == touch else FillReason.TOOK_LEVEL
            seen = qty, level, slipped, self._touch()
            order.leaves -= qty
            done.append(Execution(order, qty, price, TAKER, Why(reason, seen)))
        order.shown = min(order.shown, order.leaves)
        return done

    def rest(self, order: WorkingOrder) -> None:
        """The order joins the end of the queue at its price."""
        side, price = order.side, order.price
        if price is None:
            raise ContractError(f"order {order.order_id} has no limit; it cannot rest")
        shown = self._shows.qty_at(side, price)
        own = self._buys if side is BUY else self._sells
        own.add(order, price, shown, self._liquidity.unknown_ahead)

    def leave(self, order: WorkingOrder) -> None:
        """The order leaves the queue."""
        (self._buys if order.side is BUY else self._sells).remove(order)

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

    def _made(
        self, own: OwnSide, order: WorkingOrder, qty: int, price: int, why: Why
    ) -> Execution:
        """A fill of a resting order, of its visible part first; a finished one leaves."""
        order.leaves -= qty
        order.shown = order.shown - qty if order.shown > qty else 0
        if not order.leaves:
            own.remove(order)
        return _execution(order, qty, price, MAKER, why)

    def _take_whole(self, order: WorkingOrder) -> list[Execution]:
        """Full liquidity: at its limit as a maker, or at the touch as a taker."""
        shows, limit, qty = self._shows, order.price, order.leaves
        price = limit or (shows.ask if order.side is BUY else shows.bid)
        if not price:
            return []
        order.leaves = order.shown = 0
        why = Why(FillReason.FULL_LIQUIDITY, (price, self._touch()))
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

    def _touch(self) -> Touch:
        """The best levels now, for the evidence of a fill."""
        shows = self._shows
        return shows.bid, shows.bid_qty, shows.ask, shows.ask_qty
