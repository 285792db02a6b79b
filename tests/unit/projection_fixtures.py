"""What the tests of the projection begin with: where it is, and a journal to project.

A test module imports what it needs; two of them are called `script` there.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.projection_builders import Script
from tests.unit.projection_damage import a_short_run


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "orders.db"


@pytest.fixture(name="script")
def a_filled_order() -> Script:
    """One order, one fill; the log ends with seq 4."""
    made = Script()
    made.an_open_order(1)
    made.fill()
    return made


@pytest.fixture(name="script")
def a_run_with_rows_in_most_tables() -> Script:
    return a_short_run()
