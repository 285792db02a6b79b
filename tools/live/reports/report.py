"""State to report: one tree of plain data, and no report whose books do not add up.

The keys of seed 002 keep their names and types; what they mean is said in README_EXECUTION.md.
Inside everything is an integer; here it becomes the correctly rounded double that people read.
"""

from __future__ import annotations

from typing import Any

from .. import __version__
from ..adoptions import Adoptions
from ..audit import laws
from ..core import codec
from ..core.clock import NS_PER_MS, NS_PER_S, render_utc
from ..core.line import Recorder
from ..core.money import view, view_cash
from ..core.order import FILLED, OPEN, PARTIALLY_FILLED
from ..core.record import record
from ..fold import Fold
from ..portfolio.ledger import Holding
from .edge_section import edge_section
from .snapshot import state_sha256

SCHEMA_VERSION = 1


@record
class RunFacts:
    """What a run leaves behind for its report."""

    fold: Fold
    line: Recorder | None
    seq: int
    params: dict[str, Any]
    edge_mode: str
    start_ns: int
    first_event_ns: int
    exchange_moved: dict[str, int]
    held_before: dict[str, int]
    anchor: tuple[str, str] | None = None  # of a replay, which has read its line


def build_report(facts: RunFacts) -> dict[str, Any]:
    """The report of a run; `LawsBroken` when its books do not add up."""
    fold = facts.fold
    violations = laws.check(
        store=fold.store,
        monitor=fold.monitor,
        stats=fold.stats,
        unresolved=fold.unresolved,
        refused_fills=fold.refused_fills,
        duplicate_fills=fold.duplicate_fills,
        exchange_moved=facts.exchange_moved,
        held_before=facts.held_before,
        entries=None if facts.line is None else facts.line.entries,
        in_doubt=[doubt.order for doubt in fold.outbox.doubts.values()],
        adoptions=fold.adoptions,
        feed=fold.connectivity,
    )
    violations += _watch_violations(fold)
    violations += _funding_violations(facts)
    if violations:
        raise laws.LawsBroken(violations)
    return {
        **_adopted(fold.adoptions),
        "edge": edge_section(fold, facts.edge_mode),
        "execution": {
            "iterations": facts.params["iterations"],
            "symbols": facts.params["symbols"],
        },
        **_feed(fold),
        "fees": _fees(fold),
        "integrity": _integrity(facts),
        "latency": {"ack_ms": _latency(fold.ack_ns)},
        "orders": _orders(fold),
        "params": facts.params,
        "pnl": _pnl(fold),
        "positions": _positions(fold),
        "risk": _risk(fold),
        "runtime": {"utc": instant_utc(facts.start_ns - facts.start_ns % NS_PER_S)},
    }


def instant_utc(ns: int) -> str:
    """An instant in the seed's form, such as 2025-01-01T00:00:00+00:00."""
    return render_utc(ns).replace("Z", "+00:00")


def _adopted(adoptions: Adoptions) -> dict[str, Any]:
    """What was taken over from the exchange; nothing is said where nothing was."""
    if not adoptions.any:
        return {}
    return {
        "adopted": {
            "orders": adoptions.orders,
            "executions": len(adoptions.fills),
            "positions": {symbol: view(qty) for symbol, qty in adoptions.positions.items()},
        }
    }


def _feed(fold: Fold) -> dict[str, Any]:
    """What happened to the feed; nothing is said where nothing did."""
    if not fold.connectivity.any:
        return {}
    exposures = fold.monitor.exposures
    stale = {symbol: exposures[symbol].stale for symbol in exposures if exposures[symbol].stale}
    return {"feed": {**fold.connectivity.counts(), "stale": stale}}


def _orders(fold: Fold) -> dict[str, Any]:
    store, stats = fold.store, fold.stats
    refusals = fold.monitor.refusals
    return {
        "placed": stats["orders_placed"],
        "filled": stats["orders_filled"],
        "rejected": stats["orders_rejected"],
        "canceled": stats["orders_canceled"],
        "risk_blocks": stats["risk_blocks"],
        "filled_full": store.count(FILLED),
        "open": store.count(OPEN) + store.count(PARTIALLY_FILLED),
        "open_partially_filled": store.count(PARTIALLY_FILLED),
        "in_doubt": list(fold.outbox.doubts),
        "late_fills": fold.late_fills,
        "duplicate_fills": fold.duplicate_fills,
        "refused_fills": fold.refused_fills,
        "refusals": {reason.value: refusals[reason] for reason in refusals},
    }


def _positions(fold: Fold) -> dict[str, Any]:
    by_symbol, notional, marks = {}, {}, {}
    total_e18 = 0
    for holding in _traded(fold):
        symbol = holding.symbol
        mark = fold.monitor.mark_e9(symbol)
        held_e18 = abs(holding.qty) * mark
        total_e18 += held_e18
        by_symbol[symbol] = view(holding.qty)
        notional[symbol] = view_cash(held_e18)
        marks[symbol] = view(mark)
    return {
        "by_symbol": by_symbol,
        "net_pos_usd": notional,
        "total_notional_usd": view_cash(total_e18),
        "marks": marks,
    }


def _pnl(fold: Fold) -> dict[str, Any]:
    by_symbol = {}
    sums = {"realised": 0, "unrealised": 0, "fees": 0, "cash": 0, "volume": 0, "net": 0}
    funding = fundings = 0
    for holding in _traded(fold):
        mark = fold.monitor.mark_e9(holding.symbol)
        unrealised, net = holding.unrealised_e18(mark), holding.net_e18(mark)
        volume = holding.bought_e18 + holding.sold_e18
        sums["realised"] += holding.realised_e18
        sums["unrealised"] += unrealised
        sums["fees"] += holding.fees_e18
        sums["cash"] += holding.cash_e18
        sums["volume"] += volume
        sums["net"] += net
        funding += holding.funding_e18
        fundings += holding.fundings
        by_symbol[holding.symbol] = {
            "avg_entry_price": holding.avg_entry_price,
            "bought_qty": view(holding.bought),
            "sold_qty": view(holding.sold),
            "volume_usd": view_cash(volume),
            "realised_usd": view_cash(holding.realised_e18),
            "unrealised_usd": view_cash(unrealised),
            "fees_usd": view_cash(holding.fees_e18),
            "net_usd": view_cash(net),
            "cash_usd": view_cash(holding.cash_e18),
            **_funding(holding.fundings, holding.funding_e18),
        }
    return {
        "by_symbol": by_symbol,
        "realised_usd": view_cash(sums["realised"]),
        "unrealised_usd": view_cash(sums["unrealised"]),
        "fees_usd": view_cash(sums["fees"]),
        "net_usd": view_cash(sums["net"]),
        "cash_usd": view_cash(sums["cash"]),
        "volume_usd": view_cash(sums["volume"]),
        **_funding(fundings, funding),
    }


def _funding(payments: int, amount_e18: int) -> dict[str, Any]:
    """What came in for holding perpetuals; nothing is said where nothing was paid."""
    return {"funding_usd": view_cash(amount_e18)} if payments else {}


def _fees(fold: Fold) -> dict[str, Any]:
    ledger = fold.monitor.ledger
    maker = taker = maker_fills = taker_fills = 0
    for holding in _traded(fold):
        maker += holding.fees_maker_e18
        taker += holding.fees_taker_e18
        maker_fills += holding.maker_fills
        taker_fills += holding.taker_fills
    return {
        "maker_bps": view(ledger.fee_maker_bps),
        "taker_bps": view(ledger.fee_taker_bps),
        "maker_fills": maker_fills,
        "taker_fills": taker_fills,
        "maker_usd": view_cash(maker),
        "taker_usd": view_cash(taker),
        "total_usd": view_cash(maker + taker),
    }


def _risk(fold: Fold) -> dict[str, Any]:
    monitor = fold.monitor
    first, last = monitor.first_freeze, monitor.last_freeze
    symbols = sorted(monitor.exposures)
    worst = {symbol: monitor.worst_case_e18(symbol) for symbol in symbols}
    return {
        "frozen": monitor.frozen,
        "freeze_events": fold.stats["freeze_events"],
        "last_freeze_reason": last.reason if last else None,
        "last_freeze_symbol": last.symbol if last else None,
        "last_freeze_utc": _instant(last.ts_ns if last else None),
        "first_freeze_reason": first.reason if first else None,
        "first_freeze_symbol": first.symbol if first else None,
        "first_freeze_utc": _instant(first.ts_ns if first else None),
        "blocks_total": monitor.blocks_total,
        "freezes_total": monitor.freezes_total,
        "risk_ratio_p95": monitor.risk_ratio_p95(),
        "worst_case_usd": {symbol: view_cash(worst[symbol]) for symbol in symbols},
        "unresolved_cancels": dict(fold.unresolved),
        "foreign_open_orders": list(fold.foreign_orders),
    }


def _latency(counts: dict[int, int]) -> dict[str, Any]:
    """Nearest-rank percentiles of the time from decision to acknowledgement."""
    total: int = sum(counts.values())
    ranks = {"p50": -(-total * 50 // 100), "p95": -(-total * 95 // 100), "max": total}
    found: dict[str, Any] = {"count": total, **dict.fromkeys(ranks)}
    seen = 0
    for waited_ns in sorted(counts):
        seen += counts[waited_ns]
        for name, rank in ranks.items():
            if found[name] is None and rank <= seen:
                found[name] = waited_ns // NS_PER_MS
    return found


def _integrity(facts: RunFacts) -> dict[str, Any]:
    anchor = facts.anchor
    if facts.line is not None:
        anchor = facts.line.anchor()
    return {
        "schema_version": SCHEMA_VERSION,
        "code_version": __version__,
        "config_sha256": codec.sha256(facts.params),
        "state_sha256": state_sha256(facts.fold, facts.seq, facts.first_event_ns),
        "events": facts.seq,
        "laws": _laws(facts.fold),
        "journal_id": None if anchor is None else anchor[0],
        "journal_head": None if anchor is None else anchor[1],
    }


def _watch_violations(fold: Fold) -> list[laws.Violation]:
    """What a watched edge does not account for; its laws are loaded only where there is one."""
    if fold.watch is None:
        return []
    from ..audit.laws_edge import check_watch

    return list(check_watch(fold.watch, fold.stats["orders_filled"]))


def _funding_violations(facts: RunFacts) -> list[laws.Violation]:
    """What was paid for holding and the line does not account for, where anything was paid."""
    ledger, entries = facts.fold.monitor.ledger, None if facts.line is None else facts.line.entries
    if entries is None or not any(held.fundings for held in ledger.holdings.values()):
        return []
    from ..audit.laws_funding import check_funding

    return list(check_funding(ledger, entries))


def _laws(fold: Fold) -> list[str]:
    """The laws that were held against the books."""
    if fold.watch is None:
        return list(laws.LAWS)
    from ..audit.laws_edge import LAWS_OF_THE_WATCH

    return [*laws.LAWS, *LAWS_OF_THE_WATCH]


def _traded(fold: Fold) -> list[Holding]:
    holdings = fold.monitor.ledger.holdings
    return [holdings[symbol] for symbol in sorted(holdings) if holdings[symbol].traded]


def _instant(ns: int | None) -> str | None:
    return None if ns is None else instant_utc(ns)
