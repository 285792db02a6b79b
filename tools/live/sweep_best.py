"""Which settings were best: means over the seeds, compared by one measure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from .core import codec
from .core.record import record
from .sweep_plan import SEED


@record
class Choice:
    """Settings without the seed, and the mean of the measure over all seeds."""

    varied: dict[str, Any]
    by: str
    value: float
    runs: int

    def is_of(self, point: Mapping[str, Any]) -> bool:
        """Whether a point has these settings, whatever its seed is."""
        return _without_seed(point) == self.varied


def choose(rows: Sequence[Mapping[str, Any]], by: str, *, less: bool = False) -> Choice | None:
    """The best by a measure, the first of equal ones; a run without it leaves its group out."""
    best: Choice | None = None
    for varied, group in grouped(rows):
        value = mean_of(group, by)
        if value is None:
            continue
        if best is None or (value < best.value if less else value > best.value):
            best = Choice(varied, by, value, len(group))
    return best


def grouped(
    rows: Sequence[Mapping[str, Any]],
) -> list[tuple[dict[str, Any], list[Mapping[str, Any]]]]:
    """Rows of the same settings but for the seed, in the order in which they come first."""
    groups: dict[str, tuple[dict[str, Any], list[Mapping[str, Any]]]] = {}
    for row in rows:
        varied = _without_seed(row["varied"])
        groups.setdefault(codec.canonical(varied), (varied, []))[1].append(row)
    return list(groups.values())


def mean_of(rows: Sequence[Mapping[str, Any]], by: str) -> float | None:
    """The mean of a measure, rounded once; None where one of the rows has none."""
    total = Fraction(0)
    for row in rows:
        value = row["measures"][by] if "measures" in row else None
        if value is None:
            return None
        total += Fraction(value)
    return float(total / len(rows)) if rows else None


def _without_seed(point: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in point.items() if key != SEED}
