"""Tables of one's own: bars at their close and never before it, quotes as the demo reads them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.market_files import event, heard, items, refused, written
from tools.live.core.errors import ContractError
from tools.live.core.market_v1 import Bbo, Trade
from tools.live.market.importers import tables
from tools.live.market_source import open_market

E9 = 10**9
HEADER = b"timestamp,open,high,low,close,volume\n"
NOON = 1704067200 * E9
MINUTE = 60 * E9


def bars(folder: Path, *rows: str, header: bytes = HEADER) -> Path:
    return written(folder, header + "".join(f"{row}\n" for row in rows).encode())


def test_a_bar_is_a_trade_of_its_volume_at_its_end(tmp_path: Path) -> None:
    path = bars(tmp_path, "1704067200,1,3,0.5,2,10", "1704067260,2,2,2,2,5.5")
    market = open_market(str(path), symbol="X")
    assert market.format == "bars" and market.describe()["source"] == "bars"
    assert list(market) == [
        Trade("X", "bars", "1704067200", None, 2 * E9, 10 * E9, None, NOON + MINUTE,
              NOON + MINUTE),
        Trade("X", "bars", "1704067260", None, 2 * E9, 5_500_000_000, None, NOON + 2 * MINUTE,
              NOON + 2 * MINUTE),
    ]  # fmt: skip


@pytest.mark.parametrize(("stamps", "begin_ns"), [
    (("1704067200", "1704067260"), NOON),
    (("1704067200000", "1704067260000"), NOON),
    (("1704067200000000", "1704067260000000"), NOON),
    (("1704067200000000000", "1704067260000000000"), NOON),
    (("2024-01-01T00:00:00Z", "2024-01-01T00:01:00Z"), NOON),
])  # fmt: skip
def test_a_timestamp_may_be_in_any_unit(
    tmp_path: Path, stamps: tuple[str, str], begin_ns: int
) -> None:
    path = bars(tmp_path, *(f"{stamp},1,1,1,1,1" for stamp in stamps))
    assert [one.ts_ns for one in items(path, symbol="X")] == [
        begin_ns + MINUTE, begin_ns + 2 * MINUTE]  # fmt: skip


def test_columns_may_stand_in_any_order_and_name_the_symbol(tmp_path: Path) -> None:
    header = b"symbol,volume,close,low,high,open,timestamp\n"
    path = bars(tmp_path, "ETH,9,2,1,3,1,1704067200", "BTC,9,2,1,3,1,1704067260", header=header)
    assert [(one.symbol, one.qty) for one in items(path)] == [
        ("ETH", 9 * E9), ("BTC", 9 * E9)]  # fmt: skip
    assert [one.symbol for one in items(path, symbol="X")] == ["X", "X"]
    odd = bars(tmp_path, "e h,9,2,1,3,1,1704067200", "BTC,9,2,1,3,1,1704067260", header=header)
    assert refused(items(odd)[:1])[:2] == ("bad_symbol", "symbol")


def test_the_shortest_step_is_how_long_a_bar_is(tmp_path: Path) -> None:
    rows = ["1704067200,1,1,1,1,1", "1704153600,1,1,1,1,1", "1704157200,1,1,1,1,1",
            "x,1,1,1,1,1", "1704157200,1,1,1,1,1"]  # fmt: skip
    found = items(bars(tmp_path, *rows), symbol="X")
    assert event(found[:1]).ts_ns == NOON + 3600 * E9
    assert refused(found[3:4]) == ("bad_time", "timestamp", "b'x'")


def test_bars_that_do_not_say_how_long_they_are_are_refused(tmp_path: Path) -> None:
    for rows in (["1704067200,1,1,1,1,1"], ["1704067200,1,1,1,1,1"] * 2, [], ["x"]):
        with pytest.raises(ContractError, match="bars of which no two differ in time; give more"):
            heard(bars(tmp_path, *rows), symbol="X")


def test_a_last_bar_without_a_line_end_tells_no_length(tmp_path: Path) -> None:
    """It may be cut short, and then its time would be wrong."""
    assert tables.bar_ns(["timestamp"], [b"1704067200", b"1704067260"]) == MINUTE
    path = written(tmp_path, HEADER + b"1704067200,1,1,1,1,1\n1704067260,1,1,1,1,1")
    with pytest.raises(ContractError, match="no two differ"):
        heard(path, symbol="X")


@pytest.mark.parametrize(("row", "told"), [
    ("1704067260,1,3,0.5,NaN,10", ("bad_number", "close")),
    ("1704067260,0,3,0.5,1,10", ("bad_number", "open")),
    ("1704067260,1,0.9,0.5,0.8,10", ("bad_number", "high")),
    ("1704067260,1,3,0.5,2,-1", ("bad_number", "volume")),
    ("1704067260,1,3,0.5,2,0", ("not_data", "volume")),
    ("2024-02-30T00:00:00Z,1,3,0.5,2,1", ("bad_time", "timestamp")),
    ("8999999999999999999,1,3,0.5,2,1", ("bad_time", "timestamp")),
])  # fmt: skip
def test_a_wrong_bar_is_refused(tmp_path: Path, row: str, told: tuple[str, str]) -> None:
    path = bars(tmp_path, "1704067200,1,1,1,1,1", row, "1704067320,1,1,1,1,1")
    assert refused(items(path, symbol="X")[1:2])[:2] == told


def test_bars_need_a_symbol(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="holds bars without a symbol; name it with --symbol"):
        heard(bars(tmp_path, "1704067200,1,1,1,1,1"))


QUOTE = Bbo("BTC", "quotes", 50_000 * E9, 0, 50_000_500_000_000, 0, None, 5 * 10**6, 5 * 10**6)


@pytest.mark.parametrize(("content", "name", "first_line"), [
    (b"symbol,bid,ask,timestamp_ms\nBTC,50000,50000.5,5\n", "quotes-csv", 2),
    (b'note,timestamp_ms,ask,bid,symbol\n"a,b",5,50000.5,50000,BTC\n', "quotes-csv", 2),
    (b'{"symbol":"BTC","bid":50000,"ask":"50000.5","timestamp_ms":5}\n', "quotes-jsonl", 1),
])  # fmt: skip
def test_quotes_are_read_as_the_demo_reads_them(
    tmp_path: Path, content: bytes, name: str, first_line: int
) -> None:
    path = written(tmp_path, content + b"\n\n")
    assert open_market(str(path)).format == name
    assert heard(path) == [(first_line, first_line, (QUOTE,)), (first_line + 2, 2, ())]
    one = event(items(path, symbol="X", source="mine"))
    assert (one.symbol, one.source) == ("X", "mine")
    assert [one[0] for one in heard(written(tmp_path, content))] == [first_line]


@pytest.mark.parametrize(("row", "said"), [
    (b"BTC,NaN,1,5", "bid 'NaN' is not a number"), (b"BTC,1_0,1,5", "bid '1_0' is not a number"),
    (b"BTC,1e400,1,5", "bid '1e400' is beyond"), (b"BTC,1,1", "3 fields, but 4 columns"),
    (b'BTC,"1,1,5', "unexpected end of data"), (b"BTC,1,1,5\xff", "no UTF-8 at byte 9"),
])  # fmt: skip
def test_a_wrong_quote_ends_the_reading(tmp_path: Path, row: bytes, said: str) -> None:
    path = written(tmp_path, b"symbol,bid,ask,timestamp_ms\nBTC,1,2,4\n" + row + b"\n")
    with pytest.raises(ContractError) as caught:
        heard(path)
    assert said in str(caught.value) and f"at line 3 of market {str(path)!r}; " in str(caught.value)
