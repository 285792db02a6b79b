"""The demo's command: what each flag does, in process."""

from __future__ import annotations

import gzip
import json
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.market.captures import SPOT, extract
from tools.live import __version__, exec_demo
from tools.live.audit.laws import LawsBroken, Violation
from tools.live.console import Progress
from tools.live.execution_loop import ExecutionLoop, run_shadow_demo

FROZEN_MS = 1_735_689_600_000
FROZEN_UTC = "2025-01-01T00:00:00Z"
Demo = Callable[..., tuple[int, str, str]]


@pytest.fixture
def demo(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Demo:
    """Run the demo with `--shadow`, the clock frozen; exit code, stdout and stderr."""
    monkeypatch.setenv("MM_FREEZE_UTC_ISO", FROZEN_UTC)

    def call(*argv: str, shadow: bool = True) -> tuple[int, str, str]:
        code = exec_demo.main([*(["--shadow"] if shadow else []), *argv])
        out, err = capsys.readouterr()
        return code, out, err

    return call


def data_of(done: tuple[int, str, str]) -> dict[str, Any]:
    code, out, err = done
    assert (code, err) == (0, "")
    data: dict[str, Any] = json.loads(out)
    return data


def test_the_report_is_that_of_run_shadow_demo(demo: Demo) -> None:
    assert demo() == (0, str(run_shadow_demo(clock=lambda: FROZEN_MS)), "")


def test_it_is_one_canonical_line(demo: Demo) -> None:
    _, out, _ = demo("--iterations", "3")
    assert out == json.dumps(json.loads(out), sort_keys=True, separators=(",", ":")) + "\n"


def test_pretty_is_the_same_data(demo: Demo) -> None:
    _, plain, _ = demo()
    _, pretty, _ = demo("--pretty")
    assert json.loads(pretty) == json.loads(plain)
    assert pretty.startswith('{\n  "edge": {\n') and pretty.endswith("}\n")


FLAGS: list[tuple[str, Callable[[dict[str, Any]], Any], Any]] = [
    ("--symbols B,A", lambda d: d["execution"]["symbols"], ["A", "B"]),
    ("--iterations 7", lambda d: d["execution"]["iterations"], 7),
    ("--max-inv 12.5", lambda d: d["params"]["max_inventory_usd_per_symbol"], 12.5),
    ("--max-inv 0", lambda d: d["orders"]["refusals"], {"symbol_limit": 200}),
    ("--max-total 0", lambda d: d["orders"]["refusals"], {"total_limit": 200}),
    ("--edge-threshold 9.9", lambda d: d["risk"]["first_freeze_symbol"], "BTCUSDT"),
    ("--fill-rate 0", lambda d: d["orders"]["filled"], 0),
    ("--fill-rate 1 --partial-fill-rate 0", lambda d: d["orders"]["open"], 0),
    ("--partial-fill-rate 1 --fill-rate 1", lambda d: d["orders"]["filled_full"], 0),
    ("--reject-rate 1", lambda d: d["orders"]["rejected"], 200),
    ("--latency-ms 7 --requote", lambda d: d["latency"]["ack_ms"]["p50"], 7),
    ("--fee-maker-bps 0", lambda d: d["fees"]["total_usd"], 0.0),
    ("--fee-maker-bps -2", lambda d: d["fees"]["maker_bps"], -2.0),
    ("--fee-taker-bps 0.5", lambda d: d["fees"]["taker_bps"], 0.5),
    ("--base-qty 0.02", lambda d: d["params"]["base_qty"], 0.02),
    ("--spread-bps 0", lambda d: d["params"]["spread_bps"], 0.0),
    ("--requote", lambda d: d["params"]["requote"], True),
    ("--edge computed", lambda d: sorted(d["edge"]["measured"]), ["BTCUSDT", "ETHUSDT"]),
    ("--retain 0", lambda d: d["orders"]["filled"], 137),
    ("--freeze-utc 2030-06-01T12:00:00Z", lambda d: d["runtime"]["utc"],
     "2030-06-01T12:00:00+00:00"),
    # The fill is drawn only for an accepted order, so the two rates may pass 1 together.
    ("--fill-rate 0.9 --reject-rate 0.9 --partial-fill-rate 0",
     lambda d: d["orders"]["placed"] + d["orders"]["rejected"], 200),
]  # fmt: skip


@pytest.mark.parametrize(("flags", "look", "seen"), FLAGS, ids=[row[0] for row in FLAGS])
def test_a_flag_does_what_its_help_says(
    demo: Demo, flags: str, look: Callable[[dict[str, Any]], Any], seen: Any
) -> None:
    assert look(data_of(demo(*flags.split()))) == seen


def test_the_seed_changes_the_draws_and_nothing_else(demo: Demo) -> None:
    one, other = data_of(demo("--seed", "1")), data_of(demo("--seed", "2"))
    assert one["integrity"]["state_sha256"] != other["integrity"]["state_sha256"]
    one["params"]["exchange"]["seed"] = 2
    assert one["params"] == other["params"]


def test_without_shadow_nothing_runs(demo: Demo) -> None:
    assert demo(shadow=False) == (1, "", "Error: --shadow flag is required\n")


@pytest.mark.parametrize("symbols", ["", ",", " , "])
def test_without_a_symbol_nothing_runs(demo: Demo, symbols: str) -> None:
    done = demo("--symbols", symbols)
    assert done == (1, "", "Error: At least one symbol is required\n")


def test_version_and_help(demo: Demo) -> None:
    assert demo("--version") == (0, f"shadow-trading-toolkit {__version__}\n", "")
    code, text, _ = demo("-h")
    assert code == 0 and all(flag.name in text for flag in exec_demo.FLAGS)
    assert max(map(len, text.splitlines())) <= 96


@pytest.mark.parametrize("example", exec_demo.EXAMPLES)
def test_the_examples_of_the_help_run(
    example: str, demo: Demo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("quotes.csv").write_text("symbol,bid,ask,timestamp_ms\nBTCUSDT,100,101,0\n")
    Path("btcusdt.jsonl.gz").write_bytes(gzip.compress(extract(SPOT).read_bytes()))
    words = shlex.split(example)
    assert words[:3] == ["python", "-m", "tools.live.exec_demo"]
    code, _, err = demo(*words[3:], shadow=False)
    assert (code, err) == (0, "")


def test_out_writes_the_same_bytes_and_prints_nothing(demo: Demo, tmp_path: Path) -> None:
    _, printed, _ = demo()
    assert demo("--out", str(tmp_path / "r.json")) == (0, "", "")
    assert (tmp_path / "r.json").read_text() == printed


def test_html_writes_the_page_beside_the_report(demo: Demo, tmp_path: Path) -> None:
    _, printed, _ = demo()
    assert demo("--html", str(tmp_path / "r.html")) == (0, printed, "")
    page = (tmp_path / "r.html").read_text()
    assert page == run_shadow_demo(clock=lambda: FROZEN_MS).html()


def test_recorded_quotes_are_the_market(demo: Demo, tmp_path: Path) -> None:
    file = tmp_path / "q.csv"
    file.write_text(
        "symbol,bid,ask,timestamp_ms\nA,1,2,5000\nBTCUSDT,3,4,5000\nA,2,1,6000\n"
    )
    data = data_of(demo("--quotes", str(file)))
    assert data["execution"] == {"iterations": 3, "symbols": ["A", "BTCUSDT"]}
    assert data["orders"]["refusals"] == {"crossed_quote": 2}
    picked = data_of(demo("--quotes", str(file), "--symbols", "A"))
    assert picked["execution"] == {"iterations": 2, "symbols": ["A"]}


def test_quotes_and_iterations_do_not_go_together(demo: Demo, tmp_path: Path) -> None:
    code, out, err = demo("--quotes", str(tmp_path), "--iterations", "5")
    assert (code, out) == (2, "") and err.endswith("every row is a step; leave one out\n")
    (tmp_path / "c.toml").write_text("iterations = 5\nquotes = 'x'")
    assert demo("--config", str(tmp_path / "c.toml")) == (2, "", err)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--speed", "x2"), "--speed says how to read --market; name one"),
        (("--source", "bybit-spot"), "--source says how to read --market; name one"),
        (("--market", "M", "--quotes", "Q"),
         "--quotes and --market are two markets; leave one out"),
    ],
)  # fmt: skip
def test_flags_of_a_market_go_with_one_market(
    demo: Demo, flags: tuple[str, ...], said: str
) -> None:
    assert demo(*flags) == (2, "", f"error: usage: {said}\n")


def test_a_config_file_stands_between_flags_and_defaults(demo: Demo, tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text('symbols = ["X"]\niterations = 5\nseed = 9\n')
    by_file = demo("--config", str(tmp_path / "c.toml"), "--iterations", "6")
    assert by_file == demo("--symbols", "X", "--iterations", "6", "--seed", "9")


def test_a_config_file_without_symbols_to_trade(demo: Demo, tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text('{"symbols": []}')
    done = demo("--config", str(tmp_path / "c.json"))
    assert done == (1, "", "Error: At least one symbol is required\n")


def test_fail_on_freeze_prints_the_report_and_says_why(demo: Demo) -> None:
    code, out, err = demo("--fail-on-freeze", "--edge-threshold", "3")
    assert code == 6 and json.loads(out)["risk"]["frozen"]
    assert err == (
        "error: halted: Edge degradation: 2.96 BPS < 3.00 BPS at BTCUSDT,"
        " 2025-01-01T00:00:44.4+00:00; see risk in the report\n"
    )


def test_fail_on_freeze_is_content_with_a_run_that_did_not_freeze(demo: Demo) -> None:
    assert demo("--fail-on-freeze") == demo()


def test_broken_laws_are_the_output(demo: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> dict[str, Any]:
        raise LawsBroken([Violation("cash", "X: 1, 2, 3")])

    monkeypatch.setattr(ExecutionLoop, "run_shadow", broken)
    assert demo() == (
        1,
        '{"violations":[{"detail":"X: 1, 2, 3","law":"cash"}]}\n',
        "error: check: 1 conservation law(s) broken: cash: X: 1, 2, 3;"
        " keep this output and report it\n",
    )


def test_broken_laws_write_no_file(
    demo: Demo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def broken(*_: Any) -> dict[str, Any]:
        raise LawsBroken([Violation("cash", "X")])

    monkeypatch.setattr(ExecutionLoop, "run_shadow", broken)
    code, out, _ = demo("--out", str(tmp_path / "r"), "--html", str(tmp_path / "h"))
    assert code == 1 and "violations" in out and list(tmp_path.iterdir()) == []


def test_progress_is_for_eyes_and_changes_nothing(
    demo: Demo, monkeypatch: pytest.MonkeyPatch
) -> None:
    quiet = demo()
    monkeypatch.setattr(Progress, "_RENEW_SECONDS", 0.0)
    code, out, err = demo("--progress")
    assert (code, out) == quiet[:2] and " of 50 steps" in err


def test_a_terminal_sees_progress_without_asking(
    demo: Demo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setattr(Progress, "_RENEW_SECONDS", 0.0)
    _, _, err = demo()
    assert " of 50 steps" in err and err.endswith(" \r")


def test_without_stderr_there_is_no_progress(demo: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    code = exec_demo.main(["--shadow", "--progress", "--iterations", "1"])
    assert code == 0


def test_the_command_line_is_the_default(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["exec_demo"])
    with pytest.raises(SystemExit) as ended:
        exec_demo.console()
    assert ended.value.code == 1
    assert capsys.readouterr().err == "Error: --shadow flag is required\n"


def test_debug_shows_where_it_went_wrong(demo: Demo) -> None:
    code, out, err = demo("--debug", "--seed", "x")
    assert (code, out) == (2, "")
    assert err.startswith("Traceback") and err.endswith("give one from 0 to 9223372036854775807\n")
