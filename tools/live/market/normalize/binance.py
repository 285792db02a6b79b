"""Binance, spot and USD-M futures: what one message of a stream or of the REST depth says.

`spot` and `usdm` are pure, and this is their careful way. The rules:

- A message gives exactly one item. The envelope of combined streams is taken off first.
- `exchange_ns` is when it happened, so it is the transaction time `T` wherever the venue sends
  one; `E` is when the message left the venue. A spot depth update has only `E`; a spot bookTicker
  and a spot snapshot have no time at all.
- `m` says that the buyer was the maker, so the aggressor sold.
- A futures trade counts when its `X` is MARKET. What the insurance fund or a deleveraging takes
  over (and the empty NA) never met the book, and its price may lie far from it.
- An aggregate is known by its own id; its `sequence` is the last of the trades in it.
- Depth is taken from the full stream only. Partial books and the book with RPI orders are spelled
  like it, and read as changes of it they would be wrong without any sign. Only the envelope tells
  them apart: who subscribes without one must subscribe to nothing but the full stream.
- An answer to a request, an error, and a documented stream that the house has no event for is
  NOT_DATA; a word that is not documented is UNKNOWN_TYPE.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeAlias

from ...core.market_v1 import Bbo, DepthDiff, DepthSnapshot, MarketData, Trade
from ...core.record import record
from ...core.words_v1 import BUY, SELL, Side
from . import binance_fast, wire
from .wire import Item, Unusable, WireFault


@record
class _Market:
    """One of the two markets; `changed` is the field that says when the depth changed."""

    source: str
    futures: bool
    changed: str


_Message: TypeAlias = dict[str, Any]

_SPOT = _Market(binance_fast.SPOT, False, "E")
_USDM = _Market(binance_fast.USDM, True, "T")

_SNAPSHOT = "lastUpdateId"
_FULL_DEPTH = re.compile(r"[^@]+@depth(?:@[0-9]+ms)?")
_ANSWERS = ("result", "error", "code")
_WITHOUT_EVENT = frozenset({
    "24hrMiniTicker", "24hrTicker", "1hTicker", "4hTicker", "1dTicker", "assetIndexUpdate",
    "avgPrice", "compositeIndex", "continuous_kline", "contractInfo", "forceOrder",
    "indexPriceUpdate", "kline", "markPriceUpdate", "serverShutdown", "tradingSession",
})  # fmt: skip


def spot(raw: bytes, ts_ns: int, symbol: str = "") -> tuple[Item, ...]:
    """A message of the spot market; a REST snapshot names no symbol, so the caller does."""
    item = binance_fast.read(raw, ts_ns, binance_fast.OF_SPOT)
    return _carefully(raw, ts_ns, symbol, _SPOT) if item is None else (item,)


def usdm(raw: bytes, ts_ns: int, symbol: str = "") -> tuple[Item, ...]:
    """A message of the USD-M futures; a REST snapshot names no symbol, so the caller does."""
    item = binance_fast.read(raw, ts_ns, binance_fast.OF_USDM)
    return _carefully(raw, ts_ns, symbol, _USDM) if item is None else (item,)


def _carefully(raw: bytes, ts_ns: int, symbol: str, market: _Market) -> tuple[Item, ...]:
    try:
        stream, data = _unwrapped(wire.loaded(raw))
        return (_read(stream, data, ts_ns, symbol, market),)
    except Unusable as error:
        return (error.refused,)


def _unwrapped(message: Any) -> tuple[str, Any]:
    """The name of the stream, empty where no envelope tells it, and what came on it."""
    if not isinstance(message, dict) or "stream" not in message:
        return "", message
    stream = message["stream"]
    if type(stream) is not str or not stream:
        raise Unusable(WireFault.UNKNOWN_TYPE, "stream", stream)
    return stream, wire.field(message, "data")


def _read(stream: str, data: Any, ts_ns: int, symbol: str, market: _Market) -> MarketData:
    kind = _kind(data)
    if kind == _SNAPSHOT:
        if stream:  # a partial book: only an answer to a request shows all levels
            raise Unusable(WireFault.NOT_DATA, "stream", stream)
        return _snapshot(data, ts_ns, symbol, market)
    if kind == "depthUpdate" and stream and not _FULL_DEPTH.fullmatch(stream):
        raise Unusable(WireFault.NOT_DATA, "stream", stream)
    if market.futures and data.get("st", 1) != 1:  # 2 is coin-margined, counted in contracts
        raise Unusable(WireFault.NOT_DATA, "st", data["st"])
    return _READERS[kind](data, ts_ns, market)


def _kind(data: Any) -> str:
    """A message's own word for what it is; where it has none, its shape gives the word."""
    if isinstance(data, list) and data and isinstance(data[0], dict):  # of all symbols at once
        raise _no_event(data[0].get("e"))
    if not isinstance(data, dict):
        raise Unusable(WireFault.UNKNOWN_TYPE, "", data)
    if "e" in data:
        word = data["e"]
        if type(word) is not str or word not in _READERS:
            raise _no_event(word)
        return word
    if _SNAPSHOT in data:
        return _SNAPSHOT
    for answer in _ANSWERS:
        if answer in data:
            raise Unusable(WireFault.NOT_DATA, answer, data[answer])
    if "B" in data or "A" in data:
        return "bookTicker"
    raise _no_event(None)


def _no_event(word: object) -> Unusable:
    """The refusal of a word that leads to no event: documented, or unheard of."""
    known = type(word) is str and word in _WITHOUT_EVENT
    return Unusable(WireFault.NOT_DATA if known else WireFault.UNKNOWN_TYPE, "e", word)


def _diff(data: _Message, ts_ns: int, market: _Market) -> DepthDiff:
    first = wire.sequence(wire.field(data, "U"), "U")
    sequence = wire.sequence(wire.field(data, "u"), "u")
    if sequence < first:
        raise Unusable(WireFault.BAD_SEQUENCE, "u", sequence)
    return DepthDiff(
        symbol=_symbol(data),
        source=market.source,
        bids=wire.levels(wire.field(data, "b"), "b"),
        asks=wire.levels(wire.field(data, "a"), "a"),
        first=first,
        sequence=sequence,
        previous=wire.sequence(wire.field(data, "pu"), "pu") if market.futures else None,
        exchange_ns=_time(data, market.changed),
        ts_ns=ts_ns,
    )


def _bbo(data: _Message, ts_ns: int, market: _Market) -> Bbo:
    bid, bid_qty = _best(data, "b", "B")
    ask, ask_qty = _best(data, "a", "A")
    return Bbo(
        symbol=_symbol(data),
        source=market.source,
        bid=bid,
        bid_qty=bid_qty,
        ask=ask,
        ask_qty=ask_qty,
        sequence=wire.sequence(wire.field(data, "u"), "u"),
        exchange_ns=_time(data, "T") if market.futures else None,
        ts_ns=ts_ns,
    )


def _best(data: _Message, price: str, qty: str) -> tuple[int, int]:
    """Price and size of a side; an empty one has neither, and one alone is no side."""
    best = wire.quantity(wire.field(data, price), price)
    size = wire.quantity(wire.field(data, qty), qty)
    if (best == 0) != (size == 0):
        zero = qty if best else price
        raise Unusable(WireFault.BAD_NUMBER, zero, data[zero])
    return best, size


def _trade(data: _Message, ts_ns: int, market: _Market) -> Trade:
    if market.futures and wire.field(data, "X") != "MARKET":
        raise Unusable(WireFault.NOT_DATA, "X", data["X"])
    number = wire.sequence(wire.field(data, "t"), "t")
    return _traded(data, str(number), number, ts_ns, market)


def _aggregate(data: _Message, ts_ns: int, market: _Market) -> Trade:
    number = wire.sequence(wire.field(data, "a"), "a")
    first = wire.sequence(wire.field(data, "f"), "f")
    last = wire.sequence(wire.field(data, "l"), "l")
    if last < first:
        raise Unusable(WireFault.BAD_SEQUENCE, "l", last)
    return _traded(data, str(number), last, ts_ns, market)


def _traded(
    data: _Message, trade_id: str, sequence: int, ts_ns: int, market: _Market
) -> Trade:
    return Trade(
        symbol=_symbol(data),
        source=market.source,
        trade_id=trade_id,
        side=_aggressor(data),
        price=wire.price(wire.field(data, "p"), "p"),
        qty=wire.price(wire.field(data, "q"), "q"),
        sequence=sequence,
        exchange_ns=_time(data, "T"),
        ts_ns=ts_ns,
    )


def _aggressor(data: _Message) -> Side:
    buyer_made = wire.field(data, "m")
    if type(buyer_made) is not bool:
        raise Unusable(WireFault.BAD_SIDE, "m", buyer_made)
    return SELL if buyer_made else BUY


def _snapshot(data: _Message, ts_ns: int, symbol: str, market: _Market) -> DepthSnapshot:
    if not symbol:
        raise Unusable(WireFault.MISSING_FIELD, "symbol", None)
    return DepthSnapshot(
        symbol=wire.symbol(symbol, "symbol"),
        source=market.source,
        bids=wire.levels(wire.field(data, "bids"), "bids"),
        asks=wire.levels(wire.field(data, "asks"), "asks"),
        sequence=wire.sequence(data[_SNAPSHOT], _SNAPSHOT),
        exchange_ns=_time(data, "T") if market.futures else None,
        ts_ns=ts_ns,
    )


def _symbol(data: _Message) -> str:
    return wire.symbol(wire.field(data, "s"), "s")


def _time(data: _Message, name: str) -> int:
    return wire.milliseconds(wire.field(data, name), name)


_Reader: TypeAlias = Callable[[_Message, int, _Market], MarketData]
_READERS: dict[str, _Reader] = {
    "depthUpdate": _diff, "bookTicker": _bbo, "trade": _trade, "aggTrade": _aggregate,
}  # fmt: skip
