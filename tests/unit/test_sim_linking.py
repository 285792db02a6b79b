"""OCO, OTO and brackets on the exchange."""

from __future__ import annotations

from tests.unit.sim_builders import Floor, a_quote, a_trade
from tools.live.core.money import SCALE
from tools.live.core.words_v1 import BUY, SELL
from tools.live.exchange import OrderStatus
from tools.live.sim.linking import Linking
from tools.live.sim.orders import OrderKind


def a_bracket(floor: Floor, qty: int = 5, price: float = 99) -> None:
    floor.send("entry", BUY, qty, price=price)
    floor.send("target", SELL, qty, price=105, after="entry", one_cancels_other="exits")
    floor.send(
        "stop", SELL, qty, kind=OrderKind.STOP, stop=95, after="entry", one_cancels_other="exits"
    )


def test_one_cancels_the_other() -> None:
    floor = Floor()
    floor.send("C1", BUY, 5, price=98, one_cancels_other="G")
    floor.send("C2", SELL, 5, price=102, one_cancels_other="G")
    floor.hear(a_trade(103, 2, BUY))
    assert floor.said() == ["ORD000002 2 at 102 maker", "OrderCanceled ORD000001"]
    assert floor.open() == [("C2", 3)]
    assert floor.exchange.desk.pit.linking.any


def test_who_is_ended_at_the_door_does_not_come_in() -> None:
    floor = Floor()
    for name in ("C1", "C2"):
        floor.send(name, SELL, 2, kind=OrderKind.STOP, stop=98, one_cancels_other="G")
    floor.hear(a_quote(97, 99))
    assert floor.said() == ["ORD000001 2 at 97 taker", "OrderCanceled ORD000002"]


def test_of_two_in_one_event_the_first_counts() -> None:
    floor = Floor()
    floor.send("C1", BUY, 5, price=98, one_cancels_other="G")
    floor.send("C2", BUY, 5, price=97, one_cancels_other="G")
    floor.send("C3", BUY, 5, price=97)
    floor.hear(a_trade(96, 50, SELL))
    assert floor.said() == [
        "ORD000001 5 at 98 maker", "OrderCanceled ORD000002", "ORD000003 5 at 97 maker",
    ]  # fmt: skip
    assert floor.position() == 10 and floor.open() == []


def test_a_bracket_is_sent_for_what_has_filled() -> None:
    floor = Floor()
    a_bracket(floor)
    assert [name for name, _ in floor.open()] == ["entry", "target", "stop"]
    floor.hear(a_trade(104, 9, BUY)).hear(a_quote(90, 92))
    floor.hear(a_quote(99, 101))
    assert floor.position() == 5  # crossed at 92; the stop at 95 has sold what is held
    said = floor.said()
    assert "ORD000001 5 at 99 maker" in said


def test_the_target_ends_the_stop() -> None:
    floor = Floor()
    a_bracket(floor)
    floor.hear(a_trade(98, 3, SELL))  # three of the entry
    assert floor.said() == ["ORD000001 3 at 99 maker"]
    floor.hear(a_trade(106, 2, BUY))  # two of the target: the stop is for one now
    assert floor.said() == ["ORD000002 2 at 105 maker"]
    live = floor.exchange.desk.live
    assert live["ORD000003"].leaves == SCALE
    floor.hear(a_trade(98, 2, SELL))  # the rest of the entry sends more of both
    assert live["ORD000002"].leaves == live["ORD000003"].leaves == 3 * SCALE
    floor.hear(a_trade(106, 9, BUY))
    assert floor.position() == 0 and floor.open() == []
    assert floor.said()[-1] == "OrderCanceled ORD000003"


def test_an_exit_that_is_through_waits_for_more_of_the_entry() -> None:
    floor = Floor()
    a_bracket(floor)
    floor.hear(a_trade(98, 2, SELL))
    floor.hear(a_trade(106, 9, BUY))
    assert floor.position() == 0
    assert [name for name, _ in floor.open()] == ["entry", "target", "stop"]
    floor.hear(a_trade(98, 9, SELL))
    floor.hear(a_trade(94, 1, SELL)).hear(a_quote(94, 96))
    assert floor.position() == 0 and floor.open() == []


def two_exits(floor: Floor) -> None:
    """An entry for five of which three have filled, and two limits that may close them."""
    floor.send("entry", BUY, 5, price=99)
    for name, price in (("near", 105), ("far", 106)):
        floor.send(name, SELL, 5, price=price, after="entry", one_cancels_other="exits")
    floor.hear(a_trade(98, 3, SELL))


def test_what_one_exit_fills_the_other_does_not() -> None:
    floor = Floor()
    two_exits(floor)
    floor.hear(a_trade(106, 1, BUY))
    live = floor.exchange.desk.live
    assert live["ORD000002"].leaves == live["ORD000003"].leaves == 2 * SCALE


def test_both_exits_in_one_event_close_no_more_than_is_held() -> None:
    floor = Floor()
    two_exits(floor)
    floor.hear(a_trade(107, 50, BUY))
    assert floor.position() == 0
    assert floor.said() == ["ORD000001 3 at 99 maker", "ORD000002 3 at 105 maker"]
    floor.hear(a_trade(98, 2, SELL))  # the rest of the entry sends both again
    floor.hear(a_trade(107, 50, BUY))
    assert floor.position() == 0 and floor.open() == []


def test_an_entry_that_ends_without_a_fill_ends_the_rest() -> None:
    floor = Floor()
    a_bracket(floor)
    floor.exchange.cancel("ORD000001")
    assert floor.said() == ["OrderCanceled ORD000002", "OrderCanceled ORD000003"]
    assert floor.send("late", SELL, after="entry").success is False


def test_an_order_behind_one_that_has_filled_is_sent_at_once() -> None:
    floor = Floor()
    floor.send("entry", BUY, 5, price=101)
    response = floor.send("exit", SELL, 9, price=99, after="entry")
    assert response.status is OrderStatus.CANCELED  # it sold five, and more will not come
    assert floor.position() == 0


def test_links_that_cannot_be_are_refused() -> None:
    floor = Floor()
    response = floor.send("C1", after="nobody")
    assert (response.message or "").startswith("link: after 'nobody' names no order")


def test_what_waits_is_part_of_the_state() -> None:
    floor = Floor()
    before = floor.exchange.state_hash()
    a_bracket(floor)
    assert floor.exchange.state_hash() != before
    assert isinstance(floor.exchange.desk.pit.linking, Linking)
    assert floor.exchange.cancel("ORD000003") and floor.exchange.cancel("ORD000001")
    assert floor.open() == []
