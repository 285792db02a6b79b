"""What a sweep prints, and a row of its runs, as JSON Schema 2020-12."""

from __future__ import annotations

from .schema_backtest import settings
from .schema_parts import Schema, closed

VERSION = 1

_TEXT: Schema = {"type": "string"}
_MAYBE: Schema = {"type": ["number", "null"]}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_POSITIVE: Schema = {"type": "integer", "minimum": 1}
_SECONDS: Schema = {"type": "array", "items": {"type": "number", "minimum": 0}}
_SHA256: Schema = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_VALUE: Schema = {"type": ["string", "number", "boolean"]}
_VARIED: Schema = {"type": "object", "additionalProperties": _VALUE}
_NULL: Schema = {"type": "null"}
_MEASURES = (
    "pnl_usd", "return", "sharpe", "sortino", "drawdown_usd", "volume_usd", "turnover", "fills",
    "hit_rate", "fill_ratio", "effective_spread_bps", "arrival_slippage_bps", "mean_gross_usd",
    "fees_usd", "market_usd", "markout_1s_bps",
)  # fmt: skip


def sweep(dialect: str) -> Schema:
    """The schema of what a sweep comes to."""
    values: Schema = {"type": "array", "items": _VALUE, "uniqueItems": True}
    return {
        "$schema": dialect,
        "$id": f"urn:shadow-trading-toolkit:sweep:{VERSION}",
        "title": "Sweep",
        **closed(
            "nothing in it depends on how the runs were made",
            v={"const": VERSION},
            kind={"const": "sweep"},
            by={"description": "the measure by which settings are compared", **_TEXT},
            axes={"type": "object", "additionalProperties": values},
            points=_POSITIVE,
            runs=_POSITIVE,
            errors={"description": "runs that could not be made; their rows say why", **_COUNT},
            best={"oneOf": [_choice(), _NULL]},
            folds={"type": "array", "items": _fold()},
            tested=_COUNT,
            test_pnl_usd={"description": "of all tests together", **_MAYBE},
            rows_sha256=_SHA256,
        ),
    }


def sweep_run(dialect: str) -> Schema:
    """The schema of a row of `--rows`."""
    alike: dict[str, Schema] = {
        "v": {"const": VERSION},
        "kind": {"const": "sweep_run"},
        "key": {"description": "the hash of config, inputs and version", **_SHA256},
        "version": _TEXT,
        "config": settings(),
        "inputs_sha256": {"type": ["string", "null"], "pattern": "^[0-9a-f]{64}$"},
        "varied": _VARIED,
        "fold": {"type": ["integer", "null"], "minimum": 1},
        "part": {"enum": ["train", "test", None]},
    }
    made = closed(
        "a run",
        **alike,
        frozen={"type": "boolean"},
        measures=closed("null: not defined", **dict.fromkeys(_MEASURES, _MAYBE)),
        state_sha256=_SHA256,
    )
    return {
        "$schema": dialect,
        "$id": f"urn:shadow-trading-toolkit:sweep-run:{VERSION}",
        "title": "Run of a sweep",
        "oneOf": [made, closed("a run that could not be made", **alike, error=_TEXT)],
    }


def _choice() -> Schema:
    return closed(
        "settings without the seed, and the mean over all seeds",
        varied=_VARIED,
        value={"type": "number"},
        runs=_POSITIVE,
    )


def _fold() -> Schema:
    return closed(
        "what was best in training, and what it came to behind it",
        number=_POSITIVE,
        train_s=_SECONDS,
        test_s=_SECONDS,
        train={"oneOf": [_choice(), _NULL]},
        test=_MAYBE,
        test_pnl_usd=_MAYBE,
    )
