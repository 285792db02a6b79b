"""What delays and fees life had, as far as its fills show them."""

from __future__ import annotations

from tests.unit.life_files import E9, MS, T0, a_deal
from tools.live.core.contracts_v1 import BUY
from tools.live.life.deals import LifeFill
from tools.live.life.fit import (
    fit_fees, fit_latency, latency_of, resolution_of, thinned, way_ns,
)  # fmt: skip
from tools.live.life.intervals import Estimate
from tools.live.life.match import match

E18 = 10**18


def a_fill(fee: int | None, liquidity: str = "maker", qty: int = E9) -> LifeFill:
    return LifeFill("", "", "", "X", BUY, qty, 100 * E9, liquidity, fee, None, T0, 1)


def test_a_delay_goes_from_sending_to_the_first_trade_of_a_taker() -> None:
    life = [
        a_deal(1, name="A", liquidity="taker", at_ns=T0 + 7),
        a_deal(2, name="B", liquidity="taker", at_ns=T0 + 9, sent_ns=T0 + 4),
        a_deal(3, name="C", liquidity="maker", at_ns=T0 + 900),
        a_deal(4, liquidity="taker", at_ns=T0 + 30, sent_ns=T0, symbol="ETHUSDT"),
        a_deal(5, liquidity="taker", at_ns=T0 + 1),
    ]  # fmt: skip
    run = [a_deal(seq, name=name, sent_ns=T0) for seq, name in enumerate("ABC", 1)]
    run.append(a_deal(4, sent_ns=T0))  # paired with the fifth by place, which proves no sending
    found = fit_latency(match(life, run))
    assert found is not None and found.sample_ns == (5, 7, 30)
    assert [name for name, _ in found.quantiles] == ["p50", "p90", "p99"]
    assert found.quantiles[0][1] == Estimate(7, None, None)


def test_no_taker_and_no_sending_tell_no_delay() -> None:
    assert fit_latency(match([a_deal(1)], [a_deal(1)])) is None
    assert fit_latency(match([a_deal(1, liquidity="taker")], [])) is None
    assert latency_of([]) is None and latency_of([4000 * E9]) is None


def test_negative_and_endless_delays_are_told() -> None:
    found = latency_of([-5, 3, 4000 * E9])
    assert found is not None
    assert (found.count, found.negative, found.too_long, found.sample_ns) == (2, 1, 1, (0, 3))


def test_a_coarse_clock_widens_the_interval() -> None:
    sample = [n * MS for n in range(100)]
    fine, coarse = latency_of(sample), latency_of(sample, MS)
    assert fine is not None and coarse is not None
    one, other = fine.quantiles[0][1], coarse.quantiles[0][1]
    assert one.low is not None and one.high is not None
    assert (other.low, other.high) == (one.low - MS + 1, one.high + MS - 1)
    tiny = latency_of([1] * 100, MS)
    assert tiny is not None and tiny.quantiles[0][1].low == 0


def test_the_usual_way_to_the_exchange() -> None:
    there, both_ways = latency_of([4, 5, 6]), latency_of([20, 21, 30])
    assert (way_ns(there, both_ways), way_ns(None, both_ways), way_ns(None, None)) == (5, 10, 0)


def test_how_fine_a_clock_is() -> None:
    assert resolution_of([]) == resolution_of([5 * E9]) == resolution_of([0, 0]) == 1
    assert resolution_of([5 * E9, 7 * E9]) == E9
    assert resolution_of([5 * E9, 7 * E9 + MS]) == MS
    assert resolution_of([5 * E9, 7 * E9 + 3000]) == 1000
    assert resolution_of([5 * E9, 7 * E9 + 3]) == 1


def test_a_long_sample_is_thinned_evenly() -> None:
    assert thinned([1, 2]) == (1, 2)
    found = thinned(list(range(2000)))
    assert len(found) == 200 and found[:2] == (5, 15) and found[-1] == 1995


def test_fee_rates_by_liquidity() -> None:
    pairs = [a_fill(E18 // 100), a_fill(E18 // 50, qty=2 * E9)]
    maker, taker = fit_fees([*pairs * 4, a_fill(None), a_fill(E18, "taker")], 1)
    assert (maker.fills, maker.unknown) == (8, 1)
    assert maker.rate_bps_e9 is not None and maker.rate_bps_e9.value == E9
    assert maker.rate_bps_e9.low is not None and maker.rate_bps_e9.low < E9
    assert taker.rate_bps_e9 == Estimate(100 * E9, None, None)


def test_rates_nobody_knows_and_fees_of_nothing() -> None:
    maker, taker = fit_fees([a_fill(None), *[a_fill(0, "taker")] * 8], 1)
    assert maker.rate_bps_e9 is None
    assert taker.rate_bps_e9 == Estimate(0, -1, 1)


def test_rounded_fees_widen_the_interval_by_half_their_last_place() -> None:
    cent = E18 // 100
    (maker, _) = fit_fees([a_fill(cent)] * 8, 1)
    assert maker.rate_bps_e9 is not None  # half a cent of 100 is half a basis point
    assert maker.rate_bps_e9 == Estimate(E9, E9 // 2 - 1, 3 * E9 // 2 + 1)
