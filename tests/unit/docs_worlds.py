"""Simulated exchanges on plain and full terms, over every form of a market and a bad line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.unit.bar_builders import ToldBars, minute
from tools.live.exchange import IExchangeClient
from tools.live.exchange_choice import world_of
from tools.live.market.disturb import Drop
from tools.live.market.feed import Source
from tools.live.market.generator import GeneratedMarket
from tools.live.market.plan import MarketPlan
from tools.live.market.recorded import RecordedMarket
from tools.live.market.regimes import Regime
from tools.live.market.synthetic import SyntheticMarket
from tools.live.market.window import MarketWindow
from tools.live.params import Feed
from tools.live.sim.bars import BarRules
from tools.live.sim.exchange import SimulatedExchange
from tools.live.sim.faults.corpus import scenario
from tools.live.sim.faults.wire import FaultyExchange
from tools.live.sim.order_by_order import OrderByOrder
from tools.live.sim.terms import Terms
from tools.live.sim.terms_table import read_terms

# What describes itself in words of its own: a row of the README names it, and nothing inside.
_PARTS = ("queue", "liquidity", "slippage", "fees", "funding", "sessions", "rules.{symbol}")
_SLIPPAGES = ("bars.entry", "bars.stop", "bars.target")
_WAYS = ("submit", "acknowledge", "fill", "cancel", "cancel_answer", "feed")
MODELS = {
    f"params.exchange.{name}"
    for name in (*_PARTS, *_SLIPPAGES, *(f"delays.{way}" for way in _WAYS))
}
FULL = b"""
cash = 5
retain = 10
slippage = {model = "spread"}
fees = [{model = "flat", maker_bps = 1, taker_bps = 2}, {model = "per_unit", rate = 0.01}]
funding = {rate_bps = 1}
bars = "closes"
sessions = {opens = "00:00", closes = "23:00"}
rules = {BTCUSDT = {lot = 0.001}}
"""
BARS = b"""
[bars]
every_seconds = 0.1
entry = {model = "fixed_bps"}
stop = {model = "fixed_bps"}
target = {model = "fixed_bps"}
"""
QUOTES = Path(__file__).resolve().parent.parent / "matrix" / "quotes.csv"


def worlds(told: Source) -> Iterator[tuple[IExchangeClient, Feed]]:
    """Exchanges with the feeds that drive them; `told` says all that a market can say of itself."""
    plan = MarketPlan(("BTCUSDT",), schedule=((Regime.CALM, 2),), disturbances=(Drop(3, 4),))
    generated = GeneratedMarket(plan)
    markets: tuple[Source | SyntheticMarket | RecordedMarket, ...] = (
        generated,
        MarketWindow(generated, plan.start_ns, None),
        MarketWindow(generated, None, plan.start_ns + 10**9),
        told,
        MarketWindow(told, 0, None),
        MarketWindow(told, None, 10**12),
        SyntheticMarket(["BTCUSDT"], 5, 0),
        RecordedMarket(str(QUOTES)),
    )
    for market in markets:
        plain = SimulatedExchange(Terms(venue=OrderByOrder))
        yield plain, world_of(plain, market)
        full = SimulatedExchange(read_terms(FULL, "terms", toml=True))
        bad = FaultyExchange(full, scenario("ccxt-19717").plan())
        yield bad, world_of(bad, market)
    yield from of_bars(generated)


def of_bars(market: Source) -> Iterator[tuple[IExchangeClient, Feed]]:
    """Exchanges that hear bars: by the fullest rules, and by the plainest."""
    made = SimulatedExchange(read_terms(BARS, "terms", toml=True))
    yield made, world_of(made, market)
    told = SimulatedExchange(Terms(bars=BarRules(volume_cap_bps=None)))
    yield told, world_of(told, MarketWindow(ToldBars(minute(0, 3, 4, 2, 3)), None, None))
