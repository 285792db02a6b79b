"""The newest records of a log, and those that come while somebody watches."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

from .disk import Disk
from .guard import disk_errors
from .mark import read_mark
from .reader import Reader, Record
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
        with disk_errors("the log cannot be read"):
            first = 0 if filtered else _first_seq(disk, count)
        if filtered:
            self._picker.learn_names(disk)
        self._reader = Reader(disk, from_seq=first or None, durable_only=follow)

    def last(self) -> list[Record]:
        """The newest records that are wanted, oldest first."""
        return list(deque(self._new(), maxlen=self._count))

    def follow(self, wait: Callable[[], None]) -> Iterator[list[Record]]:
        """What came since, again and again; `wait` passes the time between two looks."""
        while True:
            wait()
            yield list(self._new())

    def _new(self) -> Iterator[Record]:
        return (one for one in self._reader.poll() if self._picker.picks(one))


def _first_seq(disk: Disk, count: int) -> int:
    """From where to read so that the newest are among it: the mark stands near the end."""
    mark, _ = read_mark(disk)
    segments = list_segments(disk)
    kept = segments[0].first_seq if segments else 0
    return kept if mark is None else max(kept, mark.seq + 1 - count)
