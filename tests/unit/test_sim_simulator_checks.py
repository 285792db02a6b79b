"""Whether an order makes sense and can be paid for."""

from __future__ import annotations

import pytest

from tests.unit.simulator_builders import an_order
from tools.live.core.errors import ContractError
from tools.live.sim.simulator_checks import OrderValidator, ValidationResult
from tools.live.sim.simulator_contracts import Order, RejectionReason


@pytest.mark.parametrize(
    ("order", "reason", "message"),
    [
        (an_order(quantity=0), "invalid_quantity", "quantity 0 must be above 0"),
        (an_order(quantity=-5), "invalid_quantity", "quantity -5 must be above 0"),
        (an_order(quantity="0.0009"), "invalid_quantity", "0.0009 is below the smallest of 0.001"),
        (an_order(quantity=1_000_001), "invalid_quantity", "is above the largest of 1000000"),
        (an_order(side="sell", quantity=6), "invalid_quantity", "more than the 5 that are held"),
        (an_order(side="sell", symbol="X"), "invalid_quantity", "more than the 0 that are held"),
        (an_order(symbol=""), "invalid_symbol", "symbol '' is no name"),
        (an_order(symbol="A\nB"), "invalid_symbol", "is no name"),
        (an_order(symbol=" A"), "invalid_symbol", "is no name"),
        (an_order(symbol="A" * 65), "invalid_symbol", "is no name"),
        (an_order(kind="limit"), "unknown", "a limit order needs a limit_price"),
        (an_order(kind="stop"), "unknown", "a stop order needs a stop_price"),
        (an_order(kind="limit", limit=0), "unknown", "limit_price 0 must be above 0"),
        (an_order(kind="stop", stop=-1), "unknown", "stop_price -1 must be above 0"),
        (an_order(quantity=11), "insufficient_funds", "Insufficient cash: need 1100, have 1000"),
        (an_order(kind="limit", limit="100.01"), "insufficient_funds", "need 1000.1, have 1000"),
        (an_order(kind="stop", stop=101), "insufficient_funds", "need 1010, have 1000"),
    ],
)
def test_what_is_refused(order: Order, reason: str, message: str) -> None:
    result = OrderValidator().validate(order, 1_000, {"SPY": 5}, {"SPY": 100})
    assert not result.is_valid
    assert result.rejection_reason == reason
    assert message in str(result.message)


@pytest.mark.parametrize(
    "order",
    [
        an_order(), an_order(quantity="0.001"), an_order(side="sell", quantity=5),
        an_order(kind="limit", limit=100), an_order(kind="stop", stop=99, limit=100),
        an_order(symbol="\u6caa\u6df1 300", quantity=1_000_000),
    ],
)  # fmt: skip
def test_what_may_pass(order: Order) -> None:
    result = OrderValidator().validate(order, 1_000, {"SPY": 5}, {"SPY": 100})
    assert result == ValidationResult(True)


def test_without_a_price_funds_cannot_be_asked_for() -> None:
    assert OrderValidator().validate(an_order(), 0, {}).is_valid


def test_shorts_are_off_until_they_are_on() -> None:
    order = an_order(side="sell", quantity=6)
    assert OrderValidator().validate(order, 0, {}).rejection_reason is (
        RejectionReason.INVALID_QUANTITY
    )
    assert OrderValidator(allow_short=True).validate(order, 0, {}).is_valid


def test_a_validator_that_lets_nothing_pass_is_refused() -> None:
    with pytest.raises(ContractError, match="nothing could be ordered"):
        OrderValidator(2, 1)
