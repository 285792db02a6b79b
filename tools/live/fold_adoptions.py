"""The verbs of the fold for what reconciliation takes over from the exchange.

`Fold` inherits them. They change nothing unless it can be done exactly: what cannot be is a reason
to freeze, with its name. Doing one again changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from .adoptions import Adoptions, booked_e9
from .core.contracts_v1 import FillAdopted, OrderAdopted, Output, PositionAdopted, Side
from .core.money import text
from .core.order import (
    CANCELED, FILLED, OPEN, PARTIALLY_FILLED, TERMINAL, Order, OrderState, own_number,
)  # fmt: skip
from .fold_doubts import DoubtVerbs

Adopted: TypeAlias = OrderAdopted | FillAdopted | PositionAdopted

_NOTHING: tuple[Output, ...] = ()


class AdoptionVerbs(DoubtVerbs):
    """What the fold makes of orders, executions and positions that it did not make itself."""

    foreign_orders: tuple[str, ...]
    _freeze: Callable[[str, str | None, int], Sequence[Output]]

    def clear(self) -> None:
        """Nothing is adopted."""
        super().clear()
        self.adoptions = Adoptions()

    def adopt_order(
        self, client_order_id: str, order_id: str, symbol: str, side: Side, qty: int, price: int,
        filled: int, state: str, ts_ns: int,
    ) -> Sequence[Output]:  # fmt: skip
        """`OrderAdopted`: an order like any other from now on; what it filled moves nothing."""
        event = OrderAdopted(
            client_order_id, order_id, symbol, side, qty, price, filled, state, ts_ns
        )
        why = self._order_fault(event)
        if why is not None:
            return self._refuse(f"order {client_order_id}", why, symbol, ts_ns)
        order = self.store.orders.get(client_order_id)
        if order is not None and _is(order, event):
            return _NOTHING
        if order is None:
            self.adoptions.unplaced += 1
            if own_number(client_order_id) is None:
                self.adoptions.names[client_order_id] = None
            order = Order(client_order_id, symbol, side, 1, 1, OPEN, order_id)
            order.created_ns = ts_ns
        else:
            self._take_back(order)
        self.adoptions.orders += 1
        return self._keep(order, event)

    def adopt_fill(
        self, fill_id: str, order_id: str, symbol: str, side: Side, qty: int, price: int,
        liquidity: str, ts_ns: int,
    ) -> Sequence[Output]:  # fmt: skip
        """`FillAdopted`: told again it is known, and books nothing."""
        why = _fill_fault(fill_id, order_id, qty, price)
        if why is not None:
            return self._refuse(f"execution {fill_id}", why, symbol, ts_ns)
        known = self.adoptions.fills
        order, *numbers = self.store.fills.get(fill_id, (None,))
        as_booked = order is not None and [order.order_id, *numbers] == [order_id, qty, price]
        if fill_id in known or not as_booked:
            known[fill_id] = (order_id, symbol, side, qty, price)
        return _NOTHING

    def adopt_position(self, symbol: str, qty: int, ts_ns: int) -> Sequence[Output]:
        """`PositionAdopted`: held at the mark from now on, and counted by the gate at once."""
        why = self._position_fault(symbol)
        if why is not None:
            return self._refuse(f"position {symbol}", why, symbol, ts_ns)
        moved = qty - self.monitor.ledger.qty(symbol)
        if moved:
            positions = self.adoptions.positions
            positions[symbol] = positions.get(symbol, 0) + moved
            self.monitor.adopt_position(symbol, qty)
        return _NOTHING

    def why_not(self, event: Adopted) -> str | None:
        """Why this cannot be adopted exactly; None when it can be."""
        if isinstance(event, OrderAdopted):
            return self._order_fault(event)
        if isinstance(event, PositionAdopted):
            return self._position_fault(event.symbol)
        return _fill_fault(event.fill_id, event.order_id, event.qty, event.price)

    def is_adopted(
        self, fill_id: str, order_id: str, symbol: str, side: Side, qty: int, price: int
    ) -> bool:
        """Whether an execution is known with these numbers because it was adopted."""
        return self.adoptions.fills.get(fill_id) == (order_id, symbol, side, qty, price)

    def _refuse(self, what: str, why: str, symbol: str, ts_ns: int) -> Sequence[Output]:
        return self._freeze(refusal(what, why), symbol, ts_ns)

    def _order_fault(self, event: OrderAdopted) -> str | None:
        store = self.store
        holder = store.by_order_id.get(event.order_id)
        order = store.orders.get(event.client_order_id)
        if not event.client_order_id or not event.order_id or not _can_be(event):
            return "its names, numbers and state cannot be"
        if holder is not None and holder is not order:
            return f"{event.order_id} is {holder.client_order_id} in our books"
        booked = 0
        if order is None:
            if self._may_be_forgotten(event.client_order_id):
                return "another of this name may have been forgotten"
        else:
            if _is(order, event):
                return None
            if order.state in TERMINAL:
                return f"it is {order.state.value} in our books"
            if order.order_id not in (None, event.order_id):
                return f"it is {order.order_id} in our books, not {event.order_id}"
            booked = booked_e9(order)
            if booked and (order.symbol, order.side_of) != (event.symbol, event.side):
                return f"executions of {order.side_of.value} {order.symbol} are booked on it"
        untold = event.filled - booked - self.adoptions.told(event.order_id, store)
        if untold > 0:
            return f"{text(untold)} of what it filled came without its executions"
        return None

    def _may_be_forgotten(self, client_order_id: str) -> bool:
        """Whether a store that does not keep all orders may have had one of this name."""
        if self.store.retain is None:
            return False
        number = own_number(client_order_id)
        return client_order_id in self.adoptions.names if number is None else (
            number < self.store._next
        )

    def _position_fault(self, symbol: str) -> str | None:
        exposure = self.monitor.exposures.get(symbol)
        if exposure is None or not exposure.ask:
            return "no quote of it was heard, so nobody knows what it is worth"
        return None

    def _take_back(self, order: Order) -> None:
        """Undo what a live order of ours holds: its place, its doubt and its reservation."""
        if order.order_id is None:
            self.adoptions.unplaced += 1
        self.monitor.release(order.symbol, order.side_of, order.leaves_e9)
        self.settled(order)
        self.canceling.pop(order.order_id or "", None)
        del self.store.live[order.symbol][order.client_order_id]

    def _keep(self, order: Order, event: OrderAdopted) -> Sequence[Output]:
        """Put it into the books as the exchange has it; cancel it if all were to be canceled."""
        order.adopted_e9 = event.filled - booked_e9(order)
        order.order_id, order.symbol, order.side_of = event.order_id, event.symbol, event.side
        order.qty_e9, order.price_e9 = event.qty, event.price
        order.filled_e9 = event.filled
        state = OrderState(event.state)
        self.store._keep(order, state, event.ts_ns)
        self.foreign_orders = tuple(one for one in self.foreign_orders if one != event.order_id)
        names = (event.client_order_id, event.order_id)
        unwanted = [name for name in names if self.unresolved.pop(name, None) is not None]
        if state in TERMINAL:
            self.adoptions.canceled += state is CANCELED
            return _NOTHING
        self.monitor.adopt_order(event.symbol, event.side, order.leaves_e9, event.price)
        if unwanted or self.monitor.frozen or self.monitor.exposures[event.symbol].stale:
            return self.cancels([order], event.ts_ns)
        return _NOTHING


def refusal(what: str, why: str) -> str:
    """The reason of a freeze, when something cannot be adopted exactly."""
    return f"adoption of {what} refused: {why}"


def about(event: Adopted) -> str:
    """What an adoption is about, in two words."""
    if isinstance(event, OrderAdopted):
        return f"order {event.client_order_id}"
    if isinstance(event, PositionAdopted):
        return f"position {event.symbol}"
    return f"execution {event.fill_id}"


def _is(order: Order, event: OrderAdopted) -> bool:
    """Whether our books have the order as it is to be adopted."""
    ours = (
        order.order_id, order.symbol, order.side_of, order.qty_e9, order.price_e9,
        order.filled_e9 + order.late_e9, order.state.value,
    )  # fmt: skip
    return ours == (
        event.order_id, event.symbol, event.side, event.qty, event.price, event.filled,
        event.state,
    )  # fmt: skip


def _can_be(event: OrderAdopted) -> bool:
    """Whether an order of these numbers can be in this state."""
    if event.qty <= 0 or event.price <= 0 or not 0 <= event.filled <= event.qty:
        return False
    if event.filled == event.qty:
        return event.state == FILLED.value
    live = PARTIALLY_FILLED if event.filled else OPEN
    return event.state in (live.value, CANCELED.value)


def _fill_fault(fill_id: str, order_id: str, qty: int, price: int) -> str | None:
    if not fill_id or not order_id or qty <= 0 or price <= 0:
        return "its names and numbers cannot be"
    return None
