"""Checkpoints: a state under `checkpoints/`, so that a replay need not begin at the beginning.

A checkpoint is a cache. It is used only when it proves itself intact, of this log, of this run and
of a record that the log still has just so; else an older one is, or none. It is one line of
canonical JSON; its `sha256` covers every byte of that line but its own.

    save(disk, checkpoint, durable_seq=journal.durable_seq)
    found = load_newest(disk, log_id, hash_in(disk), config_hash)
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from typing import Any, NamedTuple

from ..core.codec import canonical
from ..core.errors import ContractError
from ..core.record import record
from ..fold_state.plain import count, keys, text, wrong
from .disk import Disk, NotAFile
from .errors import NotOurs
from .frame import check_name
from .guard import disk_errors
from .migrations import MIGRATIONS, VERSION, Migration, migrate
from .reader import Reader
from .recovery import CHECKPOINTS
from .whole import TEMPORARY, put_whole, remove_temporaries

FORMAT = "shadow-checkpoint"
KEPT = 3
MAX_BYTES = 256 * 1024 * 1024

_STATE = ',"state":'
_KEYS = (
    "config_hash", "format", "head_hash", "log_id", "seq", "sha256", "state", "state_hash",
    "version",
)  # fmt: skip

_is_name = re.compile(r"([0-9]{20})\.json", re.ASCII).fullmatch
_is_hash = re.compile(r"[0-9a-f]{64}", re.ASCII).fullmatch


@record
class Checkpoint:
    """The state behind record `seq` of a log, whose hash is `head_hash`."""

    log_id: str
    seq: int
    head_hash: str
    state_hash: str
    config_hash: str
    state: Any


class Skipped(NamedTuple):
    """A file that was passed over, and why."""

    path: str
    reason: str


@record
class Found:
    """The newest checkpoint that can be used; without one a replay begins at the beginning."""

    checkpoint: Checkpoint | None
    skipped: tuple[Skipped, ...]


def checkpoint_path(seq: int) -> str:
    """Where the checkpoint of a record is."""
    return f"{CHECKPOINTS}/{seq:020d}.json"


def save(disk: Disk, checkpoint: Checkpoint, *, durable_seq: int) -> str:
    """Store a checkpoint, durable when this returns, and let go of all but the newest three.

    ContractError when it may not be stored, StorageFailed when the disk refuses. It needs the log's
    lock. A checkpoint that cannot be stored takes nothing away: the log is as good as before.
    """
    seq = checkpoint.seq
    if not 0 <= seq <= durable_seq:
        raise ContractError(
            f"a checkpoint of seq {seq} must wait: the log is durable to seq {durable_seq}"
        )
    raw = spell(checkpoint)
    if len(raw) > MAX_BYTES:
        raise ContractError(
            f"a checkpoint of {len(raw)} bytes passes the limit of {MAX_BYTES}; retain fewer"
            " finished orders"
        )
    path = checkpoint_path(seq)
    with disk_errors("the checkpoint cannot be stored"), _refusals(seq):
        disk.make_folder(CHECKPOINTS)
        disk.sync_folder()
        remove_temporaries(disk, (CHECKPOINTS,))
        put_whole(disk, path, [raw])
        # Newer ones are of a log that was once longer; they do not count, and do no harm.
        older = [name for name in names(disk) if name <= path.rpartition("/")[2]]
        for name in older[:-KEPT]:
            disk.remove(f"{CHECKPOINTS}/{name}")
        if older[:-KEPT]:
            disk.sync_folder(CHECKPOINTS)
    return path


def load_newest(
    disk: Disk,
    log_id: str,
    hash_at: Callable[[int], str | None],
    config_hash: str,
    *,
    accept: Callable[[Checkpoint], None] | None = None,
    oldest: bool = False,
    table: Mapping[int, Migration] = MIGRATIONS,
    version: int = VERSION,
) -> Found:
    """The newest checkpoint that is intact and fits; what is passed over is told with its reason.

    `hash_at` says the hash of a record that the log has. `accept` may refuse a state by a
    ContractError. With `oldest` it is the oldest that fits. What a newer program stored is not
    passed over: NotOurs, and it stays.
    """
    skipped = []
    with disk_errors("the checkpoints cannot be read"):
        with _refusals(0):
            found = disk.names(CHECKPOINTS)
        for name in found if oldest else reversed(found):
            if name.endswith(TEMPORARY):
                continue
            path = f"{CHECKPOINTS}/{name}"
            try:
                checkpoint = load(disk, name, table=table, version=version)
                check_fits(checkpoint, log_id, hash_at, config_hash)
                if accept is not None:
                    accept(checkpoint)
            except ContractError as error:
                skipped.append(Skipped(path, str(error)))
            else:
                return Found(checkpoint, tuple(skipped))
    return Found(None, tuple(skipped))


def hash_in(disk: Disk) -> Callable[[int], str | None]:
    """What `load_newest` asks a log: the hash of a record, None when the log does not have it."""

    def hash_at(seq: int) -> str | None:
        try:
            one = next(Reader(disk, from_seq=seq).poll(), None)
        except ContractError:  # the log begins behind it
            return None
        return None if one is None else one.hash.hex()

    return hash_at


def spell(checkpoint: Checkpoint) -> bytes:
    """The bytes of the file; a ContractError when the checkpoint is none."""
    content = {
        "config_hash": check_hash(checkpoint.config_hash, "config_hash"),
        "format": FORMAT,
        "head_hash": check_hash(checkpoint.head_hash, "head_hash"),
        "log_id": check_name(checkpoint.log_id, "log_id"),
        "seq": count(checkpoint.seq, "seq"),
        "state": checkpoint.state,
        "state_hash": check_hash(checkpoint.state_hash, "state_hash"),
        "version": VERSION,
    }
    line = canonical(content)
    # No value before the state holds a quote, so this is its key.
    before, key, after = line.partition(_STATE)
    digest = sha256(line.encode("ascii")).hexdigest()
    return f'{before},"sha256":"{digest}"{key}{after}\n'.encode("ascii")


def read_content(raw: bytes) -> dict[str, Any]:
    """What an intact file of any version says, without its hash; ContractError for another."""
    if len(raw) > MAX_BYTES:
        raise ContractError(f"it has more than {MAX_BYTES} bytes")
    try:
        line = raw.decode("ascii")
        content = json.loads(line)
        # Equal to its own canonical form, it has no key twice, no NaN and no second spelling.
        if not isinstance(content, dict) or canonical(content) + "\n" != line:
            raise ContractError("it is damaged: not the canonical form of an object")
    except (ValueError, RecursionError) as error:
        if isinstance(error, ContractError):
            raise
        raise ContractError("it is damaged: not JSON") from None
    if content.get("format") != FORMAT:
        raise wrong("format", content.get("format"), FORMAT)
    told = content.pop("sha256", None)
    before, _, after = line[:-1].partition(f',"sha256":"{told}"')
    if sha256((before + after).encode("ascii")).hexdigest() != told:
        raise ContractError("it is damaged: its hash is of other bytes")
    count(content.get("version"), "version", 1)
    return content


def load(
    disk: Disk, name: str, *, table: Mapping[int, Migration] = MIGRATIONS, version: int = VERSION
) -> Checkpoint:
    """The checkpoint in a file of this name; ContractError says why it cannot be used.

    NotOurs when a newer program stored it, or when something else is in its place.
    """
    path = f"{CHECKPOINTS}/{name}"
    match = _is_name(name)
    if match is None:
        raise ContractError("it is not named as a checkpoint is")
    seq = int(match[1])
    try:
        with _refusals(seq):
            raw = disk.read(path, 0, MAX_BYTES + 1)
    except OSError as error:
        raise ContractError(f"it cannot be read: {error}") from None
    content = read_content(raw)
    if content["version"] > version:
        what = (
            f"a checkpoint of version {content['version']} (this program knows {version}; go on"
            " with the newer program)"
        )
        raise NotOurs(what, path=path, offset=0, seq=seq, advice="")
    checkpoint = _checkpoint(migrate(content, table=table, version=version))
    if checkpoint.seq != seq:
        raise wrong("seq", checkpoint.seq, f"that of its name, {seq}")
    return checkpoint


def _checkpoint(content: dict[str, Any]) -> Checkpoint:
    keys(content, [name for name in _KEYS if name != "sha256"], "it")
    return Checkpoint(
        text(content["log_id"], "log_id"),
        count(content["seq"], "seq"),
        check_hash(content["head_hash"], "head_hash"),
        check_hash(content["state_hash"], "state_hash"),
        check_hash(content["config_hash"], "config_hash"),
        content["state"],
    )


def check_fits(
    checkpoint: Checkpoint, log_id: str, hash_at: Callable[[int], str | None], config_hash: str
) -> None:
    """ContractError unless it is of this log, as the log is now, and of this run."""
    if checkpoint.log_id != log_id:
        raise wrong("log_id", checkpoint.log_id, f"that of this log, {log_id}")
    if checkpoint.config_hash != config_hash:
        raise wrong("config_hash", checkpoint.config_hash, f"that of this run, {config_hash}")
    known = hash_at(checkpoint.seq)
    if known is None:
        raise wrong("seq", checkpoint.seq, "a record that the log has")
    if checkpoint.head_hash != known:
        raise wrong("head_hash", checkpoint.head_hash, f"that of seq {checkpoint.seq}, {known}")


def names(disk: Disk) -> list[str]:
    """The files that are named as checkpoints are, oldest first."""
    return [name for name in disk.names(CHECKPOINTS) if _is_name(name)]


def check_hash(value: Any, what: str) -> str:
    """The value itself; a ContractError when it is no SHA-256 in hexadecimal digits."""
    if not isinstance(value, str) or not _is_hash(value):
        raise wrong(what, value, "64 hexadecimal digits")
    return value


@contextmanager
def _refusals(seq: int) -> Iterator[None]:
    """A link, a pipe or a folder where a checkpoint must be was put there by somebody."""
    try:
        yield
    except (NotAFile, NotADirectoryError) as error:
        what = f"no file of ours ({error.strerror}; remove it)"
        raise NotOurs(what, path=str(error.filename), offset=0, seq=seq, advice="") from error
