"""Whether the exchange takes an order: every check at the moment of its arrival, in one order."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..core.clock import render_utc
from ..core.money import text
from ..core.words_v1 import BUY
from .order_checks import fault
from .orders import OrderKind, OrderRequest, WorkingOrder
from .reducing import Reducing
from .refusals import Refusal, RejectReason
from .register import Register
from .rules import SymbolRules
from .session import ALWAYS_OPEN, admitted_ns
from .terms import Terms, Venue

_NOW = (OrderKind.MARKET, OrderKind.LIMIT)


class Admission:
    """The checks of one exchange; the first that fails is the answer."""

    def __init__(
        self,
        terms: Terms,
        register: Register,
        reducing: Reducing,
        venue: Callable[[str], Venue],
        held: Mapping[str, WorkingOrder],
    ) -> None:
        self._held = held
        self._terms = terms
        self._register = register
        self._reducing = reducing
        self._venue = venue
        self._always_open = terms.sessions is ALWAYS_OPEN

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
        name, symbol, terms = request.client_order_id, request.symbol, self._terms
        rules = terms.rules.get(symbol)
        if rules is None and terms.only_listed:
            return Refusal(RejectReason.UNKNOWN_SYMBOL, f"{symbol} is not listed here")
        if isinstance(self._register.find(name), WorkingOrder):
            return Refusal(RejectReason.DUPLICATE_ID, f"{name} is the name of another order")
        return self._closed(request, now_ns) or self._against_rules(request, rules) or (
            self._at_market(request)
        )

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

    def _against_rules(self, request: OrderRequest, rules: SymbolRules | None) -> Refusal | None:
        if rules is None:
            return None
        venue, symbol = self._venue(request.symbol), request.symbol
        reference = venue.last or (venue.bid + venue.ask) // 2 * bool(venue.bid and venue.ask)
        orders = waiting = 0
        if rules.max_orders or rules.max_waiting:
            mine = [o for o in self._register.live.values() if o.symbol == symbol]
            orders, waiting = len(mine), sum(o.order_id in self._held for o in mine)
        broken = rules.refusal(request, reference=reference, orders=orders, waiting=waiting)
        if broken is None:
            return None
        return Refusal(RejectReason.RULES, f"{broken.code.value}: {broken.message}")

    def _at_market(self, request: OrderRequest) -> Refusal | None:
        """What the market and the position say: post-only would take, reduce-only not reduce."""
        if request.kind not in _NOW or request.after is not None:
            return None
        if request.post_only:
            assert request.price is not None, "an order that can be post-only has a limit"
            venue = self._venue(request.symbol)
            if venue.crosses(request.side, request.price):
                met = venue.ask if request.side is BUY else venue.bid
                found = f"a post-only order at {text(request.price)} would take at {text(met)}"
                return Refusal(RejectReason.WOULD_TAKE, found)
        if request.reduce_only and not self._reducing.closable(request.symbol, request.side):
            none = f"there is no position of {request.symbol} that it could reduce"
            return Refusal(RejectReason.WOULD_NOT_REDUCE, none)
        return None
