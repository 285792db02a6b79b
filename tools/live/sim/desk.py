"""The exchange itself, without the wires to it: what it makes of a request when it is there.

It admits an order or refuses it, cancels, amends and replaces, and hears the market. It lives at
the time of `clock`, which whoever calls it has set.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from ..core.clock import EventClock
from ..core.outputs_v1 import PlaceOrderRequest
from ..exchange import OrderStatus
from .accounts import Accounts
from .admission import Admission
from .amend import Amendment, amended, replacement
from .bar import Happens
from .due import Due
from .iceberg import slice_of
from .orders import OrderRequest, WorkingOrder, plain_order
from .pit import Pit, Post
from .refusals import Refusal, RejectReason
from .register import Register
from .terms import Terms

_CANCELED = OrderStatus.CANCELED


class Desk:
    """Orders, markets and accounts of one exchange."""

    def __init__(self, terms: Terms, due: Due, post: Post) -> None:
        self.clock = EventClock()
        self.register = Register(terms.retain)
        self.accounts = Accounts(terms.cash_e18, terms.currency)
        self.live = self.register.live
        self.pit = Pit(terms, self.clock, self.register, self.accounts, due, post)
        self.enter = self.pit.enter
        self.bars = self.pit.bars
        # Whoever drives an exchange tells bars to none that has no rules for them.
        book = cast(Callable[[Happens], None], self.pit.hear)
        self.hear = book if self.bars is None else self.bars.hear
        self.timer = self.pit.timer
        self._admission = Admission(
            terms, self.register, self.pit.reducing, self.pit.venue, self.pit.held,
            self.pit.linking,
        )  # fmt: skip
        self._orders_made = 0

    def admit(
        self,
        request: OrderRequest,
        expires_ns: int | None = None,
        checked: bool = False,
        instead_of: str = "",
    ) -> WorkingOrder | Refusal:
        """Take an order in, or say why not; it does nothing before it is let `enter`.

        `checked` ones are plain limit orders that make sense. `instead_of` an open order it is for
        what remains of that one, which ends with its coming, and stays where the new one is
        refused.
        """
        replaced = None
        if instead_of:
            replaced = self.live.get(instead_of)
            if replaced is None:
                return self._refuse(request, RejectReason.NOT_OPEN, self._why_not_open(instead_of))
            made = replacement(replaced, request)
            if isinstance(made, str):
                return self._refuse(request, RejectReason.IMPOSSIBLE, made)
            request = made
        now_ns, admission = self.clock.ns, self._admission
        if not (checked and admission.passes(request.client_order_id, now_ns, expires_ns)):
            refusal = admission.refusal(request, now_ns, expires_ns, checked)
            if refusal is not None:
                return self._refuse(request, refusal.reason, refusal.detail)
        if replaced is not None:
            self.pit.withdraw(replaced)
        self._orders_made = number = self._orders_made + 1
        order = WorkingOrder(request, "ORD%06d" % number, number, now_ns, checked)
        self.register.open(order)
        return order

    def admit_plain(
        self, asked: PlaceOrderRequest, expires_ns: int | None
    ) -> WorkingOrder | None:
        """Take in a limit order that makes sense, as most do; None if it needs a closer look."""
        now_ns = self.clock.ns
        if not self._admission.passes(asked.client_order_id, now_ns, expires_ns):
            return None
        self._orders_made = number = self._orders_made + 1
        order = plain_order(asked, "ORD%06d" % number, number, now_ns)
        self.register.open(order)
        return order

    def cancel(self, order_id: str) -> str | None:
        """End an order because its client wants it; what comes back is why that cannot be."""
        order = self.live.get(order_id)
        if order is None:
            return self._why_not_open(order_id)
        self.pit.take_away(order)
        self.pit.end(order, _CANCELED, asked=True)
        return None

    def amend(
        self, order_id: str, qty: int | None, price: int | None, stop: int | None
    ) -> str | None:
        """Change an order that is open; what comes back is why that cannot be."""
        order = self.live.get(order_id)
        if order is None:
            return self._why_not_open(order_id)
        waits = order_id in self.pit.held
        found = amended(order, qty=qty, price=price, stop=stop, waiting=waits)
        if isinstance(found, str):
            return found
        refusal = self._admission.against_market(found.request, waits)
        if refusal is not None:
            return refusal.message
        self._change(order, found, waits)
        self.pit.work()
        return None

    def state(self) -> tuple[object, ...]:
        """All of it, for a hash: values only."""
        books = self.register.state(), self.accounts.state(), self.pit.state()
        return self.clock.ns, self._orders_made, *books

    def _refuse(self, request: OrderRequest, reason: RejectReason, detail: str) -> Refusal:
        refusal = Refusal(reason, detail)
        self.register.refuse(request, refusal)
        return refusal

    def _change(self, order: WorkingOrder, found: Amendment, waits: bool) -> None:
        """Put an amendment in force: in its place, where it waits, or as a new arrival."""
        venue, filled = self.pit.venue(order.symbol), order.filled
        stop_moves = found.request.stop != order.request.stop
        rests = not waits
        if rests and found.keeps_place:
            venue.reduce(order, found.leaves)
        elif rests:
            venue.leave(order)
        elif stop_moves:
            self.pit.triggers.remove(order)
        order.request = found.request
        order.qty, order.leaves = filled + found.leaves, found.leaves
        self.pit.linking.resized(order)
        if waits:
            order.shown = slice_of(order)
            if stop_moves or (self.bars is not None and not found.keeps_place):
                self.pit.wait(order, venue)
        elif not found.keeps_place:
            order.price = found.request.price
            self.pit.trade(order, venue)

    def _why_not_open(self, order_id: str) -> str:
        ended = self.register.ended(order_id)
        return "unknown order" if ended is None else ended.status.value.lower()
