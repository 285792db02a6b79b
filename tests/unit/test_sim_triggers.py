"""`sim/triggers`: which price triggers which order, and in which order."""

from __future__ import annotations

from typing import Any

import pytest
from tools.live.core.contracts_v1 import BUY, SELL, Side
from tools.live.sim.orders import OrderKind, OrderRequest, WorkingOrder
from tools.live.sim.triggers import TriggerBy, Triggers

STOP, TOUCHED = OrderKind.STOP, OrderKind.MARKET_IF_TOUCHED
STOP_LIMIT, TRAILING = OrderKind.STOP_LIMIT, OrderKind.TRAILING_STOP


def an_order(
    number: int, side: Side, kind: OrderKind, symbol: str = "BTC", **terms: Any
) -> WorkingOrder:
    request = OrderRequest(f"C{number}", symbol, side, 10, kind, **terms)
    return WorkingOrder(request, f"ORD{number:06d}", number)


def last(triggers: Triggers, price: int, symbol: str = "BTC") -> list[int]:
    """Who triggers at a trade."""
    return [order.number for order in triggers.on_price(symbol, bid=0, ask=0, last=price)]


@pytest.mark.parametrize(("side", "kind", "stays", "triggers_at"), [
    (SELL, STOP, 101, 100), (SELL, STOP, 101, 99), (SELL, STOP_LIMIT, 101, 100),
    (BUY, STOP, 99, 100), (BUY, STOP, 99, 101), (BUY, STOP_LIMIT, 99, 100),
    (SELL, TOUCHED, 99, 100), (SELL, TOUCHED, 99, 101),
    (BUY, TOUCHED, 101, 100), (BUY, TOUCHED, 101, 99),
])  # fmt: skip
def test_a_stop_waits_for_the_worse_price_and_an_if_touched_for_the_better(
    side: Side, kind: OrderKind, stays: int, triggers_at: int
) -> None:
    triggers = Triggers()
    order = an_order(1, side, kind, stop=100)
    triggers.add(order)
    assert triggers.level(order) == 100
    assert last(triggers, stays) == []
    assert last(triggers, triggers_at) == [1]
    assert order not in triggers
    assert last(triggers, triggers_at) == []


@pytest.mark.parametrize(("side", "prices", "level"), [
    (SELL, (100, 110, 105), 105), (BUY, (100, 90, 95), 95),
])  # fmt: skip
def test_a_trailing_stop_follows_and_never_goes_back(
    side: Side, prices: tuple[int, ...], level: int
) -> None:
    triggers = Triggers()
    order = an_order(1, side, TRAILING, trail=5)
    triggers.add(order, last=prices[0])
    assert [last(triggers, price) for price in prices[1:]] == [[], [1]]
    triggers.add(order, last=prices[1])
    assert triggers.level(order) == level


def test_a_trail_without_a_price_has_no_level_yet() -> None:
    triggers = Triggers()
    order = an_order(1, BUY, TRAILING, trail_bps=100 * 10**9)
    triggers.add(order)
    assert triggers.level(order) is None
    last(triggers, 1000)
    assert triggers.level(order) == 1010


@pytest.mark.parametrize(("side", "start"), [(SELL, 98), (BUY, 102)])
def test_a_trail_may_start_at_a_level_of_its_own(side: Side, start: int) -> None:
    triggers = Triggers()
    order = an_order(1, side, TRAILING, trail=5, stop=start)
    triggers.add(order, last=100)
    assert triggers.level(order) == start
    assert last(triggers, start) == [1]


@pytest.mark.parametrize(("by", "prices", "counts_for"), [
    (TriggerBy.LAST, (95, 105, 100), {BUY: 100, SELL: 100}),
    (TriggerBy.LAST, (95, 105, 0), {BUY: 105, SELL: 95}),
    (TriggerBy.QUOTE, (95, 105, 100), {BUY: 105, SELL: 95}),
    (TriggerBy.QUOTE, (0, 0, 100), {BUY: 100, SELL: 100}),
    (TriggerBy.MID, (95, 106, 7), {BUY: 100, SELL: 100}),
    (TriggerBy.MID, (95, 0, 100), {BUY: 100, SELL: 95}),
    (TriggerBy.MID, (0, 105, 100), {BUY: 105, SELL: 100}),
])  # fmt: skip
def test_the_chosen_price_counts_and_the_other_one_where_it_is_unknown(
    by: TriggerBy, prices: tuple[int, int, int], counts_for: dict[Side, int]
) -> None:
    bid, ask, traded = prices
    for side, price in counts_for.items():
        worse = price + 1 if side is BUY else price - 1
        for stop, found in ((price, 1), (worse, 0)):
            triggers = Triggers(by)
            triggers.add(an_order(1, side, STOP, stop=stop))
            assert len(triggers.on_price("BTC", bid=bid, ask=ask, last=traded)) == found


def test_an_unknown_price_triggers_nothing() -> None:
    triggers = Triggers()
    triggers.add(an_order(1, SELL, STOP, stop=100))
    triggers.add(an_order(2, BUY, TOUCHED, stop=100))
    assert last(triggers, 0) == []


def test_those_that_trigger_at_once_come_in_order_of_age() -> None:
    triggers = Triggers()
    triggers.add(an_order(4, SELL, STOP, stop=100))
    triggers.add(an_order(2, SELL, TRAILING, trail=1), last=120)
    triggers.add(an_order(3, BUY, TOUCHED, stop=101))
    triggers.add(an_order(1, SELL, STOP_LIMIT, stop=90, price=90))
    triggers.add(an_order(5, SELL, STOP, stop=50))
    assert triggers.state() == ((1, 90), (2, 119), (3, 101), (4, 100), (5, 50))
    assert last(triggers, 90) == [1, 2, 3, 4]
    assert len(triggers) == 1


def test_symbols_wait_apart_and_what_was_removed_waits_no_more() -> None:
    triggers = Triggers()
    here, there = an_order(1, SELL, STOP, stop=100), an_order(2, SELL, STOP, "ETH", stop=100)
    triggers.add(here)
    triggers.add(there)
    triggers.remove(here)
    triggers.remove(here)
    assert triggers.level(here) is None
    assert last(triggers, 50) == []
    assert last(triggers, 50, "ETH") == [2]
    assert triggers._symbols == {}
