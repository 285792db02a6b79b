"""The small scale of one symbol: its spread, what rests at its best prices, and what traded.

Trades count for a minute, and at most the last thousand of them. Volume is split by aggressor; a
trade whose venue does not name one is in the volume, but neither bought nor sold. It lives by the
times of its events alone, of which one that goes back counts as the latest before it. Prices and
quantities are integers at 10^9.
"""

from __future__ import annotations

from collections import deque

from ..core.clock import NS_PER_S
from ..core.contracts_v1 import BUY, SELL
from ..core.market_v1 import Trade
from ..core.money import bps_e9, divide_half_even
from ..core.record import record
from ..core.words_v1 import Side

WINDOW_NS = 60 * NS_PER_S
TRADES = 1000
STALE_NS = NS_PER_S


@record
class MicroFigures:
    """One symbol at one instant; None stands for what cannot be known.

    The depths are the quantities at the best bid and the best ask; a side that is empty is 0.
    """

    bid: int
    ask: int
    spread: int | None
    spread_bps: int | None
    bid_depth: int
    ask_depth: int
    last_trade: int | None
    vwap: int | None
    volume: int
    buy_volume: int
    sell_volume: int
    is_stale: bool


class Micro:
    """Follows one symbol of one source; O(1) amortised a message."""

    def __init__(self) -> None:
        self._now_ns: int | None = None
        self._bid = self._ask = self._bid_qty = self._ask_qty = 0
        self._trades: deque[tuple[int, Trade]] = deque()
        self._last: int | None = None
        self._notional = 0
        self._volume: dict[Side | None, int] = {None: 0, BUY: 0, SELL: 0}

    def quote(self, ts_ns: int, bid: int, bid_qty: int, ask: int, ask_qty: int) -> None:
        """The best prices and what rests there, from a quote or from a book."""
        self._bid, self._bid_qty, self._ask, self._ask_qty = bid, bid_qty, ask, ask_qty
        self._expire(self._heard(ts_ns))

    def trade(self, trade: Trade) -> None:
        """One execution on the venue."""
        now_ns = self._heard(trade.ts_ns)
        self._last = trade.price
        self._trades.append((now_ns, trade))
        self._count(trade, 1)
        self._expire(now_ns)

    def at(self, now_ns: int) -> MicroFigures:
        """The symbol at an instant, which is not before its last message.

        What has left the minute by then is gone for good.
        """
        if self._now_ns is not None:
            now_ns = max(now_ns, self._now_ns)
        self._expire(now_ns)
        volume: int = sum(self._volume.values())
        spread = spread_bps = None
        if self._bid and self._ask:
            spread = self._ask - self._bid
            spread_bps = bps_e9(2 * spread, self._ask + self._bid)
        return MicroFigures(
            bid=self._bid,
            ask=self._ask,
            spread=spread,
            spread_bps=spread_bps,
            bid_depth=self._bid_qty,
            ask_depth=self._ask_qty,
            last_trade=self._last,
            vwap=divide_half_even(self._notional, volume) if volume else None,
            volume=volume,
            buy_volume=self._volume[BUY],
            sell_volume=self._volume[SELL],
            is_stale=self._now_ns is None or now_ns - self._now_ns > STALE_NS,
        )

    def _heard(self, ts_ns: int) -> int:
        """The time that it is now."""
        if self._now_ns is None or ts_ns > self._now_ns:
            self._now_ns = ts_ns
        return self._now_ns

    def _expire(self, now_ns: int) -> None:
        trades = self._trades
        while trades and (len(trades) > TRADES or now_ns - trades[0][0] >= WINDOW_NS):
            self._count(trades.popleft()[1], -1)

    def _count(self, trade: Trade, sign: int) -> None:
        self._volume[trade.side] += sign * trade.qty
        self._notional += sign * trade.price * trade.qty
