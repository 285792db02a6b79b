"""The fold: everything we know is what `step` makes of the inputs, one after the other.

`step(event)` has no clock, no chance and no input or output in it. It changes the state and answers
with what is to be done, in order. Orders belong to the store, positions and limits to the risk
monitor; the fold owns the rest and keeps no copy of theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .core.contracts_v1 import (
    BUY, Approved, CancelAllOrdered, CancelFailed, EdgeUpdate, Executed, FeedLost, FeedStale, Fill,
    FillAdopted, FillFault, FillRefused, FreezeOrdered, Frozen, FundingPaid, GapDetected, Input,
    LateFill, ListOpenOrders, OpenOrdersListed, OpenOrdersUnknown, OrderAbsent, OrderAccepted,
    OrderAdopted, OrderCanceled, OrderRejected, OrderUnknown, Output, ParamsSet, PositionAdopted,
    QueryFailed, QuoteUpdate, Reconciled, ResyncFinished, ResyncStarted, RulesSet, RunResumed,
    Side, TimerFired, Unfrozen, UnfreezeOrdered,
)  # fmt: skip
from .core.errors import ContractError, FillConflict, Overfill
from .core.order import CANCELED, PENDING, REJECTED, TERMINAL
from .core.record import values_of
from .fold_doubts import LISTING
from .fold_edge import new_watch, watch_edge
from .fold_rules import RuleVerbs
from .order_store import APPLIED, DUPLICATE, InMemoryOrderStore
from .portfolio.edge import EdgeTracker
from .risk_monitor import RuntimeRiskMonitor
from .strategy.two_sided import TwoSided

NOTHING: tuple[Output, ...] = ()


def new_stats() -> dict[str, int]:
    """The published counters, at zero."""
    return {
        "orders_placed": 0,
        "orders_filled": 0,
        "orders_rejected": 0,
        "orders_canceled": 0,
        "risk_blocks": 0,
        "freeze_events": 0,
    }


class Fold(RuleVerbs):
    """State, and the one verb that changes it."""

    def __init__(
        self,
        store: InMemoryOrderStore,
        monitor: RuntimeRiskMonitor,
        *,
        measure_edge: bool = False,
        markouts: bool = False,
    ) -> None:
        self.store = store
        self.monitor = monitor
        self.markouts = markouts
        self.measure_edge = measure_edge or markouts
        self.stats = new_stats()
        self.clear()

    def clear(self) -> None:
        """Forget what is the fold's own; the store and the monitor are reset by their owner."""
        super().clear()
        self.strategy = None
        self.params = None
        self._carried_out = self.monitor.freezes_total  # the freezes that cancels were sent for
        for name in self.stats:
            self.stats[name] = 0
        self.edge = EdgeTracker()
        self.watch = new_watch() if self.markouts else None
        self.edge_bps: dict[str, int | None] = {}
        self.ack_ns: dict[int, int] = {}
        self.unresolved = {}
        self.foreign_orders: tuple[str, ...] = ()
        self.duplicate_fills = self.late_fills = self.refused_fills = 0

    def step(self, event: Input) -> Sequence[Output]:
        """Consume one input; return what is to be done about it, in order.

        Each input has a verb of this class, called with the fields of the event in their order.
        The shell calls the verb itself when nobody records the event.
        """
        kind = event.__class__
        return _VERBS[kind](self, *_FIELDS[kind](event))

    # Quotes and orders.

    def begin_to_quote(self) -> None:
        """Answer quotes from here on, as the parameters and the exchange's rules say."""
        assert self.params is not None, "nobody has said how to quote"
        base_qty, spread_bps = self.params
        self.strategy = TwoSided(base_qty=base_qty, spread_bps=spread_bps, rules=self.rules)

    def quote(self, symbol: str, bid: int, ask: int, ts_ns: int) -> Sequence[Output]:
        """`QuoteUpdate`: mark the market, ask the strategy, put its intents before the gate."""
        monitor = self.monitor
        monitor.on_quote(symbol, bid, ask)
        outputs: list[Output] = []
        if self.measure_edge:
            self._measure(symbol, bid, ask, ts_ns, outputs)
        if monitor.frozen:
            return outputs if self._halted() else [*outputs, *self._halt(ts_ns)]
        strategy = self.strategy
        if strategy is None:
            return outputs
        store = self.store
        for side, qty, price in strategy.intents(symbol, bid, ask):
            verdict = monitor.review(store.next_id, symbol, side, qty, price, ts_ns)
            if type(verdict) is Approved:
                store.open_pending(symbol, side, qty, price, ts_ns)
            else:
                self.stats["risk_blocks"] += 1
            outputs.append(verdict)
        return outputs

    def accepted(self, client_order_id: str, order_id: str, ts_ns: int) -> Sequence[Output]:
        """`OrderAccepted`"""
        store = self.store
        try:
            order = store.orders[client_order_id]
        except KeyError:
            order = self.existing(client_order_id)
        if order.state is not PENDING:
            if order.order_id != order_id:
                raise ContractError(
                    f"order {client_order_id} is accepted as {order_id!r}"
                    f" but is {order.state.value} as {order.order_id!r}"
                )
            return NOTHING
        store.accept(order, order_id, ts_ns)
        if self.outbox.doubts:
            self.settled(order)
        waited = ts_ns - order.created_ns
        try:
            self.ack_ns[waited] += 1
        except KeyError:
            self.ack_ns[waited] = 1
        self.stats["orders_placed"] += 1
        if self.unresolved and self.unresolved.pop(client_order_id, None) is not None:
            return self.cancels([order], ts_ns)  # it was in doubt while the others were canceled
        if self.monitor.frozen:
            return self.cancels([order], ts_ns)
        return NOTHING

    def rejected(self, client_order_id: str, message: str, ts_ns: int) -> Sequence[Output]:
        """`OrderRejected`; of an accepted order it is a cancel by the venue."""
        order = self.existing(client_order_id)
        if order.order_id is not None:
            return self.canceled(order.order_id, ts_ns)
        self.store.move(order, REJECTED, ts_ns, message)
        self.settled(order)
        self.monitor.release(order.symbol, order.side_of, order.qty_e9 - order.filled_e9)
        self.unresolved.pop(client_order_id, None)
        self.stats["orders_rejected"] += 1
        return NOTHING

    def canceled(self, order_id: str, ts_ns: int) -> Sequence[Output]:
        """`OrderCanceled`"""
        store = self.store
        self.canceling.pop(order_id, None)
        order = store.by_order_id.get(order_id)
        if order is None or order.state in TERMINAL:
            return NOTHING
        store.move(order, CANCELED, ts_ns)
        self.monitor.release(order.symbol, order.side_of, order.qty_e9 - order.filled_e9)
        if self.unresolved:
            self.unresolved.pop(order_id, None)
        self.stats["orders_canceled"] += 1
        return NOTHING

    # Fills.

    def fill(
        self,
        fill_id: str,
        order_id: str,
        symbol: str,
        side: Side,
        qty: int,
        price: int,
        liquidity: str,
        ts_ns: int,
        fee_e18: int | None = None,
    ) -> Sequence[Output]:
        """`Fill`: book it once, on the order and in the ledger, or refuse it and freeze."""
        adopted = self.adoptions.fills
        if adopted and fill_id in adopted:
            if self.is_adopted(fill_id, order_id, symbol, side, qty, price):
                self.duplicate_fills += 1
                return NOTHING
            if fill_id not in self.store.fills:
                fault, detail = FillFault.CONFLICT, "it was adopted with other numbers"
                return self._refuse_fill(fill_id, order_id, symbol, fault, detail, ts_ns)
        try:
            order = self.store.by_order_id[order_id]
        except KeyError:
            fault, detail = FillFault.UNKNOWN_ORDER, "no such order of ours"
            return self._refuse_fill(fill_id, order_id, symbol, fault, detail, ts_ns)
        if symbol != order.symbol or side is not order.side_of or qty <= 0 or price <= 0:
            fault, detail = FillFault.BAD_NUMBERS, "symbol, side, quantity or price cannot be"
            return self._refuse_fill(fill_id, order_id, symbol, fault, detail, ts_ns)
        try:
            outcome = self.store.apply_fill(order, fill_id, qty, price, ts_ns)
        except FillConflict as conflict:
            overfill = isinstance(conflict, Overfill)
            fault = FillFault.OVERFILL if overfill else FillFault.CONFLICT
            return self._refuse_fill(fill_id, order_id, symbol, fault, str(conflict), ts_ns)
        late = outcome is not APPLIED
        if late and outcome is DUPLICATE:
            self.duplicate_fills += 1
            return NOTHING
        taker = liquidity == "taker" if liquidity else self._crossed(symbol, side, price)
        fee = self.monitor.apply_fill(symbol, side, qty, price, taker, not late, fee_e18)
        if self.measure_edge:
            (self.watch or self.edge).on_fill(symbol, side, qty, price, fee, ts_ns)
        self.stats["orders_filled"] += 1
        if late:
            self.late_fills += 1
            return (LateFill(fill_id, order.client_order_id, qty, price, ts_ns),)
        if (self.unresolved or self.canceling) and order.state in TERMINAL:
            self.unresolved.pop(order_id, None)
            self.canceling.pop(order_id, None)
        return NOTHING

    def _crossed(self, symbol: str, side: Side, price: int) -> bool:
        """For a venue that does not say who took: whether the price crossed the last quote."""
        exposure = self.monitor.exposures.get(symbol)
        if exposure is None or not exposure.ask:
            return True
        return price >= exposure.ask if side is BUY else price <= exposure.bid

    def _refuse_fill(
        self,
        fill_id: str,
        order_id: str,
        symbol: str,
        fault: FillFault,
        detail: str,
        ts_ns: int,
    ) -> Sequence[Output]:
        """The exchange and our books disagree about money: stop, and say what was reported."""
        self.refused_fills += 1
        refused = FillRefused(fill_id, order_id, fault, detail, ts_ns)
        reason = f"Fill {fill_id} of {order_id} refused: {fault.value}"
        return [refused, *self._freeze(reason, symbol, ts_ns)]

    # The edge, freezing and canceling.

    def _measure(self, symbol: str, bid: int, ask: int, ts_ns: int, outputs: list[Output]) -> None:
        """Measure what waits for this quote; where the edge is watched, judge it and freeze."""
        if self.watch is None:
            return self.edge.on_quote(symbol, (bid + ask) >> 1, ts_ns)
        judged = watch_edge(self.watch, self.monitor, self.strategy, symbol, bid, ask, ts_ns)
        if judged is not None:
            outputs.append(judged)
            self.edge_bps[symbol] = judged.net_bps

    def edge_update(self, symbol: str, net_bps: int | None, ts_ns: int) -> Sequence[Output]:
        """`EdgeUpdate`: freeze below the threshold; while frozen, retry what is unresolved."""
        self.edge_bps[symbol] = net_bps
        monitor = self.monitor
        if net_bps is None or net_bps < monitor.threshold_bps_e9:
            monitor.judge_edge(symbol, net_bps, ts_ns)
        if not monitor.frozen:
            return NOTHING
        if not self._halted():
            return self._halt(ts_ns)
        return self._retry_cancels(ts_ns) if self.unresolved else NOTHING

    def freeze_ordered(
        self, reason: str, symbol: str | None, actor: str, ts_ns: int
    ) -> Sequence[Output]:
        """`FreezeOrdered`"""
        return self._freeze(f"{reason} ({actor})", symbol, ts_ns)

    def unfreeze_ordered(self, reason: str, actor: str, ts_ns: int) -> Sequence[Output]:
        """`UnfreezeOrdered`"""
        self.monitor.unfreeze(reason, actor)
        if self.watch is not None:
            self.watch.on_unfreeze(ts_ns)
        return (Unfrozen(reason, actor, ts_ns),)

    def _freeze(self, reason: str, symbol: str | None, ts_ns: int) -> Sequence[Output]:
        self.monitor.freeze(reason, symbol, ts_ns)
        return NOTHING if self._halted() else self._halt(ts_ns)

    def _halted(self) -> bool:
        """Whether the present freeze, whoever ordered it, has been carried out."""
        return self._carried_out == self.monitor.freezes_total

    def _halt(self, ts_ns: int) -> Sequence[Output]:
        """Carry out a freeze: say so, cancel all that could still trade, ask what is open."""
        self._carried_out = self.monitor.freezes_total
        self.stats["freeze_events"] += 1
        cause = self.monitor.first_freeze
        assert cause is not None
        cancels = self.cancels(self.store.live_orders(), ts_ns)
        return [Frozen(cause.reason, cause.symbol, ts_ns), *cancels, ListOpenOrders(ts_ns)]

    def cancel_all(self, symbol: str | None, reason: str, ts_ns: int) -> Sequence[Output]:
        """`CancelAllOrdered`"""
        store = self.store
        live = store.live_orders() if symbol is None else store.live.get(symbol, {}).values()
        return self.cancels(live, ts_ns)

    def _retry_cancels(self, ts_ns: int) -> Sequence[Output]:
        found = (self.store.by_order_id.get(order_id) for order_id in self.unresolved)
        cancels = self.cancels([o for o in found if o is not None and o.is_open], ts_ns)
        return [*cancels, ListOpenOrders(ts_ns)]

    def cancel_failed(self, order_id: str, message: str, ts_ns: int) -> Sequence[Output]:
        """`CancelFailed`: whatever still may trade is unresolved until the exchange settles it."""
        self.canceling.pop(order_id, None)
        order = self.store.by_order_id.get(order_id)
        if order is not None and order.state not in TERMINAL:
            self.unresolved[order_id] = message
            self.outbox.cancel_failed(ts_ns)
        return NOTHING

    def open_listed(self, order_ids: tuple[str, ...], ts_ns: int) -> Sequence[Output]:
        """`OpenOrdersListed`: what the exchange holds open and we do not is unresolved."""
        listed_still = "the exchange still lists it as open"
        settled = [key for key, why in self.unresolved.items() if why == listed_still]
        for key in (*settled, LISTING):
            self.unresolved.pop(key, None)
        foreign = []
        for order_id in order_ids:
            order = self.store.by_order_id.get(order_id)
            if order is None:
                foreign.append(order_id)
            elif order.state in TERMINAL:
                self.unresolved[order_id] = listed_still
        self.foreign_orders = tuple(foreign)
        return NOTHING

    def open_unknown(self, message: str, ts_ns: int) -> Sequence[Output]:
        """`OpenOrdersUnknown`: nothing is verified until the exchange answers."""
        self.unresolved[LISTING] = f"the exchange could not list its open orders: {message}"
        self.outbox.cancel_failed(ts_ns)
        return NOTHING


_VERBS: dict[type, Callable[..., Sequence[Output]]] = {
    ParamsSet: Fold.set_params,
    QuoteUpdate: Fold.quote,
    OrderAccepted: Fold.accepted,
    OrderRejected: Fold.rejected,
    Fill: Fold.fill,
    OrderCanceled: Fold.canceled,
    CancelFailed: Fold.cancel_failed,
    OpenOrdersListed: Fold.open_listed,
    OpenOrdersUnknown: Fold.open_unknown,
    EdgeUpdate: Fold.edge_update,
    CancelAllOrdered: Fold.cancel_all,
    FreezeOrdered: Fold.freeze_ordered,
    UnfreezeOrdered: Fold.unfreeze_ordered,
    OrderUnknown: Fold.unknown,
    OrderAbsent: Fold.absent,
    QueryFailed: Fold.query_failed,
    TimerFired: Fold.timer,
    RunResumed: Fold.resumed,
    Reconciled: Fold.reconciled,
    OrderAdopted: Fold.adopt_order,
    FillAdopted: Fold.adopt_fill,
    PositionAdopted: Fold.adopt_position,
    GapDetected: Fold.gap_detected,
    ResyncStarted: Fold.resync_started,
    ResyncFinished: Fold.resync_finished,
    FeedLost: Fold.feed_lost,
    FeedStale: Fold.feed_stale,
    Executed: Fold.executed,
    FundingPaid: Fold.funding_paid,
    RulesSet: Fold.set_rules,
}
_FIELDS = {kind: values_of(kind) for kind in _VERBS}
