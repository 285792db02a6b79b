"""A projection that dies between any two statements, and goes on, has the rows of one that lived.

The death is an exception that nothing catches, at every statement and every change of a name; what
SQLite had not committed is gone with its connection. `tests/crash` does the same with SIGKILL.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.sim.sim_disk import Crash, SimDisk
from tests.unit.projection_builders import AnyAnswers, project, tables
from tools.live.journal import projection as projection_module
from tools.live.journal import projection_file
from tools.live.journal.os_disk import OsDisk
from tools.live.journal.projection import Found, Projection


DAMAGED = b"damaged" * 1000
CREATION = 55  # calls after which a file has been put aside and its tables are made


class Countdown:
    """Lets so many calls through, and none after them."""

    def __init__(self, calls: int) -> None:
        self.left = calls
        self.connections: list[sqlite3.Connection] = []

    def step(self) -> None:
        if not self.left:
            raise Crash
        self.left -= 1


class Mortal:
    """A connection that works until the countdown ends, and then answers nothing any more."""

    def __init__(self, connection: sqlite3.Connection, countdown: Countdown) -> None:
        self._connection = connection
        self._countdown = countdown
        countdown.connections.append(connection)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._connection, name)
        if name not in ("execute", "executemany"):
            return found

        def counted(*given: Any) -> Any:
            self._countdown.step()
            return found(*given)

        return counted


def mortal(patch: pytest.MonkeyPatch, countdown: Countdown) -> None:
    """From here on every connection and every change of a file's name counts."""
    connect = projection_file.connect

    def counted_connect(path: Path, *, mode: str) -> Any:
        return Mortal(connect(path, mode=mode), countdown)

    patch.setattr(projection_file, "connect", counted_connect)
    for name in ("rename", "create", "sync_folder"):
        patch.setattr(OsDisk, name, counted(getattr(OsDisk, name), countdown))


def counted(method: Any, countdown: Countdown) -> Any:
    def call(*given: Any) -> Any:
        countdown.step()
        return method(*given)

    return call


def dies(path: Path, disk: SimDisk, calls: int, patch: pytest.MonkeyPatch) -> bool:
    """Whether a projection was cut short after so many calls."""
    countdown = Countdown(calls)
    with patch.context() as patched:
        patched.setattr(projection_module, "BATCH", 40)
        mortal(patched, countdown)
        try:
            project(path, disk)
        except Crash:
            return True
        finally:
            for connection in countdown.connections:
                connection.close()  # as the end of a process does; nothing is committed by it
    return False


@pytest.fixture(scope="module")
def disk() -> SimDisk:
    answers = AnyAnswers(5, None)
    answers.live_on(40)
    return answers.journal()


@pytest.fixture
def expected(disk: SimDisk, tmp_path: Path) -> dict[str, Any]:
    whole = tmp_path / "whole" / "orders.db"
    whole.parent.mkdir()
    project(whole, disk)
    return tables(whole)


@pytest.mark.parametrize("start", ["nothing", "damaged", "with its log"])
def test_killed_between_any_two_statements_it_goes_on_to_the_same_rows(
    start: str, disk: SimDisk, expected: dict[str, Any], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    calls = 0
    while True:
        path = tmp_path / f"{calls}" / "orders.db"
        path.parent.mkdir()
        prepare(start, path)
        died = dies(path, disk, calls, monkeypatch)
        found = project(path, disk).opened.found
        assert tables(path) == expected, calls
        assert died or found is Found.CURRENT
        asides = [one for one in path.parent.iterdir() if one.suffix.startswith(".aside-")]
        kept = [one.read_bytes() for one in asides if one.suffix[7:].isdigit()]
        assert kept == ([] if start == "nothing" else [DAMAGED])
        if not died or (start != "nothing" and calls > CREATION):
            assert calls > CREATION
            return
        calls += 1 if calls < CREATION else 4


def prepare(start: str, path: Path) -> None:
    if start != "nothing":
        path.write_bytes(DAMAGED)
        path.with_name("orders.db-wal").write_bytes(b"log" if start == "with its log" else b"")


def test_killed_again_and_again_it_still_arrives(
    disk: SimDisk, expected: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "orders.db"
    lives = 1
    while dies(path, disk, 75, monkeypatch):
        lives += 1
        assert lives < 100
    assert lives > 2
    assert tables(path) == expected


def test_a_batch_that_is_interrupted_can_be_taken_again_by_the_same_process(
    disk: SimDisk, expected: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(projection_module, "BATCH", 40)
    path = tmp_path / "orders.db"
    with monkeypatch.context() as patched:
        patched.setattr(Projection, "catch_up", lambda self: 0)
        projection = Projection.open(path, disk)
    whole, calls = projection._connection, 0
    with projection:
        while True:
            countdown = Countdown(calls)
            projection._connection = Mortal(whole, countdown)  # type: ignore[assignment]
            try:
                projection.catch_up()
                break
            except Crash:
                if whole.in_transaction:  # its own ROLLBACK came too late, too
                    whole.execute("ROLLBACK")
                calls += 1
    assert calls > 15
    assert tables(path) == expected
