"""The port of `tools.live.journal.disk`, held by both of its disks alike."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.sim.sim_disk import SimDisk
from tools.live.core.errors import ContractError
from tools.live.journal.disk import Disk, Held, NotAFile, parts, place
from tools.live.journal.os_disk import OsDisk

OUTSIDE = ("/etc", "..", "../a", "a/../b", "a/..", ".", "./a", "a//b", "a/", "a\0b")
BY_NAME: dict[str, Callable[[Disk, str], object]] = {
    "size": lambda disk, path: disk.size(path),
    "read": lambda disk, path: disk.read(path),
    "open_append": lambda disk, path: disk.open_append(path),
    "remove": lambda disk, path: disk.remove(path),
    "rename": lambda disk, path: disk.rename(path, "new"),
}
MAKING: dict[str, Callable[[Disk, str], object]] = {
    "create": lambda disk, path: disk.create(path),
    "open_update": lambda disk, path: disk.open_update(path),
    "lock": lambda disk, path: disk.lock(path, "me"),
    "rename to": lambda disk, path: disk.rename("there", path),
}


@pytest.fixture(params=["os", "sim"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Disk:
    """Each disk in turn, its folder made."""
    made: Disk = OsDisk(tmp_path / "root") if request.param == "os" else SimDisk()
    made.make_folder("")
    return made


def put(disk: Disk, path: str, data: bytes = b"") -> None:
    """A new file with these bytes."""
    handle = disk.create(path)
    while data:
        data = data[disk.write(handle, data) :]
    disk.close(handle)


def test_parts_are_names() -> None:
    assert (parts(""), parts("a"), parts("a/b.c/d")) == ([], ["a"], ["a", "b.c", "d"])


def test_a_place_is_folders_and_a_name() -> None:
    assert (place("a"), place("a/b/c")) == (([], "a"), (["a", "b"], "c"))


@pytest.mark.parametrize("path", OUTSIDE)
def test_no_path_leads_outside(disk: Disk, path: str) -> None:
    put(disk, "there")
    calls = [*BY_NAME.values(), *MAKING.values()]
    calls += [lambda d, p: d.names(p), lambda d, p: d.make_folder(p)]
    calls += [lambda d, p: d.sync_folder(p), lambda d, p: d.has(p)]
    for call in calls:
        with pytest.raises(ContractError, match="single slashes"):
            call(disk, path)
    assert disk.names() == ["there"]


@pytest.mark.parametrize("name", [*BY_NAME, *MAKING])
def test_a_file_needs_a_name(disk: Disk, name: str) -> None:
    put(disk, "there")
    with pytest.raises(ContractError, match="needs a name"):
        (BY_NAME | MAKING)[name](disk, "")


def test_a_name_is_there_whatever_it_is_given_to(disk: Disk) -> None:
    disk.make_folder("b")
    put(disk, "a")
    put(disk, "b/c")
    assert [disk.has(path) for path in ("a", "b", "b/c", "c", "b/a", "x/y")] == [
        True, True, True, False, False, False,
    ]  # fmt: skip
    disk.remove("a")
    assert not disk.has("a")
    with pytest.raises(NotADirectoryError):
        disk.has("b/c/d")
    with pytest.raises(ContractError, match="needs a name"):
        disk.has("")


def test_names_are_sorted_and_without_folders(disk: Disk) -> None:
    disk.make_folder("b/inner")
    for path in ("c", "a", "b/z", "b/inner/y", "bb"):
        put(disk, path)
    assert disk.names() == ["a", "bb", "c"]
    assert disk.names("b") == ["z"]
    assert disk.names("b/inner") == ["y"]


def test_a_missing_folder_has_no_names(disk: Disk) -> None:
    assert disk.names("nowhere") == []
    assert disk.names("nowhere/deep") == []


def test_a_folder_is_made_with_its_parents_and_only_once(disk: Disk) -> None:
    disk.make_folder("a/b/c")
    put(disk, "a/b/c/file")
    disk.make_folder("a/b/c")
    disk.make_folder("a")
    assert disk.names("a/b/c") == ["file"]


def test_a_file_is_read_from_an_offset_and_for_a_length(disk: Disk) -> None:
    put(disk, "a", b"0123456789")
    assert disk.size("a") == 10
    assert disk.read("a") == b"0123456789"
    assert disk.read("a", 7) == b"789"
    assert disk.read("a", 2, 3) == b"234"
    assert disk.read("a", 8, 100) == b"89"
    assert disk.read("a", 0, 0) == b""
    assert disk.read("a", 50) == b""


def test_what_is_appended_comes_behind_what_is_there(disk: Disk) -> None:
    put(disk, "a", b"one ")
    first, second = disk.open_append("a"), disk.open_append("a")
    assert disk.write(first, b"two ") == 4
    assert disk.write(second, b"three ") == 6
    assert disk.write(first, b"four") == 4
    disk.sync(first)
    assert disk.read("a") == b"one two three four"


def test_nothing_is_appended_by_writing_nothing(disk: Disk) -> None:
    put(disk, "a", b"one")
    handle = disk.open_append("a")
    assert disk.write(handle, b"") == 0
    assert disk.size("a") == 3


def test_a_file_is_updated_in_place_and_grows_with_zeros(disk: Disk) -> None:
    handle = disk.open_update("a")
    assert disk.read("a") == b""
    assert disk.write_at(handle, b"abcdef", 0) == 6
    assert disk.write_at(handle, b"XY", 2) == 2
    assert disk.write_at(handle, b"Z", 8) == 1
    disk.sync(handle)
    disk.close(handle)
    again = disk.open_update("a")
    assert disk.write_at(again, b"!", 0) == 1
    assert disk.read("a") == b"!bXYef\0\0Z"


def test_a_name_is_created_once(disk: Disk) -> None:
    put(disk, "a", b"kept")
    disk.make_folder("b")
    for path in ("a", "b"):
        with pytest.raises(FileExistsError):
            disk.create(path)
    assert disk.read("a") == b"kept"


@pytest.mark.parametrize("name", BY_NAME)
@pytest.mark.parametrize("path", ["missing", "no/folder"])
def test_what_is_missing_is_said_to_be(disk: Disk, name: str, path: str) -> None:
    with pytest.raises(FileNotFoundError):
        BY_NAME[name](disk, path)


@pytest.mark.parametrize("name", MAKING)
def test_nothing_is_made_in_a_missing_folder(disk: Disk, name: str) -> None:
    put(disk, "there")
    with pytest.raises(FileNotFoundError):
        MAKING[name](disk, "missing/a")
    with pytest.raises(FileNotFoundError):
        disk.sync_folder("missing")
    assert disk.names() == ["there"]


@pytest.mark.parametrize("name", [*BY_NAME, *MAKING])
def test_a_file_is_no_folder(disk: Disk, name: str) -> None:
    put(disk, "there", b"kept")
    with pytest.raises(NotADirectoryError):
        (BY_NAME | MAKING)[name](disk, "there/inner")
    for call in (disk.names, disk.make_folder, disk.sync_folder):
        with pytest.raises(NotADirectoryError):
            call("there")
    assert disk.read("there") == b"kept"


@pytest.mark.parametrize("name", [*BY_NAME, "open_update", "lock", "rename to"])
def test_a_folder_is_no_file(disk: Disk, name: str) -> None:
    put(disk, "there", b"kept")
    disk.make_folder("folder")
    put(disk, "folder/inner")
    with pytest.raises(NotAFile, match="regular file is needed, found a folder"):
        (BY_NAME | MAKING)[name](disk, "folder")
    assert disk.names("folder") == ["inner"]
    assert disk.read("there") == b"kept"


def test_a_rename_replaces(disk: Disk) -> None:
    disk.make_folder("folder")
    put(disk, "old", b"new bytes")
    put(disk, "folder/new", b"old bytes")
    disk.rename("old", "folder/new")
    assert disk.names() == []
    assert disk.read("folder/new") == b"new bytes"


def test_an_open_handle_follows_the_file_and_not_the_name(disk: Disk) -> None:
    put(disk, "a", b"1")
    handle = disk.open_append("a")
    disk.rename("a", "b")
    put(disk, "a", b"other")
    disk.write(handle, b"2")
    assert (disk.read("a"), disk.read("b")) == (b"other", b"12")
    disk.remove("b")
    assert disk.write(handle, b"3") == 1
    disk.sync(handle)
    assert disk.names() == ["a"]


def test_a_closed_handle_is_of_no_use(disk: Disk) -> None:
    handle = disk.create("a")
    disk.close(handle)
    for call in (disk.sync, disk.close, lambda h: disk.write(h, b"x")):
        with pytest.raises(OSError):
            call(handle)


def test_names_can_be_synced(disk: Disk) -> None:
    disk.make_folder("a")
    put(disk, "a/b")
    disk.sync_folder("a")
    disk.sync_folder()
    assert disk.names("a") == ["b"]


def test_a_lock_is_held_once_and_says_by_whom(disk: Disk) -> None:
    first = disk.lock("LOCK", "process 12")
    with pytest.raises(Held, match="the lock is held by process 12") as held:
        disk.lock("LOCK", "process 34")
    assert held.value.holder == "process 12"
    disk.lock("OTHER", "process 34")
    disk.close(first)
    second = disk.lock("LOCK", "p 5")
    with pytest.raises(Held, match="by p 5$"):
        disk.lock("LOCK", "process 6")
    disk.close(second)
    assert disk.read("LOCK") == b"p 5"


def test_a_handle_of_the_lock_file_closes_without_freeing_it(disk: Disk) -> None:
    disk.lock("LOCK", "me")
    assert disk.read("LOCK") == b"me"
    disk.close(disk.open_append("LOCK"))
    with pytest.raises(Held):
        disk.lock("LOCK", "you")
