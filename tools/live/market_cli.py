"""`python -m tools.live import PATH` and `record`: market data into a journal of its own."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Sequence
from typing import Any

from .console import (
    DEBUG, EXIT_CHECK_FAILED, EXIT_OK, HELP, Flag, Parser, Usage, emit, first_word, run, say,
)  # fmt: skip
from .core import codec
from .core.clock import environment_clock
from .core.errors import ContractError, InvariantBroken
from .core.quiet_gc import quiet_gc
from .journal.market_facts import IMPORT, Counts
from .journal.os_disk import OsDisk
from .market.normalize.wire import WireRefused
from .market_journal import MarketJournal
from .market_source import MarketSource, open_market

MOST_SHOWN = 5
_SOURCE = Flag("--source", "NAME", "whose data it is, such as binance-spot", "data")
_SYMBOL = Flag("--symbol", "SYMBOL", "of what, where the data does not say it", "data")
_JOURNAL = Flag("--journal", "DIR", "a new folder for the journal", "data")
_STRICT = Flag("--strict", "", "exit 1 when anything was refused", "output")
_JSON = Flag("--json", "", "print JSON", "output")
COMMON = (
    _JOURNAL, _SOURCE, _SYMBOL, _STRICT, _JSON, Flag(DEBUG.name, "", DEBUG.help, "general"),
    Flag(HELP.name, "", HELP.help, "general"),
)  # fmt: skip
END = """exit codes: 0 ok, 1 refusals under --strict or counts that do not add up, 2 wrong usage or
  input, 3 damaged journal, 4 journal in use, 5 storage fault, 130 interrupted,
  143 terminated"""
PROG = "python -m tools.live import"
PARSER = Parser(
    usage=f"{PROG} PATH --journal DIR [FLAGS]",
    about="Read market data into a journal: a capture, a dump or table (plain, gzip or zip), or\n"
    "another market journal. What a file is, its content says. The journal appears whole\n"
    "or not at all.",
    flags=(Flag("--path", "PATH", "the market data; also the first word", "data"), *COMMON),
    examples=(
        f"{PROG} btcusdt.jsonl.gz --journal market-1",
        f"{PROG} BTCUSDT-aggTrades-2024-08-08.zip --journal market-2",
        "python -m tools.live journal show market-1 --kind md.trade --limit 3",
    ),
    end=END,
)


def main(argv: Sequence[str] | None = None) -> int:
    """Import and return the exit code."""
    given = sys.argv[1:] if argv is None else list(argv)
    return run(
        lambda: _main(given), debug=DEBUG.name in given, task="the import",
        again="nothing was left; start it again",
    )  # fmt: skip


def _main(argv: list[str]) -> int:
    options = PARSER.parse(first_word(argv, "--path"))
    if options["help"]:
        emit(PARSER.help())
        return EXIT_OK
    path = options["path"]
    if not path or "\0" in path:
        raise Usage(f"import needs market data; write {PROG} PATH --journal DIR")
    folder = new_folder(options["journal"], f"{PROG} PATH --journal DIR")
    market = open_market(path, field="PATH", symbol=options["symbol"], source=options["source"])
    return _import(market, folder, options)


def new_folder(named: str | None, command: str) -> str:
    """The folder of a journal that is to be begun: none that is there with anything in it."""
    if not named or "\0" in named:
        raise Usage(f"--journal names the folder of the journal; write {command}")
    if os.path.lexists(named):
        if not os.path.isdir(named):
            raise ContractError(f"--journal {named!r} is no folder; name a new one")
        if os.listdir(named):
            raise ContractError(f"--journal {named!r} is there and not empty; name a new folder")
    above = os.path.dirname(os.path.abspath(named))
    if not os.path.isdir(above):
        raise ContractError(f"--journal {named!r}: there is no folder {above!r}; create it first")
    return named


def _import(market: MarketSource, folder: str, options: dict[str, Any]) -> int:
    """Write the journal; whatever ends this early takes along what was begun."""
    clock = environment_clock()
    about, is_ours = market.describe(), not os.path.isdir(folder)
    if is_ours:
        os.mkdir(folder, 0o700)
    holder = f"process {os.getpid()} (import)"
    journal: MarketJournal | None = None
    shown: list[str] = []
    try:
        journal = MarketJournal.begin(
            OsDisk(folder), about, how=IMPORT, holder=holder, time_ns=clock.now_ns()
        )
        with quiet_gc():
            for number, rows, items in market.heard():
                refused = journal.hear(rows, items)
                if refused:
                    note(shown, number, refused)
        counts = journal.counts(market.where())
        broken = counts.broken(journal.stored())
        if broken is not None:
            raise InvariantBroken(f"{broken}; report it with the file")
        head = journal.finish(counts, clock.now_ns())
    except BaseException:
        if journal is not None:
            journal.let_go()
            _empty(folder)
        if is_ours and not os.listdir(folder):
            os.rmdir(folder)
        raise
    return tell(counts, shown, options, about=about, folder=folder, head=head, verb="imported")


def _empty(folder: str) -> None:
    """Take away the journal that was begun; without one, what is there is somebody else's."""
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        shutil.rmtree(path) if os.path.isdir(path) else os.remove(path)


def note(shown: list[str], number: int, refused: Sequence[WireRefused]) -> None:
    """Keep the first refusals, to be shown with their lines."""
    for one in refused[: MOST_SHOWN - len(shown)]:
        what = f" {one.field}" if one.field else ""
        shown.append(f"line {number}: {one.fault.value}{what} {one.shown}".rstrip())


def tell(
    counts: Counts, shown: list[str], options: dict[str, Any], *, about: dict[str, Any],
    folder: str, head: str, verb: str,
) -> int:  # fmt: skip
    """Print what came of it; 1 when something was refused that must not be."""
    if options["json"]:
        told = {**counts.payload(), "about": about, "journal": folder, "head_hash": head,
                "first_refusals": shown}  # fmt: skip
        emit(codec.canonical(told) + "\n")
    else:
        emit(_readable(counts, shown, about, folder, head, verb))
    if options["strict"] and counts.all_refused:
        say(f"error: check: {counts.all_refused:,} refused, and --strict allows none; see the"
            " first ones, or leave --strict out")  # fmt: skip
        return EXIT_CHECK_FAILED
    return EXIT_OK


def _readable(
    counts: Counts, shown: list[str], about: dict[str, Any], folder: str, head: str, verb: str
) -> str:
    of = " ".join(str(about[name]) for name in ("format", "source", "symbol") if name in about)
    lines = [f"{verb} {of} into {shlex.quote(folder)}"]
    lines.append(f"{counts.lines:>12,} lines, {counts.passed_over:,} of them without data")
    lines += [f"{number:>12,} {kind}" for kind, number in sorted(counts.events.items())]
    lines += [f"{number:>12,} refused: {code}" for code, number in sorted(counts.refused.items())]
    lines += [f"{'':>13}{one}" for one in shown]
    return "\n".join([*lines, f"head {head}"]) + "\n"


if __name__ == "__main__":
    sys.exit(main())
