"""The payload of a record, parsed as strictly as everything else, but for a log's speed.

It accepts and refuses exactly what `core.codec.load_strict` does. Most payloads are one flat object
in canonical spelling, and that shows in its length alone: an escape, a blank or a key given twice
makes a text longer than its content. Whatever is not surely so goes to the slow loader.
"""

from __future__ import annotations

import json
from typing import Any

from ..core.codec import MAX_BYTES, load_strict

_INT_END = 10**39  # whatever the sign, within the forty characters that are allowed
_PAIR_BYTES = len('"":"",')
_WORD_BYTES = {None: len("null,"), True: len("true,"), False: len("false,")}


class _Doubtful(ValueError):
    """The slow loader decides, and says what is wrong."""


def parse_payload(raw: bytes, source: str) -> Any:
    """The value of JSON bytes; a ContractError names `source` and what is wrong with it."""
    try:
        value, _ = _scan(raw.decode("ascii"), 0)
        if value.__class__ is dict and _flat_length(value) == len(raw) < MAX_BYTES:
            return value
    except (RecursionError, StopIteration, ValueError):
        pass
    return load_strict(raw, source)


def _flat_length(value: dict[str, Any]) -> int:
    """How long the canonical text of a flat object without escapes is; -1 when it is not flat."""
    if not value:
        return len("{}")
    length = len("".join(value)) + _PAIR_BYTES * len(value) + len("}")
    try:
        return length + len("".join(value.values()))
    except TypeError:
        for one in value.values():
            if one.__class__ is str:
                length += len(one)
            elif one.__class__ is int and -_INT_END < one < _INT_END:
                length += len(str(one)) - len('""')
            elif one is None or one is True or one is False:
                length += _WORD_BYTES[one] - len('"",')
            else:
                return -1
        return length


def _doubt(text: str) -> Any:
    raise _Doubtful(text)


_decoder: Any = json.JSONDecoder(parse_constant=_doubt, parse_float=_doubt)
_scan = _decoder.scan_once
