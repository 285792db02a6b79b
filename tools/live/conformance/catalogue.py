"""All cases of the kit, in the order in which they run."""

from __future__ import annotations

from collections.abc import Sequence

from ..core.errors import ContractError
from . import (
    cases_books, cases_cancel, cases_doubt, cases_fills, cases_life, cases_matrix, cases_orders,
    cases_place, cases_query, cases_rules,
)  # fmt: skip
from .case import Case

KIT_VERSION = 2  # of the list: raised when a case is added, or asks for more than it did

CASES: tuple[Case, ...] = (
    *cases_matrix.CASES, *cases_place.CASES, *cases_cancel.CASES, *cases_fills.CASES,
    *cases_books.CASES, *cases_query.CASES, *cases_doubt.CASES, *cases_life.CASES,
    *cases_orders.CASES, *cases_rules.CASES,
)  # fmt: skip


def chosen(ids: Sequence[str]) -> tuple[Case, ...]:
    """The cases of these ids, in the order of the catalogue; all of them when none is given."""
    known = {case.id: case for case in CASES}
    for one in ids:
        if one not in known:
            from difflib import get_close_matches

            near = get_close_matches(one[:60], known, n=1, cutoff=0.4)
            hint = f"did you mean {near[0]}?" if near else "--list shows them"
            raise ContractError(f"there is no case {one[:60]!r}; {hint}")
    return tuple(case for case in CASES if not ids or case.id in ids)
