"""`import`: any market data into a journal that is whole or not there, with every line counted."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.unit.market_files import TRADE_LINE, items, written
from tools.live import __main__ as umbrella
from tools.live import exec_demo, journal_cli, market_cli, replay_cli
from tools.live.journal.errors import StorageFailed
from tools.live.journal.market_facts import Counts
from tools.live.market_cli import main
from tools.live.market_journal import MarketJournal

Capture = pytest.CaptureFixture[str]
FROZEN = "2025-01-01T00:00:00Z"
BAD = b'8 {"e":"hello"}\n'
LINES = TRADE_LINE + b"\n" + BAD + TRADE_LINE


@pytest.fixture(autouse=True)
def _frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MM_FREEZE_UTC_ISO", FROZEN)


def told(capsys: Capture, code: int, *words: object) -> tuple[str, str]:
    assert main([str(word) for word in words]) == code
    out = capsys.readouterr()
    return out.out, out.err


def test_an_import_says_what_became_of_every_line(tmp_path: Path, capsys: Capture) -> None:
    path, folder = written(tmp_path, gzip.compress(LINES)), tmp_path / "m"
    out, err = told(capsys, 0, path, "--journal", folder)
    lines = out.splitlines()
    assert lines[:-1] == [
        f"imported capture binance-spot into {folder}",
        "           4 lines, 1 of them without data",
        "           2 md.trade",
        "           1 refused: unknown_type",
        "             line 3: unknown_type e 'hello'",
    ]
    assert lines[-1].startswith("head ") and len(lines[-1]) == 69 and not err
    assert items(folder) == [one for one in items(path) if hasattr(one, "symbol")]


def test_an_import_as_json(tmp_path: Path, capsys: Capture) -> None:
    path, folder = written(tmp_path, LINES), tmp_path / "m"
    out, _ = told(capsys, 0, "--json", "--path", path, "--journal", folder, "--symbol", "X")
    said: dict[str, Any] = json.loads(out)
    assert out == json.dumps(said, sort_keys=True, separators=(",", ":")) + "\n"
    assert said["lines"] == 4 and said["events"] == {"md.trade": 2}
    assert said["refused"] == {"unknown_type": 1} and said["passed_over"] == 1
    assert said["about"]["symbol"] == "X" and said["journal"] == str(folder)
    assert said["first_refusals"] == ["line 3: unknown_type e 'hello'"]


def test_only_the_first_refusals_are_shown(tmp_path: Path, capsys: Capture) -> None:
    path = written(tmp_path, TRADE_LINE + BAD * 9 + b"9 [\n" * 3)
    out, _ = told(capsys, 0, path, "--journal", tmp_path / "m")
    assert [line.split(":")[0].strip() for line in out.splitlines() if " line " in line] == [
        f"line {number}" for number in range(2, 7)]  # fmt: skip
    assert "           9 refused: unknown_type\n" in out
    assert "           3 refused: not_json\n" in out


def test_strict_allows_no_refusal(tmp_path: Path, capsys: Capture) -> None:
    path = written(tmp_path, LINES)
    _, err = told(capsys, 1, path, "--journal", tmp_path / "m", "--strict")
    assert err == ("error: check: 1 refused, and --strict allows none; see the first ones, or leave"
                   " --strict out\n")  # fmt: skip
    clean = written(tmp_path, TRADE_LINE, "clean")
    told(capsys, 0, clean, "--journal", tmp_path / "n", "--strict")


def test_equal_imports_are_equal_to_the_byte(tmp_path: Path, capsys: Capture) -> None:
    path = written(tmp_path, LINES)
    heads = [told(capsys, 0, path, "--journal", tmp_path / name)[0][-65:] for name in ("a", "b")]
    assert heads[0] == heads[1]


def test_a_journal_can_be_imported_again(tmp_path: Path, capsys: Capture) -> None:
    path = written(tmp_path, LINES)
    told(capsys, 0, path, "--journal", tmp_path / "a")
    out, _ = told(capsys, 0, tmp_path / "a", "--journal", tmp_path / "b")
    assert out.startswith("imported journal into ")
    assert items(tmp_path / "a") == items(tmp_path / "b")


@pytest.mark.parametrize(("content", "said"), [
    (TRADE_LINE * 3000 + b"x\n", "is no receive time in ns and a message at line 3001 of PATH"),
    (gzip.compress(TRADE_LINE * 3000)[:-9], "is gzip that ends early"),
    (TRADE_LINE * 3000 + b"\0", "a NUL byte at line 3001"),
])  # fmt: skip
def test_of_a_file_that_turns_out_wrong_nothing_is_left(
    tmp_path: Path, capsys: Capture, content: bytes, said: str
) -> None:
    path, folder = written(tmp_path, content), tmp_path / "m"
    out, err = told(capsys, 2, path, "--journal", folder)
    assert not out and said in err and err.count("\n") == 1
    assert not folder.exists()
    folder.mkdir()
    told(capsys, 2, path, "--journal", folder)
    assert list(folder.iterdir()) == []


def test_nothing_is_left_of_an_import_that_could_not_begin(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_given: object, **_named: object) -> None:
        raise StorageFailed("the disk is full; make room")

    monkeypatch.setattr(MarketJournal, "begin", fail)
    _, err = told(capsys, 5, written(tmp_path, LINES), "--journal", tmp_path / "m")
    assert "the disk is full; make room" in err and not (tmp_path / "m").exists()


def test_the_journal_of_somebody_faster_is_left_alone(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, folder = written(tmp_path, LINES), tmp_path / "m"
    began = MarketJournal.begin
    others: list[MarketJournal] = []

    def begin(*given: Any, **named: Any) -> MarketJournal:
        others.append(began(*given, **named))
        return began(*given, **named)

    monkeypatch.setattr(MarketJournal, "begin", begin)
    _, err = told(capsys, 2, path, "--journal", folder)
    assert err == "error: input: the folder has a journal already; name a new one\n"
    others[0].let_go()
    assert journal_cli.main(["verify", str(folder)]) == 0


def test_a_file_that_changes_while_it_is_imported_is_refused(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, LINES)
    began = MarketJournal.begin

    def begin(*given: Any, **named: Any) -> MarketJournal:
        path.write_bytes(TRADE_LINE)
        return began(*given, **named)

    monkeypatch.setattr(MarketJournal, "begin", begin)
    _, err = told(capsys, 2, path, "--journal", tmp_path / "m")
    assert err == (
        f"error: input: PATH {str(path)!r} has changed since it was read first; start again\n"
    )


def test_a_signal_leaves_nothing(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_given: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(MarketJournal, "hear", interrupt)
    _, err = told(capsys, 130, written(tmp_path, LINES), "--journal", tmp_path / "m")
    assert err.endswith("SIGINT ended the import; nothing was left; start it again\n")
    assert not (tmp_path / "m").exists()


def test_counts_that_do_not_add_up_are_our_fault_and_told(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Counts, "broken", lambda _self, _stored: "1 line is not 2")
    _, err = told(capsys, 1, written(tmp_path, LINES), "--journal", tmp_path / "m")
    assert err == "error: check: 1 line is not 2; report it with the file\n"
    assert not (tmp_path / "m").exists()


@pytest.mark.parametrize(("words", "said"), [
    ([], "import needs market data; write python -m tools.live import PATH --journal DIR"),
    (["DATA"], "--journal names the folder of the journal; write"),
    (["DATA", "--journal", ""], "--journal names the folder of the journal; write"),
    (["DATA", "--journal", "DATA"], "is no folder; name a new one"),
    (["DATA", "--journal", "FULL"], "is there and not empty; name a new folder"),
    (["DATA", "--journal", "none/m"], "create it first"),
    (["NOWHERE", "--journal", "new"], "cannot be opened"),
    (["DATA", "--journal", "new", "--symbol", "btc"], "symbol 'btc' is not 1 to 32 upper-case"),
    (["DATA", "--journal", "new", "--source", "x y"], "source 'x y' is not 1 to 32 lower-case"),
    (["DATA", "--jornal", "new"], "unknown flag '--jornal'"),
])  # fmt: skip
def test_wrong_usage_is_told_in_one_line(
    tmp_path: Path, capsys: Capture, words: list[str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path, LINES, "DATA")
    (tmp_path / "FULL").mkdir()
    written(tmp_path / "FULL", b"x")
    out, err = told(capsys, 2, *words)
    assert said in err and err.count("\n") == 1 and not out
    assert not (tmp_path / "new").exists()


def test_help(capsys: Capture) -> None:
    out, _ = told(capsys, 0, "--help")
    assert out.startswith("usage: python -m tools.live import PATH --journal DIR [FLAGS]\n")
    assert "--strict" in out and "exit codes" in out
    assert umbrella.main(["import", "-h"]) == 0
    assert capsys.readouterr().out == out


def test_the_journal_commands_work_on_what_was_imported(tmp_path: Path, capsys: Capture) -> None:
    folder = str(tmp_path / "m")
    told(capsys, 0, written(tmp_path, LINES), "--journal", folder)
    for words in (["verify"], ["show", "--kind", "md.trade"], ["tail"], ["index"], ["compact"]):
        assert journal_cli.main([words[0], folder, *words[1:]]) == 0
    assert capsys.readouterr().out.count("  md.trade  ") == 4
    assert journal_cli.main(["export", folder, str(tmp_path / "out")]) == 0
    (exported,) = (tmp_path / "out" / "md.trade").iterdir()
    assert items(exported) == items(Path(folder)) != []


def test_a_market_journal_is_no_run(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = str(tmp_path / "m")
    told(capsys, 0, written(tmp_path, LINES), "--journal", folder)
    assert replay_cli.main([folder]) == 2
    assert capsys.readouterr().err == (
        "error: input: the log holds market data, not a run; look at it with md_replay\n"
    )
    assert exec_demo.main(["--shadow", "--journal", folder]) == 2
    assert capsys.readouterr().err == (
        "error: input: the journal holds market data; name another folder for the run\n"
    )
    assert journal_cli.main(["verify", folder]) == 0


def test_the_folder_is_the_users_alone(tmp_path: Path, capsys: Capture) -> None:
    told(capsys, 0, written(tmp_path, LINES), "--journal", tmp_path / "m")
    assert os.stat(tmp_path / "m").st_mode & 0o077 == 0
    assert market_cli.MOST_SHOWN == 5
