"""Whole adapters pass every case; each broken one is caught by the case that names its fault."""

from __future__ import annotations

import pytest

from tests.exchange.answers_later import later
from tests.exchange.broken_adapters import BROKEN
from tests.exchange.paper_venue import EVERYTHING, PaperVenue, paper, staged
from tools.live.conformance.candidate import Candidate
from tools.live.conformance.capabilities import Capabilities
from tools.live.conformance.case import Outcome
from tools.live.conformance.catalogue import CASES, chosen
from tools.live.conformance.certificate import certify
from tools.live.conformance.runner import run_cases
from tools.live.core.record import fields_of
from tools.live.exchange import OrderStatus

WHOLE = {
    "tests.exchange.paper_venue:paper": (paper, ["fills-007", "later-001", "later-002",
                                                 "later-003"]),
    "tests.exchange.answers_later:later": (later, ["place-007", "fills-007", "fills-009"]),
}  # fmt: skip
WALKS = "tests.exchange.broken_days:WalksASet"  # two processes import it


@pytest.mark.parametrize("where", WHOLE)
def test_a_whole_adapter_passes_all_that_applies(where: str) -> None:
    make, not_applicable = WHOLE[where]
    told = certify(make, where)
    ended = {case["id"]: case["outcome"] for case in told["cases"]}
    assert [one for one in ended if ended[one] == "not applicable"] == not_applicable
    assert {*ended.values()} == {"passed", "not applicable"}
    assert told["certified"] and told["complete"] and told["declared"]


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_adapter_is_caught_by_the_case_that_names_it(name: str) -> None:
    broken = BROKEN[name]
    results = run_cases(broken.make, CASES, WALKS if name == "WalksASet" else None)
    failed = [one.case.id for one in results if one.outcome is Outcome.FAILED]
    assert broken.case in failed
    assert sorted(failed) == sorted({broken.case, *broken.also})
    assert bool(broken.also) is bool(broken.why)


def test_a_set_is_seen_by_two_processes_that_both_reach_its_end() -> None:
    (result,) = run_cases(BROKEN["WalksASet"].make, chosen(["life-005"]), WALKS)
    assert result.evidence.startswith("line ") and "differs" in result.evidence


def test_every_case_about_the_exchange_has_a_broken_adapter() -> None:
    named = {broken.case for broken in BROKEN.values()}
    about = [case.id for case in CASES if not case.id.startswith(("matrix", "claims", "stage"))]
    assert [case for case in about if case not in named] == []
    assert len(BROKEN) >= 80


LESS = {
    "cancel": "matrix-001", "query": "matrix-003", "cancel_by_client_id": "matrix-004",
    "fills_listing": "matrix-005", "balances": "matrix-006", "resets": "matrix-010",
    "lists_rules": "matrix-012", "dedupes_client_ids": "claims-001", "sequential_ids": "claims-002",
}  # fmt: skip


@pytest.mark.parametrize("name", LESS)
def test_what_works_and_is_not_declared_is_a_warning(name: str) -> None:
    said = {word: getattr(EVERYTHING, word) for word in fields_of(EVERYTHING)}
    less = Capabilities(**{**said, name: False})
    results = run_cases(lambda: Candidate(PaperVenue(), less, staged(PaperVenue()).stage), CASES)
    ended = {one.case.id: one.outcome for one in results}
    assert ended[LESS[name]] is Outcome.WARNED


def test_answers_that_come_later_without_a_word_of_it_are_no_answers() -> None:
    said = {word: getattr(EVERYTHING, word) for word in fields_of(EVERYTHING)}
    less = Capabilities(**{**said, "answers_later": False})

    def make() -> Candidate:
        return Candidate(later().exchange, less, later().stage)

    ended = {one.case.id: one for one in run_cases(make, CASES)}
    assert ended["matrix-002"].outcome is Outcome.WARNED
    assert ended["place-001"].outcome is Outcome.FAILED
    assert OrderStatus.PENDING.value in ended["place-001"].evidence


def test_the_same_adapter_gets_the_same_bytes() -> None:
    cases = chosen(["place-001", "fills-006", "life-004"])
    assert certify(paper, "paper", cases) == certify(paper, "paper", cases)
