"""Recorded quotes from a file: CSV with a header, or JSON Lines, read in constant memory.

Both need `symbol`, `bid`, `ask` and `timestamp_ms`; other columns are ignored. The file is read
once to check every row before anything trades, and again to feed the run. Each row is one step.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any, TextIO

from ..core import codec
from ..core.clock import NS_PER_MS
from ..core.contracts_v1 import QuoteUpdate
from ..core.errors import ContractError
from ..core.money import positive_e9
from .synthetic import MAX_STEPS, SYMBOL

COLUMNS = ("symbol", "bid", "ask", "timestamp_ms")
MAX_LINE = 64 * 1024
_LATEST_MS = 9_000_000_000_000  # the year 2255: later stamps are microseconds by mistake


class RecordedMarket:
    """The quotes of a file as a feed; `symbols` picks some of them, None takes all."""

    def __init__(self, path: str, symbols: list[str] | None = None) -> None:
        self._path = path
        self._only = None if symbols is None else dict.fromkeys(symbols)
        found: dict[str, None] = {}
        self.steps = 0
        self.start_ns = 0
        latest = 0
        for number, quote in self._rows():
            if quote.ts_ns < latest:
                raise ContractError(f"{path} line {number}: timestamp_ms goes back; sort the file")
            latest = quote.ts_ns
            if self.steps == 0:
                self.start_ns = quote.ts_ns
            self.steps += 1
            found[quote.symbol] = None
            if self.steps > MAX_STEPS:
                raise ContractError(f"{path} has more than {MAX_STEPS} quotes")
        self.symbols = sorted(found)
        missing = [symbol for symbol in symbols or () if symbol not in found]
        if missing or not found:
            what = f"symbol {missing[0]!r}" if missing else "any symbol"
            raise ContractError(f"{path} has no quote of {what}")

    def __iter__(self) -> Iterator[list[QuoteUpdate]]:
        for _, quote in self._rows():
            yield [quote]

    def _rows(self) -> Iterator[tuple[int, QuoteUpdate]]:
        try:
            with open(self._path, encoding="utf-8", newline="") as file:
                parse = _json_rows if self._is_json(file) else _csv_rows
                for number, row in parse(_bounded_lines(file, self._path), self._path):
                    quote = _quote(row, f"{self._path} line {number}")
                    if self._only is None or quote.symbol in self._only:
                        yield number, quote
        except UnicodeDecodeError as error:
            raise ContractError(f"{self._path} is not UTF-8: {error.reason}") from None

    def _is_json(self, file: TextIO) -> bool:
        first = file.read(1)
        file.seek(0)
        if not first:
            raise ContractError(f"{self._path} is empty; it needs the columns {','.join(COLUMNS)}")
        if first == "\ufeff":
            raise ContractError(f"{self._path} starts with a byte order mark; save as plain UTF-8")
        return first == "{"


def _bounded_lines(file: TextIO, path: str) -> Iterator[str]:
    number = 0
    while line := file.readline(MAX_LINE + 1):
        number += 1
        if len(line) > MAX_LINE:
            raise ContractError(f"{path} line {number} is longer than {MAX_LINE} characters")
        if "\0" in line:
            raise ContractError(f"{path} line {number} holds a NUL")
        yield line


def _csv_rows(lines: Iterator[str], path: str) -> Iterator[tuple[int, dict[str, Any]]]:
    reader = csv.reader(lines, strict=True)
    try:
        header = next(reader)
        for name in COLUMNS:
            if header.count(name) != 1:
                raise ContractError(
                    f"{path} line 1: the column {name!r} must stand in the header once;"
                    f" it has {','.join(header)[:80]!r}"
                )
        for row in reader:
            if not row:
                continue
            if len(row) != len(header):
                raise ContractError(
                    f"{path} line {reader.line_num}: {len(row)} fields, the header has {len(header)}"
                )
            yield reader.line_num, dict(zip(header, row, strict=True))
    except csv.Error as error:
        raise ContractError(f"{path} line {reader.line_num}: {error}") from None


def _json_rows(lines: Iterator[str], path: str) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        where = f"{path} line {number}"
        row = codec.load_strict(line.encode("utf-8"), where)
        if not isinstance(row, dict):
            raise ContractError(f"{where} is not a JSON object")
        yield number, row


def _quote(row: dict[str, Any], where: str) -> QuoteUpdate:
    for name in COLUMNS:
        if name not in row:
            raise ContractError(f"{where}: the field {name!r} is missing")
    symbol = row["symbol"]
    if not isinstance(symbol, str) or not SYMBOL.fullmatch(symbol):
        raise ContractError(f"{where}: symbol {symbol!r} is not 1 to 32 letters, digits or ._/:-")
    bid = positive_e9(row["bid"], f"{where}: bid")
    ask = positive_e9(row["ask"], f"{where}: ask")
    return QuoteUpdate(symbol, bid, ask, _timestamp_ms(row["timestamp_ms"], where) * NS_PER_MS)


def _timestamp_ms(value: Any, where: str) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 16:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _LATEST_MS:
        raise ContractError(
            f"{where}: timestamp_ms {value!r:.40} is not whole milliseconds since 1970"
        )
    return value
