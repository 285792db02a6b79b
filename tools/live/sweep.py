"""Many backtests: a grid or a random search of settings, over any executor, with one outcome.

    plan = plan_sweep({"market": "btcusdt.jsonl.gz", "requote": True}, "spread_bps=1:6:1 seed=1,2")
    with ProcessPoolExecutor() as executor:
        outcome = run_sweep(plan, executor, inputs_sha256=inputs_sha256(plan))
    print(outcome.best("sharpe"))

Only `submit` of the executor and `result` of what it returns are used. Rows are written in the
order of the plan, whichever run ends first, so that their bytes depend on nothing but the plan.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from typing import Any

from . import __version__
from .backtest_run import Backtest, open_market, survey
from .backtest_settings import config_of
from .core import codec
from .core.errors import LiveError
from .exchange import InProcess
from .exchange_choice import exchange_of
from .sweep_best import Choice, choose
from .sweep_plan import TEST, TRAIN, Fold, Run, SweepPlan, plan_sweep
from .sweep_rows import KIND, VERSION, KeptRows, Rows, key_of

__all__ = ["Outcome", "inputs_sha256", "plan_sweep", "run_one", "run_sweep"]

AHEAD = 64  # runs handed out before the first of them has ended
Row = dict[str, Any]
# By name: the section and the key of a figure.
MEASURES = {
    "pnl_usd": ("returns", "pnl_usd"), "return": ("returns", "return"),
    "sharpe": ("risk_ratios", "sharpe"), "sortino": ("risk_ratios", "sortino"),
    "drawdown_usd": ("drawdown", "depth_usd"), "volume_usd": ("trading", "volume_usd"),
    "turnover": ("trading", "turnover"), "fills": ("trading", "fills"),
    "hit_rate": ("trading", "hit_rate"), "fill_ratio": ("execution", "fill_ratio"),
    "effective_spread_bps": ("execution", "effective_spread_bps"),
    "arrival_slippage_bps": ("execution", "arrival_slippage_bps"),
    "mean_gross_usd": ("exposure", "mean_gross_usd"), "fees_usd": ("costs", "fees_usd"),
    "market_usd": ("costs", "market_usd"),
}  # fmt: skip
_READ = ("terms", "faults", "queue", "delays")  # what an exchange is made from
LESS_IS_BETTER = ("drawdown_usd", "effective_spread_bps", "arrival_slippage_bps")


def run_one(config: dict[str, Any]) -> Row:
    """One run, for any process on any machine that has this program and the market's file."""
    try:
        given = {key: value for key, value in config.items() if value is not None}
        result = Backtest(**given).result()
    except LiveError as error:
        return {"error": str(error)}
    figures = result.figures
    measures = {name: figures[section][key] for name, (section, key) in MEASURES.items()}
    measures["markout_1s_bps"] = figures["markouts"]["1s"]["markout_bps"]
    return {
        "measures": measures,
        "frozen": result.report["risk"]["frozen"],
        "state_sha256": result.report["integrity"]["state_sha256"],
    }


class Outcome:
    """The rows of a sweep in the order of its plan; those of tests come behind the training."""

    def __init__(self, plan: SweepPlan, rows: Sequence[Row]) -> None:
        self.plan = plan
        self.rows = list(rows)

    @property
    def errors(self) -> list[Row]:
        """Rows of runs that could not be made, such as over a part without quotes."""
        return [row for row in self.rows if "error" in row]

    def part(self, part: str | None, fold: int | None = None) -> list[Row]:
        """The rows of one part: of training, of tests, or of runs over the whole market."""
        return [row for row in self.rows if (row["part"], row["fold"]) == (part, fold)]

    def best(self, by: str, fold: Fold | None = None) -> Choice | None:
        """The settings with the best mean over the seeds; None when nothing has such a measure."""
        rows = self.part(None) if fold is None else self.part(TRAIN, fold.number)
        return choose(rows, by, less=by in LESS_IS_BETTER)


def run_sweep(
    plan: SweepPlan, executor: Executor, *, by: str = "sharpe", rows: Rows | None = None,
    inputs_sha256: str | None = None, progress: Callable[[int, int], None] | None = None,
    ahead: int = AHEAD,
) -> Outcome:  # fmt: skip
    """Make every run that has no row yet, then test what was best in training, by `by`."""
    kept = KeptRows() if rows is None else rows
    first = list(plan.runs())
    desk = _Desk(executor, kept, inputs_sha256, ahead)
    total = len(first) + len(plan.folds) * _seeds(plan)
    done: list[Row] = []
    for row in desk.rows(first):
        done.append(row)
        if progress is not None:
            progress(len(done), total)
    outcome = Outcome(plan, done)
    for row in desk.rows(_tests(outcome, by)):
        outcome.rows.append(row)
        if progress is not None:
            progress(len(outcome.rows), total)
    return outcome


def _tests(outcome: Outcome, by: str) -> Iterator[Run]:
    """In each fold what was best in training, with every seed."""
    plan = outcome.plan
    for fold in plan.folds:
        best = outcome.best(by, fold)
        if best is None:
            continue
        for point in plan.points:
            if best.is_of(point):
                yield plan.run(point, fold, TEST)


def _seeds(plan: SweepPlan) -> int:
    return max((len(axis.values) for axis in plan.axes if axis.key == "seed"), default=1)


class _Desk:
    """Hands runs out and takes their rows in, in the order of the runs."""

    def __init__(
        self, executor: Executor, rows: Rows, inputs_sha256: str | None, ahead: int
    ) -> None:
        self._executor = executor
        self._rows = rows
        self._inputs_sha256 = inputs_sha256
        self._ahead = ahead

    def rows(self, runs: Iterable[Run]) -> Iterator[Row]:
        """A row for each run, as it was found or as it is made."""
        waiting: deque[tuple[Run, str, Row | Future[Row]]] = deque()
        for run in runs:
            key = key_of(run.config, self._inputs_sha256)
            found = self._rows.found.get(key)
            waiting.append((run, key, found or self._executor.submit(run_one, run.config)))
            if len(waiting) >= self._ahead:
                yield self._taken(*waiting.popleft())
        while waiting:
            yield self._taken(*waiting.popleft())

    def _taken(self, run: Run, key: str, made: Row | Future[Row]) -> Row:
        """A row that was there says what it said; only where it stands in this plan is new."""
        placed = {"fold": run.fold, "part": run.part, "varied": run.varied}
        if isinstance(made, dict):
            return {**made, **placed}
        row = {
            "v": VERSION, "kind": KIND, "key": key, "version": __version__, "config": run.config,
            "inputs_sha256": self._inputs_sha256, **placed, **made.result(),
        }  # fmt: skip
        self._rows.write(row)
        self._rows.found[key] = row  # a test may be what a later fold was trained on
        return row


def inputs_sha256(plan: SweepPlan) -> str:
    """The hash of what all runs of a plan read: the market, and the files of its exchanges.

    What has a name here, such as the terms `fast`, is part of this program's version, so an axis
    that gets another such value keeps the rows that it had.
    """
    config = config_of(plan.base)
    market = survey(open_market(config), config["symbols"], config["source"]).describe()
    told = [market, _exchange_told(config)]
    for axis in plan.axes:
        for value in axis.values if axis.key in _READ else ():
            read = _exchange_told(config_of({**plan.base, axis.key: value}))
            if "." in value:  # a file, not a name
                told.append(read)
    return codec.sha256(told)


def _exchange_told(config: dict[str, Any]) -> dict[str, Any]:
    exchange = exchange_of(config)
    assert isinstance(exchange, InProcess), "an exchange of a config is one of our own"
    return exchange.describe()
