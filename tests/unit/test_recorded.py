"""Recorded quotes: both formats, what is picked, and where a bad line is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tools.live.core.contracts_v1 import QuoteUpdate
from tools.live.core.errors import ContractError
from tools.live.core.money import SCALE
from tools.live.market import recorded
from tools.live.market.recorded import RecordedMarket

HEADER = "symbol,bid,ask,timestamp_ms\n"
ROWS = [("BTCUSDT", "100.5", "101", 1000), ("ETHUSDT", "3", "3.25", 1000),
        ("BTCUSDT", "99", "100", 2500)]  # fmt: skip


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "quotes"


def csv_of(rows: list[tuple[str, str, str, int]]) -> str:
    return HEADER + "".join(",".join(map(str, row)) + "\n" for row in rows)


def json_of(rows: list[tuple[str, str, str, int]]) -> str:
    keys = recorded.COLUMNS
    return "".join(json.dumps(dict(zip(keys, row, strict=True))) + "\n" for row in rows)


def market(file: Path, text: str, *symbols: str) -> RecordedMarket:
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    return RecordedMarket(str(file), list(symbols) or None)


@pytest.mark.parametrize("write", [csv_of, json_of])
def test_every_row_is_a_step(file: Path, write: Any) -> None:
    feed = market(file, write(ROWS))
    assert (feed.steps, feed.symbols, feed.start_ns) == (3, ["BTCUSDT", "ETHUSDT"], 10**9)
    assert list(feed) == [
        [QuoteUpdate("BTCUSDT", 100_500_000_000, 101 * SCALE, 10**9)],
        [QuoteUpdate("ETHUSDT", 3 * SCALE, 3_250_000_000, 10**9)],
        [QuoteUpdate("BTCUSDT", 99 * SCALE, 100 * SCALE, 2_500_000_000)],
    ]


def test_a_feed_can_be_walked_twice_and_side_by_side(file: Path) -> None:
    feed = market(file, csv_of(ROWS))
    assert [pair[0] == pair[1] for pair in zip(feed, feed, strict=True)] == [True] * 3


def test_symbols_pick_rows(file: Path) -> None:
    feed = market(file, csv_of(ROWS), "ETHUSDT")
    assert (feed.steps, feed.symbols, feed.start_ns) == (1, ["ETHUSDT"], 10**9)


def test_numbers_of_json_may_be_numbers(file: Path) -> None:
    line = '{"symbol":"A","bid":0.1,"ask":1,"timestamp_ms":0,"note":[1]}\n\n'
    assert list(market(file, line)) == [[QuoteUpdate("A", SCALE // 10, SCALE, 0)]]


@pytest.mark.parametrize(
    "text",
    [
        HEADER.replace("\n", "\r\n") + "A,1,2,0\r\n",
        "ask,note,timestamp_ms,symbol,bid\n2,x,0,A,1\n",
        'symbol,bid,ask,timestamp_ms\n"A","1","2","0"\n',
        HEADER + "\nA,1,2,0",
    ],
    ids=["crlf", "other columns", "quoted", "blank line, no last newline"],
)
def test_spellings_of_csv_that_are_fine(file: Path, text: str) -> None:
    assert list(market(file, text)) == [[QuoteUpdate("A", SCALE, 2 * SCALE, 0)]]


def test_a_crossed_quote_is_the_business_of_the_gate(file: Path) -> None:
    assert list(market(file, HEADER + "A,2,1,0\n")) == [[QuoteUpdate("A", 2 * SCALE, SCALE, 0)]]


@pytest.mark.parametrize("symbols", [("SOLUSDT",), ("BTCUSDT", "SOLUSDT")])
def test_a_symbol_that_is_not_in_the_file_is_refused(file: Path, symbols: tuple[str]) -> None:
    with pytest.raises(ContractError, match="no quote of 'SOLUSDT' in quotes file .*; name"):
        market(file, csv_of(ROWS), *symbols)


def test_a_file_of_too_many_quotes_is_refused(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorded, "MAX_STEPS", 2)
    with pytest.raises(ContractError, match="more than 2 quotes at line 4 of .*; split the file"):
        market(file, csv_of(ROWS))
    assert market(file, csv_of(ROWS[:2])).steps == 2


def test_a_file_that_changes_between_the_passes_is_checked_again(file: Path) -> None:
    feed = market(file, csv_of(ROWS))
    file.write_text(HEADER + "A,1,2,0\nA,-1,2,0\n")
    quotes = iter(feed)
    next(quotes)
    with pytest.raises(ContractError, match="bid '-1' must be above 0 at line 3"):
        next(quotes)


def test_a_file_that_says_something_else_the_second_time_is_refused(file: Path) -> None:
    feed = market(file, csv_of(ROWS))
    file.write_text(csv_of(ROWS[:2]))
    with pytest.raises(ContractError, match="quotes file .* changed during the run; run again"):
        list(feed)


def test_equal_quotes_are_one_market_however_they_are_written(file: Path) -> None:
    by_csv = market(file, csv_of(ROWS)).describe()
    assert by_csv == market(file, json_of(ROWS)).describe()
    assert (by_csv["kind"], by_csv["quotes"]) == ("recorded", 3)
    assert by_csv != market(file, csv_of(ROWS[:2])).describe()
    assert by_csv["sha256"] != market(file, csv_of(ROWS), "BTCUSDT").describe()["sha256"]


def test_the_field_is_named_as_the_caller_names_it(file: Path) -> None:
    file.write_text(HEADER)
    with pytest.raises(ContractError, match="^no quote in --quotes '.*'; name symbols"):
        RecordedMarket(str(file), None, "--quotes")
