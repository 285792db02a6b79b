"""What the tests of the simulation share."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest


@pytest.fixture
def untraced() -> Iterator[None]:
    """Not measured for coverage: that would double the time of millions of calls, and a line that
    they run is run by the first block of seeds as well."""
    tracer = sys.gettrace()
    sys.settrace(None)
    yield
    sys.settrace(tracer)
