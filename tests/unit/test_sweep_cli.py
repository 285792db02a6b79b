"""`python -m tools.live sweep`: its output, files, processes, and answers to bad input."""

from __future__ import annotations

import io
import json
import signal
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pytest

from tests.unit.backtest_builders import market_file
from tools.live import __main__ as umbrella
from tools.live import sweep_cli
from tools.live.sweep_cli import Here, main

Command = Callable[..., tuple[int, str, str]]
SMALL = ("--iterations", "12", "--requote", "--vary", "spread_bps=2,8 seed=1,2")


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    def run(*argv: object) -> tuple[int, str, str]:
        code = main([str(one) for one in argv])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_processes_and_one_job_come_to_the_same(command: Command, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    code, out, err = command(*SMALL, "--jobs", "1", "--rows", one)
    data = json.loads(out)
    assert (code, err) == (0, "") and out.count("\n") == 1
    assert (data["kind"], data["by"], data["runs"], data["errors"]) == ("sweep", "sharpe", 4, 0)
    assert data["best"]["varied"].keys() == {"spread_bps"} and data["best"]["runs"] == 2
    assert data["axes"] == {"spread_bps": [2, 8], "seed": [1, 2]} and data["folds"] == []
    assert command(*SMALL, "--jobs", "2", "--rows", two) == (0, out, "")
    assert one.read_bytes() == two.read_bytes()


def test_a_second_start_says_what_is_there(command: Command, tmp_path: Path) -> None:
    rows = tmp_path / "rows"
    first = command(*SMALL, "--jobs", "1", "--rows", rows)[1]
    whole = rows.read_bytes()
    rows.write_bytes(whole[:-9])
    code, out, err = command(*SMALL, "--jobs", "1", "--rows", rows)
    assert (code, out) == (0, first) and rows.read_bytes() == whole
    assert err == (
        f"--rows '{rows}': the last line was cut off, so its run is made again\n"
        f"--rows '{rows}': 3 rows are there already\n"
    )


def test_files(command: Command, tmp_path: Path) -> None:
    heat, out = tmp_path / "heat.svg", tmp_path / "out.json"
    flags = (*SMALL, "--jobs", "1")
    assert command(*flags, "--heat", heat, "--out", out, "--by", "pnl_usd") == (0, "", "")
    assert heat.read_text().startswith("<svg ") and ">pnl_usd by seed and spread_bps<" in (
        heat.read_text()
    )
    assert out.read_text() == command(*flags, "--by", "pnl_usd")[1]


def test_some_points_by_chance(command: Command) -> None:
    flags = ("--iterations", "3", "--vary", "seed=1:9:1", "--jobs", "1", "--random", "3")
    one, other = (json.loads(command(*flags, "--random-seed", n)[1]) for n in (1, 0))
    assert one["points"] == other["points"] == 3 and one["rows_sha256"] != other["rows_sha256"]


def test_a_walk(command: Command, tmp_path: Path) -> None:
    market = market_file(tmp_path)
    flags = (market, "--requote", "--base-qty", "3", "--vary", "spread_bps=1,8", "--by", "pnl_usd")
    heat = tmp_path / "heat.svg"
    code, out, err = command(*flags, "--jobs", "1", "--walk", "1:1")
    data = json.loads(out)
    assert (code, err, data["best"], data["tested"]) == (0, "", None, len(data["folds"]))
    fold = data["folds"][0]
    assert (fold["train_s"], fold["test_s"], fold["train"]["runs"]) == ([0.0, 1.0], [1.0, 2.0], 1)
    assert fold["test"] == fold["test_pnl_usd"]
    assert data["test_pnl_usd"] == sum(one["test_pnl_usd"] for one in data["folds"])
    code, _, err = command(*flags, "--jobs", "1", "--heat", heat)
    assert code == 2 and err == "error: usage: --heat needs two axes; give --vary two settings\n"


def test_a_run_that_cannot_be_made_is_one(command: Command, tmp_path: Path) -> None:
    market = market_file(tmp_path)
    code, out, err = command(market, "--vary", "seed=1,2", "--from", "+60", "--jobs", "1")
    assert code == 2 and err.startswith("error: input: no quote in --market")
    quotes = tmp_path / "quotes.csv"
    quotes.write_text("symbol,bid,ask,timestamp_ms\nA,99,101,1000\n")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sweep_cli, "inputs_sha256", lambda plan: None)
        code, out, err = command(market, "--vary", "seed=1,2", "--from", "+60", "--jobs", "1")
    data = json.loads(out)
    assert code == 1 and (data["errors"], data["best"], data["test_pnl_usd"]) == (2, None, None)
    assert err == (
        "error: check: 2 of 2 runs could not be made, the first: no quote in --market;"
        " see their rows\n"
    )


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        ((), "error: usage: --vary is missing; write --vary spread_bps=1:6:1"),
        (("--vary", "sprad=1"), "error: input: --vary 'sprad' is nothing to vary; did you mean"),
        (("--vary", "seed=1", "--by", "sharp"), "error: usage: --by 'sharp' is no measure; did you"
         " mean 'sharpe'?"),
        (("--vary", "seed=1", "--jobs", "0"), "error: input: --jobs 0 is out of range"),
        (("--vary", "seed=1", "--walk", "1:1"), "error: usage: --walk needs a recorded market"),
        (("m", "--vary", "seed=1", "--walk", "1:1", "--from", "+1"), "error: usage: --walk takes"
         " all of the market; leave --from and --until"),
        (("--vary", "seed=1", "--rows", "no/such/rows"), "error: input: --rows 'no/such/rows'"),
        (("--varry", "seed=1"), "error: usage: unknown flag '--varry' at argument 1; did you mean"),
    ],
)
def test_bad_input_is_two_and_one_line(
    command: Command, argv: tuple[str, ...], told: str
) -> None:
    code, out, err = command(*argv)
    assert (code, out) == (2, "") and err.startswith(told) and err.count("\n") == 1


def test_rows_that_are_none_are_three(command: Command, tmp_path: Path) -> None:
    rows = tmp_path / "rows"
    rows.write_bytes(b"{}\n")
    code, out, err = command(*SMALL, "--jobs", "1", "--rows", rows)
    assert (code, out) == (3, "") and err.startswith("error: integrity: --rows '")
    assert rows.read_bytes() == b"{}\n"


def test_a_worker_that_goes_away_is_seven(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object, **__: object) -> None:
        raise BrokenProcessPool

    monkeypatch.setattr(sweep_cli, "run_sweep", gone)
    code, _, err = command(*SMALL, "--jobs", "2")
    assert code == 7
    assert err == (
        "error: peer: a worker process went away; the rows so far are kept, start it again\n"
    )


def test_an_end_drops_what_was_handed_out(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[dict[str, bool]] = []

    class Pool:
        def __init__(self, *given: object) -> None:
            assert given[0] == 3

        def shutdown(self, **how: bool) -> None:
            ended.append(how)

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("concurrent.futures.ProcessPoolExecutor", Pool)
    monkeypatch.setattr(sweep_cli, "run_sweep", interrupted)
    code, _, err = command(*SMALL, "--jobs", "3")
    assert code == 130 and err == "error: interrupted: SIGINT ended the sweep; start it again\n"
    assert ended == [{"wait": False, "cancel_futures": True}]


def test_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert umbrella.main(["sweep", "--help"]) == 0
    told = capsys.readouterr().out
    assert "usage: python -m tools.live sweep [MARKET] --vary AXES [FLAGS]" in told
    assert "Measures: pnl_usd, return, sharpe" in told


def test_progress_is_shown_on_a_terminal_until_it_goes_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    ticks = iter(range(10**6))
    monkeypatch.setattr("time.monotonic", lambda: float(next(ticks)))
    shown = Terminal()
    monkeypatch.setattr("sys.stderr", shown)
    assert main([*SMALL, "--jobs", "1"]) == 0 and "4 of 4 runs" in shown.getvalue()

    class Gone(Terminal):
        def write(self, text: str) -> int:
            raise OSError("gone")

    monkeypatch.setattr("sys.stderr", Gone())
    assert main([*SMALL, "--jobs", "1"]) == 0
    monkeypatch.setattr("time.monotonic", lambda: 0.0)
    still = Terminal()
    monkeypatch.setattr("sys.stderr", still)
    assert main([*SMALL, "--jobs", "1"]) == 0 and "runs" not in still.getvalue()


def test_an_executor_that_works_here() -> None:
    assert Here().submit(max, 1, 2).result() == 2
    with pytest.raises(ZeroDivisionError):
        Here().submit(divmod, 1, 0).result()


def test_workers_leave_an_interrupt_to_us(monkeypatch: pytest.MonkeyPatch) -> None:
    said = []
    monkeypatch.setattr(signal, "signal", lambda *given: said.append(given))
    sweep_cli._quiet_worker()
    assert said == [(signal.SIGINT, signal.SIG_IGN)]
