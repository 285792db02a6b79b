"""The payload of a record, parsed as strictly as everything else, but for a log's speed.

It accepts and refuses exactly what `core.codec.load_strict` does. What could need its slower checks
(an escape, deep nesting, an unusual length) goes there, and so does everything that fails here.
"""

from __future__ import annotations

import json
import math
from typing import Any

from ..core.codec import MAX_BYTES, MAX_DEPTH, load_strict

_MAX_DIGITS = 40


class _Doubtful(ValueError):
    """The slow reader decides, and says what is wrong."""


def parse_payload(raw: bytes, source: str) -> Any:
    """The value of JSON bytes; a ContractError names `source` and what is wrong with it."""
    deep = raw.count(b"{") + raw.count(b"[") > MAX_DEPTH
    if deep or b"\\" in raw or len(raw) > MAX_BYTES:
        return load_strict(raw, source)
    try:
        text = raw.decode("ascii")
        value, end = _scan(text, 0)
    except (ValueError, StopIteration):
        return load_strict(raw, source)
    return value if end == len(text) else load_strict(raw, source)


def _doubt(name: str) -> Any:
    raise _Doubtful(name)


def _finite(digits: str) -> float:
    value = float(digits)
    return value if math.isfinite(value) else _doubt(digits)


def _bounded(digits: str) -> int:
    return int(digits) if len(digits) <= _MAX_DIGITS else _doubt(digits)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    return found if len(found) == len(pairs) else _doubt("keys")


_decoder: Any = json.JSONDecoder(
    parse_constant=_doubt, parse_float=_finite, parse_int=_bounded, object_pairs_hook=_unique
)
_scan = _decoder.scan_once
