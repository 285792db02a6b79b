"""The lanes of the test run: nothing is left out, and nothing failing is called passed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests import lanes

TESTS = Path(__file__).resolve().parents[1]


def test_every_test_is_in_one_share() -> None:
    dealt: list[Path] = []
    for share in lanes.shares():
        for name in share.paths:
            path = TESTS.parent / name
            dealt += path.rglob("test_*.py") if path.is_dir() else [path]
    here = [path for path in TESTS.rglob("test_*.py")
            if path.relative_to(TESTS).parts[0] not in ("bench", "interop")]  # fmt: skip
    assert len(here) > 300
    assert sorted(dealt) == sorted(here)


def test_the_proofs_alone_are_not_traced() -> None:
    plain = [share.paths for share in lanes.shares() if not share.traced]
    assert plain == [("tests/sim",), ("tests/exchange",), ("tests/market",), ("tests/crash",)]
    for share in lanes.shares():
        assert ("coverage" in lanes.command(share, [])) == share.traced


def test_no_test_stands_outside_of_the_folders() -> None:
    assert list(TESTS.glob("test_*.py")) == []


@pytest.mark.parametrize(
    ("output", "found"),
    [
        ("a\n7 passed in 1.2s\n", {"passed": 7}),
        ("= 2 failed, 7 passed, 1 skipped in 1.2s =\n", {"failed": 2, "passed": 7, "skipped": 1}),
        ("9 passed in 1s\nFAILED a\n3 passed, 1 error in 61.5s (0:01:01)\nrest\n",
         {"passed": 3, "error": 1}),
        ("killed", {}),
    ],
)  # fmt: skip
def test_what_a_run_counts(output: str, found: dict[str, int]) -> None:
    assert lanes.counted(output) == found


ENDS = {
    "passes": "def test_it() -> None: pass\n",
    "fails": "def test_it() -> None: assert False\n",
    "is ended": "import os, signal\ndef test_it() -> None: os.kill(os.getpid(), signal.SIGKILL)\n",
    "is empty": "",
}


@pytest.mark.parametrize("how", ENDS)
def test_one_share_decides(
    how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a share printed is shown whole, and one that did not pass fails the run."""
    todo = []
    for number, name in enumerate(("passes", how)):
        path = tmp_path / f"test_{number}.py"
        path.write_text(ENDS[name], encoding="utf-8")
        todo.append(lanes.Share(f"share {number}", False, (str(path),)))
    monkeypatch.setattr(lanes, "shares", lambda: todo)
    monkeypatch.setattr(lanes, "COVERAGE", (sys.executable, "-c", ""))  # this run's data stays
    code = lanes.main(["-q"])
    out = capsys.readouterr().out
    assert out.count("\n-- share ") == 2
    assert code == (how != "passes")
    assert ("FAILED: share 1\n" in out) == (how != "passes")
    counts = {"passes": "2 passed", "fails": "1 failed, 1 passed"}
    assert f"\nall tests: {counts.get(how, '1 passed')} in " in out
