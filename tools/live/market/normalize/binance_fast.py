"""The short way of `binance`: messages that are spelled exactly as the venue spells them.

A pattern takes a message apart at a fraction of what reading it as JSON costs, and numbers that
were seen before are looked up. Whatever is not recognised to the last byte is left to the careful
way: the short way takes nothing that the careful one refuses, and both say the same of the rest.
A property test holds them against each other.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import islice
from operator import lt
from typing import Any, TypeAlias

from ...core.clock import NS_PER_MS
from ...core.market_v1 import Bbo, DepthDiff, Levels, MarketData, Trade
from ...core.record import builder
from ...core.words_v1 import BUY, SELL
from .wire import MAX_MESSAGE

SPOT = "binance-spot"
USDM = "binance-usdm"

_Found: TypeAlias = "re.Match[bytes]"
_Matcher: TypeAlias = Callable[[bytes], "_Found | None"]
_Reader: TypeAlias = Callable[[_Found, int], MarketData]
Spellings: TypeAlias = tuple[tuple[_Matcher, _Reader], ...]

_NAME = "[a-z0-9_]{1,32}@"
_ID = "([1-9][0-9]{0,17})"
_MS = "([1-8][0-9]{12})"  # 2001 to 2255
_SENT = "[1-8][0-9]{12}"
_SYMBOL = '"([A-Z0-9_]{1,32})"'
_DIGITS = '"([0-9.]{1,40})"'
_TRUTH = "(true|false)"
_BOTH_BEST = f'"b":{_DIGITS},"B":{_DIGITS},"a":{_DIGITS},"A":{_DIGITS}'
_TRADED = f'"p":{_DIGITS},"q":{_DIGITS}'


def _begun(stream: str, fields: str) -> bytes:
    """A pattern of a message so far; its first group is the envelope, where there is one."""
    return (r'(\{"stream":"' + stream + r'","data":)?\{' + fields).encode()


def _whole(stream: str, fields: str) -> _Matcher:
    """The matcher of a whole message; `st`, the kind of futures, came late and may be missing."""
    return re.compile(_begun(stream, fields) + rb'(?:,"st":1)?\}(?(1)\})').fullmatch


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
_ASKS = b',"a":'
_DEPTH_END = re.compile(rb'(?:,"ps":"[A-Z0-9_]{1,32}")?(?:,"st":1)?(\}\}?)').fullmatch

_MOST_WHOLE, _MOST_DECIMALS = 15, 9  # never beyond the scale of the house
_TO_E9: tuple[int, ...] = tuple(10 ** (_MOST_DECIMALS - kept) for kept in range(10))
_MOST_KEPT = 1 << 16  # of each kind; ten megabytes at most

_SIDES = {b"true": SELL, b"false": BUY}  # `m`: the buyer was the maker
_bbo = builder(Bbo)
_trade = builder(Trade)
_diff = builder(DepthDiff)


class _Numbers(dict[bytes, int]):
    """Scaled integers by their text, from the least that may be; they come again and again."""

    def __init__(self, least: int) -> None:
        super().__init__()
        self._least = least

    def __missing__(self, told: bytes) -> int:
        whole, _, decimals = told.partition(b".")
        digits = whole + decimals
        if not digits.isdigit() or not whole or told[-1:] == b".":
            raise ValueError
        if len(whole) > _MOST_WHOLE or len(decimals) > _MOST_DECIMALS:
            raise ValueError
        scaled = int(digits) * _TO_E9[len(decimals)]
        if scaled < self._least:
            raise ValueError
        if len(self) >= _MOST_KEPT:
            self.clear()
        self[told] = scaled
        return scaled


_above_zero = _Numbers(1)
_sizes = _Numbers(0)


def read(raw: bytes, ts_ns: int, spellings: Spellings) -> MarketData | None:
    """What a message says that is spelled in one of these ways, else None."""
    try:
        for match, said in spellings:
            if found := match(raw):
                return said(found, ts_ns)
    except ValueError:  # odd digits, another shape: the careful way must decide
        pass
    return None


def _spot_bbo(found: _Found, ts_ns: int) -> Bbo:
    _, number, symbol, bid, bid_qty, ask, ask_qty = found.groups()
    return _bbo(
        symbol.decode(), SPOT, _above_zero[bid], _above_zero[bid_qty], _above_zero[ask],
        _above_zero[ask_qty], int(number), None, ts_ns,
    )  # fmt: skip


def _usdm_bbo(found: _Found, ts_ns: int) -> Bbo:
    _, number, symbol, bid, bid_qty, ask, ask_qty, happened = found.groups()
    return _bbo(
        symbol.decode(), USDM, _above_zero[bid], _above_zero[bid_qty], _above_zero[ask],
        _above_zero[ask_qty], int(number), int(happened) * NS_PER_MS, ts_ns,
    )  # fmt: skip


def _spot_trade(found: _Found, ts_ns: int) -> Trade:
    _, symbol, number, price, qty, happened, maker = found.groups()
    return _trade(
        symbol.decode(), SPOT, number.decode(), _SIDES[maker], _above_zero[price],
        _above_zero[qty], int(number), int(happened) * NS_PER_MS, ts_ns,
    )  # fmt: skip


def _usdm_trade(found: _Found, ts_ns: int) -> Trade:
    _, happened, symbol, number, price, qty, maker = found.groups()
    return _trade(
        symbol.decode(), USDM, number.decode(), _SIDES[maker], _above_zero[price],
        _above_zero[qty], int(number), int(happened) * NS_PER_MS, ts_ns,
    )  # fmt: skip


def _spot_aggregate(found: _Found, ts_ns: int) -> Trade:
    _, symbol, number, *told = found.groups()
    return _aggregate(symbol, SPOT, number, told, ts_ns)


def _usdm_aggregate(found: _Found, ts_ns: int) -> Trade:
    _, number, symbol, *told = found.groups()
    return _aggregate(symbol, USDM, number, told, ts_ns)


def _aggregate(symbol: bytes, source: str, number: bytes, told: list[Any], ts_ns: int) -> Trade:
    price, qty, first, last, happened, maker = told
    _, sequence = _ordered(first, last)
    return _trade(
        symbol.decode(), source, number.decode(), _SIDES[maker], _above_zero[price],
        _above_zero[qty], sequence, int(happened) * NS_PER_MS, ts_ns,
    )  # fmt: skip


def _spot_depth(found: _Found, ts_ns: int) -> DepthDiff:
    _, happened, symbol, first, last = found.groups()
    bids, asks = _sides(found)
    return _diff(
        symbol.decode(), SPOT, bids, asks, *_ordered(first, last), None,
        int(happened) * NS_PER_MS, ts_ns,
    )  # fmt: skip


def _usdm_depth(found: _Found, ts_ns: int) -> DepthDiff:
    _, happened, symbol, first, last, previous = found.groups()
    bids, asks = _sides(found)
    return _diff(
        symbol.decode(), USDM, bids, asks, *_ordered(first, last), int(previous),
        int(happened) * NS_PER_MS, ts_ns,
    )  # fmt: skip


def _ordered(first: bytes, last: bytes) -> tuple[int, int]:
    begin, end = int(first), int(last)
    if end < begin:
        raise ValueError
    return begin, end


def _sides(found: _Found) -> tuple[Levels, Levels]:
    """Bids and asks behind the head of a depth update, which must end as one does."""
    raw = found.string
    bids = found.end()
    asks = raw.index(b"a", bids) - 2  # one byte is found fastest, and no level has a letter
    begin, end = asks + len(_ASKS), raw.rfind(b"]") + 1
    closed = _DEPTH_END(raw, end)
    if closed is None or (closed[1] == b"}") != (found[1] is None) or len(raw) > MAX_MESSAGE:
        raise ValueError
    if raw[asks:begin] != _ASKS:
        raise ValueError
    return _levels(raw[bids:asks]), _levels(raw[begin:end])


def _levels(told: bytes) -> Levels:
    """One side, as [["61799.90","0.004"],["61799.70","1.795"]].

    Parted at its quotes, every second part is a number, and what stands between two of them is the
    comma of a level or of the list by turns. Numbers are looked up, and what is none is not found.
    A venue tells prices in order mostly; where they go up, none of them is there twice.
    """
    if told == b"[]":
        return ()
    parts = told.split(b'"')
    count = len(parts) // 4
    if (
        len(parts) % 4 != 1 or parts[0] != b"[[" or parts[-1] != b"]]"
        or parts[2::4].count(b",") != count or parts[4:-1:4].count(b"],[") != count - 1
    ):  # fmt: skip
        raise ValueError
    prices = list(map(_above_zero.__getitem__, parts[1::4]))
    if not all(map(lt, prices, islice(prices, 1, None))) and len(set(prices)) != count:
        raise ValueError
    return tuple(zip(prices, map(_sizes.__getitem__, parts[3::4])))


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
