"""What a checkpoint does not hold of the line's digest is read again:
`tools.live.journal.line_block`."""

from __future__ import annotations

import pytest

from tests.sim.journaled_runs import run_on
from tests.sim.sim_disk import Crash, SimDisk
from tests.unit.checkpoint_builders import kept
from tests.unit.run_journals import a_run
from tools.live.core import codec
from tools.live.journal import line_block
from tools.live.journal.checkpoint import Skipped
from tools.live.journal.line_block import begun_block
from tools.live.journal.line_digest import BLOCK
from tools.live.journal.outcome import Limits
from tools.live.journal.reader import Reader
from tools.live.journal.replay import find_run, rebuild
from tools.live.journal.run_checkpoint import restore_from
from tools.live.journal.segments import list_segments

RAN = a_run(110, limits=Limits(rotate_bytes=16 * 1024, batch_records=32), threshold=-1000)


def test_a_block_is_found_behind_any_number_of_other_records(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(line_block, "_OTHERS", -1000)
    disk = RAN.disk
    assert len(begun_block(disk, BLOCK + 1023, BLOCK + 1023 + 1)) == 1023


def test_a_block_ends_where_it_is_told_to_and_holds_entries_only() -> None:
    disk = RAN.disk.clone()
    assert [one.sseq for one in begun_block(disk, 3, 4)] == [1, 2, 3], "and not how it was opened"
    reported = next(one.seq for one in Reader(disk).poll() if one.topic == "run.reported")
    for one in list_segments(disk):
        if one.first_seq > reported - 100:
            disk.put(one.path, None)
    disk.put("durable.mark", None)
    *_, end = Reader(disk).poll()
    assert end.sseq % BLOCK, "the log now ends with an entry of a block that was begun"
    assert begun_block(disk, end.sseq, end.seq)[-1] == end


def test_what_a_later_life_says_of_itself_is_in_no_block() -> None:
    """An interrupted run goes on: its block has a record of the log in the middle."""
    trial = SimDisk(1)
    expected, _ = run_on(trial, 12, every=100)
    disk = SimDisk(1)
    disk.crash_at = trial.ops // 2
    with pytest.raises(Crash):
        run_on(disk, 12, every=100)
    disk.kill9()
    disk.crash_at = 0
    assert run_on(disk, 12, every=100)[0] == expected
    recovered = next(one.seq for one in Reader(disk).poll() if one.topic == "system.log.recovered")
    assert 2 < recovered < kept(disk)[-1]
    skipped: list[Skipped] = []
    restore = restore_from(disk, find_run(disk)[0], skipped, digest=True)
    assert codec.canonical(rebuild(disk, restore=restore, digest=True).report()) == expected
    assert skipped == []
