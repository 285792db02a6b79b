"""The watch: from the first update to a usable book, and what makes it unusable again."""

from __future__ import annotations

import pytest

from tests.unit.market_builders import SECOND_NS, SPOT, SYMBOL, USDM, a_bbo, a_diff, a_snapshot
from tests.unit.market_facts import a_running_watch, best, finished, gap, hear, started
from tools.live.core.errors import ContractError
from tools.live.core.market_v1 import (
    DepthDiff, FeedLost, FeedStale, MarketFact, ResyncStarted, Trade,
)  # fmt: skip
from tools.live.market.watch import MarketWatch


def test_nothing_is_known_of_a_symbol_that_was_not_heard_of() -> None:
    watch = a_running_watch()
    assert not watch.is_usable(SPOT, "ETHUSDT")
    assert not watch.is_usable("coinbase", SYMBOL)
    assert watch.book(SPOT, "ETHUSDT") is None
    assert watch.keys() == ((SPOT, SYMBOL),)


def test_updates_wait_for_the_snapshot_and_the_older_ones_are_dropped() -> None:
    watch = MarketWatch()
    assert hear(watch, a_diff(5, 6, bids=((99, 7),))) == [started("start")]
    assert hear(watch, a_diff(7, 8, bids=((98, 7),)), a_diff(9, 12, bids=((97, 7),))) == []
    assert not watch.is_usable(SPOT, SYMBOL)
    assert hear(watch, a_snapshot(9)) == [finished(12)]
    assert watch.is_usable(SPOT, SYMBOL)
    book = watch.book(SPOT, SYMBOL)
    assert book is not None
    assert book.top(5) == (((100, 1), (97, 7)), ((110, 1),))


def test_a_snapshot_may_come_first() -> None:
    watch = MarketWatch()
    assert hear(watch, a_snapshot(9)) == [started("start"), finished(9)]
    assert hear(watch, a_diff(4, 9, asks=((109, 1),))) == [], "old, and not applied"
    assert best(watch) == (100, 1, 110, 1)
    assert hear(watch, a_diff(10, 11, asks=((109, 1),))) == []
    assert best(watch) == (100, 1, 109, 1)


def test_an_update_after_a_first_snapshot_may_not_leave_a_hole() -> None:
    watch = MarketWatch()
    hear(watch, a_snapshot(9))
    assert hear(watch, a_diff(12, 13)) == [gap(10, 11), started("gap")]
    assert not watch.is_usable(SPOT, SYMBOL)


def test_a_snapshot_too_old_for_what_waits_is_not_enough() -> None:
    watch = MarketWatch()
    hear(watch, a_diff(15, 16), a_diff(17, 18))
    assert hear(watch, a_snapshot(12)) == [gap(13, 14)]
    assert hear(watch, a_snapshot(13)) == [], "the hole is stated already"
    assert not watch.is_usable(SPOT, SYMBOL)
    assert hear(watch, a_snapshot(14)) == [finished(18)]


def test_a_gap_is_stated_exactly_and_a_later_snapshot_heals_it() -> None:
    watch = a_running_watch()
    assert hear(watch, a_diff(14, 15, bids=((99, 2),))) == [gap(11, 13), started("gap")]
    assert not watch.is_usable(SPOT, SYMBOL)
    assert hear(watch, a_diff(16, 17), a_diff(20, 21)) == [gap(18, 19)]
    assert hear(watch, a_snapshot(16)) == [], "the second gap is beyond it"
    assert not watch.is_usable(SPOT, SYMBOL)
    assert hear(watch, a_snapshot(20, bids=((101, 1),)), a_diff(22, 22)) == [finished(21)]
    assert best(watch) == (101, 1, 110, 1)


def test_a_late_message_heals_a_gap() -> None:
    watch = a_running_watch()
    late = a_diff(11, 13, bids=((100, 3), (101, 3)))
    hear(watch, a_diff(14, 15, bids=((101, 0),)))
    assert best(watch) == (100, 1, 110, 1), "the book stands where it was"
    assert hear(watch, late) == [finished(15)]
    assert best(watch) == (100, 3, 110, 1)
    assert hear(watch, a_diff(16, 16)) == []


def test_a_gap_in_what_waits_is_stated_at_once() -> None:
    watch = MarketWatch()
    assert hear(watch, a_diff(5, 6), a_diff(9, 9)) == [started("start"), gap(7, 8)]
    assert hear(watch, a_snapshot(5)) == []
    assert hear(watch, a_snapshot(8)) == [finished(9)], "what is missing is in the snapshot"


def test_an_overlap_is_no_gap() -> None:
    watch = a_running_watch()
    assert hear(watch, a_diff(8, 13, bids=((101, 1),)), a_diff(14, 14)) == []
    assert best(watch) == (101, 1, 110, 1)


def test_a_duplicate_changes_nothing() -> None:
    watch = a_running_watch()
    diff = a_diff(11, 12, bids=((101, 1),))
    hear(watch, diff, a_diff(13, 14, bids=((101, 0),)))
    assert hear(watch, diff) == []
    assert best(watch) == (100, 1, 110, 1)


def test_a_duplicate_does_not_mend_a_gap() -> None:
    watch = a_running_watch()
    hear(watch, a_diff(14, 15))
    assert hear(watch, a_diff(8, 10), a_diff(14, 15)) == []
    assert not watch.is_usable(SPOT, SYMBOL)


def test_an_update_from_before_the_beginning_is_old_in_a_gap_too() -> None:
    watch = MarketWatch()
    hear(watch, a_snapshot(10), a_diff(14, 14))
    assert hear(watch, a_diff(3, 5)) == [], "what lies between it and the snapshot is in the latter"
    assert hear(watch, a_diff(11, 13)) == [finished(14)]


def test_a_second_snapshot_that_is_older_changes_nothing() -> None:
    watch = a_running_watch()
    hear(watch, a_diff(11, 11, bids=((101, 1),)))
    assert hear(watch, a_snapshot(10)) == []
    assert best(watch) == (101, 1, 110, 1)


def test_a_snapshot_ahead_of_the_stream_is_taken() -> None:
    watch = a_running_watch()
    assert hear(watch, a_snapshot(20, bids=((105, 1),))) == []
    assert hear(watch, a_diff(11, 18, bids=((105, 0),)), a_diff(19, 21)) == []
    assert best(watch) == (105, 1, 110, 1)
    assert hear(watch, a_diff(23, 23)) == [gap(22, 22), started("gap")]


def test_futures_are_chained_by_what_an_update_follows() -> None:
    watch = MarketWatch()
    say = [
        a_diff(5, 9, 3, source=USDM),
        a_snapshot(7, source=USDM),
        a_diff(12, 15, 9, source=USDM),
    ]
    assert hear(watch, *say) == [started("start", source=USDM), finished(9, source=USDM)]
    missing = [gap(16, 19, source=USDM), started("gap", source=USDM)]
    assert hear(watch, a_diff(22, 25, 19, source=USDM)) == missing


def test_a_stream_snapshot_begins_anew_even_with_lower_numbers() -> None:
    source = "bybit-linear"
    watch = MarketWatch()
    hear(watch, a_snapshot(500, source=source), a_diff(None, 501, source=source))
    assert hear(watch, a_snapshot(1, bids=((90, 1),), source=source)) == []
    assert hear(watch, a_diff(None, 2, bids=((91, 1),), source=source)) == []
    assert best(watch, source) == (91, 1, 110, 1)
    assert hear(watch, a_diff(None, 4, source=source)) == [
        gap(3, 3, source=source), started("gap", source=source)
    ]  # fmt: skip
    assert hear(watch, a_snapshot(1, source=source)) == [finished(1, source=source)]


def test_what_waited_for_the_stream_before_is_not_for_the_one_that_begins_anew() -> None:
    source = "bybit-spot"
    watch = MarketWatch()
    hear(watch, a_snapshot(500, source=source))
    hear(watch, a_diff(None, 502, bids=((105, 1),), source=source))
    assert hear(watch, a_snapshot(501, source=source)) == [finished(501, source=source)]
    assert best(watch, source) == (100, 1, 110, 1)


def test_without_numbers_updates_follow_the_snapshot_in_their_order() -> None:
    watch = MarketWatch()
    assert hear(watch, a_diff(None, None, bids=((101, 1),))) == [started("start")]
    assert hear(watch, a_snapshot(None)) == [finished(None)]
    assert best(watch) == (100, 1, 110, 1), "what came before the snapshot is in it"
    assert hear(watch, a_diff(None, None, bids=((101, 1),))) == []
    assert best(watch) == (101, 1, 110, 1)
    assert hear(watch, a_snapshot(None)) == []
    assert best(watch) == (100, 1, 110, 1)


def test_numbers_after_a_snapshot_without_one_are_chained_from_the_first() -> None:
    watch = MarketWatch()
    assert hear(watch, a_snapshot(None), a_diff(7, 8)) == [started("start"), finished(None)]
    assert hear(watch, a_diff(11, 12)) == [gap(9, 10), started("gap")]
    assert hear(watch, a_diff(None, None)) == [], "it cannot be placed, so it does not count"
    assert not watch.is_usable(SPOT, SYMBOL)


def test_a_crossed_book_is_not_used_and_no_base_for_anything() -> None:
    watch = a_running_watch()
    assert hear(watch, a_diff(11, 12, bids=((110, 1),))) == [], "locked, which may be"
    assert hear(watch, a_diff(13, 13, bids=((111, 1),))) == [started("crossed_book")]
    assert watch.book(SPOT, SYMBOL) is None
    assert hear(watch, a_diff(14, 14, bids=((111, 0),)), a_snapshot(12)) == []
    assert not watch.is_usable(SPOT, SYMBOL)
    assert hear(watch, a_snapshot(13)) == [finished(14)]


def test_a_snapshot_older_than_what_was_thrown_away_is_waited_past() -> None:
    watch = a_running_watch()
    hear(watch, a_diff(11, 13, bids=((111, 1),)))
    assert hear(watch, a_snapshot(12)) == [], "13 was heard, and is in no book"
    assert not watch.is_usable(SPOT, SYMBOL)
    assert hear(watch, a_snapshot(13)) == [finished(13)]


def test_a_crossed_snapshot_is_not_taken() -> None:
    watch = a_running_watch()
    assert hear(watch, a_snapshot(12, bids=((111, 1),))) == [started("crossed_book")]
    assert watch.book(SPOT, SYMBOL) is None
    assert hear(watch, a_snapshot(12)) == [finished(12)]


def test_a_crossed_snapshot_counts_for_nothing() -> None:
    watch = a_running_watch()
    hear(watch, a_snapshot(20, bids=((111, 1),)))
    assert hear(watch, a_snapshot(15)) == [finished(15)]


def test_a_snapshot_too_deep_counts_for_nothing() -> None:
    watch = MarketWatch(most_levels=1)
    assert hear(watch, a_snapshot(20, bids=((100, 1), (99, 1))))[-1] == started("overflow")
    assert hear(watch, a_snapshot(15)) == [finished(15)]


def test_an_update_that_waited_may_be_one_level_too_many() -> None:
    watch = MarketWatch(most_levels=3)
    hear(watch, a_diff(11, 11, bids=((99, 1),)), a_diff(12, 12))
    bids = ((100, 1), (98, 1), (97, 1))
    assert hear(watch, a_snapshot(10, bids)) == [started("overflow")]
    assert not watch.is_usable(SPOT, SYMBOL)


def test_an_update_that_waited_may_cross_the_book() -> None:
    watch = MarketWatch()
    hear(watch, a_diff(11, 12, bids=((111, 1),)), a_diff(13, 13))
    assert hear(watch, a_snapshot(10)) == [started("crossed_book")]
    assert watch.book(SPOT, SYMBOL) is None
    assert not watch.is_usable(SPOT, SYMBOL)


def test_too_many_updates_before_a_snapshot_are_let_go() -> None:
    watch = MarketWatch(most_levels=2)
    assert hear(watch, a_diff(5, 6), a_diff(7, 8)) == [started("start")]
    assert hear(watch, a_diff(9, 10)) == [started("overflow")]
    assert hear(watch, a_snapshot(8)) == [], "9 and 10 were let go"
    assert hear(watch, a_snapshot(10)) == [finished(10)]


def test_a_gap_that_stays_open_too_long_gives_the_book_up() -> None:
    watch = MarketWatch(most_levels=2)
    hear(watch, a_snapshot(10), a_diff(14, 15), a_diff(16, 16))
    assert hear(watch, a_diff(17, 17)) == [started("overflow")]
    assert watch.book(SPOT, SYMBOL) is None
    assert hear(watch, a_diff(11, 13), a_diff(18, 18)) == []
    assert not watch.is_usable(SPOT, SYMBOL)


@pytest.mark.parametrize("side", ["bids", "asks"])
def test_a_book_that_grows_without_end_is_given_up(side: str) -> None:
    watch = MarketWatch(most_levels=2)
    more = {side: ((105, 1),)}
    assert hear(watch, a_snapshot(10), a_diff(11, 11, **more))[2:] == []
    assert hear(watch, a_diff(12, 12, **{side: ((106, 1),)})) == [started("overflow")]
    assert watch.book(SPOT, SYMBOL) is None
    deep = {side: tuple((price, 1) for price in (103, 104, 105))}
    assert hear(watch, a_snapshot(12, **deep)) == [started("overflow")]
    assert hear(watch, a_snapshot(12)) == [finished(12)]


def test_a_lost_feed_begins_anew() -> None:
    watch = a_running_watch()
    lost = FeedLost(SYMBOL, SPOT, "closed by the venue", 7)
    assert hear(watch, lost) == [started("lost", 7)]
    assert watch.book(SPOT, SYMBOL) is None
    assert hear(watch, a_diff(11, 11), a_diff(900, 901), a_snapshot(900)) == [
        gap(12, 899), finished(901)
    ]  # fmt: skip


def test_what_waited_is_lost_with_the_feed() -> None:
    watch = MarketWatch()
    hear(watch, a_diff(5, 6), FeedLost(SYMBOL, SPOT, "", 2))
    assert hear(watch, a_snapshot(4)) == [finished(4)], "nothing was heard since"
    assert hear(watch, FeedLost("ETHUSDT", SPOT, "", 2)) == [
        ResyncStarted("ETHUSDT", SPOT, "lost", 2)
    ]


def test_recorded_facts_of_its_own_kind_are_found_again_and_not_believed() -> None:
    watch = a_running_watch()
    before = watch.state_sha256()
    facts: list[MarketFact] = [
        gap(11, 12), started("gap"), finished(99), FeedStale(SYMBOL, SPOT, 5, 1)
    ]  # fmt: skip
    assert hear(watch, *facts) == []
    assert watch.state_sha256() == before


def test_trades_say_nothing_of_a_book() -> None:
    watch = MarketWatch()
    assert hear(watch, Trade(SYMBOL, SPOT, "1", None, 100, 1, None, None, 1)) == []
    assert watch.keys() == ()


def test_an_impossible_level_is_refused() -> None:
    watch = a_running_watch()
    with pytest.raises(ContractError, match="^level -1 x 1 at"):
        hear(watch, a_diff(11, 11, bids=((-1, 1),)))


def test_symbols_and_sources_are_apart() -> None:
    watch = a_running_watch()
    assert hear(watch, a_diff(14, 14, symbol="ETHUSDT")) == [
        ResyncStarted("ETHUSDT", SPOT, "start", 1)
    ]
    assert hear(watch, a_diff(14, 14, source=USDM)) == [started("start", source=USDM)]
    assert watch.is_usable(SPOT, SYMBOL)
    assert watch.keys() == ((SPOT, SYMBOL), (SPOT, "ETHUSDT"), (USDM, SYMBOL))


def test_a_copy_goes_on_apart() -> None:
    watch = a_running_watch()
    hear(watch, a_diff(14, 15, bids=((101, 1),)))
    before = watch.state_sha256()
    other = watch.copy()
    assert other.state_sha256() == before
    assert hear(other, a_diff(11, 13), a_diff(16, 20)) == [finished(15)]
    hear(other, a_snapshot(3, symbol="ETHUSDT"))
    assert watch.state_sha256() == before
    assert best(watch) == (100, 1, 110, 1)
    assert len(hear(other, a_bbo(symbol="SOLUSDT", ts_ns=60 * SECOND_NS))) == 4


def test_a_copy_keeps_its_limits() -> None:
    other = MarketWatch(stale_ns=10, most_levels=1).copy()
    hear(other, a_snapshot(10, ts_ns=100))
    assert len(other.copy().tick(111)) == 2
    assert hear(other, a_diff(12, 12, bids=((1, 1),), ts_ns=100))[-1] == started("overflow", 100)


STATES: list[list[object]] = [
    [],
    [a_bbo()],
    [a_bbo(ts_ns=2)],
    [a_bbo(symbol="ETHUSDT")],
    [a_bbo(source=USDM)],
    [a_bbo(), FeedLost(SYMBOL, SPOT, "", 1)],
    [a_snapshot(10)],
    [a_snapshot(11)],
    [a_snapshot(None)],
    [a_snapshot(10, bids=((100, 2),))],
    [a_diff(9, 10), a_snapshot(10)],
    [a_snapshot(10), a_diff(12, 12)],
    [a_snapshot(10), a_diff(12, 12, bids=((100, 1),))],
    [a_snapshot(10), a_diff(12, 12), a_snapshot(10, bids=((99, 1),))],
    [a_diff(12, 12)],
    [a_snapshot(10), FeedLost(SYMBOL, SPOT, "", 1)],
    [a_snapshot(10), a_snapshot(11, bids=((111, 1),))],
]


def test_every_state_has_a_hash_of_its_own() -> None:
    hashes = []
    for events in STATES:
        watch = MarketWatch()
        hear(watch, *events)
        hashes.append(watch.state_sha256())
    assert len(dict.fromkeys(hashes)) == len(STATES)


def test_the_hash_does_not_depend_on_who_was_heard_first() -> None:
    one, other = MarketWatch(), MarketWatch()
    events: list[DepthDiff] = [a_diff(1, 2), a_diff(1, 2, symbol="ETHUSDT")]
    hear(one, *events)
    hear(other, *reversed(events))
    assert one.state_sha256() == other.state_sha256()
