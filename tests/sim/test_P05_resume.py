"""A run that is interrupted anywhere and taken up again ends with the bytes of one that was not."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from tests.sim.journaled_runs import run_on
from tests.sim.sim_disk import Crash, SimDisk
from tools.live.core import codec
from tools.live.core.errors import ContractError
from tools.live.journal.checkpoint import Skipped
from tools.live.journal.errors import Diverged
from tools.live.journal.line import JournalLine
from tools.live.journal.reader import Reader
from tools.live.journal.replay import rebuild
from tools.live.journal.run import look
from tools.live.journal.run_checkpoint import restore_from


def uninterrupted(**how: Any) -> tuple[str, int]:
    """The report of a run without a crash, and how many calls its disk had."""
    disk = SimDisk(1)
    text, _ = run_on(disk, **how)
    return text, disk.ops


def survived(disk: SimDisk, expected: str, at: int, **how: Any) -> None:
    """Kill or cut the power by turns, and go on until the report is there."""
    if at % 2:
        disk.kill9()
    else:
        disk.power_loss(at)
    disk.crash_at = 0
    if look(disk).finished:
        return  # it died behind the last word
    text, _ = run_on(disk, **how)
    assert text == expected, at


@pytest.mark.parametrize("each_send", [False, True], ids=["batches", "each send"])
def test_P05_a_crash_at_every_call_of_the_disk(each_send: bool) -> None:
    steps = 22 if not each_send else 6
    expected, calls = uninterrupted(steps=steps, each_send=each_send)
    for at in range(1, calls + 1):
        disk = SimDisk(1)
        disk.crash_at = at
        with pytest.raises(Crash):
            run_on(disk, steps, each_send=each_send)
        survived(disk, expected, at, steps=steps, each_send=each_send)


@pytest.mark.parametrize(("every", "steps"), [(1, 5), (7, 6), (100, 11)])
def test_P05_checkpoints_change_nothing_wherever_a_crash_comes(every: int, steps: int) -> None:
    expected, _ = uninterrupted(steps=steps)
    whole = SimDisk(1)
    assert run_on(whole, steps, every=every)[0] == expected
    calls = whole.ops
    assert len(whole.names("checkpoints")) == (3 if every < 100 else 2)
    for at in range(1, calls + 1):
        disk = SimDisk(1)
        disk.crash_at = at
        with pytest.raises(Crash):
            run_on(disk, steps, every=every)
        survived(disk, expected, at, steps=steps, every=every)
        assert from_newest(disk) == (expected, json.loads(expected)["integrity"]["state_sha256"])


def from_newest(disk: SimDisk) -> tuple[str, str]:
    """The report and the state that a replay from the newest checkpoint comes to, with none of
    them passed over."""
    skipped: list[Skipped] = []
    restore = restore_from(disk, look(disk).log_id or "", skipped, digest=True)
    replay = rebuild(disk, digest=True, restore=restore)
    assert skipped == []
    return codec.canonical(replay.report()), replay.state_sha256


def test_P05_a_crash_at_every_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    expected, _ = uninterrupted(steps=30)
    entries = int(json.loads(expected)["integrity"]["journal_head"].partition(":")[0])
    assert entries >= 500, entries
    take, say, hearing = JournalLine.input, JournalLine.output, JournalLine.hearing
    for at in range(1, entries + 1):
        disk = SimDisk(at)

        def dying(take: Callable[..., None], seq: int, *rest: Any, at: int = at) -> None:
            if seq == at:
                raise Crash
            take(seq, *rest)

        with monkeypatch.context() as patch:
            line = JournalLine
            patch.setattr(line, "input", lambda of, *said: dying(partial(take, of), *said))
            patch.setattr(line, "output", lambda of, *said: dying(partial(say, of), *said))
            patch.setattr(line, "hearing", lambda of, kind: partial(dying, hearing(of, kind)))
            with pytest.raises(Crash):
                run_on(disk, steps=30)
        survived(disk, expected, at, steps=30)


def test_P05_a_crash_in_each_of_many_lives() -> None:
    """Every life gets a little further, or none further at all."""
    expected, calls = uninterrupted()
    disk = SimDisk(7)
    for life in range(1, 60):
        disk.crash_at = disk.ops + 5 * life
        try:
            text, _ = run_on(disk)
        except Crash:
            disk.power_loss(life)
            disk.crash_at = 0
            if not look(disk).finished:
                continue
        else:
            assert text == expected
        break
    else:
        pytest.fail(f"60 lives were not enough for {calls} calls")


def test_the_journal_changes_nothing_but_its_own_two_keys() -> None:
    alone = json.loads(run_on(None)[0])
    journaled = json.loads(uninterrupted()[0])
    assert alone["integrity"].pop("journal_id") is None
    assert alone["integrity"].pop("journal_head") is None
    assert journaled["integrity"].pop("journal_id").startswith("run-")
    journaled["integrity"].pop("journal_head")
    assert alone == journaled


def test_a_finished_run_is_not_begun_again() -> None:
    disk = SimDisk(1)
    run_on(disk)
    with pytest.raises(ContractError, match="a finished run; replay it, or name another folder"):
        run_on(disk)


def interrupted() -> SimDisk:
    disk = SimDisk(1)
    disk.crash_at = 200
    with pytest.raises(Crash):
        run_on(disk)
    disk.kill9()
    disk.crash_at = 0
    return disk


def test_another_run_does_not_go_on_with_it() -> None:
    disk = interrupted()
    before = disk.image()
    with pytest.raises(ContractError, match="holds a run with seed 42, not 43; give the same"):
        run_on(disk, seed=43)
    with pytest.raises(ContractError, match="edge_freeze_threshold_bps 3.0, not 2.0"):
        run_on(disk, threshold=2.0)
    assert disk.image() == before


def test_a_run_that_comes_out_otherwise_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody changed the program: it says at which entry, and records nothing."""
    disk = interrupted()
    monkeypatch.setattr("tools.live.strategy.two_sided._TWICE", 3 * 10**13)
    with pytest.raises(Diverged, match=r"seq \d+ of the line is recorded as .* but came out as"):
        run_on(disk)
    topics = [one.topic for one in Reader(disk).poll()]
    assert "run.reported" not in topics
