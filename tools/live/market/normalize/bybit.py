"""Bybit v5, public streams: what one message of a topic says.

A message does not tell its market, so the caller names the category of the connection. The rules:

- `orderbook.N` is depth. A snapshot replaces the book, and so does whatever has `u` 1: the service
  was started anew. A size of 0 takes a level away.
- `u` numbers the messages of one topic. The documentation calls it a sequence that is generally
  without holes and never says what else a hole could mean, so a delta covers `u` alone and a hole
  is a gap. Each depth counts for itself: a capture holds one depth of a symbol, or its books are
  gaps throughout.
- `seq`, which tickers call `cs`, orders messages across topics and has holes. It is the `sequence`
  of a Bbo and of a trade, where it is sent.
- `orderbook.1` is the best bid and ask, sent whole as a snapshot, and again with the same `u` after
  three quiet seconds: a Bbo. Its deltas, of earlier years, change one side of a state that we do
  not hold and are NOT_DATA, like those of `tickers` that do not carry all four numbers of the top.
- Spot tickers tell no top of the book at all. An empty text is a side without quotes.
- `S` of a trade is the taker's side. A block trade was agreed away from the book: NOT_DATA.
- `exchange_ns` of depth is `cts`, when the matching engine made it, where it is sent; else `ts`.
- Answers to requests, and topics without a house event, the book with RPI orders among them, are
  NOT_DATA; what the documentation of the public streams does not know is UNKNOWN_TYPE.
"""

from __future__ import annotations

import re
from typing import Any

from ...core.errors import ContractError
from ...core.market_v1 import Bbo, DepthDiff, DepthSnapshot, Levels, MarketData, Trade
from ...core.words_v1 import BUY, SELL
from . import fields, wire
from .wire import Item, Unusable, WireFault

SOURCES = {
    "spot": "bybit-spot", "linear": "bybit-linear", "inverse": "bybit-inverse",
    "option": "bybit-option",
}  # fmt: skip

_TOP = ("bid1Price", "bid1Size", "ask1Price", "ask1Size")
_OPTION_TOP = ("bidPrice", "bidSize", "askPrice", "askSize")
_LEVELS = re.compile(r"[1-9][0-9]{0,3}", re.ASCII)
_TAKERS = {"Buy": BUY, "Sell": SELL}
_ANSWERS = ("op", "success", "ret_msg", "retCode")
_NO_EVENT_OF_OURS = frozenset({
    "kline", "liquidation", "allLiquidation", "insurance", "priceLimit", "adlAlert", "lt",
    "kline_lt", "tickers_lt",
})  # fmt: skip


def normalize(raw: bytes, ts_ns: int, *, category: str) -> tuple[Item, ...]:
    """One message; a trade message gives one item a trade, every other exactly one."""
    source = SOURCES.get(category)
    if source is None:
        raise ContractError(f"category {category!r:.60} is not one of {', '.join(SOURCES)}")
    try:
        return _read(fields.table(wire.loaded(raw), ""), ts_ns, source)
    except Unusable as error:
        return (error.refused,)


def _read(message: dict[str, Any], ts_ns: int, source: str) -> tuple[Item, ...]:
    if "topic" not in message and any(name in message for name in _ANSWERS):
        raise Unusable(WireFault.NOT_DATA, "op", message.get("op"))
    topic = fields.word(message, "topic")
    kind, _, rest = topic.partition(".")
    if kind == "orderbook":
        return (_depth(message, rest, ts_ns, source),)
    if kind == "tickers":
        return (_ticker(message, rest, ts_ns, source),)
    if kind == "publicTrade":
        told = wire.field(message, "data")
        return fields.each(told, "data", lambda one: _trade(one, ts_ns, source))
    known = kind in _NO_EVENT_OF_OURS
    raise Unusable(WireFault.NOT_DATA if known else WireFault.UNKNOWN_TYPE, "topic", topic)


def _depth(message: dict[str, Any], rest: str, ts_ns: int, source: str) -> MarketData:
    depth, _, named = rest.partition(".")
    if depth == "rpi":
        raise Unusable(WireFault.NOT_DATA, "topic", message["topic"])
    if not _LEVELS.fullmatch(depth):
        raise Unusable(WireFault.UNKNOWN_TYPE, "topic", message["topic"])
    snapshot = _is_snapshot(message)
    data = fields.table(wire.field(message, "data"), "data")
    number = wire.sequence(wire.field(data, "u"), "u")
    whole = snapshot or number == 1
    if depth == "1" and not whole:
        raise Unusable(WireFault.NOT_DATA, "type", message["type"])
    symbol = _symbol(data, "s", named)
    bids = wire.levels(wire.field(data, "b"), "b")
    asks = wire.levels(wire.field(data, "a"), "a")
    made = "cts" if "cts" in message else "ts"
    at = wire.milliseconds(wire.field(message, made), made)
    if not whole:
        return DepthDiff(symbol, source, bids, asks, number, number, None, at, ts_ns)
    bids, asks = fields.there(bids), fields.there(asks)
    if depth == "1":
        best = (*_best(bids, "b"), *_best(asks, "a"))
        return Bbo(symbol, source, *best, fields.number_if_told(data, "seq"), at, ts_ns)
    return DepthSnapshot(symbol, source, bids, asks, number, at, ts_ns)


def _best(levels: Levels, name: str) -> tuple[int, int]:
    """The one level of a side, or nothing."""
    if len(levels) > 1:
        raise Unusable(WireFault.BAD_LEVELS, name, "more than the best level")
    return levels[0] if levels else (0, 0)


def _ticker(message: dict[str, Any], named: str, ts_ns: int, source: str) -> Bbo:
    data = fields.table(wire.field(message, "data"), "data")
    names = _OPTION_TOP if source == SOURCES["option"] else _TOP
    fields.tells_top(data, names)
    if not _is_snapshot(message) and any(name not in data for name in names):
        raise Unusable(WireFault.NOT_DATA, "type", message["type"])
    symbol = _symbol(data, "symbol", named)
    best = fields.top(data, names, _quantity_if_any)
    at = wire.milliseconds(wire.field(message, "ts"), "ts")
    return Bbo(symbol, source, *best, fields.number_if_told(message, "cs"), at, ts_ns)


def _trade(told: object, ts_ns: int, source: str) -> Trade:
    one = fields.table(told, "data")
    block = one.get("BT", False)
    if block is not False:
        raise Unusable(WireFault.NOT_DATA, "BT", block)
    return Trade(
        wire.symbol(wire.field(one, "s"), "s"),
        source,
        fields.identity(wire.field(one, "i"), "i"),
        fields.side(wire.field(one, "S"), "S", _TAKERS),
        wire.price(wire.field(one, "p"), "p"),
        wire.price(wire.field(one, "v"), "v"),
        fields.number_if_told(one, "seq"),
        wire.milliseconds(wire.field(one, "T"), "T"),
        ts_ns,
    )


def _is_snapshot(message: dict[str, Any]) -> bool:
    kind = fields.word(message, "type")
    if kind not in ("snapshot", "delta"):
        raise Unusable(WireFault.UNKNOWN_TYPE, "type", kind)
    return kind == "snapshot"


def _symbol(data: dict[str, Any], name: str, named: str) -> str:
    """The symbol of the data, which is the one of the topic."""
    symbol = wire.symbol(wire.field(data, name), name)
    if symbol != named:
        raise Unusable(WireFault.BAD_SYMBOL, name, symbol)
    return symbol


def _quantity_if_any(value: object, name: str) -> int:
    return 0 if value == "" else wire.quantity(value, name)
