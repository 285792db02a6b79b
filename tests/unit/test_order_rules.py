"""Ticks, lots and smallest sizes: `tools.live.core.order_rules`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit import prop
from tests.unit.builders import e9
from tools.live.core.contracts_v1 import BUY, SELL, RefusalReason
from tools.live.core.errors import ContractError
from tools.live.core.money import LARGEST_E9, LARGEST_E18
from tools.live.core.order_rules import NO_RULES, OrderRules, checked_rules, spell_rules

RULES = OrderRules(e9("0.01"), e9("0.001"), e9("0.002"), e9(5) * 10**9)


def test_a_buy_goes_down_to_the_tick_and_a_sell_up() -> None:
    assert RULES.price(BUY, e9("100.019")) == e9("100.01")
    assert RULES.price(SELL, e9("100.011")) == e9("100.02")
    for side in (BUY, SELL):
        assert RULES.price(side, e9("100.01")) == e9("100.01")


def test_a_quantity_is_cut_to_whole_lots() -> None:
    assert RULES.qty(e9("0.0109")) == e9("0.01")
    assert RULES.qty(e9("0.01")) == e9("0.01")
    assert RULES.qty(e9("0.001")) == e9("0.001")


def test_what_is_less_than_a_lot_stays_for_the_gate_to_name() -> None:
    assert RULES.qty(e9("0.0009")) == e9("0.0009")
    assert RULES.too_small(e9("0.0009"), e9(10**6)) is RefusalReason.QTY_TOO_SMALL
    assert OrderRules(lot=2).too_small(1, 1) is RefusalReason.QTY_TOO_SMALL


def test_no_rule_moves_nothing_and_refuses_nothing() -> None:
    assert NO_RULES.price(BUY, 7) == NO_RULES.price(SELL, 7) == NO_RULES.qty(7) == 7
    assert NO_RULES.too_small(1, 1) is None
    assert not NO_RULES.any
    assert RULES.any and OrderRules(min_notional_e18=1).any


def test_what_is_too_small_is_told_by_its_first_reason() -> None:
    assert RULES.too_small(e9("0.002"), e9(2500)) is None
    assert RULES.too_small(e9("0.002") - 1, e9(1)) is RefusalReason.QTY_TOO_SMALL
    assert RULES.too_small(e9("0.002"), e9(2500) - 1) is RefusalReason.NOTIONAL_TOO_SMALL


@pytest.mark.parametrize("seed", range(40))
def test_steps_are_kept_and_nothing_gets_more_aggressive(seed: int) -> None:
    rng = prop.chance(seed)
    for _ in range(100):
        tick, lot = (int(rng.random() * 10 ** int(rng.random() * 12)) for _ in range(2))
        rules = OrderRules(tick, lot)
        price, qty = (1 + int(rng.random() * 10**14) for _ in range(2))
        buy, sell, cut = rules.price(BUY, price), rules.price(SELL, price), rules.qty(qty)
        assert price - max(tick, 1) < buy <= price <= sell < price + max(tick, 1)
        assert not tick or buy % tick == sell % tick == 0
        assert qty - max(lot, 1) < cut <= qty
        assert not lot or cut % lot == 0 or cut == qty < lot


def test_rules_are_told_in_human_numbers_and_in_exact_digits() -> None:
    assert RULES.describe() == {
        "tick": 0.01, "lot": 0.001, "min_qty": 0.002, "min_notional": 5.0,
    }  # fmt: skip
    assert spell_rules({"A": RULES}) == {"rules": {"A": {
        "tick": "0.01", "lot": "0.001", "min_qty": "0.002", "min_notional": "5",
    }}}  # fmt: skip
    assert spell_rules({}) == {}


def test_what_can_be_is_taken_as_it_is() -> None:
    most = OrderRules(LARGEST_E9, LARGEST_E9, LARGEST_E9, LARGEST_E18)
    for rules in (NO_RULES, RULES, most):
        assert checked_rules(rules, "A") is rules


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        (None, "the rules of A are NoneType, not OrderRules; give OrderRules, or None"),
        ({"tick": 1}, "the rules of A are dict"),
        (OrderRules(tick=-1), "tick -1 of the rules of A is no whole number from 0"),
        (OrderRules(lot=0.01), "lot 0.01 of the rules of A"),  # type: ignore[arg-type]
        (OrderRules(min_qty=True), "min_qty True of the rules of A"),
        (OrderRules(tick=LARGEST_E9 + 1), f"from 0 to {LARGEST_E9}"),
        (OrderRules(min_notional_e18=LARGEST_E18 + 1), f"from 0 to {LARGEST_E18}"),
    ],
)
def test_what_cannot_be_is_refused_by_its_name(rules: Any, said: str) -> None:
    with pytest.raises(ContractError) as refused:
        checked_rules(rules, "A")
    assert said in str(refused.value)
