"""The edge of every symbol: what our fills earn, whether it is gone, and what a freeze prevented.

`on_quote` and `on_fill` are told everything; what `on_quote` answers is a decision for the record.
"""

from __future__ import annotations

from ..core.clock import NS_PER_MS
from ..core.contracts_v1 import EdgeJudged, Side
from .edge_counterfactual import WouldBe
from .edge_decision import POLICY, Decision, Policy
from .edge_markouts import DECIDING_NS, Markouts


class Watched:
    """One symbol: its markouts, the decision about them, and what would have been."""

    __slots__ = ("decision", "markouts", "would_be")

    def __init__(self, policy: Policy) -> None:
        self.decision = Decision(policy, DECIDING_NS)
        self.markouts = Markouts(self.decision)
        self.would_be: WouldBe | None = None  # until a freeze


class EdgeWatch:
    """All symbols, each opened by its first quote or fill."""

    def __init__(self, policy: Policy = POLICY) -> None:
        self.policy = policy
        self.symbols: dict[str, Watched] = {}

    def _watched(self, symbol: str) -> Watched:
        try:
            return self.symbols[symbol]
        except KeyError:
            found = self.symbols[symbol] = Watched(self.policy)
            return found

    def on_quote(
        self, symbol: str, bid: int, ask: int, ts_ns: int, threshold_bps: int
    ) -> EdgeJudged | None:
        """A usable quote. What has been measured by it is judged, where there is enough of it."""
        watched = self._watched(symbol)
        watched.markouts.on_quote((bid + ask) >> 1, ts_ns)
        if watched.would_be is not None:
            watched.would_be.on_quote(bid, ask, ts_ns)
        judged = watched.decision.judge(threshold_bps, ts_ns)
        if judged is None:
            return None
        verdict, estimate = judged
        return EdgeJudged(
            symbol, DECIDING_NS // NS_PER_MS, *estimate, threshold_bps, verdict, ts_ns
        )

    def on_fill(
        self, symbol: str, side: Side, qty: int, price: int, fee_e18: int, ts_ns: int
    ) -> None:
        """A fill of ours that was booked."""
        self._watched(symbol).markouts.on_fill(side, qty, price, fee_e18, ts_ns)

    def on_unusable(self, symbol: str, ts_ns: int) -> None:
        """From now on to the next quote that is told the market of the symbol is unknown."""
        watched = self._watched(symbol)
        watched.markouts.on_unusable(ts_ns)
        if watched.would_be is not None:
            watched.would_be.on_unusable(ts_ns)

    def would_be(self, symbol: str) -> WouldBe:
        """While frozen: the would-be of a symbol that was quoted; begun with the freeze."""
        watched = self._watched(symbol)
        found = watched.would_be
        if found is None:
            found = watched.would_be = WouldBe()
            found.mark = found.markouts.mid = watched.markouts.mid
        return found

    def on_unfreeze(self, ts_ns: int) -> None:
        """Trading may go on: the would-be ends, and what froze begins its evidence anew."""
        for watched in self.symbols.values():
            watched.decision.on_unfreeze(ts_ns)
            if watched.would_be is not None:
                watched.would_be.on_unfreeze()
