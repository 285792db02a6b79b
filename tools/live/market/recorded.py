"""Recorded quotes from a file: CSV with a header, or JSON Lines, read in constant memory.

Both need `symbol`, `bid`, `ask` and `timestamp_ms`; other columns are ignored. The file is read
once to check every row before anything trades, and again to feed the run. Each row is one step.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, BinaryIO

from ..core import codec
from ..core.clock import NS_PER_MS
from ..core.contracts_v1 import QuoteUpdate
from ..core.errors import ContractError
from ..core.money import positive_e9
from .files import open_input
from .synthetic import MAX_STEPS, SYMBOL

COLUMNS = ("symbol", "bid", "ask", "timestamp_ms")
MAX_LINE = 64 * 1024
_LATEST_MS = 9_000_000_000_000  # the year 2255: later stamps are microseconds by mistake
_NEEDED = ",".join(COLUMNS)

Row = dict[str, Any]


def _identity(quote: QuoteUpdate) -> bytes:
    return f"{quote.symbol},{quote.bid},{quote.ask},{quote.ts_ns}\n".encode("ascii")


class RecordedMarket:
    """The quotes of a file as a feed; `symbols` picks some of them, None takes all."""

    def __init__(
        self, path: str, symbols: list[str] | None = None, field: str = "quotes file"
    ) -> None:
        self._path = path
        self._field = field
        self._only = None if symbols is None else dict.fromkeys(symbols)
        found: dict[str, None] = {}
        self.steps = 0
        self.start_ns = 0
        latest = 0
        digest = hashlib.sha256()
        for line, quote in self._quotes():
            digest.update(_identity(quote))
            if quote.ts_ns < latest:
                raise self._wrong("timestamp_ms goes back; sort the file by time", line)
            if self.steps == MAX_STEPS:
                raise self._wrong(f"more than {MAX_STEPS} quotes; split the file", line)
            latest = quote.ts_ns
            self.start_ns = self.start_ns if self.steps else latest
            self.steps += 1
            found[quote.symbol] = None
        self.sha256 = digest.hexdigest()
        self.symbols = sorted(found)
        missing = [symbol for symbol in symbols or () if symbol not in found]
        if missing or not found:
            what = f"no quote of {missing[0]!r}" if missing else "no quote"
            raise ContractError(f"{what} in {field} {path!r}; name symbols that it has")

    def describe(self) -> dict[str, Any]:
        """Which market this is: the hash of the quotes, however they are written."""
        return {"kind": "recorded", "quotes": self.steps, "sha256": self.sha256}

    def __iter__(self) -> Iterator[list[QuoteUpdate]]:
        digest = hashlib.sha256()
        for _, quote in self._quotes():
            digest.update(_identity(quote))
            yield [quote]
        if digest.hexdigest() != self.sha256:
            raise ContractError(f"{self._field} {self._path!r} changed during the run; run again")

    def _quotes(self) -> Iterator[tuple[int, QuoteUpdate]]:
        with open_input(self._path, self._field) as file:
            lines = _Lines(file)
            try:
                for row in table_rows(lines):
                    quote = quote_of(row)
                    if self._only is None or quote.symbol in self._only:
                        yield lines.number, quote
            except (ContractError, csv.Error) as error:
                raise self._wrong(str(error), lines.number) from None

    def _wrong(self, what: str, line: int) -> ContractError:
        """What is wrong, where, and what to do about it."""
        what, _, advice = what.partition("; ")
        where = f"line {line} of {self._field} {self._path!r}"
        return ContractError(f"{what} at {where}; {advice or 'correct the line'}")


class _Lines:
    """The lines of a file, none too long, and the number of the last one read."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        while raw := self._file.readline(MAX_LINE + 1):
            self.number += 1
            if len(raw) > MAX_LINE:
                raise ContractError(f"more than {MAX_LINE} bytes; write one quote a line")
            if b"\0" in raw:
                raise ContractError("a NUL byte; save the file as plain UTF-8 text")
            if self.number == 1 and raw.startswith(b"\xef\xbb\xbf"):
                raise ContractError("a byte order mark; save the file without it")
            try:
                yield raw.decode("utf-8")
            except UnicodeDecodeError as error:
                reason = f"no UTF-8 at byte {error.start}"
                raise ContractError(f"{reason}; save the file as UTF-8") from None


def table_rows(lines: Iterable[str]) -> Iterator[Row]:
    """The rows of either format, told apart by the first character."""
    texts = iter(lines)
    first = next(texts, None)
    if first is None:
        raise ContractError(f"nothing; write {_NEEDED}")
    yield from (_json_rows if first.startswith("{") else _csv_rows)(chain((first,), texts))


def _csv_rows(lines: Iterator[str]) -> Iterator[Row]:
    reader = csv.reader(lines, strict=True)
    header = next(reader)
    for name in COLUMNS:
        if header.count(name) != 1:
            has = ",".join(header)[:80]
            raise ContractError(f"{header.count(name)} columns {name!r} in {has!r}; name {_NEEDED}")
    for row in reader:
        if row and len(row) != len(header):
            raise ContractError(f"{len(row)} fields, but {len(header)} columns; correct the line")
        if row:
            yield dict(zip(header, row, strict=True))


def _json_rows(lines: Iterator[str]) -> Iterator[Row]:
    for line in lines:
        if not line.strip():
            continue
        row = codec.load_strict(line.encode("utf-8"), "the line")
        if not isinstance(row, dict):
            raise ContractError(f"no JSON object; write {_NEEDED}")
        yield row


def quote_of(row: Row) -> QuoteUpdate:
    """The quote that a row tells; a ContractError names the field that is wrong."""
    for name in COLUMNS:
        if name not in row:
            raise ContractError(f"no field {name!r}; write {_NEEDED}")
    symbol = row["symbol"]
    if not isinstance(symbol, str) or not SYMBOL.fullmatch(symbol):
        raise ContractError(
            f"symbol {symbol!r:.60} is not 1 to 32 upper-case letters, digits or . _ / : -"
        )
    bid = positive_e9(row["bid"], "bid")
    ask = positive_e9(row["ask"], "ask")
    return QuoteUpdate(symbol, bid, ask, _timestamp_ms(row["timestamp_ms"]) * NS_PER_MS)


def _timestamp_ms(value: Any) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 16:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _LATEST_MS:
        raise ContractError(f"timestamp_ms {value!r:.40} is not whole milliseconds since 1970")
    return value
