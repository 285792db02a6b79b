"""`python -m tools.live.md_replay`: exit codes, flags, files, and the answers to bad input."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.md_replay_builders import (
    BTC, Command, a_diff, a_quote, a_snapshot, gapped, whole,
)  # fmt: skip
from tools.live import __main__ as umbrella
from tools.live import md_replay
from tools.live.md_replay import main


@pytest.fixture
def command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(tmp_path, capsys)


def test_a_recording_without_a_fault_is_ok(command: Command) -> None:
    code, out, err = command.run()
    assert (code, err) == (0, "")
    assert out.startswith("BBO_DRIFT sym=BTCUSDT ") and "\nbinance-spot BTCUSDT\n" in out
    assert out.splitlines()[-1].startswith("OK md_replay mode=compare format=market-jsonl ")
    assert command.run() == (code, out, err)


def test_drift_is_never_a_failure(command: Command) -> None:
    command.write([a_snapshot(0), a_quote(1, 1, 9999)])
    code, out, _ = command.run()
    assert code == 0 and "drift_ticks_p999=9897 " in out


def test_a_gap_is_one_with_its_range(command: Command) -> None:
    command.write(gapped())
    code, out, err = command.run()
    assert code == 1 and "FAILED gap: binance-spot BTCUSDT lacks 12..20\n" in out
    assert err == (
        "error: check: gap: binance-spot BTCUSDT lacks 12..20; see the FAILED lines of the result\n"
    )


def test_a_crossed_book_is_one(command: Command) -> None:
    command.write([*whole(), a_diff(9, 14, 14, bids=((150, 1),))])
    code, out, _ = command.run()
    assert code == 1 and "FAILED invariant: binance-spot BTCUSDT had a crossed book 1 time" in out


def test_json_is_one_canonical_line(command: Command) -> None:
    code, out, err = command.run("--json")
    data = json.loads(out)
    assert (code, err) == (0, "")
    assert out == json.dumps(data, sort_keys=True, separators=(",", ":")) + "\n"
    assert (data["status"], data["failures"], data["printed"]) == ("ok", [], 2)
    assert len(data["drifts"]) == 2 and data["drifts"][0].startswith("BBO_DRIFT ")
    command.write(gapped())
    code, out, _ = command.run("--json")
    assert code == 1 and json.loads(out)["status"] == "failed"
    assert json.loads(out)["failures"] == ["gap: binance-spot BTCUSDT lacks 12..20"]


def test_the_audit_is_asked_for(command: Command) -> None:
    assert "AUDIT lines_read=8\n" in command.run("--audit")[1]
    assert "AUDIT" not in command.run()[1]


def test_the_lock_holds_and_tells_what_moved(command: Command) -> None:
    lock = command.file("lock.json")
    code, out, err = command.run("--write-fixture", lock, "--window-ms", "9", "--tick", "0.02")
    assert (code, err) == (0, "") and "OK md_replay" in out
    code, out, _ = command.run("--check", lock)
    assert code == 0 and " tick=0.02 window_ms=9 " in out
    command.write([*whole(), a_quote(8, 101, 109)])
    code, out, err = command.run("--check", lock)
    assert code == 1 and "FAILED moved: binance-spot BTCUSDT drift.compared from 3 to 4\n" in out
    assert err.startswith("error: check: moved: ")
    assert command.run("--json", "--check", lock)[0] == 1


def test_a_flag_must_not_contradict_the_lock(command: Command) -> None:
    lock = command.file("lock.json")
    command.run("--write-fixture", lock)
    assert command.run("--check", lock, "--tick", "0.010", "--ring=4096")[0] == 0
    code, out, err = command.run("--check", lock, "--tick", "0.02")
    assert (code, out) == (2, "")
    assert err == "error: usage: --tick 0.02 is not the 0.01 of the fixture; leave it out\n"
    assert command.run("--check", lock, "--drift-keep", "7")[0] == 2


def test_a_lock_of_another_version_or_with_impossible_terms(command: Command) -> None:
    lock = Path(command.file("lock.json"))
    command.run("--write-fixture", str(lock))
    good = json.loads(lock.read_text())
    lock.write_text(json.dumps({**good, "v": 7}))
    code, out, err = command.run("--check", str(lock))
    assert (code, out) == (2, "") and "is of version 7, and this program reads 1;" in err
    lock.write_text(json.dumps({**good, "terms": {**good["terms"], "ring": 0}}))
    code, _, err = command.run("--check", str(lock))
    assert code == 2 and "ring of --check 0 is out of range" in err


def test_nothing_is_locked_of_data_that_fails(command: Command) -> None:
    command.write(gapped())
    lock = command.file("lock.json")
    code, _, err = command.run("--write-fixture", lock)
    assert code == 1 and not Path(lock).exists()
    assert err.startswith("--write-fixture: nothing is locked of data that fails\nerror: check: ")


def test_files_instead_of_stdout(command: Command) -> None:
    out_file, page = Path(command.file("out.txt")), Path(command.file("page.html"))
    expected = command.run()[1]
    assert command.run("--out", str(out_file), "--html", str(page)) == (0, "", "")
    assert out_file.read_text() == expected
    assert page.read_text().startswith("<!DOCTYPE html>")
    first = page.read_bytes()
    assert command.run("--html", str(page)) == (0, expected, "")
    assert page.read_bytes() == first


def test_outputs_that_would_destroy_something_are_refused(command: Command) -> None:
    market = str(command.path)
    code, out, err = command.run("--out", market)
    assert (code, out) == (2, "") and f"--out {market!r} is the file of --path, too" in err
    lock = command.file("lock.json")
    command.run("--write-fixture", lock)
    assert "is the file of --check, too; name another" in command.run(
        "--check", lock, "--html", lock
    )[2]
    assert "--html" in command.run("--html", lock, "--write-fixture", lock)[2]
    assert "--out" in command.run("--html", lock, "--out", lock)[2]
    assert "there is no folder" in command.run("--html", command.file("no/page.html"))[2]


@pytest.mark.parametrize(
    ("flags", "shown"),
    [
        ((), 2), (("--print-threshold-ticks", "2"), 1), (("--print-threshold-ticks", "0"), 3),
        (("--print-threshold-usd", "0.03"), 1), (("--print-threshold-usd", "0.031"), 0),
        (("--print-threshold-usd", "0.031", "--eps", "0.1"), 1), (("--tick", "0.03"), 1),
        (("--print-threshold-ticks", "3.5"), 0), (("--max-print", "1"), 1),
        (("--print-threshold-ticks", "3.5", "--eps", "0.5"), 1), (("--max-mismatch", "1"), 1),
        (("--max-print", "0"), 0), (("--print-threshold-ticks", "3.000000001"), 1),
        (("--print-threshold-ticks", "3.000000001", "--eps", "0"), 0),
    ],
)  # fmt: skip
def test_which_drifts_are_shown(command: Command, flags: tuple[str, ...], shown: int) -> None:
    code, out, _ = command.run(*flags)
    assert code == 0 and out.count("BBO_DRIFT ") == shown
    assert f" printed={shown}/" in out


@pytest.mark.parametrize(
    ("flags", "why"),
    [
        (("--widow-ms", "1"), "unknown flag '--widow-ms' at argument 2; did you mean '--win"),
        (("--mode", "compere"), "--mode 'compere' is not depth or bbo or compare; did you mean"),
        (("--tick", "0"), "--tick '0' is out of range; give a number above 0"),
        (("--tick", "-1"), "--tick '-1' is out of range"),
        (("--tick", "1e-10"), "--tick '1e-10' has more than 9 decimals"),
        (("--tick=",), "--tick '' is not a number"),
        (("--eps=",), "--eps '' is not a number"),
        (("--eps", "-1"), "--eps '-1' is out of range"),
        (("--max-print=",), "--max-print '' is not a whole number"),
        (("--max-mismatch", "1.5"), "--max-mismatch '1.5' is not a whole number"),
        (("--max-print", "1", "--max-mismatch", "1"),
         "--max-print does not go with --max-mismatch; give one"),
        (("--print-threshold-usd", "1", "--print-threshold-ticks", "1"),
         "--print-threshold-ticks does not go with --print-threshold-usd; give one"),
        (("--print-threshold-usd", "x"), "--print-threshold-usd 'x' is not a number"),
        (("--print-threshold-ticks", "-1"), "--print-threshold-ticks '-1' is out of range"),
        (("--window-ms", "-1"), "--window-ms -1 is out of range"),
        (("--window-ms", "3600001"), "--window-ms 3600001 is out of range"),
        (("--ring", "0"), "--ring 0 is out of range"),
        (("--ring", "1000001"), "--ring 1000001 is out of range"),
        (("--drift-keep", "0"), "--drift-keep 0 is out of range"),
        (("--drift-keep", "10000001"), "--drift-keep 10000001 is out of range"),
        (("--mode", "bbo", "--check", "x"), "--check needs --mode compare; leave --mode out"),
        (("--mode", "depth", "--write-fixture", "x.json"), "--write-fixture needs --mode compare"),
        (("--mode=",), "--mode '' is not depth or bbo or compare"),
        (("--symbol", "btc usd"), "--symbol 'btc usd' is no name of one symbol"),
        (("--check", "/nowhere/x"), "--check '/nowhere/x' cannot be opened"),
        (("--path", "/nowhere/x"), "PATH '/nowhere/x' cannot be opened"),
        (("--path=",), "PATH '' is not a file name"),
        (("--check=",), "--check '' is not a file name"),
    ],
)
def test_bad_usage_is_one_line_and_exit_2(
    command: Command, flags: tuple[str, ...], why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(command.folder)
    code, out, err = command.run(*flags)
    assert (code, out) == (2, "") and why in err
    assert err.count("\n") == 1 and ";" in err and err.startswith("error: ")


def test_checking_and_writing_do_not_go_together(command: Command) -> None:
    lock = command.file("lock.json")
    command.run("--write-fixture", lock)
    code, _, err = command.run("--check", lock, "--write-fixture", command.file("other.json"))
    assert code == 2 and "--check does not go with --write-fixture; do one after the other" in err


def test_a_recording_must_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--json"]) == 2
    assert "PATH is missing; write python -m tools.live.md_replay PATH" in capsys.readouterr().err


def test_help_tells_every_flag(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("usage: python -m tools.live.md_replay PATH [FLAGS]") and err == ""
    assert all(f"\n  {flag.name}" in out for flag in md_replay.PARSER._flags)
    assert all(len(line) <= 100 for line in out.splitlines())


def test_the_path_may_be_a_flag_and_the_verb_has_two_spellings(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = command.run()[1]
    for words in (["md-replay", str(command.path)], ["md_replay", "--path", str(command.path)]):
        assert umbrella.main(words) == 0
        assert command.capsys.readouterr().out == expected
    monkeypatch.setattr(sys, "argv", ["md_replay", str(command.path)])
    assert main() == 0


def test_one_symbol_of_several(command: Command) -> None:
    command.write([*whole(), a_quote(9, symbol="ETHUSDT")])
    code, out, _ = command.run("--symbol", BTC, "--audit")
    assert code == 0 and "ETHUSDT" not in out and "AUDIT other_stream=1\n" in out
    assert "AUDIT other_events=1\n" in out and "AUDIT matched_stream=8\n" in out


def test_a_dump_without_a_symbol_gets_the_one_that_is_asked_for(command: Command) -> None:
    command.path.write_bytes(
        b"timestamp,open,high,low,close,volume\n1700000000000,1,2,1,2,5\n1700000060000,2,2,1,1,5\n"
    )
    code, out, err = command.run()
    assert (code, out) == (2, "") and "--symbol" in err
    code, out, _ = command.run("--symbol", BTC)
    assert code == 0 and f" {BTC}\n" in out


def test_a_wrong_format_is_refused_with_and_without_a_symbol(command: Command) -> None:
    command.path.write_bytes(b"hello\n")
    for flags in ((), ("--symbol", BTC)):
        code, out, err = command.run(*flags)
        assert (code, out) == (2, "") and "hello" in err


def test_a_source_that_is_not_known_is_refused(command: Command) -> None:
    command.path.write_bytes(b'1700000000000000000 {"x":1}\n')
    assert command.run("--source", "nowhere")[0] == 2


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


class Gone(Terminal):
    """One whose reader went away."""

    def write(self, text: str) -> int:
        raise OSError("gone")


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look at the clock finds it a second later."""
    count: Iterator[int] = iter(range(100, 1000))
    monkeypatch.setattr("tools.live.md_replay.time.monotonic", lambda: next(count))


@pytest.mark.usefixtures("seconds")
def test_progress_is_shown_on_a_terminal_and_wiped_away(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(md_replay._Shown, "_EVERY", 4)
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    assert main([str(command.path)]) == 0
    shown = stream.getvalue().split("\r")
    assert shown[1].rstrip() == "4 lines  4/s" and shown[2].rstrip() == "8 lines  4/s"
    assert [len(one) for one in shown] == [0, 60, 60, 60, 0] and not shown[3].strip()


@pytest.mark.usefixtures("seconds")
def test_a_reader_of_the_progress_that_went_away_ends_nothing(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(md_replay._Shown, "_EVERY", 4)
    monkeypatch.setattr(sys, "stderr", Gone())
    assert main([str(command.path)]) == 0


def test_progress_waits_for_its_time(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(md_replay._Shown, "_EVERY", 4)
    monkeypatch.setattr("tools.live.md_replay.time.monotonic", lambda: 5)
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    assert main([str(command.path)]) == 0 and stream.getvalue() == ""


def test_without_a_stderr_there_is_no_progress(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    assert main([str(command.path)]) == 0
