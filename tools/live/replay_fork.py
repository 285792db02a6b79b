"""Carries out a fork: the loop lives the parent's run again, and goes on under other parameters."""

from __future__ import annotations

from typing import Any

from .core.clock import NS_PER_MS
from .core.contracts_v1 import ParamsSet
from .core.errors import ContractError
from .core.money import text
from .core.record import fields_of
from .exchange import FakeExchangeClient
from .execution_loop import ExecutionLoop, ExecutionParams, wire_shadow
from .journal.disk import Disk
from .journal.fork import ForkLine, ParentRun, Point, Setup, begin_fork, fork_opening
from .journal.run_facts import Terms, set_terms

# By the name of the demo's flag: which number of the terms it is.
TERMS = {
    "max_inv": "max_symbol_e9",
    "max_total": "max_total_e9",
    "edge_threshold": "threshold_bps_e9",
    "fee_maker_bps": "maker_bps_e9",
    "fee_taker_bps": "taker_bps_e9",
}
PARAMS = ("base_qty", "spread_bps")
CHANGEABLE = (*PARAMS, *TERMS)


class _Proven(Exception):
    """The parent came out as it is recorded, up to the point of the fork."""


def fork(
    source: Disk, target: Disk, until: int, changes: dict[str, int]
) -> tuple[Point, str, dict[str, Any]]:
    """Fork the run of a journal, behind the step of the feed that a seq is in.

    `changes` are scaled integers by the names in CHANGEABLE. Nothing is written before the parent
    has been proven up to the point. Returns the point, the id of the new log, and its report.
    """
    parent = ParentRun(source)
    point = _prove(parent, source, until)
    changed = _changed(point.setup, changes)
    run = begin_fork(target, fork_opening(parent, point, changed))
    try:
        line = ForkLine(parent, source, run.line)
        exchange = parent.exchange()
        loop, params = _wire(parent, exchange, line)

        def before_step() -> None:
            if line.following and line.seq == point.seq:
                line.leave()
                _go_on_with(loop, params, changed)
            elif line.following:
                _go_on_with(loop, params, line.setup())

        parent.before_step = before_step
        report = loop.run_shadow(params, parent)
        moved = {one.symbol: one.qty_e9 for one in exchange.get_positions()}
        run.finish(report, moved, loop.event_clock.ns)
    except BaseException:
        run.let_go()
        raise
    return point, run.journal.log_id, report


def _prove(parent: ParentRun, source: Disk, until: int) -> Point:
    """Live the parent again up to the first step that begins at or behind a seq."""
    line = ForkLine(parent, source, None)
    loop, params = _wire(parent, parent.exchange(), line)

    def before_step() -> None:
        if line.seq >= until:
            raise _Proven
        _go_on_with(loop, params, line.setup())

    parent.before_step = before_step
    try:
        loop.run_shadow(params, parent)
    except _Proven:
        return line.leave()
    raise ContractError(f"nothing of the run is left behind seq {until}; fork at an earlier one")


def _wire(
    parent: ParentRun, exchange: FakeExchangeClient, line: ForkLine
) -> tuple[ExecutionLoop, ExecutionParams]:
    """The loop of the parent as it was at the beginning."""
    opened, setup = parent.opened, line.setup()
    terms, first = setup.terms, setup.params
    symbol, total = text(terms.max_symbol_e9), text(terms.max_total_e9)
    threshold = text(terms.threshold_bps_e9)
    loop = wire_shadow(
        max_inventory_usd_per_symbol=symbol,
        max_total_notional_usd=total,
        edge_freeze_threshold_bps=threshold,
        exchange=exchange,
        fee_maker_bps=text(terms.maker_bps_e9),
        fee_taker_bps=text(terms.taker_bps_e9),
        edge=opened.edge,
        retain=opened.retain,
        line=line,
        clock=lambda: opened.start_ns // NS_PER_MS,
    )
    params = ExecutionParams(
        parent.symbols, parent.steps, symbol, total, threshold, text(first.base_qty),
        text(first.spread_bps), opened.about["requote"] is True,
    )  # fmt: skip
    return loop, params


def _changed(setup: Setup, changes: dict[str, int]) -> Setup:
    terms = {name: getattr(setup.terms, name) for name in fields_of(setup.terms)}
    terms.update({TERMS[name]: changes[name] for name in changes if name in TERMS})
    params = setup.params
    base_qty = changes.get("base_qty", params.base_qty)
    spread_bps = changes.get("spread_bps", params.spread_bps)
    return Setup(Terms(**terms), ParamsSet(base_qty, spread_bps, params.ts_ns))


def _go_on_with(loop: ExecutionLoop, params: ExecutionParams, setup: Setup) -> None:
    """Put a setup in force between two steps; only what differs is set."""
    set_terms(loop.risk_monitor, setup.terms)
    params.base_qty = text(setup.params.base_qty)
    params.spread_bps = text(setup.params.spread_bps)
    loop.set_params(params)
