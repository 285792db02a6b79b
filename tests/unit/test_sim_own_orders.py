"""Our orders of one side: priority, and their places in the queue."""

from __future__ import annotations

import pytest

from tests.unit.sim_venue_builders import an_order
from tools.live.core.words_v1 import BUY, SELL
from tools.live.sim.own_orders import OwnLevel, OwnSide
from tools.live.sim.queue import PESSIMISTIC, PROPORTIONAL, PowerQueue

UNKNOWN = 10**24


def a_side(sign: int, *prices: int) -> OwnSide:
    own = OwnSide(sign)
    for number, price in enumerate(prices, 1):
        order = an_order(BUY if sign > 0 else SELL, 1, price, number=number)
        order.price = price
        own.add(order, price, 10, UNKNOWN)
    return own


@pytest.mark.parametrize(("sign", "order"), ((1, [2, 4, 1, 3]), (-1, [3, 1, 2, 4])))
def test_the_best_price_comes_first_then_the_oldest(sign: int, order: list[int]) -> None:
    own = a_side(sign, 100, 101, 99, 101)
    assert [one.number for one in own] == order


@pytest.mark.parametrize(("sign", "to", "behind"), ((1, [101, 100], [99]), (-1, [99, 100], [101])))
def test_levels_up_to_a_price_and_behind_it(sign: int, to: list[int], behind: list[int]) -> None:
    own = a_side(sign, 100, 101, 99)
    assert [level.price for level in own.levels_to(100)] == to
    assert [level.price for level in own.levels_behind(100)] == behind


def test_a_level_without_orders_is_no_level() -> None:
    own = a_side(1, 100, 101, 101)
    first, second = [order for order in own if order.price == 101]
    own.remove(first)
    assert [level.price for level in own.levels()] == [101, 100]
    own.remove(second)
    assert own.keys == [100]
    with pytest.raises(KeyError):
        own.remove(second)


def test_who_joins_stands_behind_what_is_displayed_and_behind_our_older_orders() -> None:
    own = a_side(1, 100)
    later = an_order(BUY, 1, 100, number=2)
    later.price = 100
    own.add(later, 100, 4, UNKNOWN)
    assert later.ahead == 10
    unknown = an_order(BUY, 1, 100, number=3)
    unknown.price = 100
    own.add(unknown, 100, None, UNKNOWN)
    assert unknown.ahead == UNKNOWN and own.levels()[0].shown is None


def a_level(shown: int | None, *ahead: int) -> OwnLevel:
    level = OwnLevel(100, shown)
    for number, place in enumerate(ahead, 1):
        order = an_order(BUY, 1, 100, number=number)
        order.leaves = order.shown = 5
        order.ahead = place
        level.orders[number] = order
    return level


def queue_of(level: OwnLevel) -> list[int]:
    return [order.ahead for order in level.orders.values()]


def test_a_level_that_grows_grows_behind_us() -> None:
    level = a_level(10, 4, 10)
    level.traded = 3
    level.on_shown(20, PROPORTIONAL)
    assert queue_of(level) == [4, 10] and level.traded == 0


def test_what_a_trade_explains_is_not_explained_again() -> None:
    level = a_level(10, 6)
    level.traded = 4
    level.on_shown(6, PROPORTIONAL)
    assert queue_of(level) == [6] and level.traded == 0


def test_what_no_trade_explains_was_canceled() -> None:
    """20 less, 4 of them traded: 16 of the other 96 were canceled, half of those before us."""
    level = a_level(100, 48)
    level.traded = 4
    level.on_shown(80, PROPORTIONAL)
    assert queue_of(level) == [40]


def test_a_trade_that_is_told_before_its_trace_in_the_book_is_kept_for_it() -> None:
    level = a_level(10, 3)
    level.traded = 4
    level.on_shown(10, PROPORTIONAL)
    level.on_shown(9, PROPORTIONAL)
    assert level.traded == 3 and queue_of(level) == [3]
    level.on_shown(2, PROPORTIONAL)  # of the other 6, 4 were canceled
    assert level.traded == 0 and queue_of(level) == [1]


def test_no_more_trades_are_kept_than_there_is_to_explain() -> None:
    level = a_level(10, 2)
    level.traded = 50
    level.on_shown(4, PESSIMISTIC)
    assert level.traded == 4


def test_a_level_whose_quantity_nobody_knows_moves_nobody() -> None:
    level = a_level(10, 4)
    level.traded = 2
    level.on_shown(None, PROPORTIONAL)
    assert queue_of(level) == [4] and level.shown is None and level.traded == 0
    level.on_shown(3, PROPORTIONAL)
    assert queue_of(level) == [3]


def test_an_older_order_stays_before_a_younger_one() -> None:
    level = a_level(1000, 400, 590)
    level.on_shown(700, PowerQueue(3))
    first, second = queue_of(level)
    assert first <= second


def test_a_trade_takes_what_is_before_us_then_us_then_what_is_between_us() -> None:
    level = a_level(10, 3, 7, 10)
    given = [(order.number, share, ahead) for order, share, ahead in level.pass_trade(14)]
    assert given == [(1, 5, 3), (2, 2, 7)]
    assert queue_of(level) == [0, 0, 3]


def test_a_small_trade_only_moves_the_queue() -> None:
    level = a_level(10, 3, 7)
    assert list(level.pass_trade(3)) == []
    assert queue_of(level) == [0, 4]


def test_an_iceberg_gives_no_more_than_it_shows() -> None:
    level = a_level(10, 1)
    level.orders[1].shown = 2
    assert [share for _, share, _ in level.pass_trade(100)] == [2]


def test_the_state_is_plain_values() -> None:
    level = a_level(10, 4)
    assert level.state() == (100, 10, 0, (level.orders[1].state(),))
