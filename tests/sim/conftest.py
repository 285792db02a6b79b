"""Counts what the simulation did, and prints it at the end of the run."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.sim.figures import table

COUNTED = pytest.StashKey[Counter[str]]()


@pytest.fixture
def figures(request: pytest.FixtureRequest) -> Counter[str]:
    """The counter that all tests of a run share."""
    return request.config.stash.setdefault(COUNTED, Counter())


@pytest.fixture
def untraced() -> Iterator[None]:
    """Not measured for coverage: that would double the time of millions of calls, and a line that
    they run is run by the first block of seeds as well."""
    tracer = sys.gettrace()
    sys.settrace(None)
    yield
    sys.settrace(tracer)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    lines = table(config.stash.get(COUNTED, Counter()))
    if lines:
        terminalreporter.section("simulated lives of the log")
        for line in lines:
            terminalreporter.write_line(line)
