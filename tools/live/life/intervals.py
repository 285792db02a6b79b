"""How sure a measured number is: intervals from the order of a sample, and by drawing it anew.

A quantile lies between two values of the sorted sample whose ranks a binomial count of the values
below it stays within, in 95 of 100 samples. A ratio of sums is drawn anew from blocks of the
sample; the middle 95 % of what comes out is its interval. Both are whole-number arithmetic, and
chance comes from a named stream, so equal samples give equal intervals.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isqrt
from typing import TypeAlias

from ..core.money import divide_half_even
from ..core.record import record
from ..core.rng import stream

DRAWS = 400
FEWEST = 8  # of fewer parts drawing anew tells nothing
BLOCKS = 400  # a longer sample is drawn in blocks of neighbours
_OUTSIDE = 10  # of the draws on either side of the interval: 2.5 %
_PERMILLE = 1000
_Z_PERMILLE = 1960  # a standard normal stays within 1.96 in 95 of 100

Sums: TypeAlias = tuple[int, ...]


@record
class Estimate:
    """A number and its 95 % interval; an end that the sample is too small to tell is None."""

    value: int
    low: int | None
    high: int | None


def nearest_rank(ordered: Sequence[int], permille: int) -> int:
    """The quantile of a sorted sample that is not empty: the smallest with enough at or below."""
    return ordered[max(1, -(-len(ordered) * permille // _PERMILLE)) - 1]


def quantile(ordered: Sequence[int], permille: int) -> Estimate:
    """A quantile of a sorted sample with its interval by order statistics."""
    count = len(ordered)
    spread = isqrt(count * permille * (_PERMILLE - permille) * _Z_PERMILLE**2) // _PERMILLE + 1
    middle, half = count * permille, spread + _PERMILLE
    low, high = (middle - half) // _PERMILLE, -(-(middle + half) // _PERMILLE)
    return Estimate(
        nearest_rank(ordered, permille),
        ordered[low - 1] if low >= 1 else None,
        ordered[high - 1] if high <= count else None,
    )


def blocks_of(sample: Sequence[Sums]) -> list[Sums]:
    """The sample as sums over at most `BLOCKS` runs of neighbours."""
    count = len(sample)
    if count <= BLOCKS:
        return list(sample)
    made = []
    for block in range(BLOCKS):
        part = sample[block * count // BLOCKS : (block + 1) * count // BLOCKS]
        made.append(added(part))
    return made


def added(sample: Sequence[Sums]) -> Sums:
    """All of it, number by number."""
    totals = [0] * len(sample[0])
    for one in sample:
        for place, number in enumerate(one):
            totals[place] += number
    return tuple(totals)


def redrawn(
    sample: Sequence[Sums], statistic: Callable[[Sums], int], seed: int, name: str
) -> tuple[int, int]:
    """The ends between which the statistic of the sums stays when the sample is drawn anew."""
    columns = tuple(zip(*blocks_of(sample)))
    chance = stream(seed, f"life.{name}").random
    count = len(columns[0])
    found = []
    for _ in range(DRAWS):
        places = [int(chance() * count) for _ in range(count)]
        found.append(statistic(tuple([_at(column, places) for column in columns])))
    found.sort()
    return found[_OUTSIDE], found[DRAWS - 1 - _OUTSIDE]


def _at(column: Sequence[int], places: Sequence[int]) -> int:
    return sum(map(column.__getitem__, places))


def ratio(sample: Sequence[tuple[int, int]], scale: int, seed: int, name: str) -> Estimate | None:
    """The ratio of two sums times a scale; None when there is nothing to divide by."""
    if not sample or not (whole := added(sample))[1]:
        return None

    def share(sums: Sums) -> int:
        return divide_half_even(sums[0] * scale, sums[1]) if sums[1] else 0

    if len(sample) < FEWEST:
        return Estimate(share(whole), None, None)
    low, high = redrawn(sample, share, seed, name)
    return Estimate(share(whole), min(low, share(whole)), max(high, share(whole)))
