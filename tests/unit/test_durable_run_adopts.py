"""A run that outlives its process and takes over what others did: `tools.live.durable_run`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sim.venue import VenueOrder
from tests.unit.adopting_answers import broken
from tests.unit.builders import BTC, ETH, T0_NS, e9
from tests.unit.durable_desk import Desk, order_of, quote
from tools.live.audit.reconcile_facts import OnMismatch, Policy, VenueFill
from tools.live.audit.reconcile_facts import VenueOrder as Row
from tools.live.audit.reconcile_findings import (
    AdoptBalance, AdoptFill, AdoptOrder, AdoptPosition, Outcome,
)  # fmt: skip
from tools.live.core.contracts_v1 import BUY, PlaceOrderRequest
from tools.live.core.errors import InvariantBroken
from tools.live.core.order import CANCELED, OPEN, PARTIALLY_FILLED
from tools.live.durable_run import DurableRun, adopt_into
from tools.live.exchange_query import Found
from tools.live.journal.reader import Reader
from tools.live.journal.rederive import rederive
from tools.live.journal.replay import rebuild
from tools.live.reports.snapshot import state_sha256
from tools.live.replay_books import books

ADOPT = Policy(OnMismatch.ADOPT)
ADOPTIONS = ("order.adopted", "order.fill_adopted", "risk.position_adopted")


def a_desk(filled: int = 0) -> Desk:
    """A venue at which somebody has an order, a part of it filled before we knew of it."""
    desk = Desk()
    request = PlaceOrderRequest("by-hand", BTC, BUY, 0.01, 49_000)
    desk.venue.orders["by-hand"] = VenueOrder("V77", "by-hand", request)
    if filled:
        desk.venue.trade("by-hand", filled)
    return desk


def adopting(desk: Desk, **given: Any) -> DurableRun:
    return desk.open(policy=ADOPT, **given)


def adoptions(desk: Desk) -> list[str]:
    return [topic for topic in desk.topics() if topic in ADOPTIONS]


def check(run: DurableRun, desk: Desk) -> None:
    """Our books add up, and the journal says the same."""
    run.on_fill()
    assert broken(run.loop.fold) == []
    verified = rederive(desk.disk)
    assert verified.holds
    replay = rebuild(desk.disk)
    fold, first_ns = run.loop.fold, replay.opened.first_event_ns
    assert replay.state_sha256 == state_sha256(fold, run.loop.seq, first_ns)


def test_a_stranger_s_order_is_ours_from_the_start() -> None:
    desk = a_desk()
    run = adopting(desk)
    assert not run.halted and not run.ready, "its news may be on the way"
    assert run.loop.order_store.orders["by-hand"].state is OPEN
    desk.wait(run, 6)
    assert run.ready and adoptions(desk) == ["order.adopted"]
    quote(run, desk)
    desk.wait(run, 60)
    assert adoptions(desk) == ["order.adopted"], "looking again changes nothing"
    run.cancel_all("tidy")
    assert desk.venue.orders["by-hand"].found is Found.CANCELED
    assert run.loop.order_store.orders["by-hand"].state is CANCELED
    check(run, desk)


def test_it_is_taken_over_on_the_timer_too() -> None:
    desk = Desk()
    run = adopting(desk)
    quote(run, desk)
    desk.venue.orders["by-hand"] = order_of("by-hand")
    desk.wait(run, 31)
    assert "by-hand" in run.loop.order_store.orders and not run.halted
    check(run, desk)


def test_what_a_stranger_filled_before_is_known_and_held() -> None:
    desk = Desk()
    run = adopting(desk)
    quote(run, desk)
    run.cancel_all("tidy")
    stranger = a_desk().venue.orders["by-hand"]
    desk.venue.orders["by-hand"] = stranger
    desk.venue.trade("by-hand", e9(0.004))
    run.on_fill()
    assert run.halted, "an execution of an order that is not ours"
    assert adoptions(desk) == []
    desk.wait(run, 31)
    run.on_fill()
    assert adoptions(desk) == list(ADOPTIONS[1::-1]) + ["risk.position_adopted"]
    order = run.loop.order_store.orders["by-hand"]
    assert (order.filled_e9, order.adopted_e9, order.state) == (e9(0.004), e9(0.004), CANCELED)
    assert run.loop.risk_monitor.ledger.qty(BTC) == e9(0.004)
    desk.wait(run, 31)
    assert run.ready and run.halted, "the books agree; trading is for an operator to allow"
    run.unfreeze("looked at it", "ada")
    check(run, desk)
    desk.end()
    run = adopting(desk)
    assert run.loop.fold.duplicate_fills >= 1, "the stream began anew"
    assert run.loop.risk_monitor.ledger.qty(BTC) == e9(0.004)
    assert not run.halted
    told = {fill.fill_id: fill.qty for fill in books(rebuild(desk.disk)).fills}
    assert told == {"E1": e9(0.004)}
    check(run, desk)


def test_an_execution_of_an_order_that_came_and_went_is_taken_over_once() -> None:
    desk = Desk()
    run = adopting(desk)
    quote(run, desk)
    desk.venue.orders["by-hand"] = a_desk().venue.orders["by-hand"]
    desk.venue.trade("by-hand", e9(0.004))
    desk.venue.orders["by-hand"].found = Found.CANCELED
    for _ in range(4):
        desk.wait(run, 31)
    assert adoptions(desk) == ["order.fill_adopted", "risk.position_adopted"]
    assert run.ready and "by-hand" not in run.loop.order_store.orders
    check(run, desk)


def test_a_position_without_a_quote_halts_and_says_why() -> None:
    desk = Desk()
    run = adopting(desk)
    quote(run, desk)
    desk.venue.held = {ETH: e9(2)}
    desk.wait(run, 31)
    assert run.halted
    why = run.loop.risk_monitor.last_freeze_reason
    assert why is not None
    first = [one.payload() for one in Reader(desk.disk).poll() if one.topic == "risk.frozen"]
    assert first[0]["reason"] == (
        "adoption of position ETHUSDT refused: no quote of it was heard, so nobody knows what it"
        " is worth (reconciliation)"
    )
    assert "risk.position_adopted" not in desk.topics()
    frozen = desk.topics().count("risk.freeze_ordered")
    desk.wait(run, 31)
    assert desk.topics().count("risk.freeze_ordered") == frozen, "it is said once"
    check(run, desk)


def test_what_was_there_before_the_run_is_not_adopted() -> None:
    desk = Desk()
    desk.venue.held = {BTC: e9(3)}
    run = adopting(desk)
    quote(run, desk)
    desk.venue.held = {BTC: e9(5)}
    desk.wait(run, 31)
    assert run.loop.risk_monitor.ledger.qty(BTC) == e9(2)
    desk.wait(run, 31)
    assert run.ready and not run.halted
    check(run, desk)


def test_an_order_of_ours_that_was_amended_is_taken_over() -> None:
    desk = Desk()
    run = adopting(desk)
    quote(run, desk)
    desk.venue.orders["CLI00000001"].price = e9(48_000)
    desk.wait(run, 31)
    assert run.loop.order_store.orders["CLI00000001"].price_e9 == e9(48_000)
    assert not run.halted
    check(run, desk)


def test_an_order_that_we_ended_is_canceled_if_it_rests_on_other_terms() -> None:
    desk = Desk()
    run = adopting(desk, reconcile_every_s=5)
    quote(run, desk)
    run.cancel_all("a test")
    theirs = desk.venue.orders["CLI00000001"]
    theirs.found, theirs.price = Found.OPEN, e9(48_000)
    desk.wait(run, 20)
    assert theirs.found is Found.CANCELED and adoptions(desk) == []
    desk.wait(run, 20)
    assert run.ready and not run.halted
    check(run, desk)


def test_a_run_that_was_adopted_into_is_taken_up_from_its_checkpoint() -> None:
    desk = a_desk(e9(0.004))
    run = adopting(desk, checkpoint_every=1)
    quote(run, desk)
    desk.wait(run, 31)
    order = run.loop.order_store.orders["by-hand"]
    assert (order.state, order.adopted_e9) == (CANCELED, e9(0.004))
    desk.end()
    run = adopting(desk, checkpoint_every=1)
    assert run.loop.order_store.orders["by-hand"].adopted_e9 == e9(0.004)
    check(run, desk)


def test_money_is_never_adopted() -> None:
    run = Desk().open()
    with pytest.raises(InvariantBroken, match="USD was to be adopted, but a run keeps no count"):
        adopt_into(run.loop, {}, AdoptBalance("b", "USD", 1, 0))


def test_each_adoption_is_given_its_place_on_the_line() -> None:
    desk = a_desk()
    run = desk.open(policy=Policy(OnMismatch.CANCEL))
    quote(run, desk)
    fill = VenueFill("E9", "V9", BTC, BUY, 5, 7, "maker", T0_NS)
    adopt_into(run.loop, {BTC: 4}, AdoptFill(fill))
    adopt_into(run.loop, {BTC: 4}, AdoptPosition("p", BTC, 10, 4))
    assert run.loop.fold.adoptions.fills == {"E9": ("V9", BTC, BUY, 5, 7)}
    assert run.loop.fold.adoptions.positions == {BTC: 6}
    row = Row("V9", "by-hand", BTC, BUY, 9, 7, 8)
    known = VenueFill("E10", "V9", BTC, BUY, 3, 7, "maker", T0_NS)
    adopt_into(run.loop, {}, AdoptOrder("o", row, PARTIALLY_FILLED, (known,)))
    assert run.loop.order_store.orders["by-hand"].filled_e9 == 8
    assert run.last_reconciliation is not None
    assert run.last_reconciliation.outcome is Outcome.READY
