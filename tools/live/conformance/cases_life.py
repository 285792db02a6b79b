"""Time, repetition and independence: what makes one run of an adapter comparable to the next."""

from __future__ import annotations

import os
import sys
import tempfile

from ..core.contracts_v1 import OrderAccepted
from ..exchange import FillEvent
from .case import Case, CaseFailed, CaseNotDriven, require
from .desk import Desk, flow
from .transcript import MODULE, TARGET, timeless, transcript

LAST_MS = 10**14  # the year 5138; microseconds of today are beyond it
HASH_SEEDS = ("1", "2")


def time_never_runs_back(desk: Desk) -> str:
    flow(desk)
    last = 0
    times = [placed.response.timestamp_ms for placed in desk.placed]
    for now in (one for one in times if one is not None):
        require(now >= last, f"an answer of {now} came behind one of {last}")
        last = now
    latest: dict[str, int] = {}
    for fill in desk.fills():
        before = latest.get(fill.order_id, 0)
        now = fill.timestamp_ms
        require(now >= before, f"a fill of {fill.order_id} at {now} came behind one of {before}")
        latest[fill.order_id] = now
    return f"{len(desk.placed)} answers and {len(desk.fills())} fills"


def times_are_milliseconds(desk: Desk) -> str:
    flow(desk)
    times: list[int | None] = [fill.timestamp_ms for fill in desk.fills()]
    times += [placed.response.timestamp_ms for placed in desk.placed]
    for one in times:
        fits = one is None or (type(one) is int and 0 <= one < LAST_MS)
        require(fits, f"the time {one!r:.40} is no whole number of milliseconds since 1970")
    return f"{len(times)} times"


def no_fill_is_older_than_its_order(desk: Desk) -> str:
    flow(desk)
    taken = {one.order_id: one.ts_ns for one in desk.heard if isinstance(one, OrderAccepted)}
    for one in desk.heard:
        if isinstance(one, FillEvent) and taken.get(one.order_id):
            at_ms = taken[one.order_id] // 10**6
            late = one.timestamp_ms >= at_ms or desk.can.answers_later
            require(late, f"{one.fill_id} is of {one.timestamp_ms}, its order of {at_ms}")
    return f"{len(desk.fills())} fills"


def a_new_world_is_empty(desk: Desk) -> str:
    require(not desk.open_orders(), "a new adapter lists open orders")
    require(not desk.positions(), "a new adapter lists positions")
    require(not desk.settle(), "a new adapter reports fills")
    return "no orders, no positions, no fills"


def reset_is_new(desk: Desk) -> str:
    flow(desk)
    desk.exchange.reset()
    fresh = desk.renewed()
    a_new_world_is_empty(fresh)
    first, again = transcript(desk.another()), transcript(fresh)
    return _same([timeless(one) for one in first], [timeless(one) for one in again])


def same_calls_same_answers(desk: Desk) -> str:
    return _same(transcript(desk), transcript(desk.another()))


def two_processes_agree(desk: Desk) -> str:
    if desk.where is None:
        raise CaseNotDriven("the factory has no name that another process could import")
    if not hasattr(os, "spawnve"):
        raise CaseNotDriven("this system starts no processes")
    one, other = (_told_by_process(desk.where, seed) for seed in HASH_SEEDS)
    return _same(one, other)


def worlds_are_apart(desk: Desk) -> str:
    other = desk.another()
    flow(desk, 12)
    require(not other.open_orders(), "orders of one adapter are open at another")
    require(not other.positions(), "fills of one adapter moved the positions of another")
    require(not other.settle(), "fills of one adapter are told by another")
    return "a second adapter heard nothing of the first"


def _same(first: list[str], again: list[str]) -> str:
    """The case has failed at the first line that differs, told from where it differs."""
    for number, (one, other) in enumerate(zip(first, again), 1):
        if one != other:
            at = len(os.path.commonprefix([one, other]))
            was, is_ = (line[max(0, at - 30) : at + 60] for line in (one, other))
            raise CaseFailed(f"line {number} of the day differs: {was!r}, then {is_!r}")
    require(len(first) == len(again), f"{len(first)} lines, then {len(again)}")
    return f"{len(first)} lines are the same"


def _told_by_process(where: str, hash_seed: str) -> list[str]:
    """The transcript that another interpreter writes, under a hash seed of its own."""
    with tempfile.TemporaryDirectory() as folder:
        target = os.path.join(folder, "transcript")
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed, TARGET: target}
        words = ["python", "-m", MODULE, where]  # none holds a space, which Windows would split
        try:
            code = os.spawnve(os.P_WAIT, sys.executable, words, environment)
        except OSError as error:
            raise CaseNotDriven(f"this system starts no processes: {error.strerror}") from None
        if code:
            raise CaseFailed(f"a process of its own ended with {code}; it says why on stderr")
        with open(target, encoding="ascii") as told:
            return told.read().splitlines()


_SAME = ("deterministic",)
CASES = (
    Case("time-001", "time never runs back", time_never_runs_back),
    Case("time-002", "times are milliseconds since 1970", times_are_milliseconds),
    Case("time-003", "no fill is older than its order", no_fill_is_older_than_its_order),
    Case("life-001", "a new adapter begins with nothing", a_new_world_is_empty),
    Case("life-002", "two adapters share nothing", worlds_are_apart),
    Case("life-003", "a reset adapter is as a new one", reset_is_new, ("resets", *_SAME)),
    Case("life-004", "the same calls get the same answers", same_calls_same_answers, _SAME),
    Case("life-005", "two processes with other hash seeds agree", two_processes_agree, _SAME),
)
