"""The report's section about the edge; a watched one says also how sure it is, and what if.

What a freeze saved is what the trading that it prevented would have lost, under the assumptions of
`portfolio/edge_counterfactual.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..core.money import bps_e9, view, view_cash
from ..fold import Fold
from ..portfolio.edge import HORIZONS_S, Measured

if TYPE_CHECKING:
    from ..portfolio.edge_counterfactual import WouldBe
    from ..portfolio.edge_decision import Decision
    from ..portfolio.edge_markouts import Horizon, Markouts
    from ..portfolio.edge_watch import EdgeWatch


def edge_section(fold: Fold, mode: str) -> dict[str, Any]:
    """The edge that the freeze looks at, by symbol, and what it was measured from."""
    last = {symbol: None if bps is None else view(bps) for symbol, bps in fold.edge_bps.items()}
    section: dict[str, Any] = {
        "mode": mode,
        "threshold_bps": view(fold.monitor.threshold_bps_e9),
        "last_bps": last,
    }
    if fold.watch is not None:
        section.update(_watched(fold.watch, fold.monitor.threshold_bps_e9))
    elif fold.measure_edge:
        section["measured"] = {
            symbol: {f"{s}s": _measured(row) for s, row in zip(HORIZONS_S, rows, strict=True)}
            for symbol, rows in fold.edge.by_symbol.items()
        }
    return section


def _measured(row: Measured) -> dict[str, Any]:
    return {"fills": len(row.rows), **_in_bps(row)}


def _in_bps(sums: Measured | Horizon) -> dict[str, float]:
    notional = sums.notional
    if not notional:
        return {}
    net = sums.capture - sums.fee - sums.adverse
    return {
        "capture_bps": view(bps_e9(sums.capture, notional)),
        "fee_bps": view(bps_e9(sums.fee, notional)),
        "adverse_bps": view(bps_e9(sums.adverse, notional)),
        "net_bps": view(bps_e9(net, notional)),
    }


def _watched(watch: EdgeWatch, threshold_bps: int) -> dict[str, Any]:
    traded = {name: one for name, one in watch.symbols.items() if one.markouts.fills}
    would_be = {
        name: one.would_be for name, one in watch.symbols.items() if one.would_be is not None
    }
    fills = earned = 0
    for one in would_be.values():
        fills += one.markouts.fills
        earned += one.pnl_e18
    return {
        "measured": {symbol: _markouts(one.markouts) for symbol, one in traded.items()},
        "decision": {
            symbol: _decision(one.decision, threshold_bps) for symbol, one in traded.items()
        },
        "counterfactual": {
            "fills": fills,
            "saved_usd": view_cash(-earned),
            "by_symbol": {symbol: _would_be(one) for symbol, one in would_be.items()},
        },
    }


def _markouts(markouts: Markouts) -> dict[str, Any]:
    from ..portfolio.edge_markouts import HORIZON_NAMES

    return {
        name: {
            "fills": horizon.fills,
            "unmeasured": horizon.unmeasured,
            "net_usd": view_cash(horizon.net),
            **_in_bps(horizon),
        }
        for name, horizon in zip(HORIZON_NAMES, markouts.horizons, strict=True)
    }


def _decision(decision: Decision, threshold_bps: int) -> dict[str, Any]:
    found = decision.estimate(threshold_bps)
    return {
        "samples": len(decision.evidence.rows) if found is None else found.samples,
        "mean_bps": None if found is None else view(found.mean_bps),
        "upper_bps": None if found is None else view(found.upper_bps),
        "armed": decision.armed,
        "fired": decision.fired,
    }


def _would_be(one: WouldBe) -> dict[str, Any]:
    return {
        "fills": one.markouts.fills,
        "volume_usd": view_cash(one.volume),
        "fees_usd": view_cash(one.fees),
        "position": view(one.qty),
        "pnl_usd": view_cash(one.pnl_e18),
        "saved_usd": view_cash(-one.pnl_e18),
        "markouts": _markouts(one.markouts),
    }
