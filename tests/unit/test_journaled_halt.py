"""The demo and HALT: a line that fails, a file that somebody puts there, and how it goes on."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tools.live import exec_demo, journal_cli, replay_cli
from tools.live.core.clock import FREEZE_VARIABLE
from tools.live.execution_loop import ExecutionLoop
from tools.live.journal.errors import StorageFailed
from tools.live.journal.os_disk import OsDisk
from tools.live.journal.reader import Reader
from tools.live.journal.run import JournaledRun

DEMO = ["--shadow", "--iterations", "300", "--requote", "--edge-threshold", "-5", "--journal"]
RESUME = ["resume", "run", "--actor", "night desk", "--reason", "looked at it"]
REFUSED = "error: halted: HALT stands at run: "
Capture = pytest.CaptureFixture[str]
Patch = pytest.MonkeyPatch


@pytest.fixture(autouse=True)
def place(monkeypatch: Patch, tmp_path: Path) -> None:
    monkeypatch.setenv(FREEZE_VARIABLE, "2025-01-01T00:00:00Z")
    monkeypatch.chdir(tmp_path)


def demo(capsys: Capture, *flags: str, folder: str = "run") -> tuple[int, str, str]:
    code = exec_demo.main([*DEMO, folder, *flags])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def resumed(capsys: Capture) -> str:
    assert journal_cli.main(RESUME) == 0
    return capsys.readouterr().out


def at_step(patch: Patch, happens: dict[int, Callable[[], None]]) -> None:
    """Let something happen at the end of some steps, before anybody looks for a halt."""
    numbers: Iterator[int] = count()
    updating = ExecutionLoop._update_edges

    def update(self: ExecutionLoop, *rest: Any) -> None:
        updating(self, *rest)
        happens.get(next(numbers), lambda: None)()

    patch.setattr(ExecutionLoop, "_update_edges", update)


def touch() -> None:
    Path("run/HALT").touch()


def interrupt() -> None:
    raise KeyboardInterrupt


def kinds() -> list[str]:
    return [one.topic for one in Reader(OsDisk("run")).poll() if one.src not in ("system.log",)]


def test_a_halt_by_hand_stops_the_next_start(capsys: Capture) -> None:
    Path("run").mkdir()
    touch()
    code, out, err = demo(capsys)
    assert (code, out) == (6, "")
    assert err == (
        f"{REFUSED}put there by hand, without a word; see to its cause and to what rests at the"
        " exchange, then `python -m tools.live journal resume run --actor NAME --reason TEXT`\n"
    )
    assert demo(capsys, "--recover")[0] == 6
    assert [path.name for path in Path("run").iterdir()] == ["HALT"]
    assert journal_cli.main(RESUME) == 2
    assert "there is no record to resume from; remove HALT by hand" in capsys.readouterr().err
    Path("run/HALT").unlink()
    assert demo(capsys)[0] == 0


@pytest.mark.parametrize("flags", [[], ["--sync-each-send"], ["--progress"]])
def test_a_running_run_notices_it_freezes_cancels_and_reports(
    capsys: Capture, monkeypatch: Patch, flags: list[str]
) -> None:
    with monkeypatch.context() as patch:
        at_step(patch, {100: touch})
        code, out, err = demo(capsys, *flags)
    assert code == 6
    assert err.splitlines()[-1] == (
        "error: halted: run got a file HALT, so trading was frozen; see risk in the report"
    )
    report = json.loads(out)
    assert report["risk"]["frozen"] and report["risk"]["freeze_events"] == 1
    assert report["risk"]["last_freeze_reason"] == "HALT file (operator)"
    assert report["orders"]["open"] == 0
    story = kinds()
    frozen = story.index("risk.freeze_ordered")
    assert story.count("risk.freeze_ordered") == story.count("risk.frozen") == 1
    assert "order.place" in story[:frozen] and "order.place" not in story[frozen:]
    assert story[-1] == "run.reported"
    quotes = story[:frozen].count("md.quote")
    assert 2 * 101 <= quotes <= 2 * 170, "it is noticed by the next commit"
    if "--sync-each-send" in flags:
        assert quotes == 2 * 102
    assert replay_cli.main(["run", "--report"]) == 0
    assert capsys.readouterr().out == out
    assert replay_cli.main(["run", "--verify"]) == 0
    for verb in (["verify"], ["show", "--limit", "1"], ["tail", "-n", "1"]):
        assert journal_cli.main([verb[0], "run", *verb[1:]]) == 0
    assert "\nHALT      put there by hand, without a word; no run" in capsys.readouterr().out


def test_a_halt_that_came_with_the_last_step_stops_only_the_next_start(
    capsys: Capture, monkeypatch: Patch
) -> None:
    with monkeypatch.context() as patch:
        at_step(patch, {299: touch})
        assert demo(capsys)[0] == 0
    assert demo(capsys)[0] == 6
    assert resumed(capsys) == "resumed by night desk at seq " + (
        f"{max(one.seq for one in Reader(OsDisk('run')).poll()) - 1}: looked at it\n"
    )
    assert demo(capsys)[0] == 2, "it is finished"


def test_a_halted_run_that_is_interrupted_goes_on_frozen(
    capsys: Capture, monkeypatch: Patch
) -> None:
    with monkeypatch.context() as patch:
        at_step(patch, {100: touch})
        whole = demo(capsys)[1]
    frozen_at = json.loads(whole)["risk"]["first_freeze_utc"]
    Path("run").rename("whole")
    with monkeypatch.context() as patch:
        at_step(patch, {100: touch, 290: interrupt})
        assert demo(capsys)[0] == 130
    assert "risk.freeze_ordered" in kinds()
    assert demo(capsys)[0] == 6
    resumed(capsys)
    code, text, err = demo(capsys)
    assert (code, text) == (6, whole)
    assert err.startswith("going on with the interrupted run in run\nerror: halted: ")
    assert json.loads(text)["risk"]["first_freeze_utc"] == frozen_at


def failing(patch: Patch, number: int) -> None:
    """The sync of this number fails, and so does every later one of that file."""
    numbers = count(1)
    sync = OsDisk.sync

    def fail(self: OsDisk, handle: int) -> None:
        if next(numbers) == number:
            raise OSError(errno.EIO, "Input/output error")
        sync(self, handle)

    patch.setattr(OsDisk, "sync", fail)


def test_a_line_that_fails_halts_the_journal_until_it_is_resumed(
    capsys: Capture, monkeypatch: Patch
) -> None:
    whole = demo(capsys, folder="whole")[1]
    with monkeypatch.context() as patch:
        failing(patch, 14)
        code, out, err = demo(capsys)
    assert (code, out) == (5, "")
    assert err.startswith("error: storage: a record cannot be stored: ") and err.count("\n") == 1
    told = Path("run/HALT").read_text(encoding="utf-8")
    words = told.split()
    assert words[:7] == ["2025-01-01T00:00:00Z", "the", "line", "failed", "behind", "seq", words[6]]
    assert words[6].removesuffix(":").isdigit() and int(words[6][:-1]) > 256
    assert told.endswith(": a record cannot be stored: [Errno 5] Input/output error\n")
    code, out, err = demo(capsys)
    assert (code, out) == (6, "") and err.startswith(REFUSED + told[:-1] + "; see to its cause")
    assert resumed(capsys).endswith(": looked at it\n")
    code, text, err = demo(capsys)
    assert (code, err) == (0, "going on with the interrupted run in run\n")
    assert text == whole
    record = next(one for one in Reader(OsDisk("run")).poll() if one.topic == "system.log.resumed")
    assert record.payload() == {
        "actor": "night desk", "halt": told[:-1], "reason": "looked at it",
    }  # fmt: skip


def test_what_rests_is_canceled_when_the_last_word_cannot_be_recorded(
    capsys: Capture, monkeypatch: Patch
) -> None:
    ended: list[tuple[int, int]] = []
    abandon = ExecutionLoop.abandon

    def watched(self: ExecutionLoop) -> None:
        before = len(self.exchange.get_open_orders())
        abandon(self)
        ended.append((before, len(self.exchange.get_open_orders())))

    def finish(*_: object) -> None:
        raise StorageFailed("no place for the last word; see to the disk")

    monkeypatch.setattr(ExecutionLoop, "abandon", watched)
    monkeypatch.setattr(JournaledRun, "finish", finish)
    assert demo(capsys)[:2] == (5, "")
    assert len(ended) == 1 and ended[0][0] > 0 and ended[0][1] == 0
    assert ": no place for the last word\n" in Path("run/HALT").read_text(encoding="utf-8")


def test_a_start_that_fails_has_sent_nothing_and_halts_nothing(
    capsys: Capture, monkeypatch: Patch
) -> None:
    with monkeypatch.context() as patch:
        failing(patch, 2)
        assert demo(capsys)[0] == 5
    assert not Path("run/HALT").exists()
    assert demo(capsys)[0] == 0


@pytest.mark.parametrize(
    ("flags", "why"),
    [
        (["--reason", "x"], "resume needs --actor, and not an empty one; write --actor TEXT"),
        (["--actor", "x"], "resume needs --reason, and not an empty one; write --reason TEXT"),
        (["--actor", " ", "--reason", "x"], "resume needs --actor"),
        (["--actor", "a\tb", "--reason", "x"], "--actor 'a"),
        (["--actor", "x", "--reason", "y" * 201], "is not 200 or fewer printable characters;"),
    ],
)
def test_who_and_why_are_needed(capsys: Capture, flags: list[str], why: str) -> None:
    assert demo(capsys, "--iterations", "2")[0] == 0
    touch()
    assert journal_cli.main(["resume", "run", *flags]) == 2
    err = capsys.readouterr().err
    assert err.startswith("error: usage: ") and why in err
    assert Path("run/HALT").exists()
    assert journal_cli.main(["resume", "run", "--actor", "x", "--reason", "y" * 200]) == 0
