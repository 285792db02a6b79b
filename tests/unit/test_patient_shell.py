"""The shell beside an exchange that answers later: it waits, keeps order, and doubts in time."""

from __future__ import annotations

import pytest

from tests.unit.builders import BTC, T0_MS, T0_NS, PlainExchange, a_loop, a_quote, events_of
from tests.unit.builders import recorded, some_params, states
from tests.unit.late_exchange import (
    a_late_loop, accepted, canceled, filled, hear, not_canceled, rejected,
)  # fmt: skip
from tools.live import patient_shell
from tools.live.core.clock import NS_PER_MS
from tools.live.core.contracts_v1 import (
    BUY, REQUEST_LIFE_NS, SELL, CancelFailed, CancelOrder, Fill, FreezeOrdered, FundingPaid,
    OrderAccepted, OrderCanceled, OrderUnknown, QueryFailed, QuoteUpdate, TimerFired,
)  # fmt: skip
from tools.live.core.errors import LiveError
from tools.live.core.line import Line
from tools.live.core.order import CANCELED, FILLED, OPEN, PENDING, REJECTED
from tools.live.exchange import FakeExchangeClient, OrderStatus, PlaceOrderResponse
from tools.live.exchange_answers import AnsweringExchange
from tools.live.execution_loop import ExecutionParams, wire_shadow
from tools.live.patient_shell import ACTOR, PatientShell

BOTH = (accepted(1), accepted(2))


def test_a_loop_is_patient_where_answers_come_later() -> None:
    loop, exchange = a_late_loop()
    assert isinstance(loop, PatientShell)
    assert isinstance(exchange, AnsweringExchange)
    assert not isinstance(PlainExchange(), AnsweringExchange)


def test_an_order_is_pending_until_its_answer_comes() -> None:
    loop, exchange = a_late_loop()
    assert states(loop) == [PENDING, PENDING]
    hear(loop, exchange, accepted(1, 3))
    assert states(loop) == [OPEN, PENDING]
    assert loop.event_clock.ns == T0_NS + 3 * NS_PER_MS
    assert loop.fold.ack_ns == {3 * NS_PER_MS: 1}
    hear(loop, exchange, rejected(2, 4))
    assert states(loop) == [OPEN, REJECTED]
    assert loop.event_clock.ns == T0_NS + 4 * NS_PER_MS
    assert not loop._asked


def test_an_answer_is_tied_to_what_was_asked_and_to_the_quote_behind_it() -> None:
    loop, exchange = a_late_loop()
    hear(loop, exchange, *BOTH, filled("X1", BUY))
    quote = next(entry for entry in recorded(loop) if isinstance(entry.event, QuoteUpdate))
    by_seq = {entry.seq: entry for entry in recorded(loop)}
    for kind in (OrderAccepted, Fill):
        for entry in recorded(loop):
            if isinstance(entry.event, kind):
                assert entry.corr == quote.seq
                assert by_seq[entry.cause].event.client_order_id in ("CLI00000001", "CLI00000002")


def test_a_time_of_the_past_does_not_set_the_line_back() -> None:
    loop, exchange = a_late_loop()
    hear(loop, exchange, accepted(1, 9), rejected(2, 1))
    hear(loop, exchange, canceled("X1", 1))
    assert loop.event_clock.ns == T0_NS + 9 * NS_PER_MS
    assert [entry.event.ts_ns for entry in recorded(loop)][-3:] == [T0_NS + 9 * NS_PER_MS] * 3


def test_a_cancel_is_waited_for_and_not_sent_twice() -> None:
    loop, exchange = a_late_loop()
    hear(loop, exchange, *BOTH)
    loop.cancel_all("requote")
    loop.cancel_all("requote")
    assert exchange.canceled == ["X1", "X2"]
    assert states(loop) == [OPEN, OPEN]
    hear(loop, exchange, canceled("X1"), canceled("X2"))
    assert states(loop) == [CANCELED, CANCELED]
    asked = [entry for entry in recorded(loop) if isinstance(entry.event, CancelOrder)]
    ended = [entry for entry in recorded(loop) if isinstance(entry.event, OrderCanceled)]
    assert [entry.cause for entry in ended] == [entry.seq for entry in asked]
    assert not loop._canceling and not loop.fold.canceling


def test_a_cancel_that_came_too_late_is_settled_by_the_fill() -> None:
    loop, exchange = a_late_loop()
    hear(loop, exchange, *BOTH)
    loop.cancel_all("requote")
    hear(loop, exchange, filled("X1", BUY), not_canceled("X1"), canceled("X2"))
    assert states(loop) == [FILLED, CANCELED]
    assert loop.fold.unresolved == {}


def test_an_end_that_nobody_asked_for_belongs_to_its_order() -> None:
    loop, exchange = a_late_loop()
    hear(loop, exchange, *BOTH, canceled("X2"))
    assert states(loop) == [OPEN, CANCELED]
    approved = recorded(loop)[-1].cause
    assert recorded(loop)[approved - 1].event.client_order_id == "CLI00000002"


def test_a_cancel_that_was_heard_of_another_way_is_not_recorded_again() -> None:
    """Whoever compares both sides may see the end before the answer to the cancel comes."""
    loop, exchange = a_late_loop()
    hear(loop, exchange, *BOTH)
    loop.cancel_all("a test")
    loop.take(OrderCanceled("X1", T0_NS + 5 * NS_PER_MS))
    hear(loop, exchange, canceled("X1", 6), canceled("X2", 6), canceled("X2", 7))
    assert states(loop) == [CANCELED, CANCELED]
    ends = [end.ts_ns - T0_NS for end in events_of(loop, OrderCanceled)]
    assert ends == [
        5 * NS_PER_MS, 6 * NS_PER_MS,
    ]  # fmt: skip
    assert not loop._canceling and not loop.fold.canceling


def test_an_order_on_its_way_is_canceled_as_soon_as_it_has_a_name() -> None:
    loop, exchange = a_late_loop()
    loop.cancel_all("requote")
    assert exchange.canceled == []
    hear(loop, exchange, accepted(1), rejected(2))
    assert exchange.canceled == ["X1"]
    hear(loop, exchange, canceled("X1"))
    assert states(loop) == [CANCELED, REJECTED]
    assert loop.fold.unresolved == {}


def test_what_comes_before_the_acknowledgement_waits_for_it() -> None:
    loop, exchange = a_late_loop()
    other = filled("X2", SELL, fill_id="F2")
    hear(loop, exchange, filled("X1", BUY, 0.004), canceled("X1"), other)
    assert states(loop) == [PENDING, PENDING]
    hear(loop, exchange, accepted(2))
    assert states(loop) == [PENDING, FILLED]
    hear(loop, exchange, accepted(1))
    assert states(loop) == [CANCELED, FILLED]
    assert loop.order_store.orders["CLI00000001"].filled_qty == 0.004
    assert not loop.risk_monitor.frozen
    assert not loop._kept_fills and not loop._kept_ends


def test_what_no_acknowledgement_explains_is_judged_when_none_is_left() -> None:
    loop, exchange = a_late_loop()
    hear(loop, exchange, filled("Z9", BUY), canceled("Z9"))
    assert not loop.risk_monitor.frozen
    hear(loop, exchange, *BOTH)
    assert loop.fold.refused_fills == 1
    assert loop.risk_monitor.frozen
    assert len(events_of(loop, OrderCanceled)) == 1  # of an order that is none of ours


@pytest.mark.parametrize("again", [accepted(1, 5), rejected(2, 5)])
def test_an_answer_that_is_said_twice_changes_nothing(again: OrderAccepted) -> None:
    loop, exchange = a_late_loop()
    hear(loop, exchange, accepted(1), rejected(2))
    heard = len(recorded(loop))
    hear(loop, exchange, again)
    assert len(recorded(loop)) == heard


def test_a_refusal_of_an_accepted_order_may_be_of_its_copy_and_is_asked() -> None:
    loop, exchange = a_late_loop()
    hear(loop, exchange, *BOTH, rejected(1, 2))
    assert states(loop) == [OPEN, OPEN]
    (failed,) = events_of(loop, QueryFailed)
    assert failed.client_order_id == "CLI00000001"


def test_the_clock_of_the_exchange_does_not_set_ours_ahead() -> None:
    loop, exchange = a_late_loop()
    exchange.now_ms = T0_MS + 5
    hear(loop, exchange, accepted(1, 60_000), accepted(2, 4))
    assert loop.event_clock.ns == T0_NS + 5 * NS_PER_MS
    exchange.now_ms = T0_MS + 9
    hear(loop, exchange, filled("X1", BUY, after_ms=60_000), canceled("X2", 60_000))
    assert loop.event_clock.ns == T0_NS + 9 * NS_PER_MS
    hear(loop, exchange, filled("X1", BUY, after_ms=7))  # the same again, and it is known
    assert loop.fold.duplicate_fills == 1


def test_a_refusal_of_nobody_says_nothing() -> None:
    loop, exchange = a_late_loop()
    heard = len(recorded(loop))
    hear(loop, exchange, rejected(7))
    assert len(recorded(loop)) == heard


@pytest.mark.parametrize(
    ("impossible", "why", "also_canceled"),
    [
        (accepted(7, 2, "Z9"), "CLI00000007 is accepted as Z9, and was never sent", ["Z9"]),
        (accepted(1, 2, "Z9"), "CLI00000001 is accepted as Z9, but is open as X1", ["Z9"]),
        (accepted(2, 2, "X1"), "CLI00000002 is accepted as X1, which is CLI00000001", []),
    ],
)
def test_an_acknowledgement_that_cannot_be_freezes(
    impossible: OrderAccepted, why: str, also_canceled: list[str]
) -> None:
    loop, exchange = a_late_loop()
    hear(loop, exchange, accepted(1), impossible)
    (freeze,) = events_of(loop, FreezeOrdered)
    assert freeze == FreezeOrdered(f"order {why}", None, ACTOR, impossible.ts_ns)
    assert exchange.canceled == ["X1", *also_canceled]
    assert len(events_of(loop, OrderUnknown)) == (not also_canceled)


def test_two_orders_under_one_name_freeze() -> None:
    loop, exchange = a_late_loop()
    hear(loop, exchange, *BOTH, accepted(1, 2, "X2"))
    assert loop.risk_monitor.frozen
    assert exchange.canceled == ["X1", "X2"]
    assert not events_of(loop, OrderUnknown)


def test_an_acknowledgement_of_an_order_that_was_given_up_freezes_and_is_canceled() -> None:
    loop, exchange = a_late_loop()
    hear(loop, exchange, accepted(1), rejected(2), accepted(2, 3))
    (freeze,) = events_of(loop, FreezeOrdered)
    assert freeze.reason == "order CLI00000002 is accepted as X2, but is rejected"
    assert exchange.canceled == ["X1", "X2"]


def test_an_order_without_an_answer_is_in_doubt_when_it_is_overdue() -> None:
    loop, exchange = a_late_loop()
    hear(loop, exchange, accepted(1))
    loop.event_clock.advance_to(T0_NS + REQUEST_LIFE_NS - 1)
    loop._ask_due()
    assert not events_of(loop, OrderUnknown)
    loop.event_clock.advance_to(T0_NS + REQUEST_LIFE_NS)
    loop._ask_due()
    assert [event.client_order_id for event in events_of(loop, OrderUnknown)] == ["CLI00000002"]
    assert len(events_of(loop, QueryFailed)) == 1  # it cannot be asked, so it stays in doubt
    hear(loop, exchange, accepted(2, 6_000))
    assert states(loop) == [OPEN, OPEN]
    assert not loop.fold.outbox.doubts


def test_a_cancel_without_an_answer_is_tried_again() -> None:
    loop, exchange = a_late_loop()
    hear(loop, exchange, *BOTH)
    loop.cancel_all("requote")
    sent_ns = loop.event_clock.ns
    loop.event_clock.advance_to(sent_ns + REQUEST_LIFE_NS)
    loop._ask_due()
    failed = events_of(loop, CancelFailed)
    assert [event.message for event in failed] == ["the exchange has not answered"] * 2
    loop.event_clock.advance_to(sent_ns + 2 * REQUEST_LIFE_NS)
    loop._ask_due()
    assert exchange.canceled == ["X1", "X2"] * 2


def test_the_end_of_a_run_waits_for_what_is_on_its_way() -> None:
    loop, exchange = a_late_loop()
    exchange.queue += [accepted(1, 3), accepted(2, 3)]
    exchange.next_ns = T0_NS + 3 * NS_PER_MS
    told = exchange.next_answer_ns

    def next_answer_ns() -> int | None:
        return told() if exchange.queue else None

    exchange.next_answer_ns = next_answer_ns  # type: ignore[method-assign]
    loop._wait_for_answers()
    assert states(loop) == [OPEN, OPEN]
    assert loop.event_clock.ns == T0_NS + 3 * NS_PER_MS


def test_the_end_of_a_run_does_not_wait_for_a_promise_for_ever() -> None:
    loop, exchange = a_late_loop()
    exchange.next_ns = T0_NS
    loop._wait_for_answers()
    assert len(events_of(loop, OrderUnknown)) == 2
    assert loop.fold.outbox.doubts.keys() == {"CLI00000001", "CLI00000002"}


def test_what_is_overdue_at_the_end_of_a_run_is_asked_for() -> None:
    loop, _ = a_late_loop()
    loop._wait_for_answers()
    unknown = events_of(loop, OrderUnknown)
    assert [event.ts_ns for event in unknown] == [T0_NS + REQUEST_LIFE_NS] * 2
    assert events_of(loop, TimerFired)


def test_what_is_asked_again_at_the_end_of_a_run_is_waited_for_as_well() -> None:
    loop, exchange = a_late_loop()
    hear(loop, exchange, accepted(1), rejected(2))
    loop.cancel_all("requote")
    told = list[str]()

    def cancel(order_id: str) -> None:
        answered_ns = loop.event_clock.ns + 3 * NS_PER_MS
        exchange.queue.append(OrderCanceled(order_id, answered_ns))
        exchange.next_ns = answered_ns
        told.append(order_id)

    exchange.cancel = cancel  # type: ignore[method-assign]
    exchange.stream_answers = lambda: iter(  # type: ignore[method-assign]
        [exchange.queue.pop() for _ in exchange.queue if loop.event_clock.ns == exchange.next_ns]
    )
    loop._wait_for_answers()
    assert told == ["X1"]
    assert states(loop) == [CANCELED, REJECTED]
    (failed,) = events_of(loop, CancelFailed)
    (ended,) = events_of(loop, OrderCanceled)
    assert ended.ts_ns == failed.ts_ns + 1_000 * NS_PER_MS + 3 * NS_PER_MS


def test_an_exchange_that_confirms_at_once_is_believed_and_its_last_fills_heard() -> None:
    loop, exchange = a_late_loop()
    hear(loop, exchange, *BOTH)
    exchange.queue += [filled("X1", BUY, 0.004), LiveError("gone")]
    exchange.cancel = lambda order_id: True  # type: ignore[method-assign]
    loop.cancel_all("requote")
    assert states(loop) == [CANCELED, CANCELED]
    assert loop.order_store.orders["CLI00000001"].filled_qty == 0.004
    exchange.cancel = lambda order_id: False  # type: ignore[method-assign]
    loop.on_quote(a_quote(), some_params())
    hear(loop, exchange, accepted(3), accepted(4))
    loop.cancel_all("requote")
    assert loop.fold.unresolved == {name: "the exchange said no" for name in ("X3", "X4")}


def test_an_exchange_that_answers_at_once_may_not_promise() -> None:
    exchange = PlainExchange()
    pending = PlaceOrderResponse(True, None, OrderStatus.PENDING)
    exchange.place_limit = lambda req: pending  # type: ignore[method-assign]
    loop = a_loop(exchange)
    loop.on_quote(a_quote(), some_params())
    assert len(events_of(loop, OrderUnknown)) == 2


def test_beside_an_exchange_that_answers_at_once_it_is_a_plain_shell() -> None:
    exchange = PlainExchange()
    loop = a_loop(exchange)
    loop.on_quote(a_quote(), some_params())
    exchange.reports.append(filled("X1", BUY))
    loop.on_fill()
    exchange.reports.append(filled("X2", SELL, 0.004, "F2"))
    loop.cancel_all("requote")
    assert states(loop) == [FILLED, CANCELED]
    assert loop.order_store.orders["CLI00000002"].filled_qty == 0.004
    exchange.cancel = lambda order_id: None  # type: ignore[method-assign,assignment,return-value]
    loop.on_quote(a_quote(), some_params())
    loop.cancel_all("requote")
    assert loop.fold.unresolved == {name: "the exchange said no" for name in ("X3", "X4")}
    loop._wait_for_answers()


def test_a_refusal_at_once_is_one() -> None:
    loop, exchange = a_late_loop()
    no = PlaceOrderResponse(False, None, OrderStatus.REJECTED, "no")
    exchange.place_limit = lambda req: no  # type: ignore[method-assign]
    loop.on_quote(a_quote(), some_params())
    assert states(loop) == [PENDING, PENDING, REJECTED, REJECTED]


def test_funding_is_money_of_its_own_on_the_line() -> None:
    loop, exchange = a_late_loop()
    hear(loop, exchange, *BOTH, filled("X1", BUY))
    paid = FundingPaid(BTC, -5 * 10**15, "1 bps on 0.01 at 50000", T0_NS + 7 * NS_PER_MS)
    hear(loop, exchange, paid)
    assert events_of(loop, FundingPaid) == [paid]
    assert loop.risk_monitor.ledger.holdings[BTC].funding_e18 == -5 * 10**15


def test_what_led_to_an_order_is_forgotten_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patient_shell, "_MANY", 8)
    loop = wire_shadow(
        max_inventory_usd_per_symbol=10**9, max_total_notional_usd=10**9,
        edge_freeze_threshold_bps=0, exchange=FakeExchangeClient(), fee_maker_bps=0,
        fee_taker_bps=0, retain=10, line=Line(), clock=lambda: T0_MS,
    )  # fmt: skip
    params = ExecutionParams([BTC], 200, 10**9, 10**9, 0, requote=True)
    loop.run_shadow(params)
    assert 0 < len(loop._origins) <= 2 * (10 + 2) + 2
    fills = [entry for entry in recorded(loop) if isinstance(entry.event, Fill)]
    assert all(entry.cause for entry in fills)


def test_a_new_life_waits_for_nothing() -> None:
    loop, exchange = a_late_loop()
    hear(loop, exchange, *BOTH)
    loop.cancel_all("requote")
    loop.reset()
    assert not loop._asked and not loop._canceling and not loop.fold.canceling
    assert loop.risk_monitor.exposures.get(BTC) is None
