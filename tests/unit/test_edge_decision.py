"""When measured fills freeze: the bound against paper, and what happens after an unfreeze."""

from __future__ import annotations

from fractions import Fraction
from math import isqrt

import pytest

from tests.unit import prop
from tools.live.core.clock import NS_PER_S
from tools.live.core.contracts_v1 import EdgeVerdict
from tools.live.core.money import BPS, SCALE
from tools.live.portfolio.edge_decision import POLICY, Decision, Evidence, Policy

KEPT, COOLING, FREEZE = EdgeVerdict.KEPT, EdgeVerdict.COOLING, EdgeVerdict.FREEZE
USD = 10**18
MINUTE_NS = 60 * NS_PER_S


def evidence_of(*samples: tuple[int, int], window: int = 200) -> Evidence:
    """Samples of (net, notional), each a second behind the one before."""
    evidence = Evidence(window, 1)
    for place, (net, notional) in enumerate(samples):
        evidence.add(place, net, notional)
    return evidence


def fed(decision: Decision, count: int, bps: int, start_ns: int = 0) -> int:
    """So many samples around an edge, two seconds apart; the time of the last."""
    for place in range(count):
        noise = SCALE if place % 2 else -SCALE
        decision.add(start_ns + 2 * place * NS_PER_S, bps * 10**14 + noise, USD)
    return start_ns + 2 * (count - 1) * NS_PER_S


def verdict(decision: Decision, ts_ns: int = 0, threshold_bps: int = 0) -> EdgeVerdict | None:
    judged = decision.judge(threshold_bps * SCALE, ts_ns)
    return None if judged is None else judged[0]


def test_the_published_policy() -> None:
    assert (POLICY.window, POLICY.least, POLICY.z_thousandths) == (200, 20, 4000)
    assert (POLICY.recent, POLICY.recent_z_thousandths) == (50, 5250)
    assert (POLICY.cool_down_ns, POLICY.rearm) == (MINUTE_NS, 40)
    assert POLICY.hysteresis_bps == SCALE // 2


# The evidence.


def test_mean_and_bound_by_hand() -> None:
    """Nets 1 and 3 on 1,000 each: 20 bps, and a standard error of 10 bps."""
    evidence = evidence_of((USD, 1000 * USD), (3 * USD, 1000 * USD))
    assert evidence.mean_bps() == 20 * SCALE
    assert evidence.upper_bps(2000) == 40 * SCALE
    assert evidence.upper_bps(0) == 20 * SCALE


def test_the_mean_is_weighted_by_notional() -> None:
    evidence = evidence_of((USD, 1000 * USD), (-6 * USD, 2000 * USD))
    assert evidence.mean_bps() == round(Fraction(-5 * BPS * SCALE, 3000))


def test_equal_samples_leave_no_doubt() -> None:
    evidence = evidence_of(*[(-7, 1000)] * 20)
    assert evidence.upper_bps(4000) == evidence.mean_bps() == -70 * SCALE


def test_the_bound_is_rounded_up() -> None:
    evidence = evidence_of((1, 3), (1, 3))
    assert evidence.mean_bps() == 3_333_333_333_333
    assert evidence.upper_bps(4000) == 3_333_333_333_334


@pytest.mark.parametrize(("z_thousandths", "upper_bps"), [
    (0, 5_000), (1000, 10_000), (1500, 12_500), (2000, 15_000), (1, 7_500), (1001, 12_500),
])  # fmt: skip
def test_the_root_is_rounded_up_to_a_whole(z_thousandths: int, upper_bps: int) -> None:
    """Nets 0 and 1 on 1 each, a half and a half: where numbers are so small, steps are large."""
    assert evidence_of((0, 1), (1, 1)).upper_bps(z_thousandths) == upper_bps * SCALE


def test_fills_within_a_horizon_of_the_first_are_one_sample() -> None:
    evidence = Evidence(200, 10)
    for fill_ns in (100, 105, 109, 110, 119, 120):
        evidence.add(fill_ns, 2, 100)
    assert list(evidence.rows) == [(100, 6, 300), (110, 4, 200), (120, 2, 100)]
    assert evidence.mean_bps() == 200 * SCALE


def test_only_the_newest_samples_count() -> None:
    evidence = evidence_of(*[(-100, 100)] * 7, *[(5, 100), (7, 100), (9, 100)], window=3)
    assert list(evidence.rows) == [(7, 5, 100), (8, 7, 100), (9, 9, 100)]
    assert evidence.mean_bps() == 700 * SCALE
    assert evidence.upper_bps(1000) == evidence_of((5, 100), (7, 100), (9, 100)).upper_bps(1000)


def test_cleared_evidence_is_as_new() -> None:
    evidence = evidence_of((5, 100), (7, 100))
    evidence.clear()
    for sample in ((1, 2), (3, 4)):
        evidence.add(0, *sample)
    assert evidence.mean_bps() == round(Fraction(4 * BPS * SCALE, 6))
    assert list(evidence.rows) == [(0, 4, 6)]


def test_what_is_put_back_is_not_joined() -> None:
    evidence = Evidence(200, 10)
    evidence.put_back([(0, 1, 100), (1, 3, 100)])
    assert len(evidence.rows) == 2
    assert evidence.upper_bps(1000) == evidence_of((1, 100), (3, 100)).upper_bps(1000)


def on_paper(samples: list[tuple[int, int]], z_thousandths: int) -> int:
    """The bound from its definition, with fractions, to a millionth of its last digit."""
    net, whole = sum(net for net, _ in samples), sum(notional for _, notional in samples)
    mean = Fraction(net, whole)
    scattered = sum((Fraction(one) - mean * of) ** 2 for one, of in samples)
    squared = Fraction(len(samples), len(samples) - 1) * scattered / whole**2
    fine = 10**30
    error = Fraction(isqrt(int(squared * fine * fine)), fine)
    upper = (mean + Fraction(z_thousandths, 1000) * error) * BPS * SCALE
    return -int(-upper // 1)


@pytest.mark.parametrize("seed", range(20))
def test_the_bound_is_the_one_of_the_book(seed: int) -> None:
    rng = prop.chance(seed)
    size = rng.choice((USD, 10**6, 10**21))
    samples = [
        (rng.randint(-size, size), rng.randint(1, 1000) * size) for _ in range(rng.randint(2, 60))
    ]
    evidence = evidence_of(*samples, window=40)
    z_thousandths = rng.choice((1000, 2576, 4000))
    assert abs(evidence.upper_bps(z_thousandths) - on_paper(samples[-40:], z_thousandths)) <= 1


# The decision.


def test_too_few_samples_say_nothing() -> None:
    decision = Decision(POLICY, NS_PER_S)
    assert not decision.fresh
    fed(decision, 19, -50)
    assert verdict(decision) is None
    decision.add(10**12, -50 * 10**14, USD)
    assert verdict(decision) is FREEZE


def test_nothing_new_is_not_judged_again() -> None:
    decision = Decision(POLICY, NS_PER_S)
    fed(decision, 20, 3)
    assert verdict(decision) is KEPT
    assert verdict(decision) is None
    decision.add(10**12, 0, USD)
    assert verdict(decision) is KEPT


def test_a_mean_below_the_threshold_is_not_enough() -> None:
    decision = Decision(POLICY, NS_PER_S)
    for place in range(40):
        decision.add(2 * place * NS_PER_S, (20 if place % 2 else -30) * 10**14, USD)
    judged = decision.judge(0, 0)
    assert judged is not None
    assert judged[0] is KEPT
    assert judged[1].mean_bps < 0 < judged[1].upper_bps


def test_a_bound_equal_to_the_threshold_is_kept() -> None:
    for threshold, expected in ((-7, KEPT), (-6, FREEZE)):
        decision = Decision(POLICY, NS_PER_S)
        for place in range(20):
            decision.add(2 * place * NS_PER_S, -7 * 10**14, USD)
        assert verdict(decision, 0, threshold) is expected


def turned(good: int, bad: int) -> Decision:
    """Samples that earn 9 basis points and a bit, then some that lose them."""
    decision = Decision(POLICY, NS_PER_S)
    last_ns = fed(decision, good, 9)
    fed(decision, bad, -9, last_ns + 2 * NS_PER_S)
    return decision


def test_flow_that_has_turned_is_seen_in_the_newest_samples() -> None:
    """Of 200 samples, 155 are good: the long window is far from freezing, the last fifty lose.

    Five of 9 and forty-five of minus 9 are minus 7.2 basis points on average, and their standard
    error is 5.4 over the root of 49, so that five and a quarter of them end at minus 3.15.
    """
    decision = turned(155, 45)
    estimate = decision.estimate(0)
    assert estimate is not None
    assert (estimate.samples, round(estimate.mean_bps / SCALE, 3)) == (50, -7.2)
    assert round(estimate.upper_bps / SCALE, 3) == -3.15
    assert verdict(decision) is FREEZE


def test_where_the_newest_samples_do_not_freeze_the_long_window_speaks() -> None:
    for threshold in (-4, -8):
        decision = turned(155, 45)
        judged = decision.judge(threshold * SCALE, 0)
        assert judged is not None
        assert (judged[0], judged[1].samples) == (KEPT, 200)
        assert judged[1].mean_bps > 0


def test_fifty_samples_are_judged_as_a_long_window() -> None:
    """Four standard errors freeze these fifty; behind a fifty-first the newest need more."""
    for good, expected in ((12, (FREEZE, 50)), (13, (KEPT, 51))):
        judged = turned(good, 38).judge(0, 0)
        assert judged is not None
        assert (judged[0], judged[1].samples) == expected


def test_the_newest_are_asked_only_where_there_are_others() -> None:
    for count, z_thousandths in ((50, 4000), (51, 5250)):
        decision = turned(0, count)
        estimate = decision.estimate(0)
        assert estimate is not None
        assert estimate.upper_bps == decision.recent.upper_bps(z_thousandths)


def test_the_bound_of_the_newest_samples_must_be_below_the_threshold() -> None:
    for threshold, expected in ((-7, (KEPT, 331)), (-6, (FREEZE, 30))):
        decision = Decision(Policy(window=1000, recent=30), NS_PER_S)
        for place in range(331):
            bps = 40 if place < 300 else -7
            decision.add(2 * place * NS_PER_S, bps * 10**14, USD)
        judged = decision.judge(threshold * SCALE, 0)
        assert judged is not None
        assert (judged[0], judged[1].samples) == expected


def test_what_has_frozen_is_silent_until_it_is_lifted() -> None:
    decision = Decision(POLICY, NS_PER_S)
    last_ns = fed(decision, 20, -9)
    assert verdict(decision) is FREEZE
    fed(decision, 5, -9, last_ns + 2 * NS_PER_S)
    assert verdict(decision) is None
    assert len(decision.evidence.rows) == 25


def frozen_and_lifted(lifted_ns: int) -> Decision:
    decision = Decision(POLICY, NS_PER_S)
    fed(decision, 20, -9)
    assert verdict(decision) is FREEZE
    decision.on_unfreeze(lifted_ns)
    return decision


def test_fills_of_before_the_unfreeze_do_not_count_again() -> None:
    decision = frozen_and_lifted(10**12)
    decision.add(10**12, -USD, USD)
    assert not decision.fresh
    decision.add(10**12 + 1, -USD, USD)
    for evidence in (decision.evidence, decision.recent):
        assert [sample[0] for sample in evidence.rows] == [10**12 + 1]


def test_a_second_freeze_needs_the_cool_down_and_twice_the_samples() -> None:
    start = 10**12
    decision = frozen_and_lifted(start)
    fed(decision, 20, -9, start + 1)
    assert verdict(decision, start + MINUTE_NS - 1) is COOLING
    decision.fresh = True
    assert verdict(decision, start + MINUTE_NS) is COOLING  # not recovered, and too few
    fed(decision, 19, -9, start + 1 + 40 * NS_PER_S)
    assert verdict(decision, start + 2 * MINUTE_NS) is COOLING
    decision.add(start + 1 + 78 * NS_PER_S, -9 * 10**14, USD)
    assert verdict(decision, start + 2 * MINUTE_NS) is FREEZE


def test_many_samples_do_not_shorten_the_cool_down() -> None:
    start = 10**12
    decision = frozen_and_lifted(start)
    fed(decision, 60, -9, start + 1)
    assert verdict(decision, start + MINUTE_NS - 1) is COOLING
    decision.fresh = True
    assert verdict(decision, start + MINUTE_NS) is FREEZE


@pytest.mark.parametrize(("edge_e4", "expected"), [(5000, KEPT), (4999, COOLING)])
def test_an_edge_that_is_back_arms_the_decision(edge_e4: int, expected: EdgeVerdict) -> None:
    """Half a basis point above the threshold is back; a ten-thousandth less is not."""
    start = 10**12
    decision = frozen_and_lifted(start)
    for place in range(20):
        decision.add(start + 1 + 2 * place * NS_PER_S, edge_e4 * 10**10, USD)
    assert verdict(decision, start + MINUTE_NS) is expected
    assert decision.armed is (expected is KEPT)


def test_armed_again_it_freezes_on_the_usual_evidence() -> None:
    start = 10**12
    decision = frozen_and_lifted(start)
    last_ns = fed(decision, 20, 9, start + 1)
    assert verdict(decision, start + MINUTE_NS) is KEPT
    fed(decision, 5, -999_999, last_ns + 2 * NS_PER_S)
    verdict(decision, start + 2 * MINUTE_NS)
    assert decision.armed


def test_an_unfreeze_of_something_else_leaves_the_evidence() -> None:
    decision = Decision(POLICY, NS_PER_S)
    fed(decision, 20, 3)
    decision.on_unfreeze(10**12)
    assert (len(decision.evidence.rows), decision.armed, decision.since_ns) == (20, True, -1)
    assert verdict(decision) is KEPT


def test_a_policy_of_ones_own() -> None:
    decision = Decision(Policy(window=5, least=3, z_thousandths=0, recent=4), NS_PER_S)
    fed(decision, 3, -1)
    assert verdict(decision) is FREEZE
    assert (decision.evidence.window, decision.recent.window) == (5, 4)
