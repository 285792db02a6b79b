"""The life of each order in figures: when it was decided, answered, filled, and at what cost.

An order is kept while it lives; when it ends, its row goes to whoever asked for rows, and what is
left of it is in the counts. A fill behind the end of its order comes as a row of its own, so that
the rows of an order always add up to its fills.
"""

from __future__ import annotations

from collections.abc import Callable

from ..core.contracts_v1 import Side
from ..core.record import record
from .roots import three_digits

FILLED, CANCELED, REJECTED, OPEN, LATE = "filled", "canceled", "rejected", "open", "late"


@record
class OrderRow:
    """What became of one order. Money is at 10^18; 0 in a time means that it never happened."""

    client_order_id: str
    order_id: str
    symbol: str
    side: Side
    qty: int
    price: int
    end: str
    decided_ns: int
    accepted_ns: int
    first_fill_ns: int
    ended_ns: int
    fills: int
    filled: int
    notional_e18: int
    fees_e18: int
    capture_e18: int
    arrival_e18: int
    mark_then: int


class OrderTrack:
    """An order that lives."""

    __slots__ = (
        "client_order_id", "order_id", "symbol", "side", "qty", "price", "decided_ns",
        "accepted_ns", "first_fill_ns", "fills", "filled", "notional", "fees", "capture",
        "arrival", "mark_then",
    )  # fmt: skip

    def __init__(
        self, client_order_id: str, symbol: str, side: Side, qty: int, price: int, ts_ns: int,
        mark_then: int,
    ) -> None:  # fmt: skip
        self.client_order_id = client_order_id
        self.order_id = ""
        self.symbol = symbol
        self.side = side
        self.qty = qty
        self.price = price
        self.decided_ns = ts_ns
        self.mark_then = mark_then
        self.accepted_ns = self.first_fill_ns = 0
        self.fills = self.filled = self.notional = self.fees = self.capture = self.arrival = 0

    def row(self, end: str, ts_ns: int) -> OrderRow:
        """What became of it."""
        return OrderRow(
            self.client_order_id, self.order_id, self.symbol, self.side, self.qty, self.price,
            end, self.decided_ns, self.accepted_ns, self.first_fill_ns, ts_ns, self.fills,
            self.filled, self.notional, self.fees, self.capture, self.arrival, self.mark_then,
        )  # fmt: skip


class OrderCounts:
    """The orders of one symbol, and how long they took; the times to three digits."""

    __slots__ = (
        "sent", "accepted", "ended", "touched", "asked_e18", "filled_e18", "first_ns", "whole_ns",
    )  # fmt: skip

    def __init__(self) -> None:
        self.sent = self.accepted = self.touched = 0
        self.ended = dict.fromkeys((FILLED, CANCELED, REJECTED, OPEN), 0)
        self.asked_e18 = self.filled_e18 = 0  # at the limit prices, of orders that were accepted
        self.first_ns: dict[int, int] = {}
        self.whole_ns: dict[int, int] = {}


class OrderTracks:
    """All orders of a run."""

    def __init__(self, tell: Callable[[OrderRow], None] | None = None) -> None:
        self._tell = tell
        self._by_client: dict[str, OrderTrack] = {}
        self._by_order: dict[str, OrderTrack] = {}
        self.counts: dict[str, OrderCounts] = {}

    def decided(
        self, client_order_id: str, symbol: str, side: Side, qty: int, price: int, ts_ns: int,
        mark: int,
    ) -> None:  # fmt: skip
        """The gate has let it pass; one that is sent again is the same order."""
        if client_order_id in self._by_client:
            return
        track = OrderTrack(client_order_id, symbol, side, qty, price, ts_ns, mark)
        self._by_client[client_order_id] = track
        self._of(symbol).sent += 1

    def accepted(self, client_order_id: str, order_id: str, ts_ns: int) -> None:
        """The exchange took it."""
        track = self._by_client.get(client_order_id)
        if track is None or track.order_id:
            return
        track.order_id, track.accepted_ns = order_id, ts_ns
        self._by_order[order_id] = track
        counts = self._of(track.symbol)
        counts.accepted += 1
        counts.asked_e18 += track.qty * track.price

    def find(self, order_id: str) -> OrderTrack | None:
        """The living order with this id."""
        return self._by_order.get(order_id)

    def filled(self, track: OrderTrack, qty: int, price: int, ts_ns: int) -> None:
        """An execution of a living order, with its money already added to the track."""
        counts = self._of(track.symbol)
        track.fills += 1
        track.filled += qty
        track.notional += qty * price
        counts.filled_e18 += qty * track.price
        if track.fills == 1:
            track.first_fill_ns = ts_ns
            counts.touched += 1
            _count(counts.first_ns, ts_ns - track.decided_ns)
        if track.filled >= track.qty:
            _count(counts.whole_ns, ts_ns - track.decided_ns)
            self._end(track, FILLED, ts_ns)

    def late(self, row: OrderRow) -> None:
        """A fill of an order that had ended."""
        if self._tell is not None:
            self._tell(row)

    def canceled(self, order_id: str, ts_ns: int) -> None:
        """Nothing of it is open any more."""
        track = self._by_order.get(order_id)
        if track is not None:
            self._end(track, CANCELED, ts_ns)

    def rejected(self, client_order_id: str, ts_ns: int) -> None:
        """The exchange said no; of an order that it had taken this is a cancel."""
        track = self._by_client.get(client_order_id)
        if track is not None:
            self._end(track, CANCELED if track.order_id else REJECTED, ts_ns)

    def finish(self, ts_ns: int) -> None:
        """What lives at the end of the run stays open, and gets its row."""
        for track in list(self._by_client.values()):
            self._end(track, OPEN, ts_ns)

    def _end(self, track: OrderTrack, end: str, ts_ns: int) -> None:
        self._by_client.pop(track.client_order_id, None)
        self._by_order.pop(track.order_id, None)
        self._of(track.symbol).ended[end] += 1
        if self._tell is not None:
            self._tell(track.row(end, ts_ns))

    def _of(self, symbol: str) -> OrderCounts:
        found = self.counts.get(symbol)
        if found is None:
            found = self.counts[symbol] = OrderCounts()
        return found


def _count(times: dict[int, int], ns: int) -> None:
    rounded = three_digits(ns)
    times[rounded] = times.get(rounded, 0) + 1
