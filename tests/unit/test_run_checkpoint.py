"""From a checkpoint a replay comes to the same end: `tools.live.journal.run_checkpoint`."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.sim.sim_disk import SimDisk
from tests.unit.prop import chance
from tests.unit.run_journals import a_moody_run, a_run
from tools.live.core import codec
from tools.live.core.contracts_v1 import INPUTS, Entry
from tools.live.core.errors import ContractError
from tools.live.edge_modes import COMPUTED, MARKOUTS, SCRIPTED
from tools.live.fold_state import state_of
from tools.live.journal.checkpoint import Checkpoint, Skipped, checkpoint_path, save
from tools.live.journal.folding import Replay
from tools.live.journal.replay import rebuild
from tools.live.journal.run_checkpoint import replay_checkpoint, restore_from, run_checkpoint
from tools.live.journal.run_facts import RunOpened, opened_payload


def checkpoint_at(disk: SimDisk, seq: int) -> Checkpoint:
    checkpoint = replay_checkpoint(rebuild(disk, until=seq))
    save(disk, checkpoint, durable_seq=10**6)
    return checkpoint


def before_inputs(entries: list[Entry]) -> list[int]:
    """The places of the line at which a step is over: an input from outside follows."""
    return [
        one.seq - 1 for one in entries if isinstance(one.event, INPUTS) and not one.cause
    ][1:]  # fmt: skip


def log_of(disk: SimDisk) -> str:
    return rebuild(disk, until=1).log_id


def from_checkpoints(
    disk: SimDisk, until: int | None = None, skipped: list[Skipped] | None = None
) -> Replay:
    return rebuild(disk, until=until, restore=restore_from(disk, log_of(disk), skipped))


def same(one: Replay, other: Replay) -> bool:
    return (
        state_of(one.fold) == state_of(other.fold)
        and one.state_sha256 == other.state_sha256
        and (one.seq, one.journal_seq, one.head) == (other.seq, other.journal_seq, other.head)
    )


@pytest.mark.parametrize("every", [1, 7, 100])
def test_P05_one_state_hash_with_a_checkpoint_every_so_often(every: int) -> None:
    """Each is made of a replay from the one before, so that a flaw would pile up."""
    for run in (a_moody_run(5, 60), a_run(8, edge=COMPUTED, retain=4), a_run(8, edge=SCRIPTED),
                a_moody_run(6, 60, edge=MARKOUTS)):
        whole = rebuild(run.disk)
        for seq in before_inputs(run.entries)[::every]:
            replay = from_checkpoints(run.disk, seq)
            assert replay.seq == seq
            save(run.disk, replay_checkpoint(replay), durable_seq=10**6)
        assert same(from_checkpoints(run.disk), whole)


@pytest.mark.parametrize("seed", range(6))
def test_P05_a_checkpoint_anywhere_leads_to_the_same_end(seed: int) -> None:
    run = a_moody_run(seed)
    whole = rebuild(run.disk)
    for seq in chance(seed).sample(before_inputs(run.entries), 5):
        disk = run.disk.clone()
        checkpoint = checkpoint_at(disk, seq)
        assert checkpoint.state["line_seq"] == seq
        skipped: list[Skipped] = []
        assert same(from_checkpoints(disk, skipped=skipped), whole)
        assert skipped == []


def test_a_replay_really_begins_at_the_checkpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    run = a_run(8)
    seqs = before_inputs(run.entries)
    checkpoint_at(run.disk, seqs[3])
    newest = checkpoint_at(run.disk, seqs[9])
    begun: list[tuple[int, int, str]] = []
    begin_at = Replay.begin_at

    def noting(self: Replay, start: Any) -> None:
        begun.append((start.seq, start.journal_seq, start.head))
        begin_at(self, start)

    monkeypatch.setattr(Replay, "begin_at", noting)
    from_checkpoints(run.disk)
    assert begun == [(seqs[9], newest.seq, newest.head_hash)]
    skipped: list[Skipped] = []
    assert from_checkpoints(run.disk, seqs[9] - 1, skipped).seq == seqs[9] - 1
    assert begun[1][0] == seqs[3]
    assert skipped == [], "it is as good as any, only of a later place"
    assert from_checkpoints(run.disk, seqs[9]).seq == seqs[9]
    assert begun[2][0] == seqs[9]
    assert from_checkpoints(run.disk, 3).seq == 3
    assert len(begun) == 3, "nothing before the oldest"


def changed_state(checkpoint: Checkpoint, **changed: Any) -> Checkpoint:
    state = {**copy.deepcopy(checkpoint.state), **changed}
    return Checkpoint(
        checkpoint.log_id, checkpoint.seq, checkpoint.head_hash, checkpoint.state_hash,
        checkpoint.config_hash, state,
    )  # fmt: skip


def test_a_state_that_is_not_what_its_hash_says_is_passed_over() -> None:
    run = a_run(8)
    seqs = before_inputs(run.entries)
    whole = rebuild(run.disk)
    checkpoint_at(run.disk, seqs[3])
    good = checkpoint_at(run.disk, seqs[9])
    line_seq = good.state["line_seq"]
    other = copy.deepcopy(good.state["fold"])
    other["monitor"]["exposures"][0][5] += "0"
    for changed, said in (
        ({"fold": other}, "state_hash '"),
        ({"line_seq": line_seq - 1}, "state_hash '"),
        ({"line_seq": str(line_seq)}, f"line_seq '{line_seq}' is not a whole number"),
        ({"fold": {}}, "state lacks fold"),
        ({"more": 1}, "state has 'more', which nobody knows"),
    ):
        save(run.disk, changed_state(good, **changed), durable_seq=10**6)
        skipped: list[Skipped] = []
        assert same(from_checkpoints(run.disk, skipped=skipped), whole)
        assert [one.path for one in skipped] == [checkpoint_path(good.seq)]
        assert skipped[0].reason.startswith(said), skipped
    assert from_checkpoints(run.disk).seq == whole.seq, "and nobody need listen"


def test_a_checkpoint_of_another_configuration_is_passed_over() -> None:
    run = a_run(8)
    seq = before_inputs(run.entries)[9]
    replay = rebuild(run.disk, until=seq)
    opened = replay.opened
    other = RunOpened(
        {**opened.about, "iterations": 9}, opened.edge, opened.start_ns, opened.first_event_ns,
        opened.terms, opened.retain, opened.held_before, opened.code_version, None,
    )  # fmt: skip
    checkpoint = run_checkpoint(
        replay.fold, log_id=replay.log_id, opened=other, closed=None, seq=seq,
        journal_seq=replay.journal_seq, head_hash=replay.head.hex(),
    )  # fmt: skip
    save(run.disk, checkpoint, durable_seq=10**6)
    skipped: list[Skipped] = []
    assert same(from_checkpoints(run.disk, skipped=skipped), rebuild(run.disk))
    assert skipped[0].reason.startswith("config_hash '")
    assert codec.sha256(replay.opened.about) in skipped[0].reason


def test_a_checkpoint_is_of_the_run_that_it_was_taken_of() -> None:
    run = a_run(8)
    seqs = before_inputs(run.entries)
    checkpoint = checkpoint_at(run.disk, seqs[9])
    replay = rebuild(run.disk, until=seqs[9])
    assert checkpoint == Checkpoint(
        replay.log_id, replay.journal_seq, replay.head.hex(), replay.state_sha256,
        codec.sha256(replay.opened.about), {
            "fold": state_of(replay.fold), "line_digest": None, "line_seq": seqs[9],
            "opened": opened_payload(replay.opened),
        },
    )  # fmt: skip
    with pytest.raises(ContractError, match="must wait"):
        save(run.disk, checkpoint, durable_seq=checkpoint.seq - 1)
