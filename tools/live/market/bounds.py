"""The one check that every number of a plan or a script goes through."""

from __future__ import annotations

from ..core.errors import ContractError


def whole(value: object, field: str, lowest: int, highest: int) -> None:
    """A ContractError when a field is no whole number from the lowest to the highest."""
    if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
        raise ContractError(
            f"{field} {value!r:.60} is not a whole number from {lowest} to {highest}; correct it"
        )
