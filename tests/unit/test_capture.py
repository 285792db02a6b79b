"""A capture is a stamp and a message a line, of the one venue that its messages can be of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.market_files import TRADE_LINE, event, heard, items, refused, written
from tools.live.core.contracts_v1 import SELL
from tools.live.core.errors import ContractError
from tools.live.core.market_v1 import DepthSnapshot, Trade
from tools.live.market.importers.capture import SOURCES, find_source, normalizer, source_of

SNAPSHOT = b'{"lastUpdateId":5,"bids":[["1.0","2"]],"asks":[]}'
ETH = TRADE_LINE.replace(b"BTCUSDT", b"ETHUSDT")


def test_a_line_is_a_message_and_when_it_was_received(tmp_path: Path) -> None:
    path = written(tmp_path, TRADE_LINE + b"\n5 {}\n")
    (first, blank, last) = heard(path)
    assert first[:2] == (1, 1) and event(first[2]) == Trade(
        "BTCUSDT", "binance-spot", "3735683259", SELL, 61_837_630_000_000, 20_000_000, 3735683259,
        1723161255342 * 10**6, 1723161254087896568,
    )  # fmt: skip
    assert blank == (2, 1, ())
    assert last[0] == 3 and refused(last[2])[0] == "unknown_type"


@pytest.mark.parametrize("line", [
    b"{}", b"hello", b"-1 {}", b"1e3 {}", b"5{}", b"5 x", b"5\t{}", b"12345678901234567890 {}",
    b" 5 {}",
])  # fmt: skip
def test_a_line_without_a_stamp_ends_the_reading(tmp_path: Path, line: bytes) -> None:
    path = written(tmp_path, TRADE_LINE + line + b"\n")
    said = f"{line[:40]!r} is no receive time in ns and a message at line 2 of market"
    with pytest.raises(ContractError) as caught:
        heard(path)
    assert str(caught.value) == f"{said} {str(path)!r}; correct the line"


@pytest.mark.parametrize("stamp", [
    "9000000000000000001", "1723161254", "1723161254087", "1723161254087891",
])  # fmt: skip
def test_a_stamp_of_another_unit_ends_the_reading(tmp_path: Path, stamp: str) -> None:
    path = written(tmp_path, TRADE_LINE + f"{stamp} {{}}\n".encode())
    with pytest.raises(ContractError, match=f"receive time {stamp} is not in nanoseconds at line"):
        heard(path)


def test_the_last_time_that_is_taken_is_of_the_year_2255(tmp_path: Path) -> None:
    path = written(tmp_path, TRADE_LINE.replace(b"1723161254087896568", b"9000000000000000000"))
    assert event(items(path)).ts_ns == 9 * 10**18


def test_a_snapshot_takes_the_one_symbol_of_the_stream(tmp_path: Path) -> None:
    for content in (TRADE_LINE + b"6 " + SNAPSHOT, b"6 " + SNAPSHOT + b"\n" + TRADE_LINE):
        found = [one for one in items(written(tmp_path, content)) if isinstance(one, DepthSnapshot)]
        assert [(one.symbol, one.sequence) for one in found] == [("BTCUSDT", 5)]


def test_a_snapshot_among_several_symbols_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, TRADE_LINE + ETH + TRADE_LINE + b"6 " + SNAPSHOT + b"\n")
    assert refused(items(path)[3:]) == ("missing_field", "symbol", "None")
    given = items(path, symbol="ETHUSDT")[3]
    assert isinstance(given, DepthSnapshot) and given.symbol == "ETHUSDT"


def test_each_reading_learns_the_symbol_anew() -> None:
    first = normalizer("binance-spot", None)
    first(TRADE_LINE.partition(b" ")[2], 1)
    assert isinstance(first(SNAPSHOT, 2)[0], DepthSnapshot)
    assert refused(normalizer("binance-spot", None)(SNAPSHOT, 2))[0] == "missing_field"


@pytest.mark.parametrize(("told", "source"), [
    ({"e": "depthUpdate", "U": 1, "u": 2, "pu": 0}, "binance-usdm"),
    ({"e": "depthUpdate", "U": 1, "u": 2}, "binance-spot"),
    ({"stream": "x", "data": {"e": "depthUpdate", "pu": 1}}, "binance-usdm"),
    ({"e": "bookTicker"}, "binance-usdm"),
    ({"u": 1, "s": "X", "b": "1", "B": "1", "a": "2", "A": "1"}, "binance-spot"),
    ({"u": 1, "s": "X", "b": "1", "B": "1", "a": "2"}, None),
    ({"e": "trade", "M": True}, "binance-spot"),
    ({"e": "trade", "X": "MARKET"}, "binance-usdm"),
    ({"e": "aggTrade", "M": True}, "binance-spot"),
    ({"e": "aggTrade"}, "binance-usdm"),
    ({"e": "kline"}, None),
    ({"lastUpdateId": 1, "bids": [], "asks": []}, None),
    ({"stream": "x", "data": 5}, None),
    ({"topic": "publicTrade.X", "type": "snapshot", "data": [{"L": "PlusTick"}]}, "bybit-linear"),
    ({"topic": "publicTrade.X", "type": "snapshot", "data": [{"p": "1"}]}, "bybit-spot"),
    ({"topic": "publicTrade.X", "type": "snapshot", "data": []}, None),
    ({"topic": "publicTrade.X", "type": "snapshot", "data": {}}, None),
    ({"topic": "publicTrade.X", "type": "snapshot", "data": ["L"]}, "bybit-spot"),
    ({"topic": "orderbook.50.X", "type": "delta", "data": {}}, None),
    ({"type": "match", "product_id": "BTC-USD"}, "coinbase"),
    ({"channel": "l2_data", "events": []}, "coinbase"),
    ({"channel": "l2_data"}, None),
    ([{"T": "q", "S": "SPY"}], "alpaca"),
    ([{"S": "SPY"}], None),
    ([5], None),
    ([], None),
    ("text", None),
    (None, None),
])  # fmt: skip
def test_a_message_is_of_the_venue_that_alone_speaks_so(told: Any, source: str | None) -> None:
    assert source_of(told) == source


def test_the_first_message_that_says_it_decides() -> None:
    spot, usdm = b'{"e":"trade","M":true}', b'{"e":"bookTicker"}'
    assert find_source([b"no json", b"{}", usdm, spot]) == "binance-usdm"
    assert find_source([b"{}", spot, usdm]) == "binance-spot"
    assert find_source([b"{}", b"[]"]) is None


@pytest.mark.parametrize("source", list(SOURCES))
def test_every_source_has_its_normaliser(source: str) -> None:
    said = normalizer(source, None)(b"{", 5)
    assert refused(said)[0] == "not_json"


def test_bybits_markets_are_told_apart_by_their_source() -> None:
    trade = {"T": 1672304486865, "s": "BTCUSDT", "S": "Buy", "v": "0.001", "p": "16578.50",
             "i": "x", "BT": False, "seq": 5}  # fmt: skip
    raw = json.dumps({"topic": "publicTrade.BTCUSDT", "type": "snapshot", "ts": 1672304486868,
                      "data": [trade]}).encode()  # fmt: skip
    for source in ("bybit-spot", "bybit-linear", "bybit-inverse"):
        assert event(normalizer(source, None)(raw, 9)).source == source


def test_a_capture_of_an_unknown_venue_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, b'5 {"hello":1}\n')
    with pytest.raises(ContractError, match="holds a capture of no venue that is known; give --so"):
        heard(path)
    with pytest.raises(ContractError, match="of the source 'kraken' that is known; give --source"):
        heard(path, source="kraken")
    assert refused(items(path, source="coinbase"))[0] == "unknown_type"
