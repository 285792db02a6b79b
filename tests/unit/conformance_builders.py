"""Small builders of the tests around the conformance kit."""

from __future__ import annotations

from typing import Any

from tests.exchange.paper_venue import EVERYTHING, staged
from tools.live.conformance import catalogue
from tools.live.conformance.capabilities import Capabilities
from tools.live.conformance.case import Outcome
from tools.live.conformance.runner import Result, run_cases
from tools.live.core.record import fields_of


def ended(make: Any, case_id: str) -> Result:
    """How one case ends at the adapters of a factory."""
    (result,) = run_cases(make, catalogue.chosen([case_id]))
    return result


def failure(kind: Any, case_id: str) -> str:
    """The evidence of a case that fails at a broken venue."""
    result = ended(lambda: staged(kind()), case_id)
    assert result.outcome is Outcome.FAILED, result
    return result.evidence


def with_(**said: Any) -> Capabilities:
    """The matrix of the whole venue, with some words changed."""
    return Capabilities(**{**{n: getattr(EVERYTHING, n) for n in fields_of(EVERYTHING)}, **said})
