"""Runs of the command lines over files of bars: who hears them how, and that all of it repeats."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.unit.json_schema import errors
from tools.live import backtest_cli, exec_demo
from tools.live.backtest_run import Backtest
from tools.live.core.errors import ContractError
from tools.live.reports.schema import SCHEMAS
from tools.live.sim.bars import BarRules

T_MS = 1_704_067_200_000
WAY = [0, 3, -2, 5, 1, -4, -6, 0, 2, 7, 3, -1, -3, 4, 6, 2, -5, -2, 1, 0]
FROZEN = ["--freeze-utc", "2025-01-01T00:00:00Z"]


def rows() -> list[tuple[int, str, str, str, str, str]]:
    """Bars whose close is the next one's open, with a way beyond both."""
    closes = [4_200_000 + 1_000 * step for step in WAY * 6]
    made = []
    for at, (opened, close) in enumerate(zip(closes, closes[1:])):
        high, low = max(opened, close) + 700, min(opened, close) - 900
        cents = [f"{price / 100:.2f}" for price in (opened, high, low, close)]
        made.append((T_MS + 60_000 * at, cents[0], cents[1], cents[2], cents[3], "20.5"))
    return made


def klines(folder: Path) -> Path:
    """As the venue publishes them: a zip with one table."""
    lines = [f"{t},{','.join(rest)},{t + 59_999},1,9,1,1,0\n" for t, *rest in rows()]
    path = folder / "BTCUSDT-1m-2024-01.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("BTCUSDT-1m-2024-01.csv", "".join(lines))
    return path


def table(folder: Path) -> Path:
    lines = [f"{t},{','.join(rest)}\n" for t, *rest in rows()]
    path = folder / "own.csv"
    path.write_text("timestamp,open,high,low,close,volume\n" + "".join(lines))
    return path


def candles(folder: Path) -> Path:
    listed = [[t, *(float(one) for one in rest)] for t, *rest in rows()]
    path = folder / "candles.json"
    path.write_text(json.dumps(listed))
    return path


def said(main: Any, argv: Sequence[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert main(list(argv)) == 0
    return str(capsys.readouterr().out)


@pytest.mark.parametrize("write", [klines, table, candles])
def test_every_file_of_bars_fills_inside_them(
    write: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(write(tmp_path))
    argv = ["--shadow", "--exchange", "simulated", "--market", path, "--requote",
            "--symbols", "BTCUSDT", *FROZEN]  # fmt: skip
    text = said(exec_demo.main, argv, capsys)
    assert text == said(exec_demo.main, argv, capsys)
    report = json.loads(text)
    assert errors(report, SCHEMAS["report"]) == []
    assert report["params"]["exchange"]["bars"] == BarRules().describe()
    assert report["params"]["market"]["quoted_from"] == "trades"
    assert report["orders"]["filled_full"] > 20


def test_all_of_them_come_to_the_same_orders(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = []
    for write in (table, candles):
        argv = [str(write(tmp_path)), "--requote", "--symbols", "BTCUSDT"]
        told = json.loads(said(backtest_cli.main, argv, capsys))
        found.append((told["report"]["orders"], told["trading"], told["report"]["pnl"]))
    assert found[0] == found[1] and found[0][1]["fills"] > 20


def test_the_fake_and_who_wants_closes_hear_closes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, terms = str(klines(tmp_path)), tmp_path / "terms.toml"
    terms.write_text('bars = "closes"\n')
    for more in (["--exchange", "fake"], ["--exchange", "simulated", "--terms", str(terms)],
                 ["--exchange", "simulated", "--terms", "dream"]):  # fmt: skip
        report = json.loads(said(exec_demo.main, ["--shadow", "--market", path, *more], capsys))
        told = report["params"]["exchange"].get("bars")
        assert told == ("closes" if str(terms) in more else None)


def test_rules_come_from_the_terms(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, terms = str(klines(tmp_path)), tmp_path / "terms.toml"
    terms.write_text('[bars]\nsame_bar = "worst_case"\nvolume_cap_bps = 1\n')
    told = json.loads(said(backtest_cli.main, [path, "--terms", str(terms), "--requote"], capsys))
    bars = told["report"]["params"]["exchange"]["bars"]
    assert (bars["same_bar"], bars["volume_cap_bps"]) == ("worst_case", 1)
    capped = told["trading"]["volume_usd"]
    terms.write_text("[bars]\n")
    free = json.loads(said(backtest_cli.main, [path, "--terms", str(terms), "--requote"], capsys))
    assert 0 < capped < free["trading"]["volume_usd"]


def test_bars_of_trades_want_trades(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    terms = tmp_path / "terms.toml"
    terms.write_text("[bars]\nevery_seconds = 0.25\n")
    extract = "tests/market/extracts/binance-spot.jsonl"
    argv = ["--shadow", "--exchange", "simulated", "--requote", "--terms", str(terms), *FROZEN]
    report = json.loads(said(exec_demo.main, [*argv, "--market", extract], capsys))
    assert errors(report, SCHEMAS["report"]) == []
    assert report["params"]["exchange"]["bars"]["every_s"] == "0.25"
    assert report["params"]["market"]["quoted_from"] == "quotes"
    for more in ([], ["--market", str(klines(tmp_path))]):
        assert exec_demo.main([*argv, *more]) == 2
        error = capsys.readouterr().err
        assert error.startswith("error: input: every_seconds makes bars") and error.count("\n") == 1


@pytest.mark.parametrize("terms", ["instant", "fast", "slow", "bars"])
def test_a_backtest_can_be_stopped_sought_and_begun_anew(tmp_path: Path, terms: str) -> None:
    path = str(klines(tmp_path))
    run = Backtest(path, requote=True, terms=terms)
    run.run(until_step=40)
    there = run.state_sha256()
    run.run()
    first = run.result().report
    run.seek(step=40)
    assert run.state_sha256() == there
    assert run.result().report == first == Backtest(path, requote=True, terms=terms).result().report
    assert first["orders"]["filled"] > 0


def test_a_window_has_its_own_bars(tmp_path: Path) -> None:
    path = str(klines(tmp_path))
    part = Backtest(path, requote=True, **{"from": "+600.5", "until": "+1800.5"})
    assert (part.steps, part.feed.start_ns) == (19, (T_MS + 60_000 * 12 - 1) * 10**6)
    report = part.result().report
    assert report["params"]["exchange"]["bars"] == BarRules().describe()
    assert report["orders"]["filled"] > 0
    none = dict[str, Any]({"from": "+999999"})
    with pytest.raises(ContractError, match="no quote"):
        Backtest(path, **none)


@pytest.mark.parametrize("faults", ["ccxt-19717", "nt-4215", "hcn-53"])
def test_faults_go_with_bars(tmp_path: Path, faults: str) -> None:
    path = str(klines(tmp_path))
    told = [Backtest(path, requote=True, faults=faults).result().report for _ in range(2)]
    assert told[0] == told[1] and told[0]["params"]["exchange"]["bars"] is not None
