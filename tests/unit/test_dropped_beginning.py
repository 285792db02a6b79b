"""A run whose beginning was dropped: what still can be done with it, and what is refused.

`tools.live.journal.upkeep` lets it go.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.sim.sim_disk import Crash, SimDisk
from tests.unit.builders import T0_NS
from tests.unit.checkpoint_builders import kept, respelled
from tests.unit.journal_builders import opened as opened_log
from tests.unit.run_journals import a_run, to_folder
from tools.live import journal_cli
from tools.live.core import codec
from tools.live.core.errors import ContractError
from tools.live.journal import upkeep
from tools.live.journal.checkpoint import Skipped, checkpoint_path, load
from tools.live.journal.folding import NotARun, Replay, ReplayFailed, is_entry
from tools.live.journal.fork import ParentRun
from tools.live.journal.line_block import begun_block
from tools.live.journal.line_digest import BLOCK
from tools.live.journal.os_disk import OsDisk
from tools.live.journal.outcome import Limits
from tools.live.journal.projection import Found, Projection
from tools.live.journal.projection_file import ProjectionRefused
from tools.live.journal.reader import Reader, verify
from tools.live.journal.rederive import rederive
from tools.live.journal.replay import find_run, rebuild
from tools.live.journal.run import look
from tools.live.journal.run_checkpoint import restore_from
from tools.live.journal.segments import list_segments
from tools.live.journal.travel import causes_of, last_inputs, last_steps, resolve
from tools.live.journal.upkeep import drop_before, oldest_checkpoint, pack_closed
from tools.live.replay_cli import main

SMALL = Limits(rotate_bytes=16 * 1024, batch_records=32)
RAN = a_run(160, every=500, limits=SMALL, threshold=-1000, retain=30)
WHOLE = rebuild(RAN.disk, digest=True)
Capture = pytest.CaptureFixture[str]


@cache
def _dropped() -> SimDisk:
    disk = RAN.disk.clone()
    seq = oldest_checkpoint(disk)
    assert drop_before(disk, seq, holder="an operator", time_ns=T0_NS) > 3
    return disk


def dropped(*, packed: bool = False) -> SimDisk:
    """The same journal without what its oldest checkpoint stands for."""
    disk = _dropped().clone()
    if packed:
        pack_closed(disk, "an operator")
    return disk


def first_seq(disk: SimDisk) -> int:
    return list_segments(disk)[0].first_seq


def line_seqs(disk: SimDisk) -> list[int]:
    """Where in the line the checkpoints are."""
    return [next(Reader(disk, from_seq=seq).poll()).sseq for seq in kept(disk)]


def replayed(disk: SimDisk, until: int | None = None) -> Replay:
    skipped: list[Skipped] = []
    restore = restore_from(disk, find_run(disk)[0], skipped, digest=True)
    replay = rebuild(disk, until=until, restore=restore, digest=True)
    assert skipped == []
    return replay


@pytest.mark.usefixtures("untraced")
@pytest.mark.parametrize("packed", [False, True])
def test_P05_the_report_and_the_state_are_those_of_the_whole_journal(packed: bool) -> None:
    disk = dropped(packed=packed)
    assert first_seq(disk) > 2 and verify(disk).ends_closed
    assert find_run(disk) == find_run(RAN.disk)
    assert find_run(disk)[1].about == WHOLE.opened.about
    replay = replayed(disk)
    assert codec.canonical(replay.report()) == codec.canonical(RAN.report)
    assert replay.state_sha256 == WHOLE.state_sha256
    for number, seq in enumerate(line_seqs(disk)):
        for until in (seq, seq + 1, seq + 77):
            expected = rebuild(RAN.disk, until=until, digest=True)
            found = replayed(disk, until)
            assert found.state_sha256 == expected.state_sha256
            assert found.line_digest is not None and expected.line_digest is not None
            assert found.line_digest.hexdigest() == expected.line_digest.hexdigest()
            assert found.begun == line_seqs(disk)[number]


def test_what_the_digest_needs_stays() -> None:
    """The oldest checkpoint's block began before it, and those entries must not go."""
    disk = dropped()
    oldest = line_seqs(disk)[0]
    assert oldest % BLOCK > 100
    left = [one.sseq for one in Reader(disk).poll() if is_entry(one)]
    assert left[0] <= oldest - oldest % BLOCK + 1
    block = begun_block(disk, oldest, kept(disk)[0])
    assert [one.sseq for one in block] == list(range(oldest - oldest % BLOCK + 1, oldest + 1))
    behind = left[0] + 3
    assert 1 < left[0] < behind < BLOCK, "the block that it is in began before what is left"
    with pytest.raises(ContractError, match=f"before seq {left[0]} of the line are dropped, and"):
        begun_block(disk, behind, first_seq(disk) + 3)
    assert begun_block(disk, 2 * BLOCK, kept(disk)[0]) == []


def test_dropping_goes_on_with_the_next_oldest() -> None:
    disk = dropped()
    before = first_seq(disk)
    disk.put(checkpoint_path(kept(disk)[0]), None)
    seq = oldest_checkpoint(disk)
    drop_before(disk, seq, holder="an operator", time_ns=T0_NS)
    assert first_seq(disk) >= before
    assert codec.canonical(replayed(disk).report()) == codec.canonical(RAN.report)
    assert drop_before(disk, seq, holder="an operator", time_ns=T0_NS) == 0


def test_a_damaged_newest_checkpoint_leaves_the_older() -> None:
    disk = dropped()
    for seq in reversed(kept(disk)[1:]):
        respelled(disk, checkpoint_path(seq), state_hash="00" * 32)
        skipped: list[Skipped] = []
        restore = restore_from(disk, find_run(disk)[0], skipped, digest=True)
        replay = rebuild(disk, restore=restore, digest=True)
        assert codec.canonical(replay.report()) == codec.canonical(RAN.report)
        assert skipped[-1].path == checkpoint_path(seq)


def test_without_a_checkpoint_nothing_stands_for_what_is_gone() -> None:
    disk = dropped()
    for seq in kept(disk):
        disk.put(checkpoint_path(seq), None)
    why = f"^the journal begins with seq {first_seq(disk)}, what was before is dropped, and no"
    with pytest.raises(ReplayFailed, match=why):
        replayed(disk)
    for restore in (None, restore_from(disk, find_run(disk)[0])):
        with pytest.raises(ReplayFailed, match=why):
            rebuild(disk, until=700, restore=restore)
        with pytest.raises(ReplayFailed, match=why):
            rederive(disk, restore)


def test_a_place_before_every_checkpoint_is_refused() -> None:
    disk = dropped()
    seq = line_seqs(disk)[0] - 1
    with pytest.raises(ContractError, match=f"^seq {seq} is before every checkpoint of the line, "):
        replayed(disk, seq)


def test_verifying_begins_at_the_oldest_checkpoint() -> None:
    disk = dropped()
    oldest = restore_from(disk, find_run(disk)[0], oldest=True)
    verified = rederive(disk, oldest)
    assert verified.holds and verified.state_as_reported
    assert verified.replay.begun == line_seqs(disk)[0]
    assert 0 < verified.compared < rederive(RAN.disk).compared
    assert rederive(RAN.disk, restore_from(RAN.disk, WHOLE.log_id)).replay.begun == 0, "all of it"


def test_a_decision_that_differs_is_told_with_the_causes_that_are_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    disk = dropped()
    monkeypatch.setattr("tools.live.strategy.two_sided._TWICE", 3 * 10**13)
    found = rederive(disk, restore_from(disk, find_run(disk)[0], oldest=True)).difference
    assert found is not None and found.causes
    left = next(one.sseq for one in Reader(disk).poll() if is_entry(one))
    assert causes_of(disk, left - 1) == ()
    assert causes_of(disk, left)[0].seq == left


def test_an_interrupted_run_without_its_beginning_does_not_go_on() -> None:
    disk = dropped()
    assert look(disk).finished
    reported = next(one.seq for one in Reader(disk).poll() if one.topic == "run.reported")
    for one in list_segments(disk):
        if one.first_seq > reported - 200:
            disk.put(one.path, None)
    disk.put("durable.mark", None)
    with pytest.raises(ContractError, match="what was before is dropped; a run that goes on lives"):
        look(disk)


def test_it_cannot_be_forked() -> None:
    disk = dropped()
    with pytest.raises(ContractError, match="what was before is dropped; a fork lives its parent"):
        ParentRun(disk)


def test_steps_and_places_that_are_left_are_found() -> None:
    disk = dropped()
    seq = line_seqs(disk)[1] + 30
    restore = restore_from(disk, find_run(disk)[0])
    replay, steps = last_steps(disk, seq, 3, restore)
    expected, whole = last_steps(RAN.disk, seq, 3)
    assert steps == whole and replay.state_sha256 == expected.state_sha256
    assert resolve(disk, str(seq)) == seq
    with pytest.raises(ContractError, match="CLI00000002 is no order of what is left of this run;"):
        resolve(disk, "CLI00000002")
    left = next(one.sseq for one in Reader(disk).poll() if is_entry(one))
    assert last_inputs(disk, left, 1) in ([left], [])
    with pytest.raises(ContractError, match=f"^seq {left - 1} is dropped; what is left of the lin"):
        last_inputs(disk, left - 1, 1)


def test_a_log_that_does_not_say_how_its_run_was_opened_holds_none() -> None:
    disk = RAN.disk.clone()
    journal = opened_log(disk, log_id=WHOLE.log_id)
    assert journal.trim(300, T0_NS) > 1
    journal.close(T0_NS)
    with pytest.raises(NotARun, match="and no record of what was dropped says how a run was open"):
        find_run(disk)


@pytest.mark.usefixtures("untraced")
def test_P01_a_crash_anywhere_in_dropping_loses_nothing_that_is_needed() -> None:
    whole = RAN.disk.clone()
    seq = oldest_checkpoint(whole)
    trial = whole.clone()
    before = trial.ops
    drop_before(trial, seq, holder="an operator", time_ns=T0_NS)
    for disk in _crashes(whole, seq, trial.ops - before):
        assert codec.canonical(replayed(disk).report()) == codec.canonical(RAN.report)
        drop_before(disk, seq, holder="an operator", time_ns=T0_NS)
        assert first_seq(disk) == first_seq(trial), "and it is simply done again"


def _crashes(whole: SimDisk, seq: int, calls: int) -> Iterator[SimDisk]:
    for call in range(1, calls + 1, 11):
        disk = whole.clone()
        disk.crash_at = disk.ops + call
        with pytest.raises(Crash):
            drop_before(disk, seq, holder="an operator", time_ns=T0_NS)
        if call % 2:
            disk.kill9()
        else:
            disk.power_loss(call)
        disk.crash_at = 0
        yield disk


def test_a_projection_that_is_behind_what_was_dropped_is_refused_and_stays(
    tmp_path: Path,
) -> None:
    folder = to_folder(RAN.disk, tmp_path / "whole")
    after = to_folder(dropped(), tmp_path / "dropped")
    path = tmp_path / "orders.db"
    with Projection.open(path, OsDisk(folder)) as projection:
        orders = projection._connection.execute("SELECT * FROM orders").fetchall()
    with Projection.open(path, OsDisk(after)) as projection:
        assert projection.opened.found is Found.CAUGHT_UP, "it held all that was dropped"
        assert projection._connection.execute("SELECT * FROM orders").fetchall() == orders
        assert projection.last_seq > WHOLE.journal_seq
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE meta SET last_seq = 3")
    before = path.read_bytes()
    with pytest.raises(ProjectionRefused, match="cannot be built: the log begins with seq"):
        Projection.open(path, OsDisk(after))
    assert path.read_bytes() == before
    with pytest.raises(ProjectionRefused, match="restore a backup"):
        Projection.open(tmp_path / "new.db", OsDisk(after))


# The same from the command line.


def said(capsys: Capture, code: int, *argv: str | Path) -> tuple[str, str]:
    assert main([str(word) for word in argv]) == code
    out, err = capsys.readouterr()
    return out, err


def test_the_commands_do_what_can_be_done(tmp_path: Path, capsys: Capture) -> None:
    folder = to_folder(dropped(), tmp_path / "run")
    report = codec.canonical(RAN.report) + "\n"
    assert said(capsys, 0, folder, "--report") == (report, "")
    out, err = said(capsys, 0, folder, "--verify")
    oldest = line_seqs(dropped())[0]
    assert f"of {WHOLE.seq - oldest} entries come out as recorded" in out
    assert err == f"verified behind seq {oldest} of the line; what was before is dropped\n"
    assert f"at seq {WHOLE.seq}\n" in said(capsys, 0, folder)[0]
    whole = to_folder(RAN.disk.clone(), tmp_path / "whole")
    assert said(capsys, 0, folder, "--books") == said(capsys, 0, whole, "--books")
    out, err = said(capsys, 2, folder, "--until", "9")
    assert (out, err.count("\n")) == ("", 1) and "seq 9 is before every checkpoint" in err
    for flags in (["--step", "2", "--until", "9"], ["--fork", tmp_path / "f", "--until", "900"]):
        out, err = said(capsys, 2, folder, *flags)
        assert (out, err.count("\n")) == ("", 1) and "dropped" in err
    out, err = said(capsys, 1, folder, "--from-genesis")
    assert (out, err.count("\n")) == ("", 1) and "is dropped, and no checkpoint" in err
    assert journal_cli.main(["project", str(folder)]) == 3
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and "restore a backup" in err and "repair" not in err


@pytest.mark.parametrize("broken", [0, 1, 2, 3])
def test_P05_the_report_is_the_same_however_many_checkpoints_are_damaged(
    tmp_path: Path, capsys: Capture, broken: int
) -> None:
    disk = RAN.disk.clone()
    seqs = kept(disk)[::-1]
    for seq in seqs[:broken]:
        path = checkpoint_path(seq)
        disk.put(path, disk.image()[path].replace(b'"state"', b'"stale"'))
    folder = to_folder(disk, tmp_path / "run")
    report = codec.canonical(RAN.report) + "\n"
    out, err = said(capsys, 0, folder, "--report")
    assert out == report
    assert [line.partition(":")[0] for line in err.splitlines()] == [
        f"passed over {checkpoint_path(seq)}" for seq in seqs[:broken]
    ]
    assert said(capsys, 0, folder, "--report", "--from-genesis") == (report, "")


def test_a_replay_begins_at_the_newest_checkpoint_unless_told_otherwise(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = to_folder(RAN.disk, tmp_path / "run")
    begun: list[int] = []
    begin_at = Replay.begin_at
    monkeypatch.setattr(
        Replay, "begin_at", lambda self, start: begun.append(start.seq) or begin_at(self, start)
    )
    seqs = line_seqs(RAN.disk)
    for flags in ([], ["--report"], ["--step", "2", "--until", str(seqs[2] + 9)]):
        said(capsys, 0, folder, *flags)
        assert begun == [seqs[2]]
        begun.clear()
        said(capsys, 0, folder, *flags, "--from-genesis")
        assert begun == []
    said(capsys, 0, folder, "--until", str(seqs[1] + 3))
    assert begun == [seqs[1]]
    said(capsys, 0, folder, "--step", "1")
    said(capsys, 0, folder, "--verify")
    assert begun == [seqs[1], seqs[2], seqs[2]], "verifying begins at the beginning"


def test_a_checkpoint_says_how_its_run_was_opened() -> None:
    disk = RAN.disk.clone()
    newest = checkpoint_path(kept(disk)[-1])
    state = load(disk, newest.rpartition("/")[2]).state
    for changed, why in (
        ({"opened": {**state["opened"], "start_ns": "1"}}, "opened otherwise than this one"),
        ({"line_digest": None}, "does not hold the digest of the line"),
        ({"line_digest": "d1"}, "line_digest 'd1' is not 64 hexadecimal digits"),
    ):
        respelled(disk, newest, state={**state, **changed})
        skipped: list[Skipped] = []
        restore = restore_from(disk, WHOLE.log_id, skipped, digest=True)
        rebuild(disk, restore=restore, digest=True).report()
        assert [one.path for one in skipped] == [newest]
        assert why in skipped[0].reason
    respelled(disk, newest, state={**state, "line_digest": None, "opened": None})
    skipped = []
    assert rebuild(disk, restore=restore_from(disk, WHOLE.log_id, skipped)).seq == WHOLE.seq
    assert skipped == [], "a checkpoint of version 1 knew neither"


def test_the_record_before_a_block_stays_and_proves_it() -> None:
    block = begun_block(RAN.disk, line_seqs(RAN.disk)[0], kept(RAN.disk)[0])
    assert upkeep._needed_from(RAN.disk, kept(RAN.disk)[0]) == block[0].seq - 1
    assert upkeep._needed_from(RAN.disk, 1) == 1, "how the run was opened is in no block"


@pytest.mark.parametrize(("changed", "why"), [
    ({"state_hash": "00" * 32}, "state_hash '0+' is not that of the state, "),
    ({"config_hash": "00" * 32}, "config_hash '0+' is not that of this run, "),
    ({"state": {}}, "state lacks "),
])  # fmt: skip
def test_only_a_checkpoint_that_a_replay_can_use_lets_anything_go(
    changed: dict[str, Any], why: str
) -> None:
    disk = RAN.disk.clone()
    path = checkpoint_path(kept(disk)[0])
    respelled(disk, path, **changed)
    with pytest.raises(ContractError, match=f"^{path} is no checkpoint .* use [(]{why}.*; remove"):
        oldest_checkpoint(disk)
