"""A process that projects a journal, killed at its n-th statement, and what the next one finds."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.projection_builders import AnyAnswers, project, tables
from tools.live.journal.os_disk import OsDisk

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 60

# What a real kill leaves: the file and its write-ahead log as the kernel has them, no farewell.
PROJECT = """
import os, signal, sys
from pathlib import Path
from tools.live.journal import projection, projection_file
from tools.live.journal.os_disk import OsDisk

path, folder, left = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
projection.BATCH = 40
connect = projection_file.connect

def step(statement):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)

def traced(path, *, mode):
    connection = connect(path, mode=mode)
    connection.set_trace_callback(step)
    return connection

projection_file.connect = traced
with projection.Projection.open(path, OsDisk(folder)) as opened:
    print(opened.opened.found.value)
"""


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The journal of a random run, on the real disk."""
    answers = AnyAnswers(5, None)
    answers.live_on(120)
    disk = answers.journal()
    folder = tmp_path_factory.mktemp("journal")
    for name, data in disk.image().items():
        place = folder / name
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(data)
    return folder


@pytest.fixture(scope="module")
def expected(log: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    whole = tmp_path_factory.mktemp("whole") / "orders.db"
    project(whole, OsDisk(log))
    return tables(whole)


def projected(path: Path, log: Path, statements: int) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-c", PROJECT, str(path), str(log), str(statements)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, timeout=SECONDS, check=False)


def places() -> Iterator[int]:
    """Which statements to die at: while the tables are made, and then within each batch."""
    yield from (0, 3, 8, 30, 36, 40)
    yield from range(44, 400, 37)


def test_P01_killed_at_a_statement_it_goes_on_to_the_same_rows(
    log: Path, expected: dict[str, Any], tmp_path: Path
) -> None:
    kills = 0
    for statements in places():
        path = tmp_path / f"{statements}" / "orders.db"
        path.parent.mkdir()
        done = projected(path, log, statements)
        killed = done.returncode == -signal.SIGKILL
        assert killed or (done.returncode, done.stdout) == (0, b"created\n"), done.stderr
        kills += killed
        project(path, OsDisk(log))
        assert tables(path) == expected, statements
        if not killed:
            break
    assert kills > 8


def test_P01_killed_in_every_life_it_still_arrives(
    log: Path, expected: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "orders.db"
    for lives in range(1, 20):
        done = projected(path, log, 120)
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL, done.stderr
    assert lives > 2
    assert done.stdout == b"caught_up\n"
    assert tables(path) == expected
