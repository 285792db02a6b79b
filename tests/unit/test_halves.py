"""The two halves of the test run: nothing is left out, and nothing failing is called passed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import halves

TESTS = Path(__file__).resolve().parents[1]


def test_every_folder_with_tests_is_in_one_half() -> None:
    simulations, others, proofs = halves.folders()
    assert sorted([*simulations, *others, *proofs]) == [
        "tests/crash", "tests/e2e", "tests/exchange", "tests/hostile", "tests/market",
        "tests/matrix", "tests/sim", "tests/unit",
    ]  # fmt: skip
    assert simulations == ["tests/crash", "tests/sim"]
    assert proofs == ["tests/exchange", "tests/market"]


def test_no_test_stands_outside_of_the_folders() -> None:
    assert list(TESTS.glob("test_*.py")) == []


@pytest.mark.parametrize(
    ("output", "found"),
    [
        ("a\n7 passed in 1.2s\n", {"passed": 7}),
        ("= 2 failed, 7 passed, 1 skipped in 1.2s =\n", {"failed": 2, "passed": 7, "skipped": 1}),
        ("killed", {}),
    ],
)
def test_what_a_run_counts(output: str, found: dict[str, int]) -> None:
    assert halves.counted(output) == found


def test_runs_behind_each_other_are_counted_one_by_one() -> None:
    output = "a\n== 7 passed in 1.2s ==\nb\n1 failed, 2 passed in 61.5s (0:01:01)\nrest\n"
    found = [halves.counted(one) for one in halves.runs(output)]
    assert found == [{"passed": 7}, {"failed": 1, "passed": 2}]
    assert halves.runs("killed") == []
