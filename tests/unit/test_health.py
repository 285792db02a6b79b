"""Health of a feed: offset and delays apart, the last minute, and the words for what is wrong."""

from __future__ import annotations

import math
from random import Random

import pytest

from tests.unit.prop import chance
from tools.live.core.clock import NS_PER_MS, NS_PER_S
from tools.live.core.market_v1 import Bbo, DepthDiff, Trade
from tools.live.market.health import Health, HealthFigures, Issue, Latency, nearest_rank

T0 = 1_700_000_000 * NS_PER_S


def a_quote(ns: int, exchange_ns: int | None = None) -> Bbo:
    return Bbo("BTCUSDT", "venue", 1, 1, 2, 1, None, exchange_ns, ns)


def a_diff(ns: int) -> DepthDiff:
    return DepthDiff("BTCUSDT", "venue", (), (), 1, 2, None, None, ns)


def delayed(*delays_ms: int, offset_ms: int = 0) -> Health:
    """A feed of one message a millisecond, with these delays and clocks that are so far apart."""
    health = Health()
    for number, delay in enumerate(delays_ms):
        now = T0 + number * NS_PER_MS
        health.hear(a_quote(now, now - (delay + offset_ms) * NS_PER_MS))
    return health


def latency_of(health: Health, ns: int = T0) -> Latency:
    latency = health.at(ns).latency
    assert latency is not None
    return latency


@pytest.mark.parametrize("offset_ms", [0, 3, -1270])
def test_the_offset_of_the_clocks_is_told_apart_from_the_delays(offset_ms: int) -> None:
    latency = latency_of(delayed(7, 5, 25, 5, offset_ms=offset_ms))
    assert latency == Latency(
        4, (5 + offset_ms) * NS_PER_MS, 0, 20 * NS_PER_MS, 20 * NS_PER_MS
    )  # fmt: skip


def test_percentiles_are_of_the_nearest_rank_rounded_up() -> None:
    latency = latency_of(delayed(*range(1, 201)))
    assert (latency.p50_ns, latency.p95_ns, latency.p99_ns) == (
        99 * NS_PER_MS, 189 * NS_PER_MS, 197 * NS_PER_MS
    )  # fmt: skip
    assert [nearest_rank([1, 2, 3], percent) for percent in (1, 33, 34, 66, 67, 99)] == [
        1, 1, 2, 2, 3, 3
    ]  # fmt: skip


def test_a_thousand_samples_are_looked_at() -> None:
    latency = latency_of(delayed(*[500] * 10, *[0] * 1000))
    assert (latency.samples, latency.p99_ns) == (1000, 0)


def test_a_venue_that_does_not_say_when_has_no_latency() -> None:
    health = Health()
    health.hear(a_quote(T0))
    health.hear(Trade("BTCUSDT", "venue", "1", None, 1, 1, None, None, T0))
    assert health.at(T0).latency is None and health.at(T0).messages == 2


def test_the_offset_is_forgotten_after_a_minute() -> None:
    health = Health()
    health.hear(a_quote(T0, T0 - NS_PER_MS))
    for second in (1, 59, 60):
        now = T0 + second * NS_PER_S
        health.hear(a_quote(now, now - 9 * NS_PER_MS))
        expected = NS_PER_MS if second < 60 else 9 * NS_PER_MS
        assert latency_of(health, now).offset_ns == expected
    assert latency_of(health, T0 + 118 * NS_PER_S).samples == 2
    assert latency_of(health, T0 + 119 * NS_PER_S).samples == 1
    assert health.at(T0 + 120 * NS_PER_S).latency is None
    assert latency_of(health, T0).samples == 3  # asking has changed nothing


def test_the_least_difference_of_one_second_may_come_at_any_time_in_it() -> None:
    assert latency_of(delayed(5, 3, 4)).offset_ns == 3 * NS_PER_MS
    assert latency_of(delayed(3, 3, 2)).offset_ns == 2 * NS_PER_MS


def test_a_healthy_feed_has_all_ten_points() -> None:
    figures = delayed(1, 2).at(T0 + NS_PER_MS)
    assert figures.is_healthy and figures.issues == () and figures.score_tenths == 10


def test_silence_of_more_than_five_seconds_is_stale_and_nothing_else() -> None:
    health = delayed(1)
    at_limit = health.at(T0 + 5 * NS_PER_S)
    assert at_limit.issues == (Issue.LOW_MESSAGE_RATE,) and at_limit.score_tenths == 8
    stale = health.at(T0 + 5 * NS_PER_S + 1)
    assert stale.issues == (Issue.FEED_STALE,) and stale.score_tenths == 6
    assert stale.silent_ns == 5 * NS_PER_S + 1 and not stale.is_healthy


def test_the_limit_of_latency_is_passed_above_it() -> None:
    assert delayed(0, 100).at(T0).issues == ()
    assert delayed(0, 101).at(T0).issues == (Issue.HIGH_LATENCY,)
    assert delayed(0, 101).at(T0).score_tenths == 8


def test_one_message_a_second_is_enough() -> None:
    health = Health()
    for second in range(100):
        health.hear(a_quote(T0 + second * NS_PER_S))
        assert health.at(T0 + second * NS_PER_S).issues == ()
    assert health.at(T0 + 99 * NS_PER_S).messages == 60
    assert health.at(T0 + 99 * NS_PER_S).span_ns == 59 * NS_PER_S
    assert health.at(T0 + 101 * NS_PER_S).issues == (Issue.LOW_MESSAGE_RATE,)


def test_more_gaps_than_a_tenth_of_the_diffs_are_too_many() -> None:
    health = Health()
    for _ in range(20):
        health.hear(a_diff(T0))
    for gaps, issues in ((1, ()), (2, ()), (3, (Issue.EXCESSIVE_GAPS,))):
        health.gap(T0)
        figures = health.at(T0)
        assert (figures.gaps, figures.diffs, figures.issues) == (gaps, 20, issues)
    assert health.at(T0 + 60 * NS_PER_S).gaps == 0


def test_everything_can_be_wrong_at_once() -> None:
    health = delayed(0, 200)
    health.gap(T0)
    figures = health.at(T0 + 6 * NS_PER_S)
    assert [issue.value for issue in figures.issues] == [
        "feed_stale", "high_latency", "excessive_gaps"
    ]  # fmt: skip
    assert figures.score_tenths == 2
    assert Issue("low_message_rate") is Issue.LOW_MESSAGE_RATE


def test_a_feed_that_was_never_heard_is_slow() -> None:
    assert Health().at(T0) == HealthFigures(
        0, NS_PER_S, T0, 0, 0, None, (Issue.FEED_STALE,)
    )  # fmt: skip


def test_a_stamp_that_goes_back_counts_as_now() -> None:
    health = Health()
    health.hear(a_quote(T0 + 70 * NS_PER_S))
    health.hear(a_quote(T0))
    figures = health.at(T0)
    assert (figures.messages, figures.silent_ns, figures.span_ns) == (2, 0, NS_PER_S)


@pytest.mark.parametrize("seed", range(30))
def test_it_agrees_with_lists_of_everything(seed: int) -> None:
    rng = chance(seed)
    health, heard, now = Health(), list[tuple[int, int | None, bool]](), T0
    for _ in range(rng.randint(1, 400)):
        now += rng.choice((0, 1, NS_PER_MS, NS_PER_S // 3, 2 * NS_PER_S))
        raw = rng.choice((None, rng.randint(-50, 300) * NS_PER_MS))
        is_gap = rng.random() < 0.05
        if is_gap:
            health.gap(now)
        else:
            health.hear(a_quote(now, None if raw is None else now - raw))
        heard.append((now, raw, is_gap))
        if rng.random() < 0.1:
            _check(health.at(now), heard, now)
    _check(health.at(now), heard, now)
    assert len(health._slices) <= 60 and len(health._least) <= 60


def _check(figures: HealthFigures, heard: list[tuple[int, int | None, bool]], now: int) -> None:
    since = (now // NS_PER_S - 59) * NS_PER_S
    minute = [one for one in heard if one[0] >= since]
    assert figures.messages == sum(not gap for _, _, gap in minute)
    assert figures.gaps == sum(gap for _, _, gap in minute)
    raws = [raw for _, raw, gap in heard if raw is not None and not gap][-1000:]
    known = [raw for _, raw, gap in minute if raw is not None and not gap]
    assert (figures.latency is None) == (not known)
    if figures.latency is not None:
        ordered = sorted(raws[-len(known) :])
        latency = figures.latency
        assert latency.offset_ns == min(known)
        place = math.ceil(len(ordered) * 0.5) - 1
        assert latency.p50_ns == ordered[place] - min(known)
        assert 0 <= latency.p50_ns <= latency.p95_ns <= latency.p99_ns


def test_it_stays_small(seed: int = 1) -> None:
    rng: Random = chance(seed)
    health = Health()
    for number in range(200 * 20):
        now = T0 + number * NS_PER_S // 20
        health.hear(a_quote(now, now - number - rng.randint(0, 5)))
    assert len(health._slices) == 60 and len(health._least) <= 60 and len(health._samples) == 1000
