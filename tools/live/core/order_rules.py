"""What an exchange allows for orders of a symbol, as far as whoever quotes has to keep to it.

A tick and a lot are rules, not units: prices and quantities stay integers at 10^9. Where a price
has to move to the tick it moves away from the market, so that nobody quotes more aggressively
than was asked for.
"""

from __future__ import annotations

from collections.abc import Mapping

from .errors import ContractError
from .money import LARGEST_E9, LARGEST_E18, cash_text, text, view, view_cash
from .record import fields_of, record
from .words_v1 import BUY, RefusalReason, Side


@record
class OrderRules:
    """Steps of price and quantity, the smallest quantity and value; 0 is no such rule."""

    tick: int = 0
    lot: int = 0
    min_qty: int = 0
    min_notional_e18: int = 0

    @property
    def any(self) -> bool:
        """Whether there is a rule at all."""
        return self != NO_RULES

    def price(self, side: Side, price: int) -> int:
        """The nearest price on the tick that is not more aggressive: a buy down, a sell up."""
        tick = self.tick
        if not tick:
            return price
        return price // tick * tick if side is BUY else -(-price // tick) * tick

    def qty(self, qty: int) -> int:
        """Whole lots, never more than asked for; what is less than one stays for the gate."""
        return qty - qty % self.lot if 0 < self.lot <= qty else qty

    def too_small(self, qty: int, price: int) -> RefusalReason | None:
        """Why an order is too small to be taken, if it is."""
        if qty < self.min_qty or qty < self.lot:
            return RefusalReason.QTY_TOO_SMALL
        if qty * price < self.min_notional_e18:
            return RefusalReason.NOTIONAL_TOO_SMALL
        return None

    def describe(self) -> dict[str, float]:
        """The rules in human numbers."""
        return {
            "tick": view(self.tick),
            "lot": view(self.lot),
            "min_qty": view(self.min_qty),
            "min_notional": view_cash(self.min_notional_e18),
        }


NO_RULES = OrderRules()


def spell_rules(rules: Mapping[str, OrderRules]) -> dict[str, dict[str, dict[str, str]]]:
    """Rules by symbol in exact digits, under their key; empty where there are none."""
    told = {
        symbol: {
            "tick": text(one.tick),
            "lot": text(one.lot),
            "min_qty": text(one.min_qty),
            "min_notional": cash_text(one.min_notional_e18),
        }
        for symbol, one in rules.items()
    }
    return {"rules": told} if told else {}


def checked_rules(rules: object, symbol: str) -> OrderRules:
    """The rules themselves; a ContractError names what no exchange can mean by them."""
    if not isinstance(rules, OrderRules):
        raise ContractError(
            f"the rules of {symbol} are {type(rules).__name__}, not OrderRules; give OrderRules,"
            " or None where there are none"
        )
    for name in fields_of(rules):
        value, most = getattr(rules, name), LARGEST_E9
        if name.endswith("_e18"):
            most = LARGEST_E18
        if type(value) is not int or not 0 <= value <= most:
            raise ContractError(
                f"{name} {value!r:.60} of the rules of {symbol} is no whole number from 0 to {most}"
            )
    return rules
