"""What every test shares: the golden-file fixture, and a world without outside influence."""

from __future__ import annotations

import os
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.sim.figures import table

Golden = Callable[[Path, str], None]
MustHave = Callable[[str, bool], None]
COUNTED = pytest.StashKey[Counter[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-goldens",
        action="store_true",
        help="rewrite golden files from what the product does now",
    )


def pytest_configure() -> None:
    """A shell's background job ignores Ctrl-C, and so would every child that a test interrupts."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _no_outside_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that wants the frozen clock sets it itself."""
    monkeypatch.delenv("MM_FREEZE_UTC_ISO", raising=False)


@pytest.fixture
def untraced() -> Iterator[None]:
    """Not measured for coverage: for loops over every byte, seed or crash, which take several times
    as long under it and reach no line that a smaller test does not reach."""
    tracer = sys.gettrace()
    sys.settrace(None)
    yield
    sys.settrace(tracer)


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Compare a text with a golden file, or rewrite the file under --update-goldens."""
    update = bool(request.config.getoption("--update-goldens"))

    def compare(path: Path, text: str) -> None:
        if update:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode("utf-8"))
        assert path.is_file(), f"{path} is missing; run `make goldens`"
        assert text == path.read_bytes().decode("utf-8"), f"{path} differs; see `make goldens`"

    return compare


@pytest.fixture(scope="session")
def must_have() -> MustHave:
    """Skip when a tool is missing, except in CI, where a missing tool is a failure."""

    def check(what: str, present: bool) -> None:
        if not present and os.environ.get("CI"):
            pytest.fail(f"{what} is missing, and in CI nothing may be skipped")
        if not present:
            pytest.skip(f"{what} is missing")

    return check


@pytest.fixture
def figures(request: pytest.FixtureRequest) -> Counter[str]:
    """The counter that all tests of a run share; it is printed at the end."""
    return request.config.stash.setdefault(COUNTED, Counter())


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    lines = table(config.stash.get(COUNTED, Counter()))
    if lines:
        terminalreporter.section("simulated lives of the log")
        for line in lines:
            terminalreporter.write_line(line)
