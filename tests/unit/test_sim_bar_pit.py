"""An exchange that hears whole bars: every kind of order, its time in force, links, positions."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.bar_builders import MINUTE, a_floor, hear, minute, said
from tests.unit.sim_builders import MS, SYMBOL, T0, a_request
from tools.live.core.money import SCALE
from tools.live.core.words_v1 import BUY, SELL
from tools.live.exchange import OrderStatus
from tools.live.sim.bar_offers import SLIPPED
from tools.live.sim.bars import BarRules, SameBar
from tools.live.sim.delays import Constant, Delays
from tools.live.sim.orders import OrderKind, TimeInForce
from tools.live.sim.rules import SymbolRules

IOC, FOK, DAY, GTD = TimeInForce.IOC, TimeInForce.FOK, TimeInForce.DAY, TimeInForce.GTD
MARKET, STOP, STOP_LIMIT = OrderKind.MARKET, OrderKind.STOP, OrderKind.STOP_LIMIT
TRAILING, TOUCHED = OrderKind.TRAILING_STOP, OrderKind.MARKET_IF_TOUCHED
EXITS = {"after": "in", "one_cancels_other": "exits"}


@pytest.mark.parametrize(
    ("order", "fills"),
    [
        ({"kind": MARKET}, "10 at 101 taker"),
        ({"price": 100}, "10 at 100 maker"),
        ({"price": 102}, "10 at 101 taker"),
        ({"price": 98}, None),
        ({"kind": STOP, "stop": 103}, "10 at 103 taker"),
        ({"kind": STOP, "stop": 105}, None),
        ({"kind": STOP_LIMIT, "stop": 103, "price": 104}, "10 at 103 taker"),
        ({"kind": TOUCHED, "stop": 100}, "10 at 100 taker"),
        ({"kind": TRAILING, "trail": 2}, "10 at 103 taker"),
        ({"price": 102, "post_only": True}, "10 at 102 maker"),
        ({"price": 100, "display": 1}, "10 at 100 maker"),
    ],
)  # fmt: skip
def test_every_kind_of_order_waits_for_the_next_bar(
    order: dict[str, Any], fills: str | None
) -> None:
    floor = a_floor()
    assert floor.send(**order).status is OrderStatus.OPEN and floor.said() == []
    assert said(floor, 1, 101, 104, 99, 102) == ([f"ORD000001 {fills}"] if fills else [])
    assert floor.open() == ([] if fills else [("C1", 10)])
    assert floor.exchange.desk.pit.held.get("ORD000001") is None or not fills


def test_an_order_that_comes_within_a_bar_has_the_next_one() -> None:
    floor = a_floor()
    floor.at(T0 + MINUTE + 1).send("C1", kind=MARKET)
    assert said(floor, 1, 101, 102, 99, 100) == [] and floor.open() == [("C1", 10)]
    assert said(floor, 2, 95, 96, 94, 95) == ["ORD000001 10 at 95 taker"]


def test_an_order_that_leaves_within_a_bar_has_no_part_of_it() -> None:
    floor = a_floor()
    floor.send("C1", price=100)
    floor.send("C2", kind=STOP, stop=101)
    for name in ("ORD000001", "ORD000002"):
        assert floor.at(T0 + 2 * MINUTE - 1).exchange.cancel(name) is True
    assert said(floor, 1, 100, 105, 95, 100) == [] and floor.open() == []


@pytest.mark.parametrize(("late_bps", "delay_ms", "fills"), [
    (1000, 20, True), (1000, 6000, True), (1000, 6001, False), (0, 1, False),
    (10_000, 59_000, True),
])  # fmt: skip
def test_an_order_on_its_way_when_a_bar_begins_may_come_a_little_late(
    late_bps: int, delay_ms: int, fills: bool
) -> None:
    rules = BarRules(volume_cap_bps=None, late_bps=late_bps)
    floor = a_floor(rules, delays=Delays(submit=Constant(delay_ms * MS)))
    floor.send("C1", kind=MARKET)
    hear(floor, 1, 101, 102, 99, 100)
    assert (floor.open() == []) is fills
    assert hear(floor, 2, 95, 96, 94, 95).open() == []
    assert [one.price for one in floor.exchange.get_fills()] == [101 if fills else 95]


def test_an_order_that_is_sent_within_a_bar_is_no_part_of_it_however_soon_it_comes() -> None:
    floor = a_floor(delays=Delays(submit=Constant(MS)))
    floor.at(T0 + MINUTE + MS).send("C1", kind=MARKET)
    hear(floor, 1, 101, 102, 99, 100)
    assert floor.open() == [("C1", 10)]


def test_a_market_that_is_heard_earlier_has_begun_earlier() -> None:
    """The exchange hears a bar 5 s before us; what we send at its end as recorded is late there."""
    floor = a_floor(BarRules(volume_cap_bps=None, late_bps=0))
    floor.at(T0 + MINUTE - 5000 * MS)
    floor.exchange.desk.clock.ns = T0 + 2 * MINUTE - 5000 * MS - MINUTE + 1
    floor.send("C1", kind=MARKET)
    floor.exchange.run_to(T0 + 2 * MINUTE - 5000 * MS)
    floor.exchange.desk.hear(minute(1, 101, 102, 99, 100, symbol=SYMBOL))
    assert floor.open() == [("C1", 10)]


@pytest.mark.parametrize(("order", "bar", "told"), [
    ({"time_in_force": IOC, "kind": MARKET}, (101, 102, 99, 100), ["4 at 101 taker", ""]),
    ({"time_in_force": IOC, "price": 100}, (101, 102, 99, 100), ["4 at 100 maker", ""]),
    ({"time_in_force": IOC, "price": 98}, (101, 102, 99, 100), [""]),
    ({"time_in_force": FOK, "price": 100}, (101, 102, 99, 100), [""]),
    ({"time_in_force": FOK, "qty": 4, "price": 100}, (101, 102, 99, 100), ["4 at 100 maker"]),
    ({"time_in_force": FOK, "qty": 4, "price": 98}, (101, 102, 99, 100), [""]),
    ({"time_in_force": IOC, "kind": STOP, "stop": 102}, (101, 102, 99, 100),
     ["4 at 102 taker", ""]),
    ({"time_in_force": FOK, "kind": STOP, "stop": 102}, (101, 102, 99, 100), [""]),
    ({"time_in_force": IOC, "kind": STOP_LIMIT, "stop": 102, "price": 101},
     (101, 102, 99, 100), [""]),
])  # fmt: skip
def test_orders_for_at_once_have_one_bar(
    order: dict[str, Any], bar: tuple[float, ...], told: list[str]
) -> None:
    floor = a_floor(BarRules(volume_cap_bps=100))
    floor.send(**order)
    found = said(floor, 1, *bar, volume=400)
    wanted = [f"ORD000001 {one}" if one else "OrderCanceled ORD000001" for one in told]
    assert found == wanted and floor.open() == []


def test_orders_for_at_once_wait_for_their_level_and_then_for_no_other_bar() -> None:
    floor = a_floor()
    floor.send("C1", time_in_force=IOC, kind=STOP, stop=105)
    assert said(floor, 1, 100, 104, 99, 100) == [] and floor.open() == [("C1", 10)]
    assert said(floor, 2, 100, 105, 99, 100) == ["ORD000001 10 at 105 taker"]


def test_orders_for_at_once_that_come_late_have_the_next_bar() -> None:
    floor = a_floor()
    floor.at(T0 + 2 * MINUTE - 1).send("C1", time_in_force=FOK, price=100)
    assert said(floor, 1, 100, 101, 99, 100) == [] and floor.open() == [("C1", 10)]
    assert said(floor, 2, 101, 102, 99, 100) == ["ORD000001 10 at 100 maker"]


def test_dated_orders_end_in_their_time_and_fill_in_the_bar_that_ends_then() -> None:
    floor = a_floor()
    floor.send("C1", time_in_force=GTD, expires_ns=T0 + 2 * MINUTE - 1)
    floor.send("C2", time_in_force=GTD, expires_ns=T0 + 2 * MINUTE)
    floor.send("C3", time_in_force=DAY, kind=STOP, stop=200)
    floor.at(T0 + 2 * MINUTE - 1)
    floor.exchange.here_ns = floor.exchange.desk.clock.ns = T0 + 2 * MINUTE
    floor.exchange.desk.hear(minute(1, 101, 102, 99, 100, symbol=SYMBOL))
    assert floor.said() == ["OrderCanceled ORD000001", "ORD000002 10 at 100 maker"]
    floor.at(T0 + 86_400 * 10**9)
    assert floor.said() == ["OrderCanceled ORD000003"]


def test_all_orders_of_a_bar_share_a_part_of_its_volume() -> None:
    floor = a_floor(BarRules())
    for name in ("C1", "C2", "C3"):
        floor.send(name, qty=40)
    assert said(floor, 1, 101, 102, 99, 100) == ["ORD000001 40 at 100 maker",
                                                 "ORD000002 10 at 100 maker"]  # fmt: skip
    assert floor.open() == [("C2", 30), ("C3", 40)]
    assert said(floor, 2, 101, 102, 99, 100, volume=0) == []
    assert said(floor, 3, 101, 102, 99, 100) == ["ORD000002 30 at 100 maker",
                                                 "ORD000003 20 at 100 maker"]  # fmt: skip


def test_a_part_of_a_bar_is_whole_lots() -> None:
    floor = a_floor(BarRules(), rules={SYMBOL: SymbolRules(lot=20 * SCALE)})
    floor.send("C1", qty=60)
    assert said(floor, 1, 101, 102, 99, 100) == ["ORD000001 40 at 100 maker"]  # of 50
    assert said(floor, 2, 101, 102, 99, 100, volume=300) == []  # of 15
    assert said(floor, 3, 101, 102, 99, 100, volume=420) == ["ORD000001 20 at 100 maker"]  # of 21


def test_a_fill_tells_the_bar_and_the_rule() -> None:
    floor = a_floor(BarRules(SLIPPED))
    floor.send("C1", SELL, 2, kind=STOP, stop=95, one_cancels_other="g")
    floor.send("C2", SELL, 2, price=105, one_cancels_other="g")
    hear(floor, 1, 100, 106, 94, 101)
    (fill,) = floor.exchange.get_fills()
    assert fill.why == (
        "stop_triggered: bar 100 106 94 101 of 1000; stop 95 reached, slipped to 94.81; stop_first"
        " over ORD000002; 2 of the 50 that we may have, 48 left"
    )
    assert floor.said() == ["ORD000001 2 at 94.81 taker", "OrderCanceled ORD000002"]


TIES = [
    (SameBar.STOP_FIRST, 101, "95"), (SameBar.STOP_FIRST, 99, "95"),
    (SameBar.TARGET_FIRST, 101, "105"), (SameBar.TARGET_FIRST, 99, "105"),
    (SameBar.HIGH_LOW_ORDER, 101, "95"), (SameBar.HIGH_LOW_ORDER, 99, "105"),
    (SameBar.WORST_CASE, 101, "95"), (SameBar.WORST_CASE, 99, "95"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "close", "price"), TIES)
def test_a_bracket_whose_stop_and_target_are_in_one_bar(
    rule: SameBar, close: float, price: str
) -> None:
    floor = a_floor(BarRules(same_bar=rule, volume_cap_bps=None))
    floor.send("in", BUY, 3, kind=MARKET)
    floor.send("target", SELL, 3, price=105, **EXITS)
    floor.send("stop", SELL, 3, kind=STOP, stop=95, **EXITS)
    assert said(floor, 1, 100, 110, 90, 100) == ["ORD000001 3 at 100 taker"]  # exits come behind
    told = said(floor, 2, 100, 106, 94, close)
    stopped = price == "95"
    filled, other = ("ORD000003", "ORD000002") if stopped else ("ORD000002", "ORD000003")
    liquidity = "taker" if stopped else "maker"
    assert told == [f"{filled} 3 at {price} {liquidity}", f"OrderCanceled {other}"]
    assert floor.open() == [] and floor.position() == 0


def test_exits_grow_with_an_entry_that_fills_in_parts_and_shrink_together() -> None:
    floor = a_floor(BarRules(volume_cap_bps=100))
    floor.send("in", BUY, 10, kind=MARKET)
    floor.send("target", SELL, 10, price=105, **EXITS)
    floor.send("stop", SELL, 10, kind=STOP, stop=95, **EXITS)
    hear(floor, 1, 100, 101, 99, 100, volume=400)
    assert floor.open() == [("in", 6), ("target", 4), ("stop", 4)]
    assert said(floor, 2, 100, 106, 99, 100, volume=200)[1:] == ["ORD000001 2 at 100 taker"]
    assert floor.open() == [("in", 4), ("target", 6), ("stop", 6)]
    hear(floor, 3, 105, 106, 99, 100, volume=700)  # the entry's 4 at the open, then 3 of the target
    assert floor.open() == [("target", 7), ("stop", 7)] and floor.position() == 7
    hear(floor, 4, 94, 95, 93, 94, volume=300)
    assert floor.open() == [("target", 4), ("stop", 4)]
    assert said(floor, 5, 90, 91, 90, 90)[-3:] == [
        "ORD000003 4 at 90 taker", "OrderCanceled ORD000002", "OrderCanceled ORD000003",
    ]  # fmt: skip
    assert floor.open() == [] and floor.position() == 0


def test_a_triggered_stop_takes_what_is_left_at_the_next_open_and_its_stop_stands() -> None:
    floor = a_floor(BarRules(volume_cap_bps=100))
    floor.send("C1", SELL, 6, kind=STOP, stop=95)
    assert said(floor, 1, 96, 97, 94, 96, volume=400) == ["ORD000001 4 at 95 taker"]
    amended = floor.exchange.amend("ORD000001", stop=90 * SCALE)
    assert amended is not None and amended.refusal is not None
    assert "has triggered already" in amended.refusal
    assert said(floor, 2, 99, 99, 99, 99, volume=400) == ["ORD000001 2 at 99 taker"]


def test_a_stop_that_waits_can_be_moved_and_then_has_come_anew() -> None:
    floor = a_floor()
    floor.send("C1", SELL, 6, kind=STOP, stop=95)
    floor.at(T0 + MINUTE + 1).exchange.amend("ORD000001", stop=97 * SCALE)
    assert said(floor, 1, 100, 100, 90, 100) == []
    assert said(floor, 2, 100, 100, 96, 100) == ["ORD000001 6 at 97 taker"]


def test_an_amended_limit_has_come_anew_but_a_smaller_order_stays() -> None:
    floor = a_floor()
    floor.send("C1", price=95)
    floor.send("C2", price=99)
    floor.at(T0 + MINUTE + 1).exchange.amend("ORD000001", price=99 * SCALE)
    floor.exchange.amend("ORD000002", qty=4 * SCALE)
    assert said(floor, 1, 100, 101, 98, 100) == ["ORD000002 4 at 99 maker"]
    assert said(floor, 2, 100, 101, 98, 100) == ["ORD000001 10 at 99 maker"]


def test_a_triggered_stop_limit_stays_a_limit_when_it_is_amended_within_a_bar() -> None:
    floor = a_floor()
    floor.send("C1", SELL, 6, kind=STOP_LIMIT, stop=95, price=98)
    assert said(floor, 1, 96, 97, 94, 96) == []
    floor.at(T0 + 2 * MINUTE + 1).exchange.amend("ORD000001", price=99 * SCALE)
    assert said(floor, 2, 100, 100, 100, 100) == []
    assert said(floor, 3, 98, 99, 98, 99) == ["ORD000001 6 at 99 maker"]


def test_another_order_takes_the_place_of_one() -> None:
    floor = a_floor()
    floor.send("C1", price=90)
    floor.exchange.replace("ORD000001", a_request("C2", price=99))
    assert said(floor, 1, 100, 101, 98, 100) == ["OrderCanceled ORD000001",
                                                 "ORD000002 10 at 99 maker"]  # fmt: skip


def test_a_waiting_order_that_is_changed_has_come_anew_and_still_trails() -> None:
    floor = a_floor()
    floor.send("C1", SELL, 6, kind=STOP_LIMIT, stop=95, price=90)
    floor.send("C2", SELL, 6, kind=TRAILING, trail=2)
    assert said(floor, 1, 100, 110, 99, 110) == []
    floor.at(T0 + 2 * MINUTE + 1).exchange.amend("ORD000001", price=94 * SCALE)
    floor.exchange.amend("ORD000002", qty=8 * SCALE)
    assert said(floor, 2, 110, 111, 93, 110) == []
    assert said(floor, 3, 107, 107, 94, 95) == ["ORD000002 8 at 107 taker",
                                                "ORD000001 6 at 95 taker"]  # fmt: skip


def test_a_leg_that_is_sent_for_more_behind_its_fill_has_seen_its_level() -> None:
    floor = a_floor(BarRules(volume_cap_bps=100))
    floor.send("in", BUY, 4, price=90)
    floor.send("stop", SELL, 4, kind=STOP, stop=95, after="in")
    assert said(floor, 1, 91, 92, 90, 91, volume=200) == ["ORD000001 2 at 90 maker"]
    assert said(floor, 2, 96, 97, 94, 96, volume=200) == ["ORD000002 2 at 95 taker"]
    assert said(floor, 3, 91, 92, 90, 91, volume=200) == ["ORD000001 2 at 90 maker"]
    assert said(floor, 4, 100, 101, 99, 100) == ["ORD000002 2 at 100 taker"]
