"""What several venues spell alike: times in text, ids, quotes, lists whose parts stand alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tools.live.core.codec import Digits
from tools.live.core.market_v1 import Trade
from tools.live.core.words_v1 import BUY, SELL
from tools.live.market.normalize import fields, wire
from tools.live.market.normalize.wire import Unusable, WireFault, WireRefused

TOP = ("bp", "bs", "ap", "as")


def refusal(call: Callable[[], Any]) -> tuple[WireFault, str, str]:
    """What a reading that ends says: the code, the field, and what it shows."""
    with pytest.raises(Unusable) as caught:
        call()
    refused = caught.value.refused
    return refused.fault, refused.field, refused.shown


def a_trade(part: object) -> Trade:
    """A reading of a part, for lists: texts are ids, everything else is refused."""
    if not isinstance(part, str):
        raise Unusable(WireFault.BAD_SEQUENCE, "id", part)
    return Trade("A", "test", part, None, 1, 1, None, None, 1)


# Times.


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("1970-01-01T00:00:00.000000001Z", 1),
        ("1970-01-01T00:00:01Z", 1_000_000_000),
        ("1970-01-02T00:00:00.5Z", 86_400_500_000_000),
        # 18 262 days to 2020, 31 + 28 more to 29 February: 18 321 days.
        ("2020-02-29T23:59:59.123456789Z", (18_321 * 86_400 + 86_399) * 10**9 + 123_456_789),
        ("2020-02-29T23:59:59.120Z", (18_321 * 86_400 + 86_399) * 10**9 + 120_000_000),
    ],
)
def test_an_instant_keeps_all_nine_decimals(text: str, ns: int) -> None:
    assert fields.instant(text, "t") == ns


@pytest.mark.parametrize(
    "told",
    [
        "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000000000Z", "1969-12-31T23:59:59Z",
        "2255-03-14T16:00:00.000000001Z", "2300-01-01T00:00:00Z",
        "2021-02-29T00:00:00Z", "2021-13-01T00:00:00Z", "2021-01-01T24:00:00Z",
        "2021-01-01T00:00:60Z", "2021-01-01 00:00:00Z", "2021-01-01T00:00:00",
        "2021-01-01T00:00:00+00:00", "2021-01-01T00:00:00.Z", "2021-01-01T00:00:00.0123456789Z",
        " 2021-01-01T00:00:00Z", "2021-01-01T00:00:00Z\n", "2021-01-01t00:00:00z",
        "2021-01-01T00:00:00.\u0661Z", "2021/01/01T00:00:00Z", "2021-01-01T00-00-00Z",
        "", None, 1614009104, True, Digits("1614009104.5"), ["2021-01-01T00:00:00Z"],
    ],
)  # fmt: skip
def test_another_spelling_of_a_time_is_refused(told: object) -> None:
    fault, field, _ = refusal(lambda: fields.instant(told, "time"))
    assert (fault, field) == (WireFault.BAD_TIME, "time")


def test_the_latest_instant_is_the_house_s() -> None:
    # 9 000 000 000 seconds are 104 166 days and 16 hours: 14 March 2255.
    assert fields.instant("2255-03-14T16:00:00Z", "t") == wire.LATEST_NS


# Ids, words, sides and numbers.


@pytest.mark.parametrize(
    ("told", "made"),
    [(0, "0"), (96921, "96921"), ("20f4-9a:_x~!", "20f4-9a:_x~!"), ("a" * 64, "a" * 64)],
)
def test_an_id_is_a_whole_number_or_visible_text(told: object, made: str) -> None:
    assert fields.identity(told, "i") == made


@pytest.mark.parametrize(
    "told", ["", "a" * 65, "a b", "a\n", "\u00e9", "a\x7f", -1, True, None, Digits("1.5"), 1 << 63]
)
def test_another_id_is_refused(told: object) -> None:
    fault, field, _ = refusal(lambda: fields.identity(told, "i"))
    assert (fault, field) == (WireFault.BAD_SEQUENCE, "i")


def test_a_word_is_a_text_that_is_there() -> None:
    assert fields.word({"type": "match"}, "type") == "match"
    assert refusal(lambda: fields.word({}, "type")) == (WireFault.UNKNOWN_TYPE, "type", "None")
    told = {"type": Digits("1.5")}
    assert refusal(lambda: fields.word(told, "type"))[:2] == (WireFault.UNKNOWN_TYPE, "type")


def test_a_side_is_one_of_the_venue_s_words() -> None:
    words = {"buy": SELL, "sell": BUY}
    assert fields.side("buy", "side", words) is SELL
    assert fields.side("sell", "side", words) is BUY
    for told in ("Buy", "", None, ["buy"], {}, 1):
        assert refusal(lambda: fields.side(told, "side", words))[:2] == (
            WireFault.BAD_SIDE, "side",
        )  # fmt: skip


def test_a_number_that_is_not_sent_is_none() -> None:
    assert fields.number_if_told({}, "seq") is None
    assert fields.number_if_told({"seq": 0}, "seq") == 0
    fault, field, _ = refusal(lambda: fields.number_if_told({"seq": None}, "seq"))
    assert (fault, field) == (WireFault.BAD_SEQUENCE, "seq")


def test_a_table_is_an_object() -> None:
    assert fields.table({"a": 1}, "data") == {"a": 1}
    assert refusal(lambda: fields.table([1], "data")) == (WireFault.UNKNOWN_TYPE, "data", "[1]")


# The top of the book.


def test_a_quote_has_two_sides_and_an_empty_one_is_zero_and_zero() -> None:
    told = {"bp": "1.5", "bs": "2", "ap": "0", "as": "0.00"}
    assert fields.top(told, TOP, wire.quantity) == (1_500_000_000, 2_000_000_000, 0, 0)


def test_a_price_without_a_quantity_is_as_the_venue_tells_it() -> None:
    told = {"bp": "0", "bs": "0", "ap": "7", "as": "0"}
    assert fields.top(told, TOP, wire.quantity) == (0, 0, 7_000_000_000, 0)


@pytest.mark.parametrize(("side", "other"), [("b", "a"), ("a", "b")])
def test_a_quantity_without_a_price_is_refused(side: str, other: str) -> None:
    told = {f"{side}p": "0", f"{side}s": "1", f"{other}p": "1", f"{other}s": "1"}
    assert refusal(lambda: fields.top(told, TOP, wire.quantity)) == (
        WireFault.BAD_NUMBER, f"{side}p", "'0'",
    )  # fmt: skip


@pytest.mark.parametrize("name", TOP)
def test_a_part_of_a_top_is_no_top(name: str) -> None:
    told = dict.fromkeys(TOP, "1")
    fields.tells_top({name: "1"}, TOP)
    del told[name]
    assert refusal(lambda: fields.top(told, TOP, wire.quantity))[:2] == (
        WireFault.MISSING_FIELD, name,
    )  # fmt: skip


def test_a_ticker_without_any_part_of_the_top_is_no_data() -> None:
    told = {"price": "1"}
    assert refusal(lambda: fields.tells_top(told, TOP))[:2] == (WireFault.NOT_DATA, "bp")


def test_a_level_without_quantity_is_not_in_the_book() -> None:
    assert fields.there(((3, 1), (2, 0), (1, 5))) == ((3, 1), (1, 5))


# Lists.


def test_each_part_gives_one_item_and_a_refusal_takes_no_other_with_it() -> None:
    items = fields.each(["a", 7, "b"], "data", a_trade)
    assert items == (a_trade("a"), WireRefused(WireFault.BAD_SEQUENCE, "id", "7"), a_trade("b"))


@pytest.mark.parametrize(
    ("told", "fault"),
    [([], WireFault.NOT_DATA), ({}, WireFault.UNKNOWN_TYPE), ("ab", WireFault.UNKNOWN_TYPE)],
)
def test_what_is_no_list_and_a_list_of_nothing_are_one_refusal(
    told: object, fault: WireFault
) -> None:
    assert refusal(lambda: fields.each(told, "data", a_trade))[:2] == (fault, "data")
    assert refusal(lambda: fields.each_within(told, "data", "in", a_trade))[:2] == (fault, "data")


def test_lists_within_a_list_give_an_item_for_each_part_of_theirs() -> None:
    told = [{"in": ["a", 1]}, {"in": []}, {}, 5, {"in": 6}, {"in": ["b"]}]
    items = fields.each_within(told, "events", "in", a_trade)
    assert items == (
        a_trade("a"),
        WireRefused(WireFault.BAD_SEQUENCE, "id", "1"),
        WireRefused(WireFault.NOT_DATA, "in", "[]"),
        WireRefused(WireFault.MISSING_FIELD, "in", "None"),
        WireRefused(WireFault.UNKNOWN_TYPE, "events", "5"),
        WireRefused(WireFault.UNKNOWN_TYPE, "in", "6"),
        a_trade("b"),
    )
