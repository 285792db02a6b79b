"""What the market displays: quotes, depth, and both together."""

from __future__ import annotations

from tests.unit.sim_venue_builders import a_bbo, a_diff, a_snapshot, e9, levels
from tools.live.core.money import Number
from tools.live.core.words_v1 import BUY, SELL, Side
from tools.live.sim.levels import Displayed
from tools.live.sim.liquidity import DISPLAYED, UNLIMITED, LiquidityRule


def offers(shows: Displayed, side: Side, limit: Number | None = None) -> list[tuple[int, int]]:
    return list(shows.offers(side, None if limit is None else e9(limit)))


def quoted(*numbers: Number, exchange_ns: int | None = None) -> Displayed:
    shows = Displayed(DISPLAYED)
    shows.hear_quote(a_bbo(*numbers, exchange_ns=exchange_ns))
    return shows


def with_depth() -> Displayed:
    shows = Displayed(DISPLAYED)
    assert shows.hear_depth(a_snapshot(
        levels((99, 1), (98, 2), (97, 3)), levels((101, 1), (102, 2)), sequence=10, exchange_ns=5,
    ))  # fmt: skip
    return shows


def test_where_there_is_a_lot_whole_ones_are_offered() -> None:
    shows = Displayed(DISPLAYED, e9(2))
    shows.hear_quote(a_bbo(99, 1.9, 101, 5))
    assert offers(shows, SELL) == []
    assert shows.why_nothing(SELL, None).endswith("was taken already")
    assert offers(shows, BUY) == list(levels((101, 4)))
    shows.use(BUY, e9(101), e9(1.5))
    assert offers(shows, BUY) == list(levels((101, 2)))
    shows.hear_depth(a_snapshot((), levels((101, 5), (102, 1), (103, 2), (104, 7))))
    assert offers(shows, BUY) == list(levels((101, 2), (103, 2), (104, 6)))


def test_before_anything_was_heard_nothing_is_known() -> None:
    shows = Displayed(DISPLAYED)
    assert shows.qty_at(BUY, e9(100)) is None and offers(shows, BUY) == []
    assert shows.why_nothing(BUY, None) == "the market shows no ask"
    assert shows.why_nothing(SELL, None) == "the market shows no bid"


def test_a_quote_tells_the_best_levels_and_that_there_are_no_better_ones() -> None:
    shows = quoted(99, 1, 101, 2)
    assert [shows.qty_at(BUY, e9(price)) for price in (98, 99, 100)] == [None, e9(1), 0]
    assert [shows.qty_at(SELL, e9(price)) for price in (102, 101, 100)] == [None, e9(2), 0]
    assert offers(shows, BUY) == list(levels((101, 2)))
    assert offers(shows, SELL) == list(levels((99, 1)))


def test_an_empty_side_shows_nothing_at_any_price() -> None:
    shows = quoted(0, 0, 0, 0)
    assert shows.qty_at(BUY, e9(1)) == 0 and shows.qty_at(SELL, e9(1)) == 0


def test_a_price_without_a_quantity_is_worth_what_the_rule_says() -> None:
    shows = quoted(99, 0, 101, 0)
    assert shows.qty_at(BUY, e9(99)) is None
    assert offers(shows, BUY) == [(e9(101), UNLIMITED)]
    shows.use(BUY, e9(101), e9(5))
    assert offers(shows, BUY) == [(e9(101), UNLIMITED)]
    bounded = Displayed(LiquidityRule(unknown_qty=e9(3)))
    bounded.hear_quote(a_bbo(99, 0, 101, 0))
    bounded.use(BUY, e9(101), e9(2))
    assert offers(bounded, BUY) == [(e9(101), e9(1))]


def test_what_was_taken_is_not_offered_again() -> None:
    shows = quoted(99, 1, 101, 2)
    shows.use(BUY, e9(101), e9(2))
    shows.use(SELL, e9(99), e9("0.4"))
    assert offers(shows, BUY) == [] and offers(shows, SELL) == list(levels((99, "0.6")))
    assert "taken already" in shows.why_nothing(BUY, None)
    assert shows.why_nothing(SELL, None) == ""
    shows.hear_quote(a_bbo(99, 1, 101, 5))
    assert offers(shows, BUY) == list(levels((101, 3)))
    shows.hear_quote(a_bbo(99, 1, 102, 5))
    shows.hear_quote(a_bbo(99, 1, 101, 5))
    assert offers(shows, BUY) == list(levels((101, 5)))


def test_an_unknown_quantity_does_not_make_a_level_new() -> None:
    shows = quoted(99, 1, 101, 2)
    shows.use(BUY, e9(101), e9(2))
    shows.hear_quote(a_bbo(99, 0, 101, 0))
    shows.hear_quote(a_bbo(99, 1, 101, 2))
    assert offers(shows, BUY) == []


def test_a_crossed_market_offers_nothing_and_says_so() -> None:
    shows = quoted(102, 1, 101, 2)
    assert shows.is_crossed and offers(shows, BUY) == [] == offers(shows, SELL)
    assert shows.why_nothing(BUY, None) == "the market is crossed: bid 102 above ask 101"
    assert not quoted(101, 1, 101, 2).is_crossed
    assert not quoted(101, 1, 0, 0).is_crossed


def test_a_crossed_market_makes_no_level_new() -> None:
    shows = quoted(99, 1, 101, 2)
    shows.use(BUY, e9(101), e9(2))
    shows.hear_quote(a_bbo(103, 1, 102, 2))
    shows.hear_quote(a_bbo(99, 1, 101, 2))
    assert offers(shows, BUY) == []


def test_a_limit_bounds_what_is_offered() -> None:
    shows = with_depth()
    assert offers(shows, BUY, 101) == list(levels((101, 1)))
    assert offers(shows, BUY, 103) == list(levels((101, 1), (102, 2)))
    assert offers(shows, SELL, 98) == list(levels((99, 1), (98, 2)))
    assert offers(shows, BUY, 100) == []
    assert shows.why_nothing(BUY, e9(100)) == "the ask 101 is beyond the limit 100"


def test_depth_alone_tells_everything() -> None:
    shows = with_depth()
    assert (shows.bid, shows.bid_qty, shows.ask, shows.ask_qty) == (
        e9(99), e9(1), e9(101), e9(1),
    )  # fmt: skip
    assert [shows.qty_at(BUY, e9(price)) for price in (96, 97, 99, 100)] == [0, e9(3), e9(1), 0]
    assert shows.hear_depth(a_diff(levels((99, 0)), levels((103, 7)), first=11, sequence=12))
    assert shows.bid == e9(98)
    assert offers(shows, BUY, 103)[-1] == (e9(103), e9(7))


def test_many_levels_are_told_in_order() -> None:
    shows = Displayed(DISPLAYED)
    shows.hear_depth(a_snapshot((), levels(*((price, 1) for price in range(1, 401)))))
    assert [price for price, _ in offers(shows, BUY)] == [e9(price) for price in range(1, 401)]


def test_the_quote_has_the_word_about_the_best_levels_and_the_depth_behind_them() -> None:
    shows = with_depth()
    shows.hear_quote(a_bbo(98, 9, 100, 4))
    assert offers(shows, SELL) == list(levels((98, 9), (97, 3)))
    assert offers(shows, BUY) == list(levels((100, 4), (101, 1), (102, 2)))
    assert shows.hear_depth(a_diff(levels((97, 5)), first=11, sequence=11, exchange_ns=9))
    assert offers(shows, SELL) == list(levels((98, 9), (97, 5)))
    assert shows.bid == e9(98)


def test_a_depth_that_the_venue_stamped_later_has_the_word() -> None:
    shows = with_depth()
    shows.hear_quote(a_bbo(98, 9, 100, 4, exchange_ns=20))
    shows.hear_depth(a_diff(levels((97, 5)), first=11, sequence=11, exchange_ns=20))
    assert shows.bid == e9(98)
    shows.hear_depth(a_diff(levels((97, 6)), first=12, sequence=12, exchange_ns=21))
    assert (shows.bid, shows.ask) == (e9(99), e9(101))


def test_updates_wait_for_their_snapshot() -> None:
    shows = Displayed(DISPLAYED)
    assert not shows.hear_depth(a_diff(levels((99, 5)), first=9, sequence=10))
    assert not shows.hear_depth(a_diff(levels((98, 6)), first=11, sequence=12))
    assert not shows.hear_depth(a_diff(levels((97, 5))))  # without a number it fits nowhere
    assert shows.hear_depth(a_snapshot(levels((99, 1)), levels((101, 1)), sequence=10))
    assert offers(shows, SELL) == list(levels((99, 1), (98, 6)))


def test_what_is_old_changes_nothing() -> None:
    shows = with_depth()
    assert not shows.hear_depth(a_diff(levels((99, 5)), first=9, sequence=10))
    assert not shows.hear_depth(a_snapshot(levels((50, 5)), sequence=9))
    assert shows.bid_qty == e9(1)
    assert shows.hear_depth(a_snapshot(levels((50, 5)), sequence=11))
    assert shows.bid == e9(50)


def test_behind_a_gap_there_is_no_depth_until_the_next_snapshot() -> None:
    shows = with_depth()
    assert not shows.hear_depth(a_diff(levels((99, 5)), first=15, sequence=16))
    assert shows.bid == 0 and shows.qty_at(BUY, e9(99)) is None and offers(shows, BUY) == []
    assert shows.hear_depth(a_snapshot(levels((90, 1)), levels((110, 1)), sequence=15))
    assert offers(shows, SELL) == list(levels((99, 5), (90, 1)))


def test_behind_a_gap_the_quote_is_left() -> None:
    shows = with_depth()
    shows.hear_quote(a_bbo(98, 9, 100, 4))
    assert not shows.hear_depth(a_diff(levels((99, 5)), first=15, sequence=16))
    assert offers(shows, SELL) == list(levels((98, 9)))
    assert shows.qty_at(BUY, e9(97)) is None


def test_a_level_behind_the_best_is_used_once_as_well() -> None:
    shows = with_depth()
    shows.use(BUY, e9(102), e9(2))
    assert offers(shows, BUY) == list(levels((101, 1)))
    shows.hear_depth(a_diff((), levels((102, "2.5")), first=11, sequence=11))
    assert offers(shows, BUY) == list(levels((101, 1), (102, "0.5")))
    shows.use(SELL, e9(99), e9(1))
    shows.hear_quote(a_bbo(99, 1, 101, 1))
    assert offers(shows, SELL)[0] == (e9(98), e9(2))


def test_a_level_that_only_the_quote_saw_go_may_still_be_in_a_late_depth() -> None:
    shows = with_depth()
    shows.use(BUY, e9(102), e9(2))
    shows.hear_quote(a_bbo(99, 1, 103, 1))
    shows.hear_quote(a_bbo(99, 1, 101, 1))
    assert offers(shows, BUY) == list(levels((101, 1)))
    shows.hear_depth(a_diff((), levels((102, 0)), first=11, sequence=11))
    shows.hear_depth(a_diff((), levels((102, 2)), first=12, sequence=12))
    assert offers(shows, BUY) == list(levels((101, 1), (102, 2)))


def test_a_crossed_depth_makes_no_level_new() -> None:
    shows = with_depth()
    shows.use(BUY, e9(101), e9(1))
    shows.hear_depth(a_diff(levels((105, 1)), levels((101, 0)), first=11, sequence=11))
    assert shows.is_crossed
    shows.hear_depth(a_diff(levels((105, 0)), levels((101, 1)), first=12, sequence=12))
    assert offers(shows, BUY) == list(levels((102, 2)))


def test_the_state_tells_lives_apart() -> None:
    shows, other = with_depth(), with_depth()
    assert shows.state() == other.state()
    shows.use(BUY, e9(102), e9(1))
    assert shows.state() != other.state()
    assert Displayed(DISPLAYED).state() != quoted(0, 0, 0, 0).state()


def test_a_limit_that_the_best_price_does_not_meet_finds_nothing() -> None:
    shows = quoted(99, 1, 101, 1)
    assert offers(shows, SELL, 100) == [] == offers(shows, BUY, 100)
    assert shows.take(SELL, e9(100), e9(1)) == ((), 0)
    assert shows.take(SELL, e9(99), e9(3)) == (levels((99, 1)), e9(1))
    assert offers(shows, SELL, 99) == []
