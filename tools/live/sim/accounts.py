"""What the exchange holds for us: positions at their average cost, and one purse of cash.

Positions are signed quantities at 10^9, costs and cash products at 10^18. Cash may go below zero:
whether it may is a question of rules, not of arithmetic.
"""

from __future__ import annotations

from ..exchange import Position, move_holding, positions_of


class Accounts:
    """One client's positions by symbol and cash in one currency; without cash none is told."""

    def __init__(self, cash_e18: int | None = None, currency: str = "USD") -> None:
        self.cash_e18 = cash_e18 or 0
        self._tells_cash = cash_e18 is not None
        self._currency = currency
        self._holdings: dict[str, list[int]] = {}  # symbol: [signed quantity, cost at 10^18]

    def trade(self, symbol: str, signed: int, price: int, fee_e18: int) -> None:
        """Book an execution: closing leaves the average cost, crossing zero restarts it."""
        self.cash_e18 -= signed * price + fee_e18
        move_holding(self._holdings, symbol, signed, price)

    def pay(self, amount_e18: int) -> None:
        """Take money out, or put it in when it is negative: funding, interest."""
        self.cash_e18 -= amount_e18

    def position(self, symbol: str) -> int:
        """The signed quantity held, long above zero."""
        holding = self._holdings.get(symbol)
        return 0 if holding is None else holding[0]

    def positions(self) -> list[Position]:
        """Positions that are not flat, by symbol, at their average entry price."""
        return positions_of(self._holdings)

    def balances(self) -> dict[str, int] | None:
        """Cash by currency; None where the exchange keeps no count of it."""
        return {self._currency: self.cash_e18} if self._tells_cash else None

    def state(self) -> tuple[object, ...]:
        """All of it, for a hash."""
        held = tuple((symbol, *self._holdings[symbol]) for symbol in sorted(self._holdings))
        return self.cash_e18, self._tells_cash, self._currency, held
