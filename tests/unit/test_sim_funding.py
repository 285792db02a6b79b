"""Funding of perpetuals: `tools.live.sim.funding`."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from tests.unit.builders import e9
from tools.live.core.contracts_v1 import FundingPaid
from tools.live.core.errors import ContractError
from tools.live.core.money import CASH_SCALE
from tools.live.sim.funding import EIGHT_HOURS_NS, ConstantRate, Funding, RecordedRates

HOUR_NS = EIGHT_HOURS_NS // 8
BTC = "BTCUSDT"


def test_longs_pay_at_a_positive_rate_and_shorts_are_paid() -> None:
    funding = Funding(ConstantRate(1))
    paid = funding.payment(BTC, e9(2), e9(50_000), 7)
    assert paid == FundingPaid(BTC, -10 * CASH_SCALE, "1 bps on 2 at 50000", 7)
    got = funding.payment(BTC, e9(-2), e9(50_000), 7)
    assert got == FundingPaid(BTC, 10 * CASH_SCALE, "1 bps on -2 at 50000", 7)


def test_at_a_negative_rate_it_is_the_other_way_round() -> None:
    paid = Funding(ConstantRate("-0.5")).payment(BTC, e9(2), e9(50_000), 7)
    assert paid is not None and paid.amount_e18 == 5 * CASH_SCALE


@pytest.mark.parametrize(("qty", "mark", "bps"), [(0, 1, 1), (1, 0, 1), (1, -1, 1), (1, 1, 0)])
def test_nothing_is_said_where_nothing_is_paid(qty: int, mark: int, bps: int) -> None:
    assert Funding(ConstantRate(bps)).payment(BTC, e9(qty), e9(mark), 7) is None


@pytest.mark.parametrize("seed", range(10))
def test_what_longs_pay_is_what_shorts_get(seed: int) -> None:
    rng = Random(seed)
    for _ in range(50):
        funding = Funding(ConstantRate(rng.randint(-10**6, 10**6) / 1000))
        qty, mark = rng.randint(1, 10**13), rng.randint(1, 10**14)
        pair = [funding.payment(BTC, signed, mark, 0) for signed in (qty, -qty)]
        amounts = [0 if one is None else one.amount_e18 for one in pair]
        assert amounts[0] == -amounts[1]


def test_payments_are_due_every_eight_hours_from_midnight_utc() -> None:
    funding = Funding(ConstantRate(1))
    assert funding.next_ns(0) == 8 * HOUR_NS
    assert funding.next_ns(8 * HOUR_NS - 1) == 8 * HOUR_NS
    assert funding.next_ns(8 * HOUR_NS) == 16 * HOUR_NS
    assert funding.next_ns(23 * HOUR_NS) == 24 * HOUR_NS


def test_they_may_be_due_at_other_times() -> None:
    hourly = Funding(ConstantRate(1), every_ns=HOUR_NS, offset_ns=HOUR_NS // 2)
    assert hourly.next_ns(0) == HOUR_NS // 2
    assert hourly.next_ns(HOUR_NS // 2) == HOUR_NS + HOUR_NS // 2
    assert hourly.describe() == {
        "every_ns": HOUR_NS, "offset_ns": HOUR_NS // 2,
        "rates": {"model": "constant", "bps": "1"},
    }  # fmt: skip


def test_a_recorded_rate_is_in_force_from_its_time_to_the_next() -> None:
    rates = RecordedRates({BTC: [(10, 1), (20, "2.5")], "ETHUSDT": [(15, -1)]})
    assert [rates.rate_bps(BTC, ns) for ns in (10, 19, 20, 99)] == [
        e9(1), e9(1), e9(2.5), e9(2.5),
    ]  # fmt: skip
    assert rates.rate_bps("ETHUSDT", 15) == e9(-1)
    assert rates.describe() == {
        "model": "recorded",
        "rates": {BTC: [["10", "1"], ["20", "2.5"]], "ETHUSDT": [["15", "-1"]]},
    }


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: RecordedRates({BTC: [(10, 1)]}).rate_bps(BTC, 9),
         "no funding rate of 'BTCUSDT' is known at 9 ns; give one from then on"),
        (lambda: RecordedRates({BTC: [(10, 1)]}).rate_bps("X", 11),
         "no funding rate of 'X' is known at 11 ns; give one from then on"),
        (lambda: RecordedRates({BTC: []}),
         "funding times of 'BTCUSDT' must rise; give at least one"),
        (lambda: RecordedRates({BTC: [(10, 1), (10, 2)]}),
         "funding times of 'BTCUSDT' must rise; give at least one"),
        (lambda: RecordedRates({BTC: [(10, "nan")]}),
         "funding rate_bps of BTCUSDT 'nan' is not a number; give digits like 0.01"),
        (lambda: Funding(ConstantRate(1), every_ns=0),
         "funding every 0 ns from 0 ns: the first must be above 0, the second from 0 to below it"),
        (lambda: Funding(ConstantRate(1), every_ns=5, offset_ns=5),
         "funding every 5 ns from 5 ns: the first must be above 0, the second from 0 to below it"),
        (lambda: Funding(ConstantRate(1), offset_ns=-1),
         "funding every 28800000000000 ns from -1 ns: the first must be above 0, the second from 0"
         " to below it"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(make: Callable[[], Any], said: str) -> None:
    with pytest.raises(ContractError) as caught:
        make()
    assert str(caught.value) == said
