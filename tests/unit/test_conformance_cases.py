"""The cases of the kit: whole adapters pass them, and the fault that each is about is told.

All of them together are run against every broken adapter in `tests/exchange`.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.exchange.answers_later import later
from tests.exchange.broken_adapters import BROKEN
from tests.exchange.paper_venue import paper
from tools.live.conformance import (
    cases_books, cases_cancel, cases_doubt, cases_fills, cases_life, cases_matrix, cases_orders,
    cases_place, cases_query, cases_rules, catalogue,
)  # fmt: skip
from tools.live.conformance.case import Case, Outcome
from tools.live.conformance.runner import run_cases
from tools.live.conformance.stages import fake
from tools.live.core.errors import ContractError

MODULES = (
    cases_matrix, cases_place, cases_cancel, cases_fills, cases_books, cases_query, cases_doubt,
    cases_life, cases_orders, cases_rules,
)  # fmt: skip


def test_the_catalogue_is_made_of_the_modules() -> None:
    cases: list[Case] = [case for module in MODULES for case in module.CASES]
    assert tuple(cases) == catalogue.CASES
    assert len({case.id for case in cases}) == len(cases) >= 90
    assert len({case.title for case in cases}) == len(cases)


def test_cases_can_be_chosen() -> None:
    assert [one.id for one in catalogue.chosen(["time-001", "place-001"])] == [
        "place-001", "time-001",
    ]  # fmt: skip
    assert catalogue.chosen([]) == catalogue.CASES
    with pytest.raises(ContractError, match="did you mean place-001"):
        catalogue.chosen(["plase-001"])
    with pytest.raises(ContractError, match="--list shows them"):
        catalogue.chosen(["?"])


@pytest.mark.parametrize("make", [paper, later, fake])
def test_whole_adapters_fail_nothing(make: Any) -> None:
    assert [r for r in run_cases(make, catalogue.CASES) if r.outcome is Outcome.FAILED] == []


@pytest.mark.parametrize("name", BROKEN)
def test_the_fault_is_caught(name: str) -> None:
    broken = BROKEN[name]
    where = "tests.exchange.broken_days:WalksASet" if name == "WalksASet" else None
    (result,) = run_cases(broken.make, catalogue.chosen([broken.case]), where)
    assert result.outcome is Outcome.FAILED
