"""One symbol of a run: what its fills earned and cost, what was held, and for how long.

The equity is explained in whole. With the middle of the market at m, a fill of signed quantity s
at price p captures s * (m - p); what is held earns s times every later move of the middle. So

    equity = spread earned - spread paid - slippage + market - fees + funding

where slippage is what a taker paid beyond the touch. The middle and the touch are those that we
knew when we heard of the fill; a maker through whose price the market went by then has paid spread.
All sums are exact integers at 10^18.
"""

from __future__ import annotations

from ..core.contracts_v1 import BUY, Side
from .edge_markouts import Markouts

PARTS = ("spread_earned", "spread_paid", "slippage", "market", "fees", "rebates", "funding")


class SymbolTrack:
    """Sums over one symbol. Times never go back."""

    __slots__ = (
        "symbol", "qty", "bid", "ask", "mark", "equity", "earned", "paid", "slippage", "market",
        "fees", "rebates", "funding", "bought_e18", "sold_e18", "fills", "maker_fills", "closing",
        "winning", "won_e18", "lost_e18", "gross_ns", "net_ns", "held_ns", "most_gross",
        "changed_ns", "arrival_e18", "delay_e18", "capture_e18", "arrival_notional",
        "effective_notional", "markouts",
    )  # fmt: skip

    def __init__(self, symbol: str) -> None:
        self.symbol = symbol
        self.qty = self.bid = self.ask = self.mark = self.equity = 0
        self.earned = self.paid = self.slippage = self.market = 0
        self.fees = self.rebates = self.funding = 0  # all of them above zero but funding
        self.bought_e18 = self.sold_e18 = 0
        self.fills = self.maker_fills = 0
        self.closing = self.winning = self.won_e18 = self.lost_e18 = 0
        self.gross_ns = self.net_ns = self.held_ns = 0  # value times time, and the time
        self.most_gross = 0
        self.changed_ns = 0
        self.arrival_e18 = self.delay_e18 = self.capture_e18 = 0
        self.arrival_notional = self.effective_notional = 0
        self.markouts = Markouts()

    @property
    def volume_e18(self) -> int:
        """All that was bought and sold."""
        return self.bought_e18 + self.sold_e18

    def quote(self, bid: int, ask: int, ts_ns: int) -> int:
        """A new market; returns by how much the equity moved."""
        mark = (bid + ask) >> 1
        moved = 0
        if self.qty:
            self.hold(ts_ns)
            moved = self.qty * (mark - self.mark)
            self.market += moved
            self.equity += moved
            self.most_gross = max(self.most_gross, abs(self.qty) * mark)
        self.bid, self.ask, self.mark = bid, ask, mark
        self.markouts.on_quote(mark, ts_ns)
        return moved

    def hold(self, ts_ns: int) -> None:
        """What is held was held until now."""
        for_ns = ts_ns - self.changed_ns
        self.changed_ns = ts_ns
        if self.qty:
            value = self.qty * self.mark * for_ns
            self.net_ns += value
            self.gross_ns += abs(value)
            self.held_ns += for_ns

    def fill(
        self, side: Side, qty: int, price: int, fee_e18: int, maker: bool, ts_ns: int
    ) -> int:
        """One execution; returns by how much the equity moved."""
        self.hold(ts_ns)
        mark = self.mark = self.mark or price  # never quoted: the first price seen
        signed = qty if side is BUY else -qty
        touch = (self.ask if side is BUY else self.bid) or price
        self._split(signed, price, price if maker else touch)
        self.markouts.on_fill(side, qty, price, fee_e18, ts_ns)
        if fee_e18 < 0:
            self.rebates -= fee_e18
        else:
            self.fees += fee_e18
        if side is BUY:
            self.bought_e18 += qty * price
        else:
            self.sold_e18 += qty * price
        self.fills += 1
        self.maker_fills += maker
        self.qty += signed
        self.most_gross = max(self.most_gross, abs(self.qty) * mark)
        moved = signed * (mark - price) - fee_e18
        self.equity += moved
        return moved

    def _split(self, signed: int, price: int, touch: int) -> None:
        """Where the capture of a fill belongs."""
        capture = signed * (self.mark - price)
        self.capture_e18 += capture
        self.effective_notional += abs(signed) * self.mark
        if capture >= 0:
            self.earned += capture
            return
        beyond = min(max(signed * (price - touch), 0), -capture)
        self.slippage += beyond
        self.paid += -capture - beyond

    def arrived(self, signed: int, price: int, mark_then: int) -> None:
        """The same fill against the middle when its order was decided."""
        self.arrival_e18 += signed * (price - mark_then)
        self.delay_e18 += signed * (self.mark - mark_then)
        self.arrival_notional += abs(signed) * mark_then

    def close(self, earned_e18: int) -> None:
        """A fill that closed something earned this, less its own fee."""
        self.closing += 1
        if earned_e18 > 0:
            self.winning += 1
            self.won_e18 += earned_e18
        else:
            self.lost_e18 -= earned_e18

    def fund(self, amount_e18: int) -> int:
        """A payment for holding what is held: received above zero."""
        self.funding += amount_e18
        self.equity += amount_e18
        return amount_e18

    def explained_e18(self) -> int:
        """The equity as the sum of its parts."""
        spread = self.earned - self.paid - self.slippage
        return spread + self.market - self.fees + self.rebates + self.funding
