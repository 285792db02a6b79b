"""What a publisher does to a log: scripts of steps, each a pure function of a seed.

steady: strict batches of one source, enough for several segments.
mixed: bulk and strict batches of two sources, closed and opened again in between.
upkeep: the same with checkpoints and retention, while the log goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import NamedTuple

from tests.sim.choice import below
from tools.live.core.rng import stream

SIZES = (0, 7, 40, 90, 300, 900)


class Step(NamedTuple):
    """One thing to do: append records of these sizes, commit, reopen, or call a hook."""

    do: str
    name: str = ""
    sizes: tuple[int, ...] = ()
    strict: bool = True


REOPEN = Step("reopen")
CHECKPOINT, RETAIN, COMPRESS = Step("hook", "checkpoint"), Step("hook", "retain"), Step(
    "hook", "compress"
)  # fmt: skip


def _sizes(rng: Random, most: int) -> tuple[int, ...]:
    count = 1 + below(rng, most)
    return tuple(SIZES[below(rng, len(SIZES))] for _ in range(count))


def steady(seed: int) -> list[Step]:
    rng = stream(seed, "steady")
    steps = []
    for _ in range(8):
        steps += [Step("append", "a", _sizes(rng, 4)), Step("commit")]
    return steps


def mixed(seed: int) -> list[Step]:
    rng = stream(seed, "mixed")
    steps = []
    for number in range(10):
        steps.append(Step("append", "ab"[below(rng, 2)], _sizes(rng, 3)))
        if rng.random() < 0.3:
            steps.append(Step("append", "ab"[below(rng, 2)], _sizes(rng, 2)))
        steps.append(Step("commit", strict=rng.random() < 0.4))
        if number % 4 == 3:
            steps.append(REOPEN)
    return steps


def upkeep(seed: int) -> list[Step]:
    rng = stream(seed, "upkeep")
    steps = []
    for number in range(8):
        steps += [Step("append", "ab"[below(rng, 2)], _sizes(rng, 3)), Step("commit")]
        if rng.random() < 0.7:
            steps += [CHECKPOINT]
        if rng.random() < 0.5:
            steps += [RETAIN]
        if rng.random() < 0.2:
            steps += [COMPRESS]
        if number == 4:
            steps += [REOPEN]
    return steps


WORKLOADS: dict[str, Callable[[int], list[Step]]] = {
    "steady": steady, "mixed": mixed, "upkeep": upkeep,
}  # fmt: skip
