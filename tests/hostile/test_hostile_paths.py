"""File names under attack: what cannot be written is refused before anything runs."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.hostile.refusals import Refuse, digest
from tools.live import exec_demo

OUTPUTS = {
    "empty": ("", "'' is not a file name; name a file"),
    "NUL": ("a\0b", "'a\\x00b' is not a file name; name a file"),
    "folder": ("inner", "'inner' exists and is no plain file; name another"),
    "folder with a slash": ("inner/", "'inner/' is a folder; name a file in it"),
    "here": (".", "exists and is no plain file"),
    "root": ("/", "is a folder; name a file in it"),
    "missing folder": ("none/a", "there is no folder 'none'; create it first"),
    "under a file": ("run.toml/a", "there is no folder 'run.toml'; create it first"),
    "link": ("link", "'link' is a link; name the file that it leads to"),
    "dead link": ("dead", "'dead' is a link"),
    "fifo": ("fifo", "exists and is no plain file"),
    "null device": (os.devnull, "exists and is no plain file"),
    "full device": ("/dev/full", "exists and is no plain file"),
    "name too long": ("x" * 300, "File name too long; name another file"),
    "folder too long": ("x" * 300 + "/a", "there is no folder"),
    "control characters": ("none/\x1b[2J\n", "create it first"),
    "bytes": ("none/\udcff", "create it first"),
}


@pytest.mark.parametrize("name", OUTPUTS)
@pytest.mark.parametrize("flag", ["--out", "--html"])
def test_an_output_that_cannot_be_is_refused(flag: str, name: str, refuse: Refuse) -> None:
    path, why = OUTPUTS[name]
    line = refuse(flag, path)
    assert line.startswith(f"error: input: {flag} '") and why in line


INPUTS = {
    "empty": ("", "is not a file name; name a file"),
    "NUL": ("a\0b.toml", "is not a file name; name a file"),
    "folder": ("inner", "'inner' is no plain file; name one"),
    "missing": ("none", "cannot be opened: No such file or directory; name a file that can"),
    "under a file": ("run.toml/a", "cannot be opened: Not a directory; name a file"),
    "dead link": ("dead", "cannot be opened: No such file or directory"),
    "fifo": ("fifo", "is no plain file; name one"),
    "null device": (os.devnull, "is no plain file; name one"),
    "name too long": ("x" * 300, "cannot be opened: File name too long; name a file"),
    "variable": ("${HOME}/a", "holds a variable; write its value out"),
    "standard input": ("-", "cannot be opened: No such file"),
}


@pytest.mark.parametrize("name", INPUTS)
def test_quotes_that_cannot_be_read_are_refused(name: str, refuse: Refuse) -> None:
    path, why = INPUTS[name]
    line = refuse("--quotes", path)
    assert line.startswith("error: input: --quotes '") and why in line


CONFIGS = {
    "empty": ("", "'' is not a file name; name a file"),
    "NUL": ("a\0b.toml", "is not a file name; name a file"),
    "folder": ("inner.toml", "'inner.toml' is no plain file; name one"),
    "missing": ("none.toml", "cannot be opened: No such file or directory; name a file that can"),
    "under a file": ("run.toml/a.toml", "cannot be opened: Not a directory; name a file"),
    "dead link": ("dead.toml", "cannot be opened: No such file or directory"),
    "fifo": ("fifo.toml", "is no plain file; name one"),
    "name too long": ("x" * 300 + ".json", "cannot be opened: File name too long; name a file"),
    "variable": ("${HOME}/a.toml", "holds a variable; write its value out"),
    "another kind": ("quotes.csv", "is neither .toml nor .json; rename the file"),
    "upper case": ("RUN.TOML", "is neither .toml nor .json; rename the file"),
    "device": (os.devnull, "is neither .toml nor .json; rename the file"),
}


@pytest.mark.parametrize("name", CONFIGS)
def test_a_config_that_cannot_be_read_is_refused(name: str, refuse: Refuse) -> None:
    path, why = CONFIGS[name]
    line = refuse("--config", path)
    assert line.startswith("error: input: --config '") and why in line


SAME = {
    "quotes and out": (["--quotes", "quotes.csv", "--out", "quotes.csv"], "--out", "--quotes"),
    "quotes and page": (["--quotes", "quotes.csv", "--html", "quotes.csv"], "--html", "--quotes"),
    "config and out": (["--config", "run.toml", "--out", "run.toml"], "--out", "--config"),
    "config and page": (["--config", "run.toml", "--html", "run.toml"], "--html", "--config"),
    "with a dot": (["--quotes", "quotes.csv", "--out", "./quotes.csv"], "--out", "--quotes"),
    "way and back": (["--quotes", "quotes.csv", "--out", "inner/../quotes.csv"], "--out",
                     "--quotes"),
    "both outputs": (["--out", "new", "--html", "new"], "--html", "--out"),
    "both, spelt apart": (["--out", "inner/new", "--html", "way/new"], "--html", "--out"),
    "an old file twice": (["--out", "old.json", "--html", "./old.json"], "--html", "--out"),
}  # fmt: skip


@pytest.mark.parametrize("name", SAME)
def test_no_file_is_used_twice(name: str, refuse: Refuse) -> None:
    argv, flag, other = SAME[name]
    line = refuse(*argv)
    assert line.startswith(f"error: usage: {flag} '")
    assert line.endswith(f"is the file of {other}, too; name another")


def test_quotes_that_are_a_hard_link_to_the_output_are_safe(
    refuse: Refuse, folder: Path
) -> None:
    os.link(folder / "quotes.csv", folder / "hard.csv")
    try:
        assert "is the file of --quotes" in refuse("--quotes", "hard.csv", "--out", "quotes.csv")
    finally:
        (folder / "hard.csv").unlink()


def test_the_same_file_named_in_the_config_is_seen(
    refuse: Refuse, hostile: Callable[[str, bytes], str]
) -> None:
    config = hostile("own.toml", b'quotes = "quotes.csv"\n')
    assert "is the file of --quotes" in refuse("--config", config, "--out", "quotes.csv")


def test_a_folder_that_may_not_be_written_is_refused(
    refuse: Refuse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the answer of the system, since root may write everywhere."""
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    line = refuse("--out", "inner/a")
    assert line.endswith("the folder 'inner' is not writable; name another")


def test_quotes_that_may_not_be_read_are_refused(
    refuse: Refuse, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.open

    def denied(path: str, flags: int, mode: int = 0o777) -> int:
        if path == "quotes.csv":
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(path, flags, mode)

    monkeypatch.setattr(os, "open", denied)
    line = refuse("--quotes", "quotes.csv")
    assert "'quotes.csv' cannot be opened: Permission denied; name a file" in line


def test_a_disk_that_fills_up_leaves_nothing(
    refuse: Refuse, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    line = refuse("--out", "old.json", code=5)
    assert line == (
        "error: storage: --out 'old.json' was not written: No space left on device;"
        " free space or name another file"
    )


def test_an_input_over_a_link_is_fine(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "over.csv").symlink_to("quotes.csv")
    try:
        assert exec_demo.main(["--shadow", "--quotes", "over.csv"]) == 0
    finally:
        (folder / "over.csv").unlink()
    assert '"iterations":1' in capsys.readouterr().out


def test_a_refused_run_leaves_the_clock_and_the_folder_alone(
    refuse: Refuse, folder: Path
) -> None:
    before = digest(folder)
    refuse("--out", "none/a", "--iterations", "100000000")  # refused before the run, so at once
    assert digest(folder) == before
