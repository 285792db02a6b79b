"""Replay recorded market data: books, gaps, drift. `python -m tools.live.md_replay PATH`.

A gate for recordings: it fails on a gap, on a broken book, and on a drift distribution that is not
as it was locked; never on drift itself.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, TextIO

from .console import (
    DEBUG, EXIT_CHECK_FAILED, EXIT_OK, HELP, Flag, Parser, Usage, emit, first_word, run, say,
)  # fmt: skip
from .core import codec
from .core.clock import NS_PER_MS
from .core.errors import ContractError
from .core.money import SCALE, to_e9
from .market.drift import Terms
from .market.synthetic import SYMBOL
from .market_source import MarketSource, open_picked
from .md_replay_fixture import fixture_text, moved, read_fixture
from .md_replay_report import drift_line, form
from .md_replay_run import COMPARE, MODES, Plan, Replay, shown_from
from .md_replay_text import lines
from .reports.files import check_target, write_whole
from .settings import choice, number, path, same_file, whole

PROG = "python -m tools.live.md_replay"
MOST_KEPT = 10_000_000
MOST_RING = 1_000_000
_MOST_UNITS = 10**12
_DEFAULT_TERMS = {"tick": "0.01", "window_ms": 250, "ring": 4096, "drift_keep": 200_000}
_TERMS = {
    "tick": number(0, _MOST_UNITS, above=True), "window_ms": whole(0, 3_600_000),
    "ring": whole(1, MOST_RING), "drift_keep": whole(1, MOST_KEPT),
}  # fmt: skip
PARSER = Parser(
    usage=f"{PROG} PATH [FLAGS]",
    about="""Replay recorded market data, a capture, a dump or a journal: rebuild every book, find
gaps, and measure how far the quotes of a venue stand from its own book. Nothing is changed.""",
    flags=(
        Flag("--path", "PATH", "the recording; also the first word", "what"),
        Flag("--mode", "MODE", "depth: books; bbo: quotes; compare: both (compare)", "what"),
        Flag("--symbol", "NAME", "of this symbol only; also the name that a dump lacks", "what"),
        Flag("--source", "NAME", "the venue, where the data does not say it", "what"),
        Flag("--tick", "X", "the unit in which drift is counted (0.01)", "drift"),
        Flag("--window-ms", "N", "compare with no top further away in time (250)", "drift"),
        Flag("--ring", "N", "tops of the book to look back on (4096)", "drift"),
        Flag("--drift-keep", "N", "comparisons kept for percentiles (200000)", "drift"),
        Flag("--print-threshold-ticks", "X", "show drifts of so many ticks or more (1)", "drift"),
        Flag("--print-threshold-usd", "X", "the same as a price", "drift"),
        Flag("--eps", "X", "ticks that a drift may be short of it (1e-9)", "drift"),
        Flag("--max-print", "N", "show no more drifts than these (200)", "drift"),
        Flag("--max-mismatch", "N", "the same", "drift"),
        Flag("--check", "FIXTURE", "hold the distributions against a fixture", "lock"),
        Flag("--write-fixture", "FILE", "write a fixture of them", "lock"),
        Flag("--audit", "", "where every line went, and the first gaps", "output"),
        Flag("--json", "", "one canonical JSON line", "output"),
        Flag("--html", "FILE", "a page with charts, too", "output"),
        Flag("--out", "FILE", "write to a file instead", "output"),
        Flag(DEBUG.name, DEBUG.value, DEBUG.help, "general"),
        Flag(HELP.name, HELP.value, HELP.help, "general"),
    ),
    examples=(
        f"{PROG} btcusdt.jsonl.gz --tick 0.1 --max-print 5",
        f"{PROG} btcusdt.jsonl.gz --tick 0.1 --write-fixture drift.json",
        f"{PROG} btcusdt.jsonl.gz --check drift.json --json",
        f"{PROG} run-1 --html market.html",
    ),
    end="""A fixture brings its own tick, window, ring and keep.

exit codes: 0 ok, 1 a gap, a crossed book, a locked distribution that moved, or counts
  that do not add up, 2 wrong usage or input, 3 damaged journal, 4 journal in use,
  5 storage fault, 130 interrupted, 143 terminated""",
)


def main(argv: Sequence[str] | None = None) -> int:
    """Replay and return the exit code."""
    given = sys.argv[1:] if argv is None else list(argv)
    return run(lambda: _main(given), debug=DEBUG.name in given, task="the replay")


def _main(argv: list[str]) -> int:
    options = PARSER.parse(first_word(argv, "--path"))
    if options["help"]:
        emit(PARSER.help())
        return EXIT_OK
    if options["path"] is None:
        raise Usage(f"PATH is missing; write {PROG} PATH")
    path(options["path"], "PATH")
    _check_files(options)
    plan, locked = _plan(options)
    market = _open(options)
    replay = Replay(plan)
    with _Shown(sys.stderr) as shown:
        replay.run(market.heard(), shown)
    data = form(replay, market.describe())
    failures = replay.failures(market.where())
    if locked is not None:
        failures += moved(locked, data)
    data |= {"status": "failed" if failures else "ok", "failures": failures}
    _deliver(replay, data, options)
    if failures:
        say(f"error: check: {failures[0]}; see the FAILED lines of the result")
        return EXIT_CHECK_FAILED
    return EXIT_OK


def _open(options: dict[str, Any]) -> MarketSource:
    """The recording. Only where it names no symbol of its own, --symbol is the name of its."""
    return open_picked(
        options["path"], field="PATH", symbol=options["symbol"], source=options["source"]
    )


def _check_files(options: dict[str, Any]) -> None:
    """Refuse, before anything is read, outputs that cannot be written or would destroy an input."""
    taken = {flag: options[flag] for flag in ("path", "check") if options[flag] is not None}
    for key in ("write_fixture", "html", "out"):
        name = options[key]
        if name is None:
            continue
        check_target(name, _flag(key))
        for other, used in taken.items():
            if same_file(name, used):
                what = f"{_flag(key)} {name!r} is the file of {_flag(other)}, too"
                raise Usage(f"{what}; name another")
        taken[key] = name


def _plan(options: dict[str, Any]) -> tuple[Plan, dict[str, Any] | None]:
    """What is to be done, and the fixture to hold it against."""
    mode = choice(*MODES)(COMPARE if options["mode"] is None else options["mode"], "--mode")
    for key in ("check", "write_fixture"):
        if options[key] is not None and mode != COMPARE:
            raise Usage(f"{_flag(key)} needs --mode compare; leave --mode out")
    if options["check"] is not None and options["write_fixture"] is not None:
        raise Usage("--check does not go with --write-fixture; do one after the other")
    symbol = options["symbol"]
    if symbol is not None and not SYMBOL.fullmatch(symbol):
        raise Usage(f"--symbol {symbol!r:.60} is no name of one symbol; write it as the data does")
    locked = None
    if options["check"] is not None:
        locked = read_fixture(path(options["check"], "--check"), "--check")
    terms = _terms(options, {} if locked is None else locked["terms"])
    least, most = _what_is_shown(options, terms.tick)
    return Plan(mode, terms, symbol, least, most), locked


def _terms(options: dict[str, Any], locked: dict[str, Any]) -> Terms:
    """From the flags, else from the fixture, else the defaults; a flag must not contradict it."""
    found = {}
    for key, read in _TERMS.items():
        given, fixed = options[key], locked.get(key)
        value = fixed if given is None else given
        field = f"{key} of --check" if given is None and fixed is not None else _flag(key)
        found[key] = to_e9(read(_DEFAULT_TERMS[key] if value is None else value, field), field)
        if given is not None and fixed is not None and found[key] != to_e9(fixed, field):
            raise Usage(f"{_flag(key)} {given} is not the {fixed} of the fixture; leave it out")
    return Terms(
        found["tick"], found["window_ms"] // SCALE * NS_PER_MS, found["ring"] // SCALE,
        found["drift_keep"] // SCALE,
    )  # fmt: skip


def _what_is_shown(options: dict[str, Any], tick: int) -> tuple[int, int]:
    """From which difference on drifts are shown, and how many at most."""
    for one, other in (("print_threshold_ticks", "print_threshold_usd"),
                       ("max_print", "max_mismatch")):  # fmt: skip
        if options[one] is not None and options[other] is not None:
            raise Usage(f"{_flag(one)} does not go with {_flag(other)}; give one")
    eps = _number(options, "eps", "1e-9") * tick
    if options["print_threshold_usd"] is None:
        least = _number(options, "print_threshold_ticks", "1") * tick
    else:
        least = _number(options, "print_threshold_usd", "") * SCALE
    key = "max_print" if options["max_mismatch"] is None else "max_mismatch"
    most = "200" if options[key] is None else options[key]
    return shown_from(least, eps), whole(0, MOST_KEPT)(most, _flag(key))


def _number(options: dict[str, Any], key: str, default: str) -> int:
    """A number that is not below zero, at 10^9."""
    value = default if options[key] is None else options[key]
    return to_e9(number(0, _MOST_UNITS)(value, _flag(key)), _flag(key))


def _flag(key: str) -> str:
    return "--" + key.replace("_", "-")


def _deliver(replay: Replay, data: dict[str, Any], options: dict[str, Any]) -> None:
    """The files that were asked for first, so that what is printed stands for all of it."""
    if options["json"]:
        data = {**data, "drifts": [drift_line(one, replay.plan.terms.tick) for one in replay.shown]}
        text = codec.canonical(data) + "\n"
    else:
        text = "".join(line + "\n" for line in lines(replay, data, audit=options["audit"]))
    if options["write_fixture"] is not None:
        if data["failures"]:
            say("--write-fixture: nothing is locked of data that fails")
        else:
            write_whole(options["write_fixture"], fixture_text(data), "--write-fixture")
    if options["html"] is not None:
        from .md_replay_page import render_page

        write_whole(options["html"], render_page(replay, data), "--html")
    if options["out"] is not None:
        write_whole(options["out"], text, "--out")
    else:
        emit(text)


class _Shown:
    """How far the reading is, renewed on one line of a terminal; nothing elsewhere."""

    _EVERY = 4096  # lines between two looks at the clock
    _RENEW_SECONDS = 0.2

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream
        self._look_at = self._EVERY if stream is not None and stream.isatty() else 1 << 63
        self._began = self._said = time.monotonic()

    def __enter__(self) -> Callable[[int], None]:
        return self._at

    def __exit__(self, *_: object) -> None:
        if self._stream is not None and self._said != self._began:
            self._write("\r" + " " * 60 + "\r")

    def _at(self, line: int) -> None:
        if line < self._look_at:
            return
        self._look_at = line + self._EVERY
        now = time.monotonic()
        if now - self._said >= self._RENEW_SECONDS:
            self._said = now
            rate = line / (now - self._began)
            self._write("\r" + f"{line:,} lines  {rate:,.0f}/s".ljust(60))

    def _write(self, text: str) -> None:
        """A reader of the progress who went away does not end the replay."""
        assert self._stream is not None, "only a stream is looked after"
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError:
            self._stream = None
            self._look_at = 1 << 63


if __name__ == "__main__":
    sys.exit(main())
