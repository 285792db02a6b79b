"""A collector that does not walk a growing pile of live orders over and over."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_YOUNG_OBJECTS = 100_000


@contextmanager
def quiet_gc() -> Iterator[None]:
    """Collect rarely while a run lasts; the run itself makes no cycles, its plug-ins may."""
    before = gc.get_threshold()
    if before[0]:  # zero means that the caller has switched the collector off
        gc.set_threshold(max(before[0], _YOUNG_OBJECTS), before[1], before[2])
    try:
        yield
    finally:
        gc.set_threshold(*before)
