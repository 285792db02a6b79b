"""Backups, other readers while a projection is written, and what the views show them."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import MustHave
from tests.unit.projection_builders import Script, opened_at, project, query, tables
from tests.unit.projection_fixtures import a_filled_order, path
from tools.live.core.errors import ContractError
from tools.live.journal.projection import Found, Projection


@pytest.mark.parametrize("left", [False, True], ids=["alone", "beside what a crash left"])
def test_a_backup_is_one_whole_file_that_goes_on(
    left: bool, path: Path, script: Script, tmp_path: Path
) -> None:
    target = tmp_path / "kept" / "orders.db"
    target.parent.mkdir()
    if left:
        target.with_name("orders.db.tmp").write_bytes(b"left by a crash")
    with Projection.open(path, script.disk) as projection:
        projection.backup(target)
        assert tables(target) == tables(path)
    assert [one.name for one in target.parent.iterdir()] == ["orders.db"]
    assert target.read_bytes()[18:20] == b"\x01\x01"
    script.place(2)
    assert project(target, script.disk).opened.found is Found.CAUGHT_UP
    assert query(target, "SELECT count(*) FROM orders") == [(2,)]


@pytest.mark.parametrize(("name", "said"), [
    ("orders.db", "the backup 'orders.db' is there already; name a new file"),
    ("copy.sqlite", "must be a .db file in a folder"),
    ("none/copy.db", "must be a .db file in a folder"),
])  # fmt: skip
def test_a_backup_replaces_nothing(name: str, said: str, path: Path, script: Script) -> None:
    with Projection.open(path, script.disk) as projection:
        with pytest.raises(ContractError, match=said):
            projection.backup(path.parent / name)
        assert not list(path.parent.glob("copy*"))


def test_readers_see_whole_batches_while_they_are_written(path: Path, script: Script) -> None:
    with Projection.open(path, script.disk) as projection, closing(opened_at(path)) as reader:
        statement = "SELECT (SELECT count(*) FROM orders), (SELECT last_seq FROM meta)"
        reader.execute("BEGIN")
        assert reader.execute(statement).fetchone() == (1, 4)
        script.place(2)
        script.place(3)
        assert projection.catch_up() == 2
        assert reader.execute(statement).fetchone() == (1, 4)
        reader.execute("COMMIT")
        assert reader.execute(statement).fetchone() == (3, 6)
        projection._connection.execute("BEGIN IMMEDIATE")
        projection._connection.execute("DELETE FROM quotes")
        projection._connection.execute("UPDATE meta SET last_seq = 99")
        assert reader.execute(statement).fetchone() == (3, 6)
        projection._connection.execute("ROLLBACK")


def test_the_command_line_reads_while_we_write(
    path: Path, script: Script, must_have: MustHave
) -> None:
    must_have("sqlite3", shutil.which("sqlite3") is not None)

    def asked() -> str:
        command = [str(shutil.which("sqlite3")), "-readonly", str(path),
                   "SELECT client_order_id, state, filled FROM orders"]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
        return done.stdout

    with Projection.open(path, script.disk) as projection:
        assert asked() == "CLI00000001|partially_filled|1\n"
        script.fill("F2")
        projection._connection.execute("BEGIN IMMEDIATE")
        projection._connection.execute("UPDATE orders SET message = 'not yet'")
        assert asked() == "CLI00000001|partially_filled|1\n"
        projection._connection.execute("ROLLBACK")
        projection.catch_up()
        assert asked() == "CLI00000001|filled|2\n"
    assert asked() == "CLI00000001|filled|2\n"


def test_the_views_show_ordinary_numbers(path: Path, script: Script) -> None:
    script.say("md.quote", symbol="BTCUSDT", bid="104", ask="106")
    script.place(2, side="Sell", symbol="ETHUSDT", qty="0.5", price="3000.25")
    script.an_open_order(3, symbol="SOLUSDT", qty="4", price="10")
    script.fill("F3", "X3", symbol="SOLUSDT", qty="4", price="10", liquidity="taker")
    script.an_open_order(4, symbol="SOLUSDT", qty="4", price="11", side="Sell")
    script.fill("F4", "X4", symbol="SOLUSDT", qty="4", price="11", side="Sell")
    project(path, script.disk)

    def shown(view: str) -> list[tuple[Any, ...]]:
        with closing(opened_at(path)) as connection:
            connection.row_factory = sqlite3.Row
            return [tuple(row) for row in connection.execute(f"SELECT * FROM {view}")]

    utc = "2025-01-01 00:00:00"
    assert shown("open_orders") == [
        ("CLI00000001", "X1", "BTCUSDT", "Buy", "partially_filled", 2.0, 100.0, 1.0, 1.0, utc),
        ("CLI00000002", None, "ETHUSDT", "Sell", "pending", 0.5, 3000.25, 0.0, 0.5, utc),
    ]
    assert shown("positions_now") == [
        ("BTCUSDT", 1.0, 100.0, 105.0, 0.0, 5.0, 0.01, 4.99, -100.01, 0.0),
        ("SOLUSDT", 0.0, None, None, 4.0, None, pytest.approx(0.0324), pytest.approx(3.9676),
         pytest.approx(3.9676), 0.0),
    ]  # fmt: skip
    assert shown("booked_fills")[0] == (
        3, utc, "F1", "CLI00000001", "BTCUSDT", "Buy", 1.0, 100.0, 100.0, "maker", 0.01, 0, ""
    )
    assert len(shown("booked_fills")) == 3


def test_a_position_without_a_mark_has_no_value(path: Path, script: Script) -> None:
    project(path, script.disk)
    found = query(path, "SELECT qty, mark, unrealised, net, cash FROM positions_now")
    assert found == [(1.0, None, None, None, -100.01)]


def test_the_writer_is_not_disturbed(path: Path, script: Script) -> None:
    """Reading a log needs no lock of it, and a projection needs none of the log's time."""
    with Projection.open(path, script.disk):
        ops = script.disk.changed
        project(path.with_name("other.db"), script.disk)
        assert script.disk.changed == ops
