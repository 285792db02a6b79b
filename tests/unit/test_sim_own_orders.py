"""Our orders of one side: priority, and their places in the queue."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.sim_venue_builders import an_order
from tools.live.core.market_v1 import Bbo, Trade
from tools.live.core.words_v1 import BUY, SELL
from tools.live.sim.own_orders import LATE_NS, MOST_SHRINKS, OwnLevel, OwnSide, whole_lots
from tools.live.sim.queue import PESSIMISTIC, PROPORTIONAL, QueueModel

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


def shows(
    level: OwnLevel, now: int | None, model: QueueModel, *, ts_ns: int = 1,
    exchange_ns: int | None = None,
) -> None:  # fmt: skip
    level.on_shown(now, model, Bbo("X", "s", 100, now or 0, 0, 0, None, exchange_ns, ts_ns))


def sold(qty: int, *, ts_ns: int = 1, exchange_ns: int | None = None) -> Trade:
    return Trade("X", "s", "7", SELL, 100, qty, None, exchange_ns, ts_ns)


def test_a_level_that_grows_grows_behind_us() -> None:
    level = a_level(10, 4, 10)
    level.traded = 3
    shows(level, 20, PROPORTIONAL)
    assert queue_of(level) == [4, 10] and level.traded == 0


def test_what_a_trade_explains_is_not_explained_again() -> None:
    level = a_level(10, 6)
    level.traded = 4
    shows(level, 6, PROPORTIONAL)
    assert queue_of(level) == [6] and level.traded == 0


def test_what_no_trade_explains_was_canceled() -> None:
    """20 less, 4 of them traded: 16 of the other 96 were canceled, half of those before us."""
    level = a_level(100, 48)
    level.traded = 4
    shows(level, 80, PROPORTIONAL)
    assert queue_of(level) == [40]


def test_who_is_in_front_stays_there() -> None:
    level = a_level(10, 0, 6)
    shows(level, 5, PROPORTIONAL)
    assert queue_of(level) == [0, 3]


def test_a_trade_that_is_told_before_its_trace_in_the_book_is_kept_for_it() -> None:
    level = a_level(10, 3)
    level.traded = 4
    shows(level, 10, PROPORTIONAL)
    shows(level, 9, PROPORTIONAL)
    assert level.traded == 3 and queue_of(level) == [3]
    shows(level, 2, PROPORTIONAL)  # of the other 6, 4 were canceled
    assert level.traded == 0 and queue_of(level) == [1]


def test_no_more_trades_are_kept_than_there_is_to_explain() -> None:
    level = a_level(10, 2)
    level.traded = 50
    shows(level, 4, PESSIMISTIC)
    assert level.traded == 4


def test_a_level_whose_quantity_nobody_knows_moves_nobody() -> None:
    level = a_level(10, 4)
    level.traded = 2
    shows(level, None, PROPORTIONAL)
    assert queue_of(level) == [4] and level.shown is None and level.traded == 0
    shows(level, 3, PROPORTIONAL)
    assert queue_of(level) == [3]


class Unfair:
    """A model by which those far behind lose everything before them."""

    def gone_ahead(self, ahead: int, behind: int, gone: int) -> int:
        return ahead if ahead > behind else 0

    def describe(self) -> dict[str, Any]:
        return {"queue": "unfair"}


def test_an_older_order_stays_before_a_younger_one_whatever_the_model_says() -> None:
    level = a_level(1000, 400, 590, 600)
    shows(level, 700, Unfair())
    assert queue_of(level) == [400, 400, 400]


def test_a_trade_takes_what_is_before_us_then_us_then_what_is_between_us() -> None:
    level = a_level(10, 3, 7, 10)
    given = [(order.number, share, ahead) for order, share, ahead in level.on_trade(sold(14), 14)]
    assert given == [(1, 5, 3), (2, 2, 7)]
    assert queue_of(level) == [0, 0, 3]


def test_a_small_trade_only_moves_the_queue() -> None:
    level = a_level(10, 3, 7)
    assert list(level.on_trade(sold(3), 3)) == []
    assert queue_of(level) == [0, 4]


def test_what_looked_like_a_cancel_is_taken_back_when_its_trade_comes() -> None:
    """The level is gone before the trade is heard that took it: nothing of it was for us."""
    level = a_level(5, 5)
    shows(level, 0, PESSIMISTIC)
    assert queue_of(level) == [0]
    assert list(level.on_trade(sold(5), 5)) == []
    assert queue_of(level) == [0] and level.traded == 0


def test_what_a_late_trade_has_beyond_its_trace_in_the_book_reaches_us() -> None:
    level = a_level(5, 5)
    shows(level, 0, PESSIMISTIC)
    assert [(share, ahead) for _, share, ahead in level.on_trade(sold(8), 8)] == [(3, 5)]
    assert level.traded == 3


def test_a_late_trade_counts_once_whatever_the_model_made_of_its_trace() -> None:
    """10 shown, 6 before us; 4 go: 2 of them before us, says the model; all, says the trade."""
    level = a_level(10, 6)
    shows(level, 6, PROPORTIONAL)
    assert queue_of(level) == [4]
    assert list(level.on_trade(sold(4), 4)) == [] and queue_of(level) == [2]
    assert list(level.on_trade(sold(1), 1)) == [] and queue_of(level) == [1]


def test_a_late_trade_explains_a_part_and_the_rest_was_canceled() -> None:
    level = a_level(10, 6)
    shows(level, 6, PROPORTIONAL)
    list(level.on_trade(sold(2), 2))
    assert queue_of(level) == [3]
    list(level.on_trade(sold(2), 2))
    assert queue_of(level) == [2]


def test_what_is_put_back_is_rounded_against_us() -> None:
    level = a_level(10, 5)
    shows(level, 6, PROPORTIONAL)
    list(level.on_trade(sold(1), 1))
    assert queue_of(level) == [3]


def test_a_reduction_is_explained_once() -> None:
    level = a_level(5, 5)
    shows(level, 0, PESSIMISTIC)
    assert list(level.on_trade(sold(5), 5)) == [] and level.traded == 0
    assert len(list(level.on_trade(sold(3), 3))) == 1 and level.traded == 3


def test_nobody_ends_further_behind_by_a_trade() -> None:
    """The older order takes 3 of the 5 that went, so less of them went before the younger."""
    level = a_level(10, 2, 8)
    shows(level, 5, PROPORTIONAL)
    assert queue_of(level) == [1, 4]
    assert [(one.number, share) for one, share, _ in level.on_trade(sold(5), 5)] == [(1, 3)]
    assert queue_of(level) == [0, 4]


def test_whoever_joined_in_between_stands_behind_those_who_are_put_back() -> None:
    level = a_level(5, 5)
    shows(level, 0, PESSIMISTIC)
    younger = an_order(BUY, 1, 100, number=2)
    younger.leaves = younger.shown = 5
    level.orders[2] = younger
    assert list(level.on_trade(sold(5), 5)) == []
    assert [one.number for one, _, _ in level.on_trade(sold(7), 7)] == [1, 2]


@pytest.mark.parametrize(
    ("heard_ns", "seen_ns", "traded_ns", "is_late"),
    (
        (LATE_NS + 1, None, None, True),
        (LATE_NS + 2, None, None, False),
        (1, 50, 50, True),
        (1, 50, 49, True),
        (1, 50, 51, False),
        (1, None, 51, True),
        (1, 50, None, True),
        (LATE_NS + 2, 50, 50, False),
    ),
)
def test_a_trade_is_late_by_the_venues_time_or_else_by_ours(
    heard_ns: int, seen_ns: int | None, traded_ns: int | None, is_late: bool
) -> None:
    level = a_level(5, 5)
    shows(level, 0, PESSIMISTIC, exchange_ns=seen_ns)
    given = list(level.on_trade(sold(5, ts_ns=heard_ns, exchange_ns=traded_ns), 5))
    assert bool(given) is not is_late


def test_old_reductions_are_forgotten() -> None:
    level = a_level(100, 50)
    for step in range(10):
        shows(level, 90 - step, PROPORTIONAL, ts_ns=1 + step * LATE_NS)
    assert len(level.state()[-1]) == 2  # type: ignore[arg-type]
    assert level.state()[-1][-1] == (1 + 9 * LATE_NS, None, 1, ())  # type: ignore[index]


def test_no_more_reductions_are_kept_than_trades_may_be_late_for() -> None:
    level = a_level(100, 50)
    for step in range(40):
        shows(level, 99 - step, PESSIMISTIC)
    assert len(level.state()[-1]) == MOST_SHRINKS  # type: ignore[arg-type]
    assert list(level.on_trade(sold(40), 40)) == [] and level.traded == 8


def test_an_iceberg_gives_no_more_than_it_shows() -> None:
    level = a_level(10, 1)
    level.orders[1].shown = 2
    assert [share for _, share, _ in level.on_trade(sold(100), 100)] == [2]


def test_the_state_is_plain_values() -> None:
    level = a_level(10, 4)
    assert level.state() == (100, 10, 0, (level.orders[1].state(),), ())


def test_a_touch_says_nothing_of_levels_behind_it() -> None:
    own = a_side(1, 100, 98)
    own.on_touch(99, 7, PESSIMISTIC, Bbo("X", "s", 99, 7, 102, 1, None, None, 1))
    assert [(level.price, level.shown) for level in own.levels()] == [(100, 0), (98, 10)]


def test_a_share_of_a_trade_is_whole_lots_or_all_that_is_shown() -> None:
    assert [whole_lots(5, there, 2) for there in (0, 1, 2, 3, 4, 5, 6)] == [0, 0, 2, 2, 4, 5, 5]
    level = a_level(3, 1, 3)
    shares = [(order.number, share) for order, share, _ in level.on_trade(sold(5), 5, 3)]
    assert shares == [(1, 3)]  # 4 of the trade reached it, and it shows 5
