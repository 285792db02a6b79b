"""The collector is quiet during a run and as before afterwards."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from tools.live.core.quiet_gc import no_gc, quiet_gc


@pytest.fixture(autouse=True)
def _thresholds() -> Iterator[None]:
    before, on = gc.get_threshold(), gc.isenabled()
    gc.set_threshold(700, 10, 10)
    yield
    gc.set_threshold(*before)
    gc.enable() if on else gc.disable()


def test_inside_it_collects_rarely() -> None:
    before = gc.get_threshold()
    with quiet_gc():
        assert gc.get_threshold() == (100_000, *before[1:])


def test_afterwards_everything_is_as_before() -> None:
    before = gc.get_threshold()
    with quiet_gc():
        pass
    assert gc.get_threshold() == before


def test_an_error_restores_it_too() -> None:
    before = gc.get_threshold()
    with pytest.raises(KeyError), quiet_gc():
        raise KeyError("x")
    assert gc.get_threshold() == before


def test_a_still_quieter_collector_is_left_alone() -> None:
    gc.set_threshold(10**6, 20, 30)
    before = gc.get_threshold()
    with quiet_gc():
        assert gc.get_threshold() == before


def test_a_disabled_collector_stays_disabled() -> None:
    gc.disable()
    with quiet_gc():
        assert not gc.isenabled()
    assert not gc.isenabled()


def test_a_threshold_of_zero_means_never_and_stays() -> None:
    gc.set_threshold(0, 10, 10)
    with quiet_gc():
        assert gc.get_threshold()[0] == 0


def test_it_may_be_nested() -> None:
    with quiet_gc():
        with quiet_gc():
            pass
        assert gc.get_threshold()[0] == 100_000
    assert gc.get_threshold()[0] == 700


@pytest.mark.parametrize("on", [True, False])
def test_without_a_collector_it_is_off_and_afterwards_as_before(on: bool) -> None:
    gc.enable() if on else gc.disable()
    with no_gc():
        assert not gc.isenabled()
        with no_gc():
            pass
        assert not gc.isenabled()
    assert gc.isenabled() == on
    with pytest.raises(KeyError), no_gc():
        raise KeyError("x")
    assert gc.isenabled() == on


def test_what_was_made_without_a_collector_is_old_afterwards() -> None:
    """Else the next few objects would have every order of a run walked over, for nothing."""
    gc.collect()
    with no_gc():
        made = [[one] for one in range(5_000)]
        assert len(gc.get_objects(0)) > len(made)
    assert len(gc.get_objects(0)) < 1_000
    assert gc.get_freeze_count() == 0


def test_what_is_frozen_for_good_stays_so() -> None:
    gc.freeze()
    try:
        frozen = gc.get_freeze_count()
        with no_gc():
            pass
        assert gc.get_freeze_count() == frozen > 0
    finally:
        gc.unfreeze()
