"""`sim/trailing`: levels follow a rise at their distance, never fall, and are touched in a fall."""

from __future__ import annotations

import pytest
from tests.unit.prop import chance
from tools.live.sim.trailing import TrailingLevels, Width

TEN: Width = (False, 10)
ONE_PERCENT: Width = (True, 100 * 10**9)


def trails(*orders: tuple[int, Width], price: int | None = 100) -> TrailingLevels:
    made = TrailingLevels()
    for number, width in orders:
        made.add(number, width, price=price, start=None)
    return made


def test_a_level_follows_the_price_up_and_stands_when_it_falls() -> None:
    levels = trails((1, TEN))
    assert levels.level(1) == 90
    assert levels.touched(105) == []
    assert levels.level(1) == 95
    assert levels.touched(96) == []
    assert levels.level(1) == 95
    assert levels.touched(95) == [1]
    assert levels.level(1) is None
    assert len(levels) == 0


def test_orders_of_one_price_are_touched_by_their_distance() -> None:
    levels = trails((1, (False, 5)), (2, ONE_PERCENT), (3, (False, 20)))
    assert levels.touched(99) == [2]
    assert levels.touched(80) == [1, 3]


def test_a_distance_in_basis_points_is_a_part_of_the_mark_and_at_least_one_step() -> None:
    levels = trails((1, ONE_PERCENT), (2, (True, 1)))
    assert (levels.level(1), levels.level(2)) == (99, 99)
    levels.touched(250)
    assert (levels.level(1), levels.level(2)) == (248, 249)


def test_for_a_fall_of_prices_the_sign_is_turned() -> None:
    levels = TrailingLevels()
    levels.add(1, ONE_PERCENT, price=-1000, start=None)
    assert levels.level(1) == -1010
    assert levels.touched(-900) == []
    assert levels.level(1) == -909
    assert levels.touched(-909) == [1]


def test_who_came_in_lower_meets_the_others_at_a_new_high() -> None:
    levels = trails((1, TEN))
    levels.touched(95)
    levels.add(2, (False, 3), price=95, start=None)
    assert (levels.level(1), levels.level(2)) == (90, 92)
    levels.touched(97)
    assert (levels.level(1), levels.level(2)) == (90, 94)
    levels.touched(101)
    assert (levels.level(1), levels.level(2)) == (91, 98)
    assert levels.touched(98) == [2]


def test_without_a_price_the_first_one_that_comes_is_followed() -> None:
    levels = trails((1, TEN), price=None)
    assert levels.level(1) is None
    assert levels.touched(50) == []
    assert levels.level(1) == 40


@pytest.mark.parametrize("width", [TEN, ONE_PERCENT])
@pytest.mark.parametrize("price", [None, 92])
def test_a_start_holds_till_the_price_has_gone_its_distance(
    width: Width, price: int | None
) -> None:
    levels = TrailingLevels()
    levels.add(1, width, price=price, start=991)
    assert levels.level(1) == 991
    levels.touched(1000)
    assert levels.level(1) == (991 if width is TEN else 990 + 1)
    levels.touched(1100)
    assert levels.level(1) == (1090 if width is TEN else 1089)


def test_a_start_behind_the_market_is_no_start() -> None:
    levels = TrailingLevels()
    levels.add(1, TEN, price=100, start=80)
    assert levels.level(1) == 90


def test_a_start_can_be_touched_and_removed_before_it_moves() -> None:
    levels = TrailingLevels()
    levels.add(1, TEN, price=None, start=90)
    levels.add(2, TEN, price=None, start=80)
    assert len(levels) == 2
    levels.remove(2)
    assert levels.touched(90) == [1]
    assert levels.touched(200) == []
    assert len(levels) == 0


def test_what_was_removed_is_not_touched_and_may_come_again_at_another_distance() -> None:
    levels = trails((1, TEN), (2, ONE_PERCENT))
    levels.remove(1)
    levels.remove(1)
    levels.add(1, (False, 30), price=100, start=None)
    assert levels.touched(85) == [2]
    assert levels.touched(70) == [1]


def test_a_group_whose_first_order_left_is_touched_by_its_next() -> None:
    levels = trails((1, (False, 2)), (2, (False, 20)))
    levels.add(3, TEN, price=95, start=None)
    levels.remove(1)
    assert levels.touched(90) == []
    assert levels.touched(85) == [3]
    assert levels.touched(80) == [2]


def test_orders_that_come_and_go_in_a_long_fall_leave_nothing_behind() -> None:
    levels = trails((0, (False, 9_999)), price=10_000)
    for number in range(1, 3000):
        levels.add(number, TEN, price=10_000 - number, start=None)
        levels.remove(number)
        levels.add(-number, TEN, price=10_000 - number, start=20_000)
        levels.remove(-number)
    assert len(levels) == 1
    assert len(levels._groups) + len(levels._tops) + len(levels._wakes) < 60
    assert levels.touched(2) == []
    assert levels.touched(1) == [0]


def test_a_group_forgets_the_rows_of_many_that_left() -> None:
    levels = trails(*((number, TEN) for number in range(100)), (100, ONE_PERCENT))
    for number in range(99):
        levels.remove(number)
    assert levels._groups[-1]._rows() < 25
    assert levels.touched(90) == [99, 100]


def test_a_group_that_was_met_again_is_not_touched_twice() -> None:
    """Its old note stays behind and says nothing."""
    levels = trails((1, TEN), (2, (False, 11)))
    levels.touched(95)
    levels.add(3, TEN, price=95, start=None)
    levels.add(4, TEN, price=94, start=None)
    levels.touched(100)
    assert [levels.level(number) for number in (1, 2, 3, 4)] == [90, 89, 90, 90]
    levels.remove(4)
    assert levels.touched(90) == [1, 3]
    assert levels.touched(80) == [2]


def test_of_two_groups_that_meet_the_smaller_moves_without_those_that_left() -> None:
    levels = trails((1, TEN), (2, TEN), (3, TEN), (4, TEN))
    levels.touched(95)
    levels.add(5, TEN, price=95, start=None)
    levels.add(6, TEN, price=95, start=None)
    levels.remove(5)
    levels.touched(100)
    assert levels.touched(90) == [1, 2, 3, 4, 6]


def test_the_many_stay_where_they_are_when_a_few_join_them() -> None:
    levels = trails(*((number, TEN) for number in range(50)))
    many = levels._groups[-1]
    for price in range(100, 120):
        levels.add(price, TEN, price=price - 5, start=None)
        assert levels.touched(price) == []
        assert levels._groups == [many]


def test_a_start_that_was_removed_does_not_wake() -> None:
    levels = TrailingLevels()
    levels.add(1, TEN, price=None, start=90)
    levels.remove(1)
    levels.add(1, TEN, price=None, start=95)
    levels.touched(101)
    assert levels.level(1) == 95
    levels.touched(106)
    assert levels.level(1) == 96


def test_a_price_touches_few_rows_however_many_orders_wait() -> None:
    """Ten thousand prices over ten thousand orders: a scan would make 10^8 steps, minutes."""
    rng = chance(7)
    levels = TrailingLevels()
    price = 10**6
    for number in range(10_000):
        price += rng.randint(-9, 9)
        levels.add(number, (False, 500_000 + rng.randrange(1000)), price=price, start=None)
    for _ in range(10_000):
        price += rng.randint(-90, 90)
        assert levels.touched(price) == []
    assert len(levels) == 10_000
