"""One spelling out: canonical JSON is a fixed point, and an envelope survives the round trip."""

from __future__ import annotations

import hashlib
import json
import math
from random import Random
from typing import Any

import pytest

from tests.unit import prop
from tools.live.core import codec
from tools.live.core.contracts_v1 import (
    BUY, INPUTS, OUTPUTS, SELL, Approved, CancelOrder, CancelUnknown, DoubtAlert, EdgeJudged,
    EdgeUpdate, EdgeVerdict, Entry, Executed, Fill, FillFault, FillRefused, Frozen, FundingPaid,
    Input, IntentRefused, LateFill, ListOpenOrders, OpenOrdersListed, OrderAbandoned, OrderCanceled,
    Output, ParamsSet, QueryOrder, QuoteUpdate, Reapproved, RefusalReason, Side, Unfrozen,
)  # fmt: skip
from tools.live.core.errors import ContractError
from tools.live.core.money import SCALE

SEEDS = range(30)
E9 = SCALE

A_FILL = Entry(
    9, "exchange", 2, 5,
    Fill("FIL000001", "ORD000001", "BTCUSDT", SELL, E9 // 100, 50_025 * E9 + 1, "maker", 1_000),
)  # fmt: skip
A_FILL_LINE = (
    '{"cause":5,"corr":2,"kind":"order.fill","payload":{"fill_id":"FIL000001","liquidity":"maker",'
    '"order_id":"ORD000001","price":"50025.000000001","qty":"0.01","side":"Sell",'
    '"symbol":"BTCUSDT"},"seq":9,"src":"exchange","ts_ns":1000,"v":1}'
)

# One output of each kind, and its payload by hand.
OUTPUT_PAYLOADS: list[tuple[Output, dict[str, Any]]] = [
    (
        Approved("CLI00000001", "BTCUSDT", BUY, E9 // 100, 49_975 * E9, 7),
        {"client_order_id": "CLI00000001", "symbol": "BTCUSDT", "side": "Buy", "qty": "0.01",
         "price": "49975"},
    ),
    (
        CancelOrder("CLI00000001", "ORD000001", 7),
        {"client_order_id": "CLI00000001", "order_id": "ORD000001"},
    ),
    (ListOpenOrders(7), {}),
    (
        IntentRefused("BTCUSDT", BUY, E9, 2 * E9, RefusalReason.TOTAL_LIMIT, 7),
        {"symbol": "BTCUSDT", "side": "Buy", "qty": "1", "price": "2", "reason": "total_limit"},
    ),
    (Frozen("why", None, 7), {"reason": "why", "symbol": None}),
    (Unfrozen("why", "who", 7), {"reason": "why", "actor": "who"}),
    (
        FillRefused("FIL000001", "ORD000001", FillFault.OVERFILL, "too much", 7),
        {"fill_id": "FIL000001", "order_id": "ORD000001", "fault": "overfill",
         "detail": "too much"},
    ),
    (
        LateFill("FIL000001", "CLI00000001", 5 * E9, -E9, 7),
        {"fill_id": "FIL000001", "client_order_id": "CLI00000001", "qty": "5", "price": "-1"},
    ),
    (
        Reapproved("CLI00000001", "BTCUSDT", SELL, E9, 3 * E9, 7),
        {"client_order_id": "CLI00000001", "symbol": "BTCUSDT", "side": "Sell", "qty": "1",
         "price": "3"},
    ),
    (QueryOrder("CLI00000001", 7), {"client_order_id": "CLI00000001"}),
    (CancelUnknown("CLI00000001", 7), {"client_order_id": "CLI00000001"}),
    (
        OrderAbandoned("CLI00000001", "why", 7),
        {"client_order_id": "CLI00000001", "reason": "why"},
    ),
    (
        DoubtAlert("CLI00000001", "silent", 7),
        {"client_order_id": "CLI00000001", "detail": "silent"},
    ),
    (
        EdgeJudged("BTCUSDT", 1000, 31, -E9, E9 // 4, E9, EdgeVerdict.FREEZE, 7),
        {"symbol": "BTCUSDT", "horizon_ms": 1000, "samples": 31, "net_bps": "-1",
         "upper_bps": "0.25", "threshold_bps": "1", "verdict": "freeze"},
    ),
]  # fmt: skip


def some_json(rng: Random, depth: int = 4) -> Any:
    """Any JSON value: text of every plane, integers and doubles of every size."""
    kind = rng.randint(0, 7 if depth else 5)
    if kind == 0:
        return rng.choice((None, True, False))
    if kind == 1:
        return rng.randint(-(10 ** rng.randint(1, 30)), 10 ** rng.randint(1, 30))
    if kind == 2:
        return rng.uniform(-1, 1) * 10.0 ** rng.randint(-300, 300)
    if kind == 3:
        return rng.choice((0.0, -0.0, 1e16, 1e-7, 5e-324, 1.7976931348623157e308, 0.1, 1.0))
    if kind <= 5:
        return some_text(rng)
    if kind == 6:
        return [some_json(rng, depth - 1) for _ in range(rng.randint(0, 4))]
    return {some_text(rng): some_json(rng, depth - 1) for _ in range(rng.randint(0, 4))}


def some_text(rng: Random) -> str:
    planes = ("ab\"\\/[]{}", "\0\n\x1f\x7f", "\u00e9\u2028\u4e2d\ufeff", "\U0001d11e\U0010ffff")
    return "".join(rng.choice(rng.choice(planes)) for _ in range(rng.randint(0, 6)))


@pytest.mark.parametrize("seed", SEEDS)
def test_canonical_is_a_fixed_point(seed: int) -> None:
    rng = prop.chance(seed)
    for _ in range(50):
        line = codec.canonical(some_json(rng))
        assert line == json.dumps(json.loads(line), sort_keys=True, separators=(",", ":"))
        assert line.isascii()
        assert "\n" not in line


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_written_is_read_back(seed: int) -> None:
    rng = prop.chance(seed)
    for _ in range(50):
        data = {"data": some_json(rng)}
        assert codec.load_strict(codec.canonical(data).encode(), "line") == data
        assert codec.load_strict(codec.pretty(data).encode(), "line") == data


def test_canonical_by_hand() -> None:
    data = {"b": [1, 2.5, None, True], "a": {"\u00e9": "x\n"}, "B": -0.5}
    expected = '{"B":-0.5,"a":{"\\u00e9":"x\\n"},"b":[1,2.5,null,true]}'
    assert codec.canonical(data) == expected
    assert codec.sha256(data) == hashlib.sha256(expected.encode()).hexdigest()


def test_told_money_is_written_by_its_plain_name_in_exact_digits() -> None:
    fill: Any = A_FILL.event
    said = [getattr(fill, name) for name in fill.__match_args__[:-1]]
    for fee, shown in ((None, "null"), (-(10**18) // 8, '"-0.125"'), (1, f'"0.{"0" * 17}1"')):
        event = Executed(*said, fee, "queue", 1_000)
        line = codec.canonical(codec.envelope(Entry(9, "exchange", 2, 5, event)))
        told = A_FILL_LINE.replace("order.fill", "order.executed")
        told = told.replace('{"fill_id"', f'{{"fee":{shown},"fill_id"')
        assert line == told.replace('"BTCUSDT"}', '"BTCUSDT","why":"queue"}')
        assert codec.from_envelope(json.loads(line)).event == event


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        ({"amount": "1e3"}, "funding.paid amount '1e3' is not plain digits with at most 18"),
        ({"amount": 1}, "funding.paid amount 1 is not of type str"),
        ({"amount": None}, "funding.paid amount None is not of type str"),
        ({"amount_e18": "1"}, "funding.paid has no field 'amount_e18'"),
        ({}, "funding.paid lacks the field amount"),
    ],
)
def test_told_money_that_cannot_be_is_refused(payload: dict[str, Any], said: str) -> None:
    told = codec.envelope(Entry(1, "exchange", 1, 0, FundingPaid("A", 1, "", 1)))
    told["payload"] = {"symbol": "A", "why": "", **payload}
    with pytest.raises(ContractError) as caught:
        codec.from_envelope(told)
    assert said in str(caught.value)


def test_the_order_of_insertion_is_forgotten() -> None:
    assert codec.canonical({"a": 1, "b": 2}) == codec.canonical({"b": 2, "a": 1})
    assert codec.sha256({"a": 1, "b": 2}) == codec.sha256({"b": 2, "a": 1})


def test_pretty_is_sorted_and_indented() -> None:
    expected = '{\n  "a": [\n    "\\u00e9"\n  ],\n  "b": 1\n}'
    assert codec.pretty({"b": 1, "a": ["\u00e9"]}) == expected


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_not_written(value: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        codec.canonical([value])
    with pytest.raises(ValueError, match="not JSON compliant"):
        codec.pretty([value])


def test_an_envelope_by_hand() -> None:
    assert codec.canonical(codec.envelope(A_FILL)) == A_FILL_LINE
    assert codec.from_envelope(json.loads(A_FILL_LINE)) == A_FILL


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        (ParamsSet(E9 // 100, 5 * E9, 7), {"base_qty": "0.01", "spread_bps": "5"}),
        (QuoteUpdate("A", 1, 2 * E9 + 5, 7),
         {"symbol": "A", "bid": "0.000000001", "ask": "2.000000005"}),
        (EdgeUpdate("A", -2_400_000_000, 7), {"symbol": "A", "net_bps": "-2.4"}),
    ],
    ids=lambda case: getattr(case, "kind", ""),
)  # fmt: skip
def test_prices_quantities_and_rates_are_exact_decimal_digits(
    event: Input, payload: dict[str, str]
) -> None:
    assert codec.envelope(Entry(1, "feed", 1, 0, event))["payload"] == payload


@pytest.mark.parametrize("contract", INPUTS, ids=lambda contract: contract.kind)
@pytest.mark.parametrize("seed", range(10))
def test_every_input_survives_the_round_trip(contract: type[Any], seed: int) -> None:
    rng = prop.chance(seed)
    for _ in range(20):
        places = [rng.randint(0, 10**9) for _ in range(3)]
        event = prop.an_input(rng, contract)
        entry = Entry(places[0], rng.choice(("feed", "exchange")), places[1], places[2], event)
        line = codec.canonical(codec.envelope(entry))
        again = codec.from_envelope(codec.load_strict(line.encode(), "line"))
        assert again == entry
        assert codec.canonical(codec.envelope(again)) == line


def test_restored_values_have_the_contracts_own_types() -> None:
    fill = codec.from_envelope(codec.envelope(A_FILL)).event
    assert isinstance(fill, Fill)
    assert fill.side is SELL
    listed = Entry(1, "exchange", 1, 0, OpenOrdersListed(("ORD000001",), 5))
    shown = codec.envelope(listed)
    assert shown["payload"] == {"order_ids": ["ORD000001"]}
    assert codec.from_envelope(shown) == listed


def test_an_envelope_holds_plain_strings_only() -> None:
    payload = codec.envelope(A_FILL)["payload"]
    assert type(payload["side"]) is str
    assert not isinstance(payload["side"], Side)


def test_an_edge_that_is_no_number_stays_none() -> None:
    entry = Entry(1, "feed", 1, 0, EdgeUpdate("BTCUSDT", None, 5))
    assert codec.envelope(entry)["payload"] == {"symbol": "BTCUSDT", "net_bps": None}
    assert codec.from_envelope(codec.envelope(entry)) == entry


@pytest.mark.parametrize(
    ("event", "payload"), OUTPUT_PAYLOADS, ids=[event.kind for event, _ in OUTPUT_PAYLOADS]
)
def test_outputs_are_written(event: Output, payload: dict[str, Any]) -> None:
    shown = codec.envelope(Entry(2, "loop", 1, 1, event))
    assert shown == {
        "v": 1, "seq": 2, "ts_ns": 7, "kind": event.kind, "src": "loop", "corr": 1, "cause": 1,
        "payload": payload,
    }  # fmt: skip
    assert json.loads(codec.canonical(shown)) == shown


@pytest.mark.parametrize(
    ("event", "payload"), OUTPUT_PAYLOADS, ids=[event.kind for event, _ in OUTPUT_PAYLOADS]
)
def test_outputs_are_never_restored(event: Output, payload: dict[str, Any]) -> None:
    shown = codec.envelope(Entry(2, "loop", 1, 1, event))
    assert shown["payload"] == payload
    with pytest.raises(ContractError) as refused:
        codec.from_envelope(shown)
    assert str(refused.value) == f"event kind '{event.kind}' is not an input of contracts_v1"


def test_every_output_is_in_the_table() -> None:
    assert tuple(event.__class__ for event, _ in OUTPUT_PAYLOADS) == OUTPUTS


@pytest.mark.parametrize("kind", ["Approved", "", "order", "MD.QUOTE", "__proto__"])
def test_an_unknown_kind_is_refused(kind: str) -> None:
    data = {**codec.envelope(A_FILL), "kind": kind}
    with pytest.raises(ContractError, match="is not an input of contracts_v1$"):
        codec.from_envelope(data)


@pytest.mark.parametrize("version", [0, 2, "1", None, [1]])
def test_a_foreign_version_is_refused(version: object) -> None:
    data = {**codec.envelope(A_FILL), "v": version}
    with pytest.raises(ContractError) as refused:
        codec.from_envelope(data)
    assert str(refused.value) == f"envelope version {version!r} is not 1"


def test_an_envelope_without_a_version_is_refused() -> None:
    with pytest.raises(ContractError, match="^envelope version None is not 1$"):
        codec.from_envelope({})


@pytest.mark.parametrize("name", ["fill_id", "side", "qty", "liquidity"])
def test_a_payload_without_a_field_is_refused(name: str) -> None:
    data = codec.envelope(A_FILL)
    del data["payload"][name]
    with pytest.raises(ContractError, match=f"^order.fill lacks the field {name}$"):
        codec.from_envelope(data)


def test_a_number_that_cannot_be_names_kind_and_field() -> None:
    entry = Entry(1, "feed", 1, 0, QuoteUpdate("BTCUSDT", E9, E9, 5))
    data = codec.envelope(entry)
    data["payload"]["bid"] = "1e400"
    with pytest.raises(ContractError, match="^md.quote bid '1e400' is beyond"):
        codec.from_envelope(data)


@pytest.mark.parametrize("name", ["seq", "ts_ns", "kind", "src", "corr", "cause", "payload"])
def test_an_envelope_without_one_of_its_keys_is_bad_data(name: str) -> None:
    data = codec.envelope(A_FILL)
    del data[name]
    where = "envelope" if name == "kind" else "order.fill"
    with pytest.raises(ContractError, match=f"^{where} lacks the field {name}$"):
        codec.from_envelope(data)


WRONG_TYPES: dict[str, tuple[str, object, str]] = {
    "version true": ("v", True, "envelope version True is not 1"),
    "version 1.0": ("v", 1.0, "envelope version 1.0 is not 1"),
    "kind of no text": ("kind", [], "envelope kind [] is not of type str"),
    "seq as text": ("seq", "9", "order.fill seq '9' is not of type int"),
    "seq true": ("seq", True, "order.fill seq True is not of type int"),
    "corr as float": ("corr", 2.0, "order.fill corr 2.0 is not of type int"),
    "no cause": ("cause", None, "order.fill cause None is not of type int"),
    "source as number": ("src", 1, "order.fill src 1 is not of type str"),
    "time as float": ("ts_ns", 1000.0, "order.fill ts_ns 1000.0 is not of type int"),
    "payload as list": ("payload", [], "order.fill payload [] is not of type dict"),
    "a long value": ("src", [1] * 99, f"order.fill src [{'1, ' * 19}1, is not of type str"),
}
WRONG_FIELDS: dict[str, tuple[str, object, str]] = {
    "unknown side": ("side", "Hold", "order.fill side 'Hold' is neither Buy nor Sell"),
    "side in other letters": ("side", "buy", "order.fill side 'buy' is neither Buy nor Sell"),
    "side as number": ("side", 1, "order.fill side 1 is not of type str"),
    "symbol as number": ("symbol", 5, "order.fill symbol 5 is not of type str"),
    "symbol as list": ("symbol", ["A"], "order.fill symbol ['A'] is not of type str"),
    "no symbol": ("symbol", None, "order.fill symbol None is not of type str"),
    "money as float": ("price", 1.5, "order.fill price 1.5 is not of type str"),
    "money as integer": ("qty", 1, "order.fill qty 1 is not of type str"),
    "no money": ("qty", None, "order.fill qty None is not of type str"),
    "unknown field": ("note", "x", "order.fill has no field 'note'"),
    "time in the payload": ("ts_ns", 5, "order.fill has no field 'ts_ns'"),
}


@pytest.mark.parametrize("case", WRONG_TYPES)
def test_a_wrong_type_in_the_envelope_is_bad_data(case: str) -> None:
    name, value, message = WRONG_TYPES[case]
    with pytest.raises(ContractError) as refused:
        codec.from_envelope({**codec.envelope(A_FILL), name: value})
    assert str(refused.value) == message


@pytest.mark.parametrize("case", WRONG_FIELDS)
def test_a_wrong_field_in_the_payload_is_bad_data(case: str) -> None:
    name, value, message = WRONG_FIELDS[case]
    data = codec.envelope(A_FILL)
    data["payload"][name] = value
    with pytest.raises(ContractError) as refused:
        codec.from_envelope(data)
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        ("ORD000001", "order.open_listed order_ids 'ORD000001' is not of type list"),
        (None, "order.open_listed order_ids None is not of type list"),
        (["ORD000001", 2], "order.open_listed order_ids 2 is not of type str"),
    ],
    ids=str,
)
def test_a_list_of_ids_is_a_list_of_texts(ids: object, message: str) -> None:
    data = codec.envelope(Entry(1, "exchange", 1, 0, OpenOrdersListed((), 5)))
    data["payload"]["order_ids"] = ids
    with pytest.raises(ContractError) as refused:
        codec.from_envelope(data)
    assert str(refused.value) == message


def test_a_canceled_order_names_no_field_twice() -> None:
    shown = codec.envelope(Entry(1, "exchange", 1, 0, OrderCanceled("ORD000001", 5)))
    assert shown["payload"] == {"order_id": "ORD000001"}
    assert shown["ts_ns"] == 5
