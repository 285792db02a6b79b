"""Syncing behind the caller's back: a thread that waits for the disk while the run goes on.

Between being asked and waiting for the disk the thread needs the interpreter for a moment. A busy
caller would keep it from that for five milliseconds, longer than most syncs take; so the caller
waits until the thread has begun, which costs it a few dozen microseconds.
"""

from __future__ import annotations

from collections.abc import Callable
from queue import SimpleQueue
from threading import Lock, Thread


class Syncing:
    """One sync on its way."""

    __slots__ = ("begun", "done", "error", "handle")

    def __init__(self, handle: int) -> None:
        self.handle = handle
        self.begun, self.done = Lock(), Lock()
        self.begun.acquire()
        self.done.acquire()
        self.error: OSError | None = None

    def wait(self) -> None:
        """Until it has ended; raises what it ended with."""
        with self.done:
            pass
        if self.error is not None:
            raise self.error


class Syncer:
    """The thread, and what it is asked for; RuntimeError where there can be no threads."""

    def __init__(self, sync: Callable[[int], None]) -> None:
        self._asked: SimpleQueue[Syncing | None] = SimpleQueue()
        Thread(target=_work, args=(self._asked, sync), name="journal sync", daemon=True).start()

    def begin(self, handle: int) -> Syncing:
        """Start a sync; it is under way when this returns."""
        syncing = Syncing(handle)
        self._asked.put(syncing)
        with syncing.begun:
            return syncing

    def end(self) -> None:
        """Let the thread go once it has done what it was asked for."""
        self._asked.put(None)


def _work(asked: SimpleQueue[Syncing | None], sync: Callable[[int], None]) -> None:
    while (syncing := asked.get()) is not None:
        syncing.begun.release()
        try:
            sync(syncing.handle)
        except OSError as error:
            syncing.error = error
        syncing.done.release()
