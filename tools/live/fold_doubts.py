"""The verbs of the fold for what went wrong on the way: doubts, timers, and going on after an end.

`Fold` inherits them; they share its state. An order in doubt stays PENDING in the store and at
its worst case in the gate, until the exchange has said what became of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from .core.contracts_v1 import (
    BUY, CancelOrder, CancelUnknown, DoubtAlert, IntentRefused, ListOpenOrders, OrderAbandoned,
    Output, QueryOrder,
)  # fmt: skip
from .core.errors import ContractError
from .core.order import PENDING, Order
from .core.order_rules import OrderRules
from .core.record import builder
from .order_store import InMemoryOrderStore
from .outbox import INTENT_LIFE_NS, Doubt, Outbox
from .risk_monitor import RuntimeRiskMonitor
from .strategy.two_sided import TwoSided

_cancel_order = builder(CancelOrder)

READY = "ready"
LISTING = "*"  # stands for the exchange's list of open orders among what is unresolved


class DoubtVerbs:
    """What the fold makes of lost answers, of time, and of a restart."""

    store: InMemoryOrderStore
    monitor: RuntimeRiskMonitor
    stats: dict[str, int]
    strategy: TwoSided | None
    params: tuple[int, int] | None
    unresolved: dict[str, str]
    begin_to_quote: Callable[[], None]

    def clear(self) -> None:
        """Nothing is in doubt, and nothing has to be compared before trading."""
        self.outbox = Outbox()
        self.canceling: dict[str, int] = {}  # by the exchange's id: since when an answer is due
        self.ready = True
        self.rules: dict[str, OrderRules] = {}  # the exchange's, by symbol, where it told any

    def unknown(self, client_order_id: str, message: str, ts_ns: int) -> Sequence[Output]:
        """`OrderUnknown`: from now on it may be there or not, and it is asked for."""
        order = self.existing(client_order_id)
        if order.state is not PENDING:
            return ()
        self._doubt(order, ts_ns)
        return (QueryOrder(client_order_id, ts_ns),)

    def absent(self, client_order_id: str, ts_ns: int) -> Sequence[Output]:
        """`OrderAbsent`: final only the second time, when no copy of it can come in any more."""
        doubt = self.outbox.doubts.get(client_order_id)
        if doubt is None:
            return ()
        if doubt.dropping:
            reason = "the exchange never had it"
            return (OrderAbandoned(client_order_id, reason, ts_ns),)
        if not doubt.is_gone(ts_ns):
            return ()
        return self._send_again(doubt, ts_ns)

    def query_failed(self, client_order_id: str, message: str, ts_ns: int) -> Sequence[Output]:
        """`QueryFailed`: it stays in doubt, for however long; somebody is told when it is long."""
        doubt = self.outbox.doubts.get(client_order_id)
        if doubt is None or not doubt.is_silent(ts_ns):
            return ()
        return (DoubtAlert(client_order_id, message, ts_ns),)

    def timer(self, ts_ns: int) -> Sequence[Output]:
        """`TimerFired`: ask what is due, and try the cancels again that were not confirmed."""
        outputs: list[Output] = [
            CancelUnknown(doubt.order.client_order_id, ts_ns)
            if doubt.dropping
            else QueryOrder(doubt.order.client_order_id, ts_ns)
            for doubt in self.outbox.due(ts_ns)
        ]
        due_ns = self.outbox.cancels_due_ns
        if due_ns is not None and due_ns <= ts_ns:
            outputs += self._cancels_again(ts_ns)
        return outputs

    def resumed(self, ts_ns: int) -> Sequence[Output]:
        """`RunResumed`: ask about every order without an end, and trade only once all agrees."""
        self.ready = False
        self.strategy = None
        self.canceling.clear()  # whoever waited for these answers is gone
        live = self.store.live_orders()
        for order in live:
            if order.state is PENDING:
                self._doubt(order, ts_ns).due_ns = ts_ns
        outputs: list[Output] = [QueryOrder(order.client_order_id, ts_ns) for order in live]
        if self.monitor.frozen:
            outputs += [*self.cancels(live, ts_ns), ListOpenOrders(ts_ns)]
        return outputs

    def reconciled(self, outcome: str, detail: str, ts_ns: int) -> Sequence[Output]:
        """`Reconciled`: trading may begin when both sides agree; a mismatch freezes by itself."""
        if outcome == READY and not self.ready:
            self.ready = True
            if self.params is not None:
                self.begin_to_quote()
        return ()

    def settled(self, order: Order) -> None:
        """The exchange has said what became of an order; it may not have been in doubt at all."""
        if self.outbox.doubts.pop(order.client_order_id, None) is not None:
            self.monitor.settle(order.symbol)

    def _doubt(self, order: Order, ts_ns: int) -> Doubt:
        if order.client_order_id not in self.outbox.doubts:
            self.monitor.doubt(order.symbol)
        return self.outbox.doubt(order, ts_ns)

    def _send_again(self, doubt: Doubt, ts_ns: int) -> Sequence[Output]:
        """It is not there. Send it again if it is still wanted and may be, else give it up."""
        order = doubt.order
        client_order_id = order.client_order_id
        outputs: list[Output] = []
        if self.ready and self._is_wanted(order, ts_ns):
            verdict = self.monitor.review_again(
                client_order_id, order.symbol, order.side_of, order.qty_e9, order.price_e9, ts_ns
            )
            if not isinstance(verdict, IntentRefused):
                doubt.sent_again(ts_ns)
                return (verdict,)
            self.stats["risk_blocks"] += 1
            outputs.append(verdict)
        doubt.dropping = True
        return [*outputs, CancelUnknown(client_order_id, ts_ns)]

    def _is_wanted(self, order: Order, ts_ns: int) -> bool:
        """Whether an order is young enough, not canceled since, and would rest at its price."""
        if ts_ns - order.created_ns > INTENT_LIFE_NS or order.client_order_id in self.unresolved:
            return False
        exposure = self.monitor.exposures[order.symbol]
        if order.side_of is BUY:
            return order.price_e9 < exposure.ask
        return order.price_e9 > exposure.bid

    def _cancels_again(self, ts_ns: int) -> list[Output]:
        """A cancel for every order that still rests although it should not, and a question.

        An exchange that says no to a cancel may have carried out the one before.
        """
        by_order_id = self.store.by_order_id
        found = [by_order_id.get(order_id) for order_id in self.unresolved]
        resting = [order for order in found if order is not None and order.is_open]
        again: list[Output] = []
        for order in resting:
            cancels = self.cancels([order], ts_ns)
            if cancels:
                again += [*cancels, QueryOrder(order.client_order_id, ts_ns)]
        if LISTING in self.unresolved:
            again.append(ListOpenOrders(ts_ns))
        if resting and not again:
            self.outbox.cancels_wait(ts_ns)
        elif not again:
            self.outbox.cancels_done()
        return again

    def cancels(self, orders: Iterable[Order], ts_ns: int) -> list[Output]:
        """A cancel for every order the exchange has named, unless one is on its way already.

        The others are canceled when the exchange names them.
        """
        cancels: list[Output] = []
        canceling = self.canceling
        for order in orders:
            order_id = order.order_id
            if order_id is None:
                self.unresolved[order.client_order_id] = "never acknowledged"
            elif order_id not in canceling:
                canceling[order_id] = ts_ns
                cancels.append(_cancel_order(order.client_order_id, order_id, ts_ns))
        return cancels

    def existing(self, client_order_id: str) -> Order:
        """The order of this name; ContractError when there is none."""
        order = self.store.orders.get(client_order_id)
        if order is None:
            raise ContractError(f"no order has the client order id {client_order_id!r}")
        return order
