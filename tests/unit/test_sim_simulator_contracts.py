"""Orders and latencies of the paper-trading simulator."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest

from tests.unit.simulator_builders import NOON, after, an_execution, an_order
from tools.live.core.errors import ContractError, IllegalTransition
from tools.live.core.order import TRANSITIONS
from tools.live.sim.simulator_contracts import (
    LATENCY_FAST, LATENCY_INSTANT, LATENCY_NORMAL, LATENCY_SLOW, STATES, Order, OrderSide,
    OrderStatus, OrderType, RejectionReason,
)  # fmt: skip


def test_the_words_are_those_of_the_adr() -> None:
    assert [str(side) for side in OrderSide] == ["buy", "sell"]
    assert [str(kind) for kind in OrderType] == ["market", "limit", "stop"]
    assert [str(status) for status in OrderStatus] == [
        "new", "submitted", "partially_filled", "filled", "rejected", "cancelled",
    ]  # fmt: skip
    assert [str(reason) for reason in RejectionReason] == [
        "insufficient_funds", "invalid_quantity", "invalid_symbol", "market_closed",
        "duplicate_order", "risk_limit_exceeded", "risk_position_limit", "risk_exposure_limit",
        "risk_drawdown_limit", "risk_trading_disabled", "unknown",
    ]  # fmt: skip


def test_every_state_of_the_table_has_a_status() -> None:
    assert sorted(STATES.values()) == sorted(TRANSITIONS)
    assert list(STATES) == list(OrderStatus)


@pytest.mark.parametrize(
    ("latency", "ms"),
    [
        (LATENCY_INSTANT, (0, 0, 0, 0)), (LATENCY_FAST, (10, 50, 100, 20)),
        (LATENCY_NORMAL, (50, 100, 200, 50)), (LATENCY_SLOW, (100, 500, 1000, 100)),
    ],
)  # fmt: skip
def test_presets(latency: object, ms: tuple[int, ...]) -> None:
    names = ("submission_latency", "fill_latency_min", "fill_latency_max", "cancel_latency")
    for name, each in zip(names, ms, strict=True):
        assert getattr(latency, name) == timedelta(milliseconds=each)


def test_an_order_shows_decimals_and_datetimes() -> None:
    order = an_order(kind="limit", quantity="2.5", limit=10.1)
    assert (order.quantity, order.limit_price) == (Decimal("2.5"), Decimal("10.1"))
    assert (order.created_at, order.submitted_at, order.stop_price) == (NOON, None, None)
    assert (order.status, order.executions, order.is_complete()) == (OrderStatus.NEW, [], False)
    assert (order.avg_fill_price, order.total_commission) == (0, 0)


def test_a_time_with_a_zone_is_converted() -> None:
    zone = timezone(timedelta(hours=2))
    order = Order("o", "SPY", OrderSide.BUY, OrderType.MARKET, 1, NOON.replace(tzinfo=zone))
    assert order.created_at == NOON - timedelta(hours=2)


@pytest.mark.parametrize("name", ["quantity", "limit_price", "submitted_at", "filled_quantity"])
def test_what_an_order_asks_for_does_not_change(name: str) -> None:
    with pytest.raises(AttributeError):
        setattr(an_order(), name, Decimal(1))


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ({"order_id": ""}, "order_id '' is no name"),
        ({"order_id": 7}, "order_id 7 is no name"),
        ({"symbol": 7}, "symbol 7 is no name"),
        ({"quantity": float("nan")}, "quantity nan is not a finite number"),
        ({"quantity": "0.0000000001"}, "more than 9 decimals"),
        ({"quantity": Decimal("0.0000000001")}, "more than 9 decimals"),
        ({"quantity": Decimal("1E+999999")}, "is not a number"),
        ({"quantity": Decimal("Infinity")}, "is not a number"),
        ({"created_at": "noon"}, "created_at 'noon' is no datetime"),
        ({"created_at": datetime(1969, 12, 31)}, "outside the years"),
        ({"limit_price": "x"}, "limit_price 'x' is not a number"),
        ({"filled_quantity": 1}, "is new with 1 of 10 filled"),
        ({"status": OrderStatus.FILLED, "filled_quantity": 9}, "is filled with 9 of 10"),
        ({"status": OrderStatus.PARTIALLY_FILLED, "filled_quantity": 10}, "contradict"),
        ({"status": OrderStatus.CANCELLED, "filled_quantity": 10}, "contradict"),
        ({"status": "gone"}, "is not a valid OrderStatus"),
    ],
)
def test_an_order_that_cannot_be_is_refused(given: dict[str, object], match: str) -> None:
    fields: dict[str, object] = {
        "order_id": "o", "symbol": "SPY", "side": OrderSide.BUY, "order_type": OrderType.MARKET,
        "quantity": 10, "created_at": NOON, **given,
    }  # fmt: skip
    with pytest.raises(ValueError, match=match):
        Order(**fields)  # type: ignore[arg-type]


def test_executions_add_up_exactly() -> None:
    order = an_order(quantity=9)
    order.accept(0)
    order.add_execution(an_execution(3, "100.01"))
    assert (order.status, order.remaining_quantity()) == (OrderStatus.PARTIALLY_FILLED, 6)
    order.add_execution(an_execution(6, "100.02", "e2"))
    assert (order.status, order.filled_quantity) == (OrderStatus.FILLED, 9)
    assert order.avg_fill_price == Decimal("100.016666667")
    with pytest.raises(ContractError, match="overfills order 'o1': 0 is left"):
        order.add_execution(an_execution(1))


def test_a_filled_order_can_be_built_from_its_parts_or_its_sums() -> None:
    parts = Order(
        "o1", "SPY", OrderSide.BUY, OrderType.MARKET, 10, NOON, OrderStatus.FILLED,
        executions=[an_execution(4, 10), an_execution(6, 20, "e2")],
    )  # fmt: skip
    sums = Order(
        "o1", "SPY", OrderSide.BUY, OrderType.MARKET, 10, NOON, OrderStatus.FILLED,
        filled_quantity=10, avg_fill_price=16, total_commission="0.5",
    )  # fmt: skip
    assert parts.avg_fill_price == sums.avg_fill_price == 16
    assert sums.total_commission == Decimal("0.5")


def test_the_list_of_executions_is_not_the_orders_own() -> None:
    order = an_order()
    order.add_execution(an_execution(4))
    order.executions.clear()
    assert len(order.executions) == 1


def test_an_order_of_a_simulator_is_only_its_simulators_to_change() -> None:
    order = an_order()
    order.kept = True
    with pytest.raises(ContractError, match="alone books its executions"):
        order.add_execution(an_execution())
    with pytest.raises(ContractError, match="which alone moves it; cancel it there"):
        order.status = OrderStatus.CANCELLED
    twin = order.copy()
    twin.status = OrderStatus.SUBMITTED
    twin.add_execution(an_execution())
    assert (order.executions, len(twin.executions)) == ([], 1)


def test_again_asks_for_the_same() -> None:
    order = an_order(kind="stop", limit=11, stop=10)
    twin = order.again()
    assert twin == order and twin is not order


def test_the_table_decides_what_may_follow() -> None:
    order = an_order()
    order.accept(1_000)
    order.cancel(2_000)
    assert order.is_complete() and order.cancelled_at is not None
    with pytest.raises(IllegalTransition, match="'o1' is cancelled and cannot become submitted"):
        order.accept(3_000)


def test_a_refusal_of_what_filled_in_part_is_a_cancel_with_a_reason() -> None:
    order = an_order()
    order.add_execution(an_execution(4))
    order.refuse(1_000, RejectionReason.UNKNOWN, "why")
    assert order.status is OrderStatus.CANCELLED
    assert order.rejection_message == "why"
    assert order.rejected_at is None and order.cancelled_at is not None


@pytest.mark.parametrize(
    ("order", "cap", "trigger"),
    [
        (an_order(), None, None), (an_order(kind="limit", limit=5), 5, None),
        (an_order(kind="stop", stop=5), None, 5), (an_order(kind="stop", limit=5), None, 5),
        (an_order(kind="stop", limit=6, stop=5), 6, 5), (an_order(limit=6), None, None),
    ],
)  # fmt: skip
def test_caps_and_triggers(order: Order, cap: int | None, trigger: int | None) -> None:
    assert order.cap_e9 == (None if cap is None else cap * 10**9)
    assert order.trigger_e9 == (None if trigger is None else trigger * 10**9)


def test_equality_is_of_all_fields() -> None:
    assert an_order() == an_order()
    assert an_order() != an_order(quantity=11)
    assert an_order() != "o1"
    assert repr(an_order()).startswith("Order(order_id='o1', symbol='SPY'")
    assert after(1) > NOON
