"""A journal under attack: every row is refused or told, and nothing in its folder changes."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.hostile.journal_attacks import (
    FIRST, READING, Attack, lines_of, put_lines, rechained, refused,
)  # fmt: skip
from tests.hostile.refusals import digest
from tests.unit.journal_builders import LOG_ID, NOON_NS, by_hand
from tests.unit.journal_folders import a_folder, flip
from tools.live.journal.errors import NotOurs
from tools.live.journal.os_disk import OsDisk
from tools.live.journal.writer import Journal
from tools.live.journal_cli import main


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    return a_folder(tmp_path / "run-1", close=False)


# What a crash may leave behind: it is told, and the next start puts it aside.

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


@pytest.mark.parametrize("verb", READING)
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


def link_to(target: str) -> Attack:
    def make(path: Path) -> None:
        path.symlink_to(target)

    return make


def replaced(make: Attack) -> Attack:
    """The segment is elsewhere, and something else stands in its place."""

    def attack(folder: Path) -> None:
        (folder / FIRST).rename(folder / "elsewhere")
        make(folder / FIRST)

    return attack


def moved(name: str) -> Attack:
    """A link leads to where this now is."""

    def attack(folder: Path) -> None:
        (folder / name).rename(folder / "moved")
        (folder / name).symlink_to("moved")

    return attack


def no_folder(folder: Path) -> None:
    shutil.rmtree(folder / "segments")
    (folder / "segments").write_text("")


OTHERS: dict[str, tuple[Attack, str]] = {
    "a newer version": (newer, "a record of version 2, newer than this program"),
    "a link": (replaced(link_to("../elsewhere")), "found a link) at segments/"),
    "a dead link": (replaced(link_to("nowhere")), "found a link) at segments/"),
    "a pipe": (replaced(os.mkfifo), "found a pipe) at segments/"),
    "a folder": (replaced(os.mkdir), "found a folder) at segments/"),
    "segments is a file": (no_folder, "not a folder"),
    "segments is a link": (moved("segments"), "not a folder"),
    "the mark is a link": (moved("durable.mark"), "found a link) at durable.mark"),
}


@pytest.mark.parametrize("verb", [*READING, "repair --dry-run"])
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
    for verb in (*READING, "repair --dry-run", "repair --accept-loss-from 0"):
        line = refused(capsys, victim, verb, 3)
        assert "a record of version 2, newer than this program" in line
        assert line.endswith("nothing was changed; use the program and the version that wrote it")
    with pytest.raises(NotOurs, match="newer than this program"):
        Journal.open(OsDisk(victim), log_id=LOG_ID, holder="a test", time_ns=0)


def test_a_foreign_name_is_refused(victim: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong_hash(victim)
    line = refused(capsys, victim, "repair --dry-run --log-id desk-9", 3)
    assert "the log 'desk-1' where 'desk-9' is wanted" in line
