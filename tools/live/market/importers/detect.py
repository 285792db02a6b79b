"""Which format a file has, found out from how it begins; its name is never asked for that."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from ...core import codec
from ...core.errors import ContractError
from ...core.record import record
from ..synthetic import SYMBOL
from ..whole_bars import BarsHeard, WholeBar
from . import binance_dumps, candles, capture, hftbacktest, own, tables, tardis
from .content import Content
from .lines import MAX_LINE, Heard, Lines

SAMPLE_BYTES = 256 * 1024
MOST_MESSAGES = 500  # of the first ones, which must tell the venue
FORMATS = (
    "a capture of `<receive time in ns> <message>`, Binance dumps, Tardis CSV, hftbacktest .npz,"
    " bars, candles, quotes, our own JSON Lines, each also in gzip or zip, or a market journal"
)
_source = re.compile(r"[a-z0-9][a-z0-9-]{0,31}", re.ASCII).fullmatch
_MARK = b"\xef\xbb\xbf"

Read = Callable[[], Iterator[Heard]]
ReadBars = Callable[[], Iterator[BarsHeard]]


@record
class Form:
    """A format, what was found out or given about the file, and how to read it, bars as such."""

    name: str
    options: dict[str, str]
    read: Read
    bars: ReadBars | None = None


class _Given(NamedTuple):
    """How a file begins, and what its user says about it."""

    content: Content
    start: bytes
    lines: list[bytes]
    symbol: str | None
    source: str | None

    def read_lines(self) -> Lines:
        return Lines(self.content.blocks())

    def form(self, name: str, read: Read, **found: str | None) -> Form:
        options = {"symbol": self.symbol, "source": self.source, **found}
        return Form(name, {key: told for key, told in options.items() if told is not None}, read)

    def form_of_bars(self, name: str, read: ReadBars, **found: str | None) -> Form:
        """A format of bars, which are heard as trades at their close."""
        form = self.form(name, lambda: closes(read()), **found)
        return Form(name, form.options, form.read, read)


def find_form(content: Content, *, symbol: str | None, source: str | None) -> Form:
    """The format of a file; a ContractError says what stands there and what could."""
    check_names(symbol, source)
    start = content.start(SAMPLE_BYTES)
    if len(start) == SAMPLE_BYTES and b"\n" not in start:  # a whole book may be the first line
        start = content.start(MAX_LINE + SAMPLE_BYTES)
    lines = [line.removesuffix(b"\r") for line in start.split(b"\n")]
    given = _Given(content, start, lines, symbol, source)
    named = f"{content.field} {content.path!r}"
    if not start:
        raise ContractError(f"{named} is empty; give market data")
    if start.startswith(_MARK):
        raise ContractError(f"{named} begins with a byte order mark; save it without")
    try:
        for find in (_array, _capture, _json, _candles, _table):
            if (form := find(given)) is not None:
                return form
    except ContractError as error:
        what, _, advice = str(error).partition("; ")
        raise ContractError(f"{named} holds {what}; {advice or 'correct it'}") from None
    raise ContractError(f"{named} begins with {lines[0][:40]!r}, no format that is known; give"
                        f" {FORMATS}")  # fmt: skip


def check_names(symbol: str | None, source: str | None) -> None:
    """What the user says about the data must be names that the house takes."""
    if symbol is not None and not SYMBOL.fullmatch(symbol):
        raise ContractError(f"symbol {symbol!r:.60} is not 1 to 32 upper-case letters, digits or"
                            " . _ / : -; write it so")  # fmt: skip
    if source is not None and not _source(source):
        raise ContractError(f"source {source!r:.60} is not 1 to 32 lower-case letters, digits or"
                            " -; name it like binance-spot")  # fmt: skip


def _array(given: _Given) -> Form | None:
    if not given.start.startswith(hftbacktest.MAGIC):
        return None
    source = given.source or hftbacktest.SOURCE
    symbol = _needed(given.symbol, "hftbacktest's data")
    return given.form(
        "hftbacktest", lambda: hftbacktest.read(given.content.blocks(), symbol, source),
        source=source,
    )  # fmt: skip


def _capture(given: _Given) -> Form | None:
    """A capture is of one source; `source` says which where the messages do not."""
    if not capture.STAMPED.match(given.lines[0]):
        return None
    lines = given.lines[:MOST_MESSAGES]
    matches = [(capture.STAMPED.match(line), line) for line in lines]
    first = [(int(match[1]), line[match.end() :]) for match, line in matches if match is not None]
    source = given.source or capture.find_source(raw for _, raw in first)
    if source not in capture.SOURCES:
        shown = "no venue" if source is None else f"the source {source!r}"
        known = ", ".join(capture.SOURCES)
        raise ContractError(f"a capture of {shown} that is known; give --source, one of {known}")

    def read() -> Iterator[Heard]:
        normalize = capture.normalizer(source, given.symbol, first)
        return capture.read(given.read_lines(), normalize)

    return given.form("capture", read, source=source)


def _json(given: _Given) -> Form | None:
    if not given.lines[0].startswith(b"{"):
        return None
    told: Any = codec.load_strict(given.lines[0], "a first line that")
    if (name := own.find(told)) is not None:
        if given.symbol is not None or given.source is not None:
            raise ContractError("events that name symbol and source; leave --symbol and --source")
        return given.form(name, lambda: own.read(given.read_lines(), name))
    return _quotes(given, "quotes-jsonl") if tables.finds_quotes(told) else None


def _candles(given: _Given) -> Form | None:
    if not candles.begins(given.start):
        return None
    symbol, source = _needed(given.symbol, "candles"), given.source or candles.SOURCE

    def read() -> Iterator[BarsHeard]:
        return candles.read_whole(given.content.blocks(), symbol=symbol, source=source)

    return given.form_of_bars("candles", read, source=source)


def _table(given: _Given) -> Form | None:
    fields = given.lines[0].decode("latin-1").split(",")
    if len(dict.fromkeys(fields)) < len(fields) and not fields[0].isdigit():
        twice = next(name for name in fields if fields.count(name) > 1)
        raise ContractError(f"a table with the column {twice!r:.40} twice; leave one out")
    if (name := tardis.find(fields)) is not None:
        return _tardis(given, name, len(fields))
    if (dump := binance_dumps.find(fields)) is not None:
        return _dump(given, *dump)
    if tables.finds_bars(fields):
        return _bars(given, fields)
    return _quotes(given, "quotes-csv") if tables.finds_quotes(fields) else None


def _tardis(given: _Given, name: str, width: int) -> Form:
    def read() -> Iterator[Heard]:
        lines = given.read_lines()
        return tardis.read(lines, name, width, symbol=given.symbol, source=given.source)

    return given.form(name, read)


def _dump(given: _Given, dump: binance_dumps.Dump, headed: bool) -> Form:
    symbol = _needed(given.symbol or binance_dumps.symbol_in(given.content.name), dump.name)
    source = given.source or dump.source

    def read() -> Iterator[Heard]:
        lines = given.read_lines()
        return binance_dumps.read(lines, dump, headed=headed, symbol=symbol, source=source)

    if dump.readers is None:
        return given.form_of_bars(
            dump.name, lambda: binance_dumps.read_klines(
                given.read_lines(), dump, headed=headed, symbol=symbol, source=source
            ), symbol=symbol, source=source,
        )  # fmt: skip
    return given.form(dump.name, read, symbol=symbol, source=source)


def _bars(given: _Given, fields: list[str]) -> Form:
    source = given.source or tables.BAR_SOURCE
    symbol = given.symbol if "symbol" in fields else _needed(given.symbol, "bars")
    length_ns = tables.bar_ns(fields, given.lines[1:-1])

    def read() -> Iterator[BarsHeard]:
        lines = given.read_lines()
        return tables.read_bars(lines, fields, length_ns, symbol=symbol, source=source)

    return given.form_of_bars("bars", read, source=source)


def closes(heard: Iterator[BarsHeard]) -> Iterator[Heard]:
    """What is heard of bars by who trades on closes."""
    for number, rows, items in heard:
        said = [one.trade if isinstance(one, WholeBar) else one for one in items]
        yield number, rows, tuple(said)


def _quotes(given: _Given, name: str) -> Form:
    source = given.source or tables.QUOTE_SOURCE

    def read() -> Iterator[Heard]:
        return tables.read_quotes(given.read_lines(), symbol=given.symbol, source=source)

    return given.form(name, read, source=source)


def _needed(symbol: str | None, what: str) -> str:
    if symbol is None:
        raise ContractError(f"{what} without a symbol; name it with --symbol (a run: --symbols)")
    return symbol
