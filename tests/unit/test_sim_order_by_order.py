"""Ours among single orders of a market: true places, what met us first, and nothing used twice."""

from __future__ import annotations

import pytest

from tools.live.core.contracts_v1 import BUY, SELL, Side
from tools.live.core.errors import ContractError
from tools.live.core.market_v1 import Bbo, Trade
from tools.live.sim.evidence import Execution
from tools.live.sim.order_by_order import OrderByOrder
from tools.live.sim.order_events import (
    BookCleared, OrderEvent, RestingAdded, RestingCanceled, RestingReduced, RestingReplaced,
    RestingTraded,
)  # fmt: skip
from tools.live.sim.orders import OrderRequest, WorkingOrder


def added(name: str, side: Side, price: int, qty: int) -> RestingAdded:
    return RestingAdded("X", "s", name, side, price, qty, None, 1)


def traded(name: str, qty: int) -> RestingTraded:
    return RestingTraded("X", "s", name, qty, None, 1)


def reduced(name: str, qty: int) -> RestingReduced:
    return RestingReduced("X", "s", name, qty, None, 1)


def canceled(name: str) -> RestingCanceled:
    return RestingCanceled("X", "s", name, None, 1)


def replaced(name: str, price: int, qty: int, new: str = "") -> RestingReplaced:
    return RestingReplaced("X", "s", name, new or name, price, qty, None, 1)


def ours(
    number: int, side: Side, price: int | None, qty: int, display: int | None = None
) -> WorkingOrder:
    request = OrderRequest(f"C{number}", "X", side, qty, price=price, display=display)
    return WorkingOrder(request, f"O{number}", number)


def a_market(*events: OrderEvent) -> OrderByOrder:
    market = OrderByOrder("X")
    for event in events:
        assert market.hear(event) == []
    return market


def got(done: list[Execution]) -> list[tuple[int, int, int, str, str]]:
    return [(e.order.number, e.qty, e.price, e.liquidity, e.why.reason.value) for e in done]


def test_the_touch_is_the_market_without_ours() -> None:
    market = a_market(added("a", BUY, 99, 5), added("b", SELL, 101, 3), added("c", SELL, 101, 1))
    market.rest(ours(1, BUY, 100, 7))
    market.rest(ours(2, SELL, 101, 7))
    assert (market.bid, market.bid_qty, market.ask, market.ask_qty) == (99, 5, 101, 4)
    empty = OrderByOrder("X")
    assert (empty.bid, empty.bid_qty, empty.ask, empty.ask_qty) == (0, 0, 0, 0)


def test_the_place_in_the_queue_is_exact() -> None:
    market = a_market(added("a", BUY, 100, 5), added("b", BUY, 100, 3))
    order = ours(1, BUY, 100, 2)
    market.rest(order)
    market.hear(added("c", BUY, 100, 9))
    assert order.ahead == 8
    for event, ahead in ((reduced("a", 1), 7), (canceled("c"), 7), (traded("a", 2), 5),
                         (replaced("b", 100, 3), 5),
                         (replaced("b", 100, 2), 4), (replaced("a", 99, 2), 2),
                         (replaced("b", 100, 5), 0)):  # fmt: skip
        assert market.hear(event) == []
        assert order.ahead == ahead


def test_a_trade_behind_ours_met_ours_first() -> None:
    market = a_market(added("a", BUY, 100, 5))
    order = ours(1, BUY, 100, 4)
    market.rest(order)
    market.hear(added("b", BUY, 100, 5))
    assert market.hear(traded("a", 5)) == []
    (done,) = market.hear(traded("b", 3))
    assert got([done]) == [(1, 3, 100, "maker", "trade_at_price")]
    assert done.why.evidence.startswith("0.000000003 of order b traded at 0.0000001 behind ours; "
                                        "ahead 0; bid ")  # fmt: skip
    assert (order.leaves, order.shown, market.bid_qty, market.last, market.last_qty) == (
        1, 1, 2, 100, 3)  # fmt: skip
    assert got(market.hear(traded("b", 2))) == [(1, 1, 100, "maker", "trade_at_price")]
    assert list(market.resting()) == [] and market.bid == 0


def test_a_trade_at_a_worse_price_goes_through_ours_and_is_used_once() -> None:
    market = a_market(added("a", SELL, 102, 9))
    best, older, younger = ours(1, SELL, 100, 2), ours(2, SELL, 101, 3), ours(3, SELL, 101, 9)
    for order in (older, younger, best):
        market.rest(order)
    assert got(market.hear(traded("a", 7))) == [
        (1, 2, 100, "maker", "trade_through"), (2, 3, 101, "maker", "trade_through"),
        (3, 2, 101, "maker", "trade_through"),
    ]
    assert market.ask_qty == 2 and [order.number for order in market.resting()] == [3]


def test_what_is_used_up_reaches_nobody_else() -> None:
    market = a_market(added("a", BUY, 98, 5))
    for number, price in ((1, 100), (2, 99), (3, 97)):
        market.rest(ours(number, BUY, price, 2))
    assert [row[:2] for row in got(market.hear(traded("a", 2)))] == [(1, 2)]
    assert [row[:2] for row in got(market.hear(added("b", SELL, 90, 2)))] == [(2, 2)]
    assert market.ask == 0 and [order.number for order in market.resting()] == [3]
    assert market.hear(added("c", SELL, 98, 2)) == []


def test_ours_behind_what_traded_gets_nothing() -> None:
    market = a_market(added("a", BUY, 100, 5), added("b", BUY, 100, 5))
    market.rest(ours(1, BUY, 100, 4))
    market.rest(ours(2, BUY, 99, 4))
    assert market.hear(traded("b", 5)) == market.hear(traded("a", 5)) == []


def test_several_of_ours_before_one_order_in_their_order() -> None:
    market = a_market()
    orders = [ours(number, BUY, 100, 2) for number in (1, 2, 3)]
    for order in orders:
        market.rest(order)
    assert [order.ahead for order in orders] == [0, 0, 0]  # ours do not count
    market.hear(added("a", BUY, 100, 5))
    assert [row[:2] for row in got(market.hear(traded("a", 5)))] == [(1, 2), (2, 2), (3, 1)]


def test_an_order_that_comes_beyond_our_price_met_us() -> None:
    market = a_market(added("a", SELL, 103, 1))
    low, high = ours(1, SELL, 101, 2), ours(2, SELL, 102, 2)
    market.rest(high)
    market.rest(low)
    (first, second) = market.hear(added("b", BUY, 102, 3))
    assert got([first, second]) == [
        (1, 2, 101, "maker", "market_crossed"), (2, 1, 102, "maker", "market_crossed"),
    ]
    assert first.why.evidence.startswith("order b came Buy 0.000000003 at 0.000000102; bid none")
    assert market.bid == 0  # we had all of it
    assert got(market.hear(replaced("b", 102, 5)))[0][:2] == (2, 1)
    assert (market.bid, market.bid_qty) == (102, 1)


def test_what_we_took_stays_taken_and_growth_is_new() -> None:
    market = a_market(added("a", SELL, 101, 5), added("b", SELL, 102, 5))
    taker = ours(1, BUY, 102, 7)
    assert got(market.take(taker)) == [
        (1, 5, 101, "taker", "took_touch"), (1, 2, 102, "taker", "took_level"),
    ]
    assert taker.leaves == taker.shown == 0
    assert (market.ask, market.ask_qty, market.fillable(BUY, None)) == (102, 3, 3)
    market.hear(reduced("b", 2))  # 3 by the record, of which we have 2
    assert market.fillable(BUY, None) == 1
    market.hear(reduced("b", 1))
    assert market.fillable(BUY, None) == 0 and not market.crosses(BUY, 200)
    market.hear(reduced("a", 1))  # it was all ours before, too
    market.hear(reduced("b", 1))
    market.hear(replaced("b", 102, 6))
    assert market.fillable(BUY, None) == 5  # one was left by the record, and that was ours
    market.hear(reduced("b", 1))
    market.hear(replaced("a", 103, 3))
    assert market.fillable(BUY, None) == 4  # 4 were taken of it, so nothing is left
    market.hear(canceled("a"))
    market.hear(added("a", SELL, 101, 5))
    assert market.fillable(BUY, 101) == 5


def test_of_an_order_that_we_took_whole_nobody_knows_the_place() -> None:
    market = a_market(added("a", SELL, 101, 5))
    market.rest(ours(1, SELL, 101, 1))
    market.rest(ours(2, SELL, 100, 1))
    market.take(ours(3, BUY, 101, 5))
    assert [row[0] for row in got(market.hear(traded("a", 5)))] == [2]


def test_ours_do_not_trade_with_ours() -> None:
    market = a_market(added("a", SELL, 101, 5))
    market.rest(ours(1, SELL, 100, 5))
    order = ours(2, BUY, 101, 9)
    assert not market.crosses(BUY, 100) and market.crosses(BUY, 101)
    assert market.fillable(BUY, 100) == 0 and market.fillable(BUY, 101) == 5
    assert [row[1] for row in got(market.take(order))] == [5]
    market.rest(order)
    assert order.shown == 4
    assert [other.number for other in market.resting()] == [2, 1]
    assert [other.number for other in market.resting(SELL)] == [1]
    assert [other.number for other in market.resting(BUY)] == [2]
    assert market.take(ours(3, SELL, None, 1)) == []
    assert not market.crosses(SELL, 1)


def test_taking_moves_the_orders_of_ours_behind_it() -> None:
    market = a_market(added("a", SELL, 101, 5))
    order = ours(1, SELL, 101, 1)
    market.rest(order)
    market.take(ours(2, BUY, None, 3))
    assert order.ahead == 2


def test_only_the_slice_of_an_iceberg_trades_and_the_next_is_the_youngest() -> None:
    market = a_market()
    order = ours(1, BUY, 100, 9, display=2)
    market.rest(order)
    market.hear(added("a", BUY, 100, 9))
    assert [row[1] for row in got(market.hear(traded("a", 5)))] == [2]
    assert (order.leaves, order.shown) == (7, 0) and list(market.resting()) == []
    market.leave(order)
    order.shown = 2
    market.rest(order)
    assert order.ahead == 4


def test_less_keeps_the_place() -> None:
    market = a_market()
    order = ours(1, BUY, 100, 9, display=4)
    market.rest(order)
    market.hear(added("a", BUY, 100, 9))
    market.reduce(order, 5)
    assert order.shown == 4
    market.reduce(order, 3)
    assert (order.shown, order.ahead) == (3, 0)
    assert [row[1] for row in got(market.hear(traded("a", 5)))] == [3]


def test_a_cleared_book_keeps_ours() -> None:
    market = a_market(added("a", BUY, 100, 5), added("b", SELL, 101, 5))
    order = ours(1, BUY, 100, 1)
    market.rest(order)
    market.hear(BookCleared("X", "s", None, 1))
    assert order.ahead == market.bid == market.ask == 0
    assert list(market.resting()) == [order]


def test_events_about_strangers_are_counted_and_change_nothing() -> None:
    market = a_market(added("a", BUY, 100, 5), added("b", BUY, 99, 5))
    before = market.state()[5:]
    for event in (traded("z", 1), reduced("z", 1), canceled("z"), replaced("z", 1, 1),
                  added("a", BUY, 1, 1), replaced("a", 98, 1, "b")):  # fmt: skip
        assert market.hear(event) == []
    assert market.unknown == 6 and market.state()[5:] == before
    assert market.hear(replaced("a", 100, 5, "c")) == [] and market.hear(canceled("c")) == []
    assert market.unknown == 6


def test_a_replacement_under_a_new_id_is_the_youngest() -> None:
    market = a_market(added("a", BUY, 100, 5))
    order = ours(1, BUY, 100, 1)
    market.rest(order)
    market.hear(replaced("a", 100, 4, "b"))
    assert order.ahead == 0 and market.bid_qty == 4


def test_other_market_data() -> None:
    market = a_market(added("a", BUY, 100, 5))
    market.rest(ours(1, BUY, 100, 1))
    assert market.hear(Trade("X", "s", "t", SELL, 90, 4, None, None, 1)) == []
    assert (market.last, market.last_qty) == (90, 4)
    assert market.hear(Bbo("X", "s", 1, 1, 2, 1, None, None, 1)) == []
    assert market.bid == 100


def test_an_order_without_a_limit_cannot_rest() -> None:
    with pytest.raises(ContractError, match="order O1 has no limit; it cannot rest"):
        OrderByOrder("X").rest(ours(1, BUY, None, 1))
