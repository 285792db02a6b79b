"""The market's vocabulary: frozen by a golden, spelled exactly, read strictly."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest

from tests.unit import prop
from tools.live.core import codec
from tools.live.core import market_v1 as market
from tools.live.core.contracts_v1 import BUY
from tools.live.core.errors import ContractError
from tools.live.core.market_v1 import (
    MARKET_DATA, MARKET_FACTS, Bbo, DepthDiff, DepthSnapshot, MarketEvent, Trade,
)  # fmt: skip

GOLDEN = Path(__file__).parent / "goldens/market_v1.json"
EVERY = (*MARKET_DATA, *MARKET_FACTS)
DIFF = DepthDiff("BTCUSDT", "binance-usdm", ((61_800_200_000_000, 0),), (), 5, 7, 4, None, 9)
DIFF_PAYLOAD = {
    "symbol": "BTCUSDT", "source": "binance-usdm", "bids": [["61800.2", "0"]], "asks": [],
    "first": 5, "sequence": 7, "previous": 4, "exchange_ns": None,
}  # fmt: skip


def test_fields_and_types_are_frozen(golden: Callable[[Path, str], None]) -> None:
    told = {
        one.__name__: {
            "kind": one.kind,
            "fields": [f"{name}: {kind}" for name, kind in inspect.get_annotations(one).items()],
        }
        for one in EVERY
    }
    golden(GOLDEN, json.dumps(told, indent=1) + "\n")


def test_the_lists_and_the_aliases_name_the_same_events() -> None:
    assert get_args(market.MarketData) == MARKET_DATA
    assert get_args(market.MarketFact) == MARKET_FACTS
    assert get_args(market.MarketEvent) == EVERY


@pytest.mark.parametrize("contract", EVERY, ids=lambda contract: contract.__name__)
def test_an_event_names_symbol_and_source_first_and_its_time_last(contract: type[Any]) -> None:
    names = contract.__match_args__
    assert (*names[:2], names[-1]) == ("symbol", "source", "ts_ns")
    assert contract.kind.startswith("md.")


def test_kinds_are_unique() -> None:
    kinds = [one.kind for one in EVERY]
    assert len(set(kinds)) == len(kinds)


def test_a_diff_is_spelled_exactly() -> None:
    assert codec.payload_of(DIFF) == DIFF_PAYLOAD
    assert codec.market_event("md.depth_diff", 9, DIFF_PAYLOAD) == DIFF


@pytest.mark.parametrize("contract", EVERY, ids=lambda contract: contract.kind)
def test_every_event_comes_back_as_it_was(contract: type[Any]) -> None:
    rng = prop.chance(len(contract.kind))
    for _ in range(200):
        event: MarketEvent = prop.a_market_event(rng, contract)
        text = codec.canonical(codec.payload_of(event))
        payload = codec.load_strict(text.encode(), "payload")
        assert codec.market_event(contract.kind, event.ts_ns, payload) == event


def test_a_trade_may_be_silent_about_its_side() -> None:
    told = Trade("A", "bybit", "t1", BUY, 1, 2, None, None, 3)
    silent = Trade("A", "bybit", "t1", None, 1, 2, None, None, 3)
    assert codec.payload_of(told)["side"] == "Buy"
    assert codec.payload_of(silent)["side"] is None
    assert codec.market_event("md.trade", 3, codec.payload_of(silent)) == silent


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"first": "5"}, "md.depth_diff first '5' is not of type int"),
        ({"first": True}, "md.depth_diff first True is not of type int"),
        ({"first": 1 << 63}, "md.depth_diff first 9223372036854775808 is beyond 63 bits"),
        ({"bids": [["1"]]}, "md.depth_diff bids ['1'] is no pair of decimal texts"),
        ({"bids": [["1", 2]]}, "md.depth_diff bids ['1', 2] is no pair of decimal texts"),
        ({"bids": "1"}, "md.depth_diff bids '1' is not of type list"),
        ({"asks": [["1", "x"]]}, "md.depth_diff asks qty 'x' is not a number"),
        ({"asks": [["", "1"]]}, "md.depth_diff asks price '' is not a number"),
        ({"venue": 1}, "md.depth_diff has no field 'venue'"),
        ({"symbol": None}, "md.depth_diff symbol None is not of type str"),
    ],
)  # fmt: skip
def test_a_wrong_payload_is_refused_by_field_and_value(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ContractError) as refused:
        codec.market_event("md.depth_diff", 9, {**DIFF_PAYLOAD, **change})
    assert str(refused.value).startswith(said)


def test_a_missing_field_and_an_unknown_kind_are_refused() -> None:
    without = {name: told for name, told in DIFF_PAYLOAD.items() if name != "previous"}
    with pytest.raises(ContractError, match="^md.depth_diff lacks the field previous$"):
        codec.market_event("md.depth_diff", 9, without)
    with pytest.raises(ContractError, match="^event kind 'order.fill' is no market event$"):
        codec.market_event("order.fill", 9, {})


def test_data_is_no_input_of_the_line() -> None:
    line = {"v": 1, "seq": 1, "ts_ns": 9, "src": "feed", "corr": 1, "cause": 0,
            "kind": Bbo.kind, "payload": {}}  # fmt: skip
    with pytest.raises(ContractError, match="'md.bbo' is not an input of contracts_v1"):
        codec.from_envelope(line)


def test_numbers_may_be_kept_as_they_are_written() -> None:
    found = codec.load_strict(b'[1.50,2,1e-7,"3.0"]', "message", digits=True)
    assert found == ["1.50", 2, "1e-7", "3.0"]
    assert [type(one) for one in found] == [codec.Digits, int, codec.Digits, str]


def test_a_snapshot_keeps_the_order_of_its_levels() -> None:
    snapshot = DepthSnapshot("A", "bybit", ((2, 1), (1, 1)), ((3, 1),), 1, None, 1)
    unit, two = "0.000000001", "0.000000002"
    assert codec.payload_of(snapshot)["bids"] == [[two, unit], [unit, unit]]
