"""Bars out of trades: of equal times, or of equal volumes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from ..core.errors import ContractError
from ..core.market_v1 import MarketEvent, Trade
from ..market.normalize.wire import WireRefused
from .bar import Bar, made_bar

Said = TypeVar("Said", bound=MarketEvent | WireRefused)


def bars_by_time(events: Iterable[MarketEvent], length_ns: int) -> Iterator[Bar]:
    """Bars that begin at whole multiples of their length since 1970 UTC; in order of their ends.

    A time without a trade has no bar. What is not over when the events end makes its bar as well,
    as no trade is missing from it that the events hold. Each symbol has its own bars.
    """
    if length_ns <= 0:
        raise ContractError(f"bar length {length_ns} ns must be above 0")
    making: dict[str, _Making] = {}
    begin_ns = -1
    for trade in _trades(events):
        at_ns = trade.ts_ns - trade.ts_ns % length_ns
        _check_order(trade, at_ns, begin_ns)
        if at_ns > begin_ns:
            yield from _made(making, begin_ns, begin_ns + length_ns)
            making, begin_ns = {}, at_ns
        if trade.symbol not in making:
            making[trade.symbol] = _Making(trade)
        making[trade.symbol].add(trade.price, trade.qty)
    yield from _made(making, begin_ns, begin_ns + length_ns)


def bars_among(events: Iterable[Said], length_ns: int) -> Iterator[Said | Bar]:
    """The events, and among them the same bars, each where it is over: before whatever is told at
    its end or later. One that is not over when the events end is not made.
    """
    making: dict[str, _Making] = {}
    begin_ns = -1
    for event in events:
        if not isinstance(event, WireRefused) and making and event.ts_ns >= begin_ns + length_ns:
            yield from _made(making, begin_ns, begin_ns + length_ns)
            making = {}
        if isinstance(event, Trade):
            at_ns = event.ts_ns - event.ts_ns % length_ns
            _check_order(event, at_ns, begin_ns)
            begin_ns = at_ns
            if event.symbol not in making:
                making[event.symbol] = _Making(event)
            making[event.symbol].add(event.price, event.qty)
        yield event


def bars_by_volume(events: Iterable[MarketEvent], volume: int) -> Iterator[Bar]:
    """Bars of exactly this volume each; a trade may end one and begin the next.

    A bar is over with the trade that completes it; one that never is completed is not made. Bars
    of one trade would have no length, so a bar ends one nanosecond behind its last trade.
    """
    if volume <= 0:
        raise ContractError(f"bar volume {volume} must be above 0")
    making: dict[str, _Making] = {}
    for trade in _trades(events):
        left = trade.qty
        while left:
            bar = making.get(trade.symbol)
            if bar is None:
                bar = making[trade.symbol] = _Making(trade)
            part = min(left, volume - bar.volume)
            bar.add(trade.price, part)
            left -= part
            if bar.volume == volume:
                yield bar.made(bar.first_ns, trade.ts_ns + 1)
                del making[trade.symbol]


def _trades(events: Iterable[MarketEvent]) -> Iterator[Trade]:
    for event in events:
        if isinstance(event, Trade):
            yield event


def _check_order(trade: Trade, at_ns: int, begin_ns: int) -> None:
    if at_ns < begin_ns:
        raise ContractError(f"trade {trade.trade_id!r:.60} at {trade.ts_ns} is from a bar that"
                            " is over; sort the trades by time")  # fmt: skip


def _made(making: dict[str, _Making], begin_ns: int, end_ns: int) -> Iterator[Bar]:
    for bar in making.values():
        yield bar.made(begin_ns, end_ns)


class _Making:
    """A bar that is not over."""

    def __init__(self, first: Trade) -> None:
        self.symbol, self.source, self.first_ns = first.symbol, first.source, first.ts_ns
        self.open = self.high = self.low = self.close = first.price
        self.volume = 0

    def add(self, price: int, qty: int) -> None:
        self.high = max(self.high, price)
        self.low = min(self.low, price)
        self.close = price
        self.volume += qty

    def made(self, begin_ns: int, end_ns: int) -> Bar:
        prices = self.open, self.high, self.low, self.close
        return made_bar(self.symbol, self.source, prices, self.volume, begin_ns, end_ns)
