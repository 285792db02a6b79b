"""What the fold makes of what is taken over from the exchange: `tools.live.fold_adoptions`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.adopting_answers import broken
from tests.unit.builders import (
    BTC, ETH, T0_NS, a_fill, a_fold, a_monitor, a_quote_event, e9, placed,
)  # fmt: skip
from tools.live.core.contracts_v1 import (
    BUY, SELL, CancelAllOrdered, CancelFailed, CancelOrder, FillAdopted, FillFault, FillRefused,
    FreezeOrdered, Frozen, IntentRefused, OpenOrdersListed, OrderAccepted, OrderAdopted,
    OrderCanceled, OrderUnknown, ParamsSet, PositionAdopted, RefusalReason,
)  # fmt: skip
from tools.live.core.order import CANCELED, FILLED, OPEN, PARTIALLY_FILLED, PENDING
from tools.live.fold import Fold
from tools.live.fold_adoptions import about, refusal
from tools.live.order_store import InMemoryOrderStore
from tools.live.reports.snapshot import state_sha256

BUY_ID, SELL_ID = "CLI00000001", "CLI00000002"
CENT = e9(0.01)


def adopted(name: str = "by-hand", order_id: str = "H1", **other: Any) -> OrderAdopted:
    terms: dict[str, Any] = {
        "symbol": BTC, "side": BUY, "qty": CENT, "price": e9(49_000), "filled": 0,
        "state": "open", "ts_ns": T0_NS + 1, **other,
    }  # fmt: skip
    return OrderAdopted(name, order_id, **terms)


def execution(
    fill_id: str = "E1", order_id: str = "H1", qty: int = CENT // 2, price: int = e9(49_000),
    symbol: str = BTC,
) -> FillAdopted:  # fmt: skip
    return FillAdopted(fill_id, order_id, symbol, BUY, qty, price, "maker", T0_NS + 1)


def resting() -> Fold:
    """A fold whose buy and sell rest as X1 and X2."""
    fold = a_fold(a_monitor(max_symbol=2_000))
    assert len(placed(fold.step(a_quote_event()))) == 2
    fold.step(OrderAccepted(BUY_ID, "X1", T0_NS))
    fold.step(OrderAccepted(SELL_ID, "X2", T0_NS))
    return fold


def state(fold: Fold) -> str:
    return state_sha256(fold, 1, T0_NS)


def refused(fold: Fold, event: Any, why: str) -> None:
    """It changes nothing but that everything stops, for this reason."""
    before = (fold.store.to_dict(), fold.adoptions.orders, dict(fold.adoptions.fills))
    outputs = fold.step(event)
    assert (fold.store.to_dict(), fold.adoptions.orders, fold.adoptions.fills) == before
    assert isinstance(outputs[0], Frozen)
    assert outputs[0].reason == refusal(about(event), why)
    assert fold.why_not(event) == why
    assert broken(fold) == []


# Orders.


def test_a_strange_order_is_an_order_like_any_other() -> None:
    fold = resting()
    assert list(fold.step(adopted())) == []
    order = fold.store.orders["by-hand"]
    assert fold.store.get_by_order_id("H1") is order
    assert (order.state, order.qty_e9, order.price_e9, order.filled_e9) == (
        OPEN, CENT, e9(49_000), 0,
    )  # fmt: skip
    assert (order.created_ns, order.updated_ns, order.adopted_e9) == (T0_NS + 1, T0_NS + 1, 0)
    assert fold.store.get_open_orders() == [*map(fold.store.orders.get, (BUY_ID, SELL_ID)), order]
    assert fold.monitor.exposures[BTC].buys == 2 * CENT
    assert fold.stats["orders_placed"] == 2 and fold.adoptions.unplaced == 1
    assert fold.store.next_id == "CLI00000003"
    canceled = fold.step(CancelAllOrdered(BTC, "tidy", T0_NS + 2))
    assert [one.order_id for one in canceled if isinstance(one, CancelOrder)] == ["X1", "X2", "H1"]
    fold.step(OrderCanceled("H1", T0_NS + 3))
    assert order.state is CANCELED and fold.monitor.exposures[BTC].buys == CENT
    assert fold.stats["orders_canceled"] == 1 and fold.adoptions.canceled == 0
    assert broken(fold) == []


def test_it_counts_at_its_worst_from_then_on() -> None:
    fold = resting()  # 0.01 rests on each side: a limit of 2,000 leaves room for 0.02 more
    fold.step(adopted(qty=e9(0.021)))
    answered = fold.step(a_quote_event())
    [refusal_of_buy] = [one for one in answered if isinstance(one, IntentRefused)]
    assert (refusal_of_buy.side, refusal_of_buy.reason) == (BUY, RefusalReason.SYMBOL_LIMIT)
    assert len(placed(answered)) == 1


def test_an_order_of_a_symbol_without_a_price_is_worth_its_own() -> None:
    fold = resting()
    fold.step(adopted(symbol=ETH, price=e9(3_000), qty=e9(1)))
    assert fold.monitor.exposures[ETH].mark == e9(3_000)
    assert fold.monitor.worst_case_e18(ETH) == e9(3_000) * 10**9
    fold.step(a_quote_event(3_990, 4_010, ETH))
    assert fold.monitor.worst_case_e18(ETH) >= e9(4_000) * 10**9
    assert broken(fold) == []


def test_its_later_fills_are_booked_once_and_its_earlier_ones_never() -> None:
    fold = resting()
    fold.step(execution())
    fold.step(adopted(filled=CENT // 2, state="partially_filled"))
    order = fold.store.orders["by-hand"]
    assert (order.state, order.adopted_e9, order.leaves_e9) == (
        PARTIALLY_FILLED, CENT // 2, CENT // 2,
    )  # fmt: skip
    assert fold.monitor.ledger.qty(BTC) == 0
    assert list(fold.step(a_fill("H1", "E1", qty=0.005, price=49_000))) == []
    assert (fold.duplicate_fills, fold.monitor.ledger.qty(BTC)) == (1, 0)
    for _ in range(2):
        fold.step(a_fill("H1", "E2", qty=0.003, price=48_000))
    assert (fold.duplicate_fills, fold.monitor.ledger.qty(BTC)) == (2, e9(0.003))
    assert order.filled_e9 == e9(0.008) and order.avg_fill_price == 48_000
    refused_fill = fold.step(a_fill("H1", "E3", qty=0.003, price=48_000))[0]
    assert isinstance(refused_fill, FillRefused) and refused_fill.fault is FillFault.OVERFILL
    fold.step(a_fill("H1", "E3", qty=0.002, price=48_000))
    assert order.state is FILLED and fold.stats["orders_filled"] == 2
    assert order.avg_fill_price == 48_000
    assert broken(fold) == []


def test_an_average_price_of_nothing_booked_is_none() -> None:
    fold = resting()
    fold.step(execution(qty=CENT))
    fold.step(adopted(filled=CENT, state="filled"))
    order = fold.store.orders["by-hand"]
    assert (order.state, order.avg_fill_price) == (FILLED, 0.0)
    assert fold.monitor.exposures[BTC].buys == CENT
    assert broken(fold) == []


def test_a_lost_name_of_ours_is_never_given_again() -> None:
    fold = resting()
    fold.step(adopted("CLI00000007", "H1"))
    assert fold.store.next_id == "CLI00000008"
    assert placed(fold.step(a_quote_event()))[0].client_order_id == "CLI00000008"
    fold.step(adopted("CLI00000005", "H2"))
    assert fold.store.next_id == "CLI00000010"
    names = [order.client_order_id for order in fold.store.live_orders()]
    assert names == [BUY_ID, SELL_ID, "CLI00000005", "CLI00000007", "CLI00000008", "CLI00000009"]


@pytest.mark.parametrize("name", ["CLI7", "CLI000000011", "CLI00000000", "CLI" + "9" * 16, "CLI-1",
                                  "CLI\u0661\u0661"])  # fmt: skip
def test_a_name_that_only_looks_like_ours_is_a_name(name: str) -> None:
    fold = resting()
    fold.step(adopted(name))
    assert fold.store.next_id == "CLI00000003"
    assert {one.client_order_id for one in fold.store.live_orders()} == {BUY_ID, SELL_ID, name}
    fold.step(adopted("zoe", "H2"))
    fold.step(adopted("ada", "H3"))
    assert [one.client_order_id for one in fold.store.live_orders()][-2:] == ["ada", "zoe"]


def test_an_order_that_contradicts_is_replaced() -> None:
    fold = resting()
    fold.step(a_fill("X1", "F1", qty=0.004))
    fold.step(adopted(BUY_ID, "X1", qty=e9(0.03), price=e9(49_500), filled=e9(0.004),
                      state="partially_filled"))  # fmt: skip
    order = fold.store.orders[BUY_ID]
    assert (order.qty_e9, order.price_e9, order.state) == (e9(0.03), e9(49_500), PARTIALLY_FILLED)
    assert (order.adopted_e9, order.cost_e18) == (0, e9(0.004) * e9(50_000))
    assert fold.monitor.exposures[BTC].buys == e9(0.026)
    assert (fold.adoptions.orders, fold.adoptions.unplaced) == (1, 0)
    fold.step(a_fill("X1", "F2", qty=0.026, price=49_500))
    assert order.state is FILLED and fold.monitor.ledger.qty(BTC) == e9(0.03)
    assert broken(fold) == []


def test_an_exchange_that_knows_of_less_than_we_booked_is_believed() -> None:
    fold = resting()
    fold.step(a_fill("X1", "made-up", qty=0.004))
    fold.step(adopted(BUY_ID, "X1", price=e9(49_000)))
    order = fold.store.orders[BUY_ID]
    assert (order.state, order.filled_e9, order.adopted_e9) == (OPEN, 0, -e9(0.004))
    assert fold.monitor.ledger.qty(BTC) == e9(0.004), "the position is adopted by itself"
    assert broken(fold) == []
    fold.step(a_fill("X1", "F2", qty=0.01, price=49_000))
    assert order.state is FILLED and order.avg_fill_price == pytest.approx(49_285.714)


def test_another_symbol_and_side_take_the_reservation_along() -> None:
    fold = resting()
    fold.step(adopted(BUY_ID, "X1", symbol=ETH, side=SELL, price=e9(3_000)))
    assert (fold.monitor.exposures[BTC].buys, fold.monitor.exposures[ETH].sells) == (0, CENT)
    assert [one.client_order_id for one in fold.store.live_orders(ETH)] == [BUY_ID]
    assert broken(fold) == []


def test_an_order_in_doubt_is_settled_by_it() -> None:
    fold = a_fold()
    fold.step(a_quote_event())
    fold.step(OrderUnknown(BUY_ID, "timeout", T0_NS))
    fold.step(adopted(BUY_ID, "X1", price=e9(49_000)))
    assert not fold.outbox.doubts and fold.monitor.exposures[BTC].doubts == 0
    assert fold.store.orders[SELL_ID].state is PENDING
    assert (fold.adoptions.unplaced, fold.stats["orders_placed"]) == (1, 0)
    assert broken(fold) == []


def test_what_had_ended_at_the_exchange_ends_here() -> None:
    fold = resting()
    fold.step(adopted(BUY_ID, "X1", qty=e9(0.02), state="canceled"))
    assert fold.store.orders[BUY_ID].state is CANCELED
    assert (fold.stats["orders_canceled"], fold.adoptions.canceled) == (0, 1)
    assert fold.monitor.exposures[BTC].buys == 0
    assert broken(fold) == []


def test_what_comes_while_frozen_is_canceled() -> None:
    fold = resting()
    fold.step(FreezeOrdered("halt", None, "ada", T0_NS))
    fold.step(OpenOrdersListed(("X1", "H1", "H2"), T0_NS))
    assert fold.foreign_orders == ("H1", "H2")
    assert fold.step(adopted()) == [CancelOrder("by-hand", "H1", T0_NS + 1)]
    assert fold.foreign_orders == ("H2",)


def test_a_cancel_that_is_not_confirmed_is_tried_again_on_the_new_terms() -> None:
    fold = resting()
    fold.step(CancelFailed("X1", "no", T0_NS))
    assert fold.step(adopted(BUY_ID, "X1")) == [CancelOrder(BUY_ID, "X1", T0_NS + 1)]
    assert not fold.unresolved


def test_adopting_again_changes_nothing() -> None:
    fold = resting()
    for event in (execution(), adopted(filled=CENT // 2, state="partially_filled"),
                  adopted(BUY_ID, "X1", price=e9(1)), PositionAdopted(BTC, e9(3), T0_NS + 1),
                  adopted("z", "H3", state="canceled")):  # fmt: skip
        fold.step(event)
        before = state(fold)
        assert list(fold.step(event)) == []
        assert state(fold) == before


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (adopted(""), "its names, numbers and state cannot be"),
        (adopted(order_id=""), "its names, numbers and state cannot be"),
        (adopted(qty=0), "its names, numbers and state cannot be"),
        (adopted(price=0), "its names, numbers and state cannot be"),
        (adopted(filled=-1), "its names, numbers and state cannot be"),
        (adopted(filled=CENT + 1), "its names, numbers and state cannot be"),
        (adopted(filled=CENT), "its names, numbers and state cannot be"),
        (adopted(filled=1), "its names, numbers and state cannot be"),
        (adopted(state="partially_filled"), "its names, numbers and state cannot be"),
        (adopted(state="filled"), "its names, numbers and state cannot be"),
        (adopted(state="pending"), "its names, numbers and state cannot be"),
        (adopted(order_id="X1"), f"X1 is {BUY_ID} in our books"),
        (adopted(BUY_ID, "H1"), "it is X1 in our books, not H1"),
        (adopted(filled=CENT // 2, state="partially_filled"),
         "0.005 of what it filled came without its executions"),
        (execution(""), "its names and numbers cannot be"),
        (execution("E1", ""), "its names and numbers cannot be"),
        (execution(qty=0), "its names and numbers cannot be"),
        (execution(price=-1), "its names and numbers cannot be"),
        (PositionAdopted(ETH, 1, T0_NS), "no quote of it was heard, so nobody knows what it is"
                                         " worth"),
    ],
)  # fmt: skip
def test_what_cannot_be_adopted_exactly_freezes(event: Any, why: str) -> None:
    refused(resting(), event, why)


def test_what_has_ended_here_is_not_taken_up_again() -> None:
    fold = resting()
    fold.step(OrderCanceled("X1", T0_NS))
    refused(fold, adopted(BUY_ID, "X1"), "it is canceled in our books")


def test_executions_of_another_symbol_cannot_go_along() -> None:
    for other in ({"symbol": ETH}, {"side": SELL}):
        fold = resting()
        fold.step(a_fill("X1", "F1", qty=0.004))
        refused(
            fold, adopted(BUY_ID, "X1", filled=e9(0.004), state="partially_filled", **other),
            f"executions of Buy {BTC} are booked on it",
        )  # fmt: skip


def test_executions_that_the_exchange_does_not_name_do_not_count() -> None:
    fold = resting()
    fold.step(execution("recon-1"))
    refused(fold, adopted(filled=CENT // 2, state="partially_filled"),
            "0.005 of what it filled came without its executions")  # fmt: skip


def test_a_store_that_forgets_takes_no_name_twice() -> None:
    why = "another of this name may have been forgotten"
    for name in ("by-hand", "CLI00000001"):
        fold = Fold(InMemoryOrderStore(0), a_monitor())
        fold.step(ParamsSet(CENT, 0, T0_NS))
        fold.step(a_quote_event())
        fold.step(OrderAccepted(BUY_ID, "X1", T0_NS))
        fold.step(OrderCanceled("X1", T0_NS))
        if name == "by-hand":
            fold.step(adopted(name))
            fold.step(OrderCanceled("H1", T0_NS))
            assert list(fold.step(adopted("another", "H7"))) == []
        refused(fold, adopted(name, "H2"), why)
    keeps = resting()
    keeps.step(adopted())
    keeps.step(OrderCanceled("H1", T0_NS))
    refused(keeps, adopted(order_id="H2"), "it is canceled in our books")


# Executions.


def test_an_adopted_execution_of_nobody_is_known() -> None:
    fold = resting()
    fold.step(execution("E1", "gone"))
    assert list(fold.step(a_fill("gone", "E1", qty=0.005, price=49_000))) == []
    assert fold.duplicate_fills == 1 and not fold.monitor.frozen
    told = fold.step(a_fill("gone", "E1", qty=0.004, price=49_000))[0]
    assert isinstance(told, FillRefused) and told.fault is FillFault.CONFLICT
    assert told.detail == "it was adopted with other numbers"
    other = fold.step(a_fill("gone", "E2", qty=0.004, price=49_000))[0]
    assert isinstance(other, FillRefused) and other.fault is FillFault.UNKNOWN_ORDER


def test_a_booked_execution_is_known_by_both_its_numbers() -> None:
    fold = resting()
    fold.step(a_fill("X1", "F1", qty=0.004))
    fold.step(execution("F1", "X1", e9(0.004), e9(50_000)))
    assert fold.adoptions.fills == {}, "it is as it was booked"
    fold.step(execution("F1", "X1", e9(0.004), e9(50_001)))
    fold.step(a_fill("X1", "F1", qty=0.004, price=50_001))
    fold.step(a_fill("X1", "F1", qty=0.004))
    assert fold.duplicate_fills == 2 and fold.refused_fills == 0
    fold.step(a_fill("X1", "F1", qty=0.004, price=50_002))
    assert fold.refused_fills == 1
    fold.step(execution("F1", "X1", e9(0.004), e9(50_000)))
    assert fold.adoptions.fills["F1"] == ("X1", BTC, BUY, e9(0.004), e9(50_000))
    assert fold.monitor.ledger.qty(BTC) == e9(0.004)


# Positions.


def test_an_adopted_position_comes_in_at_the_mark() -> None:
    fold = resting()
    fold.step(a_fill("X1", "F1", qty=0.004, price=49_000))
    held = fold.monitor.ledger.holdings[BTC]
    before = held.unrealised_e18(e9(50_000)) + held.realised_e18
    cash = held.cash_e18
    for qty in (0.007, -0.002, 0.001, 0, 0.004):
        fold.step(PositionAdopted(BTC, e9(qty), T0_NS))
        assert held.qty == e9(qty)
        assert held.unrealised_e18(e9(50_000)) + held.realised_e18 == before
        assert held.cash_e18 == cash
        assert broken(fold) == []
    assert (held.adopted, fold.adoptions.positions) == (0, {BTC: 0})
    assert held.adoptions == 5 and held.traded
    fold.step(PositionAdopted(BTC, e9(0.004), T0_NS))
    assert held.adoptions == 5, "it is held already"


def test_the_limits_count_an_adopted_position_at_once() -> None:
    fold = resting()
    fold.step(PositionAdopted(BTC, e9(0.03), T0_NS))
    assert fold.monitor.worst_case_e18(BTC) == e9(0.04) * e9(50_000)
    answered = fold.step(a_quote_event())
    [no] = [one for one in answered if isinstance(one, IntentRefused)]
    assert (no.side, no.reason) == (BUY, RefusalReason.SYMBOL_LIMIT)


def test_a_reset_forgets_what_was_adopted() -> None:
    fold = resting()
    fold.step(adopted())
    fold.clear()
    assert not fold.adoptions.any
