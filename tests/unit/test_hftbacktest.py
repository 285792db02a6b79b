"""hftbacktest's arrays: flags, doubles, and messages out of neighbouring rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.market_files import event, heard, items, npy, npz, refused, written
from tools.live.core.contracts_v1 import BUY, SELL
from tools.live.core.errors import ContractError
from tools.live.core.market_v1 import DepthDiff, DepthSnapshot, Trade
from tools.live.market.importers import hftbacktest
from tools.live.market_source import open_market

LOCAL, EXCHANGE, BID, ASK = 1 << 30, 1 << 31, 1 << 29, 1 << 28
BOTH = LOCAL | EXCHANGE
DEPTH, TRADE, CLEAR, SNAPSHOT, BBO = 1, 2, 3, 4, 5
T = 1723161254087891268
E9 = 10**9
A_TRADE = (BOTH | ASK | TRADE, T, T + 5, 61837.63, 0.02)


def say(folder: Path, *events: tuple[int, int, int, float, float]) -> list[Any]:
    return items(written(folder, npz(events)), symbol="X")


def test_a_trade(tmp_path: Path) -> None:
    path = written(tmp_path, npz([A_TRADE]))
    market = open_market(str(path), symbol="X")
    assert market.format == "hftbacktest" and market.describe()["source"] == "hftbacktest"
    assert list(market) == [
        Trade("X", "hftbacktest", "", SELL, 61_837_630_000_000, 20_000_000, None, T, T + 5)
    ]
    assert event(items(path, symbol="X", source="mine")).source == "mine"
    assert say(tmp_path, (LOCAL | TRADE, T, T, 1.0, 1.0))[0].side is None
    assert say(tmp_path, (LOCAL | BID | TRADE, T, T, 1.0, 1.0))[0].side is BUY


def test_neighbouring_rows_of_depth_with_equal_times_are_one_diff(tmp_path: Path) -> None:
    assert say(
        tmp_path, (BOTH | BID | DEPTH, T, T + 5, 0.1 + 0.2, 5.0),
        (BOTH | ASK | DEPTH, T, T + 5, 2, 0),
        (BOTH | BID | DEPTH, T + 1, T + 5, 1.0, 1.0), (BOTH | BID | DEPTH, T + 1, T + 6, 1.0, 2.0),
    ) == [
        DepthDiff("X", "hftbacktest", ((300_000_000, 5 * E9),), ((2 * E9, 0),), None, None, None, T,
                  T + 5),
        DepthDiff("X", "hftbacktest", ((E9, E9),), (), None, None, None, T + 1, T + 5),
        DepthDiff("X", "hftbacktest", ((E9, 2 * E9),), (), None, None, None, T + 1, T + 6),
    ]  # fmt: skip


def test_a_clearing_and_the_snapshot_behind_it_are_one_snapshot(tmp_path: Path) -> None:
    assert say(
        tmp_path, (BOTH | BID | CLEAR, T, T, 1.0, 0), (BOTH | BID | SNAPSHOT, T, T, 1.0, 3.0),
        (BOTH | ASK | CLEAR, T, T, 2.0, 0), (BOTH | ASK | SNAPSHOT, T + 1, T, 2.0, 4.0),
        (BOTH | ASK | SNAPSHOT, T, T, 2.5, 0.0), A_TRADE,
    )[:1] == [
        DepthSnapshot("X", "hftbacktest", ((E9, 3 * E9),), ((2 * E9, 4 * E9),), None, T, T)
    ]  # fmt: skip


def test_a_diff_does_not_go_on_as_a_snapshot_nor_a_trade_at_all(tmp_path: Path) -> None:
    assert [one.__class__.__name__ for one in say(
        tmp_path, (BOTH | BID | DEPTH, T, T, 1.0, 1.0), (BOTH | BID | SNAPSHOT, T, T, 1.0, 3.0),
        (BOTH | BID | DEPTH, T, T, 1.0, 1.0), (BOTH | BID | TRADE, T, T, 1.0, 1.0),
        (BOTH | BID | TRADE, T, T, 1.0, 1.0),
    )] == ["DepthDiff", "DepthSnapshot", "DepthDiff", "Trade", "Trade"]  # fmt: skip


def test_rows_for_the_exchange_alone_are_passed_over(tmp_path: Path) -> None:
    path = written(tmp_path, npz([(EXCHANGE | BID | TRADE, T, T, 1.0, 1.0), A_TRADE]))
    assert [(number, rows, len(said)) for number, rows, said in heard(path, symbol="X")] == [
        (1, 1, 0), (2, 1, 1),
    ]  # fmt: skip


@pytest.mark.parametrize(("row", "told"), [
    ((LOCAL | 7, T, T, 1.0, 1.0), ("unknown_type", "ev")),
    ((LOCAL | 0x101, T, T, 1.0, 1.0), ("bad_side", "ev")),
    ((LOCAL | DEPTH, T, T, 1.0, 1.0), ("bad_side", "ev")),
    ((LOCAL | BID | ASK | DEPTH, T, T, 1.0, 1.0), ("bad_side", "ev")),
    ((LOCAL | BID | DEPTH, 0, T, 1.0, 1.0), ("bad_time", "local_ts")),
    ((LOCAL | BID | DEPTH, T, -1, 1.0, 1.0), ("bad_time", "local_ts")),
    ((LOCAL | BID | DEPTH, T, 9 * 10**18 + 1, 1.0, 1.0), ("bad_time", "local_ts")),
    ((LOCAL | BID | DEPTH, 9 * 10**18 + 1, T, 1.0, 1.0), ("bad_time", "local_ts")),
    ((LOCAL | BID | DEPTH, T, T, float("nan"), 1.0), ("bad_number", "px")),
    ((LOCAL | BID | DEPTH, T, T, 0.0, 1.0), ("bad_number", "px")),
    ((LOCAL | BID | DEPTH, T, T, 1.0, -1.0), ("bad_number", "qty")),
    ((LOCAL | BID | DEPTH, T, T, 1.0, float("inf")), ("bad_number", "qty")),
    ((LOCAL | BID | TRADE, T, T, 1e300, 1.0), ("bad_number", "px")),
    ((LOCAL | BID | TRADE, T, T, 1.0, 0.0), ("bad_number", "qty")),
    ((LOCAL | BID | TRADE, T, T, 1.0, 1e-12), ("bad_number", "qty")),
    ((LOCAL | BID | BBO, T, T, 1.0, 1.0), ("not_data", "ev")),
    ((LOCAL | BID | CLEAR, T, T, 1.0, 0.0), ("not_data", "ev")),
    ((LOCAL | CLEAR, T, T, 1.0, 0.0), ("not_data", "ev")),
])  # fmt: skip
def test_a_wrong_row_is_refused_and_the_rest_goes_on(
    tmp_path: Path, row: tuple[int, int, int, float, float], told: tuple[str, str]
) -> None:
    first, second = say(tmp_path, row, A_TRADE)
    assert refused([first])[:2] == told
    assert isinstance(second, Trade)


def test_the_first_wrong_row_of_a_message_is_the_one_that_is_told(tmp_path: Path) -> None:
    depth = BOTH | BID | DEPTH
    (one,) = say(tmp_path, (depth, T, T, 1.0, 1.0), (depth, T, T, 0.0, 1.0), (depth, T, T, 1.0, -1))
    assert refused([one])[:2] == ("bad_number", "px")


def test_a_message_is_not_longer_than_any_book(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hftbacktest, "MOST_ROWS", 3)
    rows = [(BOTH | BID | DEPTH, T, T, float(n), 1.0) for n in range(1, 5)]
    assert len(say(tmp_path, *rows[:3])) == 1
    with pytest.raises(ContractError, match="a message of more than 3 rows at line 4 .*; split"):
        say(tmp_path, *rows)


def test_what_is_kept_of_numbers_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hftbacktest, "_MOST_KEPT", 2)
    monkeypatch.setattr(hftbacktest, "_kept", {})
    rows = [(BOTH | BID | TRADE, T, T, float(n), 1.0) for n in (1, 2, 3, 1)]
    assert [one.price for one in say(tmp_path, *rows)] == [E9, 2 * E9, 3 * E9, E9]
    assert len(hftbacktest._kept) <= 2


def test_an_array_outside_an_archive_and_of_the_second_version_is_read(tmp_path: Path) -> None:
    for content in (npy([A_TRADE]), npy([A_TRADE], version=2)):
        assert isinstance(event(items(written(tmp_path, content), symbol="X")), Trade)
    assert items(written(tmp_path, npy([])), symbol="X") == []


def test_many_rows_come_through_blocks_of_any_size(tmp_path: Path) -> None:
    rows = [(BOTH | BID | TRADE, T + n, T + n, 1.0, 1.0) for n in range(5000)]
    found = items(written(tmp_path, npy(rows)), symbol="X")
    assert [one.ts_ns for one in found] == [T + n for n in range(5000)]


def complaint(folder: Path, content: bytes) -> str:
    with pytest.raises(ContractError) as caught:
        items(written(folder, content), symbol="X")
    return str(caught.value)


def test_an_array_that_is_cut_or_longer_than_it_says_is_refused(tmp_path: Path) -> None:
    whole = npy([A_TRADE, A_TRADE])
    assert "1 rows where 2 are promised at line 1" in complaint(tmp_path, whole[:-1])
    assert "2 rows where 2 are promised at line 2" in complaint(tmp_path, whole + b"x")
    longer = npy([A_TRADE, A_TRADE], shape=1)
    assert complaint(tmp_path, longer).endswith("; get the file again")


@pytest.mark.parametrize("content", [
    b"\x93NUMPY", b"\x93NUMPY\x01\0", b"\x93NUMPY\x03\0" + bytes(200), b"\x93NUMPY\x02\0\1",
], ids=["short", "no length", "version", "no second length"])  # fmt: skip
def test_an_array_of_an_unknown_version_is_refused(tmp_path: Path, content: bytes) -> None:
    assert "a .npy of an unknown version" in complaint(tmp_path, content)


@pytest.mark.parametrize(("old", "new"), [
    (b"<f8", b">f8"), (b"False", b"True "), (b"'ival'", b"'oval'"), (b"(1,)", b"(1,1)"),
    (b"(1,)", b"(-1,)"), (b"\n", b" "),
])  # fmt: skip
def test_another_array_is_refused(tmp_path: Path, old: bytes, new: bytes) -> None:
    head, tail = npy([A_TRADE])[:256], npy([A_TRADE])[256:]
    said = complaint(tmp_path, head.replace(old, new, 1) + tail)
    assert "a .npy that is no array of events" in said


def test_a_header_longer_than_the_file_is_refused(tmp_path: Path) -> None:
    assert "a .npy that is no array of events" in complaint(tmp_path, npy([])[:100])


def test_without_a_symbol_an_array_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="hftbacktest's data without a symbol; name it with"):
        heard(written(tmp_path, npz([A_TRADE])))
