"""What was adopted, as rows: the readings of the three events, for `Books` to inherit.

The run refuses what it cannot adopt exactly, and freezes. Here the same facts are judged by the
same rules, from the records alone; what the run refused is listed among the contradictions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..adoptions import MADE_UP
from ..core.contracts_v1 import FillFault
from ..core.money import text
from ..core.order import CANCELED, FILLED, OPEN, PARTIALLY_FILLED, OrderState, own_number
from .projection_exact import Numbers
from .projection_facts import check_side
from .projection_order import OrderRow
from .projection_rows import EXECUTION, Rows
from .reader import Record


class AdoptedBooks:
    """How the tables change with what is adopted."""

    _rows: Rows
    _numbers: Numbers
    _retain: int | None

    _known: Callable[[OrderRow | None], OrderRow | None]
    _contradict: Callable[[Record, str], None]
    _changed: Callable[[OrderRow, Record], None]
    _end: Callable[[OrderRow, Record], None]

    def _order_adopted(
        self, one: Record, seq: int, client_order_id: str, filled: str, order_id: str, price: str,
        qty: str, side: str, state: str, symbol: str,
    ) -> None:  # fmt: skip
        check_side(side)
        numbers = self._numbers
        order = self._known(self._rows.order(client_order_id))
        taken = OrderRow(
            placed_seq=seq if order is None else order.placed_seq, placed_ns=one.ts, corr=one.corr,
            cause=one.cause, client_order_id=client_order_id, symbol=symbol, side=side,
            qty=numbers[qty], price=numbers[price],
        )  # fmt: skip
        taken.order_id, taken.filled = order_id, numbers[filled]
        if not _can_be(taken, state):
            return self._contradict(one, "an order with other names, numbers or state than can be")
        taken.standing = OrderState(state)
        if order is not None and _terms(order) == _terms(taken):
            return None
        why = self._order_fault(taken, order)
        if why is not None:
            return self._contradict(one, f"order {client_order_id} cannot be adopted: {why}")
        if order is not None:
            taken.cost, taken.message = order.cost, order.message
            taken.accepted_ns, taken.placed_ns = order.accepted_ns, order.placed_ns
        taken.accepted_ns = one.ts if taken.accepted_ns is None else taken.accepted_ns
        taken.adopted = taken.filled - (0 if order is None else order.booked)
        self._rows.add_adoption(
            seq, one.ts, "order", client_order_id, order_id, symbol, side, qty, price
        )
        return self._end(taken, one) if taken.has_ended else self._changed(taken, one)

    def _order_fault(self, taken: OrderRow, order: OrderRow | None) -> str | None:
        """Why the run refused it; None when it did not."""
        holder = self._known(self._rows.named_order(str(taken.order_id)))
        if holder is not None and (
            order is None or holder.client_order_id != order.client_order_id
        ):
            return f"{taken.order_id} is {holder.client_order_id}"
        booked = 0
        if order is None:
            if self._may_be_forgotten(taken.client_order_id):
                return "another of this name may have been forgotten"
        else:
            booked = order.booked
            if order.has_ended or order.order_id not in (None, taken.order_id):
                return f"it is {order.standing.value} as {order.order_id}"
            if booked and (order.symbol, order.side) != (taken.symbol, taken.side):
                return "executions of another symbol or side are booked on it"
        untold = taken.filled - booked - self._told(str(taken.order_id))
        return f"{text(untold)} of what it filled was not told" if untold > 0 else None

    def _may_be_forgotten(self, client_order_id: str) -> bool:
        if self._retain is None:
            return False
        number = own_number(client_order_id)
        if number is None:
            return self._rows.order(client_order_id) is not None
        return any((own_number(name) or 0) >= number for name in self._rows.names())

    def _told(self, order_id: str) -> int:
        """How much of an order is known by adopted executions that are not booked."""
        return sum(
            self._numbers[told[3]]
            for fill_id, told in self._rows.executions.items()
            if told[0] == order_id
            and not self._is_booked(fill_id)
            and not fill_id.startswith(MADE_UP)
        )

    def _is_booked(self, fill_id: str) -> bool:
        booked = self._rows.booked_fill(fill_id)
        return booked is not None and self._known(self._rows.order(booked[0])) is not None

    def _fill_adopted(
        self, one: Record, seq: int, fill_id: str, liquidity: str, order_id: str, price: str,
        qty: str, side: str, symbol: str,
    ) -> None:  # fmt: skip
        check_side(side)
        if not fill_id or not order_id or min(self._numbers[qty], self._numbers[price]) <= 0:
            return self._contradict(one, f"execution {fill_id} cannot be adopted")
        known = self._rows.executions
        if fill_id not in known and self._is_booked(fill_id):
            name, *numbers = self._rows.booked_fill(fill_id) or ("",)
            order = self._rows.order(name)
            if order is not None and [order.order_id, *numbers] == [order_id, qty, price]:
                return None
        if known.get(fill_id) != (order_id, symbol, side, qty, price):
            self._rows.add_adoption(
                seq, one.ts, EXECUTION, fill_id, order_id, symbol, side, qty, price
            )
        return None

    def _adopted_outcome(
        self, fill_id: str, *told: str
    ) -> tuple[str, str | None] | None:
        """What becomes of an execution that was adopted; None when that does not decide it."""
        known = self._rows.executions.get(fill_id)
        if known is None:
            return None
        if known == told:
            return "duplicate", None
        return None if self._is_booked(fill_id) else ("refused", FillFault.CONFLICT.value)

    def _position_adopted(self, one: Record, seq: int, qty: str, symbol: str) -> None:
        quote = self._rows.quotes.get(symbol)
        if quote is None or not self._numbers[quote[4]]:
            return self._contradict(one, f"position {symbol} cannot be adopted without a quote")
        mark = (self._numbers[quote[3]] + self._numbers[quote[4]]) >> 1
        held = self._rows.positions.get(symbol)
        wanted = self._numbers[qty]
        if wanted == (0 if held is None else held.qty):
            return None
        self._rows.position(symbol).adopt(seq, wanted, mark)
        self._rows.add_adoption(
            seq, one.ts, "position", symbol, None, symbol, None, qty, text(mark)
        )
        return None


def _terms(order: OrderRow) -> tuple[Any, ...]:
    """What an adoption says of an order."""
    return (
        order.order_id, order.symbol, order.side, order.qty, order.price,
        order.filled + order.late, order.standing,
    )  # fmt: skip


def _can_be(taken: OrderRow, state: str) -> bool:
    """Whether an order of these numbers can be in this state."""
    if not taken.client_order_id or not taken.order_id or taken.qty <= 0 or taken.price <= 0:
        return False
    if not 0 <= taken.filled < taken.qty:
        return taken.filled == taken.qty and state == FILLED.value
    live = PARTIALLY_FILLED if taken.filled else OPEN
    return state in (live.value, CANCELED.value)
