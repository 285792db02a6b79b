"""Recorded quotes under attack: each bad file is refused with its line, before anything trades."""

from __future__ import annotations

import json
import os
from collections.abc import Callable

import pytest

from tests.hostile.refusals import Refuse
from tools.live import exec_demo

Hostile = Callable[[str, bytes], str]

HEAD = b"symbol,bid,ask,timestamp_ms\n"
GOOD = b"A,1,2,1000\n"

# What the file holds, the line, what is said.
FILES: dict[str, tuple[bytes, int, str]] = {
    "empty": (b"", 0, "nothing"),
    "blank line": (b"\n", 1, "0 columns 'symbol' in ''"),
    "no header": (GOOD, 1, "0 columns 'symbol' in 'A,1,2,1000'"),
    "column missing": (b"symbol,bid,timestamp_ms\n", 1, "0 columns 'ask' in"),
    "column twice": (b"symbol,bid,ask,bid,timestamp_ms\n", 1, "2 columns 'bid' in"),
    "column in capitals": (b"SYMBOL,bid,ask,timestamp_ms\n", 1, "0 columns 'symbol'"),
    "semicolons": (HEAD.replace(b",", b";"), 1, "0 columns 'symbol'"),
    "tabs": (HEAD.replace(b",", b"\t"), 1, "0 columns 'symbol'"),
    "only a header of quotes": (b'"', 1, "unexpected end of data"),
    "too few fields": (HEAD + b"A,1,2\n", 2, "3 fields, but 4 columns"),
    "too many fields": (HEAD + GOOD + b"A,1,2,1000,5\n", 3, "5 fields, but 4 columns"),
    "half a line": (HEAD + GOOD + b"A,1,2", 3, "3 fields, but 4 columns"),
    "space in a field": (HEAD + b"A, 1,2,1000\n", 2, "bid ' 1' is not a number"),
    "no number": (HEAD + b"A,one,2,1000\n", 2, "bid 'one' is not a number"),
    "no bid": (HEAD + b"A,,2,1000\n", 2, "bid '' is not a number"),
    "NaN": (HEAD + b"A,nan,2,1000\n", 2, "bid 'nan' is not a number"),
    "inf": (HEAD + b"A,1,inf,1000\n", 2, "ask 'inf' is not a number"),
    "1e400": (HEAD + b"A,1,1e400,1000\n", 2, "ask '1e400' is beyond"),
    "huge": (HEAD + b"A,1,1e16,1000\n", 2, "ask '1e16' is beyond"),
    "underscore": (HEAD + b"A,1_0,2,1000\n", 2, "bid '1_0' is not a number"),
    "arabic digit": (HEAD + "A,\u0663,4,1000\n".encode(), 2, "is not a number"),
    "hexadecimal": (HEAD + b"A,0x1,2,1000\n", 2, "bid '0x1' is not a number"),
    "decimal comma": (HEAD + b'A,"1,5",2,1000\n', 2, "bid '1,5' is not a number"),
    "ten decimals": (HEAD + b"A,1.0000000001,2,1000\n", 2, "has more than 9 decimals"),
    "zero": (HEAD + b"A,0,2,1000\n", 2, "bid '0' must be above 0"),
    "negative": (HEAD + b"A,1,-2,1000\n", 2, "ask '-2' must be above 0"),
    "no symbol": (HEAD + b",1,2,1000\n", 2, "symbol '' is not 1 to 32 upper-case"),
    "lower-case symbol": (HEAD + b"btc,1,2,1000\n", 2, "symbol 'btc' is not 1 to 32"),
    "long symbol": (HEAD + b"A" * 33 + b",1,2,1000\n", 2, "is not 1 to 32 upper-case"),
    "markup": (HEAD + b"<SCRIPT>,1,2,1000\n", 2, "symbol '<SCRIPT>' is not 1 to 32"),
    "formula": (HEAD + b"=A1,1,2,1000\n", 2, "symbol '=A1' is not 1 to 32"),
    "time goes back": (HEAD + GOOD + b"B,1,2,999\n", 3, "timestamp_ms goes back"),
    "microseconds": (HEAD + b"A,1,2,1735689600000000\n", 2, "is not whole milliseconds since"),
    "nanoseconds": (HEAD + b"A,1,2,1735689600000000000\n", 2, "is not whole milliseconds"),
    "negative time": (HEAD + b"A,1,2,-1\n", 2, "timestamp_ms '-1' is not whole milliseconds"),
    "time with a fraction": (HEAD + b"A,1,2,1000.5\n", 2, "is not whole milliseconds"),
    "time as text": (HEAD + b"A,1,2,2025-01-01\n", 2, "is not whole milliseconds since 1970"),
    "no time": (HEAD + b"A,1,2,\n", 2, "timestamp_ms '' is not whole milliseconds"),
    "signed time": (HEAD + b"A,1,2,+1000\n", 2, "is not whole milliseconds"),
    "superscript time": (HEAD + "A,1,2,\u00b2\n".encode(), 2, "is not whole milliseconds"),
    "NUL": (HEAD + b"A\0,1,2,1000\n", 2, "a NUL byte"),
    "all NUL": (b"\0" * 4096, 1, "a NUL byte"),
    "byte order mark": (b"\xef\xbb\xbf" + HEAD + GOOD, 1, "a byte order mark"),
    "UTF-16": ((HEAD + GOOD).decode().encode("utf-16"), 1, "a NUL byte"),
    "Latin-1": (HEAD + GOOD + b"\xc9TH,1,2,1000\n", 3, "no UTF-8 at byte 0"),
    "gzip": (b"\x1f\x8b\x08" + b"\xff" * 40 + b"\n", 1, "no UTF-8 at byte 1"),
    "huge line": (HEAD + b"A" * 70_000 + b"\n", 2, "more than 65536 bytes"),
    "huge header": (b"a," * 40_000, 1, "more than 65536 bytes"),
    "no line end at all": (b"\xc3" * 300_000, 1, "more than 65536 bytes"),
    "old Macintosh": (HEAD.replace(b"\n", b"\r") + b"A,1,2,3\r", 1, "new-line character seen"),
    "open quote": (HEAD + b'A,"1,2,1000\n', 2, "unexpected end of data"),
    "text after a quote": (HEAD + b'"A"B,1,2,1000\n', 2, "',' expected after '\"'"),
    "field of 130 kB": (HEAD + b'"' + (b"A" * 60_000 + b"\n") * 3, 4, "field larger than"),
    "JSON, no object": (b'{"symbol":"A","bid":1,"ask":2,"timestamp_ms":0}\n[1]\n', 2,
                        "no JSON object"),
    "JSON, field missing": (b'{"symbol":"A","bid":1,"ask":2}\n', 1, "no field 'timestamp_ms'"),
    "JSON, NaN": (b'{"symbol":"A","bid":NaN,"ask":2,"timestamp_ms":0}\n', 1, "holds NaN"),
    "JSON, 1e400": (b'{"symbol":"A","bid":1e400,"ask":2,"timestamp_ms":0}', 1, "beyond every"),
    "JSON, true": (b'{"symbol":"A","bid":true,"ask":2,"timestamp_ms":0}', 1,
                   "bid True is not a number"),
    "JSON, null": (b'{"symbol":"A","bid":null,"ask":2,"timestamp_ms":0}', 1, "is not a number"),
    "JSON, list": (b'{"symbol":"A","bid":[1],"ask":2,"timestamp_ms":0}', 1, "is not a number"),
    "JSON, symbol 1": (b'{"symbol":1,"bid":1,"ask":2,"timestamp_ms":0}', 1, "symbol 1 is not"),
    "JSON, time true": (b'{"symbol":"A","bid":1,"ask":2,"timestamp_ms":true}', 1,
                        "timestamp_ms True is not whole"),
    "JSON, time 1.0": (b'{"symbol":"A","bid":1,"ask":2,"timestamp_ms":1.0}', 1,
                       "timestamp_ms 1.0 is not whole"),
    "JSON, twice": (b'{"symbol":"A","symbol":"B"}\n', 1, "has the key 'symbol' twice"),
    "JSON, half": (b'{"symbol":"A"', 1, "is not JSON"),
    "JSON, pretty": (b'{\n"symbol":"A"}', 1, "is not JSON"),
    "JSON, two in a line": (b"{} {}", 1, "is not JSON"),
    "JSON, deep": (b'{"a":' * 1000 + b"1" + b"}" * 1000, 1, "nested deeper than 64 levels"),
    "JSON, surrogate": (b'{"symbol":"\\ud800"}', 1, "holds a lone surrogate"),
    "JSON, then CSV": (b'{"symbol":"A","bid":1,"ask":2,"timestamp_ms":0}\nA,1,2,3\n', 2,
                       "is not JSON"),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_a_hostile_file_is_refused_with_its_line(
    name: str, refuse: Refuse, hostile: Hostile
) -> None:
    raw, number, why = FILES[name]
    line = refuse("--quotes", hostile("hostile.csv", raw))
    assert why in line and f" at line {number} of --quotes 'hostile.csv'; " in line


@pytest.mark.parametrize(
    ("raw", "symbols", "why"),
    [
        (HEAD, [], "no quote in --quotes 'hostile.csv'; name symbols that it has"),
        (HEAD + GOOD, ["--symbols", "B"], "no quote of 'B' in --quotes 'hostile.csv'; name"),
        (HEAD + GOOD, ["--symbols", "A,B"], "no quote of 'B' in --quotes 'hostile.csv'; name"),
    ],
)
def test_a_file_without_the_quotes_asked_for_is_refused(
    raw: bytes, symbols: list[str], why: str, refuse: Refuse, hostile: Hostile
) -> None:
    assert why in refuse("--quotes", hostile("hostile.csv", raw), *symbols)


def test_iterations_do_not_go_with_quotes(refuse: Refuse) -> None:
    line = refuse("--quotes", "quotes.csv", "--iterations", "5")
    assert line.startswith("error: usage: --iterations does not go with --quotes")


def ran(capsys: pytest.CaptureFixture[str], *argv: str) -> dict[str, dict[str, object]]:
    assert exec_demo.main(["--shadow", *argv]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    data: dict[str, dict[str, object]] = json.loads(out)
    return data


LEGAL: dict[str, bytes] = {
    "CRLF": (HEAD + GOOD).replace(b"\n", b"\r\n"),
    "no last line end": HEAD + GOOD[:-1],
    "blank lines": HEAD + b"\n\n" + GOOD + b"\n",
    "more columns": b"note,symbol,bid,ask,timestamp_ms\nhello,A,1,2,1000\n",
    "exponent": HEAD + b"A,1e0,20E-1,1000\n",
    "JSON with CRLF": b'{"symbol":"A","bid":1,"ask":"2","timestamp_ms":1000}\r\n',
}


@pytest.mark.parametrize("name", LEGAL)
def test_what_is_only_unusual_is_legal(
    name: str, hostile: Hostile, capsys: pytest.CaptureFixture[str]
) -> None:
    data = ran(capsys, "--quotes", hostile("hostile.csv", LEGAL[name]))
    assert data["execution"] == {"iterations": 1, "symbols": ["A"]}


def test_a_crossed_quote_is_refused_by_the_gate_and_not_by_the_reader(
    hostile: Hostile, capsys: pytest.CaptureFixture[str]
) -> None:
    data = ran(capsys, "--quotes", hostile("hostile.csv", HEAD + b"A,3,2,1000\n"))
    assert data["orders"]["refusals"] == {"crossed_quote": 2}
    assert data["orders"]["placed"] == 0


def test_a_locked_quote_trades(hostile: Hostile, capsys: pytest.CaptureFixture[str]) -> None:
    data = ran(capsys, "--quotes", hostile("hostile.csv", HEAD + b"A,2,2,1000\n"))
    assert data["orders"]["refusals"] == {}


def test_the_smallest_and_the_largest_price_are_carried(
    hostile: Hostile, capsys: pytest.CaptureFixture[str]
) -> None:
    raw = HEAD + b"A,0.000000001,1000000000000000,0\n"
    data = ran(capsys, "--quotes", hostile("hostile.csv", raw))
    assert data["orders"]["refusals"] == {"symbol_limit": 2}


@pytest.mark.parametrize("latest", [9_000_000_000_000])
def test_the_latest_time_is_carried(
    latest: int, hostile: Hostile, capsys: pytest.CaptureFixture[str]
) -> None:
    raw = HEAD + f"A,1,2,{latest}\n".encode()
    data = ran(capsys, "--quotes", hostile("hostile.csv", raw), "--edge-threshold", "100")
    assert str(data["risk"]["first_freeze_utc"]).startswith("2255-")


def test_a_fifo_without_a_writer_is_refused_at_once(refuse: Refuse) -> None:
    assert os.path.exists("fifo")
    assert "'fifo' is no plain file; name one" in refuse("--quotes", "fifo")
