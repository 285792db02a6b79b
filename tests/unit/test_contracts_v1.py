"""The vocabulary of the line is frozen: fields, types, kinds and values are those of the golden."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Any, get_args

import pytest

from tools.live.core import contracts_v1 as contracts
from tools.live.core import market_v1, outputs_v1, words_v1
from tools.live.core.contracts_v1 import (
    BUY, INPUTS, OUTPUTS, SELL, Approved, Fill, PlaceOrderRequest, RefusalReason, Side, parse_side,
)  # fmt: skip

GOLDEN = Path(__file__).parent / "goldens/contracts_v1.json"
MODULES = (contracts.__name__, outputs_v1.__name__, words_v1.__name__, market_v1.__name__)
Golden = Callable[[Path, str], None]

# The hand-written twin of one entry of the golden.
FILL = {
    "kind": "order.fill",
    "fields": [
        "fill_id: str", "order_id: str", "symbol: str", "side: Side",
        "qty: int", "price: int", "liquidity: str", "ts_ns: int",
    ],
}  # fmt: skip


def defined() -> dict[str, type[Any]]:
    """Every class that the module itself defines."""
    return {
        name: value
        for name, value in vars(contracts).items()
        if isinstance(value, type) and value.__module__ in MODULES
    }


def vocabulary() -> dict[str, Any]:
    """Each contract with its fields in constructor order, each enum with its values in order."""
    shown: dict[str, Any] = {
        "INPUTS": [contract.__name__ for contract in INPUTS],
        "OUTPUTS": [contract.__name__ for contract in OUTPUTS],
    }
    for name, contract in defined().items():
        if issubclass(contract, Enum):
            shown[name] = {"values": [f"{member.name} = {member.value}" for member in contract]}
        else:
            types = inspect.get_annotations(contract)
            fields = [f"{field}: {kind}" for field, kind in types.items()]
            shown[name] = {"kind": getattr(contract, "kind", None), "fields": fields}
    return shown


def test_fields_and_types_are_frozen(golden: Golden) -> None:
    golden(GOLDEN, json.dumps(vocabulary(), indent=1, sort_keys=True) + "\n")


def test_the_golden_says_what_a_fill_is() -> None:
    assert json.loads(GOLDEN.read_text(encoding="utf-8"))["Fill"] == FILL


@pytest.mark.parametrize("contract", [*INPUTS, *OUTPUTS], ids=lambda contract: contract.__name__)
def test_every_event_has_a_kind_and_ends_with_its_time(contract: type[Any]) -> None:
    assert contract.__match_args__[-1] == "ts_ns"
    declares = Approved if issubclass(contract, Approved) else contract
    assert contract.__match_args__ == tuple(inspect.get_annotations(declares))
    room, _, name = contract.kind.partition(".")
    assert room in {"run", "md", "edge", "order", "risk", "funding"}
    assert name.isidentifier()


def test_every_kind_is_unique() -> None:
    kinds = [contract.kind for contract in (*INPUTS, *OUTPUTS)]
    assert len(set(kinds)) == len(kinds)


def test_the_lists_and_the_aliases_name_the_same_contracts() -> None:
    assert get_args(contracts.Input) == INPUTS
    assert get_args(contracts.Output) == OUTPUTS


def test_every_contract_is_an_input_or_an_output_or_a_part_of_one() -> None:
    parts = {
        "PlaceOrderRequest", "Entry", "Side", "RefusalReason", "FillFault", "EdgeVerdict",
    }  # fmt: skip
    assert set(defined()) - parts == {contract.__name__ for contract in (*INPUTS, *OUTPUTS)}


def test_contracts_of_one_shape_are_not_equal() -> None:
    canceled = contracts.OrderCanceled("ORD000001", 1)
    listed = contracts.CancelFailed("ORD000001", "", 1)
    assert canceled != listed
    assert contracts.Unfrozen("r", "a", 1) != contracts.UnfreezeOrdered("r", "a", 1)


def test_an_approval_is_the_request_that_is_sent() -> None:
    approved = Approved("CLI00000001", "BTCUSDT", BUY, 10**7, 50_000 * 10**9 + 1, 3)
    assert isinstance(approved, PlaceOrderRequest)
    assert (approved.qty, approved.price) == (0.01, 50000.000000001)
    assert (approved.qty_e9, approved.price_e9) == (10**7, 50_000 * 10**9 + 1)
    assert approved != PlaceOrderRequest("CLI00000001", "BTCUSDT", BUY, 0.01, "50000.000000001")
    assert repr(approved) == (
        "Approved(client_order_id='CLI00000001', symbol='BTCUSDT', side=<Side.BUY: 'Buy'>,"
        " qty_e9=10000000, price_e9=50000000000001, ts_ns=3)"
    )


def test_a_fill_is_built_by_position() -> None:
    fill = Fill("FIL000001", "ORD000001", "BTCUSDT", SELL, 1, 2, "maker", 3)
    shown = (fill.fill_id, fill.order_id, fill.symbol, fill.side, fill.qty, fill.price)
    assert shown == ("FIL000001", "ORD000001", "BTCUSDT", SELL, 1, 2)
    assert (fill.liquidity, fill.ts_ns) == ("maker", 3)


@pytest.mark.parametrize("text", ["Buy", "buy", "BUY", "bUY", BUY])
def test_buy_in_any_case(text: str) -> None:
    assert parse_side(text) is BUY


@pytest.mark.parametrize("text", ["Sell", "sell", "SELL", SELL])
def test_sell_in_any_case(text: str) -> None:
    assert parse_side(text) is SELL


@pytest.mark.parametrize(
    "text", ["", "b", "buy ", " sell", "long", "Side.BUY", "\u0432uy", None, 1]
)
def test_anything_else_is_no_side(text: Any) -> None:
    assert parse_side(text) is None


def test_sides_are_spelled_as_venues_do() -> None:
    assert [side.value for side in Side] == ["Buy", "Sell"]


def test_refusals_are_listed_by_precedence() -> None:
    assert [reason.value for reason in RefusalReason] == [
        "frozen", "unknown_side", "bad_quantity", "bad_price", "stale_market",
        "bad_mark", "crossed_quote", "in_doubt", "symbol_limit", "total_limit", "qty_too_small",
        "notional_too_small",
    ]  # fmt: skip
