"""The fills of a file, whatever form it has: each row is a fill, is passed over, or is refused.

Nothing vanishes: rows = fills + passed over + refused, and a file without a single fill is an
error that says why, not an empty life.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..core.codec import load_strict
from ..core.errors import ContractError
from ..core.record import record
from .deals import LifeFill, Spelling
from .formats import FORMATS, FREQTRADE, Format, find_format
from .rows import Row, RowFault, RowRefused, Unfit
from .sheets import SHEETS, find_sheet, sheet_rows

MOST_BYTES = 256 * 1024 * 1024
_LOOKED_AT = 1000  # rows that may stand before the first one whose form is known
NAMES = tuple(form.name for form in (*FORMATS, *SHEETS, FREQTRADE))


@record
class FillsFile:
    """What a file held."""

    form: str
    fills: tuple[LifeFill, ...]
    refused: tuple[RowRefused, ...]
    passed_over: int
    rows: int

    def refusals(self) -> dict[str, int]:
        """How many rows were refused, by code, in the order of the codes."""
        counts = {fault.value: 0 for fault in RowFault}
        for one in self.refused:
            counts[one.fault.value] += 1
        return {code: count for code, count in counts.items() if count}


def read_fills(
    raw: bytes, named: str, *, spelling: Spelling | None = None,
    prices: Mapping[str, int] | None = None,
) -> FillsFile:  # fmt: skip
    """The fills in JSON, JSON lines or a table; a ContractError when there are none."""
    spelled = Spelling() if spelling is None else spelling
    if len(raw) > MOST_BYTES:
        raise ContractError(f"{named} has {len(raw)} bytes; the limit is {MOST_BYTES}; split it")
    if raw.lstrip()[:1] in (b"[", b"{"):
        told = _json_rows(raw, named)
        form = find_format(row for _, row in told[:_LOOKED_AT])
        if form is None:
            raise ContractError(
                f"{named} is JSON of no form that is known; give one of {', '.join(NAMES)}"
            )
        return take_rows(form, told, named, spelled, prices or {})
    return _read_sheet(raw, named, spelled, prices or {})


def take_rows(
    form: Format, told: Iterable[tuple[int, Any]], named: str, spelling: Spelling,
    prices: Mapping[str, int],
) -> FillsFile:  # fmt: skip
    """Read rows of one form; a fill that was told before is refused."""
    fills: list[LifeFill] = []
    refused: list[RowRefused] = []
    seen: dict[tuple[str, str, str], int] = {}
    rows = passed_over = 0
    for line, fields in told:
        rows += 1
        try:
            if not isinstance(fields, dict):
                fault = RowFault.NOT_JSON if isinstance(fields, _Broken) else RowFault.NOT_A_FILL
                raise Unfit(fault, "", str(fields) if isinstance(fields, _Broken) else fields)
            fill = form.read(Row(fields, line, spelling, prices))
            if fill is None:
                passed_over += 1
                continue
            key = (fill.symbol, fill.fill_id, fill.order_id)
            if fill.fill_id and seen.setdefault(key, line) != line:
                raise Unfit(RowFault.DUPLICATE, "id", fill.fill_id)
        except Unfit as unfit:
            refused.append(RowRefused(line, unfit.fault, unfit.field, unfit.shown))
        else:
            fills.append(fill)
    found = FillsFile(form.name, tuple(fills), tuple(refused), passed_over, rows)
    if not fills:
        raise ContractError(_why_none(found, named))
    return found


class _Broken(str):
    """Why a line is no JSON."""


def _why_none(found: FillsFile, named: str) -> str:
    what = f"{named} holds no fill: {found.rows} rows of {found.form}"
    if found.passed_over:
        what += f", {found.passed_over} of another kind"
    if found.refused:
        first = found.refused[0]
        what += (f", {len(found.refused)} refused, the first at row {first.line} for"
                 f" {first.fault.value} {first.field} {first.shown}")  # fmt: skip
    return f"{what}; give a file of executions"


def _json_rows(raw: bytes, named: str) -> list[tuple[int, Any]]:
    """The rows of a list, or of lines; a line that cannot be read is one that is refused."""
    try:
        whole = load_strict(raw, named, digits=True, most_bytes=MOST_BYTES)
    except ContractError:
        if raw.lstrip()[:1] == b"[":
            raise
        return list(_line_rows(raw))
    rows = whole if isinstance(whole, list) else [whole]
    return list(enumerate(rows, 1))


def _line_rows(raw: bytes) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(raw.split(b"\n"), 1):
        if line.strip():
            try:
                yield number, load_strict(line, "the line", digits=True)
            except ContractError as error:
                yield number, _Broken(str(error))


def _read_sheet(
    raw: bytes, named: str, spelling: Spelling, prices: Mapping[str, int]
) -> FillsFile:
    """A table with a header."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ContractError(
            f"{named} is not UTF-8 at byte {error.start}; save it as UTF-8"
        ) from None
    if "\0" in text:
        raise ContractError(f"{named} holds a NUL byte; give a file of executions")
    rows = sheet_rows(text)
    _, header = next(rows, (0, []))
    header = [name.strip() for name in header]
    form = find_sheet(header)
    if form is None:
        shown = ",".join(header)
        raise ContractError(
            f"{named} begins with {shown!a:.60}, no header that is known; give one of"
            f" {', '.join(NAMES)}"
        )
    if len(dict.fromkeys(header)) != len(header):
        raise ContractError(f"{named} has a column twice; keep one of them")
    return take_rows(form, _sheet_fields(rows, header), named, spelling, prices)


def _sheet_fields(
    rows: Iterator[tuple[int, list[str]]], header: list[str]
) -> Iterator[tuple[int, Any]]:
    """Rows by the names of their columns; one with another number of fields is no row."""
    for line, fields in rows:
        if len(fields) == len(header):
            yield line, dict(zip(header, (field.strip() for field in fields)))
        elif fields:
            yield line, ",".join(fields)
