"""The short way of `binance`: messages that are spelled exactly as the venue spells them.

A pattern takes a message apart at a fraction of what reading it as JSON costs, and numbers that
were seen before are looked up. Whatever is not recognised to the last byte is left to the careful
way: the short way takes nothing that the careful one refuses, and both say the same of the rest.
A property test holds them against each other.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeAlias

from ...core.clock import NS_PER_MS
from ...core.market_v1 import Bbo, DepthDiff, Levels, MarketData, Trade
from ...core.record import builder
from ...core.words_v1 import BUY, SELL
from . import wire
from .wire import MAX_MESSAGE, Kept, Unusable

SPOT = "binance-spot"
USDM = "binance-usdm"

_Found: TypeAlias = "re.Match[str]"
_Matcher: TypeAlias = Callable[[str], "_Found | None"]
_Reader: TypeAlias = Callable[[_Found, int], MarketData]
Spellings: TypeAlias = tuple[tuple[_Matcher, _Reader], ...]

# What says that the careful way must decide: odd digits, no ASCII, another shape.
_UNSURE = (Unusable, ValueError)

_NAME = "[a-z0-9_]{1,32}@"
_ID = "([1-9][0-9]{0,17})"
_MS = "([1-8][0-9]{12})"  # 2001 to 2255
_SENT = "[1-8][0-9]{12}"
_SYMBOL = '"([A-Z0-9_]{1,32})"'
_DIGITS = '"([0-9.]{1,40})"'
_TRUTH = "(true|false)"
_BOTH_BEST = f'"b":{_DIGITS},"B":{_DIGITS},"a":{_DIGITS},"A":{_DIGITS}'
_TRADED = f'"p":{_DIGITS},"q":{_DIGITS}'


def _begun(stream: str, fields: str) -> str:
    """A pattern of a message so far; its first group is the envelope, where there is one."""
    return r'(\{"stream":"' + stream + r'","data":)?\{' + fields


def _whole(stream: str, fields: str) -> _Matcher:
    """The matcher of a whole message; `st`, the kind of futures, came late and may be missing."""
    return re.compile(_begun(stream, fields) + r'(?:,"st":1)?\}(?(1)\})').fullmatch


_SPOT_BBO = _whole(f"(?:{_NAME}|!)bookTicker", f'"u":{_ID},"s":{_SYMBOL},{_BOTH_BEST}')
_SPOT_TRADE = _whole(
    f"{_NAME}trade",
    f'"e":"trade","E":{_SENT},"s":{_SYMBOL},"t":{_ID},{_TRADED},"T":{_MS},"m":{_TRUTH}'
    ',"M":(?:true|false)',
)
_SPOT_AGGREGATE = _whole(
    f"{_NAME}aggTrade",
    f'"e":"aggTrade","E":{_SENT},"s":{_SYMBOL},"a":{_ID},{_TRADED},"f":{_ID},"l":{_ID}'
    f',"T":{_MS},"m":{_TRUTH},"M":(?:true|false)',
)
_SPOT_DEPTH = re.compile(
    _begun(
        f"{_NAME}depth(?:@[0-9]{{1,4}}ms)?",
        f'"e":"depthUpdate","E":{_MS},"s":{_SYMBOL},"U":{_ID},"u":{_ID},"b":',
    )
).match

_USDM_BBO = _whole(
    f"(?:{_NAME}|!)bookTicker",
    f'"e":"bookTicker","u":{_ID},"s":{_SYMBOL},{_BOTH_BEST},"T":{_MS},"E":{_SENT}',
)
_USDM_TRADE = _whole(
    f"{_NAME}trade",
    f'"e":"trade","E":{_SENT},"T":{_MS},"s":{_SYMBOL},"t":{_ID},{_TRADED},"X":"MARKET"'
    f',"m":{_TRUTH}',
)
_USDM_AGGREGATE = _whole(
    f"{_NAME}aggTrade",
    f'"e":"aggTrade","E":{_SENT},"a":{_ID},"s":{_SYMBOL},{_TRADED}(?:,"nq":"[0-9.]{{1,40}}")?'
    f',"f":{_ID},"l":{_ID},"T":{_MS},"m":{_TRUTH}',
)
_USDM_DEPTH = re.compile(
    _begun(
        f"{_NAME}depth(?:@[0-9]{{1,4}}ms)?",
        f'"e":"depthUpdate","E":{_SENT},"T":{_MS},"s":{_SYMBOL},"U":{_ID},"u":{_ID},"pu":{_ID}'
        ',"b":',
    )
).match
_ASKS = ',"a":'
_DEPTH_END = re.compile(r'(?:,"ps":"[A-Z0-9_]{1,32}")?(?:,"st":1)?(\}\}?)').fullmatch

_SIDES = {"true": SELL, "false": BUY}  # `m`: the buyer was the maker
_above_zero = Kept(wire.price)
_zero_or_more = Kept(wire.quantity)
_price_of = _above_zero.__getitem__
_qty_of = _zero_or_more.__getitem__
_bbo = builder(Bbo)
_trade = builder(Trade)
_diff = builder(DepthDiff)


def read(raw: bytes, ts_ns: int, spellings: Spellings) -> MarketData | None:
    """What a message says that is spelled in one of these ways, else None."""
    try:
        text = raw.decode("ascii")
        for match, said in spellings:
            if found := match(text):
                return said(found, ts_ns)
    except _UNSURE:
        pass
    return None


def _spot_bbo(found: _Found, ts_ns: int) -> Bbo:
    _, number, symbol, bid, bid_qty, ask, ask_qty = found.groups()
    return _bbo(
        symbol, SPOT, _above_zero[bid], _above_zero[bid_qty], _above_zero[ask],
        _above_zero[ask_qty], int(number), None, ts_ns,
    )  # fmt: skip


def _usdm_bbo(found: _Found, ts_ns: int) -> Bbo:
    _, number, symbol, bid, bid_qty, ask, ask_qty, happened = found.groups()
    return _bbo(
        symbol, USDM, _above_zero[bid], _above_zero[bid_qty], _above_zero[ask],
        _above_zero[ask_qty], int(number), int(happened) * NS_PER_MS, ts_ns,
    )  # fmt: skip


def _spot_trade(found: _Found, ts_ns: int) -> Trade:
    _, symbol, number, price, qty, happened, maker = found.groups()
    return _trade(
        symbol, SPOT, number, _SIDES[maker], _above_zero[price], _above_zero[qty],
        int(number), int(happened) * NS_PER_MS, ts_ns,
    )  # fmt: skip


def _usdm_trade(found: _Found, ts_ns: int) -> Trade:
    _, happened, symbol, number, price, qty, maker = found.groups()
    return _trade(
        symbol, USDM, number, _SIDES[maker], _above_zero[price], _above_zero[qty],
        int(number), int(happened) * NS_PER_MS, ts_ns,
    )  # fmt: skip


def _spot_aggregate(found: _Found, ts_ns: int) -> Trade:
    _, symbol, number, *told = found.groups()
    return _aggregate(symbol, SPOT, number, told, ts_ns)


def _usdm_aggregate(found: _Found, ts_ns: int) -> Trade:
    _, number, symbol, *told = found.groups()
    return _aggregate(symbol, USDM, number, told, ts_ns)


def _aggregate(symbol: str, source: str, number: str, told: list[Any], ts_ns: int) -> Trade:
    price, qty, first, last, happened, maker = told
    _ordered(int(first), int(last))
    return _trade(
        symbol, source, number, _SIDES[maker], _above_zero[price], _above_zero[qty],
        int(last), int(happened) * NS_PER_MS, ts_ns,
    )  # fmt: skip


def _spot_depth(found: _Found, ts_ns: int) -> DepthDiff:
    _, happened, symbol, first, last = found.groups()
    bids, asks = _sides(found)
    first, last = _ordered(int(first), int(last))
    return _diff(
        symbol, SPOT, bids, asks, first, last, None, int(happened) * NS_PER_MS, ts_ns
    )


def _usdm_depth(found: _Found, ts_ns: int) -> DepthDiff:
    _, happened, symbol, first, last, previous = found.groups()
    bids, asks = _sides(found)
    first, last = _ordered(int(first), int(last))
    return _diff(
        symbol, USDM, bids, asks, first, last, int(previous), int(happened) * NS_PER_MS, ts_ns
    )


def _ordered(first: int, last: int) -> tuple[int, int]:
    if last < first:
        raise ValueError
    return first, last


def _sides(found: _Found) -> tuple[Levels, Levels]:
    """Bids and asks behind the head of a depth update, which must end as one does."""
    text = found.string
    bids = found.end()
    asks = text.find(_ASKS, bids)
    end = text.rfind("]") + 1
    closed = _DEPTH_END(text, end)
    if asks < 0 or closed is None or (closed[1] == "}") != (found[1] is None):
        raise ValueError
    if len(text) > MAX_MESSAGE:
        raise ValueError
    return _levels(text[bids:asks]), _levels(text[asks + len(_ASKS):end])


def _levels(told: str) -> Levels:
    """One side, as [["61799.90","0.004"],["61799.70","1.795"]]; the quotes part it in four."""
    if told == "[]":
        return ()
    parts = told.split('"')
    count, left = divmod(len(parts), 4)
    between = parts[::4]
    if left != 1 or parts[2::4].count(",") != count or between.count("],[") != count - 1:
        raise ValueError
    if between[0] != "[[" or between[-1] != "]]":
        raise ValueError
    prices = [*map(_price_of, parts[1::4])]
    if len(set(prices)) != count:
        raise ValueError
    return tuple(zip(prices, map(_qty_of, parts[3::4]), strict=True))


OF_SPOT: Spellings = (
    (_SPOT_BBO, _spot_bbo),
    (_SPOT_TRADE, _spot_trade),
    (_SPOT_DEPTH, _spot_depth),
    (_SPOT_AGGREGATE, _spot_aggregate),
)
OF_USDM: Spellings = (
    (_USDM_BBO, _usdm_bbo),
    (_USDM_TRADE, _usdm_trade),
    (_USDM_DEPTH, _usdm_depth),
    (_USDM_AGGREGATE, _usdm_aggregate),
)
