"""Puts in force what links between orders demand: who is sent for how much, and who ends.

`links` says what follows from a fill or an end; here it is done to the orders of the pit. An order
that is in force for nothing waits outside the market till it is sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from .evidence import Execution
from .iceberg import slice_of
from .links import Effects, Links
from .orders import AT_MARKET, OrderRequest, WorkingOrder
from .register import Register
from .terms import Venue


class Floor(Protocol):
    """What the links need of the pit."""

    @property
    def held(self) -> dict[str, WorkingOrder]: ...

    def venue(self, symbol: str) -> Venue: ...

    def let_in(self, order: WorkingOrder, triggered: bool) -> None: ...

    def withdraw(self, order: WorkingOrder) -> None: ...

    def unhook(self, order: WorkingOrder) -> None: ...


class Linking:
    """The linked orders of one exchange; `any` tells whether there ever was one."""

    def __init__(self, floor: Floor, register: Register) -> None:
        self.any = False
        self._links = Links()
        self._floor = floor
        self._register = register
        self._waiting: dict[str, bool] = {}  # in force for nothing; whether they have triggered

    def refusal(self, request: OrderRequest) -> str | None:
        """Why an order cannot hang where it wants to."""
        filled, is_open = self._entry(request)
        return self._links.refusal(request, entry_filled=filled, entry_open=is_open)

    def hang_up(self, order: WorkingOrder) -> bool:
        """Link an order that comes in; whether it is to go to the market now."""
        self.any = True
        filled, is_open = self._entry(order.request)
        by_itself = order.request.after is None
        if by_itself:
            self._floor.held[order.order_id] = order
        else:
            self._put_aside(order, triggered=False)
        self._apply(self._links.add(order, entry_filled=filled or 0, entry_open=is_open))
        return by_itself and order.order_id in self._register.live

    def settled(self, executions: Iterable[Execution]) -> Iterator[Execution]:
        """The executions that count, one after the other, as far as each of them does.

        Of several in one event the first ones may leave less for the others, or nothing. So all
        are taken back, and done again in their order.
        """
        done, held = list(executions), self._floor.held
        for execution in done:
            order = execution.order
            if not order.leaves:
                held[order.order_id] = order  # it has left the market
            order.leaves += execution.qty
        for execution in done:
            order = execution.order
            if order.order_id in self._register.live:
                qty = self._links.allowed(order, execution.qty)
                if qty:
                    order.leaves -= qty
                    yield Execution(
                        order, qty, execution.price, execution.liquidity, execution.why
                    )

    def on_fill(self, order: WorkingOrder, qty: int) -> None:
        """An execution was booked."""
        self._apply(self._links.on_fill(order, qty))

    def goes_on(self, order: WorkingOrder) -> bool:
        """Whether an order that has filled as far as it was sent waits to be sent for more."""
        if not self._links.more_to_come(order):
            return False
        self._put_aside(order, triggered=order.request.kind not in AT_MARKET)
        return True

    def on_end(self, order: WorkingOrder, canceled: bool) -> None:
        """An order has ended; `canceled` when its client wanted it."""
        self._waiting.pop(order.order_id, None)
        self._floor.held.pop(order.order_id, None)
        self._apply(self._links.on_end(order, canceled=canceled))

    def resized(self, order: WorkingOrder) -> None:
        """An order was amended, or cut."""
        self._links.resized(order)

    def state(self) -> tuple[object, ...]:
        """All of it, for a hash."""
        return self._links.state(), tuple(self._waiting.items())

    def _entry(self, request: OrderRequest) -> tuple[int | None, bool]:
        """What filled of the order behind which one comes, and whether it is open."""
        known = None if request.after is None else self._register.find(request.after)
        if not isinstance(known, WorkingOrder):
            return None, False
        return known.filled, known.order_id in self._register.live

    def _apply(self, effects: Effects) -> None:
        for order, leaves in effects.work:
            self._resize(order, leaves)
        for order in effects.end:
            self._floor.withdraw(order)

    def _resize(self, order: WorkingOrder, leaves: int) -> None:
        """Let an order work so much from now on, wherever it is."""
        name, floor = order.order_id, self._floor
        rests = name not in floor.held
        if rests and 0 < leaves <= order.leaves:
            order.qty -= order.leaves - leaves
            floor.venue(order.symbol).reduce(order, leaves)
            return
        if rests:
            floor.venue(order.symbol).leave(order)
        order.qty += leaves - order.leaves
        order.leaves = leaves
        order.shown = slice_of(order)
        if not leaves:
            floor.unhook(order)
            self._put_aside(order, triggered=rests)
        elif name in self._waiting:
            floor.let_in(order, self._waiting.pop(name))
        elif rests:
            floor.let_in(order, True)

    def _put_aside(self, order: WorkingOrder, *, triggered: bool) -> None:
        """Keep an order outside the market till it is sent."""
        self._floor.held[order.order_id] = order
        self._waiting[order.order_id] = triggered
