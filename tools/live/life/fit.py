"""What delays and fees life had, as far as its fills show them, each with an interval.

The way of an order to its exchange shows in orders that took at once: from when they were sent to
when they first traded. When one was sent life's own file says, or else the run, where both know
the order by one name: the run decided then. A fee rate is the sum of the fees over the sum of the
values, of makers and of takers.

Intervals are of 95 %. They hold for what the sample is of: orders like these, on days like these.
Clocks count: with life's clock ahead of ours all delays are too long by that.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import gcd

from ..core.clock import NS_PER_S
from ..core.money import BPS, SCALE, divide_half_even
from ..core.record import record
from .deals import MAKER, TAKER, LifeFill
from .intervals import Estimate, quantile, ratio
from .match import Matched

MOST_SAMPLES = 200  # of a fitted delay: more of them are thinned to as many quantiles
LONGEST_NS = 3600 * NS_PER_S
_FINEST = 10**18


@record
class Latency:
    """How long orders took to their exchange.

    `negative` ones, that traded before they were sent, tell of clocks; they count as none at all,
    and those over an hour, `too_long`, are left out.
    """

    count: int
    negative: int
    too_long: int
    resolution_ns: int
    quantiles: tuple[tuple[str, Estimate], ...]
    sample_ns: tuple[int, ...]


@record
class FeeRate:
    """The fee rate of one liquidity in basis points at 10^9, over so many fills."""

    liquidity: str
    fills: int
    unknown: int
    rate_bps_e9: Estimate | None


def fit_latency(matched: Matched) -> Latency | None:
    """The delay of submission, or None when no order shows it."""
    told: list[int] = []
    for life, run in matched.pairs:
        if life.liquidity != TAKER or life.first_ns is None:
            continue
        by_name = bool(life.client_order_id) and life.client_order_id == run.client_order_id
        sent_ns = life.sent_ns if life.sent_ns is not None else run.sent_ns if by_name else None
        if sent_ns is not None:
            told.append(life.first_ns - sent_ns)
    for life in matched.life_only:
        if life.liquidity == TAKER and life.sent_ns is not None and life.first_ns is not None:
            told.append(life.first_ns - life.sent_ns)
    times = [one.first_ns for one, _ in matched.pairs if one.first_ns is not None]
    return latency_of(told, resolution_of(times))


def latency_of(told: Sequence[int], resolution_ns: int = 1) -> Latency | None:
    """The quantiles of measured delays, whose times are whole multiples of a resolution."""
    usable = sorted(max(0, ns) for ns in told if ns <= LONGEST_NS)
    if not usable:
        return None
    slack = resolution_ns - 1
    found = []
    for name, permille in _QUANTILES:
        one = quantile(usable, permille)
        low = None if one.low is None else max(0, one.low - slack)
        high = None if one.high is None else one.high + slack
        found.append((name, Estimate(one.value, low, high)))
    negative = len([ns for ns in told if ns < 0])
    return Latency(
        len(usable), negative, len(told) - len(usable), resolution_ns, tuple(found),
        thinned(usable),
    )  # fmt: skip


_QUANTILES = (("p50", 500), ("p90", 900), ("p99", 990))


def way_ns(latency: Latency | None, round_trip: Latency | None) -> int:
    """How long an order usually takes to its exchange; half a round trip if that is all."""
    if latency is not None:
        return latency.quantiles[0][1].value
    return round_trip.quantiles[0][1].value // 2 if round_trip is not None else 0


def thinned(ordered: Sequence[int]) -> tuple[int, ...]:
    """At most `MOST_SAMPLES` of a sorted sample, evenly by rank."""
    count = len(ordered)
    if count <= MOST_SAMPLES:
        return tuple(ordered)
    places = ((2 * part + 1) * count // (2 * MOST_SAMPLES) for part in range(MOST_SAMPLES))
    return tuple(ordered[place] for place in places)


def resolution_of(times: Sequence[int]) -> int:
    """How fine a clock is by the times that it told: a second, a millisecond, or finer."""
    found = 0
    for ns in times:
        found = gcd(found, ns)
    for unit in _UNITS:
        if len(times) > 1 and found and found % unit == 0:
            return unit
    return 1


_UNITS = (NS_PER_S, NS_PER_S // 1000, NS_PER_S // 10**6)


def fit_fees(fills: Sequence[LifeFill], seed: int) -> tuple[FeeRate, ...]:
    """The rate of makers and that of takers."""
    return tuple(_fee_rate(fills, liquidity, seed) for liquidity in (MAKER, TAKER))


def _fee_rate(fills: Sequence[LifeFill], liquidity: str, seed: int) -> FeeRate:
    """The fees over the values; what was rounded away of each fee widens the interval."""
    of_it = [one for one in fills if one.liquidity == liquidity]
    known = [(one.fee_e18, one.qty * one.price) for one in of_it if one.fee_e18 is not None]
    rate = ratio(known, BPS * SCALE, seed, f"fee.{liquidity}")
    if rate is not None and rate.low is not None and rate.high is not None:
        value = 0
        for _, part in known:
            value += part
        step = _last_place([fee for fee, _ in known])
        slack = divide_half_even(step * len(known) * BPS * SCALE, 2 * value) + 1
        rate = Estimate(rate.value, rate.low - slack, rate.high + slack)
    return FeeRate(liquidity, len(known), len(of_it) - len(known), rate)


def _last_place(fees: Sequence[int]) -> int:
    """The place to which fees are rounded: the largest power of ten that all are multiples of."""
    common = 0
    for fee in fees:
        common = gcd(common, fee)
    step = 1
    while common and common % (step * 10) == 0 and step < _FINEST:
        step *= 10
    return step
