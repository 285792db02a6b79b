"""What a sweep is to run: axes of values, the points of their grid, and parts of the market.

    spread_bps=1:6:1 latency_ms=0,50,200 seed=1:3:1

is three axes: 1 to 6 in steps of 1, three values, three seeds; a grid of 54 points. Each point is a
config of a backtest. With a walk each config is a run over every training part, and what was best
there is run over the part of the market behind it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .backtest_settings import BY_KEY, config_of
from .console import did_you_mean
from .core.errors import ContractError
from .core.money import text, to_e9
from .core.record import record
from .core.rng import stream
from .market.feed import Source
from .market.normalize.wire import WireRefused

MOST_VALUES = 10_000
MOST_RUNS = 1_000_000
SEED = "seed"
TRAIN, TEST = "train", "test"
_NOT_VARIED = ("market", "quotes", "source", "from", "until", "start", "symbols")
_BETWEEN = re.compile(r"[\s;]+")
_RANGE = re.compile(r"[-+.0-9][^,]*:")  # power:2 is a word
_SWITCH = {"true": True, "false": False}


@record
class Axis:
    """A setting and the values that it takes, in their order."""

    key: str
    values: tuple[Any, ...]


@record
class Walk:
    """How long a part to train on is, the part to test on behind it, and the way between two."""

    train_ns: int
    test_ns: int
    step_ns: int


@record
class Fold:
    """One place of a walk: where training begins, where it ends and testing begins, and its end;
    nanoseconds from the beginning of the market."""

    number: int
    begin_ns: int
    middle_ns: int
    end_ns: int


@record
class Run:
    """One run of a sweep: its config, what of it is varied, its fold and its part of that."""

    config: dict[str, Any]
    varied: dict[str, Any]
    fold: int | None
    part: str | None


@record
class SweepPlan:
    """All configs in their order, and the folds to run them over; none is the whole market."""

    axes: tuple[Axis, ...]
    points: tuple[dict[str, Any], ...]
    base: dict[str, Any]
    folds: tuple[Fold, ...]

    def runs(self) -> Iterator[Run]:
        """Every run that is known before anything ran: all of them, or the training."""
        if not self.folds:
            for point in self.points:
                yield self.run(point, None, None)
        for fold in self.folds:
            for point in self.points:
                yield self.run(point, fold, TRAIN)

    def run(self, point: Mapping[str, Any], fold: Fold | None, part: str | None) -> Run:
        """A point on a part of the market."""
        given = {**self.base, **point}
        if fold is None:
            return Run(config_of(given), dict(point), None, None)
        testing = part == TEST
        begin, end = (
            (fold.middle_ns, fold.end_ns) if testing else (fold.begin_ns, fold.middle_ns)
        )
        given |= {"from": f"+{text(begin)}", "until": f"+{text(end)}"}
        return Run(config_of(given), dict(point), fold.number, part)


def plan_sweep(
    base: Mapping[str, Any], vary: str, *, sample: int | None = None, sample_seed: int = 42,
    folds: Sequence[Fold] = (),
) -> SweepPlan:  # fmt: skip
    """The plan of a sweep over a grid, or over `sample` different points of it.

    Everything is checked here, before anything runs.
    """
    axes = read_axes(vary, base)
    size = 1
    for axis in axes:
        size *= len(axis.values)
    wanted = size if sample is None else min(sample, size)
    if wanted * max(len(folds), 1) > MOST_RUNS:
        raise ContractError(f"--vary makes more than {MOST_RUNS} runs; take fewer values")
    places = range(size) if wanted == size else _drawn(size, wanted, sample_seed)
    points = tuple(_point(axes, place) for place in places)
    plan = SweepPlan(axes, points, dict(base), tuple(folds))
    for point in points:
        plan.run(point, None, None)
    return plan


def read_axes(written: str, base: Mapping[str, Any]) -> tuple[Axis, ...]:
    """The axes as a text names them; the last varies fastest."""
    axes: dict[str, Axis] = {}
    for part in _BETWEEN.split(written.strip()):
        key, equals, values = part.partition("=")
        key = key.replace("-", "_")
        if not equals:
            raise ContractError(f"--vary {part[:60]!r} is no axis; write spread_bps=1:6:1")
        if key not in BY_KEY or key in _NOT_VARIED:
            known = [one for one in BY_KEY if one not in _NOT_VARIED]
            hint = did_you_mean(key, known)
            raise ContractError(f"--vary {key[:60]!r} is nothing to vary; {hint}")
        if key in axes:
            raise ContractError(f"--vary {key!r} is given twice; name all of its values at once")
        axes[key] = Axis(key, _values(key, values, base))
    return tuple(axes.values())


def _values(key: str, written: str, base: Mapping[str, Any]) -> tuple[Any, ...]:
    """1:6:0.5 or 1,2,5 or fast,slow, each as the config has it; no value twice."""
    texts = _steps(key, written.split(":")) if _RANGE.match(written) else written.split(",")
    values: dict[Any, None] = {}
    for one in texts:
        value = config_of({**base, key: _SWITCH.get(one, one)})[key]
        if value in values:
            raise ContractError(f"--vary {key} has {one!r} twice; name each value once")
        values[value] = None
    return tuple(values)


def _steps(key: str, steps: Sequence[str]) -> list[str]:
    name = f"--vary {key}"
    if len(steps) != 3:
        raise ContractError(f"{name} {':'.join(steps)[:60]!r} is no range; write FROM:TO:STEP")
    first, last, step = (to_e9(one, name) for one in steps)
    if step <= 0 or last < first:
        raise ContractError(f"{name} {':'.join(steps)!r} leads nowhere; write FROM:TO:STEP upwards")
    if (last - first) // step >= MOST_VALUES:
        raise ContractError(f"{name} has more than {MOST_VALUES} values; take larger steps")
    return [text(value) for value in range(first, last + 1, step)]


def _point(axes: Sequence[Axis], place: int) -> dict[str, Any]:
    """The point at a place of the grid, in the order of `itertools.product`."""
    found: dict[str, Any] = {}
    for axis in reversed(axes):
        place, at = divmod(place, len(axis.values))
        found[axis.key] = axis.values[at]
    return {axis.key: found[axis.key] for axis in axes}


def _drawn(size: int, count: int, seed: int) -> list[int]:
    """So many different places, in the order of the grid."""
    draw = stream(seed, "sweep").random
    places: dict[int, None] = {}
    while len(places) < count:
        places[int(draw() * size)] = None
    return sorted(places)


def read_walk(written: str) -> Walk:
    """TRAIN:TEST or TRAIN:TEST:STEP in seconds; a step is as long as a test when left out."""
    parts = written.split(":")
    if len(parts) not in (2, 3):
        raise ContractError(f"--walk {written[:60]!r} is no walk; write TRAIN:TEST in seconds")
    seconds = [to_e9(part, "--walk") for part in parts]
    if min(seconds) <= 0:
        raise ContractError(f"--walk {written[:60]!r} has a part of no length; give more seconds")
    return Walk(seconds[0], seconds[1], seconds[-1])


def folds_of(walk: Walk, span_ns: int) -> tuple[Fold, ...]:
    """As many folds as fit whole into a market that is this long."""
    length = walk.train_ns + walk.test_ns
    if span_ns < length:
        raise ContractError(
            f"--walk needs {text(length)} s, but the market lasts {text(span_ns)} s; take less"
        )
    begins = range(0, span_ns - length + 1, walk.step_ns)
    return tuple(
        Fold(number, begin, begin + walk.train_ns, begin + length)
        for number, begin in enumerate(begins, 1)
    )


def span_of(market: Source) -> int:
    """From the first event of a market to behind its last."""
    begin_ns: int | None = None
    last_ns = 0
    for item in market:
        if isinstance(item, WireRefused):
            continue
        begin_ns = item.ts_ns if begin_ns is None else begin_ns
        last_ns = max(last_ns, item.ts_ns)
    return 0 if begin_ns is None else last_ns + 1 - begin_ns
