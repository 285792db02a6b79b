"""A journal under attack: every row is refused or told, and nothing in its folder changes."""

from __future__ import annotations

import gzip
import os
import shutil
import tracemalloc
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.hostile.refusals import digest
from tests.unit.journal_builders import LOG_ID, NOON_NS, by_hand
from tests.unit.journal_folders import STORY, a_folder, a_journal, flip
from tools.live.journal.frame import frame_lines, genesis
from tools.live.journal.os_disk import OsDisk
from tools.live.journal.segments import segment_path
from tools.live.journal.writer import Journal
from tools.live.journal_cli import main

READING = ("verify", "show", "tail", "export", "index --check", "repair --dry-run")
FIRST = segment_path(0)


class Journals(NamedTuple):
    """The two folders that rows begin with, made once: in one segment, and in many."""

    one: Path
    many: Path


@pytest.fixture(scope="module")
def journals(tmp_path_factory: pytest.TempPathFactory) -> Journals:
    base = tmp_path_factory.mktemp("journals")
    one = a_folder(base / "one", close=False)
    many = a_folder(base / "many", story=STORY, close=True, rotate_bytes=700, batch=1)
    return Journals(one, many)


def lines_of(folder: Path) -> list[bytes]:
    return (folder / FIRST).read_bytes().splitlines(keepends=True)


def put_lines(folder: Path, lines: list[bytes]) -> None:
    (folder / FIRST).write_bytes(b"".join(lines))


def segments(folder: Path) -> list[Path]:
    return sorted((folder / "segments").glob("*.jsonl*"))


def packed(folder: Path) -> list[Path]:
    assert main(["compact", str(folder)]) == 0
    return segments(folder)


def rechained(lines: list[bytes], log_id: str, change: Callable[[bytes], bytes]) -> list[bytes]:
    """The same records in a chain of somebody who knows how to make one."""
    block, _ = frame_lines(genesis(log_id), [change(line[76:-2]) for line in lines])
    return block.splitlines(keepends=True)


# What a crash may leave behind: it is told, and the next start puts it aside.

Attack = Callable[[Path], object]


def append(data: bytes) -> Attack:
    def attack(folder: Path) -> None:
        (folder / FIRST).write_bytes((folder / FIRST).read_bytes() + data)

    return attack


TORN: dict[str, Attack] = {
    "NULs behind the end": append(b"\0" * 4096),
    "half a line": append(b'{"h":"ab'),
    "garbage": append(b"\xff\xfe\n\n\n"),
    "a line of U+2028": append("{\u2028}\n".encode()),
    "a line without its newline": append(by_hand(1)[:-1]),
    "a line of more than 1 MiB": append(b"x" * (1 << 20) + b"y\n"),
    "1 MiB without an end": append(b"x" * (1 << 20) + b"y"),
}


@pytest.fixture
def victim(journals: Journals, tmp_path: Path) -> Path:
    return Path(shutil.copytree(journals.one, tmp_path / "run-1", symlinks=True))


@pytest.fixture
def victims(journals: Journals, tmp_path: Path) -> Path:
    return Path(shutil.copytree(journals.many, tmp_path / "run-1", symlinks=True))


@pytest.mark.parametrize("name", TORN)
def test_a_torn_end_is_told_and_left_to_the_next_start(
    name: str, victim: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    TORN[name](victim)
    before = digest(victim)
    assert main(["verify", str(victim)]) == 0
    out, err = capsys.readouterr()
    assert "the next start puts it aside\n" in out and err == ""
    assert main(["show", str(victim)]) == main(["tail", str(victim)]) == 0
    capsys.readouterr()
    assert main(["repair", str(victim), "--dry-run"]) == 2
    assert "there is nothing to repair" in capsys.readouterr().err
    assert digest(victim) == before
    journal = Journal.open(OsDisk(victim), log_id=LOG_ID, holder="a test", time_ns=NOON_NS)
    journal.close(NOON_NS)
    assert list((victim / "torn").iterdir())
    assert main(["verify", str(victim)]) == 0
    assert "end       closed\n" in capsys.readouterr().out


# What no crash can do.


def cut(seq: int) -> Attack:
    return lambda folder: put_lines(folder, lines_of(folder)[:seq])


def swap(folder: Path) -> None:
    lines = lines_of(folder)
    put_lines(folder, [*lines[:4], lines[5], lines[4], *lines[6:]])


def twice(folder: Path) -> None:
    lines = lines_of(folder)
    put_lines(folder, [*lines[:5], lines[4], *lines[5:]])


def without(folder: Path) -> None:
    lines = lines_of(folder)
    put_lines(folder, [*lines[:4], *lines[5:]])


def with_carriage_returns(folder: Path) -> None:
    put_lines(folder, [line[:-1] + b"\r\n" for line in lines_of(folder)])


def wrong_hash(folder: Path) -> None:
    flip(folder / FIRST, len(b"".join(lines_of(folder)[:4])) + 10)


def wrong_payload(folder: Path) -> None:
    flip(folder / FIRST, (folder / FIRST).read_bytes().index(b"101"))


def sectors(folder: Path) -> None:
    data = (folder / FIRST).read_bytes()
    (folder / FIRST).write_bytes(data[:512] + bytes(512) + data[1024:])


def separator(folder: Path) -> None:
    data = (folder / FIRST).read_bytes()
    (folder / FIRST).write_bytes(data.replace(b"maker", "\u2028ab".encode(), 1))


def empty(folder: Path) -> None:
    (folder / FIRST).write_bytes(b"")


def nothing_but_nuls(folder: Path) -> None:
    (folder / FIRST).write_bytes(bytes(len((folder / FIRST).read_bytes())))


def gone(folder: Path) -> None:
    (folder / FIRST).unlink()


DAMAGED: dict[str, tuple[Attack, int]] = {
    "empty": (empty, 0),
    "nothing but NULs": (nothing_but_nuls, 0),
    "gone": (gone, 0),
    "NULs in the middle": (sectors, 2),
    "half a line": (lambda folder: (folder / FIRST).write_bytes(
        (folder / FIRST).read_bytes()[:-40]), 9),
    "cut at the end of a line": (cut(7), 7),
    "CRLF": (with_carriage_returns, 0),
    "U+2028 in a line": (separator, 6),
    "swapped lines": (swap, 4),
    "a line twice": (twice, 5),
    "a line missing": (without, 4),
    "a wrong hash": (wrong_hash, 4),
    "a wrong payload": (wrong_payload, 1),
    "another log, whole": (lambda folder: put_lines(
        folder, [by_hand(10, log_id="desk-9")]), 0),
    "a wrong batch base, chained anew": (lambda folder: put_lines(folder, rechained(
        lines_of(folder), LOG_ID, lambda line: line.replace(b'{"b":1,', b'{"b":9,'))), 1),
}  # fmt: skip


def refused(
    capsys: pytest.CaptureFixture[str], folder: Path, verb: str, code: int, *more: str
) -> str:
    """What a verb says when it refuses; its folder must be as before, and so must the rest."""
    name, *flags = verb.split()
    before = digest(folder.parent)
    words = [str(folder.parent / "out")] if name == "export" else []
    answered = main([name, str(folder), *words, *flags, *more])
    out, err = capsys.readouterr()
    assert answered == code, (out, err)
    assert err.startswith("error: ") and err.endswith("\n") and err.count("\n") == 1, err
    line: str = err[:-1]
    assert line.isprintable() and len(line) < 800 and "Traceback" not in line
    what, _, advice = line.partition("; ")
    assert what.count(": ") >= 2 and len(advice) > 5, line
    assert name in ("show", "tail") or out == ""
    assert digest(folder.parent) == before
    return line


@pytest.mark.parametrize("verb", READING[:-1])
@pytest.mark.parametrize("name", DAMAGED)
def test_damage_is_refused_with_its_place_and_its_remedy(
    name: str, verb: str, victim: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    attack, seq = DAMAGED[name]
    attack(victim)
    line = refused(capsys, victim, verb, 3)
    assert line.startswith("error: integrity: ") and " at " in line and " byte " in line
    assert f"(seq {seq}); nothing was changed; restore a copy, or give up" in line
    assert line.endswith(f"journal repair {victim} --accept-loss-from {seq}`")


@pytest.mark.parametrize("name", DAMAGED)
def test_the_remedy_works(
    name: str, victim: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    attack, seq = DAMAGED[name]
    attack(victim)
    named = ["--log-id", LOG_ID]
    before = digest(victim)
    assert main(["repair", str(victim), "--dry-run", *named]) == 0
    assert f"--accept-loss-from {seq}\n" in capsys.readouterr().out
    assert digest(victim) == before
    assert main(["repair", str(victim), "--accept-loss-from", str(seq), *named]) == 0
    assert main(["verify", str(victim)]) == 0
    out = capsys.readouterr().out
    assert f"records   {max(seq, 1) + 1} " in out


# What is not ours, or not a file.


def newer(folder: Path) -> None:
    put_lines(folder, rechained(lines_of(folder), LOG_ID, lambda line: line.replace(
        b'"topic":"order.fill","ts":1735732802000000000,"v":1}',
        b'"topic":"order.fill","ts":1735732802000000000,"v":2}')))  # fmt: skip


def replaced(make: Callable[[Path], object]) -> Attack:
    def attack(folder: Path) -> None:
        (folder / FIRST).rename(folder / "elsewhere")
        make(folder / FIRST)

    return attack


@cache
def bomb_bytes() -> bytes:
    """A thousand times its size of nothing, 300 MiB of it."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = bytes(1 << 20)
    return b"".join(packer.compress(block) for _ in range(300)) + packer.flush()


def bomb(folder: Path) -> None:
    (folder / FIRST).unlink()
    (folder / f"{FIRST}.gz").write_bytes(bomb_bytes())


OTHERS: dict[str, tuple[Attack, str]] = {
    "a newer version": (newer, "a record of version 2, newer than this program"),
    "a link": (replaced(lambda path: path.symlink_to("../elsewhere")), "found a link) at segments/"),
    "a dead link": (replaced(lambda path: path.symlink_to("nowhere")), "found a link) at segments/"),
    "a pipe": (replaced(os.mkfifo), "found a pipe) at segments/"),
    "a folder": (replaced(os.mkdir), "found a folder) at segments/"),
    "segments is a file": (lambda folder: (shutil.rmtree(folder / "segments"),
                                           (folder / "segments").write_text("")), "not a folder"),
    "segments is a link": (lambda folder: ((folder / "segments").rename(folder / "moved"),
                                           (folder / "segments").symlink_to("moved")),
                           "not a folder"),
    "the mark is a link": (lambda folder: ((folder / "durable.mark").rename(folder / "moved"),
                                           (folder / "durable.mark").symlink_to("moved")),
                           "found a link) at durable.mark"),
}  # fmt: skip


@pytest.mark.parametrize("verb", READING)
@pytest.mark.parametrize("name", OTHERS)
def test_what_is_not_ours_to_read_is_refused_without_a_remedy(
    name: str, verb: str, victim: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    attack, why = OTHERS[name]
    attack(victim)
    line = refused(capsys, victim, verb, 3)
    assert line.startswith("error: integrity: ") and why in line
    assert "nothing was changed; " in line and "--accept-loss-from" not in line


def test_a_newer_beginning_is_refused_too(
    victim: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put_lines(victim, rechained(
        lines_of(victim), LOG_ID, lambda line: line.replace(b'"v":1}', b'"v":2}')
    ))  # fmt: skip
    for verb in READING[:-1]:
        refused(capsys, victim, verb, 3)


def test_a_foreign_name_is_refused(victim: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong_hash(victim)
    line = refused(capsys, victim, "repair --dry-run --log-id desk-9", 3)
    assert "the log 'desk-1' where 'desk-9' is wanted" in line


# Segments.


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
    "packed with a turned bit": repacked(lambda data: data[:60] + bytes([data[60] ^ 1]) + data[61:]),
    "packed, other content": repacked(other_content),
    "packed, empty": repacked(lambda data: b""),
    "a bomb": bomb,
}


@pytest.mark.parametrize("verb", READING[:-1])
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
