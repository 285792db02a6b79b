"""`python -m tools.live sweep MARKET --vary AXES`: many backtests, and what was best."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from math import fsum
from typing import Any, TextIO

from .backtest_cli import check_files, given_settings
from .backtest_run import open_source
from .backtest_settings import SETTINGS, config_of
from .console import (
    DEBUG, EXIT_CHECK_FAILED, EXIT_OK, HELP, Flag, Parser, Usage, did_you_mean, emit, first_word,
    run, say,
)  # fmt: skip
from .core import codec
from .reports.files import write_whole
from .settings import whole
from .sweep import MEASURES, Outcome, inputs_sha256, run_sweep
from .sweep_best import Choice, mean_of
from .sweep_heat import heat_map
from .sweep_plan import (
    MOST_RUNS, TEST, TRAIN, Fold, SweepPlan, folds_of, plan_sweep, read_walk, span_of,
)  # fmt: skip
from .sweep_rows import KeptRows, RowFile

PROG = "python -m tools.live sweep"
VERSION = 1
KIND = "sweep"
MOST_JOBS = 512
_AHEAD = 4  # runs a process that are handed out before the first has ended
BY = (*MEASURES, "markout_1s_bps")
PARSER = Parser(
    usage=f"{PROG} [MARKET] --vary AXES [FLAGS]",
    about="""Run a backtest for every point of a grid of settings, or for some of its points drawn
by chance, and print what was best as one JSON line. Runs share nothing, so any number of processes
comes to the same bytes. With --rows a sweep that was interrupted goes on where it was.""",
    flags=(
        Flag("--vary", "AXES", "'spread_bps=1:6:1 seed=1,2,3': what to vary, and its values",
             "sweep"),
        Flag("--random", "N", "only N different points of the grid, drawn by chance", "sweep"),
        Flag("--random-seed", "N", "seed of that draw (42)", "sweep"),
        Flag("--by", "MEASURE", "what best means (sharpe)", "sweep"),
        Flag("--walk", "TRAIN:TEST", "train on so many seconds, test on those behind; a third"
             " number is the way from one fold to the next", "sweep"),
        Flag("--jobs", "N", "processes (as many as there are processors)", "sweep"),
        Flag("--rows", "FILE", "a row of JSON for each run; runs that have one are not repeated",
             "output"),
        Flag("--heat", "FILE", "a heat map of the first two axes as SVG", "output"),
        Flag("--out", "FILE", "write the result to a file instead of stdout", "output"),
        *(setting.flag for setting in SETTINGS),
        Flag("--config", "FILE", "settings from a .toml or .json file", "general"),
        DEBUG,
        HELP,
    ),
    examples=(
        f"{PROG} --iterations 200 --vary spread_bps=1:6:1",
        f"{PROG} btcusdt.jsonl.gz --requote --vary 'spread_bps=1:6:1 latency_ms=0,50,200'"
        " --rows rows.jsonl --heat heat.svg",
        f"{PROG} btcusdt.jsonl.gz --requote --vary 'spread_bps=1:6:1 seed=1:5:1' --walk 60:30",
    ),
    end=f"""Measures: {', '.join(BY)}.
The best has the best mean over the seeds; of drawdowns and of what was paid less is better.

exit codes: 0 ok, 1 a run could not be made (its row says why), 2 wrong usage or input, 3 the rows
  are not those of a sweep, 4 the rows are being written, 5 storage fault, 7 a worker went away,
  130 interrupted, 143 terminated""",
)  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """Run the sweep and return its exit code."""
    given = sys.argv[1:] if argv is None else list(argv)
    return run(lambda: _main(given), debug=DEBUG.name in given, task="the sweep")


def _main(argv: list[str]) -> int:
    options = PARSER.parse(first_word(argv, "--market"))
    if options["help"]:
        emit(PARSER.help())
        return EXIT_OK
    given = given_settings(options)
    check_files(options, given, ("rows", "heat", "out"))
    by = "sharpe" if options["by"] is None else options["by"]
    if by not in BY:
        raise Usage(f"--by {by[:60]!r} is no measure; {did_you_mean(by, BY)}")
    jobs = whole(1, MOST_JOBS)(os.cpu_count() or 1 if options["jobs"] is None else options["jobs"],
                               "--jobs")  # fmt: skip
    plan = _plan(options, given)
    if options["heat"] is not None and len(plan.axes) < 2:
        raise Usage("--heat needs two axes; give --vary two settings")
    try:
        outcome = _sweep(plan, jobs, by, options["rows"])
    except BrokenProcessPool:
        raise ConnectionError(
            "a worker process went away; the rows so far are kept, start it again"
        ) from None
    _deliver(outcome, by, options)
    if outcome.errors:
        first = outcome.errors[0]["error"].partition(";")[0]
        say(f"error: check: {len(outcome.errors)} of {len(outcome.rows)} runs could not be made,"
            f" the first: {first}; see their rows")  # fmt: skip
        return EXIT_CHECK_FAILED
    return EXIT_OK


def _plan(options: dict[str, Any], given: dict[str, Any]) -> SweepPlan:
    if options["vary"] is None:
        raise Usage("--vary is missing; write --vary spread_bps=1:6:1")
    count = whole(1, MOST_RUNS)
    sample = None if options["random"] is None else count(options["random"], "--random")
    seed = whole(0, 2**63 - 1)(options["random_seed"] or 42, "--random-seed")
    folds: tuple[Fold, ...] = ()
    if options["walk"] is not None:
        walk = read_walk(options["walk"])
        if given.get("from") is not None or given.get("until") is not None:
            raise Usage("--walk takes all of the market; leave --from and --until")
        source = open_source(config_of(given))
        if source is None:
            raise Usage("--walk needs a recorded market; name one")
        folds = folds_of(walk, span_of(source))
    return plan_sweep(given, options["vary"], sample=sample, sample_seed=seed, folds=folds)


def _sweep(plan: SweepPlan, jobs: int, by: str, rows: str | None) -> Outcome:
    sha256 = inputs_sha256(plan)
    ahead = 1 if jobs == 1 else _AHEAD * jobs
    with _Shown(sys.stderr) as shown, _executor(jobs) as executor:
        if rows is None:
            return run_sweep(plan, executor, by=by, rows=KeptRows(), inputs_sha256=sha256,
                             progress=shown, ahead=ahead)  # fmt: skip
        with RowFile(rows) as file:
            if file.torn:
                say(f"--rows {rows!r}: the last line was cut off, so its run is made again")
            if file.found:
                say(f"--rows {rows!r}: {len(file.found)} rows are there already")
            return run_sweep(plan, executor, by=by, rows=file, inputs_sha256=sha256,
                             progress=shown, ahead=ahead)  # fmt: skip


@contextmanager
def _executor(jobs: int) -> Iterator[Executor]:
    """Processes, or none for a single job; what was handed out is dropped when all ends early."""
    if jobs == 1:
        yield Here()
        return
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    pool = ProcessPoolExecutor(jobs, get_context("spawn"), _quiet_worker)
    try:
        yield pool
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()


def _quiet_worker() -> None:
    """Ctrl-C is for the one who hands the work out."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)


class Here(Executor):
    """An executor that does the work at once, in its own process."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        """The result, or the error, of a call that has been made already."""
        made: Future[Any] = Future()
        try:
            made.set_result(fn(*args, **kwargs))
        except Exception as error:
            made.set_exception(error)
        return made


def _deliver(outcome: Outcome, by: str, options: dict[str, Any]) -> None:
    text = codec.canonical(_form(outcome, by)) + "\n"
    if options["heat"] is not None:
        down, across = (axis.key for axis in outcome.plan.axes[:2])
        rows = [row for row in outcome.rows if row["part"] != TEST]
        write_whole(options["heat"], heat_map(rows, across=across, down=down, by=by), "--heat")
    if options["out"] is not None:
        write_whole(options["out"], text, "--out")
    else:
        emit(text)


def _form(outcome: Outcome, by: str) -> dict[str, Any]:
    """What is printed: nothing in it depends on how the runs were made."""
    plan = outcome.plan
    folds = [_fold(outcome, fold, by) for fold in plan.folds]
    tested = [fold["test"] for fold in folds if fold["test"] is not None]
    pnl = [fold["test_pnl_usd"] for fold in folds if fold["test_pnl_usd"] is not None]
    return {
        "v": VERSION,
        "kind": KIND,
        "by": by,
        "axes": {axis.key: list(axis.values) for axis in plan.axes},
        "points": len(plan.points),
        "runs": len(outcome.rows),
        "errors": len(outcome.errors),
        "best": None if plan.folds else _choice(outcome.best(by)),
        "folds": folds,
        "tested": len(tested),
        "test_pnl_usd": fsum(pnl) if pnl else None,
        "rows_sha256": codec.sha256([row["key"] for row in outcome.rows] + [
            row.get("state_sha256", row.get("error")) for row in outcome.rows
        ]),
    }  # fmt: skip


def _fold(outcome: Outcome, fold: Fold, by: str) -> dict[str, Any]:
    """What was best in training, and what it came to on the part that it had not seen."""
    tests = outcome.part(TEST, fold.number)
    return {
        "number": fold.number,
        "train_s": [fold.begin_ns / 10**9, fold.middle_ns / 10**9],
        "test_s": [fold.middle_ns / 10**9, fold.end_ns / 10**9],
        TRAIN: _choice(outcome.best(by, fold)),
        TEST: mean_of(tests, by),
        "test_pnl_usd": mean_of(tests, "pnl_usd"),
    }


def _choice(choice: Choice | None) -> dict[str, Any] | None:
    if choice is None:
        return None
    return {"varied": choice.varied, "value": choice.value, "runs": choice.runs}


class _Shown:
    """How many runs are made, renewed on one line of a terminal; nothing elsewhere."""

    _RENEW_SECONDS = 0.2

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream if stream is not None and stream.isatty() else None
        self._said = time.monotonic()

    def __enter__(self) -> _Shown:
        return self

    def __exit__(self, *_: object) -> None:
        self._write("\r" + " " * 40 + "\r")

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self._said >= self._RENEW_SECONDS:
            self._said = now
            self._write("\r" + f"{done:,} of {total:,} runs".ljust(40))

    def _write(self, text: str) -> None:
        """A reader of the progress who went away does not end the sweep."""
        if self._stream is None:
            return
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError:
            self._stream = None


if __name__ == "__main__":
    sys.exit(main())
