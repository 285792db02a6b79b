"""Alpaca's stock stream, element by element: values worked out by hand, and every refusal."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tools.live.core.market_v1 import Bbo, Trade
from tools.live.market.normalize import alpaca, wire
from tools.live.market.normalize.wire import Item, WireFault, WireRefused

RECEIVED = 1_770_000_000_123_456_789
AT = 1_770_000_000_000_000_000  # 2026-02-02T02:40:00Z

QUOTE = {
    "T": "q", "S": "AMD", "bx": "U", "bp": 87.66, "bs": 100, "ax": "Q", "ap": 87.68, "as": 440,
    "t": "2026-02-02T02:40:00.335689322Z", "c": ["R"], "z": "C",
}  # fmt: skip
TRADE = {
    "T": "t", "i": 96921, "S": "AAPL", "x": "D", "p": 126.5501, "s": 1,
    "t": "2026-02-02T02:40:00.208Z", "c": ["@", "I"], "z": "C",
}  # fmt: skip


def read(*elements: object) -> tuple[Item, ...]:
    return alpaca.normalize(json.dumps(elements).encode(), RECEIVED)


def one(element: object) -> Item:
    (item,) = read(element)
    return item


def changed(message: dict[str, Any], **parts: Any) -> dict[str, Any]:
    """The message with other fields; None takes one away."""
    made = {**message, **parts}
    return {name: value for name, value in made.items() if value is not None}


def refused(item: Item) -> tuple[WireFault, str]:
    assert isinstance(item, WireRefused)
    return item.fault, item.field


def test_a_quote_is_taken_by_its_digits_and_its_sizes_as_they_are() -> None:
    assert one(QUOTE) == Bbo(
        "AMD", "alpaca", 87_660_000_000, 100_000_000_000, 87_680_000_000, 440_000_000_000, None,
        AT + 335_689_322, RECEIVED,
    )  # fmt: skip


def test_a_side_without_quotes_is_zero_and_zero() -> None:
    item = one(changed(QUOTE, ap=0, **{"as": 0}))
    assert isinstance(item, Bbo)
    assert (item.bid, item.bid_qty, item.ask, item.ask_qty) == (
        87_660_000_000, 100_000_000_000, 0, 0,
    )  # fmt: skip


def test_a_price_with_an_odd_lot_of_no_round_lot_keeps_its_price() -> None:
    item = one(changed(QUOTE, bs=0))
    assert isinstance(item, Bbo)
    assert (item.bid, item.bid_qty) == (87_660_000_000, 0)


def test_a_trade_has_no_aggressor() -> None:
    assert one(TRADE) == Trade(
        "AAPL", "alpaca", "96921", None, 126_550_100_000, 1_000_000_000, None,
        AT + 208_000_000, RECEIVED,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("digits", "scaled"),
    [
        (b"0.1", 100_000_000), (b"1e2", 100_000_000_000), (b"126.550000001", 126_550_000_001),
        (b"0.3000", 300_000_000),
        (b"123456789012345.123456789", 123_456_789_012_345_123_456_789),
    ],
)  # fmt: skip
def test_a_number_is_exact_however_it_is_written(digits: bytes, scaled: int) -> None:
    raw = json.dumps([TRADE]).encode().replace(b"126.5501", digits)
    (item,) = alpaca.normalize(raw, RECEIVED)
    assert isinstance(item, Trade)
    assert item.price == scaled


def test_a_fraction_of_a_share_is_a_size() -> None:
    item = one(changed(TRADE, s=0.25))
    assert isinstance(item, Trade)
    assert item.qty == 250_000_000


def test_every_element_is_an_item_and_one_refusal_takes_no_other_with_it() -> None:
    items = read(QUOTE, {"T": "success", "msg": "connected"}, changed(TRADE, p=-1), 5, TRADE)
    first, second, third, fourth, last = items
    assert isinstance(first, Bbo)
    assert refused(second) == (WireFault.NOT_DATA, "T")
    assert refused(third) == (WireFault.BAD_NUMBER, "p")
    assert refused(fourth) == (WireFault.UNKNOWN_TYPE, "")
    assert isinstance(last, Trade)


@pytest.mark.parametrize(
    "kind",
    ["success", "subscription", "error", "b", "d", "u", "s", "l", "c", "x", "i", "n", "o"],
)
def test_what_is_known_and_no_event_of_ours_is_no_data(kind: str) -> None:
    assert refused(one(changed(QUOTE, T=kind))) == (WireFault.NOT_DATA, "T")


def test_an_empty_frame_leaves_one_refusal() -> None:
    (item,) = read()
    assert refused(item) == (WireFault.NOT_DATA, "")


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        (b"{}", WireFault.UNKNOWN_TYPE), (b'"q"', WireFault.UNKNOWN_TYPE),
        (b"[", WireFault.NOT_JSON), (b"[NaN]", WireFault.NOT_JSON),
        (b'[{"T":"q","T":"t"}]', WireFault.NOT_JSON),
        (b" " * (wire.MAX_MESSAGE + 1), WireFault.TOO_LONG),
    ],
)  # fmt: skip
def test_what_is_no_frame_is_refused(raw: bytes, fault: WireFault) -> None:
    (item,) = alpaca.normalize(raw, RECEIVED)
    assert refused(item) == (fault, "")


@pytest.mark.parametrize(
    ("element", "fault", "field"),
    [
        ({}, WireFault.UNKNOWN_TYPE, "T"),
        (changed(QUOTE, T="Q"), WireFault.UNKNOWN_TYPE, "T"),
        (changed(QUOTE, T=["q"]), WireFault.UNKNOWN_TYPE, "T"),
        (changed(QUOTE, S=None), WireFault.MISSING_FIELD, "S"),
        (changed(QUOTE, S="amd"), WireFault.BAD_SYMBOL, "S"),
        (changed(QUOTE, t=None), WireFault.MISSING_FIELD, "t"),
        (changed(QUOTE, t=1614009105), WireFault.BAD_TIME, "t"),
        (changed(QUOTE, bp=None), WireFault.MISSING_FIELD, "bp"),
        (changed(QUOTE, bp=None, bs=None, ap=None, **{"as": None}), WireFault.MISSING_FIELD, "bp"),
        (changed(QUOTE, **{"as": None}), WireFault.MISSING_FIELD, "as"),
        (changed(QUOTE, bp="87.66"), WireFault.BAD_NUMBER, "bp"),
        (changed(QUOTE, bs=-1), WireFault.BAD_NUMBER, "bs"),
        (changed(QUOTE, bs=True), WireFault.BAD_NUMBER, "bs"),
        (changed(QUOTE, ap=0), WireFault.BAD_NUMBER, "ap"),
        (changed(QUOTE, ap=87.6800000001), WireFault.BAD_NUMBER, "ap"),
        (changed(TRADE, i=None), WireFault.MISSING_FIELD, "i"),
        (changed(TRADE, i=1.5), WireFault.BAD_SEQUENCE, "i"),
        (changed(TRADE, p=None), WireFault.MISSING_FIELD, "p"),
        (changed(TRADE, p=0), WireFault.BAD_NUMBER, "p"),
        (changed(TRADE, s=None), WireFault.MISSING_FIELD, "s"),
        (changed(TRADE, s=0), WireFault.BAD_NUMBER, "s"),
    ],
)
def test_a_part_that_is_wrong_is_named(element: object, fault: WireFault, field: str) -> None:
    assert refused(one(element)) == (fault, field)
