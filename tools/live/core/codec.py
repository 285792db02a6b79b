"""Canonical JSON out, strict JSON in: the only place where data becomes text or text data.

Canonical means sorted keys, no spaces, ASCII, no NaN: equal data gives equal bytes. Strict means
that whatever JSON leaves open (duplicate keys, NaN, 1e400, depth, size) is refused with its place.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from typing import Any

from .contracts_v1 import INPUTS, Entry, Input, Intent, Output, PlaceOrder, Side
from .errors import ContractError
from .money import text as text_of
from .money import to_e9
from .record import fields_of

VERSION = 1
MAX_BYTES = 8 * 1024 * 1024
MAX_DEPTH = 64
_MAX_DIGITS = 40

_SCALED = frozenset({"base_qty", "spread_bps", "bid", "ask", "net_bps", "qty", "price"})
_INPUT_KINDS = {contract.kind: contract for contract in INPUTS}
_STRINGS_AND_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*"|[][{}]', re.DOTALL)

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
        "payload": _payload(event),
    }


def from_envelope(data: dict[str, Any]) -> Entry:
    """The inverse of `envelope` for inputs.

    Outputs are never read back into contracts: a replay derives them again and compares, and an
    order that could be read from a file would be an order that no gate approved.
    """
    if data.get("v") != VERSION:
        raise ContractError(f"envelope version {data.get('v')!r} is not {VERSION}")
    contract = _INPUT_KINDS.get(data["kind"])
    if contract is None:
        raise ContractError(f"event kind {data['kind']!r} is not an input of contracts_v1")
    values = {name: _restore(contract, name, data["payload"]) for name in _fields(contract)}
    event = contract(**values, ts_ns=data["ts_ns"])
    return Entry(data["seq"], data["src"], data["corr"], data["cause"], event)


def load_strict(raw: bytes, source: str) -> Any:
    """Parse JSON bytes, refusing everything that two readers could understand differently."""
    if len(raw) > MAX_BYTES:
        raise ContractError(f"{source} has {len(raw)} bytes; the limit is {MAX_BYTES}")
    if raw.startswith(b"\xef\xbb\xbf"):
        raise ContractError(f"{source} starts with a byte order mark; save it as plain UTF-8")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ContractError(f"{source} is not UTF-8 at byte {error.start}") from None
    _check_depth(text, source)
    try:
        return _decoder(source).decode(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno} column {error.colno}"
        raise ContractError(f"{source} is not JSON at {where}: {error.msg}") from None


def _decoder(source: str) -> json.JSONDecoder:
    def refuse_constant(name: str) -> Any:
        raise ContractError(f"{source} holds {name}; JSON numbers are finite")

    def finite(digits: str) -> float:
        value = float(digits)
        if not math.isfinite(value):
            raise ContractError(f"{source} holds {digits[:60]}, beyond every double")
        return value

    def bounded(digits: str) -> int:
        if len(digits) > _MAX_DIGITS:
            raise ContractError(f"{source} holds an integer of {len(digits)} digits")
        return int(digits)

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in pairs:
            if key in found:
                raise ContractError(f"{source} has the key {key[:60]!r} twice")
            found[_no_surrogates(key, source)] = _no_surrogates(value, source)
        return found

    return json.JSONDecoder(
        parse_constant=refuse_constant,
        parse_float=finite,
        parse_int=bounded,
        object_pairs_hook=unique,
    )


def _no_surrogates(value: Any, source: str) -> Any:
    if isinstance(value, str) and not value.isascii():
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            raise ContractError(f"{source} holds a lone surrogate in {value!a:.60}") from None
    elif isinstance(value, list):
        for item in value:
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


def _payload(event: Input | Output) -> dict[str, Any]:
    if isinstance(event, PlaceOrder):
        intent = event.approved.intent
        shown = {name: _plain(name, getattr(intent, name)) for name in fields_of(Intent)}
        return {"client_order_id": event.client_order_id, **shown}
    return {name: _plain(name, getattr(event, name)) for name in _fields(type(event))}


def _plain(name: str, value: Any) -> Any:
    """Enums by value, tuples as lists, scaled integers as exact decimal digits."""
    if name in _SCALED and value is not None:
        return text_of(value)
    if isinstance(value, str):
        return str.__str__(value)
    return list(value) if isinstance(value, tuple) else value


def _restore(contract: type[Any], name: str, payload: dict[str, Any]) -> Any:
    if name not in payload:
        raise ContractError(f"{contract.kind} lacks the field {name}")
    value = payload[name]
    if name in _SCALED and value is not None:
        return to_e9(value, f"{contract.kind} {name}")
    if name == "side":
        return Side(value)
    return tuple(value) if isinstance(value, list) else value
