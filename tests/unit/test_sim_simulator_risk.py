"""The paper-trading simulator's gate."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.unit.simulator_builders import NOON, a_simulator, after, an_order
from tools.live.core.errors import ContractError
from tools.live.sim.simulator_contracts import LATENCY_FAST, Order, OrderStatus, RejectionReason
from tools.live.sim.simulator_limits import (
    DrawdownLimitRule, ExposureLimitRule, PositionLimitRule, RiskConfig, RiskRuleType,
    RiskViolation,
)  # fmt: skip
from tools.live.sim.simulator_risk import RiskChecker


def a_checker(**rules: object) -> RiskChecker:
    return RiskChecker(RiskConfig(**rules))  # type: ignore[arg-type]


def exposure(gross: int, net: int) -> ExposureLimitRule:
    return ExposureLimitRule(Decimal(gross), Decimal(net))


def verdict(checker: RiskChecker, order: Order, held: int = 0, cash: int = 1_000) -> object:
    found = checker.check_order(order, {"SPY": held}, {"SPY": Decimal(100)}, cash)
    return None if found is None else (found[0].value, found[1])


def test_limits_have_the_defaults_of_the_adr() -> None:
    config = RiskConfig()
    assert (config.position_limit, config.exposure_limit, config.drawdown_limit) == (None,) * 3
    assert config.trading_enabled
    assert ExposureLimitRule().max_gross_exposure_pct == 100
    assert [str(kind) for kind in RiskRuleType] == [
        "position_limit", "exposure_limit", "drawdown_limit", "kill_switch",
    ]  # fmt: skip


def test_without_rules_everything_passes() -> None:
    assert verdict(a_checker(), an_order(quantity=10**6)) is None


def test_the_kill_switch_comes_first() -> None:
    checker = a_checker(position_limit=PositionLimitRule(Decimal(0)), trading_enabled=False)
    message = "Trading is disabled (kill-switch active)"
    assert verdict(checker, an_order()) == ("risk_trading_disabled", message)
    checker.enable_trading()
    assert verdict(checker, an_order()) == (
        "risk_position_limit", "position of 10 shares > limit of 0",
    )  # fmt: skip
    checker.disable_trading()
    assert verdict(checker, an_order()) == ("risk_trading_disabled", message)


def test_a_position_is_limited_in_shares_then_in_value() -> None:
    checker = a_checker(position_limit=PositionLimitRule(Decimal(15), Decimal(1_200)))
    assert verdict(checker, an_order(), held=2) is None  # 1200 is not above 1200
    assert verdict(checker, an_order(), held=6) == (
        "risk_position_limit", "position of 16 shares > limit of 15",
    )  # fmt: skip
    assert verdict(checker, an_order(), held=3) == (
        "risk_position_limit", "position worth 1300 > limit of 1200",
    )  # fmt: skip
    assert checker.last_violation == RiskViolation(
        RiskRuleType.POSITION_LIMIT, "position worth 1300 > limit of 1200", Decimal(1300),
        Decimal(1200),
    )  # fmt: skip
    assert verdict(checker, an_order(side="sell"), held=100) is None
    assert verdict(checker, an_order(side="sell", quantity=16), held=0) is not None  # a short


def test_exposure_is_gross_then_net_and_skipped_at_nothing() -> None:
    checker = a_checker(exposure_limit=exposure(150, 80))
    assert verdict(checker, an_order(quantity=8)) is None
    assert verdict(checker, an_order(quantity=16)) == (
        "risk_exposure_limit", "gross exposure 160.0% > 150%",
    )  # fmt: skip
    assert verdict(checker, an_order(quantity=9)) == (
        "risk_exposure_limit", "net exposure 90.0% > 80%",
    )  # fmt: skip
    assert verdict(checker, an_order(quantity=9, side="sell")) == (
        "risk_exposure_limit", "net exposure 90.0% > 80%",
    )  # fmt: skip
    assert verdict(checker, an_order(quantity=9), cash=0) is None
    assert verdict(checker, an_order(quantity=1), held=-11) is None  # it brings the short down
    assert verdict(checker, an_order(quantity=1, side="sell"), held=-11) == (
        "risk_exposure_limit", "the account is worth -100, which bears no exposure",
    )  # fmt: skip


def test_what_brings_an_exposure_down_passes_while_it_is_too_high() -> None:
    checker = a_checker(exposure_limit=exposure(50, 50))
    assert verdict(checker, an_order(side="sell", quantity=1), held=100) is None
    assert verdict(checker, an_order(quantity=1), held=100) is not None


def test_an_order_on_a_symbol_without_a_price_is_valued_at_its_own() -> None:
    checker = a_checker(
        exposure_limit=exposure(50, 50), position_limit=PositionLimitRule(None, Decimal(700))
    )
    order = an_order(kind="limit", symbol="X", limit=60)
    assert checker.check_order(order, {}, {}, 1_000) == (
        RejectionReason.RISK_EXPOSURE_LIMIT, "gross exposure 60.0% > 50%",
    )  # fmt: skip
    assert checker.check_order(an_order(kind="stop", symbol="X", stop=71), {}, {}, 10**6) == (
        RejectionReason.RISK_POSITION_LIMIT, "position worth 710 > limit of 700",
    )  # fmt: skip
    assert checker.check_order(an_order(symbol="X"), {}, {}, 1) is None  # judged later


@pytest.mark.parametrize(
    "rules",
    [{"exposure_limit": ExposureLimitRule()}, {"drawdown_limit": DrawdownLimitRule(Decimal(1))}],
)
def test_a_limit_that_cannot_be_judged_refuses(rules: dict[str, object]) -> None:
    found = a_checker(**rules).check_order(an_order(), {"A": 5}, {"SPY": 100}, 1_000)
    assert found is not None and found[0] is RejectionReason.RISK_LIMIT_EXCEEDED


def test_a_drawdown_refuses_buys_and_sells_and_equal_passes() -> None:
    checker = a_checker(drawdown_limit=DrawdownLimitRule(None, Decimal(10)))
    assert verdict(checker, an_order()) is None  # nothing was ever worth anything
    checker.update_state(1_000)
    checker.update_state(2_000, is_new_day=True)
    checker.update_state(1_500)
    assert (checker.peak_value, checker.daily_start_value) == (2_000, 2_000)
    assert verdict(checker, an_order(), cash=1_800) is None
    for side in ("buy", "sell"):
        assert verdict(checker, an_order(side=side), cash=1_799) == (
            "risk_drawdown_limit", "total drawdown 10.05% > 10%",
        )  # fmt: skip
    checker = a_checker(drawdown_limit=DrawdownLimitRule(Decimal(10)))
    checker.reset_daily_tracking(2_000)
    assert verdict(checker, an_order(), cash=1_799) == (
        "risk_drawdown_limit", "daily drawdown 10.05% > 10%",
    )  # fmt: skip
    checker.peak_value = Decimal(7)
    checker.daily_start_value = Decimal(0)
    assert checker.peak_value == 7
    assert verdict(checker, an_order(), cash=1_799) is None


def test_a_limit_below_zero_is_an_error() -> None:
    with pytest.raises(ContractError, match="max_shares Decimal"):
        verdict(a_checker(position_limit=PositionLimitRule(Decimal(-1))), an_order())


def test_open_orders_count_at_their_worst_case() -> None:
    one = a_simulator(risk_config=RiskConfig(PositionLimitRule(Decimal(15))))
    one.submit_order(an_order(kind="limit", limit=10), NOON)
    assert one.submit_order(an_order("o2", quantity=6)).status is OrderStatus.REJECTED
    assert one.submit_order(an_order("o3", quantity=5)).status is OrderStatus.SUBMITTED
    one.cancel_order("o1")
    assert one.submit_order(an_order("o4")).status is OrderStatus.SUBMITTED


def test_open_orders_on_a_symbol_without_a_price_count_what_they_hold_back() -> None:
    one = a_simulator(1_000, risk_config=RiskConfig(exposure_limit=exposure(50, 50)))
    one.process_market_data("SPY", 100, NOON)
    one.submit_order(an_order(symbol="X", kind="limit", quantity=4, limit=100))
    assert one.submit_order(an_order("o2", quantity=2)).rejection_message == (
        "gross exposure 60.0% > 50%"
    )
    assert one.submit_order(an_order("o3", quantity=1)).status is OrderStatus.SUBMITTED


def test_both_directions_of_open_orders_are_not_added() -> None:
    one = a_simulator(
        1_000, allow_short=True, risk_config=RiskConfig(exposure_limit=exposure(100, 100))
    )
    one.process_market_data("SPY", 100, NOON)
    one.submit_order(an_order(kind="limit", quantity=10, limit=50))
    assert one.submit_order(an_order("o2", "sell", "limit", limit=200)).status is (
        OrderStatus.SUBMITTED
    )
    assert one.submit_order(an_order("o3", "sell", quantity=1)).status is OrderStatus.REJECTED


def test_gross_exposure_sees_the_worse_side_of_each_symbol() -> None:
    one = a_simulator(
        1_000, allow_short=True, risk_config=RiskConfig(exposure_limit=exposure(100, 500))
    )
    one.process_market_data(NOON, {"A": 100, "B": 100})
    one.submit_order(an_order(symbol="A", side="sell", kind="limit", quantity=9, limit=200))
    assert one.submit_order(an_order("o2", symbol="B", quantity=2)).rejection_message == (
        "gross exposure 110.0% > 100%"
    )


def test_several_late_orders_are_judged_one_after_the_other() -> None:
    one = a_simulator(
        1_000, latency_config=LATENCY_FAST,
        risk_config=RiskConfig(exposure_limit=exposure(50, 50)),
    )  # fmt: skip
    first = one.submit_order(an_order(quantity=4), NOON)
    second = one.submit_order(an_order("o2", quantity=4), after(20))
    other = one.submit_order(an_order("o3", symbol="X"), after(20))
    limit = one.submit_order(an_order("o4", kind="limit", limit=1, quantity=1), after(20))
    one.process_market_data("SPY", 100, after(21))
    assert (first.status, second.status) == (OrderStatus.SUBMITTED, OrderStatus.REJECTED)
    assert second.rejected_at == after(21)
    assert (other.status, limit.status) == (OrderStatus.NEW, OrderStatus.NEW)
    assert one.reserved_cash == 401


def test_a_late_order_without_cash_is_refused() -> None:
    one = a_simulator(1_000)
    order = one.submit_order(an_order(quantity=11), NOON)
    sell = one.submit_order(an_order("o2", "sell", quantity=1))
    one.process_market_data("SPY", 100, NOON)
    assert order.rejection_message == "Insufficient cash: need 1100, have 1000"
    assert sell.rejection_reason is RejectionReason.INVALID_QUANTITY
