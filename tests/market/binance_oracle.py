"""A second reading of Binance, slow and plain, to hold what was taken against what was sent.

It is written with `json` and `Decimal` from the venue's field descriptions and shares nothing with
the normaliser but the events. It makes the event that a message must have become; where the
message allows none, it fails.
"""

from __future__ import annotations

import json
from decimal import Decimal, localcontext
from typing import Any

from tools.live.core.contracts_v1 import BUY, SELL
from tools.live.core.market_v1 import Bbo, DepthDiff, DepthSnapshot, Levels, MarketData, Trade

PLAIN = set("0123456789.")
SYMBOL = set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/:-")
MS = 10**6


def expected(raw: bytes, ts_ns: int, market: str, symbol: str) -> MarketData:
    """The event of a message that was taken for one."""
    message = json.loads(raw.decode("utf-8"), object_pairs_hook=_once, parse_constant=_never)
    data = message["data"] if "stream" in message else message
    futures = market == "usdm"
    source = f"binance-{market}"
    if "lastUpdateId" in data and "e" not in data:
        assert message is data
        return DepthSnapshot(
            symbol, source, _levels(data["bids"]), _levels(data["asks"]),
            _whole(data["lastUpdateId"]), _time(data["T"]) if futures else None, ts_ns,
        )  # fmt: skip
    assert not futures or data.get("st", 1) == 1
    word = data.get("e", "bookTicker")
    told = _symbol(data["s"])
    if word == "bookTicker":
        bid, bid_qty, ask, ask_qty = (_number(data[name]) for name in "bBaA")
        assert (bid == 0) == (bid_qty == 0)
        assert (ask == 0) == (ask_qty == 0)
        return Bbo(
            told, source, bid, bid_qty, ask, ask_qty, _whole(data["u"]),
            _time(data["T"]) if futures else None, ts_ns,
        )  # fmt: skip
    if word == "depthUpdate":
        if message is not data:
            parts = message["stream"].split("@")
            assert parts[0] and parts[1] == "depth" and len(parts) <= 3
            assert len(parts) == 2 or parts[2].removesuffix("ms").isdigit()
        first, last = _whole(data["U"]), _whole(data["u"])
        assert first <= last
        return DepthDiff(
            told, source, _levels(data["b"]), _levels(data["a"]), first, last,
            _whole(data["pu"]) if futures else None, _time(data["T" if futures else "E"]), ts_ns,
        )  # fmt: skip
    assert word in ("trade", "aggTrade")
    assert not futures or word == "aggTrade" or data["X"] == "MARKET"
    number = _whole(data["t" if word == "trade" else "a"])
    last = number if word == "trade" else _whole(data["l"])
    assert word == "trade" or _whole(data["f"]) <= last
    price, qty = _number(data["p"]), _number(data["q"])
    assert price and qty
    assert isinstance(data["m"], bool)
    side = SELL if data["m"] else BUY
    return Trade(told, source, str(number), side, price, qty, last, _time(data["T"]), ts_ns)


def _number(told: Any) -> int:
    """Digits in text at 10^9; what Decimal also takes (1_0, NaN, 1e5, blanks) is none."""
    assert isinstance(told, str)
    assert set(told) <= PLAIN
    with localcontext() as context:
        context.prec = 100
        scaled = Decimal(told).scaleb(9)
        assert scaled == int(scaled)
    return int(scaled)


def _levels(told: Any) -> Levels:
    assert isinstance(told, list)
    assert all(isinstance(level, list) for level in told)
    levels = tuple((_number(level[0]), _number(level[1])) for level in told)
    prices = [price for price, _ in levels]
    assert len(set(prices)) == len(prices)
    assert all(price > 0 for price in prices)
    return levels


def _whole(told: Any) -> int:
    assert type(told) is int
    assert 0 <= told < 2**63
    return told


def _time(told: Any) -> int:
    assert type(told) is int
    assert 0 < told <= 9_000_000_000_000
    return told * MS


def _symbol(told: Any) -> str:
    assert isinstance(told, str)
    assert set(told) <= SYMBOL
    assert 0 < len(told) <= 32
    return told


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    assert len(set(names)) == len(names)
    return dict(pairs)


def _never(name: str) -> Any:
    raise AssertionError(f"{name} is no JSON")
