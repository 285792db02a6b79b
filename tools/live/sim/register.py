"""Every order that the exchange knows, under both of its names, with its executions.

Live orders are all kept; of those that have ended the newest `retain`, or all. Whether an order is
not known because there never was one, or because it was forgotten, is not the same answer.
"""

from __future__ import annotations

from collections import deque
from itertools import chain
from typing import TypeAlias

from ..core.errors import ContractError
from ..exchange import FillEvent
from .orders import OrderRequest, WorkingOrder
from .refusals import Refusal

Known: TypeAlias = WorkingOrder | Refusal


class Register:
    """Orders by the exchange's id (`live`) and by the client's, fills by order."""

    def __init__(self, retain: int | None = None) -> None:
        if retain is not None and (isinstance(retain, bool) or retain < 0):
            raise ContractError(f"retain {retain!r} must be 0 or more, or None to keep all")
        self._retain = retain
        self.live: dict[str, WorkingOrder] = {}  # in the order of acceptance
        self.forgotten = 0
        self.known: dict[str, Known] = {}  # by client order id; it is there to be read
        self._ended: dict[str, WorkingOrder] = {}  # by order id
        self._fills: dict[str, list[FillEvent]] = {}
        self._oldest: deque[tuple[str, Known]] = deque()  # what ended, to be forgotten in turn

    def open(self, order: WorkingOrder) -> None:
        """A new order under both of its names."""
        self.live[order.order_id] = order
        self.known[order.client_order_id] = order

    def refuse(self, request: OrderRequest, refusal: Refusal) -> None:
        """Remember what was said of what never was an order; a name in use stays its order's."""
        name = request.client_order_id
        if not isinstance(self.known.get(name), WorkingOrder):
            self.known[name] = refusal
            if self._retain is not None:
                self._age(name, refusal, self._retain)

    def end(self, order: WorkingOrder) -> None:
        """A live order is none any more."""
        del self.live[order.order_id]
        self._ended[order.order_id] = order
        if self._retain is not None:
            self._age(order.client_order_id, order, self._retain)

    def book(self, fill: FillEvent) -> None:
        """One more execution of an order."""
        fills = self._fills.get(fill.order_id)
        if fills is None:
            self._fills[fill.order_id] = [fill]
        else:
            fills.append(fill)

    def find(self, client_order_id: str) -> Known | None:
        """What is known under our own name."""
        return self.known.get(client_order_id)

    def ended(self, order_id: str) -> WorkingOrder | None:
        """An order that has ended and is remembered."""
        return self._ended.get(order_id)

    def fills_of(self, order_id: str) -> tuple[FillEvent, ...]:
        """The executions of one order, oldest first."""
        return tuple(self._fills.get(order_id, ()))

    def fills(self) -> list[FillEvent]:
        """The executions of all orders that are remembered, oldest first."""
        return sorted(chain.from_iterable(self._fills.values()), key=_age_of)

    def state(self) -> tuple[object, ...]:
        """All of it, for a hash."""
        known = tuple(
            (name, one.message if isinstance(one, Refusal) else one.state())
            for name, one in self.known.items()
        )
        fills = tuple(
            (f.fill_id, f.order_id, f.symbol, f.side.value, f.qty_e9, f.price_e9, f.liquidity,
             f.timestamp_ms)
            for f in self.fills()
        )  # fmt: skip
        return tuple(self.live), tuple(self._ended), self.forgotten, known, fills

    def _age(self, name: str, one: Known, retain: int) -> None:
        """The oldest that ended is forgotten when there are too many."""
        self._oldest.append((name, one))
        if len(self._oldest) > retain:
            name, one = self._oldest.popleft()
            self.forgotten += 1
            if self.known.get(name) is one:  # the name may be another order's by now
                del self.known[name]
            if isinstance(one, WorkingOrder):
                del self._ended[one.order_id]
                self._fills.pop(one.order_id, None)


def _age_of(fill: FillEvent) -> tuple[int, str]:
    """Names count up, and a longer one is a later one."""
    name = fill.fill_id or ""
    return len(name), name
