"""The folder that somebody named: `tools.live.journal_folder`."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from tests.unit.journal_builders import FIRST
from tests.unit.journal_folders import Capture, a_folder, contents, flip
from tools.live import exec_demo, journal_cli, replay_cli
from tools.live.console import Usage
from tools.live.core.errors import ContractError
from tools.live.journal.disk import NotAFile
from tools.live.journal.errors import IntegrityRefused, LogHeld, NotOurs
from tools.live.journal.mark import Mark, spell_slot
from tools.live.journal_folder import Damaged, advised, give_up, look_first, named_folder

REFUSED = {"path": "segments/x", "offset": 7, "seq": 3}
VERIFY = "python -m tools.live journal verify"
REPAIR = "python -m tools.live journal repair"


def test_a_folder_with_segments_or_with_a_mark_holds_a_journal(tmp_path: Path) -> None:
    (tmp_path / "segments").mkdir()
    assert named_folder(str(tmp_path), "show", "journal show") == str(tmp_path)
    (tmp_path / "segments").rmdir()
    with pytest.raises(ContractError, match="holds no journal; name a folder that has segments/"):
        named_folder(str(tmp_path), "show", "journal show")
    (tmp_path / "durable.mark").touch()
    assert named_folder(str(tmp_path), "show", "journal show") == str(tmp_path)


@pytest.mark.parametrize("name", [None, "", "a\0b"])
def test_a_folder_must_be_named(name: str | None) -> None:
    with pytest.raises(Usage, match="^show needs the folder of a journal; write journal show DIR$"):
        named_folder(name, "show", "journal show")


def test_what_is_missing_or_no_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for name, why in (("gone", "is not there"), ("file", "is no folder")):
        path = str(tmp_path / name)
        with pytest.raises(ContractError) as wrong:
            named_folder(path, "show", "journal show")
        assert str(wrong.value) == f"DIR {path!r} {why}; name the folder of a journal"


def told(error: Exception, advice: object = give_up, folder: str = "my run") -> str:
    with pytest.raises(Damaged) as damaged:
        with advised(folder, advice):  # type: ignore[arg-type]
            raise error
    assert damaged.value.exit_code == 3
    return str(damaged.value)


def test_damage_is_told_with_the_command_that_can_be_typed() -> None:
    start = "a gap at segments/x byte 7 (seq 3); nothing was changed; "
    assert told(IntegrityRefused("a gap", **REFUSED)) == (  # type: ignore[arg-type]
        f"{start}restore a copy, or give up what follows with"
        f" `{REPAIR} 'my run' --accept-loss-from 3`"
    )
    assert told(IntegrityRefused("a gap", **REFUSED), look_first) == (  # type: ignore[arg-type]
        f"{start}see `{VERIFY} 'my run'`, then restore a copy, or see with"
        f" `{REPAIR} 'my run' --dry-run` what giving it up would lose"
    )


def test_what_is_not_ours_has_no_such_remedy() -> None:
    newer = NotOurs("a newer record", **REFUSED)  # type: ignore[arg-type]
    assert told(newer) == str(newer) and "repair" not in str(newer)
    for cause in (NotAFile("segments/x", "link"), NotADirectoryError(20, "no", "segments/x")):
        refused = IntegrityRefused("a link", **REFUSED)  # type: ignore[arg-type]
        refused.__cause__ = cause
        assert told(refused) == "a link at segments/x; nothing was changed; put the file back there"


def test_what_is_no_refusal_passes() -> None:
    with pytest.raises(LogHeld):
        with advised("x", give_up):
            raise LogHeld("pid 7")


def commands_in(line: str) -> list[list[str]]:
    """What stands between backticks, as words behind `python -m tools.live`."""
    return [shlex.split(text)[3:] for text in line.split("`")[1::2]]


@pytest.mark.parametrize("flags", [[], ["--verify"], ["--report"], ["--step", "1"]])
def test_the_advice_of_a_replay_can_be_followed_to_its_end(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch, flags: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    demo = ["--shadow", "--iterations", "5", "--out", "report.json", "--journal", "my run"]
    assert exec_demo.main(demo) == 0
    flip(tmp_path / "my run" / FIRST, 3_000)
    before = contents(tmp_path)
    assert replay_cli.main(["my run", *flags]) == 3
    verify, plan = commands_in(capsys.readouterr().err)
    assert journal_cli.main(verify[1:]) == 3
    assert journal_cli.main(plan[1:]) == 0
    _, repair = capsys.readouterr().out.rstrip().rsplit("\n", 1)
    assert contents(tmp_path) == before
    assert journal_cli.main(shlex.split(repair)[4:]) == 0
    assert journal_cli.main(verify[1:]) == 0


def test_a_run_on_a_damaged_journal_is_advised_as_well(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    flip(a_folder(tmp_path / "run-1") / FIRST, 300)
    assert exec_demo.main(["--shadow", "--journal", "run-1"]) == 3
    assert f"`{VERIFY} run-1`" in capsys.readouterr().err


@pytest.mark.parametrize("flags", [[], ["--recover"]])
def test_a_mark_alone_is_no_folder_to_begin_in(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch, flags: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (a_folder(tmp_path / "run-1") / FIRST).unlink()
    for main, argv in (
        (exec_demo.main, ["--shadow", "--journal", "run-1", *flags]), (replay_cli.main, ["run-1"]),
    ):  # fmt: skip
        assert main(argv) == 3
        assert "the end of the log, but seq 10 was durable, at durable.mark" in (
            capsys.readouterr().err
        )


def test_what_the_opening_refuses_is_advised_as_well(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mark is of another record: only the opening for writing compares them."""
    monkeypatch.chdir(tmp_path)
    a_folder(tmp_path / "run-1", close=False)
    (tmp_path / "run-1" / "durable.mark").write_bytes(spell_slot(Mark(2, "ab" * 32)))
    assert exec_demo.main(["--shadow", "--iterations", "2", "--journal", "run-1"]) == 3
    assert f"`{REPAIR} run-1 --accept-loss-from 2`" in capsys.readouterr().err
