"""One tree of exceptions: whose fault it is decides the branch."""

from __future__ import annotations

import pytest

from tools.live.core import errors

PARENTS = {
    errors.LiveError: Exception,
    errors.ContractError: errors.LiveError,
    errors.IllegalTransition: errors.ContractError,
    errors.FillConflict: errors.ContractError,
    errors.Overfill: errors.FillConflict,
    errors.InvariantBroken: errors.LiveError,
    errors.LineFailed: errors.LiveError,
    errors.NotSent: errors.LiveError,
}


@pytest.mark.parametrize("error", PARENTS, ids=lambda error: error.__name__)
def test_every_error_has_its_place_in_the_tree(error: type[Exception]) -> None:
    assert error.__bases__[0] is PARENTS[error]


def test_the_tree_holds_nothing_else() -> None:
    defined = {value for value in vars(errors).values() if isinstance(value, type)}
    assert defined == set(PARENTS)


def test_bad_data_is_a_value_error_for_people_who_do_not_know_us() -> None:
    assert issubclass(errors.ContractError, ValueError)


def test_our_own_bug_is_not_bad_data() -> None:
    assert not issubclass(errors.InvariantBroken, ValueError)
