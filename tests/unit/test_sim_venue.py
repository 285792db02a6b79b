"""One symbol's venue, by hand: who fills, how much, at which price, and why."""

from __future__ import annotations

import pytest

from tests.unit.sim_venue_builders import (
    a_bbo, a_diff, a_snapshot, a_trade, a_venue, an_order, e9, levels, told,
)  # fmt: skip
from tools.live.core.errors import ContractError
from tools.live.core.market_v1 import FeedLost
from tools.live.core.words_v1 import BUY, SELL
from tools.live.sim.liquidity import FULL, UNLIMITED, LiquidityRule
from tools.live.sim.queue import PROPORTIONAL
from tools.live.sim.slippage import FixedBps, SpreadBased
from tools.live.sim.venue import Execution


def test_the_market_is_told_as_it_shows_itself() -> None:
    venue = a_venue()
    assert (venue.bid, venue.bid_qty, venue.ask, venue.ask_qty, venue.last) == (0, 0, 0, 0, 0)
    venue.hear(a_bbo(99, 1, 101, 2))
    venue.hear(a_trade(100, 3, BUY))
    assert (venue.bid, venue.bid_qty, venue.ask, venue.ask_qty) == (e9(99), e9(1), e9(101), e9(2))
    assert (venue.last, venue.last_qty) == (e9(100), e9(3))
    assert venue.hear(FeedLost("X", "somewhere", "gone", 1)) == []


def test_a_trade_at_our_price_fills_us_behind_the_queue() -> None:
    venue = a_venue()
    venue.hear(a_bbo(99, 3, 101, 2))
    order = an_order(BUY, 2, 99)
    venue.rest(order)
    assert order.ahead == e9(3)
    assert venue.hear(a_trade(99, 2, SELL)) == [] and order.ahead == e9(1)
    (fill,) = venue.hear(a_trade(99, "1.5", SELL, "81"))
    assert isinstance(fill, Execution)
    assert told([fill]) == [(1, 0.5, 99.0, "maker", "trade_at_price")]
    assert fill.why.sentence() == (
        "trade_at_price: trade 81 Sell 1.5 at 99; ahead 1 before, 0 after;"
        " bid 99 x 3, ask 101 x 2"
    )
    assert order.leaves == order.shown == e9("1.5")
    assert told(venue.hear(a_trade(99, 7, SELL))) == [(1, 1.5, 99.0, "maker", "trade_at_price")]
    assert list(venue.resting()) == []


def test_a_buyers_trade_leaves_our_buys_alone_and_one_of_nobody_may_meet_either() -> None:
    venue = a_venue()
    venue.hear(a_bbo(98, 1, 102, 1))
    venue.rest(an_order(BUY, 1, 100))
    venue.rest(an_order(SELL, 1, 100, number=2))
    assert venue.hear(a_trade(100, 5, None)) and not list(venue.resting())
    venue.rest(an_order(BUY, 1, 100))
    venue.rest(an_order(SELL, 1, 101, number=2))
    assert venue.hear(a_trade(100, 5, BUY)) == []
    assert venue.hear(a_trade(101, 5, SELL)) == []


def test_the_quantity_of_a_trade_is_given_once() -> None:
    venue = a_venue()
    venue.hear(a_bbo(98, 1, 102, 1))
    venue.rest(an_order(BUY, 1, 100, number=1))
    venue.rest(an_order(BUY, 2, 101, number=2))
    venue.rest(an_order(BUY, 3, 100, number=3))
    fills = told(venue.hear(a_trade(100, "4.5", SELL)))
    assert fills == [
        (2, 2.0, 101.0, "maker", "trade_through"),
        (1, 1.0, 100.0, "maker", "trade_at_price"),
        (3, 1.5, 100.0, "maker", "trade_at_price"),
    ]


def test_a_trade_of_nobody_is_given_once_over_both_sides() -> None:
    venue = a_venue()
    venue.hear(a_bbo(98, 1, 102, 1))
    venue.rest(an_order(BUY, 3, 100, number=1))
    venue.rest(an_order(SELL, 3, 100, number=2))
    assert told(venue.hear(a_trade(100, 4, None))) == [
        (1, 3.0, 100.0, "maker", "trade_at_price"), (2, 1.0, 100.0, "maker", "trade_at_price"),
    ]  # fmt: skip


def test_a_trade_through_our_price_ends_the_queue_before_us() -> None:
    venue = a_venue()
    venue.hear(a_bbo(99, 3, 101, 2))
    near, far = an_order(SELL, 2, 101), an_order(SELL, 2, 101, number=2)
    venue.rest(near)
    venue.rest(far)
    (fill,) = venue.hear(a_trade("101.5", "1.2", BUY, "9"))
    assert told([fill]) == [(1, 1.2, 101.0, "maker", "trade_through")]
    assert fill.why.evidence.startswith("trade 9 Buy 1.2 at 101.5 through 101; ahead 2 before, 0")
    assert near.ahead == far.ahead == 0


def test_without_partial_fills_a_market_beyond_our_price_fills_all_of_us() -> None:
    venue = a_venue(partial=False)
    venue.hear(a_bbo(98, 1, 102, 1))
    venue.rest(an_order(SELL, 5, 101))
    venue.rest(an_order(SELL, 5, 101, number=2))
    assert told(venue.hear(a_trade(103, 6, BUY))) == [
        (1, 5.0, 101.0, "maker", "trade_through"), (2, 5.0, 101.0, "maker", "trade_through"),
    ]  # fmt: skip
    venue.rest(an_order(SELL, 5, 101, number=3))
    venue.rest(an_order(SELL, 5, 101, number=4))
    assert told(venue.hear(a_trade(103, 5, BUY))) == [(3, 5.0, 101.0, "maker", "trade_through")]
    assert told(venue.hear(a_bbo(102, 1, 104, 1))) == [(4, 5.0, 101.0, "maker", "market_crossed")]


def test_a_market_that_crosses_our_price_fills_what_it_shows_there() -> None:
    venue = a_venue()
    venue.hear(a_bbo(99, 3, 101, 2))
    first, second = an_order(BUY, 2, 99), an_order(BUY, 2, "98.5", number=2)
    venue.rest(first)
    venue.rest(second)
    (fill,) = venue.hear(a_bbo(98, 1, 99, "0.5"))
    assert told([fill]) == [(1, 0.5, 99.0, "maker", "market_crossed")]
    assert fill.why.evidence == "market crossed 99 with 99 x 0.5; bid 98 x 1, ask 99 x 0.5"
    assert venue.hear(a_bbo(98, 2, 99, "0.5")) == []
    assert told(venue.hear(a_bbo(98, 1, "98.5", 3))) == [
        (1, 1.5, 99.0, "maker", "market_crossed"), (2, 1.5, 98.5, "maker", "market_crossed"),
    ]  # fmt: skip


def test_sells_are_crossed_likewise_and_even_where_the_other_side_is_empty() -> None:
    venue = a_venue()
    venue.hear(a_bbo(99, 3, 101, 2))
    venue.rest(an_order(SELL, 2, 101))
    venue.rest(an_order(BUY, 2, 98, number=2))
    assert told(venue.hear(a_bbo(101, 1, 0, 0))) == [(1, 1.0, 101.0, "maker", "market_crossed")]
    assert told(venue.hear(a_bbo(0, 0, 97, 9))) == [(2, 2.0, 98.0, "maker", "market_crossed")]


def test_what_crossed_us_cannot_be_taken_again() -> None:
    venue = a_venue()
    venue.hear(a_bbo(99, 3, 101, 2))
    venue.rest(an_order(BUY, 2, 100))
    venue.hear(a_bbo(99, 3, 100, 3))
    taker = an_order(BUY, 5, None, number=2)
    assert told(venue.take(taker)) == [(2, 1.0, 100.0, "taker", "took_touch")]
    assert venue.why_nothing(BUY, None).endswith("taken already")


def test_what_was_taken_does_not_cross_us() -> None:
    venue = a_venue()
    venue.hear(a_bbo(99, 3, 101, 2))
    order = an_order(BUY, 5, 101)
    assert told(venue.take(order)) == [(1, 2.0, 101.0, "taker", "took_touch")]
    venue.rest(order)
    assert venue.hear(a_bbo(99, 3, 101, 2)) == []
    assert told(venue.hear(a_bbo(99, 3, 101, "2.5"))) == [
        (1, 0.5, 101.0, "maker", "market_crossed"),
    ]  # fmt: skip


def test_a_crossed_market_fills_and_moves_nobody() -> None:
    venue = a_venue(queue=PROPORTIONAL)
    venue.hear(a_bbo(99, 3, 101, 2))
    order = an_order(BUY, 5, 99)
    venue.rest(order)
    assert venue.hear(a_bbo(99, 1, 98, 2)) == [] and order.ahead == e9(3)
    assert venue.hear(a_snapshot(levels((99, 1)), levels((98, 2)))) == [] and order.ahead == e9(3)
    taker = an_order(BUY, 1, None, number=2)
    assert venue.take(taker) == []
    assert venue.why_nothing(BUY, None) == "the market is crossed: bid 99 above ask 98"


def test_in_a_locked_market_those_at_its_price_keep_queueing() -> None:
    venue = a_venue()
    venue.hear(a_bbo(99, 3, 100, 2))
    venue.rest(an_order(BUY, 1, 99, number=1))
    venue.rest(an_order(BUY, 1, "99.5", number=2))
    fills = told(venue.hear(a_bbo(99, 3, 99, 5)))
    assert fills == [(2, 1.0, 99.5, "maker", "market_crossed")]


def test_depth_moves_the_queue_behind_the_touch_too() -> None:
    venue = a_venue(queue=PROPORTIONAL)
    venue.hear(a_snapshot(levels((99, 1), (98, 4)), levels((101, 1), (102, 8)), sequence=1))
    buy, sell = an_order(BUY, 1, 98), an_order(SELL, 1, 102, number=2)
    venue.rest(buy)
    venue.rest(sell)
    buy.ahead, sell.ahead = e9(2), e9(4)
    venue.hear(a_diff(levels((98, 2)), levels((102, 6)), first=2, sequence=2))
    assert (buy.ahead, sell.ahead) == (e9(1), e9(3))
    assert venue.hear(a_diff(levels((98, 1)), first=9, sequence=9)) == []  # a gap


def test_the_touch_moves_the_queue_of_either_side() -> None:
    venue = a_venue(queue=PROPORTIONAL)
    venue.hear(a_bbo(99, 4, 101, 6))
    buy, sell = an_order(BUY, 1, 99), an_order(SELL, 1, 101, number=2)
    venue.rest(buy)
    venue.rest(sell)
    buy.ahead, sell.ahead = e9(2), e9(3)
    assert venue.hear(a_bbo(99, 2, 101, 2)) == []
    assert (buy.ahead, sell.ahead) == (e9(1), e9(1))
    venue.hear(a_bbo("98.5", 5, "101.5", 5))  # nobody but us is left at our prices
    assert (buy.ahead, sell.ahead) == (0, 0)


def test_all_of_a_trade_explains_what_is_gone_though_we_got_a_part_of_it() -> None:
    """In the recording it took 3 at 99; that our order at 100 got 2 of them changes nothing."""
    venue = a_venue(queue=PROPORTIONAL)
    venue.hear(a_bbo(99, 10, 101, 6))
    order = an_order(BUY, 1, 99)
    venue.rest(order)
    order.ahead = e9(5)
    venue.rest(an_order(BUY, 2, 100, number=2))
    assert len(venue.hear(a_trade(99, 3, SELL))) == 1 and order.ahead == e9(4)
    venue.hear(a_bbo(99, 7, 101, 6))
    assert order.ahead == e9(4)


def test_a_queue_that_nobody_showed_is_unknown_until_it_is_shown() -> None:
    venue = a_venue()
    venue.hear(a_bbo(99, 3, 101, 2))
    order = an_order(BUY, 1, 98)
    venue.rest(order)
    assert order.ahead == UNLIMITED
    assert venue.hear(a_trade(98, 1000, SELL)) == []
    venue.hear(a_bbo(98, 5, 101, 2))
    assert order.ahead == e9(5)


def test_the_rule_says_what_is_ahead_where_nobody_does() -> None:
    venue = a_venue(liquidity=LiquidityRule(unknown_ahead=e9(2)))
    order = an_order(BUY, 1, 98)
    venue.rest(order)
    assert told(venue.hear(a_trade(98, 3, SELL))) == [(1, 1.0, 98.0, "maker", "trade_at_price")]


def test_trades_alone_fill_only_who_they_go_through() -> None:
    venue = a_venue()
    venue.rest(an_order(BUY, 1, 98))
    assert venue.hear(a_trade(98, 3, SELL)) == []
    (fill,) = venue.hear(a_trade(97, 3, SELL))
    assert told([fill]) == [(1, 1.0, 98.0, "maker", "trade_through")]
    assert "ahead unknown before, 0 after" in fill.why.evidence
    assert venue.why_nothing(BUY, None) == "the market shows no ask"


def test_prices_without_quantities_fill_takers_whole_and_makers_when_crossed() -> None:
    venue = a_venue()
    venue.hear(a_bbo(99, 0, 101, 0))
    assert told(venue.take(an_order(BUY, 500, 101))) == [
        (1, 500.0, 101.0, "taker", "took_touch"),
    ]  # fmt: skip
    venue.rest(an_order(BUY, 7, 99, number=2))
    assert venue.hear(a_bbo(99, 0, 101, 0)) == []
    (fill,) = venue.hear(a_bbo(98, 0, 99, 0))
    assert told([fill]) == [(2, 7.0, 99.0, "maker", "market_crossed")]
    assert fill.why.evidence.endswith("bid 98 x unknown, ask 99 x unknown")


def test_a_taker_walks_the_book_to_its_limit() -> None:
    venue = a_venue()
    venue.hear(a_snapshot(levels((99, 1)), levels((101, 1), (102, 2), (103, 4))))
    assert venue.fillable(BUY, e9(102)) == e9(3)
    order = an_order(BUY, 5, 102)
    done = venue.take(order)
    assert told(done) == [
        (1, 1.0, 101.0, "taker", "took_touch"), (1, 2.0, 102.0, "taker", "took_level"),
    ]  # fmt: skip
    assert done[1].why.evidence == "took 2 at 102; bid 99 x 1, ask 101 x 1"
    assert order.leaves == e9(2) and venue.fillable(BUY, e9(102)) == 0
    assert told(venue.take(an_order(SELL, 2, None, number=2))) == [
        (2, 1.0, 99.0, "taker", "took_touch"),
    ]  # fmt: skip


def test_slippage_is_adverse_and_ends_at_the_limit() -> None:
    venue = a_venue(slippage=FixedBps(100))
    venue.hear(a_bbo(99, 9, 100, 9))
    bought = venue.take(an_order(BUY, 1, None))
    assert (bought[0].price, bought[0].why.evidence) == (
        e9(101), "took 1 at 100, slipped to 101; bid 99 x 9, ask 100 x 9",
    )  # fmt: skip
    limited = venue.take(an_order(BUY, 1, "100.5"))
    assert limited[0].price == e9("100.5")
    assert "took 1 at 100, slipped to the limit 100.5;" in limited[0].why.evidence
    assert venue.take(an_order(SELL, 1, "98.5"))[0].price == e9("98.5")
    assert venue.take(an_order(SELL, 1, None))[0].price == e9("98.01")


def test_slippage_makes_no_fill_better_than_the_level_that_was_taken() -> None:
    venue = a_venue(slippage=SpreadBased())
    venue.hear(a_bbo(99, 9, 101, 9))
    bought, sold = venue.take(an_order(BUY, 1, None)), venue.take(an_order(SELL, 1, None))
    assert (bought[0].price, sold[0].price) == (e9(101), e9(99))
    assert "slipped" not in bought[0].why.evidence


def test_full_liquidity_fills_every_limit_whole_as_a_maker() -> None:
    venue = a_venue(liquidity=FULL)
    assert venue.take(an_order(BUY, 5, None)) == [] and venue.fillable(BUY, None) == 0
    assert venue.why_nothing(BUY, None) == "the market shows no ask"
    order = an_order(BUY, 5, 90)
    assert venue.fillable(BUY, e9(90)) == UNLIMITED and not venue.crosses(BUY, e9(90))
    (whole,) = venue.take(order)
    assert told([whole]) == [(1, 5.0, 90.0, "maker", "full_liquidity")]
    assert whole.why.evidence == "whole at 90; bid none, ask none"
    assert order.leaves == order.shown == 0
    venue.hear(a_bbo(99, 1, 101, 1))
    assert told(venue.take(an_order(BUY, 5, None))) == [(1, 5.0, 101.0, "taker", "full_liquidity")]
    assert told(venue.take(an_order(SELL, 5, None))) == [(1, 5.0, 99.0, "taker", "full_liquidity")]
    assert venue.fillable(SELL, None) == UNLIMITED and venue.why_nothing(SELL, None) == ""


def test_an_order_crosses_from_the_other_sides_best_price_on() -> None:
    venue = a_venue()
    assert not venue.crosses(BUY, e9(1000)) and not venue.crosses(SELL, 1)
    venue.hear(a_bbo(99, 1, 101, 1))
    assert [venue.crosses(BUY, e9(price)) for price in (100, 101, 102)] == [False, True, True]
    assert [venue.crosses(SELL, e9(price)) for price in (100, 99, 98)] == [False, True, True]


def test_orders_rest_in_priority_and_may_leave_or_become_smaller() -> None:
    venue = a_venue()
    venue.hear(a_bbo(98, 1, 102, 1))
    for number, (side, price) in enumerate(((BUY, 97), (SELL, 103), (BUY, 98), (SELL, 102)), 1):
        venue.rest(an_order(side, 4, price, number=number))
    assert [order.number for order in venue.resting()] == [3, 1, 4, 2]
    assert [order.number for order in venue.resting(BUY)] == [3, 1]
    best = next(venue.resting(SELL))
    venue.reduce(best, e9(1))
    assert (best.leaves, best.shown, best.ahead) == (e9(1), e9(1), e9(1))
    venue.leave(best)
    assert [order.number for order in venue.resting(SELL)] == [2]


def test_an_order_without_a_limit_cannot_rest() -> None:
    with pytest.raises(ContractError, match="ORD000001 has no limit"):
        a_venue().rest(an_order(BUY, 1, None))


def test_an_iceberg_fills_what_it_shows_at_its_price_and_all_of_it_beyond() -> None:
    venue = a_venue()
    venue.hear(a_bbo(98, 1, 102, 1))
    order = an_order(BUY, 10, 100, display=2)
    venue.rest(order)
    assert told(venue.hear(a_trade(100, 5, SELL))) == [(1, 2.0, 100.0, "maker", "trade_at_price")]
    assert (order.shown, order.leaves) == (0, e9(8))
    assert venue.hear(a_trade(100, 5, SELL)) == []
    assert told(venue.hear(a_trade(99, 5, SELL))) == [(1, 5.0, 100.0, "maker", "trade_through")]
    taking = an_order(BUY, 3, 102, number=2, display=2)
    venue.take(taking)
    assert (taking.leaves, taking.shown) == (e9(2), e9(2))


def test_a_venue_describes_what_decides_its_fills() -> None:
    assert a_venue(slippage=FixedBps(1), partial=False).describe() == {
        "queue": "pessimistic", "liquidity": "displayed", "unknown_qty": None,
        "unknown_ahead": None, "partial": False, "slippage": "fixed_bps", "bps": "1", "tick": "0",
    }  # fmt: skip
    assert a_venue(liquidity=FULL).describe() == {
        "queue": "pessimistic", "liquidity": "full", "partial": True, "slippage": "none",
    }  # fmt: skip


def test_the_state_tells_lives_apart() -> None:
    venue, other = a_venue(), a_venue()
    assert venue.state() == other.state()
    venue.hear(a_trade(100, 1, BUY))
    assert venue.state() != other.state()
