"""Where checkpoints are kept: `<simulator id>/<time>.json` and `latest.json`, each a whole file.

It knows no operating system: whoever makes it hands in a folder whose files appear whole and
durable or not at all.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Protocol

from ..core.clock import Clock
from ..core.codec import load_strict, pretty
from ..core.errors import ContractError
from .simulator import ExecutionSimulator
from .simulator_checkpoint import ExecutionCheckpoint, restore, take_checkpoint
from .simulator_checkpoint_text import deserialize_checkpoint, serialize_checkpoint
from .simulator_market import Sessions
from .simulator_names import check_name
from .simulator_numbers import moment, time_ns

LATEST = "latest.json"
MAX_BYTES = 256 * 1024 * 1024

_STAMP = "%Y%m%d_%H%M%S_%f"
_is_stamp = re.compile(r"([0-9]{8}_[0-9]{6}_[0-9]{6})\.json", re.ASCII).fullmatch


class Folder(Protocol):
    """A folder of files, by paths with `/` between their names."""

    def names(self, folder: str) -> list[str]:
        """The files in a folder, sorted; none when there is no such folder."""
        ...

    def read(self, path: str) -> bytes:
        """FileNotFoundError when there is none."""
        ...

    def put(self, path: str, data: bytes) -> None:
        """Make or replace a file, whole and durable, with the folders on the way."""
        ...

    def append(self, path: str, data: bytes) -> None:
        """Add to a file, durably, making it first when it is missing."""
        ...

    def remove(self, path: str) -> None:
        """FileNotFoundError when there is none."""
        ...


class CheckpointFolder:
    """Checkpoints of any number of simulators; with `keep`, only the newest few of each."""

    def __init__(self, folder: Folder, *, keep: int | None = None) -> None:
        if keep is not None and (type(keep) is not int or keep < 1):
            raise ContractError(f"keep {keep!r:.60} is no whole number from 1 on, nor None for all")
        self._folder = folder
        self._keep = keep

    def create_checkpoint(
        self, simulator: ExecutionSimulator, simulator_id: str | None = None
    ) -> ExecutionCheckpoint:
        """The state of a simulator now; nothing in it is shared with the simulator."""
        return take_checkpoint(simulator, simulator_id)

    def save_checkpoint(self, checkpoint: ExecutionCheckpoint) -> str:
        """Store a checkpoint under its time, then as the latest one; returns its path."""
        folder = check_name(checkpoint.simulator_id, "simulator_id")
        path = f"{folder}/{_file_of(checkpoint.checkpoint_timestamp)}"
        raw = (pretty(serialize_checkpoint(checkpoint)) + "\n").encode("ascii")
        self._folder.put(path, raw)
        self._folder.put(f"{folder}/{LATEST}", raw)
        if self._keep is not None:
            self.prune(folder, self._keep)
        return path

    def load_checkpoint(
        self, simulator_id: str, timestamp: datetime | None = None
    ) -> ExecutionCheckpoint:
        """The checkpoint of a time, or the latest; FileNotFoundError, or ContractError if damaged.

        It is read only when its hash is right and its id is that of its folder.
        """
        name = LATEST if timestamp is None else _file_of(timestamp)
        path = f"{check_name(simulator_id, 'simulator_id')}/{name}"
        raw = self._folder.read(path)
        try:
            checkpoint = deserialize_checkpoint(load_strict(raw, "it", most_bytes=MAX_BYTES))
        except ContractError as error:
            raise ContractError(
                f"checkpoint {path} cannot be used: {error}; load another one by its timestamp"
            ) from None
        if checkpoint.simulator_id != simulator_id:
            raise ContractError(
                f"checkpoint {path} is of simulator {checkpoint.simulator_id!r}; it was put there"
                " by somebody else"
            )
        return checkpoint

    def restore_simulator(
        self,
        checkpoint: ExecutionCheckpoint,
        *,
        sessions: Sessions | None = None,
        clock: Clock | None = None,
    ) -> ExecutionSimulator:
        """A simulator that goes on where the checkpoint was taken."""
        return restore(checkpoint, sessions=sessions, clock=clock)

    def list_checkpoints(self, simulator_id: str) -> list[tuple[datetime, str]]:
        """Times and paths, newest first, without the latest one's second name."""
        folder = check_name(simulator_id, "simulator_id")
        found = []
        for name in self._folder.names(folder):
            match = _is_stamp(name)
            when = None if match is None else _time_of(match[1])
            if when is not None:
                found.append((when, f"{folder}/{name}"))
        return found[::-1]  # the names sort as their times do

    def prune(self, simulator_id: str, keep: int) -> list[str]:
        """Remove all but the newest `keep`, at least one; returns the paths that are gone."""
        if type(keep) is not int or keep < 1:
            raise ContractError(f"keep {keep!r:.60} is no whole number from 1 on")
        gone = [path for _, path in self.list_checkpoints(simulator_id)[keep:]]
        for path in gone:
            self._folder.remove(path)
        return gone


def _file_of(when: datetime) -> str:
    return f"{moment(time_ns(when, 'timestamp')).strftime(_STAMP)}.json"


def _time_of(stamp: str) -> datetime | None:
    try:
        return datetime.strptime(stamp, _STAMP)
    except ValueError:  # digits that are no time: not ours
        return None
