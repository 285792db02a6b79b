"""How long things take: models, streams of their own, presets."""

from __future__ import annotations

from collections import Counter

import pytest

from tools.live.core.errors import ContractError
from tools.live.core.rng import stream
from tools.live.sim.delays import (
    FAST, INSTANT, LONGEST_DELAY_NS, PRESETS, SLOW, Constant, Delays, DrawnDelays, Empirical,
    Uniform,
)  # fmt: skip

MS = 10**6


def test_a_uniform_delay_has_every_value_and_no_other() -> None:
    draw = Uniform(3, 5).drawn_by(stream(1, "x").random)
    assert set(Counter(draw() for _ in range(200))) == {3, 4, 5}
    assert not Uniform(0, 1).is_zero and Uniform(0, 0).is_zero


def test_an_empirical_delay_is_one_of_the_recorded_ones() -> None:
    draw = Empirical([9, 1, 1, 5]).drawn_by(iter([0.0, 0.49, 0.5, 0.999999]).__next__)
    assert [draw() for _ in range(4)] == [1, 1, 5, 9]
    assert not Empirical([0, 1]).is_zero and Empirical([0]).is_zero
    assert Empirical([2, 1]).describe() == {"model": "empirical", "sample_ns": [1, 2]}


def test_each_way_draws_from_a_stream_of_its_own() -> None:
    same = Delays(submit=Uniform(0, 10**9), fill=Uniform(0, 10**9))
    other = Delays(submit=Uniform(0, 10**9), fill=Uniform(0, 10**9), cancel=Uniform(0, 10**9))
    one, two = DrawnDelays(same, 7), DrawnDelays(other, 7)
    assert one.submit_ns() != one.fill_ns() and two.submit_ns() != two.fill_ns()
    for _ in range(3):
        two.cancel_ns()
    assert [one.submit_ns() for _ in range(5)] == [two.submit_ns() for _ in range(5)]
    assert one.fill_ns() == two.fill_ns()
    assert one.feed_ns() == one.acknowledge_ns() == one.cancel_answer_ns() == 0


def test_the_presets_are_those_that_are_known() -> None:
    assert INSTANT.is_zero and not FAST.is_zero
    assert list(PRESETS) == ["instant", "fast", "normal", "slow"]
    told = SLOW.describe()
    assert told["submit"] == told["acknowledge"] == told["feed"] == {
        "model": "constant", "ns": 100 * MS,
    }  # fmt: skip
    assert told["fill"] == {"model": "uniform", "low_ns": 500 * MS, "high_ns": 1000 * MS}
    assert told["cancel"] == told["cancel_answer"] == {"model": "constant", "ns": 100 * MS}


@pytest.mark.parametrize("ns", [-1, 1.5, True, "1", LONGEST_DELAY_NS + 1])
def test_no_delay_is(ns: object) -> None:
    for make in (Constant, lambda n: Uniform(n, n), lambda n: Empirical([n])):
        with pytest.raises(ContractError, match="not a whole number of nanoseconds"):
            make(ns)  # type: ignore[arg-type,operator]


def test_no_range_and_no_sample() -> None:
    with pytest.raises(ContractError, match="ends before it begins"):
        Uniform(2, 1)
    with pytest.raises(ContractError, match="a sample of 0"):
        Empirical([])
