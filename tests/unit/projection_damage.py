"""Ways to spoil the file of a projection, for tests."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

from tests.unit.projection_builders import Script, opened_at


def a_short_run() -> Script:
    """A run with rows in most tables; its log ends with seq 7."""
    made = Script()
    made.say("md.quote", symbol="BTCUSDT", bid="99", ask="101")
    made.an_open_order(1)
    made.fill()
    made.an_open_order(2)
    return made


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {one.name: one.read_bytes() for one in sorted(folder.iterdir()) if one.is_file()}


def changed(path: Path, *statements: str) -> None:
    """Somebody's own hand in the file; the settings that protect it are off."""
    with closing(opened_at(path)) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute("PRAGMA writable_schema = ON")
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def left_behind(path: Path, *statements: str) -> None:
    """As `changed`, by a process that dies: what it did stands in the write-ahead log only."""
    elsewhere = path.parent / "elsewhere"
    elsewhere.mkdir()
    with closing(opened_at(path)) as connection:
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        for statement in statements:
            connection.execute(statement)
        connection.commit()
        for suffix in ("", "-wal"):
            shutil.copy(f"{path}{suffix}", elsewhere)
    for one in list(elsewhere.iterdir()):
        shutil.move(one, path.parent / one.name)
    elsewhere.rmdir()


def flip_in_pages(path: Path) -> None:
    """Damage the inner structure of every page but the first."""
    data = bytearray(path.read_bytes())
    for start in range(4096, len(data), 4096):
        data[start : start + 12] = b"\xff" * 12
    path.write_bytes(data)
