"""Whether trading has stopped, since when and why, and who let it go on."""

from __future__ import annotations

from ..core.errors import ContractError
from ..core.money import finite_e9, view


class FreezeCause:
    """Why and when trading stopped, and on which symbol it showed."""

    __slots__ = ("reason", "symbol", "ts_ns")

    def __init__(self, reason: str, symbol: str | None, ts_ns: int | None) -> None:
        self.reason = reason
        self.symbol = symbol
        self.ts_ns = ts_ns


class Freeze:
    """The freeze: an edge below the threshold or any other cause begins it, somebody ends it."""

    def __init__(self, threshold_bps_e9: int) -> None:
        self.threshold_bps_e9 = threshold_bps_e9
        self.freezes_total = 0
        self._thaw()

    def _thaw(self) -> None:
        self.frozen = False
        self.first_freeze: FreezeCause | None = None
        self.last_freeze: FreezeCause | None = None
        self.last_unfreeze: tuple[str, str] | None = None

    def on_edge_update(self, symbol: str, net_bps: float) -> None:
        """Freeze when the net edge is strictly below the threshold, or is no number at all."""
        self.judge_edge(symbol, finite_e9(net_bps))

    def judge_edge(self, symbol: str, net_bps: int | None, ts_ns: int | None = None) -> bool:
        """The same in the house's numbers; None stands for an edge that is no finite number."""
        if net_bps is None:
            self.freeze("Edge is not a finite number", symbol, ts_ns)
            return True
        if net_bps >= self.threshold_bps_e9:
            return False
        shown, limit = view(net_bps), view(self.threshold_bps_e9)
        self.freeze(f"Edge degradation: {shown:.2f} BPS < {limit:.2f} BPS", symbol, ts_ns)
        return True

    def freeze(self, reason: str, symbol: str | None = None, ts_ns: int | None = None) -> None:
        """Stop approving; the first cause of a freeze is kept beside the last."""
        cause = FreezeCause(reason, symbol, ts_ns)
        if not self.frozen:
            self.frozen = True
            self.freezes_total += 1
            self.first_freeze = cause
        self.last_freeze = cause

    def unfreeze(self, reason: str, actor: str) -> None:
        """Let trading go on: an explicit act of somebody, for a reason."""
        if not reason.strip() or not actor.strip():
            raise ContractError("unfreeze needs a reason and an actor, both not empty")
        self.frozen = False
        self.last_unfreeze = (reason, actor)

    def is_frozen(self) -> bool:
        return self.frozen

    @property
    def last_freeze_reason(self) -> str | None:
        return self.last_freeze.reason if self.last_freeze else None

    @property
    def last_freeze_symbol(self) -> str | None:
        return self.last_freeze.symbol if self.last_freeze else None
