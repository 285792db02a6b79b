"""The risk monitor on its own: a scripted scene of orders, fills and a falling edge."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any

from .console import DEBUG, EXIT_OK, HELP, Flag, Parser, emit, run
from .core import codec
from .core.clock import FREEZE_VARIABLE, environment_clock, parse_utc, render_utc
from .core.errors import ContractError
from .core.money import Number
from .risk_monitor import RuntimeRiskMonitor
from .settings import BY_KEY, wrong_instant

VERSION = "0.1.0"
PROG = "python -m tools.live.risk_monitor_cli"
_ASKED = [BY_KEY[key] for key in ("max_inv", "max_total", "edge_threshold")]
PARSER = Parser(
    usage=f"{PROG} --demo [FLAGS]",
    about="Show the runtime risk monitor at work: a scripted scene, and its report.",
    flags=(
        Flag("--demo", "", "run the scene and print its report"),
        *(setting.flag for setting in _ASKED),
        DEBUG,
        HELP,
    ),
    examples=(f"{PROG} --demo", f"{PROG} --demo --max-inv 20000 --edge-threshold 1.0"),
    end="""MM_FREEZE_UTC_ISO, such as 2025-01-01T00:00:00Z, freezes the clock.

exit codes: 0 ok, 2 wrong usage or input, 5 storage fault, 130 interrupted, 143 terminated""",
)
_MARKS = {"BTCUSDT": 50_000.0, "ETHUSDT": 3_000.0}


def run_demo(max_inv: Number, max_total: Number, edge_threshold: Number) -> dict[str, Any]:
    """Buy within the limit, try to go past it, lose the edge, try once more; report."""
    monitor = RuntimeRiskMonitor(
        max_inventory_usd_per_symbol=max_inv,
        max_total_notional_usd=max_total,
        edge_freeze_threshold_bps=edge_threshold,
        get_mark_price=lambda symbol: _MARKS.get(symbol, 1.0),
    )
    if monitor.check_before_order("BTCUSDT", "buy", 0.1):
        monitor.on_fill("BTCUSDT", "buy", 0.1, 50_000.0)
    monitor.check_before_order("BTCUSDT", "buy", 0.15)
    if monitor.check_before_order("ETHUSDT", "buy", 1.0):
        monitor.on_fill("ETHUSDT", "buy", 1.0, 3_000.0)
    monitor.on_edge_update("BTCUSDT", 1.2)
    monitor.check_before_order("ETHUSDT", "sell", 0.5)
    return {
        "frozen": monitor.is_frozen(),
        "metrics": {
            "blocks_total": monitor.blocks_total,
            "freezes_total": monitor.freezes_total,
            "last_freeze_reason": monitor.last_freeze_reason,
            "last_freeze_symbol": monitor.last_freeze_symbol,
        },
        "positions": monitor.get_positions(),
        "runtime": {"utc": _get_current_utc_iso(), "version": VERSION},
        "status": "OK",
    }


def _get_current_utc_iso() -> str:
    """The frozen instant as it is written, else the time to the second."""
    frozen = os.environ.get(FREEZE_VARIABLE)
    if frozen is not None:
        try:
            parse_utc(frozen)
        except ContractError as error:
            raise wrong_instant(error, FREEZE_VARIABLE) from None
        return frozen
    now_ns = environment_clock().now_ns()
    return render_utc(now_ns - now_ns % 10**9)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the scene and return the exit code."""
    given = sys.argv[1:] if argv is None else list(argv)
    return run(lambda: _main(given), debug=DEBUG.name in given, task="the scene")


def _main(argv: list[str]) -> int:
    options = PARSER.parse(argv)
    if options["help"] or not options["demo"]:
        emit(PARSER.help())
        return EXIT_OK
    values = [
        one.default if options[one.key] is None else one.read(options[one.key], one.name)
        for one in _ASKED
    ]
    emit(codec.canonical(run_demo(*values)) + "\n")
    return EXIT_OK


if __name__ == "__main__":
    sys.exit(main())
