"""The synthetic market of the demo: a saw-tooth of ten steps, and an edge that falls in a line.

Both are exact integers and depend on nothing but the step, so the published run can be repeated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ..core.clock import NS_PER_S
from ..core.contracts_v1 import QuoteUpdate
from ..core.errors import ContractError
from ..core.money import SCALE, divide_half_even
from ..core.record import builder

MAX_STEPS = 100_000_000
SYMBOL = re.compile(r"[A-Z0-9._/:-]{1,32}", re.ASCII)

_quote = builder(QuoteUpdate)
_EDGE_START_BPS = 10
_EDGE_FALL_BPS = 8


def base_price(symbol: str) -> int:
    """Fifty thousand for anything with BTC in its name, three thousand for the rest."""
    return (50_000 if "BTC" in symbol else 3_000) * SCALE


class SyntheticMarket:
    """One quote a symbol a step, ten basis points wide, a second after those of the step before."""

    def __init__(self, symbols: list[str], steps: int, start_ns: int) -> None:
        if isinstance(steps, bool) or not isinstance(steps, int) or not 1 <= steps <= MAX_STEPS:
            raise ContractError(f"iterations {steps!r} is not a whole number from 1 to {MAX_STEPS}")
        self.symbols = checked_symbols(symbols)
        self.steps = steps
        self.start_ns = start_ns

    def describe(self) -> dict[str, Any]:
        """Which market this is, for the report."""
        return {"kind": "synthetic"}

    def __iter__(self) -> Iterator[list[QuoteUpdate]]:
        bases = [(symbol, base_price(symbol)) for symbol in self.symbols]
        for step in range(self.steps):
            ts_ns = self.start_ns + step * NS_PER_S
            quotes = []
            for symbol, base in bases:
                mid = base * (1000 + step % 10) // 1000
                bid = mid * 9995 // 10_000
                quotes.append(_quote(symbol, bid, mid * 10_005 // 10_000, ts_ns))
            yield quotes


def checked_symbols(symbols: list[str]) -> list[str]:
    """The symbols as given; an empty list, an empty name or a repeated one is a ContractError."""
    if not symbols:
        raise ContractError("symbols: at least one is required")
    seen: dict[str, None] = {}
    for symbol in symbols:
        if not isinstance(symbol, str) or not SYMBOL.fullmatch(symbol):
            raise ContractError(
                f"symbol {symbol!r} is not 1 to 32 upper-case letters, digits or . _ / : -"
            )
        if symbol in seen:
            raise ContractError(f"symbol {symbol!r} is given twice")
        seen[symbol] = None
    return list(symbols)


def scripted_edge(step: int, steps: int) -> int:
    """Net edge in basis points at 10^9: ten at first, two at the end of the run."""
    return _EDGE_START_BPS * SCALE - divide_half_even(step * _EDGE_FALL_BPS * SCALE, steps)
