"""Signals in the middle of a run with delays: nothing is left behind, or it is said."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest

from tests.unit.left_runs import check_nothing_comes_to_rest, in_flight
from tools.live import exec_demo
from tools.live.core.clock import FREEZE_VARIABLE
from tools.live.execution_loop import ExecutionLoop
from tools.live.journal.os_disk import OsDisk
from tools.live.journal.run import look

Capture = pytest.CaptureFixture[str]
Patch = pytest.MonkeyPatch
STEPS = 12


@pytest.fixture(autouse=True)
def at_noon(monkeypatch: Patch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(FREEZE_VARIABLE, "2025-01-01T12:00:00Z")


def striking(monkeypatch: Patch, at: int, strike: Any) -> list[tuple[ExecutionLoop, list[str]]]:
    """At the hearing of this number something happens; the loop, and what was on its way then."""
    seen: list[tuple[ExecutionLoop, list[str]]] = []
    hearing = ExecutionLoop.on_fill
    count = iter(range(10**9))

    def on_fill(self: ExecutionLoop) -> None:
        if next(count) == at:
            seen.append((self, in_flight(self)))
            strike()
        hearing(self)

    monkeypatch.setattr(ExecutionLoop, "on_fill", on_fill)
    return seen


SIGNALS = {
    signal.SIGINT: (130, "error: interrupted: SIGINT ended the run before its report; start it"),
    signal.SIGTERM: (143, "error: terminated: SIGTERM ended the run before its report; start it"),
}
DEMO = ("--shadow", "--exchange", "simulated", "--delays", "slow", "--iterations", str(STEPS))


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: signal.Signals(number).name)
@pytest.mark.parametrize("more", [(), ("--requote",), ("--journal", "run", "--requote")])
@pytest.mark.parametrize("at", [1, 4, 7])
def test_a_signal_in_the_middle_of_a_run_with_delays_leaves_nothing_behind(
    capsys: Capture, monkeypatch: Patch, number: signal.Signals, more: tuple[str, ...], at: int
) -> None:
    with monkeypatch.context() as patch:
        seen = striking(patch, at, lambda: signal.raise_signal(number))
        code = exec_demo.main([*DEMO, *more])
    assert (code, capsys.readouterr().err) == (SIGNALS[number][0], SIGNALS[number][1] + " again\n")
    [(loop, waiting)] = seen
    assert waiting, "the signal was to come while orders are on their way"
    assert loop.may_rest == ()
    check_nothing_comes_to_rest(loop)
    if "--journal" in more:
        assert not look(OsDisk("run")).finished


def test_what_a_signal_makes_of_a_run_is_no_part_of_its_journal(
    capsys: Capture, monkeypatch: Patch
) -> None:
    assert exec_demo.main([*DEMO, "--requote", "--journal", "whole"]) == 0
    whole = capsys.readouterr().out
    with monkeypatch.context() as patch:
        striking(patch, 7, lambda: signal.raise_signal(signal.SIGTERM))
        assert exec_demo.main([*DEMO, "--requote", "--journal", "run"]) == 143
    assert exec_demo.main([*DEMO, "--requote", "--journal", "run", "--recover"]) == 0
    assert capsys.readouterr().out == whole


@pytest.mark.parametrize("more", [(), ("--journal", "run")])
def test_what_is_not_known_to_have_ended_is_said_on_stderr(
    capsys: Capture, monkeypatch: Patch, more: tuple[str, ...]
) -> None:
    """The exchange has fallen silent for good while orders rest and others are on their way."""
    plan = '[[fault]]\nkind = "outage"\nfrom_s = 1\n'
    Path("plan.toml").write_text(plan, encoding="utf-8")
    with monkeypatch.context() as patch:
        seen = striking(patch, 7, lambda: signal.raise_signal(signal.SIGINT))
        assert exec_demo.main([*DEMO, "--faults", "plan.toml", *more]) == 130
    [(loop, waiting)] = seen
    assert waiting and set(waiting) <= set(loop.may_rest)
    said, note = capsys.readouterr().err.splitlines()[:2]
    assert said.startswith("error: interrupted: SIGINT")
    assert note.startswith(f"note: {len(loop.may_rest)} of our orders may still rest at the")
    assert all(name in note for name in loop.may_rest[:10])
