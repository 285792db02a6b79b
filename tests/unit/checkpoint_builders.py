"""A log with checkpoints, for the tests of both."""

from __future__ import annotations

import hashlib
from typing import Any

from tests.sim.sim_disk import SimDisk
from tests.unit.journal_builders import LOG_ID, a_log, told
from tools.live.core import codec
from tools.live.journal.checkpoint import (
    Checkpoint, Found, hash_in, load_newest, read_content, save,
)  # fmt: skip

CONFIG = "c0" * 32
STATE_HASH = "5a" * 32
LAST = 30  # the seq of the last event of `a_disk`


def a_disk() -> SimDisk:
    """A log of 31 records in four batches: it tells of itself in the first."""
    return a_log((7, 8, 9, 6))


def hashes(disk: SimDisk) -> dict[int, str]:
    return {one.seq: one.hash.hex() for one in told(disk)}


def a_checkpoint(disk: SimDisk, seq: int, **changed: Any) -> Checkpoint:
    """A checkpoint of the disk's log; its state says which one it is."""
    given = {
        "log_id": LOG_ID, "seq": seq, "head_hash": hashes(disk).get(seq, "00" * 32),
        "state_hash": STATE_HASH, "config_hash": CONFIG, "state": {"of": seq}, **changed,
    }  # fmt: skip
    return Checkpoint(**given)


def saved(disk: SimDisk, *seqs: int) -> SimDisk:
    for seq in seqs:
        save(disk, a_checkpoint(disk, seq), durable_seq=LAST)
    return disk


def newest(disk: Any, **options: Any) -> Found:
    return load_newest(disk, LOG_ID, hash_in(disk), CONFIG, **options)


def kept(disk: SimDisk) -> list[int]:
    """The seqs of the files that are there."""
    return [int(name.partition(".")[0]) for name in disk.names("checkpoints")]


def respelled(disk: SimDisk, path: str, **changed: Any) -> SimDisk:
    """The file with other content, as somebody would write it who knows how."""
    content = {**read_content(disk.image()[path]), **changed}
    disk.put(path, with_hash({k: v for k, v in content.items() if v is not None}))
    return disk


def with_hash(content: dict[str, Any]) -> bytes:
    digest = hashlib.sha256(codec.canonical(content).encode()).hexdigest()
    return (codec.canonical({**content, "sha256": digest}) + "\n").encode()
