"""What the fold makes of lost answers, of time and of a restart: `tools.live.fold_doubts`."""

from __future__ import annotations

import pytest

from tests.unit.builders import BTC, ETH, T0_NS, a_fold, a_monitor, a_quote_event, e9, placed
from tools.live.core.contracts_v1 import (
    CancelAllOrdered, CancelFailed, CancelOrder, CancelUnknown, DoubtAlert, FreezeOrdered,
    IntentRefused, ListOpenOrders, OrderAbandoned, OrderAbsent, OrderAccepted, OrderRejected,
    OrderUnknown, Output, ParamsSet, QueryFailed, QueryOrder, Reapproved, Reconciled,
    RefusalReason, RunResumed, TimerFired,
)  # fmt: skip
from tools.live.core.errors import ContractError
from tools.live.core.order import OPEN, PENDING, REJECTED
from tools.live.fold import Fold
from tools.live.outbox import ALERT_NS, INTENT_LIFE_NS, SECOND_NS, SETTLE_NS
from tools.live.reports.snapshot import state_sha256
from tools.live.risk_monitor import RuntimeRiskMonitor

BUY_ID, SELL_ID = "CLI00000001", "CLI00000002"


def doubtful(monitor: RuntimeRiskMonitor | None = None) -> Fold:
    """A fold whose buy was sent and never answered; the sell rests as X2."""
    fold = a_fold(monitor)
    fold.step(ParamsSet(e9(0.01), e9(5), T0_NS))
    assert len(placed(fold.step(a_quote_event()))) == 2
    fold.step(OrderAccepted(SELL_ID, "X2", T0_NS))
    assert fold.step(unknown()) == (QueryOrder(BUY_ID, T0_NS),)
    return fold


def unknown(ts_ns: int = T0_NS) -> OrderUnknown:
    return OrderUnknown(BUY_ID, "timeout", ts_ns)


def absent_twice(fold: Fold, since_ns: int = T0_NS) -> list[Output]:
    """The exchange says twice that it has no such order, the second time for good."""
    assert list(fold.step(OrderAbsent(BUY_ID, since_ns))) == []
    return list(fold.step(OrderAbsent(BUY_ID, since_ns + SETTLE_NS)))


def test_an_order_in_doubt_stays_pending_and_reserved() -> None:
    fold = doubtful()
    order = fold.store.orders[BUY_ID]
    assert order.state is PENDING
    assert fold.monitor.exposures[BTC].buys == order.qty_e9
    assert list(fold.outbox.doubts) == [BUY_ID]


def test_its_symbol_takes_only_what_reduces_the_position() -> None:
    fold = doubtful()
    refused = fold.step(a_quote_event())
    assert [r.reason for r in refused if isinstance(r, IntentRefused)] == [
        RefusalReason.IN_DOUBT, RefusalReason.IN_DOUBT,
    ]  # fmt: skip
    assert len(placed(fold.step(a_quote_event(2_990, 3_010, ETH)))) == 2
    fold.monitor.on_fill(BTC, "buy", 1, 50_000)
    answer = fold.step(a_quote_event())
    assert [approved.side.value for approved in placed(answer)] == ["Sell"]


def test_it_is_found_and_trading_goes_on() -> None:
    fold = doubtful()
    fold.step(OrderAccepted(BUY_ID, "X1", T0_NS + 9))
    assert fold.store.orders[BUY_ID].state is OPEN
    assert not fold.outbox.doubts
    assert len(placed(fold.step(a_quote_event()))) == 2


def test_it_was_rejected_and_trading_goes_on() -> None:
    fold = doubtful()
    fold.step(OrderRejected(BUY_ID, "no", T0_NS))
    assert not fold.outbox.doubts
    assert fold.monitor.exposures[BTC].buys == 0
    assert len(placed(fold.step(a_quote_event()))) == 2


def test_of_two_doubts_both_must_be_settled() -> None:
    fold = a_fold()
    fold.step(a_quote_event())
    for name in (BUY_ID, SELL_ID):
        fold.step(OrderUnknown(name, "timeout", T0_NS))
    fold.step(OrderAccepted(BUY_ID, "X1", T0_NS))
    assert not placed(fold.step(a_quote_event()))
    fold.step(OrderAccepted(SELL_ID, "X2", T0_NS))
    assert len(placed(fold.step(a_quote_event()))) == 2


def test_a_doubt_that_is_told_twice_counts_once() -> None:
    fold = doubtful()
    assert fold.step(unknown(T0_NS + 5)) == (QueryOrder(BUY_ID, T0_NS + 5),)
    fold.step(OrderAccepted(BUY_ID, "X1", T0_NS))
    assert fold.monitor.exposures[BTC].doubts == 0


def test_an_order_with_an_answer_is_not_in_doubt() -> None:
    fold = doubtful()
    assert not fold.step(OrderUnknown(SELL_ID, "timeout", T0_NS))
    assert list(fold.outbox.doubts) == [BUY_ID]


def test_nobody_doubts_an_order_that_is_not_ours() -> None:
    with pytest.raises(ContractError, match="no order has the client order id 'CLI00000009'"):
        doubtful().step(OrderUnknown("CLI00000009", "timeout", T0_NS))


def test_an_absent_order_is_sent_again_under_its_id_when_that_is_final() -> None:
    fold = doubtful()
    (again,) = absent_twice(fold)
    order = fold.store.orders[BUY_ID]
    assert type(again) is Reapproved
    assert (again.client_order_id, again.symbol, again.side) == (BUY_ID, BTC, order.side_of)
    assert (again.qty_e9, again.price_e9) == (order.qty_e9, order.price_e9)
    assert again.ts_ns == T0_NS + SETTLE_NS
    assert fold.monitor.exposures[BTC].buys == order.qty_e9
    assert list(fold.outbox.doubts) == [BUY_ID]


def test_a_second_attempt_is_in_doubt_like_the_first() -> None:
    fold = doubtful()
    absent_twice(fold)
    again_ns = T0_NS + SETTLE_NS
    assert fold.step(unknown(again_ns)) == (QueryOrder(BUY_ID, again_ns),)
    assert [type(o) for o in absent_twice(fold, again_ns)] == [Reapproved]
    fold.step(OrderAccepted(BUY_ID, "X1", again_ns))
    assert fold.monitor.exposures[BTC].doubts == 0


@pytest.mark.parametrize("price", [49_970, 49_900])
def test_a_price_that_would_trade_at_once_is_not_sent_again(price: int) -> None:
    """The market came to the order: it would take now, not rest."""
    fold = doubtful()
    fold.step(a_quote_event(price - 10, price))
    assert [type(o) for o in absent_twice(fold)] == [CancelUnknown]


def test_a_sell_is_not_sent_again_below_the_bid() -> None:
    fold = a_fold()
    fold.step(ParamsSet(e9(0.01), e9(5), T0_NS))
    fold.step(a_quote_event())
    fold.step(OrderAccepted(BUY_ID, "X1", T0_NS))
    fold.step(OrderUnknown(SELL_ID, "timeout", T0_NS))
    fold.step(OrderAbsent(SELL_ID, T0_NS))
    fold.step(a_quote_event(50_020, 50_100))
    assert fold.step(OrderAbsent(SELL_ID, T0_NS + SETTLE_NS)) == [
        CancelUnknown(SELL_ID, T0_NS + SETTLE_NS)
    ]


def test_a_sell_above_the_bid_is_sent_again() -> None:
    fold = a_fold()
    fold.step(ParamsSet(e9(0.01), e9(5), T0_NS))
    fold.step(a_quote_event())
    fold.step(OrderUnknown(SELL_ID, "timeout", T0_NS))
    fold.step(OrderAbsent(SELL_ID, T0_NS))
    answer = fold.step(OrderAbsent(SELL_ID, T0_NS + SETTLE_NS))
    assert [type(output) for output in answer] == [Reapproved]


def test_an_old_order_is_not_sent_again() -> None:
    fold = doubtful()
    fold.step(OrderAbsent(BUY_ID, T0_NS))
    late_ns = T0_NS + INTENT_LIFE_NS + 1
    assert fold.step(OrderAbsent(BUY_ID, late_ns)) == [CancelUnknown(BUY_ID, late_ns)]


def test_an_order_as_old_as_can_be_is_sent_again() -> None:
    fold = doubtful()
    fold.step(OrderAbsent(BUY_ID, T0_NS))
    (again,) = fold.step(OrderAbsent(BUY_ID, T0_NS + INTENT_LIFE_NS))
    assert type(again) is Reapproved


def test_nothing_is_sent_again_while_frozen() -> None:
    fold = doubtful()
    fold.step(FreezeOrdered("stop", None, "ada", T0_NS))
    assert fold.unresolved[BUY_ID] == "never acknowledged"
    assert [type(o) for o in absent_twice(fold)] == [CancelUnknown]


def test_what_was_canceled_meanwhile_is_not_sent_again() -> None:
    fold = doubtful()
    fold.step(CancelAllOrdered(None, "requote", T0_NS))
    assert [type(o) for o in absent_twice(fold)] == [CancelUnknown]


def test_what_was_canceled_meanwhile_is_canceled_when_it_turns_up() -> None:
    fold = doubtful()
    fold.step(CancelAllOrdered(None, "requote", T0_NS))
    assert fold.step(OrderAccepted(BUY_ID, "X1", T0_NS)) == [CancelOrder(BUY_ID, "X1", T0_NS)]
    assert BUY_ID not in fold.unresolved


def test_nothing_is_sent_again_before_the_books_agree() -> None:
    fold = doubtful()
    fold.step(RunResumed(T0_NS))
    assert [type(o) for o in absent_twice(fold)] == [CancelUnknown]


def test_what_the_gate_refuses_now_is_given_up_and_stays_reserved_until_then() -> None:
    fold = doubtful()
    fold.monitor.on_fill(BTC, "buy", "0.195", 50_000)
    outputs = absent_twice(fold)
    assert [type(o) for o in outputs] == [IntentRefused, CancelUnknown]
    assert fold.stats["risk_blocks"] == fold.monitor.blocks_total == 1
    assert fold.monitor.exposures[BTC].buys == fold.store.orders[BUY_ID].qty_e9
    assert fold.monitor.exposures[BTC].doubts == 1


def test_an_order_that_is_given_up_is_canceled_by_our_id_first() -> None:
    fold = doubtful()
    fold.step(FreezeOrdered("stop", None, "ada", T0_NS))
    absent_twice(fold)
    at_ns = T0_NS + SETTLE_NS
    assert fold.step(OrderAbsent(BUY_ID, at_ns)) == (
        OrderAbandoned(BUY_ID, "the exchange never had it", at_ns),
    )
    assert fold.store.orders[BUY_ID].state is PENDING
    fold.step(OrderRejected(BUY_ID, "abandoned", at_ns))
    assert fold.store.orders[BUY_ID].state is REJECTED
    assert not fold.outbox.doubts and BUY_ID not in fold.unresolved


def test_an_order_that_turns_up_after_all_while_frozen_is_canceled() -> None:
    fold = doubtful()
    fold.step(FreezeOrdered("stop", None, "ada", T0_NS))
    absent_twice(fold)
    assert fold.step(OrderAccepted(BUY_ID, "X1", T0_NS + SETTLE_NS)) == [
        CancelOrder(BUY_ID, "X1", T0_NS + SETTLE_NS)
    ]


def test_answers_about_what_nobody_doubts_change_nothing() -> None:
    fold = doubtful()
    assert not fold.step(OrderAbsent(SELL_ID, T0_NS))
    assert not fold.step(QueryFailed(SELL_ID, "silent", T0_NS + ALERT_NS))


def test_somebody_is_called_when_the_exchange_is_silent_for_long() -> None:
    fold = doubtful()
    assert not fold.step(QueryFailed(BUY_ID, "silent", T0_NS))
    alert = DoubtAlert(BUY_ID, "silent", T0_NS + ALERT_NS)
    assert fold.step(QueryFailed(BUY_ID, "silent", T0_NS + ALERT_NS)) == (alert,)
    assert not fold.step(QueryFailed(BUY_ID, "silent", T0_NS + 2 * ALERT_NS))
    assert list(fold.outbox.doubts) == [BUY_ID]


def test_a_timer_asks_what_is_due() -> None:
    fold = doubtful()
    fold.step(QueryFailed(BUY_ID, "silent", T0_NS))
    assert fold.step(TimerFired(T0_NS + SECOND_NS - 1)) == []
    at_ns = T0_NS + SECOND_NS
    assert fold.step(TimerFired(at_ns)) == [QueryOrder(BUY_ID, at_ns)]


def test_a_timer_repeats_the_cancel_of_what_is_given_up() -> None:
    fold = doubtful()
    fold.step(FreezeOrdered("stop", None, "ada", T0_NS))
    absent_twice(fold)
    at_ns = T0_NS + SETTLE_NS + SECOND_NS
    assert fold.step(TimerFired(at_ns)) == [CancelUnknown(BUY_ID, at_ns)]


def test_a_timer_repeats_cancels_that_were_not_confirmed() -> None:
    fold = doubtful()
    fold.step(CancelFailed("X2", "timeout", T0_NS))
    at_ns = T0_NS + SECOND_NS
    fold.outbox.doubts[BUY_ID].due_ns = at_ns + 1
    assert fold.step(TimerFired(at_ns - 1)) == []
    assert fold.step(TimerFired(at_ns)) == [
        CancelOrder(SELL_ID, "X2", at_ns), QueryOrder(SELL_ID, at_ns),
    ]  # fmt: skip
    fold.step(CancelFailed("X2", "timeout", at_ns))
    assert fold.outbox.cancels_due_ns == at_ns + 2 * SECOND_NS


def test_a_timer_stops_repeating_when_nothing_rests_any_more() -> None:
    fold = doubtful()
    fold.step(CancelFailed("X2", "timeout", T0_NS))
    fold.step(OrderRejected(SELL_ID, "expired", T0_NS))
    fold.unresolved["X9"] = "somebody else's"
    fold.step(TimerFired(T0_NS + SECOND_NS))
    assert fold.outbox.cancels_due_ns is None


def test_after_a_restart_every_order_without_an_end_is_asked_for() -> None:
    fold = a_fold()
    fold.step(a_quote_event())
    fold.step(OrderAccepted(SELL_ID, "X2", T0_NS))
    later_ns = T0_NS + SECOND_NS
    assert fold.step(RunResumed(later_ns)) == [
        QueryOrder(BUY_ID, later_ns), QueryOrder(SELL_ID, later_ns),
    ]  # fmt: skip
    assert list(fold.outbox.doubts) == [BUY_ID]
    assert fold.outbox.doubts[BUY_ID].since_ns == later_ns
    assert fold.monitor.exposures[BTC].doubts == 1


def test_a_restart_asks_again_about_an_old_doubt_at_once() -> None:
    fold = doubtful()
    fold.step(QueryFailed(BUY_ID, "silent", T0_NS))
    later_ns = T0_NS + 1
    fold.step(RunResumed(later_ns))
    assert fold.outbox.doubts[BUY_ID].due_ns == later_ns
    assert fold.outbox.doubts[BUY_ID].since_ns == T0_NS
    assert fold.monitor.exposures[BTC].doubts == 1


def test_a_frozen_run_stays_frozen_and_cancels_again_after_a_restart() -> None:
    fold = doubtful()
    fold.step(FreezeOrdered("stop", None, "ada", T0_NS))
    outputs = fold.step(RunResumed(T0_NS))
    assert [type(output) for output in outputs] == [
        QueryOrder, QueryOrder, CancelOrder, ListOpenOrders,
    ]  # fmt: skip
    assert fold.monitor.frozen


@pytest.mark.parametrize("outcome", ["settling", "waiting", "halted"])
def test_nothing_is_traded_before_the_books_agree(outcome: str) -> None:
    fold = a_fold()
    fold.step(RunResumed(T0_NS))
    fold.step(Reconciled(outcome, "", T0_NS))
    assert not fold.step(a_quote_event())
    fold.step(ParamsSet(e9(0.02), 0, T0_NS))
    assert not fold.step(a_quote_event())
    fold.step(Reconciled("ready", "", T0_NS))
    assert [approved.qty_e9 for approved in placed(fold.step(a_quote_event()))] == [e9(0.02)] * 2


def test_books_that_agree_before_anything_was_asked_for_wait_for_the_params() -> None:
    fold = Fold(a_fold().store, a_monitor())
    fold.step(RunResumed(T0_NS))
    fold.step(Reconciled("ready", "", T0_NS))
    assert fold.ready and fold.strategy is None


def test_to_agree_again_changes_nothing() -> None:
    fold = a_fold()
    strategy = fold.strategy
    fold.step(Reconciled("ready", "", T0_NS))
    assert fold.strategy is strategy


def test_a_new_beginning_has_no_doubts() -> None:
    fold = doubtful()
    fold.step(RunResumed(T0_NS))
    fold.clear()
    assert fold.ready and not fold.outbox.doubts


def test_a_sell_that_the_gate_refuses_now_stays_reserved_too() -> None:
    fold = a_fold()
    fold.step(ParamsSet(e9(0.01), e9(5), T0_NS))
    fold.step(a_quote_event())
    fold.step(OrderAccepted(BUY_ID, "X1", T0_NS))
    fold.step(OrderUnknown(SELL_ID, "timeout", T0_NS))
    fold.monitor.on_fill(BTC, "sell", "0.195", 50_000)
    fold.step(OrderAbsent(SELL_ID, T0_NS))
    outputs = fold.step(OrderAbsent(SELL_ID, T0_NS + SETTLE_NS))
    assert [type(output) for output in outputs] == [IntentRefused, CancelUnknown]
    order = fold.store.orders[SELL_ID]
    assert fold.monitor.exposures[BTC].sells == order.qty_e9
    worst = e9("0.205") * e9(50_000)
    assert fold.monitor.worst_case_e18(BTC) == worst


def hashes(fold: Fold) -> str:
    return state_sha256(fold, 1, T0_NS)


def test_everything_about_a_doubt_is_in_the_hash_of_the_state() -> None:
    """Two folds that would go on otherwise are not in the same state."""
    fold = doubtful()
    doubt = fold.outbox.doubts[BUY_ID]
    seen = [hashes(fold)]
    for change in ("since_ns", "sent_ns", "due_ns", "absent", "unheard", "alerted", "dropping"):
        setattr(doubt, change, getattr(doubt, change) + 1)
        seen.append(hashes(fold))
    fold.step(CancelFailed("X2", "timeout", T0_NS))
    seen.append(hashes(fold))
    assert fold.outbox.cancels_due_ns is not None
    fold.outbox.cancels_due_ns += 1
    seen.append(hashes(fold))
    fold.outbox.cancels_tried += 1
    seen.append(hashes(fold))
    fold.ready = False
    seen.append(hashes(fold))
    assert len(set(seen)) == len(seen)
