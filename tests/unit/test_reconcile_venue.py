"""Both sides as plain values: a live exchange, live books, and what a fold makes of the actions."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.unit.builders import BTC, ETH, T0_MS, T0_NS, a_fake, a_fold, e9
from tests.unit.reconcile_world import PlainVenue, Venue
from tools.live.audit.reconcile import ready_or_halted
from tools.live.audit.reconcile_facts import (
    KnownFill, LocalState, OnMismatch, Policy, Unanswered, VenueState,
)  # fmt: skip
from tools.live.audit.reconcile_findings import Action, Cancel, Outcome, Take
from tools.live.audit.reconcile_venue import READINGS, local_state, observe
from tools.live.core.clock import NS_PER_S
from tools.live.core.contracts_v1 import BUY, SELL, CancelOrder, OrderCanceled
from tools.live.core.errors import ContractError
from tools.live.core.order import CANCELED, FILLED, OPEN, REJECTED
from tools.live.exchange import PlaceOrderRequest, Position
from tools.live.exchange_query import Found, OrderAnswer, QueryableExchange
from tools.live.fold import Fold
from tools.live.order_store import InMemoryOrderStore
from tools.live.portfolio.ledger import Ledger


def test_an_exchange_of_today_answers_two_questions() -> None:
    fake = a_fake(fill_rate=1.0, partial=1.0)
    fake.place_limit(PlaceOrderRequest("CLI00000001", BTC, BUY, 0.5, 50_000))
    seen = observe(fake, T0_NS)
    assert not isinstance(fake, QueryableExchange)
    assert (seen.fills, seen.balances, seen.can_ask, seen.answers) == (None, None, False, ())
    assert isinstance(seen.orders, tuple) and isinstance(seen.positions, dict)
    [row] = seen.orders
    assert (row.order_id, row.client_order_id, row.qty) == ("ORD000001", "CLI00000001", e9(0.5))
    assert seen.positions == {BTC: row.filled} and 0 < row.filled < row.qty
    assert observe(fake, T0_NS, ["CLI00000001"]).answers == ()


def test_an_exchange_that_can_be_asked_answers_all() -> None:
    venue = Venue()
    row = venue.place("CLI00000001", BTC, SELL, e9(2), e9(100))
    fill = venue.fill(row, e9(1))
    seen = observe(venue, T0_NS, ["CLI00000001", "CLI00000002"])
    assert isinstance(seen.fills, tuple)
    [told] = seen.fills
    assert (told.fill_id, told.side, told.ts_ns) == (fill.fill_id, SELL, fill.timestamp_ms * 10**6)
    assert seen.balances == {"USD": e9(1) * e9(100)} and seen.can_ask
    first, second = seen.answers
    assert (first.found, first.at_ns) == (Found.OPEN, T0_NS) and first.order is not None
    assert first.order.filled == e9(1)
    assert (second.found, second.order) == (Found.UNKNOWN, None)
    later = observe(venue, T0_NS + 1, ["CLI00000002"], seen.answers, 7)
    assert len(later.answers) == 3 and later.unanswered_since_ns == 7


@pytest.mark.parametrize(
    "error", [TimeoutError("timed out"), ConnectionResetError("reset"), ContractError("garbled"),
              ValueError("no JSON")]
)  # fmt: skip
@pytest.mark.parametrize(
    ("question", "part"),
    [("get_open_orders", "orders"), ("get_positions", "positions"), ("get_fills", "fills"),
     ("get_balances", "balances")],
)  # fmt: skip
def test_what_fails_is_unanswered(
    question: str, part: str, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    venue = Venue()
    calls: list[str] = []

    def fail() -> None:
        calls.append(question)
        raise error

    monkeypatch.setattr(venue, question, fail)
    seen = observe(venue, T0_NS)
    assert getattr(seen, part) == Unanswered(str(error)) and len(calls) == 1
    others = {"orders", "positions", "fills", "balances"} - {part}
    assert not any(isinstance(getattr(seen, other), Unanswered) for other in others)


def test_an_answer_tells_its_executions_and_words(monkeypatch: pytest.MonkeyPatch) -> None:
    venue = Venue()
    row = venue.place("CLI00000001", BTC, SELL, e9(2), e9(100))
    fill = venue.fill(row, e9(1))
    answer = OrderAnswer(Found.CANCELED, row.shown(), (fill, fill), "by hand")
    monkeypatch.setattr(venue, "get_order", lambda name: answer)
    [told] = observe(venue, T0_NS, ["CLI00000001"]).answers
    assert [one.fill_id for one in told.fills] == [fill.fill_id] and told.message == "by hand"
    other = venue.fill(row, e9(1), fill.fill_id)
    answer = OrderAnswer(Found.CANCELED, row.shown(), (fill, other))
    monkeypatch.setattr(venue, "get_order", lambda name: answer)
    if fill.qty_e9 == other.qty_e9 and fill.timestamp_ms == other.timestamp_ms:
        raise AssertionError("the two must differ")
    [told] = observe(venue, T0_NS, ["CLI00000001"]).answers
    assert told.found == Unanswered(
        f"execution {fill.fill_id} is listed twice, with other numbers"
    )


def test_questions_go_before_the_readings() -> None:
    venue = Venue()
    observe(venue, T0_NS, ["CLI00000001"])
    assert venue.asked[:2] == ["order", "orders"] and venue.asked.count("orders") == 2


def test_a_silent_answer_about_one_order_and_an_error_without_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    venue = Venue()
    venue.silent["order"] = 1
    [answer] = observe(venue, T0_NS, ["CLI00000001"]).answers
    assert answer.found == Unanswered("order timed out") and answer.order is None

    def fail() -> list[Position]:
        raise TimeoutError

    monkeypatch.setattr(venue, "get_positions", fail)
    assert observe(venue, T0_NS).positions == Unanswered("TimeoutError")


def test_a_bug_of_a_client_is_no_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    venue = PlainVenue()

    def broken() -> list[Position]:
        raise TypeError("a bug")

    monkeypatch.setattr(venue, "get_positions", broken)
    with pytest.raises(TypeError, match="a bug"):
        observe(venue, T0_NS)


def test_an_exchange_need_not_offer_everything() -> None:
    class Reluctant(Venue):
        def get_balances(self) -> dict[str, int] | None:
            return None

    venue = Reluctant()
    venue.itemises = False
    seen = observe(venue, T0_NS)
    assert (seen.fills, seen.balances) == (None, None) and seen.can_ask


def test_rows_that_stand_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    venue = Venue()
    row = venue.place("A", BTC, BUY, e9(2), e9(100))
    rows = [row.shown(), row.shown()]
    monkeypatch.setattr(venue, "get_open_orders", lambda: rows)
    seen = observe(venue, T0_NS)
    assert isinstance(seen.orders, tuple) and len(seen.orders) == 1
    row.filled = e9(1)
    rows[1] = row.shown()
    why = "order X1 is listed twice, with other numbers"
    assert observe(venue, T0_NS).orders == Unanswered(why)


def test_executions_that_stand_twice_or_have_no_name() -> None:
    venue = Venue()
    row = venue.place("A", BTC, BUY, e9(4), e9(100))
    fill = venue.fill(row, e9(1))
    venue.executions.append(fill)
    seen = observe(venue, T0_NS)
    assert isinstance(seen.fills, tuple) and len(seen.fills) == 1
    fill.fill_id = None
    seen = observe(venue, T0_NS)
    assert isinstance(seen.fills, tuple)
    first, second = (told.fill_id for told in seen.fills)
    assert first == second[:-1] + "1" and second.endswith("-2") and first.startswith("recon-")
    assert observe(venue, T0_NS) == seen
    other = venue.fill(row, e9(2), "E9")
    again = venue.fill(row, e9(1), "E9")
    assert other != again
    why = "execution E9 is listed twice, with other numbers"
    assert observe(venue, T0_NS).fills == Unanswered(why)


def test_long_and_short_may_be_kept_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    venue = PlainVenue()
    positions = [Position(BTC, 3, 0.0), Position(ETH, 1, 0.0), Position(BTC, -1, 0.0)]
    monkeypatch.setattr(venue, "get_positions", lambda: positions)
    assert observe(venue, T0_NS).positions == {BTC: e9(2), ETH: e9(1)}


def test_what_moves_is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    venue = PlainVenue()
    moves = [1, 2, 2]
    reads: list[int] = []

    def moving() -> list[Position]:
        reads.append(1)
        return [Position(BTC, moves.pop(0), 0.0)]

    monkeypatch.setattr(venue, "get_positions", moving)
    assert observe(venue, T0_NS).positions == {BTC: e9(2)} and len(reads) == 3
    moves += [1, 2, 3, 4]
    seen = observe(venue, T0_NS)
    assert seen.positions == seen.orders == Unanswered(f"moved in each of {READINGS} readings")
    moves += [1, 2, 3, 3]
    assert observe(venue, T0_NS).positions == {BTC: e9(3)}


def test_live_books_as_values() -> None:
    store, ledger, venue = InMemoryOrderStore(), Ledger(), Venue()
    for number in range(1, 6):
        store.create(BTC, "Buy", 2, 100, T0_MS + number)
        if number < 5:
            name = f"CLI{number:08d}"
            store.accept(store.orders[name], f"X{number}", T0_NS)
    late = store.orders["CLI00000001"]
    store.move(late, CANCELED, T0_NS)
    store.apply_fill(late, "E1", e9(1), e9(99), T0_NS + 9)
    ledger.apply_fill(BTC, BUY, e9(1), e9(99), False)
    ledger.holding(ETH)
    store.move(store.orders["CLI00000002"], CANCELED, T0_NS)
    store.move(store.orders["CLI00000003"], CANCELED, T0_NS)
    state = local_state(store, ledger, observe(venue, T0_NS + 5))
    assert [order.client_order_id for order in state.orders] == ["CLI00000004", "CLI00000005"]
    assert (state.positions, state.fills) == ({BTC: e9(1)}, ())
    assert (state.cash, state.halted, state.forgets) == (None, False, False)
    assert state.orders[1].order_id is None and state.orders[1].changed_ns == T0_NS + 5 * 10**6
    venue.place("", BTC, BUY, e9(2), e9(100), "X1")
    venue.place("CLI00000002", BTC, BUY, e9(2), e9(100), "Y")
    row = venue.place("", BTC, BUY, e9(2), e9(100), "X3")
    venue.fill(row, e9(1), "E1")
    venue.fill(row, e9(1), "E2")
    state = local_state(store, ledger, observe(venue, T0_NS), halted=True, cash={"USD": 5})
    assert [order.client_order_id[-1] for order in state.orders] == list("12345")
    assert state.orders[0].filled == e9(1), "late fills count"
    assert state.fills == (KnownFill("E1", e9(1), e9(99)),)
    assert (state.cash, state.halted) == ({"USD": 5}, True)
    seen, before = observe(venue, T0_NS), {BTC: e9(-1), ETH: e9(2), "XRPUSDT": 0}
    held = local_state(store, ledger, seen, held_before=before).positions
    assert held == {ETH: e9(2)} and list(local_state(
        store, ledger, seen, held_before={BTC: 1, "AAA": 1}).positions) == ["AAA", BTC]  # fmt: skip
    assert state.orders[1].unacknowledged is False
    venue.tells_fills, venue.itemises = True, False
    gone = venue.place("CLI00000009", BTC, BUY, e9(2), e9(100), "X2")
    venue.fill(gone, e9(1), "E1")
    asked = local_state(store, ledger, observe(venue, T0_NS, ["CLI00000009"]))
    assert "CLI00000002" in [order.client_order_id for order in asked.orders]
    assert asked.fills == (KnownFill("E1", e9(1), e9(99)),), "what an answer tells counts, too"
    venue.itemises = True
    venue.silent.update(orders=1, fills=1)
    assert len(local_state(store, ledger, observe(venue, T0_NS)).orders) == 2


def test_a_store_that_forgets_says_so() -> None:
    store = InMemoryOrderStore(retain=0)
    order = store.create(BTC, "Buy", 2, 100, T0_MS)
    assert not local_state(store, Ledger(), observe(Venue(), T0_NS)).forgets
    store.move(order, REJECTED, T0_NS)
    assert local_state(store, Ledger(), observe(Venue(), T0_NS)).forgets


class Desk:
    """A real fold whose books are reconciled with a small exchange."""

    def __init__(self, venue: PlainVenue) -> None:
        self.venue = venue
        self.fold: Fold = a_fold()
        self.ns = T0_NS

    def order(self, side: str = "Buy", qty: int = 4, accepted: bool = True) -> str:
        """A live order of ours, approved by the gate and, if so, resting at the exchange."""
        store, monitor = self.fold.store, self.fold.monitor
        name = store.next_id
        which = BUY if side == "Buy" else SELL
        monitor.review(name, BTC, which, e9(qty), e9(100), self.ns)
        order = store.open_pending(BTC, which, e9(qty), e9(100), self.ns)
        row = self.venue.place(name, BTC, which, e9(qty), e9(100))
        if accepted:
            store.accept(order, row.order_id, self.ns)
            self.fold.stats["orders_placed"] += 1
        return row.order_id

    def read(self, seen: VenueState) -> LocalState:
        fold = self.fold
        return local_state(fold.store, fold.monitor.ledger, seen, halted=fold.monitor.frozen)

    def carry_out(self, actions: tuple[Action, ...]) -> None:
        for action in actions:
            if isinstance(action, Take):
                for output in self.fold.step(action.event):
                    if isinstance(output, CancelOrder):
                        self._cancel(output.order_id)
            elif isinstance(action, Cancel) and action.order_id is not None:
                self._cancel(action.order_id)

    def _cancel(self, order_id: str) -> None:
        if self.venue.cancel(order_id):
            self.fold.step(OrderCanceled(order_id, self.ns))

    def reconciled(self, policy: OnMismatch = OnMismatch.ALERT) -> Outcome:
        """Come back as often as asked to; the outcome when it is ready or halted."""
        clock: Callable[[], int] = lambda: self.ns  # noqa: E731
        before = None
        for _ in range(9):
            self.ns += 30 * NS_PER_S
            before = ready_or_halted(
                self.venue, Policy(policy), self.read, self.carry_out, clock, before
            )
            if before.outcome is not Outcome.WAITING:
                return before.outcome
        raise AssertionError(before)


def test_a_fold_takes_the_facts_and_is_ready() -> None:
    desk = Desk(Venue())
    rows = desk.venue.rows
    filled = desk.order()
    desk.venue.fill(rows[filled], e9(4))
    part = desk.order("Sell")
    desk.venue.fill(rows[part], e9(1))
    unheard = desk.order(accepted=False)
    gone = desk.order("Sell", accepted=False)
    del rows[gone]
    canceled = desk.order()
    desk.venue.cancel(canceled)
    assert desk.reconciled() is Outcome.READY
    states = [order.state for order in desk.fold.store.get_all()]
    assert states == [FILLED, "partially_filled", OPEN, REJECTED, CANCELED]
    assert desk.fold.store.by_order_id[unheard].state is OPEN
    assert desk.fold.monitor.ledger.qty(BTC) == desk.venue.held[BTC] == e9(3)
    assert not desk.fold.monitor.frozen and not desk.fold.refused_fills


def test_a_fold_that_is_halted_cancels_what_rests() -> None:
    desk = Desk(Venue())
    resting = desk.order()
    desk.venue.place("by-hand", BTC, BUY, e9(1), e9(100))
    assert desk.reconciled() is Outcome.HALTED
    assert desk.fold.monitor.frozen
    assert desk.fold.monitor.last_freeze_reason == (
        "reconciliation: ORPHAN order X2 (reconciliation)"
    )
    assert desk.venue.rows[resting].found is Found.CANCELED
    assert desk.venue.rows["X2"].found is Found.OPEN, "it is not ours to touch"
    events = desk.fold.stats["freeze_events"]
    assert desk.reconciled() is Outcome.HALTED and desk.fold.stats["freeze_events"] == events == 1
    assert desk.reconciled(OnMismatch.CANCEL) is Outcome.READY
    assert desk.fold.monitor.frozen, "an operator lifts it, not a reconciliation"
