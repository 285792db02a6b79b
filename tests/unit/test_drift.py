"""Drift: the nearest top in time, differences worked out by hand, and a slow twin beside it."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from random import Random

import pytest

from tests.unit.prop import chance
from tools.live.core.clock import NS_PER_MS
from tools.live.core.errors import ContractError
from tools.live.core.market_v1 import Bbo
from tools.live.core.money import SCALE, divide_half_even
from tools.live.market.drift import (
    Drift, DriftFigures, DriftMeter, Skipped, Terms, Tops, edge_of, percentile,
)  # fmt: skip

CENT = SCALE // 100
TERMS = Terms(tick=CENT, window_ns=250 * NS_PER_MS, ring=4096, keep=200_000)
T0 = 1_700_000_000 * SCALE


def a_quote(bid: int, ask: int, ms: int = 0) -> Bbo:
    """Prices in cents, the time in milliseconds after the beginning."""
    at = T0 + ms * NS_PER_MS
    return Bbo("BTCUSDT", "venue", bid * CENT, SCALE, ask * CENT, SCALE, None, None, at)


def a_meter(*tops: tuple[int, int, int], terms: Terms = TERMS) -> DriftMeter:
    """A meter that heard tops of (ms, bid in cents, ask in cents)."""
    meter = DriftMeter(terms)
    for ms, bid, ask in tops:
        meter.book(T0 + ms * NS_PER_MS, bid * CENT, ask * CENT)
    return meter


def compared(meter: DriftMeter, quote: Bbo) -> Drift:
    found = meter.compare(quote)
    assert isinstance(found, Drift)
    return found


def test_differences_are_absolute_and_by_hand() -> None:
    quote = a_quote(10_003, 10_008, 7)
    assert compared(a_meter((0, 10_000, 10_010)), quote) == Drift(
        quote, 10_000 * CENT, 10_010 * CENT, bid=3 * CENT, ask=2 * CENT, mid=CENT // 2,
        spread=5 * CENT, dt_ns=7 * NS_PER_MS,
    )  # fmt: skip
    other_way = compared(a_meter((0, 10_010, 10_020)), a_quote(10_000, 10_015))
    assert (other_way.bid, other_way.ask) == (10 * CENT, 5 * CENT)
    assert (other_way.mid, other_way.spread) == (15 * CENT // 2, 5 * CENT)
    assert other_way.worst == 10 * CENT
    assert compared(a_meter((0, 10_000, 10_010)), a_quote(10_001, 10_019)).worst == 9 * CENT


def test_half_of_the_smallest_unit_is_rounded_to_even() -> None:
    meter = DriftMeter(TERMS)
    meter.book(T0, 5, 9)
    assert compared(meter, Bbo("A", "v", 6, 1, 9, 1, None, None, T0)).mid == 0
    assert compared(meter, Bbo("A", "v", 6, 1, 11, 1, None, None, T0)).mid == 2


def test_the_nearest_top_is_taken_not_the_last() -> None:
    meter = a_meter((0, 100, 110), (10, 101, 111), (30, 102, 112))
    late = [compared(meter, a_quote(101, 111, ms)).book_bid // CENT for ms in (4, 11, 20, 21, 99)]
    assert late == [100, 101, 101, 102, 102]


def test_of_equally_near_tops_the_earliest_is_taken() -> None:
    same_time = a_meter((0, 100, 110), (10, 101, 111), (10, 102, 112))
    assert compared(same_time, a_quote(101, 111, 30)).book_bid == 101 * CENT
    assert compared(same_time, a_quote(101, 111, 10)).book_bid == 101 * CENT
    assert compared(same_time, a_quote(101, 111, 5)).book_bid == 100 * CENT


def test_a_top_that_comes_after_the_quote_is_not_waited_for() -> None:
    """A live desk cannot know it, so neither may a replay, however near in time it is."""
    meter = a_meter((0, 100, 110))
    first = compared(meter, a_quote(105, 115, 100))
    meter.book(T0 + 101 * NS_PER_MS, 105 * CENT, 115 * CENT)
    assert (first.book_bid, first.dt_ns) == (100 * CENT, 100 * NS_PER_MS)
    assert meter.figures().worst.high == 5 * CENT


def test_a_quote_whose_stamp_goes_back_may_find_a_later_stamp_that_was_heard() -> None:
    meter = a_meter((0, 100, 110), (50, 101, 111))
    assert compared(meter, a_quote(101, 111, 40)).dt_ns == 10 * NS_PER_MS


def test_the_window_is_that_of_the_nearest_and_includes_its_end() -> None:
    meter = a_meter((0, 100, 110), (300, 101, 111))
    assert compared(meter, a_quote(100, 110, 550)).dt_ns == 250 * NS_PER_MS
    assert meter.compare(a_quote(100, 110, 551)) is Skipped.OUT_OF_WINDOW
    # The last top is too far away, but the nearest is not.
    assert compared(meter, a_quote(100, 110, 1)).book_bid == 100 * CENT
    assert meter.compare(a_quote(100, 110, -251)) is Skipped.OUT_OF_WINDOW


def test_nothing_from_before_a_gap_is_used() -> None:
    meter = a_meter((0, 100, 110))
    meter.forget()
    assert meter.compare(a_quote(100, 110, 1)) is Skipped.NO_BOOK
    meter.book(T0 + 90 * NS_PER_MS, 200 * CENT, 210 * CENT)
    assert compared(meter, a_quote(100, 110, 2)).book_bid == 200 * CENT


def test_every_quote_is_compared_or_skipped_for_one_reason() -> None:
    meter = DriftMeter(TERMS)
    assert meter.compare(a_quote(100, 110)) is Skipped.NO_BOOK
    assert meter.compare(a_quote(0, 110)) is Skipped.ONE_SIDED
    assert meter.compare(a_quote(100, 0)) is Skipped.ONE_SIDED
    meter.book(T0, 100 * CENT, 110 * CENT)
    assert meter.compare(a_quote(100, 110, 999)) is Skipped.OUT_OF_WINDOW
    compared(meter, a_quote(100, 110))
    figures = meter.figures()
    assert figures.skipped == {
        Skipped.ONE_SIDED: 2, Skipped.NO_BOOK: 1, Skipped.OUT_OF_WINDOW: 1
    }  # fmt: skip
    assert (figures.quotes, figures.compared) == (5, 1)


def test_a_meter_that_compared_nothing_says_zero() -> None:
    figures = DriftMeter(TERMS).figures()
    assert figures.worst.percentiles == (0, 0, 0, 0) and figures.worst.mean == 0
    assert (figures.worst.count, figures.dt_ns.low, figures.histogram) == (0, 0, ())


@pytest.mark.parametrize(
    ("count", "permille", "place"),
    [
        (1, 999, 0), (2, 500, 1), (4, 500, 2), (5, 500, 2), (6, 500, 3), (11, 900, 9),
        (1443, 500, 721), (1443, 999, 1441), (1001, 999, 999), (501, 999, 500), (500, 999, 499),
    ],
)  # fmt: skip
def test_the_place_of_a_percentile_is_rounded_half_away_from_zero(
    count: int, permille: int, place: int
) -> None:
    assert percentile(range(count), permille) == place


@pytest.mark.parametrize(
    ("ticks", "edge"),
    [(0, 0), (1, 1), (2, 2), (3, 5), (5, 5), (6, 10), (10, 10), (11, 20), (101, 200)],
)
def test_a_bar_of_the_histogram_ends_at_1_2_5_or_a_power_of_ten_of_it(
    ticks: int, edge: int
) -> None:
    assert edge_of(ticks * CENT, CENT) == edge
    if ticks:
        assert edge_of(ticks * CENT - 1, CENT) == edge


def test_the_oldest_tenth_and_one_make_room() -> None:
    """A list that may keep 20 drops 3 for the 21st; ranges and histogram still know them."""
    meter = a_meter((0, 100, 200), terms=Terms(CENT, SCALE, 1, keep=20))
    for cents in (90, *range(19)):
        compared(meter, a_quote(100 + cents, 200))
    full = meter.figures()
    assert (full.kept, full.compared, full.worst.high) == (20, 20, 90 * CENT)
    assert full.worst.percentiles == (10 * CENT, 17 * CENT, 90 * CENT, 90 * CENT)
    compared(meter, a_quote(101, 203))
    figures = meter.figures()
    assert (figures.kept, figures.compared) == (18, 21)
    assert figures.worst.percentiles[-1] == 18 * CENT
    assert (figures.worst.low, figures.worst.high) == (0, 90 * CENT)
    assert figures.worst.total == (90 + sum(range(19)) + 3) * CENT
    assert figures.ask.high == 3 * CENT and figures.ask.mean * 21 == 3 * CENT - 9
    assert dict(figures.histogram) == {0: 1, 1: 1, 2: 1, 5: 4, 10: 5, 20: 8, 100: 1}


def test_asking_changes_nothing() -> None:
    meter = a_meter((0, 100, 110), terms=Terms(CENT, SCALE, 2, keep=2))
    for cents in (1, 2, 3):
        compared(meter, a_quote(100 + cents, 110))
    assert meter.figures() == meter.figures()


@pytest.mark.parametrize(
    ("terms", "why"),
    [
        (Terms(0, 1, 1, 1), "tick 0 must be above 0"),
        (Terms(-CENT, 1, 1, 1), "tick -0.01 must be above 0"),
        (Terms(1, -1, 1, 1), "window_ns -1 must be 0 or more"),
        (Terms(1, 0, 0, 1), "ring 0 must be 1 or more"),
        (Terms(1, 0, 1, 0), "keep 0 must be 1 or more"),
    ],
)
def test_terms_that_cannot_be_kept_are_refused(terms: Terms, why: str) -> None:
    with pytest.raises(ContractError, match=why):
        DriftMeter(terms)


def test_the_smallest_terms_are_fine() -> None:
    meter = a_meter((0, 100, 110), (1, 101, 111), terms=Terms(1, 0, 1, 1))
    assert compared(meter, a_quote(101, 111, 1)).worst == 0
    assert compared(meter, a_quote(102, 111, 1)).worst == CENT
    assert meter.compare(a_quote(101, 111, 2)) is Skipped.OUT_OF_WINDOW
    figures = meter.figures()
    assert (figures.kept, figures.compared, figures.worst.percentiles[0]) == (1, 2, CENT)


def test_the_ring_holds_the_latest_and_not_more() -> None:
    tops = Tops(3)
    for time in range(100):
        tops.add(time, time, time)
        assert tops.nearest(0) == (max(0, time - 2), max(0, time - 2), max(0, time - 2))
        assert len(tops._times) == len(tops._tops) <= 7
    tops.add(98, 1, 1)  # goes behind its equal, and the earliest leaves
    assert [tops.nearest(time) for time in (0, 98, 99)] == [(98, 98, 98), (98, 98, 98), (99,) * 3]
    tops.add(0, 5, 5)  # too late for a full ring
    assert tops.nearest(0) == (98, 98, 98)
    tops.clear()
    assert tops.nearest(5) is None
    tops.add(1, 2, 3)
    assert tops.nearest(5) == (1, 2, 3)


class Watched(int):
    """A time that counts how often it is compared."""

    compared = 0

    def __lt__(self, other: int) -> bool:
        Watched.compared += 1
        return int(self) < int(other)

    def __gt__(self, other: int) -> bool:
        Watched.compared += 1
        return int(self) > int(other)


def test_the_nearest_is_found_in_a_logarithm_of_the_ring() -> None:
    tops = Tops(4096)
    for time in range(6000):
        tops.add(Watched(10 * time), time, time)
    for asked in (0, 20_005, 31_234, 59_990, 99_999):
        Watched.compared = 0
        assert tops.nearest(Watched(asked)) is not None
        assert 12 <= Watched.compared <= 30


class Slow:
    """The same by the words of the rule: a scan over the ring, lists of everything."""

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.ring: deque[tuple[int, int, int]] = deque(maxlen=terms.ring)
        self.kept: list[int] = []
        self.every: list[int] = []
        self.times: list[int] = []
        self.rows: list[tuple[int, int, int, int]] = []  # of bid, ask, twice mid, spread
        self.skipped = 0

    def compare(self, quote: Bbo) -> None:
        nearest = None
        for top in self.ring:
            away = abs(quote.ts_ns - top[0])
            if nearest is None or away < abs(quote.ts_ns - nearest[0]):
                nearest = top
        if nearest is None or abs(quote.ts_ns - nearest[0]) > self.terms.window_ns:
            self.skipped += 1
            return
        if len(self.kept) >= self.terms.keep:
            del self.kept[: self.terms.keep // 10 + 1]
        worst = max(abs(quote.bid - nearest[1]), abs(quote.ask - nearest[2]))
        self.kept.append(worst)
        self.every.append(worst)
        self.times.append(abs(quote.ts_ns - nearest[0]))
        bid, ask = quote.bid - nearest[1], quote.ask - nearest[2]
        self.rows.append((abs(bid), abs(ask), abs(bid + ask), abs(ask - bid)))

    def agrees(self, figures: DriftFigures) -> bool:
        ordered = sorted(self.kept)
        places = [percentile(ordered, permille) for permille in (500, 900, 990, 999)]
        bars = Counter(edge_of(worst, self.terms.tick) for worst in self.every)
        return (
            figures.worst.percentiles == tuple(places)
            and figures.worst.total == sum(self.every)
            and figures.worst.high == max(self.every, default=0)
            and figures.worst.low == min(self.every, default=0)
            and figures.histogram == tuple(sorted(bars.items()))
            and figures.quotes - figures.compared == self.skipped
            and figures.kept == len(self.kept)
            and figures.bid.total == sum(row[0] for row in self.rows)
            and figures.ask.total == sum(row[1] for row in self.rows)
            and figures.mid.total == sum(divide_half_even(row[2], 2) for row in self.rows)
            and figures.spread.total == sum(row[3] for row in self.rows)
            and figures.dt_ns.total == sum(self.times)
            and figures.dt_ns.high == max(self.times, default=0)
        )


def _some_terms(rng: Random) -> Terms:
    return Terms(
        tick=rng.choice((1, 3, CENT)),
        window_ns=rng.choice((0, 3, 20)),
        ring=rng.choice((1, 2, 5, 50)),
        keep=rng.choice((1, 2, 9, 10, 30, 1000)),
    )


@pytest.mark.parametrize("seed", range(60))
def test_it_agrees_with_its_slow_twin(seed: int) -> None:
    rng = chance(seed)
    terms = _some_terms(rng)
    meter, slow = DriftMeter(terms), Slow(terms)
    now = 0
    for _ in range(300):
        now += rng.choice((0, 0, 1, 2, 9))
        bid = rng.randint(1, 40) * terms.tick
        ask = bid + rng.randint(0, 9)
        action = rng.random()
        if action < 0.5:
            meter.book(now, bid, ask)
            slow.ring.append((now, bid, ask))
        elif action < 0.98:
            quote = Bbo("A", "v", bid, 1, ask, 1, None, None, max(now - rng.choice((0, 0, 4)), 0))
            meter.compare(quote)
            slow.compare(quote)
        else:
            meter.forget()
            slow.ring.clear()
    assert slow.agrees(meter.figures())


@pytest.mark.parametrize("seed", range(20))
def test_tops_in_any_order_are_found_by_their_time(seed: int) -> None:
    rng = chance(seed)
    tops, told = Tops(1000), list[tuple[int, int]]()
    for number in range(200):
        time = rng.randint(0, 50)
        tops.add(time, number, number)
        told.append((time, number))
        asked = rng.randint(-5, 55)
        assert tops.nearest(asked) == _by_scan(told, asked)


def _by_scan(told: Sequence[tuple[int, int]], asked: int) -> tuple[int, int, int]:
    time, number = min(sorted(told), key=lambda top: abs(asked - top[0]))
    return time, number, number
