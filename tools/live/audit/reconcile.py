"""Reconciliation: our books held against the exchange, before trading starts and while it runs.

`reconcile` is pure: two sides and a policy in, findings and what is to be done out. Nothing is
merged silently. What the exchange says about our own orders becomes inputs of the line; what
contradicts goes by the policy; what is critical and cannot be mended halts. Applying the actions
and reconciling again finds them done, because all names are hashes of the exchange's facts.
"""

from __future__ import annotations

from collections.abc import Callable

from ..core.contracts_v1 import FreezeOrdered
from ..core.record import record
from ..exchange import IExchangeClient
from .reconcile_facts import Answer, LocalState, Policy, VenueState
from .reconcile_findings import (
    Action, Finding, Kind, Outcome, Query, Reconciliation, Take, in_order,
)  # fmt: skip
from .reconcile_holdings import judge_balances, judge_fills, judge_positions
from .reconcile_judge import Judgement
from .reconcile_orders import judge_orders
from .reconcile_venue import observe

ACTOR = "reconciliation"
ROUNDS = 6  # ask, book, cancel, look again; what differs then will not mend itself


def reconcile(local: LocalState, venue: VenueState, policy: Policy) -> Reconciliation:
    """Compare orders, executions, positions and balances, in this order."""
    desk = Judgement(local, venue, policy)
    strangers = judge_orders(desk)
    judge_fills(desk, strangers)
    judge_positions(desk)
    judge_balances(desk)
    halting = [found for found in desk.findings if found.halts and not _bearable(desk, found)]
    actions = in_order(_distinct(desk.findings))
    reason = _reason(halting) if halting else ""
    if halting and not local.halted:
        actions.insert(0, Take(FreezeOrdered(reason, None, ACTOR, venue.at_ns)))
    return Reconciliation(
        venue.at_ns, _outcome(desk, halting, actions), tuple(desk.findings),
        tuple(desk.unjudged), tuple(actions), reason, desk.retry_at_ns(),
    )  # fmt: skip


def _bearable(desk: Judgement, found: Finding) -> bool:
    """An exchange may be silent for a while, if the policy has the patience."""
    since = desk.venue.unanswered_since_ns
    silent_ns = 0 if since is None else desk.at_ns - since
    return found.kind is Kind.UNKNOWN and silent_ns < desk.policy.patience_ns


def _distinct(findings: list[Finding]) -> list[Action]:
    """What the findings ask for, each thing once."""
    return list(dict.fromkeys(remedy for found in findings for remedy in found.remedies))


def _outcome(desk: Judgement, halting: list[Finding], actions: list[Action]) -> Outcome:
    if halting:
        return Outcome.HALTED
    if any(not isinstance(action, Query) for action in actions):
        return Outcome.SETTLING
    if actions or desk.unjudged or desk.doubtful:
        return Outcome.WAITING
    return Outcome.READY


def _reason(halting: list[Finding]) -> str:
    first = halting[0]
    others = f" and {len(halting) - 1} more" if len(halting) > 1 else ""
    return f"reconciliation: {first.kind.value} {first.about}{others}"


@record
class Readiness:
    """Where the last round ended, and what the next call has to remember.

    Trading may begin at READY only. One that runs already may go on while WAITING.
    """

    outcome: Outcome
    last: Reconciliation
    reason: str
    retry_at_ns: int | None
    rounds: int
    answers: tuple[Answer, ...]
    unanswered_since_ns: int | None


def ready_or_halted(
    exchange: IExchangeClient,
    policy: Policy,
    read_books: Callable[[VenueState], LocalState],
    carry_out: Callable[[tuple[Action, ...]], None],
    now_ns: Callable[[], int],
    before: Readiness | None = None,
    drain: Callable[[], None] = lambda: None,
) -> Readiness:
    """Look, mend and look again until our books and the exchange agree, or it cannot be.

    For start-up, and for a timer that hands in what the call before returned. `drain` books what
    the stream of fills has to tell; `read_books` gives our side, for whatever the exchange
    mentioned; `carry_out` gives inputs their place on the line and sends what goes out; questions
    are asked here. It never sleeps: a question that is not due yet ends in WAITING with the time
    to come back.
    """
    answers = () if before is None else before.answers
    since = None if before is None else before.unanswered_since_ns
    queries = () if before is None else _queries(before.last)
    for number in range(1, ROUNDS + 1):
        at_ns = now_ns()
        due = [query.client_order_id for query in queries if query.not_before_ns <= at_ns]
        venue = observe(exchange, at_ns, due, answers, since, drain)
        local = read_books(venue)
        last = reconcile(local, venue, policy)
        silent = any(found.kind is Kind.UNKNOWN for found in last.findings)
        since = (at_ns if since is None else since) if silent else None
        queries = _queries(last)
        answers = _still_needed(venue.answers, queries)
        carry_out(tuple(action for action in last.actions if not isinstance(action, Query)))
        due_now = any(query.not_before_ns <= at_ns for query in queries)
        mending = last.outcome is Outcome.SETTLING
        if not mending and (last.outcome is Outcome.HALTED or not due_now):
            return Readiness(
                last.outcome, last, last.reason, last.retry_at_ns, number, answers, since
            )
    reason = f"reconciliation: still differs after {ROUNDS} rounds"
    if not local.halted:
        carry_out((Take(FreezeOrdered(reason, None, ACTOR, last.at_ns)),))
    return Readiness(Outcome.HALTED, last, reason, last.retry_at_ns, ROUNDS, answers, since)


def _queries(last: Reconciliation) -> tuple[Query, ...]:
    return tuple(action for action in last.actions if isinstance(action, Query))


def _still_needed(answers: tuple[Answer, ...], queries: tuple[Query, ...]) -> tuple[Answer, ...]:
    """Answers about orders that are not settled yet; a long-lived timer must not pile them up."""
    asked = {query.client_order_id for query in queries}
    return tuple(answer for answer in answers if answer.client_order_id in asked)
