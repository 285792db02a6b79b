"""How orders come to the market, trade and end."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.sim_builders import MS, SYMBOL, T0, Floor, a_quote, a_trade
from tools.live.core.contracts_v1 import FundingPaid
from tools.live.core.money import SCALE
from tools.live.core.words_v1 import BUY, SELL
from tools.live.exchange import OrderStatus
from tools.live.sim.delays import Constant, Delays
from tools.live.sim.evidence import Execution
from tools.live.sim.fees import FlatFees
from tools.live.sim.funding import ConstantRate, Funding
from tools.live.sim.liquidity import FULL
from tools.live.sim.orders import OrderKind, SelfTrade, TimeInForce
from tools.live.sim.pit import Pit
from tools.live.sim.session import DailyHours, Outside
from tools.live.sim.terms import Terms

IOC, FOK, DAY, GTD = TimeInForce.IOC, TimeInForce.FOK, TimeInForce.DAY, TimeInForce.GTD


def test_an_order_takes_what_is_there_and_rests() -> None:
    floor = Floor()
    response = floor.send(qty=8, price=101)
    assert (response.order_id, response.status) == ("ORD000001", OrderStatus.PARTIALLY_FILLED)
    assert floor.said() == ["ORD000001 5 at 101 taker"]
    assert floor.open() == [("C1", 3)]
    floor.hear(a_trade(100, 9, SELL))
    assert floor.said() == ["ORD000001 3 at 101 maker"]
    assert floor.open() == [] and floor.position() == 8


@pytest.mark.parametrize(
    ("more", "said", "status"),
    [
        ({"time_in_force": IOC, "price": 101}, ["ORD000001 5 at 101 taker"], "Canceled"),
        ({"time_in_force": IOC, "price": 100}, [], "Canceled"),
        ({"time_in_force": FOK, "price": 101}, [], "Canceled"),
        ({"kind": OrderKind.MARKET}, ["ORD000001 5 at 101 taker"], "Canceled"),
    ],
)
def test_what_does_not_wait_ends(more: dict[str, object], said: list[str], status: str) -> None:
    floor = Floor()
    response = floor.send(qty=8, **more)
    assert response.success and response.status.value == status
    assert floor.said() == [*said, "OrderCanceled ORD000001"]
    assert floor.open() == []


def test_fill_or_kill_fills_whole() -> None:
    floor = Floor()
    assert floor.send(qty=5, price=101, time_in_force=FOK).status is OrderStatus.FILLED
    assert floor.said() == ["ORD000001 5 at 101 taker"]


def test_a_dated_order_and_one_for_the_day_end_in_their_time() -> None:
    floor = Floor()
    floor.send("C1", time_in_force=GTD, expires_ns=T0 + 5 * MS)
    floor.send("C2", time_in_force=DAY)
    floor.send("C3", time_in_force=DAY)
    floor.exchange.cancel("ORD000003")
    assert len(floor.exchange.due) == 2  # who has ended expires no more
    floor.at(T0 + 5 * MS)
    assert floor.said() == ["OrderCanceled ORD000001"]
    floor.at(T0 + 86_400 * 10**9)
    assert floor.said() == ["OrderCanceled ORD000002"]


def test_a_stop_waits_for_its_price_and_keeps_its_name() -> None:
    floor = Floor()
    floor.send("C1", SELL, 4, kind=OrderKind.STOP, stop=98)
    floor.send("C2", SELL, 4, kind=OrderKind.STOP_LIMIT, stop=98, price=100)
    assert floor.open() == [("C1", 4), ("C2", 4)] and floor.said() == []
    floor.hear(a_quote(97, 99))
    assert floor.said() == ["ORD000001 4 at 97 taker"]
    assert floor.open() == [("C2", 4)]
    floor.hear(a_trade(101, 9, BUY))
    assert floor.said() == ["ORD000002 4 at 100 maker"]


def test_a_stop_whose_price_was_passed_triggers_at_once() -> None:
    floor = Floor()
    assert floor.send(side=SELL, qty=2, kind=OrderKind.STOP, stop=99).status is OrderStatus.FILLED
    assert floor.said() == ["ORD000001 2 at 99 taker"]


def test_a_stop_that_was_canceled_triggers_no_more() -> None:
    floor = Floor()
    floor.send(side=SELL, kind=OrderKind.STOP, stop=98)
    assert floor.exchange.cancel("ORD000001")
    floor.hear(a_quote(97, 99))
    assert floor.said() == [] and floor.position() == 0


def test_a_post_only_order_that_would_take_once_it_triggers_ends() -> None:
    floor = Floor()
    floor.send(side=BUY, kind=OrderKind.STOP_LIMIT, stop=102, price=104, post_only=True)
    floor.hear(a_quote(102, 103))
    assert floor.said() == ["OrderCanceled ORD000001"]


def test_an_iceberg_shows_its_next_slice_behind_everybody() -> None:
    floor = Floor()
    floor.send(qty=6, price=99, display=2)
    order = floor.exchange.desk.live["ORD000001"]
    assert order.ahead == 5 * SCALE and order.shown == 2 * SCALE
    floor.hear(a_trade(99, 7, SELL))
    assert floor.said() == ["ORD000001 2 at 99 maker"]
    assert order.shown == 2 * SCALE and order.ahead == 5 * SCALE


def test_reduce_only_never_turns_a_position() -> None:
    floor = Floor()
    floor.send("C1", BUY, 5, price=101)
    floor.said()
    floor.send("C2", SELL, 9, price=99, reduce_only=True)
    assert floor.said() == ["ORD000002 5 at 99 taker", "OrderCanceled ORD000002"]
    assert floor.position() == 0


def test_reduce_only_orders_rest_beside_each_other_within_the_position() -> None:
    floor = Floor()
    floor.send("C1", BUY, 5, price=101)
    floor.send("C2", SELL, 3, price=102, reduce_only=True)
    floor.send("C3", SELL, 3, price=103, reduce_only=True)
    assert floor.open() == [("C2", 3), ("C3", 2)]
    floor.send("C4", SELL, 1, price=104)  # an order that may open is served first
    assert floor.open() == [("C2", 3), ("C3", 1), ("C4", 1)]
    floor.send("C5", SELL, 2, price=104)
    assert floor.open() == [("C2", 2), ("C4", 1), ("C5", 2)]
    floor.send("C6", SELL, 2, price=104, reduce_only=True)
    assert floor.open() == [("C2", 2), ("C4", 1), ("C5", 2)]
    floor.said()
    floor.hear(a_trade(110, 99, BUY))
    assert floor.position() == 0
    said = floor.said()
    assert said[0] == "ORD000002 2 at 102 maker" and said[-1] == "OrderCanceled ORD000002"


def test_a_reduce_only_stop_without_a_position_ends_when_it_triggers() -> None:
    floor = Floor()
    floor.send(side=SELL, kind=OrderKind.STOP, stop=98, reduce_only=True)
    floor.hear(a_quote(97, 99))
    assert floor.said() == ["OrderCanceled ORD000001"]


def test_fill_or_kill_takes_what_others_offer_before_ours() -> None:
    floor = Floor(Terms(self_trade=SelfTrade.CANCEL_NEWEST), a_quote(99, 101))
    floor.send("C1", SELL, 4, price=102)
    floor.send("C2", BUY, 5, price=101, time_in_force=FOK)
    assert floor.said() == ["ORD000002 5 at 101 taker"]


def test_fill_or_kill_is_not_cut() -> None:
    floor = Floor()
    floor.send("C1", BUY, 2, price=101)
    floor.said()
    floor.send("C2", SELL, 4, price=99, reduce_only=True, time_in_force=FOK)
    assert floor.said() == ["OrderCanceled ORD000002"]


@pytest.mark.parametrize(
    ("policy", "left", "said"),
    [
        (SelfTrade.ALLOW, ["C1"], ["ORD000002 5 at 101 taker"]),
        (SelfTrade.CANCEL_OLDEST, [], ["OrderCanceled ORD000001", "ORD000002 5 at 101 taker"]),
        (SelfTrade.CANCEL_NEWEST, ["C1"], ["OrderCanceled ORD000002"]),
        (SelfTrade.CANCEL_BOTH, [], ["OrderCanceled ORD000001", "OrderCanceled ORD000002"]),
    ],
)
def test_orders_of_ours_do_not_meet(policy: SelfTrade, left: list[str], said: list[str]) -> None:
    floor = Floor(Terms(self_trade=policy), a_quote(99, 103))
    floor.send("C1", SELL, 4, price=101)
    floor.hear(a_quote(99, 101))
    floor.exchange.desk.live["ORD000001"].ahead = 0
    floor.said()
    floor.send("C2", BUY, 5, price=101)
    heard = floor.said()
    if policy in (SelfTrade.ALLOW, SelfTrade.CANCEL_OLDEST):
        assert heard == said
    else:
        assert heard[-1] == said[-1] and (said[0] in heard)
    assert [name for name, _ in floor.open()] == left


def test_fill_or_kill_does_not_fill_in_part_for_fear_of_ourselves() -> None:
    floor = Floor(Terms(self_trade=SelfTrade.CANCEL_NEWEST), a_quote(99, 103))
    floor.send("C1", SELL, 4, price=101)
    floor.exchange.desk.live["ORD000001"].ahead = 0
    floor.hear(a_quote(99, 102))
    floor.send("C2", BUY, 5, price=102, time_in_force=FOK)
    assert floor.said() == ["OrderCanceled ORD000002"]


def test_an_order_is_held_till_its_market_opens() -> None:
    hours = DailyHours("09:00", "17:00", weekdays=("wed", "thu"))
    terms = Terms(sessions=hours, outside=Outside.HOLD)
    floor = Floor(terms)  # midnight, on a Wednesday
    nine = T0 + 9 * 3600 * 10**9
    floor.send("C1", qty=2, price=101)
    floor.send("C2", qty=2, price=101)
    floor.send("C3", qty=1, kind=OrderKind.STOP, stop=101)
    floor.exchange.cancel("ORD000002")
    assert floor.said() == [] and floor.open() == [("C1", 2), ("C3", 1)]
    floor.at(nine)
    assert floor.said() == ["ORD000001 2 at 101 taker", "ORD000003 1 at 101 taker"]
    assert floor.send("C4", qty=1, price=101).status is OrderStatus.FILLED


def test_no_session_is_known_of() -> None:
    floor = Floor(Terms(sessions=DailyHours("09:00", "17:00", weekdays=()), outside=Outside.HOLD))
    assert floor.exchange.desk.pit.terms.sessions.closes_ns(SYMBOL, T0) is None
    floor.send(time_in_force=DAY)
    assert len(floor.exchange.due) == 0


def test_a_witness_is_shown_every_execution() -> None:
    floor, seen = Floor(), list[tuple[int, int]]()

    def witness(execution: Execution, ns: int) -> None:
        seen.append((execution.qty // SCALE, ns))

    floor.exchange.desk.pit.witness = witness
    floor.send(qty=3, price=101)
    assert seen == [(3, T0)]
    assert isinstance(floor.exchange.desk.pit, Pit)


def test_a_fill_says_what_it_cost_and_why_it_came_about() -> None:
    floor = Floor(Terms(fees=lambda: FlatFees(taker_bps=10), cash_e18=0))
    floor.send(qty=1, price=101)
    (fill,) = floor.exchange.stream_fills()
    fee = 101 * SCALE * SCALE // 1000
    assert fill.fee_e18 == fee
    assert fill.why == "took_touch: took 1 at 101; bid 99 x 5, ask 101 x 5"
    assert floor.exchange.get_balances() == {"USD": -101 * SCALE * SCALE - fee}


@pytest.mark.parametrize("terms", [Terms(explain=False), Terms(liquidity=FULL)])
def test_it_may_say_nothing_of_either(terms: Terms) -> None:
    floor = Floor(terms)
    floor.send(qty=1, price=101)
    (fill,) = floor.exchange.stream_fills()
    assert (fill.fee_e18, fill.why) == (None, "")


# Funding.

EIGHT_HOURS = 8 * 3600 * 10**9


def a_perpetual(bps: int = 10, **more: Any) -> Terms:
    return Terms(funding=Funding(ConstantRate(bps)), cash_e18=0, **more)


def test_a_position_pays_for_being_held_at_the_middle_of_its_market() -> None:
    floor = Floor(a_perpetual())
    floor.send(qty=2, price=101)
    floor.said()
    floor.at(T0 + EIGHT_HOURS - 1)
    assert floor.said() == []
    floor.at(T0 + EIGHT_HOURS)
    (paid,) = floor.exchange.stream_answers()
    cost = 2 * 100 * SCALE * SCALE // 1000  # ten basis points of two at a hundred
    assert paid == FundingPaid(SYMBOL, -cost, "10 bps on 2 at 100", T0 + EIGHT_HOURS)
    assert floor.exchange.get_balances() == {"USD": -2 * 101 * SCALE * SCALE - cost}
    floor.at(T0 + 3 * EIGHT_HOURS)
    assert len(list(floor.exchange.stream_answers())) == 2


def test_who_is_short_is_paid_and_who_is_flat_is_not() -> None:
    floor = Floor(a_perpetual())
    floor.send("C1", SELL, qty=1, price=99)
    floor.said()
    floor.at(T0 + EIGHT_HOURS)
    (paid,) = floor.exchange.stream_answers()
    assert isinstance(paid, FundingPaid) and paid.amount_e18 == SCALE * SCALE // 10
    floor.send("C2", BUY, qty=1, price=101)
    floor.said()
    floor.at(T0 + 2 * EIGHT_HOURS)
    assert floor.said() == []


def test_where_one_side_is_missing_the_last_price_is_the_mark() -> None:
    floor = Floor(a_perpetual())
    floor.send(qty=1, price=101)
    floor.said()
    floor.hear(a_trade(90, 1)).hear(a_quote(bid=99, ask=0, ask_qty=0))
    floor.at(T0 + EIGHT_HOURS)
    (paid,) = floor.exchange.stream_answers()
    assert isinstance(paid, FundingPaid) and paid.why == "10 bps on 1 at 90"


def test_funding_is_told_as_late_as_a_fill() -> None:
    floor = Floor(a_perpetual(delays=Delays(fill=Constant(7 * MS))))
    floor.send(qty=1, price=101)
    floor.at(T0 + EIGHT_HOURS)
    assert floor.said() == ["OrderAccepted ORD000001", "ORD000001 1 at 101 taker"]
    floor.at(T0 + EIGHT_HOURS + 7 * MS)
    (paid,) = floor.exchange.stream_answers()
    assert isinstance(paid, FundingPaid) and paid.ts_ns == T0 + EIGHT_HOURS + 7 * MS


def test_a_new_life_begins_its_funding_anew() -> None:
    floor = Floor(a_perpetual())
    floor.send(qty=1, price=101)
    floor.exchange.reset()
    floor.at(T0).hear(a_quote())
    floor.at(T0 + EIGHT_HOURS)
    assert floor.said() == []
