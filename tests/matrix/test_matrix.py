"""The matrix itself: its table is sound, and it cannot pass by accident."""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from pathlib import Path

import pytest

from tests.matrix import __main__ as matrix
from tests.matrix import driver
from tests.matrix.runs import FROZEN_UTC, RUNS, Run

HERE = Path(__file__).parent
A, B = "a" * 64, "b" * 64


def an_outcome(digest: str = A, fault: str = "") -> matrix.Outcome:
    combination = matrix.Combination(label="one", python="3.11", command=(), environment={})
    return matrix.Outcome(combination=combination, digests={"sample": digest}, fault=fault)


@pytest.fixture(autouse=True)
def _not_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)


def test_there_are_seventeen_runs_with_names_of_their_own() -> None:
    assert len({run.name for run in RUNS}) == len(RUNS) == 17


def test_equal_digests_pass(capsys: pytest.CaptureFixture[str]) -> None:
    assert matrix.report([an_outcome(), an_outcome()], [], 1.0) == 0
    assert "matrix: ok, 2 of 2 combinations, 1 of 1 outputs equal" in capsys.readouterr().out


def test_two_digests_fail(capsys: pytest.CaptureFixture[str]) -> None:
    assert matrix.report([an_outcome(), an_outcome(digest=B)], [], 1.0) == 1
    assert "DIFFERS" in capsys.readouterr().out


def test_a_combination_that_fails_is_a_failure() -> None:
    assert matrix.report([an_outcome(), an_outcome(fault="no output")], [], 1.0) == 1


def test_no_outcome_at_all_is_a_failure() -> None:
    assert matrix.report([], [], 1.0) == 1


def test_something_missing_is_loud_here_and_a_failure_in_ci(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert matrix.report([an_outcome()], ["Python 3.12"], 1.0) == 0
    assert "SKIPPED Python 3.12" in capsys.readouterr().err
    monkeypatch.setenv("CI", "true")
    assert matrix.report([an_outcome()], ["Python 3.12"], 1.0) == 1


def test_the_two_files_of_recorded_quotes_say_the_same() -> None:
    with (HERE / "quotes.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    lines = (HERE / "quotes.jsonl").read_text(encoding="utf-8").splitlines()
    twins = [json.loads(line, parse_float=Decimal) for line in lines]
    assert len(rows) >= 200 and {row["symbol"] for row in rows} == {"BTCUSDT", "ETHUSDT"}
    for row, twin in zip(rows, twins, strict=True):
        assert {key: str(value) for key, value in twin.items()} == row


def test_recorded_quotes_give_one_report_from_either_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(HERE.parent.parent)
    monkeypatch.setenv("MM_FREEZE_UTC_ISO", FROZEN_UTC)
    code, text = driver.inside(Run(name="csv", arguments="--quotes tests/matrix/quotes.csv"), "")
    assert code == 0
    twin = Run(name="jsonl", arguments="--quotes tests/matrix/quotes.jsonl")
    assert driver.inside(twin, "") == (0, text)


@pytest.mark.usefixtures("untraced")
@pytest.mark.parametrize("run", RUNS, ids=lambda run: run.name)
def test_a_run_in_this_process_is_the_run_of_its_own_process(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(HERE.parent.parent)
    monkeypatch.setenv("MM_FREEZE_UTC_ISO", FROZEN_UTC)
    first = driver.inside(run, str(tmp_path))
    assert first[0] == 0
    assert first == driver.inside(run, str(tmp_path)) == driver.outside(run, str(tmp_path))
