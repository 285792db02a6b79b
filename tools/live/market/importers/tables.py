"""Tables of one's own: bars as `timestamp,open,high,low,close,volume`, and quotes.

A bar is one trade of its whole volume at its close. It is stamped with the end of the bar, as
nobody knows a close before; the timestamp is the bar's beginning, and the shortest step between
the first timestamps is how long a bar is.

Quotes are `symbol,bid,ask,timestamp_ms`, as CSV or as JSON Lines, like those of `demo --quotes`.
They tell no sizes, which is a size of 0 beside a price.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence

from ...core.clock import parse_utc
from ...core.errors import ContractError
from ...core.market_v1 import Bbo
from ...core.record import builder
from ..normalize.wire import LATEST_NS, Unusable, WireFault
from ..normalize.wire import symbol as checked
from ..recorded import COLUMNS, Row, quote_of, table_rows
from ..whole_bars import BarsHeard, WholeBar
from .binance_dumps import bar
from .columns import Numbers, Times, read_rows
from .lines import Heard, Lines, wrong

BARS = ("timestamp", "open", "high", "low", "close", "volume")
BAR_SOURCE = "bars"
QUOTE_SOURCE = "quotes"
_SYMBOL = "symbol"

_bbo = builder(Bbo)


def finds_bars(fields: Sequence[str]) -> bool:
    """Whether these are the columns of bars, in whatever order, with a symbol or without."""
    return sorted(fields) in (sorted(BARS), sorted((*BARS, _SYMBOL)))


def finds_quotes(fields: Sequence[str]) -> bool:
    """Whether a table with these columns, or an object with these keys, holds quotes."""
    return all(name in fields for name in COLUMNS)


class _Stamps:
    """Times in seconds, ms, us or ns, as their digits say, or in UTC as text."""

    def __init__(self) -> None:
        self._digits = Times("timestamp", (10, 13, 16, 19))

    def __call__(self, raw: bytes) -> int:
        if raw.endswith(b"Z"):
            try:
                return parse_utc(raw.decode("latin-1"), "timestamp")
            except ContractError:
                raise Unusable(WireFault.BAD_TIME, "timestamp", raw) from None
        return self._digits[raw]


def bar_ns(fields: Sequence[str], first: Sequence[bytes]) -> int:
    """How long a bar is; a ContractError when the first lines do not tell."""
    stamps, place = _Stamps(), fields.index("timestamp")
    times = []
    for line in first:
        try:
            times.append(stamps(line.split(b",")[place]))
        except (IndexError, Unusable):
            continue
    steps = [later - earlier for earlier, later in zip(times, times[1:]) if later > earlier]
    if not steps:
        raise ContractError("bars of which no two differ in time; give more of them")
    return min(steps)


def read_bars(
    lines: Lines, fields: Sequence[str], length_ns: int, *, symbol: str | None, source: str
) -> Iterator[BarsHeard]:
    """The bars of a table, each with the trade that it becomes."""
    at = [fields.index(name) for name in BARS]
    stamps, volumes = _Stamps(), Numbers("volume")
    opens, highs, lows, closes = (Numbers(name, 1) for name in BARS[1:5])

    def read(row: list[bytes]) -> WholeBar:
        begin, opened, high, low, close, volume = [row[place] for place in at]
        of = symbol or checked(row[fields.index(_SYMBOL)].decode("latin-1"), _SYMBOL)
        begin_ns = stamps(begin)
        end_ns = begin_ns + length_ns
        if end_ns > LATEST_NS:
            raise Unusable(WireFault.BAD_TIME, "timestamp", begin)
        prices = opens[opened], highs[high], lows[low], closes[close]
        return bar(of, source, begin.decode(), prices, volumes[volume], begin_ns, end_ns, high)

    return read_rows(lines, len(fields), read, headed=True)


def read_quotes(lines: Lines, *, symbol: str | None, source: str) -> Iterator[Heard]:
    """The quotes of a table, as strictly as the demo reads them: a wrong one ends the reading."""
    texts = _Texts(lines)
    before = 0
    try:
        for row in table_rows(texts):
            yield texts.number, texts.number - before, (_quote(row, symbol, source),)
            before = texts.number
    except (ContractError, csv.Error) as error:
        raise wrong(str(error), texts.number) from None
    if texts.number > before:
        yield texts.number, texts.number - before, ()


def _quote(row: Row, symbol: str | None, source: str) -> Bbo:
    told = quote_of(row)
    at = told.ts_ns
    return _bbo(symbol or told.symbol, source, told.bid, 0, told.ask, 0, None, at, at)


class _Texts:
    """Lines as text, each counted when it is taken."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        for batch in self._lines.batches():
            for line in batch:
                self.number += 1
                try:
                    yield line.decode("utf-8") + "\n"
                except UnicodeDecodeError as error:
                    what = f"no UTF-8 at byte {error.start}; save the file as UTF-8"
                    raise ContractError(what) from None
