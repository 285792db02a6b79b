"""What every normaliser is made of: exact numbers, strict JSON, and refusals that say why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.unit import prop
from tools.live.core.codec import Digits
from tools.live.core.errors import ContractError
from tools.live.core.money import to_e9
from tools.live.market.normalize import wire
from tools.live.market.normalize.wire import Unusable, WireFault, WireRefused

E9 = 10**9
HUGE = 10**2000


def refused(read: Callable[..., object], *given: object) -> WireRefused:
    with pytest.raises(Unusable) as caught:
        read(*given)
    refusal: WireRefused = caught.value.refused
    return refusal


@pytest.mark.parametrize(
    ("told", "scaled"),
    [
        ("0", 0),
        ("0.00000000", 0),
        ("1", E9),
        ("61837.63000000", 61_837_630_000_000),
        ("0.000000001", 1),
        ("007.50", 7_500_000_000),
        ("1.0000000000000000", E9),
        ("999999999999999.999999999", 10**24 - 1),
        ("1000000000000000", 10**24),
        ("0" * 30 + "5." + "0" * 40, 5 * E9),
    ],
)
def test_digits_in_text_are_read_exactly(told: str, scaled: int) -> None:
    assert wire.quantity(told, "q") == scaled


@pytest.mark.parametrize(
    "told",
    ["", " ", "-1", "+1", "1e3", "1E3", ".5", "5.", "1_0", " 1", "1 ", "1\n", "1,5", "0x10", "NaN",
     "inf", "--1", "1.2.3", "\u0661", "1\u0660", "0.0000000001", "1000000000000000.000000001",
     "1000000000000001", "9" * 41, "0." + "0" * 41, 1, 1.5, True, None, [], {}, b"1",
     Digits("1.5")],
)  # fmt: skip
def test_whatever_is_no_exact_number_in_text_is_refused(told: object) -> None:
    assert refused(wire.quantity, told, "q") == WireRefused(
        WireFault.BAD_NUMBER, "q", wire.shown(told)
    )


@pytest.mark.parametrize("seed", range(20))
def test_quantity_says_what_the_house_reads(seed: int) -> None:
    rng = prop.chance(seed)
    for _ in range(200):
        whole = "".join(rng.choices("0123456789", k=rng.randint(1, 18)))
        decimals = "".join(rng.choices("0000123", k=rng.randint(0, 13)))
        told = f"{whole}.{decimals}" if decimals else whole
        try:
            house = to_e9(told, "q")
        except ContractError:
            assert refused(wire.quantity, told, "q").fault is WireFault.BAD_NUMBER
        else:
            assert wire.quantity(told, "q") == house


@pytest.mark.parametrize(
    ("told", "scaled"),
    [(5, 5 * E9), (0, 0), (Digits("1.5"), 1_500_000_000), (Digits("1e-3"), 10**6),
     (Digits("-0.0"), 0), (10**15, 10**24)],
)  # fmt: skip
def test_a_json_number_is_read_exactly(told: object, scaled: int) -> None:
    assert wire.number(told, "p") == scaled


@pytest.mark.parametrize(
    "told",
    [-1, Digits("-0.5"), Digits("1e-10"), Digits("1e400"), 10**15 + 1, True, "1", None, 1.5],
)
def test_whatever_is_no_exact_json_number_is_refused(told: object) -> None:
    assert refused(wire.number, told, "p").fault is WireFault.BAD_NUMBER


def test_a_price_is_above_zero_by_either_reading() -> None:
    assert wire.price("0.000000001", "p") == 1
    assert wire.price(2, "p", wire.number) == 2 * E9
    assert refused(wire.price, "0.0", "p") == WireRefused(WireFault.BAD_NUMBER, "p", "'0.0'")
    assert refused(wire.price, 0, "p", wire.number) == WireRefused(WireFault.BAD_NUMBER, "p", "0")
    assert refused(wire.price, "x", "p").shown == "'x'"


def test_levels_are_pairs_and_what_follows_is_the_venues_own() -> None:
    told = [["2.5", "0"], ["2.4", "7", "ignored", {}]]
    assert wire.levels(told, "b") == ((2_500_000_000, 0), (2_400_000_000, 7 * E9))
    assert wire.levels([], "b") == ()


@pytest.mark.parametrize(
    ("told", "fault", "shown"),
    [
        ("12", WireFault.BAD_LEVELS, "'12'"),
        ({"12": 0}, WireFault.BAD_LEVELS, "{'12': 0}"),
        (None, WireFault.BAD_LEVELS, "None"),
        (["12"], WireFault.BAD_LEVELS, "'12'"),
        ([{"1": 0, "2": 0}], WireFault.BAD_LEVELS, "{'1': 0, '2': 0}"),
        ([["1"]], WireFault.BAD_LEVELS, "['1']"),
        ([["1", "1"], ["2", "1"], ["1.0", "0"]], WireFault.BAD_LEVELS, "'a price twice'"),
        ([["0", "1"]], WireFault.BAD_NUMBER, "'0'"),
        ([["1", "-1"]], WireFault.BAD_NUMBER, "'-1'"),
        ([[1, "1"]], WireFault.BAD_NUMBER, "1"),
    ],
)
def test_other_levels_are_refused(told: object, fault: WireFault, shown: str) -> None:
    assert refused(wire.levels, told, "b") == WireRefused(fault, "b", shown)


@pytest.mark.parametrize("told", [0, 5, 2**63 - 1])
def test_a_venues_number_is_whole(told: int) -> None:
    assert wire.sequence(told, "u") == told


@pytest.mark.parametrize("told", [-1, 2**63, True, "5", Digits("5.0"), None])
def test_another_number_of_the_venue_is_refused(told: object) -> None:
    assert refused(wire.sequence, told, "u") == WireRefused(
        WireFault.BAD_SEQUENCE, "u", wire.shown(told)
    )


def test_milliseconds_become_nanoseconds_up_to_the_last_believable_one() -> None:
    assert wire.milliseconds(1, "T") == 10**6
    assert wire.milliseconds(9_000_000_000_000, "T") == wire.LATEST_NS


@pytest.mark.parametrize(
    "told", [0, -1, 9_000_000_000_001, 1_723_161_255_208_000, True, "1723161255208", Digits("1e12")]
)
def test_another_time_is_refused(told: object) -> None:
    assert refused(wire.milliseconds, told, "T") == WireRefused(
        WireFault.BAD_TIME, "T", wire.shown(told)
    )


@pytest.mark.parametrize("told", ["B", "BTCUSDT_240927", "BRK.B", "BTC/USD", "A:B-C", "X" * 32])
def test_a_symbol_is_taken_as_the_venue_spells_it(told: str) -> None:
    assert wire.symbol(told, "s") == told


@pytest.mark.parametrize(
    "told", ["", "btc", "X" * 33, "BTC USD", "B\n", "\u00c4", 5, None, Digits("1.5")]
)
def test_another_symbol_is_refused(told: object) -> None:
    assert refused(wire.symbol, told, "s") == WireRefused(
        WireFault.BAD_SYMBOL, "s", wire.shown(told)
    )


def test_a_field_that_is_there_may_be_null() -> None:
    assert wire.field({"s": None}, "s") is None
    assert refused(wire.field, {"S": 1}, "s") == WireRefused(WireFault.MISSING_FIELD, "s", "None")


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("x" * 99, "'" + "x" * 59),
        ("\u00e9\ud800", r"'\xe9\ud800'"),
        (HUGE, "a number of over a thousand digits"),
        (-HUGE, "a number of over a thousand digits"),
        (Digits("1.50"), "1.50"),
        (Digits("1" * 99), "1" * 60),
        (True, "True"),
        (None, "None"),
    ],
)
def test_a_refusal_shows_a_value_shortly_and_in_ascii(told: object, shown: str) -> None:
    assert wire.shown(told) == shown


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "message is not JSON at line 1 column 1"),
        (b'{"a":1', "message is not JSON"),
        (b'{"a":1,"a":1}', "twice"),
        (b'{"a":NaN}', "NaN"),
        (b"[" * 65 + b"]" * 65, "nested deeper"),
        (b'"\xff"', "not UTF-8"),
        (b'"\\ud800"', "lone surrogate"),
        (b"1" * 41, "41 digits"),
        (b"\xef\xbb\xbf{}", "byte order mark"),
    ],
)
def test_what_is_no_strict_json_is_refused(raw: bytes, said: str) -> None:
    refusal = refused(wire.loaded, raw)
    assert (refusal.fault, refusal.field) == (WireFault.NOT_JSON, "")
    assert said in refusal.shown


def test_a_message_is_loaded_with_its_numbers_as_they_are_written() -> None:
    loaded: Any = wire.loaded(b'{"p":1.50,"q":"2","n":3}')
    assert loaded == {"p": "1.50", "q": "2", "n": 3}
    assert type(loaded["p"]) is Digits
    assert type(loaded["q"]) is str


def test_a_message_may_be_as_long_as_the_limit_and_no_longer() -> None:
    longest = b'"' + b"x" * (wire.MAX_MESSAGE - 2) + b'"'
    assert len(wire.loaded(longest)) == wire.MAX_MESSAGE - 2
    assert refused(wire.loaded, longest + b" ") == WireRefused(
        WireFault.TOO_LONG, "", str(wire.MAX_MESSAGE + 1)
    )
