"""What the certificate of an exchange adapter looks like, as JSON Schema 2020-12."""

from __future__ import annotations

from .schema_parts import COUNT, FLAG, TEXT, Schema, closed, published

VERSION = 1

_WORDS: Schema = {"type": "array", "items": TEXT, "uniqueItems": True}
_OUTCOMES = ("passed", "failed", "warned", "not applicable", "not driven")
_FLAGS = (
    "cancel", "answers_later", "query", "cancel_by_client_id", "fills_listing", "balances",
    "amend", "post_only", "reduce_only", "dedupes_client_ids", "sequential_ids", "fill_ids",
    "cumulative_qty", "liquidity", "repeats_fills", "average_price", "resets", "deterministic",
    "lists_rules",
)  # fmt: skip


def certificate() -> Schema:
    """The schema."""
    body = closed(
        "sha256 covers the canonical form of all the rest",
        kit_version={"type": "integer", "minimum": 1},
        code_version=TEXT,
        adapter={"description": "the factory as MODULE:FACTORY", **TEXT},
        client={"description": "the class of what it made", **TEXT},
        declared={"description": "whether the adapter declares capabilities", **FLAG},
        capabilities=_capabilities(),
        hooks={"description": "what of the world behind it can be driven", **_WORDS},
        cases={"type": "array", "items": _case()},
        counts=closed(**dict.fromkeys(_OUTCOMES, COUNT)),
        complete={"description": "whether all cases of the kit were asked", **FLAG},
        certified={"description": "complete, and no case failed", **FLAG},
        sha256={"type": "string", "pattern": "^[0-9a-f]{64}$"},
    )
    return published("certificate", VERSION, "Certificate of an exchange adapter", body)


def _case() -> Schema:
    return closed(
        id={"type": "string", "pattern": "^[a-z]+-[0-9]{3}$"},
        title=TEXT,
        outcome={"enum": list(_OUTCOMES)},
        evidence={"description": "one line", **TEXT},
    )


def _capabilities() -> Schema:
    return closed(
        "the matrix that decides which cases apply",
        order_types=_WORDS,
        time_in_force=_WORDS,
        self_trade=TEXT,
        client_id_length={"type": ["integer", "null"], "minimum": 1},
        **dict.fromkeys(_FLAGS, FLAG),
    )
