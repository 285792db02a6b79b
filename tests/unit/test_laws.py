"""Every conservation law is broken once on purpose, and exactly that law is named."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.unit.builders import (
    BTC, ETH, PlainExchange, a_fake, a_loop, a_monitor, a_quote, e9, recorded, some_params,
)  # fmt: skip
from tools.live.audit.laws import LAWS, LAWS_OF_THE_LINE, LawsBroken, Violation, check
from tools.live.core.contracts_v1 import (
    BUY, SELL, Entry, Fill, Frozen, IntentRefused, OrderAccepted, OrderCanceled, OrderRejected,
    Approved, Unfrozen,
)  # fmt: skip
from tools.live.core.errors import InvariantBroken
from tools.live.execution_loop import ExecutionLoop
from tools.live.order_store import Order, OrderState
from tools.live.reports.report import RunFacts, build_report


def a_finished_run(threshold: float = 0.0, retain: int | None = None) -> ExecutionLoop:
    """Fills, partial fills, rejections, refusals, cancels and open orders of two symbols."""
    monitor = a_monitor(max_symbol=1_500, threshold=threshold, maker_bps=1, taker_bps=7)
    loop = a_loop(a_fake(0.5, 0.1, 0.5), monitor, retain=retain)
    loop.run_shadow(some_params((BTC, ETH), 30))
    if threshold == 0.0:
        loop.cancel_all("so that some are canceled", ETH)
    return loop


def violations(
    loop: ExecutionLoop,
    *,
    entries: bool = True,
    moved: dict[str, int] | None = None,
    before: dict[str, int] | None = None,
) -> list[Violation]:
    fold = loop.fold
    held = {p.symbol: p.qty_e9 for p in loop.exchange.get_positions()}
    return check(
        store=loop.order_store,
        monitor=loop.risk_monitor,
        stats=loop.stats,
        unresolved=fold.unresolved,
        refused_fills=fold.refused_fills,
        duplicate_fills=fold.duplicate_fills,
        exchange_moved=held if moved is None else moved,
        held_before={} if before is None else before,
        entries=recorded(loop) if entries else None,
    )


def named(found: list[Violation]) -> set[str]:
    return {violation.law for violation in found}


def an_order(loop: ExecutionLoop, state: OrderState) -> Order:
    return loop.order_store.get_by_state(state)[0]


def a_place(loop: ExecutionLoop, kind: type) -> int:
    return next(n for n, entry in enumerate(recorded(loop)) if isinstance(entry.event, kind))


# Plantings: each changes one thing and says which law must be named.


def more_cash(loop: ExecutionLoop) -> None:
    loop.risk_monitor.ledger.holding(BTC).cash_e18 += 1


def less_profit(loop: ExecutionLoop) -> None:
    loop.risk_monitor.ledger.holding(ETH).realised_e18 -= 1


def a_forgotten_fee(loop: ExecutionLoop) -> None:
    loop.risk_monitor.ledger.holding(BTC).fees_maker_e18 -= 1


def a_lost_lot(loop: ExecutionLoop) -> None:
    loop.risk_monitor.ledger.holding(BTC).lots.pop()


def a_cheaper_lot(loop: ExecutionLoop) -> None:
    loop.risk_monitor.ledger.holding(BTC).lots[0][1] -= 1


def a_fill_nobody_ordered(loop: ExecutionLoop) -> None:
    loop.risk_monitor.outside_fills[BTC, BUY] = [1, 1]


def a_dearer_order(loop: ExecutionLoop) -> None:
    an_order(loop, OrderState.FILLED).cost_e18 += 1


def bought_and_sold_differ(loop: ExecutionLoop) -> None:
    loop.risk_monitor.ledger.holding(BTC).bought += 1
    loop.risk_monitor.outside_fills[BTC, BUY] = [1, 0]


def a_larger_order(loop: ExecutionLoop) -> None:
    an_order(loop, OrderState.FILLED).qty_e9 += 1


def a_canceled_order_as_small_as_its_fills(loop: ExecutionLoop) -> None:
    filled = [o for o in loop.order_store.get_by_state(OrderState.CANCELED) if o.filled_e9]
    filled[0].qty_e9 = filled[0].filled_e9


def an_order_filled_late_beyond_its_size(loop: ExecutionLoop) -> None:
    order = an_order(loop, OrderState.CANCELED)
    order.late_e9 += order.qty_e9 + 1
    monitor = loop.risk_monitor
    monitor.outside_fills[order.symbol, order.side_of] = [-(order.qty_e9 + 1), 0]


def more_reserved(loop: ExecutionLoop) -> None:
    loop.risk_monitor.exposures[BTC].buys += 1


def less_reserved(loop: ExecutionLoop) -> None:
    loop.risk_monitor.exposures[ETH].sells -= 1


def a_freeze_without_cancels(loop: ExecutionLoop) -> None:
    loop.risk_monitor.freeze("by hand")


def a_forgotten_refusal(loop: ExecutionLoop) -> None:
    del recorded(loop)[a_place(loop, IntentRefused)]


def a_forgotten_acceptance(loop: ExecutionLoop) -> None:
    del recorded(loop)[a_place(loop, OrderAccepted)]


def a_forgotten_rejection(loop: ExecutionLoop) -> None:
    del recorded(loop)[a_place(loop, OrderRejected)]


def a_forgotten_cancel(loop: ExecutionLoop) -> None:
    del recorded(loop)[a_place(loop, OrderCanceled)]


def a_forgotten_fill(loop: ExecutionLoop) -> None:
    del recorded(loop)[a_place(loop, Fill)]


def a_fill_told_twice(loop: ExecutionLoop) -> None:
    recorded(loop).append(recorded(loop)[a_place(loop, Fill)])


def a_refused_fill_nobody_recorded(loop: ExecutionLoop) -> None:
    loop.fold.refused_fills += 1


def a_freeze_nobody_recorded(loop: ExecutionLoop) -> None:
    loop.stats["freeze_events"] += 1


def canceled_twice(loop: ExecutionLoop) -> None:
    canceled = [n for n, e in enumerate(recorded(loop)) if isinstance(e.event, OrderCanceled)]
    recorded(loop)[canceled[-1]] = recorded(loop)[canceled[0]]


def rejected_twice(loop: ExecutionLoop) -> None:
    rejected = [n for n, e in enumerate(recorded(loop)) if isinstance(e.event, OrderRejected)]
    recorded(loop)[rejected[-1]] = recorded(loop)[rejected[0]]


def filled_after_its_cancel(loop: ExecutionLoop) -> None:
    """A part that filled before the cancel is told only after it, and nobody calls it late."""
    entries = recorded(loop)
    canceled = [e.event.order_id for e in entries if isinstance(e.event, OrderCanceled)]
    fills = [n for n, e in enumerate(entries) if isinstance(e.event, Fill)]
    place = next(n for n in fills if getattr(entries[n].event, "order_id", "") in canceled)
    entries.append(entries.pop(place))


def accepted_after_its_end(loop: ExecutionLoop) -> None:
    """The exchange takes an order that it has rejected."""
    entries = recorded(loop)
    rejected = next(e.event for e in entries if isinstance(e.event, OrderRejected))
    place = a_place(loop, OrderAccepted)
    accepted = entries[place].event
    assert isinstance(accepted, OrderAccepted)
    again = OrderAccepted(rejected.client_order_id, accepted.order_id, accepted.ts_ns)
    entry = entries.pop(place)
    entries.append(Entry(entry.seq, entry.src, entry.corr, entry.cause, again))


PLANTED: list[tuple[str, Callable[[ExecutionLoop], None]]] = [
    ("cash", more_cash),
    ("cash", less_profit),
    ("cash", a_forgotten_fee),
    ("lots", a_lost_lot),
    ("lots", a_cheaper_lot),
    ("fills_are_positions", a_fill_nobody_ordered),
    ("fills_are_positions", a_dearer_order),
    ("fills_are_positions", bought_and_sold_differ),
    ("order_quantities", a_larger_order),
    ("order_quantities", a_canceled_order_as_small_as_its_fills),
    ("order_quantities", an_order_filled_late_beyond_its_size),
    ("reservations", more_reserved),
    ("reservations", less_reserved),
    ("frozen_is_quiet", a_freeze_without_cancels),
    ("counters_are_events", a_forgotten_refusal),
    ("counters_are_events", a_forgotten_acceptance),
    ("counters_are_events", a_forgotten_rejection),
    ("counters_are_events", a_forgotten_cancel),
    ("counters_are_events", a_forgotten_fill),
    ("counters_are_events", a_fill_told_twice),
    ("counters_are_events", a_refused_fill_nobody_recorded),
    ("counters_are_events", a_freeze_nobody_recorded),
    ("nothing_after_the_end", canceled_twice),
    ("nothing_after_the_end", rejected_twice),
    ("nothing_after_the_end", filled_after_its_cancel),
    ("nothing_after_the_end", accepted_after_its_end),
]


@pytest.mark.parametrize(
    ("law", "plant"), PLANTED, ids=lambda value: getattr(value, "__name__", value)
)
def test_a_planted_violation_is_named_and_no_other(
    law: str, plant: Callable[[ExecutionLoop], None]
) -> None:
    loop = a_finished_run()
    assert violations(loop) == []
    plant(loop)
    assert named(violations(loop)) == {law}


def test_positions_that_the_exchange_sees_otherwise() -> None:
    loop = a_finished_run()
    held = {p.symbol: p.qty_e9 for p in loop.exchange.get_positions()}
    for moved in ({}, {**held, BTC: held[BTC] + 1}, {**held, "SOLUSDT": 1}):
        assert named(violations(loop, moved=moved)) == {"exchange_positions"}


def test_what_was_held_before_the_run_is_not_expected_of_the_exchange() -> None:
    loop = a_finished_run()
    held = {s: h.qty for s, h in loop.risk_monitor.ledger.holdings.items()}
    assert violations(loop, moved={}, before=held) == []
    assert named(violations(loop, before=held)) == {"exchange_positions"}


@pytest.mark.parametrize(
    "counter", ["orders_placed", "orders_canceled", "orders_rejected", "orders_filled"]
)
def test_a_counter_that_is_off_unbalances_the_orders(counter: str) -> None:
    loop = a_finished_run()
    loop.stats[counter] += 1
    assert named(violations(loop, entries=False)) == {"orders_balance"}
    assert named(violations(loop)) == {"orders_balance", "counters_are_events"}


def test_every_law_has_a_planting() -> None:
    elsewhere = {"exchange_positions", "orders_balance"}
    assert {law for law, _ in PLANTED} | elsewhere == {*LAWS, *LAWS_OF_THE_LINE}


def test_violations_come_in_the_order_of_the_laws() -> None:
    loop = a_finished_run()
    one_a_law = dict(reversed(PLANTED))
    for plant in one_a_law.values():
        plant(loop)
    loop.stats["orders_placed"] += 1
    found = [v.law for v in violations(loop, moved={})]
    assert tuple(dict.fromkeys(found)) == LAWS + LAWS_OF_THE_LINE


# Orders by state.


@pytest.mark.parametrize(
    ("state", "field", "change"),
    [
        (OrderState.OPEN, "filled_e9", 1),
        (OrderState.REJECTED, "filled_e9", 1),
        (OrderState.PARTIALLY_FILLED, "qty_e9", None),
        (OrderState.FILLED, "filled_e9", -1),
        (OrderState.CANCELED, "filled_e9", -(10**12)),
    ],
)
def test_a_quantity_that_its_state_forbids_is_named(
    state: OrderState, field: str, change: int | None
) -> None:
    loop = a_finished_run()
    order = an_order(loop, state)
    setattr(order, field, order.filled_e9 if change is None else getattr(order, field) + change)
    found = [v for v in violations(loop) if v.law == "order_quantities"]
    assert len(found) == 1
    assert order.client_order_id in found[0].detail


# The freeze.


def test_after_a_freeze_every_order_is_quiet() -> None:
    assert violations(a_finished_run(threshold=5)) == []


@pytest.mark.parametrize("name", ["order_id", "client_order_id"])
def test_an_order_whose_cancel_is_unresolved_may_stay(name: str) -> None:
    loop = a_loop(PlainExchange())
    loop.on_quote(a_quote(), some_params())
    for order in loop.order_store.get_all():
        if name == "client_order_id":
            order.order_id = None
        loop.fold.unresolved[getattr(order, name)] = "no answer"
    loop.risk_monitor.freeze("halt")
    assert violations(loop, entries=False) == []
    loop.fold.unresolved.clear()
    assert len(violations(loop, entries=False)) == 2


def frozen_then_placed(loop: ExecutionLoop, *, freeze: bool = True) -> Entry:
    """Put a freeze before the last order was sent; return that order's entry."""
    entries = recorded(loop)
    last = max(n for n, entry in enumerate(entries) if isinstance(entry.event, Approved))
    if freeze:
        entries.insert(last, Entry(0, "loop", 0, 0, Frozen("r", None, 0)))
        loop.stats["freeze_events"] += 1
    found: Entry = entries[last + freeze]
    return found


def test_an_order_sent_while_frozen_is_named() -> None:
    loop = a_loop(PlainExchange())
    loop.on_quote(a_quote(), some_params())
    sent = frozen_then_placed(loop).event
    assert isinstance(sent, Approved)
    found = violations(loop)
    assert named(found) == {"frozen_is_quiet"}
    assert sent.client_order_id in found[0].detail


def test_an_order_withheld_while_frozen_is_not() -> None:
    loop = a_loop(a_fake(reject_rate=1.0))
    loop.on_quote(a_quote(), some_params())
    frozen_then_placed(loop)
    assert violations(loop) == []


def test_an_order_sent_after_an_unfreeze_is_not() -> None:
    loop = a_loop(PlainExchange())
    loop.on_quote(a_quote(), some_params())
    frozen_then_placed(loop)
    entries = recorded(loop)
    frozen = a_place(loop, Frozen)
    entries.insert(frozen + 1, Entry(0, "loop", 0, 0, Unfrozen("r", "ada", 0)))
    assert violations(loop) == []


# The report.


def facts_of(loop: ExecutionLoop, line: bool = True) -> RunFacts:
    held = {p.symbol: p.qty_e9 for p in loop.exchange.get_positions()}
    params = {"iterations": 30, "symbols": [BTC, ETH]}
    recorded_line = loop.line if line else None
    return RunFacts(loop.fold, recorded_line, loop.seq, params, "scripted", 0, 0, held, {})


def test_a_report_of_broken_books_is_not_made() -> None:
    loop = a_finished_run()
    assert build_report(facts_of(loop))["integrity"]["laws"] == list(LAWS)
    more_cash(loop)
    with pytest.raises(LawsBroken, match=r"1 conservation law\(s\) broken: cash: BTCUSDT"):
        build_report(facts_of(loop))


def test_without_a_line_the_laws_of_the_state_still_hold() -> None:
    loop = a_finished_run()
    a_forgotten_fill(loop)
    build_report(facts_of(loop, line=False))
    more_reserved(loop)
    with pytest.raises(LawsBroken):
        build_report(facts_of(loop, line=False))


def test_the_error_tells_all_and_shows_three() -> None:
    broken = LawsBroken([Violation(f"law{n}", "differs") for n in range(5)])
    assert isinstance(broken, InvariantBroken)
    assert len(broken.violations) == 5
    assert str(broken) == (
        "5 conservation law(s) broken: law0: differs; law1: differs; law2: differs"
    )


def test_retired_orders_count_in_the_laws() -> None:
    loop = a_finished_run(retain=3)
    assert violations(loop) == []
    (key, *_) = sorted(loop.order_store.retired.cost_e18)
    loop.order_store.retired.cost_e18[key] += e9(1)
    assert named(violations(loop)) == {"fills_are_positions"}
