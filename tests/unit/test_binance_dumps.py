"""Binance's public files, spot and futures, with header or not, in ms and in us."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.market_files import event, heard, items, refused, written, zipped
from tools.live.core.contracts_v1 import BUY, SELL
from tools.live.core.errors import ContractError
from tools.live.core.market_v1 import Bbo, Trade
from tools.live.market.importers.binance_dumps import DUMPS, Dump, find, symbol_in
from tools.live.market_source import open_market

SPOT_AGG = b"0,0.20000000,50.00000000,3,4,1735689600010866,False,True\n"
USDM_AGG = b"2229840,61800.1,0.005,5224151,5224153,1723161254087,true\n"
SPOT_TRADE = b"51175358,17.80180000,5.69000000,101.29224200,1583709433583,True,True\n"
USDM_TRADE = b"51175358,17.8,5.69,101.292242,1583709433583,false\n"
TICKER = b"5123107852948,61800.20,2.909,61800.30,3.330,1723161256298,1723161256299\n"
KLINE = (
    b"1735689600000000,4.15070000,4.15870000,4.15060000,4.15540000,539.23000000,1735693199999999,"
    b"2240.39860900,13,401.82000000,1669.98121300,0\n"
)
US = 1735689600010866 * 1000
MS = 1723161254087 * 10**6
OLD = 1583709433583 * 10**6
VECTORS = [
    (SPOT_AGG, "binance-aggtrades",
     Trade("X", "binance-spot", "0", BUY, 200_000_000, 50 * 10**9, 4, US, US)),
    (USDM_AGG, "binance-aggtrades",
     Trade("X", "binance-usdm", "2229840", SELL, 61_800_100_000_000, 5_000_000, 5224153, MS, MS)),
    (SPOT_TRADE, "binance-trades",
     Trade("X", "binance-spot", "51175358", SELL, 17_801_800_000, 5_690_000_000, 51175358, OLD,
           OLD)),
    (USDM_TRADE, "binance-trades",
     Trade("X", "binance-usdm", "51175358", BUY, 17_800_000_000, 5_690_000_000, 51175358, OLD,
           OLD)),
    (TICKER, "binance-bookticker",
     Bbo("X", "binance-usdm", 61_800_200_000_000, 2_909_000_000, 61_800_300_000_000, 3_330_000_000,
         5123107852948, 1723161256298 * 10**6, 1723161256298 * 10**6)),
    (KLINE, "binance-klines",
     Trade("X", "binance-spot", "1735689600000000", None, 4_155_400_000, 539_230_000_000, None,
           1735693199999999 * 1000, 1735693199999999 * 1000)),
]  # fmt: skip
IDS = ["spot agg", "usdm agg", "spot trade", "usdm trade", "ticker", "kline"]


@pytest.mark.parametrize(("row", "name", "expected"), VECTORS, ids=IDS)
def test_a_row_says_one_event(
    tmp_path: Path, row: bytes, name: str, expected: Trade | Bbo
) -> None:
    path = written(tmp_path, row)
    market = open_market(str(path), symbol="X")
    assert market.format == name
    assert market.describe()["symbol"] == "X" and market.describe()["source"] == expected.source
    assert list(market) == [expected]


@pytest.mark.parametrize("dump", DUMPS, ids=lambda dump: f"{dump.name} {dump.source}")
def test_a_header_changes_nothing_but_the_count_of_lines(tmp_path: Path, dump: Dump) -> None:
    row, _, expected = VECTORS[DUMPS.index(dump)]
    header = ",".join(dump.header).encode()
    path = written(tmp_path, header + b"\n" + row + b"\n" + row)
    assert heard(path, symbol="X") == [
        (1, 1, ()), (2, 1, (expected,)), (3, 1, ()), (4, 1, (expected,)),
    ]  # fmt: skip
    assert event(items(written(tmp_path, row), symbol="X", source="binance-coinm")).source == (
        "binance-coinm"
    )


@pytest.mark.parametrize(("row", "place", "value", "told"), [
    (SPOT_AGG, 0, b"-1", ("bad_sequence", "agg_trade_id")),
    (SPOT_AGG, 1, b"NaN", ("bad_number", "price")),
    (SPOT_AGG, 1, b"0.0", ("bad_number", "price")),
    (SPOT_AGG, 2, b"1_0", ("bad_number", "quantity")),
    (SPOT_AGG, 2, b"0", ("bad_number", "quantity")),
    (SPOT_AGG, 3, b"x", ("bad_sequence", "first_trade_id")),
    (SPOT_AGG, 3, b"5", ("bad_sequence", "last_trade_id")),
    (SPOT_AGG, 4, b"", ("bad_sequence", "last_trade_id")),
    (SPOT_AGG, 5, b"17356896000", ("bad_time", "transact_time")),
    (SPOT_AGG, 6, b"TRUE", ("bad_side", "is_buyer_maker")),
    (SPOT_TRADE, 0, b"1.5", ("bad_sequence", "id")),
    (SPOT_TRADE, 1, b"1e400", ("bad_number", "price")),
    (SPOT_TRADE, 2, b"0", ("bad_number", "qty")),
    (SPOT_TRADE, 4, b"1583709433", ("bad_time", "time")),
    (SPOT_TRADE, 5, b"yes", ("bad_side", "is_buyer_maker")),
    (TICKER, 0, b"", ("bad_sequence", "update_id")),
    (TICKER, 1, b"0", ("bad_number", "best_bid_price")),
    (TICKER, 2, b"0", ("bad_number", "best_bid_price")),
    (TICKER, 3, b"x", ("bad_number", "best_ask_price")),
    (TICKER, 4, b"0.000", ("bad_number", "best_ask_price")),
    (TICKER, 5, b"-723161256298", ("bad_time", "transaction_time")),
    (KLINE, 0, b"17356896000000000", ("bad_time", "open_time")),
    (KLINE, 1, b"4.1588", ("bad_number", "high")),
    (KLINE, 1, b"4.1505", ("bad_number", "high")),
    (KLINE, 2, b"4.1", ("bad_number", "high")),
    (KLINE, 3, b"4.1552", ("bad_number", "high")),
    (KLINE, 4, b"4.1588", ("bad_number", "high")),
    (KLINE, 4, b"4.1505", ("bad_number", "high")),
    (KLINE, 4, b"0", ("bad_number", "close")),
    (KLINE, 5, b"-1", ("bad_number", "volume")),
    (KLINE, 5, b"0.0", ("not_data", "volume")),
    (KLINE, 6, b"1735689599999999", ("bad_time", "close_time")),
])  # fmt: skip
def test_a_wrong_field_refuses_its_row_and_no_other(
    tmp_path: Path, row: bytes, place: int, value: bytes, told: tuple[str, str]
) -> None:
    fields = row.rstrip(b"\n").split(b",")
    fields[place] = value
    path = written(tmp_path, row + b",".join(fields) + b"\n" + row)
    first, second, third = items(path, symbol="X")
    assert first == third == event([first])
    assert refused([second])[:2] == told


def test_an_empty_side_of_a_ticker_is_all_zeros(tmp_path: Path) -> None:
    path = written(tmp_path, b"7,0.00,0.000,61800.30,3.330,1723161256298,1723161256299\n")
    one = event(items(path, symbol="X"))
    assert isinstance(one, Bbo) and (one.bid, one.bid_qty, one.ask) == (0, 0, 61_800_300_000_000)


@pytest.mark.parametrize(("fields", "found"), [
    (["1", "2", "3"], None),
    (["true", "2", "3", "4", "5", "true"], None),
    (["1", "x", "3", "4", "5", "true"], None),
    (["1", "2", "3", "4", "5", "6", "7"], ("binance-bookticker", False)),
    (["1", "2.5", "3", "4", "5", "true"], ("binance-trades", False)),
    (["1", "2", "3", "4", "true", "true"], None),
])  # fmt: skip
def test_a_dump_without_header_is_told_by_its_columns(
    fields: list[str], found: tuple[str, bool] | None
) -> None:
    told = find(fields)
    assert (None if told is None else (told[0].name, told[1])) == found


@pytest.mark.parametrize(("name", "symbol"), [
    ("BTCUSDT-aggTrades-2024-08-08.csv", "BTCUSDT"), ("BTCUSDT-trades-2024-08.zip", "BTCUSDT"),
    ("BTCUSDT_240927-bookTicker-2024-08-08.csv", "BTCUSDT_240927"),
    ("ETHBTC-1m-2024-08.csv", "ETHBTC"), ("ETHBTC-1mo-2024-08.csv", "ETHBTC"),
    ("btcusdt-trades-2024.csv", None), ("my-BTCUSDT-trades-1", None), ("BTCUSDT.csv", None),
])  # fmt: skip
def test_the_symbol_may_stand_in_the_name(name: str, symbol: str | None) -> None:
    assert symbol_in(name) == symbol


def test_the_name_in_the_zip_tells_the_symbol_unless_it_is_given(tmp_path: Path) -> None:
    path = written(tmp_path, zipped(("ETHUSDT-trades-2020-03-08.csv", SPOT_TRADE)), "x.zip")
    assert event(items(path)).symbol == "ETHUSDT"
    assert event(items(path, symbol="OTHER")).symbol == "OTHER"


def test_without_a_symbol_a_dump_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="holds binance-trades without a symbol; name it with"):
        heard(written(tmp_path, SPOT_TRADE))
