"""Binance's messages, each worked out by hand, and every refusal with its code."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tools.live.core.contracts_v1 import BUY, SELL
from tools.live.core.market_v1 import Bbo, DepthDiff, DepthSnapshot, MarketData, Trade
from tools.live.market.normalize import wire
from tools.live.market.normalize.binance import spot, usdm
from tools.live.market.normalize.wire import Item, WireFault, WireRefused

TS = 1_723_161_254_087_891_268
MS = 10**6
SENT = 1_723_161_255_343
HAPPENED = 1_723_161_255_342
NORMALIZERS = {"spot": spot, "usdm": usdm}
Fields = dict[str, Any]

SPOT_DEPTH: Fields = {
    "e": "depthUpdate", "E": SENT, "s": "BTCUSDT", "U": 157, "u": 160,
    "b": [["61737.63000000", "0.00000000"], ["61730.17000000", "1.25000000"]],
    "a": [["61837.64000000", "1.54698000"]],
}  # fmt: skip
SPOT_BBO: Fields = {
    "u": 50_093_239_212, "s": "BTCUSDT", "b": "61837.63000000", "B": "3.78826000",
    "a": "61837.64000000", "A": "1.54698000",
}  # fmt: skip
SPOT_TRADE: Fields = {
    "e": "trade", "E": SENT, "s": "BTCUSDT", "t": 3_735_683_259, "p": "61837.63000000",
    "q": "0.02000000", "T": HAPPENED, "m": True, "M": True,
}  # fmt: skip
SPOT_AGGREGATE: Fields = {
    "e": "aggTrade", "E": SENT, "s": "BNBBTC", "a": 12_345, "p": "0.001", "q": "100", "f": 100,
    "l": 105, "T": HAPPENED, "m": False, "M": True,
}  # fmt: skip
USDM_DEPTH: Fields = {
    "e": "depthUpdate", "E": SENT, "T": HAPPENED, "s": "BTCUSDT", "U": 157, "u": 160, "pu": 149,
    "b": [["58710.20", "0.014"]], "a": [],
}  # fmt: skip
USDM_BBO: Fields = {
    "e": "bookTicker", "u": 5_123_107_839_020, "s": "BTCUSDT", "b": "61800.20", "B": "2.507",
    "a": "61800.30", "A": "2.510", "T": HAPPENED, "E": SENT,
}  # fmt: skip
USDM_TRADE: Fields = {
    "e": "trade", "E": SENT, "T": HAPPENED, "s": "BTCUSDT", "t": 5_266_583_935, "p": "61800.30",
    "q": "0.006", "X": "MARKET", "m": False,
}  # fmt: skip
USDM_AGGREGATE: Fields = {
    "e": "aggTrade", "E": SENT, "a": 329_301_872, "s": "ZECUSDT", "p": "409.69", "q": "0.141",
    "nq": "0.100", "f": 793_703_628, "l": 793_703_630, "T": HAPPENED, "m": True,
}  # fmt: skip
SPOT_SNAPSHOT: Fields = {
    "lastUpdateId": 1_027_024, "bids": [["4.00000000", "431.00000000"]], "asks": [],
}  # fmt: skip
USDM_SNAPSHOT: Fields = {
    "lastUpdateId": 1_027_024, "E": SENT, "T": HAPPENED, "bids": [],
    "asks": [["4.00000200", "12"], ["4.1", "0"]],
}  # fmt: skip

VECTORS: list[tuple[str, str, Fields, MarketData]] = [
    ("spot", "btcusdt@depth@100ms", SPOT_DEPTH, DepthDiff(
        "BTCUSDT", "binance-spot",
        ((61_737_630_000_000, 0), (61_730_170_000_000, 1_250_000_000)),
        ((61_837_640_000_000, 1_546_980_000),), 157, 160, None, SENT * MS, TS)),
    ("spot", "btcusdt@bookTicker", SPOT_BBO, Bbo(
        "BTCUSDT", "binance-spot", 61_837_630_000_000, 3_788_260_000, 61_837_640_000_000,
        1_546_980_000, 50_093_239_212, None, TS)),
    ("spot", "btcusdt@trade", SPOT_TRADE, Trade(
        "BTCUSDT", "binance-spot", "3735683259", SELL, 61_837_630_000_000, 20_000_000,
        3_735_683_259, HAPPENED * MS, TS)),
    ("spot", "bnbbtc@aggTrade", SPOT_AGGREGATE, Trade(
        "BNBBTC", "binance-spot", "12345", BUY, 1_000_000, 100_000_000_000, 105,
        HAPPENED * MS, TS)),
    ("usdm", "btcusdt@depth", USDM_DEPTH, DepthDiff(
        "BTCUSDT", "binance-usdm", ((58_710_200_000_000, 14_000_000),), (), 157, 160, 149,
        HAPPENED * MS, TS)),
    ("usdm", "btcusdt@bookTicker", USDM_BBO, Bbo(
        "BTCUSDT", "binance-usdm", 61_800_200_000_000, 2_507_000_000, 61_800_300_000_000,
        2_510_000_000, 5_123_107_839_020, HAPPENED * MS, TS)),
    ("usdm", "btcusdt@trade", USDM_TRADE, Trade(
        "BTCUSDT", "binance-usdm", "5266583935", BUY, 61_800_300_000_000, 6_000_000,
        5_266_583_935, HAPPENED * MS, TS)),
    ("usdm", "zecusdt@aggTrade", USDM_AGGREGATE, Trade(
        "ZECUSDT", "binance-usdm", "329301872", SELL, 409_690_000_000, 141_000_000, 793_703_630,
        HAPPENED * MS, TS)),
]  # fmt: skip
IDS = [f"{market}-{stream.split('@')[1]}" for market, stream, _, _ in VECTORS]
SPELLINGS = {"the venue's": (",", ":"), "another": (", ", ": ")}


def said(market: str, message: object, symbol: str = "", spelling: str = "the venue's") -> Item:
    """The one item of a message."""
    raw = json.dumps(message, separators=SPELLINGS[spelling]).encode()
    items = NORMALIZERS[market](raw, TS, symbol)
    assert len(items) == 1
    return items[0]


def refusal(fault: WireFault, field: str, value: object) -> WireRefused:
    return WireRefused(fault, field, wire.shown(value))


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize(("market", "stream", "fields", "event"), VECTORS, ids=IDS)
def test_a_message_says_the_same_bare_and_in_its_envelope(
    market: str, stream: str, fields: Fields, event: MarketData, spelling: str
) -> None:
    assert said(market, fields, spelling=spelling) == event
    assert said(market, {"stream": stream, "data": fields}, spelling=spelling) == event
    assert said(market, {"data": fields, "stream": stream}, spelling=spelling) == event


@pytest.mark.parametrize(("market", "stream", "fields", "event"), VECTORS, ids=IDS)
def test_the_order_of_fields_and_strange_ones_change_nothing(
    market: str, stream: str, fields: Fields, event: MarketData
) -> None:
    assert said(market, dict(reversed(fields.items()))) == event
    assert said(market, {**fields, "new": {"nested": [1]}}) == event
    assert said(market, fields, "OTHER") == event


def test_a_snapshot_of_spot_has_no_time() -> None:
    assert said("spot", SPOT_SNAPSHOT, "BTCUSDT") == DepthSnapshot(
        "BTCUSDT", "binance-spot", ((4_000_000_000, 431_000_000_000),), (), 1_027_024, None, TS
    )


def test_a_snapshot_of_futures_has_the_time_of_its_last_transaction() -> None:
    assert said("usdm", USDM_SNAPSHOT, "BTCUSDT") == DepthSnapshot(
        "BTCUSDT", "binance-usdm", (), ((4_000_002_000, 12_000_000_000), (4_100_000_000, 0)),
        1_027_024, HAPPENED * MS, TS,
    )  # fmt: skip


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize(("market", "fields"), [("spot", SPOT_BBO), ("usdm", USDM_BBO)])
def test_an_empty_side_has_neither_price_nor_size(
    market: str, fields: Fields, spelling: str
) -> None:
    no_bid = said(market, {**fields, "b": "0.00", "B": "0.000"}, spelling=spelling)
    no_ask = said(market, {**fields, "a": "0", "A": "0"}, spelling=spelling)
    assert isinstance(no_bid, Bbo) and isinstance(no_ask, Bbo)
    assert (no_bid.bid, no_bid.bid_qty, no_bid.ask > 0, no_bid.ask_qty > 0) == (0, 0, True, True)
    assert (no_ask.bid > 0, no_ask.bid_qty > 0, no_ask.ask, no_ask.ask_qty) == (True, True, 0, 0)


@pytest.mark.parametrize(("market", "fields"), [("spot", SPOT_BBO), ("usdm", USDM_BBO)])
@pytest.mark.parametrize("zero", ["b", "B", "a", "A"])
def test_half_a_side_is_refused(market: str, fields: Fields, zero: str) -> None:
    assert said(market, {**fields, zero: "0.0"}) == refusal(WireFault.BAD_NUMBER, zero, "0.0")


@pytest.mark.parametrize("told", ["INSURANCE_FUND", "ADL", "NA", "", None, 5])
def test_what_never_met_the_book_is_no_trade(told: object) -> None:
    fields = {**USDM_TRADE, "X": told, "p": "0", "q": "0"}
    assert said("usdm", fields) == refusal(WireFault.NOT_DATA, "X", told)


def test_spot_has_no_such_trades_and_no_such_field() -> None:
    assert isinstance(said("spot", {**SPOT_TRADE, "X": "NA"}), Trade)


@pytest.mark.parametrize("told", [2, "1", None])
def test_coin_margined_messages_are_not_the_futures_we_mean(told: object) -> None:
    for fields in (USDM_DEPTH, USDM_BBO, USDM_TRADE, USDM_AGGREGATE):
        assert said("usdm", {**fields, "st": told}) == refusal(WireFault.NOT_DATA, "st", told)
        assert said("usdm", {**fields, "st": 1}) == said("usdm", fields)
    assert said("spot", {**SPOT_TRADE, "st": told}) == said("spot", SPOT_TRADE)


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize(("market", "fields"), [("spot", SPOT_DEPTH), ("usdm", USDM_DEPTH)])
@pytest.mark.parametrize(
    "stream", ["btcusdt@depth5", "btcusdt@depth20@100ms", "btcusdt@rpiDepth@500ms", "@depth",
               "btcusdt@depth@100ms@", "btcusdt@depth@ms", "btcusdt@trade", "!depth"],
)  # fmt: skip
def test_depth_of_another_stream_is_not_the_books(
    market: str, fields: Fields, stream: str, spelling: str
) -> None:
    message = {"stream": stream, "data": fields}
    assert said(market, message, spelling=spelling) == refusal(
        WireFault.NOT_DATA, "stream", stream
    )


@pytest.mark.parametrize("market", NORMALIZERS)
def test_a_snapshot_on_a_stream_is_a_partial_book(market: str) -> None:
    message = {"stream": "btcusdt@depth5", "data": SPOT_SNAPSHOT}
    assert said(market, message, "BTCUSDT") == refusal(
        WireFault.NOT_DATA, "stream", "btcusdt@depth5"
    )


@pytest.mark.parametrize("market", NORMALIZERS)
@pytest.mark.parametrize(
    ("message", "field", "shown"),
    [
        ({"result": None, "id": 1}, "result", None),
        ({"result": ["btcusdt@trade"], "id": 3}, "result", ["btcusdt@trade"]),
        ({"error": {"code": 2, "msg": "bad"}, "id": 4}, "error", {"code": 2, "msg": "bad"}),
        ({"code": -1121, "msg": "Invalid symbol."}, "code", -1121),
        ({"e": "kline", "s": "BTCUSDT", "k": {}}, "e", "kline"),
        ({"e": "forceOrder", "o": {}}, "e", "forceOrder"),
        ({"stream": "!ticker@arr", "data": [{"e": "24hrTicker"}, {}]}, "e", "24hrTicker"),
        ([{"e": "markPriceUpdate"}], "e", "markPriceUpdate"),
    ],
)
def test_what_is_known_and_no_data(market: str, message: object, field: str, shown: Any) -> None:
    assert said(market, message) == refusal(WireFault.NOT_DATA, field, shown)


@pytest.mark.parametrize("market", NORMALIZERS)
@pytest.mark.parametrize(
    ("message", "field", "shown"),
    [
        (5, "", 5),
        (None, "", None),
        ("trade", "", "trade"),
        ([], "", []),
        ([[]], "", [[]]),
        ([5], "", [5]),
        ({}, "e", None),
        ({"s": "BTCUSDT", "u": 5}, "e", None),
        ({"e": None}, "e", None),
        ({"e": ["trade"]}, "e", ["trade"]),
        ({"e": "ORDER_TRADE_UPDATE"}, "e", "ORDER_TRADE_UPDATE"),
        ({"e": "lastUpdateId"}, "e", "lastUpdateId"),
        ([{"e": "trade"}], "e", "trade"),
        ([{}, "result"], "e", None),
        ([{"lastUpdateId": 1}, "bids", "asks"], "e", None),
        ({"stream": 5, "data": {}}, "stream", 5),
        ({"stream": "", "data": {}}, "stream", ""),
        ({"stream": "btcusdt@trade", "data": "x"}, "", "x"),
        ({"data": SPOT_TRADE}, "e", None),
    ],
)
def test_what_nobody_documented(market: str, message: object, field: str, shown: Any) -> None:
    assert said(market, message) == refusal(WireFault.UNKNOWN_TYPE, field, shown)


SNAPSHOTS = [("spot", SPOT_SNAPSHOT), ("usdm", USDM_SNAPSHOT)]
MESSAGES = [*((market, fields) for market, _, fields, _ in VECTORS), *SNAPSHOTS]
KINDS = ("e", "lastUpdateId")  # without one of these it is another message
NOT_READ = ("E", "M", "nq")
DROPPED = [
    (market, fields, name) for market, fields in MESSAGES for name in fields if name not in KINDS
]


@pytest.mark.parametrize(("market", "fields", "name"), DROPPED)
def test_every_field_that_is_read_must_be_there(market: str, fields: Fields, name: str) -> None:
    left = {one: value for one, value in fields.items() if one != name}
    heard = said(market, left, "BTCUSDT")
    if name in NOT_READ and fields is not SPOT_DEPTH:
        assert heard == said(market, fields, "BTCUSDT")
    else:
        assert heard == refusal(WireFault.MISSING_FIELD, name, None)


def test_an_envelope_without_data_is_refused() -> None:
    assert said("spot", {"stream": "x@trade"}) == refusal(WireFault.MISSING_FIELD, "data", None)


BAD: list[tuple[str, WireFault, tuple[object, ...]]] = [
    ("s", WireFault.BAD_SYMBOL, ("", "btcusdt", None, 5)),
    ("U", WireFault.BAD_SEQUENCE, (-1, "157", None, 1 << 63)),
    ("u", WireFault.BAD_SEQUENCE, (-1, "160", None, 1 << 63)),
    ("pu", WireFault.BAD_SEQUENCE, (-1, "149", None, 1 << 63)),
    ("t", WireFault.BAD_SEQUENCE, (-1, "5", None, True)),
    ("f", WireFault.BAD_SEQUENCE, (-1, "5", None)),
    ("l", WireFault.BAD_SEQUENCE, (-1, "5", None)),
    ("p", WireFault.BAD_NUMBER, ("0", "0.00", "-1", "", "1_0", " 1", None, 5, "1e3")),
    ("q", WireFault.BAD_NUMBER, ("0", "-1", "", "0.0000000001", None, [])),
    ("B", WireFault.BAD_NUMBER, ("-1", "", "1e3", None, 5)),
    ("A", WireFault.BAD_NUMBER, ("-1", "", "1e3", None, 5)),
    ("m", WireFault.BAD_SIDE, (None, 0, 1, "true")),
    ("T", WireFault.BAD_TIME, (0, -1, "1723161255342", None, HAPPENED * 1000)),
    ("bids", WireFault.BAD_LEVELS, (None, {}, [["1", "1"], ["1.0", "2"]])),
    ("asks", WireFault.BAD_LEVELS, ("12", ["12"], [["1"]])),
    ("bids", WireFault.BAD_NUMBER, ([["0", "1"]], [["1", "-1"]], [[1, 2]])),
    ("lastUpdateId", WireFault.BAD_SEQUENCE, (None, -1, "5")),
]
SPOILED = [
    (market, fields, name, fault, value)
    for name, fault, values in BAD
    for market, fields in MESSAGES
    if name in fields
    for value in values
]


@pytest.mark.parametrize(("market", "fields", "name", "fault", "value"), SPOILED)
def test_every_field_that_is_read_must_be_well_spelled(
    market: str, fields: Fields, name: str, fault: WireFault, value: object
) -> None:
    heard = said(market, {**fields, name: value}, "BTCUSDT")
    assert isinstance(heard, WireRefused)
    assert (heard.fault, heard.field) == (fault, name)


@pytest.mark.parametrize(("market", "fields"), [("spot", SPOT_DEPTH), ("usdm", USDM_DEPTH)])
@pytest.mark.parametrize("name", ["b", "a"])
@pytest.mark.parametrize(
    ("told", "fault"),
    [
        ([["1", "1"], ["1.0", "2"]], WireFault.BAD_LEVELS),
        ([["1", "1"], ["1", "2"]], WireFault.BAD_LEVELS),
        (["12"], WireFault.BAD_LEVELS),
        ({"12": "34"}, WireFault.BAD_LEVELS),
        ([{"1": 0, "2": 0}], WireFault.BAD_LEVELS),
        ([["1"], ["2", "3"]], WireFault.BAD_LEVELS),
        ([["0", "1"]], WireFault.BAD_NUMBER),
        ([["1", ""]], WireFault.BAD_NUMBER),
        ([["1", 2]], WireFault.BAD_NUMBER),
    ],
)
def test_levels_that_are_none(
    market: str, fields: Fields, name: str, told: object, fault: WireFault
) -> None:
    heard = said(market, {**fields, name: told})
    assert isinstance(heard, WireRefused)
    assert (heard.fault, heard.field) == (fault, name)


def test_the_time_of_a_spot_update_is_its_event_time() -> None:
    assert said("spot", {**SPOT_DEPTH, "E": 0}) == refusal(WireFault.BAD_TIME, "E", 0)
    assert said("spot", {**SPOT_DEPTH, "T": "x"}) == said("spot", SPOT_DEPTH)


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize(
    ("market", "fields", "first", "last"),
    [("spot", SPOT_DEPTH, "U", "u"), ("usdm", USDM_DEPTH, "U", "u"),
     ("spot", SPOT_AGGREGATE, "f", "l"), ("usdm", USDM_AGGREGATE, "f", "l")],
)  # fmt: skip
def test_a_range_does_not_end_before_it_begins(
    market: str, fields: Fields, first: str, last: str, spelling: str
) -> None:
    one = said(market, {**fields, first: 7, last: 7}, spelling=spelling)
    assert isinstance(one, (DepthDiff, Trade)) and one.sequence == 7
    assert said(market, {**fields, first: 8, last: 7}, spelling=spelling) == refusal(
        WireFault.BAD_SEQUENCE, last, 7
    )


@pytest.mark.parametrize("market", NORMALIZERS)
def test_a_snapshot_needs_to_be_told_its_symbol(market: str) -> None:
    assert said(market, USDM_SNAPSHOT) == refusal(WireFault.MISSING_FIELD, "symbol", None)
    assert said(market, USDM_SNAPSHOT, "btc") == refusal(WireFault.BAD_SYMBOL, "symbol", "btc")


@pytest.mark.parametrize("market", NORMALIZERS)
def test_what_is_no_message_at_all(market: str) -> None:
    normalize = NORMALIZERS[market]
    faults = {
        b"": WireFault.NOT_JSON,
        b"{": WireFault.NOT_JSON,
        b'{"e":"trade","e":"trade"}': WireFault.NOT_JSON,
        b"\xff": WireFault.NOT_JSON,
        b" " * (wire.MAX_MESSAGE + 1): WireFault.TOO_LONG,
    }
    for raw, fault in faults.items():
        (item,) = normalize(raw, TS)
        assert isinstance(item, WireRefused) and item.fault is fault
