"""What a log raises: `tools.live.journal.errors`, `guard` and the words of `outcome`."""

from __future__ import annotations

import pytest

from tests.sim.sim_disk import SimDisk
from tools.live import console
from tools.live.core.errors import LiveError
from tools.live.journal import errors
from tools.live.journal.disk import NotAFile
from tools.live.journal.guard import disk_errors, take_lock
from tools.live.journal.outcome import Limits, Outcome, Profile, Status


def test_every_error_carries_the_exit_code_of_its_kind() -> None:
    codes = {
        errors.IntegrityRefused: console.EXIT_INTEGRITY,
        errors.NotOurs: console.EXIT_INTEGRITY,
        errors.LogHeld: console.EXIT_LOCKED,
        errors.StorageFailed: console.EXIT_STORAGE,
    }
    for kind, code in codes.items():
        assert kind.exit_code == code and issubclass(kind, errors.JournalError)
    assert issubclass(errors.JournalError, LiveError)


def test_a_failing_disk_is_a_storage_fault() -> None:
    with pytest.raises(errors.StorageFailed, match="^it fails: .*gone; see to the disk"):
        with disk_errors("it fails"):
            raise OSError(5, "gone")


@pytest.mark.parametrize(
    "error", [NotAFile("segments/x", "link"), NotADirectoryError(20, "not a folder", "segments")]
)
def test_what_is_no_file_of_ours_is_refused(error: OSError) -> None:
    with pytest.raises(errors.IntegrityRefused, match="something else than a file") as refused:
        with disk_errors("it fails"):
            raise error
    assert refused.value.path == error.filename


def test_other_errors_pass_as_they_are() -> None:
    with pytest.raises(KeyError):
        with disk_errors("it fails"):
            raise KeyError


def test_a_held_lock_names_its_holder() -> None:
    disk = SimDisk()
    take_lock(disk, "pid 7")
    with pytest.raises(errors.LogHeld, match="^the log is held by pid 7; stop it, or read"):
        take_lock(disk, "pid 8")


def test_the_bounds_are_those_of_the_protocol() -> None:
    limits = Limits()
    assert (limits.batch_records, limits.batch_bytes) == (256, 256 * 1024)
    assert (limits.queue_records, limits.queue_bytes) == (10_000, 16 * 1024**2)
    assert limits.rotate_bytes == 64 * 1024**2


def test_the_words_are_spelled_out() -> None:
    assert [one.value for one in Outcome] == ["waiting", "stored", "refused", "unknown"]
    assert [one.value for one in Profile] == ["strict", "bulk"]
    assert [one.value for one in Status] == ["open", "failed", "closed"]
