"""Alpaca market data, stocks: what one frame of the stream says.

A frame is a JSON array, and each of its elements gives one item. The rules:

- Numbers are JSON numbers and are taken by their digits.
- A quote has no number of its own, and no order among those of one time but that of the frames, so
  nothing but silence tells that some are missing.
- `bs` and `as` are shares since 3 November 2025. Before that day they were round lots, mostly but
  not always of 100 shares; the lot is not in the message, so sizes are as the venue tells them.
- A side without quotes has price 0 and size 0. A quote is that of one exchange each side (`bx`,
  `ax`), and over all of them only where the feed is the consolidated one.
- Nobody says who the aggressor of a trade was, and its id is unique only within its exchange and
  day. Conditions are not judged: odd lots, late and average prices are trades as well, and a
  correction or a cancel of one (`c`, `x`) is NOT_DATA.
- Control messages, bars, statuses, bands, imbalances and news are known and NOT_DATA.
"""

from __future__ import annotations

from ...core.market_v1 import Bbo, MarketData, Trade
from . import fields, wire
from .wire import Item, Unusable, WireFault

SOURCE = "alpaca"

_TOP = ("bp", "bs", "ap", "as")
_NO_EVENT_OF_OURS = frozenset({
    "success", "subscription", "error", "b", "d", "u", "s", "l", "c", "x", "i", "n", "o",
})  # fmt: skip


def normalize(raw: bytes, ts_ns: int) -> tuple[Item, ...]:
    """One frame: an item for each of its elements."""
    try:
        return fields.each(wire.loaded(raw), "", lambda one: _read(one, ts_ns))
    except Unusable as error:
        return (error.refused,)


def _read(element: object, ts_ns: int) -> MarketData:
    told = fields.table(element, "")
    kind = fields.word(told, "T")
    if kind not in ("q", "t"):
        known = kind in _NO_EVENT_OF_OURS
        raise Unusable(WireFault.NOT_DATA if known else WireFault.UNKNOWN_TYPE, "T", kind)
    symbol = wire.symbol(wire.field(told, "S"), "S")
    at = fields.instant(wire.field(told, "t"), "t")
    if kind == "q":
        return Bbo(symbol, SOURCE, *fields.top(told, _TOP, wire.number), None, at, ts_ns)
    trade_id = fields.identity(wire.field(told, "i"), "i")
    price = wire.price(wire.field(told, "p"), "p", wire.number)
    qty = wire.price(wire.field(told, "s"), "s", wire.number)
    return Trade(symbol, SOURCE, trade_id, None, price, qty, None, at, ts_ns)
