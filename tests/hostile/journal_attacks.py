"""What attacks on a journal share, and the shape of a verb that refuses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from tests.hostile.refusals import digest
from tools.live.journal.frame import frame_lines, genesis
from tools.live.journal.segments import segment_path
from tools.live.journal_cli import main

Attack: TypeAlias = Callable[[Path], object]

READING = ("verify", "show", "tail", "export", "index --check")
FIRST = segment_path(0)


def lines_of(folder: Path) -> list[bytes]:
    return (folder / FIRST).read_bytes().splitlines(keepends=True)


def put_lines(folder: Path, lines: list[bytes]) -> None:
    (folder / FIRST).write_bytes(b"".join(lines))


def rechained(lines: list[bytes], log_id: str, change: Callable[[bytes], bytes]) -> list[bytes]:
    """The same records in a chain of somebody who knows how to make one."""
    block, _ = frame_lines(genesis(log_id), [change(line[76:-2]) for line in lines])
    return block.splitlines(keepends=True)


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
