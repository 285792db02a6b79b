"""A whole number of its range, or one clear line."""

from __future__ import annotations

from typing import Any

import pytest

from tools.live.core.errors import ContractError
from tools.live.market.bounds import whole


@pytest.mark.parametrize("value", [-2, 0, 3])
def test_the_range_and_both_its_ends_are_allowed(value: int) -> None:
    whole(value, "n", -2, 3)


@pytest.mark.parametrize("value", [-3, 4, True, False, 1.0, "1", None, "x" * 99])
def test_whatever_else_is_refused(value: Any) -> None:
    with pytest.raises(ContractError) as refused:
        whole(value, "n", -2, 3)
    assert str(refused.value) == (
        f"n {value!r:.60} is not a whole number from -2 to 3; correct it"
    )
