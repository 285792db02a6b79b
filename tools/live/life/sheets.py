"""Fills of life from the tables that Binance exports: trade history of spot and of futures.

Quantities and fees of the spot export carry their asset (`0.0281LTC`), prices may have commas in
quotes. The futures export writes its fee as `0.12 USDT` and its year with two digits or four. Times
are taken as UTC: a file that was exported in another zone needs its offset told.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator

from .deals import MAKER, SILENT, TAKER, LifeFill
from .formats import Format, check_cost
from .rows import Row, RowFault, Unfit, exact_e9, money_e18

_NUMBER = re.compile(
    r"-?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,40})(?:\.[0-9]{1,40})?", re.ASCII
)
_WITH_ASSET = re.compile(rf"({_NUMBER.pattern}) ?([A-Z][A-Z0-9]*)?", re.ASCII)
_TIMES = ("Date(UTC)", "Time(UTC)", "Time", "Date")
_SYMBOLS = ("Pair", "Symbol", "Market")


def spot(row: Row) -> LifeFill:
    """A row of the spot trade history."""
    symbol, price = row.symbol(_name(row, _SYMBOLS)), row.above_zero("Price")
    qty = _amount_e9(row, "Executed", symbol)
    told, asset = _parted(row, "Amount", symbol)
    if asset and not symbol.endswith(asset):
        raise Unfit(RowFault.CONTRADICTION, "Amount", row.fields["Amount"])
    check_cost(Row({**row.fields, "Amount": told}, row.line, row.spelling, row.prices),
               "Amount", price * qty)  # fmt: skip
    return LifeFill(
        "", "", "", symbol, row.side("Side"), qty, price, SILENT, _fee(row, symbol, price), None,
        row.instant(_name(row, _TIMES)), row.line,
    )  # fmt: skip


def futures(row: Row) -> LifeFill:
    """A row of the futures trade history."""
    symbol, price = row.symbol("Symbol"), row.above_zero("Price")
    liquidity = SILENT
    if row.has("Maker"):
        liquidity = MAKER if row.flag("Maker") else TAKER
    return LifeFill(
        row.text_if_told("Trade ID"), row.text_if_told("Order ID"), "", symbol, row.side("Side"),
        _amount_e9(row, "Quantity", symbol), price, liquidity, _fee(row, symbol, price), None,
        row.instant(_name(row, _TIMES)), row.line,
    )  # fmt: skip


SHEETS = (
    Format("binance-spot-export", ("Side", "Price", "Executed", "Amount", "Fee"), spot),
    Format("binance-futures-export", ("Symbol", "Side", "Price", "Quantity", "Fee"), futures),
)


def find_sheet(header: list[str]) -> Format | None:
    """The table that has this header."""
    timed = any(name in header for name in _TIMES)
    for form in SHEETS:
        if timed and all(name in header for name in form.keys):
            return form
    return None


def sheet_rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """The rows of a table with the line on which each ends; the header is the first."""
    reader = csv.reader(text.replace("\r\n", "\n").split("\n"), strict=True)
    while True:
        try:
            fields = next(reader, None)
        except csv.Error as error:
            yield reader.line_num, ["", str(error)]
            continue
        if fields is None:
            return
        yield reader.line_num, fields


def _name(row: Row, names: tuple[str, ...]) -> str:
    return next((name for name in names if row.has(name)), names[0])


def _parted(row: Row, name: str, symbol: str) -> tuple[str, str]:
    """An amount and the asset behind it, as texts; the symbol tells where an asset may begin.

    An asset may begin with a digit: 30.01INCH is 30.0 of 1INCH on 1INCHUSDT.
    """
    value: str = row.told(name)
    places = range(len(symbol), 0, -1)
    for asset in (*(symbol[:end] for end in places), *(symbol[-end:] for end in places)):
        digits = value.removesuffix(asset).removesuffix(" ")
        if value.endswith(asset) and not asset.isdigit() and _NUMBER.fullmatch(digits):
            return digits.replace(",", ""), asset
    match = _WITH_ASSET.fullmatch(value)
    if match is None:
        raise Unfit(RowFault.BAD_NUMBER, name, value)
    return match[1].replace(",", ""), match[2] or ""


def _amount_e9(row: Row, name: str, symbol: str) -> int:
    digits, _ = _parted(row, name, symbol)
    qty = exact_e9(digits, name)
    if qty <= 0:
        raise Unfit(RowFault.BAD_NUMBER, name, row.fields[name])
    return qty


def _fee(row: Row, symbol: str, price: int) -> int | None:
    """The fee in the quote currency; without an asset nobody knows in what it was paid."""
    if not row.has("Fee"):
        return None
    digits, asset = _parted(row, "Fee", symbol)
    fee = money_e18(digits, "Fee")
    if not asset:
        return None if fee else 0
    return row.in_quote(fee, asset, symbol, price)
