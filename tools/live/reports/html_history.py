"""What the page draws: the recorded line, read once more into series over time.

Equity is the exact ledger's, marked at every quote, so its last point is the report's net profit
to the last digit. A series keeps the last value of an instant. Nothing here knows about pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from ..core.contracts_v1 import (
    BUY, Approved, EdgeJudged, EdgeUpdate, Entry, Executed, Fill, FillAdopted, FillRefused, Frozen,
    FundingPaid, OrderAccepted, OrderAdopted, OrderCanceled, OrderRejected, PositionAdopted,
    QuoteUpdate, Side, Unfrozen,
)  # fmt: skip
from ..core.record import record
from ..portfolio.ledger import Ledger

Value = TypeVar("Value")

PENDING, OPEN, PARTIAL, FILLED, CANCELED, REJECTED = range(6)
STATES = ("pending", "open", "partially filled", "filled", "canceled", "rejected")
_ADOPTED = {"open": OPEN, "partially_filled": PARTIAL, "filled": FILLED, "canceled": CANCELED}


class Series(Generic[Value]):
    """Values over time, in order; a second value for the same instant replaces the first."""

    __slots__ = ("ns", "values")

    def __init__(self) -> None:
        self.ns: list[int] = []
        self.values: list[Value] = []

    def put(self, ns: int, value: Value) -> None:
        """Append, or replace what the same instant had."""
        if self.ns and self.ns[-1] == ns:
            self.values[-1] = value
        else:
            self.ns.append(ns)
            self.values.append(value)


@record
class FillMark:
    """A fill where it happened; `why` is empty when the exchange did not say."""

    ns: int
    side: Side
    qty: int
    price: int
    why: str


@record
class Freeze:
    """A time without trading; `until_ns` is None when it lasts to the end."""

    from_ns: int
    until_ns: int | None
    reason: str
    symbol: str | None


@record
class Drawdown:
    """The deepest fall of the equity below an earlier high, at 10^18."""

    depth: int
    from_ns: int
    to_ns: int


class SymbolHistory:
    """One symbol over time; a quote is (bid, ask), a position signed, an edge None if no number."""

    __slots__ = ("symbol", "quotes", "position", "edge", "fills", "volume_e18", "mark", "net_e18")

    def __init__(self, symbol: str) -> None:
        self.symbol = symbol
        self.quotes: Series[tuple[int, int]] = Series()
        self.position: Series[int] = Series()
        self.edge: Series[int | None] = Series()
        self.fills: list[FillMark] = []
        self.volume_e18 = 0
        self.mark = 0
        self.net_e18 = 0


class _OrderTrack:
    __slots__ = ("standing", "leaves")

    def __init__(self, leaves: int) -> None:
        self.standing = PENDING
        self.leaves = leaves


class History:
    """The whole line as series, from its first event to its last."""

    def __init__(self, events: Sequence[Entry], *, maker_bps: int, taker_bps: int) -> None:
        self.ledger = Ledger(fee_maker_bps=maker_bps, fee_taker_bps=taker_bps)
        self.symbols: dict[str, SymbolHistory] = {}
        self.equity: Series[int] = Series()
        self.states: Series[tuple[int, ...]] = Series()
        self.freezes: list[Freeze] = []
        self.rejections: dict[str, int] = {}
        self.count = len(events)
        self.start_ns = self.end_ns = events[0].event.ts_ns if events else 0
        self._refused = {e.cause: True for e in events if e.event.__class__ is FillRefused}
        self._net_e18 = 0
        self._counts = [0] * len(STATES)
        self._orders: dict[str, _OrderTrack] = {}
        self._by_order_id: dict[str, _OrderTrack] = {}
        self._seen_fills: dict[str, bool] = {}
        self._touch: dict[str, tuple[int, int]] = {}
        self._read(events)

    def symbol(self, name: str) -> SymbolHistory:
        """The history of a symbol, opened when it is new."""
        found = self.symbols.get(name)
        if found is None:
            found = self.symbols[name] = SymbolHistory(name)
        return found

    def drawdown(self) -> Drawdown:
        """The largest loss from a high; a run begins at zero, which is its first high."""
        deepest = Drawdown(0, self.start_ns, self.start_ns)
        high, high_ns = 0, self.start_ns
        for ns, value in zip(self.equity.ns, self.equity.values, strict=True):
            if value > high:
                high, high_ns = value, ns
            elif high - value > deepest.depth:
                deepest = Drawdown(high - value, high_ns, ns)
        return deepest

    def _read(self, events: Sequence[Entry]) -> None:
        handlers: dict[type, Callable[[Any, int], None]] = {
            QuoteUpdate: self._on_quote,
            EdgeUpdate: self._on_edge,
            EdgeJudged: self._on_edge,
            Approved: self._on_place,
            OrderAccepted: self._on_accepted,
            OrderRejected: self._on_rejected,
            OrderCanceled: self._on_canceled,
            OrderAdopted: self._on_adopted,
            FillAdopted: self._on_fill_adopted,
            PositionAdopted: self._on_position_adopted,
            Fill: self._on_fill,
            Executed: self._on_fill,
            FundingPaid: self._on_funding,
            Frozen: self._on_frozen,
            Unfrozen: self._on_unfrozen,
        }
        refused = self._refused
        for entry in events:
            event = entry.event
            if event.ts_ns > self.end_ns:  # the page's time never runs back
                self.end_ns = event.ts_ns
            handler = handlers.get(event.__class__)
            if handler is not None and entry.seq not in refused:
                handler(event, self.end_ns)

    # Money.

    def _on_quote(self, event: QuoteUpdate, ns: int) -> None:
        track = self.symbol(event.symbol)
        touch = (event.bid, event.ask)
        track.quotes.put(ns, touch)
        track.mark = (event.bid + event.ask) >> 1
        self._touch[event.symbol] = touch
        self._revalue(track, ns)

    def _on_fill(self, event: Fill | Executed, ns: int) -> None:
        if event.fill_id in self._seen_fills:
            return
        self._seen_fills[event.fill_id] = True
        track = self.symbol(event.symbol)
        told_e18, why = (event.fee_e18, event.why) if isinstance(event, Executed) else (None, "")
        taker = self._took_liquidity(event)
        self.ledger.apply_fill(
            event.symbol, event.side, event.qty, event.price, taker, told_e18
        )
        track.mark = track.mark or event.price
        track.fills.append(FillMark(ns, event.side, event.qty, event.price, why))
        track.volume_e18 += event.qty * event.price
        track.position.put(ns, self.ledger.qty(event.symbol))
        self._revalue(track, ns)
        order = self._by_order_id.get(event.order_id)
        if order is not None and order.standing in (OPEN, PARTIAL):
            order.leaves -= event.qty
            self._move(order, PARTIAL if order.leaves > 0 else FILLED, ns)

    def _on_funding(self, event: FundingPaid, ns: int) -> None:
        self.ledger.fund(event.symbol, event.amount_e18)
        self._revalue(self.symbol(event.symbol), ns)

    def _on_fill_adopted(self, event: FillAdopted, ns: int) -> None:
        self._seen_fills[event.fill_id] = True

    def _on_position_adopted(self, event: PositionAdopted, ns: int) -> None:
        """It is held at the mark, which it takes a quote to have; else the run has refused it."""
        if event.symbol in self._touch:
            track = self.symbol(event.symbol)
            self.ledger.adopt(event.symbol, event.qty, track.mark)
            track.position.put(ns, event.qty)
            self._revalue(track, ns)

    def _took_liquidity(self, event: Fill | Executed) -> bool:
        """The fold's own rule: what the venue says, else whether the price crossed the quote."""
        if event.liquidity:
            return event.liquidity == "taker"
        touch = self._touch.get(event.symbol)
        if touch is None:
            return True
        return event.price >= touch[1] if event.side is BUY else event.price <= touch[0]

    def _revalue(self, track: SymbolHistory, ns: int) -> None:
        holding = self.ledger.holdings.get(track.symbol)
        if holding is not None:
            net = holding.net_e18(track.mark)
            self._net_e18 += net - track.net_e18
            track.net_e18 = net
        self.equity.put(ns, self._net_e18)

    # Orders.

    def _on_place(self, event: Approved, ns: int) -> None:
        self._orders[event.client_order_id] = _OrderTrack(event.qty_e9)
        self._counts[PENDING] += 1
        self.states.put(ns, tuple(self._counts))

    def _on_accepted(self, event: OrderAccepted, ns: int) -> None:
        order = self._orders.get(event.client_order_id)
        if order is not None and order.standing == PENDING:
            self._by_order_id[event.order_id] = order
            self._move(order, OPEN, ns)

    def _on_rejected(self, event: OrderRejected, ns: int) -> None:
        order = self._orders.get(event.client_order_id)
        if order is None or order.standing not in (PENDING, OPEN, PARTIAL):
            return
        if order.standing == PENDING:
            self.rejections[event.message] = self.rejections.get(event.message, 0) + 1
        self._move(order, REJECTED if order.standing == PENDING else CANCELED, ns)

    def _on_canceled(self, event: OrderCanceled, ns: int) -> None:
        order = self._by_order_id.get(event.order_id)
        if order is not None and order.standing in (OPEN, PARTIAL):
            self._move(order, CANCELED, ns)

    def _on_adopted(self, event: OrderAdopted, ns: int) -> None:
        standing = _ADOPTED.get(event.state)
        if standing is None:  # the run has refused it
            return
        order = self._orders.get(event.client_order_id)
        if order is None:
            order = self._orders[event.client_order_id] = _OrderTrack(0)
            self._counts[PENDING] += 1
        if order.standing in (PENDING, OPEN, PARTIAL):
            self._by_order_id[event.order_id] = order
            order.leaves = event.qty - event.filled
            self._move(order, standing, ns)

    def _move(self, order: _OrderTrack, standing: int, ns: int) -> None:
        self._counts[order.standing] -= 1
        self._counts[standing] += 1
        order.standing = standing
        self.states.put(ns, tuple(self._counts))

    # Edge and freeze.

    def _on_edge(self, event: EdgeUpdate | EdgeJudged, ns: int) -> None:
        self.symbol(event.symbol).edge.put(ns, event.net_bps)

    def _on_frozen(self, event: Frozen, ns: int) -> None:
        self.freezes.append(Freeze(ns, None, event.reason, event.symbol))

    def _on_unfrozen(self, event: Unfrozen, ns: int) -> None:
        if self.freezes and self.freezes[-1].until_ns is None:
            last = self.freezes[-1]
            self.freezes[-1] = Freeze(last.from_ns, ns, last.reason, last.symbol)


def thin(values: Sequence[int], limit: int) -> list[int]:
    """Indices of at most `limit` values: the first, the last, and the extremes of each stretch."""
    total = len(values)
    if total <= limit:
        return list(range(total))
    stretches = (limit - 2) // 2
    kept = [0]
    for number in range(stretches):
        first = 1 + (total - 2) * number // stretches
        after = 1 + (total - 2) * (number + 1) // stretches
        span = range(first, after)
        low, high = min(span, key=values.__getitem__), max(span, key=values.__getitem__)
        kept += [low] if low == high else sorted((low, high))
    kept.append(total - 1)
    return kept


def spaced(total: int, limit: int) -> list[int]:
    """At most `limit` indices spread evenly over `total`, the first and the last among them."""
    if total <= limit:
        return list(range(total))
    return [(total - 1) * number // (limit - 1) for number in range(limit)]
