"""Which file system a folder is on: `tools.live.journal.mounts`, and a lock on a network one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.unit.journal_folders import Capture, a_folder, contents
from tools.live import exec_demo, journal_cli
from tools.live.core.errors import ContractError
from tools.live.journal import os_disk
from tools.live.journal.mounts import NETWORK, is_below, type_at
from tools.live.journal.os_disk import OsDisk

TABLE = r"""22 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard
23 22 0:21 / /proc rw,relatime shared:5 - proc proc rw
24 22 0:44 / /home rw,relatime shared:7 master:1 - nfs4 server:/home rw,vers=4.2
25 24 8:17 / /home/ann/disk rw - xfs /dev/sdb1 rw
26 22 0:50 / /mnt/a\040b rw - cifs //server/share rw
27 22 0:51 / /mnt/back\134slash rw - 9p host rw
28 22 0:52 /sub /srv rw - fuse.sshfs ann@host: rw
29 22 0:53 / /over rw - nfs host:/over rw
30 22 0:54 / /over rw - tmpfs tmpfs rw
31 22 0:55 / /over/again rw - tmpfs tmpfs rw
32 22 0:56 / /over/again rw - smb3 //host/x rw
a line of no such form
33 22 0:57 / /odd rw - 
34 22 0:58
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "ext4"), ("/home2", "ext4"), ("/proc", "proc"), ("/proc/self", "proc"),
        ("/home", "nfs4"), ("/home/ann", "nfs4"), ("/home/ann/disk2", "nfs4"),
        ("/home/ann/disk", "xfs"), ("/home/ann/disk/run-1", "xfs"), ("/mnt/a b/run", "cifs"),
        ("/mnt/a", "ext4"), (r"/mnt/back\slash/x", "9p"), ("/srv/run", "fuse.sshfs"),
        ("/over/run", "tmpfs"), ("/over/again/run", "smb3"), ("/odd/x", "ext4"),
    ],
)  # fmt: skip
def test_the_nearest_mount_decides(path: str, kind: str) -> None:
    assert type_at(TABLE, path) == kind


@pytest.mark.parametrize("table", ["", "nonsense\n", "1 2 3\n\n - ext4\n"])
def test_a_table_that_says_nothing_says_nothing(table: str) -> None:
    assert type_at(table, "/home") is None


def test_a_folder_is_below_whole_names_only() -> None:
    assert is_below("/", "/") and is_below("/a", "/") and is_below("/a/b", "/a")
    assert is_below("/a", "/a") and not is_below("/ab", "/a") and not is_below("/a", "/a/b")


def test_the_kinds_of_the_protocol_are_refused_and_local_ones_are_not() -> None:
    assert {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "afs", "ceph"} <= NETWORK
    assert not NETWORK & {
        "ext4", "xfs", "btrfs", "zfs", "tmpfs", "overlay", "f2fs", "fuse", "fuseblk",
    }  # fmt: skip


@pytest.fixture
def mounted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that the table calls a network file system, and links to and out of it."""
    share = tmp_path / "share"
    share.mkdir()
    (tmp_path / "local").mkdir()
    (tmp_path / "link").symlink_to("share")
    (share / "out").symlink_to(tmp_path / "local")
    table = tmp_path / "mountinfo"
    real = os.path.realpath(share)
    table.write_text(f"1 0 8:1 / / rw - ext4 /dev/sda rw\n2 1 0:9 / {real} rw - nfs4 host:/ rw\n")
    monkeypatch.setattr(os_disk, "_MOUNTS", str(table))
    monkeypatch.chdir(tmp_path)
    return share


@pytest.mark.parametrize("name", ["share", "share/run", "link/run", "local/../share"])
def test_no_lock_is_taken_on_a_network_file_system(mounted: Path, name: str) -> None:
    with pytest.raises(ContractError) as refused:
        OsDisk(name).lock("LOCK", "me")
    assert str(refused.value) == (
        f"folder {name!r} is on a network file system (nfs4), where a lock may be held twice;"
        " name a folder on a local disk"
    )
    assert sorted(path.name for path in mounted.iterdir()) == ["out"]


@pytest.mark.parametrize("name", ["local", "share/out"])
def test_a_link_to_a_local_disk_is_on_a_local_disk(mounted: Path, name: str) -> None:
    disk = OsDisk(name)
    disk.close(disk.lock("LOCK", "me"))


def test_without_the_table_nothing_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = OsDisk(tmp_path)
    for place in ("gone", "."):
        monkeypatch.setattr(os_disk, "_MOUNTS", str(tmp_path / place))
        disk.close(disk.lock("LOCK", "me"))


def test_a_table_with_names_in_any_bytes_is_read(
    mounted: Path, tmp_path: Path
) -> None:
    table = tmp_path / "mountinfo"
    table.write_bytes(table.read_bytes() + b"3 1 0:9 / /mnt/\xff\xfe rw - nfs host:/ rw\n")
    with pytest.raises(ContractError):
        OsDisk(mounted).lock("LOCK", "me")


def test_a_run_and_an_upkeep_are_refused_with_2_and_reading_is_not(
    mounted: Path, capsys: Capture
) -> None:
    local = a_folder(mounted.parent / "local" / "run-1")
    local.rename(mounted / "run-1")
    before = contents(mounted / "run-1", lock=True)
    assert exec_demo.main(["--shadow", "--journal", "share/new"]) == 2
    err = capsys.readouterr().err
    assert err.startswith("error: input: folder 'share/new' is on a network file system (nfs4), ")
    assert err.endswith("; name a folder on a local disk\n") and err.count("\n") == 1
    for argv, code in (
        (["compact"], 2), (["index"], 2), (["verify"], 0), (["show"], 0), (["tail"], 0),
    ):  # fmt: skip
        assert journal_cli.main([*argv, "share/run-1"]) == code
    assert contents(mounted / "run-1", lock=True) == before
