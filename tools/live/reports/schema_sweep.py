"""What a sweep prints, and a row of its runs, as JSON Schema 2020-12."""

from __future__ import annotations

from .schema_backtest import settings
from .schema_parts import (
    COUNT, MAYBE_NUMBER, NULL, POSITIVE, SHA256, TEXT, Schema, closed, published,
)  # fmt: skip

VERSION = 1

_SECONDS: Schema = {"type": "array", "items": {"type": "number", "minimum": 0}}
_VALUE: Schema = {"type": ["string", "number", "boolean"]}
_VARIED: Schema = {"type": "object", "additionalProperties": _VALUE}
_MEASURES = (
    "pnl_usd", "return", "sharpe", "sortino", "drawdown_usd", "volume_usd", "turnover", "fills",
    "hit_rate", "fill_ratio", "effective_spread_bps", "arrival_slippage_bps", "mean_gross_usd",
    "fees_usd", "market_usd", "markout_1s_bps",
)  # fmt: skip


def sweep() -> Schema:
    """The schema of what a sweep comes to."""
    values: Schema = {"type": "array", "items": _VALUE, "uniqueItems": True}
    body = closed(
        "nothing in it depends on how the runs were made",
        v={"const": VERSION},
        kind={"const": "sweep"},
        by={"description": "the measure by which settings are compared", **TEXT},
        axes={"type": "object", "additionalProperties": values},
        points=POSITIVE,
        runs=POSITIVE,
        errors={"description": "runs that could not be made; their rows say why", **COUNT},
        best={"oneOf": [_choice(), NULL]},
        folds={"type": "array", "items": _fold()},
        tested=COUNT,
        test_pnl_usd={"description": "of all tests together", **MAYBE_NUMBER},
        rows_sha256=SHA256,
    )
    return published("sweep", VERSION, "Sweep", body)


def sweep_run() -> Schema:
    """The schema of a row of `--rows`."""
    alike: dict[str, Schema] = {
        "v": {"const": VERSION},
        "kind": {"const": "sweep_run"},
        "key": {"description": "the hash of config, inputs and version", **SHA256},
        "version": TEXT,
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
        measures=closed("null: not defined", **dict.fromkeys(_MEASURES, MAYBE_NUMBER)),
        state_sha256=SHA256,
    )
    either: Schema = {"oneOf": [made, closed("a run that could not be made", **alike, error=TEXT)]}
    return published("sweep-run", VERSION, "Run of a sweep", either)


def _choice() -> Schema:
    return closed(
        "settings without the seed, and the mean over all seeds",
        varied=_VARIED,
        value={"type": "number"},
        runs=POSITIVE,
    )


def _fold() -> Schema:
    return closed(
        "what was best in training, and what it came to behind it",
        number=POSITIVE,
        train_s=_SECONDS,
        test_s=_SECONDS,
        train={"oneOf": [_choice(), NULL]},
        test=MAYBE_NUMBER,
        test_pnl_usd=MAYBE_NUMBER,
    )
