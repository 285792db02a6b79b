"""The watch in silence: what falls stale, what ends it, and symbols of which only quotes come."""

from __future__ import annotations

import pytest

from tests.unit.market_builders import SECOND_NS, SPOT, SYMBOL, a_bbo, a_diff, a_snapshot
from tests.unit.market_facts import a_running_watch, best, finished, gap, hear, started
from tools.live.core.market_v1 import FeedLost, FeedStale, ResyncStarted
from tools.live.market.watch import MarketWatch


@pytest.mark.parametrize("source", [SPOT, "coinbase"])
def test_silence_of_the_depth_is_stale_whatever_else_is_heard(source: str) -> None:
    watch = MarketWatch()
    hear(watch, a_snapshot(10, source=source))
    late = 1 + 5 * SECOND_NS
    assert hear(watch, a_bbo(source=source, ts_ns=late)) == []
    assert watch.is_usable(source, SYMBOL)
    assert hear(watch, a_bbo(source=source, ts_ns=late + 1)) == [
        FeedStale(SYMBOL, source, 5 * SECOND_NS + 1, late + 1), started("stale", late + 1, source)
    ]  # fmt: skip
    assert not watch.is_usable(source, SYMBOL)
    assert hear(watch, a_bbo(source=source, ts_ns=late * 9)) == [], "it is said once"


def test_the_update_that_ends_a_silence_goes_on_from_the_book() -> None:
    watch = a_running_watch()
    now = 60 * SECOND_NS
    silent = FeedStale(SYMBOL, SPOT, now - 1, now)
    assert hear(watch, a_diff(11, 12, bids=((101, 1),), ts_ns=now)) == [
        silent, started("stale", now), finished(12, now)
    ]  # fmt: skip
    assert best(watch) == (101, 1, 110, 1)
    assert hear(watch, a_diff(13, 13, ts_ns=now + 5 * SECOND_NS)) == []


def test_an_update_without_number_ends_a_silence() -> None:
    watch = MarketWatch()
    hear(watch, a_snapshot(None))
    watch.tick(60 * SECOND_NS)
    assert hear(watch, a_diff(None, None, ts_ns=61 * SECOND_NS)) == [finished(None, 61 * SECOND_NS)]
    hear(watch, FeedLost(SYMBOL, SPOT, "", 61 * SECOND_NS))
    assert hear(watch, a_diff(None, None, ts_ns=61 * SECOND_NS)) == []


def test_a_number_after_a_silence_of_a_book_without_one() -> None:
    watch = MarketWatch()
    hear(watch, a_snapshot(None))
    watch.tick(60 * SECOND_NS)
    assert hear(watch, a_diff(7, 8, ts_ns=61 * SECOND_NS)) == [finished(8, 61 * SECOND_NS)]


def test_an_unnumbered_update_after_a_silence_may_cross_the_book() -> None:
    watch = MarketWatch()
    hear(watch, a_snapshot(None))
    watch.tick(60 * SECOND_NS)
    crossing = a_diff(None, None, bids=((111, 1),), ts_ns=61 * SECOND_NS)
    assert hear(watch, crossing) == [started("crossed_book", 61 * SECOND_NS)]
    assert not watch.is_usable(SPOT, SYMBOL)


def test_a_gap_behind_a_silence_is_found() -> None:
    watch = a_running_watch()
    watch.tick(60 * SECOND_NS)
    now = 61 * SECOND_NS
    assert hear(watch, a_diff(12, 12, ts_ns=now)) == [gap(11, 11, now)]
    assert not watch.is_usable(SPOT, SYMBOL)


def test_old_updates_do_not_end_a_silence() -> None:
    watch = a_running_watch()
    old = [a_diff(8, 10, ts_ns=second * SECOND_NS) for second in range(1, 8)]
    facts = hear(watch, *old)
    assert [fact.kind for fact in facts] == ["md.stale", "md.resync_started"]
    assert hear(watch, a_snapshot(9, ts_ns=8 * SECOND_NS)) == []
    assert hear(watch, a_snapshot(10, ts_ns=8 * SECOND_NS)) == [finished(10, 8 * SECOND_NS)]


def test_silence_is_found_by_the_clock_and_by_what_others_say() -> None:
    watch = a_running_watch()
    assert watch.tick(5 * SECOND_NS) == []
    other = a_snapshot(3, symbol="ETHUSDT", ts_ns=4 * SECOND_NS)
    assert len(hear(watch, other)) == 2
    assert [fact.symbol for fact in watch.tick(6 * SECOND_NS)] == [SYMBOL, SYMBOL]
    assert watch.is_usable(SPOT, "ETHUSDT")
    say = hear(watch, a_diff(11, 11, ts_ns=10 * SECOND_NS))
    assert say == [
        FeedStale("ETHUSDT", SPOT, 6 * SECOND_NS, 10 * SECOND_NS),
        ResyncStarted("ETHUSDT", SPOT, "stale", 10 * SECOND_NS),
        finished(11, 10 * SECOND_NS),
    ]
    assert watch.tick(15 * SECOND_NS) == []
    assert len(watch.tick(15 * SECOND_NS + 1)) == 2
    assert watch.tick(99 * SECOND_NS) == [], "nothing is usable, so nothing can fall silent"


def test_what_is_not_usable_does_not_fall_silent() -> None:
    watch = MarketWatch()
    hear(watch, a_diff(5, 6))
    assert watch.tick(60 * SECOND_NS) == []
    assert hear(watch, a_diff(7, 8, ts_ns=90 * SECOND_NS)) == []


def test_a_recorded_silence_is_found_at_its_place() -> None:
    live, replayed = a_running_watch(), a_running_watch()
    facts = live.tick(7 * SECOND_NS)
    assert hear(replayed, facts[0]) == list(facts)
    assert hear(replayed, facts[1]) == []
    assert live.state_sha256() == replayed.state_sha256()


def test_the_limit_of_silence_is_a_setting() -> None:
    watch = MarketWatch(stale_ns=10)
    hear(watch, a_snapshot(10, ts_ns=100))
    assert watch.tick(110) == []
    assert len(watch.tick(111)) == 2


def test_a_clock_that_is_set_back_does_not_hide_a_silence() -> None:
    watch = a_running_watch()
    hear(watch, a_diff(11, 11, ts_ns=4 * SECOND_NS), a_diff(12, 12, ts_ns=2))
    assert watch.tick(5 * SECOND_NS + 2) == []
    assert len(watch.tick(5 * SECOND_NS + 3)) == 2


def test_a_stamp_far_ahead_is_forgotten_with_the_next() -> None:
    watch = MarketWatch()
    hear(watch, a_bbo(ts_ns=900 * SECOND_NS), a_bbo(ts_ns=SECOND_NS))
    assert len(hear(watch, a_bbo(symbol="ETHUSDT", ts_ns=7 * SECOND_NS))) == 2


def test_a_book_is_as_old_as_its_newest_update() -> None:
    watch = MarketWatch()
    hear(watch, a_diff(9, 10), a_diff(11, 12, ts_ns=2 * SECOND_NS))
    hear(watch, a_snapshot(10, ts_ns=4 * SECOND_NS))
    assert watch.tick(7 * SECOND_NS) == []
    assert watch.tick(7 * SECOND_NS + 1)[0] == FeedStale(
        SYMBOL, SPOT, 5 * SECOND_NS + 1, 7 * SECOND_NS + 1
    )
    hear(watch, a_snapshot(12, ts_ns=8 * SECOND_NS))
    assert watch.tick(13 * SECOND_NS) == []


def test_quotes_alone_are_usable_from_the_first() -> None:
    watch = MarketWatch()
    assert hear(watch, a_bbo()) == []
    assert watch.is_usable(SPOT, SYMBOL)
    assert watch.book(SPOT, SYMBOL) is None


def test_quotes_alone_come_back_with_the_next() -> None:
    watch = MarketWatch()
    hear(watch, a_bbo())
    now = 60 * SECOND_NS
    assert hear(watch, a_bbo(sequence=4, ts_ns=now)) == [
        FeedStale(SYMBOL, SPOT, now - 1, now), started("stale", now), finished(4, now)
    ]  # fmt: skip
    assert hear(watch, FeedLost(SYMBOL, SPOT, "", now)) == [started("lost", now)]
    assert not watch.is_usable(SPOT, SYMBOL)
    assert hear(watch, a_bbo(ts_ns=now)) == [finished(None, now)]
    assert hear(watch, a_bbo(ts_ns=now)) == []


def test_depth_takes_over_from_quotes() -> None:
    watch = MarketWatch()
    now = 60 * SECOND_NS
    hear(watch, a_bbo(), a_bbo(ts_ns=now))
    assert hear(watch, a_diff(5, 6, ts_ns=now)) == [started("start", now)]
    assert hear(watch, a_bbo(ts_ns=now)) == []
    assert not watch.is_usable(SPOT, SYMBOL)
    assert hear(watch, a_snapshot(6, ts_ns=now)) == [finished(6, now)]


def test_depth_after_lost_quotes_is_still_the_same_resync() -> None:
    watch = MarketWatch()
    hear(watch, a_bbo(), FeedLost(SYMBOL, SPOT, "", 1))
    assert hear(watch, a_diff(5, 6)) == []
    assert hear(watch, a_snapshot(6)) == [finished(6)]
