"""What there is to trade with: the rule, and that a level is used once."""

from __future__ import annotations

import pytest

from tools.live.core.errors import ContractError
from tools.live.sim.liquidity import DISPLAYED, FULL, UNLIMITED, LiquidityRule, Taken


def test_what_was_taken_stays_taken_while_the_level_may_be_the_same() -> None:
    taken = Taken(1)
    assert not taken and taken.free(100, 10) == 10
    taken.use(100, 4)
    taken.use(100, 1)
    taken.on_touch(100, 10, {})
    assert taken and taken.free(100, 10) == 5


def test_only_the_growth_of_a_level_is_new() -> None:
    taken = Taken(-1)
    taken.use(100, 10)
    taken.on_touch(100, 4, {})
    assert taken.free(100, 4) == 0
    taken.on_touch(100, 9, {})
    assert taken.free(100, 9) == 5


@pytest.mark.parametrize(("sign", "worse", "better"), ((1, 99, 101), (-1, 101, 99)))
def test_a_level_that_was_gone_is_a_new_one(sign: int, worse: int, better: int) -> None:
    taken = Taken(sign)
    taken.use(100, 10)
    taken.on_touch(better, 3, {})
    assert taken.state() == ((100, 10),)  # behind the best it may still be there
    taken.on_touch(worse, 3, {})
    assert taken.state() == () and taken.free(100, 10) == 10


@pytest.mark.parametrize("sign", (1, -1))
def test_an_empty_side_has_no_old_levels(sign: int) -> None:
    taken = Taken(sign)
    taken.use(100, 10)
    taken.on_touch(0, None, {})
    assert not taken


def test_an_unknown_quantity_says_nothing_about_what_was_taken() -> None:
    taken = Taken(1)
    taken.use(100, 10)
    taken.on_touch(100, None, {})
    assert taken.state() == ((100, 10),)


def test_the_depth_tells_of_the_levels_behind_the_touch() -> None:
    taken = Taken(1)
    for price in (101, 100, 99, 98):
        taken.use(price, 10)
    taken.on_depth({100: 2, 99: 3, 101: 1}, 100)
    assert taken.state() == ((99, 3), (100, 10), (101, 10))


def test_a_level_that_the_depth_still_shows_is_not_gone() -> None:
    """A depth that is older than the quote could show it again."""
    taken = Taken(-1)
    taken.use(100, 10)
    taken.on_touch(101, 5, {100: 12})
    assert taken.state() == ((100, 10),)
    taken.on_depth({}, 101)
    assert not taken


def test_a_side_without_a_touch_has_nothing_behind_it() -> None:
    taken = Taken(-1)
    taken.use(100, 10)
    taken.on_depth({100: 3}, 0)
    assert taken.state() == ((100, 10),)


def test_rules_describe_themselves() -> None:
    assert FULL.describe() == {"liquidity": "full"}
    assert DISPLAYED.describe() == {
        "liquidity": "displayed", "unknown_qty": None, "unknown_ahead": None,
    }  # fmt: skip
    assert LiquidityRule(unknown_qty=5, unknown_ahead=0).describe() == {
        "liquidity": "displayed", "unknown_qty": 5, "unknown_ahead": 0,
    }  # fmt: skip


@pytest.mark.parametrize("field", ("unknown_qty", "unknown_ahead"))
@pytest.mark.parametrize("value", (-1, UNLIMITED + 1))
def test_a_quantity_out_of_bounds_is_refused(field: str, value: int) -> None:
    with pytest.raises(ContractError, match=f"{field} {value}"):
        LiquidityRule(**{field: value}).checked()


def test_the_bounds_are_in() -> None:
    rule = LiquidityRule(unknown_qty=0, unknown_ahead=UNLIMITED)
    assert rule.checked() is rule
