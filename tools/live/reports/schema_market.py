"""What a report says of its market: the synthetic one, a file of quotes, data, or a plan."""

from __future__ import annotations

from .schema_exchange import FAULTS
from .schema_parts import COUNT, POSITIVE, SHA256, TEXT, Schema, closed

_ROWS: Schema = {"type": "array", "items": {"type": ["array", "object"]}}

_HEARD: dict[str, Schema] = {
    "quotes": POSITIVE,
    "quoted_from": {"enum": ["quotes", "trades"]},
    "refused": {
        "type": "object",
        "additionalProperties": COUNT,
        "description": "by code: messages that were no market data, or unreadable",
    },
}
# Only of a market of which not all was asked for.
_PART: dict[str, Schema] = dict.fromkeys(("from_ns", "until_ns"), {"type": ["integer", "null"]})


def market() -> Schema:
    """One of five forms; any of them may have been heard over a bad line."""
    synthetic = closed(kind={"const": "synthetic"})
    misheard = closed(kind={"const": "synthetic"}, **_HEARD, faults=FAULTS)
    return {"oneOf": [synthetic, misheard, _recorded(), _data(), _generated()]}


def _recorded() -> Schema:
    told = ("quoted_from", "refused")
    return closed(
        "the hash is that of the quotes, however they are written",
        kind={"const": "recorded"},
        quotes=POSITIVE,
        sha256=SHA256,
        maybe={**{name: _HEARD[name] for name in told}, "faults": FAULTS},
    )


def _data() -> Schema:
    found: dict[str, Schema] = dict.fromkeys(("source", "symbol", "finished"), TEXT)
    return closed(
        "the hash is that of the data, whatever file it came in",
        kind={"const": "market"},
        format=TEXT,
        sha256=SHA256,
        **_HEARD,
        maybe={**found, **_PART, "faults": FAULTS},
    )


def _generated() -> Schema:
    numbers = (
        "seed", "start_ns", "tick", "lot", "spread_ticks", "levels", "correlation_e9", "toxic_e9",
        "snapshot_seconds",
    )  # fmt: skip
    return closed(
        "a generated market: its plan",
        kind={"const": "generated"},
        symbols={"type": "array", "items": TEXT},
        schedule=_ROWS,
        disturbances=_ROWS,
        **dict.fromkeys(numbers, COUNT),
        **_HEARD,
        maybe={**_PART, "faults": FAULTS},
    )
