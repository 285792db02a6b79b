"""The rules of symbols as they are written down: a venue's own list, or a table of ours.

`exchange_info` reads what Binance publishes about spot and USD-M futures; filters that concern
other things are left aside, and a bound of 0 is no rule, as there. `rule_table` reads a table of
ours, in TOML or JSON, with the names of `SymbolRules` and human numbers:

    [BTCUSDT]
    tick = 0.01
    lot = 0.001
    min_notional = 5
    price_band_bps = 1000
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..core.codec import MAX_BYTES, Digits, load_strict, load_toml
from ..core.errors import ContractError
from ..core.money import BPS, SCALE, not_negative_e9
from ..core.record import fields_of
from .rules import SymbolRules
from .spelling import meant

MOST_SYMBOLS = 100_000
MOST_BYTES = 8 * MAX_BYTES  # what a venue says about all of its symbols is long

_COUNTS = ("max_orders", "max_waiting", "max_parts")
_VALUES = ("min_notional", "max_notional")
_BAND = "price_band_bps"
_MOST_COUNT = 1_000_000
_MOST_BITS = 256  # an integer beyond them is too long to print
# Which rule each number of a filter is; a filter may come under several names.
_FILTERS = {
    "PRICE_FILTER": {"minPrice": "min_price", "maxPrice": "max_price", "tickSize": "tick"},
    "LOT_SIZE": {"minQty": "min_qty", "maxQty": "max_qty", "stepSize": "lot"},
    "MARKET_LOT_SIZE": {
        "minQty": "market_min_qty", "maxQty": "market_max_qty", "stepSize": "market_lot",
    },
    "MIN_NOTIONAL": {"minNotional": "min_notional", "notional": "min_notional"},
    "NOTIONAL": {"minNotional": "min_notional", "maxNotional": "max_notional"},
    "PERCENT_PRICE_BY_SIDE": {
        "bidMultiplierUp": "buy_highest", "bidMultiplierDown": "buy_lowest",
        "askMultiplierUp": "sell_highest", "askMultiplierDown": "sell_lowest",
    },
    "MAX_NUM_ORDERS": {"maxNumOrders": "max_orders", "limit": "max_orders"},
    "MAX_NUM_ALGO_ORDERS": {"maxNumAlgoOrders": "max_waiting", "limit": "max_waiting"},
    "ICEBERG_PARTS": {"limit": "max_parts"},
}  # fmt: skip
_FOR_MARKET = ("applyToMarket", "applyMinToMarket")


def exchange_info(raw: bytes, source: str) -> dict[str, SymbolRules]:
    """The rules of every symbol of a Binance exchangeInfo."""
    data = load_strict(raw, source, digits=True, most_bytes=MOST_BYTES)
    symbols = data.get("symbols") if isinstance(data, dict) else None
    if not isinstance(symbols, list):
        raise ContractError(f"{source} has no list of symbols; give the answer of exchangeInfo")
    rules: dict[str, SymbolRules] = {}
    for place, entry in enumerate(symbols):
        where = f"/symbols/{place} of {source}"
        name = entry.get("symbol") if isinstance(entry, dict) else None
        filters = entry.get("filters") if isinstance(entry, dict) else None
        if not isinstance(name, str) or not name or not isinstance(filters, list):
            raise ContractError(f"{where} has no symbol with filters; give a whole exchangeInfo")
        if name in rules:
            raise ContractError(f"{where} is {name!r:.40} for the second time; keep one")
        rules[name] = _rules(_told(filters, where), where)
    return rules


def rule_table(raw: bytes, source: str, *, toml: bool = False) -> dict[str, SymbolRules]:
    """The rules of every symbol of a table of ours."""
    data = load_toml(raw, source) if toml else load_strict(raw, source, digits=True)
    if not isinstance(data, dict) or len(data) > MOST_SYMBOLS:
        raise ContractError(f"{source} is no table of up to {MOST_SYMBOLS} symbols")
    rules = {}
    for name, told in data.items():
        where = f"symbol {name[:40]!r} of {source}"
        if not name:
            raise ContractError(f"{where} has no name; name it")
        rules[name] = rules_of(told, where)
    return rules


def rules_of(told: Any, where: str) -> SymbolRules:
    """The rules of one symbol, of a table of ours that was read."""
    if not isinstance(told, dict):
        raise ContractError(f"{where} has no table of rules; write tick = 0.01 there")
    return _rules(_with_band(told, where), where)


def _told(filters: list[Any], where: str) -> dict[str, Any]:
    """The filters of a symbol as rules by their names."""
    told: dict[str, Any] = {}
    for one in filters:
        kind = one.get("filterType") if isinstance(one, dict) else None
        if not isinstance(kind, str):
            raise ContractError(f"{where} has a filter without a filterType")
        if kind == "PERCENT_PRICE":
            told |= {name: one.get("multiplierUp", 0) for name in ("buy_highest", "sell_highest")}
            told |= {name: one.get("multiplierDown", 0) for name in ("buy_lowest", "sell_lowest")}
        for name, rule in _FILTERS.get(kind, {}).items():
            if name in one:
                told[rule] = one[name]
        for name in _FOR_MARKET:
            if name in one:
                told["value_for_market"] = one[name]
    return told


def _with_band(told: dict[str, Any], where: str) -> dict[str, Any]:
    """A band of so many basis points around the reference, as factors of it."""
    if _BAND not in told:
        return told
    band = _number(told[_BAND], _BAND, where)
    if not 0 < band < BPS * SCALE:
        raise ContractError(f"{_BAND} of {where} must be above 0 and below {BPS}")
    lowest, highest = (SCALE - band // BPS, SCALE + band // BPS)
    factors = {"buy_lowest": lowest, "sell_lowest": lowest}
    factors |= {"buy_highest": highest, "sell_highest": highest}
    both = [name for name in factors if name in told]
    if both:
        raise ContractError(f"{_BAND} and {both[0]} of {where} say the same; keep one of them")
    rest = {name: value for name, value in told.items() if name != _BAND}
    return rest | {name: Digits(f"{factor}e-9") for name, factor in factors.items()}


def _rules(told: Mapping[str, Any], where: str) -> SymbolRules:
    known = [name.removesuffix("_e18") for name in fields_of(SymbolRules)]
    made: dict[str, Any] = {}
    for name, value in told.items():
        if name in _COUNTS:
            made[name] = _count(value, name, where)
        elif name == "value_for_market":
            if not isinstance(value, bool):
                raise ContractError(f"{name} {value!r:.40} of {where} is not true or false")
            made[name] = value
        elif name in _VALUES:
            made[f"{name}_e18"] = _number(value, name, where) * SCALE
        elif name in known:
            made[name] = _number(value, name, where)
        else:
            hint = meant(name, [*known, _BAND])
            raise ContractError(f"unknown rule {name[:40]!r} of {where}; {hint}")
    rules = SymbolRules(**made)
    _check(rules, where)
    return rules


def _check(rules: SymbolRules, where: str) -> None:
    """A smallest above the largest would refuse every order."""
    pairs = (
        ("min_price", "max_price"), ("min_qty", "max_qty"), ("market_min_qty", "market_max_qty"),
        ("min_notional_e18", "max_notional_e18"), ("buy_lowest", "buy_highest"),
        ("sell_lowest", "sell_highest"),
    )  # fmt: skip
    for low, high in pairs:
        if 0 < getattr(rules, high) < getattr(rules, low):
            names = f"{low.removesuffix('_e18')} is above {high.removesuffix('_e18')}"
            raise ContractError(f"{names} in {where}; no order could pass")


def _number(value: Any, name: str, where: str) -> int:
    if isinstance(value, int) and value.bit_length() > _MOST_BITS:
        raise ContractError(f"{name} of {where} is out of range; write 0.01")
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise ContractError(f"{name} {value!r:.40} of {where} is not a number; write 0.01")
    return not_negative_e9(str(value), f"{name} of {where}")


def _count(value: Any, name: str, where: str) -> int:
    if type(value) is not int or not 0 <= value <= _MOST_COUNT:
        huge = isinstance(value, int) and value.bit_length() > _MOST_BITS
        shown = "out of range" if huge else f"{value!r:.40}"
        raise ContractError(f"{name} {shown} of {where} is not from 0 to {_MOST_COUNT}")
    return value
