"""What every hostile row must show: a code, one line that says what to do, nothing touched."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.hostile.refusals import Refuse, digest
from tools.live import exec_demo


@pytest.fixture(scope="session")
def still_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with something in it to lose, which no row may change."""
    folder = tmp_path_factory.mktemp("still")
    (folder / "quotes.csv").write_text("symbol,bid,ask,timestamp_ms\nBTCUSDT,100,101,0\n")
    (folder / "run.toml").write_text("seed = 1\n")
    (folder / "old.json").write_text("{}\n")
    (folder / "inner").mkdir()
    (folder / "inner.toml").mkdir()
    (folder / "link").symlink_to("old.json")
    (folder / "dead").symlink_to("nowhere")
    (folder / "way").symlink_to("inner")
    (folder / "dead.toml").symlink_to("nowhere")
    os.mkfifo(folder / "fifo")
    os.mkfifo(folder / "fifo.toml")
    return folder


@pytest.fixture
def folder(still_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same folder as the current one; what a row adds to it goes away with the row."""
    monkeypatch.chdir(still_folder)
    return still_folder


@pytest.fixture
def hostile(folder: Path) -> Iterator[Callable[[str, bytes], str]]:
    """Puts a file into the folder for one row, and returns its name."""
    made: list[Path] = []

    def put(name: str, raw: bytes) -> str:
        made.append(folder / name)
        made[-1].write_bytes(raw)
        return name

    yield put
    for path in made:
        path.unlink()


@pytest.fixture
def refuse(folder: Path, capsys: pytest.CaptureFixture[str]) -> Refuse:
    """The check that every row shares."""

    def check(
        *argv: str, code: int = 2, main: Callable[[list[str]], int] = exec_demo.main
    ) -> str:
        before = digest(folder)
        given = ["--shadow", *argv] if main is exec_demo.main else list(argv)
        answered = main(given)
        out, err = capsys.readouterr()
        assert (answered, out) == (code, ""), err
        assert err.startswith("error: ") and err.endswith("\n") and err.count("\n") == 1, err
        line: str = err[:-1]
        assert line.isprintable() and len(line) < 800, line
        assert "Traceback" not in line
        what, _, advice = line.partition("; ")
        assert what.count(": ") >= 2 and len(advice) > 5, line
        assert digest(folder) == before
        return line

    return check
