"""The live state as plain data, and its hash.

Finished orders are not in it but for their sums: those who kept the line have every one of them.
Times are counted from the run's first event, so equal runs at different hours hash equally.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..adoptions import Adoptions
from ..core import codec
from ..core.order import Order, OrderState
from ..core.order_rules import spell_rules
from ..fold import Fold
from ..portfolio.ledger import Holding

if TYPE_CHECKING:
    from ..portfolio.edge_markouts import Markouts
    from ..portfolio.edge_watch import EdgeWatch, Watched


def state_sha256(fold: Fold, seq: int, origin_ns: int) -> str:
    """The hash of everything that decides what happens next."""
    return codec.sha256(snapshot(fold, seq, origin_ns))


def snapshot(fold: Fold, seq: int, origin_ns: int) -> dict[str, Any]:
    """Integers and strings only, so that its canonical form is exact."""
    store, monitor = fold.store, fold.monitor
    holdings = monitor.ledger.holdings
    exposures = monitor.exposures
    return {
        **_unsettled(fold, origin_ns),
        **({} if fold.watch is None else {"watch": _watch(fold.watch, origin_ns)}),
        "seq": seq,
        "stats": dict(fold.stats),
        "params": None if fold.params is None else list(fold.params),
        **spell_rules(fold.rules),
        "orders": {state.value: store.count(state) for state in OrderState},
        "live_orders": [_order(order, origin_ns) for order in store.live_orders()],
        "holdings": {symbol: _holding(holdings[symbol]) for symbol in holdings},
        "exposures": {
            symbol: [held.buys, held.sells, held.bid, held.ask, held.mark]
            for symbol, held in exposures.items()
        },
        "edge_bps": fold.edge_bps,
        "frozen": monitor.frozen,
        "freezes": [
            None if cause is None else [cause.reason, cause.symbol, _since(cause.ts_ns, origin_ns)]
            for cause in (monitor.first_freeze, monitor.last_freeze)
        ],
        "refusals": {reason.value: count for reason, count in monitor.refusals.items()},
        "unresolved": fold.unresolved,
    }


def _unsettled(fold: Fold, origin_ns: int) -> dict[str, Any]:
    """What is in doubt; nothing is said where nothing is."""
    outbox = fold.outbox
    found: dict[str, Any] = {}
    if outbox.doubts:
        found["in_doubt"] = [
            [name, one.absent, one.unheard, one.alerted, one.dropping, *(
                ns - origin_ns for ns in (one.since_ns, one.sent_ns, one.due_ns)
            )]
            for name, one in outbox.doubts.items()
        ]  # fmt: skip
    if outbox.cancels_due_ns is not None:
        found["cancels"] = [outbox.cancels_due_ns - origin_ns, outbox.cancels_tried]
    if fold.canceling:
        found["canceling"] = {name: ns - origin_ns for name, ns in fold.canceling.items()}
    if not fold.ready:
        found["ready"] = False
    if fold.adoptions.any:
        found["adopted"] = _adopted(fold.adoptions)
    if fold.connectivity.any:
        exposures = fold.monitor.exposures
        stale = {symbol: exposures[symbol].stale for symbol in exposures if exposures[symbol].stale}
        found["feed"] = [fold.connectivity.counts(), stale]
    return found


def _adopted(adoptions: Adoptions) -> list[Any]:
    fills = [
        [fill_id, order_id, symbol, side.value, qty, price]
        for fill_id, (order_id, symbol, side, qty, price) in adoptions.fills.items()
    ]
    counts = [adoptions.orders, adoptions.unplaced, adoptions.canceled]
    return [*counts, list(adoptions.names), fills, adoptions.positions]


def _watch(watch: EdgeWatch, origin_ns: int) -> dict[str, Any]:
    return {symbol: _watched(one, origin_ns) for symbol, one in watch.symbols.items()}


def _watched(one: Watched, origin_ns: int) -> list[Any]:
    decision, would_be = one.decision, one.would_be
    samples = [[ns - origin_ns, net, whole] for ns, net, whole in decision.evidence.rows]
    since = _since(decision.since_ns if decision.since_ns >= 0 else None, origin_ns)
    told: list[Any] = [decision.fresh, decision.fired, decision.armed, since, samples]
    told += _markouts(one.markouts, origin_ns)
    if would_be is not None:
        told += [
            _since(would_be.asked_ns if would_be.asked_ns >= 0 else None, origin_ns),
            would_be.mark, would_be.qty, would_be.cash, would_be.fees, would_be.volume,
            [[side.value, qty, price, fee] for side, qty, price, fee in would_be.standing],
            *_markouts(would_be.markouts, origin_ns),
        ]  # fmt: skip
    return told


def _markouts(markouts: Markouts, origin_ns: int) -> list[Any]:
    horizons = [
        [
            one.fills, one.unmeasured, one.notional, one.capture, one.fee, one.adverse,
            [[ns - origin_ns, *fill] for ns, *fill in one.waiting],
        ]
        for one in markouts.horizons
    ]
    return [markouts.mid, markouts.fills, horizons]


def _order(order: Order, origin_ns: int) -> list[Any]:
    return [
        order.client_order_id, order.order_id, order.symbol, order.side, order.state.value,
        order.qty_e9, order.price_e9, order.filled_e9, order.cost_e18,
        order.created_ns - origin_ns, order.updated_ns - origin_ns,
        *([order.adopted_e9] if order.adopted_e9 else ()),
    ]  # fmt: skip


def _holding(held: Holding) -> list[Any]:
    lots = [list(lot) for lot in held.lots]
    return [
        held.qty, held.cost_e18, held.realised_e18, held.cash_e18, held.fees_maker_e18,
        held.fees_taker_e18, held.bought, held.sold, lots,
        *([held.adoptions, held.adopted, held.adopted_e18] if held.adoptions else ()),
        *([{"funding": [held.fundings, held.funding_e18]}] if held.fundings else ()),
    ]  # fmt: skip


def _since(ns: int | None, origin_ns: int) -> int | None:
    return None if ns is None else ns - origin_ns
