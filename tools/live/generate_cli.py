"""`python -m tools.live generate`: a market out of one seed, as our own JSON Lines."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from .console import DEBUG, EXIT_OK, HELP, Flag, Parser, Usage, did_you_mean, emit, run, say
from .core.clock import NS_PER_S, parse_utc
from .core.errors import ContractError
from .core.market_v1 import MarketEvent
from .core.money import SCALE, to_e9
from .market.disturb import (
    Delay, Disturbance, Done, Drop, Duplicate, Lose, Mishap, disturbed,
)  # fmt: skip
from .market.generator import GeneratedMarket
from .market.importers.own import line_of
from .market.plan import (
    MAX_LEVELS, MAX_LOT, MAX_SECONDS, MAX_SEED, MAX_SPREAD, MarketPlan,
)  # fmt: skip
from .market.regimes import Regime, Schedule
from .reports.files import check_target, write_parts
from .settings import Read, number, path, symbols, whole, wrong_instant

PROG = "python -m tools.live generate"
START = "2025-01-01T00:00:00Z"
_AT_ONCE = 500
_WORDS = tuple(regime.value for regime in Regime)
_SECONDS = whole(1, MAX_SECONDS)
PARSER = Parser(
    usage=f"{PROG} [FLAGS]",
    about=f"""Generate depth, quotes and trades of some symbols out of one seed, one event a line.
The same flags give the same bytes on every machine. Regimes are {', '.join(_WORDS)};
name one, or some with their seconds: calm:30,halted:5,burst:25.""",
    flags=(
        Flag("--symbols", "A,B", "symbols (default BTCUSDT,ETHUSDT)", "market"),
        Flag("--regime", "WORD", "how the market behaves (calm)", "market"),
        Flag("--seconds", "N", "how long a single regime lasts (60)", "market"),
        Flag("--seed", "N", "seed of every draw (42)", "market"),
        Flag("--start", "INSTANT", f"when it begins ({START})", "market"),
        Flag("--tick", "PRICE", "step of prices (a basis point of the first price)", "market"),
        Flag("--lot", "QTY", "step of quantities (0.001)", "market"),
        Flag("--spread", "TICKS", "spread of a calm market (10)", "market"),
        Flag("--levels", "N", "levels a side of a calm market (10)", "market"),
        Flag("--correlation", "C", "correlation of any two symbols, 0 to 1 (0)", "market"),
        Flag("--toxic", "SHARE", "aggressors who know the next second, 0 to 1 (0)", "market"),
        Flag("--snapshots", "SECONDS", "how often the book is told whole; 0 is once (10)",
             "market"),
        Flag("--drop", "N:M", "messages N to M never come; also 7,20:25", "on the way"),
        Flag("--duplicate", "N:M", "messages N to M come twice", "on the way"),
        Flag("--delay", "N:K", "message N comes behind the K that follow it", "on the way"),
        Flag("--swap", "N", "message N and the next change places", "on the way"),
        Flag("--lose", "AT:SECONDS", "the feed is lost AT seconds from the start", "on the way"),
        Flag("--out", "FILE", "write there, whole or not at all, not to stdout", "output"),
        DEBUG,
        HELP,
    ),
    examples=(
        f"{PROG} --regime calm:30,halted:5,burst:25 --seed 7 --out market.jsonl",
        f"{PROG} --symbols AUSD,BUSD --correlation 0.8 --toxic 0.6 --seconds 5",
        f"{PROG} --seconds 5 --drop 100:105 --lose 2:1 --out gaps.jsonl",
    ),
    end="""Messages are numbered from 1, before anything happens to them.

exit codes: 0 ok, 2 wrong usage or input, 5 storage fault, 130 interrupted, 143 terminated""",
)  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """Generate and return the exit code."""
    given = sys.argv[1:] if argv is None else list(argv)
    return run(lambda: _main(given), debug=DEBUG.name in given, task="the market before its end")


def _main(argv: list[str]) -> int:
    options = PARSER.parse(argv)
    if options["help"]:
        emit(PARSER.help())
        return EXIT_OK
    market = GeneratedMarket(_plan(options))
    done: Counter[str] = Counter()

    def witness(one: Done) -> None:
        done[one.mishap.value] += 1

    events = disturbed(market.undisturbed(), market.plan.disturbances, witness)
    parts = _parts(events, done)
    if options["out"] is None:
        for part in parts:
            emit(part)
    else:
        write_parts(options["out"], parts, "--out")
    mishaps = "".join(f", {done[one.value]} {one.value}" for one in Mishap if done[one.value])
    say(f"{done['events']} events{mishaps}")
    return EXIT_OK


def _parts(events: Iterator[MarketEvent], done: Counter[str]) -> Iterator[str]:
    """The lines, some hundred together, and how many they were."""
    while lines := [line_of(event) for event in islice(events, _AT_ONCE)]:
        done["events"] += len(lines)
        yield b"".join(lines).decode("ascii")


# From texts to the plan.


def _plan(options: dict[str, Any]) -> MarketPlan:
    if options["out"] is not None:
        check_target(path(options["out"], "--out"), "--out")
    given = {
        name: read(options[flag], f"--{flag}")
        for flag, (name, read) in _FIELDS.items()
        if options[flag] is not None
    }
    start_ns = _start(START if options["start"] is None else options["start"])
    return MarketPlan(
        **{"symbols": ("BTCUSDT", "ETHUSDT"), **given},
        start_ns=start_ns,
        schedule=_schedule(options["regime"], options["seconds"]),
        disturbances=_script(options, start_ns),
    )


def _names(text: str, flag: str) -> tuple[str, ...]:
    return tuple(symbols(text, flag))


def _scaled(lowest: int, highest: int, *, above: bool = False) -> Read:
    """A reader of decimal numbers, as integers at 10^9."""
    read = number(lowest, highest, above=above)
    return lambda text, flag: to_e9(read(text, flag), flag)


# By flag: the field of the plan, and how it is read.
_FIELDS: dict[str, tuple[str, Read]] = {
    "symbols": ("symbols", _names),
    "seed": ("seed", whole(0, MAX_SEED)),
    "tick": ("tick", _scaled(0, 10**6, above=True)),
    "lot": ("lot", _scaled(0, MAX_LOT // SCALE, above=True)),
    "spread": ("spread_ticks", whole(1, MAX_SPREAD)),
    "levels": ("levels", whole(1, MAX_LEVELS)),
    "correlation": ("correlation_e9", _scaled(0, 1)),
    "toxic": ("toxic_e9", _scaled(0, 1)),
    "snapshots": ("snapshot_seconds", whole(0, MAX_SECONDS)),
}


def _start(text: str) -> int:
    try:
        return parse_utc(text, "--start")
    except ContractError as error:
        raise wrong_instant(error, "--start") from None


def _schedule(text: str | None, seconds: str | None) -> Schedule:
    """One regime for --seconds, or some that each bring their own."""
    if text is None or ":" not in text:
        regime = Regime.CALM if text is None else _regime(text)
        return ((regime, 60 if seconds is None else _SECONDS(seconds, "--seconds")),)
    if seconds is not None:
        raise Usage("--seconds does not go with a --regime that brings its own; leave one out")
    schedule = []
    for part in text.split(","):
        word, colon, lasting = part.partition(":")
        regime = _regime(word)
        if not colon:
            raise ContractError(f"--regime {word!r} lacks its seconds; write {word}:30")
        schedule.append((regime, _SECONDS(lasting, f"--regime seconds of {word}")))
    return tuple(schedule)


def _regime(word: str) -> Regime:
    if word not in _WORDS:
        known = f"{', '.join(_WORDS[:-1])} or {_WORDS[-1]}"
        raise ContractError(f"--regime {word[:60]!r} is not {known}; {did_you_mean(word, _WORDS)}")
    return Regime(word)


def _script(options: dict[str, Any], start_ns: int) -> tuple[Disturbance, ...]:
    """What is to happen to messages, by all the flags that say so."""
    script: list[Disturbance] = []
    script += [Drop(first, last) for first, last in _pairs(options, "drop")]
    script += [Duplicate(first, last) for first, last in _pairs(options, "duplicate")]
    script += [Delay(at, by) for at, by in _pairs(options, "delay")]
    script += [Delay(at, 1) for at, _ in _pairs(options, "swap")]
    for at, lasting in _pairs(options, "lose"):
        from_ns = start_ns + at * NS_PER_S
        script.append(Lose(from_ns, from_ns + lasting * NS_PER_S))
    return tuple(script)


_RANGE = r"([0-9]{1,12})(?::([0-9]{1,12}))?"  # one number is a range of one
_BOTH = r"([0-9]{1,12}):([0-9]{1,12})"
_WRITTEN = {
    "drop": (_RANGE, "100 or 100:105"),
    "duplicate": (_RANGE, "100 or 100:105"),
    "delay": (_BOTH, "100:3"),
    "swap": (r"([0-9]{1,12})()", "100"),
    "lose": (_BOTH, "10:5"),
}  # fmt: skip


def _pairs(options: dict[str, Any], flag: str) -> Iterator[tuple[int, int]]:
    """The numbers of a flag, part by part."""
    form, such = _WRITTEN[flag]
    parts = () if options[flag] is None else options[flag].split(",")
    for part in parts:
        match = re.fullmatch(form, part, re.ASCII)
        if match is None:
            raise ContractError(f"--{flag} {part[:60]!r} is not understood; write it like {such}")
        yield int(match[1]), int(match[2] or match[1])


if __name__ == "__main__":
    sys.exit(main())
