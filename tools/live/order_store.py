"""The order store: the one owner of orders, with constant-time look-ups.

Every change of state is looked up in the table of `core/order.py`; what the table does not hold
raises and changes nothing. It knows no exchange and no risk.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from typing import Any

from .core.clock import NS_PER_MS
from .core.contracts_v1 import Side
from .core.errors import ContractError, FillConflict, IllegalTransition, Overfill
from .core.money import Number, not_negative_e9, positive_e9, view
from .core.order import (
    CANCELED, FILLED, OPEN, PARTIALLY_FILLED, PENDING, REJECTED, TERMINAL, TRANSITIONS,
    Order, OrderState, by_age, own_name, own_number, read_side,
)  # fmt: skip
from .core.retired import RetiredOrders

__all__ = [
    "CANCELED", "FILLED", "OPEN", "PARTIALLY_FILLED", "PENDING", "REJECTED", "TERMINAL",
    "TRANSITIONS", "FillOutcome", "InMemoryOrderStore", "Order", "OrderState", "RetiredOrders",
]  # fmt: skip


class FillOutcome(str, Enum):
    """What booking a fill did: it counted, it was known already, or it came after the end."""

    APPLIED = "applied"
    DUPLICATE = "duplicate"
    LATE = "late"


APPLIED = FillOutcome.APPLIED
DUPLICATE = FillOutcome.DUPLICATE
LATE = FillOutcome.LATE

_new_order = Order.__new__


class InMemoryOrderStore:
    """All orders of a run, with constant-time look-ups by both ids, by state and by symbol.

    With `retain=N` only the N newest finished orders are kept, so that a run of any length needs
    constant memory; the sums of the others stay in `retired`.
    """

    def __init__(self, retain: int | None = None) -> None:
        if retain is not None and retain < 0:
            raise ContractError(f"retain {retain!r} must be 0 or more, or None to keep all")
        self.retain = retain
        self.reset()

    def reset(self) -> None:
        """Forget everything; the next id is CLI00000001 again."""
        self._next = 1
        self.next_id = "CLI00000001"
        self.orders: dict[str, Order] = {}  # these two are there to be read by everybody,
        self.by_order_id: dict[str, Order] = {}
        self.live: dict[str, dict[str, Order]] = {}  # by symbol; and so is this one
        self._live_by_state: dict[OrderState, dict[str, Order]] | None = None
        self._ended: dict[OrderState, dict[str, deque[Order]]] = {s: {} for s in sorted(TERMINAL)}
        self._fills: dict[str, tuple[Order, int, int]] = {}
        self._newest_ended: deque[Order] = deque()  # these two are in use only when some orders
        self._fills_of: dict[str, list[str]] = {}  # are to be retired, and their fills with them
        self.retired = RetiredOrders()

    # The life of an order.

    def generate_client_order_id(self) -> str:
        """The next id of the sequence CLI00000001, CLI00000002, ..."""
        taken = self.next_id
        self._next += 1
        self.next_id = "CLI%08d" % self._next
        return taken

    def create(
        self, symbol: str, side: str, qty: Number, price: Number, timestamp_ms: int
    ) -> Order:
        """A new PENDING order with the next client order id."""
        return self.open_pending(
            symbol,
            read_side(side),
            positive_e9(qty, "qty"),
            positive_e9(price, "price"),
            timestamp_ms * NS_PER_MS,
        )

    def open_pending(self, symbol: str, side: Side, qty_e9: int, price_e9: int, ns: int) -> Order:
        """The same in the house's own numbers; the order is called `next_id`."""
        client_order_id = self.next_id
        self._next = number = self._next + 1
        self.next_id = "CLI%08d" % number
        order = _new_order(Order)
        order.client_order_id = client_order_id
        order.symbol = symbol
        order.side_of = side
        order.qty_e9 = qty_e9
        order.price_e9 = price_e9
        order.state = PENDING
        order.order_id = order.message = None
        order.filled_e9 = order.cost_e18 = order.late_e9 = order.adopted_e9 = 0
        order.created_ns = order.updated_ns = ns
        self.orders[client_order_id] = order
        try:
            self.live[symbol][client_order_id] = order
        except KeyError:
            self.live[symbol] = {client_order_id: order}
        if self._live_by_state is not None:
            self._live_by_state[PENDING][client_order_id] = order
        return order

    def update_state(
        self,
        client_order_id: str,
        state: OrderState,
        timestamp_ms: int,
        order_id: str | None = None,
        message: str | None = None,
    ) -> None:
        """Move an order along the lifecycle; KeyError when it is unknown."""
        order = self._existing(client_order_id)
        following = OrderState(state)
        if following not in TRANSITIONS[order.state]:
            raise _illegal(order, following)
        if order_id is not None and order_id != order.order_id:
            self.identify(order, order_id)
        self.move(order, following, timestamp_ms * NS_PER_MS, message)

    def move(
        self, order: Order, state: OrderState, ns: int, message: str | None = None
    ) -> None:
        """Every change of state comes by here, or by `accept`; both look the pair up."""
        old = order.state
        if state not in TRANSITIONS[old]:
            raise _illegal(order, state)
        order.state = state
        order.updated_ns = ns
        if message is not None:
            order.message = message
        if self._live_by_state is not None:
            self._file(order, old)
        if state not in self._ended:
            return
        symbol = order.symbol
        del self.live[symbol][order.client_order_id]
        try:
            self._ended[state][symbol].append(order)
        except KeyError:
            self._ended[state][symbol] = deque((order,))
        if self.retain is not None:
            self._retire_beyond(order)

    def accept(self, order: Order, order_id: str, ns: int) -> None:
        """PENDING to OPEN, under the exchange's id: `move` for the commonest step of all."""
        by_order_id = self.by_order_id
        if order_id in by_order_id:
            raise self._taken(order, order_id)
        if order.state is not PENDING:  # in the table OPEN comes after it and nothing else
            raise _illegal(order, OPEN)
        order.state = OPEN
        order.updated_ns = ns
        order.order_id = order_id
        by_order_id[order_id] = order
        if self._live_by_state is not None:
            self._file(order, PENDING)

    def identify(self, order: Order, order_id: str) -> None:
        """Note the exchange's id of an order; it never changes afterwards."""
        if order_id in self.by_order_id or order.order_id is not None:
            raise self._taken(order, order_id)
        order.order_id = order_id
        self.by_order_id[order_id] = order

    def _taken(self, order: Order, order_id: str) -> ContractError:
        holder = self.by_order_id.get(order_id)
        bound_to = holder.client_order_id if holder else order.order_id
        return ContractError(
            f"exchange id {order_id!r} for {order.client_order_id}: already bound to {bound_to}"
        )

    def update_fill(
        self, client_order_id: str, filled_qty: Number, avg_fill_price: Number, timestamp_ms: int
    ) -> None:
        """Set the cumulative filled quantity and average price; neither may shrink or overfill."""
        order = self._existing(client_order_id)
        filled = not_negative_e9(filled_qty, "filled_qty")
        cost = filled * not_negative_e9(avg_fill_price, "avg_fill_price")
        if filled == order.filled_e9 and cost == order.cost_e18:
            return
        if filled <= order.filled_e9 or cost <= order.cost_e18:
            raise FillConflict(
                f"filled_qty {filled_qty!r} at {avg_fill_price!r} of {client_order_id} takes back"
                f" a part of the {order.filled_qty!r} at {order.avg_fill_price!r} booked already"
            )
        if filled > order.qty_e9:
            raise Overfill(
                f"filled_qty {filled_qty!r} overfills {client_order_id} of {order.qty!r}"
            )
        following = FILLED if filled == order.qty_e9 else PARTIALLY_FILLED
        if following not in TRANSITIONS[order.state]:
            raise _illegal(order, following)
        order.filled_e9 = filled
        order.cost_e18 = cost
        self.move(order, following, timestamp_ms * NS_PER_MS)

    def apply_fill(
        self, order: Order, fill_id: str, qty_e9: int, price_e9: int, ns: int
    ) -> FillOutcome:
        """Book one execution, exactly once.

        The same id with the same numbers is a DUPLICATE and changes nothing; with other numbers,
        or beyond the order's quantity, it is a FillConflict. After a cancel it is LATE: the fact
        is kept in `late_e9`, the order stays canceled.
        """
        fills = self._fills
        if fill_id in fills:
            if fills[fill_id] == (order, qty_e9, price_e9):
                return DUPLICATE
            raise FillConflict(f"fill {fill_id!r} is known with other numbers or another order")
        filled = order.filled_e9 + qty_e9
        if filled + order.late_e9 > order.qty_e9:
            raise Overfill(
                f"fill {fill_id!r} of {view(qty_e9)!r} overfills {order.client_order_id}:"
                f" {view(order.leaves_e9 - order.late_e9)!r} of {order.qty!r} is left"
            )
        order.cost_e18 += qty_e9 * price_e9
        fills[fill_id] = (order, qty_e9, price_e9)
        if self.retain is not None:  # who retires orders must forget their fills with them
            self._fills_of.setdefault(order.client_order_id, []).append(fill_id)
        if order.state in TERMINAL:
            order.late_e9 += qty_e9
            order.updated_ns = ns
            return LATE
        order.filled_e9 = filled
        # Every live state may fill. The move comes last: it may be the end of what is kept of it.
        self.move(order, FILLED if filled == order.qty_e9 else PARTIALLY_FILLED, ns)
        return APPLIED

    def _keep(self, order: Order, state: OrderState, ns: int) -> None:
        """Have a live order as the exchange has it, new or changed; its name is never given again.

        It is for what is adopted; whoever changes an order has taken it from under its symbol.
        """
        name = order.client_order_id
        number = own_number(name)
        if number is not None and number >= self._next:
            self._next = number + 1
            self.next_id = own_name(self._next)
        order.state = PARTIALLY_FILLED if order.filled_e9 else OPEN
        order.updated_ns = ns
        self.orders.pop(name, None)  # so that all orders and the live ones have one order
        self.orders[name] = self.by_order_id[order.order_id or ""] = order
        self.live.setdefault(order.symbol, {})[name] = order
        self._live_by_state = None  # made again when somebody asks
        if state in TERMINAL:
            self.move(order, state, ns)

    def _retire_beyond(self, newest: Order) -> None:
        """Drop the oldest ended order beyond those to keep: also the oldest of its bucket."""
        self._newest_ended.append(newest)
        if len(self._newest_ended) <= (self.retain or 0):
            return
        order = self._newest_ended.popleft()
        self._ended[order.state][order.symbol].popleft()
        del self.orders[order.client_order_id]
        if order.order_id is not None:
            del self.by_order_id[order.order_id]
        fills = self._fills_of.pop(order.client_order_id, [])
        for fill_id in fills:
            del self._fills[fill_id]
        self.retired.add(order, len(fills))

    # Look-ups.

    def get(self, client_order_id: str) -> Order | None:
        return self.orders.get(client_order_id)

    def get_by_order_id(self, order_id: str) -> Order | None:
        return self.by_order_id.get(order_id)

    def get_all(self) -> list[Order]:
        """Every order still kept, oldest first."""
        return list(self.orders.values())

    def get_by_state(self, state: OrderState) -> list[Order]:
        """The orders in one state, oldest first."""
        ended = self._ended.get(OrderState(state))
        if ended is None:
            return sorted(self._filed()[state].values(), key=by_age)
        return sorted((order for of_symbol in ended.values() for order in of_symbol), key=by_age)

    def by_symbol(self, state: OrderState) -> Iterator[tuple[str, Iterable[Order]]]:
        """The orders in one state in groups of one symbol, for whoever sums over all of them."""
        ended = self._ended.get(state)
        if ended is not None:
            yield from ended.items()
        else:
            for order in self._filed()[state].values():
                yield order.symbol, (order,)

    def get_by_symbol(self, symbol: str) -> list[Order]:
        """The orders of one symbol, oldest first."""
        found = list(self.live.get(symbol, {}).values())
        for ended in self._ended.values():
            found.extend(ended.get(symbol, ()))
        return sorted(found, key=by_age)

    def get_open_orders(self) -> list[Order]:
        """Orders that can still trade (open and partially filled), oldest first."""
        live = self._filed()
        working = [*live[OPEN].values(), *live[PARTIALLY_FILLED].values()]
        return sorted(working, key=by_age)

    def live_orders(self, symbol: str | None = None) -> list[Order]:
        """Every order without an end yet, PENDING ones included, oldest first."""
        if symbol is not None:
            return list(self.live.get(symbol, {}).values())
        found = [order for live in self.live.values() for order in live.values()]
        return sorted(found, key=by_age)

    def has_live(self, symbol: str | None = None) -> bool:
        """Whether any order, of one symbol or of all, has no end yet."""
        if symbol is not None:
            return bool(self.live.get(symbol))
        return any(self.live.values())

    @property
    def fills(self) -> Mapping[str, tuple[Order, int, int]]:
        """Every fill that was booked and is kept, by its id: its order, quantity and price."""
        return self._fills

    def fill_count(self) -> int:
        """How many different fills were booked, those of retired orders included."""
        return len(self._fills) + self.retired.fills

    def count(self, state: OrderState) -> int:
        """How many orders are in a state, retired ones included."""
        ended = self._ended.get(state)
        if ended is None:
            return len(self._filed()[state])
        kept: int = sum(len(orders) for orders in ended.values())
        return kept + self.retired.counts[state]

    def count_by_state(self) -> dict[str, int]:
        """Counts of the states that occur, retired orders included."""
        counts = {state.value: self.count(state) for state in OrderState}
        return {name: count for name, count in counts.items() if count}

    def to_dict(self) -> dict[str, Any]:
        """The published form: every order kept, how many, and how many in each state."""
        orders = [order.to_dict() for order in self.orders.values()]
        return {
            "orders": orders,
            "count": len(orders),
            "count_by_state": self.count_by_state(),
        }

    def _filed(self) -> dict[OrderState, dict[str, Order]]:
        """Orders without an end by their state: kept up to date once somebody has asked for it.

        The loop never does, and four dictionary changes an order are a tenth of its time.
        """
        if self._live_by_state is None:
            self._live_by_state = {PENDING: {}, OPEN: {}, PARTIALLY_FILLED: {}}
            for order in self.live_orders():
                self._live_by_state[order.state][order.client_order_id] = order
        return self._live_by_state

    def _file(self, order: Order, old: OrderState) -> None:
        """Put an order that left the state `old` under the one it is in now."""
        by_state = self._filed()
        del by_state[old][order.client_order_id]
        if order.state in by_state:
            by_state[order.state][order.client_order_id] = order

    def _existing(self, client_order_id: str) -> Order:
        order = self.orders.get(client_order_id)
        if order is None:
            raise KeyError(f"Order not found: {client_order_id}")
        return order


def _illegal(order: Order, state: OrderState) -> IllegalTransition:
    allowed = ", ".join(sorted(TRANSITIONS[order.state])) or "nothing: it is final"
    return IllegalTransition(
        f"order {order.client_order_id} is {order.state.value} and cannot become {state.value};"
        f" from here it can become {allowed}"
    )
