"""The demo: parse the flags, wire the parts, print one canonical JSON report."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from . import __version__, settings
from .audit.laws import LawsBroken
from .console import (
    DEBUG, EXIT_CHECK_FAILED, EXIT_OK, HELP, VERSION, Flag, Parser, Progress, Usage,
    emit, run, say,
)  # fmt: skip
from .core import codec
from .core.clock import FREEZE_VARIABLE, NS_PER_MS, environment_now_ms, parse_utc
from .core.errors import ContractError, LineFailed
from .core.line import Line
from .edge_modes import COMPUTED, begun_as
from .exchange import IExchangeClient
from .exchange_choice import check_choice, exchange_of, is_simulated, misheard, world_of
from .execution_loop import ExecutionLoop, wire_shadow
from .market.synthetic import SyntheticMarket
from .params import ExecutionParams, Feed
from .reports.files import check_target
from .reports.shadow_report import ShadowReport
from .run_end import deliver, verdict

if TYPE_CHECKING:
    from .journaled import Book
    from .market.recorded import RecordedMarket

PROG = "python -m tools.live.exec_demo"
_JOURNAL_FLAGS = ("durable_state", "state_dir", "recover", "sync_each_send", "checkpoint_every")
ABOUT = "Trade a market in shadow mode on a fake or simulated exchange; print a JSON report."
EXAMPLES = (
    f"{PROG} --shadow",
    f"{PROG} --shadow --iterations 20 --edge-threshold 3.0 --pretty",
    f"{PROG} --shadow --edge computed --requote --html run.html",
    f"{PROG} --shadow --quotes quotes.csv --out report.json",
    f"{PROG} --shadow --market btcusdt.jsonl.gz --requote",
    f"{PROG} --shadow --exchange simulated --delays normal --requote",
    f"{PROG} --shadow --freeze-utc 2025-01-01T00:00:00Z",
    f"{PROG} --shadow --journal run-1",
)
END = """Flags win over the config file; MM_FREEZE_UTC_ISO freezes the clock, too.

exit codes: 0 ok, 1 a check failed or --shadow is missing, 2 wrong usage or input,
  3 damaged journal, 4 journal in use, 5 storage fault, 6 the journal is halted, or the
  run ended frozen and --fail-on-freeze was given, 130 interrupted, 143 terminated"""


FLAGS = (
    Flag("--shadow", "", "required: no order leaves this process"),
    *(setting.flag for setting in settings.SETTINGS),
    Flag("--out", "FILE", "write the report to a file instead of stdout", "output"),
    Flag("--html", "FILE", "write the report as a page, too", "output"),
    Flag("--pretty", "", "indent the report", "output"),
    Flag("--speed", "PACE", "pace of --market: max (default), or times real time such as x10",
         "output"),
    Flag("--progress", "", "show progress even when stderr is no terminal", "output"),
    Flag("--fail-on-freeze", "", "exit 6 when the run ends frozen", "output"),
    Flag("--journal", "DIR", "record the run there; go on with one interrupted", "journal"),
    Flag("--durable-state", "", "the same in --state-dir", "journal"),
    Flag("--state-dir", "DIR", "its folder; artifacts/state when left out", "journal"),
    Flag("--recover", "", "refuse to begin a new run: one must have been interrupted", "journal"),
    Flag("--sync-each-send", "", "make each command durable before it is sent", "journal"),
    Flag("--checkpoint-every", "N", "entries between two checkpoints, 0 for none (default 100000)",
         "journal"),
    Flag("--config", "FILE", "settings from a .toml or .json file", "general"),
    Flag("--freeze-utc", "ISO", "freeze the clock, such as 2025-01-01T00:00:00Z", "general"),
    DEBUG,
    VERSION,
    HELP,
)
PARSER = Parser(
    usage=f"{PROG} --shadow [FLAGS]", about=ABOUT, flags=FLAGS, examples=EXAMPLES, end=END
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demo and return its exit code."""
    given = sys.argv[1:] if argv is None else list(argv)
    return run(lambda: _main(given), debug=DEBUG.name in given)


def console() -> None:
    """The installed command."""
    sys.exit(main())


def _main(argv: list[str]) -> int:
    options = PARSER.parse(argv)
    if options["help"] or options["version"]:
        version = f"shadow-trading-toolkit {__version__}\n"
        emit(PARSER.help() if options["help"] else version)
        return EXIT_OK
    if not options["shadow"]:
        say("Error: --shadow flag is required")
        return EXIT_CHECK_FAILED
    config = {} if options["config"] is None else settings.load_config(options["config"])
    chosen = settings.resolve(options, config)
    if not chosen["symbols"]:
        say("Error: At least one symbol is required")
        return EXIT_CHECK_FAILED
    _check_files(options, chosen)
    book = _book(options)
    start_ms = _start_ms(options["freeze_utc"])
    if book is not None and book.found.start_ns is not None:
        start_ms = book.found.start_ns // NS_PER_MS  # an interrupted run goes on at its own time
    given = {key for key in chosen if options.get(key) not in (None, False) or key in config}
    check_choice(chosen, given)
    exchange = exchange_of(chosen)
    feed = _feed(chosen, given, options["speed"], exchange, start_ms)
    line = Line() if options["html"] is not None else None
    edge = begun_as(chosen["edge"], None if book is None else book.found.edge)
    loop = _wire(chosen, edge, start_ms, line, exchange)
    try:
        data = _run(loop, chosen, feed, options["progress"], book, start_ms)
    except LawsBroken as broken:
        found = [{"law": one.law, "detail": one.detail} for one in broken.violations]
        emit(codec.canonical({"violations": found}) + "\n")
        say(f"error: check: {broken}; keep this output and report it")
        return EXIT_CHECK_FAILED
    report = ShadowReport(data, line.entries if line is not None else ())
    text = codec.pretty(data) + "\n" if options["pretty"] else str(report)
    deliver(text, report.html, html=options["html"], out=options["out"])
    halted_in = book.folder if book is not None and book.halted else None
    return verdict(data["risk"], fail_on_freeze=options["fail_on_freeze"], halted_in=halted_in)


def _check_files(options: dict[str, Any], chosen: dict[str, Any]) -> None:
    """Refuse, before anything runs, outputs that cannot be written or would destroy an input."""
    inputs = {
        "--quotes": chosen["quotes"], "--market": chosen["market"], "--config": options["config"],
    }  # fmt: skip
    taken = {flag: name for flag, name in inputs.items() if name is not None}
    for flag in ("--out", "--html"):
        name = options[flag[2:]]
        if name is None:
            continue
        check_target(name, flag)
        for other, used in taken.items():
            if settings.same_file(name, used):
                raise Usage(f"{flag} {name!r} is the file of {other}, too; name another")
        taken[flag] = name


def _start_ms(asked: str | None) -> int:
    """The instant of the run. A wrong environment is refused even where the flag wins over it."""
    field = FREEZE_VARIABLE
    try:
        now_ms = environment_now_ms()
        if asked is None:
            return now_ms
        field = "--freeze-utc"
        return parse_utc(asked, field) // NS_PER_MS
    except ContractError as error:
        raise settings.wrong_instant(error, field) from None


def _feed(
    chosen: dict[str, Any],
    given: set[str],
    speed: str | None,
    exchange: IExchangeClient,
    start_ms: int,
) -> Feed | None:
    """What is to be traded instead of the synthetic market, if anything."""
    named = [f"--{key}" for key in ("quotes", "market") if chosen[key] is not None]
    for alone, with_market in (("speed", speed), ("source", chosen["source"])):
        if with_market is not None and chosen["market"] is None:
            raise Usage(f"--{alone} says how to read --market; name one")
    if len(named) > 1:
        raise Usage("--quotes and --market are two markets; leave one out")
    if named and "iterations" in given:
        what = "every row is a step" if named == ["--quotes"] else "every quote is a step"
        raise Usage(f"--iterations does not go with {named[0]}, where {what}; leave one out")
    symbols = chosen["symbols"] if "symbols" in given else None
    if named == ["--market"]:
        if "edge" not in given:
            chosen["edge"] = COMPUTED  # a script knows nothing of what was recorded
        return _market(chosen, symbols, speed, exchange)
    market: SyntheticMarket | RecordedMarket
    if named:
        from .market.recorded import RecordedMarket

        market = RecordedMarket(chosen["quotes"], symbols, "--quotes")
    else:
        start_ns = start_ms * NS_PER_MS
        market = SyntheticMarket(chosen["symbols"], chosen["iterations"], start_ns)
    if is_simulated(chosen):
        return world_of(exchange, market)
    return misheard(exchange, market) or (market if named else None)


def _market(
    chosen: dict[str, Any],
    symbols: list[str] | None,
    speed: str | None,
    exchange: IExchangeClient,
) -> Feed:
    """A recorded market at its pace; its modules are loaded only then."""
    from .market.feed import MarketFeed
    from .market_pace import MAX, Paced, read_pace
    from .market_source import open_picked

    pace = read_pace(speed or MAX, "--speed")
    symbol = symbols[0] if symbols is not None and len(symbols) == 1 else None
    source = chosen["source"]
    market = open_picked(chosen["market"], field="--market", symbol=symbol, source=source)
    feed: Feed
    if is_simulated(chosen):
        feed = world_of(exchange, market, symbols, source)
    else:
        bad = misheard(exchange, market, symbols, source)
        feed = MarketFeed(market, symbols, source) if bad is None else bad
    return feed if pace is None else Paced(feed, pace)


def _wire(
    chosen: dict[str, Any],
    edge: str,
    start_ms: int,
    line: Line | None,
    exchange: IExchangeClient,
) -> ExecutionLoop:
    return wire_shadow(
        max_inventory_usd_per_symbol=chosen["max_inv"],
        max_total_notional_usd=chosen["max_total"],
        edge_freeze_threshold_bps=chosen["edge_threshold"],
        exchange=exchange,
        fee_maker_bps=chosen["fee_maker_bps"],
        fee_taker_bps=chosen["fee_taker_bps"],
        edge=edge,
        retain=chosen["retain"],
        line=line,
        clock=lambda: start_ms,
    )


def _book(options: dict[str, Any]) -> Book | None:
    """The journal that the flags ask for; its modules are loaded only then."""
    if not any(options[name] for name in _JOURNAL_FLAGS) and options["journal"] is None:
        return None
    from .journaled import Book, checkpoint_every, folder_of

    return Book(
        folder_of(options), recover=options["recover"], sync_each_send=options["sync_each_send"],
        checkpoint_every=checkpoint_every(options),
    )  # fmt: skip


def _run(
    loop: ExecutionLoop,
    chosen: dict[str, Any],
    feed: Feed | None,
    show: bool,
    book: Book | None,
    start_ms: int,
) -> dict[str, Any]:
    params = ExecutionParams(
        chosen["symbols"],
        chosen["iterations"],
        chosen["max_inv"],
        chosen["max_total"],
        chosen["edge_threshold"],
        chosen["base_qty"],
        chosen["spread_bps"],
        chosen["requote"],
    )
    if book is None:
        return _trade(loop, params, feed, show, None)
    if feed is None:
        feed = SyntheticMarket(params.symbols, params.iterations, start_ms * NS_PER_MS)
    try:
        book.begin(loop, params, feed, start_ms * NS_PER_MS)
        data = _trade(loop, params, feed, show, book)
        book.finish(data, loop)
        return data
    except LineFailed as failed:
        book.halt(loop, failed)
        raise
    finally:
        book.close()


def _trade(
    loop: ExecutionLoop, params: ExecutionParams, feed: Feed | None, show: bool, book: Book | None
) -> dict[str, Any]:
    stats, monitor, stream = loop.stats, loop.risk_monitor, sys.stderr
    shown: Progress | None = None
    if stream is not None and (show or stream.isatty()):
        shown = Progress(stream, lambda: stats["orders_placed"], monitor.is_frozen)
    try:
        after_step = shown if book is None else book.watch(loop, shown)
        return loop.run_shadow(params, feed, after_step)
    finally:
        if shown is not None:
            shown.close()


if __name__ == "__main__":
    console()
