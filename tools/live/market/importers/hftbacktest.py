"""hftbacktest's data: one array of 64-byte events in a `.npz`, or in the `.npy` inside it.

Its prices are doubles; each is taken for the shortest decimal that is this double, as everywhere
at the doors. An event carries flags: rows that only the exchange's side of a backtest sees are
passed over, the others are what a client heard, in the order of `local_ts`.

Neighbouring rows of depth with equal times were one message. A clearing of the book and the
snapshot rows behind it are one snapshot. The line numbers are those of rows, counted from 1.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import NamedTuple

from ...core.errors import ContractError
from ...core.market_v1 import Bbo, DepthDiff, DepthSnapshot, Trade
from ...core.money import to_e9
from ...core.record import builder
from ...core.words_v1 import BUY, SELL, Side
from ..normalize.wire import LATEST_NS, Unusable, WireFault, WireRefused
from .lines import Heard, Item, wrong

MAGIC = b"\x93NUMPY"
SOURCE = "hftbacktest"
MOST_ROWS = 200_000  # of one message
_ROW = struct.Struct("<QqqddQqd")
_MOST_HEADER = 4096
_MOST_KEPT = 1 << 16
_FIELDS = ("ev", "exch_ts", "local_ts", "px", "qty", "order_id", "ival", "fval")
_DTYPE = ", ".join(f"('{n}', '<{t}')" for n, t in zip(_FIELDS, "u8 i8 i8 f8 f8 u8 i8 f8".split()))
_header = re.compile(
    rf"\{{'descr': \[{re.escape(_DTYPE)}\], 'fortran_order': False,"
    r" 'shape': \(([0-9]{1,12}),\), \} *\n", re.ASCII
).fullmatch  # fmt: skip

LOCAL, _BUY, _SELL = 1 << 30, 1 << 29, 1 << 28
_DEPTH, _TRADE, _CLEAR, _SNAPSHOT, _BBO = 1, 2, 3, 4, 5
KIND = 0xFF
_SIDES = {_BUY: BUY, _SELL: SELL}

_trade = builder(Trade)
_bbo = builder(Bbo)
_snapshot = builder(DepthSnapshot)
_diff = builder(DepthDiff)


class Row(NamedTuple):
    """One event of the array, its flags taken apart."""

    kind: int
    side: Side | None
    exch_ts: int
    local_ts: int
    price: float
    qty: float


def read(blocks: Iterator[bytes], symbol: str, source: str) -> Iterator[Heard]:
    """The events of an array."""
    message = _Message(symbol, source)
    number = 0
    for ev, exch_ts, local_ts, price, qty, _, _, _ in rows(blocks):
        number += 1
        if not ev & LOCAL:
            yield number, 1, ()
            continue
        row = Row(ev & KIND, side_of(ev), exch_ts, local_ts, price, qty)
        if message.rows and not message.goes_on(row):
            yield number - 1, message.rows, (message.item(),)
            message = _Message(symbol, source)
        message.add(row)
        if message.rows > MOST_ROWS:
            raise wrong(f"a message of more than {MOST_ROWS} rows; split the file", number)
    if message.rows:
        yield number, message.rows, (message.item(),)


def side_of(ev: int) -> Side | None:
    """The side that the flags name; both at once name none."""
    return _SIDES.get(ev & (_BUY | _SELL))


def rows(blocks: Iterator[bytes]) -> Iterator[tuple[int, int, int, float, float, int, int, float]]:
    """The rows behind the header: as many as it promises."""
    rest = b""
    while len(rest) < _MOST_HEADER and (block := next(blocks, b"")):
        rest += block
    start, promised = _read_header(rest)
    rest = rest[start:]
    count = 0
    while True:
        size = len(rest) - len(rest) % _ROW.size
        yield from _ROW.iter_unpack(memoryview(rest)[:size])
        count += size // _ROW.size
        block = next(blocks, b"")
        rest = rest[size:] + block
        if not block:
            break
    if rest or count != promised:
        raise wrong(f"{count} rows where {promised} are promised; get the file again", count)


def _read_header(start: bytes) -> tuple[int, int]:
    """Where the rows begin, and how many there are."""
    size_of = {b"\1\0": (8, 10, "<H"), b"\2\0": (8, 12, "<I")}.get(start[6:8])
    if size_of is None or len(start) < size_of[1]:
        raise wrong("a .npy of an unknown version; save it with numpy.savez", 1)
    size = struct.unpack(size_of[2], start[size_of[0] : size_of[1]])[0] + size_of[1]
    header = start[size_of[1] : size].decode("latin-1")
    match = _header(header) if len(header) == size - size_of[1] else None
    if match is None:
        what = f"a .npy that is no array of events ({header!a:.60}); give hftbacktest's own"
        raise wrong(what, 1)
    return size, int(match[1])


class _Message:
    """Neighbouring rows that arrived together and say one thing."""

    def __init__(self, symbol: str, source: str) -> None:
        self.rows = 0
        self._symbol = symbol
        self._source = source
        self._first: Row | None = None
        self._bids: dict[int, int] = {}
        self._asks: dict[int, int] = {}
        self._whole = False
        self._refused: WireRefused | None = None

    def goes_on(self, row: Row) -> bool:
        """Whether a row belongs to the message."""
        first = self._first
        if first is None or first.local_ts != row.local_ts:
            return False
        if first.kind == _DEPTH:
            return row.kind == _DEPTH and row.exch_ts == first.exch_ts
        return first.kind in (_CLEAR, _SNAPSHOT) and row.kind in (_CLEAR, _SNAPSHOT)

    def add(self, row: Row) -> None:
        self._first = self._first or row
        self.rows += 1
        try:
            self._add(row)
        except Unusable as unusable:
            self._refused = self._refused or unusable.refused

    def _add(self, row: Row) -> None:
        if row.kind not in (_DEPTH, _TRADE, _CLEAR, _SNAPSHOT, _BBO):
            raise Unusable(WireFault.UNKNOWN_TYPE, "ev", row.kind)
        if not 0 < row.local_ts <= LATEST_NS or not 0 < row.exch_ts <= LATEST_NS:
            raise Unusable(WireFault.BAD_TIME, "local_ts", row.local_ts)
        if row.kind == _TRADE:
            return
        if row.side is None and row.kind != _CLEAR:
            raise Unusable(WireFault.BAD_SIDE, "ev", row.kind)
        self._whole = self._whole or row.kind == _SNAPSHOT
        if row.kind != _CLEAR:
            levels = self._bids if row.side is BUY else self._asks
            levels[scaled(row.price, "px", 1)] = scaled(row.qty, "qty", 0)

    def item(self) -> Item:
        """What the message says."""
        row = self._first
        assert row is not None
        try:
            if self._refused is not None:
                return self._refused
            return self._trade(row) if row.kind == _TRADE else self._book(row)
        except Unusable as unusable:
            return unusable.refused

    def _trade(self, row: Row) -> Item:
        price, qty = scaled(row.price, "px", 1), scaled(row.qty, "qty", 1)
        return _trade(self._symbol, self._source, "", row.side, price, qty, None, row.exch_ts,
                      row.local_ts)  # fmt: skip

    def _book(self, row: Row) -> Item:
        bids, asks = tuple(self._bids.items()), tuple(self._asks.items())
        symbol, source, times = self._symbol, self._source, (row.exch_ts, row.local_ts)
        if row.kind == _DEPTH:
            return _diff(symbol, source, bids, asks, None, None, None, *times)
        if self._whole:
            bids = tuple(level for level in bids if level[1])
            asks = tuple(level for level in asks if level[1])
            return _snapshot(symbol, source, bids, asks, None, *times)
        # A side's best alone is half of a quote, and a clearing without a snapshot leaves nothing.
        raise Unusable(WireFault.NOT_DATA, "ev", row.kind)


_kept: dict[float, int] = {}


def scaled(value: float, name: str, least: int) -> int:
    """A double at 10^9, if it is the double of such a number."""
    found = _kept.get(value)
    if found is None:
        try:
            found = to_e9(value, name)
        except ContractError:
            raise Unusable(WireFault.BAD_NUMBER, name, value) from None
        if len(_kept) >= _MOST_KEPT:
            _kept.clear()
        _kept[value] = found
    if found < least:
        raise Unusable(WireFault.BAD_NUMBER, name, value)
    return found
