"""Fills inside bars: for data that tells no more than open, high, low, close and volume.

An order must have been there before the bar began. All orders of one bar share a part of its
volume, so nothing trades twice: first those that trade at the open, then the others, each the
oldest first; what does not fit waits for the next bar. A stop and a target of one group cannot both
trade; which one did, where the bar reached both, a rule decides, and the evidence names it.

    market = BarMarket()
    market.hear(bar, orders)               # the executions; `leaves` of the orders has changed
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import Enum
from typing import Any, TypeAlias

from ..core.clock import NS_PER_S
from ..core.errors import ContractError
from ..core.money import BPS, SCALE
from ..core.record import fields_of, record
from ..core.words_v1 import BUY, SELL
from .bar import Bar
from .bar_offers import (
    BarPrices, Offer, level_of, limit_offer, market_offer, stop_limit_offer, stop_offer,
    stop_reached, touched_offer,
)  # fmt: skip
from .evidence import Execution, Why, text
from .orders import OrderKind, WorkingOrder

MARKET, LIMIT, STOP = OrderKind.MARKET, OrderKind.LIMIT, OrderKind.STOP
STOP_LIMIT, TRAILING = OrderKind.STOP_LIMIT, OrderKind.TRAILING_STOP
TOUCHED = OrderKind.MARKET_IF_TOUCHED
_STOPS = (STOP, STOP_LIMIT, TRAILING)
_LONGEST_NS = 366 * 24 * 3600 * NS_PER_S
_BPS_E9 = BPS * SCALE


class SameBar(str, Enum):
    """Which of stop and target traded in a bar that reached both.

    `HIGH_LOW_ORDER`: a bar that closes above its open went to its low first, any other to its high.
    What the open decides is decided, but for `WORST_CASE`, which takes the worse price always.
    """

    STOP_FIRST = "stop_first"
    TARGET_FIRST = "target_first"
    HIGH_LOW_ORDER = "high_low_order"
    WORST_CASE = "worst_case"


@record
class BarRules:
    """How bars fill: prices, ties, and the part of a bar's volume that is ours, None for all of
    what we ask, however much it is.

    An order that was on its way when a bar began is part of it when it comes within the first
    `late_bps` of its length; 0 is for those that were there. `every_ns` makes bars of this length
    out of trades; None takes the bars of the market.
    """

    prices: BarPrices = BarPrices()
    same_bar: SameBar = SameBar.STOP_FIRST
    volume_cap_bps: int | None = 500
    late_bps: int = 1000
    every_ns: int | None = None

    def checked(self) -> BarRules:
        """The rules themselves; a ContractError names what cannot be."""
        cap, every_ns = self.volume_cap_bps, self.every_ns
        if cap is not None and not 0 <= cap <= BPS:
            raise ContractError(f"volume_cap_bps {cap} must be 0 to {BPS}, or None for no cap")
        if not 0 <= self.late_bps <= BPS:
            raise ContractError(f"late_bps {self.late_bps} must be 0 to {BPS}")
        if self.prices.verify_ticks < 0 or self.prices.tick < 0:
            raise ContractError("verify_ticks and tick must be 0 or more")
        if every_ns is not None and not 0 < every_ns <= _LONGEST_NS:
            raise ContractError(f"every_ns {every_ns} must be above 0 and at most a year")
        return self

    def describe(self) -> dict[str, Any]:
        """What decides about fills, for the report."""
        prices, every_ns = self.prices, self.every_ns
        slippages = {name: getattr(prices, name) for name in fields_of(prices)[2:]}
        return {
            "same_bar": self.same_bar.value, "volume_cap_bps": self.volume_cap_bps,
            "late_bps": self.late_bps,
            "every_s": None if every_ns is None else text(every_ns),
            "tick": text(prices.tick), "verify_ticks": prices.verify_ticks,
            **{name: None if model is None else model.describe()
               for name, model in slippages.items()},
        }  # fmt: skip


Pair: TypeAlias = tuple[WorkingOrder, Offer]
May: TypeAlias = Callable[[WorkingOrder, int], int]


class BarMarket:
    """One symbol's bars; it keeps which stops have triggered and where trailing ones stand."""

    def __init__(self, rules: BarRules = BarRules()) -> None:
        self._rules = rules.checked()
        self._triggered: dict[str, bool] = {}
        self._trailing: dict[str, int] = {}

    def hear(
        self,
        bar: Bar,
        orders: Iterable[WorkingOrder],
        may: May | None = None,
        late: Iterable[WorkingOrder] = (),
    ) -> list[Execution]:
        """The executions of one bar, in order; the orders are those that wait for its symbol.

        Of a group only one member trades: the others are to be canceled. `may` says how much of a
        quantity that it could have an order takes; it is asked in the order of the executions. What
        is known of the orders that came too `late` for this bar is kept.
        """
        working = sorted(
            [order for order in orders if order.leaves and order.symbol == bar.symbol],
            key=lambda order: order.number,
        )
        offers = [(order, offer) for order in working if (offer := self._offer(order, bar))]
        chosen = self._one_of_each_group(offers, bar)
        chosen.sort(key=lambda pair: not pair[1].at_open)  # stable: by age within
        done = self._share(chosen, bar, may)
        self._forget([*working, *late])
        for order in working:
            if order.leaves and order.request.kind is TRAILING and not self.has_triggered(order):
                self._trail(order, bar)
        return done

    def trigger(self, order: WorkingOrder) -> None:
        """An order waits for no level any more, whoever found that out."""
        self._triggered[order.order_id] = True

    def has_triggered(self, order: WorkingOrder) -> bool:
        """Whether an order that began as one with a level waits for it no more."""
        return order.order_id in self._triggered

    def describe(self) -> dict[str, Any]:
        """What decides about fills, for the report."""
        return self._rules.describe()

    def state(self) -> tuple[object, ...]:
        """All of it as values, for a hash."""
        return tuple(self._triggered), tuple(self._trailing.items())

    def _offer(self, order: WorkingOrder, bar: Bar) -> Offer | None:
        request, prices = order.request, self._rules.prices
        kind = request.kind
        if self.has_triggered(order):
            kind = LIMIT if kind is STOP_LIMIT else MARKET
        if kind is MARKET:
            slippages = {MARKET: prices.entry, TOUCHED: prices.target}
            return market_offer(order, bar, slippages.get(request.kind, prices.stop))
        if kind is TOUCHED:
            return touched_offer(order, level_of(order), bar, prices)
        if kind is TRAILING:
            return stop_offer(order, self._trailing_level(order, bar), bar, prices)
        if kind is STOP:
            return stop_offer(order, level_of(order), bar, prices)
        if order.price is None:
            raise ContractError(f"order {order.order_id} has no limit; give a {kind.value} one")
        if kind is LIMIT:
            return limit_offer(order, order.price, bar, prices)
        level = level_of(order)
        # Nobody knows which side of the market it would come to, so a maker only triggers here.
        offer = None if request.post_only else stop_limit_offer(
            order, level, order.price, bar, prices
        )  # fmt: skip
        if offer is None and stop_reached(order.side, level, bar):
            self.trigger(order)
        return offer

    def _one_of_each_group(self, offers: list[Pair], bar: Bar) -> list[Pair]:
        chosen: dict[str, Pair] = {}
        rivals: dict[str, list[Pair]] = {}
        for pair in offers:
            group = pair[0].request.one_cancels_other
            name = f"order {pair[0].order_id}" if group is None else f"group {group}"
            held = chosen.get(name)
            if held is None or self._comes_before(pair, held, bar):
                chosen[name] = pair
            rivals.setdefault(name, []).append(pair)
        found = [self._explained(pair, rivals[name]) for name, pair in chosen.items()]
        found.sort(key=lambda pair: pair[0].number)
        return found

    def _explained(self, pair: Pair, rivals: list[Pair]) -> Pair:
        """What trades, with a word about each that could have traded instead of it."""
        order, offer = pair
        told = offer.told
        for other, standing in rivals:
            if other is not order:
                told += f"; {self._decided(pair, (other, standing))} {other.order_id}"
        return order, Offer(offer.price, offer.liquidity, offer.reason, told, offer.at_open)

    def _decided(self, pair: Pair, rival: Pair) -> str:
        """What decided between two of one group."""
        (order, offer), (other, standing) = pair, rival
        if self._rules.same_bar is not SameBar.WORST_CASE:
            if offer.at_open is not standing.at_open:
                return "at the open, before"
            if (order.request.kind in _STOPS) is (other.request.kind in _STOPS):
                return "older than"
        return f"{self._rules.same_bar.value} over"

    def _comes_before(self, new: Pair, held: Pair, bar: Bar) -> bool:
        """Whether the newer of two of one group trades instead of the older."""
        (order, offer), (other, standing) = new, held
        rule = self._rules.same_bar
        if rule is SameBar.WORST_CASE:
            sign = 1 if order.side is BUY else -1
            return sign * offer.price > sign * standing.price
        if offer.at_open is not standing.at_open:
            return offer.at_open
        stops, other_stops = order.request.kind in _STOPS, other.request.kind in _STOPS
        if stops is other_stops:
            return False
        stop_first = rule is SameBar.STOP_FIRST
        if rule is SameBar.HIGH_LOW_ORDER:
            low_first = bar.close > bar.open
            stop_first = (order.side is SELL) is low_first  # a sell stop is below, a buy stop above
        return stops is stop_first

    def _share(self, chosen: list[Pair], bar: Bar, may: May | None) -> list[Execution]:
        cap = self._rules.volume_cap_bps
        whole = left = None if cap is None else bar.volume * cap // BPS
        done = []
        for order, offer in chosen:
            if order.request.kind not in (MARKET, LIMIT):
                self.trigger(order)
            qty = order.leaves if left is None else min(order.leaves, left)
            if may is not None and qty:
                qty = may(order, qty)
            if not qty:
                continue
            told = f"{bar.told()}; {offer.told}"
            if left is not None and whole is not None:
                left -= qty
                told += f"; {text(qty)} of the {text(whole)} that we may have, {text(left)} left"
            order.leaves -= qty
            order.shown = min(order.shown, order.leaves)
            why = Why(offer.reason, told)
            done.append(Execution(order, qty, offer.price, offer.liquidity, why))
        return done

    def _forget(self, known: list[WorkingOrder]) -> None:
        """Keep what is known of orders that still wait, and of no others."""
        waiting = {order.order_id: True for order in known if order.leaves}
        self._triggered = {name: True for name in self._triggered if name in waiting}
        self._trailing = {
            name: level for name, level in self._trailing.items() if name in waiting
        }

    def _trailing_level(self, order: WorkingOrder, bar: Bar) -> int:
        """Where a trailing stop stands as the bar begins: what this bar does moves the next."""
        level = self._trailing.get(order.order_id)
        if level is None:
            level = order.request.stop
        if level is None:
            level = _trailed(order, bar.open)
        self._trailing[order.order_id] = level
        return level

    def _trail(self, order: WorkingOrder, bar: Bar) -> None:
        level = self._trailing[order.order_id]
        if order.side is BUY:
            self._trailing[order.order_id] = min(level, _trailed(order, bar.low))
        else:
            self._trailing[order.order_id] = max(level, _trailed(order, bar.high))


def _trailed(order: WorkingOrder, price: int) -> int:
    """The level at the order's distance behind a price."""
    request = order.request
    distance = request.trail
    if distance is None:
        if request.trail_bps is None:
            raise ContractError(f"order {order.order_id} has no distance; give trail or trail_bps")
        distance = -(-price * request.trail_bps // _BPS_E9)
    return price + distance if order.side is BUY else price - distance
