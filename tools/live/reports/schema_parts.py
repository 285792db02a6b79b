"""What schemas are made of: closed objects, in which a key that nobody knows is an error."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

Schema = dict[str, Any]

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
