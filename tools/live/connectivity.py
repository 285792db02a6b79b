"""What was heard of the feed itself: gaps, silences, and new beginnings."""

from __future__ import annotations


class Connectivity:
    """Counts of what happened to the feed. Which market may be used now is the gate's to know."""

    def __init__(self) -> None:
        self.gaps = 0
        self.missing = 0  # updates of the venue that never reached us, in all gaps
        self.resyncs_started = 0
        self.resyncs_finished = 0
        self.losses = 0
        self.silences = 0

    @property
    def any(self) -> bool:
        """Whether anything was heard."""
        return any(self.counts().values())

    def counts(self) -> dict[str, int]:
        """Every count by its name."""
        return {
            "gaps": self.gaps,
            "missing_updates": self.missing,
            "resyncs_started": self.resyncs_started,
            "resyncs_finished": self.resyncs_finished,
            "losses": self.losses,
            "silences": self.silences,
        }
