"""`python -m tools.live backtest MARKET`: a run over a market of the past, and what it came to."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from . import settings
from .audit.laws import LawsBroken
from .backtest_result import BacktestResult, order_line
from .backtest_run import Backtest
from .backtest_settings import BY_KEY, SETTINGS
from .console import (
    DEBUG, EXIT_CHECK_FAILED, EXIT_OK, HELP, Flag, Parser, Progress, Usage, emit,
    first_word, run, say,
)  # fmt: skip
from .core import codec
from .core.clock import NS_PER_MS
from .core.errors import LineFailed
from .edge_modes import begun_as
from .reports.files import check_target, write_parts
from .run_end import deliver, verdict

if TYPE_CHECKING:
    from .journaled import Book

PROG = "python -m tools.live backtest"
_STEPS_AT_ONCE = 1000
_JOURNAL_FLAGS = ("durable_state", "state_dir", "recover", "sync_each_send", "checkpoint_every")
_OUTPUTS = ("out", "html", "orders")
PARSER = Parser(
    usage=f"{PROG} [MARKET] [FLAGS]",
    about="""Run the strategy, the gate and the loop of every run over a market of the past: a
capture, a dump, a journal, or the synthetic market when none is named. Print one JSON line:
returns, drawdown, Sharpe and Sortino, exposure, costs, execution quality, all and by symbol.""",
    flags=(
        *(setting.flag for setting in SETTINGS),
        Flag("--out", "FILE", "write the result to a file instead of stdout", "output"),
        Flag("--html", "FILE", "write a tearsheet, too", "output"),
        Flag("--orders", "FILE", "write each order as a line of JSON, too", "output"),
        Flag("--pretty", "", "indent the result", "output"),
        Flag("--progress", "", "show progress even when stderr is no terminal", "output"),
        Flag("--fail-on-freeze", "", "exit 6 when the run ends frozen", "output"),
        Flag("--journal", "DIR", "record the run there; go on with one interrupted", "journal"),
        Flag("--durable-state", "", "the same in --state-dir", "journal"),
        Flag("--state-dir", "DIR", "its folder; artifacts/state when left out", "journal"),
        Flag("--recover", "", "refuse to begin a new run: one must have been interrupted",
             "journal"),
        Flag("--sync-each-send", "", "make each command durable before it is sent", "journal"),
        Flag("--checkpoint-every", "N", "entries between two checkpoints, 0 for none"
             " (default 100000)", "journal"),
        Flag("--config", "FILE", "settings from a .toml or .json file", "general"),
        DEBUG,
        HELP,
    ),
    examples=(
        f"{PROG} --iterations 500",
        f"{PROG} btcusdt.jsonl.gz --requote --html run.html",
        f"{PROG} btcusdt.jsonl.gz --from +60 --until +120 --spread-bps 2",
        f"{PROG} run-1 --requote --orders orders.jsonl --pretty",
    ),
    end="""Nothing is left to chance but what --seed draws, and the time is that of the market: the
same command gives the same bytes. Flags win over the config file.

exit codes: 0 ok, 1 the figures do not add up, 2 wrong usage or input, 3 damaged journal,
  4 journal in use, 5 storage fault, 6 the journal is halted, or the run ended frozen and
  --fail-on-freeze was given, 130 interrupted, 143 terminated""",
)  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """Run the backtest and return its exit code."""
    given = sys.argv[1:] if argv is None else list(argv)
    return run(lambda: _main(given), debug=DEBUG.name in given, task="the backtest")


def _main(argv: list[str]) -> int:
    options = PARSER.parse(first_word(argv, "--market"))
    if options["help"]:
        emit(PARSER.help())
        return EXIT_OK
    given = given_settings(options)
    check_files(options, given, _OUTPUTS)
    book = _book(options)
    rows: list[str] = []
    tell = None if options["orders"] is None else lambda row: rows.append(order_line(row) + "\n")
    test = Backtest(drawn=options["html"] is not None, tell=tell, **given)
    try:
        _run(test, options, book, rows)
        result = test.result()
    except LawsBroken as broken:
        found = [{"law": one.law, "detail": one.detail} for one in broken.violations]
        emit(codec.canonical({"violations": found}) + "\n")
        say(f"error: check: {broken}; keep this output and report it")
        return EXIT_CHECK_FAILED
    text = (codec.pretty(result.plain()) if options["pretty"] else str(result)) + "\n"
    deliver(text, result.html, html=options["html"], out=options["out"])
    halted_in = book.folder if book is not None and book.halted else None
    risk = result.report["risk"]
    return verdict(risk, fail_on_freeze=options["fail_on_freeze"], halted_in=halted_in)


def given_settings(options: dict[str, Any]) -> dict[str, Any]:
    """What the flags say, and below them what the config file says."""
    config = options["config"]
    given = {} if config is None else settings.load_config(config, BY_KEY)
    for key in BY_KEY:
        if options[key] is not None and options[key] is not False:
            given[key] = options[key]
    return given


def check_files(
    options: dict[str, Any], given: dict[str, Any], outputs: Sequence[str]
) -> None:
    """Refuse, before anything runs, outputs that cannot be written or would destroy an input."""
    inputs = {"--config": options["config"]}
    inputs |= {f"--{key}": given.get(key) for key in ("market", "quotes", "terms", "faults")}
    taken = {flag: name for flag, name in inputs.items() if name is not None}
    for key in outputs:
        name, flag = options[key], f"--{key}"
        if name is None:
            continue
        check_target(name, flag)
        for other, used in taken.items():
            if settings.same_file(name, used):
                raise Usage(f"{flag} {name!r} is the file of {other}, too; name another")
        taken[flag] = name


def _book(options: dict[str, Any]) -> Book | None:
    """The journal that the flags ask for; its modules are loaded only then."""
    if not any(options[name] for name in _JOURNAL_FLAGS) and options["journal"] is None:
        return None
    from .journaled import Book, checkpoint_every, folder_of

    return Book(
        folder_of(options), recover=options["recover"], sync_each_send=options["sync_each_send"],
        checkpoint_every=checkpoint_every(options),
    )  # fmt: skip


def _run(test: Backtest, options: dict[str, Any], book: Book | None, rows: list[str]) -> None:
    """Run to the end; whatever ends it, the journal is let go."""
    if book is None:
        return _trade(test, options, None, rows)
    edge = begun_as(test.config["edge"], book.found.edge)
    if edge != test.edge:
        test.edge = edge
        test.begin()
    loop, start_ms = test.loop, test.feed.start_ns // NS_PER_MS
    try:
        book.begin(loop, test.params, test.feed, start_ms * NS_PER_MS)
        _trade(test, options, book, rows)
        assert test.report is not None, "a run that has ended has a report"
        book.finish(test.report, loop)
    except LineFailed as failed:
        book.halt(loop, failed)
        raise
    finally:
        book.close()


def _trade(test: Backtest, options: dict[str, Any], book: Book | None, rows: list[str]) -> None:
    loop, stream = test.loop, sys.stderr
    shown: Progress | None = None
    if stream is not None and (options["progress"] or stream.isatty()):
        stats = loop.stats
        shown = Progress(stream, lambda: stats["orders_placed"], loop.risk_monitor.is_frozen)
    try:
        after_step = shown if book is None else book.watch(loop, shown)
        if options["orders"] is None:
            test.run(progress=after_step)
        else:  # the writing drives the run, so that no row has to wait for its end
            write_parts(options["orders"], _order_lines(test, after_step, rows), "--orders")
    finally:
        if shown is not None:
            shown.close()


def _order_lines(
    test: Backtest, after_step: Callable[[int, int], None] | None, rows: list[str]
) -> Iterator[str]:
    """The rows of the orders that have ended, every so many steps."""
    while not test.finished:
        test.run(until_step=test.done + _STEPS_AT_ONCE, progress=after_step)
        yield "".join(rows)
        rows.clear()


if __name__ == "__main__":
    sys.exit(main())
