"""The regimes of a generated market, and the way that a mid takes through them.

Time goes in steps of 100 ms. The mid walks in thousandths of a tick, pushed by a factor that all
symbols share and by one of its own; what is shown of it are whole ticks. Everything is integers
out of single draws, so the way is the same on every machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from itertools import chain, repeat
from math import isqrt
from typing import TypeAlias

from ..core.clock import NS_PER_S
from ..core.money import SCALE
from ..core.record import record
from ..core.rng import stream

STEPS_PER_S = 10
STEP_NS = NS_PER_S // STEPS_PER_S
LEG = 60 * STEPS_PER_S  # a trend turns after each minute, so that no price runs away
LEAP = 6  # how many times longer the rare long moves of a burst are
FINE = 1000  # the mid is kept in thousandths of a tick
BELL = 4730  # the standard deviation of a `bell`

_PIECE = (1 << 13) - 1
_BELL_MEAN = 4 * _PIECE // 2

Draw: TypeAlias = Callable[[], float]


class Regime(str, Enum):
    """How a market behaves for a while."""

    CALM = "calm"
    TREND = "trend"
    BURST = "burst"
    THIN = "thin"
    HALTED = "halted"


@record
class Traits:
    """What makes a regime, for one step of 100 ms.

    `wander` is the standard deviation of the mid's move and `drift` its mean, in thousandths of a
    tick; `leap_e9` is the chance that a factor pushes `LEAP` times as hard. The plan's spread is
    multiplied and its levels are divided, `fullness` is the most lots on a level. `quiet_e9` is
    the chance that nobody trades: e to the power of minus the trades that are expected.
    """

    wander: int
    drift: int
    leap_e9: int
    spread_times: int
    levels_share: int
    fullness: int
    quiet_e9: int


TRAITS = {
    Regime.CALM: Traits(2_000, 0, 0, 1, 1, 100, 606_530_660),  # 5 trades a second
    Regime.TREND: Traits(2_000, 500, 0, 1, 1, 100, 449_328_964),  # 8
    Regime.BURST: Traits(4_000, 0, 30_000_000, 2, 1, 60, 49_787_068),  # 30
    Regime.THIN: Traits(2_000, 0, 0, 4, 4, 20, 951_229_425),  # one in two seconds
    Regime.HALTED: Traits(2_000, 0, 0, 1, 1, 100, SCALE),  # none, and nothing is shown
}
WIDEST = max(traits.spread_times for traits in TRAITS.values())

Schedule: TypeAlias = tuple[tuple[Regime, int], ...]


def regime_steps(schedule: Schedule) -> Iterator[Regime]:
    """The regime of each step of a schedule of regimes and seconds."""
    return chain.from_iterable(repeat(one, seconds * STEPS_PER_S) for one, seconds in schedule)


def below(draw: Draw, limit: int) -> int:
    """A whole number from 0 to below the limit."""
    return int(draw() * limit)


def bell(draw: Draw) -> int:
    """A bell-shaped number around 0: the sum of the four quarters of one draw of 52 bits."""
    bits = int(draw() * (1 << 52))
    return (
        (bits & _PIECE) + (bits >> 13 & _PIECE) + (bits >> 26 & _PIECE) + (bits >> 39) - _BELL_MEAN
    )


def arrivals(draw: Draw, quiet_e9: int) -> int:
    """How many came in a step: a Poisson count, by multiplying draws until none is left."""
    left = below(draw, SCALE)
    count = 0
    while left >= quiet_e9:
        left = left * below(draw, SCALE) // SCALE
        count += 1
    return count


def mids(
    *, seed: int, symbol: str, regimes: Iterable[Regime], first: int, floor: int,
    correlation_e9: int,
) -> Iterator[int]:  # fmt: skip
    """The mid of a symbol in ticks at each step, at least `floor`.

    The shared factor is drawn anew from the same stream for each symbol: that costs a draw and
    makes every symbol independent of which others there are. Any two moves of one step correlate
    by the coefficient, because each takes its square root from the shared factor.
    """
    shared, own = (stream(seed, f"generator:{name}").random for name in ("shared", f"{symbol}:own"))
    up = 1 if stream(seed, "generator:trend").random() < 0.5 else -1
    shared_part, own_part = isqrt(correlation_e9 * SCALE), isqrt((SCALE - correlation_e9) * SCALE)
    unit = BELL * SCALE
    lowest = floor * FINE
    place = first * FINE
    for number, regime in enumerate(regimes):
        yield (place + FINE // 2) // FINE
        traits = TRAITS[regime]
        push = shared_part * _factor(shared, traits) + own_part * _factor(own, traits)
        drift = traits.drift * (up if number // LEG % 2 == 0 else -up)
        place += (push * traits.wander + unit // 2) // unit + drift
        if place < lowest:
            place = 2 * lowest - place


def _factor(draw: Draw, traits: Traits) -> int:
    """A bell-shaped push, now and then a far longer one; two draws whatever the regime is."""
    push = bell(draw)
    return push * LEAP if below(draw, SCALE) < traits.leap_e9 else push
