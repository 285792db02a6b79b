"""One symbol where orders wait for the next bar, by itself."""

from __future__ import annotations

import pytest

from tests.unit.bar_builders import MINUTE, SYMBOL, T0, an_order, minute
from tests.unit.sim_builders import a_quote
from tools.live.core.money import SCALE
from tools.live.core.words_v1 import BUY, SELL
from tools.live.sim.bar_venue import BarVenue, stays
from tools.live.sim.bars import BarRules
from tools.live.sim.orders import OrderKind, TimeInForce, WorkingOrder

IOC = TimeInForce.IOC


class Desk:
    """The time, the position and the ears that a venue needs."""

    def __init__(self) -> None:
        self.now: tuple[int, int | None] = (T0, None)
        self.held = 0
        self.told: list[WorkingOrder] = []
        self.venue = BarVenue(
            SYMBOL, BarRules(), lambda: self.now, lambda symbol: self.held, self.told.append
        )


def test_a_venue_of_bars_offers_nothing_at_once() -> None:
    venue, order = Desk().venue, an_order(1, BUY, price="100")
    assert venue.fillable(BUY, None) == 0 and not venue.crosses(BUY, 1)
    assert venue.take(order) == [] and order.leaves == SCALE
    assert (venue.bid, venue.ask, venue.last) == (0, 0, 0)
    assert venue.hear(a_quote()) == []


def test_its_last_price_is_the_close() -> None:
    desk = Desk()
    desk.now = (T0 + MINUTE, None)
    desk.venue.hear(minute(0, 100, 103, 99, 102))
    assert desk.venue.last == 102 * SCALE


def test_who_rests_does_so_by_price_and_age_and_who_passes_is_told_apart() -> None:
    venue = Desk().venue
    orders = [
        an_order(1, BUY, price="99"), an_order(2, BUY, price="100"), an_order(3, BUY, price="99"),
        an_order(4, SELL, price="102"), an_order(5, SELL, price="101"),
        an_order(6, SELL, OrderKind.MARKET), an_order(7, SELL, price="101", time_in_force=IOC),
    ]  # fmt: skip
    for order in orders:
        venue.rest(order)
    assert [order.number for order in venue.resting()] == [2, 1, 3, 5, 4]
    assert [order.number for order in venue.resting(SELL)] == [5, 4]
    assert [order.number for order in venue.passing()] == [6, 7]
    assert [stays(order) for order in orders] == [True] * 5 + [False] * 2
    venue.leave(orders[0])
    venue.leave(orders[0])
    assert not venue.holds(orders[0]) and venue.holds(orders[1])
    assert [order.number for order in venue.resting(BUY)] == [2, 3]


def test_an_order_that_is_reduced_becomes_smaller_not_nothing() -> None:
    venue, order = Desk().venue, an_order(1, BUY, qty="10", price="99")
    venue.rest(order)
    venue.reduce(order, 4 * SCALE)
    assert order.leaves == order.shown == 4 * SCALE
    for leaves in (0, 5 * SCALE):
        with pytest.raises(AssertionError, match="becomes smaller, not nothing"):
            venue.reduce(order, leaves)


def test_who_triggers_is_told_before_the_fills_are() -> None:
    desk = Desk()
    venue, stop = desk.venue, an_order(1, SELL, OrderKind.STOP, stop="95")
    other = an_order(2, SELL, OrderKind.STOP, stop="90")
    venue.wait(stop)
    venue.wait(other)
    desk.now = (T0 + MINUTE, None)
    (done,) = venue.hear(minute(0, 96, 96, 94, 95))
    assert desk.told == venue.reached == [done.order] and done.order is stop
    assert not venue.holds(stop) and venue.spent() == []
    venue.wait_no_more(other)
    venue.wait_no_more(other)
    desk.now = (T0 + 2 * MINUTE, None)
    assert venue.hear(minute(1, 89, 89, 89, 89)) == [] and venue.reached == []


def test_a_bar_heard_at_another_time_has_begun_at_another_one() -> None:
    """The clock here is 5 s before the recording's; behind it, the recording's word counts."""
    for clock_ns, since_ns, fills in (
        (-5, -5, True), (-5, -4, False), (5, 0, True), (5, 1, False),
    ):  # fmt: skip
        desk = Desk()
        order = an_order(1, BUY, OrderKind.MARKET)
        desk.now = (T0 + since_ns, None)
        desk.venue.rest(order)
        desk.now = (T0 + MINUTE + clock_ns, None)
        assert bool(desk.venue.hear(minute(0, 96, 96, 94, 95))) is fills


def test_its_state_holds_who_waits_and_since_when() -> None:
    def state(sent_ns: int | None) -> tuple[object, ...]:
        desk = Desk()
        desk.now = (T0, sent_ns)
        desk.venue.wait(an_order(1, SELL, OrderKind.STOP, stop="95"))
        desk.venue.rest(an_order(2, SELL, price="95"))
        return desk.venue.state()

    assert state(None) == state(None) != state(T0 - 1)
