"""The named runs whose bytes the matrix compares: one small table, nothing else.

``{out}`` stands for a folder of the run's own. All runs start in the root of the tree, so a path
that a report repeats is the same path everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass

FROZEN_UTC = "2025-01-01T00:00:00Z"
DEMO = "tools.live.exec_demo"
COMMAND = "tools.live"
JOURNALS = "tests/unit/goldens/journals"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of the product: its arguments, and the file it writes besides stdout.

    With a `verb` it is a command of the package, else the demo.
    """

    name: str
    arguments: str
    page: str | None = None
    verb: str = ""

    @property
    def module(self) -> str:
        """What `python -m` is given."""
        return COMMAND if self.verb else DEMO

    def argv(self, out: str) -> list[str]:
        """The argument list, with the run's folder filled in."""
        return [self.verb or "--shadow", *self.arguments.format(out=out).split()]


RUNS = (
    Run(
        name="sample",
        arguments="--symbols BTCUSDT,ETHUSDT --iterations 20 --max-inv 10000 --max-total 50000"
        " --edge-threshold 3.0 --fill-rate 0.7 --reject-rate 0.05",
    ),
    Run(name="defaults", arguments=""),
    Run(
        name="computed-edge",
        arguments="--symbols BTCUSDT,ETHUSDT,SOLUSDT --iterations 400 --edge computed"
        " --edge-threshold -50 --fee-maker-bps 1.5 --fee-taker-bps 4.5 --latency-ms 40 --seed 11",
    ),
    Run(
        name="requote-refusals",
        arguments="--symbols BTCUSDT,ETHUSDT --iterations 120 --requote --partial-fill-rate 0.4"
        " --base-qty 0.02 --max-inv 1500 --max-total 1550 --edge-threshold 0.5 --seed 5",
    ),
    Run(
        name="recorded-quotes",
        arguments="--symbols BTCUSDT,ETHUSDT --quotes tests/matrix/quotes.csv"
        " --edge computed --edge-threshold -50 --seed 3",
    ),
    Run(
        name="config-and-page",
        arguments="--config tests/matrix/run.toml --pretty --html {out}/page.html",
        page="page.html",
    ),
    Run(
        name="recorded-market",
        arguments="--market tests/market/extracts/binance-spot.jsonl --requote --seed 9"
        " --html {out}/page.html",
        page="page.html",
    ),
    Run(
        name="simulated",
        arguments="--market tests/market/extracts/binance-spot.jsonl --exchange simulated"
        " --terms tests/matrix/terms.toml --requote --seed 9 --spread-bps 0"
        " --edge-threshold -100 --html {out}/page.html",
        page="page.html",
    ),
    Run(
        name="faulty",
        arguments="--symbols BTCUSDT,ETHUSDT --iterations 40 --exchange simulated --delays 30"
        " --faults tests/matrix/faults.toml --requote --edge computed --edge-threshold -50",
    ),
    Run(
        name="backtest",
        verb="backtest",
        arguments="tests/market/extracts/binance-spot.jsonl --requote --spread-bps 0.1"
        " --html {out}/page.html",
        page="page.html",
    ),
    Run(
        name="sweep",
        verb="sweep",
        arguments="tests/market/extracts/binance-spot.jsonl --requote --jobs 1 --by pnl_usd"
        " --vary spread_bps=0.1,1",
    ),
    Run(name="replayed-report", verb="replay", arguments=f"{JOURNALS}/demo --report"),
    Run(name="verified", verb="replay", arguments=f"{JOURNALS}/durable --verify --json"),
    Run(name="adopted", verb="replay", arguments=f"{JOURNALS}/adopting --verify --json"),
    Run(name="replayed-doubts", verb="replay", arguments=f"{JOURNALS}/durable --json"),
    Run(
        name="generated",
        verb="generate",
        arguments="--symbols AUSD,BUSD --regime calm:5,trend:5,burst:5,halted:2,thin:5"
        " --correlation 0.37 --toxic 0.4 --drop 30:40 --delay 50:4 --lose 4:2 --seed 7",
    ),
    Run(
        name="market-replayed",
        verb="md-replay",
        arguments="tests/market/extracts/binance-usdm.jsonl --tick 0.1 --json"
        " --html {out}/page.html",
        page="page.html",
    ),
)
