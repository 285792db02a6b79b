"""What contradicts and what is nobody's: by the policy."""

from __future__ import annotations

import pytest

from tests.unit.reconcile_cases import (
    ADOPT, ALERT, CANCEL, NAME, Case, events, execution, kinds, others, ours, said, theirs,
)  # fmt: skip
from tools.live.audit.reconcile_facts import KnownFill, LocalOrder, VenueOrder
from tools.live.audit.reconcile_findings import AdoptOrder, Cancel, Kind, Outcome, fact_id
from tools.live.audit.reconcile_orders import pair_rows
from tools.live.core.contracts_v1 import SELL
from tools.live.core.money import SCALE
from tools.live.core.order import (
    CANCELED, FILLED, OPEN, PARTIALLY_FILLED, PENDING, REJECTED, OrderState,
)  # fmt: skip
from tools.live.exchange_query import Found


@pytest.mark.parametrize(
    ("order", "row", "kind"),
    [
        (ours(), theirs(qty=11), Kind.QTY_MISMATCH),
        (ours(), theirs(side=SELL), Kind.QTY_MISMATCH),
        (ours(), theirs(symbol="ETHUSDT"), Kind.QTY_MISMATCH),
        (ours(PARTIALLY_FILLED, filled=4), theirs(filled=3), Kind.QTY_MISMATCH),
        (ours(REJECTED, order_id=None), theirs(filled=3), Kind.QTY_MISMATCH),
        (ours(), theirs(price=101), Kind.PRICE_DIVERGENCE),
    ],
)
def test_an_order_that_is_otherwise_there(
    order: LocalOrder, row: VenueOrder, kind: Kind
) -> None:
    case = Case((order,), (row,))
    alerted = case.judged()
    assert kinds(alerted) == [kind] and alerted.outcome is Outcome.HALTED
    assert not others(alerted) and not events(alerted)
    canceled = case.judged(CANCEL)
    assert others(canceled) == [Cancel("X1", NAME)] and canceled.outcome is Outcome.SETTLING
    adopted = case.judged(ADOPT)
    [adopt] = others(adopted)
    assert isinstance(adopt, AdoptOrder) and adopt.order == row and len(adopt.id) == 16
    assert adopt.state is (PARTIALLY_FILLED if row.filled else OPEN)
    assert adopted.outcome is Outcome.SETTLING


def test_an_order_that_filled_more_than_its_size_is_kept_by_nobody() -> None:
    case = Case((ours(),), (theirs(filled=11),), said_held=11)
    for policy in (ALERT, ADOPT):
        result = case.judged(policy)
        assert result.outcome is Outcome.HALTED and not others(result)
    larger = Case((ours(qty=5),), (theirs(filled=7),), said_held=7).judged(ADOPT)
    [adopt] = others(larger)
    assert isinstance(adopt, AdoptOrder) and adopt.state is PARTIALLY_FILLED
    assert larger.unjudged == ("position BTCUSDT",), "the adopted order explains it"


@pytest.mark.parametrize(("filled", "state"), [(12, FILLED), (11, CANCELED)])
def test_an_ended_order_that_is_otherwise(filled: int, state: OrderState) -> None:
    row = theirs(qty=12, filled=filled)
    case = Case((ours(),), answers=(said(Found.CANCELED, row),), said_held=filled)
    assert case.judged().outcome is case.judged(CANCEL).outcome is Outcome.HALTED
    [adopt] = others(case.judged(ADOPT))
    assert isinstance(adopt, AdoptOrder) and adopt.state is state
    assert Case((ours(filled=4),), answers=(said(Found.CANCELED, theirs(filled=3)),)).judged(
    ).outcome is Outcome.HALTED  # fmt: skip


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("by-hand", Kind.ORPHAN), ("", Kind.ORPHAN), ("CLI", Kind.ORPHAN), ("CLIx", Kind.ORPHAN),
        ("CLI\u0661", Kind.ORPHAN), ("CLI00000007", Kind.LOCAL_MISSING),
    ],
)  # fmt: skip
def test_an_order_that_nobody_knows(name: str, kind: Kind) -> None:
    case = Case(rows=(theirs(order_id="X9", name=name),))
    alerted = case.judged()
    assert kinds(alerted) == [kind] and alerted.outcome is Outcome.HALTED
    assert alerted.findings[0].about == "order X9"
    assert others(case.judged(CANCEL)) == [Cancel("X9", name)]
    [adopt] = others(case.judged(ADOPT))
    assert isinstance(adopt, AdoptOrder) and adopt.state is OPEN
    assert adopt.order.client_order_id == (name or "VEN-" + fact_id("order", "X9"))
    overfilled = Case(rows=(theirs(order_id="X9", name=name, filled=11),), said_held=11)
    assert overfilled.judged(ADOPT).outcome is Outcome.HALTED


def test_an_adopted_order_brings_the_executions_that_we_do_not_know() -> None:
    told = (execution("E1", qty=3, order_id="X9"), execution("E2", qty=1, order_id="X9"),
            execution("E3", qty=1, order_id="X8"))  # fmt: skip
    known = (KnownFill("E1", 3 * SCALE, 100 * SCALE),)
    row = theirs(order_id="X9", name="by-hand", filled=4)
    [adopt, *_] = others(Case((), (row,), told, known).judged(ADOPT))
    assert isinstance(adopt, AdoptOrder) and adopt.fills == (told[1],)


@pytest.mark.parametrize("state", [CANCELED, FILLED])
def test_an_order_that_has_ended_here_is_canceled_and_not_taken_up(state: OrderState) -> None:
    filled = 10 if state is FILLED else 0
    case = Case((ours(state, filled=filled),), (theirs(price=101, filled=filled),))
    for policy in (CANCEL, ADOPT):
        assert others(case.judged(policy)) == [Cancel("X1", NAME)]


def test_a_second_order_under_one_name_is_never_adopted() -> None:
    case = Case((ours(),), (theirs(), theirs(order_id="X0")))
    assert kinds(case.judged()) == [Kind.MATCHED, Kind.DUPLICATE]
    assert case.judged().outcome is Outcome.HALTED
    for policy in (CANCEL, ADOPT):
        assert others(case.judged(policy)) == [Cancel("X0", NAME)]


def test_of_two_rows_under_one_name_the_one_that_filled_is_ours() -> None:
    rows = (theirs(order_id="X1"), theirs(order_id="X2", filled=3), theirs(order_id="X0"))
    paired, strangers = pair_rows((ours(PENDING, order_id=None),), rows)
    assert paired == {NAME: rows[1]} and strangers == [rows[2], rows[0]]
    by_id, rest = pair_rows((ours(),), rows)
    assert by_id == {NAME: rows[0]} and rest == [rows[2], rows[1]]
    renamed = theirs(name="")
    assert pair_rows((ours(),), (renamed,)) == ({NAME: renamed}, [])
