"""An order as it is written in JSON, and back: the spellings of ccxt, Alpaca and Binance.

    {"client_order_id": "a1", "symbol": "BTCUSDT", "side": "buy", "qty": "0.5",
     "type": "stop_limit", "stop": 101, "price": "101.5", "time_in_force": "GTC"}

Case, hyphens and underscores do not matter in names of fields and types. Numbers are read as they
are written, so no binary fraction comes between. What is not known, or said twice, is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..core.clock import NS_PER_MS, parse_utc
from ..core.codec import load_strict
from ..core.errors import ContractError
from ..core.money import text, to_e9
from ..core.words_v1 import parse_side
from .order_checks import checked
from .orders import OrderKind, OrderRequest, TimeInForce
from .spelling import meant

_PERCENT = 100  # basis points
_LATEST_NS = 1 << 63

# Our name of a field, and under which others it may come, without case, hyphens and underscores.
_FIELDS = {
    "client_order_id": ("clientorderid", "newclientorderid", "clordid"),
    "symbol": ("symbol",),
    "side": ("side",),
    "qty": ("qty", "quantity", "amount"),
    "type": ("type", "kind", "ordertype"),
    "price": ("price", "limitprice"),
    "stop": ("stop", "stopprice", "triggerprice"),
    "trail": ("trail", "trailprice", "trailingamount"),
    "trail_bps": ("trailbps",),
    "trail_percent": ("trailpercent", "trailingpercent", "callbackrate"),
    "time_in_force": ("timeinforce", "tif"),
    "expires": ("expires",),
    "expires_ns": ("expiresns",),
    "good_till_date": ("goodtilldate",),
    "post_only": ("postonly",),
    "reduce_only": ("reduceonly",),
    "display": ("display", "icebergqty", "displayqty"),
    "one_cancels_other": ("onecancelsother", "oco"),
    "after": ("after", "oto"),
}
_BY_SPELLING = {spelled: field for field, ways in _FIELDS.items() for spelled in ways}
_KINDS = {
    OrderKind.MARKET: ("market",),
    OrderKind.LIMIT: ("limit",),
    OrderKind.STOP: ("stop", "stopmarket", "stoploss"),
    OrderKind.STOP_LIMIT: ("stoplimit", "stoplosslimit"),
    OrderKind.TRAILING_STOP: ("trailingstop", "trailingstopmarket"),
    OrderKind.MARKET_IF_TOUCHED: ("marketiftouched", "takeprofit", "takeprofitmarket"),
}
_KIND_BY_SPELLING = {spelled: kind for kind, ways in _KINDS.items() for spelled in ways}
_LIMIT_MAKER = "limitmaker"  # a type that is a limit order and post-only
_POST_ONLY_FORCES = ("GTX", "PO")  # times in force that are good till canceled and post-only
_EXPIRIES = ("expires_ns", "expires", "good_till_date")
_TEXTS = ("client_order_id", "symbol", "one_cancels_other", "after")
_NUMBERS = ("qty", "price", "stop", "trail", "trail_bps", "display")
_FLAGS = ("post_only", "reduce_only")


def read_order(raw: bytes, source: str) -> OrderRequest:
    """The order in a JSON text; a ContractError says what is wrong with it."""
    told = load_strict(raw, source, digits=True)
    if not isinstance(told, dict):
        raise ContractError(f"{source} is no order; write an object with symbol, side and qty")
    return order_of(told, source)


def order_of(told: Mapping[str, Any], source: str) -> OrderRequest:
    """The order in a JSON object; fields that are null count as left out."""
    fields = _fields(told, source)
    for name in ("client_order_id", "symbol", "side", "qty"):
        if name not in fields:
            raise ContractError(f"{source} has no {name}; an order needs one")
    terms: dict[str, Any] = {name: _text(fields, name, source) for name in _TEXTS}
    terms |= {name: _number(fields, name, source) for name in _NUMBERS}
    terms |= {name: _flag(fields, name, source) for name in _FLAGS}
    terms["side"] = parse_side(fields["side"])
    if terms["side"] is None:
        raise ContractError(f"side {fields['side']!r:.40} of {source} is not buy or sell")
    terms["kind"], maker = _kind(fields, source)
    terms["time_in_force"], rests = _time_in_force(fields, source)
    terms["post_only"] = terms["post_only"] or maker or rests
    terms["expires_ns"] = _expires_ns(fields, source)
    percent = _number(fields, "trail_percent", source)
    if percent is not None:
        if terms["trail_bps"] is not None:
            raise ContractError(f"{source} has trail_bps and trail_percent; keep one of them")
        terms["trail_bps"] = percent * _PERCENT
    try:
        return checked(OrderRequest(**terms))
    except ContractError as error:
        raise ContractError(f"{source}: {error}") from None


def words_of(request: OrderRequest) -> dict[str, Any]:
    """An order as `order_of` reads it, without what it does not say."""
    words: dict[str, Any] = {name: getattr(request, name) for name in _TEXTS}
    for name in _NUMBERS:
        number = getattr(request, name)
        words[name] = None if number is None else text(number)
    words |= {name: True for name in _FLAGS if getattr(request, name)}
    words["side"] = request.side.value.lower()
    words["type"] = request.kind.value
    words["time_in_force"] = request.time_in_force.value
    words["expires_ns"] = request.expires_ns
    return {name: value for name, value in words.items() if value is not None}


def _fields(told: Mapping[str, Any], source: str) -> dict[str, Any]:
    """What was told by our names of the fields."""
    fields: dict[str, Any] = {}
    for name, value in told.items():
        field = _BY_SPELLING.get(_plain(name))
        if field is None:
            raise ContractError(
                f"unknown field {name[:40]!r} of {source}; {meant(name, list(_FIELDS))}"
            )
        if value is None:
            continue
        if field in fields:
            raise ContractError(f"{source} says {field} twice; keep one of them")
        fields[field] = value
    return fields


def _plain(word: str) -> str:
    return word.lower().replace("_", "").replace("-", "").replace(" ", "")


def _text(fields: Mapping[str, Any], name: str, source: str) -> str | None:
    value = fields.get(name)
    if value is not None and type(value) is not str:
        raise ContractError(f"{name} {value!r:.40} of {source} is not a text")
    return value


def _number(fields: Mapping[str, Any], name: str, source: str) -> int | None:
    value = fields.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise ContractError(f"{name} {value!r:.40} of {source} is not a number")
    return to_e9(str(value), f"{name} of {source}")


def _flag(fields: Mapping[str, Any], name: str, source: str) -> bool:
    value = fields.get(name, False)
    if value in ("true", "false"):
        return bool(value == "true")
    if not isinstance(value, bool):
        raise ContractError(f"{name} {value!r:.40} of {source} is not true or false")
    return value


def _kind(fields: Mapping[str, Any], source: str) -> tuple[OrderKind, bool]:
    """The kind, and whether its name says that it is post-only."""
    said = _text(fields, "type", source) or OrderKind.LIMIT.value
    if _plain(said) == _LIMIT_MAKER:
        return OrderKind.LIMIT, True
    kind = _KIND_BY_SPELLING.get(_plain(said))
    if kind is None:
        hint = meant(said.lower(), [known.value for known in OrderKind])
        raise ContractError(f"type {said[:40]!r} of {source} is not known; {hint}")
    return kind, False


def _time_in_force(fields: Mapping[str, Any], source: str) -> tuple[TimeInForce, bool]:
    """The time in force, and whether its name says that it is post-only."""
    said = _text(fields, "time_in_force", source) or TimeInForce.GTC.value
    if said.upper() in _POST_ONLY_FORCES:
        return TimeInForce.GTC, True
    if said.upper() not in TimeInForce.__members__:
        known = [*TimeInForce.__members__, *_POST_ONLY_FORCES]
        hint = meant(said.upper(), known)
        raise ContractError(f"time_in_force {said[:40]!r} of {source} is not known; {hint}")
    return TimeInForce(said.upper()), False


def _expires_ns(fields: Mapping[str, Any], source: str) -> int | None:
    given = [name for name in _EXPIRIES if name in fields]
    if not given:
        return None
    if len(given) > 1:
        raise ContractError(f"{source} has {given[0]} and {given[1]}; keep one of them")
    name, value = given[0], fields[given[0]]
    if name == "expires":
        return parse_utc(_text(fields, name, source) or "", f"{name} of {source}")
    unit = NS_PER_MS if name == "good_till_date" else 1
    if type(value) is not int or not 0 < value * unit < _LATEST_NS:
        raise ContractError(f"{name} {value!r:.40} of {source} is not a whole number in range")
    return value * unit
