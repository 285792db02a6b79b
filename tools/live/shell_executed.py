"""The shell's way of a fill of which the exchange tells more: what it cost, why it came about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from .core.contracts_v1 import Output
from .core.line import Hear, Hearing
from .exchange import FillEvent
from .fold import Fold


class Booking(Protocol):
    """What of a shell it takes to book a fill."""

    fold: Fold
    _hearing: Hearing | None
    _origins: dict[str, tuple[int, int]]

    def _hear(self, hear: Hear, *said: Any) -> None: ...

    def _carry_out(self, outputs: Sequence[Output], cause: int, corr: int) -> None: ...


def book_executed(shell: Booking, fill: FillEvent, fill_id: str, seq: int, ts_ns: int) -> None:
    """Give the fill its place on the line, and book it at the fee that it names."""
    hearing, order_id, corr = shell._hearing, fill.order_id, seq
    why = "" if hearing is None else fill.why  # the words are only made for a record
    said = (
        fill_id, order_id, fill.symbol, fill.side, fill.qty_e9, fill.price_e9, fill.liquidity,
        fill.fee_e18, why, ts_ns,
    )  # fmt: skip
    if hearing is not None:
        cause, corr = shell._origins.get(order_id, (0, seq))
        shell._hear(hearing.executed, seq, corr, cause, *said)
    outputs = shell.fold.executed(*said)
    if outputs:
        shell._carry_out(outputs, seq, corr)
