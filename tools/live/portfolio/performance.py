"""What a run came to: profit and its parts, risk, exposure, and how well orders were executed.

It hears quotes, decisions and executions in their order and keeps sums, so that its memory does
not grow with the run. It keeps books of its own: that they agree with the ledger is a law.
"""

from __future__ import annotations

from collections.abc import Callable

from ..core.clock import NS_PER_S
from ..core.contracts_v1 import BUY, Side
from ..core.record import record
from .equity_curve import EquityCurve
from .order_tracks import LATE, OrderRow, OrderTracks
from .symbol_track import SymbolTrack


@record
class Booked:
    """One execution as it was booked: what it cost, and what the lots that it closed had earned.

    `why` is the exchange's own word for how it came about, where it has one.
    """

    order_id: str
    client_order_id: str
    symbol: str
    side: Side
    qty: int
    price: int
    maker: bool
    fee_e18: int
    realised_e18: int
    ts_ns: int
    why: str = ""


class Performance:
    """The sums over one run. `tell` gets the row of each order when it ends."""

    def __init__(
        self, grid_ns: int = NS_PER_S, tell: Callable[[OrderRow], None] | None = None
    ) -> None:
        self.tracks: dict[str, SymbolTrack] = {}
        self.curve = EquityCurve(grid_ns)
        self.orders = OrderTracks(tell)
        self.start_ns: int | None = None
        self.end_ns = 0
        self.gross = self.most_gross = 0  # value of all that is held, without signs
        self.late_fills = 0

    def quote(self, symbol: str, bid: int, ask: int, ts_ns: int) -> None:
        """A new market of a symbol."""
        track = self.tracks.get(symbol) or self._begin(symbol, ts_ns)
        if not track.qty:
            track.quote(bid, ask, ts_ns)
            return
        before = abs(track.qty) * track.mark
        moved = track.quote(bid, ask, ts_ns)
        if moved:
            self._hold(abs(track.qty) * track.mark - before)
            self.curve.move(moved, ts_ns)

    def unusable(self, symbol: str, ts_ns: int) -> None:
        """The market of a symbol is not known from here to its next quote."""
        track = self.tracks.get(symbol)
        if track is not None:
            track.markouts.on_unusable(ts_ns)

    def decided(
        self, client_order_id: str, symbol: str, side: Side, qty: int, price: int, ts_ns: int
    ) -> None:
        """An order was approved; the middle of now is what its fills are held against."""
        track = self.tracks.get(symbol) or self._begin(symbol, ts_ns)
        self.orders.decided(client_order_id, symbol, side, qty, price, ts_ns, track.mark)

    def executed(self, fill: Booked) -> None:
        """A fill that was booked."""
        track = self.tracks.get(fill.symbol) or self._begin(fill.symbol, fill.ts_ns)
        before = abs(track.qty) * track.mark
        capture = track.capture_e18
        if track.qty and (track.qty > 0) is not (fill.side is BUY):
            track.close(fill.realised_e18 - fill.fee_e18)
        moved = track.fill(fill.side, fill.qty, fill.price, fill.fee_e18, fill.maker, fill.ts_ns)
        self._hold(abs(track.qty) * track.mark - before)
        self.curve.move(moved, fill.ts_ns)
        self._of_its_order(fill, track, track.capture_e18 - capture)

    def _of_its_order(self, fill: Booked, track: SymbolTrack, capture: int) -> None:
        order = self.orders.find(fill.order_id)
        signed = fill.qty if fill.side is BUY else -fill.qty
        mark_then = (order.mark_then if order is not None else 0) or track.mark
        track.arrived(signed, fill.price, mark_then)
        arrival = signed * (fill.price - mark_then)
        if order is None:
            self.late_fills += 1
            self.orders.late(
                OrderRow(
                    fill.client_order_id, fill.order_id, fill.symbol, fill.side, fill.qty,
                    fill.price, LATE, 0, 0, fill.ts_ns, fill.ts_ns, 1, fill.qty,
                    fill.qty * fill.price, fill.fee_e18, capture, arrival, mark_then,
                )
            )  # fmt: skip
            return
        order.fees += fill.fee_e18
        order.capture += capture
        order.arrival += arrival
        self.orders.filled(order, fill.qty, fill.price, fill.ts_ns)

    def funded(self, symbol: str, amount_e18: int, ts_ns: int) -> None:
        """A payment for holding; received above zero."""
        track = self.tracks.get(symbol) or self._begin(symbol, ts_ns)
        self.curve.move(track.fund(amount_e18), ts_ns)

    def finish(self, ts_ns: int) -> None:
        """The last event of the run; nothing comes behind it."""
        self.end_ns = ts_ns
        if self.start_ns is None:
            self.start_ns = ts_ns
            self.curve.begin(ts_ns)
        for track in self.tracks.values():
            track.hold(ts_ns)
        self.curve.finish(ts_ns)
        self.orders.finish(ts_ns)

    @property
    def span_ns(self) -> int:
        """From the first event to the last."""
        return 0 if self.start_ns is None else self.end_ns - self.start_ns

    def total(self, name: str) -> int:
        """A sum over all symbols of what a track calls by this name."""
        total: int = sum(getattr(track, name) for track in self.tracks.values())
        return total

    def _hold(self, more_e18: int) -> None:
        self.gross += more_e18
        if self.gross > self.most_gross:
            self.most_gross = self.gross

    def _begin(self, symbol: str, ts_ns: int) -> SymbolTrack:
        if self.start_ns is None:
            self.start_ns = ts_ns
            self.curve.begin(ts_ns)
        track = self.tracks[symbol] = SymbolTrack(symbol)
        track.changed_ns = ts_ns
        return track
