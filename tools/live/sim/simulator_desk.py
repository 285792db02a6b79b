"""The desk behind the simulator: its orders, what is on its way, and what prices do to them.

It speaks integers: prices and quantities at 10^9, nanoseconds. Time never goes back here because
`simulator.py` lets it not; what is due happens at its own time and at the price in force then.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ..core.money import to_e9
from .simulator_account import Account
from .simulator_actions import ActionType, PendingAction, PendingActionQueue
from .simulator_checks import OrderValidator, Refusal
from .simulator_contracts import (
    LatencyConfig, Order, OrderExecution, OrderSide, RejectionReason,
)  # fmt: skip
from .simulator_market import (
    Sessions, allowed, check_latency, fill_delay_ns, fill_price, span_ns, touched,
)  # fmt: skip
from .simulator_numbers import exact, exact_cash, moment, time_ns
from .simulator_risk import RiskChecker


class Desk:
    """One paper account at work."""

    def __init__(
        self,
        account: Account,
        *,
        seed: int,
        latency: LatencyConfig,
        validator: OrderValidator,
        risk_checker: RiskChecker | None,
        sessions: Sessions | None,
        symbols: tuple[str, ...] | None,
    ) -> None:
        self.account = account
        self.seed = seed
        self.latency = latency
        self.validator = validator
        self.risk_checker = risk_checker
        self.sessions = sessions
        self.symbols = symbols
        self.queue = PendingActionQueue()
        self.now_ns: int | None = None
        self.executed = 0
        self.arriving: dict[str, Order] = {}
        self.pending: dict[str, Order] = {}
        self.completed: dict[str, Order] = {}
        self.unreported: list[OrderExecution] = []
        self._of_symbol: dict[str, dict[str, Order]] = {}  # pending ones, in order of arrival

    @property
    def latency(self) -> LatencyConfig:
        return self._latency

    @latency.setter
    def latency(self, latency: LatencyConfig) -> None:
        self._latency = check_latency(latency)
        self._submission_ns = span_ns(latency.submission_latency)
        self._cancel_ns = span_ns(latency.cancel_latency)

    def find(self, order_id: str) -> Order | None:
        """An order, wherever it stands."""
        for orders in (self.pending, self.arriving, self.completed):
            if order_id in orders:
                return orders[order_id]
        return None

    def submit(self, order: Order, now: int) -> None:
        """Refuse an order, or set aside what it needs and send it on its way."""
        self.run_until(now)
        if self.find(order.order_id) is not None:
            message = f"order id {order.order_id!r:.80} is taken; every order needs its own"
            return order.refuse(now, RejectionReason.DUPLICATE_ORDER, message)
        order.kept = True
        refusal = self._refusal(order, now)
        if refusal is not None:
            self.completed[order.order_id] = order
            return order.refuse(now, *refusal)
        self.account.reserve(order, self.account.unit(order))
        if self._submission_ns:
            self.arriving[order.order_id] = order
            self._expect(ActionType.SUBMIT, order, now + self._submission_ns)
        else:
            self._arrive(order, now)

    def cancel(self, order_id: str, now: int) -> Order | None:
        """Cancel an order that is open or on its way, now or after the latency; None if neither."""
        self.run_until(now)
        order = self.pending.get(order_id) or self.arriving.get(order_id)
        if order is None or self.queue.has(order_id, ActionType.CANCEL):
            return order
        self.queue.cancel_order_actions(order_id)
        if self._cancel_ns:
            self._expect(ActionType.CANCEL, order, now + self._cancel_ns)
        else:
            self._cancel(order, now)
        return order

    def hear(self, prices: Mapping[str, int], volumes: Mapping[str, int], now: int) -> None:
        """New prices of one instant, and how much traded at them where that is known."""
        self.run_until(now - 1)
        fresh = [name for name in prices if not self.account.price(name)]
        for name in prices:
            self.account.mark(name, prices[name])
        for name in fresh:
            self._judge_late(name, now)
        self.run_until(now)
        for name in prices:
            self._meet(name, now, volumes.get(name))
        self._note_value()

    def run_until(self, limit_ns: int) -> None:
        """Let happen what is due by then, each thing at its own time."""
        while (action := self.queue.next_due(limit_ns)) is not None:
            self._happen(action)
        self.now_ns = max(limit_ns, self.now_ns or 0)

    def report(self) -> list[OrderExecution]:
        """Every execution since the last report."""
        told, self.unreported = self.unreported, []
        return told

    def take_up(self, order: Order) -> None:
        """Have an order in the market, where it meets the prices of its symbol."""
        self.pending[order.order_id] = order
        self._of_symbol.setdefault(order.symbol, {})[order.order_id] = order

    def refuse(self, order: Order, now: int, refusal: Refusal) -> None:
        """Take an order off the market that may not stay there."""
        self._end(order)
        order.refuse(now, *refusal)

    def _refusal(self, order: Order, now: int) -> Refusal | None:
        account, symbol = self.account, order.symbol
        exposure = account.exposure(symbol)
        if self.risk_checker is not None:
            refusal = self.risk_checker.refusal(
                order, account.exposures, account.reserved_of, account.value_e18
            )
            if refusal is not None:
                return refusal
        sellable = exposure.holding.qty - exposure.sells
        refusal = self.validator.refusal(order, account.free_e18, sellable, account.unit(order))
        if refusal is not None:
            return refusal
        if self.symbols is not None and symbol not in self.symbols:
            return RejectionReason.INVALID_SYMBOL, f"symbol {symbol!r:.80} is not traded here"
        if self._is_open(symbol, now):
            return None
        return RejectionReason.MARKET_CLOSED, f"the market of {symbol} is closed now"

    def _is_open(self, symbol: str, ns: int) -> bool:
        return self.sessions is None or self.sessions.is_open(symbol, ns)

    def _expect(self, kind: ActionType, order: Order, due: int, qty: int | None = None) -> None:
        data = {} if qty is None else {"quantity": str(exact(qty))}
        action = PendingAction(kind, order.order_id, moment(due), MappingProxyType(data))
        self.queue.add_action(action)

    def _happen(self, action: PendingAction) -> None:
        due = time_ns(action.scheduled_time, "scheduled_time")
        if action.action_type is ActionType.SUBMIT:
            self._arrive(self.arriving.pop(action.order_id), due)
        elif action.action_type is ActionType.FILL:
            order = self.pending[action.order_id]
            price = self.account.price(order.symbol)
            if allowed(order, price) and self._is_open(order.symbol, due):
                self._execute(order, to_e9(action.data["quantity"], "quantity"), due)
                self._note_value()
        else:
            order = self.pending.get(action.order_id) or self.arriving[action.order_id]
            self._cancel(order, due)

    def _arrive(self, order: Order, now: int) -> None:
        order.accept(now)
        self.take_up(order)

    def _cancel(self, order: Order, now: int) -> None:
        self._end(order)
        order.cancel(now)

    def _meet(self, symbol: str, now: int, volume: int | None) -> None:
        """Let the orders of a symbol meet its price, oldest first."""
        if not self._is_open(symbol, now):
            return
        price = self.account.price(symbol)
        left = volume
        for order in list(self._of_symbol.get(symbol, {}).values()):
            if not touched(order, price):
                continue
            order.triggered = order.trigger_e9 is not None
            waits = self.queue.has(order.order_id, ActionType.FILL)
            if left == 0 or waits or not allowed(order, price):
                continue
            qty = order.leaves_e9 if left is None else min(left, order.leaves_e9)
            delay = fill_delay_ns(
                self._latency, seed=self.seed, order_id=order.order_id, now_ns=now
            )
            if delay:
                self._expect(ActionType.FILL, order, now + delay, qty)
            elif not self._execute(order, qty, now):
                continue
            left = None if left is None else left - qty

    def _execute(self, order: Order, qty: int, now: int) -> bool:
        """Fill a part of an order at the price in force; False when there is no cash for it."""
        account = self.account
        price = fill_price(order, account.price(order.symbol), account)
        missing = account.lacks(order, qty, price)
        if missing:
            self.refuse(order, now, (
                RejectionReason.INSUFFICIENT_FUNDS,
                f"Insufficient cash: the fill at {exact(price)} needs {exact_cash(missing)} more",
            ))  # fmt: skip
            return False
        commission = qty * account.commission_e9
        account.release(order, qty)
        account.book(order.side, order.symbol, qty, price, commission)
        self.executed += 1
        execution = OrderExecution(
            "exec-%08d" % self.executed, order.order_id, moment(now), exact(qty), exact(price),
            exact_cash(commission), qty < order.qty_e9,
        )  # fmt: skip
        order.book(execution, qty, price, commission)
        self.unreported.append(execution)
        if order.is_complete():
            self._end(order)
        return True

    def _judge_late(self, symbol: str, now: int) -> None:
        """Judge orders that nobody could value before the first price of their symbol."""
        account = self.account
        both = [*self._of_symbol.get(symbol, {}).values(), *self.arriving.values()]
        waiting = [o for o in both if o.symbol == symbol and not (o.cap_e9 or o.trigger_e9)]
        for order in waiting:  # none of them counts before it is judged
            account.release(order, order.leaves_e9)
            account.units.pop(order.order_id, None)
        for order in waiting:
            unit, refusal = account.unit(order), None
            if self.risk_checker is not None:
                refusal = self.risk_checker.size_refusal(
                    order, account.exposures, account.reserved_of, account.value_e18
                )
            if refusal is None and order.side is OrderSide.BUY:
                refusal = self.validator.refusal(order, account.free_e18, 0, unit)
            account.reserve(order, unit)
            if refusal is not None:
                self.refuse(order, now, refusal)

    def _end(self, order: Order) -> None:
        """Take an order off the market, with all that waits for it and all that it holds back."""
        order_id = order.order_id
        self.queue.cancel_order_actions(order_id)
        self.account.release(order, order.leaves_e9)
        self.account.units.pop(order_id, None)
        if self.pending.pop(order_id, None) is None:
            del self.arriving[order_id]
        else:
            del self._of_symbol[order.symbol][order_id]
        self.completed[order_id] = order

    def _note_value(self) -> None:
        value = self.account.value_e18
        if self.risk_checker is not None and value is not None:
            self.risk_checker.note(value)
