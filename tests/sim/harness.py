"""Drives worlds: random lives from a seed, every crash point of a script, a fault at every call.

Whatever fails carries the command that repeats it and the last events of the disk.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from tests.sim.choice import below
from tests.sim.judge import Violation
from tests.sim.sim_disk import QUIET, Faults, SimDisk
from tests.sim.subject import Subject
from tests.sim.workloads import WORKLOADS, Step
from tests.sim.world import CRASHED, DONE, FAULTED, KILL, REFUSED, World
from tools.live.core.rng import stream

Figures = Counter[str]

CHOICES = 32
LIVES = 6
FLIPS = 1
ANY_CHOICE = 1_000_000
CALLS_OF_A_RECOVERY = 400
AFTERWARDS = (Step("append", "a", (30, 600)), Step("commit"))


class Found(AssertionError):
    """A promise does not hold; the text says how to see it again."""


class Case(NamedTuple):
    """What to play. With no call to crash or to fail at, it is the six lives of the seed."""

    log: str
    workload: str
    seed: int = 0
    crash: int = 0
    then: int = KILL
    again: int = 0
    fail: int = 0

    def __str__(self) -> str:
        words = [f"python -m tests.sim --seed {self.seed} --workload {self.workload}"]
        words += [f"--log {self.log!r}"]
        if self.crash:
            words += [f"--crash {self.crash} --then {self.then}"]
        words += [f"--again {self.again}"] if self.again else []
        words += [f"--fail {self.fail}"] if self.fail else []
        return " ".join(words)


def play(subject: Subject, case: Case, figures: Figures) -> None:
    """Any case, as its command says it."""
    if case.crash:
        go_on(crashed(subject, case), case, figures)
    elif case.fail:
        fail_at(subject, case, figures)
    else:
        run_seed(subject, case, figures)


@contextmanager
def reported(world: World, case: Case | str) -> Iterator[None]:
    """Turn whatever goes wrong in a world into a failure that can be repeated."""
    try:
        yield
    except Found:
        raise
    except Exception as error:
        events = "\n".join(f"  {event}" for event in world.disk.events)
        raise Found(f"{type(error).__name__}: {error}\n{events}\n{case}") from error


def run_seed(subject: Subject, case: Case, figures: Figures) -> None:
    """Six lives with the faults that this seed switches on, a quiet one, and some rot."""
    seed = case.seed
    world = World(subject, SimDisk(seed))
    with reported(world, case):
        rng = stream(seed, "lives")
        rates = _swarm(seed)
        for life in range(LIVES):
            world.disk.faults = rates
            if rng.random() < 0.75:
                reach = 12 if rng.random() < 0.3 else 150
                world.disk.crash_at = world.disk.ops + 1 + below(rng, reach)
            # A life's script is its own; no other life of any seed has the same.
            ended = world.live(WORKLOADS[case.workload](seed * LIVES + life))
            figures["lives"] += 1
            figures[f"lives, {ended}"] += 1
            figures["crashes inside recovery"] += int(ended == CRASHED and not world.is_open)
            world.end(KILL if rng.random() < 0.3 else below(rng, ANY_CHOICE))
        world.disk.faults = QUIET
        _must_be_done(world, AFTERWARDS)
        world.end(KILL if rng.random() < 0.5 else below(rng, ANY_CHOICE))
        _must_be_done(world, ())
        world.end(KILL)
        figures.update(world.disk.figures)
        rng = stream(seed, "rot")
        for _ in range(FLIPS):
            image = world.disk.image()
            paths = [path for path, data in image.items() if data and path != "LOCK"]
            path = paths[below(rng, len(paths))]
            flipped(world, path, below(rng, len(image[path]) * 8), case, figures)
    figures["seeds"] += 1


def _swarm(seed: int) -> Faults:
    """Each seed draws which faults there are, and how often; all at once would hide bugs."""
    rng = stream(seed, "swarm")

    def rate(most: float) -> float:
        return rng.random() * most if rng.random() < 0.4 else 0.0

    return Faults(rate(0.5), rate(0.03), rate(0.05), rate(0.03), rate(0.01))


def _must_be_done(world: World, steps: tuple[Step, ...]) -> None:
    """Nothing is wrong with the disk any more, so nothing may be wrong with the log."""
    ended = world.live(steps)
    if ended != DONE:
        raise Violation(f"the faults are over, and yet the log {ended}")


def flipped(
    world: World, path: str, bit: int, case: Case | str, figures: Figures
) -> str:
    """What a copy of the world does with one bit turned: refuse, or keep every promise."""
    copy = world.clone()
    with reported(copy, case):
        copy.disk.flip(path, bit)
        ended = spoiled(copy)
        if ended == REFUSED:
            # A refusal changed nothing, so when the bit is turned back all is as before.
            copy.end(KILL)
            copy.disk.flip(path, bit)
            copy.judge.marred = False
            _must_be_done(copy, ())
    figures["bit flips"] += 1
    figures["bit flips refused"] += int(ended == REFUSED)
    return ended


def spoiled(world: World) -> str:
    """Open a world in which something was damaged at rest."""
    world.judge.marred = True
    ended = world.live(())
    if ended not in (DONE, REFUSED):
        raise Violation(f"damaged at rest, and the life {ended}")
    return ended


def length_of(subject: Subject, workload: str, seed: int = 0) -> int:
    """How many calls of the disk a script makes."""
    world = World(subject, SimDisk(seed))
    with reported(world, Case(subject.name, workload, seed)):
        _must_be_done(world, tuple(WORKLOADS[workload](seed)))
    return world.disk.ops


def crashed(subject: Subject, case: Case) -> World:
    """A world whose process died at one call of a script, and of which nothing else is known."""
    world = World(subject, SimDisk(case.seed))
    with reported(world, case):
        world.disk.crash_at = case.crash
        if world.live(WORKLOADS[case.workload](case.seed)) != CRASHED:
            raise Violation(f"call {case.crash} is never made")
    return world


def go_on(world: World, case: Case, figures: Figures) -> str:
    """End a crashed process one way, crash its recovery too if the case says so, and carry on."""
    with reported(world, case):
        world.end(case.then)
        recovered = DONE
        if case.again:
            world.disk.crash_at = world.disk.ops + case.again
            recovered = world.live(())
            world.end(case.then)
        _must_be_done(world, AFTERWARDS)
        # What was recovered has been built upon; now all that nobody synced goes.
        world.end(0)
        _must_be_done(world, ())
    figures["crashes inside recovery" if case.again else "crashes"] += 1
    figures.update(world.disk.figures)
    return recovered


def crash_everywhere(
    subject: Subject, workload: str, figures: Figures, choices: int = CHOICES
) -> None:
    """Die at every call of a script; go on after a kill, and after every choice of a power loss."""
    for call in range(1, length_of(subject, workload) + 1):
        case = Case(subject.name, workload, crash=call)
        world = crashed(subject, case)
        figures["crash points"] += 1
        for how in (KILL, *range(choices)):
            go_on(world.clone(), case._replace(then=how), figures)


def crash_recoveries(
    subject: Subject, workload: str, figures: Figures, stride: int = 1
) -> None:
    """Die at every call of a script, and at every call of the recovery from that.

    A stride plays only some of the calls of the script, still with all those of their recoveries.
    """
    for number, call in enumerate(range(1, length_of(subject, workload) + 1, stride)):
        # Every other one is a kill; the rest take the choices of a power loss in turn.
        how = KILL if number % 2 else number // 2 % CHOICES
        case = Case(subject.name, workload, crash=call, then=how)
        world = crashed(subject, case)
        for again in range(1, CALLS_OF_A_RECOVERY):
            if go_on(world.clone(), case._replace(again=again), figures) == DONE:
                break


def fail_at(subject: Subject, case: Case, figures: Figures) -> str:
    """One call of a script fails; how its life ended. Nothing acknowledged is lost by it."""
    world = World(subject, SimDisk(case.seed))
    with reported(world, case):
        world.disk.faults = Faults(planted=case.fail)
        ended = world.live(WORKLOADS[case.workload](case.seed))
        world.disk.faults = QUIET
        if ended not in (DONE, FAULTED):
            raise Violation(f"one fault, and the life {ended}")
        world.judge.ended()
    for how in (KILL, 0, 1, 5):
        copy = world.clone()
        with reported(copy, case):
            copy.end(how)
            _must_be_done(copy, AFTERWARDS)
            copy.end(0)
            _must_be_done(copy, ())
    figures.update(world.disk.figures)
    figures["planted faults"] += 1
    return ended


def killed_at(mutant: Subject, seeds: int, figures: Figures) -> tuple[int, str] | None:
    """The first seed that finds a mutant out, and what it says; None when none does."""
    for seed in range(seeds):
        try:
            run_seed(mutant, Case(mutant.name, workload_of(seed), seed), figures)
        except Found as found:
            return seed, str(found)
    return None


def workload_of(seed: int) -> str:
    """The seeds take the workloads in turn."""
    names = list(WORKLOADS)
    return names[seed % len(names)]
