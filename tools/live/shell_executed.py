"""The shell's way of rare fills: without a name, of no order yet, or with a fee and a reason."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any, Protocol

from .core.contracts_v1 import Output
from .core.line import Hear, Hearing
from .exchange import FillEvent
from .fold import Fold
from .order_store import InMemoryOrderStore


class Booking(Protocol):
    """What of a shell it takes to book a fill."""

    fold: Fold
    order_store: InMemoryOrderStore
    _asked: dict[str, tuple[int, int, int]]
    _unnamed_fills: int
    _hearing: Hearing | None
    _origins: dict[str, tuple[int, int]]

    def _hear(self, hear: Hear, *said: Any) -> None: ...

    def _carry_out(self, outputs: Sequence[Output], cause: int, corr: int) -> None: ...


def may_be_ours(shell: Booking, fill: FillEvent) -> bool:
    """Whether some order in doubt, or without an answer yet, is of its symbol and side."""
    doubted = (doubt.order for doubt in shell.fold.outbox.doubts.values())
    waiting = (shell.order_store.orders[name] for name in shell._asked)
    return any(
        (order.symbol, order.side_of) == (fill.symbol, fill.side)
        for order in chain(doubted, waiting)
    )


def name_of(shell: Booking, fill: FillEvent) -> str:
    """A name for an execution that the venue does not name: by what it made of its order."""
    if fill.cum_e9 is not None:
        return f"{fill.order_id}@{fill.cum_e9}"
    shell._unnamed_fills += 1
    return f"{fill.order_id}/{shell._unnamed_fills}"


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
