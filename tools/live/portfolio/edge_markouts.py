"""Markouts: what the fills of a symbol had earned when a while had passed.

For a fill at price p with the middle of the market at m, and the middle at m' a horizon later:
capture = side * (m - p), adverse selection = side * (m - m'), both times the quantity, where side
is +1 for a buy; net = capture - fee - adverse selection. m and m' are the middles that prevailed:
of the last quote at or before that instant. Where nobody knows what prevailed, the fill is counted
as unmeasured. All sums are exact and of the whole run.
"""

from __future__ import annotations

from collections import deque
from typing import TypeAlias

from ..core.clock import NS_PER_S
from ..core.contracts_v1 import BUY, Side
from .edge_decision import Decision

HORIZONS_NS = (NS_PER_S // 10, NS_PER_S, 10 * NS_PER_S)
HORIZON_NAMES = ("0.1s", "1s", "10s")
DECIDING_NS = NS_PER_S  # the horizon whose markouts the freeze looks at
MOST_WAITING = 10_000  # fills of a symbol; the others count as unmeasured

# When, signed quantity, the middle then, price, fee.
Waiting: TypeAlias = tuple[int, int, int, int, int]


class Horizon:
    """Sums over the fills that were measured at one horizon, and those that wait for it."""

    __slots__ = (
        "horizon_ns", "decision", "waiting", "fills", "unmeasured", "notional", "capture", "fee",
        "adverse",
    )  # fmt: skip

    def __init__(self, horizon_ns: int, decision: Decision | None) -> None:
        self.horizon_ns = horizon_ns
        self.decision = decision
        self.waiting: deque[Waiting] = deque()
        self.fills = self.unmeasured = 0
        self.notional = self.capture = self.fee = self.adverse = 0

    @property
    def net(self) -> int:
        """What the measured fills earned, at 10^18."""
        return self.capture - self.fee - self.adverse

    @property
    def heard(self) -> int:
        """Every fill that it was told, whatever became of it."""
        return self.fills + self.unmeasured + len(self.waiting)

    def settle(self, ts_ns: int, mid: int) -> None:
        """Measure every fill whose horizon has ended before now against the middle up to now."""
        waiting, before_ns = self.waiting, ts_ns - self.horizon_ns
        while waiting and waiting[0][0] < before_ns:
            fill_ns, signed, mid_then, price, fee = waiting.popleft()
            if not mid:
                self.unmeasured += 1
                continue
            notional = abs(signed) * mid_then
            self.fills += 1
            self.notional += notional
            self.capture += signed * (mid_then - price)
            self.fee += fee
            self.adverse += signed * (mid_then - mid)
            if self.decision is not None:
                self.decision.add(fill_ns, signed * (mid - price) - fee, notional)


class Markouts:
    """The fills of one symbol at every horizon. Times never go back."""

    __slots__ = ("mid", "fills", "horizons")

    def __init__(self, decision: Decision | None = None) -> None:
        self.mid = 0  # of the last quote; 0 while nobody knows it
        self.fills = 0
        self.horizons = tuple(
            Horizon(ns, decision if ns == DECIDING_NS else None) for ns in HORIZONS_NS
        )

    def on_quote(self, mid: int, ts_ns: int) -> None:
        """A new middle; what ends at this very instant waits, as a later quote may share it."""
        self._settle(ts_ns)
        self.mid = max(mid, 0)

    def on_unusable(self, ts_ns: int) -> None:
        """From now on to the next quote the middle is unknown."""
        self._settle(ts_ns)
        self.mid = 0

    def _settle(self, ts_ns: int) -> None:
        for horizon in self.horizons:
            if horizon.waiting:
                horizon.settle(ts_ns, self.mid)

    def on_fill(self, side: Side, qty: int, price: int, fee_e18: int, ts_ns: int) -> None:
        """Wait for the horizons, if the middle is known and not too many wait."""
        self.fills += 1
        waits = (ts_ns, qty if side is BUY else -qty, self.mid, price, fee_e18)
        for horizon in self.horizons:
            if self.mid and len(horizon.waiting) < MOST_WAITING:
                horizon.waiting.append(waits)
            else:
                horizon.unmeasured += 1
