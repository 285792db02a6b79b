"""The gate: limits at worst case, reducing orders, marks, and what people ask it."""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random

import pytest

from tests.unit.builders import BTC, ETH, T0_NS, a_monitor, an_intent, e9, passes, verdict_on
from tools.live.core.contracts_v1 import BUY, SELL, Approved, IntentRefused, RefusalReason, Side
from tools.live.core.errors import ContractError
from tools.live.risk_monitor import RuntimeRiskMonitor


def holding(qty: float, price: float = 100.0, **limits: float) -> RuntimeRiskMonitor:
    """A monitor that holds `qty` of BTC, bought or sold outside, marked at `price`."""
    monitor = a_monitor(**limits)
    monitor.on_fill(BTC, "buy" if qty > 0 else "sell", abs(qty), price)
    return monitor


# Limits.


def test_an_order_that_reaches_a_limit_exactly_passes() -> None:
    monitor = a_monitor(max_symbol=1_000, max_total=1_000)
    assert monitor.check_before_order(BTC, "Buy", 10, 100)
    assert monitor.check_before_order(BTC, "Sell", 10, 100)
    assert monitor.blocks_total == 0


@pytest.mark.parametrize("side", ["Buy", "Sell"])
@pytest.mark.parametrize(("qty", "price"), [("10.000000001", 100), (10, "100.000000001")])
def test_one_unit_above_the_symbol_limit_is_refused(side: str, qty: str, price: str) -> None:
    monitor = a_monitor(max_symbol=1_000)
    assert monitor.why_refused(BTC, side, qty, price) is RefusalReason.SYMBOL_LIMIT
    assert monitor.blocks_total == 1


def test_the_total_limit_counts_every_symbol_and_passes_at_equality() -> None:
    monitor = a_monitor(max_symbol=1_000, max_total=1_500)
    assert passes(monitor, an_intent(qty=10, price=100))
    assert monitor.why_refused(ETH, "Buy", "5.000000001", 100) is RefusalReason.TOTAL_LIMIT
    assert monitor.check_before_order(ETH, "Buy", 5, 100)


def test_a_limit_of_zero_lets_nothing_pass() -> None:
    assert not a_monitor(max_symbol=0).check_before_order(BTC, "Buy", "0.000000001", 1)
    assert not a_monitor(max_total=0).check_before_order(BTC, "Buy", "0.000000001", 1)


@pytest.mark.parametrize("name", ["max_symbol", "max_total"])
@pytest.mark.parametrize("limit", [-1, math.nan, math.inf, "much"])
def test_a_limit_that_is_no_limit_is_an_error(name: str, limit: float) -> None:
    with pytest.raises(ContractError, match="max_"):
        a_monitor(**{name: limit})


def test_the_total_is_of_marks_and_the_symbol_of_the_price() -> None:
    monitor = a_monitor(max_symbol=1_000, max_total=1_500, mark=lambda symbol: 200.0)
    assert monitor.why_refused(BTC, "Buy", 8, 100) is RefusalReason.TOTAL_LIMIT
    assert monitor.check_before_order(BTC, "Buy", "7.5", 100)
    assert monitor.why_refused(BTC, "Buy", "7.5") is RefusalReason.SYMBOL_LIMIT


# Open and in-flight orders.


def test_four_hundred_resting_orders_cannot_pass_a_limit() -> None:
    monitor = a_monitor(max_symbol=10_000)
    verdicts = [passes(monitor, an_intent(BUY, "0.01", 50_000)) for _ in range(400)]
    assert verdicts == [True] * 20 + [False] * 380
    assert monitor.refusals == {RefusalReason.SYMBOL_LIMIT: 380}
    assert monitor.blocks_total == 380


def test_the_two_sides_are_not_added_only_the_worse_counts() -> None:
    monitor = a_monitor(max_symbol=1_000, max_total=1_000)
    assert passes(monitor, an_intent(BUY, 10))
    assert passes(monitor, an_intent(SELL, 10))
    monitor.on_quote(BTC, e9(100), e9(100))
    assert monitor.worst_case_e18(BTC) == e9(10) * e9(100)


def test_released_exposure_can_be_used_again() -> None:
    monitor = a_monitor(max_symbol=1_000)
    assert passes(monitor, an_intent(BUY, 10))
    assert not passes(monitor, an_intent(BUY, 1))
    monitor.release(BTC, BUY, e9(4))
    assert passes(monitor, an_intent(BUY, 4))
    assert not passes(monitor, an_intent(BUY, "0.000000001"))


@pytest.mark.parametrize("side", [BUY, SELL])
def test_a_reserved_fill_moves_exposure_from_order_to_position(side: Side) -> None:
    monitor = a_monitor(max_symbol=1_000, max_total=1_000)
    monitor.on_quote(BTC, e9(100), e9(100))
    assert passes(monitor, an_intent(side, 10))
    monitor.apply_fill(BTC, side, e9(4), e9(100), reserved=True)
    assert monitor.worst_case_e18(BTC) == e9(10) * e9(100)
    assert not passes(monitor, an_intent(side, "0.000000001"))
    monitor.release(BTC, side, e9(6))
    assert monitor.worst_case_e18(BTC) == e9(4) * e9(100)


def test_a_check_reserves_nothing() -> None:
    monitor = a_monitor(max_symbol=1_000)
    for side in ("buy", "sell"):
        assert all(monitor.check_before_order(BTC, side, 10, 100) for _ in range(3))
    assert passes(monitor, an_intent(BUY, 10))


def test_a_check_is_no_price_seen() -> None:
    monitor = a_monitor()
    assert monitor.check_before_order("NEW", "buy", 1, 123)
    assert monitor.get_mark_price("NEW") == 1.0


def test_an_approval_carries_its_intent_and_a_refusal_its_reason() -> None:
    monitor = a_monitor(max_symbol=1_000)
    wish = an_intent(BUY, 10)
    approved = verdict_on(monitor, wish)
    assert approved == Approved("CLI00000001", BTC, BUY, e9(10), e9(100), T0_NS)
    assert verdict_on(monitor, wish) == IntentRefused(
        BTC, BUY, e9(10), e9(100), RefusalReason.SYMBOL_LIMIT, T0_NS
    )


def test_releasing_one_order_of_a_symbol_never_quoted_keeps_the_other_counted() -> None:
    monitor = a_monitor(max_symbol=1_000, max_total=1_000)
    assert passes(monitor, an_intent(BUY, 8))
    assert passes(monitor, an_intent(BUY, 2))
    monitor.release(BTC, BUY, e9(2))
    assert not passes(monitor, an_intent(BUY, 5, symbol=ETH))
    assert passes(monitor, an_intent(BUY, 2, symbol=ETH))


# Orders that only reduce.


@pytest.mark.parametrize(("held", "out", "more"), [(300, "sell", "buy"), (-300, "buy", "sell")])
def test_over_a_limit_reducing_passes_and_adding_does_not(
    held: float, out: str, more: str
) -> None:
    monitor = holding(held, max_symbol=10_000, max_total=10_000)
    assert monitor.check_before_order(BTC, out, 1)
    assert monitor.check_before_order(BTC, out, 300)
    assert monitor.why_refused(BTC, more, "0.000000001") is RefusalReason.SYMBOL_LIMIT


@pytest.mark.parametrize(("held", "side"), [(300, SELL), (-300, BUY)])
def test_open_orders_that_together_would_flip_the_position_do_not_reduce(
    held: float, side: Side
) -> None:
    monitor = holding(held, max_symbol=10_000, max_total=10_000)
    assert passes(monitor, an_intent(side, 200))
    assert passes(monitor, an_intent(side, 100))
    refused = verdict_on(monitor, an_intent(side, "0.000000001"))
    assert isinstance(refused, IntentRefused)
    assert refused.reason is RefusalReason.TOTAL_LIMIT


@pytest.mark.parametrize(("held", "side"), [(300, "sell"), (-300, "buy")])
def test_a_flip_is_judged_by_where_it_would_end(held: float, side: str) -> None:
    monitor = holding(held, max_symbol=10_000)
    assert monitor.check_before_order(BTC, side, 400)
    assert monitor.why_refused(BTC, side, "400.000000001") is RefusalReason.SYMBOL_LIMIT


# Marks.


def test_an_unseen_symbol_is_marked_at_one() -> None:
    monitor = a_monitor(max_symbol=1_000)
    assert monitor.get_mark_price("NEW") == 1.0
    assert monitor.mark_e9("NEW") == e9(1)
    assert monitor.check_before_order("NEW", "buy", 1_000)
    assert not monitor.check_before_order("NEW", "buy", "1000.000000001")
    assert monitor.worst_case_e18("NEVER") == 0


def test_the_last_price_seen_is_the_mark() -> None:
    monitor = a_monitor(max_symbol=1_000)
    monitor.on_quote(BTC, e9(99), e9(101))
    assert monitor.get_mark_price(BTC) == 100.0
    assert monitor.check_before_order(BTC, "buy", 10)
    monitor.on_fill(BTC, "buy", 1, 200)
    assert monitor.get_mark_price(BTC) == 200.0
    assert monitor.check_before_order(BTC, "buy", 4)
    assert not monitor.check_before_order(BTC, "buy", "4.000000001")


def test_a_fill_marks_a_symbol_that_had_no_price() -> None:
    monitor = a_monitor()
    monitor.apply_fill(BTC, BUY, e9(1), e9(300))
    assert monitor.mark_e9(BTC) == e9(300)
    monitor.apply_fill(BTC, BUY, e9(1), e9(400))
    assert monitor.mark_e9(BTC) == e9(300)


def test_the_callers_mark_wins_over_the_last_price() -> None:
    monitor = a_monitor(max_symbol=1_000, mark=lambda symbol: 50.0)
    monitor.on_quote(BTC, e9(100), e9(100))
    assert monitor.get_mark_price(BTC) == 50.0
    assert monitor.mark_e9(BTC) == e9(50)
    assert monitor.check_before_order(BTC, "buy", 20)
    assert not monitor.check_before_order(BTC, "buy", "20.000000001")


def test_the_source_of_marks_can_be_set_and_taken_back() -> None:
    monitor = a_monitor()
    monitor.on_quote(BTC, e9(100), e9(100))
    monitor.get_mark_price = lambda symbol: 7.0
    assert monitor.get_mark_price(BTC) == 7.0
    monitor.get_mark_price = None
    assert monitor.get_mark_price(BTC) == 100.0


def test_taking_the_source_of_marks_back_revalues_what_is_open() -> None:
    monitor = a_monitor(max_symbol=1_000, max_total=1_000, mark=lambda symbol: 1.0)
    monitor.on_quote(BTC, e9(100), e9(100))
    assert passes(monitor, an_intent(BUY, 10))
    monitor.get_mark_price = None
    assert not passes(monitor, an_intent(BUY, 1, symbol=ETH))


@pytest.mark.parametrize(
    "bad",
    [math.nan, math.inf, -math.inf, 0.0, -1.0, 1e-12, 1e16, pytest.param(10**400, id="10^400")],
)
def test_a_mark_that_is_no_price_refuses(bad: float) -> None:
    monitor = a_monitor(mark=lambda symbol: bad)
    assert monitor.why_refused(BTC, "buy", 1, 100) is RefusalReason.BAD_MARK
    assert monitor.why_refused(BTC, "buy", 1) is RefusalReason.BAD_MARK
    assert monitor.mark_e9(BTC) == 0
    assert monitor.blocks_total == 2


def test_with_the_callers_marks_the_total_is_taken_anew_over_all_symbols() -> None:
    marks = {BTC: 100.0, ETH: 10.0, "SOLUSDT": 1.0}
    monitor = a_monitor(max_symbol=10_000, max_total=2_000, mark=marks.__getitem__)
    assert passes(monitor, an_intent(BUY, 10))
    assert passes(monitor, an_intent(SELL, 50, 10, ETH))
    assert monitor.check_before_order("SOLUSDT", "buy", 500, 1)
    marks[ETH] = 20.0
    assert monitor.why_refused("SOLUSDT", "buy", 1, 1) is RefusalReason.TOTAL_LIMIT
    marks[BTC] = 50.0
    assert monitor.check_before_order("SOLUSDT", "buy", 500, 1)
    assert monitor.why_refused("SOLUSDT", "buy", "500.000000001", 1) is RefusalReason.TOTAL_LIMIT


def test_a_bad_mark_of_another_symbol_that_counts_refuses_too() -> None:
    """Nobody knows what the total is, so it is not below its limit."""
    marks = {BTC: 100.0, ETH: 10.0}
    monitor = a_monitor(max_symbol=10_000, max_total=2_000, mark=marks.__getitem__)
    monitor.on_fill(BTC, "buy", 10, 150)
    assert passes(monitor, an_intent(BUY, 50, 10, ETH))
    marks[BTC] = math.nan
    assert monitor.why_refused(ETH, "buy", 1, 10) is RefusalReason.BAD_MARK
    monitor.on_fill(BTC, "sell", 10, 150)
    assert monitor.check_before_order(ETH, "sell", 1, 10)


# What the doors take.


@pytest.mark.parametrize("side", ["buy", "BUY", "Buy", "bUY", BUY])
def test_the_side_is_read_in_any_case(side: str) -> None:
    monitor = a_monitor()
    assert monitor.check_before_order(BTC, side, 1, 100)
    monitor.on_fill(BTC, side, 1, 100)
    monitor.on_fill(BTC, "sELL", 3, 100)
    assert monitor.get_positions() == {BTC: -2.0}


@pytest.mark.parametrize("side", ["", "hold", "buy ", "b", None, 1])
def test_an_unknown_side_is_refused_and_cannot_fill(side: str) -> None:
    monitor = a_monitor()
    assert monitor.why_refused(BTC, side, 1, 100) is RefusalReason.UNKNOWN_SIDE
    with pytest.raises(ContractError, match="neither Buy nor Sell"):
        monitor.on_fill(BTC, side, 1, 100)
    assert monitor.blocks_total == 1


BAD_NUMBERS = [math.nan, math.inf, -math.inf, 0, 0.0, -1, -0.5, "NaN", "one", "", None, True]


@pytest.mark.parametrize("bad", BAD_NUMBERS)
def test_a_quantity_that_is_none_is_refused_counted_and_cannot_fill(bad: float) -> None:
    monitor = a_monitor()
    assert not monitor.check_before_order(BTC, "buy", bad, 100)
    assert monitor.refusals == {RefusalReason.BAD_QUANTITY: 1}
    with pytest.raises(ContractError, match="qty"):
        monitor.on_fill(BTC, "buy", bad, 100)
    assert monitor.get_positions() == {}


@pytest.mark.parametrize("bad", [number for number in BAD_NUMBERS if number is not None])
def test_a_price_that_is_none_is_refused_counted_and_cannot_fill(bad: float) -> None:
    monitor = a_monitor()
    assert not monitor.check_before_order(BTC, "sell", 1, bad)
    assert monitor.refusals == {RefusalReason.BAD_PRICE: 1}
    with pytest.raises(ContractError, match="price"):
        monitor.on_fill(BTC, "buy", 1, bad)
    assert monitor.get_positions() == {}


# Positions.


def test_positions_are_a_copy_sorted_and_a_flat_symbol_stays() -> None:
    monitor = a_monitor()
    monitor.on_fill(ETH, "buy", 2, 10)
    monitor.on_fill(BTC, "buy", 1, 10)
    monitor.on_fill(BTC, "sell", 1, 10)
    monitor.on_quote("SOLUSDT", e9(1), e9(1))
    monitor.check_before_order("XRPUSDT", "buy", 1, 1)
    positions = monitor.get_positions()
    assert list(positions.items()) == [(BTC, 0.0), (ETH, 2.0)]
    assert math.copysign(1, positions[BTC]) == 1
    positions[BTC] = 99.0
    assert monitor.get_positions()[BTC] == 0.0


def test_reset_is_flat_with_nothing_open_and_the_counters_go_on() -> None:
    monitor = a_monitor(max_symbol=1_000, max_total=1_000)
    assert passes(monitor, an_intent(BUY, 10))
    assert not passes(monitor, an_intent(BUY, 1))
    monitor.on_fill(BTC, "buy", 1, 100)
    monitor.freeze("stop", BTC)
    monitor.reset()
    assert monitor.get_positions() == {}
    assert not monitor.is_frozen()
    assert (monitor.last_freeze_reason, monitor.last_freeze_symbol) == (None, None)
    assert (monitor.blocks_total, monitor.freezes_total) == (1, 1)
    assert monitor.risk_ratio_p95() == 0.0
    assert monitor.get_mark_price(BTC) == 1.0
    assert passes(monitor, an_intent(BUY, 10))
    assert not passes(monitor, an_intent(BUY, 1, symbol=ETH))


# The ratio.


def naive_p95(ratios: list[float]) -> float:
    kept = sorted(ratio for ratio in ratios if 0 <= ratio <= 1)
    return kept[math.ceil(0.95 * len(kept)) - 1] if kept else 0.0


@pytest.mark.parametrize("source", ["last price", "caller"])
@pytest.mark.parametrize("seed", range(12))
def test_the_95th_percentile_is_the_naive_one(seed: int, source: str) -> None:
    rng = Random(seed)
    marks = {BTC: 100.0, ETH: 10.0}
    mark: Callable[[str], float] | None = marks.__getitem__ if source == "caller" else None
    monitor = a_monitor(max_total=1_000, mark=mark)
    for symbol, price in marks.items():
        monitor.on_quote(symbol, e9(price), e9(price))
    held = {BTC: 0, ETH: 0}
    ratios = []
    for _ in range(rng.randint(1, 150)):
        symbol = rng.choice((BTC, ETH))
        side = rng.choice((BUY, SELL))
        qty = rng.randint(1, 6)
        if rng.random() < 0.3:
            marks[symbol] = float(rng.randint(5, 150))
            monitor.on_quote(symbol, e9(marks[symbol]), e9(marks[symbol]))
        monitor.apply_fill(symbol, side, e9(qty), e9(marks[symbol]))
        held[symbol] += qty if side is BUY else -qty
        ratios.append(math.fsum(abs(held[s]) * marks[s] for s in held) / 1_000)
    assert monitor.risk_ratio_p95() == pytest.approx(naive_p95(ratios), abs=1.01e-5)


@pytest.mark.parametrize(
    ("last", "expected"), [("1", 1.0), ("1.000000001", 0.5), ("0.00001", 0.5)]
)
def test_a_ratio_of_one_counts_and_one_above_is_dropped(last: str, expected: float) -> None:
    monitor = a_monitor(max_total=1, mark=lambda symbol: 1.0)
    monitor.apply_fill(BTC, BUY, e9("0.5"), e9(1))
    monitor.apply_fill(BTC, BUY, e9(last) - e9("0.5") if e9(last) > e9("0.5") else e9(1), e9(1))
    if e9(last) < e9("0.5"):
        monitor.apply_fill(BTC, SELL, e9("1.5") - e9(last), e9(1))
    assert monitor.risk_ratio_p95() == expected


def test_a_sample_with_a_bad_mark_counts_at_the_last_price() -> None:
    monitor = a_monitor(max_total=1_000, mark=lambda symbol: math.nan)
    monitor.apply_fill(BTC, BUY, e9(1), e9(100))
    assert monitor.risk_ratio_p95() == 0.1


def test_without_fills_or_without_a_limit_the_ratio_is_zero() -> None:
    assert a_monitor().risk_ratio_p95() == 0.0
    monitor = a_monitor(max_total=0)
    monitor.apply_fill(BTC, BUY, e9(1), e9(1))
    monitor.apply_fill(BTC, SELL, e9(1), e9(1))
    assert monitor.risk_ratio_p95() == 0.0
