"""`sim/rule_tables`: a venue's list and a table of ours become the same rules, or a clear line."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tools.live.core.errors import ContractError
from tools.live.sim import rule_tables
from tools.live.sim.rule_tables import exchange_info, rule_table
from tools.live.sim.rules import SymbolRules

UNIT, CENT = 10**9, 10**7

SPOT: list[dict[str, Any]] = [
    {"filterType": "PRICE_FILTER", "minPrice": "0.01", "maxPrice": "1000000.00",
     "tickSize": "0.01"},
    {"filterType": "LOT_SIZE", "minQty": "0.00001", "maxQty": "9000.0", "stepSize": "0.00001"},
    {"filterType": "ICEBERG_PARTS", "limit": 10},
    {"filterType": "MARKET_LOT_SIZE", "minQty": "0.0", "maxQty": "71.5", "stepSize": "0.0"},
    {"filterType": "TRAILING_DELTA", "minTrailingAboveDelta": 10, "maxTrailingAboveDelta": 2000},
    {"filterType": "PERCENT_PRICE_BY_SIDE", "bidMultiplierUp": "5", "bidMultiplierDown": "0.2",
     "askMultiplierUp": "6", "askMultiplierDown": "0.5", "avgPriceMins": 5},
    {"filterType": "NOTIONAL", "minNotional": "5.00", "applyMinToMarket": False,
     "maxNotional": "9000000.00", "applyMaxToMarket": False, "avgPriceMins": 5},
    {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": 200},
    {"filterType": "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": 5},
]  # fmt: skip
FUTURES: list[dict[str, Any]] = [
    {"filterType": "PRICE_FILTER", "minPrice": "556.80", "maxPrice": "4529764",
     "tickSize": "0.10"},
    {"filterType": "LOT_SIZE", "minQty": "0.001", "maxQty": "1000", "stepSize": "0.001"},
    {"filterType": "MAX_NUM_ORDERS", "limit": 200},
    {"filterType": "MAX_NUM_ALGO_ORDERS", "limit": 10},
    {"filterType": "MIN_NOTIONAL", "notional": "100"},
    {"filterType": "PERCENT_PRICE", "multiplierUp": "1.0500", "multiplierDown": "0.9500",
     "multiplierDecimal": "4"},
]  # fmt: skip


def info(*symbols: Any) -> bytes:
    return json.dumps({"timezone": "UTC", "symbols": list(symbols)}).encode()


def a_symbol(filters: Any, name: Any = "BTCUSDT") -> dict[str, Any]:
    return {"symbol": name, "status": "TRADING", "filters": filters}


def test_the_filters_of_spot_become_rules() -> None:
    assert exchange_info(info(a_symbol(SPOT)), "info.json") == {"BTCUSDT": SymbolRules(
        tick=CENT, lot=10**4, min_price=CENT, max_price=10**6 * UNIT, min_qty=10**4,
        max_qty=9000 * UNIT, market_max_qty=71_500_000_000, min_notional_e18=5 * 10**18,
        max_notional_e18=9_000_000 * 10**18, value_for_market=False, buy_lowest=UNIT // 5,
        buy_highest=5 * UNIT, sell_lowest=UNIT // 2, sell_highest=6 * UNIT, max_orders=200,
        max_waiting=5, max_parts=10,
    )}  # fmt: skip


def test_the_filters_of_futures_become_rules() -> None:
    found = exchange_info(info(a_symbol(FUTURES), a_symbol([], "ETHUSDT")), "info.json")
    assert found == {"BTCUSDT": SymbolRules(
        tick=UNIT // 10, lot=UNIT // 1000, min_price=556_800_000_000, max_price=4_529_764 * UNIT,
        min_qty=UNIT // 1000, max_qty=1000 * UNIT, min_notional_e18=100 * 10**18,
        buy_lowest=950_000_000, buy_highest=1_050_000_000, sell_lowest=950_000_000,
        sell_highest=1_050_000_000, max_orders=200, max_waiting=10,
    ), "ETHUSDT": SymbolRules()}  # fmt: skip


TABLE = SymbolRules(
    tick=CENT, lot=UNIT // 1000, min_notional_e18=5 * 10**18, value_for_market=False,
    buy_lowest=900_000_000, sell_lowest=900_000_000, buy_highest=1_100_000_000,
    sell_highest=1_100_000_000, max_orders=20,
)  # fmt: skip


def test_a_table_of_ours_is_the_same_in_toml_and_json() -> None:
    toml = b"""
        [BTCUSDT]
        tick = 0.01
        lot = "0.001"
        min_notional = 5
        value_for_market = false
        price_band_bps = 1000
        max_orders = 20
        [ETHUSDT]
    """
    told = {
        "tick": 0.01, "lot": "0.001", "min_notional": 5, "value_for_market": False,
        "price_band_bps": 1000, "max_orders": 20,
    }  # fmt: skip
    wanted = {"BTCUSDT": TABLE, "ETHUSDT": SymbolRules()}
    assert rule_table(toml, "rules.toml", toml=True) == wanted
    assert rule_table(json.dumps({"BTCUSDT": told, "ETHUSDT": {}}).encode(), "r.json") == wanted


@pytest.mark.parametrize(("rules", "said"), [
    ("tick = 'x'", "tick of symbol 'B' of r.toml 'x' is not a number; give digits like 0.01"),
    ("tick = nan", "tick of symbol 'B' of r.toml 'nan' is not a number; give digits like 0.01"),
    ("tick = -1", "tick of symbol 'B' of r.toml '-1' must be 0 or more"),
    ("tick = true", "tick True of symbol 'B' of r.toml is not a number; write 0.01"),
    ("tick = [1]", "tick [1] of symbol 'B' of r.toml is not a number; write 0.01"),
    (f"tick = 0x{'f' * 9999}", "tick of symbol 'B' of r.toml is out of range; write 0.01"),
    ("tick = 0.0000000001", "tick of symbol 'B' of r.toml '0.0000000001' has more than 9 "
     "decimals; round it first"),
    ("ticks = 1", "unknown rule 'ticks' of symbol 'B' of r.toml; did you mean 'tick'?"),
    ("max_orders = 1.5", "max_orders '1.5' of symbol 'B' of r.toml is not from 0 to 1000000"),
    ("max_orders = -1", "max_orders -1 of symbol 'B' of r.toml is not from 0 to 1000000"),
    (f"max_orders = 0x{'f' * 9999}",
     "max_orders out of range of symbol 'B' of r.toml is not from 0 to 1000000"),
    ("value_for_market = 1", "value_for_market 1 of symbol 'B' of r.toml is not true or false"),
    ("price_band_bps = 0",
     "price_band_bps of symbol 'B' of r.toml must be above 0 and below 10000"),
    ("price_band_bps = 10000",
     "price_band_bps of symbol 'B' of r.toml must be above 0 and below 10000"),
    ("price_band_bps = 5\nbuy_highest = 2",
     "price_band_bps and buy_highest of symbol 'B' of r.toml say the same; keep one of them"),
    ("min_qty = 2\nmax_qty = 1",
     "min_qty is above max_qty in symbol 'B' of r.toml; no order could pass"),
    ("min_notional = 2\nmax_notional = 1",
     "min_notional is above max_notional in symbol 'B' of r.toml; no order could pass"),
])  # fmt: skip
def test_a_rule_that_is_none_is_told_why(rules: str, said: str) -> None:
    with pytest.raises(ContractError) as error:
        rule_table(f"[B]\n{rules}\n".encode(), "r.toml", toml=True)
    assert str(error.value) == said


def test_a_rule_like_no_other_is_told_all_there_are() -> None:
    with pytest.raises(ContractError, match="known are tick, lot, .*, max_parts, price_band_bps"):
        rule_table(b'{"B": {"zzz": 1}}', "r.json")


@pytest.mark.parametrize(("raw", "said"), [
    (b"B = 1", "symbol 'B' of r.toml has no table of rules; write tick = 0.01 there"),
    (b'[""]', "symbol '' of r.toml has no name"),
    (b"[B", "r.toml is not TOML: "),
    (b"\xff", "r.toml is not UTF-8 at byte 0"),
    (b"a = " + b"[" * 9000, "r.toml is nested too deeply"),
    (b"#" * 9_000_000, "r.toml has more than 8388608 bytes"),
])  # fmt: skip
def test_a_table_that_is_none_is_told_why(raw: bytes, said: str) -> None:
    with pytest.raises(ContractError) as error:
        rule_table(raw, "r.toml", toml=True)
    assert str(error.value).startswith(said)


@pytest.mark.parametrize(("raw", "said"), [
    (b"[]", "i has no list of symbols; give the answer of exchangeInfo"),
    (b"{}", "i has no list of symbols; give the answer of exchangeInfo"),
    (b'{"symbols": [1]}', "/symbols/0 of i has no symbol with filters; give a whole exchangeInfo"),
    (info(a_symbol(None)), "/symbols/0 of i has no symbol with filters; give a whole exchangeInfo"),
    (info(a_symbol([], "")),
     "/symbols/0 of i has no symbol with filters; give a whole exchangeInfo"),
    (info(a_symbol([]), a_symbol([])),
     "/symbols/1 of i is 'BTCUSDT' for the second time; keep one"),
    (info(a_symbol([1])), "/symbols/0 of i has a filter without a filterType"),
    (info(a_symbol([{"filterType": 1}])), "/symbols/0 of i has a filter without a filterType"),
    (info(a_symbol([{"filterType": "LOT_SIZE", "stepSize": None}])),
     "lot None of /symbols/0 of i is not a number; write 0.01"),
])  # fmt: skip
def test_a_list_that_is_none_is_told_why(raw: bytes, said: str) -> None:
    with pytest.raises(ContractError) as error:
        exchange_info(raw, "i")
    assert str(error.value) == said


def test_more_symbols_than_any_venue_has_are_no_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rule_tables, "MOST_SYMBOLS", 1)
    with pytest.raises(ContractError, match="r is no table of up to 1 symbols"):
        rule_table(b'{"A": {}, "B": {}}', "r")
    with pytest.raises(ContractError, match="r is no table"):
        rule_table(b"[]", "r")
