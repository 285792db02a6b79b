"""`python -m tools.live VERB`: one umbrella over the commands, each imported only when called."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module

from . import __version__
from .console import EXIT_OK, Usage, did_you_mean, emit, run

VERBS = {
    "demo": ("exec_demo", "run the shadow demo and print its report"),
    "risk": ("risk_monitor_cli", "show the risk monitor at work"),
    "journal": ("journal_cli", "look at a journal, and look after it"),
    "replay": ("replay_cli", "live a journal again: rebuild, verify, travel, fork"),
    "reconcile": ("reconcile_cli", "hold our books against the exchange's, both from files"),
    "conform": ("conform_cli", "certify an exchange adapter: the cases that all must pass"),
    "generate": ("generate_cli", "make a market out of one seed: depth, quotes, trades, mishaps"),
    "import": ("market_cli", "read market data of any format into a journal"),
    "record": ("market_record", "keep what a feed says, from standard input, in a journal"),
    "md-replay": ("md_replay", "replay recorded market data: books, gaps, drift"),
    "backtest": ("backtest_cli", "run a strategy over a market of the past; figures, tearsheet"),
    "sweep": ("sweep_cli", "run many backtests: a grid or a random search of settings"),
    "drift": ("drift_cli", "hold a run against real fills: how much kinder was it than life"),
    "schema": ("", "print the JSON Schema of what a verb prints: report, backtest, ..."),
}
_ALIASES = {"md_replay": "md-replay"}  # as its module is spelled
_HELP = ("-h", "--help")


def main(argv: Sequence[str] | None = None) -> int:
    """Hand the rest of the command line to the verb's command."""
    given = sys.argv[1:] if argv is None else list(argv)
    verb = given[0] if given else "--help"
    verb = _ALIASES.get(verb, verb)
    if verb in VERBS and VERBS[verb][0]:
        code: int = import_module(f".{VERBS[verb][0]}", __package__).main(given[1:])
        return code
    return run(lambda: _own(verb, given[1:]), debug="--debug" in given, task="the command")


def _own(verb: str, rest: list[str]) -> int:
    """What the umbrella answers itself."""
    if verb in _HELP or (verb == "schema" and rest and rest[0] in _HELP):
        emit(_usage())
    elif verb == "schema":
        emit(_schema(rest))
    elif verb == "--version":
        emit(f"shadow-trading-toolkit {__version__}\n")
    else:
        raise Usage(f"unknown verb {verb[:60]!r} at argument 1; {did_you_mean(verb, VERBS)}")
    return EXIT_OK


def _schema(names: list[str]) -> str:
    from .reports import schema

    if len(names) > 1:
        raise Usage(f"unexpected word {names[1][:60]!r} at argument 3; name one schema")
    name = names[0] if names else "report"
    if name not in schema.SCHEMAS:
        hint = did_you_mean(name, schema.SCHEMAS)
        raise Usage(f"unknown schema {name[:60]!r} at argument 2; {hint}")
    return schema.text(name)


def _usage() -> str:
    lines = ["usage: python -m tools.live VERB [FLAGS]", ""]
    lines += [f"  {verb:<10} {text}" for verb, (_, text) in VERBS.items()]
    lines += ["", "examples:", "  python -m tools.live demo --shadow"]
    lines += ["  python -m tools.live demo --help", "  python -m tools.live schema report"]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
