"""What schemas are made of: common values, and closed objects, whose keys are all known."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"

TEXT: Schema = {"type": "string"}
FLAG: Schema = {"type": "boolean"}
NULL: Schema = {"type": "null"}
NUMBER: Schema = {"type": "number"}
MAYBE_NUMBER: Schema = {"type": ["number", "null"]}
AMOUNT: Schema = {"type": "number", "minimum": 0}
RATE: Schema = {"type": "number", "minimum": 0, "maximum": 1}
COUNT: Schema = {"type": "integer", "minimum": 0}
MAYBE_COUNT: Schema = {"type": ["integer", "null"], "minimum": 0}
POSITIVE: Schema = {"type": "integer", "minimum": 1}
SHA256: Schema = {"type": "string", "pattern": "^[0-9a-f]{64}$"}

NONE: Mapping[str, Schema] = MappingProxyType({})


def closed(
    about: str = "", /, *, maybe: Mapping[str, Schema] = NONE, **properties: Schema
) -> Schema:
    """A closed object in which every key is required but for those that `maybe` are there."""
    described = {"description": about} if about else {}
    return {
        **described,
        "type": "object",
        "properties": {**properties, **maybe},
        "required": sorted(properties),
        "additionalProperties": False,
    }


def published(name: str, version: int, title: str, body: Schema) -> Schema:
    """A schema of its own; its `$id` ends in the version of what it describes."""
    urn = f"urn:shadow-trading-toolkit:{name}:{version}"
    return {"$schema": DIALECT, "$id": urn, "title": title, **body}
