"""The demo as its users run it: whole processes, from the command line to the bytes that come out.

Three scenarios and two errors are the published ones; the others are ours.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from tests.unit.json_schema import errors
from tools.live import __version__
from tools.live.execution_loop import run_shadow_demo
from tools.live.reports.schema import SCHEMAS

ROOT = Path(__file__).resolve().parent.parent.parent
FROZEN_UTC = "2025-01-01T00:00:00Z"
FROZEN_MS = 1_735_689_600_000
SAMPLE = (
    "--symbols BTCUSDT,ETHUSDT --iterations 20 --max-inv 10000 --max-total 50000"
    " --edge-threshold 3.0 --fill-rate 0.7 --reject-rate 0.05"
)


def run(
    *argv: str,
    module: str = "tools.live.exec_demo",
    cwd: Path = ROOT,
    environment: Mapping[str, str] = MappingProxyType({}),
) -> subprocess.CompletedProcess[bytes]:
    """A child Python that runs a module of the product with the clock frozen."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "COV"))}
    ours = {"MM_FREEZE_UTC_ISO": FROZEN_UTC, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-m", module, *argv],
        cwd=cwd,
        env={**kept, **ours, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
    )


def report(*argv: str) -> dict[str, Any]:
    """The report of a run that succeeds and says nothing on stderr."""
    done = run("--shadow", *argv)
    assert (done.returncode, done.stderr) == (0, b"")
    data: dict[str, Any] = json.loads(done.stdout)
    assert errors(data, SCHEMAS["report"]) == []
    return data


# The published scenarios.


def test_scenario_1_the_edge_degrades_and_the_run_freezes() -> None:
    data = report(*SAMPLE.split())
    orders, risk = data["orders"], data["risk"]
    expected = {"placed": 73, "filled": 51, "rejected": 3, "canceled": 28, "risk_blocks": 0}
    assert {key: orders[key] for key in expected} == expected
    held = data["positions"]["by_symbol"]
    assert {s: round(qty, 4) for s, qty in held.items()} == {"BTCUSDT": -0.0085, "ETHUSDT": 0.0025}
    assert (risk["frozen"], risk["freeze_events"], risk["blocks_total"]) == (True, 1, 0)
    assert risk["last_freeze_reason"] == "Edge degradation: 2.40 BPS < 3.00 BPS"
    assert risk["last_freeze_symbol"] == "ETHUSDT"


def test_scenario_2_a_stable_run_fills_and_stays_active() -> None:
    data = report(
        *"--symbols BTCUSDT --iterations 5 --edge-threshold 1.0 --fill-rate 0.8"
        " --reject-rate 0".split()
    )
    orders = data["orders"]
    expected = {"placed": 10, "filled": 10, "rejected": 0, "canceled": 0, "risk_blocks": 0}
    assert {key: orders[key] for key in expected} == expected
    assert round(data["positions"]["by_symbol"]["BTCUSDT"], 4) == -0.0046
    assert not data["risk"]["frozen"]


def test_scenario_3_the_limits_bind() -> None:
    data = report(*"--iterations 30 --max-inv 800 --max-total 900 --fill-rate 1".split())
    orders, risk = data["orders"], data["risk"]
    assert orders["risk_blocks"] == risk["blocks_total"] == sum(orders["refusals"].values()) > 0
    assert max(risk["worst_case_usd"].values()) <= 800 * 1.01  # the mark moves after the check
    assert orders["placed"] == orders["filled_full"] + orders["canceled"] + orders["open"]


def test_error_1_shadow_is_required() -> None:
    done = run(*SAMPLE.split())
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr == b"Error: --shadow flag is required\n"


def test_error_2_a_symbol_is_required() -> None:
    done = run("--shadow", "--symbols", "")
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr == b"Error: At least one symbol is required\n"


# Ours.


def test_the_command_and_the_notebook_give_the_same_bytes() -> None:
    done = run("--shadow")
    assert done.stdout == str(run_shadow_demo(clock=lambda: FROZEN_MS)).encode()


def test_the_bytes_do_not_depend_on_hash_seed_zone_or_locale() -> None:
    one = run("--shadow", environment={"PYTHONHASHSEED": "0", "TZ": "UTC", "LC_ALL": "C"})
    elsewhere = {"PYTHONHASHSEED": "77", "TZ": "Asia/Kathmandu", "PYTHONUTF8": "1"}
    other = run("--shadow", environment=elsewhere)
    assert one.stdout == other.stdout and one.returncode == other.returncode == 0


def test_an_optimised_python_gives_the_same_bytes() -> None:
    optimised = run("--shadow", environment={"PYTHONOPTIMIZE": "2"})
    assert optimised.stdout == run("--shadow").stdout


def test_every_output_at_once(tmp_path: Path) -> None:
    argv = ("--shadow", "--out", "report.json", "--html", "report.html", "--pretty")
    done = run(*argv, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.html", "report.json"]
    assert json.loads((tmp_path / "report.json").read_text()) == report()
    assert (tmp_path / "report.html").read_text().startswith("<!DOCTYPE html>")


def test_a_config_file_and_recorded_quotes(tmp_path: Path) -> None:
    (tmp_path / "quotes.jsonl").write_text(
        "".join(
            f'{{"symbol":"A","bid":"{100 + step}","ask":"{101 + step}","timestamp_ms":{step}}}\n'
            for step in range(40)
        )
    )
    (tmp_path / "run.toml").write_text('quotes = "quotes.jsonl"\nedge = "computed"\nseed = 4\n')
    done = run("--shadow", "--config", "run.toml", "--seed", "5", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, b"")
    data = json.loads(done.stdout)
    assert errors(data, SCHEMAS["report"]) == []
    assert data["execution"] == {"iterations": 40, "symbols": ["A"]}
    assert data["edge"]["mode"] == "markouts"


def test_a_frozen_run_fails_where_that_was_asked_for() -> None:
    done = run("--shadow", "--fail-on-freeze", "--edge-threshold", "3")
    assert done.returncode == 6
    assert json.loads(done.stdout)["risk"]["frozen"] is True
    assert done.stderr.startswith(b"error: halted: Edge degradation: ")
    assert done.stderr.count(b"\n") == 1


def test_the_umbrella_runs_the_same_demo() -> None:
    assert run("demo", "--shadow", module="tools.live").stdout == run("--shadow").stdout


def test_the_risk_demo_fits_its_schema() -> None:
    done = run("--demo", module="tools.live.risk_monitor_cli")
    assert (done.returncode, done.stderr) == (0, b"")
    data = json.loads(done.stdout)
    assert errors(data, SCHEMAS["risk"]) == []
    assert data["runtime"]["utc"] == FROZEN_UTC


def test_the_schema_comes_as_json() -> None:
    done = run("schema", "report", module="tools.live")
    assert json.loads(done.stdout) == SCHEMAS["report"]


def test_the_version_is_said() -> None:
    assert run("--version").stdout == f"shadow-trading-toolkit {__version__}\n".encode()


@pytest.mark.parametrize(
    ("argv", "line"),
    [
        (["--shadow", "--sead", "1"],
         b"error: usage: unknown flag '--sead' at argument 2; did you mean '--seed'?\n"),
        (["--shadow", "--iterations", "0"],
         b"error: input: --iterations 0 is out of range; give one from 1 to 100000000\n"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_and_exit_2(argv: list[str], line: bytes) -> None:
    done = run(*argv)
    assert (done.returncode, done.stdout, done.stderr) == (2, b"", line)
