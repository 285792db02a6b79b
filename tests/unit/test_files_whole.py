"""What `tools.live.reports.files` promises of the moments in between: durable, then visible."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.live.reports.files import write_parts, write_whole


def test_the_text_is_on_the_disk_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "report.json"
    steps: list[str] = []
    replace, fsync = os.replace, os.fsync

    def watch_fsync(descriptor: int) -> None:
        steps.append(f"fsync {os.fstat(descriptor).st_size} {target.exists()}")
        fsync(descriptor)

    def watch_replace(source: str, wanted: str) -> None:
        steps.append(f"replace {target.exists()}")
        assert os.path.dirname(source) == str(tmp_path)
        replace(source, wanted)

    monkeypatch.setattr(os, "fsync", watch_fsync)
    monkeypatch.setattr(os, "replace", watch_replace)
    write_whole(str(target), "x" * 100_000)
    assert steps == ["fsync 100000 False", "replace False"]
    assert target.stat().st_size == 100_000


@pytest.mark.parametrize("text", ["", "a\nb\r\n\rc", "\u00e9\U0001d11e"])
def test_the_text_is_written_as_it_is(tmp_path: Path, text: str) -> None:
    write_whole(str(tmp_path / "a"), text)
    assert (tmp_path / "a").read_bytes() == text.encode()


def test_a_text_that_cannot_be_encoded_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(UnicodeEncodeError):
        write_whole(str(tmp_path / "a"), "\ud800")
    assert os.listdir(tmp_path) == []


def test_the_file_is_readable_by_others_as_the_mask_allows(tmp_path: Path) -> None:
    mask = os.umask(0o027)
    try:
        write_whole(str(tmp_path / "a"), "x")
    finally:
        os.umask(mask)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o640


def test_a_text_in_parts_is_written_as_it_comes(tmp_path: Path) -> None:
    target = tmp_path / "a"

    def parts() -> Iterator[str]:
        for part in ("one\n", "", "two", "\u00e9"):
            assert not target.exists()
            yield part

    write_parts(str(target), parts(), "--out")
    assert target.read_bytes() == "one\ntwo\u00e9".encode()
    assert os.listdir(tmp_path) == ["a"]


def test_parts_that_end_in_an_error_leave_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "a"
    target.write_text("before")

    def parts() -> Iterator[str]:
        yield "one"
        raise ValueError("no more")

    with pytest.raises(ValueError, match="^no more$"):
        write_parts(str(target), parts())
    assert target.read_text() == "before"
    assert os.listdir(tmp_path) == ["a"]
