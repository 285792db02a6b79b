"""The folder of a journal that somebody named: whether it holds one, and what to do with damage.

What a log raises about itself knows no folder; here it is told in commands that can be typed.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .console import EXIT_INTEGRITY, Usage
from .core.errors import ContractError
from .journal.disk import NotAFile
from .journal.errors import Halted, IntegrityRefused, JournalError, NotOurs
from .journal.halt import HALT
from .journal.mark import MARK
from .journal.os_disk import OsDisk
from .journal.segments import FOLDER

_JOURNAL = "python -m tools.live journal"


class Damaged(JournalError):
    """The journal contradicts what was promised about it."""

    exit_code = EXIT_INTEGRITY


def named_folder(folder: str | None, verb: str, command: str) -> str:
    """The folder that was named, once it is known to hold a journal."""
    if not folder or "\0" in folder:
        raise Usage(f"{verb} needs the folder of a journal; write {command} DIR")
    if not os.path.lexists(folder):
        raise ContractError(f"DIR {folder!r} is not there; name the folder of a journal")
    if not os.path.isdir(folder):
        raise ContractError(f"DIR {folder!r} is no folder; name the folder of a journal")
    # Whatever stands in the place of the segments, reading it tells what is wrong with it.
    if not any(OsDisk(folder).has(name) for name in (FOLDER, MARK, HALT)):
        raise ContractError(f"DIR {folder!r} holds no journal; name a folder that has segments/")
    return folder


def give_up(refused: IntegrityRefused, folder: str) -> str:
    """The advice where all of the log was read: the command that gives up what follows."""
    return (
        f"restore a copy, or give up what follows with `{_JOURNAL} repair {shlex.quote(folder)}"
        f" --accept-loss-from {refused.seq}`"
    )


def look_first(_refused: IntegrityRefused, folder: str) -> str:
    """The advice where the log was read from somewhere on: an earlier record may be damaged."""
    named = shlex.quote(folder)
    return (
        f"see `{_JOURNAL} verify {named}`, then restore a copy, or see with"
        f" `{_JOURNAL} repair {named} --dry-run` what giving it up would lose"
    )


@contextmanager
def advised(folder: str, advice: Callable[[IntegrityRefused, str], str]) -> Iterator[None]:
    """A refusal inside becomes `Damaged`, with what can be done about it."""
    try:
        yield
    except Halted as halted:
        raise Halted(halted.told, shlex.quote(folder)) from halted
    except IntegrityRefused as refused:
        raise Damaged(_told(refused, folder, advice)) from refused


def _told(
    refused: IntegrityRefused, folder: str, advice: Callable[[IntegrityRefused, str], str]
) -> str:
    if isinstance(refused.__cause__, (NotAFile, NotADirectoryError)):
        return f"{refused.what} at {refused.path}; nothing was changed; put the file back there"
    if isinstance(refused, NotOurs) or not refused.of_log:
        return str(refused)
    return (
        f"{refused.what} at {refused.path} byte {refused.offset} (seq {refused.seq}); nothing was"
        f" changed; {advice(refused, folder)}"
    )
