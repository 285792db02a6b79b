"""What can go wrong with a log, told apart by what the caller must do next.

A refusal to take a record is no error; `Journal.append` answers it with an `Outcome`.
"""

from __future__ import annotations

from ..core.errors import LineFailed, LiveError


class JournalError(LiveError):
    """Root of what a log raises; `exit_code` is how a command ends that cannot go on."""

    exit_code = 1


class IntegrityRefused(JournalError):
    """Stored bytes contradict what was promised about them; nothing was changed."""

    exit_code = 3
    of_log = True  # else giving up records of the log would mend nothing

    def __init__(self, what: str, *, path: str, offset: int, seq: int) -> None:
        self.what = what
        self.path = path
        self.offset = offset
        self.seq = seq
        super().__init__(
            f"{what} at {path} byte {offset} (seq {seq}); nothing was changed; restore a copy, or"
            " give up what follows with"
            f" `python -m tools.live journal repair DIR --accept-loss-from {seq}`"
        )


class NotOurs(IntegrityRefused):
    """Intact, but not this program's to touch: a foreign log or a newer record version."""

    def __init__(
        self, what: str, *, path: str, offset: int, seq: int,
        advice: str = "; use the program and the version that wrote it",
    ) -> None:  # fmt: skip
        super().__init__(what, path=path, offset=offset, seq=seq)
        self.args = (f"{what} at {path} byte {offset} (seq {seq}); nothing was changed{advice}",)


class Halted(JournalError):
    """Trading on this log was stopped, and nobody has let it go on; `told` says what happened."""

    exit_code = 6

    def __init__(self, told: str, folder: str = "DIR") -> None:
        self.told = told
        super().__init__(
            f"HALT stands at {folder}: {told}; see to its cause and to what rests at the exchange,"
            f" then `python -m tools.live journal resume {folder} --actor NAME --reason TEXT`"
        )


class LogHeld(JournalError):
    """Another process has the log open for writing."""

    exit_code = 4

    def __init__(self, holder: str) -> None:
        self.holder = holder
        super().__init__(f"the log is held by {holder}; stop it, or read without writing")


class StorageFailed(JournalError, LineFailed):
    """The disk refused; the log is closed for good and what was in flight is unknown."""

    exit_code = 5


class Diverged(JournalError):
    """A run that is taken up again does not do what its journal says it did."""

    def __init__(self, seq: int, recorded: str, derived: str) -> None:
        self.seq = seq
        self.recorded = recorded
        self.derived = derived
        super().__init__(
            f"seq {seq} of the line is recorded as {recorded:.200} but came out as {derived:.200};"
            " the program or its inputs have changed; replay the journal with what wrote it"
        )
