"""The exchange of a backtest out of its config, and the feed that goes with it.

The fake hears of no market, so its feed is the market alone. The simulated one lives in a world
with the market, which is the feed then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .core.clock import NS_PER_MS
from .core.errors import ContractError
from .core.market_v1 import Bbo
from .core.money import SCALE, to_e9
from .exchange import FakeExchangeClient, IExchangeClient
from .market.feed import MarketFeed, Source
from .market.recorded import RecordedMarket
from .market.synthetic import SyntheticMarket
from .params import Feed
from .sim.delays import PRESETS, Constant, Delays
from .sim.exchange import SimulatedExchange
from .sim.liquidity import DISPLAYED, FULL
from .sim.queue import queue_model
from .sim.slippage import FixedBps, Slippage, SpreadBased, VolumeImpact
from .sim.terms import Terms
from .sim.world import SimulatedWorld

Market = Source | SyntheticMarket | RecordedMarket
_SLIPPAGES: dict[str, Callable[[str], Slippage]] = {
    "bps": FixedBps, "spread": SpreadBased, "volume": VolumeImpact,
}  # fmt: skip


def slippage_model(name: str, field: str = "--slippage") -> Slippage | None:
    """The model of a name: `none`, `bps:N`, `spread:SHARE` or `volume:QTY`."""
    if name == "none":
        return None
    kind, _, number = name.partition(":")
    if kind not in _SLIPPAGES or not number:
        raise ContractError(
            f"{field} {name[:60]!r} is no slippage; write none, bps:N, spread:SHARE or volume:QTY"
        )
    return _SLIPPAGES[kind](number)


def make_exchange(config: Mapping[str, Any]) -> IExchangeClient:
    """The exchange that a config names, as new."""
    if config["exchange"] == "fake":
        return FakeExchangeClient(
            config["fill_rate"], config["reject_rate"], config["latency_ms"],
            config["partial_fill_rate"], config["seed"],
        )  # fmt: skip
    return SimulatedExchange(terms_of(config), seed=config["seed"])


def terms_of(config: Mapping[str, Any]) -> Terms:
    """On what terms the simulated exchange of a config trades."""
    return Terms(
        queue=queue_model(config["queue"]),
        liquidity=FULL if config["liquidity"] == "full" else DISPLAYED,
        slippage=slippage_model(config["slippage"]),
        delays=delays_of(config["delays"]),
        retain=config["retain"],
    )


def delays_of(name: str) -> Delays:
    """A preset, or so many milliseconds for each way."""
    if name in PRESETS:
        return PRESETS[name]
    way = Constant(to_e9(name, "--delays") * NS_PER_MS // SCALE)
    return Delays(way, way, way, way, way, way)


def survey(
    market: Market, symbols: list[str] | None, source: str | None
) -> SyntheticMarket | RecordedMarket | MarketFeed:
    """A market as a feed by itself, read once to know how long it is."""
    if isinstance(market, (SyntheticMarket, RecordedMarket)):
        return market
    return MarketFeed(market, symbols, source)


def world_of(
    market: Market, exchange: SimulatedExchange, symbols: list[str] | None, source: str | None
) -> SimulatedWorld:
    """A market and the exchange in it: the feed of a run on a simulated exchange."""
    if isinstance(market, RecordedMarket):
        market = Quoted(market)
    return SimulatedWorld(market, exchange, symbols=symbols, source=source)


class Quoted:
    """Quotes of a file as market events: best prices of unknown quantities."""

    def __init__(self, quotes: RecordedMarket) -> None:
        self._quotes = quotes

    def describe(self) -> dict[str, Any]:
        """Which market this is."""
        return self._quotes.describe()

    def __iter__(self) -> Iterator[Bbo]:
        for step in self._quotes:
            for quote in step:
                bid, ask = quote.bid, quote.ask
                yield Bbo(quote.symbol, "quotes", bid, 0, ask, 0, None, None, quote.ts_ns)
