"""A run takes checkpoints of itself: `tools.live.journal.checkpointing`."""

from __future__ import annotations

import pytest

from tests.sim.journaled_runs import SMALL, START_NS, opened_of, run_on, wired
from tests.sim.sim_disk import Crash, Faults, SimDisk
from tests.unit.builders import a_quote_event
from tests.unit.checkpoint_builders import kept
from tests.unit.run_journals import a_run
from tools.live.core import codec
from tools.live.core.errors import LineFailed
from tools.live.core.line import Line
from tools.live.edge_modes import COMPUTED, MARKOUTS
from tools.live.journal import checkpointing
from tools.live.journal.checkpoint import Checkpoint, checkpoint_path, load, save
from tools.live.journal.checkpointing import EVERY, Checkpointing
from tools.live.journal.disk import NotAFile
from tools.live.journal.errors import StorageFailed
from tools.live.journal.line import NEVER
from tools.live.journal.reader import Reader
from tools.live.journal.replay import rebuild
from tools.live.journal.run import JournaledRun, look
from tools.live.journal.run_checkpoint import replay_checkpoint
from tools.live.market.synthetic import SyntheticMarket
from tools.live.params import ExecutionParams

STEPS = 22


def taken(monkeypatch: pytest.MonkeyPatch) -> list[Checkpoint]:
    """Every checkpoint that a run stores from now on, and whether it was durable then."""
    found: list[Checkpoint] = []

    def noting(disk: SimDisk, checkpoint: Checkpoint, *, durable_seq: int) -> str:
        assert checkpoint.seq == durable_seq
        found.append(checkpoint)
        return save(disk, checkpoint, durable_seq=durable_seq)

    monkeypatch.setattr(checkpointing, "save", noting)
    return found


def line_seqs(found: list[Checkpoint]) -> list[int]:
    return [one.state["line_seq"] for one in found]


@pytest.mark.parametrize("edge", ["scripted", COMPUTED, MARKOUTS])
def test_a_checkpoint_of_a_run_is_that_of_its_replay(
    monkeypatch: pytest.MonkeyPatch, edge: str
) -> None:
    found = taken(monkeypatch)
    run = a_run(90, edge=edge, every=300, retain=20, threshold=-1000)
    assert len(found) >= 4 and line_seqs(found)[-1] > 1024
    for one in found:
        replay = rebuild(run.disk, until=one.state["line_seq"], digest=True)
        assert replay_checkpoint(replay) == one
    assert kept(run.disk) == [one.seq for one in found[-3:]]
    assert load(run.disk, checkpoint_path(found[-1].seq).rpartition("/")[2]) == found[-1]


@pytest.mark.parametrize("every", [1, 50, 100])
def test_it_is_due_at_the_first_quiet_moment_of_every_so_many_entries(
    monkeypatch: pytest.MonkeyPatch, every: int
) -> None:
    quiet: list[int] = []
    listen = Line.quiet
    monkeypatch.setattr(Line, "quiet", lambda self: quiet.append(len(self.entries)) or listen(self))
    loop = wired()
    loop.line = Line()
    params = ExecutionParams(["BTCUSDT", "ETHUSDT"], STEPS, 2_000, 3_000, 3.0, requote=True)
    loop.run_shadow(params, SyntheticMarket(params.symbols, STEPS, START_NS))
    assert len(quiet) == STEPS
    found = taken(monkeypatch)
    run_on(SimDisk(1), STEPS, every=every)
    due = []
    for seq in quiet:
        if seq // every > (due[-1] // every if due else 0):
            due.append(seq)
    assert line_seqs(found) == due
    assert len(due) == {1: 22, 50: 8, 100: 4}[every]


def test_what_is_lived_again_has_its_checkpoints_already(monkeypatch: pytest.MonkeyPatch) -> None:
    found = taken(monkeypatch)
    trial = SimDisk(1)
    expected, _ = run_on(trial, STEPS, every=50)
    whole = [*found]
    for call in (trial.ops // 4, trial.ops // 2, trial.ops * 3 // 4):
        found.clear()
        disk = SimDisk(1)
        disk.crash_at = call
        with pytest.raises(Crash):
            run_on(disk, STEPS, every=50)
        disk.kill9()
        disk.crash_at = 0
        recorded = sum(one.src not in ("system.log", "run") for one in Reader(disk).poll())
        found.clear()
        text, _ = run_on(disk, STEPS, every=50)
        assert text == expected
        again = [one for one in line_seqs(whole) if one > recorded]
        assert line_seqs(found) == again
        assert 0 < len(again) < len(whole)


@pytest.mark.usefixtures("untraced")
def test_a_disk_that_fails_ends_the_run_and_damages_nothing() -> None:
    """Whichever call of a save fails: nothing more is recorded, and the next start goes on."""
    expected, _ = run_on(SimDisk(1), 8)
    trial = SimDisk(1)
    run_on(trial, 8, every=40)
    failed = 0
    for call in range(1, trial.ops + 1):
        disk = SimDisk(1)
        disk.faults = Faults(planted=call)
        try:
            text, _ = run_on(disk, 8, every=40)
        except StorageFailed as error:
            failed += "the checkpoint cannot be stored" in str(error)
            assert error.exit_code == 5
        else:
            assert text == expected
            continue
        disk.faults = Faults()
        disk.kill9()
        if not look(disk).finished:
            assert run_on(disk, 8, every=40)[0] == expected, call
    assert failed > 15


def a_journaled(disk: SimDisk, steps: int = 8) -> tuple[JournaledRun, Checkpointing]:
    loop = wired()
    params = ExecutionParams(["BTCUSDT", "ETHUSDT"], steps, 2_000, 3_000, 3.0, requote=True)
    opened = opened_of(loop, params, SyntheticMarket(params.symbols, steps, START_NS))
    run = JournaledRun.begin(disk, opened, holder="a test", time_ns=START_NS, limits=SMALL)
    return run, Checkpointing(disk, run.line, loop.fold, run.opened, 3)


@pytest.mark.parametrize("fault", [NotAFile("checkpoints", "link"), KeyboardInterrupt()])
def test_behind_a_checkpoint_that_failed_nothing_is_recorded(
    monkeypatch: pytest.MonkeyPatch, fault: BaseException
) -> None:
    disk = SimDisk()
    run, _ = a_journaled(disk)
    for seq in (1, 2, 3):
        run.line.input(seq, seq, 0, a_quote_event())

    def refuse(path: str) -> None:
        raise fault

    monkeypatch.setattr(disk, "make_folder", refuse)
    expected = KeyboardInterrupt if isinstance(fault, KeyboardInterrupt) else StorageFailed
    with pytest.raises(expected) as raised:
        run.line.quiet()
    if isinstance(raised.value, StorageFailed):
        assert "the checkpoint cannot be stored: no file of ours" in str(raised.value)
    with pytest.raises(LineFailed, match="cannot follow"):
        run.line.input(4, 4, 0, a_quote_event())


def test_a_state_too_large_to_store_ends_the_checkpoints_and_not_the_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    disk = SimDisk()
    run, taking = a_journaled(disk)
    monkeypatch.setattr("tools.live.journal.checkpoint.MAX_BYTES", 100)
    for seq in (1, 2, 3):
        run.line.input(seq, seq, 0, a_quote_event())
        assert taking.stopped == ""
        run.line.quiet()
    assert "passes the limit of 100; retain fewer finished orders" in taking.stopped
    assert run.line._due == NEVER
    run.line.input(4, 4, 0, a_quote_event())
    run.line.quiet()
    assert disk.names("checkpoints") == []


def test_a_checkpoint_makes_what_it_stands_for_durable_first() -> None:
    disk = SimDisk()
    run, _ = a_journaled(disk)
    before = run.journal.durable_seq
    for seq in (1, 2, 3):
        run.line.quiet()
        run.line.input(seq, seq, 0, a_quote_event())
    assert run.journal.durable_seq == before, "three entries are no batch"
    run.line.quiet()
    assert run.journal.durable_seq == before + 3
    assert kept(disk) == [before + 3]
    run.line.quiet()
    assert kept(disk) == [before + 3], "none is due until seq 6"


def test_the_report_does_not_know_of_them() -> None:
    assert EVERY == 100_000
    assert codec.canonical(a_run(9, every=10).report) == codec.canonical(a_run(9).report)
