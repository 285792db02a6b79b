"""Which occurrence is struck: each fault of a plan counts, draws and stops for itself."""

from __future__ import annotations

from collections import deque

from ...core.contracts_v1 import Side
from ...core.money import SCALE
from ...core.record import record
from ...core.rng import stream
from .plan import Fault, FaultKind, FaultPlan


@record
class Struck:
    """What was struck: which fault of the plan, from 0, the kind, what it was about, and when."""

    number: int
    kind: FaultKind
    about: str
    ts_ns: int


class Strikes:
    """The state of a plan in one run; `struck` is the account of it."""

    def __init__(self, plan: FaultPlan) -> None:
        self.plan = plan
        self.struck: list[Struck] = []
        self._start_ns: int | None = None
        self._armed: dict[FaultKind, list[_Armed]] = {}
        for number, fault in enumerate(plan.faults):
            armed = _Armed(number, fault, plan.seed)
            self._armed.setdefault(fault.kind, []).append(armed)

    def start(self, ts_ns: int) -> None:
        """The times of the plan count from here; only the first call says so."""
        if self._start_ns is None:
            self._start_ns = ts_ns

    def strike(
        self, kind: FaultKind, ts_ns: int, about: str, symbol: str | None, side: Side | None = None
    ) -> Fault | None:
        """The fault that strikes this occurrence, if one does; all that could do count it."""
        armed = self._armed.get(kind)
        if armed is None:
            return None
        self.start(ts_ns)
        since_ns = ts_ns - (self._start_ns or 0)
        found: _Armed | None = None
        for one in armed:
            if one.is_struck(since_ns, symbol, side) and found is None:
                found = one
        if found is None:
            return None
        self.struck.append(Struck(found.number, kind, about, ts_ns))
        return found.fault

    def lasts(self, kind: FaultKind, ts_ns: int, symbol: str | None = None) -> Fault | None:
        """The fault of this kind that is on; nothing is counted."""
        armed = self._armed.get(kind)
        if armed is None:
            return None
        self.start(ts_ns)
        since_ns = ts_ns - (self._start_ns or 0)
        for one in armed:
            if one.fault.is_on(since_ns) and one.concerns(symbol, None):
                one.begin(self.struck, ts_ns)
                return one.fault
        return None

    def over_ns(self, kind: FaultKind, ts_ns: int) -> int | None:
        """The first time from this one on at which no fault of this kind is on; None when never."""
        start_ns = self._start_ns or 0
        faults = [one.fault for one in self._armed.get(kind, ())]
        while True:
            on = next((fault for fault in faults if fault.is_on(ts_ns - start_ns)), None)
            if on is None:
                return ts_ns
            if on.for_ns is None:
                return None
            ts_ns = start_ns + on.from_ns + on.for_ns


class _Armed:
    """One fault, how often it could have struck, and how often it did."""

    def __init__(self, number: int, fault: Fault, seed: int) -> None:
        self.number = number
        self.fault = fault
        self._draw = stream(seed, f"fault:{number}").random
        self._nth = frozenset(fault.nth)
        self._seen = self._done = 0
        self._recent: deque[int] = deque()
        self._told = False

    def concerns(self, symbol: str | None, side: Side | None) -> bool:
        fault = self.fault
        if fault.symbol is not None and symbol is not None and fault.symbol != symbol:
            return False
        return fault.side is None or side is None or fault.side is side

    def is_struck(self, since_ns: int, symbol: str | None, side: Side | None) -> bool:
        """Whether this occurrence is; a draw is made for each that could be."""
        fault = self.fault
        if not fault.is_on(since_ns) or not self.concerns(symbol, side):
            return False
        self._seen += 1
        if fault.kind is FaultKind.RATE_LIMIT and not self._is_too_fast(since_ns):
            return False
        if self._nth and self._seen not in self._nth:
            return False
        if fault.chance != SCALE and int(self._draw() * SCALE) >= fault.chance:
            return False
        if fault.most is not None and self._done >= fault.most:
            return False
        self._done += 1
        return True

    def _is_too_fast(self, since_ns: int) -> bool:
        """Whether the window before this request is full; a refused one takes no room in it."""
        recent = self._recent
        while recent and recent[0] <= since_ns - self.fault.window_ns:
            recent.popleft()
        if len(recent) >= self.fault.limit:
            return True
        recent.append(since_ns)
        return False

    def begin(self, struck: list[Struck], ts_ns: int) -> None:
        """A fault that lasts is told once."""
        if not self._told:
            self._told = True
            struck.append(Struck(self.number, self.fault.kind, "", ts_ns))
