"""The door of the paper-trading simulator, and the desk, the account and the market behind it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.unit.simulator_builders import NOON, a_simulator, after, an_execution, an_order
from tools.live.core.clock import FrozenClock
from tools.live.core.errors import ContractError
from tools.live.sim.simulator import ExecutionSimulator
from tools.live.sim.simulator_account import Account
from tools.live.sim.simulator_contracts import (
    LATENCY_FAST, LATENCY_INSTANT, LATENCY_NORMAL, LatencyConfig, OrderSide, OrderStatus,
    RejectionReason,
)  # fmt: skip
from tools.live.sim.simulator_desk import Desk
from tools.live.sim.simulator_limits import RiskConfig
from tools.live.sim.simulator_market import fill_delay_ns, span_ns

MS = timedelta(milliseconds=1)


class Mornings:
    """Open in the first half of each second."""

    def is_open(self, symbol: str, ns: int) -> bool:
        return ns % 10**9 < 5 * 10**8


def test_a_market_order_fills_at_the_next_price_with_slippage_and_commission() -> None:
    one = ExecutionSimulator(10_000, commission_per_share="0.01")
    order = one.submit_order(an_order(), NOON)
    assert order.status is OrderStatus.SUBMITTED and order.submitted_at == NOON
    (told,) = one.process_market_data("SPY", 100, after(1))
    assert (told.price, told.commission, told.timestamp) == (Decimal("100.05"), Decimal("0.1"),
                                                             after(1))  # fmt: skip
    assert one.cash == Decimal("8999.4")
    assert one.positions == {"SPY": 10} and one.get_position("SPY") == 10
    assert one.get_position("X") == 0
    assert one.get_account_value() == Decimal("9999.4")
    assert one.get_account_value({"SPY": 200}) == Decimal("10999.4")
    assert one.completed_orders == {"o1": order} and not one.pending_orders
    assert isinstance(one.account, Account) and isinstance(one.desk, Desk)


def test_attributes_of_the_adr() -> None:
    one = ExecutionSimulator(initial_cash=500, simulator_id="mine", seed=3)
    assert (one.simulator_id, one.cash, one.initial_cash, one.seed) == ("mine", 500, 500, 3)
    assert (one.slippage_bps, one.commission_per_share) == (5, 0)
    assert one.risk_checker is None and one.latency_config == LATENCY_INSTANT
    assert one.get_order("none") is None and one.cancel_order("none", NOON) is None
    assert one.current_time == NOON
    one.enable_trading()
    one.disable_trading()
    one.reset_daily_risk_tracking()
    assert one.submit_order(an_order(quantity=1)).status is OrderStatus.SUBMITTED


def test_what_people_see_cannot_be_written_to() -> None:
    one = a_simulator()
    for view in (one.positions, one.pending_orders, one.completed_orders, one.arriving_orders):
        with pytest.raises(TypeError):
            view["SPY"] = 1  # type: ignore[index]


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ({"initial_cash": -1}, "initial_cash -1 must be 0 or more"),
        ({"slippage_bps": 10_000}, "slippage_bps 10000 must be below 10000"),
        ({"slippage_bps": -1}, "slippage_bps"),
        ({"commission_per_share": -1}, "commission_per_share"),
        ({"seed": -1}, "seed -1 is no whole number"),
        ({"latency_config": "FAST"}, "latency_config 'FAST' is none"),
        ({"latency_config": LatencyConfig(MS, 2 * MS, MS, MS)}, "fill_latency_min is above"),
        ({"latency_config": LatencyConfig(-MS, MS, MS, MS)}, "submission_latency"),
        ({"initial_prices": {"SPY": 0}}, "initial price of 'SPY' 0 must be above 0"),
        ({"initial_positions": {"SPY": "x"}}, "initial position of 'SPY' 'x' is not a number"),
    ],
)
def test_what_no_account_can_begin_with(given: dict[str, object], match: str) -> None:
    with pytest.raises(ContractError, match=match):
        ExecutionSimulator(**{"initial_cash": 1, **given})  # type: ignore[arg-type]


def test_both_spellings_of_market_data() -> None:
    one = a_simulator()
    for name in ("A", "B"):
        one.submit_order(an_order(name, symbol=name, quantity=1), NOON)
    told = one.process_market_data(NOON, {"B": 10, "A": 20})
    assert [each.order_id for each in told] == ["A", "B"]  # by name, however they are listed
    one.submit_order(an_order("o3", symbol="A"), NOON)
    assert len(one.process_market_data(symbol="A", price=1, timestamp=NOON)) == 1
    assert len(one.process_market_data(NOON, {"A": 5}, volume={})) == 0
    one.submit_order(an_order("o4", symbol="A"), NOON)
    assert len(one.process_market_data(current_time=after(1), prices={"A": 2})) == 1
    with pytest.raises(ContractError, match="give .symbol, price, timestamp. or"):
        one.process_market_data("A", 2, current_time=after(2))  # type: ignore[call-overload]
    with pytest.raises(ContractError, match="prices None are no mapping"):
        one.process_market_data()  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (("SPY", 0, NOON), "price of SPY 0 must be above 0"),
        (("", 1, NOON), "symbol '' is no name"),
        ((5, 1, NOON), "symbol 5 is no name"),
        ((NOON, 5), "prices 5 are no mapping"),
        ((NOON, {"SPY": 1}, NOON), "give the time once"),
        (("SPY", 1, "noon"), "timestamp 'noon' is no datetime"),
    ],
)
def test_what_is_no_market_data(arguments: tuple[object, ...], match: str) -> None:
    one = a_simulator()
    with pytest.raises(ContractError, match=match):
        one.process_market_data(*arguments)  # type: ignore[call-overload]
    assert one.desk.now_ns is None


def test_no_time_is_the_present_time_and_before_that_the_clocks() -> None:
    one = a_simulator(clock=FrozenClock(1_767_614_400_000_001_234))
    assert one.current_time == NOON + timedelta(microseconds=1)
    order = one.submit_order(an_order())
    assert order.submitted_at == NOON + timedelta(microseconds=1)
    one.process_market_data("SPY", 1, after(7))
    assert one.current_time == after(7)
    assert one.submit_order(an_order("o2")).submitted_at == after(7)


def test_the_frozen_clock_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MM_FREEZE_UTC_ISO", "2026-01-05T12:00:00Z")
    assert a_simulator().current_time == NOON


def test_limits_wait_for_their_price() -> None:
    one = a_simulator(initial_positions={"SPY": 5})
    one.submit_order(an_order("buy", kind="limit", limit=99), NOON)
    one.submit_order(an_order("sell", "sell", "limit", 5, limit=101))
    assert one.process_market_data("SPY", 100, NOON) == []
    assert [e.order_id for e in one.process_market_data("SPY", 99)] == ["buy"]
    assert [e.order_id for e in one.process_market_data("SPY", 101)] == ["sell"]


def test_stops_wait_for_their_trigger_and_stay_triggered() -> None:
    one = a_simulator(initial_positions={"SPY": 5})
    plain = one.submit_order(an_order("plain", "sell", "stop", 2, stop=95), NOON)
    capped = one.submit_order(an_order("capped", "sell", "stop", 2, stop=95, limit=94))
    named = one.submit_order(an_order("named", "buy", "stop", 2, limit=105))
    assert one.process_market_data("SPY", 96) == []
    assert [(e.order_id, e.price) for e in one.process_market_data("SPY", 93)] == [("plain", 93)]
    assert capped.triggered and not named.triggered
    assert [(e.order_id, e.price) for e in one.process_market_data("SPY", 99)] == [("capped", 99)]
    assert [(e.order_id, e.price) for e in one.process_market_data("SPY", 107)] == [("named", 107)]
    assert plain.is_complete()


@pytest.mark.parametrize(("side", "before"), [("buy", 104), ("sell", 106)])
def test_a_stop_is_touched_at_its_very_price(side: str, before: int) -> None:
    one = a_simulator(initial_positions={"SPY": 10})
    order = one.submit_order(an_order(side=side, kind="stop", stop=105), NOON)
    assert one.process_market_data("SPY", before) == [] and not order.triggered
    assert [e.price for e in one.process_market_data("SPY", 105)] == [105]


def test_a_gap_through_a_stop_that_cannot_be_paid_refuses_it() -> None:
    one = a_simulator(1_000)
    order = one.submit_order(an_order(kind="stop", stop=100), NOON)
    assert one.process_market_data("SPY", 101) == []
    assert order.rejection_message == "Insufficient cash: the fill at 101 needs 10 more"


def test_volume_is_shared_by_age_and_runs_out() -> None:
    one = a_simulator()
    orders = [one.submit_order(an_order(f"o{n}", quantity=4), NOON) for n in range(3)]
    told = one.process_market_data("SPY", 10, volume=6)
    assert [(e.order_id, e.quantity, e.is_partial) for e in told] == [
        ("o0", 4, False), ("o1", 2, True),
    ]  # fmt: skip
    assert one.process_market_data("SPY", 10, volume=0) == []
    told = one.process_market_data(NOON, {"SPY": 10}, volume={"SPY": 5})
    assert [(e.order_id, e.quantity) for e in told] == [("o1", 2), ("o2", 3)]
    assert [str(order.status) for order in orders] == ["filled", "filled", "partially_filled"]


def test_a_fill_that_cannot_be_paid_uses_no_volume() -> None:
    one = a_simulator(100)
    one.submit_order(an_order("poor", kind="stop", quantity=1, stop=90), NOON)
    one.submit_order(an_order("next", kind="stop", quantity="0.05", stop=90))
    assert [e.order_id for e in one.process_market_data("SPY", 101, volume="0.05")] == ["poor"]
    one = a_simulator(100)
    one.submit_order(an_order("poor", kind="stop", quantity=1, stop=90), NOON)
    one.submit_order(an_order("next", kind="stop", quantity="0.05", stop=90))
    told = one.process_market_data("SPY", 101, volume=1)
    assert [(e.order_id, e.quantity) for e in told] == [("next", Decimal("0.05"))]


def test_late_fills_carry_the_volume_that_triggered_them() -> None:
    one = a_simulator(latency_config=LatencyConfig(0 * MS, MS, MS, 0 * MS))
    one.submit_order(an_order(), NOON)
    one.process_market_data("SPY", 10, volume=4)
    one.process_market_data("SPY", 10, volume=100)  # one fill waits already
    told = one.process_market_data("SPY", 11, after(1))
    assert [(e.quantity, e.price) for e in told] == [(4, 11)]  # this very instant's price
    assert [e.quantity for e in one.process_until(after(9))] == [6]


def test_latency_may_be_set_at_any_time() -> None:
    one = a_simulator()
    one.latency_config = LATENCY_FAST
    order = one.submit_order(an_order(), NOON)
    assert order.status is OrderStatus.NEW and one.arriving_orders == {"o1": order}
    assert not one.pending_orders
    one.process_until(after(10))
    assert order.submitted_at == after(10) and one.pending_orders == {"o1": order}


def test_fill_delays_are_drawn_between_the_two_ends() -> None:
    drawn = [
        fill_delay_ns(LatencyConfig(MS, MS, 3 * MS, MS), seed=1, order_id=f"o{n}", now_ns=5)
        for n in range(3_000)
    ]
    assert min(drawn) >= 10**6 and max(drawn) <= 3 * 10**6
    assert min(drawn) < 1_010_000 and max(drawn) > 2_990_000
    assert abs(sum(drawn) / len(drawn) - 2 * 10**6) < 50_000
    assert all(ns % 1_000 == 0 for ns in drawn)
    assert span_ns(3 * MS) == 3 * 10**6


def test_a_delay_that_is_drawn_as_nothing_fills_at_once() -> None:
    one = a_simulator(latency_config=LatencyConfig(0 * MS, 0 * MS, timedelta(microseconds=1), MS))
    for number in range(8):
        one.submit_order(an_order(f"o{number}", quantity=1), NOON)
    assert 0 < len(one.process_market_data("SPY", 1)) < 8


def test_a_cancel_takes_its_time_and_a_new_price_may_come_first() -> None:
    one = a_simulator(latency_config=LATENCY_NORMAL)
    order = one.submit_order(an_order(), NOON)
    one.process_market_data("SPY", 10, after(50))
    assert one.cancel_order("o1", after(60)) is order  # the fill that waited is dropped
    assert one.cancel_order("o1", after(70)) is order  # once is enough
    assert one.process_until(after(109)) == [] and order.status is OrderStatus.SUBMITTED
    one.process_until(after(110))
    assert order.status is OrderStatus.CANCELLED and order.cancelled_at == after(110)
    assert one.cancel_order("o1") is None and one.available_cash == 10_000

    one.latency_config = LatencyConfig(0 * MS, MS, MS, 50 * MS)
    order = one.submit_order(an_order("o2"), after(200))
    one.cancel_order("o2")
    one.process_market_data("SPY", 10)
    assert len(one.process_until(after(300))) == 1 and order.status is OrderStatus.FILLED
    assert one.action_queue.get_pending_count() == 0


def test_an_instant_cancel() -> None:
    one = a_simulator()
    order = one.submit_order(an_order(), NOON)
    assert one.cancel_order("o1", after(3)) is order
    assert order.cancelled_at == after(3) and one.completed_orders == {"o1": order}


def test_what_fell_due_before_a_cancel_has_happened() -> None:
    one = a_simulator(latency_config=LatencyConfig(0 * MS, MS, MS, 0 * MS))
    one.submit_order(an_order(), NOON)
    one.process_market_data("SPY", 10)
    assert one.cancel_order("o1", after(1)) is None
    assert len(one.process_market_data("SPY", 10)) == 1  # reported by what comes next


def test_orders_that_are_not_new_are_refused() -> None:
    one = a_simulator()
    done = an_order()
    done.add_execution(an_execution())
    with pytest.raises(ContractError, match="'o1' is filled already"):
        one.submit_order(done, NOON)
    order = an_order()
    a_simulator().submit_order(order, NOON)
    with pytest.raises(ContractError, match="'o1' is submitted already"):
        one.submit_order(order, NOON)


def test_symbols_and_sessions_are_kept() -> None:
    one = a_simulator(symbols=["SPY"], sessions=Mornings(), latency_config=LATENCY_INSTANT)
    assert one.submit_order(an_order(symbol="X"), NOON).rejection_reason is (
        RejectionReason.INVALID_SYMBOL
    )
    late = one.submit_order(an_order("late"), after(500))
    assert late.rejection_reason is RejectionReason.MARKET_CLOSED
    one.submit_order(an_order("o2"), after(1_400))
    one.submit_order(an_order("stop", "buy", "stop", 1, stop=5))
    assert one.process_market_data("SPY", 10, after(1_600)) == []  # closed
    assert len(one.process_market_data("SPY", 10, after(2_000))) == 2

    one.latency_config = LatencyConfig(0 * MS, 200 * MS, 200 * MS, 0 * MS)
    one.submit_order(an_order("o3"), after(2_400))
    one.process_market_data("SPY", 10)
    assert one.process_until(after(2_700)) == []  # it fell due while the market was closed


def test_shorts_when_they_are_allowed() -> None:
    one = a_simulator(0, allow_short=True)
    one.submit_order(an_order(side="sell"), NOON)
    one.process_market_data("SPY", 100)
    assert (one.cash, one.get_position("SPY"), one.get_account_value()) == (1_000, -10, 0)
    one.submit_order(an_order("o2"))
    one.process_market_data("SPY", 90)
    assert (one.cash, one.positions) == (100, {})


def test_a_sell_whose_commission_nobody_can_pay_is_refused() -> None:
    one = a_simulator(
        5, commission_per_share=2, initial_positions={"SPY": 10}, initial_prices={"SPY": 3}
    )
    order = one.submit_order(an_order(side="sell"), NOON)
    one.process_market_data("SPY", 1)
    assert order.rejection_reason is RejectionReason.INSUFFICIENT_FUNDS
    one.submit_order(an_order("o2", "sell", quantity=5))
    one.process_market_data("SPY", 1)
    assert one.cash == 0


def test_slippage_never_brings_a_price_to_nothing() -> None:
    one = a_simulator(slippage_bps=9_999, initial_positions={"SPY": 1})
    one.submit_order(an_order(side="sell", quantity=1), NOON)
    assert one.process_market_data("SPY", "0.000000001")[0].price == Decimal("1E-9")


def test_initial_positions_are_worth_their_prices() -> None:
    one = a_simulator(
        100, risk_config=RiskConfig(), initial_positions={"A": 2}, initial_prices={"A": 5, "B": 1}
    )
    assert one.get_account_value() == 110
    assert one.risk_checker is not None and one.risk_checker.peak_value == 110
    unknown = a_simulator(100, risk_config=RiskConfig(), initial_positions={"A": 2})
    assert unknown.get_account_value() == 100
    with pytest.raises(ContractError, match="no price of A is known"):
        unknown.reset_daily_risk_tracking()
    assert a_simulator(1, risk_config=RiskConfig(), initial_positions={"A": 0}).account.value_e18
    unknown.process_market_data("A", 7, NOON)
    assert unknown.risk_checker is not None and unknown.risk_checker.daily_start_value == 114
    unknown.process_market_data("A", 5, NOON)
    assert (unknown.risk_checker.peak_value, unknown.risk_checker.daily_start_value) == (114, 114)
    unknown.process_market_data("A", 7, NOON)
    unknown.reset_daily_risk_tracking()
    assert unknown.risk_checker is not None and unknown.risk_checker.daily_start_value == 114


def test_the_kill_switch_stops_what_is_new_and_lets_the_rest_fill() -> None:
    one = a_simulator(risk_config=RiskConfig())
    one.submit_order(an_order(), NOON)
    one.disable_trading()
    assert one.submit_order(an_order("o2")).rejection_reason is (
        RejectionReason.RISK_TRADING_DISABLED
    )
    assert len(one.process_market_data("SPY", 1)) == 1
    one.enable_trading()
    assert one.submit_order(an_order("o3")).status is OrderStatus.SUBMITTED


def test_reservations_are_given_back_bit_by_bit() -> None:
    one = a_simulator(1_000, slippage_bps=100, commission_per_share=1)
    one.process_market_data("SPY", 50, NOON)
    one.submit_order(an_order())
    assert one.reserved_cash == Decimal("515")  # 10 x (50.50 + 1)
    one.process_market_data("SPY", 40, volume=4)
    assert one.reserved_cash == Decimal("309")
    assert one.cash == 1_000 - 4 * Decimal("41.4")
    one.cancel_order("o1")
    assert one.reserved_cash == 0 and one.available_cash == one.cash
    assert OrderSide.BUY.value == "buy"
