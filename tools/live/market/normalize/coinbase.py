"""Coinbase, the Exchange feed and the Advanced Trade feed: what one message of either says.

Both are taken apart by the word that only one of them has: Advanced Trade names a `channel`. They
are two feeds of one market and have one source, so a capture holds one of them. The rules:

- The Exchange feed does not number its book: `first` and `sequence` are None. The venue promises to
  deliver every `l2update`, and nothing in the data could show that one is missing; only silence,
  a crossed book and the next snapshot can.
- `sequence_num` of Advanced Trade numbers the messages of one connection over all its channels and
  products, heartbeats and acknowledgements included. In the events of one book it would be full of
  holes that mean nothing, so it is in no event, and its book is unnumbered as well. Whoever holds
  the connection can count it.
- What is numbered is the product on the Exchange feed: `sequence` of a match and of a ticker.
- A list of changes is in order, so of two for one price the later holds; a snapshot has each once.
- The side of `match` and of `market_trades` is the maker's, so the aggressor traded the other way.
- A ticker gives the best bid and ask; `ticker_batch` tells neither and is NOT_DATA. A ticker of
  earlier years has no sizes and is refused: a Bbo has them.
- `exchange_ns` of an update is its newest `event_time`. Snapshots carry the year 1970 or 1 there,
  which says nothing; then it is the time at which the message was sent.
- Answers, heartbeats, orders one by one, candles and statuses are known and NOT_DATA.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...core.market_v1 import Bbo, DepthDiff, DepthSnapshot, Levels, MarketData, Trade
from ...core.words_v1 import BUY, SELL, Side
from . import fields, wire
from .wire import Item, Unusable, WireFault

SOURCE = "coinbase"

_EXCHANGE_TOP = ("best_bid", "best_bid_size", "best_ask", "best_ask_size")
_ADVANCED_TOP = ("best_bid", "best_bid_quantity", "best_ask", "best_ask_quantity")
_ADVANCED_CHANGE = ("side", "price_level", "new_quantity")
_EXCHANGE_SIDES = {"buy": BUY, "sell": SELL}
_ADVANCED_SIDES = {"bid": BUY, "offer": SELL}
_EXCHANGE_AGGRESSORS = {"buy": SELL, "sell": BUY}
_ADVANCED_AGGRESSORS = {"BUY": SELL, "SELL": BUY}
_NO_TIME = ("1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z")
_NO_EVENT_OF_OURS = frozenset({
    "subscriptions", "heartbeat", "error", "status", "auction", "rfq_match",
    "received", "open", "done", "change", "activate",
})  # fmt: skip
_NO_CHANNEL_OF_OURS = frozenset({
    "subscriptions", "heartbeats", "candles", "status", "user", "futures_balance_summary",
})  # fmt: skip


def normalize(raw: bytes, ts_ns: int) -> tuple[Item, ...]:
    """One message; Advanced Trade gives one item for each book, trade or ticker in it."""
    try:
        message = fields.table(wire.loaded(raw), "")
        if "channel" in message:
            return _advanced(message, ts_ns)
        return (_exchange(message, ts_ns),)
    except Unusable as error:
        return (error.refused,)


def _exchange(message: dict[str, Any], ts_ns: int) -> MarketData:
    kind = fields.word(message, "type")
    if kind == "l2update":
        return _update(message, ts_ns)
    if kind in ("match", "last_match"):
        number = wire.sequence(wire.field(message, "sequence"), "sequence")
        return _trade(message, number, _EXCHANGE_AGGRESSORS, ts_ns)
    if kind == "ticker":
        counted = fields.number_if_told(message, "sequence")
        return _ticker(message, _EXCHANGE_TOP, counted, _time_if_told(message, "time"), ts_ns)
    if kind == "snapshot":
        return _snapshot(message, ts_ns)
    known = kind in _NO_EVENT_OF_OURS
    raise Unusable(WireFault.NOT_DATA if known else WireFault.UNKNOWN_TYPE, "type", kind)


def _snapshot(message: dict[str, Any], ts_ns: int) -> DepthSnapshot:
    symbol = _symbol(message)
    bids = fields.there(wire.levels(wire.field(message, "bids"), "bids"))
    asks = fields.there(wire.levels(wire.field(message, "asks"), "asks"))
    at = _time_if_told(message, "time")
    return DepthSnapshot(symbol, SOURCE, bids, asks, None, at, ts_ns)


def _update(message: dict[str, Any], ts_ns: int) -> DepthDiff:
    symbol = _symbol(message)
    changes = []
    for one in _list(message, "changes"):
        if not isinstance(one, list) or len(one) != 3:
            raise Unusable(WireFault.BAD_LEVELS, "changes", one)
        changes.append(one)
    bids, asks = _changed(changes, ("changes", "changes", "changes"), _EXCHANGE_SIDES)
    at = _time_if_told(message, "time")
    return DepthDiff(symbol, SOURCE, bids, asks, None, None, None, at, ts_ns)


def _advanced(message: dict[str, Any], ts_ns: int) -> tuple[Item, ...]:
    channel = fields.word(message, "channel")
    if channel not in ("l2_data", "market_trades", "ticker", "ticker_batch"):
        known = channel in _NO_CHANNEL_OF_OURS
        fault = WireFault.NOT_DATA if known else WireFault.UNKNOWN_TYPE
        raise Unusable(fault, "channel", channel)
    events = wire.field(message, "events")
    if channel == "market_trades":
        sides = _ADVANCED_AGGRESSORS
        return fields.each_within(
            events, "events", "trades", lambda one: _trade(one, None, sides, ts_ns)
        )
    sent = fields.instant(wire.field(message, "timestamp"), "timestamp")
    if channel == "l2_data":
        return fields.each(events, "events", lambda one: _book(one, sent, ts_ns))
    return fields.each_within(
        events, "events", "tickers", lambda one: _ticker(one, _ADVANCED_TOP, None, sent, ts_ns)
    )


def _book(told: object, sent: int, ts_ns: int) -> MarketData:
    event = fields.table(told, "events")
    kind = fields.word(event, "type")
    if kind not in ("snapshot", "update"):
        raise Unusable(WireFault.UNKNOWN_TYPE, "type", kind)
    symbol = _symbol(event)
    changes = []
    newest = 0
    for one in _list(event, "updates"):
        if not isinstance(one, dict):
            raise Unusable(WireFault.BAD_LEVELS, "updates", one)
        changes.append([wire.field(one, name) for name in _ADVANCED_CHANGE])
        newest = max(newest, _time_if_told(one, "event_time") or 0)
    bids, asks = _changed(changes, _ADVANCED_CHANGE, _ADVANCED_SIDES)
    at = newest or sent
    if kind == "update":
        return DepthDiff(symbol, SOURCE, bids, asks, None, None, None, at, ts_ns)
    if len(bids) + len(asks) < len(changes):
        raise Unusable(WireFault.BAD_LEVELS, "updates", "a price twice")
    bids, asks = fields.there(bids), fields.there(asks)
    return DepthSnapshot(symbol, SOURCE, bids, asks, None, at, ts_ns)


def _changed(
    changes: list[list[object]], names: tuple[str, str, str], sides: Mapping[str, Side]
) -> tuple[Levels, Levels]:
    """Bids and asks as changes of side, price and quantity leave them, one after the other."""
    levels: dict[Side, dict[int, int]] = {BUY: {}, SELL: {}}
    for told_side, told_price, told_qty in changes:
        side = levels[fields.side(told_side, names[0], sides)]
        side[wire.price(told_price, names[1])] = wire.quantity(told_qty, names[2])
    return tuple(levels[BUY].items()), tuple(levels[SELL].items())


def _trade(
    told: object, number: int | None, aggressors: Mapping[str, Side], ts_ns: int
) -> Trade:
    one = fields.table(told, "trades")
    return Trade(
        _symbol(one),
        SOURCE,
        fields.identity(wire.field(one, "trade_id"), "trade_id"),
        fields.side(wire.field(one, "side"), "side", aggressors),
        wire.price(wire.field(one, "price"), "price"),
        wire.price(wire.field(one, "size"), "size"),
        number,
        fields.instant(wire.field(one, "time"), "time"),
        ts_ns,
    )


def _ticker(
    told: object, names: fields.TopNames, number: int | None, at: int | None, ts_ns: int
) -> Bbo:
    one = fields.table(told, "tickers")
    fields.tells_top(one, names)
    top = fields.top(one, names, wire.quantity)
    return Bbo(_symbol(one), SOURCE, *top, number, at, ts_ns)


def _time_if_told(told: dict[str, Any], name: str) -> int | None:
    value = told.get(name, _NO_TIME[0])
    return None if value in _NO_TIME else fields.instant(value, name)


def _list(told: dict[str, Any], name: str) -> list[Any]:
    value = wire.field(told, name)
    if not isinstance(value, list):
        raise Unusable(WireFault.BAD_LEVELS, name, value)
    return value


def _symbol(told: dict[str, Any]) -> str:
    return wire.symbol(wire.field(told, "product_id"), "product_id")
