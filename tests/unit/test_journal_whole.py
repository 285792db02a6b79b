"""Files appear whole or not at all: `tools.live.journal.whole`."""

from __future__ import annotations

import pytest

from tests.sim.sim_disk import Faults, SimDisk
from tools.live.journal.whole import folder_of, put_whole, remove_temporaries, write_all


class Stubborn(SimDisk):
    """Takes nothing from the second write on."""

    def write(self, handle: int, data: bytes) -> int:
        return super().write(handle, data[:3]) if self.ops < 3 else 0


def test_short_writes_go_on_until_all_bytes_are_taken() -> None:
    disk = SimDisk(5)
    disk.faults = Faults(short=1.0)
    handle = disk.create("file")
    write_all(disk, handle, b"0123456789" * 9)
    assert disk.image()["file"] == b"0123456789" * 9
    assert disk.figures["short writes"] > 2


def test_a_disk_that_takes_nothing_does_not_hang_us() -> None:
    disk = Stubborn()
    handle = disk.create("file")
    with pytest.raises(OSError, match="took no byte"):
        write_all(disk, handle, b"0123456789")


def test_a_whole_file_survives_the_power_at_once() -> None:
    disk = SimDisk()
    disk.make_folder("torn")
    disk.sync_folder()
    put_whole(disk, "torn/a.bin", [b"one", b"two"])
    disk.power_loss(0)
    assert disk.image() == {"torn/a.bin": b"onetwo"}


def test_a_file_that_fails_half_way_does_not_appear() -> None:
    disk = SimDisk()
    disk.faults = Faults(sync=1.0)
    with pytest.raises(OSError):
        put_whole(disk, "a.bin", [b"one"])
    assert disk.names() == ["a.bin.tmp"]
    assert disk._handles == {}


def test_what_a_crash_left_half_made_is_deleted() -> None:
    disk = SimDisk()
    for path in ("torn", "segments"):
        disk.make_folder(path)
    for path in ("a.tmp", "torn/b.tmp", "torn/b.bin", "segments/c.gz.tmp"):
        disk.close(disk.create(path))
    remove_temporaries(disk, ("", "torn", "segments", "nothing"))
    assert sorted(disk.image()) == ["torn/b.bin"]


def test_the_folder_of_a_path() -> None:
    assert folder_of("segments/x.jsonl") == "segments"
    assert folder_of("durable.mark") == ""
