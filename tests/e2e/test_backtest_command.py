"""The backtest and sweep commands, each in processes of their own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
MARKET = "tests/market/extracts/binance-spot.jsonl"
BACKTEST = ("tools.live", "backtest", MARKET, "--requote", "--spread-bps", "0.1")
VARY = ("--vary", "spread_bps=0.1,1 delays=fast,slow seed=1,2", "--by", "pnl_usd")
SWEEP = ("tools.live", "sweep", MARKET, "--requote", *VARY)


def begun(*argv: object, seed: str = "0") -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", *map(str, argv)], cwd=ROOT, text=True, stdin=subprocess.DEVNULL,
        env={**os.environ, "PYTHONHASHSEED": seed}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        start_new_session=True,
    )  # fmt: skip


def done(*argv: object, code: int = 0, seed: str = "0") -> tuple[str, str]:
    """A command run to its end: what it printed on both streams."""
    process = begun(*argv, seed=seed)
    out, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    return out, err


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, str]:
    """The rows of a whole sweep in one process, and what it printed."""
    path = tmp_path_factory.mktemp("sweep") / "rows.jsonl"
    out, err = done(*SWEEP, "--jobs", 1, "--rows", path)
    assert err == ""
    return path.read_bytes(), out


def test_two_runs_are_the_same_bytes(tmp_path: Path) -> None:
    made = []
    for seed in ("1", "2"):
        names = [tmp_path / f"{name}-{seed}" for name in ("run.html", "orders.jsonl")]
        out, err = done(*BACKTEST, "--html", names[0], "--orders", names[1], seed=seed)
        assert err == ""
        made.append((out, *(name.read_bytes() for name in names)))
    assert made[0] == made[1]
    data = json.loads(made[0][0])
    orders = [json.loads(line) for line in made[0][2].splitlines()]
    assert len(orders) == data["execution"]["orders"]["sent"] > 10
    assert data["returns"]["pnl_usd"] == data["report"]["pnl"]["net_usd"]


def test_a_recorded_backtest_is_replayed(tmp_path: Path) -> None:
    folder = tmp_path / "run-1"
    out, _ = done(*BACKTEST, "--journal", folder)
    told, _ = done("tools.live", "replay", folder, "--verify")
    assert json.loads(out)["report"]["integrity"]["state_sha256"] in told


def test_any_number_of_processes_comes_to_the_same(
    rows: tuple[bytes, str], tmp_path: Path
) -> None:
    path = tmp_path / "rows.jsonl"
    out, err = done(*SWEEP, "--jobs", 2, "--rows", path, seed="7")
    assert (path.read_bytes(), out, err) == (*rows, "")


@pytest.mark.skipif(os.name != "posix", reason="needs process groups")
@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGINT])
def test_a_sweep_that_was_ended_goes_on(
    rows: tuple[bytes, str], tmp_path: Path, blow: signal.Signals
) -> None:
    path = tmp_path / "rows.jsonl"
    process = begun(*SWEEP, "--jobs", 2, "--rows", path)
    until = time.monotonic() + 40
    while time.monotonic() < until and (not path.exists() or path.read_bytes().count(b"\n") < 2):
        time.sleep(0.01)
    os.killpg(process.pid, blow)
    _, err = process.communicate(timeout=60)
    if blow is signal.SIGINT and process.returncode:
        assert process.returncode == 130 and err.endswith("ended the sweep; start it again\n")
    left = path.read_bytes()
    assert rows[0].startswith(left[: left.rfind(b"\n") + 1]) and left.count(b"\n") >= 2
    out, err = done(*SWEEP, "--jobs", 1, "--rows", path)
    assert (path.read_bytes(), out) == rows
    kept = left.count(b"\n")
    assert f"{kept} rows are there already" in err
