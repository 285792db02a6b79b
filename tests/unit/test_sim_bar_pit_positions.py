"""An exchange that hears whole bars: positions, our own orders, sessions, funding, and states."""

from __future__ import annotations


import pytest

from tests.unit.bar_builders import MINUTE, a_floor, hear, said
from tests.unit.sim_builders import MS, SYMBOL, T0, a_quote
from tools.live.core.contracts_v1 import FundingPaid
from tools.live.core.money import SCALE
from tools.live.core.words_v1 import BUY, SELL
from tools.live.sim.bar_pit import BarPit
from tools.live.sim.bars import BarRules
from tools.live.sim.delays import Constant, Delays
from tools.live.sim.exchange import SimulatedExchange
from tools.live.sim.funding import ConstantRate, Funding
from tools.live.sim.orders import OrderKind, OrderRequest, SelfTrade, TimeInForce
from tools.live.sim.rules import SymbolRules
from tools.live.sim.session import DailyHours, Outside

IOC, FOK = TimeInForce.IOC, TimeInForce.FOK
MARKET, STOP, STOP_LIMIT = OrderKind.MARKET, OrderKind.STOP, OrderKind.STOP_LIMIT


def test_reduce_only_takes_no_more_than_the_bar_left_of_the_position() -> None:
    floor = a_floor()
    floor.send("C1", BUY, 10, kind=MARKET)
    hear(floor, 1, 100, 100, 100, 100).said()
    floor.send("C2", SELL, 7, kind=MARKET)
    floor.send("C3", SELL, 9, kind=STOP, stop=98, reduce_only=True)
    floor.send("C4", SELL, 9, kind=STOP, stop=97, reduce_only=True)
    assert said(floor, 2, 99, 99, 97, 97) == [
        "ORD000002 7 at 99 taker", "ORD000003 3 at 98 taker", "OrderCanceled ORD000003",
        "OrderCanceled ORD000004",
    ]  # fmt: skip
    assert floor.position() == 0 and floor.open() == []


def test_reduce_only_orders_that_stay_fit_beside_each_other_behind_a_bar() -> None:
    floor = a_floor()
    floor.send("C1", BUY, 10, kind=MARKET)
    hear(floor, 1, 100, 100, 100, 100).said()
    floor.send("C2", SELL, 8, kind=STOP_LIMIT, stop=95, price=99, reduce_only=True)
    floor.send("C3", SELL, 6, price=120, reduce_only=True)
    floor.send("C4", SELL, 5, kind=MARKET, time_in_force=IOC, reduce_only=True)
    assert said(floor, 2, 94, 94, 93, 94) == ["ORD000004 5 at 94 taker", "OrderCanceled ORD000002"]
    assert floor.open() == [("C3", 5)]  # the stop came to its limit later, so it is the newest
    assert said(floor, 3, 120, 120, 99, 99) == ["ORD000003 5 at 120 maker",
                                                "OrderCanceled ORD000003"]  # fmt: skip


def test_a_reduce_only_market_order_without_a_position_any_more_ends() -> None:
    floor = a_floor(BarRules(volume_cap_bps=100))
    floor.send("C1", BUY, 4, kind=MARKET)
    hear(floor, 1, 100, 100, 100, 100, volume=400).said()
    floor.send("C2", SELL, 4, kind=MARKET)
    floor.send("C3", SELL, 4, kind=MARKET, reduce_only=True)
    told = said(floor, 2, 100, 100, 100, 100, volume=400)
    assert told == ["ORD000002 4 at 100 taker", "OrderCanceled ORD000003"]


@pytest.mark.parametrize(("qty", "told"), [
    (4, ["ORD000002 4 at 100 maker"]), (5, ["OrderCanceled ORD000002"]),
])  # fmt: skip
def test_reduce_only_fill_or_kill_is_whole_or_nothing(qty: int, told: list[str]) -> None:
    floor = a_floor()
    floor.send("C1", BUY, 4, kind=MARKET)
    hear(floor, 1, 99, 99, 99, 99).said()
    floor.send("C2", SELL, qty, time_in_force=FOK, reduce_only=True)
    found = floor.said()
    assert found + said(floor, 2, 99, 101, 98, 99) == told


def test_two_orders_of_ours_that_would_meet_are_kept_apart() -> None:
    floor = a_floor(self_trade=SelfTrade.CANCEL_OLDEST)
    floor.send("C1", SELL, price=99)
    floor.send("C2", SELL, price=98)
    floor.send("C3", SELL, price=100)
    floor.send("C4", BUY, price=99)
    assert floor.said() == ["OrderCanceled ORD000002", "OrderCanceled ORD000001"]
    floor = a_floor(self_trade=SelfTrade.CANCEL_NEWEST)
    floor.send("C1", BUY, price=99)
    floor.send("C2", BUY, price=100)
    floor.send("C3", SELL, kind=MARKET)
    assert floor.said() == ["OrderCanceled ORD000003"]


def test_an_order_is_kept_till_its_market_opens_and_has_the_next_bar() -> None:
    floor = a_floor(sessions=DailyHours("00:02:30", "01:00"), outside=Outside.HOLD)
    floor.send("C1", kind=MARKET)
    assert said(floor, 1, 101, 101, 101, 101) == []
    assert said(floor, 2, 102, 102, 102, 102) == []
    assert said(floor, 3, 103, 103, 103, 103) == ["ORD000001 10 at 103 taker"]


def test_who_waits_for_a_level_is_counted_as_such() -> None:
    floor = a_floor(rules={SYMBOL: SymbolRules(max_waiting=1)})
    assert floor.send("C1", kind=STOP, stop=110).success
    assert not floor.send("C2", kind=STOP, stop=110).success
    assert floor.send("C3", price=90).success
    hear(floor, 1, 110, 110, 110, 110)
    assert floor.send("C4", kind=STOP, stop=120).success


def test_funding_takes_the_last_close() -> None:
    funding = Funding(ConstantRate(100), every_ns=5 * MINUTE)
    floor = a_floor(funding=funding, cash_e18=0)
    floor.send("C1", BUY, 10, kind=MARKET)
    hear(floor, 1, 100, 100, 100, 100)
    hear(floor, 2, 100, 300, 100, 200).at(T0 + 5 * MINUTE)
    _, paid = floor.exchange.stream_answers()
    assert isinstance(paid, FundingPaid) and paid.amount_e18 == -20 * SCALE * SCALE


def test_other_events_and_other_symbols_mean_nothing() -> None:
    floor = a_floor()
    floor.send("C1", kind=MARKET)
    floor.send("C2", kind=MARKET, symbol="BBB")
    floor.at(T0 + 2 * MINUTE).hear(a_quote())
    assert said(floor, 1, 101, 101, 101, 101) == ["ORD000001 10 at 101 taker"]
    assert floor.open() == [("C2", 10)]


def test_equal_lives_have_equal_states() -> None:
    def life() -> SimulatedExchange:
        floor = a_floor()
        floor.send("C1", kind=STOP, stop=110)
        floor.send("C2", price=90)
        hear(floor, 1, 101, 102, 100, 101)
        return floor.exchange

    one, other = life(), life()
    assert one.state_hash() == other.state_hash()
    other.cancel("ORD000002")
    assert one.state_hash() != other.state_hash()
    floor = a_floor()
    floor.send("C1", kind=STOP, stop=111)
    assert floor.exchange.state_hash() != one.state_hash()


def test_what_the_pit_asks_of_triggers_has_plain_answers() -> None:
    floor = a_floor()
    bars = floor.exchange.desk.bars
    assert isinstance(bars, BarPit) and bars is floor.exchange.desk.pit.triggers
    assert bars.on_price(SYMBOL, bid=1, ask=2, last=3) == [] and bars.state() == ()
    bars.request_leaves(5)
    assert bars.state() == (5,)
    bars.request_comes()
    bars.request_is_done()
    assert bars.state() == ()
    assert bars.venue(SYMBOL) is bars.venue(SYMBOL)
    floor.send("C1", kind=STOP, stop=110)
    order = floor.exchange.desk.live["ORD000001"]
    bars.remove(order)
    bars.remove(order)
    assert said(floor, 1, 111, 111, 111, 111) == []


def test_a_leg_that_triggered_before_it_was_sent_for_more_trades_at_the_open() -> None:
    floor = a_floor(BarRules(volume_cap_bps=100))
    one = OrderRequest("in", SYMBOL, BUY, 4 * SCALE, price=99 * SCALE)
    floor.exchange.submit(one)
    floor.send("stop", SELL, 4, kind=STOP, stop=95, after="in")
    assert said(floor, 1, 100, 100, 94, 100, volume=200) == ["ORD000001 2 at 99 maker"]
    assert said(floor, 2, 96, 98, 94, 96, volume=200) == ["ORD000001 2 at 96 taker"]
    assert floor.open() == [("stop", 4)]
    assert said(floor, 3, 96, 98, 94, 96, volume=800) == ["ORD000002 4 at 96 taker"]


def test_what_one_order_for_a_bar_leaves_goes_to_the_next_and_has_a_bar_of_its_own() -> None:
    floor = a_floor()
    floor.send("in", BUY, 10, kind=MARKET)
    floor.send("C1", SELL, 6, price=120, time_in_force=IOC, after="in")
    floor.send("C2", SELL, 10, price=110, time_in_force=IOC, after="in")
    hear(floor, 1, 100, 100, 100, 100).said()
    assert floor.open() == [("C1", 6), ("C2", 4)]
    assert said(floor, 2, 100, 109, 100, 100) == ["OrderCanceled ORD000002"]
    assert floor.open() == [("C2", 10)]
    assert said(floor, 3, 100, 110, 100, 100) == ["ORD000003 10 at 110 maker"]


def test_a_reduce_only_order_at_the_market_goes_on_as_far_as_there_is_a_position() -> None:
    floor = a_floor(BarRules(volume_cap_bps=100))
    floor.send("C1", BUY, 4, kind=MARKET)
    hear(floor, 1, 100, 100, 100, 100, volume=400).said()
    floor.send("C2", SELL, 4, kind=MARKET, reduce_only=True)
    assert said(floor, 2, 100, 100, 100, 100, volume=300) == ["ORD000002 3 at 100 taker"]
    assert said(floor, 3, 101, 101, 101, 101, volume=300) == ["ORD000002 1 at 101 taker"]


def test_post_only_never_takes_whatever_the_bar_does() -> None:
    floor = a_floor()
    floor.send("C1", BUY, 4, price=100, post_only=True)
    floor.send("C2", BUY, 4, kind=STOP_LIMIT, stop=95, price=99, post_only=True)
    assert said(floor, 1, 96, 97, 96, 97) == ["ORD000001 4 at 100 maker"]
    assert said(floor, 2, 97, 98, 97, 98) == ["ORD000002 4 at 99 maker"]


def test_orders_at_the_market_do_not_count_among_those_that_stay() -> None:
    floor = a_floor()
    floor.send("C1", BUY, 10, kind=MARKET)
    hear(floor, 1, 100, 100, 100, 100).said()
    floor.send("C2", SELL, 10, price=120, reduce_only=True)
    floor.send("C3", SELL, 4, kind=MARKET, reduce_only=True)
    floor.send("C4", SELL, 3, price=130)
    assert floor.open() == [("C2", 7), ("C3", 4), ("C4", 3)]


def test_what_a_bar_cut_shows_no_more_than_it_is() -> None:
    floor = a_floor()
    floor.send("C1", BUY, 10, kind=MARKET)
    hear(floor, 1, 100, 100, 100, 100).said()
    floor.send("C2", SELL, 7, kind=MARKET)
    floor.send("C3", SELL, 8, kind=STOP_LIMIT, stop=95, price=99, reduce_only=True)
    assert said(floor, 2, 94, 94, 93, 94) == ["ORD000002 7 at 94 taker"]
    order = floor.exchange.desk.live["ORD000003"]
    assert order.leaves == order.shown == 3 * SCALE


def test_a_reduce_only_order_comes_for_what_there_is_to_reduce_or_ends() -> None:
    floor = a_floor()
    floor.send("in", BUY, 3, kind=MARKET)
    floor.send("more", BUY, 3, price=90, after="in", reduce_only=True)
    assert said(floor, 1, 100, 100, 100, 100) == ["ORD000001 3 at 100 taker",
                                                  "OrderCanceled ORD000002"]  # fmt: skip
    floor.send("out", SELL, 9, price=120, reduce_only=True)
    order = floor.exchange.desk.live["ORD000003"]
    assert order.leaves == order.shown == 3 * SCALE


def test_fill_or_kill_that_would_meet_an_order_of_ours_ends_alone() -> None:
    floor = a_floor(self_trade=SelfTrade.CANCEL_BOTH)
    floor.send("C1", SELL, price=100)
    floor.send("C2", BUY, price=100, time_in_force=FOK)
    assert floor.said() == ["OrderCanceled ORD000002"] and floor.open() == [("C1", 10)]
    floor.send("C3", BUY, price=100)
    assert floor.said() == ["OrderCanceled ORD000001", "OrderCanceled ORD000003"]


def test_what_an_earlier_request_has_done_says_nothing_of_what_comes_by_itself() -> None:
    hours = DailyHours("00:02:01", "01:00")
    floor = a_floor(sessions=hours, outside=Outside.HOLD, delays=Delays(submit=Constant(MS)))
    floor.send("C1", kind=MARKET)  # it is kept till the market opens within the third bar
    hear(floor, 1, 101, 101, 101, 101)
    hear(floor, 2, 102, 102, 102, 102)
    assert floor.open() == [("C1", 10)]
    assert hear(floor, 3, 103, 103, 103, 103).open() == []
