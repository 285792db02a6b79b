"""Reconciliation in a running system: before it trades, and on a timer of event time.

It owns when to look and what the last look left open. Whoever runs it owns the line, the exchange
and the halt, and gives a hand for each of them:

    desk = ReconcileLoop(exchange, store, ledger, take=..., cancel=..., drain=..., ...)
    desk.start_up()      # trade only once desk.ready
    desk.on_time()       # behind every input; it does nothing until it is due
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from types import MappingProxyType

from ..adoptions import Execution
from ..core.clock import NS_PER_S
from ..core.contracts_v1 import Input
from ..core.errors import ContractError
from ..exchange import IExchangeClient
from ..order_store import InMemoryOrderStore
from ..portfolio.ledger import Ledger
from .reconcile import Readiness, ready_or_halted
from .reconcile_facts import LocalState, OnMismatch, Policy, VenueState
from .reconcile_findings import Action, Adoption, Cancel, Outcome, Query, Take
from .reconcile_venue import local_state

INTERVAL_NS = 30 * NS_PER_S
PATIENCE_NS = 30 * NS_PER_S  # one question that timed out is no reason to stop for good


class ReconcileLoop:
    """Looks when it is due, and knows whether trading may go on.

    `take` gives an input its place on the line and steps. `cancel` cancels at the exchange and
    tells the line what came of it; an exchange that fails is no exception. `drain` books what the
    stream of fills has to tell. `in_doubt` names the orders about which the loop itself is asking.
    `adopt` records what is taken over; without it nobody can adopt. `adopted` are the executions
    that are known because of it.
    """

    def __init__(
        self,
        exchange: IExchangeClient,
        store: InMemoryOrderStore,
        ledger: Ledger,
        *,
        take: Callable[[Input], None],
        cancel: Callable[[Cancel], None],
        drain: Callable[[], None],
        halted: Callable[[], bool],
        now_ns: Callable[[], int],
        adopt: Callable[[Adoption], None] | None = None,
        policy: Policy | None = None,
        interval_ns: int = INTERVAL_NS,
        held_before: Mapping[str, int] = MappingProxyType({}),
        in_doubt: Container[str] = (),
        adopted: Mapping[str, Execution] = MappingProxyType({}),
    ) -> None:
        self._policy = policy or Policy(patience_ns=PATIENCE_NS)
        if interval_ns <= 0:
            raise ContractError(f"interval_ns {interval_ns} must be above 0; give nanoseconds")
        if self._policy.on_mismatch is OnMismatch.ADOPT and adopt is None:
            raise ContractError("policy adopt needs somebody who adopts; give adopt=, or cancel")
        self._exchange, self._store, self._ledger = exchange, store, ledger
        self._take, self._cancel, self._drain, self._adopt = take, cancel, drain, adopt
        self._halted, self._now_ns = halted, now_ns
        self._interval_ns, self._held_before = interval_ns, held_before
        self._in_doubt, self._adopted = in_doubt, adopted
        self.last: Readiness | None = None
        self.ready = False
        self.due_ns = 0

    def start_up(self) -> Readiness:
        """Look at once, with nothing remembered; until it finds agreement `ready` is false."""
        self.last = None
        self.ready = False
        return self._look()

    def on_time(self) -> Readiness | None:
        """Look again if it is due; None when it is not."""
        return self._look() if self._now_ns() >= self.due_ns else None

    def _look(self) -> Readiness:
        ended = ready_or_halted(
            self._exchange, self._policy, self._read_books, self._carry_out, self._now_ns,
            self.last, self._drain,
        )  # fmt: skip
        self.last = ended
        if ended.outcome is not Outcome.WAITING:  # who waits goes on as before
            self.ready = ended.outcome is Outcome.READY
        now_ns = self._now_ns()
        self.due_ns = now_ns + self._interval_ns
        if ended.retry_at_ns is not None:
            self.due_ns = min(self.due_ns, max(ended.retry_at_ns, now_ns + 1))
        return ended

    def _read_books(self, venue: VenueState) -> LocalState:
        return local_state(
            self._store, self._ledger, venue, halted=self._halted(),
            held_before=self._held_before, in_doubt=self._in_doubt, adopted=self._adopted,
        )  # fmt: skip

    def _carry_out(self, actions: tuple[Action, ...]) -> None:
        for action in actions:
            if isinstance(action, Take):
                self._take(action.event)
            elif isinstance(action, Cancel):
                self._cancel(action)
            else:
                assert self._adopt is not None and not isinstance(action, Query)
                self._adopt(action)
