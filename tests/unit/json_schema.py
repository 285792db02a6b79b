"""The part of JSON Schema 2020-12 that our schemas use; a keyword outside of it is an error.

`errors(value, schema)` lists every place where a document is wrong, as `/pointer: why`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from typing import Any

Schema = dict[str, Any]
Check = Callable[[Any, Any, Schema, str], Iterator[str]]

ANNOTATIONS = frozenset({"$schema", "$id", "title", "description"})


def errors(value: Any, schema: Schema, at: str = "") -> list[str]:
    """Everything that is wrong with a document; empty when it is valid."""
    found = []
    for keyword, argument in schema.items():
        if keyword not in ANNOTATIONS:
            if keyword not in CHECKS:
                raise NotImplementedError(f"{at or '/'}: the keyword {keyword!r}")
            found += list(CHECKS[keyword](value, argument, schema, at))
    return found


def _is(value: Any, name: str) -> bool:
    if name == "null":
        return value is None
    if name in ("number", "integer"):
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return False
        if not math.isfinite(value):
            return False
        return name == "number" or value == int(value)
    kinds = {"string": str, "boolean": bool, "object": dict, "array": list}
    return isinstance(value, kinds[name])


def _same(one: Any, other: Any) -> bool:
    """Equality of JSON values, in which true is not 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    return bool(one == other)


def _type(value: Any, names: Any, _: Schema, at: str) -> Iterator[str]:
    wanted = [names] if isinstance(names, str) else names
    if not any(_is(value, name) for name in wanted):
        yield f"{at or '/'}: {value!r:.40} is no {' or '.join(wanted)}"


def _const(value: Any, wanted: Any, _: Schema, at: str) -> Iterator[str]:
    if not _same(value, wanted):
        yield f"{at or '/'}: {value!r:.40} is not {wanted!r:.40}"


def _enum(value: Any, allowed: Any, _: Schema, at: str) -> Iterator[str]:
    if not any(_same(value, one) for one in allowed):
        yield f"{at or '/'}: {value!r:.40} is none of {allowed}"


def _properties(value: Any, known: Any, _: Schema, at: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key in sorted(known.keys() & value.keys()):
            yield from errors(value[key], known[key], f"{at}/{key}")


def _required(value: Any, keys: Any, _: Schema, at: str) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (f"{at or '/'}: {key!r} is missing" for key in keys if key not in value)


def _additional(value: Any, argument: Any, schema: Schema, at: str) -> Iterator[str]:
    if not isinstance(value, dict):
        return
    for key in sorted(value.keys() - schema.get("properties", {}).keys()):
        if argument is False:
            yield f"{at or '/'}: {key!r} is unknown"
        else:
            yield from errors(value[key], argument, f"{at}/{key}")


def _items(value: Any, schema: Any, _: Schema, at: str) -> Iterator[str]:
    if isinstance(value, list):
        for place, item in enumerate(value):
            yield from errors(item, schema, f"{at}/{place}")


def _unique(value: Any, wanted: Any, _: Schema, at: str) -> Iterator[str]:
    if wanted and isinstance(value, list):
        for place, item in enumerate(value):
            if any(_same(item, other) for other in value[:place]):
                yield f"{at}/{place}: {item!r:.40} stands there twice"


def _pattern(value: Any, pattern: Any, _: Schema, at: str) -> Iterator[str]:
    if isinstance(value, str) and not re.search(pattern, value):
        yield f"{at or '/'}: {value!r:.40} does not match {pattern}"


def _bound(says: str, holds: Callable[[Any, Any], bool]) -> Check:
    def check(value: Any, bound: Any, _: Schema, at: str) -> Iterator[str]:
        if _is(value, "number") and not holds(value, bound):
            yield f"{at or '/'}: {value!r} is not {says} {bound}"

    return check


def _one_of(value: Any, schemas: Any, _: Schema, at: str) -> Iterator[str]:
    fitting = sum(1 for schema in schemas if not errors(value, schema, at))
    if fitting != 1:
        yield f"{at or '/'}: fits {fitting} of {len(schemas)} forms, not one"


CHECKS: dict[str, Check] = {
    "type": _type,
    "const": _const,
    "enum": _enum,
    "properties": _properties,
    "required": _required,
    "additionalProperties": _additional,
    "items": _items,
    "uniqueItems": _unique,
    "pattern": _pattern,
    "minimum": _bound("at least", lambda value, bound: value >= bound),
    "maximum": _bound("at most", lambda value, bound: value <= bound),
    "exclusiveMinimum": _bound("above", lambda value, bound: value > bound),
    "oneOf": _one_of,
}
