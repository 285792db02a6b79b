"""Bybit's public streams, message by message: values worked out by hand, and every refusal."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tools.live.core.errors import ContractError
from tools.live.core.market_v1 import Bbo, DepthDiff, DepthSnapshot, Trade
from tools.live.core.words_v1 import BUY, SELL
from tools.live.market.normalize import bybit, wire
from tools.live.market.normalize.wire import Item, WireFault, WireRefused

RECEIVED = 1_700_000_000_123_456_789
AT = 1_700_000_000_100_000_000
BOOK = {
    "topic": "orderbook.50.BTCUSDT", "type": "snapshot", "ts": 1_700_000_000_105,
    "data": {
        "s": "BTCUSDT", "b": [["35000.10", "0.5"], ["34999", "1.25"]], "a": [["35000.2", "2"]],
        "u": 700, "seq": 9001,
    },
    "cts": 1_700_000_000_100,
}  # fmt: skip
DELTA = {
    "topic": "orderbook.50.BTCUSDT", "type": "delta", "ts": 1_700_000_000_105,
    "data": {
        "s": "BTCUSDT", "b": [["35000.10", "0"]], "a": [], "u": 701, "seq": 9007,
    },
    "cts": 1_700_000_000_100,
}  # fmt: skip
BEST = {
    "topic": "orderbook.1.BTCUSDT", "ts": 1_700_000_000_101, "type": "snapshot",
    "data": {"s": "BTCUSDT", "b": [["35000.1", "0.5"]], "a": [["35000.2", "2"]], "u": 5, "seq": 6},
    "cts": 1_700_000_000_100,
}  # fmt: skip
TICKER = {
    "topic": "tickers.BTCUSDT", "type": "snapshot", "cs": 24987956059, "ts": 1_700_000_000_100,
    "data": {
        "symbol": "BTCUSDT", "lastPrice": "35000.00", "bid1Price": "34999.50",
        "bid1Size": "84.489", "ask1Price": "35000.00", "ask1Size": "83.020",
    },
}  # fmt: skip
TRADE = {
    "T": 1_700_000_000_100, "s": "BTCUSDT", "S": "Sell", "v": "0.001", "p": "34999.50",
    "L": "PlusTick", "i": "20f43950-d8dd-5b31-9112-a178eb6023af", "BT": False, "seq": 1783284617,
}  # fmt: skip


def read(message: object, category: str = "linear") -> tuple[Item, ...]:
    return bybit.normalize(json.dumps(message).encode(), RECEIVED, category=category)


def one(message: object, category: str = "linear") -> Item:
    (item,) = read(message, category)
    return item


def trades(*told: object) -> dict[str, Any]:
    return {"topic": "publicTrade.BTCUSDT", "type": "snapshot", "ts": 1, "data": list(told)}


def changed(message: dict[str, Any], **parts: Any) -> dict[str, Any]:
    """The message with other fields; None takes one away."""
    made = {**message, **parts}
    return {name: value for name, value in made.items() if value is not None}


def data_changed(message: dict[str, Any], **parts: Any) -> dict[str, Any]:
    return {**message, "data": changed(message["data"], **parts)}


def refused(item: Item) -> tuple[WireFault, str]:
    assert isinstance(item, WireRefused)
    return item.fault, item.field


# Depth.


def test_a_snapshot_replaces_the_book() -> None:
    assert one(BOOK) == DepthSnapshot(
        "BTCUSDT", "bybit-linear",
        ((35_000_100_000_000, 500_000_000), (34_999_000_000_000, 1_250_000_000)),
        ((35_000_200_000_000, 2_000_000_000),),
        700, AT, RECEIVED,
    )  # fmt: skip


def test_a_delta_covers_its_own_number_alone_and_tells_no_number_before_it() -> None:
    assert one(DELTA, "spot") == DepthDiff(
        "BTCUSDT", "bybit-spot", ((35_000_100_000_000, 0),), (), 701, 701, None, AT, RECEIVED
    )


def test_a_delta_with_number_one_is_the_whole_book_of_a_service_that_was_started_anew() -> None:
    started = data_changed(DELTA, b=[["10", "1"], ["9", "0"]], a=[["11", "0"]], u=1)
    item = one(started)
    assert item == DepthSnapshot(
        "BTCUSDT", "bybit-linear", ((10_000_000_000, 1_000_000_000),), (), 1, AT, RECEIVED
    )


def test_depth_without_the_engine_s_time_has_the_time_of_the_service() -> None:
    item = one(changed(BOOK, cts=None))
    assert isinstance(item, DepthSnapshot)
    assert item.exchange_ns == 1_700_000_000_105_000_000


@pytest.mark.parametrize("category", ["spot", "linear", "inverse", "option"])
def test_the_category_of_the_connection_is_in_the_source(category: str) -> None:
    item = one(BOOK, category)
    assert isinstance(item, DepthSnapshot)
    assert item.source == f"bybit-{category}"


def test_another_category_is_the_caller_s_error() -> None:
    with pytest.raises(ContractError, match="'swap' is not one of spot, linear, inverse, option"):
        bybit.normalize(b"{}", RECEIVED, category="swap")


# The best bid and ask.


def test_level_one_is_the_best_bid_and_ask() -> None:
    assert one(BEST) == Bbo(
        "BTCUSDT", "bybit-linear", 35_000_100_000_000, 500_000_000,
        35_000_200_000_000, 2_000_000_000, 6, AT, RECEIVED,
    )  # fmt: skip


def test_level_one_with_number_one_is_whole_whatever_its_type_says() -> None:
    item = one(data_changed(changed(BEST, type="delta"), u=1))
    assert isinstance(item, Bbo)
    assert (item.bid, item.ask, item.sequence) == (35_000_100_000_000, 35_000_200_000_000, 6)


def test_level_one_without_the_number_across_topics_has_none() -> None:
    item = one(data_changed(BEST, seq=None))
    assert isinstance(item, Bbo)
    assert item.sequence is None


@pytest.mark.parametrize("empty", [[], [["35000.2", "0"]]])
def test_an_empty_side_of_level_one_is_zero_and_zero(empty: list[object]) -> None:
    item = one(data_changed(BEST, a=empty))
    assert isinstance(item, Bbo)
    assert (item.bid, item.bid_qty) == (35_000_100_000_000, 500_000_000)
    assert (item.ask, item.ask_qty) == (0, 0)


def test_a_delta_of_level_one_changes_what_we_do_not_hold() -> None:
    assert refused(one(changed(BEST, type="delta"))) == (WireFault.NOT_DATA, "type")


def test_level_one_with_more_levels_is_refused() -> None:
    two = [["1", "1"], ["2", "1"]]
    assert refused(one(data_changed(BEST, b=two))) == (WireFault.BAD_LEVELS, "b")
    assert refused(one(data_changed(BEST, a=two))) == (WireFault.BAD_LEVELS, "a")


@pytest.mark.parametrize("kind", ["snapshot", "delta"])
def test_a_ticker_that_tells_the_whole_top_is_a_bbo(kind: str) -> None:
    assert one(changed(TICKER, type=kind)) == Bbo(
        "BTCUSDT", "bybit-linear", 34_999_500_000_000, 84_489_000_000,
        35_000_000_000_000, 83_020_000_000, 24_987_956_059, AT, RECEIVED,
    )  # fmt: skip


@pytest.mark.parametrize("name", ["bid1Price", "bid1Size", "ask1Price", "ask1Size"])
def test_a_part_of_the_top_is_no_data_in_a_delta_and_missing_in_a_snapshot(name: str) -> None:
    part = data_changed(TICKER, **{name: None})
    assert refused(one(part)) == (WireFault.MISSING_FIELD, name)
    assert refused(one(changed(part, type="delta"))) == (WireFault.NOT_DATA, "type")


def test_a_ticker_of_the_spot_market_tells_no_top() -> None:
    told = {"symbol": "BTCUSDT", "lastPrice": "35000"}
    spot = changed(TICKER, data=told)
    assert refused(one(spot, "spot")) == (WireFault.NOT_DATA, "bid1Price")


def test_a_ticker_without_a_number_or_quotes() -> None:
    told = {"symbol": "BTCUSDT", "bid1Price": "", "bid1Size": "", "ask1Price": "2", "ask1Size": "3"}
    item = one(changed(TICKER, data=told, cs=None))
    assert item == Bbo(
        "BTCUSDT", "bybit-linear", 0, 0, 2_000_000_000, 3_000_000_000, None, AT, RECEIVED
    )


def test_an_option_s_ticker_names_its_top_in_its_own_way() -> None:
    told = {
        "symbol": "BTC-30JUN26-65000-C", "bidPrice": "0", "bidSize": "0", "bidIv": "0",
        "askPrice": "10", "askSize": "5.1", "askIv": "0.514",
    }  # fmt: skip
    message = {
        "id": "x", "topic": "tickers.BTC-30JUN26-65000-C", "ts": 1_700_000_000_100,
        "type": "snapshot", "data": told,
    }  # fmt: skip
    assert one(message, "option") == Bbo(
        "BTC-30JUN26-65000-C", "bybit-option", 0, 0, 10_000_000_000, 5_100_000_000, None, AT,
        RECEIVED,
    )  # fmt: skip
    assert refused(one(message, "linear")) == (WireFault.NOT_DATA, "bid1Price")


# Trades.


def test_a_trade_has_the_taker_s_side() -> None:
    assert one(trades(TRADE)) == Trade(
        "BTCUSDT", "bybit-linear", "20f43950-d8dd-5b31-9112-a178eb6023af", SELL,
        34_999_500_000_000, 1_000_000, 1_783_284_617, AT, RECEIVED,
    )  # fmt: skip


def test_every_trade_of_a_message_is_an_item_and_one_refusal_takes_no_other_with_it() -> None:
    bought = changed(TRADE, S="Buy", i="2", seq=None, BT=None, s="ETHUSDT")
    first, second, third, last = read(trades(bought, changed(TRADE, p="-1"), [], TRADE))
    assert isinstance(first, Trade)
    assert isinstance(last, Trade)
    assert (first.symbol, first.side, first.trade_id, first.sequence) == ("ETHUSDT", BUY, "2", None)
    assert refused(second) == (WireFault.BAD_NUMBER, "p")
    assert refused(third) == (WireFault.UNKNOWN_TYPE, "data")
    assert last.side is SELL


def test_a_block_trade_was_agreed_away_from_the_book() -> None:
    assert refused(one(trades(changed(TRADE, BT=True)))) == (WireFault.NOT_DATA, "BT")
    assert refused(one(trades(changed(TRADE, BT=0)))) == (WireFault.NOT_DATA, "BT")


def test_a_message_without_trades_leaves_one_refusal() -> None:
    assert refused(one(trades())) == (WireFault.NOT_DATA, "data")
    assert refused(one(changed(trades(), data=7))) == (WireFault.UNKNOWN_TYPE, "data")
    assert refused(one({"topic": "publicTrade.BTCUSDT"})) == (WireFault.MISSING_FIELD, "data")


# What is known and no data, and what is unknown.


@pytest.mark.parametrize(
    "message",
    [
        {"success": True, "ret_msg": "pong", "conn_id": "c", "op": "ping"},
        {"op": "pong", "args": ["1675418560633"]},
        {"success": True, "ret_msg": "subscribe", "conn_id": "c", "op": "subscribe"},
        {"success": False, "ret_msg": "error:handler not found"},
        {"success": True, "conn_id": "c", "data": {"failTopics": []}, "type": "COMMAND_RESP"},
        {"retCode": 0, "retMsg": "OK"}, {"ret_msg": "pong"},
    ],
)  # fmt: skip
def test_an_answer_to_a_request_is_no_data(message: object) -> None:
    assert refused(one(message)) == (WireFault.NOT_DATA, "op")


def test_a_message_with_a_topic_is_never_an_answer() -> None:
    assert one(changed(BOOK, success=True, op="subscribe")) == one(BOOK)


@pytest.mark.parametrize(
    "topic",
    [
        "kline.5.BTCUSDT", "liquidation.BTCUSDT", "allLiquidation.BTCUSDT", "insurance.USDT",
        "priceLimit.BTCUSDT", "adlAlert.USDT", "lt.EOS3LUSDT", "kline_lt.5.EOS3LUSDT",
        "tickers_lt.EOS3LUSDT", "orderbook.rpi.BTCUSDT",
    ],
)  # fmt: skip
def test_a_topic_without_a_house_event_is_no_data(topic: str) -> None:
    assert refused(one(changed(BOOK, topic=topic))) == (WireFault.NOT_DATA, "topic")


@pytest.mark.parametrize(
    ("message", "field"),
    [
        ([], ""), (5, ""), ({}, "topic"), ({"topic": 5}, "topic"),
        ({"topic": "execution"}, "topic"),
        (changed(BOOK, topic="orderbook"), "topic"),
        (changed(BOOK, topic="orderbook..BTCUSDT"), "topic"),
        (changed(BOOK, topic="orderbook.\u0661.BTCUSDT"), "topic"),
        (changed(BOOK, topic="orderbook.\u00b2.BTCUSDT"), "topic"),
        (changed(BOOK, topic="orderbook.x1.BTCUSDT"), "topic"),
        (changed(BOOK, topic="orderbook.01.BTCUSDT"), "topic"),
        (changed(BOOK, topic="orderbook.0.BTCUSDT"), "topic"),
        (changed(BOOK, topic="orderbook.10000.BTCUSDT"), "topic"),
        (changed(BOOK, type="update"), "type"), (changed(BOOK, type=None), "type"),
        (changed(TICKER, type="x"), "type"),
        (changed(BOOK, data=[]), "data"), (changed(TICKER, data=[]), "data"),
    ],
)  # fmt: skip
def test_what_the_venue_does_not_document_is_unknown(message: object, field: str) -> None:
    assert refused(one(message)) == (WireFault.UNKNOWN_TYPE, field)


@pytest.mark.parametrize(
    ("message", "fault", "field"),
    [
        (changed(BOOK, data=None), WireFault.MISSING_FIELD, "data"),
        (changed(TICKER, data=None), WireFault.MISSING_FIELD, "data"),
        (changed(BOOK, ts=None, cts=None), WireFault.MISSING_FIELD, "ts"),
        (changed(TICKER, ts=None), WireFault.MISSING_FIELD, "ts"),
        (data_changed(BOOK, s=None), WireFault.MISSING_FIELD, "s"),
        (data_changed(BOOK, u=None), WireFault.MISSING_FIELD, "u"),
        (data_changed(BOOK, b=None), WireFault.MISSING_FIELD, "b"),
        (data_changed(BOOK, a=None), WireFault.MISSING_FIELD, "a"),
        (data_changed(BOOK, s="btcusdt"), WireFault.BAD_SYMBOL, "s"),
        (data_changed(BOOK, s="ETHUSDT"), WireFault.BAD_SYMBOL, "s"),
        (data_changed(TICKER, symbol="ETHUSDT"), WireFault.BAD_SYMBOL, "symbol"),
        (data_changed(BOOK, u="700"), WireFault.BAD_SEQUENCE, "u"),
        (data_changed(BOOK, u=-1), WireFault.BAD_SEQUENCE, "u"),
        (data_changed(BEST, u=None), WireFault.MISSING_FIELD, "u"),
        (data_changed(BEST, seq="6"), WireFault.BAD_SEQUENCE, "seq"),
        (changed(TICKER, cs="1"), WireFault.BAD_SEQUENCE, "cs"),
        (changed(BOOK, cts="1672304484976"), WireFault.BAD_TIME, "cts"),
        (changed(TICKER, ts=0), WireFault.BAD_TIME, "ts"),
        (data_changed(BOOK, b="x"), WireFault.BAD_LEVELS, "b"),
        (data_changed(BOOK, a=[["1"]]), WireFault.BAD_LEVELS, "a"),
        (data_changed(BOOK, a=[["1", "1"], ["1.0", "2"]]), WireFault.BAD_LEVELS, "a"),
        (data_changed(BOOK, b=[["0", "1"]]), WireFault.BAD_NUMBER, "b"),
        (data_changed(BOOK, b=[["1", "-1"]]), WireFault.BAD_NUMBER, "b"),
        (data_changed(TICKER, bid1Size="1e3"), WireFault.BAD_NUMBER, "bid1Size"),
        (data_changed(TICKER, ask1Price=""), WireFault.BAD_NUMBER, "ask1Price"),
        (data_changed(TICKER, bid1Price=0), WireFault.BAD_NUMBER, "bid1Price"),
        (data_changed(TICKER, bid1Size=[]), WireFault.BAD_NUMBER, "bid1Size"),
        (trades(changed(TRADE, S="BUY")), WireFault.BAD_SIDE, "S"),
        (trades(changed(TRADE, S=None)), WireFault.MISSING_FIELD, "S"),
        (trades(changed(TRADE, s=None)), WireFault.MISSING_FIELD, "s"),
        (trades(changed(TRADE, s="btc")), WireFault.BAD_SYMBOL, "s"),
        (trades(changed(TRADE, i=None)), WireFault.MISSING_FIELD, "i"),
        (trades(changed(TRADE, i="")), WireFault.BAD_SEQUENCE, "i"),
        (trades(changed(TRADE, p=None)), WireFault.MISSING_FIELD, "p"),
        (trades(changed(TRADE, p="0")), WireFault.BAD_NUMBER, "p"),
        (trades(changed(TRADE, v=None)), WireFault.MISSING_FIELD, "v"),
        (trades(changed(TRADE, v="0")), WireFault.BAD_NUMBER, "v"),
        (trades(changed(TRADE, T=None)), WireFault.MISSING_FIELD, "T"),
        (trades(changed(TRADE, T=True)), WireFault.BAD_TIME, "T"),
        (trades(changed(TRADE, seq=1.5)), WireFault.BAD_SEQUENCE, "seq"),
    ],
)  # fmt: skip
def test_a_part_that_is_wrong_is_named(message: object, fault: WireFault, field: str) -> None:
    assert refused(one(message)) == (fault, field)


def test_what_is_no_message_is_refused() -> None:
    (item,) = bybit.normalize(b'{"topic":', RECEIVED, category="spot")
    assert refused(item) == (WireFault.NOT_JSON, "")
    (item,) = bybit.normalize(b" " * (wire.MAX_MESSAGE + 1), RECEIVED, category="spot")
    assert refused(item) == (WireFault.TOO_LONG, "")
