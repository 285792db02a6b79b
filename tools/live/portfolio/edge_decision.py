"""Whether the edge of a symbol is gone: how sure its newest fills make us, and when we act on it.

A sample is what one fill earned at the deciding horizon, as net and notional; fills within one
horizon of each other saw the same move of the market and are one sample together. The edge is the
sum of the nets over the sum of the notionals, and its standard error that of such a ratio. Trading
freezes when even the upper bound, so many standard errors above the edge, is below the threshold:
over a long window, which sees a small loss, or over the newest part of it, which sees soon that
flow has turned. The bounds are looked at again with every fill, which finds a false alarm sooner
or later: their distances are chosen for a whole run (`tests/market/test_edge_bound.py`).

All sums are exact. The bound is rounded up, so no rounding ever freezes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from math import isqrt
from typing import NamedTuple, TypeAlias

from ..core.clock import NS_PER_S
from ..core.contracts_v1 import EdgeVerdict
from ..core.money import BPS, SCALE, bps_e9
from ..core.record import record

# When its first fill was, net, notional.
Sample: TypeAlias = tuple[int, int, int]


@record
class Policy:
    """How much evidence freezes, and how much is needed after somebody has lifted a freeze."""

    window: int = 200  # newest samples of a symbol
    least: int = 20  # samples without which nothing is said
    z_thousandths: int = 4000  # standard errors between the edge and its bound
    recent: int = 50  # newest samples that may freeze alone
    recent_z_thousandths: int = 5250
    cool_down_ns: int = 60 * NS_PER_S
    hysteresis_bps: int = SCALE // 2  # an edge so far above the threshold has recovered
    rearm: int = 40  # samples that count although the edge has not recovered


POLICY = Policy()


class Estimate(NamedTuple):
    """How many samples, their edge and its upper bound."""

    samples: int
    mean_bps: int
    upper_bps: int


class Evidence:
    """The newest samples of a symbol with the sums that mean and bound are made of."""

    __slots__ = ("window", "group_ns", "rows", "net", "notional", "net_net", "net_of", "of_of")

    def __init__(self, window: int, group_ns: int) -> None:
        self.window = window
        self.group_ns = group_ns
        self.clear()

    def clear(self) -> None:
        self.rows: deque[Sample] = deque()
        self.net = self.notional = self.net_net = self.net_of = self.of_of = 0

    def add(self, fill_ns: int, net: int, notional: int) -> None:
        """A measured fill: of the newest sample, if that began within a horizon, else a new one."""
        rows = self.rows
        if rows and fill_ns < rows[-1][0] + self.group_ns:
            fill_ns, net_before, notional_before = rows.pop()
            self._count(-1, net_before, notional_before)
            net += net_before
            notional += notional_before
        rows.append((fill_ns, net, notional))
        self._count(1, net, notional)
        if len(rows) > self.window:
            _, net, notional = rows.popleft()
            self._count(-1, net, notional)

    def put_back(self, samples: Iterable[Sample]) -> None:
        """Take samples as they are: none of them is joined with the one before it."""
        for sample in samples:
            self.rows.append(sample)
            self._count(1, *sample[1:])

    def _count(self, sign: int, net: int, notional: int) -> None:
        self.net += sign * net
        self.notional += sign * notional
        self.net_net += sign * net * net
        self.net_of += sign * net * notional
        self.of_of += sign * notional * notional

    def mean_bps(self) -> int:
        """The edge in basis points at 10^9; there must be a sample."""
        return bps_e9(self.net, self.notional)

    def upper_bps(self, z_thousandths: int) -> int:
        """The edge and so many thousandths of its standard error; there must be two samples.

        With net x, notional w, their sums X and W, and k samples, the squared standard error of
        X / W is k / (k - 1) times the sum of (x - w X / W)^2, over W^2. Times W^4 all is whole.
        """
        net, whole, count = self.net, self.notional, len(self.rows)
        scattered = (
            self.net_net * whole * whole - 2 * net * whole * self.net_of + net * net * self.of_of
        )
        squared = -(-z_thousandths * z_thousandths * count * scattered // (10**6 * (count - 1)))
        above = isqrt(squared - 1) + 1 if squared else 0
        return -(-(net * whole + above) * BPS * SCALE // (whole * whole))


class Decision:
    """The evidence of a symbol and what may be made of it now."""

    __slots__ = ("policy", "evidence", "recent", "fresh", "fired", "armed", "since_ns")

    def __init__(self, policy: Policy, horizon_ns: int) -> None:
        self.policy = policy
        self.evidence = Evidence(policy.window, horizon_ns)
        self.recent = Evidence(policy.recent, horizon_ns)
        self.fresh = False  # a sample came in that nobody has judged
        self.fired = False  # it has frozen, and nobody has lifted that freeze
        self.armed = True
        self.since_ns = -1  # when the last freeze that it caused was lifted

    def add(self, fill_ns: int, net: int, notional: int) -> None:
        """Take a measured fill in, unless a freeze that was lifted has had it already."""
        if fill_ns > self.since_ns:
            self.evidence.add(fill_ns, net, notional)
            self.recent.add(fill_ns, net, notional)
            self.fresh = True

    def judge(self, threshold_bps: int, ts_ns: int) -> tuple[EdgeVerdict, Estimate] | None:
        """What is made of the evidence; None without anything new, or with too little."""
        if not self.fresh:
            return None
        self.fresh = False
        if self.fired:
            return None
        estimate = self.estimate(threshold_bps)
        if estimate is None:
            return None
        self.armed = self.armed or self._has_settled(threshold_bps, ts_ns)
        if not self.armed:
            return EdgeVerdict.COOLING, estimate
        self.fired = estimate.upper_bps < threshold_bps
        return EdgeVerdict.FREEZE if self.fired else EdgeVerdict.KEPT, estimate

    def estimate(self, threshold_bps: int) -> Estimate | None:
        """The edge over the long window, unless the recent part of it alone would freeze."""
        policy, evidence, recent = self.policy, self.evidence, self.recent
        count = len(evidence.rows)
        if count < policy.least:
            return None
        if count > policy.recent and recent.mean_bps() < threshold_bps:
            upper = recent.upper_bps(policy.recent_z_thousandths)
            if upper < threshold_bps:
                return Estimate(policy.recent, recent.mean_bps(), upper)
        return Estimate(count, evidence.mean_bps(), evidence.upper_bps(policy.z_thousandths))

    def _has_settled(self, threshold_bps: int, ts_ns: int) -> bool:
        """After a freeze: time has passed, and the edge is back or has had a second chance."""
        if ts_ns < self.since_ns + self.policy.cool_down_ns:
            return False
        recovered = self.evidence.mean_bps() >= threshold_bps + self.policy.hysteresis_bps
        return recovered or len(self.evidence.rows) >= self.policy.rearm

    def on_unfreeze(self, ts_ns: int) -> None:
        """Somebody lets trading go on; what this symbol froze for has been judged, and is over."""
        if self.fired:
            self.evidence.clear()
            self.recent.clear()
            self.fresh = self.fired = self.armed = False
            self.since_ns = ts_ns
