"""What an exchange may tell of its rules, so that nobody quotes what it would refuse."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, runtime_checkable

from .core.order_rules import NO_RULES, OrderRules, checked_rules
from .exchange import IExchangeClient


@runtime_checkable
class ListsRules(Protocol):
    """What an exchange may offer beside `IExchangeClient`; it is asked before anything is sent.

    None is a symbol without rules. It raises when the exchange cannot tell, and then nothing is
    traded.
    """

    def rules_of(self, symbol: str) -> OrderRules | None: ...


def told_rules(exchange: IExchangeClient, symbols: Iterable[str]) -> dict[str, OrderRules]:
    """What an exchange says of these symbols, each asked once; no rules where it tells none."""
    told = dict.fromkeys(symbols, NO_RULES)
    if isinstance(exchange, ListsRules):
        for symbol in told:
            rules = exchange.rules_of(symbol)
            if rules is not None:
                told[symbol] = checked_rules(rules, symbol)
    return told
