"""What the certificate of an exchange adapter looks like, as JSON Schema 2020-12."""

from __future__ import annotations

from .schema_parts import Schema, closed

VERSION = 1

_TEXT: Schema = {"type": "string"}
_FLAG: Schema = {"type": "boolean"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_WORDS: Schema = {"type": "array", "items": _TEXT, "uniqueItems": True}
_OUTCOMES = ("passed", "failed", "warned", "not applicable", "not driven")
_FLAGS = (
    "cancel", "answers_later", "query", "cancel_by_client_id", "fills_listing", "balances",
    "amend", "post_only", "reduce_only", "dedupes_client_ids", "sequential_ids", "fill_ids",
    "cumulative_qty", "liquidity", "repeats_fills", "average_price", "resets", "deterministic",
    "lists_rules",
)  # fmt: skip


def certificate(dialect: str) -> Schema:
    """The schema, in a dialect of JSON Schema."""
    return {
        "$schema": dialect,
        "$id": f"urn:shadow-trading-toolkit:certificate:{VERSION}",
        "title": "Certificate of an exchange adapter",
        **closed(
            "sha256 covers the canonical form of all the rest",
            kit_version={"type": "integer", "minimum": 1},
            code_version=_TEXT,
            adapter={"description": "the factory as MODULE:FACTORY", **_TEXT},
            client={"description": "the class of what it made", **_TEXT},
            declared={"description": "whether the adapter declares capabilities", **_FLAG},
            capabilities=_capabilities(),
            hooks={"description": "what of the world behind it can be driven", **_WORDS},
            cases={"type": "array", "items": _case()},
            counts=closed(**dict.fromkeys(_OUTCOMES, _COUNT)),
            complete={"description": "whether all cases of the kit were asked", **_FLAG},
            certified={"description": "complete, and no case failed", **_FLAG},
            sha256={"type": "string", "pattern": "^[0-9a-f]{64}$"},
        ),
    }


def _case() -> Schema:
    return closed(
        id={"type": "string", "pattern": "^[a-z]+-[0-9]{3}$"},
        title=_TEXT,
        outcome={"enum": list(_OUTCOMES)},
        evidence={"description": "one line", **_TEXT},
    )


def _capabilities() -> Schema:
    return closed(
        "the matrix that decides which cases apply",
        order_types=_WORDS,
        time_in_force=_WORDS,
        self_trade=_TEXT,
        client_id_length={"type": ["integer", "null"], "minimum": 1},
        **dict.fromkeys(_FLAGS, _FLAG),
    )
