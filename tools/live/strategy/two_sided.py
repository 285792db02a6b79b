"""Quote both sides: a bid below and an offer above the middle of the market."""

from __future__ import annotations

from collections.abc import Mapping

from ..core.contracts_v1 import BUY, SELL, Intent
from ..core.errors import ContractError
from ..core.money import BPS, SCALE
from ..core.order_rules import OrderRules

_FULL = 2 * BPS * SCALE  # a spread of this many basis points (at 10^9) is the whole price
_TWICE = 2 * _FULL


class TwoSided:
    """One buy and one sell order a quote, half a spread away from the middle each.

    `rules` are looked up at each quote, by symbol: there they keep to the tick and the lot.
    """

    __slots__ = ("base_qty", "spread_bps", "rules", "_below", "_less_above")

    def __init__(
        self, *, base_qty: int, spread_bps: int, rules: Mapping[str, OrderRules] | None = None
    ) -> None:
        if base_qty <= 0:
            raise ContractError(f"base_qty {base_qty / SCALE!r} must be above 0")
        if not 0 <= spread_bps < _FULL:
            raise ContractError(f"spread_bps {spread_bps / SCALE!r} is not from 0 to below 20000")
        self.base_qty = base_qty
        self.spread_bps = spread_bps
        self.rules = {} if rules is None else rules
        self._below = _FULL - spread_bps
        self._less_above = -_FULL - spread_bps  # below zero, so that `//` rounds the sell up

    def intents(self, symbol: str, bid: int, ask: int) -> tuple[Intent, Intent]:
        """The buy rounds down and the sell up, so that rounding never narrows the spread."""
        twice_mid = bid + ask
        qty = self.base_qty
        buy = twice_mid * self._below // _TWICE
        sell = -(twice_mid * self._less_above // _TWICE)
        if self.rules and (rules := self.rules.get(symbol)) is not None:
            qty, buy, sell = rules.qty(qty), rules.price(BUY, buy), rules.price(SELL, sell)
        return (BUY, qty, buy), (SELL, qty, sell)
