"""The `journal` command, verb by verb: `tools.live.journal_cli`."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from tests.unit.journal_builders import LOG_ID, NOON_NS, add
from tests.unit.journal_folders import (
    STORY, Capture, a_folder, a_journal, contents, flip, in_segments, said, seqs, shown, tell,
)  # fmt: skip
from tools.live import journal_cli
from tools.live.journal.os_disk import OsDisk
from tools.live.journal.segments import segment_path
from tools.live.journal.writer import Journal
from tools.live.journal_cli import main

FIRST = segment_path(0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return a_folder(tmp_path / "run-1")


def test_verify_sums_the_journal_up(folder: Path, capsys: Capture) -> None:
    before = contents(folder, lock=True)
    lines = shown(capsys, "verify", folder)
    assert lines[:2] == ["journal   desk-1", "records   11 (seq 0 to 10)"]
    assert lines[-1] == "end       closed"
    (line,) = shown(capsys, "verify", folder, "--json")
    assert json.loads(line)["log_id"] == LOG_ID
    assert contents(folder, lock=True) == before


def test_show_prints_every_record(folder: Path, capsys: Capture) -> None:
    lines = shown(capsys, "show", folder)
    assert seqs(lines) == list(range(11))
    assert lines[6].endswith("BTCUSDT Buy 0.01 @100.5 ORD000009 fill_id=F-1 liquidity=maker")


def test_show_prints_the_stored_lines(folder: Path, capsys: Capture) -> None:
    assert shown(capsys, "show", "--json", folder) == (folder / FIRST).read_text().splitlines()


@pytest.mark.parametrize(("flags", "expected"), [
    (["--kind", "order.fill"], [6]),
    (["--kind=order,risk"], [2, 3, 4, 5, 6, 8, 9]),
    (["--order", "ORD000009"], [2, 3, 6]),
    (["--corr", "7"], [7, 8, 9]),
    (["--since", "9"], [9, 10]),
    (["--since", "0", "--until", "1"], [0, 1]),
    (["--since", "2025-01-01T12:00:04Z"], [9, 10]),
    (["--until", "2025-01-01T12:00:00Z"], [0, 1, 2, 4]),
    (["--limit", "2"], [0, 1]),
    (["--kind", "order", "--limit", "1", "--since", "3"], [3]),
    (["--limit", "999"], list(range(11))),
])  # fmt: skip
def test_show_prints_what_is_asked_for(
    folder: Path, capsys: Capture, flags: list[str], expected: list[int]
) -> None:
    assert seqs(shown(capsys, "show", folder, *flags)) == expected
    assert seqs(shown(capsys, "show", *flags, folder)) == expected


def test_show_says_when_nothing_is_like_that(folder: Path, capsys: Capture) -> None:
    assert main(["show", str(folder), "--kind", "md.quotes"]) == 0
    assert capsys.readouterr() == ("", "no record is like that\n")


def test_show_reads_no_further_than_it_must(tmp_path: Path, capsys: Capture) -> None:
    folder = in_segments(tmp_path / "run-1")
    last = sorted((folder / "segments").glob("*.jsonl"))[-1]
    flip(last, 100)
    assert seqs(shown(capsys, "show", folder, "--limit", "2")) == [0, 1]
    assert seqs(shown(capsys, "show", folder, "--until", "2")) == [0, 1, 2]


def test_show_prints_what_is_whole_before_it_refuses_the_rest(
    folder: Path, capsys: Capture
) -> None:
    data = (folder / FIRST).read_bytes()
    flip(folder / FIRST, data.index(b"F-1"))
    assert main(["show", str(folder)]) == 3
    out, err = capsys.readouterr()
    assert seqs(out.splitlines()) == [0, 1, 2, 3, 4, 5]
    assert "(seq 6); nothing was changed; " in err and err.count("\n") == 1


def test_show_prints_many_records_in_their_order(tmp_path: Path, capsys: Capture) -> None:
    disk = OsDisk(tmp_path / "run-1")
    journal = Journal.open(disk, log_id=LOG_ID, holder="a test", time_ns=NOON_NS)
    for sseq in range(1, 1301):
        add(journal, sseq)
    journal.close(NOON_NS)
    assert seqs(shown(capsys, "show", tmp_path / "run-1")) == list(range(1302))


def test_show_begins_with_what_a_trimmed_journal_has(tmp_path: Path, capsys: Capture) -> None:
    folder = in_segments(tmp_path / "run-1")
    journal = Journal.open(OsDisk(folder), log_id=LOG_ID, holder="a test", time_ns=NOON_NS)
    assert journal.trim(5, NOON_NS) > 0
    journal.close(NOON_NS)
    first = seqs(shown(capsys, "show", folder))[0]
    assert 0 < first <= 5
    assert seqs(shown(capsys, "show", folder, "--since", "0"))[0] == first
    assert seqs(shown(capsys, "tail", folder, "-n", "500"))[0] == first


@pytest.mark.parametrize(("flags", "expected"), [
    ([], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
    (["-n", "2"], [9, 10]),
    (["--last=1", "--kind", "order"], [9]),
    (["--last", "0"], []),
    (["-n", "9", "--order", "CLI00000002"], [4, 5, 9]),
])  # fmt: skip
def test_tail_prints_the_newest(
    folder: Path, capsys: Capture, flags: list[str], expected: list[int]
) -> None:
    assert seqs(shown(capsys, "tail", folder, *flags)) == expected


def test_tail_follows_a_journal_through_new_and_packed_segments(
    tmp_path: Path, capsys: Capture
) -> None:
    disk = OsDisk(tmp_path / "run-1")
    journal = a_journal(disk, story=STORY[:2], close=False, rotate_bytes=900)
    looks: list[str] = []

    def wait() -> None:
        looks.append(capsys.readouterr().out)
        if len(looks) == len(STORY):
            raise KeyboardInterrupt
        tell(journal, STORY[len(looks) + 1] if len(looks) + 1 < len(STORY) else STORY[-1])
        journal.commit()
        journal.pack_oldest()

    assert main(["tail", str(tmp_path / "run-1"), "-n", "1", "-f"], wait=wait) == 130
    assert capsys.readouterr() == ("", "")
    assert [seqs(look.splitlines()) for look in looks] == [
        [2], [3], [4], [5], [6], [7], [8], [9], [],
    ]  # fmt: skip
    assert list((tmp_path / "run-1" / "segments").glob("*.gz"))


def test_following_may_show_stored_lines_of_one_kind(tmp_path: Path, capsys: Capture) -> None:
    disk = OsDisk(tmp_path / "run-1")
    journal = a_journal(disk, story=STORY[:2], close=False)

    def wait() -> None:
        if journal.next_seq > 3:
            raise KeyboardInterrupt
        for one in STORY[2:]:
            tell(journal, one)
        journal.commit()

    argv = ["tail", "--follow", "--kind", "order.fill", "--json", str(tmp_path / "run-1")]
    assert main(argv, wait=wait) == 130
    lines = (tmp_path / "run-1" / FIRST).read_text().splitlines(keepends=True)
    assert capsys.readouterr() == (lines[6], "")


@pytest.mark.parametrize(("flags", "text"), [(["-f"], ""), ([], "error: interrupted: ")])
def test_an_interrupt_is_an_end_only_of_following(
    folder: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch, flags: list[str], text: str
) -> None:
    def interrupted(*_: object, **__: object) -> object:
        raise KeyboardInterrupt

    monkeypatch.setattr(journal_cli, "Tail", interrupted)
    assert main(["tail", str(folder), *flags]) == 130
    assert capsys.readouterr().err[:20] == text


def test_a_follower_waits_a_moment_between_two_looks(
    folder: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", sleep)
    assert main(["tail", str(folder), "-f", "-n", "0"]) == 130
    assert capsys.readouterr() == ("", "")
    assert slept == [0.2, 0.2, 0.2]


class Terminal:
    """A stdout that says it is a terminal, with or without a size."""

    def __init__(self, descriptor: int | None) -> None:
        self.text = ""
        self._descriptor = descriptor

    def write(self, text: str) -> None:
        self.text += text

    def flush(self) -> None:
        return

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        if self._descriptor is None:
            raise OSError("no descriptor")
        return self._descriptor


def on_terminal(monkeypatch: pytest.MonkeyPatch, columns: int | None, *argv: str) -> list[str]:
    terminal = Terminal(None if columns is None else 1)
    monkeypatch.setattr(sys, "stdout", terminal)
    size = os.terminal_size((columns or 0, 24))
    monkeypatch.setattr(os, "get_terminal_size", lambda _: size)
    assert main(list(argv)) == 0
    return terminal.text.splitlines()


@pytest.mark.parametrize(("columns", "width"), [(120, 120), (60, 60), (0, 80), (None, 80)])
def test_a_terminal_gets_a_heading_and_no_longer_lines(
    folder: Path, monkeypatch: pytest.MonkeyPatch, columns: int | None, width: int
) -> None:
    lines = on_terminal(monkeypatch, columns, "show", str(folder), "--since", "6", "--limit", "2")
    assert lines[0].startswith("time ") and len(lines) == 3
    assert len(lines[1]) == min(width, 140) and lines[1].endswith("...")
    assert all(len(line) <= width for line in lines)


def test_a_terminal_gets_no_heading_above_nothing_nor_above_stored_lines(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert on_terminal(monkeypatch, 80, "show", str(folder), "--corr", "99") == []
    (line,) = on_terminal(monkeypatch, 80, "tail", str(folder), "-n", "1", "--json")
    assert json.loads(line)["r"]["q"] == 10


def test_a_closed_stdout_is_a_storage_fault(
    folder: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    assert main(["tail", str(folder)]) == 5
    assert "stdout is closed" in capsys.readouterr().err


@pytest.mark.parametrize("argv", [[], ["--help"], ["-h"], ["-h", "verify"]])
def test_the_command_explains_itself(argv: list[str], capsys: Capture) -> None:
    lines = shown(capsys, *argv)
    assert lines[0] == "usage: python -m tools.live journal VERB DIR [FLAGS]"
    assert [line.split()[0] for line in lines[4:12]] == [
        "verify", "show", "tail", "export", "index", "compact", "project", "repair",
    ]  # fmt: skip


@pytest.mark.parametrize("argv", [["show", "-h"], ["show", "--help", "--nonsense"]])
def test_a_verb_explains_itself(argv: list[str], capsys: Capture) -> None:
    assert shown(capsys, *argv)[0] == "usage: python -m tools.live journal show DIR [FLAGS]"


def test_unknown_verbs_are_refused_with_the_nearest(capsys: Capture) -> None:
    assert said(capsys, "verfy", "run-1", code=2) == (
        "error: usage: unknown verb 'verfy' at argument 1; did you mean 'verify'?"
    )


@pytest.mark.parametrize(("named", "why"), [
    ("none", "DIR 'none' is not there; name the folder of a journal"),
    ("file", "DIR 'file' is no folder; name the folder of a journal"),
    ("dead", "DIR 'dead' is no folder; name the folder of a journal"),
    ("empty", "DIR 'empty' holds no journal; name a folder that has segments/"),
    ("none/x", "DIR 'none/x' is not there; name the folder of a journal"),
])  # fmt: skip
@pytest.mark.parametrize("verb", ["verify", "show", "tail", "index", "compact", "repair"])
def test_what_is_no_journal_is_refused(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch, verb: str, named: str,
    why: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    (tmp_path / "dead").symlink_to("nowhere")
    (tmp_path / "empty").mkdir()
    assert said(capsys, verb, named, code=2) == f"error: input: {why}"
    assert not list((tmp_path / "empty").iterdir())


@pytest.mark.parametrize("argv", [["verify"], ["verify", ""], ["show", "a\0b"], ["tail", "--dir="]])
def test_a_verb_without_a_folder_says_what_it_needs(argv: list[str], capsys: Capture) -> None:
    verb = argv[0]
    assert said(capsys, *argv, code=2) == (
        f"error: usage: {verb} needs the folder of a journal;"
        f" write python -m tools.live journal {verb} DIR"
    )


@pytest.mark.parametrize(("argv", "why"), [
    (["show", "--kind", "a,,b"], "--kind 'a,,b' has an empty name; write order,risk"),
    (["tail", "--kind="], "--kind '' has an empty name; write order,risk"),
    (["show", "--order="], "--order '' names no order; write an id such as CLI00000007"),
    (["show", "--corr", "0"], f"--corr '0' is no number from 1 to {10**18 - 1}; write it in"),
    (["show", "--limit", "0"], "--limit '0' is no number from 1 to"),
    (["show", "--limit", "1_0"], "--limit '1_0' is no number from 1 to"),
    (["tail", "-n", "10001"], "--last '10001' is no number from 0 to 10000; write it in digits"),
    (["tail", "-n", "-1"], "--last '-1' is no number from 0 to 10000"),
    (["show", "--since", "now"], "--since 'now' is not of the form 2025-01-01T00:00:00Z; give one"),
    (["tail", "--since", "1"], "unknown flag '--since' at argument 2; "),
])  # fmt: skip
def test_wrong_values_are_refused(
    folder: Path, capsys: Capture, argv: list[str], why: str
) -> None:
    line = said(capsys, argv[0], folder, *argv[1:], code=2)
    assert line.startswith((f"error: usage: {why}", f"error: input: {why}"))


def test_a_folder_with_nothing_but_a_mark_has_lost_its_segments(
    folder: Path, capsys: Capture
) -> None:
    shutil.rmtree(folder / "segments")
    line = said(capsys, "verify", folder, code=3)
    assert "seq 10 was durable, at durable.mark byte 0 (seq 0); nothing was changed; " in line


def test_segments_without_a_record_are_a_journal_about_to_begin(
    folder: Path, capsys: Capture
) -> None:
    (folder / "durable.mark").unlink()
    (folder / FIRST).write_bytes(b"")
    assert "records   none yet" in shown(capsys, "verify", folder)
    assert shown(capsys, "tail", folder) == []


def test_damage_names_the_command_that_gives_it_up(
    tmp_path: Path, capsys: Capture
) -> None:
    folder = a_folder(tmp_path / "it's mine")
    data = (folder / FIRST).read_bytes()
    place = data.index(b"F-1")
    flip(folder / FIRST, place)
    offset = data.rindex(b"\n", 0, place) + 1
    assert said(capsys, "verify", folder, code=3) == (
        "error: integrity: a line that does not follow from the one before, but seq 10 was"
        f" durable, at {FIRST} byte {offset} (seq 6); nothing was changed; restore a copy, or give"
        " up what follows with `python -m tools.live journal repair"
        f" '{tmp_path}/it'\"'\"'s mine' --accept-loss-from 6`"
    )


def test_debug_shows_where_it_went_wrong(folder: Path, capsys: Capture) -> None:
    flip(folder / FIRST, 100)
    assert main(["verify", "--debug", str(folder)]) == 3
    err = capsys.readouterr().err
    assert err.startswith("Traceback") and "IntegrityRefused" in err
    assert err.splitlines()[-1].startswith("error: integrity: ")


def test_the_command_line_is_the_default(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture, folder: Path
) -> None:
    monkeypatch.setattr(sys, "argv", ["journal_cli", "verify", str(folder)])
    assert main() == 0
    assert capsys.readouterr().out.startswith("journal   desk-1\n")


def test_a_reader_that_goes_away_ends_it_quietly(
    folder: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Gone:
        def write(self, text: str) -> None:
            raise BrokenPipeError

        def flush(self) -> None:
            return

        def isatty(self) -> bool:
            return False

    monkeypatch.setattr(sys, "stdout", Gone())
    assert main(["show", str(folder)]) == 0
    assert capsys.readouterr().err == ""
