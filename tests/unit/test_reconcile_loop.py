"""Reconciliation around a real loop: start-up, the timer, and the line that records it all."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.builders import BTC, ETH, T0_MS, T0_NS, a_loop, a_quote, e9, events_of, some_params
from tests.unit.reconcile_world import PlainVenue, Venue
from tools.live.audit.reconcile_facts import OnMismatch, Policy
from tools.live.audit.reconcile_findings import (
    AdoptFill, AdoptOrder, Adoption, AdoptPosition, Cancel, Outcome,
)  # fmt: skip
from tools.live.audit.reconcile_loop import INTERVAL_NS, PATIENCE_NS, ReconcileLoop
from tools.live.core.clock import NS_PER_S
from tools.live.core.contracts_v1 import (
    BUY, SELL, Fill, FreezeOrdered, OrderAccepted, OrderCanceled, OrderRejected,
)  # fmt: skip
from tools.live.core.errors import ContractError
from tools.live.core.order import CANCELED, FILLED, OPEN, PARTIALLY_FILLED, REJECTED

CENT = e9(0.01)


class Desk:
    """A running system as its owner wires it, on a small exchange."""

    def __init__(
        self, venue: PlainVenue, policy: OnMismatch = OnMismatch.ALERT, **more: Any
    ) -> None:
        self.venue = venue
        self.loop = a_loop(venue)
        self.sent: list[Cancel] = []
        self.adopted: list[Adoption] = []
        self.quote()
        self.reconcile = ReconcileLoop(
            venue, self.loop.order_store, self.loop.risk_monitor.ledger,
            take=self.loop._take, cancel=self.cancel, drain=self.loop.on_fill,
            halted=lambda: self.loop.risk_monitor.frozen,
            now_ns=lambda: self.loop.event_clock.ns, adopt=self.adopted.append,
            policy=Policy(policy), **more,
        )  # fmt: skip

    def quote(self) -> None:
        """A quote, answered with a buy and a sell that rest at the exchange."""
        ms = self.loop.event_clock.ns // 10**6 or T0_MS
        self.loop.on_quote(a_quote(timestamp_ms=ms), some_params())

    def wait(self, ns: int) -> None:
        self.loop.event_clock.ns += ns

    def cancel(self, cancel: Cancel) -> None:
        self.sent.append(cancel)
        if cancel.order_id is None:
            assert isinstance(self.venue, Venue)
            self.venue.cancel_client_order(cancel.client_order_id)
        elif self.venue.cancel(cancel.order_id):
            self.loop._take(OrderCanceled(cancel.order_id, self.loop.event_clock.ns))

    def states(self) -> list[str]:
        return [order.state.value for order in self.loop.order_store.get_all()]


def test_a_start_up_waits_for_young_orders_and_is_ready_then() -> None:
    desk = Desk(Venue())
    first = desk.reconcile.start_up()
    assert first.outcome is Outcome.WAITING and not desk.reconcile.ready
    assert desk.reconcile.due_ns == T0_NS + 5 * NS_PER_S == first.retry_at_ns
    assert desk.reconcile.on_time() is None, "it is not due yet"
    desk.wait(5 * NS_PER_S - 1)
    assert desk.reconcile.on_time() is None
    desk.wait(1)
    second = desk.reconcile.on_time()
    assert second is not None and second.outcome is Outcome.READY and desk.reconcile.ready
    assert desk.reconcile.last is second
    assert desk.reconcile.due_ns == desk.loop.event_clock.ns + INTERVAL_NS


def test_the_line_gets_the_facts_and_the_books_agree() -> None:
    venue = Venue()
    desk = Desk(venue)
    buy, sell = venue.rows.values()
    venue.fill(buy, CENT)
    venue.cancel(sell.order_id)
    desk.wait(20 * NS_PER_S)
    ended = desk.reconcile.start_up()
    assert desk.states() == [FILLED, CANCELED]
    assert ended.outcome is Outcome.WAITING, "what has just changed is looked at again"
    desk.wait(20 * NS_PER_S)
    assert desk.reconcile.start_up().outcome is Outcome.READY
    [fill] = events_of(desk.loop, Fill)
    assert isinstance(fill, Fill) and fill.fill_id == "E3"
    assert len(events_of(desk.loop, OrderCanceled)) == 1
    assert desk.loop.risk_monitor.ledger.qty(BTC) == venue.held[BTC] == CENT
    count = desk.loop.seq
    desk.wait(INTERVAL_NS)
    again = desk.reconcile.on_time()
    assert again is not None and again.outcome is Outcome.READY
    assert desk.loop.seq == count, "repeating it changes nothing"


def test_an_order_whose_answer_was_lost_is_found() -> None:
    venue = Venue()
    desk = Desk(venue)
    store = desk.loop.order_store
    lost = store.create(BTC, "Buy", 0.01, 50_000, T0_MS)
    gone = store.create(BTC, "Sell", 0.01, 50_000, T0_MS)
    venue.place(lost.client_order_id, BTC, BUY, CENT, e9(50_000))
    monitor = desk.loop.risk_monitor
    for order in (lost, gone):
        monitor.review(order.client_order_id, BTC, order.side_of, CENT, e9(50_000), T0_NS)
    for _ in range(4):
        desk.wait(20 * NS_PER_S)
        desk.reconcile.on_time()
    assert desk.reconcile.ready and (lost.state, gone.state) == (OPEN, REJECTED)
    accepted = events_of(desk.loop, OrderAccepted)[-1]
    assert isinstance(accepted, OrderAccepted)
    assert accepted.client_order_id == lost.client_order_id
    [rejected] = events_of(desk.loop, OrderRejected)
    assert isinstance(rejected, OrderRejected) and rejected.message == "abandoned: no such order"
    assert desk.sent == [Cancel(None, gone.client_order_id)]


def test_the_stream_is_booked_first_so_nothing_is_made_up() -> None:
    venue = Venue()
    venue.itemises = False
    desk = Desk(venue)
    buy = next(iter(venue.rows.values()))
    venue.stream.append(venue.fill(buy, CENT // 4))
    desk.wait(20 * NS_PER_S)
    desk.reconcile.start_up()
    [fill] = events_of(desk.loop, Fill)
    assert isinstance(fill, Fill) and fill.fill_id == "E3"
    order = desk.loop.order_store.by_order_id[buy.order_id]
    assert (order.state, order.filled_e9) == (PARTIALLY_FILLED, CENT // 4)


def test_what_cannot_be_mended_halts_and_stays_halted() -> None:
    venue = Venue()
    desk = Desk(venue)
    desk.wait(20 * NS_PER_S)
    assert desk.reconcile.start_up().outcome is Outcome.READY
    venue.place("by-hand", BTC, BUY, CENT, e9(1))
    desk.wait(INTERVAL_NS)
    halted = desk.reconcile.on_time()
    assert halted is not None and halted.outcome is Outcome.HALTED and not desk.reconcile.ready
    assert desk.states() == [CANCELED, CANCELED] and desk.loop.risk_monitor.frozen
    [freeze] = events_of(desk.loop, FreezeOrdered)
    assert isinstance(freeze, FreezeOrdered) and freeze.actor == "reconciliation"
    assert desk.sent == [], "the order by hand is not touched"
    desk.wait(INTERVAL_NS)
    assert desk.reconcile.on_time() is not None and not desk.reconcile.ready
    assert len(events_of(desk.loop, FreezeOrdered)) == 1
    venue.cancel("X3")
    desk.wait(INTERVAL_NS)
    assert desk.reconcile.on_time() is not None and desk.reconcile.ready
    assert desk.loop.risk_monitor.frozen, "an operator lifts a freeze, not an agreement"


def test_who_waits_goes_on_as_before() -> None:
    desk = Desk(Venue())
    desk.wait(20 * NS_PER_S)
    assert desk.reconcile.start_up().outcome is Outcome.READY
    desk.quote()
    desk.wait(1)
    desk.reconcile.due_ns = 0
    waiting = desk.reconcile.on_time()
    assert waiting is not None and waiting.outcome is Outcome.WAITING and desk.reconcile.ready
    again = desk.reconcile.start_up()
    assert again.outcome is Outcome.WAITING and not desk.reconcile.ready, "a start begins anew"


def test_the_next_look_is_never_now_and_never_behind_the_interval() -> None:
    desk = Desk(Venue(), interval_ns=NS_PER_S)
    desk.reconcile.start_up()
    assert desk.reconcile.due_ns == T0_NS + NS_PER_S
    venue = Venue()
    desk = Desk(venue)
    venue.silent["positions"] = 99
    desk.wait(20 * NS_PER_S)
    desk.reconcile.start_up()
    silent_until = desk.loop.event_clock.ns + 5 * NS_PER_S
    assert desk.reconcile.due_ns == silent_until and not desk.reconcile.ready


def test_a_question_is_not_asked_again_before_it_is_due() -> None:
    venue = Venue()
    desk = Desk(venue)
    row = next(iter(venue.rows.values()))
    del venue.rows[row.order_id]
    desk.wait(20 * NS_PER_S)
    desk.reconcile.start_up()
    assert venue.asked.count("order") == 1
    desk.wait(NS_PER_S)
    desk.reconcile.due_ns = 0
    desk.reconcile.on_time()
    assert venue.asked.count("order") == 1, "the last look is remembered"
    desk.reconcile.start_up()
    assert venue.asked.count("order") == 2, "a start-up remembers nothing"


def test_what_was_held_before_counts() -> None:
    venue = Venue()
    venue.held[ETH] = e9(3)
    desk = Desk(venue, held_before={ETH: e9(3)})
    desk.wait(20 * NS_PER_S)
    assert desk.reconcile.start_up().outcome is Outcome.READY
    unknown = Desk(venue)
    unknown.wait(20 * NS_PER_S)
    assert unknown.reconcile.start_up().outcome is Outcome.HALTED


def test_policies_go_to_their_hands() -> None:
    venue = Venue()
    desk = Desk(venue, OnMismatch.CANCEL)
    venue.place("by-hand", BTC, SELL, CENT, e9(1))
    desk.wait(20 * NS_PER_S)
    assert desk.reconcile.start_up().outcome is Outcome.READY
    assert desk.sent == [Cancel("X3", "by-hand")] and desk.adopted == []
    venue = Venue()
    desk = Desk(venue, OnMismatch.ADOPT)
    row = venue.place("by-hand", BTC, SELL, CENT, e9(1))
    venue.fill(venue.place("by-hand-2", ETH, BUY, CENT, e9(1)), CENT)
    desk.wait(20 * NS_PER_S)
    desk.reconcile.start_up()
    assert desk.sent == []
    kinds = [adopted.__class__ for adopted in desk.adopted[:3]]
    assert kinds == [AdoptOrder, AdoptFill, AdoptPosition]
    assert isinstance(desk.adopted[0], AdoptOrder)
    assert desk.adopted[0].order.order_id == row.order_id


def test_a_look_that_is_due_already_is_put_off_to_the_next_input() -> None:
    venue = Venue()
    desk = Desk(venue)
    row = next(iter(venue.rows.values()))
    del venue.rows[row.order_id]
    venue.place("by-hand", BTC, BUY, CENT, e9(1))
    desk.wait(20 * NS_PER_S)
    halted = desk.reconcile.start_up()
    assert halted.outcome is Outcome.HALTED
    assert halted.retry_at_ns == desk.loop.event_clock.ns, "the missing order can be asked for"
    assert desk.reconcile.due_ns == desk.loop.event_clock.ns + 1
    assert desk.reconcile.on_time() is None


def test_a_silence_is_borne_for_half_a_minute() -> None:
    venue = Venue()
    desk = Desk(venue)
    reconcile = ReconcileLoop(
        venue, desk.loop.order_store, desk.loop.risk_monitor.ledger, take=desk.loop._take,
        cancel=desk.cancel, drain=desk.loop.on_fill, halted=lambda: False,
        now_ns=lambda: desk.loop.event_clock.ns,
    )  # fmt: skip
    desk.wait(20 * NS_PER_S)
    venue.silent["positions"] = 99
    assert reconcile.start_up().outcome is Outcome.WAITING and not reconcile.ready
    desk.wait(PATIENCE_NS - 1)
    assert reconcile.on_time() is not None and not desk.loop.risk_monitor.frozen
    reconcile.due_ns = 0
    desk.wait(1)
    halted = reconcile.on_time()
    assert halted is not None and halted.outcome is Outcome.HALTED
    assert desk.loop.risk_monitor.frozen


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"interval_ns": 0}, "interval_ns 0 must be above 0; give nanoseconds"),
        ({"policy": Policy(OnMismatch.ADOPT)}, "policy adopt needs somebody who adopts"),
    ],
)
def test_bad_terms_are_refused(more: dict[str, Any], message: str) -> None:
    loop = a_loop(Venue())
    with pytest.raises(ContractError, match=message):
        ReconcileLoop(
            loop.exchange, loop.order_store, loop.risk_monitor.ledger, take=loop._take,
            cancel=lambda cancel: None, drain=loop.on_fill, halted=lambda: False,
            now_ns=lambda: 0, **more,
        )  # fmt: skip
