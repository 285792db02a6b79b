"""Orders of ours: the facts that are booked, whatever the policy."""

from __future__ import annotations

import pytest

from tests.unit.reconcile_cases import (
    ADOPT, ALERT, BTC, CANCEL, NAME, NOW, OLD, Case, booked, events, every_policy, execution,
    kinds, others, ours, said, theirs,
)  # fmt: skip
from tools.live.audit.reconcile_facts import (
    Answer, KnownFill, LocalOrder, OnMismatch, Unanswered,
)  # fmt: skip
from tools.live.audit.reconcile_findings import (
    Cancel, Kind, Outcome, Query, Reconciliation, fact_id,
)  # fmt: skip
from tools.live.core.contracts_v1 import (
    BUY, SELL, Fill, OrderAccepted, OrderCanceled, OrderRejected,
)  # fmt: skip
from tools.live.core.money import SCALE
from tools.live.core.order import (
    CANCELED, FILLED, OPEN, PARTIALLY_FILLED, PENDING, REJECTED, OrderState,
)  # fmt: skip
from tools.live.exchange_query import Found


@every_policy
def test_a_missed_acknowledgement_and_fill(policy: OnMismatch) -> None:
    case = Case((ours(PENDING, order_id=None),), (theirs(filled=4),), said_held=4)
    result = case.judged(policy)
    accepted, fill = events(result)
    assert accepted == OrderAccepted(NAME, "X1", NOW)
    name = "recon-" + fact_id("X1", 4 * SCALE, 100 * SCALE)
    assert fill == Fill(name, "X1", BTC, BUY, 4 * SCALE, 100 * SCALE, "", NOW)
    assert kinds(result) == [Kind.STALE, Kind.MATCHED] and result.outcome is Outcome.SETTLING
    assert case.judged(policy) == result


@every_policy
def test_itemised_fills_are_booked_as_they_are(policy: OnMismatch) -> None:
    fills = (execution("E3", qty=2, ts_ns=OLD + 2), execution("E1", qty=3, price=99))
    case = Case((ours(),), (theirs(filled=5),), fills, said_held=5)
    result = case.judged(policy)
    assert booked(result) == [("E1", 3), ("E3", 2)]
    first = events(result)[0]
    assert isinstance(first, Fill) and (first.price, first.liquidity) == (99 * SCALE, "maker")
    assert result.outcome is Outcome.SETTLING


def test_executions_may_be_ahead_of_the_row() -> None:
    result = Case((ours(),), (theirs(filled=1),), (execution(qty=4),), said_held=4).judged()
    assert booked(result) == [("E1", 4)]


def test_a_known_fill_is_not_booked_twice_and_the_newest_come_first() -> None:
    known = (KnownFill("E1", 3 * SCALE, 100 * SCALE),)
    fills = (execution("E1", qty=3), execution("E2", qty=1, ts_ns=OLD + 1),
             execution("E4", qty=2, ts_ns=OLD + 2))  # fmt: skip
    # Our 4 are E1 and one under a name we gave; what is missing is the newest, E4.
    case = Case((ours(PARTIALLY_FILLED, filled=4),), (theirs(filled=6),), fills, known, 4, 6)
    assert booked(case.judged()) == [("E4", 2)]


def test_a_fill_that_is_not_itemised_waits_for_adoption() -> None:
    case = Case((ours(),), (theirs(filled=5),), (execution(qty=3),), said_held=5)
    for policy in (ALERT, CANCEL):
        result = case.judged(policy)
        assert kinds(result) == [Kind.QTY_MISMATCH] and result.outcome is Outcome.HALTED
        assert "executions missing" in result.findings[0].venue and not events(result)
        assert result.unjudged == ("position BTCUSDT",)
    result = case.judged(ADOPT)
    assert [qty for _, qty in booked(result)] == [3, 2] and result.outcome is Outcome.SETTLING


def test_without_the_executions_a_fill_cannot_be_booked() -> None:
    silent = Unanswered("timeout")
    for policy in OnMismatch:
        result = Case((ours(),), (theirs(filled=5),), silent, said_held=5).judged(policy)
        assert not events(result) and kinds(result) == [Kind.UNKNOWN]
        assert result.unjudged == (f"order {NAME}", "position BTCUSDT")
        assert result.outcome is Outcome.HALTED


@every_policy
def test_a_canceled_order_that_is_open_is_canceled(policy: OnMismatch) -> None:
    result = Case((ours(CANCELED),), (theirs(),)).judged(policy)
    assert others(result) == [Cancel("X1", NAME)] and kinds(result) == [Kind.STALE]
    late = Case((ours(CANCELED),), (theirs(filled=2),), said_held=2).judged(policy)
    assert [qty for _, qty in booked(late)] == [2] and others(late) == [Cancel("X1", NAME)]


def test_a_filled_order_may_still_be_listed() -> None:
    result = Case((ours(FILLED, filled=10),), (theirs(filled=10),), held=10).judged()
    assert result.outcome is Outcome.READY


@every_policy
def test_an_execution_after_the_end_is_booked(policy: OnMismatch) -> None:
    case = Case((ours(CANCELED, filled=1),), (), (execution(qty=4),), held=1, said_held=4)
    result = case.judged(policy)
    assert [qty for _, qty in booked(result)][:1] == [3] or result.outcome is Outcome.HALTED
    known = (KnownFill("E0", SCALE, 100 * SCALE),)
    fills = (execution("E0", qty=1), execution("E1", qty=3, ts_ns=OLD + 1))
    result = case._replace(fills=fills, known=known).judged(policy)
    assert booked(result) == [("E1", 3)] and kinds(result) == [Kind.STALE, Kind.MATCHED]


def test_more_executions_than_an_ended_order_has() -> None:
    for policy in OnMismatch:
        case = Case((ours(CANCELED),), (), (execution(qty=11),), said_held=11)
        result = case.judged(policy)
        assert kinds(result)[0] is Kind.QTY_MISMATCH and result.outcome is Outcome.HALTED
        assert result.findings[0].venue == "executions of 11 in all" and not result.actions[1:]


def test_an_ended_order_with_all_its_executions_is_no_finding() -> None:
    known = (KnownFill("E1", 4 * SCALE, 100 * SCALE),)
    result = Case((ours(CANCELED, filled=4),), (), (execution(),), known, 4).judged()
    assert kinds(result) == [Kind.MATCHED] and result.outcome is Outcome.READY
    unnamed = Case((ours(REJECTED, order_id=None),)).judged()
    assert unnamed.findings == () and unnamed.outcome is Outcome.READY


# Orders that the exchange does not list.


def test_what_is_not_listed_is_asked_for() -> None:
    result = Case((ours(),)).judged()
    assert others(result) == [Query(NAME, NOW)] and kinds(result) == [Kind.VENUE_MISSING]
    assert result.outcome is Outcome.WAITING and result.retry_at_ns == NOW and not events(result)


@every_policy
def test_what_cannot_be_asked_for_is_unknown(policy: OnMismatch) -> None:
    result = Case((ours(),), can_ask=False).judged(policy)
    assert kinds(result) == [Kind.UNKNOWN] and result.outcome is Outcome.HALTED
    assert not others(result) and not events(result)


@every_policy
@pytest.mark.parametrize(
    ("order", "answer", "expected"),
    [
        (ours(), said(Found.CANCELED, theirs()), [OrderCanceled("X1", NOW)]),
        (ours(PENDING, order_id=None), said(Found.CANCELED, theirs()),
         [OrderAccepted(NAME, "X1", NOW), OrderCanceled("X1", NOW)]),
        (ours(PENDING, order_id=None), said(Found.REJECTED),
         [OrderRejected(NAME, "rejected by the exchange", NOW)]),
        (ours(PENDING, order_id=None), said(Found.REJECTED, theirs()),
         [OrderRejected(NAME, "rejected by the exchange", NOW)]),
    ],
)  # fmt: skip
def test_an_answer_settles_an_order(
    policy: OnMismatch, order: LocalOrder, answer: Answer, expected: list[object]
) -> None:
    result = Case((order,), answers=(answer,)).judged(policy)
    assert events(result) == expected and kinds(result) == [Kind.STALE]
    assert result.outcome is Outcome.SETTLING
    earlier = answer.order, NOW - 30 * SCALE  # an end is an end, whenever it was told
    told = said(answer.found, *earlier)
    assert events(Case((order,), answers=(told,)).judged(policy)) == expected


@every_policy
def test_an_answer_may_tell_of_fills(policy: OnMismatch) -> None:
    filled = Case((ours(),), answers=(said(Found.FILLED, theirs(filled=10)),), said_held=10)
    result = filled.judged(policy)
    assert [qty for _, qty in booked(result)] == [10] and len(events(result)) == 1
    assert kinds(result) == [Kind.STALE, Kind.MATCHED]
    for word in (Found.CANCELED, Found.REJECTED):
        part = Case((ours(),), answers=(said(word, theirs(filled=4)),), said_held=4)
        result = part.judged(policy)
        assert [qty for _, qty in booked(result)] == [4]
        assert events(result)[1:] == [OrderCanceled("X1", NOW)]


def test_an_answer_without_its_executions_books_nothing() -> None:
    case = Case((ours(),), (), (), answers=(said(Found.CANCELED, theirs(filled=4)),), said_held=4)
    result = case.judged()
    assert not events(result) and result.outcome is Outcome.HALTED
    assert not others(case.judged(CANCEL)), "there is nothing left to cancel"


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (said(Unanswered("timeout")), "unanswered: timeout"),
        (said(Found.FILLED), "filled, without the order"),
        (said(Found.CANCELED), "canceled, without the order"),
        (said(Found.OPEN, theirs(order_id="X9")), "answers with another order, X9"),
        (said(Found.CANCELED, theirs(side=SELL)), "answers with another order, X1"),
        (said(Found.REJECTED, None, fills=(execution(),)), "rejected, without the order"),
        (said(Found.CANCELED, theirs(), fills=(execution(order_id="X9"),)),
         "answers with the executions of another order"),
        (said(Found.FILLED, theirs(filled=9)),
         "filled, yet Buy BTCUSDT at 100, 9 of 10 filled (X1)"),
    ],
)  # fmt: skip
def test_an_answer_that_cannot_be_believed(answer: Answer, why: str) -> None:
    for policy in OnMismatch:
        result = Case((ours(),), answers=(answer,), said_held=10).judged(policy)
        assert kinds(result) == [Kind.UNKNOWN] and result.findings[0].venue == why
        assert others(result) == [Query(NAME, NOW + 5 * SCALE)] and not events(result)
        assert result.outcome is Outcome.HALTED and result.retry_at_ns == NOW + 5 * SCALE


@pytest.mark.parametrize("age", [0, 1])
def test_the_list_was_read_after_an_answer_that_it_is_open(age: int) -> None:
    case = Case((ours(),), answers=(said(Found.OPEN, theirs(), NOW - age),), said_held=10)
    for policy in OnMismatch:
        result = case.judged(policy)
        assert kinds(result) == [Kind.VENUE_MISSING] and others(result) == [Query(NAME, NOW)]
        assert result.findings[0].venue == "not listed, was open when asked"
        assert result.unjudged == ("position BTCUSDT",) and not events(result)


def test_an_answer_may_tell_of_its_executions() -> None:
    told = (execution("E1", qty=1), execution("E2", qty=3, price=99, ts_ns=OLD + 1))
    known = (KnownFill("E1", SCALE, 100 * SCALE),)
    answer = said(Found.CANCELED, theirs(filled=4), fills=told)
    order = ours(PARTIALLY_FILLED, filled=1)
    for fills in (None, (), told):
        case = Case((order,), (), fills, known, 1, 4, (answer,))
        result = case.judged()
        assert booked(result) == [("E2", 3)] and result.outcome is Outcome.SETTLING
        booked_all = case._replace(orders=(ours(PARTIALLY_FILLED, filled=4),), known=(
            *known, KnownFill("E2", 3 * SCALE, 99 * SCALE)), held=4)  # fmt: skip
        assert events(booked_all.judged()) == [OrderCanceled("X1", NOW)]
    unnamed = Case((ours(PENDING, order_id=None),), (), answers=(answer,), said_held=4).judged()
    assert booked(unnamed) == [("E1", 1), ("E2", 3)]
    assert events(unnamed)[0] == OrderAccepted(NAME, "X1", NOW)
    assert events(unnamed)[3] == OrderCanceled("X1", NOW)
    ahead = said(Found.CANCELED, theirs(), fills=told)
    assert booked(Case((order,), (), None, known, 1, 4, (ahead,)).judged()) == [("E2", 3)]
    result = Case((order,), (), Unanswered("timeout"), known, 1, 4, (answer,)).judged()
    assert booked(result) == [("E2", 3)] and kinds(result)[1:] == [Kind.UNKNOWN, Kind.MATCHED]


def test_an_execution_that_is_told_in_two_ways_is_a_doubt() -> None:
    answer = said(Found.CANCELED, theirs(filled=4), fills=(execution(qty=4),))
    case = Case((ours(),), (), (execution(qty=3),), answers=(answer,), said_held=4)
    for policy in OnMismatch:
        result = case.judged(policy)
        assert result.findings[0].kind is Kind.UNKNOWN and result.outcome is Outcome.HALTED
        why = "unanswered: execution E1 is told with two sets of numbers"
        assert (result.findings[0].about, result.findings[0].venue) == ("executions", why)


def test_a_refusal_is_booked_in_the_exchanges_words() -> None:
    answer = said(Found.REJECTED, message="post only")
    result = Case((ours(PENDING, order_id=None),), answers=(answer,)).judged()
    assert events(result) == [OrderRejected(NAME, "post only", NOW)]


@pytest.mark.parametrize("state", list(OrderState))
def test_whose_acknowledgement_is_not_booked(state: OrderState) -> None:
    """The ended ones need none; those that work have it; of all others it is missing."""
    has_it = state in (OPEN, PARTIALLY_FILLED, FILLED, CANCELED, REJECTED)
    assert ours(state).unacknowledged is not has_it


@pytest.mark.parametrize("part", ["positions", "balances"])
def test_nothing_is_made_up_while_something_is_silent(part: str) -> None:
    case = Case((ours(),), (theirs(filled=4),), said_held=4, cash={"USD": 0})
    silent = Unanswered("timeout")
    for policy in OnMismatch:
        result = case.judged_with(policy, **{part: silent})
        assert not events(result) and f"order {NAME}" in result.unjudged
        assert set(kinds(result)) == {Kind.UNKNOWN}
        assert [qty for _, qty in booked(case.judged(policy))] == [4]


def test_an_answer_from_before_the_last_change_does_not_count() -> None:
    case = Case((ours(),), answers=(said(Found.CANCELED, theirs(), OLD - 1),))
    assert others(case.judged()) == [Query(NAME, NOW)]
    case = Case((ours(),), answers=(said(Found.CANCELED, theirs(), OLD),))
    assert events(case.judged()) == [OrderCanceled("X1", NOW)]
    other = Answer("CLI00000009", NOW, Found.CANCELED, theirs())
    assert others(Case((ours(),), answers=(other,)).judged()) == [Query(NAME, NOW)]


def denied(*ages_s: int, order: LocalOrder | None = None) -> Reconciliation:
    answers = tuple(said(Found.UNKNOWN, None, NOW - age * SCALE) for age in ages_s)
    return Case((order or ours(),), answers=answers).judged()


def test_no_such_order_is_believed_the_second_time() -> None:
    once = denied(0)
    assert kinds(once) == [Kind.VENUE_MISSING] and not events(once)
    assert once.findings[0].venue == "no such order, said 1 time"
    assert others(once) == [Query(NAME, NOW + 5 * SCALE)] and once.outcome is Outcome.WAITING
    twice = denied(5, 0)
    assert twice.findings[0].venue == "no such order, said 2 times"
    assert events(twice) == [OrderCanceled("X1", NOW)]
    assert others(twice) == [Cancel("X1", NAME)], "in case it is there after all"
    assert twice.outcome is Outcome.SETTLING
    never = denied(5, 0, order=ours(PENDING, order_id=None))
    assert events(never) == [OrderRejected(NAME, "abandoned: no such order", NOW)]
    assert others(never) == [Cancel(None, NAME)] == [never.actions[0]], "before it is given up"


def test_no_such_order_is_not_believed_too_early() -> None:
    changed_ns = NOW - 9 * SCALE
    early = denied(3, 1, order=ours(changed_ns=changed_ns))
    assert not events(early) and others(early) == [Query(NAME, NOW + 4 * SCALE)]
    settled = denied(3, 0, order=ours(changed_ns=NOW - 10 * SCALE))
    assert events(settled) == [OrderCanceled("X1", NOW)]


def test_another_answer_between_two_denials_begins_them_anew() -> None:
    answers = (
        said(Found.UNKNOWN, None, NOW - 9), said(Unanswered("timeout"), None, NOW - 8),
        said(Found.UNKNOWN, None, NOW),
    )  # fmt: skip
    result = Case((ours(),), answers=answers).judged()
    assert result.findings[0].venue == "no such order, said 1 time" and not events(result)


def test_executions_speak_for_an_order_that_is_not_listed() -> None:
    case = Case((ours(),), (), (execution(qty=10),), said_held=10)
    result = case.judged()
    assert booked(result) == [("E1", 10)] and kinds(result) == [Kind.STALE, Kind.MATCHED]
    known = (KnownFill("E1", 4 * SCALE, 100 * SCALE),)
    asked = Case((ours(PARTIALLY_FILLED, filled=4),), (), (execution(),), known, 4).judged()
    assert others(asked) == [Query(NAME, NOW)]
    for policy in OnMismatch:
        result = Case((ours(),), (), (execution(qty=11),), said_held=11).judged(policy)
        assert kinds(result)[0] is Kind.QTY_MISMATCH and result.outcome is Outcome.HALTED
    named = Case((ours(PARTIALLY_FILLED, filled=3),), (), (execution(qty=4),), held=3, said_held=4)
    lacking = named.judged()
    assert kinds(lacking) == [Kind.QTY_MISMATCH] and lacking.outcome is Outcome.HALTED
