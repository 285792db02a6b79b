"""The demo: parse the flags, wire the parts, print one canonical JSON report."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from . import __version__, settings
from .audit.laws import LawsBroken
from .console import EXIT_CHECK_FAILED, EXIT_HALTED, EXIT_OK, Parser, Progress, Usage, run, say
from .core import codec
from .core.clock import NS_PER_MS, environment_now_ms, parse_utc
from .core.line import Line
from .core.money import to_e9
from .exchange import FakeExchangeClient
from .execution_loop import ExecutionLoop, ExecutionParams, Feed
from .order_store import InMemoryOrderStore
from .portfolio.ledger import Ledger
from .reports.files import check_target, write_whole
from .reports.shadow_report import ShadowReport
from .risk_monitor import RuntimeRiskMonitor

PROG = "python -m tools.live.exec_demo"
EPILOG = f"""examples:
  {PROG} --shadow
  {PROG} --shadow --symbols BTCUSDT,ETHUSDT --iterations 20 --edge-threshold 3.0
  {PROG} --shadow --edge computed --iterations 500 --requote --html run.html
  {PROG} --shadow --quotes quotes.csv --out report.json
  MM_FREEZE_UTC_ISO=2025-01-01T00:00:00Z {PROG} --shadow --pretty

exit codes: 0 ok, 1 a check failed, 2 bad usage or input, 5 storage fault,
  6 frozen and --fail-on-freeze was given, 130 and 143 interrupted or terminated
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demo and return its exit code."""
    given = sys.argv[1:] if argv is None else list(argv)
    return run(lambda: _main(given), debug="--debug" in given)


def console() -> None:
    """The installed command."""
    sys.exit(main())


def _main(argv: list[str]) -> int:
    options = _parser().parse(argv)
    if not options.shadow:
        say("Error: --shadow flag is required")
        return EXIT_CHECK_FAILED
    config = {} if options.config is None else settings.load_config(options.config)
    chosen = settings.resolve(vars(options), config)
    if not chosen["symbols"]:
        say("Error: At least one symbol is required")
        return EXIT_CHECK_FAILED
    _check_files(options, chosen)
    frozen_ns = None if options.freeze_utc is None else parse_utc(options.freeze_utc, "--freeze-utc")
    feed = _feed(chosen, {**config, **{k: v for k, v in vars(options).items() if v is not None}})
    line = Line() if options.html is not None else None
    loop = _wire(chosen, frozen_ns, line)
    try:
        data = _run(loop, chosen, feed, options.progress)
    except LawsBroken as broken:
        found = [{"law": one.law, "detail": one.detail} for one in broken.violations]
        sys.stdout.write(codec.canonical({"violations": found}) + "\n")
        say(f"error: check: {broken}")
        return EXIT_CHECK_FAILED
    _deliver(ShadowReport(data, line.entries if line is not None else ()), options)
    return EXIT_HALTED if options.fail_on_freeze and data["risk"]["frozen"] else EXIT_OK


def _parser() -> Parser:
    parser = Parser(
        prog=PROG,
        description="Trade a market in shadow mode on a seeded fake exchange; print a JSON report.",
        epilog=EPILOG,
    )
    add = parser.add_argument
    add("--shadow", action="store_true", help="required: no order leaves this process")
    for setting in settings.SETTINGS:
        if setting.read is settings.switch:
            add(setting.flag, action="store_true", default=None, help=setting.help)
        else:
            shown = setting.default
            shown = ",".join(shown) if isinstance(shown, list) else shown
            text = setting.help if shown is None else f"{setting.help} (default {shown})"
            add(setting.flag, metavar=setting.metavar, help=text)
    add("--config", metavar="FILE", help="settings from a .toml or .json file; flags win over it")
    add("--freeze-utc", metavar="ISO", help="freeze the clock, such as 2025-01-01T00:00:00Z")
    add("--out", metavar="FILE", help="write the report to a file instead of stdout")
    add("--html", metavar="FILE", help="write the report as a page, too")
    add("--pretty", action="store_true", help="indent the report")
    add("--progress", action="store_true", help="show progress even if stderr is no terminal")
    add("--fail-on-freeze", action="store_true", help="exit 6 when the run ends frozen")
    add("--debug", action="store_true", help="show the traceback of an error")
    add("--version", action="version", version=f"shadow-trading-toolkit {__version__}")
    return parser


def _check_files(options: argparse.Namespace, chosen: dict[str, Any]) -> None:
    """Refuse, before anything runs, outputs that cannot be written or would destroy an input."""
    outputs = {flag: getattr(options, flag[2:]) for flag in ("--out", "--html")}
    inputs = {"--quotes": chosen["quotes"], "--config": options.config}
    taken = {flag: name for flag, name in inputs.items() if name is not None}
    for flag, name in outputs.items():
        if name is None:
            continue
        check_target(name, flag)
        for other, used in taken.items():
            if settings.same_file(name, used):
                raise Usage(f"{flag} and {other} are the same file {name!r}; name another")
        taken[flag] = name


def _feed(chosen: dict[str, Any], asked: dict[str, Any]) -> Feed | None:
    if chosen["quotes"] is None:
        return None
    if "iterations" in asked:
        raise Usage("--iterations does not go with --quotes: every row of the file is a step")
    from .market.recorded import RecordedMarket

    return RecordedMarket(chosen["quotes"], chosen["symbols"] if "symbols" in asked else None)


def _wire(chosen: dict[str, Any], frozen_ns: int | None, line: Line | None) -> ExecutionLoop:
    ledger = Ledger(
        fee_maker_bps=to_e9(chosen["fee_maker_bps"], "--fee-maker-bps"),
        fee_taker_bps=to_e9(chosen["fee_taker_bps"], "--fee-taker-bps"),
    )
    monitor = RuntimeRiskMonitor(
        max_inventory_usd_per_symbol=chosen["max_inv"],
        max_total_notional_usd=chosen["max_total"],
        edge_freeze_threshold_bps=chosen["edge_threshold"],
        ledger=ledger,
    )
    exchange = FakeExchangeClient(
        fill_rate=chosen["fill_rate"],
        reject_rate=chosen["reject_rate"],
        latency_ms=chosen["latency_ms"],
        partial_fill_rate=chosen["partial_fill_rate"],
        seed=chosen["seed"],
    )
    store = InMemoryOrderStore(retain=chosen["retain"])
    start_ms = environment_now_ms() if frozen_ns is None else frozen_ns // NS_PER_MS
    return ExecutionLoop(
        exchange, store, monitor, lambda: start_ms, edge=chosen["edge"], line=line
    )


def _run(
    loop: ExecutionLoop, chosen: dict[str, Any], feed: Feed | None, show: bool
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
    stats, monitor = loop.stats, loop.risk_monitor
    if not show and not sys.stderr.isatty():
        return loop.run_shadow(params, feed)
    progress = Progress(sys.stderr, lambda: stats["orders_placed"], monitor.is_frozen)
    try:
        return loop.run_shadow(params, feed, progress)
    finally:
        progress.close()


def _deliver(report: ShadowReport, options: argparse.Namespace) -> None:
    text = codec.pretty(report.data) + "\n" if options.pretty else str(report)
    if options.html is not None:
        write_whole(options.html, report.html(), "--html")
    if options.out is not None:
        write_whole(options.out, text, "--out")
    else:
        sys.stdout.write(text)


if __name__ == "__main__":
    console()
