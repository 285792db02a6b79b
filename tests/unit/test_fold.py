"""The fold: one input in, what is to be done out; orders, fills and what they must not do."""

from __future__ import annotations

import pytest

from tests.unit.builders import (
    BTC, ETH, T0_NS, Wish, a_fill, a_fold, a_monitor, a_quote_event, e9, placed, verdict_on,
)  # fmt: skip
from tools.live.core.clock import NS_PER_MS
from tools.live.core.contracts_v1 import (
    BUY, SELL, Approved, CancelOrder, FillFault, FillRefused, FreezeOrdered, Frozen,
    IntentRefused, LateFill, OrderAccepted, OrderCanceled, OrderRejected, ParamsSet,
    RefusalReason, Side,
)  # fmt: skip
from tools.live.core.errors import ContractError
from tools.live.fold import Fold, new_stats
from tools.live.order_store import InMemoryOrderStore, Order, OrderState


def a_fold_with_orders() -> Fold:
    """A fold whose buy X1 and sell X2, 0.01 each at 50000, are open."""
    fold = a_fold()
    buy, sell = placed(fold.step(a_quote_event()))
    fold.step(OrderAccepted(buy.client_order_id, "X1", T0_NS + 100 * NS_PER_MS))
    fold.step(OrderAccepted(sell.client_order_id, "X2", T0_NS + 200 * NS_PER_MS))
    return fold


def order(fold: Fold, order_id: str = "X1") -> Order:
    found = fold.store.get_by_order_id(order_id)
    assert found is not None
    return found


def position(fold: Fold, symbol: str = BTC) -> int:
    return fold.monitor.ledger.qty(symbol)


# Quotes.


def test_a_quote_before_any_params_is_noted_and_not_answered() -> None:
    fold = Fold(InMemoryOrderStore(), a_monitor())
    assert list(fold.step(a_quote_event())) == []
    assert fold.monitor.mark_e9(BTC) == e9(50_000)


def test_a_quote_is_answered_with_a_buy_below_and_a_sell_above_the_middle() -> None:
    fold = a_fold()
    fold.step(ParamsSet(e9("0.02"), e9(5), T0_NS))
    buy, sell = placed(fold.step(a_quote_event()))
    wishes = [(p.side, p.price_e9) for p in (buy, sell)]
    assert wishes == [(BUY, e9("49987.5")), (SELL, e9("50012.5"))]
    assert {p.qty_e9 for p in (buy, sell)} == {e9("0.02")}
    assert [buy.client_order_id, sell.client_order_id] == ["CLI00000001", "CLI00000002"]
    assert [o.state for o in fold.store.get_all()] == [OrderState.PENDING] * 2
    assert buy.ts_ns == T0_NS


def test_a_refused_side_does_not_hinder_the_other_and_takes_no_id() -> None:
    fold = a_fold(a_monitor(max_symbol=500))
    fold.monitor.apply_fill(BTC, BUY, e9("0.01"), e9(50_000))
    refused, sell = fold.step(a_quote_event())
    assert isinstance(refused, IntentRefused)
    assert (refused.side, refused.reason) == (BUY, RefusalReason.SYMBOL_LIMIT)
    assert isinstance(sell, Approved)
    assert sell.client_order_id == "CLI00000001"
    assert fold.stats["risk_blocks"] == fold.monitor.blocks_total == 1


def test_a_frozen_fold_takes_the_mark_of_a_quote_and_counts_no_block() -> None:
    fold = a_fold()
    fold.step(FreezeOrdered("stop", None, "ada", T0_NS))
    assert list(fold.step(a_quote_event())) == []
    assert fold.monitor.mark_e9(BTC) == e9(50_000)
    assert fold.stats == {**new_stats(), "freeze_events": 1}
    assert fold.monitor.blocks_total == 0


def test_a_crossed_quote_refuses_both_sides() -> None:
    fold = a_fold()
    outputs = fold.step(a_quote_event(bid=50_025, ask=49_975))
    reasons = [o.reason for o in outputs if isinstance(o, IntentRefused)]
    assert reasons == [RefusalReason.CROSSED_QUOTE] * 2


# What the exchange answers.


def test_an_accepted_order_is_open_and_its_latency_is_counted() -> None:
    fold = a_fold_with_orders()
    assert order(fold).state is OrderState.OPEN
    assert fold.stats["orders_placed"] == 2
    assert fold.ack_ns == {100_000_000: 1, 200_000_000: 1}


def test_a_repeated_acceptance_changes_nothing() -> None:
    fold = a_fold_with_orders()
    again = OrderAccepted(order(fold).client_order_id, "X1", T0_NS + 900 * NS_PER_MS)
    assert list(fold.step(again)) == []
    assert fold.stats["orders_placed"] == 2
    assert fold.ack_ns == {100_000_000: 1, 200_000_000: 1}


def test_an_acceptance_under_another_id_is_an_error() -> None:
    fold = a_fold_with_orders()
    with pytest.raises(ContractError, match="is accepted as 'X9'"):
        fold.step(OrderAccepted(order(fold).client_order_id, "X9", T0_NS))


@pytest.mark.parametrize(
    "event", [OrderAccepted("CLI99999999", "X1", T0_NS), OrderRejected("CLI99999999", "", T0_NS)]
)
def test_an_answer_for_an_order_nobody_made_is_an_error(
    event: OrderAccepted | OrderRejected,
) -> None:
    with pytest.raises(ContractError, match="CLI99999999"):
        a_fold().step(event)


def test_a_rejected_order_is_final_keeps_the_message_and_frees_its_exposure() -> None:
    fold = a_fold()
    for place in placed(fold.step(a_quote_event())):
        fold.step(OrderRejected(place.client_order_id, "no money", T0_NS))
    assert [o.state for o in fold.store.get_all()] == [OrderState.REJECTED] * 2
    assert fold.store.get_all()[0].message == "no money"
    assert fold.stats["orders_rejected"] == 2
    assert fold.stats["orders_placed"] == 0
    assert fold.monitor.worst_case_e18(BTC) == 0


def test_a_rejection_after_the_acceptance_counts_as_a_cancel() -> None:
    fold = a_fold_with_orders()
    fold.step(OrderRejected(order(fold).client_order_id, "revoked", T0_NS))
    assert order(fold).state is OrderState.CANCELED
    assert (fold.stats["orders_canceled"], fold.stats["orders_rejected"]) == (1, 0)


def test_a_canceled_order_frees_what_was_left_of_it() -> None:
    fold = a_fold_with_orders()
    fold.step(a_fill(qty="0.004"))
    fold.step(OrderCanceled("X1", T0_NS))
    fold.step(OrderCanceled("X2", T0_NS))
    assert order(fold).state is OrderState.CANCELED
    assert fold.monitor.worst_case_e18(BTC) == e9("0.004") * e9(50_000)
    assert fold.stats["orders_canceled"] == 2


@pytest.mark.parametrize("order_id", ["X1", "nobody"])
def test_a_cancel_of_a_finished_or_unknown_order_changes_nothing(order_id: str) -> None:
    fold = a_fold_with_orders()
    fold.step(a_fill())
    assert list(fold.step(OrderCanceled(order_id, T0_NS))) == []
    assert fold.stats["orders_canceled"] == 0
    assert order(fold).state is OrderState.FILLED


# Fills.


def test_a_fill_moves_order_position_exposure_and_counter() -> None:
    fold = a_fold_with_orders()
    assert list(fold.step(a_fill(qty="0.004"))) == []
    assert order(fold).state is OrderState.PARTIALLY_FILLED
    assert order(fold).filled_qty == 0.004
    assert position(fold) == e9("0.004")
    assert fold.stats["orders_filled"] == 1
    fold.step(a_fill(fill_id="F2", qty="0.006", price=50_100))
    assert order(fold).state is OrderState.FILLED
    assert order(fold).avg_fill_price == 50_060.0
    assert fold.stats["orders_filled"] == 2


def test_a_duplicate_fill_changes_nothing_but_its_own_counter() -> None:
    fold = a_fold_with_orders()
    fold.step(a_fill(qty="0.004"))
    assert list(fold.step(a_fill(qty="0.004"))) == []
    assert position(fold) == e9("0.004")
    assert (fold.stats["orders_filled"], fold.duplicate_fills) == (1, 1)
    assert not fold.monitor.frozen


REFUSED = {
    "unknown order": (a_fill(order_id="X9"), FillFault.UNKNOWN_ORDER),
    "other symbol": (a_fill(symbol=ETH), FillFault.BAD_NUMBERS),
    "other side": (a_fill(side=SELL), FillFault.BAD_NUMBERS),
    "no quantity": (a_fill(qty=0), FillFault.BAD_NUMBERS),
    "negative quantity": (a_fill(qty="-0.001"), FillFault.BAD_NUMBERS),
    "no price": (a_fill(price=0), FillFault.BAD_NUMBERS),
    "too much": (a_fill(qty="0.010000001"), FillFault.OVERFILL),
    "too much in sum": (a_fill(fill_id="F2", qty="0.006000001"), FillFault.OVERFILL),
    "same id, other quantity": (a_fill(fill_id="F0", qty="0.005"), FillFault.CONFLICT),
    "same id, other price": (a_fill(fill_id="F0", qty="0.004", price=1), FillFault.CONFLICT),
    "same id, other order": (
        a_fill("X2", fill_id="F0", side=SELL, qty="0.004"),
        FillFault.CONFLICT,
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_fill_that_contradicts_the_books_is_refused_and_freezes(case: str) -> None:
    fill, fault = REFUSED[case]
    fold = a_fold_with_orders()
    fold.step(a_fill(fill_id="F0", qty="0.004"))
    refused, frozen, *others = fold.step(fill)
    assert isinstance(refused, FillRefused)
    assert (refused.fill_id, refused.order_id, refused.fault) == (
        fill.fill_id, fill.order_id, fault,
    )  # fmt: skip
    assert refused.detail
    reason = f"Fill {fill.fill_id} of {fill.order_id} refused: {fault.value}"
    assert frozen == Frozen(reason, fill.symbol, T0_NS)
    assert [c.order_id for c in others if isinstance(c, CancelOrder)] == ["X1", "X2"]
    assert position(fold) == e9("0.004")
    assert order(fold).filled_qty == 0.004
    assert (fold.stats["orders_filled"], fold.refused_fills) == (1, 1)


def test_a_second_refused_fill_is_reported_and_freezes_no_more() -> None:
    fold = a_fold_with_orders()
    fold.step(a_fill(order_id="X8"))
    outputs = fold.step(a_fill(order_id="X9"))
    assert [type(o) for o in outputs] == [FillRefused]
    assert fold.refused_fills == 2
    assert fold.stats["freeze_events"] == fold.monitor.freezes_total == 1


def test_a_late_fill_moves_the_position_and_not_the_order() -> None:
    fold = a_fold_with_orders()
    fold.step(OrderCanceled("X1", T0_NS))
    late = fold.step(a_fill(qty="0.004"))
    client_order_id = order(fold).client_order_id
    assert list(late) == [LateFill("F1", client_order_id, e9("0.004"), e9(50_000), T0_NS)]
    assert order(fold).state is OrderState.CANCELED
    assert order(fold).filled_qty == 0.0
    assert position(fold) == e9("0.004")
    assert (fold.stats["orders_filled"], fold.late_fills) == (1, 1)
    assert not fold.monitor.frozen


def test_late_fills_free_no_exposure_twice_and_cannot_overfill() -> None:
    fold = a_fold_with_orders()
    fold.step(OrderCanceled("X1", T0_NS))
    fold.step(OrderCanceled("X2", T0_NS))
    fold.step(a_fill(qty="0.006"))
    assert fold.monitor.worst_case_e18(BTC) == e9("0.006") * e9(50_000)
    refused = fold.step(a_fill(fill_id="F2", qty="0.005"))[0]
    assert isinstance(refused, FillRefused)
    assert refused.fault is FillFault.OVERFILL
    assert position(fold) == e9("0.006")


def test_a_duplicate_of_a_late_fill_is_a_duplicate() -> None:
    fold = a_fold_with_orders()
    fold.step(OrderCanceled("X1", T0_NS))
    fold.step(a_fill(qty="0.004"))
    assert list(fold.step(a_fill(qty="0.004"))) == []
    assert (fold.late_fills, fold.duplicate_fills) == (1, 1)


# Maker or taker.


@pytest.mark.parametrize(
    ("side", "price", "liquidity", "taker"),
    [
        (BUY, 50_025, "", True),
        (BUY, "50024.999999999", "", False),
        (SELL, 49_975, "", True),
        (SELL, "49975.000000001", "", False),
        (BUY, 49_975, "taker", True),
        (BUY, 50_025, "maker", False),
        (SELL, 50_025, "taker", True),
        (SELL, 49_975, "maker", False),
    ],
)
def test_the_venue_says_who_took_and_else_the_last_quote_does(
    side: Side, price: str, liquidity: str, taker: bool
) -> None:
    fold = a_fold_with_orders()
    order_id = "X1" if side is BUY else "X2"
    fold.step(a_fill(order_id, side=side, price=price, liquidity=liquidity))
    holding = fold.monitor.ledger.holding(BTC)
    assert (holding.taker_fills, holding.maker_fills) == ((1, 0) if taker else (0, 1))


@pytest.mark.parametrize("side", [BUY, SELL])
def test_a_silent_fill_of_a_symbol_never_quoted_is_taken_for_a_taker(side: Side) -> None:
    fold = a_fold()
    made = fold.store.create(ETH, side, 1, 10, 0)
    verdict_on(fold.monitor, a_wish_for(made))
    fold.step(OrderAccepted(made.client_order_id, "X1", T0_NS))
    fold.step(a_fill(symbol=ETH, side=side, qty=1, price=10, liquidity=""))
    assert fold.monitor.ledger.holding(ETH).taker_fills == 1


def a_wish_for(made: Order) -> Wish:
    return Wish(made.symbol, made.side_of, made.qty_e9, made.price_e9)


def test_an_outside_fill_is_no_quote_that_a_price_could_cross() -> None:
    fold = a_fold_with_orders()
    fold.monitor.on_fill(BTC, "buy", 1, 50_000)
    fold.step(a_fill(price=50_000, liquidity=""))
    assert fold.monitor.ledger.holding(BTC).taker_fills == 0


@pytest.mark.parametrize(("liquidity", "fee"), [("maker", "0.05"), ("taker", "0.35")])
def test_the_fee_follows_who_took(liquidity: str, fee: str) -> None:
    fold = a_fold(a_monitor(maker_bps=1, taker_bps=7))
    buy, _ = placed(fold.step(a_quote_event()))
    fold.step(OrderAccepted(buy.client_order_id, "X1", T0_NS))
    fold.step(a_fill(liquidity=liquidity))
    assert fold.monitor.ledger.holding(BTC).fees_e18 == e9(fee) * 10**9


# Starting over.


def test_clear_forgets_what_is_the_folds_own() -> None:
    fold = a_fold_with_orders()
    fold.step(a_fill(order_id="X9"))
    stats = fold.stats
    fold.clear()
    assert fold.stats is stats
    assert stats == new_stats()
    assert fold.strategy is None
    assert fold.refused_fills == 0
    assert (fold.unresolved, fold.ack_ns, fold.edge_bps) == ({}, {}, {})


def test_an_event_that_is_no_input_is_an_error() -> None:
    with pytest.raises(KeyError):
        a_fold().step(Frozen("r", None, T0_NS))  # type: ignore[arg-type]
