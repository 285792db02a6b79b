"""Canonical JSON out, strict JSON in: the only place where data becomes text or text data.

Canonical means sorted keys, no spaces, ASCII, no NaN: equal data gives equal bytes. Strict means
that whatever JSON leaves open (duplicate keys, NaN, 1e400, depth, size) is refused with its place.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Callable
from typing import Any

from .contracts_v1 import INPUTS, Approved, Entry, Input, Output, parse_side
from .errors import ContractError
from .market_v1 import MARKET_DATA, MARKET_FACTS, MarketEvent
from .money import cash_text, to_e9, to_e18
from .money import text as text_of
from .record import declared_types, fields_of

VERSION = 1
MAX_BYTES = 8 * 1024 * 1024
MAX_DEPTH = 64
_MAX_DIGITS = 40

SCALED = frozenset(
    {"base_qty", "spread_bps", "bid", "ask", "net_bps", "qty", "price", "qty_e9", "price_e9",
     "filled", "bid_qty", "ask_qty", "upper_bps", "threshold_bps", "tick", "lot", "min_qty"}
)
_MONEY = "_e18"
_FIELD_TYPES = {contract: declared_types(contract) for contract in (*INPUTS, *MARKET_DATA)}
_FIELDS = {
    contract: {name.removesuffix(_MONEY): name for name in types if name != "ts_ns"}
    for contract, types in _FIELD_TYPES.items()
}
_INPUT_KINDS = {contract.kind: contract for contract in INPUTS}
_MARKET_KINDS = {contract.kind: contract for contract in (*MARKET_DATA, *MARKET_FACTS)}
_MOST_OF_AN_INTEGER = 1 << 63
_LEVELS = frozenset({"bids", "asks"})
_STRINGS_AND_BRACKETS = re.compile(r'"(?:[^"\\]|\\.?)*"?|[][{}]', re.DOTALL)

_encoder = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False
)
_pretty = json.JSONEncoder(sort_keys=True, indent=2, ensure_ascii=True, allow_nan=False)


def canonical(data: Any) -> str:
    """The one spelling of `data` as JSON, without a newline."""
    return _encoder.encode(data)


def pretty(data: Any) -> str:
    """The same content for eyes: indented, keys sorted."""
    return _pretty.encode(data)


def sha256(data: Any) -> str:
    """The hex SHA-256 of the canonical form."""
    return hashlib.sha256(canonical(data).encode("ascii")).hexdigest()


def envelope(entry: Entry) -> dict[str, Any]:
    """One line of the record: who said what when, and which event led to it."""
    event = entry.event
    return {
        "v": VERSION,
        "seq": entry.seq,
        "ts_ns": event.ts_ns,
        "kind": event.kind,
        "src": entry.src,
        "corr": entry.corr,
        "cause": entry.cause,
        "payload": payload_of(event),
    }


def from_envelope(data: dict[str, Any]) -> Entry:
    """The inverse of `envelope` for inputs.

    Outputs are never read back into contracts: a replay derives them again and compares, and an
    order that could be read from a file would be an order that no gate approved.
    """
    version = data.get("v")
    if version != VERSION or type(version) is not int:
        raise ContractError(f"envelope version {version!r} is not {VERSION}")
    kind = _typed(data, "kind", str, "envelope")
    contract = _INPUT_KINDS.get(kind)
    if contract is None:
        raise ContractError(f"event kind {kind!r} is not an input of contracts_v1")
    payload = _typed(data, "payload", dict, kind)
    event = _restored(contract, payload, _typed(data, "ts_ns", int, kind))
    seq, corr, cause = (_typed(data, name, int, kind) for name in ("seq", "corr", "cause"))
    return Entry(seq, _typed(data, "src", str, kind), corr, cause, event)


def payload_of(event: Input | Output | MarketEvent) -> dict[str, Any]:
    """The fields of an event as plain data; its kind and its time stand beside them."""
    shown = {key_of(name): _plain(name, getattr(event, name)) for name in _fields(type(event))}
    if isinstance(event, Approved):  # a door type, whose plain names are views for people
        return {name.removesuffix("_e9"): value for name, value in shown.items()}
    return shown


def key_of(name: str) -> str:
    """The key under which a field is written: of money in exact digits, without its scale."""
    return name.removesuffix(_MONEY)


def market_event(kind: str, ts_ns: int, payload: dict[str, Any]) -> MarketEvent:
    """The inverse of `payload_of` for what a market says; a ContractError says what is wrong."""
    contract = _MARKET_KINDS.get(kind)
    if contract is None:
        raise ContractError(f"event kind {kind!r:.60} is no market event")
    event: MarketEvent = _restored(contract, payload, ts_ns)
    return event


def load_strict(
    raw: bytes, source: str, *, digits: bool = False, most_bytes: int = MAX_BYTES
) -> Any:
    """Parse JSON bytes, refusing everything that two readers could understand differently.

    With `digits` a number that is no integer comes as it is written, as a `Digits`.
    """
    if len(raw) > most_bytes:
        raise ContractError(f"{source} has {len(raw)} bytes; the limit is {most_bytes}")
    if raw.startswith(b"\xef\xbb\xbf"):
        raise ContractError(f"{source} starts with a byte order mark; save it as plain UTF-8")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ContractError(f"{source} is not UTF-8 at byte {error.start}") from None
    if text.count("[") + text.count("{") > MAX_DEPTH:
        _check_depth(text, source)
    try:
        data = (_with_digits if digits else _with_floats).decode(text)
    except _Inside as inside:
        raise ContractError(f"{source} {inside}") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno} column {error.colno}"
        raise ContractError(f"{source} is not JSON at {where}: {error.msg}") from None
    # UTF-8 holds no surrogate, so only an escape can have brought one.
    return _no_surrogates(data, source) if "\\u" in text else data


def load_toml(raw: bytes, source: str) -> Any:
    """Strict TOML; a number with a point comes as it is written, as a `Digits`."""
    import tomllib

    if len(raw) > MAX_BYTES:
        raise ContractError(f"{source} has more than {MAX_BYTES} bytes")
    if raw.startswith(b"\xef\xbb\xbf"):
        raise ContractError(f"{source} starts with a byte order mark")
    try:
        return tomllib.loads(raw.decode("utf-8"), parse_float=Digits)
    except UnicodeDecodeError as error:
        raise ContractError(f"{source} is not UTF-8 at byte {error.start}") from None
    except RecursionError:
        raise ContractError(f"{source} is nested too deeply") from None
    except ValueError as error:
        raise ContractError(f"{source} is not TOML: {error}") from None


class Digits(str):
    """A number as it was written, so that no binary float comes between."""


class _Inside(Exception):
    """What is wrong inside a text; whoever asked knows which text it is."""


def _refuse_constant(name: str) -> Any:
    raise _Inside(f"holds {name}; JSON numbers are finite")


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise _Inside(f"holds {digits[:60]}, beyond every double")
    return value


def _bounded(digits: str) -> int:
    if len(digits) > _MAX_DIGITS:
        raise _Inside(f"holds an integer of {len(digits)} digits")
    return int(digits)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(found := dict(pairs)) == len(pairs):
        return found
    seen: dict[str, None] = {}
    keys = iter(key for key, _ in pairs)
    while (key := next(keys)) not in seen:
        seen[key] = None
    raise _Inside(f"has the key {key[:60]!r} twice")


def _decoder(parse_float: Callable[[str], Any]) -> json.JSONDecoder:
    return json.JSONDecoder(
        parse_constant=_refuse_constant,
        parse_float=parse_float,
        parse_int=_bounded,
        object_pairs_hook=_unique,
    )


_with_floats, _with_digits = _decoder(_finite), _decoder(Digits)


def _no_surrogates(value: Any, source: str) -> Any:
    """The value itself; a ContractError when any text in it could not be written as UTF-8."""
    if isinstance(value, str):
        if not value.isascii() and any("\ud800" <= char <= "\udfff" for char in value):
            raise ContractError(f"{source} holds a lone surrogate in {value!a:.60}")
    elif isinstance(value, list):
        for item in value:
            _no_surrogates(item, source)
    elif isinstance(value, dict):
        for key, item in value.items():
            _no_surrogates(key, source)
            _no_surrogates(item, source)
    return value


def _check_depth(text: str, source: str) -> None:
    """Count brackets outside strings before parsing, so depth cannot exhaust the stack."""
    depth = 0
    for match in _STRINGS_AND_BRACKETS.finditer(text):
        char = match[0]
        if char in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise ContractError(f"{source} is nested deeper than {MAX_DEPTH} levels")
        elif char in "]}":
            depth -= 1


def _fields(contract: type[Any]) -> tuple[str, ...]:
    return tuple(name for name in fields_of(contract) if name != "ts_ns")


def _plain(name: str, value: Any) -> Any:
    """Enums by value, tuples as lists, scaled integers as exact decimal digits."""
    if name in SCALED and value is not None:
        return text_of(value)
    if name.endswith(_MONEY) and value is not None:
        return cash_text(value)
    if isinstance(value, str):
        return str.__str__(value)
    if name in _LEVELS:
        return [[text_of(price), text_of(qty)] for price, qty in value]
    return list(value) if isinstance(value, tuple) else value


def _typed(data: dict[str, Any], name: str, kind: type[Any], where: str) -> Any:
    """A value of exactly this type: True is no integer, and 1.0 is none either."""
    if name not in data:
        raise ContractError(f"{where} lacks the field {name}")
    value = data[name]
    if type(value) is not kind:
        raise ContractError(f"{where} {name} {value!r:.60} is not of type {kind.__name__}")
    return value


def _restored(contract: type[Any], payload: dict[str, Any], ts_ns: int) -> Any:
    """An event from its payload: exactly the fields of its contract, each of its type."""
    known = _FIELDS[contract]
    for key in payload:
        if key not in known:
            raise ContractError(f"{contract.kind} has no field {key!r:.60}")
    told = {name: _restore(contract, name, key, payload) for key, name in known.items()}
    return contract(**told, ts_ns=ts_ns)


def _restore(contract: type[Any], name: str, key: str, payload: dict[str, Any]) -> Any:
    """One field of a contract, by the type that the contract declares for it."""
    kind = contract.kind
    declared = _FIELD_TYPES[contract][name]
    if key not in payload:
        raise ContractError(f"{kind} lacks the field {key}")
    if payload[key] is None and declared.endswith("| None"):
        return None
    if declared == "tuple[str, ...]":
        items = _typed(payload, key, list, kind)
        return tuple(_typed({name: item}, name, str, kind) for item in items)
    if name in _LEVELS:
        return tuple(_level(one, f"{kind} {name}") for one in _typed(payload, key, list, kind))
    if name in SCALED:
        return to_e9(_typed(payload, key, str, kind), f"{kind} {name}")
    if name.endswith(_MONEY):
        return to_e18(_typed(payload, key, str, kind), f"{kind} {key}")
    if declared.startswith("int"):
        return _integer(_typed(payload, key, int, kind), f"{kind} {name}")
    value = _typed(payload, key, str, kind)
    if not declared.startswith("Side"):
        return value
    side = parse_side(value)
    if side is None or side.value != value:
        raise ContractError(f"{kind} side {value!r:.60} is neither Buy nor Sell")
    return side


def _level(told: Any, where: str) -> tuple[int, int]:
    """Price and quantity of one level."""
    if type(told) is not list or len(told) != 2 or not type(told[0]) is type(told[1]) is str:
        raise ContractError(f"{where} {told!r:.60} is no pair of decimal texts")
    return to_e9(told[0], f"{where} price"), to_e9(told[1], f"{where} qty")


def _integer(value: int, where: str) -> int:
    if not -_MOST_OF_AN_INTEGER < value < _MOST_OF_AN_INTEGER:
        raise ContractError(f"{where} {value!r:.60} is beyond 63 bits")
    return value
