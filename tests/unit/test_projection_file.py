"""The database file: what it must be like, and what becomes of it when it is not."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Callable
from contextlib import AbstractContextManager, closing, nullcontext
from pathlib import Path

import pytest

from tests.unit.projection_builders import Script, opened_at, project, query, tables
from tests.unit.projection_damage import (
    bytes_of, changed, flip_in_pages, left_behind,
)  # fmt: skip
from tests.unit.projection_fixtures import a_run_with_rows_in_most_tables, path
from tools.live.journal import projection_file, projection_schema
from tools.live.journal.os_disk import OsDisk
from tools.live.journal.projection import Found, Projection
from tools.live.journal.projection_file import ProjectionFailed
from tools.live.journal.projection_schema import APPLICATION_ID, SCHEMA_VERSION, SETTINGS, TABLES


# A new file.


def test_a_new_file_is_private_and_says_whose_it_is(path: Path, script: Script) -> None:
    before = os.umask(0)
    try:
        project(path, script.disk)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    header = path.read_bytes()[:100]
    assert int.from_bytes(header[60:64], "big") == SCHEMA_VERSION == 3
    assert int.from_bytes(header[68:72], "big") == APPLICATION_ID
    assert header[18:20] == b"\x02\x02"  # a write-ahead log is in use
    assert [one.name for one in path.parent.iterdir()] == ["orders.db"]
    assert query(path, "SELECT id, schema_version, log_id FROM meta") == [(1, 3, "desk-1")]


def test_whose_it_is_stands_in_the_file_before_anything_else_does(
    path: Path, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kill leaves what is in the file and its write-ahead log; a newer program reads the file."""
    left: list[sqlite3.Connection] = []

    def unclosed(connection: sqlite3.Connection) -> AbstractContextManager[sqlite3.Connection]:
        left.append(connection)
        return nullcontext(connection)

    monkeypatch.setattr(projection_file, "closing", unclosed)
    projection_file.create(OsDisk(path.parent), path, "desk-1", b"\1" * 32)
    header = path.read_bytes()[:100]
    left[0].close()
    assert int.from_bytes(header[60:64], "big") == SCHEMA_VERSION
    assert int.from_bytes(header[68:72], "big") == APPLICATION_ID


def test_an_open_connection_has_the_settings_of_the_house(path: Path, script: Script) -> None:
    assert [(name, found) for name, _, found in SETTINGS] == [
        ("busy_timeout", 5000), ("trusted_schema", 0), ("foreign_keys", 1),
        ("journal_mode", "wal"), ("synchronous", 2),
    ]  # fmt: skip
    with Projection.open(path, script.disk) as projection:
        for name, _, wanted in SETTINGS:
            found = projection._connection.execute(f"PRAGMA {name}").fetchone()
            assert found == (wanted,), name
        assert projection._connection.isolation_level is None


@pytest.mark.parametrize("number", range(len(SETTINGS)))
def test_a_setting_that_is_not_taken_ends_it(
    number: int, path: Path, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    project(path, script.disk)
    name, value, _ = SETTINGS[number]
    settings = [*SETTINGS[:number], (name, value, "else"), *SETTINGS[number + 1 :]]
    monkeypatch.setattr(projection_file, "SETTINGS", settings)
    said = f"orders.db has {name} .*, not 'else', .*local disk"
    with pytest.raises(ProjectionFailed, match=said):
        project(path, script.disk)


def test_every_table_is_strict_and_every_statement_stands_in_the_file(
    path: Path, script: Script
) -> None:
    assert all(table.endswith(") STRICT") for table in TABLES)
    project(path, script.disk)
    stated = {row[0] for row in query(path, "SELECT sql FROM sqlite_master")}
    assert set(projection_schema.STATEMENTS) <= stated


# Trust.


def test_a_sound_file_is_kept(path: Path, script: Script) -> None:
    assert project(path, script.disk).opened.found is Found.CREATED
    before = path.read_bytes()
    again = project(path, script.disk).opened
    assert (again.found, again.why, again.aside) == (Found.CURRENT, "", "")
    assert (again.from_seq, again.to_seq) == (7, 7)
    assert path.read_bytes() == before


def test_what_people_add_of_their_own_stays(path: Path, script: Script) -> None:
    project(path, script.disk)
    changed(path, "CREATE VIEW mine AS SELECT 1", "CREATE INDEX fast ON fills (symbol)")
    assert project(path, script.disk).opened.found is Found.CURRENT
    assert query(path, "SELECT * FROM mine") == [(1,)]


def rewrite(change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(change(path.read_bytes())) and None


def by_hand(*statements: str) -> Callable[[Path], None]:
    return lambda path: changed(path, *statements)


@pytest.mark.parametrize(("damage", "why"), [
    (rewrite(lambda data: b"not a database at all" * 300), "it is damaged: file is not a database"),
    (rewrite(lambda data: b"\0" * len(data)), "it is damaged: file is not a database"),
    (rewrite(lambda data: b"\xff" + data[1:]), "it is damaged: file is not a database"),
    (rewrite(lambda data: data[:5000]), "it is damaged: "),
    (rewrite(lambda data: data[:50]), "it is damaged: "),
    (flip_in_pages, "it is damaged: "),
    (by_hand("UPDATE orders SET state = 'lost'"), "it is damaged: CHECK constraint failed"),
    (by_hand("DELETE FROM orders"), "its rows do not fit together"),
    (by_hand("DELETE FROM fills"), "its rows do not fit together"),
    (by_hand("DELETE FROM meta"), "it does not say which log it is of"),
    (by_hand("UPDATE positions SET cost = 'much'"),
     "it is damaged: amount 'much' is not a decimal of at most 18 places"),
    (by_hand("UPDATE terms SET maker_bps = '1.0'"), "it is damaged: number '1.0' must be spelled"),
    (by_hand("UPDATE positions SET cost = CAST(x'ff' AS TEXT)"),
     "it is damaged: Could not decode to UTF-8"),
    (by_hand("DROP INDEX fills_booked"), "its tables were changed"),
    (by_hand("DROP VIEW open_orders"), "its tables were changed"),
    (by_hand("DROP TABLE freezes"), "its tables were changed"),
    (by_hand("ALTER TABLE freezes ADD COLUMN note TEXT"), "its tables were changed"),
    (by_hand("PRAGMA user_version = 0"), "its tables are of the old version 0"),
    (by_hand("PRAGMA application_id = 7"), "it is the database of another program"),
    (by_hand("PRAGMA application_id = 0"), "it is the database of another program"),
    (by_hand("UPDATE meta SET log_id = 'desk-2'"), "it is of the log desk-2, not of desk-1"),
    (by_hand("UPDATE meta SET head_hash = 'f'"),
     "the log has another record 7 than was taken over"),
    (by_hand("UPDATE meta SET last_seq = 6"), "the log has another record 6 than was taken over"),
])  # fmt: skip
def test_what_cannot_be_trusted_is_put_aside_and_built_anew(
    damage: Callable[[Path], None], why: str, path: Path, script: Script
) -> None:
    project(path, script.disk)
    sound = tables(path)
    damage(path)
    damaged = path.read_bytes()
    for number in (1, 2):
        projected = project(path, script.disk).opened
        assert projected.found is Found.REBUILT
        assert projected.why.startswith(why)
        assert (projected.from_seq, projected.to_seq) == (-1, 7)
        assert projected.aside == f"orders.db.aside-{number}"
        assert path.with_name(projected.aside).read_bytes() == damaged
        assert tables(path) == sound
        assert project(path, script.disk).opened.found is Found.CURRENT
        path.write_bytes(damaged)


def test_every_part_is_put_aside_together(path: Path, script: Script) -> None:
    project(path, script.disk)
    left_behind(path, "UPDATE meta SET head_hash = 'f'")
    for suffix in ("-shm", "-journal"):
        path.with_name(f"orders.db{suffix}").touch()
    parts = bytes_of(path.parent)
    assert project(path, script.disk).opened.aside == "orders.db.aside-1"
    kept = bytes_of(path.parent)
    for suffix in ("", "-wal", "-journal"):
        assert kept[f"orders.db.aside-1{suffix}"] == parts[f"orders.db{suffix}"]
    assert "orders.db.aside-1-shm" in kept
    assert sorted(kept) == ["orders.db", *sorted(n for n in kept if "aside-1" in n)]
    assert query(path.with_name("orders.db.aside-1"), "SELECT head_hash FROM meta") == [("f",)]


def test_a_write_ahead_log_without_its_file_is_put_aside(path: Path, script: Script) -> None:
    project(path, script.disk)
    sound = tables(path)
    left_behind(path, "UPDATE meta SET last_seq = 7")
    path.unlink()
    found = project(path, script.disk).opened
    assert (found.found, found.why) == (Found.REBUILT, "only its write-ahead log is left")
    assert sorted(one.name for one in path.parent.iterdir()) == [
        "orders.db", "orders.db.aside-1-wal"
    ]  # fmt: skip
    assert tables(path) == sound


@pytest.mark.parametrize("statement", ["", "PRAGMA journal_mode = WAL"])
def test_an_empty_file_is_filled(statement: str, path: Path, script: Script) -> None:
    with closing(opened_at(path)) as connection:
        connection.execute(statement)
    path.touch()
    found = project(path, script.disk).opened
    assert (found.found, found.aside) == (Found.CREATED, "")
