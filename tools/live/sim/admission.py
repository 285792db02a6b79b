"""Whether the exchange takes an order: every check at the moment of its arrival, in one order."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..core.clock import render_utc
from ..core.money import text
from ..core.words_v1 import BUY
from .order_checks import fault
from .linking import Linking
from .orders import AT_MARKET, OrderRequest, WorkingOrder
from .reducing import Reducing
from .refusals import Refusal, RejectReason
from .register import Register
from .session import ALWAYS_OPEN, admitted_ns
from .terms import Terms, Venue


class Admission:
    """The checks of one exchange; the first that fails is the answer."""

    def __init__(
        self,
        terms: Terms,
        register: Register,
        reducing: Reducing,
        venue: Callable[[str], Venue],
        held: Mapping[str, WorkingOrder],
        linking: Linking,
    ) -> None:
        self._linking = linking
        self._held = held
        self._terms = terms
        self._register = register
        self._reducing = reducing
        self._venue = venue
        self._any_rules = bool(terms.rules) or terms.only_listed
        self._always_open = terms.sessions is ALWAYS_OPEN
        self._has_no_rules = self._always_open and not self._any_rules
        self._known = register.known

    def passes(self, client_order_id: str, now_ns: int, expires_ns: int | None) -> bool:
        """Whether a plain limit order that makes sense is taken without a closer look."""
        return (
            self._has_no_rules
            and client_order_id not in self._known
            and (expires_ns is None or now_ns <= expires_ns)
        )

    def refusal(
        self, request: OrderRequest, now_ns: int, expires_ns: int | None, checked: bool
    ) -> Refusal | None:
        """Why an order is not taken, or None; `checked` ones are known to make sense."""
        if not checked:
            found = fault(request)
            if found is not None:
                return Refusal(RejectReason.IMPOSSIBLE, found)
        if expires_ns is not None and now_ns > expires_ns:
            late = f"it was to be refused behind {render_utc(expires_ns)}"
            return Refusal(RejectReason.TOO_LATE, late)
        name = request.client_order_id
        if self._any_rules and self._terms.only_listed and request.symbol not in self._terms.rules:
            return Refusal(RejectReason.UNKNOWN_SYMBOL, f"{request.symbol} is not listed here")
        if isinstance(self._register.find(name), WorkingOrder):
            return Refusal(RejectReason.DUPLICATE_ID, f"{name} is the name of another order")
        if request.expires_ns is not None or not self._always_open:
            closed = self._closed(request, now_ns)
            if closed is not None:
                return closed
        if request.after is not None or request.one_cancels_other is not None:
            linked = self._linking.refusal(request)
            if linked is not None:
                return Refusal(RejectReason.LINK, linked)
        if self._any_rules or request.post_only or request.reduce_only:
            waits = request.kind not in AT_MARKET or request.after is not None
            return self.against_market(request, waits)
        return None

    def against_market(self, request: OrderRequest, waits: bool) -> Refusal | None:
        """What the rules of a symbol say, and its market of an order that does not wait."""
        return self._against_rules(request) or (None if waits else self._at_market(request))

    def _closed(self, request: OrderRequest, now_ns: int) -> Refusal | None:
        """Its own end is in the past, or the market is closed and keeps no orders meanwhile."""
        ends_ns = request.expires_ns
        if ends_ns is not None and ends_ns <= now_ns:
            past = f"its end {render_utc(ends_ns)} is in the past at {render_utc(now_ns)}"
            return Refusal(RejectReason.EXPIRED, past)
        if self._always_open:
            return None
        terms, symbol = self._terms, request.symbol
        if admitted_ns(terms.sessions, terms.outside, symbol, now_ns) is None:
            shut = f"{symbol} is closed at {render_utc(now_ns)}"
            return Refusal(RejectReason.CLOSED, shut)
        return None

    def _against_rules(self, request: OrderRequest) -> Refusal | None:
        rules = self._terms.rules.get(request.symbol)
        if rules is None:
            return None
        venue, symbol = self._venue(request.symbol), request.symbol
        reference = venue.last or (venue.bid + venue.ask) // 2 * bool(venue.bid and venue.ask)
        orders = waiting = 0
        if rules.max_orders or rules.max_waiting:
            live, name = self._register.live.values(), request.client_order_id
            mine = [o for o in live if o.symbol == symbol and o.client_order_id != name]
            orders = len(mine)
            waiting = len([o for o in mine if o.order_id in self._held])
        broken = rules.refusal(request, reference=reference, orders=orders, waiting=waiting)
        if broken is None:
            return None
        return Refusal(RejectReason.RULES, f"{broken.code.value}: {broken.message}")

    def _at_market(self, request: OrderRequest) -> Refusal | None:
        """What the market and the position say: post-only would take, reduce-only not reduce."""
        if request.post_only and request.price is not None:
            venue = self._venue(request.symbol)
            if venue.crosses(request.side, request.price):
                met = venue.ask if request.side is BUY else venue.bid
                found = f"a post-only order at {text(request.price)} would take at {text(met)}"
                return Refusal(RejectReason.WOULD_TAKE, found)
        if request.reduce_only and not self._reducing.closable(request.symbol, request.side):
            none = f"there is no position of {request.symbol} that it could reduce"
            return Refusal(RejectReason.WOULD_NOT_REDUCE, none)
        return None
