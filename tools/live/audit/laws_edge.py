"""The laws of a watched edge: every fill that was booked is accounted for at every horizon."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .laws import Violation

if TYPE_CHECKING:
    from ..portfolio.edge_markouts import Markouts
    from ..portfolio.edge_watch import EdgeWatch

LAWS_OF_THE_WATCH = ("markouts_balance", "would_be_balance")


def check_watch(watch: EdgeWatch, orders_filled: int) -> Iterator[Violation]:
    """Every violation, in the order of the laws.

    A fill is measured, waits for its horizon, or is known to be unmeasured; there are as many as
    were booked. The would-be fills are accounted for alike.
    """
    booked = 0
    for symbol in sorted(watch.symbols):
        markouts = watch.symbols[symbol].markouts
        booked += markouts.fills
        yield from _balance("markouts_balance", symbol, markouts)
    if booked != orders_filled:
        yield Violation("markouts_balance", f"{booked} fills watched, {orders_filled} booked")
    for symbol in sorted(watch.symbols):
        would_be = watch.symbols[symbol].would_be
        if would_be is not None:
            yield from _balance("would_be_balance", symbol, would_be.markouts)


def _balance(law: str, symbol: str, markouts: Markouts) -> Iterator[Violation]:
    for horizon in markouts.horizons:
        if horizon.heard != markouts.fills:
            yield Violation(
                law, f"{symbol}: {markouts.fills} fills, {horizon.heard} at {horizon.horizon_ns} ns"
            )
