"""Bars and orders for the tests of fills inside bars, in human numbers."""

from __future__ import annotations

from typing import Any

from tools.live.core.contracts_v1 import SELL, Side
from tools.live.core.money import to_e9
from tools.live.sim.bar import Bar, made_bar
from tools.live.sim.orders import OrderKind, OrderRequest, WorkingOrder

SYMBOL = "BTCUSDT"
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
