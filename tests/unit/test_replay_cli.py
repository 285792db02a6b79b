"""tools.live.replay_cli: the replay verb."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.sim.sim_disk import SimDisk
from tests.unit.builders import T0_NS, a_monitor
from tests.unit.journal_builders import FIRST, add, opened
from tests.unit.run_journals import Ran, a_run, an_opening, put, to_folder
from tools.live import replay_fork
from tools.live.core import codec
from tools.live.journal.replay import find_run, rebuild
from tools.live.journal.run_facts import opened_payload
from tools.live.replay_cli import CHANGEABLE, PARSER, main

Capture = pytest.CaptureFixture[str]
RAN = a_run(8)
SEQ = len(RAN.entries)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return to_folder(RAN.disk, tmp_path / "run-1")


def bytes_in(folder: Path) -> dict[str, bytes]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def shown(capsys: Capture, *argv: str | Path, code: int = 0) -> str:
    """What a call prints on stdout; it must end with this code."""
    assert main([str(word) for word in argv]) == code
    return capsys.readouterr().out


def refused(capsys: Capture, *argv: str | Path, code: int = 2) -> str:
    """The one line that a call prints on stderr instead of an answer."""
    assert main([str(word) for word in argv]) == code
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1
    return err


def test_the_report_comes_out_byte_for_byte(folder: Path, capsys: Capture) -> None:
    before = bytes_in(folder)
    assert shown(capsys, folder, "--report") == codec.canonical(RAN.report) + "\n"
    assert shown(capsys, "--dir", folder, "--report", "--json").startswith('{"edge"')
    assert bytes_in(folder) == before


def test_the_state_is_shown_for_eyes_and_for_programs(folder: Path, capsys: Capture) -> None:
    whole = rebuild(RAN.disk)
    text = shown(capsys, folder)
    assert text.startswith(f"{whole.log_id} at seq {SEQ}\nhead  {whole.journal_seq}:")
    assert f"state {whole.state_sha256}\n\norders:\n" in text
    told = json.loads(shown(capsys, folder, "--json"))
    assert (told["seq"], told["state_sha256"]) == (SEQ, whole.state_sha256)
    assert told["reported"] is True and told["state"]["risk"]["frozen"] is False


@pytest.mark.parametrize(("where", "seq"), [
    (["--until", "20"], 20), (["--until", "20", "--back", "1"], None),
    (["--until", "2025-01-01T00:00:03Z"], None), (["--until", "CLI00000003"], None),
])  # fmt: skip
def test_any_place_can_be_gone_to(
    folder: Path, capsys: Capture, where: list[str], seq: int | None
) -> None:
    told = json.loads(shown(capsys, folder, *where, "--json"))
    assert seq is None or told["seq"] == seq
    assert told["state_sha256"] == rebuild(RAN.disk, until=told["seq"]).state_sha256
    assert told["reported"] is False


def test_back_to_before_the_first_input_is_the_beginning(folder: Path, capsys: Capture) -> None:
    text = shown(capsys, folder, "--until", "1", "--back", "1")
    assert " at seq 0\nhead  -\n" in text
    assert "before the beginning" in refused(capsys, folder, "--until", "1", "--back", "2")
    message = refused(capsys, folder, "--until", "1", "--back", "1", "--step", "1")
    assert "no input before the beginning" in message


def test_steps_tell_what_changed(folder: Path, capsys: Capture) -> None:
    text = shown(capsys, folder, "--until", "2", "--step", "1")
    assert "\nseq 2  2025-01-01T00:00:00Z  feed  md.quote  {" in text
    assert "\n  market.BTCUSDT.bid  - -> 49975\n" in text
    told = json.loads(shown(capsys, folder, "--until", "4", "--step", "2", "--json"))
    assert [step["input"]["seq"] for step in told["steps"]] == [2, 4]
    assert [one["kind"] for one in told["steps"][0]["decided"]] == ["order.place"]
    assert told["steps"][0]["changed"]["market.BTCUSDT.bid"] == [None, "49975"]
    last = json.loads(shown(capsys, folder, "--step", "1", "--json"))
    assert last["seq"] == SEQ


def test_a_run_that_verifies_says_so(folder: Path, capsys: Capture) -> None:
    decisions = sum(entry.src == "loop" for entry in RAN.entries)
    text = shown(capsys, folder, "--verify")
    assert f": {decisions} decisions of {SEQ} entries come out as recorded\n" in text
    assert text.endswith(", as it was reported\n")
    told = json.loads(shown(capsys, folder, "--verify", "--json"))
    assert told["decisions"] == decisions and told["state_as_reported"] is True
    assert told["difference"] is None and told["unsent"] == 0


def changed_run(tmp_path: Path) -> Path:
    """A journal with one order of another price."""
    disk = SimDisk()
    journal = opened(disk)
    journal.append("run.opened", T0_NS, "run", 1, opened_payload(find_run(RAN.disk)[1]))
    for entry in RAN.entries:
        told = codec.envelope(entry)
        price = {"price": "1"} if entry.event.kind == "order.place" and entry.seq > 20 else {}
        put(journal, entry, payload={**told["payload"], **price})
    journal.close(T0_NS)
    return to_folder(disk, tmp_path / "changed")


def test_the_first_difference_is_shown_with_its_causes(tmp_path: Path, capsys: Capture) -> None:
    folder = changed_run(tmp_path)
    assert main([str(folder), "--verify"]) == 1
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert lines[0].endswith("  order.place") and int(lines[0].split()[1]) > 20
    assert '"price":"1"' in lines[1] and lines[1].startswith("  recorded  {")
    assert lines[2].startswith("  derived   {") and lines[3].startswith("  because of seq ")
    assert err.startswith("error: check: seq ") and "comes out otherwise" in err
    told = json.loads(shown(capsys, folder, "--verify", "--json", code=1))
    assert told["difference"]["causes"][0]["kind"] == "md.quote"
    assert told["difference"]["recorded"]["payload"]["price"] == "1"


def a_journal(tmp_path: Path, ran: Ran, report: dict[str, Any] | None) -> Path:
    disk = SimDisk()
    journal = opened(disk)
    journal.append("run.opened", T0_NS, "run", 1, opened_payload(find_run(ran.disk)[1]))
    for entry in ran.entries[: None if report else 40]:
        put(journal, entry)
    if report is not None:
        journal.append("run.reported", T0_NS, "run", 2, report)
    journal.close(T0_NS)
    return to_folder(disk, tmp_path / "other")


def test_a_missing_decision_is_shown_as_nothing(tmp_path: Path, capsys: Capture) -> None:
    place = next(e for e in RAN.entries if e.event.kind == "order.place")
    told = {"events": str(place.seq - 1), "state_sha256": "0" * 64, "report_sha256": "0" * 64,
            "exchange_moved": {}}  # fmt: skip
    ran = RAN._replace(entries=RAN.entries[: place.seq - 1])
    out = shown(capsys, a_journal(tmp_path, ran, told), "--verify", code=1)
    assert "\n  recorded  nothing\n" in out


def test_a_state_that_was_reported_otherwise_fails(tmp_path: Path, capsys: Capture) -> None:
    told = {"events": str(SEQ), "state_sha256": "0" * 64, "report_sha256": "0" * 64,
            "exchange_moved": {}}  # fmt: skip
    folder = a_journal(tmp_path, RAN, told)
    message = refused(capsys, folder, "--verify", code=1)
    assert "which is not the reported one; replay it with version" in message


def test_an_interrupted_run_has_a_state_but_no_report(tmp_path: Path, capsys: Capture) -> None:
    folder = a_journal(tmp_path, RAN, None)
    assert shown(capsys, folder, "--verify").endswith(", not reported: interrupted\n")
    message = refused(capsys, folder, "--report", code=1)
    assert "error: check: the run was interrupted behind seq 40" in message


def test_a_fork_prints_its_report_and_says_where_it_is(
    folder: Path, tmp_path: Path, capsys: Capture
) -> None:
    before = bytes_in(folder)
    new = tmp_path / "run-2"
    argv = [folder, "--until", "60", "--fork", new, "--set", "base_qty=0.02", "--set=max_inv=900"]
    assert main([str(word) for word in argv]) == 0
    out, err = capsys.readouterr()
    told = json.loads(out)
    assert told["params"]["base_qty"] == 0.02
    assert told["params"]["max_inventory_usd_per_symbol"] == 900.0
    assert err.startswith("forked behind seq ") and f"into {new} as run-" in err
    assert shown(capsys, new, "--report") == out
    assert "come out as recorded" in shown(capsys, new, "--verify")
    assert bytes_in(folder) == before
    assert "is there already" in refused(capsys, folder, "--until", "60", "--fork", new)


@pytest.mark.parametrize(("words", "message"), [
    (["--report", "--verify"], "--report does not go with --verify"),
    (["--report", "--until", "5"], "--report does not go with --until"),
    (["--verify", "--step", "1"], "--verify does not go with --step"),
    (["--until", "5", "--fork", "x", "--step", "1"], "--fork does not go with --step"),
    (["--back", "1"], "--back counts from --until"),
    (["--fork", "x"], "--fork begins behind --until"),
    (["--until", "5", "--fork", ""], "--fork '' is no folder name"),
    (["--set", "base_qty=1"], "--set goes with --fork"),
    (["--set", "base_qtty=1"], "did you mean 'base_qty'?"),
    (["--set", "base_qty"], "--set base_qty lacks its value"),
    (["--set", "base_qty=1", "--set", "base_qty=2"], "--set base_qty is given twice"),
    (["--set", "base_qty=x"], "--set base_qty 'x' is not a number"),
    (["--set", "max_inv=-1"], "--set max_inv '-1' is out of range"),
    (["--set"], "--set lacks its value"),
    (["--step", "0", "--until", "5"], "--step '0' is no number from 1 to 1000"),
    (["--step", "1001"], "--step '1001' is no number"),
    (["--back", "x", "--until", "5"], "--back 'x' is no number"),
    (["--until", "x"], "--until 'x' is no seq, time or order"),
    (["--until", "99999"], "seq 99999 is behind the end of the line"),
    (["--verfy"], "unknown flag '--verfy' at argument 2; did you mean '--verify'?"),
    (["more"], "unknown word 'more' at argument 2"),
])  # fmt: skip
def test_a_wrong_call_is_told_what_is_wrong(
    folder: Path, capsys: Capture, words: list[str], message: str
) -> None:
    before = bytes_in(folder)
    assert message in refused(capsys, folder, *words)
    assert bytes_in(folder) == before


def test_a_folder_that_is_no_journal_is_named(tmp_path: Path, capsys: Capture) -> None:
    assert "replay needs the folder of a journal" in refused(capsys)
    assert "replay needs the folder of a journal" in refused(capsys, "a\0b")
    assert "is not there; name the folder" in refused(capsys, tmp_path / "gone")
    plain = tmp_path / "plain"
    plain.write_text("x")
    assert "is no folder" in refused(capsys, plain)
    (tmp_path / "empty").mkdir()
    assert "holds no journal" in refused(capsys, tmp_path / "empty")
    (tmp_path / "empty" / "segments").mkdir()
    assert "there is no log in this folder" in refused(capsys, tmp_path / "empty")
    disk = SimDisk()
    journal = opened(disk)
    add(journal, 1)
    journal.close(T0_NS)
    other = to_folder(disk, tmp_path / "other")
    assert "not with run.opened; it holds no run" in refused(capsys, other)
    assert "it holds no run" in refused(capsys, other, "--until", "5")


def test_a_damaged_journal_is_refused_with_3(folder: Path, capsys: Capture) -> None:
    place = folder / FIRST
    data = bytearray(place.read_bytes())
    data[len(data) // 2] ^= 1
    place.write_bytes(data)
    before = bytes_in(folder)
    for words in ([], ["--verify"], ["--report"], ["--step", "2"]):
        assert refused(capsys, folder, *words, code=3).startswith("error: integrity: ")
    assert bytes_in(folder) == before


def test_an_opening_that_is_not_understood_is_input(tmp_path: Path, capsys: Capture) -> None:
    disk = SimDisk()
    journal = opened(disk)
    payload = {**opened_payload(an_opening(a_monitor(), {})), "edge": "guessed"}
    journal.append("run.opened", T0_NS, "run", 1, payload)
    journal.close(T0_NS)
    folder = to_folder(disk, tmp_path / "run")
    error = refused(capsys, folder)
    assert "the run's edge 'guessed' is not scripted, markouts or computed" in error


def test_help_shows_every_flag_and_examples(capsys: Capture) -> None:
    for argv in (["--help"], ["-h"], ["run-1", "--help", "--nonsense"]):
        assert main(argv) == 0
        out = capsys.readouterr().out
        assert out == PARSER.help()
    assert "examples:\n" in out and "exit codes: 0 ok, 1" in out
    assert max(map(len, out.splitlines())) <= 100
    assert CHANGEABLE == replay_fork.CHANGEABLE


def test_it_runs_as_a_module(folder: Path) -> None:
    command = [sys.executable, "-m", "tools.live.replay_cli", str(folder), "--report"]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=30,
        env={**os.environ, "PYTHONHASHSEED": "7"},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == codec.canonical(RAN.report) + "\n"
