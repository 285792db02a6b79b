"""Triggers and links against naive twins that scan everything, and amendments by their totals."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from tests.exchange.order_twins import NaiveLinks, NaiveTriggers
from tests.unit.prop import chance
from tools.live.core.contracts_v1 import BUY, SELL
from tools.live.sim.amend import Amendment, amended
from tools.live.sim.links import Effects, Links
from tools.live.sim.orders import OrderKind, OrderRequest, WorkingOrder
from tools.live.sim.triggers import TriggerBy, Triggers

SEEDS = 40
SEQUENCES = 50  # of each seed
WAITING = (
    OrderKind.STOP, OrderKind.STOP_LIMIT, OrderKind.MARKET_IF_TOUCHED, OrderKind.TRAILING_STOP,
    OrderKind.TRAILING_STOP,
)  # fmt: skip

Prices = tuple[int, int, int]


@pytest.mark.parametrize("seed", range(SEEDS))
def test_triggers_are_those_of_a_scan_of_all_orders(seed: int) -> None:
    rng = chance(seed)
    for _ in range(SEQUENCES):
        _triggers_and_their_twin(rng, steps=50)


def test_a_long_walk_of_many_trails_is_that_of_a_scan() -> None:
    _triggers_and_their_twin(chance(1), steps=4000)


def _triggers_and_their_twin(rng: Random, steps: int) -> None:
    by = rng.choice(list(TriggerBy))
    fast, naive = Triggers(by), NaiveTriggers(by)
    symbols = ("BTC", "ETH")[: rng.randint(1, 2)]
    prices: dict[str, Prices] = dict.fromkeys(symbols, (0, 0, 0))
    waiting: list[WorkingOrder] = []
    middle = rng.randint(30, 200)
    for number in range(1, steps):
        draw = rng.random()
        if draw < 0.35:
            waiting.append(_a_waiting_order(rng, number, middle, symbols))
            _add(fast, naive, waiting[-1], prices)
        elif draw < 0.45 and waiting:
            order = waiting.pop(rng.randrange(len(waiting)))
            fast.remove(order)
            naive.remove(order)
            if rng.random() < 0.5:
                waiting.append(order)
                _add(fast, naive, order, prices)
        else:
            middle = max(3, middle + rng.randint(-4, 4))
            symbol = rng.choice(symbols)
            bid, ask, last = prices[symbol] = _some_prices(rng, middle)
            found = fast.on_price(symbol, bid=bid, ask=ask, last=last)
            assert found == naive.on_price(symbol, bid=bid, ask=ask, last=last)
            waiting = [order for order in waiting if order not in found]
        assert fast.state() == naive.state()


def _add(
    fast: Triggers, naive: NaiveTriggers, order: WorkingOrder, prices: dict[str, Prices]
) -> None:
    bid, ask, last = prices[order.symbol]
    fast.add(order, bid=bid, ask=ask, last=last)
    naive.add(order, bid=bid, ask=ask, last=last)


def _some_prices(rng: Random, middle: int) -> Prices:
    """Each of bid, ask and last trade may be unknown."""
    half = rng.randint(0, 2)
    bid = 0 if rng.random() < 0.1 else middle - half
    ask = 0 if rng.random() < 0.1 else middle + half
    return bid, ask, 0 if rng.random() < 0.3 else middle + rng.randint(-1, 1)


def _a_waiting_order(
    rng: Random, number: int, middle: int, symbols: tuple[str, ...]
) -> WorkingOrder:
    kind = rng.choice(WAITING)
    terms: dict[str, Any] = {"stop": max(1, middle + rng.randint(-20, 20))}
    if kind is OrderKind.TRAILING_STOP:
        if rng.random() < 0.5:
            terms = {}
        if rng.random() < 0.5:
            terms["trail"] = rng.randint(1, 15)
        else:
            terms["trail_bps"] = rng.choice((1, rng.randint(1, 10**13 - 1), rng.randint(1, 2000)))
    request = OrderRequest(
        f"C{number}", rng.choice(symbols), rng.choice((BUY, SELL)), 10, kind, **terms
    )
    return WorkingOrder(request, f"ORD{number:06d}", number)


class LinkedWorld:
    """A made-up exchange that does what links say, with the twin beside it, and the laws."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.links, self.naive = Links(), NaiveLinks()
        self.open: dict[int, WorkingOrder] = {}
        self.live: dict[int, int] = {}  # what works of every open order
        self.filled: dict[int, int] = {}
        self.orders: list[WorkingOrder] = []

    def come(self) -> None:
        """A new order: by itself, in a group, behind another one, or both."""
        number = len(self.orders) + 1
        rng = self.rng
        after = rng.choice(self.orders) if self.orders and rng.random() < 0.7 else None
        group = None
        if rng.random() < 0.6:
            group = f"group {'alone' if after is None else after.number} {rng.randint(1, 2)}"
        request = OrderRequest(
            f"C{number}", "BTC", SELL, rng.randint(1, 10), price=100, one_cancels_other=group,
            after=None if after is None else after.request.client_order_id,
        )  # fmt: skip
        filled = 0 if after is None else self.filled[after.number]
        is_open = after is not None and after.number in self.open
        known = None if after is None else filled
        if self.links.refusal(request, entry_filled=known, entry_open=is_open) is not None:
            return
        order = WorkingOrder(request, f"ORD{number:06d}", number)
        self.orders.append(order)
        self.open[number], self.filled[number] = order, 0
        self.live[number] = 0 if after is not None else request.qty
        if group is None and after is None:
            return
        self.naive.add(order, filled, is_open)
        self._apply(self.links.add(order, entry_filled=filled, entry_open=is_open))

    def trade(self) -> None:
        """One event that would fill one or several orders whole or in part."""
        working = [number for number in self.open if self.live[number]]
        if not working:
            return
        numbers = sorted(self.rng.sample(working, self.rng.randint(1, min(3, len(working)))))
        wanted = {number: self.rng.randint(1, self.live[number]) for number in numbers}
        for number, most in wanted.items():
            if number not in self.open:
                continue
            order = self.open[number]
            qty = self.links.allowed(order, most)
            assert qty <= self.live[number]
            if not qty:
                continue
            self.filled[number] += qty
            self.live[number] -= qty
            self.naive.on_fill(order, qty)
            self._apply(self.links.on_fill(order, qty))
            if not self.live[number] and not self.links.more_to_come(order):
                self._end(order, canceled=False)

    def cancel(self) -> None:
        if self.open:
            order = self.open[self.rng.choice(sorted(self.open))]
            self._end(order, canceled=self.rng.random() < 0.7)  # else it ends unasked

    def check(self) -> None:
        """The twin's quantities, and the laws."""
        linked = {leg.order.number for leg in self.naive.legs}
        works = {number: self.live[number] for number in self.open if number in linked}
        assert works == self.naive.live()
        for name, (filled, _) in self.naive.entries.items():
            assert self._exits_of(name) <= filled, "an exit is in force for more than was entered"
        for leg in self.naive.legs:
            if leg.order.request.one_cancels_other is not None:
                unit = self.naive.unit_of(leg)
                most = max(one.order.request.qty for one in unit)
                assert self.naive.filled_by(unit) <= most, "a group filled more than one side"

    def _exits_of(self, name: str) -> int:
        """What the orders behind an entry have filled and could still fill, taken together."""
        total, seen = 0, []
        for leg in self.naive.legs:
            if leg.order.request.after != name or leg in seen:
                continue
            unit = self.naive.unit_of(leg)
            seen += unit
            works = [self.live[one.order.number] for one in unit if one.order.number in self.open]
            total += self.naive.filled_by(unit) + max(works, default=0)
        return total

    def _apply(self, effects: Effects) -> None:
        for order, qty in effects.work:
            self.live[order.number] = qty
        for order in effects.end:
            self._end(order, canceled=False)

    def _end(self, order: WorkingOrder, *, canceled: bool) -> None:
        if self.open.pop(order.number, None) is not None:
            self.naive.on_end(order, canceled)
            self._apply(self.links.on_end(order, canceled=canceled))


@pytest.mark.parametrize("seed", range(SEEDS))
def test_linked_orders_are_those_of_a_scan_and_keep_the_laws(seed: int) -> None:
    rng = chance(seed)
    for _ in range(SEQUENCES):
        world = LinkedWorld(rng)
        for _ in range(25):
            rng.choice((world.come, world.come, world.trade, world.trade, world.cancel))()
            world.check()


@pytest.mark.parametrize("seed", range(SEEDS))
def test_an_amended_order_never_fills_more_than_its_last_total(seed: int) -> None:
    rng = chance(seed)
    for _ in range(SEQUENCES):
        order = WorkingOrder(OrderRequest("C1", "BTC", BUY, rng.randint(1, 50), price=100), "O1", 1)
        for _ in range(20):
            if rng.random() < 0.5 and order.leaves:
                order.leaves -= rng.randint(1, order.leaves)
                continue
            filled, total = order.filled, rng.randint(1, 60)
            found = amended(order, qty=total)
            if not isinstance(found, Amendment):
                assert total <= filled or total == order.qty
                continue
            assert filled + found.leaves == total == found.request.qty
            assert found.keeps_place is (total < order.qty)
            order.request, order.qty, order.leaves = found.request, total, found.leaves
            assert order.filled == filled
