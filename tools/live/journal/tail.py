"""The newest records of a log, and those that come while somebody watches."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from .disk import Disk
from .guard import disk_errors
from .mark import read_mark
from .reader import Reader, Record, verify
from .segments import list_segments
from .show import Picker, Wanted


class Tail:
    """A place near the end of a log, moving with it.

    Who follows a log sees only what is durable: the rest may still be cut by a crash, and what a
    crash has cut would be followed by other records with the same seq.
    """

    def __init__(self, disk: Disk, wanted: Wanted, *, count: int, follow: bool) -> None:
        self._count = count
        self._picker = Picker(wanted)
        filtered = wanted != Wanted()
        first = kept_seq(disk, 0 if filtered else _near_end(disk, count))
        if filtered:
            self._picker.learn_names(disk)
        self._reader = Reader(disk, from_seq=first, durable_only=follow)

    def last(self) -> list[Record]:
        """The newest records that are wanted, oldest first; to be asked for first."""
        return list(deque(self.new(), maxlen=self._count))

    def new(self) -> Iterator[Record]:
        """What came since the last look."""
        return (one for one in self._reader.poll() if self._picker.picks(one))


def kept_seq(disk: Disk, seq: int) -> int:
    """This seq, or the first that the log has; IntegrityRefused when its segments are gone."""
    with disk_errors("the log cannot be read"):
        segments = list_segments(disk)
    if not segments:
        verify(disk)
        return seq
    return max(seq, segments[0].first_seq)


def _near_end(disk: Disk, count: int) -> int:
    """From where to read so that the newest are among it: the mark stands near the end."""
    with disk_errors("the log cannot be read"):
        mark, _ = read_mark(disk)
    return 0 if mark is None else max(0, mark.seq + 1 - count)
