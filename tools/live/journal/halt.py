"""`HALT`: while a log's folder holds a thing of this name, nobody trades on the log.

A run whose line has failed leaves it there, and an operator may put it there by hand. That it
exists is what counts, not what it holds, because a failing disk may take a name and no byte more.
It stays over any restart, until an operator with a name lets the log go on for a reason.
"""

from __future__ import annotations

from contextlib import suppress

from ..core.clock import render_utc
from ..core.errors import ContractError
from .disk import Disk, NotAFile
from .errors import Halted
from .guard import disk_errors
from .reader import verify
from .whole import write_all
from .writer import Journal

HALT = "HALT"
REASON = "HALT file"
ACTOR = "operator"

_MOST_BYTES = 400
_BY_HAND = "put there by hand, without a word"


def is_halted(disk: Disk) -> bool:
    """One look at a name, so it can be asked at every commit."""
    with disk_errors("nobody can tell whether the log is halted"):
        return disk.has(HALT)


def read_halt(disk: Disk) -> str | None:
    """The first line of the file, fit to be printed; None when the log is not halted."""
    if not is_halted(disk):
        return None
    try:
        raw = disk.read(HALT, 0, _MOST_BYTES)
    except NotAFile as odd:
        return str(odd.strerror)
    except OSError as error:
        return f"it cannot be read: {error.strerror}"
    line = raw.decode("utf-8", "replace").strip().partition("\n")[0]
    return "".join(char if char.isprintable() else "?" for char in line) or _BY_HAND


def refuse_halted(disk: Disk) -> None:
    """Halted when nobody may trade on this log."""
    told = read_halt(disk)
    if told is not None:
        raise Halted(told)


def drop_halt(disk: Disk, *, why: str, seq: int, time_ns: int) -> None:
    """Halt a log whose line has failed behind a seq, as far as the disk still lets us.

    Each step is tried whatever became of the one before; what is there already stays as it is.
    """
    text = f"{render_utc(time_ns)} the line failed behind seq {seq}: {why}\n".encode()
    with suppress(OSError):
        handle = disk.create(HALT)
        with suppress(OSError):
            write_all(disk, handle, text[:_MOST_BYTES])
        with suppress(OSError):
            disk.sync(handle)
        disk.close(handle)
    with suppress(OSError):
        disk.sync_folder()


def resume(disk: Disk, *, actor: str, reason: str, holder: str, time_ns: int) -> int:
    """Let a halted log go on: first it is recorded who says so and why, then the halt goes.

    A crash in between leaves the log halted, and resuming again records it again. Returns the seq
    of the record; ContractError when there is nothing to be resumed.
    """
    told = read_halt(disk)
    if told is None:
        raise ContractError("the journal is not halted; there is nothing to resume")
    with disk_errors("the log cannot be resumed"):
        try:
            disk.size(HALT)
        except NotAFile as odd:
            raise ContractError(f"HALT: {odd.strerror}; remove it by hand") from None
    scan = verify(disk)
    if scan.next_seq == 0:
        raise ContractError("there is no record to resume from; remove HALT by hand")
    journal = Journal.open(disk, log_id=scan.log_id, holder=holder, time_ns=time_ns)
    try:
        seq = journal.note_resumed({"actor": actor, "halt": told, "reason": reason}, time_ns)
        with disk_errors("the halt cannot be removed"):
            disk.remove(HALT)
            disk.sync_folder()
    finally:
        journal.close(time_ns)
    return seq
