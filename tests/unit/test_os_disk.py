"""`tools.live.journal.os_disk` on a real folder: links, pipes, modes, locks between processes."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.live.journal import os_disk
from tools.live.journal.disk import Held, NotAFile
from tools.live.journal.os_disk import OsDisk

ROOT = Path(__file__).resolve().parent.parent.parent
OPENING: dict[str, Callable[[OsDisk, str], object]] = {
    "size": lambda disk, path: disk.size(path),
    "read": lambda disk, path: disk.read(path),
    "open_append": lambda disk, path: disk.open_append(path),
    "open_update": lambda disk, path: disk.open_update(path),
    "lock": lambda disk, path: disk.lock(path, "me"),
    "remove": lambda disk, path: disk.remove(path),
    "rename": lambda disk, path: disk.rename(path, "new"),
    "rename to": lambda disk, path: disk.rename("file", path),
}
HOLDER = """
import sys
from tools.live.journal.disk import Held
from tools.live.journal.os_disk import OsDisk
try:
    OsDisk(sys.argv[1]).lock("LOCK", "the child")
    print("locked", flush=True)
except Held as held:
    print(held.holder, flush=True)
sys.stdin.read()
"""
LIMITED = """
import errno, resource, sys
from tools.live.journal.os_disk import OsDisk
resource.setrlimit(resource.RLIMIT_FSIZE, (5, 5))
disk = OsDisk(sys.argv[1])
handle = disk.create("a")
print(disk.write(handle, b"fifteen bytes.."))
try:
    disk.write(handle, b"more")
except OSError as error:
    print(errno.errorcode[error.errno])
"""


@pytest.fixture
def disk(tmp_path: Path) -> OsDisk:
    made = OsDisk(tmp_path / "root")
    made.make_folder("")
    made.close(made.create("file"))
    return made


@pytest.fixture
def root(disk: OsDisk, tmp_path: Path) -> Path:
    return tmp_path / "root"


def plant(root: Path, kind: str) -> Path:
    """Something that is no regular file, under the name `odd`; the file it would lead to."""
    target = root.parent / "target"
    target.write_bytes(b"not ours")
    odd = root / "odd"
    if kind == "link":
        odd.symlink_to(target)
    elif kind == "dead link":
        odd.symlink_to("nowhere")
    elif kind == "pipe":
        os.mkfifo(odd)
    return target


@pytest.mark.parametrize("kind", ["link", "dead link", "pipe"])
@pytest.mark.parametrize("name", OPENING)
def test_only_regular_files_are_touched(disk: OsDisk, root: Path, kind: str, name: str) -> None:
    target = plant(root, kind)
    before = sorted(os.listdir(root))
    with pytest.raises(NotAFile, match=f"found a {kind.rpartition(' ')[2]}: 'odd'") as refused:
        OPENING[name](disk, "odd")
    assert (refused.value.errno, refused.value.filename) == (errno.EINVAL, "odd")
    assert target.read_bytes() == b"not ours"
    assert sorted(os.listdir(root)) == before


@pytest.mark.parametrize("kind", ["link", "dead link", "pipe"])
def test_what_is_no_file_is_listed_so_that_it_is_not_overlooked(
    disk: OsDisk, root: Path, kind: str
) -> None:
    plant(root, kind)
    assert disk.names() == ["file", "odd"]
    assert disk.has("odd")
    with pytest.raises(FileExistsError):
        disk.create("odd")


@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_a_name_that_changes_after_the_look_is_still_refused(
    disk: OsDisk, root: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = plant(root, kind)
    monkeypatch.setattr(os_disk, "_refuse_other", lambda *_: None)
    for name in ("read", "open_append", "open_update"):
        with pytest.raises(OSError):
            OPENING[name](disk, "odd")
    assert target.read_bytes() == b"not ours"


def test_other_kinds_are_named(disk: OsDisk) -> None:
    kinds = {os.stat("/dev/null").st_mode: "device", 0o140600: "socket", 0o040700: "folder"}
    assert [os_disk._kind(mode) for mode in kinds] == list(kinds.values())


def test_no_link_is_followed_on_the_way(disk: OsDisk, root: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "file").write_bytes(b"not ours")
    (root / "way").symlink_to(elsewhere)
    calls: list[Callable[[], object]] = [
        lambda: disk.create("way/new"), lambda: disk.read("way/file"),
        lambda: disk.remove("way/file"), lambda: disk.rename("file", "way/new"),
        lambda: disk.names("way"), lambda: disk.make_folder("way/deep"),
        lambda: disk.make_folder("way"), lambda: disk.sync_folder("way"),
    ]  # fmt: skip
    for call in calls:
        with pytest.raises(NotADirectoryError, match="'way'"):
            call()
    assert os.listdir(elsewhere) == ["file"]
    assert disk.names() == ["file", "way"]


def test_nobody_else_may_look(tmp_path: Path) -> None:
    root = tmp_path / "above" / "root"
    disk = OsDisk(root)
    before = os.umask(0)
    try:
        disk.make_folder("a/b")
        for handle in (disk.create("a/new"), disk.open_update("mark"), disk.lock("LOCK", "me")):
            disk.close(handle)
    finally:
        os.umask(before)
    for folder in (root, root / "a", root / "a/b"):
        assert folder.stat().st_mode & 0o777 == 0o700, folder
    for file in (root / "a/new", root / "mark", root / "LOCK"):
        assert file.stat().st_mode & 0o777 == 0o600, file


def test_no_handle_is_left_to_a_program_that_is_started(disk: OsDisk) -> None:
    handles = [disk.create("a"), disk.open_append("a"), disk.open_update("b"),
               disk.lock("LOCK", "me")]  # fmt: skip
    assert [os.get_inheritable(handle) for handle in handles] == [False] * 4


def open_handles() -> int:
    return len(os.listdir("/dev/fd"))


def test_no_handle_is_left_open(disk: OsDisk, root: Path) -> None:
    plant(root, "pipe")
    before = open_handles()
    held = disk.lock("LOCK", "me")
    disk.make_folder("a/b")
    disk.sync_folder("a")
    for name in OPENING:
        with pytest.raises(NotAFile):
            OPENING[name](disk, "odd")
        with pytest.raises(NotADirectoryError):
            OPENING[name](disk, "file/inner")
    for _ in range(3):
        disk.read("file"), disk.size("file"), disk.names(), disk.names("a")
        with pytest.raises(Held):
            disk.lock("LOCK", "you")
    disk.close(held)
    assert open_handles() == before


@pytest.mark.parametrize("call", ["flock", "pwrite"])
def test_a_lock_that_fails_leaves_no_handle(
    disk: OsDisk, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "planted")

    monkeypatch.setattr(fcntl if call == "flock" else os, call, fail)
    before = open_handles()
    with pytest.raises(OSError, match="planted"):
        disk.lock("LOCK", "me")
    assert open_handles() == before


def test_a_folder_that_nobody_made_is_empty_and_stays_unmade(tmp_path: Path) -> None:
    assert OsDisk(tmp_path / "nowhere").names() == []
    assert os.listdir(tmp_path) == []


def test_the_disks_own_folder_is_durable_when_it_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda handle: synced.append(os.fstat(handle).st_ino))
    disk = OsDisk(tmp_path / "a" / "b")
    disk.make_folder("c")
    assert synced == [tmp_path.stat().st_ino, (tmp_path / "a").stat().st_ino]
    disk.make_folder("c/d")
    assert len(synced) == 2
    disk.sync_folder()
    assert synced[2:] == [(tmp_path / "a" / "b").stat().st_ino]


def test_a_sync_goes_through_the_drives_cache_where_that_takes_a_call_of_its_own(
    disk: OsDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle = disk.open_append("file")
    called: list[tuple[int, int]] = []
    monkeypatch.setattr(fcntl, "F_FULLFSYNC", 51, raising=False)
    monkeypatch.setattr(fcntl, "fcntl", lambda *words: called.append(words))
    monkeypatch.setattr(os, "fsync", lambda _: pytest.fail("fsync is not enough"))
    disk.sync(handle)
    assert called == [(handle, 51)]


def test_a_failed_sync_is_an_error(disk: OsDisk, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []

    def fail(handle: int) -> None:
        calls.append(handle)
        raise OSError(errno.EIO, "planted")

    handle = disk.open_append("file")
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="planted"):
        disk.sync(handle)
    with pytest.raises(OSError, match="planted"):
        disk.sync_folder()
    assert len(calls) == 2


def child(code: str, root: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, str(root)],
        cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip


def test_a_lock_is_held_between_processes_and_falls_with_its_holder(
    disk: OsDisk, root: Path
) -> None:
    mine = disk.lock("LOCK", "the parent, process 1")
    with child(HOLDER, root) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "the parent, process 1\n"
        other.kill()
    disk.close(mine)
    with child(HOLDER, root) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "locked\n"
        with pytest.raises(Held, match="the child"):
            disk.lock("LOCK", "the parent")
        other.send_signal(signal.SIGKILL)
        other.wait()
        disk.close(disk.lock("LOCK", "the parent"))


def test_a_holder_who_has_not_written_yet_has_no_name(disk: OsDisk, root: Path) -> None:
    handle = os.open(root / "LOCK", os.O_RDWR | os.O_CREAT)
    fcntl.flock(handle, fcntl.LOCK_EX)
    with pytest.raises(Held, match="held by somebody without a name"):
        disk.lock("LOCK", "me")
    os.close(handle)


def test_a_write_may_be_short(disk: OsDisk, root: Path) -> None:
    with child(LIMITED, root) as limited:
        out, _ = limited.communicate()
    assert out.split() == ["5", "EFBIG"]
    assert disk.read("a") == b"fifte"
