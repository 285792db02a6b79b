"""`journal project`: `tools.live.journal_cli_project` says what it found and what it made."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tools.live import exec_demo, journal_cli_project
from tools.live.core.clock import FREEZE_VARIABLE
from tools.live.journal.projection import Found
from tools.live.journal_cli import main


@pytest.fixture(autouse=True)
def a_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(FREEZE_VARIABLE, "2025-01-01T00:00:00Z")
    monkeypatch.chdir(tmp_path)
    flags = ["--shadow", "--iterations", "5", "--journal", "run", "--out", "report.json"]
    assert exec_demo.main(flags) == 0


def project(capsys: pytest.CaptureFixture[str], *flags: str) -> tuple[int, str, str]:
    code = main(["project", "run", *flags])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def orders_in(path: str) -> int:
    with sqlite3.connect(path) as connection:
        count: int = connection.execute("SELECT count(*) FROM orders").fetchone()[0]
    connection.close()
    return count


def test_it_is_made_and_then_it_is_current(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = project(capsys)
    assert (code, err) == (0, "")
    assert out.startswith("run/orders.db  created, up to seq ")
    assert orders_in("run/orders.db") == 20
    assert project(capsys)[1] == out.replace("created", "is current")


def test_another_file_and_a_copy(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = project(capsys, "--db", "mine.db", "--backup", "copy.db")
    assert code == 0
    assert out.splitlines()[1] == "copy.db  a copy of it"
    assert orders_in("mine.db") == orders_in("copy.db") == 20
    assert not Path("run/orders.db").exists()


def test_a_damaged_file_is_put_aside_and_said_so(capsys: pytest.CaptureFixture[str]) -> None:
    project(capsys)
    path = Path("run/orders.db")
    path.write_bytes(b"\0" * 4096)
    code, out, _ = project(capsys)
    assert code == 0
    first, second = out.splitlines()
    assert first.startswith("run/orders.db  built anew, up to seq ")
    assert "the old one, put aside: " in second
    assert orders_in("run/orders.db") == 20


def test_what_is_wrong_has_its_code(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = project(capsys, "--db", "mine.sqlite")
    assert (code, out) == (2, "")
    assert err.startswith("error: input: ") and ".db" in err


def test_every_finding_has_its_words() -> None:
    assert list(journal_cli_project._SAID) == list(Found)
