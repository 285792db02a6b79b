"""When a projection is refused or cannot go on, nothing of it changes."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.unit.projection_builders import Script, opened_at, project, query, tables
from tests.unit.projection_damage import (
    bytes_of, changed, flip_in_pages, left_behind,
)  # fmt: skip
from tests.unit.projection_fixtures import a_run_with_rows_in_most_tables, path
from tools.live.core.errors import ContractError
from tools.live.journal import projection_file
from tools.live.journal.errors import IntegrityRefused
from tools.live.journal.projection import Found, Projection
from tools.live.journal.projection_file import (
    ProjectionFailed, ProjectionHeld, ProjectionRefused, connect, sqlite_errors,
)  # fmt: skip
from tools.live.journal.projection_schema import SETTINGS


def refused(path: Path, script: Script, *, exit_code: int = 3) -> str:
    """What the refusal says; no byte of the file and its log changes, and nothing is moved."""
    before = bytes_of(path.parent)
    with pytest.raises(IntegrityRefused) as caught:
        Projection.open(path, script.disk)
    assert caught.value.exit_code == exit_code
    after = bytes_of(path.parent)
    after.pop("orders.db-shm", None)  # is shared memory, no data
    before.pop("orders.db-shm", None)
    assert after == before
    return str(caught.value)


@pytest.mark.parametrize("make", [changed, left_behind])
def test_a_file_ahead_of_its_log_is_refused(
    make: Callable[..., None], path: Path, script: Script
) -> None:
    project(path, script.disk)
    make(path, "UPDATE meta SET last_seq = 9")
    assert refused(path, script) == (
        "orders.db holds records up to seq 9, which its log has lost; nothing was changed; restore"
        " the log, or move this file away to have it built from what is left"
    )


def test_a_file_whose_log_is_gone_is_refused(path: Path, script: Script) -> None:
    project(path, script.disk)
    for name in script.disk.image():
        script.disk.put(name, None)
    assert "holds records up to seq 7, which its log has lost" in refused(path, script)


@pytest.mark.parametrize("make", [changed, left_behind])
@pytest.mark.parametrize("more", ["", "UPDATE meta SET schema_version = 4"])
def test_a_newer_file_is_refused(
    make: Callable[..., None], more: str, path: Path, script: Script
) -> None:
    project(path, script.disk)
    make(path, "PRAGMA user_version = 4", *([more] if more else []))
    assert refused(path, script) == (
        "orders.db has tables of version 4, newer than this program's 3; nothing was changed; use"
        " the newer program, or name another file"
    )


def test_a_newer_file_is_refused_even_if_it_is_damaged(path: Path, script: Script) -> None:
    project(path, script.disk)
    changed(path, "PRAGMA user_version = 4")
    flip_in_pages(path)
    assert "newer than this program's 3" in refused(path, script)


@pytest.mark.parametrize("suffix", ["", "-wal", "-shm", "-journal"])
@pytest.mark.parametrize("kind", ["link", "folder", "pipe"])
def test_what_is_no_file_is_refused(kind: str, suffix: str, path: Path, script: Script) -> None:
    if suffix:
        project(path, script.disk)
    place = path.with_name(f"orders.db{suffix}")
    if kind == "link":
        place.symlink_to(path.with_name("elsewhere"))
    elif kind == "folder":
        place.mkdir()
    else:
        os.mkfifo(place)
    assert f"found a {kind}" in refused(path, script)


# What SQLite and Python may lack or refuse.


def test_python_may_have_no_sqlite(
    path: Path, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sqlite3", None)
    with pytest.raises(ContractError, match="this Python was built without sqlite3; use one that"):
        Projection.open(path, script.disk)


def test_sqlite_may_be_too_old(path: Path, script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 36, 9))
    with pytest.raises(ContractError, match=r"SQLite .* is too old; a projection needs 3\.37"):
        Projection.open(path, script.disk)
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 37, 0))
    assert project(path, script.disk).opened.found is Found.CREATED


def test_a_file_that_somebody_writes_too_long_is_held(
    path: Path, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    project(path, script.disk)
    monkeypatch.setattr(projection_file, "SETTINGS", [("busy_timeout", "0", 0), *SETTINGS[1:]])
    with Projection.open(path, script.disk) as projection, closing(opened_at(path)) as other:
        other.isolation_level = None
        other.execute("BEGIN IMMEDIATE")
        script.place(3)
        with pytest.raises(ProjectionHeld) as caught:
            projection.catch_up()
        assert caught.value.exit_code == 4
        said = "orders.db is being written by somebody else; try again when that is done"
        assert str(caught.value) == said
        other.execute("ROLLBACK")
        assert projection.catch_up() == 1


def test_a_file_that_somebody_keeps_to_himself_is_held(
    path: Path, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    project(path, script.disk)
    monkeypatch.setattr(projection_file, "PATIENCE_S", 0)
    with closing(opened_at(path)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("UPDATE meta SET line_seq = line_seq")
        with pytest.raises(ProjectionHeld, match="is being written by somebody else"):
            Projection.open(path, script.disk)
    assert projection_file.SETTINGS[0][2] == 5000 and path.exists()


def test_a_full_disk_loses_nothing(path: Path, script: Script) -> None:
    with Projection.open(path, script.disk) as projection:
        before = tables(path)
        pages = projection._connection.execute("PRAGMA page_count").fetchone()[0]
        projection._connection.execute(f"PRAGMA max_page_count = {pages}")
        for number in range(3, 400):
            script.place(number)
        said = "disk is full.* it goes on where it was"
        with pytest.raises(ProjectionFailed, match=said) as full:
            projection.catch_up()
        assert full.value.exit_code == 5
        assert tables(path) == before
        projection._connection.execute("PRAGMA max_page_count = 100000")
        assert projection.catch_up() == 397
    whole = path.with_name("whole.db")
    project(whole, script.disk)
    assert tables(path) == tables(whole)


def test_a_file_that_changes_under_our_hands_is_refused(path: Path, script: Script) -> None:
    with Projection.open(path, script.disk) as projection:
        changed(path, "INSERT INTO orders SELECT 9, 0, 0, 0, 'CLI00000009', NULL, symbol, side,"
                      " qty, price, 'pending', '0', '0', '0', NULL, NULL, 9, 0, NULL, '0'"
                      " FROM orders"
                      " WHERE placed_seq = 2")  # fmt: skip
        projection._books = None
        script.say("order.canceled", order_id="X1")
        script.place(3)
        script.place(4)
        assert projection.catch_up() == 3
    with Projection.open(path, script.disk) as projection:
        changed(path, "DROP TABLE quotes")
        script.place(5)
        with pytest.raises(ProjectionRefused, match="contradicts its log .no such table: quotes"):
            projection.catch_up()


def test_misuse_is_no_state_of_the_file(path: Path, script: Script) -> None:
    projection = project(path, script.disk)
    script.place(3)
    with pytest.raises(sqlite3.ProgrammingError):
        projection.catch_up()
    projection.close()


def test_a_connection_creates_nothing(path: Path) -> None:
    with pytest.raises(ProjectionFailed, match="unable to open database file"):
        connect(path, mode="rw")
    assert not path.exists()


@pytest.mark.parametrize(("code", "kind"), [
    (5, ProjectionHeld), (6, ProjectionHeld), (5 | 2 << 8, ProjectionHeld),
    (1, ProjectionRefused), (11, ProjectionRefused), (19, ProjectionRefused),
    (20, ProjectionRefused), (26, ProjectionRefused), (11 | 1 << 8, ProjectionRefused),
    (7, ProjectionFailed), (8, ProjectionFailed), (10, ProjectionFailed), (13, ProjectionFailed),
    (14, ProjectionFailed), (10 | 4 << 8, ProjectionFailed),
])  # fmt: skip
def test_what_sqlite_says_has_its_exit_code(code: int, kind: type[Any]) -> None:
    error = sqlite3.OperationalError("because")
    error.sqlite_errorcode = code
    with pytest.raises(kind) as caught, sqlite_errors(Path("a/orders.db")):
        raise error
    assert type(caught.value) is kind
    assert str(caught.value).startswith("orders.db ")


def test_another_log_under_the_same_name_gets_its_own_file(path: Path, script: Script) -> None:
    project(path, script.disk)
    other = Script(log_id="desk-2")
    found = project(path, other.disk).opened
    assert (found.found, found.why) == (Found.REBUILT, "it is of the log desk-1, not of desk-2")
    assert query(path, "SELECT log_id, last_seq FROM meta") == [("desk-2", 1)]
