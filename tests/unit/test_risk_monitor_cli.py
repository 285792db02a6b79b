"""The risk monitor's own demo: its scene, its report, its command line."""

from __future__ import annotations

import json
import re
import sys
from typing import Any

import pytest

from tools.live import risk_monitor_cli
from tools.live.core.errors import ContractError
from tools.live.risk_monitor_cli import main, run_demo

FREEZE = "MM_FREEZE_UTC_ISO"


def test_the_scene_with_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FREEZE, "2025-01-01T00:00:00Z")
    assert run_demo(10_000, 50_000, 1.5) == {
        "frozen": True,
        "metrics": {
            "blocks_total": 2,
            "freezes_total": 1,
            "last_freeze_reason": "Edge degradation: 1.20 BPS < 1.50 BPS",
            "last_freeze_symbol": "BTCUSDT",
        },
        "positions": {"BTCUSDT": 0.1, "ETHUSDT": 1.0},
        "runtime": {"utc": "2025-01-01T00:00:00Z", "version": "0.1.0"},
        "status": "OK",
    }


@pytest.mark.parametrize(
    ("arguments", "blocks", "frozen", "positions"),
    [
        ((10_000, 50_000, 1.0), 1, False, {"BTCUSDT": 0.1, "ETHUSDT": 1.0}),
        ((20_000, 50_000, 1.0), 0, False, {"BTCUSDT": 0.1, "ETHUSDT": 1.0}),
        ((20_000, 50_000, 1.2), 0, False, {"BTCUSDT": 0.1, "ETHUSDT": 1.0}),
        ((4_000, 50_000, 1.0), 2, False, {"ETHUSDT": 1.0}),
        ((10_000, 7_000, 1.0), 2, False, {"BTCUSDT": 0.1}),
        ((0, 0, 1.0), 4, False, {}),
    ],
)
def test_the_scene_follows_the_limits(
    arguments: tuple[Any, Any, Any], blocks: int, frozen: bool, positions: dict[str, float]
) -> None:
    data = run_demo(*arguments)
    assert data["metrics"]["blocks_total"] == blocks
    assert (data["frozen"], data["positions"]) == (frozen, positions)


def test_demo_prints_one_canonical_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FREEZE, "2025-01-01T00:00:00.5Z")
    assert main(["--demo"]) == 0
    out, err = capsys.readouterr()
    data = run_demo(10_000, 50_000, 1.5)
    assert (out, err) == (json.dumps(data, sort_keys=True, separators=(",", ":")) + "\n", "")
    assert data["runtime"]["utc"] == "2025-01-01T00:00:00.5Z"


def test_the_flags_reach_the_scene(capsys: pytest.CaptureFixture[str]) -> None:
    flags = ["--max-inv", "20000", "--max-total=5e4", "--edge-threshold", "-1"]
    assert main(["--demo", *flags]) == 0
    data = json.loads(capsys.readouterr().out)
    assert (data["frozen"], data["metrics"]["blocks_total"]) == (False, 0)


@pytest.mark.parametrize("argv", [[], ["--help"], ["--demo", "-h"], ["--max-inv", "5"]])
def test_without_demo_it_shows_its_help(
    argv: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(argv) == 0
    out, err = capsys.readouterr()
    assert out.startswith("usage: python -m tools.live.risk_monitor_cli --demo") and err == ""


def test_the_command_line_is_the_default(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["risk_monitor_cli", "--bad"])
    assert main() == 2
    assert capsys.readouterr() == (
        "", "error: usage: unknown flag '--bad' at argument 1; see --help\n"
    )  # fmt: skip


def test_the_time_is_the_clocks_to_the_second() -> None:
    stamp = risk_monitor_cli._get_current_utc_iso()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", stamp)


def test_a_wrong_frozen_instant_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FREEZE, "")
    with pytest.raises(ContractError, match="MM_FREEZE_UTC_ISO '' is not .*; write MM_FREEZE"):
        risk_monitor_cli._get_current_utc_iso()
