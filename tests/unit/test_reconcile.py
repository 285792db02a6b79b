"""Reconciliation as a whole: its kinds, its outcome, silence, and the loop around it."""

from __future__ import annotations

from tests.unit.reconcile_cases import (
    ADOPT, BTC, CANCEL, NAME, NOW, Case, events, execution, kinds, others, ours, theirs,
)  # fmt: skip
from tests.unit.reconcile_world import USD, Books, Venue
from tools.live.audit.reconcile import ROUNDS, Readiness, _distinct, ready_or_halted
from tools.live.audit.reconcile_facts import LocalState, OnMismatch, Policy, Unanswered, VenueState
from tools.live.audit.reconcile_findings import (
    SEVERITY, Action, AdoptBalance, AdoptFill, AdoptOrder, AdoptPosition, Cancel, Kind, Outcome,
    Query, Severity, Take, fact_id, in_order,
)  # fmt: skip
from tools.live.audit.reconcile_judge import Judgement
from tools.live.audit.reconcile_venue import observe
from tools.live.core.contracts_v1 import BUY, FreezeOrdered, OrderAccepted, OrderCanceled
from tools.live.core.money import SCALE
from tools.live.core.order import OPEN, PARTIALLY_FILLED, PENDING, REJECTED
from tools.live.exchange_query import QueryableExchange


def test_two_empty_sides_are_ready() -> None:
    result = Case().judged()
    assert (result.outcome, result.findings, result.actions) == (Outcome.READY, (), ())
    assert result.retry_at_ns is None and result.counts() == {}


def test_every_kind_has_its_severity() -> None:
    assert list(SEVERITY) == list(Kind)
    grave = [kind for kind in Kind if SEVERITY[kind] is Severity.CRITICAL]
    assert grave == [
        Kind.LOCAL_MISSING, Kind.ORPHAN, Kind.DUPLICATE, Kind.QTY_MISMATCH, Kind.PRICE_DIVERGENCE,
        Kind.UNKNOWN,
    ]  # fmt: skip
    assert SEVERITY[Kind.STALE] is SEVERITY[Kind.VENUE_MISSING] is Severity.WARNING
    assert SEVERITY[Kind.MATCHED] is Severity.OK


def test_an_order_and_a_position_on_both_sides_match() -> None:
    result = Case((ours(PARTIALLY_FILLED, filled=4),), (theirs(filled=4),), held=4).judged()
    assert kinds(result) == [Kind.MATCHED, Kind.MATCHED]
    assert result.outcome is Outcome.READY and result.counts() == {"MATCHED": 2}
    assert [found.about for found in result.findings] == [f"order {NAME}", "position BTCUSDT"]
    assert result.findings[0].local == "partially_filled Buy BTCUSDT at 100, 4 of 10 filled (X1)"
    assert result.findings[0].venue == "open Buy BTCUSDT at 100, 4 of 10 filled (X1)"


def test_a_list_that_was_not_given_is_not_empty() -> None:
    case = Case((ours(),), Unanswered("timeout"), said_held=10)
    for policy in OnMismatch:
        result = case.judged(policy)
        assert kinds(result) == [Kind.UNKNOWN] and result.outcome is Outcome.HALTED
        assert result.findings[0].about == "list of open orders"
        assert not events(result) and not others(result)
        assert result.unjudged == ("position BTCUSDT",)
    assert result.reason == "reconciliation: UNKNOWN list of open orders"


def test_silence_may_be_borne_for_a_while() -> None:
    patient = Policy(patience_ns=30 * SCALE)
    case = Case((), Unanswered("timeout"))
    for since, outcome in (
        (None, Outcome.WAITING), (NOW - 30 * SCALE + 1, Outcome.WAITING),
        (NOW - 30 * SCALE, Outcome.HALTED),
    ):  # fmt: skip
        result = case._replace(since=since).judged(patient)
        assert result.outcome is outcome and result.retry_at_ns == NOW + 5 * SCALE
    drifted = case._replace(said_held=1).judged(patient)
    assert drifted.outcome is Outcome.HALTED, "patience is for silence only"


def test_the_freeze_comes_first_and_once() -> None:
    case = Case(rows=(theirs(order_id="X9", name="by-hand"),), held=1, said_held=2)
    result = case.judged()
    reason = "reconciliation: ORPHAN order X9 and 1 more"
    assert result.actions == (Take(FreezeOrdered(reason, None, "reconciliation", NOW)),)
    assert result.reason == reason
    behind = ours(PENDING, order_id=None)
    more = Case((behind,), (theirs(), theirs(order_id="X9", name="by-hand"))).judged()
    freeze, second = more.actions
    assert isinstance(freeze, Take) and isinstance(freeze.event, FreezeOrdered)
    assert second == Take(OrderAccepted(NAME, "X1", NOW))
    again = case._replace(halted=True).judged()
    assert again.actions == () and again.outcome is Outcome.HALTED and again.reason == reason


def test_the_order_of_what_is_done() -> None:
    fill = execution()
    adopt = AdoptOrder("a", theirs(), OPEN)
    wanted: list[Action] = [
        Take(OrderAccepted(NAME, "X1", NOW)), Take(OrderCanceled("X1", NOW)), adopt,
        AdoptFill(fill), AdoptPosition("p", BTC, 1, 0), AdoptBalance("b", USD, 1, 0),
        Cancel("X1", NAME), Query(NAME, NOW),
    ]  # fmt: skip
    mixed = [wanted[7], wanted[6], wanted[0], wanted[5], wanted[4], wanted[3], wanted[1], wanted[2]]
    assert in_order(mixed) == wanted


def test_names_are_made_of_facts() -> None:
    case = Case(rows=(theirs(order_id="X9", name="by-hand"),))
    again = case.judged(ADOPT)
    assert case.judged(ADOPT).findings[0].id == again.findings[0].id
    other = Case(rows=(theirs(order_id="X9", name="by-hand", price=101),)).judged(ADOPT)
    assert other.findings[0].id != again.findings[0].id
    assert fact_id("a", 1, None) != fact_id("a", "1None")
    assert fact_id() == fact_id() and len(fact_id()) == 16


def test_an_action_is_asked_for_once() -> None:
    desk = Judgement(
        LocalState((), (), {}, None, False, False),
        VenueState(NOW, (), {}, None, None, (), True, None),
        Policy(),
    )
    cancel = Cancel("X1", NAME)
    desk.add(Kind.STALE, "order A", "", "", cancel)
    desk.add(Kind.STALE, "order B", "", "", cancel)
    assert _distinct(desk.findings) == [cancel]


# The loop around it.


def test_a_cancel_that_does_nothing_ends_in_a_halt() -> None:
    venue = Venue()
    books = Books(venue)
    venue.place("by-hand", BTC, BUY, SCALE, SCALE)
    venue.deaf = True
    books.age()
    ended = ready_or_halted(venue, Policy(CANCEL), books.state, books.carry_out, books.now)
    assert ended.outcome is Outcome.HALTED and books.halted and ended.rounds == ROUNDS
    assert venue.asked.count("orders") == 2 * ROUNDS, "two readings in each round"
    assert ended.reason == f"reconciliation: still differs after {ROUNDS} rounds"
    changes = books.changes
    again = ready_or_halted(venue, Policy(CANCEL), books.state, books.carry_out, books.now, ended)
    assert again.outcome is Outcome.HALTED and again.reason == ended.reason
    assert books.changes == changes, "it is halted already"


def test_a_call_remembers_what_was_asked() -> None:
    venue = Venue()
    assert isinstance(venue, QueryableExchange)
    books = Books(venue)
    books.order(NAME, BTC, BUY, SCALE, SCALE)
    books.age()
    waiting = ready_or_halted(venue, Policy(), books.state, books.carry_out, books.now)
    assert (waiting.outcome, waiting.rounds) == (Outcome.WAITING, 2)
    assert waiting.retry_at_ns == books.ns + 5 * SCALE and len(waiting.answers) == 1
    early = ready_or_halted(venue, Policy(), books.state, books.carry_out, books.now, waiting)
    assert early.answers == waiting.answers, "not due yet, so nobody asked again"
    books.ns += 5 * SCALE
    ended = ready_or_halted(venue, Policy(), books.state, books.carry_out, books.now, early)
    assert isinstance(ended, Readiness) and ended.outcome is Outcome.WAITING
    assert books.orders[NAME].state is REJECTED and ended.answers == ()
    assert ended.last.unjudged == (f"order {NAME}", "balance USD"), "it has just changed"


def test_an_order_that_comes_and_goes_from_the_list_ends_in_a_halt() -> None:
    venue = Venue()
    books = Books(venue)
    books.both(NAME, BTC, BUY, SCALE, SCALE)
    books.age()
    venue.empty["orders"] = 2
    ended = ready_or_halted(venue, Policy(), books.state, books.carry_out, books.now)
    assert (ended.outcome, ended.rounds) == (Outcome.READY, 2), "the second list had it"
    venue.empty["orders"] = 2 * ROUNDS
    ended = ready_or_halted(venue, Policy(), books.state, books.carry_out, books.now)
    assert ended.outcome is Outcome.HALTED and books.halted


def test_the_stream_is_booked_before_every_reading() -> None:
    venue = Venue()
    books = Books(venue)
    row = books.both(NAME, BTC, BUY, 10 * SCALE, SCALE)
    books.age()
    venue.itemises = False
    told = [venue.fill(row, 4 * SCALE)]
    drained: list[int] = []

    def drain() -> None:
        drained.append(len(venue.asked))
        while told:
            books.book(told.pop())

    ended = ready_or_halted(
        venue, Policy(), books.state, books.carry_out, books.now, None, drain
    )
    assert ended.outcome is Outcome.WAITING and list(books.fills) == ["E2"], "nothing was made up"
    assert drained == [0, 3] and venue.asked[3] == "orders", "also before the second reading"
    books.age()
    venue.fill(row, 6 * SCALE)
    answered = ready_or_halted(venue, Policy(), books.state, books.carry_out, books.now)
    assert answered.outcome is Outcome.WAITING
    made_up = set(books.fills) - {"E2"}
    assert len(made_up) == 1 and made_up.pop().startswith("recon-"), "it never came by the stream"


def test_silence_is_counted_from_its_beginning() -> None:
    venue = Venue()
    books = Books(venue)
    venue.silent["positions"] = 2
    policy = Policy(patience_ns=30 * SCALE)
    first = ready_or_halted(venue, policy, books.state, books.carry_out, books.now)
    assert first.outcome is Outcome.WAITING and first.unanswered_since_ns == books.ns
    began = books.ns
    books.ns += SCALE
    second = ready_or_halted(venue, policy, books.state, books.carry_out, books.now, first)
    assert second.unanswered_since_ns == began
    books.ns += SCALE
    third = ready_or_halted(venue, policy, books.state, books.carry_out, books.now, second)
    assert third.outcome is Outcome.READY and third.unanswered_since_ns is None
    assert observe(venue, books.ns).unanswered_since_ns is None
