"""What would have been: the trading that a freeze prevented, and what it would have earned.

While trading is frozen the strategy is still asked, without any power, at the first quote of a
symbol in each second. What it would have quoted stands until it is asked again. It fills, whole
and at its price, when a later quote trades through it: a best ask at or below our buy, a best bid
at or above our sell. It pays the fee of a maker, keeps to the limit of its symbol, and moves no
market. When the freeze is lifted, its position ends at the middle of then; else it is worth the
last middle of the run.

Trades that left the quotes where they were cannot be seen, and a maker earns on those. So what a
freeze saved comes out rather too high than too low.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from ..core.clock import NS_PER_S
from ..core.contracts_v1 import BUY, Intent, Side
from ..core.money import fee_e18
from .edge_markouts import Markouts

# Side, quantity, price and fee of what would rest.
Standing: TypeAlias = tuple[Side, int, int, int]

STANDS_NS = NS_PER_S  # a market of many small quotes would never trade through what stands less


class WouldBe:
    """The would-be quotes, fills and money of one symbol."""

    __slots__ = ("standing", "asked_ns", "markouts", "mark", "qty", "cash", "fees", "volume")

    def __init__(self) -> None:
        self.standing: tuple[Standing, ...] = ()
        self.asked_ns = -1  # when the strategy was asked; -1 stands for never, or begin anew
        self.markouts = Markouts()
        self.mark = 0  # the last middle that was known
        self.qty = self.cash = self.fees = self.volume = 0

    @property
    def pnl_e18(self) -> int:
        """What it would have earned so far, fees paid, at the last middle."""
        return self.cash + self.qty * self.mark

    def on_quote(self, bid: int, ask: int, ts_ns: int) -> None:
        """Trade what this quote trades through."""
        for resting in self.standing:
            side, _, price, _ = resting
            if ask <= price if side is BUY else bid >= price:
                self.standing = tuple(one for one in self.standing if one is not resting)
                self._fill(*resting, ts_ns)
        self.markouts.on_quote((bid + ask) >> 1, ts_ns)
        self.mark = self.markouts.mid or self.mark

    def _fill(self, side: Side, qty: int, price: int, fee: int, ts_ns: int) -> None:
        signed = qty if side is BUY else -qty
        self.qty += signed
        self.cash -= signed * price + fee
        self.fees += fee
        self.volume += qty * price
        self.markouts.on_fill(side, qty, price, fee, ts_ns)

    def is_due(self, ts_ns: int) -> bool:
        """Whether the strategy is to be asked again."""
        return self.asked_ns < 0 or ts_ns >= self.asked_ns + STANDS_NS

    def would_quote(
        self, intents: Iterable[Intent], ts_ns: int, *, held: int, limit_e18: int, maker_bps: int
    ) -> None:
        """Let stand what the symbol's limit allows beside what is held and would be."""
        self.asked_ns = ts_ns
        held += self.qty
        standing = []
        for side, qty, price in intents:
            after = held + qty if side is BUY else qty - held
            if qty > 0 and price > 0 and (after <= 0 or after * price <= limit_e18):
                standing.append((side, qty, price, fee_e18(qty * price, maker_bps)))
        self.standing = tuple(standing)

    def on_unusable(self, ts_ns: int) -> None:
        """Nobody would quote on this market, and nobody knows its middle."""
        self._withdraw()
        self.markouts.on_unusable(ts_ns)

    def on_unfreeze(self) -> None:
        """The real strategy goes on, so this one ends: its position at the last middle."""
        self._withdraw()
        self.cash += self.qty * self.mark
        self.qty = 0

    def _withdraw(self) -> None:
        self.standing = ()
        self.asked_ns = -1
