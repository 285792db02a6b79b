"""The demo with a journal: which flags go together, and what an interrupted run becomes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tools.live import exec_demo, journaled
from tools.live.core.clock import FREEZE_VARIABLE
from tools.live.core.errors import ContractError
from tools.live.edge_modes import COMPUTED, MARKOUTS
from tools.live.execution_loop import ExecutionLoop
from tools.live.journal.os_disk import OsDisk
from tools.live.journal.run import look

SHORT = ["--shadow", "--iterations", "8"]


@pytest.fixture(autouse=True)
def frozen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(FREEZE_VARIABLE, "2025-01-01T00:00:00Z")
    monkeypatch.chdir(tmp_path)


def demo(capsys: pytest.CaptureFixture[str], *flags: str) -> tuple[int, str, str]:
    code = exec_demo.main([*SHORT, *flags])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def test_a_journal_changes_the_report_by_its_own_two_keys_only(
    capsys: pytest.CaptureFixture[str],
) -> None:
    _, plain, _ = demo(capsys)
    code, text, err = demo(capsys, "--journal", "run")
    assert (code, err) == (0, "")
    with_journal, without = json.loads(text), json.loads(plain)
    assert with_journal["integrity"].pop("journal_id").startswith("run-")
    assert with_journal["integrity"].pop("journal_head").count(":") == 1
    del without["integrity"]["journal_id"], without["integrity"]["journal_head"]
    assert with_journal == without
    assert look(OsDisk("run")).finished


def test_equal_runs_have_equal_journals(capsys: pytest.CaptureFixture[str]) -> None:
    first = demo(capsys, "--journal", "one")[1]
    assert demo(capsys, "--journal", "two")[1] == first
    files = [sorted(p for p in Path(name).rglob("*") if p.is_file()) for name in ("one", "two")]
    assert [p.relative_to("one") for p in files[0]] == [p.relative_to("two") for p in files[1]]
    for one, two in zip(*files, strict=True):
        assert one.name == "LOCK" or one.read_bytes() == two.read_bytes()


def test_durable_state_is_a_journal_in_the_state_folder(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert demo(capsys, "--durable-state")[0] == 0
    assert look(OsDisk("artifacts/state")).finished
    assert demo(capsys, "--durable-state", "--state-dir", "mine", "--sync-each-send")[0] == 0
    assert look(OsDisk("mine")).finished


def test_a_page_and_a_journal_go_together(capsys: pytest.CaptureFixture[str]) -> None:
    assert demo(capsys, "--journal", "run", "--html", "run.html")[0] == 0
    assert "<svg" in Path("run.html").read_text(encoding="utf-8")


def interrupted(monkeypatch: pytest.MonkeyPatch, run: Callable[[], int]) -> None:
    """Run something that ends with a Ctrl-C behind its three-hundredth step."""
    steps = iter(range(10**9))

    def ending(self: ExecutionLoop) -> None:
        if next(steps) == 300:
            raise KeyboardInterrupt
        hearing(self)

    hearing = ExecutionLoop.on_fill
    with monkeypatch.context() as patch:
        patch.setattr(ExecutionLoop, "on_fill", ending)
        assert run() == 130


def test_an_interrupted_run_goes_on_and_ends_as_if_nothing_had_been(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = demo(capsys, "--iterations", "400", "--journal", "whole")[1]
    interrupted(monkeypatch, lambda: demo(capsys, "--iterations", "400", "--journal", "run")[0])
    assert not look(OsDisk("run")).finished
    monkeypatch.setenv(FREEZE_VARIABLE, "2025-06-01T12:00:00Z")  # it goes on at its own time
    code, text, err = demo(capsys, "--iterations", "400", "--journal", "run", "--recover")
    assert code == 0
    assert err == "going on with the interrupted run in run\n"
    assert text == whole


@pytest.mark.parametrize("mode", [MARKOUTS, COMPUTED])
def test_an_interrupted_run_keeps_its_measurement_of_the_edge(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    """The first measurement is recorded as `computed`, which is what one still asks with."""
    asked = ("--iterations", "400", "--edge", "computed", "--edge-threshold", "-50")
    with monkeypatch.context() as older:
        older.setattr(exec_demo, "begun_as", lambda *_: mode)
        whole = demo(capsys, *asked, "--journal", "whole")[1]
        interrupted(monkeypatch, lambda: demo(capsys, *asked, "--journal", "run")[0])
    code, text, _ = demo(capsys, *asked, "--journal", "run", "--recover")
    assert (code, text) == (0, whole)
    assert json.loads(text)["edge"]["mode"] == mode


def test_a_finished_run_is_not_run_again(capsys: pytest.CaptureFixture[str]) -> None:
    demo(capsys, "--journal", "run")
    code, out, err = demo(capsys, "--journal", "run")
    assert (code, out) == (2, "")
    assert err == (
        "error: input: --journal 'run' holds a finished run; name another folder, or"
        " `python -m tools.live replay run --report` prints its report\n"
    )


@pytest.mark.parametrize(
    ("every", "count"), [("0", 0), ("50", 2), ("100", 1), ("1000000000", 0)]
)
def test_checkpoints_are_taken_as_often_as_is_asked_for(
    capsys: pytest.CaptureFixture[str], every: str, count: int
) -> None:
    plain = demo(capsys, "--journal", "plain")[1]
    assert not Path("plain/checkpoints").exists(), "one every 100000 entries is none in so few"
    code, text, err = demo(capsys, "--journal", "run", "--checkpoint-every", every)
    assert (code, text, err) == (0, plain, "")
    assert len(list(Path("run").glob("checkpoints/*"))) == count


def test_checkpoints_that_end_before_the_run_are_told_of(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tools.live.journal.checkpoint.MAX_BYTES", 9)
    code, text, err = demo(capsys, "--journal", "run", "--checkpoint-every", "9")
    assert (code, err.count("\n")) == (0, 1) and text
    assert err.startswith("checkpoints ended before the run did: a checkpoint of ")


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--state-dir", "x"], "usage: --state-dir goes with --durable-state; give both"),
        (["--journal", "x", "--durable-state"], "usage: --journal and --durable-state name a"),
        (["--recover"], "usage: --recover needs a journal; give --journal DIR"),
        (["--sync-each-send"], "usage: --sync-each-send needs a journal; give --journal DIR"),
        (["--checkpoint-every", "9"], "usage: --checkpoint-every needs a journal; give --journal"),
        (["--journal", "run", "--checkpoint-every", "1e3"],
         "usage: --checkpoint-every '1e3' is no number from 0 to 1000000000; write it in digits"),
        (["--journal", "run", "--checkpoint-every", "²"], "usage: --checkpoint-every '²' is no"),
        (["--journal", "run", "--checkpoint-every", "1000000001"],
         "usage: --checkpoint-every '1000000001' is no number from 0 to 1000000000"),
        (["--journal", "run", "--checkpoint-every", "00000000009"],
         "usage: --checkpoint-every '00000000009' is no number"),
        (["--journal", "run", "--checkpoint-every", ""], "usage: --checkpoint-every '' is no"),
        (["--journal", ""], "usage: --journal '' is no folder name; name a folder"),
        (["--journal", "a\0b"], "usage: --journal 'a\\x00b' is no folder name; name a folder"),
        (["--journal", "new", "--recover"], "input: --recover: 'new' holds no interrupted run;"),
        (["--journal", "file"], "input: --journal 'file' is no folder; name another"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_flags_that_do_not_go_together(
    capsys: pytest.CaptureFixture[str], flags: list[str], message: str
) -> None:
    Path("file").write_text("not a folder", encoding="utf-8")
    code, out, err = demo(capsys, *flags)
    assert (code, out) == (2, "")
    assert err.startswith(f"error: {message}")
    assert not Path("new").exists()


def test_a_run_that_never_began_is_closed_quietly() -> None:
    book = journaled.Book("run", recover=False, sync_each_send=False)
    book.close()
    assert not Path("run").exists()


def test_recover_needs_something_to_recover() -> None:
    with pytest.raises(ContractError, match="holds no interrupted run; leave the flag out"):
        journaled.Book("run", recover=True, sync_each_send=False)
