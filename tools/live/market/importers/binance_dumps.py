"""The files of Binance's public data: aggTrades, trades, bookTicker and klines, spot and USD-M.

They name no symbol; their file names do, as do `--symbol` and the name inside the zip. They have
no receive time either: an event is received when the venue says that it happened. Times are in
milliseconds, and in microseconds for spot from 2025 on.

A bar is a trade of its whole volume at its close, when it closes; who traded is not known. Nothing
is made up of its high and low, which came in an order that no bar tells.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import repeat
from operator import gt

from ...core.market_v1 import Bbo, Trade
from ...core.record import builder, record
from ...core.words_v1 import BUY, SELL
from ..normalize.binance_fast import SPOT, USDM
from ..normalize.wire import Unusable, WireFault
from ..whole_bars import BarsHeard, WholeBar
from .columns import Columns, Numbers, Readers, Sides, Times, read_rows, whole, wholes
from .lines import Heard, Item, Lines

_MS_OR_US = (13, 16)
_MAKER_WORDS = {b"true": SELL, b"True": SELL, b"false": BUY, b"False": BUY}
_NAMED = re.compile(
    r"([A-Z0-9_]{1,32})-(?:aggTrades|trades|bookTicker|[0-9]{1,2}(?:s|m|h|d|w|mo))-", re.ASCII
)

_trade = builder(Trade)
_bbo = builder(Bbo)
_whole_bar = builder(WholeBar)


@record
class Dump:
    """One form of these files: its name, its columns, the market that has it, and its rows.

    Without readers its rows are bars, for `read_klines`.
    """

    name: str
    header: tuple[str, ...]
    source: str
    readers: Callable[[str, str, tuple[str, ...]], Readers] | None


def agg_trades(symbol: str, source: str, header: tuple[str, ...]) -> Readers:
    """An aggregate is one event; its sequence is the last trade in it."""
    prices, sizes, times, sides = _trade_columns("price", "quantity", header[5], header[6])

    def read(fields: list[bytes]) -> Item:
        ident, price, qty, first, last, time, maker = fields[:7]
        number = whole(ident, "agg_trade_id")
        sequence = whole(last, "last_trade_id")
        if whole(first, "first_trade_id") > sequence:
            raise Unusable(WireFault.BAD_SEQUENCE, "last_trade_id", last)
        ns = times[time]
        return _trade(
            symbol, source, str(number), sides[maker], prices[price], sizes[qty], sequence, ns, ns
        )

    def read_all(columns: Columns) -> list[Item]:
        ident, price, qty, first, last, time, maker = columns[:7]
        sequences = wholes(last)
        if any(map(gt, wholes(first), sequences)):
            raise ValueError
        ns = times.all(time)
        return [
            *map(_trade, repeat(symbol), repeat(source), map(str, wholes(ident)),
                 map(sides.__getitem__, maker), map(prices.__getitem__, price),
                 map(sizes.__getitem__, qty), sequences, ns, ns)
        ]  # fmt: skip

    return read, read_all


def trades(symbol: str, source: str, header: tuple[str, ...]) -> Readers:
    """One trade a row."""
    prices, sizes, times, sides = _trade_columns("price", "qty", header[4], header[5])

    def read(fields: list[bytes]) -> Item:
        ident, price, qty, _, time, maker = fields[:6]
        number = whole(ident, "id")
        ns = times[time]
        return _trade(
            symbol, source, str(number), sides[maker], prices[price], sizes[qty], number, ns, ns
        )

    def read_all(columns: Columns) -> list[Item]:
        ident, price, qty, _, time, maker = columns[:6]
        numbers = wholes(ident)
        ns = times.all(time)
        return [
            *map(_trade, repeat(symbol), repeat(source), map(str, numbers),
                 map(sides.__getitem__, maker), map(prices.__getitem__, price),
                 map(sizes.__getitem__, qty), numbers, ns, ns)
        ]  # fmt: skip

    return read, read_all


def book_ticker(symbol: str, source: str, header: tuple[str, ...]) -> Readers:
    """The best bid and ask after each change of either; a side that is empty is all zeros."""
    bids, bid_sizes, asks, ask_sizes = (Numbers(name) for name in header[1:5])
    times = Times(header[5], _MS_OR_US)

    def read(fields: list[bytes]) -> Item:
        ident, bid, bid_qty, ask, ask_qty, time, _ = fields
        best = bids[bid], bid_sizes[bid_qty], asks[ask], ask_sizes[ask_qty]
        for place in (0, 2):
            if (best[place] == 0) != (best[place + 1] == 0):
                raise Unusable(WireFault.BAD_NUMBER, header[1 + place], fields[1 + place])
        ns = times[time]
        return _bbo(symbol, source, *best, whole(ident, "update_id"), ns, ns)

    def read_all(columns: Columns) -> list[Item]:
        ident, bid, bid_qty, ask, ask_qty, time, _ = columns
        best = [
            [*map(bids.__getitem__, bid)], [*map(bid_sizes.__getitem__, bid_qty)],
            [*map(asks.__getitem__, ask)], [*map(ask_sizes.__getitem__, ask_qty)],
        ]  # fmt: skip
        if not all(map(all, best)):  # an empty side is looked at closely
            raise ValueError
        ns = times.all(time)
        return [*map(_bbo, repeat(symbol), repeat(source), *best, wholes(ident), ns, ns)]

    return read, read_all


def klines(
    symbol: str, source: str, header: tuple[str, ...]
) -> Callable[[list[bytes]], WholeBar]:
    """A bar, and what it is as a trade at its close; one in which nothing traded says nothing."""
    opens, highs, lows, closes = (Numbers(name, 1) for name in header[1:5])
    volumes = Numbers(header[5])
    begins, ends = Times(header[0], _MS_OR_US), Times(header[6], _MS_OR_US)

    def read(fields: list[bytes]) -> WholeBar:
        begin, end = begins[fields[0]], ends[fields[6]]
        if end < begin:
            raise Unusable(WireFault.BAD_TIME, header[6], fields[6])
        prices = opens[fields[1]], highs[fields[2]], lows[fields[3]], closes[fields[4]]
        ident = fields[0].decode()
        return bar(symbol, source, ident, prices, volumes[fields[5]], begin, end, fields[2])

    return read


def bar(
    symbol: str, source: str, ident: str, prices: tuple[int, int, int, int], volume: int,
    begin_ns: int, end_ns: int, high_text: bytes,
) -> WholeBar:  # fmt: skip
    """A bar with the trade that it becomes; its open, high, low and close must be ones of a bar."""
    opened, high, low, close = prices
    if not low <= opened <= high or not low <= close <= high:
        raise Unusable(WireFault.BAD_NUMBER, "high", high_text)
    if not volume:
        raise Unusable(WireFault.NOT_DATA, "volume", "0")
    trade = _trade(symbol, source, ident, None, close, volume, None, end_ns, end_ns)
    return _whole_bar(trade, begin_ns, opened, high, low)


def _trade_columns(
    price: str, qty: str, time: str, maker: str
) -> tuple[Numbers, Numbers, Times, Sides]:
    return (Numbers(price, 1), Numbers(qty, 1), Times(time, _MS_OR_US),
            Sides(maker, dict(_MAKER_WORDS)))  # fmt: skip


_AGG = ("agg_trade_id", "price", "quantity", "first_trade_id", "last_trade_id", "transact_time",
        "is_buyer_maker")  # fmt: skip
_TRADE = ("id", "price", "qty", "quote_qty", "time", "is_buyer_maker")
_TICKER = ("update_id", "best_bid_price", "best_bid_qty", "best_ask_price", "best_ask_qty",
           "transaction_time", "event_time")  # fmt: skip
_KLINE = ("open_time", "open", "high", "low", "close", "volume", "close_time", "quote_volume",
          "count", "taker_buy_volume", "taker_buy_quote_volume", "ignore")  # fmt: skip
_BEST = "is_best_match"
DUMPS = (
    Dump("binance-aggtrades", (*_AGG, _BEST), SPOT, agg_trades),
    Dump("binance-aggtrades", _AGG, USDM, agg_trades),
    Dump("binance-trades", (*_TRADE, _BEST), SPOT, trades),
    Dump("binance-trades", _TRADE, USDM, trades),
    Dump("binance-bookticker", _TICKER, USDM, book_ticker),
    Dump("binance-klines", _KLINE, SPOT, None),
)


def find(fields: list[str]) -> tuple[Dump, bool] | None:
    """The dump that begins with these fields, and whether they are its header."""
    for dump in DUMPS:
        if dump.header == tuple(fields):
            return dump, True
    flags = tuple(place for place, text in enumerate(fields) if text.lower() in ("true", "false"))
    rest = [text for place, text in enumerate(fields) if place not in flags]
    if not all(text.replace(".", "", 1).isdigit() for text in rest):
        return None
    for dump in DUMPS:
        expected = tuple(
            place for place, name in enumerate(dump.header) if name.startswith("is_")
        )
        if len(dump.header) == len(fields) and flags == expected:
            return dump, False
    return None


def symbol_in(name: str) -> str | None:
    """The symbol in the name of such a file."""
    match = _NAMED.match(name)
    return match[1] if match else None


def read(
    lines: Lines, dump: Dump, *, headed: bool, symbol: str, source: str
) -> Iterator[Heard]:
    """The events of a dump that is none of bars."""
    assert dump.readers is not None, "bars have their own reader"
    row, rows = dump.readers(symbol, source, dump.header)
    return read_rows(lines, len(dump.header), row, headed=headed, read_all=rows)


def read_klines(
    lines: Lines, dump: Dump, *, headed: bool, symbol: str, source: str
) -> Iterator[BarsHeard]:
    """The bars of a dump of them."""
    row = klines(symbol, source, dump.header)
    return read_rows(lines, len(dump.header), row, headed=headed)
