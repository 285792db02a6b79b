"""Bars from files, read strictly."""

from __future__ import annotations

import pytest

from tools.live.core.errors import ContractError
from tools.live.core.money import SCALE
from tools.live.market.importers import candles
from tools.live.sim import bar_files
from tools.live.sim.bar import Bar
from tools.live.sim.bar_files import read_bars

MINUTE = 60 * 10**9
T_MS = 1_700_000_040_000
T = T_MS * 10**6
HEADER = ",".join(bar_files.KLINES).encode()
KLINE = b"%d,10.5,11,10,10.75,3,%d,0,7,0,0,0"
TABLE = b"timestamp,open,high,low,close,volume\n"


def kline(place: int) -> bytes:
    begin = T_MS + 60_000 * place
    return KLINE % (begin, begin + 59_999)


def a_bar(place: int, source: str) -> Bar:
    begin = T + place * MINUTE
    prices = (21 * SCALE // 2, 11 * SCALE, 10 * SCALE, 43 * SCALE // 4)
    return Bar("X", source, *prices, 3 * SCALE, begin, begin + MINUTE)


@pytest.mark.parametrize("start", [b"", HEADER + b"\n"])
def test_klines(start: bytes) -> None:
    data = start + kline(0) + b"\n" + kline(2) + b"\n"
    expected = [a_bar(0, "binance-spot"), a_bar(2, "binance-spot")]
    assert read_bars([data[:50], data[50:]], "X") == expected
    assert read_bars([start + kline(0)], "X", source="mine") == [a_bar(0, "mine")]


def test_klines_in_microseconds() -> None:
    line = KLINE % (T_MS * 1000, (T_MS + 60_000) * 1000 - 1)
    assert read_bars([line], "X") == [a_bar(0, "binance-spot")]


def test_candles() -> None:
    data = b" [[%d,10.5,11,1e1,10.75,3],\n[%d, 10.5, 11, 10.0, 10.75, 3.0]]"
    data %= (T_MS, T_MS + 60_000)
    assert read_bars([data], "X") == [a_bar(0, "freqtrade"), a_bar(1, "freqtrade")]
    dust = b"[[%d,10.5,11,10,10.75,0.30000000000000004]]" % T_MS
    assert read_bars([dust], "X", length_ns=MINUTE)[0].volume == 3 * SCALE // 10
    assert read_bars([b"[]"], "X") == []


def test_a_table() -> None:
    rows = b"%d,10.5,11,10,10.75,3\r\n%d,10.5,11,10,10.75,3\r\n"
    data = TABLE.replace(b"\n", b"\r\n") + rows % (T_MS // 1000, T_MS // 1000 + 180)
    assert [bar.end_ns - bar.begin_ns for bar in read_bars([data], "X")] == [3 * MINUTE] * 2
    bars = read_bars([data], "X", length_ns=MINUTE)
    assert bars == [a_bar(0, "bars"), a_bar(3, "bars")]


@pytest.mark.parametrize(("data", "what"), [
    (b"", "bars of an empty file; give a table or an array"),
    (b" \n", "bars of an empty file"),
    (b"1,2,3", "bars that begin with b'1,2,3'; give klines of 12 columns"),
    (b"a,b,c,d,e,f,g,h,i,j,k,l", "bars that begin with b'a,b,c"),
    (kline(0) + b",1\n", "bars that begin with"),
    (kline(0) + b"\n1,2\n", "2 fields, but 12 columns at line 2; correct the line"),
    (TABLE + b"1700000040,1,1,1,1,NaN", "volume b'NaN' is none that we take at line 2"),
    (TABLE + b"1700000040,0,1,1,1,1", "open b'0' is none that we take at line 2"),
    (TABLE + b"1_0,1,1,1,1,1", "timestamp b'1_0' is none that we take at line 2"),
    (TABLE + b"1700000040,1,1,1,1,1", "a single bar does not say how long it is at line 2; give"),
    (TABLE + b"1700000040,1,1,1,1,1\n1700000040,1,1,1,1,1", "a single bar does not say"),
    (kline(0) + b"\n" + kline(0), "begins before the one in front of it is over at line 2; sort"),
    (kline(1) + b"\n" + kline(0), "begins before the one in front of it is over at line 2; sort"),
    (b"%d,2,1,1,1,1,%d,0,0,0,0,0" % (T_MS, T_MS), "open, high, low, close 2 1 1 1 are no bar at l"),
    (b"[1]", "no list of time, open, high, low, close and volume at candle 1; correct it"),
    (b"[[1,2]]", "no list of time"),
    (b'[["1",1,1,1,1,1]]', "time '1' is no whole number of milliseconds since 1970 at candle 1"),
    (b"[[1.5,1,1,1,1,1]]", "time '1.5' is no whole number"),
    (b"[[true,1,1,1,1,1]]", "time True is no whole number"),
    (b"[[99999999999999999,1,1,1,1,1]]", "is no whole number of milliseconds"),
    (b'[[1,"1",1,1,1,1]]', "open '1' is not a number at candle 1"),
    (b"[[1,true,1,1,1,1]]", "open True is not a number"),
    (b"[[1,1e400,1,1,1,1]]", "open|an array of candles"),
    (b"[[1,NaN,1,1,1,1]]", "an array of candles holds NaN"),
    (b"[[1,0.1234567891,1,1,1,1]]", "open 0.1234567891 has more than 9 decimals at candle 1"),
    (b"[[1,1,1,1,1,1]", "an array of candles is not JSON"),
])  # fmt: skip
def test_what_is_no_bar_ends_the_reading(data: bytes, what: str) -> None:
    with pytest.raises(ContractError, match=what.replace("(", r"\(")):
        read_bars([data], "X")


def test_a_file_without_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candles, "MOST_BYTES", 10)
    with pytest.raises(ContractError, match="bars of more than 10 bytes; split the file"):
        read_bars(iter([b"x" * 11]), "X")
