"""The fold while freezing: what is canceled, what stays unresolved, and what is tried again."""

from __future__ import annotations

import pytest

from tests.unit.builders import BTC, ETH, T0_NS, a_fill, a_fold, a_quote_event, e9, placed
from tools.live.core.clock import NS_PER_S
from tools.live.core.contracts_v1 import (
    BUY, SELL, CancelAllOrdered, CancelFailed, CancelOrder, EdgeUpdate, FreezeOrdered, Frozen,
    Input, ListOpenOrders, OpenOrdersListed, OpenOrdersUnknown, OrderAccepted, OrderCanceled,
    OrderRejected, RunResumed, TimerFired, Unfrozen, UnfreezeOrdered,
)  # fmt: skip
from tools.live.core.errors import ContractError
from tools.live.fold import Fold
from tools.live.order_store import OrderState

GOOD = EdgeUpdate(BTC, e9(9), T0_NS)
BAD = EdgeUpdate(BTC, e9(1), T0_NS)
WHY_BAD = "Edge degradation: 1.00 BPS < 1.50 BPS"


def a_fold_with_orders(symbols: tuple[str, ...] = (BTC,)) -> Fold:
    """A buy and a sell of each symbol, open as X1, X2, X3, ..."""
    fold = a_fold()
    for symbol in symbols:
        for place in placed(fold.step(a_quote_event(symbol=symbol))):
            number = len(fold.store.get_open_orders()) + 1
            fold.step(OrderAccepted(place.client_order_id, f"X{number}", T0_NS))
    return fold


def cancels(outputs: object) -> list[str]:
    assert isinstance(outputs, (list, tuple))
    return [output.order_id for output in outputs if isinstance(output, CancelOrder)]


def test_a_lost_edge_freezes_and_cancels_every_open_order() -> None:
    fold = a_fold_with_orders((BTC, ETH))
    fold.step(a_fill(qty="0.004"))
    outputs = list(fold.step(BAD))
    assert outputs[0] == Frozen(WHY_BAD, BTC, T0_NS)
    assert cancels(outputs) == ["X1", "X2", "X3", "X4"]
    assert fold.stats["freeze_events"] == 1
    assert fold.edge_bps == {BTC: e9(1)}


def test_a_good_edge_is_noted_and_not_answered() -> None:
    fold = a_fold_with_orders()
    assert list(fold.step(GOOD)) == []
    assert fold.edge_bps == {BTC: e9(9)}


def test_an_edge_that_is_no_number_freezes() -> None:
    fold = a_fold_with_orders()
    frozen = fold.step(EdgeUpdate(BTC, None, T0_NS))[0]
    assert frozen == Frozen("Edge is not a finite number", BTC, T0_NS)


def test_a_finished_order_is_not_canceled() -> None:
    fold = a_fold_with_orders()
    fold.step(a_fill())
    assert cancels(fold.step(BAD)) == ["X2"]


def test_freezing_again_says_and_cancels_nothing() -> None:
    fold = a_fold_with_orders()
    fold.step(BAD)
    assert list(fold.step(BAD)) == []
    assert list(fold.step(FreezeOrdered("again", None, "ada", T0_NS))) == []
    assert fold.stats["freeze_events"] == fold.monitor.freezes_total == 1
    assert fold.monitor.last_freeze_reason == "again (ada)"


def test_an_ordered_freeze_names_its_actor_and_symbol() -> None:
    fold = a_fold_with_orders()
    frozen = fold.step(FreezeOrdered("halt", ETH, "ada", T0_NS))[0]
    assert frozen == Frozen("halt (ada)", ETH, T0_NS)


def test_an_unfreeze_lets_quotes_be_answered_again() -> None:
    fold = a_fold()
    fold.step(BAD)
    assert list(fold.step(a_quote_event())) == []
    assert list(fold.step(UnfreezeOrdered("fixed", "ada", T0_NS))) == [
        Unfrozen("fixed", "ada", T0_NS)
    ]
    assert len(placed(fold.step(a_quote_event()))) == 2
    assert isinstance(fold.step(BAD)[0], Frozen)
    assert fold.stats["freeze_events"] == 2


@pytest.mark.parametrize("event", [a_quote_event(), GOOD, BAD], ids=["quote", "good", "bad"])
def test_a_freeze_of_the_monitor_itself_is_carried_out_at_the_next_input(event: Input) -> None:
    fold = a_fold_with_orders()
    fold.monitor.freeze("guard outside", ETH)
    outputs = list(fold.step(event))
    assert isinstance(outputs[0], Frozen)
    assert outputs[0].reason == "guard outside"
    assert cancels(outputs) == ["X1", "X2"]
    assert fold.stats["freeze_events"] == 1


@pytest.mark.parametrize("how", ["unfreeze", "reset"])
def test_a_monitor_that_was_let_go_by_itself_freezes_and_cancels_again(how: str) -> None:
    fold = a_fold()
    fold.step(BAD)
    if how == "unfreeze":
        fold.monitor.unfreeze("fixed", "ada")
    else:
        fold.monitor.reset()
    buy, _ = placed(fold.step(a_quote_event()))
    fold.step(OrderAccepted(buy.client_order_id, "X1", T0_NS))
    outputs = list(fold.step(BAD))
    assert Frozen(WHY_BAD, BTC, T0_NS) in outputs
    assert cancels(outputs) == ["X1"]
    assert fold.stats["freeze_events"] == fold.monitor.freezes_total == 2


def test_an_unfreeze_without_an_actor_is_an_error_and_changes_nothing() -> None:
    fold = a_fold()
    fold.step(BAD)
    with pytest.raises(ContractError):
        fold.step(UnfreezeOrdered("fixed", "", T0_NS))
    assert fold.monitor.frozen


# Cancels that are not confirmed.


def test_a_failed_cancel_is_unresolved_and_retried_at_the_next_edge() -> None:
    fold = a_fold_with_orders()
    fold.step(BAD)
    fold.step(OrderCanceled("X2", T0_NS))
    assert list(fold.step(CancelFailed("X1", "busy", T0_NS))) == []
    assert fold.unresolved == {"X1": "busy"}
    assert cancels(fold.step(GOOD)) == ["X1"]
    fold.step(OrderCanceled("X1", T0_NS))
    assert fold.unresolved == {}
    assert list(fold.step(GOOD)) == []


def test_an_unresolved_order_that_fills_whole_is_resolved() -> None:
    fold = a_fold_with_orders()
    fold.step(BAD)
    fold.step(CancelFailed("X1", "too late", T0_NS))
    fold.step(a_fill(qty="0.004"))
    assert fold.unresolved == {"X1": "too late"}
    fold.step(a_fill(fill_id="F2", qty="0.006"))
    assert fold.unresolved == {}


@pytest.mark.parametrize("order_id", ["X1", "nobody"])
def test_a_failed_cancel_of_a_finished_or_unknown_order_is_no_matter(order_id: str) -> None:
    fold = a_fold_with_orders()
    fold.step(a_fill())
    fold.step(CancelFailed(order_id, "gone", T0_NS))
    assert fold.unresolved == {}


def test_an_order_never_acknowledged_is_unresolved_and_not_sent_a_cancel() -> None:
    fold = a_fold()
    buy, sell = placed(fold.step(a_quote_event()))
    assert cancels(fold.step(BAD)) == []
    assert fold.unresolved == {
        buy.client_order_id: "never acknowledged",
        sell.client_order_id: "never acknowledged",
    }
    assert cancels(fold.step(GOOD)) == []


def a_fold_frozen_before_the_answer() -> tuple[Fold, str]:
    fold = a_fold()
    buy, sell = placed(fold.step(a_quote_event()))
    fold.step(OrderRejected(sell.client_order_id, "no", T0_NS))
    fold.step(BAD)
    return fold, buy.client_order_id


def test_an_order_acknowledged_after_the_freeze_is_canceled() -> None:
    fold, client_order_id = a_fold_frozen_before_the_answer()
    outputs = list(fold.step(OrderAccepted(client_order_id, "X1", T0_NS)))
    outputs += fold.step(GOOD)
    assert "X1" in cancels(outputs)


def test_an_order_rejected_after_the_freeze_is_resolved() -> None:
    fold, client_order_id = a_fold_frozen_before_the_answer()
    fold.step(OrderRejected(client_order_id, "no", T0_NS))
    assert fold.unresolved == {}


def test_an_order_acknowledged_and_canceled_after_the_freeze_is_resolved() -> None:
    fold, client_order_id = a_fold_frozen_before_the_answer()
    fold.step(OrderAccepted(client_order_id, "X1", T0_NS))
    fold.step(OrderCanceled("X1", T0_NS))
    assert fold.unresolved == {}


# The exchange's own list.


def test_the_list_names_foreign_orders_and_those_it_should_not_hold() -> None:
    fold = a_fold_with_orders()
    fold.step(BAD)
    fold.step(OrderCanceled("X1", T0_NS))
    fold.step(CancelFailed("X2", "busy", T0_NS))
    assert list(fold.step(OpenOrdersListed(("X1", "X2", "Y7"), T0_NS))) == []
    assert fold.foreign_orders == ("Y7",)
    assert fold.unresolved == {"X1": "the exchange still lists it as open", "X2": "busy"}


def test_a_newer_list_replaces_the_foreign_orders() -> None:
    fold = a_fold()
    fold.step(OpenOrdersListed(("Y7", "Y8"), T0_NS))
    fold.step(OpenOrdersListed((), T0_NS))
    assert fold.foreign_orders == ()


def test_every_freeze_ends_in_asking_for_the_list_and_so_does_every_retry() -> None:
    fold = a_fold_with_orders()
    assert fold.step(BAD)[-1] == ListOpenOrders(T0_NS)
    fold.step(CancelFailed("X1", "busy", T0_NS))
    assert fold.step(GOOD)[-1] == ListOpenOrders(T0_NS)


def test_a_list_that_cannot_be_had_is_unresolved_until_it_comes() -> None:
    fold = a_fold()
    fold.step(BAD)
    assert list(fold.step(OpenOrdersUnknown("line is down", T0_NS))) == []
    why = "the exchange could not list its open orders: line is down"
    assert list(fold.unresolved.values()) == [why]
    assert list(fold.step(GOOD)) == [ListOpenOrders(T0_NS)]
    fold.step(OpenOrdersListed((), T0_NS))
    assert fold.unresolved == {}


def test_a_timer_asks_for_the_list_of_open_orders_until_there_is_one() -> None:
    fold = a_fold_with_orders()
    fold.step(OpenOrdersUnknown("line is down", T0_NS))
    at_ns = T0_NS + NS_PER_S
    assert fold.step(TimerFired(at_ns - 1)) == []
    assert fold.step(TimerFired(at_ns)) == [ListOpenOrders(at_ns)]
    assert fold.outbox.cancels_due_ns is not None
    fold.step(OpenOrdersListed(("X1", "X2"), at_ns))
    assert fold.step(TimerFired(at_ns + 2 * NS_PER_S)) == []
    assert fold.outbox.cancels_due_ns is None


def test_an_order_that_is_not_listed_any_more_is_resolved() -> None:
    fold = a_fold_with_orders()
    fold.step(BAD)
    fold.step(OrderCanceled("X1", T0_NS))
    fold.step(CancelFailed("X2", "busy", T0_NS))
    fold.step(OpenOrdersListed(("X1",), T0_NS))
    fold.step(OpenOrdersListed((), T0_NS))
    assert fold.unresolved == {"X2": "busy"}


# Canceling without a freeze.


def test_cancel_all_takes_one_symbol_or_all() -> None:
    fold = a_fold_with_orders((BTC, ETH))
    assert cancels(fold.step(CancelAllOrdered(ETH, "requote", T0_NS))) == ["X3", "X4"]
    fold.step(CancelFailed("X3", "busy", T0_NS))
    assert cancels(fold.step(CancelAllOrdered(None, "end", T0_NS))) == ["X1", "X2", "X3"]
    assert not fold.monitor.frozen


def test_a_cancel_is_sent_again_only_when_its_answer_has_come() -> None:
    fold = a_fold_with_orders((BTC,))
    assert cancels(fold.step(CancelAllOrdered(None, "requote", T0_NS))) == ["X1", "X2"]
    assert fold.canceling == {"X1": T0_NS, "X2": T0_NS}
    assert cancels(fold.step(CancelAllOrdered(None, "requote", T0_NS))) == []
    fold.step(OrderCanceled("X1", T0_NS))
    assert fold.canceling == {"X2": T0_NS}
    fold.step(a_fill("X2", "F1", SELL))
    assert fold.canceling == {}
    assert fold.store.get_by_order_id("X2").state is OrderState.FILLED  # type: ignore[union-attr]


def test_a_restart_forgets_which_cancels_were_on_their_way() -> None:
    fold = a_fold_with_orders((BTC,))
    fold.step(CancelAllOrdered(None, "requote", T0_NS))
    fold.step(FreezeOrdered("halt", None, "ada", T0_NS))
    assert cancels(fold.step(RunResumed(T0_NS))) == ["X1", "X2"]


def test_a_fill_where_no_quote_was_ever_heard_took_liquidity() -> None:
    fold = a_fold()
    order = fold.store.create(BTC, "Buy", "0.01", 50_000, 0)
    fold.store.accept(order, "X1", T0_NS)
    fold.step(a_fill("X1", "F1", liquidity=""))
    assert fold.monitor.ledger.holdings[BTC].taker_fills == 1


# The computed edge.


def buy_before_the_fall(fold: Fold, rounds: int) -> None:
    """Buy at 99 below a middle of 100 that falls to 90 five seconds later, again and again.

    Capture is 1, adverse selection 10, of 100: a net edge of minus 900 basis points a fill.
    """
    for number in range(rounds):
        ts_ns = T0_NS + number * 10 * NS_PER_S
        buy, sell = placed(fold.step(a_quote_event(100, 100, ts_ns=ts_ns)))
        fold.step(OrderAccepted(buy.client_order_id, f"B{number}", ts_ns))
        fold.step(OrderRejected(sell.client_order_id, "not this side", ts_ns))
        fold.step(a_fill(f"B{number}", f"F{number}", BUY, price=99, ts_ns=ts_ns))
        later = ts_ns + 5 * NS_PER_S
        for place in placed(fold.step(a_quote_event(90, 90, ts_ns=later))):
            fold.step(OrderRejected(place.client_order_id, "not now", later))


def test_the_measured_edge_needs_twenty_fills_and_then_is_what_paper_says() -> None:
    fold = a_fold(measure_edge=True)
    buy_before_the_fall(fold, 19)
    assert fold.edge.net_bps(BTC) is None
    fold = a_fold(measure_edge=True)
    buy_before_the_fall(fold, 20)
    assert fold.edge.net_bps(BTC) == e9(-900)


def test_a_fold_told_not_to_measure_measures_nothing() -> None:
    fold = a_fold()
    buy_before_the_fall(fold, 20)
    assert fold.edge.net_bps(BTC) is None


def test_orders_of_a_cleared_fold_are_the_owners_to_reset() -> None:
    fold = a_fold_with_orders()
    fold.clear()
    assert [order.state for order in fold.store.get_all()] == [OrderState.OPEN] * 2
