"""Tardis: four kinds of files, and messages of the book put together again from their rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.market_files import event, heard, items, refused, written
from tools.live.core.contracts_v1 import BUY, SELL
from tools.live.core.errors import ContractError
from tools.live.core.market_v1 import Bbo, DepthDiff, DepthSnapshot, Trade
from tools.live.market.importers import content, tardis
from tools.live.market_source import open_market

FIRST = "exchange,symbol,timestamp,local_timestamp"
TRADES = f"{FIRST},id,side,price,amount\n"
QUOTES = f"{FIRST},ask_amount,ask_price,bid_price,bid_amount\n"
BOOK = f"{FIRST},is_snapshot,side,price,amount\n"
TOP = f"{FIRST},asks[0].price,asks[0].amount,bids[0].price,bids[0].amount," + (
    "asks[1].price,asks[1].amount,bids[1].price,bids[1].amount\n"
)
WHO = "binance-futures,BTCUSDT,1585699200245000,1585699200267000"
HAPPENED, ARRIVED = 1585699200245 * 10**6, 1585699200267 * 10**6
E9 = 10**9


def text(folder: Path, *lines: str) -> Path:
    return written(folder, "".join(lines).encode())


def row(at: int, flag: str, side: str, price: str, amount: str, symbol: str = "BTCUSDT") -> str:
    arrived = 1585699200000000 + at
    return f"binance,{symbol},1585699200245000,{arrived},{flag},{side},{price},{amount}\n"


def test_a_trade(tmp_path: Path) -> None:
    path = text(tmp_path, TRADES, f"{WHO},7a-b,sell,6395.18,0.5\n", f"{WHO},,unknown,1e-7,2\n")
    assert open_market(str(path)).format == "tardis-trades"
    first, second = items(path)
    assert first == Trade("BTCUSDT", "binance-usdm", "7a-b", SELL, 6_395_180_000_000, 500_000_000,
                          None, HAPPENED, ARRIVED)  # fmt: skip
    assert second == Trade("BTCUSDT", "binance-usdm", "", None, 100, 2 * E9, None, HAPPENED,
                           ARRIVED)  # fmt: skip
    assert event(items(text(tmp_path, TRADES, f"{WHO},7,buy,1,1\n"))).side is BUY


def test_a_quote_and_one_with_an_empty_side(tmp_path: Path) -> None:
    path = text(tmp_path, QUOTES, f"{WHO},2,6395.2,6395.1,3\n", f"{WHO},,,6395.1,3\n")
    assert items(path) == [
        Bbo("BTCUSDT", "binance-usdm", 6_395_100_000_000, 3 * E9, 6_395_200_000_000, 2 * E9, None,
            HAPPENED, ARRIVED),
        Bbo("BTCUSDT", "binance-usdm", 6_395_100_000_000, 3 * E9, 0, 0, None, HAPPENED, ARRIVED),
    ]  # fmt: skip
    assert refused(items(text(tmp_path, QUOTES, f"{WHO},2,,1,1\n")))[:2] == (
        "bad_number", "ask_price")  # fmt: skip
    assert refused(items(text(tmp_path, QUOTES, f"{WHO},2,3,1,\n")))[:2] == (
        "bad_number", "bid_amount")  # fmt: skip


def test_a_snapshot_of_the_top_leaves_out_what_is_empty(tmp_path: Path) -> None:
    path = text(tmp_path, TOP, f"{WHO},2,20,1,10,3,30,,\n")
    assert open_market(str(path)).format == "tardis-book_snapshot_2"
    assert items(path) == [
        DepthSnapshot("BTCUSDT", "binance-usdm", ((E9, 10 * E9),), ((2 * E9, 20 * E9),
                      (3 * E9, 30 * E9)), None, HAPPENED, ARRIVED),
    ]  # fmt: skip
    assert refused(items(text(tmp_path, TOP, f"{WHO},2,20,1,10,3,NaN,,\n")))[:2] == (
        "bad_number", "asks amount")  # fmt: skip


def test_rows_that_arrived_together_are_one_message(tmp_path: Path) -> None:
    path = text(
        tmp_path, BOOK, row(1, "true", "bid", "1", "5"), row(2, "true", "ask", "3", "6"),
        row(2, "true", "bid", "0.5", "0"), row(3, "false", "bid", "1", "0"),
        row(3, "false", "ask", "3", "7"), row(3, "false", "ask", "3", "8"),
        row(4, "false", "bid", "2", "1"),
    )  # fmt: skip
    whole, first, second = (one for one in heard(path) if one[2])
    base = 1585699200000000
    assert whole == (4, 3, (DepthSnapshot("BTCUSDT", "binance-spot", ((E9, 5 * E9),),
                     ((3 * E9, 6 * E9),), None, HAPPENED, (base + 2) * 1000),))  # fmt: skip
    assert first == (7, 3, (DepthDiff("BTCUSDT", "binance-spot", ((E9, 0),), ((3 * E9, 8 * E9),),
                     None, None, None, HAPPENED, (base + 3) * 1000),))  # fmt: skip
    assert second[:2] == (8, 1) and second[2][0].bids == ((2 * E9, E9),)


def test_a_message_happened_when_its_last_row_says(tmp_path: Path) -> None:
    first, second = row(1, "false", "bid", "1", "5"), row(1, "false", "ask", "2", "6")
    later = second.replace(",1585699200245000,", ",1585699200246000,")
    assert event(items(text(tmp_path, BOOK, first, second))).exchange_ns == HAPPENED
    assert event(items(text(tmp_path, BOOK, first, later))).exchange_ns == HAPPENED + 10**6
    path = text(tmp_path, BOOK, row(1, "true", "bid", "1", "5"), row(2, "true", "ask", "2", "6"))
    assert event(items(path)).ts_ns == 1585699200000002 * 1000
    for wrong in (second.replace(",1585699200245000,", ",x,"), second.replace("binance,", ",")):
        assert refused(items(text(tmp_path, BOOK, first, wrong))) is not None
        assert refused(items(text(tmp_path, BOOK, wrong, first.replace("bid", "ask"))))


def test_every_line_is_counted_once(tmp_path: Path) -> None:
    rows = [row(n // 3, "false", "bid", "1", "1") for n in range(10)]
    path = text(tmp_path, BOOK, *rows[:5], "\n", *rows[5:], "\n")
    assert sum(rows for _, rows, _ in heard(path)) == 13
    assert [len(said) for _, _, said in heard(path) if said] == [1, 1, 1, 1]


def test_another_symbol_or_snapshot_begins_another_message(tmp_path: Path) -> None:
    path = text(
        tmp_path, BOOK, row(1, "false", "bid", "1", "1"), row(1, "false", "bid", "1", "1", "ETH"),
        row(1, "true", "bid", "1", "1", "ETH"), row(1, "true", "bid", "1", "1"),
    )  # fmt: skip
    assert [(one.__class__.__name__, one.symbol) for one in items(path)] == [
        ("DepthDiff", "BTCUSDT"), ("DepthDiff", "ETH"), ("DepthSnapshot", "ETH"),
        ("DepthSnapshot", "BTCUSDT"),
    ]  # fmt: skip


@pytest.mark.parametrize(("wrong", "told"), [
    (row(1, "false", "bid", "x", "1"), ("bad_number", "price")),
    (row(1, "false", "bid", "0", "1"), ("bad_number", "price")),
    (row(1, "false", "bid", "1", "-1"), ("bad_number", "amount")),
    (row(1, "false", "buy", "1", "1"), ("bad_side", "side")),
    (row(1, "yes", "bid", "1", "1"), ("unknown_type", "is_snapshot")),
])  # fmt: skip
def test_a_message_with_a_wrong_row_is_refused_as_a_whole(
    tmp_path: Path, wrong: str, told: tuple[str, str]
) -> None:
    good = wrong.replace(",x,", ",2,").replace(",0,1\n", ",2,1\n").replace("-1", "1")
    path = text(tmp_path, BOOK, wrong, good.replace("buy", "ask"), row(2, "false", "bid", "1", "1"))
    first, second = items(path)
    assert refused([first])[:2] == told
    assert event([second]).ts_ns == 1585699200000002 * 1000


def test_the_first_wrong_row_of_a_message_is_the_one_that_is_told(tmp_path: Path) -> None:
    path = text(tmp_path, BOOK, row(1, "false", "bid", "x", "1"), row(1, "false", "no", "1", "1"))
    assert refused(items(path))[:2] == ("bad_number", "price")


@pytest.mark.parametrize(("who", "told"), [
    ("Binance,BTCUSDT,1585699200245000,1585699200267000", ("bad_symbol", "exchange")),
    (",BTCUSDT,1585699200245000,1585699200267000", ("bad_symbol", "exchange")),
    ("binance,BTC USDT,1585699200245000,1585699200267000", ("bad_symbol", "symbol")),
    ("binance,BTCUSDT,1585699200245,1585699200267000", ("bad_time", "timestamp")),
    ("binance,BTCUSDT,1585699200245000,x", ("bad_time", "local_timestamp")),
])  # fmt: skip
def test_what_is_wrong_in_the_first_columns_is_told(
    tmp_path: Path, who: str, told: tuple[str, str]
) -> None:
    assert refused(items(text(tmp_path, TRADES, f"{who},7,buy,1,1\n")))[:2] == told
    assert refused(items(text(tmp_path, BOOK, f"{who},false,bid,1,1\n")))[:2] == told


@pytest.mark.parametrize("ident", ["\x07", "i" * 65, "\xe9"])
def test_an_odd_id_of_a_trade_is_refused(
    tmp_path: Path, ident: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = text(tmp_path, TRADES, f"{WHO},{ident},buy,1,1\n")
    assert refused(items(path))[:2] == ("bad_sequence", "id")
    monkeypatch.setattr(content, "BLOCK_BYTES", 200)  # so that it comes behind the header's batch
    path = text(tmp_path, TRADES, *[f"{WHO},7,buy,1,1\n"] * 9, f"{WHO},{ident},buy,1,1\n")
    assert refused(items(path)[9:])[:2] == ("bad_sequence", "id")


def test_symbol_and_source_are_the_rows_own_unless_they_are_given(tmp_path: Path) -> None:
    path = text(tmp_path, TRADES, "deribit,btc-perpetual" + WHO[len("binance-futures,BTCUSDT"):]
                + ",7,buy,1,1\n")  # fmt: skip
    one = event(items(path))
    assert (one.symbol, one.source) == ("BTC-PERPETUAL", "deribit")
    one = event(items(path, symbol="X", source="mine"))
    assert (one.symbol, one.source) == ("X", "mine")


def test_a_message_is_not_longer_than_any_book(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tardis, "MOST_ROWS", 3)
    rows = [row(1, "true", "bid", str(n), "1") for n in range(1, 5)]
    assert len(items(text(tmp_path, BOOK, *rows[:3]))) == 1
    with pytest.raises(ContractError, match="a message of more than 3 rows at line 5 .*; split"):
        items(text(tmp_path, BOOK, *rows))


def test_what_is_kept_of_names_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tardis, "_MOST_NAMES", 2)
    monkeypatch.setattr(content, "BLOCK_BYTES", 300)
    symbols = [f"S{n}" for n in (1, 2, 3, 3, 1, 4, 5, 1, 6, 7, 8, 9, 1)]
    rows = [f"binance,{one},1585699200245000,1585699200267000,7,buy,1,1\n" for one in symbols]
    path = text(tmp_path, TRADES, *rows)
    assert any(len(said) > 2 for _, _, said in heard(path))
    assert [one.symbol for one in items(path)] == symbols


def test_a_book_without_rows_says_nothing(tmp_path: Path) -> None:
    assert items(text(tmp_path, BOOK)) == []


def test_a_ragged_row_ends_the_reading(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="7 fields, but 8 columns at line 2"):
        items(text(tmp_path, BOOK, f"{WHO},false,bid,1\n"))


@pytest.mark.parametrize("header", [
    FIRST, f"{FIRST},a,b,c,d", TOP.strip().replace("bids[1]", "bids[2]"), f"{TOP.strip()},x",
])  # fmt: skip
def test_no_other_header_is_taken(header: str) -> None:
    assert tardis.find(header.split(",")) is None
