"""The short way says what the careful one says, and leaves everything else to it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit import prop
from tests.unit.test_binance import TS, VECTORS, Fields
from tools.live.core.market_v1 import DepthDiff, MarketData
from tools.live.market.normalize import binance, binance_fast, wire
from tools.live.market.normalize.binance_fast import OF_SPOT, OF_USDM

SPELLINGS = {"spot": OF_SPOT, "usdm": OF_USDM}
NORMALIZERS = {"spot": binance.spot, "usdm": binance.usdm}
DEPTHS = [vector for vector in VECTORS if "depth" in vector[1]]


def short(market: str, raw: bytes | str) -> MarketData | None:
    told = raw.encode() if isinstance(raw, str) else raw
    return binance_fast.read(told, TS, SPELLINGS[market])


def spelled(message: Any) -> str:
    return json.dumps(message, separators=(",", ":"))


@pytest.fixture(params=VECTORS, ids=lambda vector: f"{vector[0]}-{vector[1]}")
def vector(request: pytest.FixtureRequest) -> tuple[str, str, Fields, MarketData]:
    made: tuple[str, str, Fields, MarketData] = request.param
    return made


def test_the_venues_own_spelling_is_known(vector: tuple[str, str, Fields, MarketData]) -> None:
    market, stream, fields, event = vector
    assert short(market, spelled(fields)) == event
    assert short(market, spelled({"stream": stream, "data": fields})) == event


def test_futures_may_tell_their_kind_last(vector: tuple[str, str, Fields, MarketData]) -> None:
    market, _, fields, event = vector
    assert short(market, spelled({**fields, "st": 1})) == event
    assert short(market, spelled({**fields, "st": 2})) is None


def test_depth_may_tell_its_pair() -> None:
    market, stream, fields, event = next(one for one in DEPTHS if one[0] == "usdm")
    told = {**fields, "ps": "BTCUSDT", "st": 1}
    assert short(market, spelled({"stream": stream, "data": told})) == event
    assert short(market, spelled({**fields, "ps": "btc"})) is None


@pytest.mark.parametrize("market", SPELLINGS)
def test_all_best_prices_may_come_on_one_stream(market: str) -> None:
    fields, event = next((f, e) for m, s, f, e in VECTORS if m == market and "book" in s)
    assert short(market, spelled({"stream": "!bookTicker", "data": fields})) == event


def test_another_spelling_is_left_alone(vector: tuple[str, str, Fields, MarketData]) -> None:
    market, stream, fields, _ = vector
    raw = spelled({"stream": stream, "data": fields})
    bare = spelled(fields)
    for told in (
        raw[:-1], raw + "}", raw + " ", raw + "\n", " " + raw, bare[:-1], bare + "}", bare + "\n",
        raw.replace("@", "@@"), raw.replace("@", "@x"), raw.replace("@", ""), json.dumps(fields),
        spelled({"data": fields, "stream": stream}), spelled(dict(reversed(fields.items()))),
        raw.replace(fields["s"], "\u00dcSDT"), raw.replace(fields["s"], "btcusdt"),
    ):  # fmt: skip
        assert short(market, told) is None


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("s", "btcusdt"), ("s", ""), ("s", "X" * 33),
        ("u", 0), ("u", 10**18), ("u", -1), ("u", "5"), ("U", 10**18), ("t", 10**18), ("t", 0),
        ("pu", 10**18), ("f", -1), ("l", -1),
        ("E", 10**12 - 1), ("E", 9 * 10**12), ("T", 10**12 - 1), ("T", 9 * 10**12), ("T", 10**13),
        ("p", "0"), ("p", "1.2.3"), ("p", "1."), ("p", "."), ("p", ".5"), ("p", "0.0000000001"),
        ("p", "9" * 41), ("p", "1e3"), ("p", "\u0661"), ("q", "0.0"), ("q", "-1"), ("q", 1),
        ("B", "0"), ("B", ""), ("A", "0.00"), ("A", "1_0"), ("X", "NA"), ("m", 1), ("M", 0),
        ("e", "Trade"),
    ],
)  # fmt: skip
def test_values_of_doubt_are_left_alone(name: str, told: object) -> None:
    tried = [(market, fields) for market, _, fields, _ in VECTORS if name in fields]
    assert tried
    for market, fields in tried:
        assert short(market, json.dumps({**fields, name: told}, separators=(",", ":"))) is None


@pytest.mark.parametrize("market", SPELLINGS)
def test_ids_and_times_are_known_to_their_ends(market: str) -> None:
    fields = next(f for m, s, f, _ in VECTORS if m == market and s.endswith("@trade"))
    for number in (1, 10**18 - 1):
        for happened in (10**12, 9 * 10**12 - 1):
            told = spelled({**fields, "t": number, "T": happened})
            assert (short(market, told),) == careful(market, told.encode())


@pytest.mark.parametrize("market", SPELLINGS)
@pytest.mark.parametrize(("first", "last"), [("U", "u"), ("f", "l")])
def test_a_range_of_one_is_known_and_one_that_ends_early_is_not(
    market: str, first: str, last: str
) -> None:
    fields = next(f for m, _, f, _ in VECTORS if m == market and {first, last} <= f.keys())
    assert short(market, spelled({**fields, first: 7, last: 7})) is not None
    assert short(market, spelled({**fields, first: 8, last: 7})) is None


@pytest.mark.parametrize("market", SPELLINGS)
def test_a_number_with_a_zero_before_it_is_no_json(market: str) -> None:
    for told_of, _, fields, _ in VECTORS:
        for name, value in fields.items():
            if told_of == market and type(value) is int:
                raw = spelled(fields).replace(f'"{name}":', f'"{name}":0')
                assert short(market, raw) is None


SIDES = [
    "[[]]", '[["1"]]', '[["1","2","3"]]', '[["1","2"],["3"]]', '["12"]', '["1","2"]', "[[1,2]]",
    '[["1","2"],["1","3"]]', '[["1.0","2"],["7.0","2"],["1.0","2"]]', '[["1","2"],["01","2"]]',
    '{["1","2"]]', '[{"1","2"]]', '[["1","2"}]', '["["1","2"]"]',
    '[["1","2"],["1.0","2"]]', '[["0","2"]]', '[["1","-2"]]', '[["1","2"]', '[["1","2"]]]',
    '["1","2"]]', '[["1","2",]]', '[["1","2"],]', '[["1" ,"2"]]', '[["1","2"], ["3","4"]]',
    '[["1","2","3"],["4"]]', '[["1"],["2","3","4"]]', '[["1","2"]["3","4"]]', '[["1""2"]]',
    '[["1","2"],"3","4"]', '[{"1":"2"}]', '[["1","2"],["3":"4"]]', '{"1":"2"}', '"12"', "null", "",
    '[["1","2"],["",""]]', '[["1","2\\u0030"]]', '[["1","2"]],"c":[]', '[ ]', '[["1","2"]x]',
    '[["1","2"],["3","4"]],["5","6"]]', '[["1","2"]],["3","4"]]', '[[["1","2"]]]',
    '[["2","1"],["1","2"],["2","3"]]', '[["3","1"],["2","2"],["3","3"]]', '[["1","2"],[["3","4"]]]',
]  # fmt: skip


@pytest.mark.parametrize("vector", DEPTHS, ids=["spot", "usdm"])
@pytest.mark.parametrize("told", SIDES)
def test_sides_of_another_shape_are_left_alone(
    vector: tuple[str, str, Fields, MarketData], told: str
) -> None:
    market, _, fields, _ = vector
    for bids, asks in ((told, "[]"), ("[]", told), (told, '[["7","8"]]'), ('[["7","8"]]', told)):
        raw = spelled({**fields, "b": "<", "a": ">"}).replace('"<"', bids).replace('">"', asks)
        assert short(market, raw) is None


@pytest.mark.parametrize("vector", DEPTHS, ids=["spot", "usdm"])
def test_an_update_ends_as_one_does(vector: tuple[str, str, Fields, MarketData]) -> None:
    market, _, fields, _ = vector
    raw = spelled(fields)
    for told in (
        raw.replace(',"a":', ',"c":'), raw[: raw.index(',"a":')] + "}", raw[:-1],
        *(raw.replace(',"a":', odd) for odd in (";\"a\":", ",'a\":", ",\"a':", ',"a";', ',"A":')),
        raw[:-1] + ',"a":[]}', raw[:-1] + ',"z":1}', raw.replace(',"a":', ',"a":[],"a":'),
    ):  # fmt: skip
        assert short(market, told) is None


@pytest.mark.parametrize("vector", DEPTHS, ids=["spot", "usdm"])
def test_an_update_beyond_the_limit_is_left_alone(
    vector: tuple[str, str, Fields, MarketData], monkeypatch: pytest.MonkeyPatch
) -> None:
    market, _, fields, event = vector
    raw = spelled(fields)
    monkeypatch.setattr(binance_fast, "MAX_MESSAGE", len(raw))
    assert short(market, raw) == event
    monkeypatch.setattr(binance_fast, "MAX_MESSAGE", len(raw) - 1)
    assert short(market, raw) is None


def careful(market: str, raw: bytes) -> tuple[wire.Item, ...]:
    """What the careful way says: a blank behind it makes a message another spelling."""
    return NORMALIZERS[market](raw + b" ", TS, "BTCUSDT")


@pytest.mark.usefixtures("untraced")
@pytest.mark.parametrize("seed", range(40))
def test_both_ways_say_the_same(seed: int) -> None:
    rng = prop.chance(seed)
    taken = 0
    for _ in range(100):
        market, stream, fields, _ = rng.choice(VECTORS)
        made = {name: _another(rng, name, value) for name, value in fields.items()}
        raw = spelled(rng.choice((made, {"stream": stream, "data": made}))).encode()
        event = short(market, raw)
        if event is not None:
            taken += 1
            assert (event,) == careful(market, raw)
    assert taken > 10


def _another(rng: Any, name: str, value: Any) -> Any:
    """A value in the place of this one, mostly a good one."""
    if isinstance(value, list):
        places = rng.randint(0, 9), rng.randint(0, 10)
        return [
            [_with_places(rng, kept) for kept in places] for _ in range(rng.choice((0, 1, 2, 5)))
        ]
    if isinstance(value, bool):
        return rng.random() < 0.5
    if isinstance(value, int):
        return value if name in "ET" else rng.randint(1, 10 ** rng.randint(1, 18))
    return _digits(rng) if name in ("p", "q", "b", "B", "a", "A") else value


def _digits(rng: Any) -> str:
    whole = str(rng.randint(0, 10 ** rng.randint(1, 16)))
    decimals = rng.choices(("", "0", "5", "00", "123", "00000001", "123456789", "1234567891"),
                           (9, 9, 9, 9, 9, 9, 9, 1))[0]  # fmt: skip
    return f"{whole}.{decimals}" if decimals else whole


def _with_places(rng: Any, places: int) -> str:
    whole = str(rng.randint(0, 10 ** rng.randint(1, 15)))
    decimals = "".join(rng.choices("0123456789", k=places))
    return f"{whole}.{decimals}" if places else whole


@pytest.mark.parametrize("told", [[["1.0", "2"], ["3", "4"]], [["1", "2"], ["3", "4.0"]]])
def test_levels_of_unlike_precision_are_read_as_the_careful_way_does(told: list[list[str]]) -> None:
    for market, _, fields, _ in DEPTHS:
        for raw in (spelled({**fields, "b": told}), spelled({**fields, "a": told})):
            assert (short(market, raw),) == careful(market, raw.encode())


@pytest.mark.parametrize(
    "told",
    [
        [["1" * 16, "2"]], [["1", "2" * 16]], [["1.0000000000", "2"]], [["1", "2.0000000000"]],
        [["1.", "2"]], [["1", "2."]], [[".5", "2"]], [["1", ".5"]], [[".", "2"]], [["1", "."]],
        [["1.2.3", "2"]], [["1", "1.2.3"]], [["1_0", "2"]], [["1", "1_0"]], [["+1", "2"]],
        [["1", "-1"]], [[" 1", "2"]], [["1", "1 "]], [["0.0", "2"]], [["1e3", "2"]], [["1", "a"]],
    ],
)  # fmt: skip
def test_levels_of_odd_precision_are_left_alone(told: list[list[str]]) -> None:
    for market, _, fields, _ in DEPTHS:
        assert short(market, spelled({**fields, "b": told})) is None
        assert short(market, spelled({**fields, "a": told})) is None


def test_levels_are_exact_to_both_ends_of_the_scale() -> None:
    market, _, fields, _ = DEPTHS[0]
    told = [["999999999999999.999999999", "0"], ["000000000000000.000000001", "7"]]
    event = short(market, spelled({**fields, "b": told}))
    assert isinstance(event, DepthDiff)
    assert event.bids == ((10**24 - 1, 0), (1, 7 * 10**9))


def test_numbers_that_come_again_are_kept_and_those_refused_are_not() -> None:
    numbers = binance_fast._Numbers(1)
    assert [numbers[told] for told in (b"1.5", b"2", b"1.5")] == [15 * 10**8, 2 * 10**9, 15 * 10**8]
    for told in (b"0", b"0.0", b"", b"1.", b"\xb2", b"1,5"):
        with pytest.raises(ValueError):
            numbers[told]
    assert numbers == {b"1.5": 15 * 10**8, b"2": 2 * 10**9}
    assert binance_fast._Numbers(0)[b"0.000"] == 0


def test_no_more_numbers_are_kept_than_are_of_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binance_fast, "_MOST_KEPT", 2)
    numbers = binance_fast._Numbers(1)
    assert [numbers[told] for told in (b"1", b"2", b"3")] == [10**9, 2 * 10**9, 3 * 10**9]
    assert list(numbers) == [b"3"]
    assert numbers[b"4"] == 4 * 10**9
    assert list(numbers) == [b"3", b"4"]


def test_levels_keep_their_order() -> None:
    market, _, fields, _ = DEPTHS[0]
    event = short(market, spelled({**fields, "b": [["2", "1"], ["1", "0"], ["3", "4"]]}))
    assert isinstance(event, DepthDiff)
    assert event.bids == ((2 * 10**9, 10**9), (10**9, 0), (3 * 10**9, 4 * 10**9))
