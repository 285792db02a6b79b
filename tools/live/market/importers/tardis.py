"""The CSV files of Tardis: trades, quotes, incremental_book_L2 and book_snapshot_5 or _25.

Times are in microseconds; `local_timestamp` is when the message arrived. Rows of the incremental
book that arrived together were one message, and all snapshot rows in a row are one snapshot. A
message with a row that cannot be read is refused as a whole: half of it would be a wrong book.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat
from typing import Any

from ...core.market_v1 import Bbo, DepthDiff, DepthSnapshot, Levels, Trade
from ...core.record import builder
from ...core.words_v1 import BUY, SELL
from ..normalize.wire import Unusable, WireFault, WireRefused
from ..normalize.wire import symbol as checked_symbol
from .columns import Columns, Numbers, Readers, Sides, Times, check_width, read_rows
from .lines import Heard, Item, Lines, wrong

MOST_ROWS = 200_000  # of one message: more than any venue's whole book
_MOST_NAMES = 10_000
_MOST_ID = 64
_SOURCES = {"binance": "binance-spot", "binance-futures": "binance-usdm", "bybit": "bybit-linear"}
_FIRST = ("exchange", "symbol", "timestamp", "local_timestamp")
_TRADES = (*_FIRST, "id", "side", "price", "amount")
_QUOTES = (*_FIRST, "ask_amount", "ask_price", "bid_price", "bid_amount")
_BOOK = (*_FIRST, "is_snapshot", "side", "price", "amount")
_FLAGS = {b"true": True, b"false": False}
_exchange = re.compile(r"[a-z0-9][a-z0-9-]{0,31}").fullmatch

_trade = builder(Trade)
_bbo = builder(Bbo)
_snapshot = builder(DepthSnapshot)
_diff = builder(DepthDiff)


def find(fields: list[str]) -> str | None:
    """The name of the format with this header."""
    header = tuple(fields)
    for name, known in (("trades", _TRADES), ("quotes", _QUOTES), ("incremental_book_L2", _BOOK)):
        if header == known:
            return f"tardis-{name}"
    depth, odd = divmod(len(header) - 4, 4)
    if depth > 0 and not odd and header == (*_FIRST, *_level_names(depth)):
        return f"tardis-book_snapshot_{depth}"
    return None


def _level_names(depth: int) -> list[str]:
    return [
        f"{side}[{place}].{what}"
        for place in range(depth) for side in ("asks", "bids") for what in ("price", "amount")
    ]  # fmt: skip


def read(
    lines: Lines, name: str, width: int, *, symbol: str | None, source: str | None
) -> Iterator[Heard]:
    """The events of a file; `symbol` and `source` overrule what its rows say."""
    first = _First(symbol, source)
    if name == "tardis-incremental_book_L2":
        return _read_book(lines, first)
    row, rows = {"tardis-trades": _trades, "tardis-quotes": _quotes}.get(name, _snapshots)(first)
    return read_rows(lines, width, row, headed=True, read_all=rows)


class _First:
    """The first four columns of every file: whose, of what, when it happened and arrived."""

    def __init__(self, symbol: str | None, source: str | None) -> None:
        self._symbol = symbol
        self._source = source
        self._known: dict[tuple[bytes, bytes], tuple[str, str]] = {}
        self._happened = Times("timestamp", (16,))
        self._arrived = Times("local_timestamp", (16,))

    def __call__(self, fields: list[bytes]) -> tuple[str, str, int, int]:
        exchange, symbol, happened, arrived = fields[:4]
        known = self._known.get((exchange, symbol)) or self._learn(exchange, symbol)
        return *known, self._happened[happened], self._arrived[arrived]

    def all(self, columns: Columns) -> tuple[Sequence[Any], ...]:
        """The same for many rows at once: symbols, sources and both times."""
        pairs = [*zip(columns[0], columns[1])]
        names = {one: self._known.get(one) or self._learn(*one) for one in dict.fromkeys(pairs)}
        symbols, sources = zip(*map(names.__getitem__, pairs))
        return symbols, sources, self._happened.all(columns[2]), self._arrived.all(columns[3])

    def _learn(self, exchange: bytes, symbol: bytes) -> tuple[str, str]:
        name = exchange.decode("latin-1")
        if not _exchange(name):
            raise Unusable(WireFault.BAD_SYMBOL, "exchange", exchange)
        of_what = self._symbol or checked_symbol(symbol.decode("latin-1").upper(), "symbol")
        source = self._source or _SOURCES.get(name, name)
        if len(self._known) >= _MOST_NAMES:
            self._known.clear()
        self._known[exchange, symbol] = (of_what, source)
        return of_what, source


def _trades(first: _First) -> Readers:
    prices, sizes = Numbers("price", 1), Numbers("amount", 1)
    sides = Sides("side", {b"buy": BUY, b"sell": SELL, b"unknown": None})

    def read(fields: list[bytes]) -> Item:
        symbol, source, happened, arrived = first(fields)
        _, _, _, _, ident, side, price, amount = fields
        trade_id = ident.decode("latin-1")
        if not trade_id.isascii() or not trade_id.isprintable() or len(trade_id) > _MOST_ID:
            raise Unusable(WireFault.BAD_SEQUENCE, "id", ident)
        return _trade(symbol, source, trade_id, sides[side], prices[price], sizes[amount], None,
                      happened, arrived)  # fmt: skip

    def read_all(columns: Columns) -> list[Item]:
        symbols, sources, happened, arrived = first.all(columns)
        _, _, _, _, ident, side, price, amount = columns
        ids = b",".join(ident).decode("ascii")
        if not ids.isprintable() or max(map(len, ident)) > _MOST_ID:
            raise ValueError
        return [
            *map(_trade, symbols, sources, ids.split(","), map(sides.__getitem__, side),
                 map(prices.__getitem__, price), map(sizes.__getitem__, amount), repeat(None),
                 happened, arrived)
        ]  # fmt: skip

    return read, read_all


def _quotes(first: _First) -> Readers:
    bids, asks = _Side("bid_price", "bid_amount"), _Side("ask_price", "ask_amount")

    def read(fields: list[bytes]) -> Item:
        symbol, source, happened, arrived = first(fields)
        _, _, _, _, ask_amount, ask, bid, bid_amount = fields
        return _bbo(symbol, source, *bids(bid, bid_amount), *asks(ask, ask_amount), None, happened,
                    arrived)  # fmt: skip

    def read_all(columns: Columns) -> list[Item]:
        symbols, sources, happened, arrived = first.all(columns)
        _, _, _, _, ask_amount, ask, bid, bid_amount = columns
        return [
            *map(_bbo, symbols, sources, *bids.all(bid, bid_amount), *asks.all(ask, ask_amount),
                 repeat(None), happened, arrived)
        ]  # fmt: skip

    return read, read_all


class _Side:
    """A price and a size; both are left out where nobody bids, or nobody asks."""

    def __init__(self, price: str, size: str) -> None:
        self._prices = Numbers(price, 1)
        self._sizes = Numbers(size, 1)

    def __call__(self, price: bytes, size: bytes) -> tuple[int, int]:
        if not price and not size:
            return 0, 0
        return self._prices[price], self._sizes[size]

    def all(self, prices: Sequence[bytes], sizes: Sequence[bytes]) -> tuple[Iterator[int], ...]:
        """The same for many rows, where none is left out."""
        return map(self._prices.__getitem__, prices), map(self._sizes.__getitem__, sizes)


def _snapshots(first: _First) -> Readers:
    bids, asks = _Side("bids price", "bids amount"), _Side("asks price", "asks amount")

    def read(fields: list[bytes]) -> Item:
        symbol, source, happened, arrived = first(fields)
        offers = [asks(fields[at], fields[at + 1]) for at in range(4, len(fields), 4)]
        wanted = [bids(fields[at], fields[at + 1]) for at in range(6, len(fields), 4)]
        return _snapshot(symbol, source, _held(wanted), _held(offers), None, happened, arrived)

    return read, None


def _read_book(lines: Lines, first: _First) -> Iterator[Heard]:
    """Rows of one message become one event, when the first row of the next one is seen."""
    prices, sizes = Numbers("price", 1), Numbers("amount")
    message = _Message()
    number = 0
    for batch in lines.batches():
        number = lines.number - len(batch)
        for line in batch:
            number += 1
            fields = line.split(b",")
            if len(fields) != len(_BOOK) or number == 1:
                check_width(line, fields, len(_BOOK), number)
                yield number, 1, ()
                continue
            symbol, arrived, flag, side = fields[1], fields[3], fields[4], fields[5]
            key = symbol, flag, b"" if flag == b"true" else arrived
            if key != message.key:
                if message.rows:
                    yield number - 1, message.rows, (message.item(),)
                message = _Message(key)
            message.rows += 1
            if message.rows > MOST_ROWS:
                raise wrong(f"a message of more than {MOST_ROWS} rows; split the file", number)
            try:
                if fields[:4] != message.begun:  # the rows of a message begin alike
                    message.head = first(fields)
                    message.begun = fields[:4]
                message.side(side)[prices[fields[6]]] = sizes[fields[7]]
            except Unusable as unusable:
                message.refused = message.refused or unusable.refused
    if message.rows:
        yield number, message.rows, (message.item(),)


class _Message:
    """The rows of one message, the last word on each price."""

    def __init__(self, key: tuple[bytes, bytes, bytes] = (b"", b"", b"")) -> None:
        self.key = key
        self.rows = 0
        self.head = ("", "", 0, 0)
        self.begun: list[bytes] = []
        self.refused: WireRefused | None = None
        self._bids: dict[int, int] = {}
        self._asks: dict[int, int] = {}

    def side(self, word: bytes) -> dict[int, int]:
        if word == b"bid":
            return self._bids
        if word == b"ask":
            return self._asks
        raise Unusable(WireFault.BAD_SIDE, "side", word)

    def item(self) -> Item:
        if self.refused is not None:
            return self.refused
        symbol, source, happened, arrived = self.head
        bids, asks = self._bids.items(), self._asks.items()
        whole = _FLAGS.get(self.key[1])
        if whole is None:
            return Unusable(WireFault.UNKNOWN_TYPE, "is_snapshot", self.key[1]).refused
        if not whole:
            return _diff(symbol, source, tuple(bids), tuple(asks), None, None, None, happened,
                         arrived)  # fmt: skip
        return _snapshot(symbol, source, _held(bids), _held(asks), None, happened, arrived)


def _held(levels: Iterable[tuple[int, int]]) -> Levels:
    """The levels at which something is wanted or offered."""
    return tuple(level for level in levels if level[1])
