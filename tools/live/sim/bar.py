"""A bar: what a symbol did between two times, its way in between forgotten."""

from __future__ import annotations

from typing import TypeAlias

from ..core.errors import ContractError
from ..core.market_v1 import MarketEvent
from ..core.record import builder, record
from .evidence import text


@record
class Bar:
    """Prices and volume at 10^9; it begins at `begin_ns` and is over at `end_ns`."""

    symbol: str
    source: str
    open: int
    high: int
    low: int
    close: int
    volume: int
    begin_ns: int
    end_ns: int

    @property
    def ts_ns(self) -> int:
        """When it is told: nothing of it before its end."""
        return self.end_ns

    def told(self) -> str:
        """The bar in words."""
        prices = f"{text(self.open)} {text(self.high)} {text(self.low)} {text(self.close)}"
        return f"bar {prices} of {text(self.volume)}"


Happens: TypeAlias = MarketEvent | Bar  # what a simulated exchange can hear

_bar = builder(Bar)


def made_bar(
    symbol: str, source: str, prices: tuple[int, int, int, int], volume: int, begin_ns: int,
    end_ns: int,
) -> Bar:  # fmt: skip
    """A bar that can be one; a ContractError says why it cannot."""
    opened, high, low, close = prices
    if not 0 < low <= min(opened, close) or not max(opened, close) <= high:
        shown = " ".join([text(price) for price in prices])
        raise ContractError(f"open, high, low, close {shown} are no bar; low must be above 0 and"
                            " the lowest, high the highest")  # fmt: skip
    if volume < 0:
        raise ContractError(f"volume {text(volume)} must be 0 or more")
    if not 0 <= begin_ns < end_ns:
        raise ContractError(f"a bar from {begin_ns} to {end_ns} must end after it begins")
    return _bar(symbol, source, opened, high, low, close, volume, begin_ns, end_ns)
