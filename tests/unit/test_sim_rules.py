"""`sim/rules`: one row for each rule, in the order in which the rules are asked."""

from __future__ import annotations

from typing import Any

import pytest
from tools.live.core.contracts_v1 import BUY, SELL
from tools.live.core.money import positive_e9
from tools.live.sim.orders import OrderKind, OrderRequest
from tools.live.sim.rules import RuleBroken, RuleCode, SymbolRules

UNIT, CENT = 10**9, 10**7
RULES = SymbolRules(
    tick=CENT, lot=UNIT // 1000, min_price=CENT, max_price=1_000_000 * UNIT, min_qty=UNIT // 100,
    max_qty=9000 * UNIT, market_lot=UNIT // 100, market_min_qty=UNIT // 50,
    market_max_qty=100 * UNIT, min_notional_e18=5 * 10**18, max_notional_e18=900_000 * 10**18,
    buy_lowest=UNIT // 5, buy_highest=5 * UNIT, sell_lowest=UNIT // 2, sell_highest=6 * UNIT,
    max_orders=200, max_waiting=5, max_parts=10,
)  # fmt: skip
MARKET: dict[str, Any] = {"kind": OrderKind.MARKET, "price": None}
STOP: dict[str, Any] = {"kind": OrderKind.STOP, "price": None, "stop": "90"}


def a_request(**changes: Any) -> OrderRequest:
    made = {"side": BUY, "qty": "1", "price": "100"} | changes
    for field in ("qty", "price", "stop", "display"):
        if made.get(field) is not None:
            made[field] = positive_e9(made[field], field)
    return OrderRequest("C1", "BTC", **made)


def broken(
    rules: SymbolRules = RULES, *, orders: int = 0, waiting: int = 0, at: int = 100, **changes: Any
) -> str | None:
    """Which rule, and its sentence."""
    found = rules.refusal(
        a_request(**changes), reference=at * UNIT, orders=orders, waiting=waiting
    )
    return None if found is None else f"{found.code.value}: {found.message}"


@pytest.mark.parametrize(("changes", "said"), [
    ({"price": "0.001"}, "price_too_low: price 0.001 is below the lowest 0.01"),
    (STOP | {"stop": "0.001"}, "price_too_low: stop 0.001 is below the lowest 0.01"),
    ({"price": "1000000.01"}, "price_too_high: price 1000000.01 is above the highest 1000000"),
    ({"price": "100.005"}, "price_off_tick: price 100.005 is off the tick 0.01"),
    (STOP | {"stop": "90.001"}, "price_off_tick: stop 90.001 is off the tick 0.01"),
    ({"qty": "0.009"}, "qty_too_small: qty 0.009 is below the smallest 0.01"),
    ({"qty": "9000.001"}, "qty_too_large: qty 9000.001 is above the largest 9000"),
    ({"qty": "0.1005"}, "qty_off_lot: qty 0.1005 is off the lot 0.001"),
    (MARKET | {"qty": "0.01"}, "qty_too_small: qty 0.01 is below the smallest 0.02"),
    (MARKET | {"qty": "101"}, "qty_too_large: qty 101 is above the largest 100"),
    (MARKET | {"qty": "0.105"}, "qty_off_lot: qty 0.105 is off the lot 0.01"),
    ({"display": "0.0105"}, "qty_off_lot: display 0.0105 is off the lot 0.001"),
    ({"qty": "0.01"}, "notional_too_small: notional 1 at 100 is below the smallest 5"),
    (MARKET | {"qty": "0.04"}, "notional_too_small: notional 4 at 100 is below the smallest 5"),
    (STOP | {"qty": "0.05"}, "notional_too_small: notional 4.5 at 90 is below the smallest 5"),
    ({"qty": "9000", "price": "100.01"},
     "notional_too_large: notional 900090 at 100.01 is above the largest 900000"),
    ({"price": "19.99"}, "price_out_of_band: price 19.99 is below 0.2 times the reference 100"),
    ({"price": "500.01"}, "price_out_of_band: price 500.01 is above 5 times the reference 100"),
    ({"side": SELL, "price": "49.99"},
     "price_out_of_band: price 49.99 is below 0.5 times the reference 100"),
    ({"side": SELL, "price": "600.01"},
     "price_out_of_band: price 600.01 is above 6 times the reference 100"),
    ({"display": "0.09"}, "too_many_parts: an iceberg of 12 parts is more than the 10 allowed"),
    ({"orders": 200}, "too_many_orders: 200 orders are open already; 200 are allowed"),
    (STOP | {"waiting": 5},
     "too_many_waiting: 5 orders wait for a trigger already; 5 are allowed"),
])  # fmt: skip
def test_an_order_that_breaks_a_rule_is_told_which_and_by_what(
    changes: dict[str, Any], said: str
) -> None:
    assert broken(**changes) == said


@pytest.mark.parametrize("changes", [
    {}, {"price": "20"}, {"price": "500"}, {"side": SELL, "price": "50"},
    {"side": SELL, "price": "600"}, {"qty": "0.05"}, {"qty": "9000"}, {"display": "0.1"},
    MARKET | {"qty": "100"}, MARKET | {"qty": "0.05"}, STOP, {"orders": 199},
    STOP | {"waiting": 4}, {"waiting": 5}, MARKET | {"waiting": 5},
])  # fmt: skip
def test_what_stands_exactly_at_a_rule_passes(changes: dict[str, Any]) -> None:
    assert broken(**changes) is None


def test_a_rule_of_nought_is_no_rule() -> None:
    wild = {"qty": "0.000000001", "price": "123456.000000001", "orders": 10**6, "waiting": 10**6}
    assert broken(SymbolRules(), **wild) is None
    assert broken(SymbolRules(), **STOP, display="0.1") is None
    assert broken(SymbolRules(market_max_qty=UNIT), **MARKET, qty="2") is not None
    assert broken(SymbolRules(min_qty=3 * UNIT), **MARKET, qty="2") is not None


def test_without_a_known_price_value_and_band_are_not_checked() -> None:
    assert broken(at=0, **MARKET, qty="0.02") is None
    assert broken(at=0, price="0.01", qty="9000") is None


def test_the_smallest_value_may_leave_market_orders_out() -> None:
    rules = SymbolRules(min_notional_e18=5 * 10**18, value_for_market=False)
    assert broken(rules, **MARKET, qty="0.04") is None
    assert broken(rules, qty="0.04") is not None


def test_the_first_rule_in_the_stated_order_is_the_answer() -> None:
    """Each row mends what the row before was told, till nothing is wrong."""
    ladder: list[tuple[dict[str, Any], RuleCode]] = [
        ({"price": "0.005"}, RuleCode.PRICE_TOO_LOW),
        ({"price": "1000000.005"}, RuleCode.PRICE_TOO_HIGH),
        ({"price": "10.005", "qty": "0.0011"}, RuleCode.PRICE_OFF_TICK),
        ({"price": "10", "qty": "0.0011"}, RuleCode.QTY_TOO_SMALL),
        ({"price": "10", "qty": "0.0111"}, RuleCode.QTY_OFF_LOT),
        ({"price": "10", "qty": "0.011"}, RuleCode.NOTIONAL_TOO_SMALL),
        ({"price": "10", "qty": "1", "display": "0.01"}, RuleCode.PRICE_OUT_OF_BAND),
        ({"price": "100", "qty": "1", "display": "0.01"}, RuleCode.TOO_MANY_PARTS),
        ({"price": "100", "qty": "1"}, RuleCode.TOO_MANY_ORDERS),
    ]
    for changes, code in ladder:
        found = RULES.refusal(a_request(**changes), reference=100 * UNIT, orders=200, waiting=5)
        assert isinstance(found, RuleBroken)
        assert found.code is code
    assert [code for _, code in ladder] == sorted(
        (code for _, code in ladder), key=list(RuleCode).index
    )
