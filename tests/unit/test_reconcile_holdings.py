"""tools.live.audit.reconcile_holdings: executions, positions and balances."""

from __future__ import annotations

import pytest

from tests.unit.reconcile_cases import (
    ADOPT, ALERT, BTC, CANCEL, NAME, NOW, Case, booked, execution, kinds, others, ours, said,
    theirs,
)  # fmt: skip
from tests.unit.reconcile_world import USD
from tools.live.audit.reconcile_facts import KnownFill, Policy, Unanswered
from tools.live.audit.reconcile_findings import (
    AdoptBalance, AdoptFill, AdoptOrder, AdoptPosition, Kind, Outcome, fact_id,
)  # fmt: skip
from tools.live.core.contracts_v1 import BUY, SELL, Side
from tools.live.core.money import SCALE
from tools.live.core.order import FILLED, PARTIALLY_FILLED, PENDING, REJECTED
from tools.live.exchange_query import Found


@pytest.mark.parametrize(
    ("known", "kind"),
    [
        (KnownFill("E1", 5 * SCALE, 100 * SCALE), Kind.QTY_MISMATCH),
        (KnownFill("E1", 4 * SCALE, 101 * SCALE), Kind.PRICE_DIVERGENCE),
    ],
)
def test_an_execution_with_other_numbers(known: KnownFill, kind: Kind) -> None:
    fill = execution()
    case = Case((ours(PARTIALLY_FILLED, filled=4),), (theirs(filled=4),), (fill,), (known,), 4)
    for policy in (ALERT, CANCEL):
        result = case.judged(policy)
        assert kinds(result) == [Kind.MATCHED, kind, Kind.MATCHED]
        assert result.outcome is Outcome.HALTED and not others(result)
    assert others(case.judged(ADOPT)) == [AdoptFill(fill)]


def test_an_execution_of_an_order_that_nobody_knows() -> None:
    fill = execution(order_id="X9")
    case = Case(fills=(fill,), said_held=4)
    result = case.judged(CANCEL)
    assert kinds(result) == [Kind.ORPHAN, Kind.QTY_MISMATCH] and not others(result)
    assert result.findings[0].venue == "Buy 4 BTCUSDT at 100 (X9)"
    assert others(case.judged(ADOPT))[0] == AdoptFill(fill)
    forgetful = case._replace(forgets=True, held=4).judged()
    assert kinds(forgetful) == [Kind.MATCHED] and forgetful.outcome is Outcome.READY


def test_an_execution_may_belong_to_an_order_without_an_id() -> None:
    pending = ours(PENDING, order_id=None)
    fill = execution(order_id="X9")
    result = Case((pending,), (), (fill,), said_held=4).judged()
    assert kinds(result) == [Kind.VENUE_MISSING] and result.outcome is Outcome.WAITING
    assert result.unjudged == ("execution E1", "position BTCUSDT")
    row = theirs(order_id="X9", filled=4)
    found = Case((pending,), (row,), (fill,), said_held=4).judged()
    assert kinds(found) == [Kind.STALE, Kind.MATCHED] and not found.unjudged
    answered = Case((pending,), (), (fill,), answers=(said(Found.CANCELED, row),), said_held=4)
    assert kinds(answered.judged()) == [Kind.STALE, Kind.MATCHED]
    assert answered.judged().unjudged == ()
    for other in (ours(PENDING, order_id=None, side=SELL), ours(REJECTED, order_id=None), ours()):
        assert Kind.ORPHAN in kinds(Case((other,), (), (fill,), said_held=4).judged())


def test_executions_are_judged_without_a_list_of_orders() -> None:
    silent = Unanswered("timeout")
    own = Case((ours(),), silent, (execution(),), said_held=4).judged()
    assert kinds(own) == [Kind.UNKNOWN] and own.unjudged == ("position BTCUSDT",)
    strange = Case((), silent, (execution(order_id="X9"),), said_held=4).judged(ADOPT)
    assert kinds(strange) == [Kind.UNKNOWN, Kind.ORPHAN, Kind.QTY_MISMATCH]


def test_executions_of_a_listed_stranger_are_part_of_it() -> None:
    row = theirs(order_id="X9", name="by-hand", filled=4)
    result = Case(rows=(row,), fills=(execution(order_id="X9"),), said_held=4).judged(ADOPT)
    assert kinds(result) == [Kind.ORPHAN, Kind.QTY_MISMATCH]
    full = theirs(order_id="X9", name="by-hand", filled=10)
    [adopt] = others(Case(rows=(full,)).judged(ADOPT))
    assert isinstance(adopt, AdoptOrder) and adopt.state is FILLED


# Positions and balances.


def test_a_position_that_nothing_explains() -> None:
    case = Case(held=3, said_held=5)
    for policy in (ALERT, CANCEL):
        result = case.judged(policy)
        assert kinds(result) == [Kind.QTY_MISMATCH] and result.outcome is Outcome.HALTED
    adopted = case.judged(ADOPT)
    name = fact_id("position", BTC, 5 * SCALE)
    assert others(adopted) == [AdoptPosition(name, BTC, 5 * SCALE, 3 * SCALE)]
    new = Case(held=0, said_held=5).judged(ADOPT)
    assert others(new) == [AdoptPosition(name, BTC, 5 * SCALE, 0)]


def test_a_list_without_any_position_is_not_adopted() -> None:
    result = Case(held=3, said_held=0).judged(ADOPT)
    assert kinds(result) == [Kind.QTY_MISMATCH] and result.outcome is Outcome.HALTED


def test_nothing_is_adopted_while_something_is_unknown() -> None:
    silent = Unanswered("timeout")
    result = Case(fills=silent, held=3, said_held=5, cash={USD: 1}, balances={USD: 2}).judged(ADOPT)
    assert kinds(result) == [Kind.UNKNOWN, Kind.QTY_MISMATCH, Kind.QTY_MISMATCH]
    assert not others(result)


@pytest.mark.parametrize(
    ("side", "said_held", "open_question"),
    [(BUY, 10, True), (BUY, 11, False), (BUY, -1, False), (SELL, -10, True), (SELL, -11, False),
     (SELL, 1, False)],
)  # fmt: skip
def test_an_order_in_question_explains_a_position(
    side: Side, said_held: int, open_question: bool
) -> None:
    result = Case((ours(side=side),), said_held=said_held).judged()
    assert (result.unjudged == ("position BTCUSDT",)) is open_question
    assert result.outcome is (Outcome.WAITING if open_question else Outcome.HALTED)


def test_what_is_left_of_all_orders_in_question_explains_a_position() -> None:
    two = (ours(PARTIALLY_FILLED, filled=4), ours(name="CLI00000002", order_id="X2"))
    for said_held, open_question in ((20, True), (21, False), (3, False)):
        result = Case(two, held=4, said_held=said_held).judged()
        assert (result.unjudged == ("position BTCUSDT",)) is open_question, said_held


def test_an_execution_may_be_followed_by_another() -> None:
    result = Case((ours(),), (), (execution(qty=4),), said_held=7).judged()
    assert booked(result) == [("E1", 4)] and result.unjudged == ("position BTCUSDT",)


def test_a_young_order_is_not_judged() -> None:
    young = ours(changed_ns=NOW - 5 * SCALE + 1)
    result = Case((young,), said_held=10).judged()
    assert result.findings == () and result.outcome is Outcome.WAITING
    assert result.unjudged == (f"order {NAME}", "position BTCUSDT")
    assert result.retry_at_ns == NOW + 1
    judged = Case((ours(changed_ns=NOW - 5 * SCALE),)).judged()
    assert kinds(judged) == [Kind.VENUE_MISSING]


def test_balances_are_compared_when_nothing_is_on_its_way() -> None:
    case = Case(cash={USD: -5 * 10**17}, balances={USD: -5 * 10**17, "BTC": 1})
    assert kinds(case.judged()) == [Kind.MATCHED]
    off = case._replace(balances={USD: 10**18 + 1})
    result = off.judged()
    assert kinds(result) == [Kind.QTY_MISMATCH] and result.outcome is Outcome.HALTED
    assert result.findings[0].venue == "1.000000000000000001"
    name = fact_id("balance", USD, 10**18 + 1)
    assert others(off.judged(ADOPT)) == [AdoptBalance(name, USD, 10**18 + 1, -5 * 10**17)]
    assert others(case._replace(balances={}).judged(ADOPT)) == []
    assert case._replace(balances={}).judged().outcome is Outcome.HALTED
    assert Case(cash={USD: 0}, balances={}).judged().outcome is Outcome.READY
    tolerant = Policy(cash_tolerance_e18=15 * 10**17 + 1)
    assert off.judged(tolerant).outcome is Outcome.READY
    assert off.judged(Policy(cash_tolerance_e18=15 * 10**17)).outcome is Outcome.HALTED
    for moving in (
        off._replace(orders=(ours(),)),
        off._replace(orders=(ours(),), rows=(theirs(filled=1),), said_held=1),
    ):
        result = moving.judged()
        assert "balance USD" in result.unjudged and result.outcome is not Outcome.HALTED


def test_what_neither_side_counts_is_not_compared() -> None:
    assert Case(cash=None, balances={USD: 5}).judged().findings == ()
    assert Case(cash={USD: 5}, balances=None).judged().findings == ()
    assert kinds(Case(cash=None, balances=Unanswered("no")).judged()) == []
    assert kinds(Case(cash={}, balances=Unanswered("no")).judged()) == [Kind.UNKNOWN]
