"""Giving up damaged records from a shell: `tools.live.journal_cli_repair`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.unit.journal_builders import LOG_ID
from tests.unit.journal_folders import (
    Capture, a_folder, a_journal, contents, flip, in_segments,
)  # fmt: skip
from tools.live.journal.os_disk import OsDisk
from tools.live.journal.reader import Reader, verify
from tools.live.journal.segments import segment_path
from tools.live.journal_cli import main
from tools.live.journal_cli_repair import make_plan

FIRST = segment_path(0)


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    """A journal of eleven records with a turned bit in seq 6."""
    folder = a_folder(tmp_path / "run-1")
    flip(folder / FIRST, (folder / FIRST).read_bytes().index(b"F-1"))
    return folder


def run_repair(capsys: Capture, folder: Path, *flags: str, code: int = 0) -> str:
    """What the command prints, or the line that it says when it refuses."""
    assert main(["repair", str(folder), *flags]) == code
    out, err = capsys.readouterr()
    assert (err == "") is (code == 0) and (out == "") is (code != 0)
    return out or err.removesuffix("\n")


def test_a_dry_run_says_what_would_be_done(damaged: Path, capsys: Capture) -> None:
    before = contents(damaged, lock=True)
    offset = len(b"".join((damaged / FIRST).read_bytes().splitlines(keepends=True)[:6]))
    assert run_repair(capsys, damaged, "--dry-run") == (
        "damage   a line that does not follow from the one before, but seq 10 was durable\n"
        f"at       {FIRST} byte {offset}\n"
        "keeps    seq 0 to 5\n"
        "loses    seq 6 and all behind it, 5 of them durable\n"
        f"copies   {FIRST} to torn/\n"
        "copies   durable.mark to torn/\n"
        "nothing was changed; to do it, write\n"
        f"  python -m tools.live journal repair {damaged} --accept-loss-from 6\n"
    )
    assert run_repair(capsys, damaged, "--dry-run", "--accept-loss-from", "6").startswith("damage ")
    assert contents(damaged, lock=True) == before


def test_what_was_named_is_given_up(damaged: Path, capsys: Capture) -> None:
    before = contents(damaged)
    lines = run_repair(capsys, damaged, "--accept-loss-from", "6").splitlines()
    assert lines[:3] == [
        "damage   a line that does not follow from the one before, but seq 10 was durable",
        "kept     seq 0 to 5",
        "lost     seq 6 and all behind it, 5 of them durable",
    ]
    copies = [line.removeprefix("copied   ") for line in lines[3:]]
    after = contents(damaged)
    assert [after[copy] for copy in copies] == [before[FIRST], before["durable.mark"]]
    assert verify(OsDisk(damaged)).bad is None
    records = list(Reader(OsDisk(damaged)).poll())
    assert [one.seq for one in records] == list(range(7))
    assert records[-1].topic == "system.log.repaired"
    assert (damaged / "LOCK").read_text() == f"process {os.getpid()} (journal repair)"
    line = run_repair(capsys, damaged, "--dry-run", code=2)
    assert line.endswith("nothing that was durable is damaged; there is nothing to repair")


def test_the_first_loss_has_to_be_named(damaged: Path, capsys: Capture) -> None:
    before = contents(damaged, lock=True)
    assert run_repair(capsys, damaged, code=2) == (
        "error: usage: repair gives up records for good; name the first one with"
        " --accept-loss-from SEQ, or ask for it with --dry-run"
    )
    for seq in ("0", "5", "7"):
        assert run_repair(capsys, damaged, "--accept-loss-from", seq, code=2) == (
            f"error: input: --accept-loss-from {seq} is not the first loss, which is seq 6: a line"
            " that does not follow from the one before, but seq 10 was durable; give that one, or"
            " restore a copy"
        )
    line = run_repair(capsys, damaged, "--accept-loss-from", "x", code=2)
    assert line.startswith("error: usage: --accept-loss-from 'x' is no number from 0 to ")
    assert contents(damaged, lock=True) == before


def test_a_journal_in_use_is_left_alone(tmp_path: Path, capsys: Capture) -> None:
    journal = a_journal(OsDisk(tmp_path / "run-1"), close=False)
    flip(tmp_path / "run-1" / FIRST, 500)
    before = contents(tmp_path, lock=True)
    seq = make_plan(OsDisk(tmp_path / "run-1"), None).refused.seq
    line = run_repair(capsys, tmp_path / "run-1", "--accept-loss-from", str(seq), code=4)
    assert "the log is held by a test" in line
    assert contents(tmp_path, lock=True) == before
    journal.let_go()


def test_without_a_mark_nobody_knows_how_much_was_durable(damaged: Path, capsys: Capture) -> None:
    (damaged / "durable.mark").unlink()
    lines = run_repair(capsys, damaged, "--dry-run").splitlines()
    assert lines[3] == "loses    seq 6 and all behind it"
    assert [line for line in lines if line.startswith("copies")] == [f"copies   {FIRST} to torn/"]


def test_a_name_that_is_gone_has_to_be_given(tmp_path: Path, capsys: Capture) -> None:
    folder = a_folder(tmp_path / "run-1")
    flip(folder / FIRST, 100)
    before = contents(folder, lock=True)
    assert run_repair(capsys, folder, "--accept-loss-from", "0", code=2) == (
        "error: input: the name of the journal cannot be read any more; give it with --log-id ID"
        " (a report has it as integrity.journal_id)"
    )
    line = run_repair(capsys, folder, "--accept-loss-from", "0", "--log-id", "a b", code=2)
    assert "log id 'a b' is not of letters" in line
    out = run_repair(capsys, folder, "--dry-run", "--log-id", LOG_ID)
    assert "keeps    nothing; the journal begins anew\n" in out
    assert contents(folder, lock=True) == before
    run_repair(capsys, folder, "--accept-loss-from", "0", "--log-id", LOG_ID)
    assert [one.topic for one in Reader(OsDisk(folder)).poll()] == [
        "system.log.created", "system.log.repaired",
    ]  # fmt: skip
    assert verify(OsDisk(folder)).log_id == LOG_ID


def test_a_wrong_name_is_refused(damaged: Path, capsys: Capture) -> None:
    before = contents(damaged, lock=True)
    argv = ["--accept-loss-from", "6", "--log-id", "desk-2"]
    line = run_repair(capsys, damaged, *argv, code=3)
    assert "the log 'desk-1' where 'desk-2' is wanted" in line
    assert contents(damaged, lock=True) == before


def test_all_that_changes_is_foretold(tmp_path: Path, capsys: Capture) -> None:
    folder = in_segments(tmp_path / "run-1")
    firsts = sorted(int(one.stem) for one in (folder / "segments").glob("*.jsonl"))
    assert len(firsts) > 3
    assert main(["compact", str(folder)]) == 0
    capsys.readouterr()
    packed = folder / segment_path(firsts[2], ".jsonl.gz")
    packed.write_bytes(packed.read_bytes()[:-9])
    before = contents(folder)
    plan = make_plan(OsDisk(folder), None)
    assert firsts[2] <= plan.refused.seq
    assert plan.files == (
        *(segment_path(first, ".jsonl.gz") for first in firsts[2:]), "durable.mark",
    )  # fmt: skip
    lines = run_repair(capsys, folder, "--accept-loss-from", str(plan.refused.seq)).splitlines()
    after = contents(folder)
    copied = [line.removeprefix("copied   ") for line in lines if line.startswith("copied")]
    assert [after[path] for path in copied] == [before[path] for path in plan.files]
    changed = [path for path in before if after.get(path) != before[path]]
    assert {path for path in changed if not path.endswith(".idx")} <= set(plan.files)


@pytest.mark.parametrize(
    ("seq", "kept"), [(1, "seq 0 to 0"), (9, "seq 0 to 8"), (10, "seq 0 to 9")]
)
def test_the_plan_counts_what_stays_and_what_was_durable(
    tmp_path: Path, seq: int, kept: str
) -> None:
    folder = a_folder(tmp_path / "run-1")
    lines = (folder / FIRST).read_bytes().splitlines(keepends=True)
    flip(folder / FIRST, len(b"".join(lines[:seq])) + 90)
    plan = make_plan(OsDisk(folder), None)
    assert (plan.refused.seq, plan.kept()) == (seq, kept)
    assert plan.given_up() == f"seq {seq} and all behind it, {11 - seq} of them durable"


def test_damage_at_the_first_line_of_a_segment_changes_no_earlier_one(tmp_path: Path) -> None:
    folder = in_segments(tmp_path / "run-1")
    paths = sorted((folder / "segments").glob("*.jsonl"))
    flip(paths[1], 90)
    plan = make_plan(OsDisk(folder), None)
    assert plan.refused.seq == int(paths[1].stem)
    assert plan.files == (*(f"segments/{one.name}" for one in paths[1:]), "durable.mark")


def test_a_gap_is_cut_before_it(tmp_path: Path) -> None:
    folder = in_segments(tmp_path / "run-1")
    firsts = sorted(int(one.stem) for one in (folder / "segments").glob("*.jsonl"))
    (folder / segment_path(firsts[1])).unlink()
    plan = make_plan(OsDisk(folder), None)
    assert plan.refused.seq == firsts[1]
    assert plan.files == (
        *(segment_path(first) for first in [firsts[0], *firsts[2:]]), "durable.mark",
    )  # fmt: skip


def test_what_no_repair_can_help_is_refused_as_it_is(
    damaged: Path, tmp_path: Path, capsys: Capture
) -> None:
    whole = (damaged / FIRST).read_bytes()
    (damaged / FIRST).unlink()
    (tmp_path / "elsewhere").write_bytes(whole)
    (damaged / FIRST).symlink_to(tmp_path / "elsewhere")
    assert run_repair(capsys, damaged, "--accept-loss-from", "0", code=3) == (
        "error: integrity: something else than a file of the log (a regular file is needed, found"
        f" a link) at {FIRST}; nothing was changed; put the file back there"
    )


def test_a_beginning_that_cannot_be_proven_stays_refused(tmp_path: Path, capsys: Capture) -> None:
    folder = in_segments(tmp_path / "run-1")
    (folder / FIRST).unlink()
    argv = ["--log-id", LOG_ID, "--accept-loss-from"]
    seq = make_plan(OsDisk(folder), LOG_ID).refused.seq
    before = contents(folder)
    line = run_repair(capsys, folder, *argv, str(seq), code=3)
    assert "and does not say why" in line
    assert contents(folder) == before
