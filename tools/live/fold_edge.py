"""What the fold does about a watched edge: judge it at each quote, and freeze when it is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .core.contracts_v1 import EdgeJudged, EdgeVerdict
from .core.money import SCALE, view
from .risk_monitor import RuntimeRiskMonitor
from .strategy.two_sided import TwoSided

if TYPE_CHECKING:
    from .portfolio.edge_watch import EdgeWatch


def new_watch() -> EdgeWatch:
    """Loaded only where it is wanted: a run without one shall not pay for it at its start."""
    from .portfolio.edge_watch import EdgeWatch

    return EdgeWatch()


def watch_edge(
    watch: EdgeWatch,
    monitor: RuntimeRiskMonitor,
    strategy: TwoSided | None,
    symbol: str,
    bid: int,
    ask: int,
    ts_ns: int,
) -> EdgeJudged | None:
    """Tell the watch of a quote and do what it decides; while frozen, note the would-be answer.

    The would-be answer has no power: it is kept by the watch and reaches neither gate nor line. A
    market that is not to be used is not told: its middle stays unknown until it is used again.
    """
    exposure = monitor.exposures[symbol]
    if exposure.stale:
        return None
    judged = watch.on_quote(symbol, bid, ask, ts_ns, monitor.threshold_bps_e9)
    if judged is not None and judged.verdict is EdgeVerdict.FREEZE:
        monitor.freeze(why_frozen(judged), symbol, ts_ns)
    if monitor.frozen and strategy is not None:
        would_be = watch.would_be(symbol)
        if would_be.is_due(ts_ns):
            intents = strategy.intents(symbol, bid, ask) if bid <= ask else ()
            would_be.would_quote(
                [one for one in intents if exposure.too_small(one[1], one[2]) is None],
                ts_ns,
                held=monitor.ledger.qty(symbol),
                limit_e18=monitor.max_symbol_e9 * SCALE,
                maker_bps=monitor.ledger.fee_maker_bps,
            )
    return judged


def why_frozen(judged: EdgeJudged) -> str:
    """The reason of a freeze that measured fills have caused."""
    upper, limit, mean = map(view, (judged.upper_bps, judged.threshold_bps, judged.net_bps))
    return (
        f"Edge degradation: at most {upper:.2f} BPS < {limit:.2f} BPS"
        f" ({mean:.2f} over {judged.samples} samples)"
    )
