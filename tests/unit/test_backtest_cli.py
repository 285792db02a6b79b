"""`python -m tools.live backtest`: its output, files, journal, and answers to bad input."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.backtest_builders import market_file, small
from tools.live import __main__ as umbrella
from tools.live import backtest_cli
from tools.live.audit.laws import LawsBroken, Violation
from tools.live.backtest_cli import main
from tools.live.backtest_line import PerformanceLine
from tools.live.core.errors import LineFailed
from tools.live.journal_cli import main as journal

Command = Callable[..., tuple[int, str, str]]
SMALL = ("--exchange", "fake", "--iterations", "40", "--requote", "--fill-rate", "0.5")


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    def run(*argv: object) -> tuple[int, str, str]:
        code = main([str(one) for one in argv])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_it_prints_the_result_as_one_line(command: Command) -> None:
    expected = str(small().result()) + "\n"
    assert command(*SMALL) == (0, expected, "") == command(*SMALL)
    code, out, _ = command(*SMALL, "--pretty")
    assert code == 0 and json.loads(out) == json.loads(expected) and out.startswith("{\n  ")


def test_the_umbrella_knows_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert umbrella.main(["backtest", "--help"]) == 0
    told = capsys.readouterr().out
    assert "usage: python -m tools.live backtest [MARKET] [FLAGS]" in told
    assert "examples:" in told and "--until INSTANT" in told


def test_files(command: Command, tmp_path: Path) -> None:
    market = market_file(tmp_path)
    out, page, orders = (tmp_path / name for name in ("out.json", "run.html", "orders.jsonl"))
    code, printed, err = command(
        market, "--requote", "--out", out, "--html", page, "--orders", orders
    )
    assert (code, printed, err) == (0, "", "")
    data = json.loads(out.read_text())
    rows = [json.loads(line) for line in orders.read_text().splitlines()]
    assert len(rows) == data["execution"]["orders"]["sent"] > 10
    assert sum(row["fills"] for row in rows) == data["trading"]["fills"] > 0
    assert page.read_text().startswith("<!DOCTYPE html>")
    assert data["config"]["market"] == market
    assert command(market, "--requote") == (0, out.read_text(), "")


def test_flags_win_over_the_config_file(command: Command, tmp_path: Path) -> None:
    config = tmp_path / "run.toml"
    lines = ('exchange = "fake"', "iterations = 40", "requote = true", "fill_rate = 0.5",
             'capital = "7"')  # fmt: skip
    config.write_text("\n".join(lines))
    code, out, _ = command("--config", config, "--capital", "50000")
    assert (code, out) == (0, str(small(capital=50_000).result()) + "\n")
    config.write_text("grit = 1\n")
    code, _, err = command("--config", config)
    assert code == 2 and err == (
        f"error: input: unknown key 'grit' at /grit of --config {config}; did you mean 'grid'?\n"
    )


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (("--sprad-bps", "3"), "error: usage: unknown flag '--sprad-bps' at argument 1; did you"),
        (("--spread-bps", "x"), "error: input: --spread-bps 'x' is not a number; give a number"),
        (("nowhere.jsonl",), "error: input: --market 'nowhere.jsonl'"),
        (("--from", "+1"), "error: input: --from says how to read --market; name one"),
        (("--html", "no/such/run.html"), "error: input: --html 'no/such/run.html': there is no"),
        (("--recover",), "error: usage: --recover needs a journal; give --journal DIR or"),
    ],
)
def test_bad_input_is_two_and_one_line(
    command: Command, argv: tuple[str, ...], told: str
) -> None:
    code, out, err = command(*argv)
    assert (code, out) == (2, "") and err.startswith(told) and err.count("\n") == 1


def test_no_output_destroys_an_input_or_another(command: Command, tmp_path: Path) -> None:
    market = market_file(tmp_path)
    one = tmp_path / "one"
    for flags in (("--out", market), ("--out", one, "--html", one)):
        code, _, err = command(market, *flags)
        assert code == 2 and "is the file of" in err and not one.exists()


def test_figures_that_do_not_add_up_are_the_output(
    command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def broken(*_: object) -> None:
        raise LawsBroken([Violation("profit_is_explained", "1 is not 2")])

    monkeypatch.setattr("tools.live.backtest_run.check_performance", broken)
    orders = tmp_path / "orders.jsonl"
    code, out, err = command(*SMALL, "--orders", orders)
    assert code == 1 and not orders.exists()
    assert json.loads(out) == {
        "violations": [{"law": "profit_is_explained", "detail": "1 is not 2"}]
    }
    assert err.startswith("error: check: 1 conservation law(s) broken: profit_is_explained")


def test_a_frozen_end_can_fail(command: Command) -> None:
    assert command(*SMALL, "--edge-threshold", "9")[0] == 0
    code, out, err = command(*SMALL, "--edge-threshold", "9", "--fail-on-freeze")
    assert code == 6 and json.loads(out)["report"]["risk"]["frozen"]
    assert err.startswith("error: halted: ") and err.endswith("see risk in the report\n")
    assert command(*SMALL, "--fail-on-freeze")[0] == 0


def test_progress(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(10**6))
    monkeypatch.setattr("time.monotonic", lambda: float(next(clock)))
    code, out, err = command(*SMALL, "--progress")
    assert (code, out) == (0, str(small().result()) + "\n")
    assert "of 40 steps" in err and "orders" in err

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    shown = Terminal()
    monkeypatch.setattr("sys.stderr", shown)
    assert main([*SMALL]) == 0 and "of 40 steps" in shown.getvalue()
    monkeypatch.setattr("sys.stderr", None)
    assert main([*SMALL]) == 0


def test_a_run_is_recorded(
    command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "run-1"
    code, out, err = command(*SMALL, "--journal", folder)
    bare = json.loads(command(*SMALL)[1])
    recorded = json.loads(out)
    assert (code, err) == (0, "") and recorded["returns"] == bare["returns"]
    assert recorded["report"]["integrity"]["journal_head"]
    assert journal(["verify", str(folder)]) == 0
    capsys.readouterr()
    again = command(folder, "--iterations", "1")
    assert again[0] == 2 and "--iterations does not go with --market" in again[2]


def tripping(name: str, at: int, error: BaseException) -> Callable[[PerformanceLine], None]:
    """What a line does, until it breaks at the so many-th time."""
    real: Callable[[PerformanceLine], None] = getattr(PerformanceLine, name)
    calls = iter(range(1, at + 1))

    def call(line: PerformanceLine) -> None:
        if next(calls, at) == at:
            raise error
        real(line)

    return call


def test_an_interrupted_run_goes_on_and_comes_to_the_same(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run-1"
    flags = (*SMALL, "--journal", folder, "--edge", "computed", "--edge-threshold", "-100")
    whole = json.loads(command(*flags[:-6], "--journal", tmp_path / "other", *flags[-4:])[1])
    trip = tripping("settle", 60, KeyboardInterrupt())
    with monkeypatch.context() as patched:
        patched.setattr(PerformanceLine, "settle", trip)
        assert command(*flags)[0] == 130
    code, out, err = command(*flags, "--recover")
    assert code == 0 and "going on with the interrupted run" in err
    assert json.loads(out)["returns"] == whole["returns"]
    code, _, err = command(*flags, "--recover")
    assert code == 2 and "error: " in err


def test_a_line_that_fails_halts_the_journal(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trip = tripping("quiet", 20, LineFailed("the disk is full"))
    monkeypatch.setattr(PerformanceLine, "quiet", trip)
    code, _, err = command(*SMALL, "--journal", tmp_path / "run-1")
    assert code == 1 and "the disk is full" in err
    assert (tmp_path / "run-1" / "HALT").exists()


def test_a_halt_from_outside_is_six(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tools.live.journal.line.JournalLine.is_freeze_due", lambda self: True)
    code, _, err = command(*SMALL, "--journal", tmp_path / "run-1")
    assert code == 6 and "got a file HALT, so trading was frozen; see risk in the report" in err


def test_an_old_measurement_is_kept(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backtest_cli, "begun_as", lambda asked, recorded=None: "computed")
    code, out, _ = command(*SMALL, "--edge", "computed", "--journal", tmp_path / "run-1")
    assert code == 0 and json.loads(out)["report"]["params"]["edge"] == "computed"
