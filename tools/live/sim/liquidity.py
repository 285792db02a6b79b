"""How much there is to trade with, and that it is used once.

What the market displays is a recording: it does not know that we took something. So what we took
of a level stays taken for as long as the level may be the same one. It is new only when it was
gone in between; and where its quantity grows, the growth is new. A level whose quantity shrinks
below what we took holds nothing for us.
"""

from __future__ import annotations

from typing import Any

from ..core.errors import ContractError
from ..core.money import LARGEST_E9
from ..core.record import record
from ..market.book import Held

# Stands for a quantity that nobody knows and nothing limits; above every quantity that there is.
UNLIMITED = LARGEST_E9


@record
class LiquidityRule:
    """What a displayed price is worth.

    With `full` every limit order fills whole, at once, at its limit, as a maker: the exchange of
    a dream, and the measure for the others. Otherwise displayed quantities bound every fill.
    `unknown_qty` is what a taker finds at a price of unknown quantity; `unknown_ahead` is what is
    taken to be queued before us at a price whose queue the data does not show.
    """

    full: bool = False
    unknown_qty: int = UNLIMITED
    unknown_ahead: int = UNLIMITED

    def checked(self) -> LiquidityRule:
        """The rule itself; a ContractError when a quantity is out of bounds."""
        for field in ("unknown_qty", "unknown_ahead"):
            value = getattr(self, field)
            if not 0 <= value <= UNLIMITED:
                raise ContractError(f"{field} {value} at 10^9 is not from 0 to {UNLIMITED}")
        return self

    def describe(self) -> dict[str, Any]:
        """Which rule this is, for the report; None stands for what is not limited."""
        if self.full:
            return {"liquidity": "full"}
        known = {"unknown_qty": self.unknown_qty, "unknown_ahead": self.unknown_ahead}
        bounds = {name: None if qty == UNLIMITED else qty for name, qty in known.items()}
        return {"liquidity": "displayed", **bounds}


DISPLAYED = LiquidityRule()
FULL = LiquidityRule(full=True)


class Taken:
    """What we took of the displayed levels of one side; `sign` is 1 for bids and -1 for asks.

    `of` is there to be asked whether there is anything at all.
    """

    __slots__ = ("of", "_sign")

    def __init__(self, sign: int) -> None:
        self._sign = sign
        self.of: dict[int, int] = {}

    def __bool__(self) -> bool:
        return bool(self.of)

    def free(self, price: int, shown: int) -> int:
        """What is left of a level."""
        free = shown - self.of.get(price, 0)
        return free if free > 0 else 0

    def use(self, price: int, qty: int) -> None:
        """Take so much of a level, which must be free."""
        self.of[price] = self.of.get(price, 0) + qty

    def on_touch(self, price: int, shown: int | None, held: Held) -> None:
        """The best level is this one: every better one is gone. Price 0: the side is empty.

        One that the depth still holds is not gone before the depth says so, too; else it could
        come back from a depth that is older than the quote.
        """
        of = self.of
        if of and (not price or (max(of) > price if self._sign > 0 else min(of) < price)):
            self._forget_better(price, held)
        if shown is not None and of.get(price, 0) > shown:
            of[price] = shown

    def on_depth(self, held: Held, touch: int) -> None:
        """The depth shows these quantities behind the touch; a price that is missing is gone."""
        sign = self._sign
        for level in list(self.of):
            if level != touch and level not in held:
                del self.of[level]
            elif touch and level * sign < touch * sign:
                self._shrink(level, held[level])

    def state(self) -> tuple[tuple[int, int], ...]:
        """All of it, by price."""
        return tuple(sorted(self.of.items()))

    def _forget_better(self, price: int, held: Held) -> None:
        sign = self._sign
        for level in list(self.of):
            if (not price or level * sign > price * sign) and level not in held:
                del self.of[level]

    def _shrink(self, level: int, shown: int | None) -> None:
        if shown is not None and self.of.get(level, 0) > shown:
            self.of[level] = shown
