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

_TO_SHAPE = bytes.maketrans(b"123456789", b"000000000")
_NUMBER = r"[0-9]{1,15}(?:\.([0-9]{1,9}))?"  # never beyond the scale of the house
_LEVEL = re.compile(f'"{_NUMBER}","{_NUMBER}"'.encode()).fullmatch
_MOST_SHAPES = 1 << 10

_SIDES = {"true": SELL, "false": BUY}  # `m`: the buyer was the maker
_above_zero = Kept(wire.price)
_bbo = builder(Bbo)
_trade = builder(Trade)
_diff = builder(DepthDiff)


class _Zeros(dict[bytes, tuple[bytes, bytes]]):
    """What brings price and size of a level to nine decimals, by its shape: its digits all 0."""

    def __missing__(self, shape: bytes) -> tuple[bytes, bytes]:
        found = _LEVEL(shape)
        if found is None:
            raise ValueError
        if len(self) >= _MOST_SHAPES:
            self.clear()
        price, qty = (b"0" * (9 - len(decimals)) for decimals in found.groups(b""))
        zeros = self[shape] = price, qty
        return zeros


_zeros = _Zeros()


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
    _, sequence = _ordered(first, last)
    return _trade(
        symbol, source, number, _SIDES[maker], _above_zero[price], _above_zero[qty],
        sequence, int(happened) * NS_PER_MS, ts_ns,
    )  # fmt: skip


def _spot_depth(found: _Found, ts_ns: int) -> DepthDiff:
    _, happened, symbol, first, last = found.groups()
    bids, asks = _sides(found)
    return _diff(
        symbol, SPOT, bids, asks, *_ordered(first, last), None, int(happened) * NS_PER_MS, ts_ns
    )


def _usdm_depth(found: _Found, ts_ns: int) -> DepthDiff:
    _, happened, symbol, first, last, previous = found.groups()
    bids, asks = _sides(found)
    return _diff(
        symbol, USDM, bids, asks, *_ordered(first, last), int(previous),
        int(happened) * NS_PER_MS, ts_ns,
    )  # fmt: skip


def _ordered(first: str, last: str) -> tuple[int, int]:
    begin, end = int(first), int(last)
    if end < begin:
        raise ValueError
    return begin, end


def _sides(found: _Found) -> tuple[Levels, Levels]:
    """Bids and asks behind the head of a depth update, which must end as one does."""
    text = found.string
    bids = found.end()
    asks = text.index(_ASKS, bids)
    end = text.rfind("]") + 1
    closed = _DEPTH_END(text, end)
    if closed is None or (closed[1] == "}") != (found[1] is None) or len(text) > MAX_MESSAGE:
        raise ValueError
    raw = text.encode()
    return _levels(raw[bids:asks]), _levels(raw[asks + len(_ASKS) : end])


def _levels(told: bytes) -> Levels:
    """One side, as [["61799.90","0.004"],["61799.70","1.795"]].

    Its levels are of few shapes, and when each shape is one of a level, so is the whole. With the
    zeros that are missing and without the points it is a list of integers at 10^9: at once, and
    with nothing to look up, for levels are too many to be kept.
    """
    if told == b"[]":
        return ()
    if told[:2] != b"[[" or told[-2:] != b"]]":
        raise ValueError
    shapes = dict.fromkeys(told[2:-2].translate(_TO_SHAPE).split(b"],["))
    ((behind_price, behind_qty),) = {_zeros[shape] for shape in shapes}
    digits = told[3:-3].replace(b'","', behind_price + b",")
    digits = digits.replace(b'"],["', behind_qty + b",") + behind_qty
    numbers = map(int, digits.translate(None, b".").split(b","))
    levels = tuple(zip(numbers, numbers))
    sizes = dict(levels)
    if len(sizes) != len(levels) or 0 in sizes:
        raise ValueError
    return levels


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
