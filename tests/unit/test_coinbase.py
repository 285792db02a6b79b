"""Coinbase's two feeds, message by message: values worked out by hand, and every refusal."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tools.live.core.market_v1 import Bbo, DepthDiff, DepthSnapshot, Trade
from tools.live.core.words_v1 import BUY, SELL, Side
from tools.live.market.normalize import coinbase, wire
from tools.live.market.normalize.wire import Item, WireFault, WireRefused

RECEIVED = 1_700_000_000_123_456_789
AT = 1_700_000_000_000_000_000  # 2023-11-14T22:13:20Z

SNAPSHOT = {
    "type": "snapshot", "product_id": "BTC-USD",
    "bids": [["10101.10", "0.45054140"], ["10100", "0"]], "asks": [["10102.55", "0.57753524"]],
}  # fmt: skip
UPDATE = {
    "type": "l2update", "product_id": "BTC-USD", "time": "2023-11-14T22:13:20.000001Z",
    "changes": [["buy", "10101.8", "0.162567"], ["sell", "10102.55", "0"]],
}  # fmt: skip
MATCH = {
    "type": "match", "trade_id": 10, "sequence": 50, "maker_order_id": "ac928c66",
    "taker_order_id": "132fb6ae", "time": "2023-11-14T22:13:20.123456Z", "product_id": "BTC-USD",
    "size": "5.23512", "price": "400.23", "side": "sell",
}  # fmt: skip
TICKER = {
    "type": "ticker", "sequence": 37475248783, "product_id": "ETH-USD", "price": "1285.22",
    "best_bid": "1285.04", "best_bid_size": "0.46688654", "best_ask": "1285.27",
    "best_ask_size": "1.56637040", "side": "buy", "time": "2023-11-14T22:13:20Z",
    "trade_id": 370843401, "last_size": "11.4396987",
}  # fmt: skip
LEVEL = {
    "side": "bid", "event_time": "1970-01-01T00:00:00Z", "price_level": "21921.73",
    "new_quantity": "0.06317902",
}  # fmt: skip
SOLD = {
    "trade_id": "995098700", "product_id": "ETH-USD", "price": "1260.01", "size": "0.3",
    "side": "BUY", "time": "2023-11-14T22:13:20.265Z",
}  # fmt: skip
TOP = {
    "type": "ticker", "product_id": "BTC-USD", "price": "21932.98", "best_bid": "21931.98",
    "best_bid_quantity": "8000.21", "best_ask": "21933.98", "best_ask_quantity": "8038.07770938",
}  # fmt: skip


def read(message: object) -> tuple[Item, ...]:
    return coinbase.normalize(json.dumps(message).encode(), RECEIVED)


def one(message: object) -> Item:
    (item,) = read(message)
    return item


def changed(message: dict[str, Any], **parts: Any) -> dict[str, Any]:
    """The message with other fields; None takes one away."""
    made = {**message, **parts}
    return {name: value for name, value in made.items() if value is not None}


def advanced(channel: str, *events: object) -> dict[str, Any]:
    return {
        "channel": channel, "client_id": "", "timestamp": "2023-11-14T22:13:20.000000009Z",
        "sequence_num": 7, "events": list(events),
    }  # fmt: skip


def book(kind: str, *updates: object) -> dict[str, Any]:
    return {"type": kind, "product_id": "BTC-USD", "updates": list(updates)}


def sold(*trades: object) -> dict[str, Any]:
    return advanced("market_trades", {"type": "update", "trades": list(trades)})


def told(*tickers: object) -> dict[str, Any]:
    return advanced("ticker", {"type": "snapshot", "tickers": list(tickers)})


def refused(item: Item) -> tuple[WireFault, str]:
    assert isinstance(item, WireRefused)
    return item.fault, item.field


# The Exchange feed.


def test_a_snapshot_has_no_number_and_no_level_without_quantity() -> None:
    assert one(SNAPSHOT) == DepthSnapshot(
        "BTC-USD", "coinbase", ((10_101_100_000_000, 450_541_400),),
        ((10_102_550_000_000, 577_535_240),), None, None, RECEIVED,
    )  # fmt: skip


def test_a_snapshot_that_tells_its_time_has_it() -> None:
    item = one(changed(SNAPSHOT, time="2023-11-14T22:13:20.5Z", asks=[["1", "2"], ["3", "0.0"]]))
    assert isinstance(item, DepthSnapshot)
    assert item.exchange_ns == AT + 500_000_000
    assert item.asks == ((1_000_000_000, 2_000_000_000),)


def test_an_update_has_no_number_so_its_holes_cannot_be_seen() -> None:
    assert one(UPDATE) == DepthDiff(
        "BTC-USD", "coinbase", ((10_101_800_000_000, 162_567_000),), ((10_102_550_000_000, 0),),
        None, None, None, AT + 1000, RECEIVED,
    )  # fmt: skip


def test_of_two_changes_of_one_price_the_later_holds() -> None:
    changes = [["buy", "10", "1"], ["sell", "10", "5"], ["buy", "9", "2"], ["buy", "10.0", "0"]]
    item = one(changed(UPDATE, changes=changes))
    assert isinstance(item, DepthDiff)
    assert item.bids == ((10_000_000_000, 0), (9_000_000_000, 2_000_000_000))
    assert item.asks == ((10_000_000_000, 5_000_000_000),)


@pytest.mark.parametrize("told_time", [None, "1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z"])
def test_a_time_that_says_nothing_is_none(told_time: str | None) -> None:
    item = one(changed(UPDATE, time=told_time))
    assert isinstance(item, DepthDiff)
    assert item.exchange_ns is None


@pytest.mark.parametrize("kind", ["match", "last_match"])
@pytest.mark.parametrize(("maker", "aggressor"), [("sell", BUY), ("buy", SELL)])
def test_a_match_tells_the_maker_s_side(kind: str, maker: str, aggressor: Side) -> None:
    assert one(changed(MATCH, type=kind, side=maker)) == Trade(
        "BTC-USD", "coinbase", "10", aggressor, 400_230_000_000, 5_235_120_000, 50,
        AT + 123_456_000, RECEIVED,
    )  # fmt: skip


def test_a_ticker_tells_the_best_bid_and_ask() -> None:
    assert one(TICKER) == Bbo(
        "ETH-USD", "coinbase", 1_285_040_000_000, 466_886_540, 1_285_270_000_000, 1_566_370_400,
        37_475_248_783, AT, RECEIVED,
    )  # fmt: skip


def test_a_ticker_without_number_and_time() -> None:
    item = one(changed(TICKER, sequence=None, time=None))
    assert isinstance(item, Bbo)
    assert (item.sequence, item.exchange_ns) == (None, None)


def test_a_ticker_of_earlier_years_lacks_the_sizes_of_a_quote() -> None:
    old = changed(TICKER, best_bid_size=None, best_ask_size=None)
    assert refused(one(old)) == (WireFault.MISSING_FIELD, "best_bid_size")
    older = changed(old, best_bid=None, best_ask=None)
    assert refused(one(older)) == (WireFault.NOT_DATA, "best_bid")


@pytest.mark.parametrize(
    "kind",
    [
        "subscriptions", "heartbeat", "error", "status", "auction", "rfq_match", "received",
        "open", "done", "change", "activate",
    ],
)  # fmt: skip
def test_what_is_known_and_no_event_of_ours_is_no_data(kind: str) -> None:
    assert refused(one(changed(MATCH, type=kind))) == (WireFault.NOT_DATA, "type")


# Advanced Trade.


def test_a_snapshot_s_year_1970_says_nothing_so_it_has_the_time_of_its_sending() -> None:
    offer = changed(LEVEL, side="offer", price_level="21921.74", event_time=None)
    item = one(advanced("l2_data", book("snapshot", LEVEL, offer)))
    assert item == DepthSnapshot(
        "BTC-USD", "coinbase", ((21_921_730_000_000, 63_179_020),),
        ((21_921_740_000_000, 63_179_020),), None, AT + 9, RECEIVED,
    )  # fmt: skip


def test_a_snapshot_has_no_level_without_quantity() -> None:
    gone = changed(LEVEL, price_level="1", new_quantity="0")
    item = one(advanced("l2_data", book("snapshot", gone, changed(gone, side="offer"), LEVEL)))
    assert isinstance(item, DepthSnapshot)
    assert (item.bids, item.asks) == (((21_921_730_000_000, 63_179_020),), ())


def test_an_update_has_its_newest_time_and_not_the_number_of_the_connection() -> None:
    updates = [
        changed(LEVEL, event_time="2023-11-14T22:13:19.5Z"),
        changed(LEVEL, event_time="2023-11-14T22:13:19.900000001Z", side="offer"),
        changed(LEVEL, event_time="2023-11-14T22:13:19.7Z", new_quantity="0"),
    ]
    assert one(advanced("l2_data", book("update", *updates))) == DepthDiff(
        "BTC-USD", "coinbase", ((21_921_730_000_000, 0),), ((21_921_730_000_000, 63_179_020),),
        None, None, None, AT - 99_999_999, RECEIVED,
    )  # fmt: skip


def test_every_book_of_a_message_is_an_item() -> None:
    good = book("update", LEVEL)
    items = read(advanced("l2_data", good, {"type": "update"}, 5, book("update")))
    first, second, third, last = items
    assert isinstance(first, DepthDiff)
    assert refused(second) == (WireFault.MISSING_FIELD, "product_id")
    assert refused(third) == (WireFault.UNKNOWN_TYPE, "events")
    assert isinstance(last, DepthDiff)
    assert (last.bids, last.asks, last.exchange_ns) == ((), (), AT + 9)


@pytest.mark.parametrize(("maker", "aggressor"), [("BUY", SELL), ("SELL", BUY)])
def test_a_market_trade_tells_the_maker_s_side(maker: str, aggressor: Side) -> None:
    assert one(sold(changed(SOLD, side=maker))) == Trade(
        "ETH-USD", "coinbase", "995098700", aggressor, 1_260_010_000_000, 300_000_000, None,
        AT + 265_000_000, RECEIVED,
    )  # fmt: skip


def test_every_trade_of_every_event_is_an_item() -> None:
    message = advanced(
        "market_trades",
        {"type": "snapshot", "trades": [SOLD, changed(SOLD, size="0"), 3]},
        {"type": "update", "trades": []},
        {"type": "update"},
        {"type": "update", "trades": [changed(SOLD, trade_id="b")]},
    )
    first, second, third, fourth, fifth, last = read(message)
    assert isinstance(first, Trade)
    assert refused(second) == (WireFault.BAD_NUMBER, "size")
    assert refused(third) == (WireFault.UNKNOWN_TYPE, "trades")
    assert refused(fourth) == (WireFault.NOT_DATA, "trades")
    assert refused(fifth) == (WireFault.MISSING_FIELD, "trades")
    assert isinstance(last, Trade)
    assert (first.trade_id, last.trade_id) == ("995098700", "b")


def test_a_trade_does_not_ask_when_its_message_was_sent() -> None:
    item = one(changed(sold(SOLD), timestamp=None))
    assert isinstance(item, Trade)


def test_a_ticker_of_advanced_trade_has_the_time_of_its_sending() -> None:
    assert one(told(TOP)) == Bbo(
        "BTC-USD", "coinbase", 21_931_980_000_000, 8_000_210_000_000, 21_933_980_000_000,
        8_038_077_709_380, None, AT + 9, RECEIVED,
    )  # fmt: skip


def test_a_batched_ticker_tells_no_top() -> None:
    batched = {"type": "ticker", "product_id": "BTC-USD", "price": "21932.98"}
    message = changed(told(TOP, batched), channel="ticker_batch")
    first, second = read(message)
    assert isinstance(first, Bbo)
    assert refused(second) == (WireFault.NOT_DATA, "best_bid")


@pytest.mark.parametrize(
    "channel",
    ["subscriptions", "heartbeats", "candles", "status", "user", "futures_balance_summary"],
)
def test_a_channel_without_a_house_event_is_no_data(channel: str) -> None:
    assert refused(one(advanced(channel, {}))) == (WireFault.NOT_DATA, "channel")


def test_a_message_without_events_leaves_one_refusal() -> None:
    assert refused(one(advanced("l2_data"))) == (WireFault.NOT_DATA, "events")
    assert refused(one(advanced("market_trades"))) == (WireFault.NOT_DATA, "events")


# Refusals of both.


@pytest.mark.parametrize(
    ("message", "fault", "field"),
    [
        ([], WireFault.UNKNOWN_TYPE, ""),
        ({}, WireFault.UNKNOWN_TYPE, "type"),
        (changed(MATCH, type="trade"), WireFault.UNKNOWN_TYPE, "type"),
        (changed(MATCH, type=["match"]), WireFault.UNKNOWN_TYPE, "type"),
        (changed(MATCH, product_id=None), WireFault.MISSING_FIELD, "product_id"),
        (changed(MATCH, product_id="btc-usd"), WireFault.BAD_SYMBOL, "product_id"),
        (changed(MATCH, sequence=None), WireFault.MISSING_FIELD, "sequence"),
        (changed(MATCH, sequence="50"), WireFault.BAD_SEQUENCE, "sequence"),
        (changed(MATCH, trade_id=None), WireFault.MISSING_FIELD, "trade_id"),
        (changed(MATCH, trade_id=-1), WireFault.BAD_SEQUENCE, "trade_id"),
        (changed(MATCH, side=None), WireFault.MISSING_FIELD, "side"),
        (changed(MATCH, side="SELL"), WireFault.BAD_SIDE, "side"),
        (changed(MATCH, price=None), WireFault.MISSING_FIELD, "price"),
        (changed(MATCH, price="0.0"), WireFault.BAD_NUMBER, "price"),
        (changed(MATCH, size=None), WireFault.MISSING_FIELD, "size"),
        (changed(MATCH, size="-0"), WireFault.BAD_NUMBER, "size"),
        (changed(MATCH, time=None), WireFault.MISSING_FIELD, "time"),
        (changed(MATCH, time="2023-11-14T22:13:20"), WireFault.BAD_TIME, "time"),
        (changed(TICKER, sequence=1.5), WireFault.BAD_SEQUENCE, "sequence"),
        (changed(TICKER, time=5), WireFault.BAD_TIME, "time"),
        (changed(TICKER, best_ask=""), WireFault.BAD_NUMBER, "best_ask"),
        (changed(TICKER, product_id=None), WireFault.MISSING_FIELD, "product_id"),
        (changed(SNAPSHOT, product_id=None), WireFault.MISSING_FIELD, "product_id"),
        (changed(SNAPSHOT, bids=None), WireFault.MISSING_FIELD, "bids"),
        (changed(SNAPSHOT, asks=None), WireFault.MISSING_FIELD, "asks"),
        (changed(SNAPSHOT, bids=[["1", "1"], ["1", "2"]]), WireFault.BAD_LEVELS, "bids"),
        (changed(SNAPSHOT, asks={}), WireFault.BAD_LEVELS, "asks"),
        (changed(SNAPSHOT, time=""), WireFault.BAD_TIME, "time"),
        (changed(UPDATE, product_id=None), WireFault.MISSING_FIELD, "product_id"),
        (changed(UPDATE, changes=None), WireFault.MISSING_FIELD, "changes"),
        (changed(UPDATE, changes={}), WireFault.BAD_LEVELS, "changes"),
        (changed(UPDATE, changes=["abc"]), WireFault.BAD_LEVELS, "changes"),
        (changed(UPDATE, changes=[["buy", "1"]]), WireFault.BAD_LEVELS, "changes"),
        (changed(UPDATE, changes=[["buy", "1", "1", "1"]]), WireFault.BAD_LEVELS, "changes"),
        (changed(UPDATE, changes=[["bid", "1", "1"]]), WireFault.BAD_SIDE, "changes"),
        (changed(UPDATE, changes=[["buy", "0", "1"]]), WireFault.BAD_NUMBER, "changes"),
        (changed(UPDATE, changes=[["buy", "1", "1e2"]]), WireFault.BAD_NUMBER, "changes"),
        (changed(UPDATE, time=[]), WireFault.BAD_TIME, "time"),
        (changed(advanced("l2_data"), channel=5), WireFault.UNKNOWN_TYPE, "channel"),
        (advanced("level2", {}), WireFault.UNKNOWN_TYPE, "channel"),
        (changed(told(TOP), timestamp=None), WireFault.MISSING_FIELD, "timestamp"),
        (changed(told(TOP), timestamp="now"), WireFault.BAD_TIME, "timestamp"),
        (changed(told(TOP), events=None), WireFault.MISSING_FIELD, "events"),
        (changed(told(TOP), events={}), WireFault.UNKNOWN_TYPE, "events"),
        (told(7), WireFault.UNKNOWN_TYPE, "tickers"),
        (told(changed(TOP, best_ask_quantity=None)), WireFault.MISSING_FIELD, "best_ask_quantity"),
        (advanced("l2_data", book("new")), WireFault.UNKNOWN_TYPE, "type"),
        (advanced("l2_data", {"product_id": "A"}), WireFault.UNKNOWN_TYPE, "type"),
        (
            advanced("l2_data", {"type": "update", "product_id": "A"}),
            WireFault.MISSING_FIELD, "updates",
        ),
        (
            advanced("l2_data", {"type": "update", "product_id": "A", "updates": 5}),
            WireFault.BAD_LEVELS, "updates",
        ),
        (advanced("l2_data", book("update", 5)), WireFault.BAD_LEVELS, "updates"),
        (advanced("l2_data", book("snapshot", LEVEL, LEVEL)), WireFault.BAD_LEVELS, "updates"),
    ],
)  # fmt: skip
def test_a_part_that_is_wrong_is_named(message: object, fault: WireFault, field: str) -> None:
    assert refused(one(message)) == (fault, field)


@pytest.mark.parametrize(
    ("level", "fault", "field"),
    [
        (changed(LEVEL, side=None), WireFault.MISSING_FIELD, "side"),
        (changed(LEVEL, side="ask"), WireFault.BAD_SIDE, "side"),
        (changed(LEVEL, price_level=None), WireFault.MISSING_FIELD, "price_level"),
        (changed(LEVEL, price_level="0"), WireFault.BAD_NUMBER, "price_level"),
        (changed(LEVEL, new_quantity=None), WireFault.MISSING_FIELD, "new_quantity"),
        (changed(LEVEL, new_quantity="-1"), WireFault.BAD_NUMBER, "new_quantity"),
        (changed(LEVEL, event_time="2023-11-14"), WireFault.BAD_TIME, "event_time"),
    ],
)
def test_a_level_that_is_wrong_is_named(
    level: dict[str, Any], fault: WireFault, field: str
) -> None:
    assert refused(one(advanced("l2_data", book("update", level)))) == (fault, field)


def test_what_is_no_message_is_refused() -> None:
    (item,) = coinbase.normalize(b'{"type":NaN}', RECEIVED)
    assert refused(item) == (WireFault.NOT_JSON, "")
    (item,) = coinbase.normalize(b" " * (wire.MAX_MESSAGE + 1), RECEIVED)
    assert refused(item) == (WireFault.TOO_LONG, "")
