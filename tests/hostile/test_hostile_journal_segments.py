"""Segments under attack, and what stands around them: caches, the lock, the disk."""

from __future__ import annotations

import gzip
import os
import shutil
import tracemalloc
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from tests.hostile.journal_attacks import FIRST, READING, Attack, lines_of, refused
from tests.hostile.refusals import digest
from tests.unit.journal_builders import LOG_ID, NOON_NS
from tests.unit.journal_folders import a_journal, flip, in_segments
from tools.live.journal.os_disk import OsDisk
from tools.live.journal.writer import Journal
from tools.live.journal_cli import main


@pytest.fixture
def victims(tmp_path: Path) -> Path:
    return in_segments(tmp_path / "run-1")


def segments(folder: Path) -> list[Path]:
    return sorted((folder / "segments").glob("*.jsonl*"))


def packed(folder: Path) -> list[Path]:
    assert main(["compact", str(folder)]) == 0
    return segments(folder)


def renamed(folder: Path) -> None:
    one, two = segments(folder)[1:3]
    one.rename(folder / "aside")
    two.rename(one)
    (folder / "aside").rename(two)


def copied(folder: Path) -> None:
    one, two = segments(folder)[1:3]
    shutil.copy(one, two)


def repacked(change: Callable[[bytes], bytes]) -> Attack:
    def attack(folder: Path) -> None:
        path = packed(folder)[1]
        path.write_bytes(change(path.read_bytes()))

    return attack


def other_content(data: bytes) -> bytes:
    return gzip.compress(gzip.decompress(data).replace(b"CLI", b"CLX"), mtime=0)


@cache
def bomb_bytes() -> bytes:
    """A thousand times its size of nothing, 300 MiB of it."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = bytes(1 << 20)
    return b"".join(packer.compress(block) for _ in range(300)) + packer.flush()


def bomb(folder: Path) -> None:
    (folder / FIRST).unlink()
    (folder / f"{FIRST}.gz").write_bytes(bomb_bytes())


SEGMENTS: dict[str, Attack] = {
    "swapped": renamed,
    "one twice": copied,
    "one missing": lambda folder: segments(folder)[1].unlink(),
    "one empty": lambda folder: segments(folder)[1].write_bytes(b""),
    "one cut": lambda folder: os.truncate(segments(folder)[1], 300),
    "the last missing": lambda folder: segments(folder)[-1].unlink(),
    "packed and cut": repacked(lambda data: data[:-20]),
    "packed and without its checksum": repacked(lambda data: data[:-8]),
    "packed twice over": repacked(lambda data: data + data),
    "packed with something behind": repacked(lambda data: data + b"\0"),
    "packed with a turned bit": repacked(
        lambda data: data[:60] + bytes([data[60] ^ 1]) + data[61:]
    ),
    "packed, other content": repacked(other_content),
    "packed, empty": repacked(lambda data: b""),
    "a bomb": bomb,
}


@pytest.mark.usefixtures("untraced")
@pytest.mark.parametrize("verb", READING)
@pytest.mark.parametrize("name", SEGMENTS)
def test_damaged_segments_are_refused(
    name: str, verb: str, victims: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    SEGMENTS[name](victims)
    capsys.readouterr()
    if verb == "tail":
        verb = "tail -n 999"
    line = refused(capsys, victims, verb, 3)
    assert "; nothing was changed; restore a copy, or give up what follows with `" in line


def trimmed(folder: Path) -> None:
    journal = Journal.open(OsDisk(folder), log_id=LOG_ID, holder="a test", time_ns=NOON_NS)
    assert journal.trim(6, NOON_NS) > 1
    journal.close(NOON_NS)


def test_a_retained_gap_is_no_damage(victims: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trimmed(victims)
    before = digest(victims)
    assert main(["verify", str(victims)]) == 0
    assert "all before was trimmed" in capsys.readouterr().out
    assert main(["show", str(victims)]) == main(["tail", str(victims)]) == 0
    assert digest(victims) == before


def test_a_gap_that_nobody_retained_is(victims: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trimmed(victims)
    segments(victims)[0].unlink()
    for verb in ("verify", "export", "index --check"):
        line = refused(capsys, victims, verb, 3)
        assert "and does not say why" in line


# The caches, the lock and the disk.


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\0" * 999, None])
def test_a_wrong_index_changes_no_answer(
    content: bytes | None, victims: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def answers() -> list[str]:
        found = []
        for argv in (["verify"], ["show", "--since", "5"], ["tail", "-n", "3"]):
            assert main([argv[0], str(victims), *argv[1:]]) == 0
            found.append(capsys.readouterr().out)
        return found

    right = answers()
    for path in (victims / "segments").glob("*.idx"):
        if content is None:
            path.unlink()
        else:
            path.write_bytes(content)
    before = digest(victims)
    assert answers() == right
    assert main(["index", str(victims), "--check"]) == 1
    assert digest(victims) == before
    assert main(["index", str(victims)]) == main(["index", str(victims), "--check"]) == 0


@pytest.mark.parametrize("verb", ["index", "compact", "repair --accept-loss-from 3"])
def test_a_second_writer_is_refused_and_told_of_the_first(
    verb: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    journal = a_journal(OsDisk(tmp_path / "run-1"), close=False)
    if "repair" in verb:
        flip(tmp_path / "run-1" / FIRST, len(b"".join(lines_of(tmp_path / "run-1")[:3])) + 90)
    line = refused(capsys, tmp_path / "run-1", verb, 4)
    assert line == "error: lock: the log is held by a test; stop it, or read without writing"
    journal.let_go()


@pytest.mark.parametrize("verb", ["index", "compact", "repair --accept-loss-from 4"])
def test_a_disk_that_takes_no_writing_is_a_storage_fault(
    verb: str, victims: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if "repair" in verb:
        path = segments(victims)[1]
        path.write_bytes(b"?" + path.read_bytes()[1:])
        verb = f"repair --accept-loss-from {int(path.stem)}"
    opened = os.open

    def read_only(path: str, flags: int, *more: int, **also: int) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            raise OSError(30, "Read-only file system", path)
        return opened(path, flags, *more, **also)

    monkeypatch.setattr(os, "open", read_only)
    line = refused(capsys, victims, verb, 5)
    assert line.startswith("error: storage: ") and "Read-only file system" in line


def test_a_bomb_is_given_up_at_its_first_lines(
    victims: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bomb(victims)
    assert len(bomb_bytes()) < 1 << 20
    tracemalloc.start()
    try:
        refused(capsys, victims, "verify", 3)
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("verb", ["verify", "show", "tail", "index --check"])
def test_a_disk_that_takes_no_writing_can_be_read(
    verb: str, victims: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = os.open

    def read_only(path: str, flags: int, *more: int, **also: int) -> int:
        assert not flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        return opened(path, flags, *more, **also)

    name, *flags = verb.split()
    monkeypatch.setattr(os, "open", read_only)
    assert main([name, str(victims), *flags]) == 0
