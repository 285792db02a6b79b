"""`sim/trigger_levels`: the highest levels are touched first, and what has left is forgotten."""

from __future__ import annotations

from tests.unit.prop import chance
from tools.live.sim.trigger_levels import FallingLevels


def test_a_price_touches_all_levels_that_are_not_below_it() -> None:
    levels = FallingLevels()
    for number, level in enumerate((90, 95, 80, 95), 1):
        levels.add(number, level)
    assert levels.touched(96) == []
    assert levels.touched(95) == [2, 4]
    assert levels.touched(81) == [1]
    assert len(levels) == 1
    assert levels.level(3) == 80
    assert levels.level(1) is None


def test_what_was_removed_is_not_touched_and_may_come_again_elsewhere() -> None:
    levels = FallingLevels()
    levels.add(1, 90)
    levels.remove(1)
    levels.remove(1)
    assert levels.touched(50) == []
    levels.add(1, 90)
    levels.remove(1)
    levels.add(1, 70)
    assert levels.touched(80) == []
    assert levels.touched(70) == [1]


def test_orders_that_come_and_go_leave_no_heap_behind() -> None:
    levels = FallingLevels()
    rng = chance(1)
    for number in range(1000):
        levels.add(number, rng.randrange(100))
        levels.remove(number)
    assert len(levels._heap) < 20
    levels.add(1, 50)
    levels.add(2, 60)
    for number in range(3, 100):
        levels.add(number, 10)
        levels.remove(number)
    assert levels.touched(40) == [2, 1]
