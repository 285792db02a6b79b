"""The verbs of the fold for what happens to the feed: from a gap to the end of a resync.

`Fold` inherits them. While what we know of a market is not to be used the gate refuses every order
of the symbol, reducing ones as well, and what rests there is canceled: it stands at prices that
nobody can judge.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .connectivity import Connectivity
from .core.contracts_v1 import Output
from .fold_adoptions import AdoptionVerbs

if TYPE_CHECKING:
    from .portfolio.edge_watch import EdgeWatch

GAP = "gap"
LOST = "lost"
RESYNC = "resync"
SILENT = "silent"

_NOTHING: tuple[Output, ...] = ()


class FeedVerbs(AdoptionVerbs):
    """What the fold makes of a feed that breaks."""

    watch: EdgeWatch | None

    def clear(self) -> None:
        """Nothing was heard of the feed."""
        super().clear()
        self.connectivity = Connectivity()

    def gap_detected(
        self, symbol: str, source: str, first_missing: int, last_missing: int, ts_ns: int
    ) -> Sequence[Output]:
        """`GapDetected`"""
        self.connectivity.gaps += 1
        self.connectivity.missing += last_missing - first_missing + 1
        return self._lose(symbol, GAP, ts_ns)

    def resync_started(
        self, symbol: str, source: str, reason: str, ts_ns: int
    ) -> Sequence[Output]:
        """`ResyncStarted`"""
        self.connectivity.resyncs_started += 1
        return self._lose(symbol, reason, ts_ns)

    def resync_finished(
        self, symbol: str, source: str, sequence: int | None, ts_ns: int
    ) -> Sequence[Output]:
        """`ResyncFinished`: orders may leave again, at the next quote."""
        self.connectivity.resyncs_finished += 1
        self.monitor.exposure_of(symbol).stale = ""
        return _NOTHING

    def feed_lost(self, symbol: str, source: str, reason: str, ts_ns: int) -> Sequence[Output]:
        """`FeedLost`"""
        self.connectivity.losses += 1
        return self._lose(symbol, LOST, ts_ns)

    def feed_stale(
        self, symbol: str, source: str, silent_ns: int, ts_ns: int
    ) -> Sequence[Output]:
        """`FeedStale`"""
        self.connectivity.silences += 1
        return self._lose(symbol, SILENT, ts_ns)

    def _lose(self, symbol: str, why: str, ts_ns: int) -> Sequence[Output]:
        """From the first fact on nothing may rest; the others change no more."""
        if not self.monitor.exposure_of(symbol).lose(why or RESYNC):
            return _NOTHING
        if self.watch is not None:
            self.watch.on_unusable(symbol, ts_ns)
        return self.cancels(self.store.live.get(symbol, {}).values(), ts_ns)
