"""The whole state of a fold as plain data, and back again: what a checkpoint keeps of a run.

How a fold was built is not in it: limits, fees, what is retained and whether the edge is measured.
All else is, or follows from what is. Amounts and times are decimal text, counts are numbers, and
whatever has an order is a list, so that canonical JSON loses nothing. Reading trusts nobody: every
value is held against its type, and the books against each other, before a fold is touched.
"""

from __future__ import annotations

from typing import Any

from ..core.errors import ContractError
from ..fold import Fold
from ..strategy.two_sided import TwoSided
from .adopted import read_adoptions, tell_adoptions
from .books import check_books
from .doubts import read_outbox, tell_outbox
from .edge import read_edge, tell_edge
from .edge_watch import read_watch, tell_watch
from .feed import read_feed, tell_feed
from .orders import read_store, tell_store
from .plain import count, flag, items, keys, number, optional, pairs, row, text
from .risk import read_ledger, read_monitor, take_over, tell_ledger, tell_monitor
from .rules import RULES, read_rules, tell_rules

_STATE = ("fold", "ledger", "monitor", "store")
_FAULTS = ("duplicate_fills", "late_fills", "refused_fills")
_FOLD = (
    "ack_ns", "carried_out", "edge", "edge_bps", "foreign_orders", "outbox", "params", "ready",
    "stats", "unresolved", *_FAULTS,
)  # fmt: skip
_WATCH = "edge_watch"  # told only where the edge is watched
_CANCELING = "canceling"  # told only while the answer to a cancel is waited for
_TAKEN = (
    "strategy", "params", "_carried_out", "edge", "watch", "edge_bps", "ack_ns", "unresolved",
    "foreign_orders", "outbox", "canceling", "ready", "adoptions", "connectivity", "rules",
    *_FAULTS,
)  # fmt: skip


def state_of(fold: Fold) -> dict[str, Any]:
    """Everything that decides what a fold does next and what it reports, as plain data."""
    _refuse_plug_ins(fold)
    return {
        "fold": _tell_fold(fold),
        "ledger": tell_ledger(fold.monitor.ledger),
        "monitor": tell_monitor(fold.monitor),
        "store": tell_store(fold.store),
    }


def restore(fold: Fold, data: Any) -> None:
    """Put a fold into the state that `state_of` told of one that was built alike.

    ContractError says what is wrong with the data; the fold is then as it was.
    """
    _refuse_plug_ins(fold)
    keys(data, _STATE, "state")
    store = read_store(data["store"], fold.store.retain)
    monitor = read_monitor(data["monitor"], read_ledger(data["ledger"]))
    made = Fold(store, monitor, measure_edge=fold.measure_edge, markouts=fold.markouts)
    read = _read_fold(data["fold"], made)
    check_books(read)
    # Nothing is refused from here on. The loop holds the store, the gate and the counters, so
    # these stay the objects that they are.
    vars(fold.store).update(vars(store))
    take_over(fold.monitor, monitor)
    fold.stats.update(read.stats)
    for name in _TAKEN:
        setattr(fold, name, getattr(read, name))


def _refuse_plug_ins(fold: Fold) -> None:
    """What somebody plugged in is code, and code is no state."""
    if fold.monitor._caller_mark is not None:
        raise ContractError("a gate that asks its caller for marks has no state to be kept")
    if fold.strategy is not None and type(fold.strategy) is not TwoSided:
        raise ContractError(f"{type(fold.strategy).__name__} is no strategy whose state is known")


def _tell_fold(fold: Fold) -> dict[str, Any]:
    params = fold.params
    return {
        "params": None if params is None else [str(params[0]), str(params[1])],
        "carried_out": fold._carried_out,
        "stats": dict(fold.stats),
        "edge": tell_edge(fold.edge),
        "edge_bps": [
            [symbol, None if bps is None else str(bps)] for symbol, bps in fold.edge_bps.items()
        ],
        "ack_ns": [[str(waited), seen] for waited, seen in fold.ack_ns.items()],
        "unresolved": [[key, why] for key, why in fold.unresolved.items()],
        "foreign_orders": list(fold.foreign_orders),
        "outbox": tell_outbox(fold.outbox),
        "ready": fold.ready,
        **{name: getattr(fold, name) for name in _FAULTS},
        **tell_adoptions(fold.adoptions),
        **tell_feed(fold.connectivity, fold.monitor),
        **({} if fold.watch is None else {_WATCH: tell_watch(fold.watch)}),
        **_tell_canceling(fold.canceling),
        **tell_rules(fold.rules),
    }


def _tell_canceling(canceling: dict[str, int]) -> dict[str, Any]:
    return {_CANCELING: [[name, str(ns)] for name, ns in canceling.items()]} if canceling else {}


def _read_fold(told: Any, fold: Fold) -> Fold:
    """Fill a new fold, whose store and gate are as they shall be."""
    monitor = fold.monitor
    fold.adoptions = read_adoptions(told)
    fold.connectivity = read_feed(told, monitor)
    rare = {
        "adopted": fold.adoptions.any, "feed": fold.connectivity.any,
        _WATCH: fold.watch is not None, _CANCELING: isinstance(told, dict) and _CANCELING in told,
        RULES: isinstance(told, dict) and RULES in told,
    }  # fmt: skip
    keys(told, (*_FOLD, *(name for name in rare if rare[name])), "fold")
    fold.ready = flag(told["ready"], "ready")
    fold.outbox = read_outbox(told["outbox"], fold.store)
    for doubt in fold.outbox.doubts.values():
        if doubt.order.symbol in monitor.exposures:  # else the books will not add up
            monitor.doubt(doubt.order.symbol)
    if rare[RULES]:
        read_rules(told[RULES], fold)
    params = optional(told["params"], "params", _read_params)
    if params is not None:
        fold.set_params(*params, 0)
    fold._carried_out = count(told["carried_out"], "carried_out")
    stats = keys(told["stats"], fold.stats, "stats")
    for name in fold.stats:
        fold.stats[name] = count(stats[name], name)
    fold.edge = read_edge(told["edge"])
    if fold.edge._mids and (fold.watch is not None or not fold.measure_edge):
        raise ContractError("edge has middles, but this fold does not measure the edge")
    if fold.watch is not None:
        fold.watch = read_watch(told[_WATCH])
    fold.edge_bps = pairs(told["edge_bps"], "edge_bps", text, _read_bps)
    fold.ack_ns = pairs(told["ack_ns"], "ack_ns", number, count)
    fold.unresolved = pairs(told["unresolved"], "unresolved", text, text)
    if rare[_CANCELING]:
        fold.canceling = _read_canceling(told[_CANCELING], fold)
    fold.foreign_orders = tuple(items(told["foreign_orders"], "foreign_orders", _read_id))
    for name in _FAULTS:
        setattr(fold, name, count(told[name], name))
    return fold


def _read_params(told: Any, what: str) -> tuple[int, int]:
    base_qty, spread_bps = row(told, 2)
    return number(base_qty, f"{what} base_qty"), number(spread_bps, f"{what} spread_bps")


def _read_canceling(told: Any, fold: Fold) -> dict[str, int]:
    """Only an order that rests can be on its way out."""
    canceling = pairs(told, _CANCELING, text, number)
    for order_id in canceling:
        order = fold.store.by_order_id.get(order_id)
        if order is None or not order.is_open:
            raise ContractError(f"{_CANCELING} names {order_id!r}, which is no open order")
    if not canceling:
        raise ContractError(f"{_CANCELING} is told and empty")
    return canceling


def _read_bps(value: Any, what: str) -> int | None:
    return optional(value, what, number)


def _read_id(value: Any) -> str:
    return text(value, "order id")
