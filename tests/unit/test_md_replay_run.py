"""One pass: what is counted, kept, compared and found, on data that can be worked out by hand."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import pytest

from tests.unit.md_replay_builders import (
    BTC, CENT, SOURCE, a_diff, a_plan, a_quote, a_snapshot, a_trade, at, gapped, heard, replayed,
    whole,
)  # fmt: skip
from tools.live.core.clock import NS_PER_MS
from tools.live.core.errors import ContractError
from tools.live.core.market_v1 import FeedLost, GapDetected, ResyncStarted
from tools.live.core.money import SCALE, to_e9
from tools.live.market.drift import Skipped, Terms
from tools.live.market.normalize.wire import WireFault, WireRefused
from tools.live.market.watch import CROSSED_BOOK, GAP, LOST, STALE, START
from tools.live.md_replay_run import (
    BBO, DEPTH, MOST_GAPS, MOST_REFUSED, MOST_STOPS, Feed, Replay, Tally, shown_from,
)  # fmt: skip

NOT_JSON = WireRefused(WireFault.NOT_JSON, "", "'x'")
NOT_DATA = WireRefused(WireFault.NOT_DATA, "result", "None")


def the_feed(replay: Replay) -> Feed:
    return replay.feeds[SOURCE, BTC]


def test_a_market_without_a_fault() -> None:
    replay = replayed(*whole())
    feed = the_feed(replay)
    assert feed.counts == {"snapshots": 1, "deltas": 2, "quotes": 4, "trades": 1, "facts": 0}
    assert replay.failures(8) == [] and feed.messages == 8
    figures = feed.meter.figures()
    assert (figures.compared, figures.skipped[Skipped.NO_BOOK]) == (3, 1)
    assert figures.worst.high == 3 * CENT and figures.worst.total == 4 * CENT
    assert [one.worst for one in replay.shown] == [CENT, 3 * CENT]
    assert replay.worth_showing == 2 and feed.last_quote == a_quote(7, 101, 105)
    assert replay.end_ns() == at(7) and feed.first_ns == at(0)
    quotes, book, drift = (
        [(one.from_ns, one.mean // CENT) for one in slices.slices()]
        for slices in (feed.quote_spread, feed.book_spread, feed.drift)
    )
    assert quotes == [(at(0), 2), (at(3), 2), (at(6), 2), (at(7), 4)]
    assert book == [(at(1), 2), (at(2), 2), (at(5), 1)]
    assert drift == [(at(3), 0), (at(6), 1), (at(7), 3)]


def test_a_book_that_needed_a_snapshot_was_not_usable_until_then() -> None:
    feed = the_feed(replayed(a_diff(0, 9, 11), a_diff(3, 12, 12), a_snapshot(7), a_quote(8)))
    assert [(stop.reason, stop.from_ns, stop.until_ns) for stop in feed.stops] == [
        (START, at(0), at(7))
    ]  # fmt: skip
    assert feed.stopped_until(at(9)) == 7 * NS_PER_MS and not feed.is_stopped
    assert feed.meter.figures().compared == 1


def test_a_gap_is_found_with_its_range_and_nothing_is_compared_across_it() -> None:
    replay = replayed(*gapped())
    feed = the_feed(replay)
    assert replay.failures(9) == [f"gap: {SOURCE} {BTC} lacks 12..20"]
    assert (feed.gap_count, feed.missing) == (1, 9)
    assert feed.gaps == [GapDetected(BTC, SOURCE, 12, 20, at(5))]
    assert feed.stop_reasons[GAP] == 1
    assert feed.stopped_until(at(10)) == feed.stopped_ns == 4 * NS_PER_MS
    figures = feed.meter.figures()
    assert figures.skipped[Skipped.NO_BOOK] == 2 and figures.compared == 2


def test_a_stop_that_lasts_counts_to_the_end() -> None:
    replay = replayed(*gapped()[:7])
    feed = the_feed(replay)
    assert feed.is_stopped and feed.stops[-1].until_ns is None
    assert feed.stopped_until(replay.end_ns()) == NS_PER_MS
    assert feed.stopped_until(at(0)) == 0


def test_one_stop_may_follow_another_at_once() -> None:
    lost = FeedLost(BTC, SOURCE, "closed", at(8))
    feed = the_feed(replayed(*gapped()[:7], lost))
    assert [(stop.reason, stop.until_ns) for stop in feed.stops[-2:]] == [
        (GAP, at(8)), (LOST, None)
    ]  # fmt: skip
    assert feed.counts["facts"] == 1 and feed.stopped_until(at(10)) == 5 * NS_PER_MS


def test_a_silence_stops_the_book_and_is_no_failure() -> None:
    replay = replayed(*whole(), a_quote(6000), a_diff(6001, 14, 14))
    feed = the_feed(replay)
    assert [(stop.reason, stop.until_ns) for stop in feed.stops[1:]] == [(STALE, at(6001))]
    assert feed.meter.figures().skipped[Skipped.NO_BOOK] == 2
    assert replay.failures(10) == []


def test_a_crossed_book_is_a_broken_invariant() -> None:
    replay = replayed(*whole(), a_diff(9, 14, 14, bids=((150, 1),)), a_quote(10))
    assert replay.failures(10) == [f"invariant: {SOURCE} {BTC} had a crossed book 1 time"]
    feed = the_feed(replay)
    assert feed.stop_reasons[CROSSED_BOOK] == 1
    assert feed.meter.figures().skipped[Skipped.NO_BOOK] == 2


def test_a_level_that_no_book_can_hold_ends_the_reading_in_its_line() -> None:
    bad = a_diff(9, 14, 14, bids=((100, -1),))
    with pytest.raises(ContractError, match=r"not below at line 9; correct the data"):
        replayed(*whole(), bad)


def test_a_book_with_one_side_has_no_top() -> None:
    feed = the_feed(replayed(a_snapshot(0), a_diff(1, 11, 11, bids=((100, 0),)), a_quote(2)))
    assert feed.meter.figures().compared == 1  # with the top before
    assert len(feed.book_spread.slices()) == 1
    assert feed.micro.at(at(1)).ask == 102 * CENT


def test_the_small_scale_is_that_of_the_quotes_where_there_are_any() -> None:
    book = the_feed(replayed(a_snapshot(0), a_diff(1, 11, 11, bids=((101, 7),))))
    assert book.micro.at(at(1)).bid_depth == 7 * SCALE
    both = the_feed(replayed(a_quote(0), a_snapshot(1), a_diff(2, 11, 11, bids=((101, 7),))))
    figures = both.micro.at(at(2))
    assert (figures.bid, figures.bid_depth) == (100 * CENT, SCALE)


def test_modes_take_what_they_are_about() -> None:
    depth = the_feed(replayed(*whole(), plan=a_plan(DEPTH)))
    assert depth.last_quote is None and depth.quote_spread.slices() == ()
    assert depth.book_spread.slices() and depth.meter.figures().quotes == 0
    bbo = the_feed(replayed(*whole(), plan=a_plan(BBO)))
    assert bbo.last_quote is not None and bbo.book_spread.slices() == ()
    assert bbo.meter.figures().quotes == 0 and bbo.quote_spread.slices()
    assert depth.counts == bbo.counts and depth.micro.at(at(7)).volume == SCALE


def test_a_quote_of_one_side_has_no_spread() -> None:
    feed = the_feed(replayed(a_quote(0, 0, 102), a_quote(1, 100, 0)))
    assert feed.quote_spread.slices() == () and feed.last_quote == a_quote(1, 100, 0)


def test_the_time_between_a_quote_and_the_rest_is_their_own() -> None:
    feed = the_feed(replayed(a_trade(3), a_diff(9, 1, 1)))
    assert (feed.offset_low, feed.offset_high, feed.offset_total) == (
        5 * NS_PER_MS, 7 * NS_PER_MS, 12 * NS_PER_MS
    )  # fmt: skip
    assert (feed.first_ns, feed.last_ns, feed.offset_count) == (at(3), at(9), 2)
    replay = replayed(a_trade(9), a_trade(3))
    assert replay.end_ns() == at(9)
    assert replayed().end_ns() == 0


def test_only_some_drifts_are_shown_and_all_are_counted() -> None:
    quotes = [a_quote(2 + n, 100 + n) for n in range(6)]
    replay = replayed(a_snapshot(1), *quotes, plan=a_plan(most=2))
    assert [one.worst for one in replay.shown] == [CENT, 2 * CENT]
    assert replay.worth_showing == 5
    assert replayed(a_snapshot(1), *quotes, plan=a_plan(most=0)).shown == []


@pytest.mark.parametrize(
    ("ticks", "eps", "least"),
    [("1", "0", CENT), ("1", "1e-9", CENT), ("1", "0.5", CENT // 2), ("0.25", "0", CENT // 4),
     ("0", "1", 0), ("2", "0.000000001", 2 * CENT)],
)  # fmt: skip
def test_the_threshold_is_reached_when_eps_is_added(ticks: str, eps: str, least: int) -> None:
    assert shown_from(to_e9(ticks, "t") * CENT, to_e9(eps, "e") * CENT) == least


def test_every_line_goes_somewhere() -> None:
    other = a_quote(5, symbol="ETHUSDT")
    replay = Replay(a_plan(symbol=BTC))
    seen: list[int] = []
    items = heard(
        a_quote(0), NOT_JSON, (), (NOT_DATA,), (other,), (other, a_quote(1), NOT_DATA),
        (NOT_JSON, NOT_DATA), (other, NOT_DATA),
    )  # fmt: skip
    replay.run(items, seen.append)
    tally = replay.tally
    assert seen == [1, 2, 3, 4, 5, 6, 7, 8]
    assert (tally.read, tally.silent, tally.unparsed, tally.refused_lines) == (8, 1, 1, 2)
    assert (tally.other, tally.matched, tally.parsed) == (2, 2, 6)
    assert (tally.items, tally.decoded, tally.unmatched_events) == (11, 2, 3)
    assert tally.refused == {WireFault.NOT_JSON: 2, WireFault.NOT_DATA: 4}
    assert replay.failures(8) == [] and list(replay.feeds) == [(SOURCE, BTC)]


def test_lines_that_make_one_event_together_count_together() -> None:
    replay = Replay(a_plan())
    replay.run([(3, 3, (a_quote(0),)), (5, 2, ())], lambda _: None)
    assert (replay.tally.matched, replay.tally.silent, replay.failures(5)) == (3, 2, [])


def test_the_first_refusals_are_kept() -> None:
    replay = replayed(*[NOT_DATA] * 9)
    assert [line for line, _ in replay.tally.first_refused] == list(range(1, MOST_REFUSED + 1))
    assert replay.tally.refused[WireFault.NOT_DATA] == 9


def test_a_line_that_is_too_long_is_not_parsed() -> None:
    replay = replayed(WireRefused(WireFault.TOO_LONG, "", "9"))
    assert (replay.tally.unparsed, replay.tally.parsed) == (1, 0)


def _forget_a_line(tally: Tally) -> None:
    tally.matched -= 1


def _forget_an_item(tally: Tally) -> None:
    tally.items -= 1


def _forget_an_event(tally: Tally) -> None:
    tally.decoded += 1
    tally.items += 1


@pytest.mark.parametrize(
    ("forget", "told"),
    [
        (_forget_a_line, "count: lines read: 8 is not 7"),
        (_forget_an_item, "count: items: 7 is not 8"),
        (_forget_an_event, "count: events decoded: 9 is not 8"),
    ],
)
def test_counts_that_do_not_add_up_are_a_failure(
    forget: Callable[[Tally], None], told: str
) -> None:
    replay = replayed(*whole())
    forget(replay.tally)
    assert replay.failures(8) == [told]


def test_lines_that_were_not_given_to_us_are_missed() -> None:
    assert replayed(*whole()).failures(9) == ["count: lines read, by number: 9 is not 8"]


def test_many_gaps_are_told_in_short_and_kept_in_bounds() -> None:
    feed = Feed(SOURCE, BTC, a_plan().terms)
    for number in range(MOST_GAPS + 5):
        feed.take(GapDetected(BTC, SOURCE, number, number, at(number)))
    assert len(feed.gaps) == MOST_GAPS and feed.gap_count == feed.missing == MOST_GAPS + 5
    replay = replayed()
    replay.feeds[SOURCE, BTC] = feed
    told = replay.failures(0)
    assert len(told) == 11 and told[-1] == f"gap: {SOURCE} {BTC} has {MOST_GAPS - 5} gaps besides"
    assert told[9] == f"gap: {SOURCE} {BTC} lacks 9..9"
    for gaps, last in ((10, "lacks 9..9"), (11, "has 1 gap besides")):
        feed.gap_count = gaps
        assert replay.failures(0)[-1].endswith(last)


def test_many_stops_are_kept_in_bounds_and_all_are_counted() -> None:
    feed = Feed(SOURCE, BTC, a_plan().terms)
    for number in range(MOST_STOPS + 5):
        feed.take(ResyncStarted(BTC, SOURCE, GAP, at(number)))
    assert len(feed.stops) == MOST_STOPS and feed.stop_reasons[GAP] == MOST_STOPS + 5
    assert feed.stops[-1].until_ns == at(MOST_STOPS)
    assert feed.stopped_until(at(MOST_STOPS + 5)) == (MOST_STOPS + 5) * NS_PER_MS


@pytest.mark.usefixtures("untraced")
def test_a_longer_recording_takes_no_more_memory() -> None:
    terms = Terms(tick=CENT, window_ns=SCALE, ring=64, keep=500)
    replay = replayed(a_snapshot(0), plan=a_plan(terms=terms, most=5))
    sizes = []
    tracemalloc.start()
    for ms in range(4500):
        replay.hear(a_diff(ms, 11 + ms, 11 + ms, bids=((100 - ms % 7, 1),)))
        replay.hear(a_quote(ms, 90 + ms % 9))
        replay.hear(a_trade(ms))
        if ms in (1499, 4499):
            sizes.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert sizes[1] < sizes[0] * 1.25


def test_feeds_are_told_in_the_order_of_their_names() -> None:
    replay = replayed(a_quote(0, symbol="ZZ"), a_quote(1), a_quote(2, symbol="AA"))
    assert [feed.symbol for feed in replay.sorted_feeds()] == ["AA", BTC, "ZZ"]
