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


@contextmanager
def no_gc() -> Iterator[None]:
    """Collect not at all: for a replay, in which only our own code runs and makes no cycles.

    A collector would walk every order of the run over and over, and find nothing. So that it does
    not walk all of them right afterwards, they are old when this ends.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            _call_all_old()
            gc.enable()


def _call_all_old() -> None:
    """Put every object where the collector looks last; what somebody froze for good stays so."""
    if not gc.get_freeze_count():
        gc.freeze()
        gc.unfreeze()
