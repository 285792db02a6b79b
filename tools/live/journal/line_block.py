"""The entries of the block that a line has begun: what a checkpoint does not keep of its digest.

They stand right before the checkpoint, fewer than a block of them, and are read again.
"""

from __future__ import annotations

from ..core.errors import ContractError
from .disk import Disk
from .folding import is_entry
from .line_digest import BLOCK
from .reader import Reader, Record
from .segments import list_segments

_OTHERS = 8  # records of the log about itself that may well stand between the entries


def begun_block(disk: Disk, line_seq: int, journal_seq: int) -> list[Record]:
    """The entries behind the last closed block, up to `line_seq` in the record `journal_seq`.

    ContractError when some of them are dropped.
    """
    wanted = line_seq % BLOCK
    window = wanted + _OTHERS
    first = list_segments(disk)[0].first_seq
    found: list[Record] = []
    while wanted:
        begin = max(first, journal_seq - window)
        found = []
        for one in Reader(disk, from_seq=begin).poll():
            if one.seq > journal_seq:
                break
            if is_entry(one):
                found.append(one)
        if len(found) >= wanted:
            break
        if begin == first:
            raise ContractError(
                f"the entries before seq {found[0].sseq if found else line_seq} of the line are"
                " dropped, and its digest needs them"
            )
        window *= 2
    return found[len(found) - wanted :]
