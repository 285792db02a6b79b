"""A sweep: one outcome for any executor, and a new start that goes on."""

from __future__ import annotations

import re
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.unit.backtest_builders import market_file
from tools.live.backtest_run import Backtest
from tools.live.core.clock import NS_PER_S
from tools.live.core.errors import ContractError, InvariantBroken
from tools.live.sweep import MEASURES, Outcome, inputs_sha256, plan_sweep, run_one, run_sweep
from tools.live.sweep_cli import Here
from tools.live.sweep_plan import TEST, TRAIN, Fold, SweepPlan, folds_of, read_walk
from tools.live.sweep_rows import KeptRows, RowFile

BASE: dict[str, Any] = {"iterations": 12, "requote": True}
VARY = "spread_bps=2,8 seed=1:3:1"


class Scattered(Executor):
    """Makes runs in any order but that in which they were handed out: each when it is asked for."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Future[Any], Any, tuple[Any, ...]]] = []
        self.most = 0

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        desk = self

        class Late(Future[Any]):
            def result(self, timeout: float | None = None) -> Any:
                while desk.waiting:
                    future, call, given = desk.waiting.pop()
                    future.set_result(call(*given))
                return super().result(timeout)

        made = Late()
        self.waiting.append((made, fn, args))
        self.most = max(self.most, len(self.waiting))
        return made


class Counted(Here):
    """Counts the runs that it makes, and breaks at one of them."""

    def __init__(self, breaks_at: int = 0) -> None:
        self.made = 0
        self.breaks_at = breaks_at

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.made += 1
        if self.made == self.breaks_at:
            raise KeyboardInterrupt
        return super().submit(fn, *args, **kwargs)


def a_plan(vary: str = VARY) -> SweepPlan:
    return plan_sweep(BASE, vary)


def written(path: Path, executor: Executor, plan: SweepPlan | None = None, **more: Any) -> bytes:
    with RowFile(str(path)) as rows:
        run_sweep(plan or a_plan(), executor, rows=rows, **more)
    return path.read_bytes()


def test_rows_are_those_of_the_runs() -> None:
    outcome = run_sweep(a_plan(), Here())
    assert [row["varied"] for row in outcome.rows] == list(a_plan().points)
    row = outcome.rows[1]
    given = {key: value for key, value in row["config"].items() if value is not None}
    result = Backtest(**given).result()
    assert row["state_sha256"] == result.report["integrity"]["state_sha256"]
    for name, (section, key) in MEASURES.items():
        assert row["measures"][name] == result.figures[section][key]
    assert row["measures"]["markout_1s_bps"] == result.figures["markouts"]["1s"]["markout_bps"]
    assert outcome.errors == [] and row["frozen"] is False


def test_the_bytes_depend_on_no_executor(tmp_path: Path) -> None:
    here = written(tmp_path / "here", Here())
    scattered = Scattered()
    assert written(tmp_path / "scattered", scattered) == here and scattered.most == 6
    few = Scattered()
    assert written(tmp_path / "few", few, ahead=2) == here and few.most == 2
    with ThreadPoolExecutor(3) as threads:
        assert written(tmp_path / "threads", threads) == here


@pytest.mark.parametrize("breaks_at", range(1, 7))
def test_a_sweep_that_was_interrupted_goes_on(tmp_path: Path, breaks_at: int) -> None:
    whole = written(tmp_path / "whole", Here())
    path = tmp_path / "rows"
    with pytest.raises(KeyboardInterrupt):
        written(path, Counted(breaks_at), ahead=1)
    kept = path.read_bytes()
    assert whole.startswith(kept) and kept.count(b"\n") == breaks_at - 1
    path.write_bytes(kept + b'{"torn')
    rest = Counted()
    assert written(path, rest) == whole and rest.made == 7 - breaks_at
    again = Counted()
    assert written(path, again) == whole and again.made == 0


def test_rows_of_another_plan_are_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "rows"
    written(path, Here(), a_plan("spread_bps=2,3 seed=1:3:1"))
    counted = Counted()
    with RowFile(str(path)) as rows:
        outcome = run_sweep(a_plan(), counted, rows=rows)
    assert counted.made == 3 and outcome.rows[0] == run_sweep(a_plan(), Here()).rows[0]
    other = Counted()
    with RowFile(str(path)) as rows:
        run_sweep(a_plan(), other, rows=rows, inputs_sha256="another")
    assert other.made == 6


def test_the_best_is_a_mean_over_seeds() -> None:
    outcome = run_sweep(a_plan(), Here())
    means = {
        spread: sum(row["measures"]["pnl_usd"] for row in outcome.rows
                    if row["varied"]["spread_bps"] == spread) / 3
        for spread in (2, 8)
    }  # fmt: skip
    best = outcome.best("pnl_usd")
    assert best is not None and best.varied == {"spread_bps": max(means, key=lambda s: means[s])}
    assert best.runs == 3 and abs(best.value - max(means.values())) < 1e-9
    worst = outcome.best("drawdown_usd")
    assert worst is not None
    depths = [row["measures"]["drawdown_usd"] for row in outcome.rows]
    assert worst.value <= sum(depths) / len(depths)


def walked(tmp_path: Path) -> SweepPlan:
    market = market_file(tmp_path)
    folds = folds_of(read_walk("1:1"), 3 * NS_PER_S)
    base = {"market": market, "requote": True, "base_qty": 3}
    return plan_sweep(base, "spread_bps=1,8 seed=1,2", folds=folds)


def test_what_was_best_in_training_is_tested_behind_it(tmp_path: Path) -> None:
    plan, shown = walked(tmp_path), []
    counted = Counted()
    rows = KeptRows()
    outcome = run_sweep(
        plan, counted, by="pnl_usd", rows=rows, inputs_sha256=inputs_sha256(plan),
        progress=lambda done, total: shown.append((done, total)),
    )
    assert len(plan.folds) == 2 and len(outcome.rows) == 2 * 4 + 2 * 2
    assert shown == [(n + 1, 12) for n in range(12)]
    for fold in plan.folds:
        best = outcome.best("pnl_usd", fold)
        tests = outcome.part(TEST, fold.number)
        assert best is not None and [row["varied"] for row in tests] == [
            {**best.varied, "seed": 1}, {**best.varied, "seed": 2},
        ]  # fmt: skip
        assert {row["config"]["from"] for row in tests} == {f"+{fold.middle_ns // NS_PER_S}"}
        assert len(outcome.part(TRAIN, fold.number)) == 4
    # the test of the first fold lies where the second was trained: it was run already
    assert counted.made == 2 * 4 + 2 and len(rows.found) == 10


def test_a_walk_goes_on_too(tmp_path: Path) -> None:
    plan = walked(tmp_path)
    whole = written(tmp_path / "whole", Scattered(), plan, by="pnl_usd")
    path = tmp_path / "rows"
    with pytest.raises(KeyboardInterrupt):
        written(path, Counted(9), plan, by="pnl_usd", ahead=1)
    assert written(path, Here(), plan, by="pnl_usd") == whole and whole.count(b"\n") == 10


def test_a_run_that_cannot_be_made_has_a_row_that_says_why(tmp_path: Path) -> None:
    market = market_file(tmp_path)
    folds = (Fold(1, 50 * NS_PER_S, 60 * NS_PER_S, 70 * NS_PER_S),)
    plan = plan_sweep({"market": market}, "seed=1,2", folds=folds)
    outcome = run_sweep(plan, Here())
    assert len(outcome.errors) == len(outcome.rows) == 2
    assert outcome.rows[0]["error"].startswith("no quote in --market; name a symbol")
    assert outcome.best("sharpe", folds[0]) is None
    assert Outcome(plan, []).best("sharpe") is None


def test_broken_figures_are_an_error_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise InvariantBroken("1 is not 2")

    monkeypatch.setattr("tools.live.backtest_run.check_performance", broken)
    assert run_one({"iterations": 3}) == {"error": "1 is not 2"}


def test_the_content_of_the_market_is_part_of_the_key(tmp_path: Path) -> None:
    path = market_file(tmp_path)
    first = inputs_sha256(plan_sweep({"market": path}, "seed=1"))
    market_file(tmp_path, seed=8)
    assert inputs_sha256(plan_sweep({"market": path}, "seed=1")) != first
    assert inputs_sha256(a_plan()) == inputs_sha256(a_plan("seed=7"))
    slow = plan_sweep({**BASE, "terms": "slow"}, VARY)
    assert inputs_sha256(a_plan()) != inputs_sha256(slow)


def test_so_is_the_content_of_each_file_on_an_axis(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("retain = 10\n")
    vary = f"terms=fast,{file} seed=1,2"
    first = inputs_sha256(a_plan(vary))
    assert first == inputs_sha256(a_plan(f"terms=fast,slow,{file}"))  # a name adds nothing
    file.write_text("retain = 11\n")
    assert inputs_sha256(a_plan(vary)) != first != inputs_sha256(a_plan("terms=fast"))
    outcome = run_sweep(a_plan("terms=fast,slow faults=nt-4215,hb-745"), Here())
    assert outcome.errors == [] and len({row["key"] for row in outcome.rows}) == 4
    assert len({row["state_sha256"] for row in outcome.rows}) > 1


@pytest.mark.parametrize(
    ("vary", "told"),
    [
        ("terms=fast,sloww", "--terms 'sloww' is neither .toml nor .json, nor one of"),
        ("faults=nt-4215,nt-421", "--faults 'nt-421' is no scenario; did you mean 'nt-4215'?"),
        ("delays=5,nope", "--delays 'nope' is unknown"),
        ("queue=log,lag", "--queue 'lag' is unknown"),
    ],
)
def test_what_no_run_could_read_is_told_before_any_run(vary: str, told: str) -> None:
    with pytest.raises(ContractError, match=re.escape(told)):
        inputs_sha256(a_plan(vary))
