"""The independent checker: it reads the history and nothing else, and knows what must be true.

Its whole knowledge is two lists. `firm` is what has been promised: everything acknowledged, and
everything an open log has ever shown. `open_` is what was appended since; it may survive, but only
as far as its order goes. So what a log shows must be `firm`, followed by a beginning of `open_`.
"""

from __future__ import annotations

import hashlib

from tests.sim.subject import Record, digest_of


class Violation(AssertionError):
    """A promise is broken; the message says which and shows the record."""


class Judge:
    """Fed with what happened, in order; raises Violation on what must never happen."""

    def __init__(self) -> None:
        self.firm: list[Record] = []
        self.open_: list[Record] = []
        self.marred = False  # Damage was planted, so a refusal is right.
        self.broken = False  # A write or a sync failed, and this process was told.
        self.shown = 0  # How much there was when the log was last opened.
        self._secured = 0  # How much of `firm` may not even be lost to damage.
        self._first = 0  # How much of it retention may have taken away.
        self._checkpoint = 0

    def clone(self) -> Judge:
        other = Judge()
        other.firm, other.open_ = self.firm[:], self.open_[:]
        other.marred, other._secured = self.marred, self._secured
        other._first, other._checkpoint = self._first, self._checkpoint
        return other

    def appended(self, record: Record) -> None:
        same = [0, *(r.sseq for r in (*self.firm, *self.open_) if r.source == record.source)]
        if same[-1] != record.sseq - 1:
            raise Violation(f"taken twice or out of turn: {_brief(record)}")
        self.open_.append(record)

    def known(self, record: Record) -> None:
        """The log said that it has this one already."""
        if record not in self.firm and record not in self.open_:
            raise Violation(f"refused as known, but nobody has it: {_brief(record)}")

    def acknowledged(self, *, strict: bool) -> None:
        if self.broken:
            raise Violation("acknowledged after an error of a write or a sync")
        self.firm += self.open_
        self.open_ = []
        if strict:
            self._secured = len(self.firm)

    def broke(self) -> None:
        """A write or a sync failed, and the log was told."""
        self.broken = True

    def checkpointing(self) -> None:
        self._checkpoint = len(self.firm)

    def retaining(self) -> None:
        self._first = self._checkpoint

    def ended(self) -> None:
        """The process is gone, and what it was told with it."""
        self.broken = False

    def refused(self, why: str) -> None:
        if not self.marred:
            raise Violation(f"false alarm: refused to open a log that only crashed: {why}")

    def opened(self, shown: list[Record], digest: str) -> None:
        """A log has recovered and shows these; from now on they are promised."""
        if self.broken:
            raise Violation("open in spite of an error of a write or a sync")
        whole = self.firm + self.open_
        least = self._secured if self.marred else len(self.firm)
        start = whole.index(shown[0]) if shown and shown[0] in whole else 0
        if not shown:
            start = min(self._first, least)
        if start > self._first:
            raise Violation(f"the beginning is gone, up to {_brief(whole[start])}")
        end = start + len(shown)
        for record, expected in zip(shown, whole[start:], strict=False):
            if record != expected:
                raise Violation(f"changed: {_brief(expected)} is now {_brief(record)}")
        if end > len(whole):
            raise Violation(f"invented: {_brief(shown[len(whole) - start])}")
        if end < least:
            lost = f"{least - end} acknowledged, from {_brief(whole[end])} on"
            raise Violation(f"lost: {lost}")
        if digest and digest != digest_of(whole[:end]):
            raise Violation("the state is not the fold of the records")
        self.firm, self.open_ = whole[:end], []
        self._secured = self.shown = end


def _brief(record: Record) -> str:
    sha = hashlib.sha256(record.payload.encode()).hexdigest()[:8]
    return f"{record.source}{record.sseq} {record.payload[:16]!r} of sha256 {sha}"
