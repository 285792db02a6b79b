"""The edge that our own fills show: what we earned on the spread, less fees, less regret.

For a fill at price p with the middle of the market at m, and the middle at m' a horizon later:
capture = side * (m - p), adverse selection = side * (m - m'), both times the quantity, where side
is +1 for a buy. Net edge = capture - fee - adverse selection, in basis points of quantity * m,
summed over the newest fills of a symbol. All sums are exact; one division makes the result.
"""

from __future__ import annotations

from collections import deque

from ..core.clock import NS_PER_S
from ..core.contracts_v1 import BUY, Side
from ..core.money import bps_e9

HORIZONS_S = (1, 5, 10)
DECIDING_S = 5  # the horizon whose adverse selection the freeze looks at
WINDOW = 200  # newest measured fills a symbol
MIN_SAMPLES = 20


class Measured:
    """Sums over fills whose horizon has passed."""

    __slots__ = ("horizon_ns", "rows", "waiting", "notional", "capture", "fee", "adverse")

    def __init__(self, horizon_s: int) -> None:
        self.horizon_ns = horizon_s * NS_PER_S
        self.waiting: deque[tuple[int, int, int, int, int]] = deque()
        self.rows: deque[tuple[int, int, int, int]] = deque()
        self.notional = self.capture = self.fee = self.adverse = 0

    def on_mid(self, mid: int, ts_ns: int) -> None:
        """Measure every waiting fill whose horizon ends at or before this quote."""
        waiting = self.waiting
        while waiting and waiting[0][0] <= ts_ns:
            _, signed, mid_then, price, fee = waiting.popleft()
            self._add(abs(signed) * mid_then, signed * (mid_then - price), fee,
                      signed * (mid_then - mid))  # fmt: skip

    def _add(self, notional: int, capture: int, fee: int, adverse: int) -> None:
        self.rows.append((notional, capture, fee, adverse))
        self.notional += notional
        self.capture += capture
        self.fee += fee
        self.adverse += adverse
        if len(self.rows) > WINDOW:
            notional, capture, fee, adverse = self.rows.popleft()
            self.notional -= notional
            self.capture -= capture
            self.fee -= fee
            self.adverse -= adverse

    def net_bps(self) -> int | None:
        """Net edge in basis points at 10^9; None until enough fills are measured."""
        if len(self.rows) < MIN_SAMPLES:
            return None
        return bps_e9(self.capture - self.fee - self.adverse, self.notional)


class EdgeTracker:
    """Realised edge by symbol, at each horizon."""

    def __init__(self) -> None:
        self.by_symbol: dict[str, tuple[Measured, ...]] = {}
        self._mids: dict[str, int] = {}

    def on_quote(self, symbol: str, mid: int, ts_ns: int) -> None:
        self._mids[symbol] = mid
        for measured in self.by_symbol.get(symbol, ()):
            measured.on_mid(mid, ts_ns)

    def on_fill(
        self, symbol: str, side: Side, qty: int, price: int, fee_e18: int, ts_ns: int
    ) -> None:
        """Start waiting for the horizons; a symbol never quoted has no middle to compare with."""
        mid = self._mids.get(symbol)
        if mid is None:
            return
        found = self.by_symbol.get(symbol)
        if found is None:
            found = self.by_symbol[symbol] = tuple(Measured(s) for s in HORIZONS_S)
        signed = qty if side is BUY else -qty
        for measured in found:
            measured.waiting.append((ts_ns + measured.horizon_ns, signed, mid, price, fee_e18))

    def net_bps(self, symbol: str) -> int | None:
        """The net edge that a freeze decides on; None while too few fills are measured."""
        found = self.by_symbol.get(symbol)
        return None if found is None else found[HORIZONS_S.index(DECIDING_S)].net_bps()
