"""A position out of recorded fills and adoptions, first in first out.

The ledger does the same sums for the run. This is a second reader of the same facts and shares no
code with it, so that a property test can hold the two against each other.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..core.money import text
from .projection_exact import exact_e9, money_e18, money_text


class Position:
    """What the fills of one symbol add up to; quantities at 10^9, money at 10^18."""

    def __init__(self, symbol: str) -> None:
        self.symbol = symbol
        self.qty = self.cost = self.realised = self.cash = 0
        self.fees = {"maker": 0, "taker": 0}
        self.count = {"maker": 0, "taker": 0}
        self.traded = {"Buy": 0, "Sell": 0}
        self.spent = {"Buy": 0, "Sell": 0}
        self.adopted = self.adopted_worth = self.funding = 0
        # Lots by the seq of the fill that opened them, oldest first: signed quantity and price.
        self.lots: dict[int, tuple[int, int]] = {}
        self._changed: dict[int, None] = {}

    def book(self, seq: int, side: str, qty: int, price: int, charged: str, fee: int) -> None:
        """Add one execution; it closes the oldest lots first and opens one with what is left."""
        signed = qty if side == "Buy" else -qty
        self.fees[charged] += fee
        self.count[charged] += 1
        self.traded[side] += qty
        self.spent[side] += qty * price
        self.cash -= signed * price + fee
        self._move(seq, signed, price)

    def fund(self, amount: int) -> None:
        """Add what came in for holding it; below zero it went out."""
        self.funding += amount
        self.cash += amount

    def adopt(self, seq: int, qty: int, price: int) -> None:
        """Hold this in all, by the exchange's word: what that moves is worth this, and no cash."""
        moved = qty - self.qty
        self.adopted += moved
        self.adopted_worth += moved * price
        self._move(seq, moved, price)

    def _move(self, seq: int, signed: int, price: int) -> None:
        self.qty += signed
        for opened in self._closable(signed):
            held, paid = self.lots[opened]
            closed = min(abs(held), abs(signed)) * (1 if held > 0 else -1)
            self.realised += closed * (price - paid)
            self.cost -= closed * paid
            signed += closed
            self._put(opened, held - closed, paid)
        if signed:
            self.cost += signed * price
            self._put(seq, signed, price)

    def _closable(self, signed: int) -> list[int]:
        """The lots that a fill of this signed quantity closes, wholly or in part."""
        closable, left = [], abs(signed)
        for opened, (held, _) in self.lots.items():
            if not left or (held > 0) is (signed > 0):
                break
            closable.append(opened)
            left -= min(left, abs(held))
        return closable

    def _put(self, opened: int, qty: int, price: int) -> None:
        self._changed[opened] = None
        if qty:
            self.lots[opened] = (qty, price)
        else:
            del self.lots[opened]

    def row(self) -> tuple[Any, ...]:
        """As the table holds it."""
        return (
            self.symbol, text(self.qty), money_text(self.cost), money_text(self.realised),
            money_text(self.cash), money_text(self.fees["maker"]), money_text(self.fees["taker"]),
            text(self.traded["Buy"]), text(self.traded["Sell"]), money_text(self.spent["Buy"]),
            money_text(self.spent["Sell"]), self.count["maker"], self.count["taker"],
            text(self.adopted), money_text(self.adopted_worth), money_text(self.funding),
        )  # fmt: skip

    def changed_lots(self) -> Iterator[tuple[int, str, str | None, str]]:
        """The rows of the lots that changed since this was asked last; no quantity: it is gone."""
        for opened in self._changed:
            qty, price = self.lots.get(opened, (0, 0))
            yield opened, self.symbol, text(qty) if qty else None, text(price)
        self._changed.clear()

    @classmethod
    def of_row(cls, row: tuple[Any, ...], lots: list[tuple[int, str, str]]) -> Position:
        """The position of a row and of its lots in their order."""
        position = cls(row[0])
        position.qty = exact_e9(row[1])
        position.cost, position.realised, position.cash = map(money_e18, row[2:5])
        position.fees = {"maker": money_e18(row[5]), "taker": money_e18(row[6])}
        position.traded = {"Buy": exact_e9(row[7]), "Sell": exact_e9(row[8])}
        position.spent = {"Buy": money_e18(row[9]), "Sell": money_e18(row[10])}
        position.count = {"maker": row[11], "taker": row[12]}
        position.adopted, position.adopted_worth = exact_e9(row[13]), money_e18(row[14])
        position.funding = money_e18(row[15])
        position.lots = {opened: (exact_e9(qty), exact_e9(price)) for opened, qty, price in lots}
        return position
