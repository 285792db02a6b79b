"""What a report says of its exchange: the fake, the simulated one, or somebody else's."""

from __future__ import annotations

from .schema_parts import COUNT, FLAG, NULL, RATE, TEXT, Schema, closed

# A model describes itself: its name, and the numbers that it was made with.
_MODEL: Schema = {"type": "object", "additionalProperties": {}}

FAULTS = closed(
    "the plan of what is to go wrong, in the words in which it is read",
    seed=COUNT,
    fault={"type": "array", "items": _MODEL},
)


def exchange() -> Schema:
    """One of three forms; any of them may stand behind a bad line."""
    return {"oneOf": [_fake(), _simulated(), _other()]}


def _fake() -> Schema:
    return closed(
        "the fake, by its class",
        client=TEXT,
        seed={"type": "integer"},
        fill_rate=RATE,
        reject_rate=RATE,
        partial_fill_rate=RATE,
        latency_ms=COUNT,
        maybe={"faults": FAULTS},
    )


def _simulated() -> Schema:
    """The terms on which it trades, each part as it describes itself."""
    ways = ("submit", "acknowledge", "fill", "cancel", "cancel_answer", "feed")
    return closed(
        "the simulated exchange: its terms",
        client=TEXT,
        seed={"type": "integer"},
        queue=_MODEL,
        liquidity=_MODEL,
        slippage=_or_null(_MODEL),
        partial=FLAG,
        delays=closed(**dict.fromkeys(ways, _MODEL)),
        fees=_or_null(_MODEL),
        explain=FLAG,
        rules={"type": "object", "additionalProperties": _MODEL, "description": "by symbol"},
        only_listed=FLAG,
        sessions={"oneOf": [TEXT, _MODEL]},
        outside=TEXT,
        self_trade=TEXT,
        trigger_by=TEXT,
        cash=_or_null(TEXT),
        funding=_or_null(_MODEL),
        currency=TEXT,
        retain=_or_null(COUNT),
        venue=_or_null(TEXT),
        bars={"oneOf": [_bars(), {"const": "closes"}, NULL]},
        maybe={"faults": FAULTS},
    )


def _bars() -> Schema:
    """What fills orders inside whole bars."""
    return closed(
        "how bars fill, where the exchange hears nothing else",
        same_bar={"enum": ["stop_first", "target_first", "high_low_order", "worst_case"]},
        volume_cap_bps=_or_null(COUNT),
        late_bps=COUNT,
        every_s=_or_null(TEXT),
        tick=TEXT,
        verify_ticks=COUNT,
        entry=_or_null(_MODEL),
        stop=_or_null(_MODEL),
        target=_or_null(_MODEL),
    )


def _other() -> Schema:
    return closed(
        "an exchange of somebody else, by its class", client=TEXT, maybe={"faults": FAULTS}
    )


def _or_null(schema: Schema) -> Schema:
    return {"oneOf": [schema, NULL]}
