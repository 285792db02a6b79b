"""Runs with one rule of adoption broken: each must be caught."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

from tests.sim.durable_mutants import Mutant, patched, verb
from tools.live import durable_run
from tools.live.adoptions import Adoptions
from tools.live.audit.reconcile_findings import AdoptOrder
from tools.live.core.contracts_v1 import BUY, FillAdopted, OrderAdopted, Output, Side
from tools.live.core.order import Order
from tools.live.fold import Fold
from tools.live.order_store import InMemoryOrderStore
from tools.live.portfolio.ledger import Ledger
from tools.live.risk_monitor import RuntimeRiskMonitor

adopt_order = Fold.adopt_order
adopt_position = Ledger.adopt
keep = Fold._keep
keep_in_store = InMemoryOrderStore._keep


def an_adopted_order_is_not_counted() -> AbstractContextManager[None]:
    """The gate knows nothing of it."""

    def nothing(self: RuntimeRiskMonitor, symbol: str, side: Side, leaves: int, price: int) -> None:
        self._new_exposure(symbol) if symbol not in self.exposures else None

    return patched(RuntimeRiskMonitor, "adopt_order", nothing)


def what_it_filled_moves_the_position() -> AbstractContextManager[None]:
    """It is booked with the order, and again with the position."""

    def moving(self: Fold, *event: Any) -> Sequence[Output]:
        outputs = adopt_order(self, *event)
        _, _, symbol, side, _, price, filled, _, _ = event
        if filled:
            self.monitor.apply_fill(symbol, side, filled, price)
        return outputs

    return verb(OrderAdopted, moving)


def its_executions_are_not_known() -> AbstractContextManager[None]:
    """What it had filled is news when the stream tells it."""

    def unknown(self: Fold, *event: Any) -> Sequence[Output]:
        return ()

    return verb(FillAdopted, unknown)


def the_order_comes_before_its_executions() -> AbstractContextManager[None]:
    """A crash in between leaves an order on which they are booked."""

    def the_wrong_way(loop: Any, held_before: Any, adoption: Any) -> None:
        if isinstance(adoption, AdoptOrder):
            bare = AdoptOrder(adoption.id, adoption.order, adoption.state)
            adopt_into(loop, held_before, bare)
        adopt_into(loop, held_before, adoption)

    adopt_into = durable_run.adopt_into
    monkey = patched(durable_run, "adopt_into", the_wrong_way)
    return both(monkey, patched(Adoptions, "told", lambda self, order_id, store: 10**18))


def a_replaced_order_stays_reserved() -> AbstractContextManager[None]:
    """The gate counts what it was and what it is."""

    def taken(self: Fold, order: Order) -> None:
        if order.order_id is None:
            self.adoptions.unplaced += 1
        self.settled(order)
        del self.store.live[order.symbol][order.client_order_id]

    return patched(Fold, "_take_back", taken)


def its_name_is_given_again() -> AbstractContextManager[None]:
    """The sequence of our names goes on where it was."""

    def kept(self: InMemoryOrderStore, *given: Any) -> None:
        number, name = self._next, self.next_id
        keep_in_store(self, *given)
        self._next, self.next_id = number, name

    return patched(InMemoryOrderStore, "_keep", kept)


def an_adopted_position_is_paid_for() -> AbstractContextManager[None]:
    """It takes cash."""

    def paid(self: Ledger, symbol: str, qty: int, price: int) -> None:
        self.holding(symbol).cash_e18 -= (qty - self.qty(symbol)) * price
        adopt_position(self, symbol, qty, price)

    return patched(Ledger, "adopt", paid)


def an_adopted_position_is_a_trade() -> AbstractContextManager[None]:
    """It counts as bought or sold."""

    def traded(self: Ledger, symbol: str, qty: int, price: int) -> None:
        moved = qty - self.qty(symbol)
        self.apply_fill(symbol, BUY if moved > 0 else Side.SELL, abs(moved), price, False)

    return patched(Ledger, "adopt", traded)


def what_was_held_before_is_adopted_as_well() -> AbstractContextManager[None]:
    """The exchange's position is taken for what the run made of it."""
    adopt_into = durable_run.adopt_into
    return patched(durable_run, "adopt_into", lambda loop, held, one: adopt_into(loop, {}, one))


def adopted_while_frozen_it_rests() -> AbstractContextManager[None]:
    """Nobody cancels what comes in while everything is to be canceled."""

    def resting(self: Fold, *given: Any) -> Sequence[Output]:
        keep(self, *given)
        return ()

    return patched(Fold, "_keep", resting)


def both(
    one: AbstractContextManager[None], other: AbstractContextManager[None]
) -> AbstractContextManager[None]:
    class Both:
        def __enter__(self) -> None:
            one.__enter__()
            other.__enter__()

        def __exit__(self, *how: Any) -> None:
            other.__exit__(*how)
            one.__exit__(*how)

    return Both()  # type: ignore[return-value]


MUTANTS: dict[str, Mutant] = {
    made.__name__: made
    for made in (
        an_adopted_order_is_not_counted, what_it_filled_moves_the_position,
        its_executions_are_not_known, the_order_comes_before_its_executions,
        a_replaced_order_stays_reserved, its_name_is_given_again,
        an_adopted_position_is_paid_for, an_adopted_position_is_a_trade,
        what_was_held_before_is_adopted_as_well, adopted_while_frozen_it_rests,
    )
}  # fmt: skip
