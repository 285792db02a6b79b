"""What a sweep is to run: axes, points, folds, and answers to what cannot be."""

from __future__ import annotations

from itertools import product

import pytest

from tests.unit.backtest_builders import a_market
from tests.unit.test_window import REFUSED, Told
from tools.live.backtest_settings import config_of
from tools.live.core.clock import NS_PER_S
from tools.live.core.errors import ContractError
from tools.live.sweep_plan import (
    TEST, TRAIN, Axis, Fold, Walk, folds_of, plan_sweep, read_axes, read_walk, span_of,
)  # fmt: skip

GRID = "spread_bps=1:2:0.5 delays=fast,5; requote=true,false"


def test_axes() -> None:
    assert read_axes(GRID, {}) == (
        Axis("spread_bps", (1, 1.5, 2)), Axis("delays", ("fast", "5")),
        Axis("requote", (True, False)),
    )  # fmt: skip
    assert read_axes(" spread-bps=3 ", {}) == (Axis("spread_bps", (3,)),)
    words = "queue=power:2,log terms=fast,my.toml faults=nt-4215,hb-745 delays=5:15:5"
    assert read_axes(words, {}) == (
        Axis("queue", ("power:2", "log")), Axis("terms", ("fast", "my.toml")),
        Axis("faults", ("nt-4215", "hb-745")), Axis("delays", ("5", "10", "15")),
    )  # fmt: skip


def test_the_last_axis_varies_fastest() -> None:
    plan = plan_sweep({"iterations": 5}, GRID)
    values = [axis.values for axis in plan.axes]
    assert [tuple(point.values()) for point in plan.points] == list(product(*values))
    runs = list(plan.runs())
    assert len(runs) == 12 and {(run.fold, run.part) for run in runs} == {(None, None)}
    assert runs[1].config == config_of(
        {"iterations": 5, "spread_bps": 1, "delays": "fast", "requote": False}
    )
    assert runs[1].varied == {"spread_bps": 1, "delays": "fast", "requote": False}


def test_points_by_chance() -> None:
    whole = plan_sweep({}, "seed=1:100:1").points
    some = plan_sweep({}, "seed=1:100:1", sample=10).points
    assert len(some) == 10 and [one for one in whole if one in some] == list(some)
    assert plan_sweep({}, "seed=1:100:1", sample=10).points == some
    assert plan_sweep({}, "seed=1:100:1", sample=10, sample_seed=7).points != some
    assert plan_sweep({}, "seed=1:100:1", sample=100).points == whole
    assert plan_sweep({}, "seed=1:100:1", sample=999).points == whole


@pytest.mark.parametrize(
    ("vary", "told"),
    [
        ("spread_bps", "--vary 'spread_bps' is no axis; write spread_bps=1:6:1"),
        ("", "--vary '' is no axis"),
        ("sprad=1", "--vary 'sprad' is nothing to vary; did you mean 'spread_bps'?"),
        ("market=a,b", "--vary 'market' is nothing to vary"),
        ("source=a,b", "--vary 'source' is nothing to vary"),
        ("seed=1 seed=2", "--vary 'seed' is given twice; name all of its values at once"),
        ("seed=1,2,1", "--vary seed has '1' twice; name each value once"),
        ("seed=1:2", "--vary seed '1:2' is no range; write FROM:TO:STEP"),
        ("seed=2:1:1", "--vary seed '2:1:1' leads nowhere; write FROM:TO:STEP upwards"),
        ("seed=1:2:0", "--vary seed '1:2:0' leads nowhere"),
        ("seed=1:10002:1", "--vary seed has more than 10000 values; take larger steps"),
        ("seed=1:x:1", "--vary seed 'x' is not a number"),
        ("seed=1.5", "--seed '1.5' is not a whole number"),
        ("fill_rate=0.5", "--fill-rate is about --exchange fake"),
    ],
)
def test_what_cannot_be_varied(vary: str, told: str) -> None:
    with pytest.raises(ContractError) as refused:
        plan_sweep({}, vary)
    assert told in str(refused.value)


def test_too_many_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.live.sweep_plan.MOST_RUNS", 6)
    folds = (Fold(1, 0, 1, 2), Fold(2, 1, 2, 3))
    assert len(list(plan_sweep({"market": "m"}, "seed=1,2,3", folds=folds).runs())) == 6
    for vary, more in (("seed=1:7:1", ()), ("seed=1,2,3,4", folds)):
        with pytest.raises(ContractError, match="--vary makes more than 6 runs; take fewer"):
            plan_sweep({"market": "m"}, vary, folds=more)
    assert len(plan_sweep({}, "seed=1:7:1", sample=6).points) == 6


def test_every_point_is_checked_before_anything_runs() -> None:
    with pytest.raises(ContractError, match="--queue is about --exchange simulated"):
        plan_sweep({"queue": "log"}, "exchange=simulated,fake")


def test_a_walk() -> None:
    assert read_walk("60:30") == Walk(60 * NS_PER_S, 30 * NS_PER_S, 30 * NS_PER_S)
    assert read_walk("1.5:0.5:2") == Walk(3 * NS_PER_S // 2, NS_PER_S // 2, 2 * NS_PER_S)
    walk = Walk(6, 3, 3)
    assert folds_of(walk, 9) == (Fold(1, 0, 6, 9),)
    assert folds_of(walk, 14) == (Fold(1, 0, 6, 9), Fold(2, 3, 9, 12))
    assert folds_of(walk, 15)[-1] == Fold(3, 6, 12, 15)


@pytest.mark.parametrize("written", ["60", "1:2:3:4", "0:5", "5:0", "5:5:0", "a:b", "-1:3"])
def test_what_is_no_walk(written: str) -> None:
    with pytest.raises(ContractError, match="--walk"):
        read_walk(written)


def test_a_walk_that_does_not_fit() -> None:
    with pytest.raises(ContractError, match="--walk needs 90 s, but the market lasts 3 s; take"):
        folds_of(read_walk("60:30"), 3 * NS_PER_S)


def test_folds_are_trained_on_and_then_tested() -> None:
    folds = (Fold(1, 0, 2 * NS_PER_S, 3 * NS_PER_S), Fold(2, NS_PER_S, 3 * NS_PER_S, 4 * NS_PER_S))
    plan = plan_sweep({"market": "m"}, "seed=1,2", folds=folds)
    runs = list(plan.runs())
    assert [(run.fold, run.part, run.varied["seed"]) for run in runs] == [
        (1, TRAIN, 1), (1, TRAIN, 2), (2, TRAIN, 1), (2, TRAIN, 2),
    ]  # fmt: skip
    assert (runs[2].config["from"], runs[2].config["until"]) == ("+1", "+3")
    test = plan.run(plan.points[1], folds[0], TEST)
    assert (test.config["from"], test.config["until"], test.part) == ("+2", "+3", TEST)


def test_how_long_a_market_is() -> None:
    times = [event.ts_ns for event in a_market()]
    assert span_of(a_market()) == max(times) + 1 - times[0]
    assert span_of(Told(REFUSED)) == 0
