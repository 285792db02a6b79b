"""What `journal/README.md` says about the projection is what the projection does."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import shutil
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import MustHave
from tests.unit.docs_readme import ROOT
from tests.unit.projection_builders import NAMES, opened_at
from tools.live import exec_demo
from tools.live.journal.projection import Found
from tools.live.journal.projection_schema import TABLES, VIEWS

PAGE = ROOT / "tools/live/journal/README.md"
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def blocks(language: str) -> list[str]:
    return [text for found, text in BLOCKS if found == language]


def queries() -> list[tuple[str, str]]:
    """Each query with the output that is promised behind it."""
    return [
        (text, BLOCKS[place + 1][1])
        for place, (language, text) in enumerate(BLOCKS)
        if language == "sql" and not text.startswith("CREATE")
    ]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database of the page's own run, made by the page's own words."""
    folder = tmp_path_factory.mktemp("page")
    command = blocks("console")[0].removeprefix("$ ").replace("\\\n", "")
    words = shlex.split(command)
    assert words[:3] == ["python", "-m", "tools.live.exec_demo"]
    code = blocks("python")[0]
    promised = [line[3:] for line in code.splitlines() if line.startswith("#> ")]
    printed = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.chdir(folder):
        patch.setenv("MM_FREEZE_UTC_ISO", "2025-01-01T00:00:00Z")
        assert exec_demo.main(words[3:]) == 0
        with contextlib.redirect_stdout(printed):
            exec(compile(code, "the page", "exec"), {"__name__": "example"})
    assert printed.getvalue().splitlines() == promised
    assert (folder / "run1/kept.db").exists()
    return folder / "run1/orders.db"


def test_the_page_shows_every_table_and_view_as_it_is() -> None:
    shown = [text for text in blocks("sql") if text.startswith("CREATE")]
    assert shown == [f"{statement};\n" for statement in (*TABLES, *VIEWS)]
    headings = re.findall(r"^### (\w+)$", PAGE.read_text("utf-8"), re.MULTILINE)
    assert tuple(headings) == NAMES


def test_the_page_names_what_opening_finds() -> None:
    said = re.findall(r"^\| .* \| `(\w+)`", PAGE.read_text("utf-8"), re.MULTILINE)
    assert said == [Found.CREATED, Found.CURRENT, Found.CAUGHT_UP, Found.REBUILT]


def test_there_are_queries_for_the_obvious_questions() -> None:
    assert len(queries()) >= 6


@pytest.mark.parametrize("number", range(len(queries())))
def test_a_query_prints_what_the_page_promises(number: int, database: Path) -> None:
    query, promised = queries()[number]
    with closing(opened_at(database)) as connection:
        found = connection.execute(query)
        rows = [[column[0] for column in found.description], *found]
    lines = ["|".join("" if value is None else str(value) for value in row) for row in rows]
    assert lines == promised.splitlines()
    assert len(lines) > 1


@pytest.mark.parametrize("number", range(len(queries())))
def test_the_command_line_prints_the_same(
    number: int, database: Path, must_have: MustHave
) -> None:
    must_have("sqlite3", shutil.which("sqlite3") is not None)
    query, promised = queries()[number]
    command = [str(shutil.which("sqlite3")), "-readonly", "-header", str(database), query]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == promised
