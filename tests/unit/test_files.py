"""Files in and out: inputs are plain files, outputs appear whole or not at all."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.live.core.errors import ContractError
from tools.live.market.files import open_input
from tools.live.reports.files import check_target, write_whole


def names(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


def test_a_file_is_written_whole_and_nothing_else(tmp_path: Path) -> None:
    write_whole(str(tmp_path / "a.json"), "caf\u00e9\n")
    assert (tmp_path / "a.json").read_bytes() == "caf\u00e9\n".encode()
    assert names(tmp_path) == ["a.json"]


def test_an_old_file_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a longer text that must not shine through")
    write_whole(str(tmp_path / "a"), "new")
    assert (tmp_path / "a").read_text() == "new"


def test_a_name_without_a_folder_is_one_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_whole("here", "x")
    assert names(tmp_path) == ["here"]


def test_a_leftover_of_a_killed_run_is_in_nobodys_way(tmp_path: Path) -> None:
    leftover = tmp_path / ".shadow-report.0.tmp"
    leftover.write_text("half")
    write_whole(str(tmp_path / "a"), "x")
    assert leftover.read_text() == "half"
    assert names(tmp_path) == [".shadow-report.0.tmp", "a"]


def test_a_full_disk_leaves_the_old_file_and_no_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").write_text("old")

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="--out '.*a' was not written: No space left") as caught:
        write_whole(str(tmp_path / "a"), "new", "--out")
    assert caught.value.errno == errno.ENOSPC
    assert names(tmp_path) == ["a"] and (tmp_path / "a").read_text() == "old"


def test_an_interrupted_write_leaves_no_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_from: str, _to: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_whole(str(tmp_path / "a"), "x")
    assert names(tmp_path) == []


BAD_TARGETS: dict[str, tuple[Callable[[Path], str], str]] = {
    "empty": (lambda folder: "", "is not a file name"),
    "NUL": (lambda folder: f"{folder}/a\0b", "is not a file name"),
    "slash": (lambda folder: f"{folder}/", "is a folder; name a file in it"),
    "folder": (lambda folder: str(folder), "exists and is no plain file"),
    "missing": (lambda folder: f"{folder}/no/a", "there is no folder .* create it first"),
    "under a file": (lambda folder: f"{folder}/file/a", "there is no folder"),
    "link": (lambda folder: f"{folder}/link", "is a link; name the file"),
    "dead link": (lambda folder: f"{folder}/dead", "is a link"),
    "fifo": (lambda folder: f"{folder}/fifo", "exists and is no plain file"),
    "long": (lambda folder: f"{folder}/{'x' * 300}", "File name too long; name another"),
    "device": (lambda folder: os.devnull, "exists and is no plain file"),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    (tmp_path / "dead").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "fifo")
    return tmp_path


@pytest.mark.parametrize("name", BAD_TARGETS)
def test_a_target_that_cannot_be_is_refused(folder: Path, name: str) -> None:
    path, why = BAD_TARGETS[name]
    before = names(folder)
    with pytest.raises(ContractError, match=f"--out .*{why}"):
        check_target(path(folder), "--out")
    assert names(folder) == before


def test_a_folder_that_may_not_be_written_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the answer of the system, since root may write everywhere."""
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(ContractError, match="is not writable; name another"):
        check_target(str(tmp_path / "a"))


def test_a_good_target_is_left_alone(folder: Path) -> None:
    check_target(str(folder / "new"))
    check_target(str(folder / "file"))
    assert "new" not in names(folder)


def test_an_input_may_be_reached_over_a_link(folder: Path) -> None:
    (folder / "file").write_bytes(b"abc")
    with open_input(str(folder / "link"), "--quotes") as file:
        assert file.read() == b"abc"


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("fifo", "is no plain file; name one"),
        ("", "is no plain file"),
        ("none", "cannot be opened: No such file or directory; name a file that can be read"),
        ("dead", "cannot be opened: No such file"),
        ("file/x", "cannot be opened: Not a directory"),
    ],
)
def test_an_input_that_is_no_plain_file_is_refused_at_once(
    folder: Path, name: str, why: str
) -> None:
    with pytest.raises(ContractError, match=f"--quotes '.*' {why}"):
        open_input(f"{folder}/{name}", "--quotes")


def test_an_input_that_may_not_be_read_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(_path: str, _flags: int) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "open", denied)
    with pytest.raises(ContractError, match="'x' cannot be opened: Permission denied; name"):
        open_input("x", "--quotes")
