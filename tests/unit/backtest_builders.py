"""Small backtests for tests: made in a moment, with something of everything in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.unit.generated_world import a_plan
from tools.live.backtest_run import Backtest
from tools.live.market.generator import GeneratedMarket
from tools.live.market.importers.own import line_of
from tools.live.market.regimes import Regime

STEPS = 40
FAKE: dict[str, Any] = {"exchange": "fake", "requote": True, "fill_rate": 0.5}
SCHEDULE = ((Regime.CALM, 2), (Regime.BURST, 1))


def a_market(*symbols: str, seed: int = 7) -> GeneratedMarket:
    """Three seconds of a market with depth, quotes and trades."""
    return GeneratedMarket(a_plan(*(symbols or ("AUSD",)), seed=seed, schedule=SCHEDULE))


def market_file(folder: Path, *symbols: str, seed: int = 7) -> str:
    """The same as a file."""
    path = folder / "market.jsonl"
    path.write_bytes(b"".join(line_of(event) for event in a_market(*symbols, seed=seed)))
    return str(path)


def small(**given: Any) -> Backtest:
    """A run over forty steps of the synthetic market, in which orders rest, fill and go."""
    return Backtest(**{**FAKE, "iterations": STEPS, **given})
