"""Random plans of faults: any kinds together, in windows that all end before the market does."""

from __future__ import annotations

from random import Random
from typing import Any

from tools.live.core.contracts_v1 import BUY, SELL
from tools.live.core.money import SCALE
from tools.live.sim.delays import Constant, Delays, Uniform
from tools.live.sim.faults.plan import LASTING, MARKET, Fault, FaultKind, FaultPlan, checked
from tools.live.sim.terms import Terms

MS = 10**6
SECOND = 10**9
SECONDS = 20  # of market
LAST_S = 15  # of faults
# An exchange that denies an order for longer than a request and its copies can live is not to be
# told from one that never had it.
LONGEST_AMNESIA_MS = 8_000
ORDER_SIDE = tuple(kind for kind in FaultKind if kind not in MARKET)
DOWN = (FaultKind.DISCONNECT, FaultKind.OUTAGE)
LATE = {
    FaultKind.LATE_REQUEST: 7_000, FaultKind.LATE_CANCEL: 7_000, FaultKind.LATE_ANSWER: 8_000,
    FaultKind.LATE_CANCEL_ANSWER: 8_000, FaultKind.LATE_FILL: 8_000,
}  # fmt: skip


def a_plan(seed: int) -> FaultPlan:
    """Two to six kinds, each at its own time and rate; now and then a kind twice."""
    rng = Random(f"plan {seed}")
    kinds = rng.sample(ORDER_SIDE, rng.randint(1, 5))
    kinds += rng.sample(sorted(MARKET), rng.randint(0, 1))
    kinds += [rng.choice(ORDER_SIDE) for _ in range(rng.randint(0, 1))]
    return FaultPlan(tuple(_a_fault(rng, kind) for kind in kinds), seed)


def _a_fault(rng: Random, kind: FaultKind) -> Fault:
    first_ms = 250 if kind in DOWN else 0  # nobody begins a run while the line is down
    from_ms = rng.randrange(first_ms, (LAST_S - 1) * 1_000, 250)
    for_ms = rng.randint(1, LAST_S * 1_000 - from_ms)
    more: dict[str, Any] = {}
    if kind is FaultKind.PARTIAL_SNAPSHOT:  # there are few
        return checked(Fault(kind, 0, LAST_S * SECOND))
    if kind is FaultKind.AMNESIA:
        for_ms = min(for_ms, LONGEST_AMNESIA_MS)
    if kind in LATE:
        more["by_ns"] = rng.choice((1, 40, 900, rng.randint(1, LATE[kind]))) * MS
    if kind is FaultKind.CLOCK_SKEW:
        more["by_ns"] = rng.choice((-3_600_000, -50, 50, 3_600_000)) * MS
    if kind is FaultKind.RATE_LIMIT:
        more.update(limit=rng.randint(1, 3), window_ns=rng.choice((500, 3_000)) * MS)
    if kind not in LASTING:
        more["chance"] = rng.choice((SCALE, SCALE // 2, SCALE // 5))
        if rng.random() < 0.3:
            more["nth"] = tuple(sorted(rng.sample(range(1, 12), 3)))
        if rng.random() < 0.3:
            more["most"] = rng.randint(1, 4)
        if kind not in MARKET and rng.random() < 0.2:
            more["side"] = rng.choice((BUY, SELL))
    return checked(Fault(kind, from_ms * MS, for_ms * MS, **more))


def may_be_found(plan: FaultPlan) -> set[str]:
    """What no loop can help: who cannot cancel stays in a market that it does not hear or judge."""
    helpless = [one for one in plan.faults if one.kind not in MARKET]
    stale = [one for one in plan.faults if one.kind is FaultKind.STALE_BOOK]
    return {"blind", "crossed"} if helpless or stale else set()


def some_terms(seed: int) -> Terms:
    """Nothing takes time, or something does."""
    rng = Random(f"terms {seed}")
    ways = (Constant(0), Constant(20 * MS), Uniform(1 * MS, 300 * MS))
    drawn = Delays(*[rng.choice(ways) for _ in range(5)])
    return Terms(delays=rng.choice((Delays(), drawn, drawn)))
