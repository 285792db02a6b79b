"""The stages of a build: what fails, is killed or is missing is in the list of failures."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

STAGES = Path(__file__).resolve().parents[2] / ".ci/stages"
SHOWN = 'printf "%s\\n" "${table[@]}"; echo "failed: ${failed[*]}"'


def ran(logs: Path, script: str) -> str:
    """What a build of these stages prints."""
    whole = f"set -euo pipefail; logs={logs}; . {STAGES}; {script}; {SHOWN}"
    done = subprocess.run(["bash", "-c", whole], capture_output=True, text=True, check=True)
    return done.stdout


@pytest.mark.parametrize(
    ("script", "failed"),
    [
        ("stage one true; stage two true", ""),
        ("stage one false; stage two true", "one"),
        ("stage one no-such-command; stage two bash -c 'exit 7'", "one two"),
        ("stage one bash -c 'kill -9 $$'; stage two true", "one"),
        ("begin one true; stage two true; collect", ""),
        ("begin one false; stage two true; collect", "one"),
        ("begin one true; stage two false; collect", "two"),
        ("begin one false; begin two no-such-command; collect", "one two"),
        ("begin one bash -c 'kill -9 $PPID'; stage two true; collect", "one"),
        ("begin one true; wait; rm $logs/one.ended; stage two true; collect", "one"),
    ],
)
def test_what_fails_is_told(tmp_path: Path, script: str, failed: str) -> None:
    lines = ran(tmp_path, script).splitlines()
    assert lines[-1] == f"failed: {failed}"
    rows = {line.split()[0]: line.split()[1] for line in lines[-3:-1]}
    assert rows == {name: "FAILED" if name in failed else "ok" for name in ("one", "two")}


def test_what_runs_beside_a_stage_is_shown_behind_it(tmp_path: Path) -> None:
    slow = "bash -c 'while [ ! -e $logs/go ]; do :; done; echo a >&2; echo b'"
    script = f"export logs; begin one {slow}; stage two bash -c 'echo c; touch $logs/go'; collect"
    assert ran(tmp_path, script).startswith("\n== two\nc\n\n== one\na\nb\n")
    assert (tmp_path / "one").read_text(encoding="utf-8") == "a\nb\n"


def test_two_pairs_of_stages_are_told_apart(tmp_path: Path) -> None:
    script = "begin one true; collect; begin two false; collect; collect"
    lines = ran(tmp_path, script).splitlines()
    assert lines[-1] == "failed: two"
    assert [line.split()[0] for line in lines if line.startswith(("one", "two"))] == ["one", "two"]
