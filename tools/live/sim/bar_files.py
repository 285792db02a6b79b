"""Bars from files that people have: Binance's klines, freqtrade's JSON, a table of one's own.

    <open_time>,<open>,<high>,<low>,<close>,<volume>,<close_time>,...      klines: 12 columns
    [[<ms>, <open>, <high>, <low>, <close>, <volume>], ...]                freqtrade: one array
    timestamp,open,high,low,close,volume                                   with this header

The bytes come from the caller. Bars must be in the order of time and may leave holes, not overlap;
what is no bar ends the reading with its place, as a hole that nobody knows of would change fills.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from ..core.errors import ContractError
from ..market.importers import candles
from ..market.importers.binance_dumps import DUMPS
from ..market.importers.columns import Numbers, Times
from ..market.importers.lines import Lines, wrong
from ..market.normalize.wire import Unusable
from .bar import Bar, made_bar

KLINES = next(dump.header for dump in DUMPS if dump.name == "binance-klines")
TABLE = ("timestamp", "open", "high", "low", "close", "volume")
SOURCES = {"klines": "binance-spot", "table": "bars", "candles": "freqtrade"}
_WIDTH = len(TABLE)

Row: TypeAlias = tuple[int, tuple[int, int, int, int], int, int]  # begin, prices, volume, end


def read_bars(
    blocks: Iterable[bytes], symbol: str, *, source: str | None = None,
    length_ns: int | None = None,
) -> list[Bar]:  # fmt: skip
    """All bars of a file. How long one is, klines say; else the shortest step between two does.

    `length_ns` says it where there is but one bar, or where every other one is missing.
    """
    data = candles.joined(blocks)
    if not data.strip():
        raise ContractError("bars of an empty file; give a table or an array of bars")
    if candles.begins(data):
        return _bars(_candles(data), symbol, source or SOURCES["candles"], length_ns, "candle")
    rows, name = _table(data)
    return _bars(rows, symbol, source or SOURCES[name], length_ns, "line")


def _bars(
    rows: Iterator[tuple[int, Row]], symbol: str, source: str, length_ns: int | None, what: str
) -> list[Bar]:
    """Rows in order of time, each with an end."""
    numbered = list(rows)
    length = length_ns or candles.shortest_step([row[0] for _, row in numbered])
    bars: list[Bar] = []
    for place, (begin_ns, prices, volume, told_end_ns) in numbered:
        end_ns = told_end_ns or begin_ns + length
        try:
            if end_ns == begin_ns:
                raise ContractError("a single bar does not say how long it is; give length_ns")
            if bars and begin_ns < bars[-1].end_ns:
                raise ContractError(f"a bar from {begin_ns} begins before the one in front of it"
                                    " is over; sort the bars, each once")  # fmt: skip
            bars.append(made_bar(symbol, source, prices, volume, begin_ns, end_ns))
        except ContractError as error:
            raise _at(str(error), what, place) from None
    return bars


def _table(data: bytes) -> tuple[Iterator[tuple[int, Row]], str]:
    lines = Lines([data])
    found = [line for batch in lines.batches() for line in batch]
    first = tuple(found[0].decode("latin-1").split(","))
    if first == TABLE:
        return _own_rows(found), "table"
    if first == KLINES or (len(first) == len(KLINES) and first[0].isdigit()):
        return _kline_rows(found, headed=first == KLINES), "klines"
    raise ContractError(f"bars that begin with {found[0][:40]!r}; give klines of {len(KLINES)}"
                        f" columns, a table with {','.join(TABLE)}, or an array")  # fmt: skip


class _Columns:
    """The columns of one table, each with what may stand in it."""

    def __init__(self) -> None:
        self.prices = [Numbers(name, 1) for name in TABLE[1:5]]
        self.volumes = Numbers("volume")
        self.times = Times("timestamp", (10, 13, 16, 19))

    def row(self, fields: Sequence[bytes], last: bytes | None) -> Row:
        """What stands in a row; klines say their last instant, which is still of the bar."""
        opened, high, low, close = [
            column[raw] for column, raw in zip(self.prices, fields[1:5], strict=True)
        ]
        begin_ns, end_ns = self.times[fields[0]], 0
        if last is not None:
            end_ns = self.times[last] + 10 ** (19 - len(last))
        return begin_ns, (opened, high, low, close), self.volumes[fields[5]], end_ns


def _own_rows(lines: list[bytes]) -> Iterator[tuple[int, Row]]:
    yield from _rows(lines, 1, _WIDTH, None)


def _kline_rows(lines: list[bytes], *, headed: bool) -> Iterator[tuple[int, Row]]:
    yield from _rows(lines, int(headed), len(KLINES), KLINES.index("close_time"))


def _rows(
    lines: list[bytes], start: int, width: int, last: int | None
) -> Iterator[tuple[int, Row]]:
    columns = _Columns()
    for number, line in enumerate(lines[start:], start + 1):
        fields = line.split(b",")
        if len(fields) != width:
            raise wrong(f"{len(fields)} fields, but {width} columns", number)
        try:
            yield number, columns.row(fields, None if last is None else fields[last])
        except Unusable as unusable:
            refused = unusable.refused
            raise wrong(f"{refused.field} {refused.shown} is none that we take", number) from None


def _candles(data: bytes) -> Iterator[tuple[int, Row]]:
    for place, candle in candles.candles_of(data):
        yield place, (*candle, 0)


def _at(what: str, unit: str, place: int) -> ContractError:
    text, _, advice = what.partition("; ")
    return ContractError(f"{text} at {unit} {place}; {advice or 'correct it'}")
