"""The state of a run for people: exact numbers as they are written, and what changed of them."""

from __future__ import annotations

from typing import Any

from ..adoptions import Adoptions
from ..core.clock import render_utc
from ..core.money import cash_text, text
from ..core.order_rules import spell_rules
from ..fold import Fold
from ..outbox import Doubt
from ..portfolio.ledger import Holding


def state_view(fold: Fold) -> dict[str, Any]:
    """Plain data with exact decimal texts; it leaves out what only counts or measures."""
    store, monitor = fold.store, fold.monitor
    holdings, exposures = monitor.ledger.holdings, monitor.exposures
    first = monitor.first_freeze
    return {
        "orders": store.count_by_state(),
        "counted": dict(fold.stats),
        "live_orders": {
            order.client_order_id: {
                "order_id": order.order_id,
                "symbol": order.symbol,
                "side": order.side,
                "state": order.state.value,
                "qty": text(order.qty_e9),
                "filled": text(order.filled_e9),
                "price": text(order.price_e9),
                "since": render_utc(order.created_ns),
            }
            for order in store.live_orders()
        },
        "positions": {
            symbol: _position(holdings[symbol])
            for symbol in sorted(holdings)
            if holdings[symbol].traded
        },
        "market": {
            symbol: {
                **{name: text(getattr(exposures[symbol], name)) for name in ("bid", "ask")},
                "open_buys": text(exposures[symbol].buys),
                "open_sells": text(exposures[symbol].sells),
                "worst_case": cash_text(monitor.worst_case_e18(symbol)),
            }
            for symbol in sorted(exposures)
        },
        "edge_bps": {
            symbol: None if bps is None else text(bps) for symbol, bps in fold.edge_bps.items()
        },
        "risk": {
            "frozen": monitor.frozen,
            "freeze_reason": first.reason if monitor.frozen and first is not None else None,
            "max_symbol": text(monitor.max_symbol_e9),
            "max_total": text(monitor.max_total_e9),
            "edge_threshold_bps": text(monitor.threshold_bps_e9),
            "refusals": {reason.value: count for reason, count in monitor.refusals.items()},
            "unresolved": dict(fold.unresolved),
            "in_doubt": {name: _doubt(doubt) for name, doubt in fold.outbox.doubts.items()},
            "ready": fold.ready,
        },
        **({} if not fold.adoptions.any else {"adopted": _adopted(fold.adoptions)}),
        **_feed(fold),
        "strategy": None if fold.params is None else dict(
            zip(("base_qty", "spread_bps"), map(text, fold.params), strict=True)
        ),
        **spell_rules(fold.rules),
    }  # fmt: skip


def _position(held: Holding) -> dict[str, str]:
    """One symbol's; of funding nothing is said where none was paid."""
    return {
        "qty": text(held.qty),
        "cash": cash_text(held.cash_e18),
        "realised": cash_text(held.realised_e18),
        "fees": cash_text(held.fees_e18),
        **({"funding": cash_text(held.funding_e18)} if held.fundings else {}),
    }


def _feed(fold: Fold) -> dict[str, Any]:
    """What happened to the feed, where anything did."""
    if not fold.connectivity.any:
        return {}
    exposures = fold.monitor.exposures
    stale = {name: exposures[name].stale for name in sorted(exposures) if exposures[name].stale}
    return {"feed": {**fold.connectivity.counts(), "stale": stale}}


def _adopted(adoptions: Adoptions) -> dict[str, Any]:
    """What was taken over from the exchange."""
    positions = adoptions.positions
    return {
        "orders": adoptions.orders,
        "executions": len(adoptions.fills),
        "positions": {symbol: text(positions[symbol]) for symbol in sorted(positions)},
    }


def _doubt(doubt: Doubt) -> str:
    """An order in doubt in a few words."""
    told = f"since {render_utc(doubt.since_ns)}, asked again {render_utc(doubt.due_ns)}"
    return f"{told}, to be given up" if doubt.dropping else told


def changes(before: dict[str, Any], after: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """What differs, by dotted path: the value before and the value after, None for absent."""
    old, new = _flat(before), _flat(after)
    paths = sorted({*old, *new})
    return {p: (old.get(p), new.get(p)) for p in paths if old.get(p) != new.get(p)}


def readable(view: dict[str, Any]) -> str:
    """The view as indented lines; what is empty is left out."""
    lines: list[str] = []
    for name, value in view.items():
        if isinstance(value, dict) and value:
            lines.append(f"{name}:")
            shown = [key for key in value if value[key] != {}]
            width = max(map(len, shown), default=0)
            lines += [f"  {key:<{width}}  {_inline(value[key])}" for key in shown]
    return "\n".join(lines) + "\n"


def _inline(value: Any) -> str:
    if isinstance(value, dict):
        return "  ".join(f"{key} {_inline(value[key])}" for key in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "-" if value is None else str(value)


def _flat(value: Any, path: str = "") -> dict[str, Any]:
    if not isinstance(value, dict):
        return {path: value}
    found: dict[str, Any] = {}
    for key in value:
        found.update(_flat(value[key], f"{path}.{key}" if path else key))
    return found
