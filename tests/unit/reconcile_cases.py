"""Cases of a reconciliation: both sides with defaults, and what came out."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from tests.unit.reconcile_world import T0_NS
from tools.live.audit.reconcile import reconcile
from tools.live.audit.reconcile_facts import (
    Answer, KnownFill, LocalOrder, LocalState, OnMismatch, Policy, Unanswered, VenueFill,
    VenueOrder, VenueState,
)  # fmt: skip
from tools.live.audit.reconcile_findings import Action, Kind, Reconciliation, Take
from tools.live.core.contracts_v1 import BUY, Fill, FreezeOrdered, Side
from tools.live.core.money import SCALE
from tools.live.core.order import OPEN, OrderState
from tools.live.core.record import fields_of
from tools.live.exchange_query import Found

NOW = T0_NS
OLD = NOW - 60 * SCALE
NAME = "CLI00000001"
BTC = "BTCUSDT"
ALERT, CANCEL, ADOPT = OnMismatch.ALERT, OnMismatch.CANCEL, OnMismatch.ADOPT


def ours(
    state: OrderState = OPEN, *, name: str = NAME, order_id: str | None = "X1", qty: int = 10,
    filled: int = 0, changed_ns: int = OLD, price: int = 100, side: Side = BUY,
) -> LocalOrder:  # fmt: skip
    return LocalOrder(
        name, order_id, BTC, side, qty * SCALE, price * SCALE, filled * SCALE, state, changed_ns
    )


def theirs(
    *, order_id: str = "X1", name: str = NAME, qty: int = 10, filled: int = 0, price: int = 100,
    side: Side = BUY, symbol: str = BTC,
) -> VenueOrder:  # fmt: skip
    return VenueOrder(
        order_id, name, symbol, side, qty * SCALE, price * SCALE, filled * SCALE
    )


def execution(fill_id: str = "E1", *, qty: int = 4, order_id: str = "X1", price: int = 100,
              side: Side = BUY, ts_ns: int = OLD) -> VenueFill:  # fmt: skip
    return VenueFill(fill_id, order_id, BTC, side, qty * SCALE, price * SCALE, "maker", ts_ns)


def said(
    found: Found | Unanswered, order: VenueOrder | None = None, at_ns: int = NOW,
    fills: tuple[VenueFill, ...] = (), message: str = "",
) -> Answer:  # fmt: skip
    return Answer(NAME, at_ns, found, order, fills, message)


class Case(NamedTuple):
    """Both sides, with defaults of a flat and idle pair."""

    orders: tuple[LocalOrder, ...] = ()
    rows: tuple[VenueOrder, ...] | Unanswered = ()
    fills: tuple[VenueFill, ...] | Unanswered | None = None
    known: tuple[KnownFill, ...] = ()
    held: int = 0
    said_held: int | None = None
    answers: tuple[Answer, ...] = ()
    can_ask: bool = True
    cash: dict[str, int] | None = None
    balances: dict[str, int] | Unanswered | None = None
    since: int | None = None
    halted: bool = False
    forgets: bool = False

    def judged(self, policy: Policy | OnMismatch = ALERT) -> Reconciliation:
        return self.judged_with(policy)

    def judged_with(self, policy: Policy | OnMismatch, **parts: Any) -> Reconciliation:
        """The same with parts of the exchange's side put in the place of its own."""
        if isinstance(policy, OnMismatch):
            policy = Policy(policy)
        held = {BTC: self.held * SCALE} if self.held else {}
        told = self.held if self.said_held is None else self.said_held
        local = LocalState(
            self.orders, self.known, held, self.cash, self.halted, self.forgets
        )
        venue = VenueState(
            NOW, self.rows, {BTC: told * SCALE} if told else {}, self.fills, self.balances,
            self.answers, self.can_ask, self.since,
        )  # fmt: skip
        fields = {name: getattr(venue, name) for name in fields_of(venue)}
        return reconcile(local, VenueState(**{**fields, **parts}), policy)


def events(result: Reconciliation) -> list[object]:
    """The inputs for the line but for the freeze."""
    taken = [action.event for action in result.actions if isinstance(action, Take)]
    return [event for event in taken if not isinstance(event, FreezeOrdered)]


def others(result: Reconciliation) -> list[Action]:
    return [action for action in result.actions if not isinstance(action, Take)]


def kinds(result: Reconciliation) -> list[Kind]:
    return [found.kind for found in result.findings]


def booked(result: Reconciliation) -> list[tuple[str, int]]:
    return [(e.fill_id, e.qty // SCALE) for e in events(result) if isinstance(e, Fill)]


every_policy = pytest.mark.parametrize("policy", list(OnMismatch))
