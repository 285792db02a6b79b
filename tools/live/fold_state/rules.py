"""The state of the exchange's rules that orders keep to; nothing is said where none were told."""

from __future__ import annotations

from typing import Any

from ..core.errors import ContractError
from ..core.order_rules import OrderRules
from ..core.record import fields_of
from ..fold import Fold
from .plain import items, number, row, text, unique

RULES = "rules"


def tell_rules(rules: dict[str, OrderRules]) -> dict[str, Any]:
    """The rules in force, as plain data under their key; empty when there are none."""
    told = [
        [symbol, *(str(getattr(one, name)) for name in fields_of(one))]
        for symbol, one in rules.items()
    ]
    return {RULES: told} if told else {}


def read_rules(told: Any, fold: Fold) -> None:
    """Put the rules that were told in force, for the strategy and for the gate."""

    def read(one: Any) -> tuple[str, list[int]]:
        symbol, *values = row(one, 1 + len(fields_of(OrderRules)))
        return text(symbol, "symbol"), [number(value, f"{RULES} of it") for value in values]

    exposures = fold.monitor.exposures
    for symbol, values in unique(items(told, RULES, read), f"{RULES} of").items():
        if symbol not in exposures or exposures[symbol].plain or not any(values):
            raise ContractError(f"{RULES} of {symbol!r:.60} cannot be")
        tick, lot, min_qty, min_notional_e18 = values
        fold.set_rules(symbol, tick, lot, min_qty, min_notional_e18, 0)
    if not fold.rules:
        raise ContractError(f"{RULES} are told and empty")
