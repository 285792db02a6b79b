"""How a run ends on a command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.live.console import EXIT_HALTED, EXIT_OK
from tools.live.run_end import deliver, verdict

CALM = {"frozen": False}
FROZEN = {
    "frozen": True, "first_freeze_reason": "halt (ada)", "first_freeze_symbol": "BTC",
    "first_freeze_utc": "2025-01-01T00:00:00+00:00",
}  # fmt: skip


def no_page() -> str:
    raise AssertionError("nobody asked for a page")


def test_without_a_file_it_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    deliver("all of it\n", no_page, html=None, out=None)
    assert capsys.readouterr().out == "all of it\n"


def test_files_come_instead(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page, out = tmp_path / "run.html", tmp_path / "run.json"
    deliver("all of it\n", lambda: "<p>", html=str(page), out=str(out))
    assert (page.read_text(), out.read_text()) == ("<p>", "all of it\n")
    assert capsys.readouterr().out == ""


def test_a_page_that_cannot_be_made_prints_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(AssertionError):
        deliver("all of it\n", no_page, html=str(tmp_path / "run.html"), out=None)
    assert capsys.readouterr().out == ""


def test_a_freeze_is_a_failure_only_for_who_asked(capsys: pytest.CaptureFixture[str]) -> None:
    assert verdict(CALM, fail_on_freeze=True, halted_in=None) == EXIT_OK
    assert verdict(FROZEN, fail_on_freeze=False, halted_in=None) == EXIT_OK
    assert capsys.readouterr().err == ""
    assert verdict(FROZEN, fail_on_freeze=True, halted_in=None) == EXIT_HALTED
    said = "error: halted: halt (ada) at BTC, 2025-01-01T00:00:00+00:00; see risk in the report\n"
    assert capsys.readouterr().err == said


def test_a_halted_journal_is_one_for_everybody(capsys: pytest.CaptureFixture[str]) -> None:
    assert verdict(CALM, fail_on_freeze=False, halted_in="run-1") == EXIT_HALTED
    assert "error: halted: run-1 got a file HALT" in capsys.readouterr().err
