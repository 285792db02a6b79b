"""How bars fill, as it is written down: the table `bars` of the terms, or a word.

    [bars]
    same_bar = "stop_first"
    volume_cap_bps = 500
    verify_ticks = 1
    tick = 0.01
    stop = {model = "fixed_bps", bps = 20}
    target = {model = "fixed_bps", bps = 5}

`bars = "closes"` hears a market of bars as trades at their closes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from ..core.errors import ContractError
from ..core.money import BPS
from .bar_offers import BarPrices
from .bars import BarRules
from .terms import BarsHeard

NO_CAP = "none"
_MOST_TICKS = 1_000_000
_OF_PRICES = ("tick", "verify_ticks", "entry", "stop", "target")
KEYS = (*_OF_PRICES, "same_bar", "volume_cap_bps", "late_bps", "every_seconds")

# Who reads the value of a key.
Readers: TypeAlias = dict[str, Callable[[Any, str], Any]]


def bars_of_table(told: dict[str, Any], where: str, readers: Readers) -> BarRules:
    """The rules of a table whose keys are known; each value has its reader."""
    said = {name: readers[name](value, f"{name} of {where}") for name, value in told.items()}
    prices = {name: said.pop(name) for name in _OF_PRICES if name in said}
    every_ns = said.pop("every_seconds", None)
    return BarRules(BarPrices(**prices), every_ns=every_ns, **said).checked()


def cap_of(told: Any, where: str) -> int | None:
    """A part of the volume in basis points, or the word for all that is asked."""
    return None if told == NO_CAP else part_of(told, where, f", nor {NO_CAP!r}")


def part_of(told: Any, where: str, or_else: str = "") -> int:
    """A part in basis points."""
    return _whole(told, where, BPS, or_else)


def ticks_of(told: Any, where: str) -> int:
    """How many ticks a bar goes beyond a limit before that fills."""
    return _whole(told, where, _MOST_TICKS)


def not_bars(told: Any, where: str) -> BarsHeard:
    """The word that stands for no rules."""
    if told != BarsHeard.CLOSES.value:
        raise ContractError(f"{where} {told!r:.60} is neither a table nor"
                            f" {BarsHeard.CLOSES.value!r}; write [bars]")  # fmt: skip
    return BarsHeard.CLOSES


def _whole(told: Any, where: str, most: int, or_else: str = "") -> int:
    if type(told) is not int or not 0 <= told <= most:
        raise ContractError(f"{where} {told!r:.60} is not a whole number from 0 to {most}{or_else}")
    return told
