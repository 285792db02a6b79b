"""How much worse than displayed an aggressive order trades.

Each model moves a price against the one who trades, in whole numbers: shifts are rounded up and
so are prices for a buyer, down for a seller, to the tick when one is given. A limit is held by
whoever fills the order: slippage never goes past it.
"""

from __future__ import annotations

from math import isqrt
from typing import Any, Protocol

from ..core.errors import ContractError
from ..core.money import BPS, SCALE, Number, not_negative_e9, positive_e9, text
from ..core.words_v1 import BUY, Side

_BPS_E9 = BPS * SCALE


class Slippage(Protocol):
    """Tells the price at which a quantity trades where `price` is displayed."""

    def price(self, side: Side, price: int, qty: int, *, bid: int, ask: int) -> int:
        """The price that is paid or got; `qty` is all that the order wants at once."""
        ...

    def describe(self) -> dict[str, Any]:
        """Which model this is, for the report."""
        ...


class FixedBps:
    """A fixed number of basis points of the price."""

    def __init__(self, bps: Number = 5, tick: int = 0) -> None:
        self._bps_e9 = not_negative_e9(bps, "slippage bps")
        self._tick = _tick(tick)

    def price(self, side: Side, price: int, qty: int, *, bid: int, ask: int) -> int:
        """price * (1 + bps / 10^4) for a buyer, minus for a seller."""
        return _against(side, price, _ceiling(price * self._bps_e9, _BPS_E9), self._tick)

    def describe(self) -> dict[str, Any]:
        return {"slippage": "fixed_bps", "bps": text(self._bps_e9), "tick": text(self._tick)}


class SpreadBased:
    """A share of the half spread away from the middle of the quote.

    A share of 1 trades at the touch, and a smaller one between the middle and the touch: that is
    the published model, and kinder than any venue. A venue of ours never fills better than at the
    level that was taken, so there only a share above 1 makes a difference.
    """

    def __init__(self, share: Number = "0.5", tick: int = 0) -> None:
        self._share_e9 = not_negative_e9(share, "slippage share of the spread")
        self._tick = _tick(tick)

    def price(self, side: Side, price: int, qty: int, *, bid: int, ask: int) -> int:
        """mid + share * (ask - mid) for a buyer, mid - share * (mid - bid) for a seller.

        Where there is no sound quote the price stays as it is.
        """
        if not 0 < bid <= ask:
            return price
        shift = (ask - bid) * self._share_e9  # all at twice the scale of a price, times 10^9
        middle = (bid + ask) * SCALE
        if side is BUY:
            return _to_tick(side, _ceiling(middle + shift, 2 * SCALE), self._tick)
        return _to_tick(side, (middle - shift) // (2 * SCALE), self._tick)

    def describe(self) -> dict[str, Any]:
        return {"slippage": "spread", "share": text(self._share_e9), "tick": text(self._tick)}


class VolumeImpact:
    """The square-root law: factor * sqrt(quantity / average daily volume) of the price."""

    def __init__(
        self, volume: Number = 1_000_000, factor: Number = "0.1", tick: int = 0
    ) -> None:
        self._volume = positive_e9(volume, "average daily volume")
        self._factor_e9 = not_negative_e9(factor, "slippage factor")
        self._tick = _tick(tick)

    def price(self, side: Side, price: int, qty: int, *, bid: int, ask: int) -> int:
        """price * (1 + factor * sqrt(qty / volume)) for a buyer, minus for a seller."""
        product = price * self._factor_e9
        squared = _ceiling(product * product * qty, self._volume * SCALE * SCALE)
        shift = isqrt(squared)
        return _against(side, price, shift + (shift * shift < squared), self._tick)

    def describe(self) -> dict[str, Any]:
        return {
            "slippage": "volume_impact", "volume": text(self._volume),
            "factor": text(self._factor_e9), "tick": text(self._tick),
        }  # fmt: skip


def _against(side: Side, price: int, shift: int, tick: int) -> int:
    return _to_tick(side, price + shift if side is BUY else price - shift, tick)


def _to_tick(side: Side, price: int, tick: int) -> int:
    """Away from the one who trades; the least price there is, is one step of its scale."""
    step = tick or 1
    if side is BUY:
        return _ceiling(price, step) * step
    return max(price // step * step, step)


def _ceiling(numerator: int, denominator: int) -> int:
    return -(-numerator // denominator)


def _tick(tick: int) -> int:
    if isinstance(tick, bool) or not isinstance(tick, int) or tick < 0:
        raise ContractError(f"tick {tick!r:.60} is not a whole number at 10^9, 0 for none")
    return tick
