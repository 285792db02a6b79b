"""What a backtest hears of its own run: a line that measures, and passes everything on.

A line hears of a fill before the books do, so what a fill came to (its fee, what the lots that it
closed had earned, whether it was booked at all) is looked up behind it, at the next event.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from .core.contracts_v1 import (
    Approved, Entry, Executed, FeedLost, FeedStale, Fill, Frozen, FundingPaid, GapDetected, Input,
    OrderAccepted, OrderCanceled, OrderRejected, Output, QuoteUpdate, ResyncStarted, Side, Unfrozen,
)  # fmt: skip
from .core.errors import ContractError
from .core.line import Hear, Recorder
from .core.record import fields_of
from .fold import Fold
from .portfolio.ledger import Holding
from .portfolio.performance import Booked, Performance


class Sketch(Protocol):
    """Who draws a run, and is told what moved; `Performance` has heard it already."""

    def quote(self, symbol: str, ts_ns: int) -> None: ...

    def fill(self, fill: Booked) -> None: ...

    def frozen(self, is_frozen: bool, ts_ns: int) -> None: ...


class PerformanceLine:
    """A recorder around another, or around none."""

    def __init__(
        self, inner: Recorder | None, fold: Fold, performance: Performance,
        sketch: Sketch | None = None,
    ) -> None:  # fmt: skip
        self._inner = inner
        self._fold = fold
        self._performance = performance
        self._sketch = sketch
        self._waiting: _Waiting | None = None
        self.last_ns = 0
        self._verbs: dict[type[Any], Callable[..., None]] = {
            QuoteUpdate: self._quote,
            Fill: self._fill,
            Executed: self._executed,
            FundingPaid: self._funded,
            OrderAccepted: performance.orders.accepted,
            OrderCanceled: performance.orders.canceled,
            OrderRejected: self._rejected,
            GapDetected: self._unusable,
            ResyncStarted: self._unusable,
            FeedLost: self._unusable,
            FeedStale: self._unusable,
        }

    @property
    def entries(self) -> Sequence[Entry] | None:
        return None if self._inner is None else self._inner.entries

    def input(self, seq: int, corr: int, cause: int, event: Input) -> None:
        if self._inner is not None:
            self._inner.input(seq, corr, cause, event)
        self._hear(event.__class__, [getattr(event, name) for name in fields_of(event)])

    def output(self, seq: int, corr: int, cause: int, event: Output) -> None:
        if self._inner is not None:
            self._inner.output(seq, corr, cause, event)
        if isinstance(event, Approved):
            self._performance.decided(
                event.client_order_id, event.symbol, event.side, event.qty_e9, event.price_e9,
                event.ts_ns,
            )  # fmt: skip
        elif self._sketch is not None and isinstance(event, (Frozen, Unfrozen)):
            self._sketch.frozen(isinstance(event, Frozen), event.ts_ns)

    def hearing(self, kind: type[Any]) -> Hear:
        told = None if self._inner is None else self._inner.hearing(kind)

        def hear(seq: int, corr: int, cause: int, *fields: Any) -> None:
            if told is not None:
                told(seq, corr, cause, *fields)
            self._hear(kind, fields)

        return hear

    def quiet(self) -> None:
        self.settle()
        if self._inner is not None:
            self._inner.quiet()

    def clear(self) -> None:
        raise ContractError("a backtest measures one run; begin a new one instead of a reset")

    def interrupt(self) -> None:
        if self._inner is not None:
            self._inner.interrupt()

    def anchor(self) -> tuple[str, str] | None:
        return None if self._inner is None else self._inner.anchor()

    def settle(self) -> None:
        """The books have heard of the last fill by now: take over what they made of it."""
        waiting = self._waiting
        if waiting is None:
            return
        self._waiting = None
        fill = waiting.booked(self._fold)
        if fill is None:
            return
        self._performance.executed(fill)
        if self._sketch is not None:
            self._sketch.fill(fill)

    def _hear(self, kind: type[Any], fields: Sequence[Any]) -> None:
        """Every event ends in its time, which never goes back."""
        if self._waiting is not None:
            self.settle()
        self.last_ns = fields[-1]
        verb = self._verbs.get(kind)
        if verb is not None:
            verb(*fields)

    def _quote(self, symbol: str, bid: int, ask: int, ts_ns: int) -> None:
        self._performance.quote(symbol, bid, ask, ts_ns)
        if self._sketch is not None:
            self._sketch.quote(symbol, ts_ns)

    def _fill(
        self, fill_id: str, order_id: str, symbol: str, side: Side, qty: int, price: int,
        liquidity: str, ts_ns: int,
    ) -> None:  # fmt: skip
        self._waiting = _Waiting(self._fold, order_id, symbol, side, qty, price, "", ts_ns)

    def _executed(
        self, fill_id: str, order_id: str, symbol: str, side: Side, qty: int, price: int,
        liquidity: str, fee_e18: int | None, why: str, ts_ns: int,
    ) -> None:  # fmt: skip
        self._waiting = _Waiting(self._fold, order_id, symbol, side, qty, price, why, ts_ns)

    def _funded(self, symbol: str, amount_e18: int, why: str, ts_ns: int) -> None:
        self._performance.funded(symbol, amount_e18, ts_ns)

    def _rejected(self, client_order_id: str, message: str, ts_ns: int) -> None:
        self._performance.orders.rejected(client_order_id, ts_ns)

    def _unusable(self, symbol: str, *fields: Any) -> None:
        self._performance.unusable(symbol, fields[-1])


class _Waiting:
    """A fill that was heard, and what the books were before it."""

    __slots__ = ("before", "order_id", "price", "qty", "side", "symbol", "ts_ns", "why")

    def __init__(
        self, fold: Fold, order_id: str, symbol: str, side: Side, qty: int, price: int, why: str,
        ts_ns: int,
    ) -> None:  # fmt: skip
        self.order_id = order_id
        self.symbol = symbol
        self.side = side
        self.qty = qty
        self.price = price
        self.why = why
        self.ts_ns = ts_ns
        self.before = _sums(fold.monitor.ledger.holdings.get(symbol))

    def booked(self, fold: Fold) -> Booked | None:
        """What the books made of it; None when they refused it, or had it already."""
        held = fold.monitor.ledger.holdings.get(self.symbol)
        fills, maker_fills, fees, realised = _sums(held)
        if fills == self.before[0]:
            return None
        order = fold.store.by_order_id.get(self.order_id)
        return Booked(
            self.order_id, "" if order is None else order.client_order_id, self.symbol, self.side,
            self.qty, self.price, maker_fills > self.before[1], fees - self.before[2],
            realised - self.before[3], self.ts_ns, self.why,
        )  # fmt: skip


def _sums(held: Holding | None) -> tuple[int, int, int, int]:
    if held is None:
        return 0, 0, 0, 0
    fills = held.maker_fills + held.taker_fills
    return fills, held.maker_fills, held.fees_e18, held.realised_e18
