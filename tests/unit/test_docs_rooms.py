"""The pages of single rooms cannot lie either: their commands and examples run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit import docs_examples
from tests.unit.docs_readme import ROOT, Block, Readme

BY_ITSELF = ("journal",)  # one story from its first example to its last, told by a test of its own
PAGES = [
    page
    for page in sorted((ROOT / "tools" / "live").glob("*/README.md"))
    if page.parent.name not in BY_ITSELF
]
EXAMPLES = [
    pytest.param(page, block, id=f"{page.parent.name}, line {block.line}")
    for page in PAGES
    for block in Readme(page.read_text(encoding="utf-8")).of_language("python", "console", "bash")
]
COMPLAINTS = {
    "python": docs_examples.python_complaints,
    "console": docs_examples.console_complaints,
    "bash": docs_examples.bash_complaints,
}


def test_rooms_with_a_page_are_found_and_named_on_the_front_page() -> None:
    front = (ROOT / "README_EXECUTION.md").read_text(encoding="utf-8")
    for page in PAGES:
        assert page.relative_to(ROOT).as_posix() in front


@pytest.mark.parametrize(("page", "block"), EXAMPLES)
def test_an_example_does_what_it_promises(page: Path, block: Block, tmp_path: Path) -> None:
    folder = tmp_path / "root"
    folder.mkdir()
    docs_examples.prepare(Readme(page.read_text(encoding="utf-8")), folder)
    assert COMPLAINTS[block.language](block, folder) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.parent.name)
def test_every_block_is_of_a_kind_that_is_checked(page: Path) -> None:
    readme = Readme(page.read_text(encoding="utf-8"))
    checked = {"python", "console", "bash"}
    assert all(block.language in checked or block.name for block in readme.blocks)
