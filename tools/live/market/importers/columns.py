"""Tables: rows of fields, and each kind of field from its text to what an event takes.

What arrives together is read a column at a time, because that costs less than a row at a time;
where anything is odd among it, its rows are read one by one, which tells what.

A row with another number of fields is no row of this table: the file is refused there. A field
that is no number, no time or no side is refused with its row, which is counted, and the rest of
the file goes on. Prices and sizes come again and again, so what was read once is kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias, TypeVar

from ...core.clock import NS_PER_MS, NS_PER_S
from ...core.errors import ContractError
from ...core.money import to_e9
from ...core.words_v1 import Side
from ..normalize.wire import LATEST_NS, Unusable, WireFault, WireRefused
from .lines import Item, Lines, wrong

_MOST_KEPT = 1 << 16
_MOST_TIMES = 1 << 10  # they come again only at once
_MOST_DIGITS = 18
Columns: TypeAlias = Sequence[tuple[bytes, ...]]
Read: TypeAlias = Callable[[list[bytes]], Item]
ReadAll: TypeAlias = Callable[[Columns], list[Item]]
Row = TypeVar("Row")
Readers: TypeAlias = tuple[Read, ReadAll | None]  # of one row, and of many at once

_number = re.compile(rb"[0-9]{1,40}(?:\.[0-9]{1,40})?(?:[eE][+-]?[0-9]{1,3})?").fullmatch
_UNITS = {10: NS_PER_S, 13: NS_PER_MS, 16: 1000, 19: 1}  # by the digits of any time since 2001


class Numbers(dict[bytes, int]):
    """The texts of one column at 10^9; what is no plain number is refused by the column's name."""

    def __init__(self, name: str, least: int = 0) -> None:
        super().__init__()
        self._name = name
        self._least = least

    def __missing__(self, raw: bytes) -> int:
        if len(self) >= _MOST_KEPT:
            self.clear()
        try:
            scaled = to_e9(raw.decode("ascii"), self._name) if _number(raw) else -1
        except ContractError:
            scaled = -1
        if scaled < self._least:
            raise Unusable(WireFault.BAD_NUMBER, self._name, raw)
        self[raw] = scaled
        return scaled


class Sides(dict[bytes, Side | None]):
    """The words of a column that says who traded; another word is refused."""

    def __init__(self, name: str, words: dict[bytes, Side | None]) -> None:
        super().__init__(words)
        self._name = name

    def __missing__(self, raw: bytes) -> None:
        raise Unusable(WireFault.BAD_SIDE, self._name, raw)


class Times(dict[bytes, int]):
    """A column of times, whole and since 1970; how many digits they have says their unit."""

    def __init__(self, name: str, digits: tuple[int, ...]) -> None:
        super().__init__()
        self._name = name
        self._units = {count: _UNITS[count] for count in digits}

    def __missing__(self, raw: bytes) -> int:
        unit = self._units.get(len(raw))
        if unit is None or not raw.isdigit() or (ns := int(raw) * unit) > LATEST_NS:
            raise Unusable(WireFault.BAD_TIME, self._name, raw)
        if len(self) >= _MOST_TIMES:
            self.clear()
        self[raw] = ns
        return ns

    def all(self, raws: Sequence[bytes]) -> list[int]:
        """The same for a column, where all are of one unit; else a ValueError."""
        count = len(raws[0])
        unit = self._units.get(count)
        if unit is None or not b"".join(raws).isdigit() or {*map(len, raws)} != {count}:
            raise ValueError
        times = [int(raw) * unit for raw in raws]
        if max(times) > LATEST_NS:
            raise ValueError
        return times


def whole(raw: bytes, name: str) -> int:
    """A venue's own number."""
    if not raw.isdigit() or len(raw) > _MOST_DIGITS:
        raise Unusable(WireFault.BAD_SEQUENCE, name, raw)
    return int(raw)


def wholes(raws: Sequence[bytes]) -> list[int]:
    """The same for a column; a ValueError when one of them is none."""
    if not b"".join(raws).isdigit() or max(map(len, raws)) > _MOST_DIGITS:
        raise ValueError
    return [*map(int, raws)]  # which refuses an empty one


def read_rows(
    lines: Lines, width: int, read: Callable[[list[bytes]], Row], *, headed: bool,
    read_all: Callable[[Columns], list[Row]] | None = None,
) -> Iterator[tuple[int, int, Sequence[Row | WireRefused]]]:  # fmt: skip
    """What every row says; `headed` passes over the first line."""
    for batch in lines.batches():
        number = lines.number - len(batch)
        if read_all is not None and not (headed and not number):
            found = _at_once(batch, width, read_all)
            if found is not None:
                yield lines.number, len(batch), found
                continue
        for line in batch:
            number += 1
            fields = line.split(b",")
            if len(fields) != width or (headed and number == 1):
                check_width(line, fields, width, number)
                yield number, 1, ()
                continue
            try:
                yield number, 1, (read(fields),)
            except Unusable as unusable:
                yield number, 1, (unusable.refused,)


def _at_once(
    batch: list[bytes], width: int, read_all: Callable[[Columns], list[Row]]
) -> list[Row] | None:
    """What many rows say; None when one of them is not as all should be."""
    try:
        columns = [*zip(*[line.split(b",") for line in batch], strict=True)]
        return read_all(columns) if len(columns) == width else None
    except (Unusable, ValueError):
        return None


def check_width(line: bytes, fields: list[bytes], width: int, number: int) -> None:
    """A ContractError when a line that says something has too few fields, or too many."""
    if line and len(fields) != width:
        raise wrong(f"{len(fields)} fields, but {width} columns", number)
