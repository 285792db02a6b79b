"""The generators repeat themselves, and the shrinker finds the shortest prefix that fails."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.unit import prop
from tools.live.core.contracts_v1 import BUY, INPUTS, SELL


def test_the_same_seed_draws_the_same() -> None:
    assert prop.fills(prop.chance(3), 50) == prop.fills(prop.chance(3), 50)
    assert prop.inputs(prop.chance(3), 50) == prop.inputs(prop.chance(3), 50)


def test_another_seed_draws_something_else() -> None:
    assert prop.fills(prop.chance(3), 50) != prop.fills(prop.chance(4), 50)


@pytest.mark.parametrize("seed", range(50))
def test_a_part_of_the_operations_is_never_empty_and_keeps_its_order(seed: int) -> None:
    kept = prop.some_of(prop.chance(seed), "abcd")
    assert kept
    assert kept == sorted(set(kept))


def test_every_operation_is_switched_off_by_some_seed() -> None:
    parts = [prop.some_of(prop.chance(seed), "abcd") for seed in range(50)]
    assert all(any(letter not in part for part in parts) for letter in "abcd")
    assert any(len(part) == 1 for part in parts)


@pytest.mark.parametrize("seed", range(20))
def test_quantities_and_prices_are_whole_and_positive(seed: int) -> None:
    rng = prop.chance(seed)
    for _ in range(100):
        assert prop.a_qty(rng) > 0
        assert prop.a_price(rng) > 0


def test_fills_trade_both_ways() -> None:
    sides = {fill.side for seed in range(5) for fill in prop.fills(prop.chance(seed), 20)}
    assert sides == {BUY, SELL}


@pytest.mark.parametrize("contract", INPUTS)
def test_every_input_contract_can_be_drawn(contract: type) -> None:
    assert prop.an_input(prop.chance(1), contract).__class__ is contract


def has_a_three(prefix: Sequence[int]) -> bool:
    return 3 in prefix


def test_the_shortest_failing_prefix_ends_with_the_first_culprit() -> None:
    assert prop.shortest_failing_prefix([1, 2, 3, 4, 3], has_a_three) == [1, 2, 3]


def test_a_failure_that_heals_is_found_too() -> None:
    assert prop.shortest_failing_prefix([1, 2, 3, 4], lambda p: len(p) == 2) == [1, 2]


def test_the_whole_stream_can_be_the_shortest() -> None:
    assert prop.shortest_failing_prefix([1, 2, 3], has_a_three) == [1, 2, 3]


def test_an_empty_stream_can_fail() -> None:
    assert prop.shortest_failing_prefix([1], lambda p: True) == []


def test_a_stream_that_never_fails_has_no_such_prefix() -> None:
    assert prop.shortest_failing_prefix([1, 2], has_a_three) is None


def test_what_holds_passes() -> None:
    prop.hold(lambda prefix: None, [1, 2, 3])


def test_what_does_not_hold_shows_its_shortest_prefix() -> None:
    def small(prefix: Sequence[int]) -> None:
        for number in prefix:
            assert number < 3, f"{number} is too large"

    with pytest.raises(AssertionError) as failed:
        prop.hold(small, [1, 5, 2, 7])
    assert str(failed.value).splitlines()[0] == "5 is too large"
    assert str(failed.value).splitlines()[-3:] == ["shortest failing prefix:", "  0: 1", "  1: 5"]


def test_a_check_that_fails_only_once_is_called_unsteady() -> None:
    calls: list[int] = []

    def unsteady(prefix: Sequence[int]) -> None:
        calls.append(1)
        assert len(calls) > 1

    with pytest.raises(AssertionError, match="^fails only sometimes"):
        prop.hold(unsteady, [1])


def test_other_errors_are_not_caught() -> None:
    def broken(prefix: Sequence[int]) -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        prop.hold(broken, [1])
