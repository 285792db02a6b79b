"""The conservation laws where something was adopted, or canceled late: `tools.live.audit.laws`."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.unit.builders import BTC, PlainExchange, a_loop, a_quote, e9, recorded, some_params
from tests.unit.json_schema import errors
from tests.unit.test_fold_adoptions import adopted, execution
from tools.live.audit.laws import Violation, check
from tools.live.core.contracts_v1 import Entry, OrderAdopted, OrderCanceled, PositionAdopted
from tools.live.execution_loop import ExecutionLoop
from tools.live.journal.state_view import readable, state_view
from tools.live.reports.report import RunFacts, build_report
from tools.live.reports.schema import SCHEMAS

NS = 2_000_000_000_000_000_000  # behind everything that the loops here have heard


class Stubborn(PlainExchange):
    """It cancels, and holds the order open all the same."""

    def bring_back(self, order_id: str) -> None:
        self.resting[order_id] = self.sent[order_id]

    def __init__(self) -> None:
        super().__init__()
        self.sent = self.resting

    def cancel(self, order_id: str) -> bool:
        self.sent = {**self.sent, **self.resting}
        return super().cancel(order_id)


def a_quoted_loop() -> tuple[ExecutionLoop, Stubborn]:
    exchange = Stubborn()
    loop = a_loop(exchange)
    loop.on_quote(a_quote(), some_params())
    return loop, exchange


def violations(loop: ExecutionLoop) -> list[Violation]:
    fold = loop.fold
    held = {symbol: one.qty for symbol, one in fold.monitor.ledger.holdings.items()}
    return check(
        store=fold.store, monitor=fold.monitor, stats=fold.stats, unresolved=fold.unresolved,
        refused_fills=fold.refused_fills, duplicate_fills=fold.duplicate_fills,
        exchange_moved=held, held_before={}, entries=recorded(loop), adoptions=fold.adoptions,
    )  # fmt: skip


def report_of(loop: ExecutionLoop) -> dict[str, object]:
    held = {symbol: one.qty for symbol, one in loop.risk_monitor.ledger.holdings.items()}
    params = {"iterations": 30, "symbols": [BTC]}
    facts = RunFacts(loop.fold, loop.line, loop.seq, params, "scripted", 0, 0, held, {})
    report = build_report(facts)
    return report


def test_a_late_cancel_of_what_had_ended_breaks_no_report() -> None:
    """The exchange still held it: that it is gone now is a fact, but our order had ended before."""
    loop, exchange = a_quoted_loop()
    loop.cancel_all("tidy")
    exchange.bring_back("X1")
    loop.cancel_foreign("X1")
    assert exchange.canceled == ["X1", "X2", "X1"]
    assert [type(one.event) for one in recorded(loop)].count(OrderCanceled) == 3
    assert loop.stats["orders_canceled"] == 2
    assert violations(loop) == []
    assert report_of(loop)


def test_neither_does_that_of_an_order_which_was_never_ours() -> None:
    loop, exchange = a_quoted_loop()
    exchange.bring_back("X1")
    exchange.resting["Z9"] = exchange.resting["X1"]
    for _ in range(2):
        exchange.resting["Z9"] = exchange.resting["X1"]
        loop.cancel_foreign("Z9")
    assert violations(loop) == []


def test_a_cancel_of_a_live_order_from_outside_counts() -> None:
    loop, _ = a_quoted_loop()
    loop.cancel_foreign("X1")
    assert loop.stats["orders_canceled"] == 1
    assert violations(loop) == []


def test_a_cancel_that_a_command_led_to_comes_once() -> None:
    loop, _ = a_quoted_loop()
    loop.cancel_all("tidy")
    canceled = next(one for one in recorded(loop) if isinstance(one.event, OrderCanceled))
    recorded(loop).append(canceled)
    assert {one.law for one in violations(loop)} == {"nothing_after_the_end", "counters_are_events"}


# Adoptions.


def adopting() -> ExecutionLoop:
    """A loop that has taken over two orders, an execution and a position."""
    loop, _ = a_quoted_loop()
    for event in (
        execution(), adopted(filled=e9(0.005), state="partially_filled"),
        adopted("gone", "H2", state="canceled"), PositionAdopted(BTC, e9(0.25), 0),
    ):  # fmt: skip
        loop.take(event)
    return loop


def test_with_what_was_adopted_the_books_add_up() -> None:
    loop = adopting()
    assert violations(loop) == []
    report = report_of(loop)
    assert report["adopted"] == {
        "orders": 2, "executions": 1, "positions": {BTC: 0.25},
    }  # fmt: skip
    pnl = report["pnl"]
    assert isinstance(pnl, dict)
    assert (pnl["realised_usd"], pnl["unrealised_usd"], pnl["cash_usd"]) == (0.0, 0.0, 0.0)
    section = SCHEMAS["report"]["properties"]["adopted"]
    assert errors(report["adopted"], section) == []
    assert "adopted" not in SCHEMAS["report"]["required"]
    shown = state_view(loop.fold)
    assert shown["adopted"] == {"orders": 2, "executions": 1, "positions": {BTC: "0.25"}}
    assert "adopted:" in readable(shown)


def test_without_an_adoption_nothing_is_said_of_any() -> None:
    loop, _ = a_quoted_loop()
    assert "adopted" not in report_of(loop) and "adopted" not in state_view(loop.fold)


def more_adopted(loop: ExecutionLoop) -> None:
    loop.risk_monitor.ledger.holdings[BTC].adopted += 1


def adopted_for_more(loop: ExecutionLoop) -> None:
    loop.risk_monitor.ledger.holdings[BTC].adopted_e18 += 1


def an_adoption_nobody_noted(loop: ExecutionLoop) -> None:
    loop.fold.adoptions.positions[BTC] -= 1


def an_order_that_brought_less(loop: ExecutionLoop) -> None:
    loop.order_store.orders["by-hand"].adopted_e9 -= 1


def an_order_nobody_adopted(loop: ExecutionLoop) -> None:
    loop.fold.adoptions.unplaced -= 1


def an_end_nobody_adopted(loop: ExecutionLoop) -> None:
    loop.fold.adoptions.canceled -= 1


def filled_after_an_adopted_end(loop: ExecutionLoop) -> None:
    """It is told among the entries only, and nobody calls it late."""
    kept = recorded(loop)
    first = next(place for place, one in enumerate(kept) if isinstance(one.event, OrderAdopted))
    assert first
    kept.append(Entry(99, "exchange", 99, 5, OrderCanceled("H2", NS)))


@pytest.mark.parametrize(
    ("laws", "plant"),
    [
        ({"fills_are_positions"}, more_adopted),
        ({"cash"}, adopted_for_more),
        ({"fills_are_positions"}, an_adoption_nobody_noted),
        ({"fills_are_positions"}, an_order_that_brought_less),
        ({"orders_balance"}, an_order_nobody_adopted),
        ({"orders_balance"}, an_end_nobody_adopted),
        ({"nothing_after_the_end", "counters_are_events"}, filled_after_an_adopted_end),
    ],
)
def test_a_planted_violation_is_named(
    laws: set[str], plant: Callable[[ExecutionLoop], None]
) -> None:
    loop = adopting()
    plant(loop)
    assert {one.law for one in violations(loop)} == laws
