"""The state of the edge tracker: the newest middles, and per horizon what is measured or waits.

The sums over what is measured are not told; they are added up anew, exactly.
"""

from __future__ import annotations

from typing import Any

from ..portfolio.edge import HORIZONS_S, WINDOW, EdgeTracker, Measured
from .plain import items, keys, number, pairs, row, text, wrong

_EDGE = ("measured", "mids")
_HORIZON = ("rows", "waiting")


def tell_edge(edge: EdgeTracker) -> dict[str, Any]:
    """Everything in a tracker as plain data."""
    return {
        "mids": [[symbol, str(mid)] for symbol, mid in edge._mids.items()],
        "measured": [
            [symbol, [_tell_horizon(one) for one in horizons]]
            for symbol, horizons in edge.by_symbol.items()
        ],
    }


def read_edge(told: Any) -> EdgeTracker:
    """A new tracker with what was told."""
    keys(told, _EDGE, "edge")
    edge = EdgeTracker()
    edge._mids = pairs(told["mids"], "mids", text, number)
    edge.by_symbol = pairs(told["measured"], "measured", text, _read_horizons)
    for symbol in edge.by_symbol:
        if symbol not in edge._mids:
            raise wrong("measured", symbol, "a symbol that has a middle")
    return edge


def _tell_horizon(one: Measured) -> dict[str, Any]:
    return {
        "rows": [list(map(str, measured)) for measured in one.rows],
        "waiting": [list(map(str, fill)) for fill in one.waiting],
    }


def _read_horizons(told: Any, what: str) -> tuple[Measured, ...]:
    horizons = row(told, len(HORIZONS_S))
    return tuple(_read_horizon(one, s) for one, s in zip(horizons, HORIZONS_S, strict=True))


def _read_horizon(told: Any, horizon_s: int) -> Measured:
    keys(told, _HORIZON, "horizon")
    measured = Measured(horizon_s)

    def read_row(one: Any) -> None:
        notional, capture, fee, adverse = map(_number, row(one, 4))
        measured._add(notional, capture, fee, adverse)

    def read_waiting(one: Any) -> None:
        due_ns, signed, mid, price, fee = map(_number, row(one, 5))
        measured.waiting.append((due_ns, signed, mid, price, fee))

    if isinstance(told["rows"], list) and len(told["rows"]) > WINDOW:
        raise wrong("rows", len(told["rows"]), f"at most {WINDOW}")
    items(told["rows"], "rows", read_row)
    items(told["waiting"], "waiting", read_waiting)
    return measured


def _number(value: Any) -> int:
    return number(value, "value")
