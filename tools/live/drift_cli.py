"""How much kinder than life was the simulation: `python -m tools.live drift FILLS --run RUN`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from .console import (
    DEBUG, EXIT_CHECK_FAILED, EXIT_OK, HELP, Flag, Parser, Usage, emit, first_word, run, say,
)  # fmt: skip
from .core import codec
from .core.clock import NS_PER_MS
from .core.errors import ContractError
from .core.money import SCALE, positive_e9, text, to_e9
from .drift_files import open_life, open_run
from .life.deals import Spelling
from .life.fit import fit_fees, fit_latency, latency_of, way_ns
from .life.form import Found, drift_form, percent_e9
from .life.match import Window, match
from .life.measure import SEED, measure
from .life.table import drift_table
from .life.terms_text import terms_toml
from .reports.files import check_target, write_whole
from .settings import MAX_SEED, number, path, whole
from .sim.queue_fit import POWERS, checked_powers

PROG = "python -m tools.live drift"
_MOST_MS = 86_400_000
_CHECKS = ("most_bps", "most_missed", "most_ghosts", "most_ms", "most_refused")
PARSER = Parser(
    usage=f"{PROG} FILLS --run RUN [FLAGS]",
    about="""Hold the fills of a real account against those of a shadow run: how far price, time
and fee are apart, what the run missed, what it made up, and on what terms life would have been
simulated better. FILLS is told by its content: JSON of ccxt, Alpaca, Binance or ours, an
export of Binance as CSV, freqtrade's SQLite, or a journal of ours.""",
    flags=(
        Flag("--fills", "FILE", "fills of life; also the first word", "what to compare"),
        Flag("--run", "RUN", "the run's journal folder, or its line as JSON lines",
             "what to compare"),
        Flag("--map", "A=B,..", "our names for symbols that the rule gets wrong", "reading"),
        Flag("--convert", "A=N,..", "what an asset is worth that fees were paid in", "reading"),
        Flag("--offset-ms", "N", "how far life's clock is behind ours (0)", "reading"),
        Flag("--within-ms", "N", "pair orders without a name no further apart (60000)", "pairing"),
        Flag("--within-bps", "N", "the same for their prices (100)", "pairing"),
        Flag("--most-bps", "N", "fail when the run was kinder by more", "checks"),
        Flag("--most-missed", "P", "fail when more than P % of life's value is missed", "checks"),
        Flag("--most-ghosts", "P", "fail when more than P % of the run's value is made up",
             "checks"),
        Flag("--most-ms", "N", "fail when the run filled earlier by more, at p90", "checks"),
        Flag("--most-refused", "N", "fail when more rows are refused", "checks"),
        Flag("--market", "PATH", "the recorded market: fit a queue model to it", "fitting"),
        Flag("--powers", "N,N,..", f"powers to try ({','.join(POWERS)})", "fitting"),
        Flag("--terms", "FILE", "write what was fitted as terms of an exchange", "fitting"),
        Flag("--seed", "N", f"of the draws behind intervals ({SEED})", "fitting"),
        Flag("--json", "", "one canonical JSON line instead of the table", "output"),
        DEBUG,
        HELP,
    ),
    examples=(
        f"{PROG} trades.json --run run-1",
        f"{PROG} trades.json --run run-1 --most-bps 2 --most-missed 5",
        f"{PROG} trades.json --run run-1 --market btcusdt.jsonl.gz --terms life.toml",
    ),
    end="""exit codes: 0 ok, 1 nothing matched, or a check failed, 2 wrong usage or input, 3 damaged
journal, 5 storage fault, 130 interrupted, 143 terminated""",
)  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """Compare, print, and return the exit code."""
    given = sys.argv[1:] if argv is None else list(argv)
    return run(lambda: _main(given), debug=DEBUG.name in given, task="the comparison")


def _main(argv: list[str]) -> int:
    options = PARSER.parse(first_word(argv, "--fills"))
    if options["help"]:
        emit(PARSER.help())
        return EXIT_OK
    for name, what in (("fills", "FILLS"), ("run", "--run RUN")):
        if not options[name] or "\0" in options[name]:
            raise Usage(f"{what} is missing; write {PROG} FILLS --run RUN")
    if options["terms"] is not None:
        check_target(options["terms"], "--terms")
    limits = _limits(options)
    found = compare(options)
    form = drift_form(found)
    failed = _exceeded(found, limits)
    form["failed"] = failed
    emit(codec.canonical(form) + "\n" if options["json"] else drift_table(found))
    if options["terms"] is not None:
        queue = found.queue["best"] if found.queue is not None and found.queue["tells"] else None
        terms = terms_toml(found.latency, found.round_trip, found.fees, queue)
        write_whole(options["terms"], terms, "--terms")
    for one in failed:
        say(f"check failed: {one}")
    return EXIT_CHECK_FAILED if failed else EXIT_OK


def compare(options: dict[str, Any]) -> Found:
    """Everything that the options ask for."""
    told = _pairs(options["map"], "--map")
    prices = {name: positive_e9(value, f"--convert {name}")
              for name, value in _pairs(options["convert"], "--convert").items()}  # fmt: skip
    seed = _whole(options, "seed", SEED, 0, MAX_SEED)
    apart = "100" if options["within_bps"] is None else options["within_bps"]
    window = Window(
        _whole(options, "within_ms", 60_000, 0, _MOST_MS) * NS_PER_MS,
        to_e9(number(0, 10_000)(apart, "--within-bps"), "--within-bps"),
    )
    powers = list(POWERS) if options["powers"] is None else options["powers"].split(",")
    checked_powers(powers)
    life = open_life(
        options["fills"], spelling=Spelling(told), prices=prices,
        offset_ns=_whole(options, "offset_ms", 0, -_MOST_MS, _MOST_MS) * NS_PER_MS,
    )  # fmt: skip
    deals = open_run(options["run"], spelling=Spelling(told))
    matched = match(life.deals, deals, window)
    latency, round_trip, queue = fit_latency(matched), latency_of(life.round_trips), None
    if options["market"] is not None:
        from .drift_queue import fit_queue
        from .market_source import open_market

        market = open_market(path(options["market"], "--market"), field="--market")
        queue = fit_queue(matched, way_ns(latency, round_trip), market, powers, seed)
    filled = len([one for one in deals if one.filled])
    return Found(
        life.file, len(life.deals), len(deals), filled, window, matched,
        measure(matched, seed=seed), latency, round_trip, fit_fees(life.file.fills, seed), queue,
    )  # fmt: skip


def _whole(options: dict[str, Any], key: str, default: int, low: int, high: int) -> int:
    value = options[key]
    if value is None:
        return default
    found: int = whole(low, high)(value, "--" + key.replace("_", "-"))
    return found


def _pairs(value: str | None, flag: str) -> dict[str, str]:
    """`A=B,C=D` as a dict."""
    found: dict[str, str] = {}
    for part in () if value is None else value.split(","):
        name, equals, meant = part.partition("=")
        if not name or not equals or not meant or name in found:
            raise ContractError(f"{flag} {part[:60]!r} is no NAME=VALUE of its own; write A=B,C=D")
        found[name] = meant
    return found


def _limits(options: dict[str, Any]) -> dict[str, int]:
    """The checks that were asked for, at 10^9."""
    limits = {}
    for key in _CHECKS:
        if options[key] is not None:
            flag = "--" + key.replace("_", "-")
            limits[key] = to_e9(number(0, _MOST_MS)(options[key], flag), flag)
    return limits


def _exceeded(found: Found, limits: dict[str, int]) -> list[str]:
    """What was asked for and is not kept; nothing matched is a failure without being asked."""
    drift = found.drift
    if drift.kindness is None:
        return ["nothing matched: no order filled in life and in the run"]
    sums = drift.whole.sums
    figures = {
        "most_bps": drift.kindness.total.value,
        "most_missed": percent_e9(sums.missed_value_e18, sums.life_value_e18),
        "most_ghosts": percent_e9(sums.ghost_value_e18, sums.run_value_e18),
        "most_ms": drift.whole.time_ns.quantiles[1] * SCALE // NS_PER_MS,
        "most_refused": len(found.file.refused) * SCALE,
    }
    return [
        f"{key.replace('_', ' ')} {text(limit)}, found {text(figures[key])}"
        for key, limit in limits.items() if figures[key] > limit
    ]  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
