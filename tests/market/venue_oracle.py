"""A second reading of Bybit, Coinbase and Alpaca, slow and plain, to hold the normalisers against.

It is written from the venues' field descriptions with `json` and `Decimal` and shares nothing with
the normalisers but the events. `expected` gives one maker for each part of a message; a maker
raises when the part cannot be an event.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal, localcontext
from typing import Any, TypeAlias

from tools.live.core.market_v1 import Bbo, DepthDiff, DepthSnapshot, MarketData, Trade
from tools.live.core.words_v1 import BUY, SELL, Side

Maker: TypeAlias = Callable[[], MarketData]

_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?", re.ASCII)
_TEXT_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?", re.ASCII)
_TIME = re.compile(r"(....-..-..T..:..:..)(\.[0-9]{1,9})?Z", re.ASCII)
_TAKEN = {"Buy": BUY, "Sell": SELL}
_MADE = {"buy": SELL, "sell": BUY}


def expected(raw: bytes, ts_ns: int, venue: str) -> list[Maker]:
    """What each part of a message must be, if it is an event at all."""
    message = json.loads(raw, parse_float=Decimal)
    if venue == "alpaca":
        return [lambda one=one: _alpaca(one, ts_ns) for one in message]
    if venue == "coinbase":
        return _coinbase(message, ts_ns)
    if str(message["topic"]).startswith("publicTrade."):
        return [lambda one=one: _bybit_trade(one, venue, ts_ns) for one in message["data"]]
    return [lambda: _bybit(message, venue, ts_ns)]


def _bybit(message: dict[str, Any], venue: str, ts_ns: int) -> MarketData:
    kind, *rest = message["topic"].split(".")
    data = message["data"]
    if kind == "tickers":
        at = _ms(message["ts"])
        symbol, number = data["symbol"], message.get("cs")
        assert message["topic"] == f"tickers.{symbol}"
        bid, bid_qty = _any(data["bid1Price"]), _any(data["bid1Size"])
        ask, ask_qty = _any(data["ask1Price"]), _any(data["ask1Size"])
        return Bbo(symbol, venue, bid, bid_qty, ask, ask_qty, number, at, ts_ns)
    assert kind == "orderbook"
    assert message["topic"] == f"orderbook.{int(rest[0])}.{data['s']}"
    at = _ms(message["cts"] if "cts" in message else message["ts"])
    bids, asks = _pairs(data["b"]), _pairs(data["a"])
    symbol, number = data["s"], data["u"]
    assert message["type"] in ("snapshot", "delta")
    if message["type"] == "delta" and number != 1:
        assert rest[0] != "1"
        return DepthDiff(symbol, venue, bids, asks, number, number, None, at, ts_ns)
    bids, asks = (tuple(one for one in side if one[1] > 0) for side in (bids, asks))
    if rest[0] == "1":
        (bid, bid_qty), *no_more_bids = bids or ((0, 0),)
        (ask, ask_qty), *no_more_asks = asks or ((0, 0),)
        assert not no_more_bids
        assert not no_more_asks
        return Bbo(symbol, venue, bid, bid_qty, ask, ask_qty, data.get("seq"), at, ts_ns)
    return DepthSnapshot(symbol, venue, bids, asks, number, at, ts_ns)


def _bybit_trade(one: dict[str, Any], venue: str, ts_ns: int) -> Trade:
    assert one.get("BT", False) is False
    price, qty, at = _e9(one["p"]), _e9(one["v"]), _ms(one["T"])
    side, number = _TAKEN[one["S"]], one.get("seq")
    return Trade(one["s"], venue, str(one["i"]), side, price, qty, number, at, ts_ns)


def _coinbase(message: dict[str, Any], ts_ns: int) -> list[Maker]:
    if "channel" not in message:
        return [lambda: _exchange(message, ts_ns)]
    makers: list[Maker] = []
    for event in message["events"]:
        inner = {"market_trades": "trades", "ticker": "tickers"}.get(message["channel"])
        within = event.get(inner) if inner and isinstance(event, dict) else None
        for one in within if isinstance(within, list) and within else [event]:
            makers.append(lambda one=one: _advanced(message, one, ts_ns))
    return makers


def _exchange(message: dict[str, Any], ts_ns: int) -> MarketData:
    symbol, kind = message["product_id"], message["type"]
    at = _told(message["time"]) if "time" in message else None
    if kind == "snapshot":
        bids = tuple(one for one in _pairs(message["bids"]) if one[1] > 0)
        asks = tuple(one for one in _pairs(message["asks"]) if one[1] > 0)
        return DepthSnapshot(symbol, "coinbase", bids, asks, None, at, ts_ns)
    if kind == "l2update":
        bids, asks = _both_sides(message["changes"], "buy", "sell")
        return DepthDiff(symbol, "coinbase", bids, asks, None, None, None, at, ts_ns)
    if kind in ("match", "last_match"):
        number = message["sequence"]
        return _coinbase_trade(message, number, _MADE[message["side"]], ts_ns)
    assert kind == "ticker"
    bid, ask = _any(message["best_bid"]), _any(message["best_ask"])
    bid_qty, ask_qty = _any(message["best_bid_size"]), _any(message["best_ask_size"])
    number = message.get("sequence")
    return Bbo(symbol, "coinbase", bid, bid_qty, ask, ask_qty, number, at, ts_ns)


def _advanced(message: dict[str, Any], one: dict[str, Any], ts_ns: int) -> MarketData:
    symbol = one["product_id"]
    if message["channel"] == "market_trades":
        side = {"BUY": SELL, "SELL": BUY}[one["side"]]
        return _coinbase_trade(one, None, side, ts_ns)
    sent = _ns(message["timestamp"])
    if message["channel"] == "l2_data":
        changes = [(up["side"], up["price_level"], up["new_quantity"]) for up in one["updates"]]
        bids, asks = _both_sides(changes, "bid", "offer")
        times = [_told(up["event_time"]) for up in one["updates"] if "event_time" in up]
        at = max((time for time in times if time is not None), default=sent)
        if one["type"] == "update":
            return DepthDiff(symbol, "coinbase", bids, asks, None, None, None, at, ts_ns)
        assert one["type"] == "snapshot"
        assert len(bids) + len(asks) == len(changes)
        bids, asks = (tuple(one for one in side if one[1] > 0) for side in (bids, asks))
        return DepthSnapshot(symbol, "coinbase", bids, asks, None, at, ts_ns)
    assert message["channel"] in ("ticker", "ticker_batch")
    bid, ask = _any(one["best_bid"]), _any(one["best_ask"])
    bid_qty, ask_qty = _any(one["best_bid_quantity"]), _any(one["best_ask_quantity"])
    return Bbo(symbol, "coinbase", bid, bid_qty, ask, ask_qty, None, sent, ts_ns)


def _coinbase_trade(one: dict[str, Any], number: int | None, side: Side, ts_ns: int) -> Trade:
    price, qty, at = _e9(one["price"]), _e9(one["size"]), _ns(one["time"])
    symbol, trade_id = one["product_id"], str(one["trade_id"])
    return Trade(symbol, "coinbase", trade_id, side, price, qty, number, at, ts_ns)


def _alpaca(one: dict[str, Any], ts_ns: int) -> MarketData:
    symbol, at = one["S"], _ns(one["t"])
    if one["T"] == "t":
        price, qty = _e9(one["p"]), _e9(one["s"])
        return Trade(symbol, "alpaca", str(one["i"]), None, price, qty, None, at, ts_ns)
    assert one["T"] == "q"
    sides = (_e9(one["bp"]), _e9(one["bs"]), _e9(one["ap"]), _e9(one["as"]))
    return Bbo(symbol, "alpaca", *sides, None, at, ts_ns)


def _both_sides(changes: list[Any], bid: str, ask: str) -> tuple[Any, Any]:
    """For each price the quantity of its last change, in the order of the first ones."""
    found: dict[str, list[list[int]]] = {bid: [], ask: []}
    for side, price, qty in changes:
        for level in found[side]:
            if level[0] == _e9(price):
                level[1] = _e9(qty)
                break
        else:
            found[side].append([_e9(price), _e9(qty)])
    return tuple(tuple(one) for one in found[bid]), tuple(tuple(one) for one in found[ask])


def _pairs(levels: list[Any]) -> tuple[tuple[int, int], ...]:
    made = tuple((_e9(one[0]), _e9(one[1])) for one in levels)
    assert len({price for price, _ in made}) == len(made)
    return made


def _any(told: Any) -> int:
    return 0 if told == "" else _e9(told)


def _e9(told: Any) -> int:
    assert not isinstance(told, bool)
    spelled = str(told)
    assert (_TEXT_NUMBER if isinstance(told, str) else _NUMBER).fullmatch(spelled), spelled
    with localcontext() as context:
        context.prec = 300
        scaled = Decimal(spelled) * 10**9
        assert scaled == int(scaled)
        return int(scaled)


def _ms(told: Any) -> int:
    assert type(told) is int
    return told * 1_000_000


def _told(text: str) -> int | None:
    return None if text in ("1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z") else _ns(text)


def _ns(text: str) -> int:
    match = _TIME.fullmatch(text)
    assert match is not None, text
    moment = datetime.strptime(match[1], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC)
    whole = moment - datetime(1970, 1, 1, tzinfo=UTC)
    fraction = Decimal(match[2] or 0) * 10**9
    return (whole.days * 86400 + whole.seconds) * 10**9 + int(fraction)
