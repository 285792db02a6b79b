"""Random bars and random orders: what no fill inside a bar may ever do."""

from __future__ import annotations

from random import Random

import pytest

from tests.unit.prop import chance
from tools.live.core.contracts_v1 import BUY, SELL
from tools.live.core.money import BPS
from tools.live.sim.bar import Bar, made_bar
from tools.live.sim.bar_offers import BarPrices
from tools.live.sim.bars import BarMarket, BarRules, SameBar
from tools.live.sim.evidence import Execution, FillReason
from tools.live.sim.orders import OrderKind, OrderRequest, WorkingOrder
from tools.live.sim.slippage import FixedBps

LIMITED = (OrderKind.LIMIT, OrderKind.STOP_LIMIT)
KINDS = tuple(OrderKind)
CENT = 10**7


def a_price(rng: Random) -> int:
    return (9_000 + int(rng.random() * 2_000)) * CENT


def a_bar(rng: Random, at: int) -> Bar:
    low, opened, close, high = sorted(a_price(rng) for _ in range(4))
    if rng.random() < 0.5:
        opened, close = close, opened
    if rng.random() < 0.2:
        high = max(opened, close)
    if rng.random() < 0.2:
        low = min(opened, close)
    volume = int(rng.random() * 4) * int(rng.random() * 10**12)
    return made_bar("X", "s", (opened, high, low, close), volume, at, at + 1)


def an_order(rng: Random, number: int) -> WorkingOrder:
    kind = KINDS[int(rng.random() * len(KINDS))]
    side = BUY if rng.random() < 0.5 else SELL
    trails = kind is OrderKind.TRAILING_STOP
    stops = kind in (OrderKind.STOP, OrderKind.STOP_LIMIT, OrderKind.MARKET_IF_TOUCHED)
    request = OrderRequest(
        f"C{number}", "X", side, 1 + int(rng.random() * 10**11), kind,
        price=a_price(rng) if kind in LIMITED else None, stop=a_price(rng) if stops else None,
        trail=1 + int(rng.random() * 500) * CENT if trails else None,
        one_cancels_other=f"g{int(rng.random() * 3)}" if rng.random() < 0.3 else None,
    )  # fmt: skip
    return WorkingOrder(request, f"O{number}", number)


def some_rules(rng: Random) -> BarRules:
    models = [None if rng.random() < 0.3 else FixedBps(int(rng.random() * 50)) for _ in range(3)]
    prices = BarPrices(CENT, int(rng.random() * 4), *models)
    ties = tuple(SameBar)
    cap = None if rng.random() < 0.2 else int(rng.random() * 2_000)
    return BarRules(prices, ties[int(rng.random() * len(ties))], cap)


def check(execution: Execution, bar: Bar) -> None:
    order, price, evidence = execution.order, execution.price, execution.why.evidence
    outside = not bar.low <= price <= bar.high
    assert outside is evidence.split(";")[1].endswith("outside the bar"), evidence
    assert not outside or execution.why.reason is FillReason.STOP_TRIGGERED
    if order.price is not None:
        assert price <= order.price if order.side is BUY else price >= order.price
    assert execution.qty > 0 and order.leaves >= 0


@pytest.mark.parametrize("seed", range(40))
def test_no_fill_outside_its_bar_its_limit_or_its_part_of_the_volume(seed: int) -> None:
    rng = chance(seed)
    rules = some_rules(rng)
    market, orders, filled = BarMarket(rules), [], {}
    for at in range(150):
        orders += [an_order(rng, at * 3 + place) for place in range(int(rng.random() * 4))]
        bar = a_bar(rng, at)
        before = {order.order_id: order.leaves for order in orders}
        done = market.hear(bar, orders)
        for execution in done:
            check(execution, bar)
            name = execution.order.order_id
            filled[name] = filled.get(name, 0) + execution.qty
        groups = [e.order.request.one_cancels_other for e in done]
        named = [group for group in groups if group is not None]
        assert len(named) == len(set(named)), "two of one group in one bar"
        for order in orders:
            assert order.qty - order.leaves == filled.get(order.order_id, 0)
            assert before[order.order_id] >= order.leaves
        if rules.volume_cap_bps is not None:
            assert sum(e.qty for e in done) <= bar.volume * rules.volume_cap_bps // BPS
        orders = [order for order in orders if order.leaves
                  and order.request.one_cancels_other not in named]  # fmt: skip


@pytest.mark.parametrize("seed", range(40))
def test_a_stricter_rule_never_fills_more(seed: int) -> None:
    """Single limit orders: more ticks to go beyond the limit, or less volume, fill no more."""
    for number in range(50):
        rng = chance(seed * 1000 + number)
        bar = a_bar(rng, 0)
        side, price = BUY if rng.random() < 0.5 else SELL, a_price(rng)
        request = OrderRequest("C", "X", side, 10**11, OrderKind.LIMIT, price=price)
        got = []
        for ticks, cap in ((0, None), (0, 500), (0, 100), (3, 100)):
            order = WorkingOrder(request, "O", 1)
            rules = BarRules(BarPrices(CENT, ticks), volume_cap_bps=cap)
            BarMarket(rules).hear(bar, [order])
            got.append(order.filled)
        assert got == sorted(got, reverse=True)
