"""The fold: everything we know is what `step` makes of the inputs, one after the other.

`step(event)` has no clock, no chance and no input or output in it. It changes the state and answers
with what is to be done, in order. Orders belong to the store, positions and limits to the risk
monitor; the fold owns the rest and keeps no copy of theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from .core.clock import NS_PER_MS
from .core.contracts_v1 import (
    BUY, Approved, CancelAllOrdered, CancelFailed, CancelOrder, EdgeUpdate, Fill, FillFault,
    FillRefused, FreezeOrdered, Frozen, Input, LateFill, OpenOrdersListed, OrderAccepted,
    OrderCanceled, OrderRejected, Output, ParamsSet, PlaceOrder, QuoteUpdate, Unfrozen,
    UnfreezeOrdered,
)  # fmt: skip
from .core.errors import ContractError, FillConflict, Overfill
from .core.order import CANCELED, OPEN, PENDING, REJECTED, TERMINAL, Order
from .order_store import DUPLICATE, LATE, InMemoryOrderStore
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


class Fold:
    """State, and the one verb that changes it."""

    def __init__(
        self, store: InMemoryOrderStore, monitor: RuntimeRiskMonitor, *, measure_edge: bool = False
    ) -> None:
        self.store = store
        self.monitor = monitor
        self.measure_edge = measure_edge
        self.strategy: TwoSided | None = None
        self.stats = new_stats()
        self.clear()
        self.handlers: dict[type, Callable[[Any], Sequence[Output]]] = {
            ParamsSet: self._on_params,
            QuoteUpdate: self._on_quote,
            OrderAccepted: self._on_accepted,
            OrderRejected: self._on_rejected,
            Fill: self._on_fill,
            OrderCanceled: self._on_canceled,
            CancelFailed: self._on_cancel_failed,
            OpenOrdersListed: self._on_open_listed,
            EdgeUpdate: self._on_edge,
            CancelAllOrdered: self._on_cancel_all,
            FreezeOrdered: self._on_freeze_ordered,
            UnfreezeOrdered: self._on_unfreeze_ordered,
        }

    def clear(self) -> None:
        """Forget what is the fold's own; the store and the monitor are reset by their owner."""
        self.strategy = None
        for name in self.stats:
            self.stats[name] = 0
        self.edge = EdgeTracker()
        self.edge_bps: dict[str, int | None] = {}
        self.touch: dict[str, tuple[int, int]] = {}
        self.ack_ms: dict[int, int] = {}
        self.unresolved: dict[str, str] = {}
        self.foreign_orders: tuple[str, ...] = ()
        self.duplicate_fills = self.late_fills = self.refused_fills = 0

    def step(self, event: Input) -> Sequence[Output]:
        """Consume one input; return what is to be done about it, in order."""
        return self.handlers[event.__class__](event)

    # Quotes and orders.

    def _on_params(self, event: ParamsSet) -> Sequence[Output]:
        self.strategy = TwoSided(base_qty=event.base_qty, spread_bps=event.spread_bps)
        return NOTHING

    def _on_quote(self, event: QuoteUpdate) -> Sequence[Output]:
        symbol = event.symbol
        bid = event.bid
        ask = event.ask
        monitor = self.monitor
        monitor.on_quote(symbol, bid, ask)
        self.touch[symbol] = (bid, ask)
        if self.measure_edge:
            self.edge.on_quote(symbol, (bid + ask) >> 1, event.ts_ns)
        strategy = self.strategy
        if monitor.frozen or strategy is None:
            return NOTHING
        ts_ns = event.ts_ns
        outputs: list[Output] = []
        for intent in strategy.intents(symbol, bid, ask):
            verdict = monitor.review(intent, ts_ns)
            if isinstance(verdict, Approved):
                order = self.store.open_pending(
                    symbol, intent.side, intent.qty, intent.price, ts_ns
                )
                outputs.append(PlaceOrder(order.client_order_id, verdict, ts_ns))
            else:
                self.stats["risk_blocks"] += 1
                outputs.append(verdict)
        return outputs

    def _on_accepted(self, event: OrderAccepted) -> Sequence[Output]:
        order = self.store.get(event.client_order_id) or self._missing(event.client_order_id)
        ts_ns = event.ts_ns
        if order.state is not PENDING:
            if order.order_id != event.order_id:
                raise ContractError(
                    f"order {order.client_order_id} is accepted as {event.order_id!r}"
                    f" but is {order.state.value} as {order.order_id!r}"
                )
            return NOTHING
        latency_ms = (ts_ns - order.created_ns) // NS_PER_MS
        self.store.move(order, OPEN, ts_ns, event.order_id)
        self.ack_ms[latency_ms] = self.ack_ms.get(latency_ms, 0) + 1
        self.stats["orders_placed"] += 1
        return NOTHING

    def _on_rejected(self, event: OrderRejected) -> Sequence[Output]:
        order = self.store.get(event.client_order_id) or self._missing(event.client_order_id)
        if order.order_id is not None:  # it was accepted: the venue's revocation is a cancel
            return self._on_canceled(OrderCanceled(order.order_id, event.ts_ns))
        self.store.move(order, REJECTED, event.ts_ns, None, event.message)
        self.monitor.release(order.symbol, order.side_of, order.leaves_e9)
        self.stats["orders_rejected"] += 1
        return NOTHING

    def _on_canceled(self, event: OrderCanceled) -> Sequence[Output]:
        order = self.store.get_by_order_id(event.order_id)
        if order is None or order.state in TERMINAL:
            return NOTHING
        self.store.move(order, CANCELED, event.ts_ns)
        self.monitor.release(order.symbol, order.side_of, order.leaves_e9)
        if self.unresolved:
            self.unresolved.pop(event.order_id, None)
        self.stats["orders_canceled"] += 1
        return NOTHING

    # Fills.

    def _on_fill(self, event: Fill) -> Sequence[Output]:
        order = self.store.get_by_order_id(event.order_id)
        if order is None:
            return self._refuse_fill(event, FillFault.UNKNOWN_ORDER, "no such order of ours")
        qty = event.qty
        price = event.price
        symbol = order.symbol
        side = order.side_of
        if event.symbol != symbol or event.side is not side or qty <= 0 or price <= 0:
            return self._refuse_fill(
                event, FillFault.BAD_NUMBERS, "symbol, side, quantity or price cannot be"
            )
        try:
            outcome = self.store.apply_fill(order, event.fill_id, qty, price, event.ts_ns)
        except FillConflict as conflict:
            overfill = isinstance(conflict, Overfill)
            fault = FillFault.OVERFILL if overfill else FillFault.CONFLICT
            return self._refuse_fill(event, fault, str(conflict))
        if outcome is DUPLICATE:
            self.duplicate_fills += 1
            return NOTHING
        late = outcome is LATE
        fee = self.monitor.apply_fill(
            symbol, side, qty, price, taker=self._took_liquidity(event), reserved=not late
        )
        if self.measure_edge:
            self.edge.on_fill(symbol, side, qty, price, fee, event.ts_ns)
        self.stats["orders_filled"] += 1
        if late:
            self.late_fills += 1
            return (LateFill(event.fill_id, order.client_order_id, qty, price, event.ts_ns),)
        if self.unresolved and order.state in TERMINAL:
            self.unresolved.pop(event.order_id, None)
        return NOTHING

    def _took_liquidity(self, event: Fill) -> bool:
        """What the venue says; when it is silent, whether the price crossed the last quote."""
        if event.liquidity:
            return event.liquidity == "taker"
        touch = self.touch.get(event.symbol)
        if touch is None:
            return True
        bid, ask = touch
        return event.price >= ask if event.side is BUY else event.price <= bid

    def _refuse_fill(self, event: Fill, fault: FillFault, detail: str) -> Sequence[Output]:
        """The exchange and our books disagree about money: stop, and say what was reported."""
        self.refused_fills += 1
        refused = FillRefused(event.fill_id, event.order_id, fault, detail, event.ts_ns)
        reason = f"Fill {event.fill_id} of {event.order_id} refused: {fault.value}"
        return [refused, *self._freeze(reason, event.symbol, event.ts_ns)]

    # Freezing and canceling.

    def _on_edge(self, event: EdgeUpdate) -> Sequence[Output]:
        monitor = self.monitor
        self.edge_bps[event.symbol] = event.net_bps
        was_frozen = monitor.frozen
        monitor.judge_edge(event.symbol, event.net_bps, event.ts_ns)
        if was_frozen:
            return self._retry_cancels(event.ts_ns) if self.unresolved else NOTHING
        return self._frozen_now(event.ts_ns) if monitor.frozen else NOTHING

    def _on_freeze_ordered(self, event: FreezeOrdered) -> Sequence[Output]:
        return self._freeze(f"{event.reason} ({event.actor})", event.symbol, event.ts_ns)

    def _on_unfreeze_ordered(self, event: UnfreezeOrdered) -> Sequence[Output]:
        self.monitor.unfreeze(event.reason, event.actor)
        return (Unfrozen(event.reason, event.actor, event.ts_ns),)

    def _freeze(self, reason: str, symbol: str | None, ts_ns: int) -> Sequence[Output]:
        was_frozen = self.monitor.frozen
        self.monitor.freeze(reason, symbol, ts_ns)
        return NOTHING if was_frozen else self._frozen_now(ts_ns)

    def _frozen_now(self, ts_ns: int) -> Sequence[Output]:
        """Freezing has just begun: say so, and cancel everything that could still trade."""
        self.stats["freeze_events"] += 1
        cause = self.monitor.first_freeze
        assert cause is not None
        cancels = self._cancels(self.store.live_orders(), ts_ns)
        return [Frozen(cause.reason, cause.symbol, ts_ns), *cancels]

    def _on_cancel_all(self, event: CancelAllOrdered) -> Sequence[Output]:
        return self._cancels(self.store.live_orders(event.symbol), event.ts_ns)

    def _cancels(self, orders: Sequence[Order], ts_ns: int) -> list[Output]:
        """A cancel for every order the exchange has named; the others are in doubt and stay so."""
        cancels: list[Output] = []
        for order in orders:
            if order.order_id is None:
                self.unresolved[order.client_order_id] = "never acknowledged"
            else:
                cancels.append(CancelOrder(order.client_order_id, order.order_id, ts_ns))
        return cancels

    def _retry_cancels(self, ts_ns: int) -> Sequence[Output]:
        found = (self.store.get_by_order_id(order_id) for order_id in self.unresolved)
        return self._cancels([o for o in found if o is not None and o.is_open], ts_ns)

    def _on_cancel_failed(self, event: CancelFailed) -> Sequence[Output]:
        order = self.store.get_by_order_id(event.order_id)
        if order is not None and order.state not in TERMINAL:
            self.unresolved[event.order_id] = event.message
        return NOTHING

    def _on_open_listed(self, event: OpenOrdersListed) -> Sequence[Output]:
        """Compare the exchange's open orders with ours; whatever differs is unresolved."""
        foreign = []
        for order_id in event.order_ids:
            order = self.store.get_by_order_id(order_id)
            if order is None:
                foreign.append(order_id)
            elif order.state in TERMINAL:
                self.unresolved[order_id] = "the exchange still lists it as open"
        self.foreign_orders = tuple(foreign)
        return NOTHING

    def _missing(self, client_order_id: str) -> NoReturn:
        raise ContractError(f"no order has the client order id {client_order_id!r}")
