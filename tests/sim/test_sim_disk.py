"""The simulated disk loses what a real one may lose, and nothing that it promised."""

from __future__ import annotations

import errno

import pytest

from tests.sim.choice import EVERYTHING, GROWN, NAMELESS, NOTHING, Choice, below
from tests.sim.sim_disk import EVENTS_KEPT, Crash, Faults, SimDisk
from tests.sim.sim_file import SECTOR, SimFile
from tools.live.core.rng import stream

ALWAYS_SYNC = Faults(sync=1.0)


def a_disk(data: bytes = b"", *, seed: int = 0) -> tuple[SimDisk, int]:
    """A disk with one durable file `a`, open for appending."""
    disk = SimDisk(seed)
    handle = disk.create("a")
    disk.write(handle, data)
    disk.sync(handle)
    disk.sync_folder()
    return disk, handle


def after(disk: SimDisk, choice: int) -> dict[str, bytes]:
    """What a copy of the disk has after a power loss."""
    copy = disk.clone()
    copy.power_loss(choice)
    return copy.image()


@pytest.mark.parametrize("choice", range(40))
def test_what_was_synced_stays(choice: int) -> None:
    disk, handle = a_disk(b"x" * 700)
    assert after(disk, choice) == {"a": b"x" * 700}
    disk.write(handle, b"y" * 2_000)
    assert after(disk, choice)["a"][:700] == b"x" * 700


def test_the_corners_of_what_was_not_synced() -> None:
    disk, handle = a_disk(b"x" * 10)
    disk.write(handle, b"y" * 10)
    disk.create("b")
    assert after(disk, NOTHING) == {"a": b"x" * 10}
    assert after(disk, EVERYTHING) == {"a": b"x" * 10 + b"y" * 10, "b": b""}
    assert after(disk, GROWN) == {"a": b"x" * 10 + bytes(10), "b": b""}
    assert after(disk, NAMELESS) == {"a": b"x" * 10 + b"y" * 10}


def test_sectors_reach_storage_in_any_combination() -> None:
    disk, handle = a_disk()
    disk.write(handle, b"1" * SECTOR + b"2" * SECTOR + b"3" * 100)
    seen = dict.fromkeys(
        bytes(dict.fromkeys(after(disk, choice)["a"])) for choice in range(400)
    )
    combinations = (b"", b"\0", b"1", b"12", b"123", b"1\0", b"1\x003", b"\x002", b"\x0023",
                    b"\x003", b"12\0")  # fmt: skip
    assert sorted(seen) == sorted(combinations)


def test_a_sector_may_be_in_the_state_of_any_of_its_writes() -> None:
    disk = SimDisk()
    handle = disk.open_update("a")
    disk.write_at(handle, b"old!", 0)
    disk.sync(handle)
    disk.sync_folder()
    disk.write_at(handle, b"1", 0)
    disk.write_at(handle, b"2", 1)
    seen = sorted(dict.fromkeys(after(disk, choice)["a"] for choice in range(100)))
    assert seen == [b"12d!", b"1ld!", b"old!"]


def test_a_name_needs_its_folder_synced_and_not_its_file() -> None:
    disk, _ = a_disk()
    disk.make_folder("f")
    handle = disk.create("f/b")
    disk.write(handle, b"x")
    disk.sync(handle)
    assert after(disk, NOTHING) == {"a": b""}
    disk.sync_folder("f")
    assert after(disk, NOTHING) == {"a": b""}  # The folder's own name is in the root.
    disk.sync_folder()
    assert after(disk, NOTHING) == {"a": b"", "f/b": b"x"}


def test_a_name_may_come_without_the_bytes() -> None:
    disk, _ = a_disk()
    handle = disk.create("b.tmp")
    disk.write(handle, b"whole")
    disk.rename("b.tmp", "a")
    disk.sync_folder()
    assert after(disk, NOTHING) == {"a": b""}


def test_a_rename_is_whole_or_not_there() -> None:
    disk, _ = a_disk(b"old")
    handle = disk.create("b")
    disk.write(handle, b"new")
    disk.sync(handle)
    disk.rename("b", "a")
    seen = [after(disk, choice) for choice in range(100)]
    assert all(image in ({"a": b"old"}, {"a": b"old", "b": b"new"}, {"a": b"new"})
               for image in seen)  # fmt: skip
    assert {"a": b"old", "b": b"new"} in seen and {"a": b"old"} in seen
    disk.sync_folder()
    assert after(disk, NOTHING) == {"a": b"new"}


def test_no_file_ever_has_two_names() -> None:
    disk, _ = a_disk()
    disk.rename("a", "b")
    disk.rename("b", "c")
    seen = sorted(dict.fromkeys(tuple(after(disk, choice)) for choice in range(60)))
    assert seen == [("a",), ("b",), ("c",)]


def test_a_rename_between_folders_needs_both_synced() -> None:
    disk, _ = a_disk(b"x")
    disk.make_folder("f")
    disk.sync_folder()
    disk.rename("a", "f/a")
    disk.sync_folder("f")
    assert after(disk, NOTHING) == {"a": b"x"}
    disk.sync_folder()
    assert after(disk, NOTHING) == {"f/a": b"x"}


def test_removals_come_back_each_on_its_own() -> None:
    disk, _ = a_disk()
    disk.create("b")
    disk.sync_folder()
    disk.remove("a")
    disk.remove("b")
    seen = [sorted(after(disk, choice)) for choice in range(100)]
    assert sorted(map(tuple, dict.fromkeys(map(tuple, seen)))) == [
        (), ("a",), ("a", "b"), ("b",),
    ]  # fmt: skip
    disk.sync_folder()
    assert after(disk, NOTHING) == {}


def test_a_failed_sync_says_so_once_and_the_bytes_are_never_written() -> None:
    disk, handle = a_disk(b"old ")
    disk.write(handle, b"new ")
    disk.faults = ALWAYS_SYNC
    with pytest.raises(OSError) as failed:
        disk.sync(handle)
    assert (failed.value.errno, disk.errors) == (errno.EIO, ["a"])
    disk.faults = Faults()
    disk.sync(handle)
    assert disk.read("a") == b"old new "  # What is read is the page cache.
    lost = [after(disk, EVERYTHING)]
    for seed in range(40):
        disk, handle = a_disk(b"old ", seed=seed)
        disk.write(handle, b"new ")
        disk.faults = ALWAYS_SYNC
        with pytest.raises(OSError):
            disk.sync(handle)
        disk.faults = Faults()
        disk.sync(handle)
        lost.append(after(disk, EVERYTHING))
    assert {"a": b"old " + bytes(4)} in lost


def test_a_later_write_to_the_same_sector_brings_a_forgotten_page_back() -> None:
    file = SimFile()
    file.write(0, b"forgotten ")
    file.fail_sync(Choice(0, NOTHING))
    file.sync()
    assert bytes(file.stored) == bytes(10)
    file.write(10, b"and found")
    file.sync()
    assert bytes(file.stored) == b"forgotten and found"


def test_a_sector_is_what_the_kernel_has_of_it_and_not_what_storage_has() -> None:
    file = SimFile()
    file.write(0, b"forgotten")
    file.fail_sync(Choice(0, NOTHING))
    file.write(0, b"F")
    file.write(1, b"O")
    seen = []
    for choice in range(60):
        copy = file.clone()
        copy.lose_power(Choice(0, choice))
        seen.append(bytes(copy.stored))
    assert b"Forgotten" in seen and b"FOrgotten" in seen


def test_a_write_that_fails_leaves_any_part() -> None:
    left = []
    for seed in range(60):
        disk, handle = a_disk(seed=seed)
        disk.faults = Faults(write=1.0)
        with pytest.raises(OSError, match="No space"):
            disk.write(handle, b"abc")
        left.append(disk.read("a"))
    assert sorted(dict.fromkeys(left)) == [b"", b"a", b"ab", b"abc"]


def test_a_failed_sync_of_a_folder_leaves_its_names_due() -> None:
    disk, _ = a_disk()
    disk.create("b")
    disk.faults = ALWAYS_SYNC
    with pytest.raises(OSError):
        disk.sync_folder()
    disk.faults = Faults()
    assert after(disk, NOTHING) == {"a": b""}
    disk.sync_folder()
    assert after(disk, NOTHING) == {"a": b"", "b": b""}


def test_a_kill_keeps_the_cache_and_frees_the_locks() -> None:
    disk, handle = a_disk(b"old ")
    disk.lock("LOCK", "me")
    disk.write(handle, b"new")
    disk.kill9()
    assert disk.read("a") == b"old new"
    disk.lock("LOCK", "you")
    with pytest.raises(OSError, match="Bad file descriptor"):
        disk.write(handle, b"x")
    assert after(disk, NOTHING) == {"a": b"old "}


def test_a_power_loss_frees_the_locks_too() -> None:
    disk, _ = a_disk()
    disk.lock("LOCK", "me")
    disk.power_loss(EVERYTHING)
    disk.lock("LOCK", "you")


def test_the_process_dies_at_the_call_it_was_told_and_stays_dead() -> None:
    disk, handle = a_disk()
    disk.crash_at = disk.ops + 2
    disk.write(handle, b"one")
    with pytest.raises(Crash):
        disk.sync(handle)
    for call in (disk.sync, disk.close, lambda h: disk.write(h, b"x"), lambda _: disk.names()):
        with pytest.raises(Crash):
            call(handle)
    disk.kill9()
    assert disk.read("a") == b"one"
    assert after(disk, NOTHING) == {"a": b""}


def test_a_crash_is_caught_by_no_log() -> None:
    assert not issubclass(Crash, Exception)


def test_a_write_that_is_not_finished_leaves_any_part() -> None:
    left = []
    for seed in range(60):
        disk, handle = a_disk(seed=seed)
        disk.crash_at = disk.ops + 1
        with pytest.raises(Crash):
            disk.write(handle, b"abc")
        disk.kill9()
        left.append(disk.read("a"))
    assert sorted(dict.fromkeys(left)) == [b"", b"a", b"ab", b"abc"]


@pytest.mark.parametrize("name", ["create", "write", "write_at", "sync", "names", "read", "remove"])
def test_a_fault_can_be_planted_at_any_call(name: str) -> None:
    disk, handle = a_disk(b"x")
    update = disk.open_update("a")
    calls = {
        "create": lambda: disk.create("b"), "write": lambda: disk.write(handle, b"y"),
        "write_at": lambda: disk.write_at(update, b"y", 0), "sync": lambda: disk.sync(handle),
        "names": lambda: disk.names(), "read": lambda: disk.read("a"),
        "remove": lambda: disk.remove("a"),
    }  # fmt: skip
    disk.faults = Faults(planted=disk.ops + 1)
    with pytest.raises(OSError) as failed:
        calls[name]()
    full = name in ("create", "write", "write_at")
    assert failed.value.errno == (errno.ENOSPC if full else errno.EIO)
    calls[name]()


def test_a_short_write_takes_some() -> None:
    taken = []
    for seed in range(40):
        disk, handle = a_disk(seed=seed)
        disk.faults = Faults(short=1.0)
        taken.append(disk.write(handle, b"abcd"))
        assert disk.size("a") == taken[-1]
        assert disk.write(handle, b"e") == 1
    assert sorted(dict.fromkeys(taken)) == [1, 2, 3]


def test_a_bit_turns_over_wherever_the_file_is() -> None:
    disk, _ = a_disk(b"\x00\x00")
    disk.flip("a", 9)
    assert disk.read("a") == b"\x00\x02"
    assert after(disk, NOTHING) == {"a": b"\x00\x02"}


def test_bytes_can_be_put_and_taken_at_rest() -> None:
    disk, _ = a_disk(b"x")
    disk.put("a", b"other")
    disk.put("b", b"more")
    assert after(disk, NOTHING) == {"a": b"other", "b": b"more"}
    disk.put("a", None)
    assert after(disk, EVERYTHING) == {"b": b"more"}


def test_a_clone_goes_its_own_way() -> None:
    disk, handle = a_disk(b"x")
    disk.write(handle, b"y")
    copy = disk.clone()
    copy.remove("a")
    disk.write(handle, b"z")
    assert (copy.image(), disk.image()) == ({}, {"a": b"xyz"})


def test_the_last_events_are_kept() -> None:
    disk, _ = a_disk()
    for _ in range(EVENTS_KEPT):
        disk.names("f")
    assert len(disk.events) == EVENTS_KEPT
    assert disk.events[-1] == f"{disk.ops}: names f"


def scribble(seed: int) -> tuple[SimDisk, dict[str, bytes]]:
    """Random calls; the disk, and what of it was surely stored at the end."""
    disk, rng = SimDisk(seed), stream(seed, "scribble")
    handles = {name: disk.create(name) for name in "abc"}
    disk.sync_folder()
    sure = {name: b"" for name in "abc"}
    for _ in range(40):
        name = "abc"[below(rng, 3)]
        if rng.random() < 0.3:
            disk.sync(handles[name])
            sure[name] = disk.read(name)
        else:
            disk.write(handles[name], bytes([65 + below(rng, 26)]) * below(rng, 900))
    return disk, sure


@pytest.mark.parametrize("seed", range(60))
def test_no_choice_takes_what_was_synced_or_makes_bytes_up(seed: int) -> None:
    disk, sure = scribble(seed)
    live = disk.image()
    for choice in range(20):
        for name, data in after(disk, choice).items():
            assert data.startswith(sure[name])
            assert len(data) <= len(live[name])
            assert all(byte in (0, live[name][place]) for place, byte in enumerate(data))


def test_the_same_seed_and_calls_give_the_same_bytes() -> None:
    first, second = scribble(7)[0], scribble(7)[0]
    for choice in range(20):
        assert after(first, choice) == after(second, choice)
    assert list(first.events) == list(second.events)
    images = [repr(after(first, choice)) for choice in range(20)]
    assert len(dict.fromkeys(images)) > 10
