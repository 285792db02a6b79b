"""Refusal reasons in order: whatever applies at the same time, the first of the list is said."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations

import pytest

from tests.unit.builders import BTC, Wish, a_monitor, e9, verdict_on
from tools.live.core.contracts_v1 import IntentRefused, RefusalReason, Side
from tools.live.core.order_rules import OrderRules
from tools.live.risk_monitor import RuntimeRiskMonitor

REASONS = tuple(RefusalReason)
LIMITS = (RefusalReason.IN_DOUBT, RefusalReason.SYMBOL_LIMIT, RefusalReason.TOTAL_LIMIT)
PAIRS = tuple(combinations(REASONS, 2))


def test_the_order_of_the_reasons_is_the_published_one() -> None:
    assert [reason.value for reason in REASONS] == [
        "frozen", "unknown_side", "bad_quantity", "bad_price", "stale_market",
        "bad_mark", "crossed_quote", "in_doubt", "symbol_limit", "total_limit", "qty_too_small",
        "notional_too_small",
    ]  # fmt: skip


def a_world(reasons: Sequence[RefusalReason]) -> RuntimeRiskMonitor:
    """A monitor in which what concerns the world, not the order, is wrong."""
    bad = RefusalReason.BAD_MARK in reasons
    monitor = a_monitor(
        max_symbol=1 if RefusalReason.SYMBOL_LIMIT in reasons else 10_000,
        max_total=1 if RefusalReason.TOTAL_LIMIT in reasons else 10_000,
        mark=(lambda symbol: math.nan) if bad else None,
    )
    monitor.on_fill(BTC, "buy", 3, 100)
    if RefusalReason.CROSSED_QUOTE in reasons:
        monitor.on_quote(BTC, e9(101), e9(99))
    if RefusalReason.IN_DOUBT in reasons:
        monitor.doubt(BTC)
    if RefusalReason.STALE_MARKET in reasons:
        monitor.exposure_of(BTC).lose("gap")
    smallest = 2 if RefusalReason.QTY_TOO_SMALL in reasons else 0
    least = 101 if RefusalReason.NOTIONAL_TOO_SMALL in reasons else 0
    monitor.exposure_of(BTC).keep_to(OrderRules(0, 0, e9(smallest), e9(least) * 10**9))
    if RefusalReason.FROZEN in reasons:
        monitor.freeze("stop")
    return monitor


def a_wish(reasons: Sequence[RefusalReason]) -> Wish:
    """One more unit at 100, wrong where it is to be wrong."""
    side = "hold" if RefusalReason.UNKNOWN_SIDE in reasons else Side.BUY
    qty = -e9(1) if RefusalReason.BAD_QUANTITY in reasons else e9(1)
    price = 0 if RefusalReason.BAD_PRICE in reasons else e9(100)
    return Wish(BTC, side, qty, price)  # type: ignore[arg-type]


def verdict_of_the_gate(reasons: Sequence[RefusalReason]) -> RefusalReason | None:
    verdict = verdict_on(a_world(reasons), a_wish(reasons))
    return verdict.reason if isinstance(verdict, IntentRefused) else None


def verdict_of_the_door(reasons: Sequence[RefusalReason]) -> RefusalReason | None:
    wish = a_wish(reasons)
    return a_world(reasons).why_refused(BTC, wish.side, wish.qty / 10**9, wish.price / 10**9)


@pytest.mark.parametrize("reason", REASONS, ids=lambda reason: reason.value)
def test_each_reason_alone_is_said_and_counted(reason: RefusalReason) -> None:
    assert verdict_of_the_gate([reason]) is reason
    assert verdict_of_the_door([reason]) is reason
    monitor = a_world([reason])
    verdict_on(monitor, a_wish([reason]))
    assert monitor.blocks_total == 1
    assert monitor.refusals == {reason: 1}


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair[0].value}+{pair[1].value}")
def test_of_two_reasons_the_first_is_said(pair: tuple[RefusalReason, RefusalReason]) -> None:
    assert verdict_of_the_gate(pair) is pair[0]
    assert verdict_of_the_door(pair) is pair[0]


@pytest.mark.parametrize("size", range(3, len(REASONS) + 1))
def test_of_many_reasons_the_first_is_said(size: int) -> None:
    for reasons in combinations(REASONS, size):
        assert verdict_of_the_gate(reasons) is reasons[0]
        assert verdict_of_the_door(reasons) is reasons[0]


def test_without_any_reason_it_passes() -> None:
    assert verdict_of_the_gate([]) is None
    assert verdict_of_the_door([]) is None


@pytest.mark.parametrize(
    "reason",
    [r for r in REASONS if r not in LIMITS],
    ids=lambda reason: reason.value,
)
def test_a_reducing_order_is_excused_from_the_limits_only(reason: RefusalReason) -> None:
    reasons = [reason, *LIMITS]
    side = "hold" if reason is RefusalReason.UNKNOWN_SIDE else "sell"
    qty = 0 if reason is RefusalReason.BAD_QUANTITY else 1
    price = 0 if reason is RefusalReason.BAD_PRICE else 100
    assert a_world(reasons).why_refused(BTC, side, qty, price) is reason
    assert a_world(reasons[1:]).why_refused(BTC, "sell", 1, 100) is None


def test_a_quote_that_is_not_crossed_any_more_lets_orders_pass() -> None:
    monitor = a_world([RefusalReason.CROSSED_QUOTE])
    monitor.on_quote(BTC, e9(100), e9(100))
    assert monitor.why_refused(BTC, "buy", 1, 100) is None
