"""Bars and orders for the tests of fills inside bars, in human numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.unit.sim_builders import SYMBOL as HERE
from tests.unit.sim_builders import Floor
from tools.live.core.contracts_v1 import SELL, Side
from tools.live.core.market_v1 import MarketEvent, Trade
from tools.live.core.money import SCALE, to_e9
from tools.live.market.whole_bars import WholeBar
from tools.live.sim.bar import Bar, made_bar
from tools.live.sim.bars import BarRules
from tools.live.sim.orders import OrderKind, OrderRequest, WorkingOrder
from tools.live.sim.terms import Terms

SYMBOL = "BTCUSDT"
MINUTE = 60 * 10**9
T0 = 1_735_689_600 * 10**9
ALL = BarRules(volume_cap_bps=None)
_SCALED = ("price", "stop", "trail", "trail_bps")


def a_bar(opened: str, high: str, low: str, close: str, volume: str = "1000", at: int = 0) -> Bar:
    """A bar of a second; the limit of its volume is far away."""
    prices = to_e9(opened, "open"), to_e9(high, "high"), to_e9(low, "low"), to_e9(close, "close")
    begin_ns = at * 10**9
    return made_bar(SYMBOL, "test", prices, to_e9(volume, "volume"), begin_ns, begin_ns + 10**9)


def an_order(
    number: int, side: Side = SELL, kind: OrderKind = OrderKind.LIMIT, qty: str = "1", **how: Any
) -> WorkingOrder:
    scaled = {name: to_e9(how.pop(name), name) for name in _SCALED if name in how}
    request = OrderRequest(
        f"CLI{number}", SYMBOL, side, to_e9(qty, "qty"), kind, **scaled, **how
    )
    return WorkingOrder(request, f"ORD{number}", number)


def whole(bar: Bar) -> WholeBar:
    """A bar as a file tells it: with the trade at its close."""
    trade = Trade(
        bar.symbol, bar.source, str(bar.begin_ns), None, bar.close, bar.volume, None, bar.end_ns,
        bar.end_ns,
    )  # fmt: skip
    return WholeBar(trade, bar.begin_ns, bar.open, bar.high, bar.low)


def minute(
    at: int, opened: float, high: float, low: float, close: float, volume: float = 1000,
    symbol: str = SYMBOL,
) -> Bar:  # fmt: skip
    """A bar of a minute, the `at`th of the day."""
    prices = tuple(int(price * SCALE) for price in (opened, high, low, close))
    begin_ns = T0 + at * MINUTE
    return made_bar(
        symbol, "test", (prices[0], prices[1], prices[2], prices[3]), int(volume * SCALE),
        begin_ns, begin_ns + MINUTE,
    )  # fmt: skip


class ToldBars:
    """A market of bars from a list, as a source."""

    tells_bars = True

    def __init__(self, *bars: Bar) -> None:
        self.bars = bars

    def __iter__(self) -> Iterator[MarketEvent]:
        return iter([whole(bar).trade for bar in self.bars])

    def whole_bars(self) -> Iterator[WholeBar]:
        return iter([whole(bar) for bar in self.bars])

    def describe(self) -> dict[str, Any]:
        return {"kind": "told"}


def a_floor(bars: BarRules = ALL, **terms: Any) -> Floor:
    """An exchange at the end of its first bar, of 100 to 100."""
    return hear(Floor(Terms(bars=bars, **terms)), 0, 100, 100, 100, 100)


def hear(floor: Floor, at: int, *prices: float, volume: float = 1000) -> Floor:
    """The bar of a minute, at its end."""
    bar: Bar = minute(at, prices[0], prices[1], prices[2], prices[3], volume, HERE)
    floor.at(bar.end_ns).exchange.desk.hear(bar)
    return floor


def said(floor: Floor, at: int, *prices: float, volume: float = 1000) -> list[str]:
    return hear(floor, at, *prices, volume=volume).said()
