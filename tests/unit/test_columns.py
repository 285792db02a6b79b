"""Fields of a table: numbers exactly, times by their digits, and nothing half understood."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tools.live.core.contracts_v1 import BUY
from tools.live.core.errors import ContractError
from tools.live.core.market_v1 import FeedStale
from tools.live.market.importers import columns
from tools.live.market.importers.columns import (
    Columns, Numbers, Sides, Times, check_width, read_rows, whole, wholes,
)  # fmt: skip
from tools.live.market.importers.lines import Item, Lines
from tools.live.market.normalize.wire import Unusable


def fault(read: Callable[[], Any]) -> tuple[str, str, str]:
    with pytest.raises(Unusable) as caught:
        read()
    told = caught.value.refused
    return told.fault.value, told.field, told.shown


@pytest.mark.parametrize(("raw", "scaled"), [
    (b"0", 0), (b"0.0", 0), (b"61837.63000000", 61_837_630_000_000), (b"007.5", 7_500_000_000),
    (b"1e-7", 100), (b"1E3", 10**12), (b"2.5e+1", 25 * 10**9), (b"0.000000001", 1),
    (b"0.0000000010", 1), (b"1" + b"0" * 15, 10**24),
])  # fmt: skip
def test_a_number_is_read_exactly(raw: bytes, scaled: int) -> None:
    numbers = Numbers("price")
    assert numbers[raw] == scaled
    assert numbers[raw] == scaled and list(numbers) == [raw]


@pytest.mark.parametrize("raw", [
    b"", b"NaN", b"nan", b"inf", b"1e400", b"1_0", b"-1", b"+1", b" 1", b"1 ", b"1,0", b".5",
    b"5.", b"0x1", b"1e", b"--1", b"0.0000000001", b"1" + b"0" * 16, b"\xd9\xa3", b"1\n",
])  # fmt: skip
def test_what_is_no_plain_number_is_refused(raw: bytes) -> None:
    numbers = Numbers("price")
    assert fault(lambda: numbers[raw])[:2] == ("bad_number", "price")
    assert fault(lambda: numbers[raw])[2] == f"{raw!a:.60}"
    assert not numbers


def test_a_price_is_above_zero_where_it_must_be() -> None:
    assert fault(lambda: Numbers("price", 1)[b"0.00"]) == ("bad_number", "price", "b'0.00'")
    assert Numbers("price", 1)[b"0.000000001"] == 1


def test_what_is_kept_of_a_column_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "_MOST_KEPT", 3)
    numbers = Numbers("price")
    assert [numbers[b"%d" % n] for n in range(5)] == [n * 10**9 for n in range(5)]
    assert list(numbers) == [b"3", b"4"]


def test_a_side_is_one_of_the_columns_words() -> None:
    sides = Sides("side", {b"buy": BUY, b"unknown": None})
    assert sides[b"buy"] is BUY and sides[b"unknown"] is None
    assert fault(lambda: sides[b"BUY"]) == ("bad_side", "side", "b'BUY'")


@pytest.mark.parametrize(("raw", "ns"), [
    (b"1723161254", 1723161254 * 10**9), (b"1723161254087", 1723161254087 * 10**6),
    (b"1723161254087891", 1723161254087891 * 10**3), (b"1723161254087891268", 1723161254087891268),
    (b"9000000000000000000", 9 * 10**18), (b"0000000000", 0),
])  # fmt: skip
def test_the_digits_of_a_time_say_its_unit(raw: bytes, ns: int) -> None:
    assert Times("time", (10, 13, 16, 19))[raw] == ns


@pytest.mark.parametrize("raw", [
    b"", b"0", b"172316125408", b"17231612540878", b"1723161254.87", b"-172316125408",
    b"9000000000000000001", b"9999999999999999999", b"1_23161254087", b"+723161254087",
])  # fmt: skip
def test_what_is_no_time_is_refused(raw: bytes) -> None:
    times = Times("time", (13, 16, 19))
    assert fault(lambda: times[raw]) == ("bad_time", "time", repr(raw))


def test_the_times_that_are_kept_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "_MOST_TIMES", 3)
    times = Times("time", (10,))
    assert [times[b"%010d" % n] for n in range(5)] == [n * 10**9 for n in range(5)]
    assert list(times) == [b"%010d" % n for n in (3, 4)]


def test_a_column_has_the_units_that_it_may_have() -> None:
    assert fault(lambda: Times("time", (13,))[b"1723161254087891"])[0] == "bad_time"


def test_a_column_of_times_is_read_at_once() -> None:
    times = Times("time", (13, 16))
    assert times.all((b"1723161254087",)) == [1_723_161_254_087_000_000]
    raws = (b"1723161254087891", b"1723161254087890", b"1723161254087891")
    assert times.all(raws) == [times[raw] for raw in raws]
    assert times.all((b"9000000000000", b"0000000000000")) == [9 * 10**18, 0]


@pytest.mark.parametrize("raws", [
    (b"",), (b"", b"1723161254087"), (b"1723161254087", b""), (b"172316125408",),
    (b"1723161254087", b"1723161254087891"), (b"1723161254087891", b"1723161254087"),
    (b"1723161254087", b"17231612540_7"),
    (b"1723161254087", b"+723161254087"), (b"1723161254087", b"172316125408\xb2"),
    (b"1723161254087", b"9000000000001"), (b"172316125408", b"17231612540871"),
])  # fmt: skip
def test_a_column_with_an_odd_time_is_left_to_its_rows(raws: tuple[bytes, ...]) -> None:
    with pytest.raises(ValueError):
        Times("time", (13, 16)).all(raws)


def test_a_venues_number_is_whole_and_not_too_long() -> None:
    assert whole(b"0", "id") == 0 and whole(b"9" * 18, "id") == 10**18 - 1
    for raw in (b"", b"-1", b"1.0", b"1_0", b"9" * 19, b"x"):
        assert fault(lambda raw=raw: whole(raw, "id")) == ("bad_sequence", "id", repr(raw))


def test_rows_are_read_and_the_others_counted() -> None:
    def read(fields: list[bytes]) -> FeedStale:
        return FeedStale("X", "y", whole(fields[0], "a"), 0)

    heard = list(read_rows(Lines([b"a,b\n1,2\n\nx,2\n3,4"]), 2, read, headed=True))
    assert [(number, rows, len(items)) for number, rows, items in heard] == [
        (1, 1, 0), (2, 1, 1), (3, 1, 0), (4, 1, 1), (5, 1, 1),
    ]  # fmt: skip
    assert heard[4][2] == (FeedStale("X", "y", 3, 0),)
    assert len(list(read_rows(Lines([b"1,2\n"]), 2, read, headed=False))[0][2]) == 1


@pytest.mark.parametrize("line", [b"1", b"1,2,3", b" ", b"1,2,"])
def test_a_row_of_another_width_ends_the_reading(line: bytes) -> None:
    rows = read_rows(Lines([b"a,b\n", line]), 2, lambda _: FeedStale("X", "y", 1, 0), headed=True)
    with pytest.raises(ContractError, match=r"\d fields, but 2 columns at line 2; correct the l"):
        list(rows)
    check_width(b"", [b""], 2, 1)


def test_a_column_of_numbers_is_whole_in_every_row() -> None:
    assert wholes([b"7", b"007", b"9" * 18]) == [7, 7, 10**18 - 1]
    for raw in (b"", b"-1", b"1_0", b"9" * 19, b"x"):
        with pytest.raises(ValueError):
            wholes([b"7", raw])


def test_rows_are_read_together_unless_one_is_odd() -> None:
    taken: list[int] = []

    def read_all(columns: Columns) -> list[Item]:
        taken.append(len(columns[0]))
        return [FeedStale("X", "y", n, 0) for n in wholes(columns[0])]

    def read(fields: list[bytes]) -> FeedStale:
        return FeedStale("X", "y", whole(fields[0], "a"), 0)

    def heard(*blocks: bytes, headed: bool = False) -> list[tuple[int, int, int]]:
        rows = read_rows(Lines(blocks), 2, read, headed=headed, read_all=read_all)
        return [(number, count, len(items)) for number, count, items in rows]

    assert heard(b"1,2\n3,4\n", b"5,6\n") == [(2, 2, 2), (3, 1, 1)]
    assert heard(b"1,2\nx,4\n", b"5,6\n") == [(1, 1, 1), (2, 1, 1), (3, 1, 1)]
    assert heard(b"1,2\n\n3,4\n") == [(1, 1, 1), (2, 1, 0), (3, 1, 1)]
    assert taken == [2, 1, 2, 1]
    assert heard(b"a,b\n1,2\n", b"3,4\n5,6\n", headed=True) == [(1, 1, 0), (2, 1, 1), (4, 2, 2)]
    assert heard(b"1,2\n3,4\n", headed=True) == [(1, 1, 0), (2, 1, 1)]
    with pytest.raises(ContractError, match="3 fields, but 2 columns at line 1"):
        heard(b"1,2,3\n1,2,3\n")
