"""The paper-trading simulator of ADR-006 with its files: the door to import from.

    from tools.live.simulator import CheckpointManager, ExecutionSimulator, Order

    simulator = ExecutionSimulator(initial_cash=100_000, seed=7)
    manager = CheckpointManager("checkpoints")
    path = manager.save_checkpoint(manager.create_checkpoint(simulator))
    again = manager.restore_simulator(manager.load_checkpoint(simulator.simulator_id))

Everything but the files is in `sim/simulator*.py`. A file appears whole and durable or not at all.
"""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

from .core.clock import Clock
from .journal.disk import parts, place
from .journal.os_disk import OsDisk
from .journal.whole import TEMPORARY, put_whole, write_all
from .sim.simulator import ExecutionSimulator
from .sim.simulator_actions import ActionType, PendingAction, PendingActionQueue
from .sim.simulator_checkpoint import CHECKPOINT_VERSION, ExecutionCheckpoint
from .sim.simulator_checkpoint_text import deserialize_checkpoint, serialize_checkpoint
from .sim.simulator_checks import OrderValidator, ValidationResult
from .sim.simulator_contracts import (
    LATENCY_FAST, LATENCY_INSTANT, LATENCY_NORMAL, LATENCY_SLOW, LatencyConfig, Order,
    OrderExecution, OrderSide, OrderStatus, OrderType, RejectionReason,
)  # fmt: skip
from .sim.simulator_folder import CheckpointFolder
from .sim.simulator_limits import (
    DrawdownLimitRule, ExposureLimitRule, PositionLimitRule, RiskConfig, RiskRuleType,
    RiskViolation,
)  # fmt: skip
from .sim.simulator_market import Sessions
from .sim.simulator_registry import OrderFiles
from .sim.simulator_risk import RiskChecker

__all__ = [
    "CHECKPOINT_VERSION", "LATENCY_FAST", "LATENCY_INSTANT", "LATENCY_NORMAL", "LATENCY_SLOW",
    "ActionType", "CheckpointManager", "DrawdownLimitRule", "ExecutionCheckpoint",
    "ExecutionSimulator", "ExposureLimitRule", "LatencyConfig", "Order", "OrderExecution",
    "OrderRegistry", "OrderSide", "OrderStatus", "OrderType", "OrderValidator", "PendingAction",
    "PendingActionQueue", "PositionLimitRule", "RejectionReason", "RiskChecker", "RiskConfig",
    "RiskRuleType", "RiskViolation", "Sessions", "ValidationResult", "deserialize_checkpoint",
    "serialize_checkpoint",
]  # fmt: skip


class CheckpointManager:
    """Checkpoints of simulators below one folder, each a whole file; `keep` prunes old ones."""

    def __init__(self, checkpoint_dir: str | os.PathLike[str], *, keep: int | None = None) -> None:
        self.checkpoint_dir = Path(checkpoint_dir)
        self._checkpoints = CheckpointFolder(_DiskFolder(self.checkpoint_dir), keep=keep)

    def create_checkpoint(
        self, simulator: ExecutionSimulator, simulator_id: str | None = None
    ) -> ExecutionCheckpoint:
        """The state of a simulator now; nothing in it is shared with the simulator."""
        return self._checkpoints.create_checkpoint(simulator, simulator_id)

    def save_checkpoint(self, checkpoint: ExecutionCheckpoint) -> Path:
        """Store a checkpoint under its time, then as the latest one; returns its file."""
        return self.checkpoint_dir / self._checkpoints.save_checkpoint(checkpoint)

    def load_checkpoint(
        self, simulator_id: str, timestamp: datetime | None = None
    ) -> ExecutionCheckpoint:
        """The checkpoint of a time, or the latest one; FileNotFoundError when there is none."""
        return self._checkpoints.load_checkpoint(simulator_id, timestamp)

    def restore_simulator(
        self,
        checkpoint: ExecutionCheckpoint,
        *,
        sessions: Sessions | None = None,
        clock: Clock | None = None,
    ) -> ExecutionSimulator:
        """A simulator that goes on where the checkpoint was taken."""
        return self._checkpoints.restore_simulator(checkpoint, sessions=sessions, clock=clock)

    def list_checkpoints(self, simulator_id: str) -> list[tuple[datetime, Path]]:
        """Times and files, newest first, without `latest.json`."""
        found = self._checkpoints.list_checkpoints(simulator_id)
        return [(when, self.checkpoint_dir / path) for when, path in found]

    def prune(self, simulator_id: str, keep: int) -> list[Path]:
        """Remove all but the newest `keep`; returns the files that are gone."""
        return [self.checkpoint_dir / path for path in self._checkpoints.prune(simulator_id, keep)]


class OrderRegistry:
    """Orders on file below one folder, found by their id, symbol, status and time."""

    def __init__(self, storage_dir: str | os.PathLike[str]) -> None:
        self.storage_dir = Path(storage_dir)
        self._files = OrderFiles(_DiskFolder(self.storage_dir))

    def save_order(self, order: Order) -> Path:
        """Store an order, replacing what was stored under its id; returns its file."""
        return self.storage_dir / self._files.save_order(order)

    def load_order(self, order_id: str) -> Order:
        """The order of this id; FileNotFoundError when there is none."""
        return self._files.load_order(order_id)

    def list_orders(
        self,
        symbol: str | None = None,
        status: OrderStatus | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int | None = None,
    ) -> list[Order]:
        """Orders that fit, newest first; `since` and `until` are about their creation."""
        return self._files.list_orders(symbol, status, since, until, limit)

    def get_executions(self, order_id: str) -> list[OrderExecution]:
        """What was executed of an order, oldest first."""
        return self._files.get_executions(order_id)

    def delete_order(self, order_id: str) -> bool:
        """Remove an order; False when there was none."""
        return self._files.delete_order(order_id)


class _DiskFolder:
    """A folder of a real file system behind the simulator's port, over the journal's disk."""

    def __init__(self, root: Path) -> None:
        self._disk = OsDisk(root)

    def names(self, folder: str) -> list[str]:
        return self._disk.names(folder)

    def read(self, path: str) -> bytes:
        return self._disk.read(path)

    def put(self, path: str, data: bytes) -> None:
        self._make_folders(path)
        if self._disk.has(path + TEMPORARY):  # what a crash left half made
            self._disk.remove(path + TEMPORARY)
        put_whole(self._disk, path, (data,))

    def append(self, path: str, data: bytes) -> None:
        self._make_folders(path)
        if not self._disk.has(path):
            put_whole(self._disk, path, (data,))
            return
        handle = self._disk.open_append(path)
        try:
            write_all(self._disk, handle, data)
            self._disk.sync(handle)
        finally:
            self._disk.close(handle)

    def remove(self, path: str) -> None:
        self._disk.remove(path)
        self._disk.sync_folder("/".join(parts(path)[:-1]))

    def _make_folders(self, path: str) -> None:
        """Make the folders on the way to a file, each durable in the one above."""
        folders, _ = place(path)
        self._disk.make_folder("/".join(folders))
        for depth in range(len(folders)):
            self._disk.sync_folder("/".join(folders[:depth]))
